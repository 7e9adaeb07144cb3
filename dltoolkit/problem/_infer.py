"""Reading the kind of problem off a target column."""

import warnings

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.problem._labels import MOST_INTEGER_CLASSES, check_labels, check_varies

# A text target in which more than this share of the rows is a class of its own is an id or a free text.
MOST_CLASS_SHARE = 0.5

_POSITIVE = frozenset({"1", "true", "t", "yes", "y", "positive", "pos"})


def read_target(
    column: pd.Series, kind: str | None, positive: object
) -> tuple[str, tuple[str, ...], str, str]:
    """What one target column asks: the kind, the classes, the type of the labels, and why."""
    dtype = check_labels(column)
    check_varies(column)
    counts = as_text(column).value_counts()
    found, why = _kind_of(column, dtype, counts)
    kind = kind or found
    why = why if kind == found else f"Asked for; the values alone would have been read as {found}."
    if kind == "regression":
        if dtype not in ("int", "float"):
            cure = "Predict it as classes, or turn it into numbers first."
            stop(
                [
                    complaint(
                        f"target {column.name!r}", "numbers for a regression problem", f"{dtype} values", cure
                    )
                ]
            )
        return kind, (), dtype, why
    if kind == "binary" and len(counts) != 2:
        stop(
            [
                complaint(
                    f"target {column.name!r}",
                    "2 classes for a binary problem",
                    f"{len(counts)}: {listed(counts.index)}",
                )
            ]
        )
    classes = _class_order(counts, dtype)
    if kind == "binary":
        classes, reason = _positive_last(classes, counts, positive)
        why = f"{why} {reason}"
    single = counts.index[counts == 1]
    if len(single):
        text = f"target {column.name!r}: class {listed(single)} has one example only, which cannot be both learnt and tested."
        warnings.warn(
            f"{text} Collect more, merge it into another class, or drop it.", UserWarning, stacklevel=5
        )
    return kind, classes, dtype, why


def _kind_of(column: pd.Series, dtype: str, counts: pd.Series) -> tuple[str, str]:
    """The kind that the values themselves suggest, with the reason."""
    k = len(counts)
    if dtype == "bool" or k == 2:
        return "binary", f"{column.name!r} has two values, {listed(counts.index)}."
    if dtype == "float":
        return "regression", f"{column.name!r} holds numbers with fractions, or very many: an amount."
    if dtype == "int" and k > MOST_INTEGER_CLASSES:
        return "regression", f"{column.name!r} holds {k:,} different whole numbers: an amount."
    if dtype == "int":
        _no_minus_one(column)
        return (
            "multiclass",
            f"{column.name!r} holds {k} different whole numbers, few enough to be classes (kind='regression' overrides this).",
        )
    if k > MOST_CLASS_SHARE * len(column) and k > MOST_INTEGER_CLASSES:
        cure = "Name the column that holds the answer, or group the values into classes."
        stop(
            [
                complaint(
                    f"target {column.name!r}",
                    "a few classes",
                    f"{k:,} different texts in {len(column):,} rows: an id or a free text",
                    cure,
                )
            ]
        )
    return "multiclass", f"{column.name!r} has {k} classes."


def _no_minus_one(column: pd.Series) -> None:
    """-1 beside 0, 1, 2... is how many files mark a label that is not known."""
    values = pd.to_numeric(column)
    if (values == -1).any() and values.min() == -1 and (values == 0).any():
        rows = np.flatnonzero(values == -1)
        cure = "Drop these rows if -1 means 'not known'; if it is a class, write the labels as text."
        where = f"target {column.name!r}, row {listed(column.index[rows])}"
        stop([complaint(where, "class numbers from 0 up", "-1", cure)])


def _class_order(counts: pd.Series, dtype: str) -> tuple[str, ...]:
    """Numbers by size, False before True, texts by alphabet."""
    if dtype in ("int", "float"):
        return tuple(sorted(counts.index, key=float))
    return tuple(sorted(counts.index))


def _positive_last(
    classes: tuple[str, ...], counts: pd.Series, positive: object
) -> tuple[tuple[str, ...], str]:
    if positive is not None:
        name = as_text(pd.Series([positive])).iloc[0]
        check_choice(name, classes, "positive")
        reason = f"{name!r} is positive because you said so."
    else:
        known = [c for c in classes if c.strip().lower() in _POSITIVE]
        rarer = counts.idxmin() if counts.iloc[0] != counts.iloc[-1] else classes[-1]
        name = known[0] if len(known) == 1 else rarer
        reason = (
            f"{name!r} is positive: it says yes."
            if len(known) == 1
            else f"{name!r} is positive: it is the rarer one."
        )
    return (*(c for c in classes if c != name), name), reason


def amounts_at_once(frame: pd.DataFrame, names: tuple[str, ...]) -> bool:
    """Whether several targets are numbers, and not all of them 0 and 1."""
    columns = [frame[name] for name in names]
    numbers = [
        pd.api.types.is_numeric_dtype(c.dtype) and not pd.api.types.is_bool_dtype(c.dtype) for c in columns
    ]
    return all(numbers) and any(not c.dropna().isin((0, 1)).all() for c in columns)
