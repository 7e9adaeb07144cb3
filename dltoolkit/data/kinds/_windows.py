"""Windows of a series: the known past as sequences, the next steps as targets, and nothing of the future in between."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_columns, check_number, complaint, listed, stop
from dltoolkit.data._media import ROLES_TOLD
from dltoolkit.data.kinds import _series, _times

FEW_KEPT = 0.5  # of the windows: with fewer left over, what was dropped should be looked at
_UNTIL = "until"


def windows(
    frame: pd.DataFrame,
    *,
    time: str,
    id: str | None = None,  # noqa: A002 - what the column is called
    target: str | Sequence[str],
    length: int,
    horizon: int = 1,
    past: Sequence[str] = (),
    known: Sequence[str] = (),
    step: int = 1,
    every: Any = None,
) -> pd.DataFrame:
    """Cut series into examples: the last `length` values, and the `horizon` values that follow.

    An example ends its past at its origin, in the column `time`; its targets are the steps behind it, the last of them
    in the column ``until``. So no value from behind the origin is in a sequence; only `known` columns, which are known
    in advance, give their values at the target steps. No window reaches across two series or a gap, and none holds a
    missing value; what was dropped is counted.

    A sequence of column ``x`` is called ``past_x``. With a horizon of 1 the targets (and known values) keep their names;
    with more they are called ``x+1``, ``x+2``, …

    Args:
        frame: A long table, as `read_series` gives it; it need not be in order.
        time: The column of times.
        id: The column that says which series a row belongs to. Defaults to None: one series.
        target: The column to predict, or several; its own past is always given.
        length: Steps of the past in a sequence.
        horizon: Steps to predict. Defaults to 1.
        past: More columns whose past is given. Defaults to none.
        known: Columns that are known in advance, such as the calendar or a price. Defaults to none.
        step: Steps between the origins of two windows of a series. Defaults to 1.
        every: The step of the series, such as ``"h"`` or ``"MS"``. Defaults to None: as most times show.

    Returns:
        pandas.DataFrame: `id`, `time`, ``until``, a column ``past_x`` of float32 arrays of shape ``(length,)`` for each of
            the targets and `past`, the `known` values, and the targets; rows in the order of series and time.
            ``attrs["dropped"]`` counts the windows left out for a ``"gap"`` or a ``"missing"`` value, and the series that
            are too ``"short"``.

    Raises:
        InputError: If a column is missing, or a name comes twice; if a length is no whole number above 0; if a series
            repeats a time; if targets or sequences are no numbers; if no window is left.

    Example:
        >>> table = pd.DataFrame({"day": range(5), "sold": [1.0, 2.0, 3.0, 4.0, 5.0]})
        >>> examples = windows(table, time="day", target="sold", length=3)
        >>> [past.tolist() for past in examples["past_sold"]], examples["sold"].tolist()
        ([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]], [4.0, 5.0])
    """
    plan = _plan((time, id), (target, past, known), (length, horizon, step))
    check_columns(frame, [*plan.sequences, *plan.known])
    _series.check_finite(frame, plan.sequences)
    table = _series.ordered(frame, time, id)
    _refuse_repeats(table, time)
    cast = _times.stated(every, table.wall) if every is not None else _times.inferred(table.wall, table.ids)
    starts, dropped = _starts(table, plan, cast)
    if not len(starts):
        got = f"none: {_counts(dropped)}"
        cure = "Take a smaller length= or horizon=, or fill what is missing: read_series(..., gaps='fill')."
        span = f"{plan.length} + {plan.horizon} steps"
        raise InputError(
            complaint("windows", f"a series with {span} in a row and no value missing", got, cure)
        )
    result = _cut(table, plan, starts)
    lost = dropped["gap"] + dropped["missing"]
    notes = [f"left out: {_counts(dropped)}"] if any(dropped.values()) else []
    if len(starts) < FEW_KEPT * (len(starts) + lost):
        said = f"only {len(starts):,} of {len(starts) + lost:,} windows are left: {_counts(dropped)}"
        warnings.warn(said, UserWarning, stacklevel=2)
    result.attrs = {"dropped": dropped, "notes": tuple(notes), "step": str(cast) if cast else None}
    result.attrs |= {"until": _UNTIL, "horizon": plan.horizon}  # what a split by time keeps apart
    roles = {time: "time", _UNTIL: "ignore"} | (
        {id: "series"} if id else {}
    )  # known only by the calendar: no news
    result.attrs[ROLES_TOLD] = roles | {f"past_{name}": "sequence" for name in plan.sequences}
    return result


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What a window holds."""

    time: str
    id: str | None
    targets: list[str]
    sequences: list[str]
    known: list[str]
    length: int
    horizon: int
    step: int

    @property
    def span(self) -> int:
        """Steps from the first of the past to the last target."""
        return self.length + self.horizon

    def ahead(self, name: str) -> list[str]:
        """The columns of a target or a known value."""
        return [name] if self.horizon == 1 else [f"{name}+{i}" for i in range(1, self.horizon + 1)]


def _plan(
    keys: tuple[str, str | None], asked: tuple[Any, Sequence[str], Sequence[str]], sizes: tuple[Any, Any, Any]
) -> _Plan:
    for size, argument in zip(sizes, ("length", "horizon", "step"), strict=True):
        check_number(size, argument, low=1, whole=True)
    targets, past, known = ([n] if isinstance(n, str) else list(n) for n in asked)
    if not targets:
        stop([complaint("target", "at least one column name", "none")])
    sequences = list(dict.fromkeys([*targets, *past]))
    plan = _Plan(*keys, targets, sequences, known, *(int(size) for size in sizes))
    names = [k for k in keys if k] + [_UNTIL] + [f"past_{n}" for n in sequences]
    names += [column for n in [*known, *targets] for column in plan.ahead(n)]
    twice = list(dict.fromkeys(n for n in names if names.count(n) > 1))
    if twice:
        cure = "A target is never known in advance. Rename a column, or leave it out."
        stop([complaint("the columns of a window", "each name once", f"{listed(twice)} twice", cure)])
    return plan


def _refuse_repeats(table: _series.Ordered, time: str) -> None:
    rows = table.repeated()
    if len(rows):
        got = f"{len(rows):,} rows that repeat one, such as {table.named(rows[0])}time {table.frame[time].iloc[rows[0]]}"
        cure = "Name the id= column, or see read_series(..., duplicates=)."
        raise InputError(complaint(f"column {time!r}", "each time once in a series", got, cure))


def _starts(
    table: _series.Ordered, plan: _Plan, step: _times.Step | None
) -> tuple[np.ndarray, dict[str, int]]:
    """The rows that whole windows begin at, and how many other ones were left out for what."""
    ids, n_rows = table.ids, len(table.ids)
    dropped = {"gap": 0, "missing": 0, "short": int((np.bincount(ids) < plan.span).sum())}
    if n_rows < plan.span:
        return np.empty(0, np.int64), dropped
    follows = ids[1:] == ids[:-1]
    starts = np.arange(n_rows - plan.span + 1)
    first = np.searchsorted(ids, ids)  # the row that each series begins at
    starts = starts[
        (ids[starts] == ids[starts + plan.span - 1]) & ((starts - first[starts]) % plan.step == 0)
    ]
    if step is not None:
        slots, exact = step.slots(table.wall, table.first())
        follows = follows & (np.diff(slots) == 1) & exact[1:] & exact[:-1]
    breaks = np.r_[0, np.cumsum(~follows)]
    whole = breaks[starts] == breaks[starts + plan.span - 1]
    dropped["gap"] = int((~whole).sum())
    starts = starts[whole]
    holes = _holes(table.frame, plan, starts)
    dropped["missing"] = int(holes.sum())
    return starts[~holes], dropped


def _holes(frame: pd.DataFrame, plan: _Plan, starts: np.ndarray) -> np.ndarray:
    """Whether the window that begins at each row lacks a value."""

    def count(names: list[str], begin: int, end: int) -> np.ndarray:
        missing = (
            np.r_[0, np.cumsum(frame[names].isna().to_numpy().any(axis=1))]
            if names
            else np.zeros(len(frame) + 1)
        )
        return missing[starts + end] - missing[starts + begin]

    in_past = count(plan.sequences, 0, plan.length)
    ahead = count([*plan.targets, *plan.known], plan.length, plan.span)
    return (in_past + ahead) > 0


def _cut(table: _series.Ordered, plan: _Plan, starts: np.ndarray) -> pd.DataFrame:
    frame, origin = table.frame, starts + plan.length - 1
    columns = {plan.id: frame[plan.id].iloc[origin]} if plan.id else {}
    columns[plan.time] = frame[plan.time].iloc[origin]
    columns[_UNTIL] = frame[plan.time].iloc[origin + plan.horizon]
    result = {name: column.reset_index(drop=True) for name, column in columns.items()}
    numbers = {name: _float32(frame, name) for name in plan.sequences}
    for name, values in numbers.items():
        views = np.lib.stride_tricks.sliding_window_view(values, plan.length)
        cells = np.empty(len(starts), object)
        for row, start in enumerate(starts):
            cells[row] = views[start]  # a view: the values stand in memory once
        result[f"past_{name}"] = pd.Series(cells)
    for name in [*plan.known, *plan.targets]:
        for i, column in enumerate(plan.ahead(name), start=1):
            result[column] = frame[name].iloc[origin + i].reset_index(drop=True)
    return pd.DataFrame(result)


def _float32(frame: pd.DataFrame, name: str) -> np.ndarray:
    column = frame[name]
    if not pd.api.types.is_numeric_dtype(column.dtype):
        cure = f"Give it as known=, or as numbers. The numbers are: {listed(frame.select_dtypes('number').columns)}."
        raise InputError(complaint(f"column {name!r}", "numbers", f"values of type {column.dtype}", cure))
    return np.ascontiguousarray(column.to_numpy(np.float32, na_value=np.nan))


def _counts(dropped: dict[str, int]) -> str:
    return (
        f"{dropped['gap']:,} windows across a gap, {dropped['missing']:,} with a missing value, "
        f"{dropped['short']:,} series too short"
    )
