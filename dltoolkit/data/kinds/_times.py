"""Time stamps of a series: any way of writing them to times, and the regular step that they follow."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dltoolkit._checks import InputError, complaint, listed
from dltoolkit.data import _dates

_MONTHS = {"M": 1, "MS": 1, "ME": 1, "Q": 3, "QS": 3, "QE": 3, "Y": 12, "YS": 12, "YE": 12}
_DAY_US = 86_400_000_000
_SHORTEST_MONTH = 28 * _DAY_US
_TWO_WEEKS = 14  # days: fewer of them do not show that no value falls on a weekend
_UNITS = (
    ("week", 7 * _DAY_US),
    ("day", _DAY_US),
    ("hour", 3_600_000_000),
    ("minute", 60_000_000),
    ("second", 10**6),
    ("millisecond", 1000),
)


@dataclasses.dataclass(frozen=True)
class Step:
    """The regular distance between two times of a series.

    Attributes:
        kind: ``"fixed"`` (microseconds), ``"number"`` (times are plain numbers), ``"months"`` (calendar months) or
            ``"weekdays"`` (Monday to Friday).
        size: How many of them.
        share: The share of all distances that are this step.
    """

    kind: str
    size: float
    share: float = 1.0

    def __str__(self) -> str:
        if self.kind == "number":
            return f"{self.size:g}"
        if self.kind == "weekdays":
            return "1 weekday"
        if self.kind == "months":
            count, unit = (self.size / 12, "year") if self.size % 12 == 0 else (self.size, "month")
        else:
            unit, length = next(((u, n) for u, n in _UNITS if self.size % n == 0), ("microsecond", 1))
            count = self.size / length
        return f"{count:g} {unit}{'' if count == 1 else 's'}"

    def slots(self, times: pd.Series, first: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """How many steps each time lies behind the first time of its series.

        Args:
            times: Naive times or numbers, shape ``(n_rows,)``.
            first: The first time of the series that each row belongs to, shape ``(n_rows,)``.

        Returns:
            tuple: The steps (int64), and whether each is a whole number of them (bool).
        """
        if self.kind == "number":
            steps = (times.to_numpy(float) - first.to_numpy(float)) / self.size
            slots = np.rint(steps)
            return slots.astype(np.int64), np.abs(steps - slots) < 1e-6
        if self.kind == "weekdays":
            days, start = (t.to_numpy().astype("datetime64[D]") for t in (times, first))
            exact = (times.dt.day_of_week < 5).to_numpy() & _same_clock(times, first)
            return np.busday_count(start, days), exact
        if self.kind == "months":
            months = _months(times) - _months(first)
            same = (times.dt.day == first.dt.day) | (_is_month_end(times) & _is_month_end(first))
            return months // int(self.size), (months % int(self.size) == 0) & same.to_numpy() & _same_clock(
                times, first
            )
        passed = _microseconds(times) - _microseconds(first)
        return passed // int(self.size), passed % int(self.size) == 0

    def times(self, first: Any, slots: np.ndarray) -> Any:
        """The times that lie some steps behind a first one, as an array of its kind."""
        if self.kind == "number":
            return first + slots * type(first)(self.size)
        if self.kind == "weekdays":
            clock = first - first.normalize()
            days = np.busday_offset(first.to_datetime64().astype("datetime64[D]"), slots)
            return pd.DatetimeIndex(days).as_unit("us") + clock
        if self.kind == "months":
            end = first.is_month_end and first.day < 31
            moved = [first + pd.DateOffset(months=int(s * self.size)) for s in slots]
            return pd.DatetimeIndex([m + pd.offsets.MonthEnd(0) if end else m for m in moved])
        return pd.DatetimeIndex([first]).as_unit("us")[0] + pd.to_timedelta(slots * int(self.size), unit="us")


def _months(times: pd.Series) -> np.ndarray:
    return (times.dt.year * 12 + times.dt.month).to_numpy(np.int64)


def _is_month_end(times: pd.Series) -> pd.Series:
    return times.dt.is_month_end


def _same_clock(times: pd.Series, first: pd.Series) -> np.ndarray:
    return (_microseconds(times) % _DAY_US) == (_microseconds(first) % _DAY_US)


def _microseconds(times: pd.Series) -> np.ndarray:
    return times.to_numpy().astype("datetime64[us]").astype(np.int64)


def parsed(column: pd.Series) -> pd.Series:
    """A column as times (naive or with a zone) or as plain numbers.

    Args:
        column: Times, dates, periods, date texts written in one way, or numbers that count; shape ``(n_rows,)``.

    Returns:
        pandas.Series: dtype ``datetime64``, with or without a zone, or a number's.

    Raises:
        InputError: If a cell is missing or no time; the message names the first rows.
    """
    where, empty = f"column {column.name!r}", column.index[column.isna()]
    if len(empty):
        cure = "Drop the rows, or fill the cells."
        raise InputError(complaint(f"{where}, rows {listed(empty)}", "a time in every row", "none", cure))
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.to_timestamp()
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return column
    if column.dtype == object and not any(isinstance(cell, str) for cell in column):
        try:
            return pd.to_datetime(column)
        except (ValueError, TypeError) as error:
            raise InputError(complaint(where, "times", f"{column.iloc[0]!r} and the like")) from error
    if pd.api.types.is_bool_dtype(column.dtype) or not (
        pd.api.types.is_numeric_dtype(column.dtype)
        or pd.api.types.is_string_dtype(column.dtype)
        or column.dtype == object
    ):
        raise InputError(complaint(where, "times", f"values of type {column.dtype}"))
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _numbers(column)
    return _from_texts(column)


def _numbers(column: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype(np.int64)
    values = column.to_numpy(float)
    if not np.isfinite(values).all():
        rows = listed(column.index[~np.isfinite(values)])
        raise InputError(complaint(f"column {column.name!r}, rows {rows}", "finite times", "inf"))
    return column.astype(float)


def _from_texts(column: pd.Series) -> pd.Series:
    where = f"column {column.name!r}"
    odd = [label for label, cell in column.items() if not isinstance(cell, str)]
    if odd:
        got = f"{column[odd[0]]!r} in row {listed([odd[0]])}"
        raise InputError(complaint(where, "one kind of time", f"texts, and {got}"))
    dates = _dates.recognise(pa.array(column.str.strip(), pa.string()))
    if not dates.shaped.all():
        row = int((~dates.shaped).argmax())
        cure = f"Turn it into times: pd.to_datetime(frame[{column.name!r}], format=...)."
        raise InputError(
            complaint(f"{where}, row {listed([column.index[row]])}", "a time", repr(column.iloc[row]), cure)
        )
    if dates.format is None:
        shown = ", ".join(f"{column.iloc[place]!r} ({way})" for way, place in dates.ways.items())
        cure = f"Say which: pd.to_datetime(frame[{column.name!r}], format=...)."
        raise InputError(complaint(where, "one way of writing that tells day from month", shown, cure))
    times = pd.Series(_dates.parse(pa.array(column.str.strip(), pa.string()), dates.format), column.index)
    if times.isna().any():
        row = int(times.isna().to_numpy().argmax())
        raise InputError(
            complaint(f"{where}, row {listed([column.index[row]])}", "a real date", repr(column.iloc[row]))
        )
    return times.rename(column.name)


def wall(times: pd.Series) -> pd.Series:
    """Times without a zone, in which a regular series has equal steps.

    Times with a zone are taken in UTC, where no hour repeats; by the local clock where all have the same time of day,
    since days and months are those of the calendar.
    """
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        return times
    local = times.dt.tz_localize(None)
    if (local == local.dt.normalize() + (local.iloc[0] - local.iloc[0].normalize())).all():
        return local
    return times.dt.tz_convert("UTC").dt.tz_localize(None)


def stated(every: Any, times: pd.Series) -> Step:
    """The step that a caller asks for.

    Args:
        every: An offset such as ``"h"``, ``"7D"``, ``"MS"`` or ``"B"``, a timedelta, or a number for times that are numbers.
        times: Naive times or numbers.

    Returns:
        Step: That step.

    Raises:
        InputError: If it is none, or does not go with the times.
    """
    numeric = times.dtype.kind != "M"
    if isinstance(every, (int, float, np.number)) and not isinstance(every, bool):
        if numeric and every > 0:
            return Step("number", float(every) if every != int(every) else int(every))
    elif not numeric:
        try:
            offset = pd.tseries.frequencies.to_offset(every)
        except (ValueError, TypeError):
            offset = None
        if offset is not None and (step := _of_offset(offset)) is not None:
            return step
    expected = "a positive number" if numeric else "a step such as 'h', 'D', '7D', 'B', 'MS', or a timedelta"
    raise InputError(complaint("every", expected, repr(every)))


def _of_offset(offset: Any) -> Step | None:
    name = offset.rule_code.partition("-")[0]
    if name in _MONTHS:
        return Step("months", _MONTHS[name] * offset.n)
    if name == "B" and offset.n == 1:
        return Step("weekdays", 1)
    if name == "W":
        return Step("fixed", 7 * offset.n * _DAY_US)
    try:
        size = pd.Timedelta(offset) // pd.Timedelta(1, "us")
    except ValueError:
        return None
    return Step("fixed", size) if size > 0 else None


def inferred(times: pd.Series, ids: np.ndarray) -> Step | None:
    """The step that most neighbouring times have; None when no series has two times.

    Args:
        times: Naive times or numbers, in order within each series, shape ``(n_rows,)``.
        ids: The number of the series of each row, in order, shape ``(n_rows,)``.

    Returns:
        Step: The most common distance. Months, quarters and years are told from distances of 28 days and more between
        equal days of the month or last days of it; weekdays from two weeks of days without one on a weekend.
    """
    inside = ids[1:] == ids[:-1]
    if times.dtype.kind != "M":
        gaps = np.diff(times.to_numpy())[inside]
        size, share = _most_common(gaps[gaps > 0])
        return None if size is None else Step("number", size.item(), share)
    gaps = np.diff(_microseconds(times))[inside]
    size, share = _most_common(gaps[gaps > 0])
    if size is None:
        return None
    if size >= _SHORTEST_MONTH and _calendar(times):
        months = np.diff(_months(times))[inside]
        common, share = _most_common(months[months > 0])
        if common is not None:
            return Step("months", int(common), share)
    if size == _DAY_US and len(times) >= _TWO_WEEKS and times.dt.day_of_week.max() < 5:
        return Step("weekdays", 1, share)
    return Step("fixed", int(size), share)


def _calendar(times: pd.Series) -> bool:
    """Whether all times are the same day of their months, or the last one."""
    return times.dt.day.nunique() == 1 or bool(_is_month_end(times).all())


def _most_common(gaps: np.ndarray) -> tuple[Any, float]:
    if not len(gaps):
        return None, 0.0
    sizes, counts = np.unique(gaps, return_counts=True)
    best = int(counts.argmax())
    return sizes[best], counts[best] / len(gaps)
