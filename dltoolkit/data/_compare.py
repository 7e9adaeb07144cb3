"""What two parts of a table share that they should not: rows, near-duplicates, groups, time. Each is named."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import EXAMPLES, check_columns, check_frame, complaint, stop
from dltoolkit.data._audit_table import MIN_GROUP_ROWS
from dltoolkit.data._cells import is_path
from dltoolkit.data._content import row_hashes
from dltoolkit.data._findings import plain
from dltoolkit.data._near_split import alike, comparable
from dltoolkit.data._rows import time_numbers
from dltoolkit.data._schema import Schema
from dltoolkit.data._split import Splits

COLUMNS = ["kind", "column", "parts", "count", "share", "examples", "advice"]
_ADVICE = {
    "same_rows": "The same features stand in both: the second part is judged on what was learnt by heart. Drop one.",
    "near_duplicates": "Nearly the same content stands in both: split with data.split, which keeps it together, or drop it.",
    "shared_groups": "Rows of one and the same thing stand in both: split with groups={column!r}.",
    "time_overlap": "Rows of the second part are no later than the last of the first, which knows their future: split"
    " with time={column!r}.",
}


def leaks(splits: Splits, *, schema: Schema | None = None) -> pd.DataFrame:
    """What the parts of a split share that they should not; the test part is compared without being opened.

    Args:
        splits: What `split` gave.
        schema: The roles of the columns. Defaults to None: told from the values.

    Returns:
        pandas.DataFrame: As `compare_parts` gives it, for training and validation, training and test, and validation
        and test; empty where nothing is shared. Only what the split goes by is compared by group and by time.

    Raises:
        InputError: If `splits` is something else.

    Example:
        >>> from dltoolkit import Problem, data
        >>> frame = pd.DataFrame({"x": range(50), "y": ["no", "yes"] * 25})
        >>> len(leaks(data.split(frame, Problem.infer(frame, "y"))))
        0
    """
    if not isinstance(splits, Splits):
        stop([complaint("splits", "what data.split gives", type(splits).__name__, "Use data.compare_parts.")])
    settings, targets = splits.settings, splits.problem.targets
    parts = {"train": splits.train, "validation": splits.validation, "test": splits._sealed()}
    by = {"groups": None, "time": None} if splits.method == "latest" else settings
    rules = {"targets": targets, "groups": by["groups"], "time": by["time"]}
    near = _near(parts, comparable(splits._frame, targets, schema))
    found = []
    for pair in (("train", "validation"), ("train", "test"), ("validation", "test")):
        if all(len(parts[name]) for name in pair):
            own = {column: np.concatenate([codes[name] for name in pair]) for column, codes in near.items()}
            found.append(_compared({name: parts[name] for name in pair}, rules, own))
    return pd.concat(found, ignore_index=True)


def compare_parts(
    train: pd.DataFrame,
    test: pd.DataFrame,
    *,
    schema: Schema | None = None,
    groups: str | None = None,
    time: str | None = None,
) -> pd.DataFrame:
    """What two parts of a table share that they should not, whoever made them.

    Args:
        train: The rows that are learnt from, shape ``(n_rows, n_columns)``.
        test: The rows that judge, with the same columns.
        schema: The roles of the columns. Defaults to None: `Schema.infer` on `train`, without a target.
        groups: The column whose values must not be in both. Defaults to None: the columns with the role ``"series"``, an
            id that repeats, and ``"user"`` where no column has the role ``"item"``.
        time: The column of which `test` must hold the later rows. Defaults to None: time is not compared.

    Returns:
        pandas.DataFrame: One row a leak: ``kind`` (``"same_rows"``, ``"near_duplicates"``, ``"shared_groups"`` or
        ``"time_overlap"``), ``column``, ``parts``, ``count`` and ``share`` of the rows of `test`, ``examples`` (dicts of
        the row in either part, of the value or the files) and ``advice``. Empty where nothing is shared.

    Raises:
        InputError: If a column is missing, or a time cannot be read.

    References:
        Kapoor and Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science,
        Patterns 4(9).

    Example:
        >>> train = pd.DataFrame({"speaker": ["ann", "ann", "bob"], "word": ["yes", "no", "yes"]})
        >>> test = pd.DataFrame({"speaker": ["bob", "cat"], "word": ["no", "no"]})
        >>> compare_parts(train, test, groups="speaker")[["kind", "column", "count"]].to_dict("records")
        [{'kind': 'shared_groups', 'column': 'speaker', 'count': 1}]
    """
    check_frame(train, "train")
    check_frame(test, "test")
    check_columns(test, train.columns, argument="test")
    check_columns(train, [name for name in (groups, time) if name is not None], argument="train")
    schema = Schema.infer(train) if schema is None else schema
    targets = tuple(schema.columns("target"))
    rules = {"targets": targets, "groups": groups or _groups(train, schema), "time": time}
    parts = {"train": train, "test": test[list(train.columns)]}
    near = _near(parts, comparable(train, targets, schema))
    own = {column: np.concatenate(list(codes.values())) for column, codes in near.items()}
    return _compared(parts, rules, own)


def _near(parts: Mapping[str, pd.DataFrame], roles: Mapping[str, str]) -> dict[str, dict[str, np.ndarray]]:
    """For each column the near-duplicate group of each row of each part; all parts are looked at together, once."""
    both = pd.concat(parts.values(), ignore_index=True)
    ends = np.cumsum([len(part) for part in parts.values()])[:-1]
    return {
        name: dict(zip(parts, np.split(alike(both, {name: role}).first, ends), strict=True))
        for name, role in roles.items()
    }


def _groups(train: pd.DataFrame, schema: Schema) -> str | None:
    """The column whose values name the things that the rows are about."""
    names = schema.columns("series") + ([] if schema.columns("item") else schema.columns("user"))
    names += [n for n in schema.columns("id") if len(train) >= MIN_GROUP_ROWS * train[n].nunique() > 0]
    return names[0] if names else None


def _compared(
    parts: Mapping[str, pd.DataFrame], rules: Mapping[str, Any], near: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Every leak from the first part into the second."""
    (first, second), names = parts.values(), tuple(parts)
    features = [name for name in first.columns if name not in rules["targets"]]
    both = pd.concat([first, second], ignore_index=True)
    codes = row_hashes(both, features)
    found = [_shared("same_rows", None, parts, (codes, features))]
    exact = np.isin(codes[len(first) :], codes[: len(first)])
    for name, groups_of in near.items():
        found.append(_shared("near_duplicates", name, parts, (groups_of, [name]), without=exact))
    if (groups := rules["groups"]) is not None:
        found.append(_shared("shared_groups", groups, parts, (row_hashes(both, [groups]), [groups])))
    if rules["time"] is not None:
        found.append(_overlap(parts, rules["time"]))
    rows = [{**leak, "parts": " and ".join(names)} for leak in found if leak is not None]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"count": "int64", "share": "float64"})


def _shared(
    kind: str,
    column: str | None,
    parts: Mapping[str, pd.DataFrame],
    keys: tuple[np.ndarray, list[str]],
    *,
    without: np.ndarray | None = None,
) -> dict[str, Any] | None:
    """The rows of the second part whose key is one of the first."""
    first, second = parts.values()
    codes, shown = keys
    ours, theirs = codes[: len(first)], codes[len(first) :]
    mask = np.isin(theirs, ours)
    mask &= True if without is None else ~without

    def example(row: int) -> dict[str, Any]:
        source = int(np.flatnonzero(ours == theirs[row])[0])
        cells = {n: [_told(part[n].iloc[at]) for part, at in ((first, source), (second, row))] for n in shown}
        return {"rows": [plain(first.index[source]), plain(second.index[row])], "values": cells}

    return _leak(kind, column, mask, example)


def _overlap(parts: Mapping[str, pd.DataFrame], time: str) -> dict[str, Any] | None:
    """The rows of the second part that are no later than the latest of the first."""
    first, second = parts.values()
    both = time_numbers(pd.concat([first[time], second[time]], ignore_index=True))
    mask = both[len(first) :] <= both[: len(first)].max()
    latest = first[time].iloc[int(np.argmax(both[: len(first)]))]

    def example(row: int) -> dict[str, Any]:
        return {
            "rows": [plain(second.index[row])],
            "values": {time: [_told(latest), _told(second[time].iloc[row])]},
        }

    return _leak("time_overlap", time, mask, example)


def _leak(
    kind: str, column: str | None, mask: np.ndarray, example: Callable[[int], dict[str, Any]]
) -> dict[str, Any] | None:
    rows = np.flatnonzero(mask)
    if not len(rows):
        return None
    examples = tuple(example(int(row)) for row in rows[:EXAMPLES])
    advice = _ADVICE[kind].format(column=column)
    return {
        "kind": kind,
        "column": column,
        "count": len(rows),
        "share": len(rows) / len(mask),
        "examples": examples,
        "advice": advice,
    }


def _told(cell: Any) -> Any:
    """A cell as an example shows it: an array by its shape, a file by its path."""
    if isinstance(cell, np.ndarray):
        return f"array {cell.shape}"
    return str(cell) if is_path(cell) else plain(cell)
