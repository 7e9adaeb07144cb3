"""What is wrong with the data is said before the first epoch: labels, features, and rows in both parts."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, complaint, listed, stop
from dltoolkit.data import Splits
from dltoolkit.data._content import row_hashes
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.problem import Problem

_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no column's digits are lost


def check_data(splits: Splits, problem: Problem) -> None:
    """Make sure that there is something to learn, and that the validation part is of other rows than the training part.

    Rows of equal features in both parts are told by a warning; the very same rows, index labels and all, are refused.

    Args:
        splits: Gives both parts.
        problem: Gives the labels.

    Raises:
        InputError: If a label is missing or unknown, the training part has one class or one amount alone, or rows stand in
            both parts.
    """
    parts = {"train": splits.train, "validation": splits.validation}
    labels = {}
    for name, part in parts.items():
        if not len(part):
            stop([complaint(f"{name} part", "at least one row", "none")])
        try:
            labels[name] = problem.encode(part)
        except InputError as error:
            raise InputError(f"{name} part, {error}") from error
    y = labels["train"]
    if y.ndim == 1 and len(y) > 1 and (y == y[0]).all():
        got = f"{listed(parts['train'][problem.targets[0]].iloc[:1])} in all {len(y):,} rows"
        cure = (
            "There is nothing to learn: split stratified (data.split does for classes), or check the filter."
        )
        stop(
            [
                complaint(
                    f"train part, target {problem.targets[0]!r}", "at least two different values", got, cure
                )
            ]
        )
    _check_shared(parts["train"], parts["validation"], problem)


def _check_shared(train: pd.DataFrame, validation: pd.DataFrame, problem: Problem) -> None:
    columns = [c for c in validation.columns if c in train.columns and c not in problem.targets]
    ours, theirs = shared_rows(train[columns], validation[columns])
    if not len(theirs):
        return
    same = validation.index[theirs].intersection(train.index[ours])
    if len(same):
        cure = "Split anew with data.split, which keeps parts apart: their scores would be too good."
        got = f"{len(same):,} rows in both: row {listed(same)}"
        stop([complaint("validation part", "other rows than the training part", got, cure)])
    warnings.warn(
        f"{len(theirs):,} of {len(validation):,} validation rows have the very features of a training row (such as row "
        f"{listed(validation.index[theirs[:3]])}): scores on them are too good. data.split keeps such rows together.",
        UserWarning,
        stacklevel=5,
    )


def shared_rows(first: pd.DataFrame, second: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows of each table that have an equal row in the other.

    Column after column only those are looked at whose values so far stand in both, numbers first: it takes a fraction of
    hashing whole tables.

    Args:
        first: A table.
        second: A table with the same columns.

    Returns:
        tuple: Two int64 arrays, rising.
    """
    kept = [np.arange(len(first)), np.arange(len(second))]
    hashes = [np.zeros(len(rows), dtype="uint64") for rows in kept]
    for name in sorted(first.columns, key=lambda c: not pd.api.types.is_numeric_dtype(first[c].dtype)):
        if not len(kept[0]) or not len(kept[1]):
            break
        for i, table in enumerate((first, second)):
            own = row_hashes(table[[name]].iloc[kept[i]])
            hashes[i] = (hashes[i] ^ own) * _MIX
        inside = [pd.Series(a).isin(b).to_numpy() for a, b in (hashes, hashes[::-1])]
        kept = [rows[there] for rows, there in zip(kept, inside, strict=True)]
        hashes = [one[there] for one, there in zip(hashes, inside, strict=True)]
    return (kept[0], kept[1]) if len(first.columns) else (kept[0][:0], kept[1][:0])


def check_features(feed: Feed, index: pd.Index, preprocessor: Preprocessor, part: str) -> None:
    """Make sure that every feature in memory is a finite number.

    Args:
        feed: The rows.
        index: Their labels.
        preprocessor: Gives the names of the columns of the dense block.
        part: Whose rows they are, for the message.

    Raises:
        InputError: Naming the feature, the column where it is known, and the rows.
    """
    features: Mapping[str, Any] = feed.parts[0] if isinstance(feed.parts, tuple) else feed.parts
    complaints = []
    for name, values in features.items():
        values = np.asarray(values)
        # A sum is finite where all numbers are, and costs no second array.
        if values.dtype.kind != "f" or np.isfinite(np.sum(values, dtype="float64")):
            continue
        bad = ~np.isfinite(values).reshape(len(values), -1)
        rows, columns = np.flatnonzero(bad.any(axis=1)), np.flatnonzero(bad.any(axis=0))
        known = preprocessor.feature_names if values.shape[1:] == (len(preprocessor.feature_names),) else ()
        named = f", column {listed([known[c] for c in columns])}" if len(known) else ""
        where = f"{part} part, feature {name!r}{named}, row {listed(index[rows])}"
        cure = "Clean them (data.clean, data.audit) before preprocessing.fit."
        complaints.append(complaint(where, "finite numbers", f"{bad.sum():,} that are NaN or infinite", cure))
    stop(complaints)
