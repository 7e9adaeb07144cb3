"""Series in a long table: one row a series and time, checked, in order, with a word on gaps and repeated times."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import (
    EXAMPLES,
    InputError,
    check_choice,
    check_columns,
    check_frame,
    complaint,
    listed,
    stop,
)
from dltoolkit.data._media import ROLES_TOLD
from dltoolkit.data.kinds import _times

REGULAR_SHARE = (
    0.5  # of the distances between neighbouring times: with fewer equal ones there is no common step
)
_NUMBERS_SHARE = 0.5  # of a column's texts: with more of them that are numbers, it was meant to be numbers
_HOUR = 3_600_000_000  # microseconds
_SPRING, _AUTUMN = (3, 4), (9, 10, 11)  # months in which clocks are put forward or back, in both hemispheres
_SUNDAY = 6


@dataclasses.dataclass
class Ordered:
    """A long table in the order of series and time.

    Attributes:
        frame: The table, rows numbered from 0.
        wall: The times without a zone, or numbers, shape ``(n_rows,)``.
        ids: The number of the series of each row, from 0, in order.
        names: The series, by number; empty when the table is one series.
        was_sorted: Whether the table came in this order.
    """

    frame: pd.DataFrame
    wall: pd.Series
    ids: np.ndarray
    names: list[Any]
    was_sorted: bool

    def named(self, row: int) -> str:
        """The series of a row, for a message; nothing when there is only one."""
        return f"series {self.names[self.ids[row]]!r}, " if self.names else ""

    def first(self) -> pd.Series:
        """The first time of the series that each row belongs to."""
        begins = np.ones(len(self.ids), bool)
        begins[1:] = self.ids[1:] != self.ids[:-1]
        rows = np.maximum.accumulate(np.where(begins, np.arange(len(self.ids)), 0))
        return self.wall.iloc[rows].reset_index(drop=True)

    def repeated(self) -> np.ndarray:
        """The rows whose series and time stand in the row before."""
        same = (self.ids[1:] == self.ids[:-1]) & (self.wall.to_numpy()[1:] == self.wall.to_numpy()[:-1])
        return np.flatnonzero(same) + 1


def read_series(
    frame: pd.DataFrame,
    *,
    time: str,
    id: str | None = None,  # noqa: A002 - what the column is called
    values: Sequence[str] | None = None,
    every: Any = None,
    gaps: str = "keep",
    duplicates: str = "error",
) -> pd.DataFrame:
    """Check a long table of series, and bring it into the order of series and time.

    Regular series have one step: the one that most neighbouring times have. Months, quarters, years and weekdays are
    known. Times with a zone are taken in UTC, where no hour repeats, or by the calendar where all have the same time
    of day. Times without a zone are taken as they are; where an hour is missing or repeated on a Sunday in spring or
    autumn, the message says that it looks like daylight saving.

    Args:
        frame: The table, one row a series and time.
        time: The column of times: times, dates, date texts, or numbers that count.
        id: The column that says which series a row belongs to. Defaults to None: one series.
        values: The columns of values, all numbers. Defaults to None: all other columns; a column of words stays as it is.
        every: The step, such as ``"h"``, ``"7D"``, ``"MS"`` or ``"B"``. Defaults to None: as most times show.
        gaps: ``"keep"`` them with a warning, ``"fill"`` them with rows of missing values, or stop: ``"error"``. Defaults
            to ``"keep"``.
        duplicates: What becomes of rows of one series and time: stop (``"error"``), keep the ``"last"`` one, or take the
            ``"mean"`` of the numbers. Defaults to ``"error"``.

    Returns:
        pandas.DataFrame: Columns `id`, `time` and the values, rows in order and numbered from 0. ``attrs["step"]`` is the
            step in words (None without one), ``attrs["notes"]`` says what was handled and what should be looked at.

    Raises:
        InputError: If a column is missing or named twice; if an id or a time is missing, or a time cannot be read; if a
            value is infinite or a text; at times that repeat or are missing, unless another rule is chosen.

    Example:
        >>> table = pd.DataFrame({"day": ["2024-01-02", "2024-01-01", "2024-01-03"], "sold": [5, 4, 6]})
        >>> series = read_series(table, time="day")
        >>> series["sold"].tolist(), series.attrs["step"]
        ([4, 5, 6], '1 day')
    """
    check_choice(gaps, ["keep", "fill", "error"], "gaps")
    check_choice(duplicates, ["error", "last", "mean"], "duplicates")
    table = ordered(frame, time, id)
    columns = _value_columns(frame, (time, id), values)
    table.frame = table.frame[[*([id] if id else []), time, *columns]]
    notes = [] if table.was_sorted else ["the rows were not in the order of series and time, and were sorted"]
    table, more = _without_repeats(table, time, duplicates)
    notes += more
    step = _times.stated(every, table.wall) if every is not None else _times.inferred(table.wall, table.ids)
    lacking = _missing(table, time, columns)
    table, more, warned = _with_gaps(table, time, (step, gaps))
    notes += more
    warned += lacking
    for said in warned:
        warnings.warn(said, UserWarning, stacklevel=2)
    result = table.frame
    roles = {time: "time"} | ({id: "series"} if id else {})
    result.attrs = {"notes": (*notes, *warned), "step": str(step) if step else None, ROLES_TOLD: roles}
    return result


def ordered(frame: pd.DataFrame, time: str, name: str | None) -> Ordered:
    """A long table in the order of series and time.

    Raises:
        InputError: If a column is missing or named twice, or an id or a time is missing or cannot be read.
    """
    check_frame(frame)
    asked = [time] if name is None else [time, name]
    check_columns(frame, asked)
    if time == name:
        raise InputError(complaint("id", "another column than time", repr(name)))
    if name is not None:
        empty = frame.index[frame[name].isna()]
        if len(empty):
            where = f"column {name!r}, rows {listed(empty)}"
            raise InputError(
                complaint(where, "the id of a series", "none", "Fill the cells or drop the rows.")
            )
    times = _times.parsed(frame[time])
    wall = _times.wall(times).reset_index(drop=True)
    if name is None:
        ids, names = np.zeros(len(frame), np.int64), []
    else:
        ids, uniques = pd.factorize(frame[name], sort=frame[name].dtype != object)
        names = list(uniques)
    order = np.lexsort((wall.to_numpy(), ids))
    table = frame.assign(**{time: times}).iloc[order].reset_index(drop=True)
    was_sorted = bool((order[1:] > order[:-1]).all())
    return Ordered(table, wall.iloc[order].reset_index(drop=True), ids[order], names, was_sorted)


def check_finite(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse infinite values.

    Raises:
        InputError: Naming each column with the rows of them.
    """
    complaints = []
    for name in columns:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            continue
        endless = np.isinf(frame[name].to_numpy(float, na_value=np.nan))
        if endless.any():
            where = f"column {name!r}, row {listed(frame.index[endless])}"
            complaints.append(
                complaint(where, "finite numbers", "inf", "Correct them, or make them missing.")
            )
    stop(complaints)


def _value_columns(
    frame: pd.DataFrame, keys: tuple[str, str | None], values: Sequence[str] | None
) -> list[str]:
    """The columns of values, once it is sure that they hold finite numbers."""
    if values is None:
        columns = [c for c in frame.columns if c not in keys]
    else:
        columns = [values] if isinstance(values, str) else list(values)
        check_columns(frame, columns)
    if not columns or len(set(columns)) < len(columns) or set(columns) & set(keys):
        got = listed(columns) or "none"
        stop([complaint("values", "columns of values, each once, beside those of time and id", got)])
    complaints = []
    for name in columns:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column.dtype):
            continue
        if values is not None or _holds_numbers(column):
            known = column.dropna()
            got = f"{known.iloc[0]!r}" if len(known) else "nothing"
            cure = f"Turn them into numbers: pd.to_numeric(frame[{name!r}])."
            complaints.append(complaint(f"column {name!r}", "numbers", f"values such as {got}", cure))
    stop(complaints)
    check_finite(frame, columns)
    return columns


def _holds_numbers(column: pd.Series) -> bool:
    """Whether a column of texts was meant to hold numbers."""
    if not (column.dtype == object or pd.api.types.is_string_dtype(column.dtype)):
        return False
    known = column.dropna()
    return bool(len(known)) and pd.to_numeric(known, errors="coerce").notna().mean() > _NUMBERS_SHARE


def _without_repeats(table: Ordered, time: str, rule: str) -> tuple[Ordered, list[str]]:
    """One row for each series and time."""
    rows = table.repeated()
    if not len(rows):
        return table, []
    shown = "; ".join(f"{table.named(r)}time {table.frame[time].iloc[r]}" for r in rows[:EXAMPLES])
    said = f"{len(rows):,} rows repeat the series and time of another one"
    if rule == "error":
        cure = "Choose duplicates='last' or 'mean', name the id= column, or drop the rows."
        raise InputError(
            complaint(
                f"column {time!r}",
                "each time once in a series",
                f"{said}: {shown}",
                cure + _daylight(table, rows, _AUTUMN),
            )
        )
    keep = np.ones(len(table.ids), bool)
    keep[rows - 1 if rule == "last" else rows] = False
    frame = table.frame
    if rule == "mean":
        group = np.cumsum(keep) - 1
        numbers = frame.select_dtypes("number").columns.difference(
            [time, *frame.columns[:1]] if table.names else [time]
        )
        means = frame[numbers].groupby(group).mean()
        frame = frame[keep].reset_index(drop=True)
        frame[numbers] = means
    else:
        frame = frame[keep].reset_index(drop=True)
    kept = Ordered(
        frame, table.wall[keep].reset_index(drop=True), table.ids[keep], table.names, table.was_sorted
    )
    return kept, [f"{said}: the {rule} was kept ({shown})"]


def _with_gaps(
    table: Ordered, time: str, rules: tuple[_times.Step | None, str]
) -> tuple[Ordered, list[str], list[str]]:
    """The table with its gaps named or filled, sentences on what was handled, and on what should be looked at."""
    step, rule = rules
    if step is None:
        return table, [], ["no series has two times, so there is no step"]
    slots, exact = step.slots(table.wall, table.first())
    if step.share < REGULAR_SHARE:
        said = (
            f"the times follow no common step: the most common distance, {step}, is {step.share:.0%} of them"
        )
        _refuse_irregular(time, said, rule)
        return table, [], [f"{said}. Bring them to one, such as with .dt.floor and duplicates='mean'"]
    warned = []
    if not exact.all():
        row = int((~exact).argmax())
        said = f"{int((~exact).sum()):,} times lie between the steps of {step}, such as {table.named(row)}{table.frame[time].iloc[row]}"
        _refuse_irregular(time, said, rule)
        warned.append(said)
    jumps = np.flatnonzero((table.ids[1:] == table.ids[:-1]) & (np.diff(slots) > 1)) + 1
    if not len(jumps):
        return table, [], warned
    n_missing = int((slots[jumps] - slots[jumps - 1] - 1).sum())
    shown = "; ".join(
        f"{table.named(r)}between {table.frame[time].iloc[r - 1]} and {table.frame[time].iloc[r]}"
        for r in jumps[:EXAMPLES]
    )
    said = f"{len(jumps):,} gaps with {n_missing:,} missing times at a step of {step}: {shown}"
    if rule == "error":
        cure = "Choose gaps='fill' or 'keep', or state the step: every=." + _daylight(table, jumps, _SPRING)
        raise InputError(complaint(f"column {time!r}", "a time at every step", said, cure))
    if rule == "fill":
        return _filled(table, time, (step, slots)), [f"{said}; filled with missing values"], warned
    return table, [], [*warned, said + _daylight(table, jumps, _SPRING)]


def _refuse_irregular(time: str, said: str, rule: str) -> None:
    if rule != "keep":
        cure = "Round them first, such as with .dt.floor, or state the step: every=."
        raise InputError(complaint(f"column {time!r}", f"regular times (gaps={rule!r})", said, cure))


def _filled(table: Ordered, time: str, grid: tuple[_times.Step, np.ndarray]) -> Ordered:
    """The table with a row of missing values for each time that lacks one."""
    step, slots = grid
    zone = getattr(table.frame[time].dtype, "tz", None)
    name = table.frame.columns[0] if table.names else None
    pieces = []
    for number in np.unique(table.ids):
        rows = np.flatnonzero(table.ids == number)
        want = np.arange(slots[rows[0]], slots[rows[-1]] + 1)
        piece = table.frame.iloc[rows].set_index(slots[rows]).reindex(want)
        wall = pd.Series(step.times(table.wall.iloc[rows[0]], want), index=want)
        lacking = np.setdiff1d(want, slots[rows])
        piece.loc[lacking, time] = _zoned(wall, zone, table.frame[time]).loc[lacking]
        if name is not None:
            piece[name] = table.names[number]
        pieces.append(piece)
    frame = pd.concat(pieces, ignore_index=True)
    frame[time] = frame[time].astype(table.frame[time].dtype)
    if name is not None:
        frame[name] = frame[name].astype(table.frame[name].dtype)
    return ordered(frame, time, name)


def _zoned(wall: pd.Series, zone: Any, times: pd.Series) -> pd.Series:
    """Times without a zone back in the zone that they came from."""
    if zone is None:
        return wall
    if (times.dt.tz_localize(None) == _times.wall(times)).all():
        return wall.dt.tz_localize(zone)
    return wall.dt.tz_localize("UTC").dt.tz_convert(zone)


def _daylight(table: Ordered, rows: np.ndarray, months: tuple[int, ...]) -> str:
    """A sentence when rows lie where clocks are put forward or back; nothing otherwise."""
    if table.wall.dtype.kind != "M" or isinstance(table.wall.dtype, pd.DatetimeTZDtype):
        return ""
    near = table.wall.iloc[rows]
    short = table.wall.iloc[rows].to_numpy() - table.wall.iloc[rows - 1].to_numpy() <= np.timedelta64(
        2 * _HOUR, "us"
    )
    turned = near[(near.dt.day_of_week == _SUNDAY) & near.dt.month.isin(months) & (near.dt.hour <= 4) & short]
    if turned.empty:
        return ""
    days = listed(dict.fromkeys(str(t.date()) for t in turned))
    return (
        f" On {days} this looks like daylight saving: give the times their zone with "
        ".dt.tz_localize('Europe/Berlin', ambiguous='infer')."
    )


def _missing(table: Ordered, time: str, columns: list[str]) -> list[str]:
    """A sentence for each column with missing values."""
    said = []
    for name in columns:
        rows = np.flatnonzero(table.frame[name].isna())
        if len(rows):
            first = f"{table.named(rows[0])}time {table.frame[time].iloc[rows[0]]}"
            said.append(
                f"column {name!r}: {len(rows):,} of {len(table.ids):,} values are missing, first at {first}"
            )
    return said
