"""Read a table from a file: types that lose nothing, and a word on everything that is not as it should be."""

import dataclasses
import os
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit.data import _delimited, _parquet, _source, _values

_UNNAMED = "Unnamed: "  # what a column without a name is called, here as in pandas


def read(
    path: str | os.PathLike[str],
    *,
    sep: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    columns: Sequence[str] | None = None,
    text: Sequence[str] = (),
    missing: Sequence[str] = (),
    memory_limit: float | None = None,
) -> pd.DataFrame:
    r"""Read a CSV, TSV or Parquet file; CSV and TSV may be gzipped.

    Each column gets the narrowest type that all its values have: ``int64``, ``float64``, ``bool``, ``datetime64`` or
    ``str``. Digits with a zero in front stay text, whole numbers above 2**53 stay exact (``Int64`` beside missing
    values), dates are read when they are written in one way that leaves no doubt about day and month. An empty field,
    ``NA``, ``N/A``, ``NaN``, ``NULL`` and ``<NA>`` are missing; among numbers, dates and truth values so are ``None``,
    ``-``, ``?`` and ``.``, with a warning. The kind of file is told from its bytes, not from its name.

    What had to be handled is a sentence in ``frame.attrs["notes"]``; what should be looked at is also a `UserWarning`.

    Args:
        path: The file.
        sep: The character between two fields. Defaults to None: a comma for ``.csv``, a tab for ``.tsv`` and ``.tab``,
            the one that the rows show for other names.
        encoding: The text encoding, such as ``"latin-1"``. Defaults to None: UTF-8, or UTF-16 where the bytes show it.
        decimal: ``"."`` or ``","``. Defaults to None: a point; a comma, with a warning, where only that makes numbers.
        columns: The columns to keep, in this order. Defaults to None: all.
        text: Columns to keep as text, whatever they look like. Defaults to none.
        missing: More values that mean missing, such as ``["unknown", "-99"]``. Defaults to none.
        memory_limit: The most bytes of memory that reading may take. Defaults to None: half of what is free now.

    Returns:
        pandas.DataFrame: shape ``(n_rows, n_columns)``, rows numbered from 0.

    Raises:
        FileNotFoundError: If there is no such file; the message names files with a close name.
        IsADirectoryError: If it is a folder.
        PermissionError: If it may not be read.
        InputError: If it is empty, damaged, too large, in another encoding, or parted by another character; if rows have
            more fields than the header, a quote is not closed, a name comes twice, a column mixes numbers or dates with
            a few other values or ways of writing, or a number is infinite. The message names line, column and value.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder) / "people.csv"
        ...     size = file.write_text("born,paid,zip\n1980-05-01,12.5,10115\n1979-12-24,NA,80331\n")
        ...     read(file, text=["zip"]).dtypes.astype(str).tolist()
        ['datetime64[us]', 'float64', 'str']
    """
    file = _source.located(path)
    if decimal is not None:
        check_choice(decimal, [".", ","], "decimal")
    if memory_limit is not None:
        check_number(memory_limit, "memory_limit", low=0, open_low=True)
    bound = _source.memory_bound(memory_limit)
    wanted = _names(columns, "columns")
    if _source.is_parquet(file):
        frame, notes, warned = _parquet.read(file, wanted, bound)
    else:
        content, notes = _source.as_utf8(file, _source.text_bytes(file, bound), encoding)
        plan, warned = _delimited.layout(file, content, sep)
        asked = _Asked(wanted, _names(text, "text") or [], tuple(_names(missing, "missing") or []), decimal)
        frame, more = _typed(content, plan, asked)
        warned += more
    frame, more = _without_index(frame)
    warned += more
    for note in warned:
        warnings.warn(f"{file.name}: {note}", UserWarning, stacklevel=2)
    frame.attrs["notes"] = (*notes, *warned)
    return frame


@dataclasses.dataclass(frozen=True)
class _Asked:
    """What the caller said about the columns of a text table."""

    columns: list[str] | None
    text: list[str]
    missing: tuple[str, ...]
    decimal: str | None


def _names(value: Sequence[str] | None, argument: str) -> list[str] | None:
    """A list of texts; a lone text is taken for a list of one."""
    if value is None:
        return None
    values = [value] if isinstance(value, str) else list(value)
    odd = [v for v in values if not isinstance(v, str)]
    stop([complaint(argument, "a list of texts", listed(odd))] if odd else [])
    return values


def _typed(content: bytes, plan: _delimited.Layout, asked: _Asked) -> tuple[pd.DataFrame, list[str]]:
    """The columns with their types, and sentences on what should be looked at."""
    kept = _source.check_columns(plan.path, plan.names, asked.columns)
    _source.check_columns(plan.path, plan.names, asked.text, "text")
    table, warned = _delimited.texts(content, plan, kept)
    columns = [_values.Column(name, *_delimited.words(table, name)) for name in kept]
    del table
    numeric = [c for c in columns if c.name not in asked.text]
    comma = asked.decimal is None and any(_values.shows_comma(c, plan.sep, asked.missing) for c in numeric)
    rules = _values.Rules(
        sep=plan.sep,
        decimal=asked.decimal or ("," if comma else "."),
        stated=asked.decimal is not None,
        missing=asked.missing,
        place=lambda row: f"line {_delimited.line_of(content, plan, row):,}",
    )
    series = {c.name: _values.typed(c, rules, keep_text=c.name in asked.text) for c in columns}
    stop([f"{plan.path}, {c}" for c in rules.complaints])
    return pd.DataFrame(series), warned + rules.notes


def _without_index(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out nameless columns that hold nothing, and point out the other ones, such as a saved row index."""
    notes = []
    for name in [c for c in frame.columns if c.startswith(_UNNAMED)]:
        place = frame.columns.get_loc(name) + 1
        if frame[name].isna().all():
            notes.append(f"column {place} has neither a name nor a value, and was left out")
            frame = frame.drop(columns=name)
        elif pd.api.types.is_integer_dtype(frame[name]) and (np.diff(frame[name]) == 1).all():
            notes.append(
                f"column {name!r} counts the rows: a saved row index, no feature. Save tables with index=False"
            )
        else:
            notes.append(f"column {place} has no name, and is called {name!r}")
    return frame, notes
