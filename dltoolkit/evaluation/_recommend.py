"""Lists of recommended items, and how good they are: the measures of a top ten, user by user."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_columns, check_frame, check_number, complaint, listed, stop

USER, ITEM = "user", "item"
MEASURES = ("recall", "ndcg", "hit_rate", "mrr")
MODEL = "model"


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class TopK:
    """How good lists of recommended items are; made by `top_k`.

    Attributes:
        k: Length of the lists that counted.
        users: One row a user and list: ``model``, ``user``, and the measures ``recall``, ``ndcg``, ``hit_rate``, ``mrr``, each
            in [0, 1].
        metrics: One row a list and measure: ``model``, ``metric``, ``value`` (mean over users), ``low`` and ``high`` of its
            interval; also ``coverage``, the share of all items that stand in anybody's list.
    """

    k: int
    users: pd.DataFrame
    metrics: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """One row a model, one column a measure."""
        table = self.metrics.pivot(index="model", columns="metric", values="value")
        order = [m for m in (*MEASURES, "coverage") if m in table]
        return table.loc[self.metrics["model"].unique(), order].rename_axis(columns=None)

    def __repr__(self) -> str:
        """The measure that counts, for each list."""
        values = ", ".join(f"{name} {row['ndcg']:.4f}" for name, row in self.frame().iterrows())
        n = self.users["user"].nunique()
        return f"TopK(ndcg@{self.k} of {n:,} users: {values}; next: .frame(), or .metrics for the intervals)"


def recommend(
    scores: pd.DataFrame,
    *,
    seen: pd.DataFrame | None = None,
    k: int = 10,
    user: str = USER,
    item: str = ITEM,
) -> pd.DataFrame:
    """The best items for each user, those that the user knows already left out.

    Args:
        scores: One row a user, one column an item, higher is better, as `models.scores` gives them; NaN is never
            recommended. The labels are the ids.
        seen: Pairs of user and item that are left out. Defaults to None: nothing is.
        k: Items for each user, at least 1; fewer where no more are left. Defaults to 10.
        user: The column of `seen` that says who; also its name in the result. Defaults to ``"user"``.
        item: The column that says what. Defaults to ``"item"``.

    Returns:
        pandas.DataFrame: Up to `k` rows a user, best first: the user, the item, ``rank`` (from 1) and ``score``. Equal
        scores stand in the order of the columns.

    Raises:
        InputError: If `scores` has labels twice or infinite numbers, or `seen` lacks a column.

    Example:
        >>> scores = pd.DataFrame([[0.1, 0.9, 0.5]], index=["ann"], columns=["a", "b", "c"])
        >>> recommend(scores, seen=pd.DataFrame({"user": ["ann"], "item": ["b"]}), k=1)["item"].tolist()
        ['c']
    """
    values = _score_values(scores)
    check_number(k, "k", low=1, whole=True)
    values = np.where(np.isnan(values), -np.inf, values)
    if seen is not None:
        check_columns(check_frame(seen, "seen", rows=0), (user, item), argument="seen")
        rows, columns = scores.index.get_indexer(seen[user]), scores.columns.get_indexer(seen[item])
        known = (rows >= 0) & (columns >= 0)
        values[rows[known], columns[known]] = -np.inf
    order = np.argsort(-values, axis=1, kind="stable")[:, : int(k)]
    best = np.take_along_axis(values, order, axis=1)
    table = pd.DataFrame(
        {
            user: scores.index.repeat(order.shape[1]),
            item: scores.columns[order.ravel()],
            "rank": np.tile(np.arange(1, order.shape[1] + 1), len(scores)),
            "score": best.ravel(),
        }
    )
    return table[np.isfinite(best.ravel())].reset_index(drop=True)


def top_k(
    recommended: pd.DataFrame | Mapping[str, pd.DataFrame],
    relevant: pd.DataFrame,
    *,
    k: int = 10,
    n_items: int | None = None,
    user: str = USER,
    item: str = ITEM,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> TopK:
    """Measure lists of recommended items against what the users chose afterwards.

    Every user of `relevant` counts the same; one without a list has zero in everything. The lists should be
    drawn from all items that a user has not seen: a list drawn from the truth and a sample of others puts models in
    another order (Krichene and Rendle 2020).

    Args:
        recommended: One list a user, as `recommend` gives them: user, item and ``rank``. Several models by name
            are measured on the same users.
        relevant: Pairs of user and item that were chosen, held out from training.
        k: Items of each list that count, at least 1. Defaults to 10.
        n_items: Number of items that could have been recommended, for the coverage. Defaults to None: no coverage.
        user: The column that says who. Defaults to ``"user"``.
        item: The column that says what. Defaults to ``"item"``.
        n_bootstrap: Resamples of the users for the intervals; 0 leaves them out. Defaults to 1000.
        confidence: Share of the resamples inside an interval, in (0, 1). Defaults to 0.95.
        seed: Seed of the resamples. Defaults to 0.

    Returns:
        TopK: Recall (share of the relevant items that are listed, of at most `k`), NDCG (each item found counts one over
        the logarithm of its rank plus one, against the best possible order), hit rate (whether any was found), MRR
        (one over the rank of the first one found), and the coverage.

    Raises:
        InputError: If a column is missing, there is no relevant pair, a list has an item twice, or an option is out
            of its range.

    Example:
        >>> lists = pd.DataFrame({"user": ["ann", "ann"], "item": ["x", "y"], "rank": [1, 2]})
        >>> top_k(lists, pd.DataFrame({"user": ["ann"], "item": ["y"]}), n_bootstrap=0).frame().round(3).iloc[0].to_dict()
        {'recall': 1.0, 'ndcg': 0.631, 'hit_rate': 1.0, 'mrr': 0.5}

    References:
        Järvelin and Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4). Krichene and
        Rendle (2020), "On sampled metrics for item recommendation", KDD.
    """
    lists = dict(recommended) if isinstance(recommended, Mapping) else {MODEL: recommended}
    _check_lists(lists, relevant, user, item)
    check_number(k, "k", low=1, whole=True)
    check_number(n_bootstrap, "n_bootstrap", low=0, whole=True)
    check_number(confidence, "confidence", low=0, high=1, open_low=True, open_high=True)
    pairs = relevant[[user, item]].drop_duplicates()
    tables, rows = [], []
    for name, table in lists.items():
        best = table[table["rank"] <= k]
        per_user = _measured(best, pairs, int(k), keys=(user, item))
        tables.append(per_user.rename_axis(USER).reset_index().assign(model=name))
        rows += _summed_up(name, per_user, n_bootstrap=int(n_bootstrap), confidence=confidence, seed=seed)
        if n_items is not None:
            check_number(n_items, "n_items", low=1, whole=True)
            share = best[item].nunique() / n_items
            rows.append({"model": name, "metric": "coverage", "value": share, "low": np.nan, "high": np.nan})
    users = pd.concat(tables, ignore_index=True)[["model", USER, *MEASURES]]
    return TopK(int(k), users, pd.DataFrame(rows))


def _score_values(scores: Any) -> np.ndarray:
    """The scores as numbers; item ids need not be texts."""
    if not isinstance(scores, pd.DataFrame):
        cure = "models.scores(model, preprocessor, known) makes one."
        stop(
            [
                complaint(
                    "scores",
                    "a DataFrame, one row a user and one column an item",
                    type(scores).__name__,
                    cure,
                )
            ]
        )
    complaints = []
    for axis, what in ((scores.index, "user"), (scores.columns, "item")):
        if not axis.is_unique:
            twice = listed(axis[axis.duplicated()].unique())
            complaints.append(complaint("scores", f"each {what} once", f"{twice} repeated"))
    values = scores.to_numpy("float64")
    if np.isposinf(values).any():
        complaints.append(
            complaint("scores", "finite numbers, or NaN for what is never recommended", "infinity")
        )
    stop(complaints)
    return values


def _check_lists(lists: Mapping[str, Any], relevant: Any, user: str, item: str) -> None:
    check_columns(check_frame(relevant, "relevant"), (user, item), argument="relevant")
    for name, table in lists.items():
        where = f"recommended[{name!r}]"
        check_columns(check_frame(table, where, rows=0), (user, item, "rank"), argument=where)
        twice = table[table.duplicated([user, item])]
        if len(twice):
            got = f"{listed(twice[item][:1])} twice for {listed(twice[user][:1])}"
            stop(
                [complaint(where, "each item once a user", got, "Make the lists with evaluation.recommend.")]
            )


def _measured(best: pd.DataFrame, pairs: pd.DataFrame, k: int, *, keys: tuple[str, str]) -> pd.DataFrame:
    """The measures of each user in `pairs`, by the user's id."""
    found = pairs.merge(best[[*keys, "rank"]], on=list(keys), how="left")
    gain = (1 / np.log2(found["rank"] + 1)).fillna(0.0)
    by_user = found.assign(gain=gain, hit=found["rank"].notna()).groupby(keys[0], sort=False)
    n_relevant = np.minimum(by_user.size().to_numpy(), k)
    ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))
    hits = by_user["hit"].sum()
    return pd.DataFrame(
        {
            "recall": hits / n_relevant,
            "ndcg": by_user["gain"].sum() / ideal[n_relevant - 1],
            "hit_rate": (hits > 0).astype(float),
            "mrr": (1 / by_user["rank"].min()).fillna(0.0),
        }
    )


def _summed_up(
    name: str, per_user: pd.DataFrame, *, n_bootstrap: int, confidence: float, seed: int
) -> list[dict[str, Any]]:
    """Mean and percentile interval of each measure; the users are drawn anew, as what a list is worth differs by user."""
    values = per_user[list(MEASURES)].to_numpy()
    low = high = np.full(len(MEASURES), np.nan)
    if n_bootstrap:
        drawn = np.random.default_rng(seed).multinomial(
            len(values), np.full(len(values), 1 / len(values)), n_bootstrap
        )
        tail = (1 - confidence) / 2
        low, high = np.quantile(drawn @ values / len(values), [tail, 1 - tail], axis=0)
    return [
        {"model": name, "metric": m, "value": values[:, i].mean(), "low": low[i], "high": high[i]}
        for i, m in enumerate(MEASURES)
    ]
