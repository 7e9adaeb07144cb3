"""From the cells of a column to the one raw form that the graph takes: files are read, arrays cut to one length.

The same functions serve `Preprocessor.transform`, its dataset and the bundle, so that all of them see the same numbers.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dltoolkit._checks import InputError, complaint, listed
from dltoolkit._text import as_text
from dltoolkit.data.kinds._images import load_images
from dltoolkit.data.kinds._sounds import load_sounds
from dltoolkit.preprocessing._bert_pieces import bert_encoder
from dltoolkit.preprocessing._media_plan import ImagePlan, MediaPlan, SequencePlan, SoundPlan, TextPlan
from dltoolkit.preprocessing._raw import MISSING_TEXT, RawError
from dltoolkit.preprocessing._word_pieces import piece_encoder

BETWEEN = "\x1f"  # ASCII's own unit separator: stands where a text is cut while its marks are seen to
# Apostrophes go, ! and ? stand alone, all other punctuation (and the signs of ASCII; emoji stay) becomes spaces.
MARKS = (("['\u2019]", ""), ("([!?！？])", r" \1 "), (r"[^\PP!?！？]|[$+<=>^`|~]", " "))
NO_BREAK_SPACE = "\u00a0"  # stands for a space inside a tag, where texts are cut at another character


def to_raw(plan: MediaPlan, column: pd.Series) -> np.ndarray:
    """A column as its part of the graph takes it.

    Args:
        plan: What was learnt about it.
        column: Its cells, ``n`` of them.

    Returns:
        numpy.ndarray: Shape ``(n, *plan.raw[0])``; texts as objects.

    Raises:
        RawError: If a cell is missing or cannot be read; files and rows are named.
    """
    try:
        return _READERS[plan.role](plan, column)
    except InputError as error:
        column_named = str(error).startswith("column")
        raise RawError(str(error) if column_named else f"column {column.name!r}, {error}") from error


def complaints(columns: Mapping[str, tuple[MediaPlan, pd.Series]]) -> list[str]:
    """What can be said against cells without reading files: missing ones, and texts that are none.

    Args:
        columns: Column to its plan and its cells.

    Returns:
        list: Sentences that name column and rows; empty when all is well.
    """
    found = []
    for name, (plan, column) in columns.items():
        missing = column.isna() if plan.role != "text" else pd.Series(False, index=column.index)
        if missing.any():
            cure = "Drop these rows, or leave the column out."
            where = f"column {name!r}, row {listed(column.index[missing])}"
            found.append(complaint(where, f"a cell with {plan.role} in every row", "none", cure))
        elif plan.role == "text":
            try:
                check_text(column)
            except RawError as error:
                found.append(str(error))
    return found


def _images(plan: ImagePlan, column: pd.Series) -> np.ndarray:
    return load_images(column, size=(plan.height, plan.width), resize=plan.resize, colour=plan.colour)


def _sounds(plan: SoundPlan, column: pd.Series) -> np.ndarray:
    return load_sounds(
        column, rate=plan.rate, seconds=plan.samples / plan.rate, cell_rate=plan.cell_rate or plan.rate
    )


def _texts(plan: TextPlan, column: pd.Series) -> np.ndarray:
    if plan.pretrained:
        return _bert_ids(plan, column)
    texts = plain_texts(column, standardise=plan.standardise, separator=plan.separator)
    if plan.unit != "wordpiece":
        return texts.to_numpy(zero_copy_only=False)[:, None]
    encoder = piece_encoder(plan.vocabulary)
    ids = np.zeros((len(texts), plan.length), "int32")
    for row, text in zip(ids, texts.to_pylist(), strict=True):
        kept = encoder.encode(text)[: plan.length]
        row[: len(kept)] = kept
    return ids


def _bert_ids(plan: TextPlan, column: pd.Series) -> np.ndarray:
    """Ids int32 ``(n, length)`` between BERT's markers, 0 behind them; a missing text is the empty one."""
    check_text(column)
    encoder = bert_encoder(plan.vocabulary, plan.standardise == "lower")
    ids = np.zeros((len(column), plan.length), "int32")
    for row, text in zip(ids, as_text(column).fillna(MISSING_TEXT), strict=True):
        kept = encoder.encode(text, plan.length)
        row[: len(kept)] = kept
    return ids


def plain_texts(column: pd.Series, *, standardise: str, separator: str | None = None) -> pa.Array:
    """Texts in one spelling: composed letters (Unicode NFC), small ones where asked, cut and other marks as spaces.

    Args:
        column: The texts; a missing one is the empty text.
        standardise: As in `TextOptions`.
        separator: Where texts are cut, if not at spaces.

    Returns:
        pyarrow.Array: As many strings.

    Raises:
        RawError: If a cell holds something else than text; its row is named.
    """
    check_text(column)
    texts = pa.array(as_text(column).fillna(MISSING_TEXT), type=pa.large_string(), from_pandas=True)
    texts = pc.replace_substring(texts, "\0", " ")  # numpy and TensorFlow take it for the end of a text
    texts = pc.utf8_normalize(texts, form="NFC")
    if standardise.startswith("lower"):
        texts = pc.utf8_lower(texts)
    if separator is not None:
        texts = pc.replace_substring(texts, separator, BETWEEN)
    if standardise.endswith("split-punctuation"):
        for pattern, instead in MARKS:
            texts = pc.replace_substring_regex(texts, pattern, instead)
    if separator is not None:
        texts = pc.replace_substring(texts, " ", NO_BREAK_SPACE)
        texts = pc.replace_substring(texts, BETWEEN, " ")
    return texts


def check_text(column: pd.Series) -> None:
    """Refuse numbers, flags and dates where texts are expected.

    Raises:
        RawError: Naming the column and its first such rows.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if isinstance(column.dtype, pd.StringDtype):
        return
    known = column[column.notna()]
    odd = known[[not isinstance(value, str) for value in known]]
    if len(odd):
        where = f"column {column.name!r}, row {listed(odd.index)}"
        cure = "If they are texts all the same: frame[...] = data.as_text(frame[...])."
        raise RawError(complaint(where, "text", listed(odd, 3), cure))


def _sequences(plan: SequencePlan, column: pd.Series) -> np.ndarray:
    cells = steps_of(column)
    wrong = [i for i, cell in enumerate(cells) if cell.shape[1] != plan.channels]
    if wrong:
        got = f"shape {cells[wrong[0]].shape} in the first of {len(wrong):,} rows"
        where = f"column {column.name!r}, row {listed(column.index[wrong])}"
        raise RawError(complaint(where, f"arrays (steps, {plan.channels}) as in training", got))
    raw = np.full((len(cells), plan.length, plan.channels), np.nan)
    for row, cell in zip(raw, cells, strict=True):
        if plan.keep == "last":
            row[max(0, plan.length - len(cell)) :] = cell[max(0, len(cell) - plan.length) :]
        else:
            row[: len(cell)] = cell[: plan.length]
    return raw


def steps_of(column: pd.Series) -> list[np.ndarray]:
    """The cells as arrays float64 ``(steps, channels)``.

    Raises:
        RawError: If a cell is missing, no array of numbers, of another shape, empty, or infinite; rows are named.
    """
    cells, bad = [], {}
    for i, value in enumerate(column):
        cell = np.asarray(value, "float64") if _numbers(value) else np.empty((0, 0))
        cell = cell[:, None] if cell.ndim == 1 else cell
        if cell.ndim != 2 or not cell.size or np.isinf(cell).any():
            bad[i] = _what(value)
        cells.append(cell)
    if bad:
        where = f"column {column.name!r}, row {listed(column.index[list(bad)])}"
        expected = "an array of finite numbers, (steps,) or (steps, channels), with at least one step"
        raise RawError(complaint(where, expected, listed(dict.fromkeys(bad.values()), 3)))
    return cells


def _numbers(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        try:
            value = np.asarray(value)
        except ValueError:  # lists of different lengths
            return False
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def _what(value: object) -> str:
    if not _numbers(value):
        return f"{value!r:.40}"
    cell = np.asarray(value)
    return f"infinity in shape {cell.shape}" if cell.ndim in (1, 2) and cell.size else f"shape {cell.shape}"


_READERS: dict[str, Callable[..., np.ndarray]] = {
    "image": _images,
    "audio": _sounds,
    "text": _texts,
    "sequence": _sequences,
}
