"""The one error voice: which argument, file, column or row; what was expected; what came; what to do."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

EXAMPLES = 5


class InputError(ValueError):
    """What the caller handed over cannot be used; the message says where, what was expected, and the cure."""


def complaint(where: str, expected: str, got: str, cure: str = "") -> str:
    """One sentence in the house's error voice.

    Args:
        where: The argument, file, column or row at fault, such as ``"column 'age'"``.
        expected: What was expected there.
        got: What came instead.
        cure: What the reader can do about it. Defaults to nothing.

    Returns:
        str: The sentence.

    Example:
        >>> complaint("test_size", "a share between 0 and 1", "1.5", "Use 0.2 for a fifth.")
        'test_size: expected a share between 0 and 1, got 1.5. Use 0.2 for a fifth.'
    """
    return f"{where}: expected {expected}, got {got}." + (f" {cure}" if cure else "")


def stop(complaints: Sequence[str]) -> None:
    """Raise one `InputError` that carries every complaint of a call; do nothing when there is none.

    Args:
        complaints: Sentences from `complaint`.

    Raises:
        InputError: If there is at least one complaint.
    """
    if len(complaints) == 1:
        raise InputError(complaints[0])
    if complaints:
        raise InputError("\n".join([f"{len(complaints)} problems:", *(f"- {c}" for c in complaints)]))


def listed(values: Iterable[object], most: int = EXAMPLES) -> str:
    """A short enumeration for a message: the first `most` values, then how many more.

    Args:
        values: What to enumerate.
        most: How many values are written out. Defaults to 5.

    Returns:
        str: The values as their ``repr``, separated by commas.

    Example:
        >>> listed(["a", "b", "c"], most=2)
        "'a', 'b' and 1 more"
    """
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    text = ", ".join(repr(v) for v in values[:most])
    return text + (f" and {len(values) - most:,} more" if len(values) > most else "")


def closest(name: object, candidates: Iterable[object]) -> str:
    """A "did you mean" sentence, or the list of what there is when nothing comes close.

    Args:
        name: What was asked for.
        candidates: What exists.

    Returns:
        str: ``"Did you mean 'churn'?"`` or ``"There are: 'a', 'b'."``.

    Example:
        >>> closest("chrun", ["churn", "age"])
        "Did you mean 'churn'?"
    """
    names = [str(c) for c in candidates]
    folded = {n.lower(): n for n in reversed(names)}
    near = difflib.get_close_matches(str(name).lower(), folded, n=3, cutoff=0.6)
    near += [low for low in folded if str(name).lower() in low and low not in near][: 3 - len(near)]
    if near:
        return f"Did you mean {' or '.join(repr(folded[n]) for n in near)}?"
    return f"There are: {listed(names, 20)}." if names else "There are none."


def check_frame(value: Any, argument: str = "frame", *, rows: int = 1) -> pd.DataFrame:
    """Return `value` when it is a DataFrame with unique text column names and at least `rows` rows.

    Args:
        value: What the caller passed.
        argument: Its name, for the message. Defaults to ``"frame"``.
        rows: The fewest rows allowed. Defaults to 1.

    Returns:
        pandas.DataFrame: `value`, unchanged.

    Raises:
        InputError: If it is no DataFrame, has too few rows, or column names that repeat or are not text.
    """
    if not isinstance(value, pd.DataFrame):
        stop([complaint(argument, "a pandas DataFrame", type(value).__name__, "Read a file with data.read.")])
    odd = [c for c in value.columns if not isinstance(c, str)]
    twice = list(dict.fromkeys(value.columns[value.columns.duplicated()]))
    complaints = []
    if odd:
        cure = "Rename them: frame.columns = frame.columns.map(str)."
        complaints.append(complaint(f"{argument} columns", "text names", listed(odd), cure))
    if twice:
        complaints.append(
            complaint(
                f"{argument} columns", "each name once", f"{listed(twice)} repeated", "Rename one of them."
            )
        )
    if len(value) < rows:
        cure = "Check the filter or the file that it came from."
        complaints.append(complaint(argument, f"at least {rows} row(s)", f"{len(value)}", cure))
    stop(complaints)
    return value


def check_columns(frame: pd.DataFrame, needed: Iterable[str], *, argument: str = "frame") -> None:
    """Make sure that `frame` has every column in `needed`.

    Args:
        frame: The table.
        needed: Column names that must be there.
        argument: The table's name, for the message. Defaults to ``"frame"``.

    Raises:
        InputError: Naming each missing column and the names that come close.
    """
    stop(
        [
            complaint(
                f"{argument} column {name!r}", "to be there", "no such column", closest(name, frame.columns)
            )
            for name in needed
            if name not in frame.columns
        ]
    )


def check_rows(frame: pd.DataFrame, rows: Any, argument: str = "choices") -> np.ndarray:
    """The positions of index labels in a frame.

    Args:
        frame: The table.
        rows: Index labels; times may be written as text.
        argument: Where the labels come from, for the message. Defaults to ``"choices"``.

    Returns:
        numpy.ndarray: int64, one position a label.

    Raises:
        InputError: If the frame's index labels repeat or have levels, or if a label is none of them.
    """
    index, rows = frame.index, list(rows)
    cure = "Number the rows anew: frame = frame.reset_index(drop=True)."
    if isinstance(index, pd.MultiIndex):
        stop([complaint("frame index", "one label a row", f"{index.nlevels} levels", cure)])
    if not index.is_unique:
        twice = listed(index[index.duplicated()].unique())
        stop([complaint("frame index", "a label of its own for each row", f"{twice} repeated", cure)])
    wanted = pd.Index(rows, dtype=object)
    if isinstance(index, pd.DatetimeIndex):
        wanted = pd.DatetimeIndex(pd.to_datetime(wanted, errors="coerce", utc=index.tz is not None))
        wanted = wanted if index.tz is None else wanted.tz_convert(index.tz)
    positions = index.get_indexer(wanted)
    unknown = [row for row, position in zip(rows, positions, strict=True) if position < 0]
    if unknown:
        got = f"{listed(unknown)}, which {'is none' if len(unknown) == 1 else 'are none'}"
        cure = f"The frame's labels begin with {listed(index[:3])}: was it filtered, or numbered anew?"
        stop([complaint(f"{argument}: rows", "labels of the frame's index", got, cure)])
    return positions


def check_targets(target: Any, frame: pd.DataFrame) -> tuple[str, ...]:
    """The target columns as a tuple, once it is sure that `frame` has each of them.

    Args:
        target: What the caller passed: a column name, or several.
        frame: The table.

    Returns:
        tuple: The names, at least one.

    Raises:
        InputError: If it is no column name, none, or one twice, or if a column is not there.
    """
    names = (target,) if isinstance(target, str) else target
    if not isinstance(names, Iterable):
        cure = f"The columns are: {listed(frame.columns, 20)}."
        stop([complaint("target", "the name of a column, or several", repr(target), cure)])
    names = tuple(names)
    if not names:
        stop([complaint("target", "at least one column name", "none")])
    twice = list(dict.fromkeys(n for n in names if names.count(n) > 1))
    if twice:
        stop([complaint("target", "each column once", f"{listed(twice)} repeated", "Leave one out.")])
    check_columns(frame, names)
    return names


def check_choice(value: Any, choices: Iterable[Any], argument: str) -> Any:
    """Return `value` when it is one of `choices`.

    Args:
        value: What the caller passed.
        choices: What is allowed.
        argument: The argument's name, for the message.

    Returns:
        object: `value`, unchanged.

    Raises:
        InputError: If it is none of them; the message says which come close.
    """
    choices = list(choices)
    if value not in choices:
        expected = "one of " + listed(choices, 20)
        cure = closest(value, choices)
        stop([complaint(argument, expected, repr(value), cure if cure.startswith("Did") else "")])
    return value


def check_number(
    value: Any,
    argument: str,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    open_low: bool = False,
    open_high: bool = False,
    whole: bool = False,
) -> Any:
    """Return `value` when it is a finite number inside the range.

    Args:
        value: What the caller passed.
        argument: The argument's name, for the message.
        low: The smallest value allowed. Defaults to no limit.
        high: The largest value allowed. Defaults to no limit.
        open_low: Whether `low` itself is excluded. Defaults to False.
        open_high: Whether `high` itself is excluded. Defaults to False.
        whole: Whether only whole numbers are allowed. Defaults to False.

    Returns:
        int or float: `value`, unchanged.

    Raises:
        InputError: If it is no number, not finite, not whole where it must be, or out of range.

    Example:
        >>> check_number(0.2, "test_size", low=0, high=1, open_high=True)
        0.2
    """
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(
        value, (bool, np.bool_)
    )
    inside = number and np.isfinite(value) and low <= value <= high
    inside = inside and not (open_low and value == low) and not (open_high and value == high)
    if not inside or (whole and value != int(value)):
        bounds = f"{'(' if open_low else '['}{low:g}, {high:g}{')' if open_high else ']'}"
        stop([complaint(argument, f"a {'whole ' if whole else ''}number in {bounds}", repr(value))])
    return value
