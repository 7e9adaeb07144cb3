"""Texts from a folder, a table, a JSON-lines file or a list: each cell a text, whatever encoding it came in."""

import json
import os
import pathlib
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from dltoolkit._checks import EXAMPLES, InputError, check_columns, complaint, listed, stop
from dltoolkit.data import _read, _source
from dltoolkit.data.kinds import _cells, _folders

SUFFIXES = (".txt", ".text", ".md")
JSON_LINES = (".jsonl", ".ndjson")
LONG_TEXT = 1_000_000  # characters; a long novel: probably a whole collection in one cell
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]")  # C0 and C1 without white space, and U+FFFD


def _readable(path: str) -> None:
    _cells.check_file(path, "a text")


_KIND = _folders.Kind("file", "text", SUFFIXES, _readable, _readable)


def read_texts(
    source: str | os.PathLike[str] | Sequence[str] | pd.Series,
    *,
    text: str | None = None,
    label: str | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    r"""Texts as a table, one a row.

    In a folder, each sub-folder is a class: every text file in it, at any depth, is one text with the folder's name as
    its label. A table (CSV, TSV or Parquet) and a file of JSON lines keep their columns.

    Args:
        source: A folder of ``.txt`` files, a table, a ``.jsonl`` file, or a list or Series of texts.
        text: The column that holds the texts. Defaults to None: ``"text"``, or the only column of text.
        label: The column that holds the labels, for the checks. Defaults to None.
        encoding: The text encoding, such as ``"latin-1"``. Defaults to None: UTF-8, or UTF-16 where the bytes show it.

    Returns:
        pandas.DataFrame: Columns ``text`` and, for a folder with classes, ``label``, both str; or the columns of the table.
            ``attrs["notes"]`` says what was handled, and what should be looked at.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        PermissionError: If it may not be read.
        InputError: If there is no text; if a file is in another encoding (the message names the byte's position and an
            ``encoding=`` that reads it); if a cell holds no text, but nothing or a number; if a line is no JSON object.

    Example:
        >>> read_texts(["A fine day.", "Rain again."])["text"].tolist()
        ['A fine day.', 'Rain again.']
    """
    if isinstance(source, (list, tuple, pd.Series, np.ndarray)):
        cells = source if isinstance(source, pd.Series) else pd.Series(list(source), dtype=object)
        found = _folders.Found(pd.DataFrame({"text": cells}), "text")
    elif not _cells.is_path(source):
        expected = "a folder, a table, a .jsonl file, or a list of texts"
        raise InputError(complaint("source", expected, type(source).__name__))
    else:
        path = pathlib.Path(os.fspath(cast(str, source))).expanduser()
        found = _from_folder(path, encoding) if path.is_dir() else _from_file(path, (text, label), encoding)
    if label is not None:
        check_columns(found.frame, [label], argument="source")
    _check(found, label)
    for said in found.warned:
        warnings.warn(said, UserWarning, stacklevel=2)
    return found.result("text")


def _from_folder(folder: pathlib.Path, encoding: str | None) -> _folders.Found:
    found = _folders.from_folder(folder, _KIND)
    texts, complaints, notes = [], [], Counter[str]()
    for path in found.frame.pop("file"):
        try:
            content, said = _source.as_utf8(pathlib.Path(path), pathlib.Path(path).read_bytes(), encoding)
        except InputError as error:
            complaints.append(str(error))
            continue
        except PermissionError as error:
            got, cure = "no permission", "Ask its owner, or chmod it."
            raise PermissionError(complaint(path, "a file that you may read", got, cure)) from error
        texts.append(content.decode("utf-8"))
        for note in said:
            notes[note] += 1
    more = len(complaints) - EXAMPLES
    stop(complaints[:EXAMPLES] + ([f"and {more:,} files more."] if more > 0 else []))
    found.frame.insert(0, "text", pd.Series(texts, dtype=str))
    found.column = "text"
    found.notes += [f"{count:,} files: {note}" for note, count in notes.items()]
    return found


def _from_file(
    path: pathlib.Path, asked: tuple[str | None, str | None], encoding: str | None
) -> _folders.Found:
    name = path.name.lower()
    notes: list[str] = []
    if name.endswith(JSON_LINES):
        content, notes = _source.as_utf8(path, _source.located(path).read_bytes(), encoding)
        frame = _json_lines(path, content)
    elif name.endswith(_folders.TABLES) or not path.exists():
        text_columns = [asked[0]] if asked[0] else []
        frame = _read.read(path, encoding=encoding, text=text_columns)
        notes = list(frame.attrs.pop("notes", ()))
    else:
        expected = "a folder of text files, a table (.csv, .tsv, .parquet), or a .jsonl file"
        cure = "For one text a line, pass the lines: pathlib.Path(file).read_text().splitlines()."
        raise InputError(complaint(str(path), expected, f"a file that ends in {path.suffix!r}", cure))
    return _folders.Found(frame, _text_column(path, frame, *asked), notes)


def _json_lines(path: pathlib.Path, content: bytes) -> pd.DataFrame:
    """A frame of the objects of a file, one a line; whole numbers stay exact."""
    rows, complaints = [], []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            complaints.append(complaint(f"{path}, line {number:,}", "a JSON object", f"no JSON ({error})"))
            continue
        if isinstance(row, dict):
            rows.append(row)
        else:
            complaints.append(complaint(f"{path}, line {number:,}", "a JSON object", type(row).__name__))
    more = len(complaints) - EXAMPLES
    stop(complaints[:EXAMPLES] + ([f"and {more:,} lines more."] if more > 0 else []))
    if not rows:
        raise InputError(complaint(str(path), "at least one line", "an empty file"))
    return pd.DataFrame(rows)


def _text_column(path: pathlib.Path, frame: pd.DataFrame, text: str | None, label: str | None) -> str:
    if text is not None:
        check_columns(frame, [text], argument=str(path))
        return text
    if "text" in frame:
        return "text"
    names = [c for c in frame.columns if c != label and _has_text(frame[c])]
    if len(names) != 1:
        got = f"{len(names)}: {listed(names)}" if names else "none"
        cure = f"Name it: text=... The columns are: {listed(frame.columns, 20)}."
        raise InputError(complaint(str(path), "one column of texts", got, cure))
    return names[0]


def _has_text(column: pd.Series) -> bool:
    if column.dtype == object:
        return any(isinstance(cell, str) for cell in column)
    return pd.api.types.is_string_dtype(column.dtype)


def _check(found: _folders.Found, label: str | None) -> None:
    """Stop at cells that hold no text, and note the ones that should be looked at."""
    texts = found.frame[found.column]
    if texts.empty:
        raise InputError(complaint("source", "at least one text", "none"))
    odd = [i for i, cell in enumerate(texts) if not isinstance(cell, str)]
    where = f"column {found.column!r}"
    labels = texts.index
    if odd:
        shown = ", ".join(f"row {listed([labels[i]])}: {_shown(texts.iloc[i])}" for i in odd[:EXAMPLES])
        got = shown + (f", and {len(odd) - EXAMPLES:,} rows more" if len(odd) > EXAMPLES else "")
        cure = "Drop the rows, or turn the cells into texts."
        raise InputError(complaint(where, "a text in every row", got, cure))
    found.frame[found.column] = texts = texts.astype(str)
    lengths = texts.str.len()
    for mask, said in (
        (texts.str.strip() == "", "hold an empty text"),
        (lengths > LONG_TEXT, f"hold a text of more than {LONG_TEXT:,} characters"),
        (texts.str.contains(_CONTROL), "hold control characters or marks of a failed decoding"),
    ):
        if mask.any():
            rows = listed(labels[mask.to_numpy(bool)])
            found.warned.append(f"{where}: {int(mask.sum()):,} of {len(texts):,} rows {said}: rows {rows}")
    if label is not None and label != found.column:
        found.warned += _swapped(texts, found.frame[label])


def _shown(cell: Any) -> str:
    return "nothing" if _cells.is_missing(cell) else repr(cell)


def _swapped(texts: pd.Series, labels: pd.Series) -> list[str]:
    """A sentence when the labels look like the texts: longer, and more of them distinct."""
    words = labels.dropna().astype(str)
    if words.str.len().median() > texts.str.len().median() and words.nunique() > texts.nunique():
        return [
            f"column {labels.name!r} holds longer and more different values than the texts in {texts.name!r}: "
            "are text= and label= swapped?"
        ]
    return []
