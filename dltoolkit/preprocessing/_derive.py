"""Features made of two columns: ratios, and what a number was within each category."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.data import Schema
from dltoolkit.preprocessing import _raw
from dltoolkit.preprocessing._media_fit import differenced, standard
from dltoolkit.preprocessing._media_host import steps_of
from dltoolkit.preprocessing._media_plan import MediaPlan, SequencePlan
from dltoolkit.preprocessing._plan import (
    FIRST_ID,
    STATISTICS,
    UNSEEN_ID,
    AggregatePlan,
    CategoryPlan,
    NumericPlan,
    RatioPlan,
    plan_number,
)


def category_ids(plan: CategoryPlan, column: pd.Series) -> np.ndarray:
    """Ids by way of pandas, int64 ``(n,)``: 0 missing, 1 unseen, then the vocabulary."""
    text = as_text(column).fillna(_raw.MISSING_TEXT)
    found = pd.Index(plan.vocabulary, dtype="str").get_indexer(pd.Index(text))
    return np.where(text == _raw.MISSING_TEXT, 0, np.where(found < 0, UNSEEN_ID, found + FIRST_ID)).astype(
        "int64"
    )


def plan_ratios(
    train: pd.DataFrame, schema: Schema, pairs: Sequence[Sequence[str]]
) -> tuple[tuple[RatioPlan, ...], tuple[NumericPlan, ...]]:
    """Plan one number over another, and its scaling.

    Args:
        train: The training part.
        schema: Says which columns are numeric features.
        pairs: Numerator and denominator of each.

    Returns:
        tuple: The ratios, and a plan for the scaling of each.

    Raises:
        InputError: If a pair does not name two numeric features, or its ratio is known nowhere or everywhere the same.
    """
    numeric = schema.columns("numeric")
    ratios, scaled = [], []
    for pair in pairs:
        if len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(numeric):
            stop(
                [
                    complaint(
                        "ratios", f"pairs of two numeric features among {listed(numeric, 20)}", listed(pair)
                    )
                ]
            )
        above, below = (_raw.to_numbers(train[name]) for name in pair)
        name = f"{pair[0]} / {pair[1]}"
        values = above / np.where(below == 0, np.nan, below)
        scaled.append(_scaling(name, values, "ratios"))
        ratios.append(RatioPlan(name, *pair))
    return tuple(ratios), tuple(scaled)


def plan_aggregates(
    train: pd.DataFrame,
    schema: Schema,
    categories: Sequence[CategoryPlan],
    triples: Sequence[Sequence[str]],
) -> tuple[tuple[AggregatePlan, ...], tuple[NumericPlan, ...]]:
    """Plan what a number was in training within each category, and its scaling.

    A category that training never saw, or where the number was never known, gets the statistic over all rows.

    Args:
        train: The training part.
        schema: Says which columns are numeric features.
        categories: The plans of the categories.
        triples: Number, category and statistic of each.

    Returns:
        tuple: The aggregates, and a plan for the scaling of each.

    Raises:
        InputError: If a triple does not name a numeric feature, a category with a vocabulary, and a statistic.
    """
    known = {p.column: p for p in categories if p.treatment != "hash"}
    numeric = schema.columns("numeric")
    aggregates, scaled = [], []
    for triple in triples:
        if len(triple) != 3 or triple[0] not in numeric or triple[1] not in known:
            expected = (
                f"(number, category, statistic), a number among {listed(numeric, 20)}, a category among "
            )
            stop([complaint("aggregates", expected + listed(known, 20), listed(triple))])
        column, by, statistic = triple
        check_choice(statistic, STATISTICS, f"statistic of the aggregate of {column!r}")
        ids = category_ids(known[by], train[by])
        name = f"{statistic} of {column} by {by}"
        values = _within(pd.Series(_raw.to_numbers(train[column])), ids, known[by].size, statistic)
        scaled.append(_scaling(name, values[ids], "aggregates"))
        aggregates.append(AggregatePlan(name, column, by, statistic, tuple(float(v) for v in values)))
    return tuple(aggregates), tuple(scaled)


def _within(numbers: pd.Series, ids: np.ndarray, size: int, statistic: str) -> np.ndarray:
    """The statistic for each id, float64 ``(size,)``; over all rows where an id has none."""
    overall = 0.0 if statistic == "count" else float(getattr(numbers, statistic)())
    found = getattr(numbers.groupby(ids), statistic)().reindex(range(size))
    return found.fillna(overall).to_numpy("float64")


def _scaling(name: str, values: np.ndarray, argument: str) -> NumericPlan:
    plan = plan_number(name, "numeric", values, treatment="standardise", indicators=True)
    if isinstance(plan, str):
        stop([complaint(argument, f"values that differ in {name!r}", plan, "Leave it out.")])
    assert isinstance(plan, NumericPlan)
    return plan


def by_series(
    plan: MediaPlan, train: pd.DataFrame, schema: Schema, categories: Sequence[CategoryPlan]
) -> MediaPlan:
    """The plan of a sequence that is scaled by series, with the level of each series; any other plan as it is.

    A series that training never saw gets the level of all.

    Args:
        plan: The plan of a column of media.
        train: The training part.
        schema: Says which column names the series.
        categories: The plans of the categories.

    Returns:
        MediaPlan: With a row of centres and scales for each id.

    Raises:
        InputError: If not exactly one column has the role ``"series"`` and a vocabulary.
    """
    if not isinstance(plan, SequencePlan) or plan.treatment != "series":
        return plan
    known = [p for p in categories if schema.roles[p.column] == "series" and p.treatment != "hash"]
    if len(known) != 1:
        cure = "Give one the role: schema.with_roles(name='series'); or scale='window'."
        got = listed([p.column for p in known]) or "none"
        stop([complaint(f"column {plan.column!r}, scale='series'", "one column of role 'series'", got, cure)])
    ids = category_ids(known[0], train[known[0].column])
    cells = [differenced(cell, plan.difference) for cell in steps_of(train[plan.column])]
    rows = np.repeat(ids, [len(cell) for cell in cells])
    values = np.concatenate(cells)
    levels = [standard(values)] * known[0].size
    for i in np.unique(ids):
        levels[i] = standard(values[rows == i])
    centre, scale = (tuple(v for level in levels for v in level[part]) for part in (0, 1))
    return dataclasses.replace(plan, by=known[0].column, centre=centre, scale=scale)
