"""The checks of a table of ratings: cold users and items, repeated pairs, odd ratings, and how few items are popular."""

import numpy as np
import pandas as pd

from dltoolkit._checks import listed
from dltoolkit.data._findings import EXAMPLES, AuditFinding, Table, plain, told

# He and McAuley (2016), Ups and downs: modeling the visual evolution of fashion trends, and many data sets since, keep
# users and items of at least five ratings: of fewer, hardly anything can be learnt.
COLD = 5
POPULAR_ITEMS, POPULAR_SHARE = 0.1, 0.5  # a tenth of the items that holds half of the ratings: the long tail
SCALE_VALUES, SCALE_SHARE = 20, 0.999  # ratings on a scale: so few values make nearly all of them
MIN_RATINGS = 100


def findings(table: Table) -> list[AuditFinding | None]:
    """What is found about users, items and ratings.

    Args:
        table: A table with columns of the roles ``"user"`` and ``"item"``.

    Returns:
        list: Findings, or None where there is nothing to find.
    """
    user, item = table.schema.columns("user")[0], table.schema.columns("item")[0]
    return [
        _cold(table, user, "user"),
        _cold(table, item, "item"),
        _repeated(table, user, item),
        *[_odd_ratings(table, target) for target in table.targets],
        _popular(table, item),
    ]


def _cold(table: Table, name: str, noun: str) -> AuditFinding | None:
    """Users or items of fewer than five ratings."""
    values = table.frame[name]
    counts = values.value_counts()
    cold = counts[counts < COLD]
    if not len(cold):
        return None
    mask = values.isin(cold.index).to_numpy()
    examples = [{"value": plain(v), "count": int(n)} for v, n in cold.iloc[::-1].head(EXAMPLES).items()]
    advice = f"{told(len(cold), noun)} of {len(counts):,} with fewer than {COLD} ratings, in {told(mask.sum(), 'row')}: too few"
    advice += " to learn a vector from. Give the model side features, pool them, or leave them out, and score them apart."
    return table.finding(f"cold_{noun}s", name, mask, advice, severity="warn", examples=examples)


def _repeated(table: Table, user: str, item: str) -> AuditFinding | None:
    """The same user and the same item twice."""
    pairs = table.frame[[user, item]].dropna()
    twice = pairs.duplicated().to_numpy()
    if not twice.any():
        return None
    mask = np.zeros(len(table.frame), dtype=bool)
    mask[np.flatnonzero(table.frame[[user, item]].notna().all(axis=1).to_numpy())[twice]] = True
    rated = table.frame.groupby([user, item], sort=False)[table.targets[0]].nunique()
    torn = int((rated > 1).sum())
    advice = f"{told(mask.sum(), 'row')} of a user and an item that have a rating already"
    advice += f", {torn:,} pairs with different ratings" if torn else ""
    advice += ": keep the latest. Split by time or method='latest', or the same pair is learnt and judged."
    examples = [
        {**table.example(int(r), item), "user": plain(table.frame[user].iloc[r])}
        for r in np.flatnonzero(mask)[:EXAMPLES]
    ]
    return table.finding("repeated_pairs", item, mask, advice, severity="warn", examples=examples)


def _odd_ratings(table: Table, target: str) -> AuditFinding | None:
    """Ratings beside the few values that nearly all of them have."""
    values = table.frame[target].dropna()
    if len(values) < MIN_RATINGS or not pd.api.types.is_numeric_dtype(values.dtype):
        return None
    counts = values.value_counts()
    enough = int(np.searchsorted(np.cumsum(counts.to_numpy()) / len(values), SCALE_SHARE)) + 1
    if enough > SCALE_VALUES or enough == len(counts):
        return None
    scale, odd = counts.index[:enough], counts.index[enough:]
    outside = [v for v in odd if not scale.min() <= v <= scale.max() or len(odd) > enough]
    mask = table.frame[target].isin(outside).to_numpy()
    if not mask.any():
        return None
    advice = f"{told(mask.sum(), 'rating')} beside the scale {listed(sorted(scale), 20)}: a 0 or -1 that means 'not rated', or"
    advice += " another scale? Drop them, or bring them to the scale."
    return table.finding("rating_scale", target, mask, advice, severity="warn")


def _popular(table: Table, item: str) -> AuditFinding | None:
    """Few items that most ratings are about."""
    counts = table.frame[item].value_counts()
    most = max(1, int(np.ceil(POPULAR_ITEMS * len(counts))))
    share = counts.iloc[:most].sum() / max(counts.sum(), 1)
    if len(counts) < MIN_RATINGS or share < POPULAR_SHARE:
        return None
    mask = table.frame[item].isin(counts.index[:most]).to_numpy()
    examples = [{"value": plain(v), "count": int(n)} for v, n in counts.head(EXAMPLES).items()]
    advice = f"{told(most, 'item')}, a tenth of all, hold {share:.0%} of the ratings: recommending what is popular is a hard"
    advice += " baseline. Compare with it, and look at the rest apart."
    return table.finding("popularity", item, mask, advice, examples=examples)
