"""One metric, slice by slice: where a model is weak although it is good on average."""

import numpy as np
import pandas as pd

from dltoolkit._text import as_text
from dltoolkit.evaluation._bootstrap import interval, replicate
from dltoolkit.evaluation._statistics import metric_names, point, statistic
from dltoolkit.problem import Problem

# A number column with more values than this is cut into quarters; so that a table of slices fits one screen.
MOST_VALUES = 12
QUARTERS = 4
MISSING = "(missing)"
OTHER = "(other)"


def slice_names(column: pd.Series) -> pd.Series:
    """The slice of each row, as an ordered category: a value, a quarter of the range of ranks, other, or missing.

    Args:
        column: Values of any dtype, ``(n,)``.

    Returns:
        pandas.Series: Ordered categories, ``(n,)``; "(other)" gathers rare values, "(missing)" missing ones.
    """
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    ranked = numeric or pd.api.types.is_datetime64_any_dtype(column.dtype)
    if ranked and column.nunique() > MOST_VALUES:
        names, order = _quarters(column)
    else:
        names = as_text(column)
        kept = names.value_counts().index[:MOST_VALUES]
        order = sorted(kept, key=float if numeric else str)
        names = names.where(names.isin(order), OTHER)
    names = names.where(column.notna(), MISSING)
    categories = list(dict.fromkeys([*order, OTHER, MISSING]))
    return pd.Series(pd.Categorical(names, categories, ordered=True), index=column.index)


def _quarters(column: pd.Series) -> tuple[pd.Series, list[str]]:
    """Quarters of the rows, each named by its smallest and its largest value, and their order."""
    codes = pd.qcut(column.rank(method="min"), QUARTERS, labels=False, duplicates="drop")
    ends = column.groupby(codes).agg(["min", "max"])
    order = (as_text(ends["min"]) + " to " + as_text(ends["max"])).tolist()
    return codes.map(dict(zip(ends.index, order, strict=True))).astype("str"), order


def slice_table(
    problem: Problem,
    y_true: np.ndarray,
    outputs: np.ndarray,
    slices: pd.Series,
    *,
    metric: str,
    **settings: float,
) -> pd.DataFrame:
    """`metric` in each slice, with its interval.

    Args:
        problem: What was asked.
        y_true: Encoded labels.
        outputs: What the model said.
        slices: The slice of each row, ordered categories ``(n,)``.
        metric: Name of the metric.
        **settings: ``threshold``, ``n_bootstrap``, ``confidence``, ``seed``, as in `score`.

    Returns:
        pandas.DataFrame: One row a slice that occurs; columns ``rows``, ``value``, ``low``, ``high``; NaN where
        the metric is not defined (no row of a class).
    """
    place = metric_names(problem).index(metric)
    codes = slices.cat.codes.to_numpy()
    found = np.unique(codes)
    lines = []
    for code in found:
        rows = np.flatnonzero(codes == code)
        measure = statistic(problem, y_true[rows], outputs[rows], settings["threshold"])
        draws = replicate(
            {metric: measure},
            len(rows),
            n_bootstrap=int(settings["n_bootstrap"]),
            seed=int(settings["seed"]),
        )[metric]
        value = point(measure, len(rows))[place]
        low, high = interval(draws, len(metric_names(problem)), settings["confidence"])[place]
        lines.append((len(rows), value, low, high))
    index = pd.Index(slices.cat.categories[found], name=slices.name)
    return pd.DataFrame(lines, columns=["rows", "value", "low", "high"], index=index)
