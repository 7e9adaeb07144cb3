"""From a column of a frame, whatever its type, to the one raw form that the Keras graph takes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dltoolkit._checks import complaint, listed
from dltoolkit._text import as_text

MISSING_TEXT = ""  # what a missing value looks like in a string tensor, which knows no NaN
_YES_NO = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0, "yes": 1.0, "no": 0.0}
_SECOND = 1e6  # microseconds


class RawError(Exception):
    """One column that cannot be read as its role says; collected, so that a call reports all of them at once."""


def to_numbers(column: pd.Series) -> np.ndarray:
    """A numeric column as float64 ``(n,)``, missing values as NaN; numbers written as text are read."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy("float64", na_value=np.nan)
    elif pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(
        column.dtype
    ):
        raise RawError(
            complaint(f"column {column.name!r}", "numbers", f"{column.dtype} values", "Convert it first.")
        )
    else:
        values = _parsed_numbers(column)
    infinite = np.isinf(values)
    if infinite.any():
        rows = column.index[np.flatnonzero(infinite)]
        cure = "Replace it by a number, or by a missing value: frame.replace([np.inf, -np.inf], np.nan)."
        raise RawError(
            complaint(f"column {column.name!r}, row {listed(rows)}", "finite numbers", "infinity", cure)
        )
    return values


def _parsed_numbers(column: pd.Series) -> np.ndarray:
    text = as_text(column)
    values = pd.to_numeric(text, errors="coerce").to_numpy("float64", na_value=np.nan)
    bad = np.isnan(values) & text.notna().to_numpy() & (text.fillna("").str.strip() != "").to_numpy()
    bad &= (text.str.strip().str.lower() != "nan").to_numpy(bool)
    _refuse(column, bad, "numbers, as in training", "Correct the value, or leave it empty (missing).")
    return values


def to_flags(column: pd.Series) -> np.ndarray:
    """A yes/no column as float64 ``(n,)`` of 0 and 1, missing values as NaN."""
    text = as_text(column).str.strip().str.lower()
    values = text.map(_YES_NO).to_numpy("float64", na_value=np.nan)
    bad = np.isnan(values) & (text.fillna("") != "").to_numpy()
    _refuse(column, bad, "True/False, 1/0 or yes/no", "Correct the value, or leave it empty (missing).")
    return values


def to_seconds(column: pd.Series) -> np.ndarray:
    """A column of dates as float64 ``(n,)`` seconds since 1970-01-01 UTC, missing values as NaN."""
    dates = column if pd.api.types.is_datetime64_any_dtype(column.dtype) else _parsed_dates(column)
    if dates.dt.tz is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    missing = dates.isna().to_numpy()
    seconds = dates.to_numpy("datetime64[us]").astype("int64") / _SECOND
    return np.where(missing, np.nan, seconds)


def _parsed_dates(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        cure = "Convert it with pandas.to_datetime(..., unit=...)."
        raise RawError(
            complaint(f"column {column.name!r}", "dates, as in training", f"{column.dtype} numbers", cure)
        )
    text = as_text(column)
    dates = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
    bad = dates.isna().to_numpy() & (text.fillna("").str.strip() != "").to_numpy()
    _refuse(
        column,
        bad,
        "dates such as 2024-01-31 or 2024-01-31 14:05",
        "Convert it with pandas.to_datetime(..., format=...).",
    )
    return dates


def check_kind(column: pd.Series, vocabulary: Sequence[str]) -> None:
    """Refuse numbers, flags or dates where training knew only words, and knows none of these: not new categories.

    Args:
        column: The category's column.
        vocabulary: The texts known from training; empty where there are none to compare with.

    Raises:
        RawError: Naming the column, its type and some of its values.
    """
    if not vocabulary or isinstance(column.dtype, pd.CategoricalDtype) or _is_text(column):
        return
    if pd.to_numeric(pd.Series(list(vocabulary), dtype=object), errors="coerce").notna().any():
        return
    came = set(as_text(column).dropna().unique())
    if not came or not came.isdisjoint(vocabulary):
        return
    expected = f"text as in training, such as {listed(vocabulary, 3)}"
    got = f"{column.dtype} values {listed(pd.unique(column.dropna()), 3)}"
    cure = "Look whether columns were swapped, or coded in another way."
    raise RawError(complaint(f"column {column.name!r}", expected, got, cure))


def _is_text(column: pd.Series) -> bool:
    return pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)


def to_codes(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """A column of categories as codes int ``(n,)`` into its distinct texts; -1 is a missing value."""
    codes, distinct = pd.factorize(as_text(column))
    return codes, np.asarray(distinct, dtype=object)


def to_texts(column: pd.Series) -> np.ndarray:
    """A column of categories as an object array ``(n,)`` of text, missing values as the empty text."""
    return as_text(column).fillna(MISSING_TEXT).to_numpy(object)


def _refuse(column: pd.Series, bad: np.ndarray, expected: str, cure: str) -> None:
    if bad.any():
        rows = np.flatnonzero(bad)
        where = f"column {column.name!r}, row {listed(column.index[rows])}"
        raise RawError(complaint(where, expected, listed(pd.unique(column.iloc[rows])), cure))
