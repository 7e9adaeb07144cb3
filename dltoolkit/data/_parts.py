"""Checks of a finished split: every part holds every class; a held-out test part shares nothing with the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_columns, check_frame, complaint, listed, stop
from dltoolkit.data._content import row_hashes
from dltoolkit.data._near_split import alike
from dltoolkit.data._partition import far_before
from dltoolkit.data._rows import feature_columns, gap_number, time_numbers
from dltoolkit.problem import Problem


def class_counts(
    codes: np.ndarray, frame: pd.DataFrame, problem: Problem, names: Sequence[str]
) -> pd.DataFrame:
    """How many examples of each class each part has.

    Args:
        codes: Part numbers, shape ``(n_rows,)``; negative for rows in no part.
        frame: The table.
        problem: A classification problem.
        names: The parts' names, by number.

    Returns:
        pandas.DataFrame: A row a part, a column a class (for several labels: how many rows have it).
    """
    inside = codes >= 0
    encoded = problem.encode(frame)[inside]
    if problem.kind == "multilabel":
        counts = np.zeros((len(names), len(problem.classes)), dtype=np.int64)
        np.add.at(counts, codes[inside], encoded.astype(np.int64))
    else:
        k = len(problem.classes)
        cells = codes[inside].astype(np.int64) * k + encoded.astype(np.int64)
        counts = np.bincount(cells, minlength=len(names) * k).reshape(len(names), k)
    return pd.DataFrame(counts, index=list(names), columns=list(problem.classes))


def check_parts(codes: np.ndarray, frame: pd.DataFrame, problem: Problem, names: Sequence[str]) -> None:
    """Make sure that every part has rows, and every class.

    Args:
        codes: Part numbers, shape ``(n_rows,)``; negative for rows in no part.
        frame: The table.
        problem: What is to be predicted.
        names: The parts' names, by number.

    Raises:
        InputError: Naming the empty parts, or the classes that are absent and their number of examples.
    """
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    empty = [name for name, size in zip(names, sizes, strict=True) if not size]
    if empty:
        cure = "Many rows have the same features, or few groups hold most rows: use another size, seed or method."
        stop([complaint(f"{', '.join(empty)} part", "at least one row", "none", cure)])
    if problem.kind == "regression":
        return
    counts = class_counts(codes, frame, problem, names)
    stop([_absent(str(c), counts[c], frame, problem) for c in counts if (counts[c] == 0).any()])


def _absent(name: str, counts: pd.Series, frame: pd.DataFrame, problem: Problem) -> str:
    """The complaint about a class that a part lacks."""
    where, total = f"class {name!r}", int(counts.sum())
    if problem.kind != "multilabel" and total == 1:
        code = problem.classes.index(name)
        row = frame.index[np.flatnonzero(problem.encode(frame) == code)[0]]
        where += f" (row {listed([row])})"
    got = f"{total} example{'s' * (total != 1)} in all, none in {', '.join(counts.index[counts == 0])}"
    cure = "Collect more of it, merge it into another class, drop its rows, or use other sizes or another method."
    return complaint(where, "examples in every part", got, cure)


def balance(part: pd.DataFrame, problem: Problem) -> dict[str, float]:
    """The make-up of the target in one part, for `Splits.frame`."""
    if problem.kind == "regression":
        columns = {name: pd.to_numeric(part[name]) for name in problem.targets}
        tails = {name: "" if len(columns) == 1 else f"_{name}" for name in columns}
        means = {f"mean{tails[name]}": float(values.mean()) for name, values in columns.items()}
        return means | {f"std{tails[name]}": float(values.std()) for name, values in columns.items()}
    counts = class_counts(np.zeros(len(part), dtype=np.int64), part, problem, ["part"]).loc["part"]
    return {f"share_{name}": count / len(part) for name, count in counts.items()}


def compare_held_out(
    frame: pd.DataFrame, test: Any, problem: Problem, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """Check a test part that was held out already, and find the rows that repeat it.

    Args:
        frame: The rows for training and validation.
        test: The test part.
        problem: What is to be predicted.
        settings: The arguments of `split`: ``groups``, ``time`` and ``gap`` count here, and ``columns``, those with pictures
            and texts whose near-duplicates count, with their roles.

    Returns:
        tuple: The test part with the columns of `frame` in their order; which rows of `frame` to remove, bool,
        shape ``(n_rows,)``; and what was noticed, a sentence each.

    Raises:
        InputError: If a column is missing from `test` or of another type, or if a label is missing or unknown.
    """
    check_frame(test, "test")
    check_columns(test, frame.columns, argument="test")
    extra = [name for name in test.columns if name not in frame.columns]
    notes = [f"test: columns that the other rows lack are left out: {listed(extra)}."] if extra else []
    test = test[list(frame.columns)]
    stop([c for name in frame.columns if (c := _other_type(frame[name], test[name]))])
    _check_test_labels(test, problem)
    both = pd.concat([frame, test], ignore_index=True)
    hashes = row_hashes(both, feature_columns(frame, problem))
    removed = np.isin(hashes[: len(frame)], hashes[len(frame) :])
    notes += _told(frame, removed, "repeat the features of a test row")
    first = alike(both, settings["columns"]).first
    near = np.isin(first[: len(frame)], first[len(frame) :]) & ~removed
    notes += _told(frame, near, f"are nearly the same as a test row in {listed(settings['columns'])}")
    removed |= near
    if settings["method"] != "latest" and (groups := settings["groups"]) is not None:
        shared = frame[groups].isin(test[groups]).to_numpy() & ~removed
        notes += _told(frame, shared, f"belong to a group ({groups!r}) of the test part")
        removed |= shared
    if settings["gap"] is not None:
        times, gap = time_numbers(both[settings["time"]]), gap_number(both[settings["time"]], settings["gap"])
        late = np.arange(len(both)) >= len(frame)
        close = ~far_before(times, late, float(gap or 0))[: len(frame)] & ~removed
        notes += _told(frame, close, "are nearer to the first test row than the gap, or later,")
        removed |= close
    return test, removed, notes + _weaknesses(frame[~removed], test, problem, settings["time"])


def _weaknesses(frame: pd.DataFrame, test: pd.DataFrame, problem: Problem, time: str | None) -> list[str]:
    """What makes a held-out test part a weaker judge, though it can be used."""
    notes = []
    if problem.kind != "regression":
        counts = class_counts(np.zeros(len(test), dtype=np.int64), test, problem, ["test"]).loc["test"]
        absent = counts.index[counts == 0]
        notes += (
            [f"test: no example of class {listed(absent)}: it cannot be judged there."] if len(absent) else []
        )
    if time is not None and len(frame):
        early = (time_numbers(test[time]) < time_numbers(frame[time]).max()).sum()
        if early:
            notes.append(
                f"test: {early:,} rows are earlier than the latest other row: the future would be learnt from."
            )
    return notes


def _told(frame: pd.DataFrame, rows: np.ndarray, what: str) -> list[str]:
    if not rows.any():
        return []
    names = listed(frame.index[np.flatnonzero(rows)])
    return [f"frame: {rows.sum():,} rows {what} and were removed from training and validation: row {names}."]


def _check_test_labels(test: pd.DataFrame, problem: Problem) -> None:
    try:
        problem.encode(test)
    except InputError as error:
        raise InputError(f"test: {error}") from error


def _other_type(ours: pd.Series, theirs: pd.Series) -> str | None:
    expected, got = _type(ours), _type(theirs)
    if expected == got or "empty" in (expected, got):
        return None
    cure = "Read both files in the same way, or convert the column."
    return complaint(f"test column {ours.name!r}", f"{expected} as in frame", f"{got} ({theirs.dtype})", cure)


def _type(column: pd.Series) -> str:
    """``"numbers"``, ``"dates"`` or ``"text"``; ``"empty"`` where nothing is known."""
    if column.isna().all():
        return "empty"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "dates"
    return "numbers" if pd.api.types.is_numeric_dtype(column.dtype) else "text"
