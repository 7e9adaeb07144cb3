"""What a monitor remembers of the training frame: a few numbers a column, and no row."""

import dataclasses
import datetime
import decimal
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, complaint, listed
from dltoolkit._text import as_text

# Points at which the distribution of a number is remembered: D is then known to 1/1000, far finer than its floor.
MAX_POINTS = 1000
# Levels of a category that are remembered, most frequent first: more would make the profile a copy of the column.
MAX_LEVELS = 5000

NUMBER, DATE, FLAG, TEXT = "numbers", "dates", "booleans", "text"
_KINDS: dict[str, Any] = {
    FLAG: (bool, np.bool_),
    NUMBER: (numbers.Real, decimal.Decimal),
    DATE: (datetime.date, np.datetime64),
}


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of the training frame of which only the missing share is watched: free text, or no value at all.

    Attributes:
        name: The column's name.
        role: ``"numeric"``, ``"datetime"``, ``"boolean"``, ``"categorical"`` or ``"text"``.
        family: In what it came: ``"numbers"``, ``"dates"``, ``"booleans"`` or ``"text"``.
        n_rows: Rows of the training frame.
        n_missing: How many of them have no value.
    """

    name: str
    role: str
    family: str
    n_rows: int
    n_missing: int

    @property
    def n_known(self) -> int:
        """Rows that have a value."""
        return self.n_rows - self.n_missing


@dataclasses.dataclass(frozen=True)
class Numbers(Column):
    """A numeric or datetime column: its distribution function at up to 1,000 of its values.

    Attributes:
        values: Increasing; seconds since 1970 (UTC) for dates.
        below: How many values of the column are smaller than each of `values`.
        upto: How many are smaller or equal.
    """

    values: tuple[float, ...]
    below: tuple[int, ...]
    upto: tuple[int, ...]

    @property
    def median(self) -> float:
        """The middle of the remembered distribution."""
        return self.values[int(np.searchsorted(self.upto, self.n_known / 2))]


@dataclasses.dataclass(frozen=True)
class Levels(Column):
    """A categorical or boolean column: how often each level occurs.

    Attributes:
        counts: Rows of each level, by its text, in alphabetical order.
        n_other: Rows of levels beyond the 5,000 most frequent.
    """

    counts: dict[str, int]
    n_other: int

    @property
    def n_one_off(self) -> int:
        """Rows whose level no other row shares, or that is not remembered: what new rows bring at this rate too."""
        return self.n_other + sum(count == 1 for count in self.counts.values())


def learn(series: pd.Series, role: str, max_points: int) -> Column:
    """Remember a column of the training frame.

    Args:
        series: The column, ``(n_rows,)``.
        role: Its role in the schema.
        max_points: Points at which a numeric distribution is remembered.

    Returns:
        Column: `Numbers`, `Levels`, or plain `Column` for text.

    Raises:
        InputError: If the values do not fit the role, or a number is infinite.
    """
    missing = int(series.isna().sum())
    known: dict[str, Any] = {"name": series.name, "role": role, "family": family(series)}
    known |= {"n_rows": len(series), "n_missing": missing}
    if role == "text" or missing == len(series):
        return Column(**known)
    if role not in ("numeric", "datetime"):
        return Levels(**known, **_level_counts(as_text(series)))
    values = as_numbers(series, DATE if role == "datetime" else NUMBER)
    infinite = np.isinf(values)
    if infinite.any():
        where = f"reference column {series.name!r}, row {listed(series.index[infinite])}"
        raise InputError(
            complaint(where, "finite numbers", f"{infinite.sum():,} infinite", "Correct or drop these rows.")
        )
    return Numbers(**known, **_distribution(values[~np.isnan(values)], max_points))


def family(series: pd.Series) -> str:
    """In what a column came: ``"numbers"``, ``"dates"``, ``"booleans"`` or ``"text"``; objects by their values."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return family(pd.Series(dtype.categories))
    if pd.api.types.is_bool_dtype(dtype):
        return FLAG
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return DATE
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return NUMBER
    known = series.dropna() if dtype == object else ()
    return next((name for name, kinds in _KINDS.items() if len(known) and _all(known, kinds)), TEXT)


def _all(values: pd.Series, kinds: Any) -> bool:
    return all(isinstance(value, kinds) for value in values)


def as_numbers(series: pd.Series, want: str) -> np.ndarray:
    """A column of numbers or dates as float64: missing as NaN, dates as seconds since 1970 (UTC).

    Args:
        series: The column, ``(n,)``. One without any value is all NaN, whatever its dtype.
        want: ``"numbers"`` (booleans count as 0 and 1) or ``"dates"``.

    Returns:
        numpy.ndarray: float64 ``(n,)``.

    Raises:
        InputError: If it is in anything else; the message names the first row and value that does not fit.
    """
    if series.isna().all():
        return np.full(len(series), np.nan)
    got = family(series)
    if got != want and not (want == NUMBER and got == FLAG):
        raise InputError(wrong_family(series, want))
    if want == DATE:
        moments = (
            pd.to_datetime(series.astype(object), utc=True).dt.tz_localize(None).astype("datetime64[us]")
        )
        return np.where(moments.isna(), np.nan, moments.to_numpy().astype(np.int64) / 1e6)
    if isinstance(series.dtype, pd.CategoricalDtype) or series.dtype == object:
        series = series.astype(object).map(float, na_action="ignore")
    return series.to_numpy(np.float64, na_value=np.nan)


def wrong_family(series: pd.Series, want: str) -> str:
    """The complaint about a column that came in another family of dtypes than in training, with its first such row."""
    known = series.dropna()
    row = next((at for at, value in enumerate(known) if not isinstance(value, _KINDS.get(want, str))), 0)
    convert = {NUMBER: "pd.to_numeric", DATE: "pd.to_datetime", TEXT: "data.as_text"}.get(want)
    cure = f"Convert it: {convert}(frame[{series.name!r}])." if convert else "Write it as False and True."
    got = f"{family(series)} ({listed([known.iloc[row]])}, dtype {series.dtype})"
    where = f"column {series.name!r}, row {listed([known.index[row]])}"
    return complaint(where, f"{want}, as in training", got, cure)


def _distribution(values: np.ndarray, max_points: int) -> dict[str, Any]:
    """The distribution function at up to `max_points` evenly spaced ranks; exact at each of them."""
    values = np.sort(values)
    points = np.unique(values)
    if len(points) > max_points:
        points = np.unique(values[np.round(np.linspace(0, len(values) - 1, max_points)).astype(int)])
    return {
        "values": tuple(points.tolist()),
        "below": tuple(np.searchsorted(values, points, side="left").tolist()),
        "upto": tuple(np.searchsorted(values, points, side="right").tolist()),
    }


def _level_counts(texts: pd.Series) -> dict[str, Any]:
    counts = texts.value_counts()
    kept = counts.iloc[:MAX_LEVELS].sort_index()
    return {
        "counts": {str(level): int(count) for level, count in kept.items()},
        "n_other": int(counts.iloc[MAX_LEVELS:].sum()),
    }


def to_json(column: Column) -> dict[str, Any]:
    """A column's profile as plain lists and numbers."""
    content = dataclasses.asdict(column)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in content.items()}


def from_json(content: Mapping[str, Any]) -> Column:
    """The profile that `to_json` wrote.

    Raises:
        InputError: If the content is not one.
    """
    kind = Numbers if "values" in content else Levels if "counts" in content else Column
    names = {field.name for field in dataclasses.fields(kind)}
    if set(content) != names:
        missing, extra = sorted(names - set(content)), sorted(set(content) - names)
        got = f"{listed(missing)} missing" if missing else f"{listed(extra)} besides"
        cure = "The file is damaged or from another version: build the monitor again."
        raise InputError(
            complaint(
                f"profile of column {content.get('name')!r}",
                f"the keys {listed(sorted(names), 9)}",
                got,
                cure,
            )
        )
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}
    return kind(**values)  # type: ignore[arg-type]
