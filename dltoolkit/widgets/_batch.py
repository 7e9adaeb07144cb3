"""A few examples side by side, as they are or step by step, for the last line of a notebook's cell."""

import dataclasses
from typing import Any

import pandas as pd

from dltoolkit import _html
from dltoolkit._checks import InputError, check_columns, check_frame, check_number, complaint, listed
from dltoolkit.data import Schema
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.widgets import _example, _review_card, _stages, _style


@dataclasses.dataclass(frozen=True, repr=False)
class Batch:
    """Examples, shown as HTML where that can be had and in a sentence elsewhere.

    Attributes:
        html: What is shown.
        said: The sentence.
    """

    html: str
    said: str

    def _repr_html_(self) -> str:
        styles = _style.STYLE + _example.STYLE + _review_card.STYLE
        return f'{styles}<div class="dlt-panel">{self.html}</div>'

    def __repr__(self) -> str:
        return self.said


def batch(frame: pd.DataFrame, schema: Schema, *, n: int = 6, cell_rate: int | None = None) -> Batch:
    """The first examples of a table as a person looks at them: pictures, players, texts and lines, each with its label.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``.
        schema: The roles of its columns.
        n: How many examples, at least 1. Defaults to 6.
        cell_rate: Samples a second of sounds that are arrays. Defaults to None: they cannot be played.

    Returns:
        Batch: Put it last in its cell, so that Jupyter shows it.

    Raises:
        InputError: If there are no rows, or a feature or target of the schema is missing.

    Example:
        >>> from dltoolkit import data
        >>> digits = data.load("digits")
        >>> batch(digits, data.Schema.infer(digits, "digit"))
        6 of 1,797 examples: image, with digit
    """
    check_frame(frame)
    targets = [name for name, role in schema.roles.items() if role == "target"]
    check_columns(frame, [*schema.features, *targets])
    check_number(n, "n", low=1, whole=True)
    cards = []
    for _, example in frame.head(int(n)).iterrows():
        shown = _example.example_html(example.to_dict(), schema.roles, cell_rate=cell_rate)
        labels = "".join(_labelled(name, example[name]) for name in targets)
        cards.append(f'<div class="dlt-card">{shown}<p class="dlt-verdict">{labels}</p></div>')
    shown = f"{len(cards)} of {len(frame):,} examples: {', '.join(schema.features)}"
    return Batch(f'<div class="dlt-cards">{"".join(cards)}</div>', f"{shown}, with {', '.join(targets)}")


def _labelled(target: str, label: Any) -> str:
    return f"<span><small>{_html.escape(target)}</small> <b>{_html.cell(_example.plain(label))}</b></span> "


def stages(rows: pd.DataFrame, fitted: Preprocessor, column: str, *, augment: Any = None) -> Batch:
    """The first examples of a column before and after each step of its preprocessing.

    Args:
        rows: Raw rows, shape ``(n_rows, n_columns)``; the first six are shown.
        fitted: A preprocessing of this column alone: the others are ``"ignore"`` in its schema, or dropped.
        column: A column of texts, pictures, sounds or sequences.
        augment: An `ImageAugmentation` or `SoundAugmentation`: shown as one more step, which training alone takes.
            Defaults to None.

    Returns:
        Batch: Put it last in its cell, so that Jupyter shows it.

    Raises:
        InputError: If there are no rows, the preprocessing holds no such column or others beside it, a cell cannot be
            read, or `augment` does not fit the column.

    Example:
        >>> from dltoolkit import data, preprocessing
        >>> digits = data.load("digits").head(40)
        >>> fitted = preprocessing.fit(digits, data.Schema.infer(digits, "digit"))
        >>> stages(digits, fitted, "image")
        image: as given -> upright, of one size (8, 8, 1) -> rescale (8, 8, 1)
    """
    check_frame(rows)
    if list(fitted.media) != [column] or fitted.columns != [column]:
        got = f"one of {listed(fitted.columns, 20)}"
        cure = "Give the other columns the role 'ignore': schema.with_roles(...), and fit again."
        expected = f"a preprocessing of {column!r} alone, with texts, pictures, sounds or sequences"
        raise InputError(complaint("fitted", expected, got, cure))
    found = _stages.stages(rows.head(_stages.BATCH), fitted, column, augment=augment)
    told = " -> ".join(f"{stage.name} {stage.shape}" if stage.shape else stage.name for stage in found)
    return Batch(_stages.batch_html(found, fitted, column), f"{column}: {told}")
