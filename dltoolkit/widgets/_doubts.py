"""The state of the label review: doubted labels, which of them are shown, and the choices as code."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _html
from dltoolkit._checks import check_columns, check_frame, check_rows, complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.problem import Problem
from dltoolkit.widgets._code import literal

UNLABELLED = "no label"
ACTIONS = ("keep", "relabel", "drop")


@dataclasses.dataclass(frozen=True)
class Filter:
    """Which doubted labels are shown.

    Attributes:
        given: The label that they bear, as text; empty for any.
        undecided: Whether only those without a choice are shown.
        search: Words that all stand in the example's values, whatever their case.
    """

    given: str = ""
    undecided: bool = False
    search: str = ""


def doubts(frame: pd.DataFrame, problem: Problem, suspicion: pd.DataFrame) -> pd.DataFrame:
    """Doubted labels in the order in which they are reviewed.

    Args:
        frame: The table.
        problem: With one target.
        suspicion: Columns ``row`` (index label), ``suggested`` and, where there is one, ``confidence``; worst first.

    Returns:
        pandas.DataFrame: One row a doubted label, columns ``row``, ``given`` (text), ``suggested`` (a label in the
        problem's type), ``confidence`` (NaN without one) and ``words`` (what a search looks through).

    Raises:
        InputError: If a column is missing, a row is not one of the frame's, or a suggestion is no label.
    """
    check_frame(suspicion, "suspicion", rows=0)
    check_columns(suspicion, ["row", "suggested"], argument="suspicion")
    found = suspicion.drop_duplicates("row").reset_index(drop=True)
    rows = frame.iloc[check_rows(frame, found["row"], "suspicion")]
    confidence = found["confidence"] if "confidence" in found else np.full(len(found), np.nan)
    return pd.DataFrame(
        {
            "row": pd.Series(rows.index.tolist(), dtype=object),
            "given": as_text(rows[problem.targets[0]]).fillna(UNLABELLED).to_numpy(object),
            "suggested": pd.Series(_suggested(found["suggested"], problem, rows), dtype=object),
            "confidence": np.asarray(confidence, dtype=float),
            "words": _words(rows),
        }
    )


def _suggested(column: pd.Series, problem: Problem, rows: pd.DataFrame) -> list[Any]:
    """Suggestions in the type of the problem's labels; whole amounts where the column holds such."""
    if problem.kind == "regression":
        whole = pd.api.types.is_integer_dtype(rows[problem.targets[0]].dtype)
        return (column.round().astype("int64") if whole else column).tolist()
    labels = dict(zip(problem.classes, problem.labels.tolist(), strict=True))
    unknown = [text for text in as_text(column).unique() if text not in labels]
    if unknown:
        expected = f"one of {listed(problem.classes, 20)}"
        cure = "Ask data.suspicious_labels with the same problem."
        stop([complaint("suspicion column 'suggested'", expected, listed(unknown), cure)])
    return [labels[text] for text in as_text(column)]


def _words(rows: pd.DataFrame) -> np.ndarray:
    """The values of each row that can be read, as one text in lower case."""
    texts = np.array([str(row).lower() for row in rows.index], dtype=object)
    for name in rows:
        if not rows[name].map(lambda cell: isinstance(cell, np.ndarray)).any():
            texts = texts + "\n" + as_text(rows[name]).fillna("").str.lower().to_numpy(object)
    return texts


def matching(table: pd.DataFrame, wanted: Filter, decided: Mapping[Any, Any]) -> list[int]:
    """The places of the doubted labels that a filter lets through.

    Args:
        table: From `doubts`.
        wanted: The filter.
        decided: Rows with a choice.

    Returns:
        list: Positions in `table`, in its order.

    Example:
        >>> table = pd.DataFrame({"row": [7, 9], "given": ["a", "b"], "words": ["red", "blue"]})
        >>> matching(table, Filter(undecided=True), {7: "keep"}), matching(table, Filter(search="RED"), {})
        ([1], [0])
    """
    words = wanted.search.lower().split()
    return [
        place
        for place, (row, given, text) in enumerate(table[["row", "given", "words"]].itertuples(index=False))
        if wanted.given in ("", given)
        and not (wanted.undecided and row in decided)
        and all(word in text for word in words)
    ]


def shown_label(label: Any) -> str:
    """A label as the reader sees it: amounts short, classes as their text."""
    return _html.cell(label) if isinstance(label, float) else _html.escape(as_text([label]).iloc[0])


def verdict_html(given: str, suggested: Any, confidence: float) -> str:
    """What the label is, and what it should be if the model is right.

    Example:
        >>> "97 %" in verdict_html("cat", "dog", 0.97)
        True
    """
    sure = "" if np.isnan(confidence) else f" <small>{_sure(confidence)}</small>"
    return (
        f'<p class="dlt-verdict"><span><small>given</small> <b>{_html.escape(given)}</b></span> '
        f"<span><small>suggested</small> <b>{shown_label(suggested)}</b>{sure}</span></p>"
    )


def _sure(confidence: float) -> str:
    return f"{confidence:.0%}".replace("%", " %") if 0 <= confidence <= 1 else f"{confidence:.3g}"


def count(choices: Mapping[Any, Any]) -> dict[str, int]:
    """How many choices there are of each kind."""
    actions = [choice if isinstance(choice, str) else choice[0] for choice in choices.values()]
    return {action: actions.count(action) for action in ACTIONS}


def code(choices: Mapping[Any, Any], target: str) -> str:
    """Code that makes the same choices; it needs ``frame``.

    Example:
        >>> print(code({7: "drop", 9: ("relabel", "cat")}, "kind"))
        from dltoolkit import data
        <BLANKLINE>
        choices = {
            7: "drop",
            9: ("relabel", "cat"),
        }
        corrected, record = data.relabel(frame, "kind", choices)
    """
    lines = [f"    {_label(row)}: {_choice(choice)}," for row, choice in choices.items()]
    inside = "\n".join(["choices = {", *lines, "}"]) if lines else "choices = {}"
    call = f"corrected, record = data.relabel(frame, {literal(target)}, choices)"
    return f"from dltoolkit import data\n\n{inside}\n{call}"


def _choice(choice: Any) -> str:
    return literal(choice) if isinstance(choice, str) else f'("relabel", {_label(choice[1])})'


def _label(value: Any) -> str:
    """A row's or a class's label as Python writes it; times as their text, which `data.relabel` reads."""
    value = value.item() if isinstance(value, np.generic) else value
    return literal(value if isinstance(value, (str, int, float, bool)) else str(value))
