"""What decides which part a row may go to: its content, class, group and time, as numbers."""

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import (
    InputError,
    check_choice,
    check_columns,
    check_frame,
    check_number,
    complaint,
    listed,
    stop,
)
from dltoolkit.data._content import first_occurrence, hashable, row_hashes
from dltoolkit.data._partition import (
    by_chance,
    by_group,
    by_latest,
    by_time,
    can_stratify,
    folds_by_chance,
    keep_gap,
    time_blocks,
)
from dltoolkit.problem import Problem

METHODS = ("auto", "random", "stratified", "grouped", "time", "latest")
DRAWN = ("random", "stratified")  # the methods that may move a row for the sake of another
NEEDS = {"grouped": ("groups",), "time": ("time",), "latest": ("groups", "time")}
MAX_SEED = 2**32 - 1  # scikit-learn's limit
_NUMBERS = (
    "integer",
    "floating",
    "mixed-integer-float",
    "decimal",
)  # pandas' words for objects that are numbers


@dataclasses.dataclass(frozen=True)
class Rows:
    """The rows of a table as `split` sees them, each array of shape ``(n_rows,)``.

    Attributes:
        method: ``"random"``, ``"stratified"``, ``"grouped"``, ``"time"`` or ``"latest"``.
        first: Position of the first row that must stand in the same part: with the same features, or nearly so.
        labels: Class numbers, or None where classes play no part.
        groups: Group numbers from 0 without gaps, or None.
        times: Sortable numbers, or None.
    """

    method: str
    first: np.ndarray
    labels: np.ndarray | None
    groups: np.ndarray | None
    times: np.ndarray | None

    @classmethod
    def of(cls, frame: pd.DataFrame, problem: Problem, settings: Mapping[str, Any]) -> "Rows":
        """Read them from a table.

        Raises:
            InputError: If a group or a time is missing, with the rows.
        """
        labels = class_numbers(frame, problem)
        method = _resolve(problem, settings, labels)
        needs = NEEDS.get(method, ())
        groups = group_numbers(frame[settings["groups"]]) if "groups" in needs else None
        times = time_numbers(frame[settings["time"]]) if "time" in needs else None
        first = first_occurrence(row_hashes(frame, feature_columns(frame, problem)))
        return cls(method, first, None if method == "random" else labels, groups, times)

    @property
    def notes(self) -> tuple[str, ...]:
        """What deserves to be told about the rows."""
        copies = int((self.first != np.arange(len(self.first))).sum())
        told = (
            f"{copies:,} rows repeat the features of an earlier row, and stand in the same part as that row."
        )
        return (told,) if copies else ()

    def take(self, rows: np.ndarray) -> "Rows":
        """Some of the rows, in order: whole contents and whole groups."""
        chosen: dict[str, Any] = {
            "first": first_occurrence(self.first[rows]),
            "labels": None if self.labels is None else self.labels[rows],
            "groups": None if self.groups is None else pd.factorize(self.groups[rows])[0],
            "times": None if self.times is None else self.times[rows],
        }
        return dataclasses.replace(self, **chosen)

    def parts(self, settings: Mapping[str, Any], gap: float | None = None) -> np.ndarray:
        """The part number of each row; without a test part where ``test_size`` is None.

        Args:
            settings: The arguments of `split`.
            gap: How near the next part a row may be, in the unit of `times`. Defaults to None: as near as it is.

        Raises:
            InputError: If there are too few rows, groups, times or contents, or if nothing is left by the gap.
        """
        test, seed = settings["test_size"] is not None, settings["seed"]
        sizes = (settings["test_size"] if test else 0.0, settings["validation_size"])
        self._check_room(3 if test else 2, "parts")
        check_sizes(len(self.first), sizes)
        if self.groups is not None and self.times is not None:
            order = np.lexsort((self.first, self.times, self.groups))
            parts = by_latest(self.groups[order], sizes, n_last=settings["n_last"], test=test)
            return parts[np.argsort(order)][self.first]
        if self.groups is not None:
            rest = 1 - sizes[0]
            shares = (rest * (1 - sizes[1]), rest * sizes[1], sizes[0])
            return by_group(self.groups, shares if test else shares[:2], self.labels, seed=seed).astype(
                np.int8
            )
        if self.times is not None:
            return keep_gap(self.times, by_time(self.times, sizes, test=test), gap)
        return by_chance(self.first, sizes, self.labels, seed=seed, test=test)

    def folds(self, n_folds: int, seed: int) -> np.ndarray:
        """The fold number of each row; by time block 0 is only learnt from."""
        self._check_room(n_folds + (self.times is not None), f"folds (n_folds={n_folds})")
        if self.groups is not None:
            return by_group(self.groups, (1 / n_folds,) * n_folds, self.labels, seed=seed)
        if self.times is not None:
            return time_blocks(self.times, n_folds + 1)
        labels = self.labels
        if labels is not None and np.bincount(labels)[np.unique(labels)].min() < n_folds:
            labels = None  # a plain draw: what is absent from a fold is then told by name
        return folds_by_chance(self.first, n_folds, labels, seed=seed)

    def _check_room(self, n_parts: int, what: str) -> None:
        """At least as many rows, groups, times and different contents as parts."""
        counts = {
            "rows": len(self.first),
            "rows with different features": int((self.first == np.arange(len(self.first))).sum()),
        }
        if self.method == "latest":
            n_parts = 2  # a group that is too small for all parts goes into the first ones
        elif self.groups is not None:
            counts["groups"] = len(pd.unique(self.groups))
        if self.method == "time":
            counts["distinct times"] = len(pd.unique(self.times))
        for name, count in counts.items():
            if count < n_parts:
                cure = "Use more data, or fewer parts."
                stop(
                    [complaint("frame", f"at least {n_parts} {name} for {n_parts} {what}", f"{count}", cure)]
                )


def check_arguments(frame: pd.DataFrame, problem: Problem, settings: Mapping[str, Any]) -> None:
    """Every argument of `split` that can be judged without the rows' values; then the labels.

    Raises:
        InputError: With all that is wrong.
    """
    check_frame(frame)
    if not isinstance(problem, Problem):
        cure = "Use Problem.infer(frame, target)."
        stop([complaint("problem", "a Problem", type(problem).__name__, cure)])
    test_size, n_folds = settings["test_size"], settings["n_folds"]
    checks: list[Callable[[], object]] = [
        lambda: test_size is None or _check_share(test_size, "test_size"),
        lambda: _check_share(settings["validation_size"], "validation_size"),
        lambda: check_number(settings["seed"], "seed", low=0, high=MAX_SEED, whole=True),
        lambda: n_folds is None or check_number(n_folds, "n_folds", low=2, high=len(frame), whole=True),
        lambda: check_choice(settings["method"], METHODS, "method"),
        lambda: settings["n_last"] is None or check_number(settings["n_last"], "n_last", low=1, whole=True),
        lambda: _check_columns_named(frame, problem, settings),
        lambda: problem.encode(frame),
    ]
    collect(checks)
    _check_method(problem, settings)


def collect(checks: Iterable[Callable[[], object]]) -> None:
    """Run every check and raise all their complaints as one.

    Raises:
        InputError: If at least one check does.
    """
    complaints = []
    for check in checks:
        try:
            check()
        except InputError as error:
            complaints.append(str(error))
    stop(complaints)


def _check_share(value: object, argument: str) -> object:
    return check_number(value, argument, low=0, high=1, open_low=True, open_high=True)


def check_sizes(n_rows: int, sizes: tuple[float, float]) -> None:
    """Make sure that no part is empty.

    Raises:
        InputError: If a size leaves nothing to another part.
    """
    n_rest = n_rows - int(np.ceil(sizes[0] * n_rows))
    if n_rest - int(np.ceil(sizes[1] * n_rest)) < 1:
        got = f"test_size={sizes[0]:g} and validation_size={sizes[1]:g} of {n_rows:,} rows"
        stop([complaint("sizes", "at least one row for training", got, "Make them smaller.")])


def _check_columns_named(frame: pd.DataFrame, problem: Problem, settings: Mapping[str, Any]) -> None:
    for argument in ("groups", "time"):
        name = settings[argument]
        if name is None:
            continue
        if not isinstance(name, str):
            stop([complaint(argument, "the name of a column", f"{type(name).__name__}")])
        check_columns(frame, [name], argument=f"{argument}: frame")
        if name in problem.targets:
            stop([complaint(argument, "a column beside the target", f"the target {name!r}")])
    if not feature_columns(frame, problem):
        stop([complaint("frame", "at least one column beside the target", "none")])


_OPTIONS = (  # arguments that only some methods have a use for
    ("gap", ("time",), "Say method='time', or leave it out."),
    ("n_last", ("latest",), "Say method='latest', or leave it out."),
    ("n_folds", ("auto", "random", "stratified", "grouped", "time"), "Leave it out."),
)


def _check_method(problem: Problem, settings: Mapping[str, Any]) -> None:
    """The method, the problem and the columns named must fit together."""
    method, complaints = settings["method"], []
    named = [argument for argument in ("groups", "time") if settings[argument] is not None]
    needed = NEEDS.get(method, ())
    for argument in needed:
        if argument not in named:
            expected, cure = f"the column that method={method!r} goes by", f"Name it: {argument}=..."
            complaints.append(complaint(argument, expected, "None", cure))
    for argument in named if method != "auto" else named[1:]:
        if argument not in needed:
            cure = "Leave one of the two out, or say method='latest' for the latest rows of each group."
            got = f"{argument}={settings[argument]!r}"
            complaints.append(
                complaint(f"method {method!r}", "the columns that it goes by, and no others", got, cure)
            )
    resolved = method if method != "auto" else "time" if named == ["time"] else method
    for argument, only, cure in _OPTIONS:
        if settings[argument] is not None and resolved not in only:
            got = f"{argument}={settings[argument]!r}"
            complaints.append(complaint(f"method {resolved!r}", f"no {argument}", got, cure))
    stop(complaints)
    if method == "stratified" and problem.kind == "regression":
        cure = "Use method='random'."
        stop([complaint("method", "classes to stratify by", "a regression problem", cure)])


def _resolve(problem: Problem, settings: Mapping[str, Any], labels: np.ndarray | None) -> str:
    """What ``"auto"`` means for this problem and these columns."""
    if settings["method"] != "auto":
        return str(settings["method"])
    for argument, method in (("groups", "grouped"), ("time", "time")):
        if settings[argument] is not None:
            return method
    if labels is None:
        return "random"
    share = settings["test_size"] or settings["validation_size"]
    return "stratified" if problem.kind != "multilabel" or can_stratify(labels, share) else "random"


def feature_columns(frame: pd.DataFrame, problem: Problem) -> list[str]:
    """Every column but the target."""
    return [name for name in frame.columns if name not in problem.targets]


def class_numbers(frame: pd.DataFrame, problem: Problem) -> np.ndarray | None:
    """Classes as the problem numbers them, or combinations of labels as numbers; None for amounts."""
    if problem.kind == "regression":
        return None
    if problem.kind == "multilabel":
        return np.unique(problem.encode(frame), axis=0, return_inverse=True)[1].reshape(-1)
    return problem.encode(frame).astype(np.int64)


def group_numbers(column: pd.Series) -> np.ndarray:
    """Groups as numbers from 0; a missing one stops.

    Raises:
        InputError: Naming the rows without a group.
    """
    _none_missing(column, column.isna().to_numpy(), "groups", "a group in every row")
    return pd.factorize(hashable(column))[0]


def time_numbers(column: pd.Series) -> np.ndarray:
    """Times as sortable numbers: dates, ISO 8601 text, or numbers as they are.

    Raises:
        InputError: Naming the rows whose time is missing, infinite or not readable.
    """
    expected = "a date, a time, an ISO 8601 text or a number in every row"
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS:
        column = pd.to_numeric(column)
    if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind in "iuf":
        numbers = column.to_numpy("float64", na_value=np.nan)
        _none_missing(column, ~np.isfinite(numbers), "time", expected)
        return column.to_numpy() if isinstance(column.dtype, np.dtype) else numbers
    dates = _dates(column)
    _none_missing(column, dates.isna().to_numpy(), "time", expected)
    return dates.astype("int64").to_numpy()


def _dates(column: pd.Series) -> pd.Series:
    """Periods, dates and ISO 8601 text as time stamps; what cannot be read is missing."""
    dates = column.dt.to_timestamp() if isinstance(column.dtype, pd.PeriodDtype) else column
    if not pd.api.types.is_datetime64_any_dtype(dates.dtype):
        readable = dates.astype(object).map(lambda v: v if isinstance(v, (str, datetime.date)) else None)
        dates = pd.to_datetime(readable, errors="coerce", format="ISO8601", utc=True)
    return dates


def gap_number(column: pd.Series, gap: Any) -> float | None:
    """A gap in the unit of `time_numbers`.

    Args:
        column: The times.
        gap: A duration (``"7D"``, a timedelta) between dates, a number between numbers, or None.

    Returns:
        float or None: The gap.

    Raises:
        InputError: If it is negative, or a number between dates, or a duration between numbers.
    """
    if gap is None:
        return None
    where = f"gap in the time column {column.name!r}"
    if pd.api.types.is_numeric_dtype(column.dtype) or (
        column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS
    ):
        return float(check_number(gap, where, low=0))
    try:
        duration = pd.NaT if isinstance(gap, (int, float)) else pd.Timedelta(gap)
    except (ValueError, TypeError):
        duration = pd.NaT
    if duration is pd.NaT or duration < pd.Timedelta(0):
        cure = "Say pd.Timedelta(days=7) or '7D'."
        stop([complaint(where, "a duration that is not negative", repr(gap), cure)])
    return float(duration / pd.Timedelta(1, unit=_dates(column).dt.unit))


def _none_missing(column: pd.Series, wrong: np.ndarray, argument: str, expected: str) -> None:
    if wrong.any():
        rows = np.flatnonzero(wrong)
        cure = "Fill it in, drop these rows, or choose another column."
        got = f"{listed(column.iloc[rows])} in row {listed(column.index[rows])}"
        stop([complaint(f"{argument} column {column.name!r}", expected, got, cure)])
