"""A few examples of a column of texts, pictures, sounds or sequences before and after each step of its preprocessing."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _html
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.widgets._example import picture_html, sequence_html, sound_html, text_html

BATCH = 6  # examples shown
VARIED = "varied, in training only"
MOST_WORDS = 12  # entries of a text's vocabulary that are named, the largest ones
GREY, RGB = 1, 3  # channels that can be shown as one picture
_READ = {
    "text": "in one spelling",
    "image": "upright, of one size",
    "audio": "one rate, one channel, one length",
    "sequence": "of one length",
}


@dataclasses.dataclass(frozen=True)
class Stage:
    """A batch after one step.

    Attributes:
        name: What the step did.
        shape: Of one example; empty for what has no shape.
        cells: One example each.
    """

    name: str
    shape: tuple[int, ...]
    cells: tuple[Any, ...]


def stages(rows: pd.DataFrame, fitted: Preprocessor, column: str, *, augment: Any = None) -> list[Stage]:
    """A column's batch as it is given, as it is read, as the network gets it, and as it gets it varied in training.

    Args:
        rows: The examples, shape ``(n_rows, n_columns)``.
        fitted: A preprocessing of this column alone.
        column: A column of texts, pictures, sounds or sequences.
        augment: An `ImageAugmentation` or `SoundAugmentation`. Defaults to None: nothing is varied.

    Returns:
        list: Three stages, or four with `augment`, each with a cell an example.

    Raises:
        InputError: If a cell cannot be read, or `augment` does not fit the column.
    """
    (read,) = fitted.inputs(rows).values()
    after = fitted.transform(rows)[fitted.media[column]]
    treatment = fitted.frame().set_index("column").loc[column, "treatment"]
    role = fitted.schema.roles[column]
    shown = [
        Stage("as given", (), tuple(rows[column])),
        Stage(_READ[role], tuple(read.shape[1:]) if role != "text" else (), tuple(read.numpy())),
        Stage(str(treatment), after.shape[1:], tuple(after)),
    ]
    if augment is not None:  # made by the very batches that training takes
        (features,) = fitted.dataset(rows, len(rows), augment={column: augment}, cache="none")
        shown.append(Stage(VARIED, after.shape[1:], tuple(features[fitted.media[column]].numpy())))
    return shown


def batch_html(batch: list[Stage], fitted: Preprocessor, column: str) -> str:
    """The stages of each example below each other, the examples side by side.

    Args:
        batch: From `stages`.
        fitted: The same preprocessing.
        column: The same column.

    Returns:
        str: HTML with the class ``dlt-cards``; it needs the styles of an example and of a card.
    """
    given, read, *features = batch
    role, rate = fitted.schema.roles[column], _rate(fitted, column)
    words = vocabulary(fitted)
    ahead = {
        "text": lambda i: (text_html(given.cells[i], column), text_html(_decoded(read.cells[i]), column)),
        "image": lambda i: (picture_html(given.cells[i], column), picture_html(read.cells[i], column)),
        "audio": lambda i: (None, sound_html(read.cells[i], column, cell_rate=rate)),
        "sequence": lambda i: (sequence_html(given.cells[i], column), sequence_html(read.cells[i], column)),
    }[role]
    behind = {
        "text": lambda cell: text_html(tokens(cell, words), column),
        "image": lambda cell: _side_by_side(_pictures(cell, read.shape[-1]), column),
        "audio": lambda cell: _spectrum(cell, column),
        "sequence": lambda cell: sequence_html(cell, column),
    }[role]
    examples = []
    for i in range(len(given.cells)):
        parts = zip(batch, (*ahead(i), *(behind(stage.cells[i]) for stage in features)), strict=True)
        shown = "".join(_captioned(part, stage) for stage, part in parts if part is not None)
        examples.append(f'<div class="dlt-card"><div class="dlt-example">{shown}</div></div>')
    return f'<div class="dlt-cards dlt-stages">{"".join(examples)}</div>'


def _rate(fitted: Preprocessor, column: str) -> int | None:
    """Samples a second of sounds that were read; None for other columns."""
    options = fitted.settings["columns"].get(column) or fitted.settings.get("audio", {})
    return options.get("rate") if isinstance(options, dict) else None


def _captioned(part: str, stage: Stage) -> str:
    shape = f" ({' x '.join(str(n) for n in stage.shape)})" if stage.shape else ""
    return f"<figure><figcaption>{_html.escape(stage.name)}{shape}</figcaption>{part}</figure>"


def _decoded(read: np.ndarray) -> str:
    """A text as it was read, or the ids of its word pieces."""
    if read.dtype.kind in "iu":
        return " ".join(str(i) for i in read)
    return " ".join(cell.decode("utf-8") for cell in read)


def tokens(feature: np.ndarray, words: list[str]) -> str:
    """What a text became: its ids with their words, or its largest numbers with theirs.

    Example:
        >>> tokens(np.array([2, 1, 0], "int32"), ["", "[UNK]", "tea"])
        'tea 2 · [UNK] 1 · then 1 x 0'
        >>> tokens(np.array([0.0, 0.5, 2.0], "float32"), ["[UNK]", "tea", "cup"])
        'cup 2.00 · tea 0.50'
    """
    if feature.dtype.kind in "iu":
        known = feature[: int(np.flatnonzero(feature).max(initial=-1)) + 1]
        named = [f"{words[i]} {i}" if i < len(words) else str(i) for i in known]
        rest = len(feature) - len(known)
        return " · ".join([*named, *([f"then {rest} x 0"] if rest else [])])
    order = [int(i) for i in np.argsort(-feature, kind="stable")[:MOST_WORDS] if feature[i] > 0]
    return " · ".join(f"{words[i] if i < len(words) else i} {feature[i]:.2f}" for i in order) or "all 0"


def vocabulary(fitted: Preprocessor) -> list[str]:
    """The entries of the stock text layer in a preprocessing of one column, by id; empty without one."""
    for layer in _layers(fitted.model):
        if isinstance(layer, keras.layers.TextVectorization):
            return [str(word) for word in layer.get_vocabulary()]
    return []


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _pictures(feature: np.ndarray, channels: int) -> list[np.ndarray]:
    """A feature as pictures that can be shown: what was scaled, then the edges."""
    n = feature.shape[-1]
    parts = [feature[:, :, :channels], feature[:, :, channels:]] if n == channels + 1 else [feature]
    return [_visible(part) for part in parts]


def _side_by_side(pictures: list[np.ndarray], column: str) -> str:
    """Pictures in a row, so that edges are seen beside what they are edges of."""
    return f'<div class="dlt-pair">{"".join(picture_html(one, column) for one in pictures)}</div>'


def _visible(values: np.ndarray) -> np.ndarray:
    """Numbers of any size as bytes, the least black and the largest white."""
    low, high = float(values.min()), float(values.max())
    return np.round((values - low) / ((high - low) or 1.0) * 255).astype("uint8")


def _spectrum(feature: np.ndarray, name: str) -> str:
    """A spectrogram with time to the right and pitch upwards; a waveform as a line."""
    if feature.shape[-1] == 1:
        return sequence_html(feature, name)
    return picture_html(_visible(feature.T[::-1]), name)
