"""Labels changed by hand: choices become a new frame and a record, and the record can be applied again."""

import dataclasses
import datetime
import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _files
from dltoolkit._checks import (
    InputError,
    check_columns,
    check_frame,
    check_rows,
    closest,
    complaint,
    listed,
    stop,
)
from dltoolkit._text import as_text
from dltoolkit.problem import Problem
from dltoolkit.problem._labels import MOST_INTEGER_CLASSES

RECORD = ("row", "column", "action", "before", "after", "suggestion", "confidence", "when")
_NEEDED = ("row", "column", "action", "before", "after")
_AS_A_RECORD = "Hand over what data.relabel gave, or what data.read_review reads."


def relabel(
    frame: pd.DataFrame,
    target: str | Problem,
    choices: Mapping[Any, Any] | pd.DataFrame,
    *,
    suspicion: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Correct or drop single labels, and write down what was done.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``, one index label of its own for each row. It is not changed.
        target: The column with the labels, or a problem with one target.
        choices: Row (its index label) to ``"keep"``, ``"drop"`` or ``("relabel", label)``; or the record of an earlier
            call. A label must occur in the column; an amount may be any number.
        suspicion: What `suspicious_labels` gave, with columns ``row``, ``suggested`` and, where there is one,
            ``confidence``, for the record. Defaults to None.

    Returns:
        tuple: The new frame, its index labels and dtypes kept, and the record, one row a choice: ``row``, ``column``,
        ``action``, ``before``, ``after`` (None where the row was dropped), ``suggestion`` (None without one),
        ``confidence`` (float64, NaN without one) and ``when`` (text, ISO 8601 in UTC).

    Raises:
        InputError: If an index label repeats; if a choice names no row, no action or no known label; or if a record
            is of another column or saw other labels than the frame holds.

    Example:
        >>> frame = pd.DataFrame({"size": [1, 9, 8], "kind": ["small", "small", "big"]})
        >>> corrected, record = relabel(frame, "kind", {1: ("relabel", "big"), 2: "drop"})
        >>> corrected["kind"].tolist()
        ['small', 'big']
        >>> relabel(frame, "kind", record)[0].equals(corrected)
        True
    """
    labels = _labels(frame, target)
    record = None
    if isinstance(choices, pd.DataFrame):
        record = _checked_record(choices, frame, labels.column)
        choices = _choices_of(record)
    elif not isinstance(choices, Mapping):
        cure = "Write {17: 'drop', 25: ('relabel', 'cat')}, or hand over a record."
        stop([complaint("choices", "rows with choices, or a record", type(choices).__name__, cure)])
    positions = check_rows(frame, choices)
    actions, after = _read(choices, labels)
    if record is None:
        record = _record(frame[labels.column].iloc[positions], actions, after, suspicion)
    return _changed(frame, labels.column, positions, (actions, after)), record


def _changed(
    frame: pd.DataFrame, name: str, positions: np.ndarray, choices: tuple[list[str], list[Any]]
) -> pd.DataFrame:
    """The new frame."""
    actions, after = (np.array(part, dtype=object) for part in choices)
    column, moved = frame[name].copy(), actions == "relabel"
    if moved.any():
        column.iloc[positions[moved]] = pd.array(after[moved].tolist(), dtype=column.dtype)
    kept = np.setdiff1d(np.arange(len(frame)), positions[actions == "drop"])
    return frame.assign(**{name: column}).iloc[kept]


@dataclasses.dataclass(frozen=True)
class _Labels:
    """What a column's labels may become.

    Attributes:
        column: Its name.
        known: Its labels by their text; None where they are amounts.
        whole: Whether amounts are whole numbers.
    """

    column: str
    known: dict[str, Any] | None
    whole: bool

    def trouble(self, label: Any) -> tuple[str, str, str] | None:
        """What was expected, what came, and the cure; None when the label will do."""
        if self.known is None:
            number = isinstance(label, (int, float, np.integer, np.floating)) and not isinstance(label, bool)
            usable = number and math.isfinite(label) and (not self.whole or label == int(label))
            return None if usable else (f"a {'whole' if self.whole else 'finite'} number", repr(label), "")
        text = as_text([label]).iloc[0]
        if text in self.known:
            return None
        near = closest(label, self.known)
        cure = near if near.startswith("Did") else "Drop the row if it belongs to none of them."
        return f"one of {listed(self.known.values(), 20)}", repr(label), cure

    def typed(self, label: Any) -> Any:
        """The label in the type that the column holds."""
        if self.known is None:
            return int(label) if self.whole else float(label)
        return self.known[as_text([label]).iloc[0]]


def _labels(frame: pd.DataFrame, target: str | Problem) -> _Labels:
    """The target column and what its labels may become."""
    check_frame(frame)
    name = target.target if isinstance(target, Problem) else target
    if not isinstance(name, str):
        cure = "Choose labels one column at a time: pass its name."
        raise InputError(
            complaint("target", "the name of one column, or a problem with one", repr(name), cure)
        )
    check_columns(frame, [name])
    column = frame[name]
    categories = isinstance(column.dtype, pd.CategoricalDtype)
    distinct = pd.Series(column.cat.categories if categories else pd.unique(column.dropna()))
    amount = target.kind == "regression" if isinstance(target, Problem) else _amounts(distinct)
    known = None if amount else dict(zip(as_text(distinct), distinct.tolist(), strict=True))
    return _Labels(name, known, pd.api.types.is_integer_dtype(column.dtype))


def _amounts(distinct: pd.Series) -> bool:
    """Whether distinct values are amounts, by the rule of `Problem.infer`."""
    if not pd.api.types.is_numeric_dtype(distinct.dtype) or pd.api.types.is_bool_dtype(distinct.dtype):
        return False
    return len(distinct) > MOST_INTEGER_CLASSES or bool((distinct % 1 != 0).any())


def _read(choices: Mapping[Any, Any], labels: _Labels) -> tuple[list[str], list[Any]]:
    """The action and the new label of every choice; all that is wrong with them is told at once."""
    actions, after = [], []
    wrong: dict[tuple[str, str, str], list[Any]] = {}
    for row, choice in choices.items():
        trouble = _trouble(choice, labels)
        if trouble:
            wrong.setdefault(trouble, []).append(row)
            continue
        named = not isinstance(choice, str)
        actions.append("relabel" if named else choice)
        after.append(labels.typed(choice[1]) if named else None)
    stop([complaint(f"choices, row {listed(rows)}", *parts) for parts, rows in wrong.items()])
    return actions, after


def _trouble(choice: Any, labels: _Labels) -> tuple[str, str, str] | None:
    if isinstance(choice, str) and choice in ("keep", "drop"):
        return None
    if isinstance(choice, (tuple, list)) and len(choice) == 2 and choice[0] == "relabel":
        return labels.trouble(choice[1])
    return "'keep', 'drop' or ('relabel', label)", repr(choice), ""


def _record(
    before: pd.Series, actions: list[str], after: list[Any], suspicion: pd.DataFrame | None
) -> pd.DataFrame:
    """One row a choice; values are plain Python, so that they can be written as JSON."""
    old = [_plain(v) for v in before]
    new = {"keep": lambda i: old[i], "drop": lambda i: None, "relabel": lambda i: _plain(after[i])}
    doubts = _doubts(suspicion, before.index)
    columns = {
        "row": [_plain(row) for row in before.index],
        "column": [before.name] * len(old),
        "action": actions,
        "before": old,
        "after": [new[action](i) for i, action in enumerate(actions)],
        "suggestion": [_plain(v) for v in doubts["suggested"]],
        "confidence": doubts["confidence"].astype("float64").to_list(),
        "when": [datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")] * len(old),
    }
    return _as_record(columns)


def _as_record(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    dtypes = {"confidence": "float64"}
    return pd.DataFrame({n: pd.Series(columns[n], dtype=dtypes.get(n, object)) for n in RECORD})


def _doubts(suspicion: pd.DataFrame | None, rows: pd.Index) -> pd.DataFrame:
    """What was suggested for these rows, missing where nothing was."""
    if suspicion is None:
        return pd.DataFrame({"suggested": None, "confidence": np.nan}, index=range(len(rows)))
    check_columns(suspicion, ["row", "suggested"], argument="suspicion")
    by_row = suspicion.drop_duplicates("row").set_index("row")
    return by_row.reindex(rows).reindex(columns=["suggested", "confidence"])


def _checked_record(record: pd.DataFrame, frame: pd.DataFrame, target: str) -> pd.DataFrame:
    """A record that belongs to this frame and column."""
    missing = [name for name in _NEEDED if name not in record]
    if missing:
        stop([complaint("record", f"the columns {listed(_NEEDED)}", f"no {listed(missing)}", _AS_A_RECORD)])
    wrong = []
    others = [name for name in record["column"].unique() if name != target]
    if others:
        cure = "Pass the target that the record was made for."
        wrong.append(complaint("record", f"choices for the column {target!r}", listed(others), cure))
    if record["row"].duplicated().any():
        twice = listed(record.loc[record["row"].duplicated(), "row"].unique())
        wrong.append(complaint("record", "each row once", f"{twice} repeated", "Keep the later choice."))
    stop(wrong)
    current = frame[target].iloc[check_rows(frame, record["row"], "record")]
    same = as_text(current).fillna("").to_numpy() == as_text(record["before"]).fillna("").to_numpy()
    if not same.all():
        saw = f"the label that the record saw, {listed(record['before'][~same])}"
        cure = "Apply it to the frame that it was made for, or to a copy as it was then."
        where = f"record, row {listed(current.index[~same])}"
        stop([complaint(where, saw, listed(current[~same]), cure)])
    return record.reset_index(drop=True)


def _choices_of(record: pd.DataFrame) -> dict[Any, Any]:
    """A record as the choices that it holds."""
    lines = zip(record["row"], record["action"], record["after"], strict=True)
    return {row: (action, after) if action == "relabel" else action for row, action, after in lines}


def write_review(path: str | os.PathLike[str], record: pd.DataFrame) -> pathlib.Path:
    """Write a record of `relabel` as JSON, in one step: a crash leaves the old file or the new one.

    Args:
        path: The file; it is replaced where it exists.
        record: The record.

    Returns:
        pathlib.Path: The file.

    Raises:
        InputError: If the record lacks a column.
        OSError: If the file cannot be written.
    """
    check_columns(record, RECORD, argument="record")
    lines = [{n: _plain(v) for n, v in line.items()} for line in record[list(RECORD)].to_dict("records")]
    return _files.write_json(path, {"review": lines})


def read_review(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the record that `write_review` or the label review wrote; `relabel` takes it as choices.

    Args:
        path: The file.

    Returns:
        pandas.DataFrame: The record; rows that were labelled by times are labelled by their text.

    Raises:
        FileNotFoundError: If there is none.
        InputError: If the file is damaged or holds no record.

    Example:
        >>> _, record = relabel(pd.DataFrame({"kind": ["a", "b"]}), "kind", {0: "drop"})
        >>> read_review(write_review("review.json", record)).equals(record)
        True
    """
    content = _files.read_json(path)
    lines = content.get("review") if isinstance(content, dict) else None
    if not isinstance(lines, list) or not all(isinstance(e, dict) and set(RECORD) <= set(e) for e in lines):
        cure = "Give the file that data.write_review or the label review wrote."
        raise InputError(complaint(str(path), "a record of label choices", "other JSON", cure))
    return _as_record({n: [e[n] for e in lines] for n in RECORD})


def _plain(value: Any) -> Any:
    """A label as plain Python: None where it is missing, times as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value) if isinstance(value, (datetime.date, np.datetime64)) else value
