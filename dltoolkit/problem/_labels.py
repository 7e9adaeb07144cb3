"""Labels: whether they can be used, in which type they came, and what they are as numbers."""

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, complaint, listed, stop
from dltoolkit._text import as_text

# A whole-number target with at most this many values is read as classes, with more as an amount. Ten digits and
# five-star ratings are classes; ages and counts are amounts. A convention of ours: `kind=` overrides it.
MOST_INTEGER_CLASSES = 20


def check_labels(column: pd.Series) -> str:
    """The type of the labels, once it is sure that each row has a usable one."""
    where = f"target {column.name!r}"
    blank = column.isna().to_numpy()
    if not pd.api.types.is_numeric_dtype(column.dtype):
        blank = blank | (
            column.astype("object").map(lambda v: isinstance(v, str) and not v.strip()).to_numpy(bool)
        )
    if blank.any():
        rows = column.index[np.flatnonzero(blank)]
        cure = "Drop the rows (frame.dropna(subset=[...]) or data.clean) or find the labels."
        stop([complaint(f"{where}, row {listed(rows)}", "a label", f"{blank.sum():,} missing", cure)])
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
        cure = "Predict a number (days until...) or a class (late or not) derived from it."
        stop([complaint(where, "numbers or classes", f"{column.dtype} values", cure)])
    dtype = _label_dtype(column)
    if dtype == "float":
        _check_finite(column)
    return dtype


def check_varies(column: pd.Series) -> None:
    if len(pd.unique(column)) == 1:
        cure = "There is nothing to learn: check the filter, or choose another target."
        stop(
            [
                complaint(
                    f"target {column.name!r}",
                    "at least two different values",
                    f"only {listed(column.iloc[:1])}",
                    cure,
                )
            ]
        )


def _check_finite(column: pd.Series) -> None:
    infinite = np.isinf(pd.to_numeric(column).to_numpy("float64"))
    if infinite.any():
        rows = column.index[np.flatnonzero(infinite)]
        stop(
            [
                complaint(
                    f"target {column.name!r}, row {listed(rows)}",
                    "finite numbers",
                    "infinity",
                    "Correct or drop these rows.",
                )
            ]
        )


def _label_dtype(column: pd.Series) -> str:
    values = column.dtype.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    if inferred == "boolean":
        return "bool"
    if inferred == "integer":
        return "int"
    if inferred in ("floating", "mixed-integer-float", "decimal"):
        numbers = pd.Series(pd.to_numeric(values)).dropna().to_numpy("float64")
        whole = np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()
        return "int" if whole and len(np.unique(numbers)) <= MOST_INTEGER_CLASSES else "float"
    if inferred in ("string", "empty"):
        return "str"
    kinds = sorted({type(v).__name__ for v in column})
    raise InputError(
        complaint(
            f"target {column.name!r}",
            "labels of one type",
            f"{inferred} values ({', '.join(kinds)})",
            "Make them all text or all numbers.",
        )
    )


def _amounts(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


def zero_one(column: pd.Series) -> np.ndarray:
    """A yes/no column as 0 and 1."""
    text = as_text(column).str.lower()
    codes = text.map({"0": 0, "1": 1, "false": 0, "true": 1, "no": 0, "yes": 1})
    if codes.isna().any():
        rows = np.flatnonzero(codes.isna())
        where = f"target {column.name!r}, row {listed(column.index[rows])}"
        cure = (
            "Several targets are all yes/no labels or all amounts: predict the others on their own."
            if _amounts(column)
            else ""
        )
        got = listed(pd.unique(column.iloc[rows]))
        stop([complaint(where, "0 or 1 (or False/True, no/yes)", got, cure)])
    return codes.to_numpy("float32")
