"""Lists of recommended items and their measures, against a loop over plain lists."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from dltoolkit import evaluation
from dltoolkit._checks import InputError

N_USERS, N_ITEMS, K = 12, 30, 5


@pytest.fixture(scope="module")
def world():
    """Scores of every pair, pairs seen before, and pairs chosen afterwards."""
    random = np.random.default_rng(0)
    scores = pd.DataFrame(
        random.normal(size=(N_USERS, N_ITEMS)),
        index=[f"u{i}" for i in range(N_USERS)],
        columns=[f"i{i}" for i in range(N_ITEMS)],
    )
    chosen = {u: random.choice(N_ITEMS, 7, replace=False) for u in scores.index}
    frame = pd.DataFrame(
        [(u, f"i{i}") for u, items in chosen.items() for i in items], columns=["user", "item"]
    )
    later = frame.groupby("user").cumcount() < 3
    return scores, frame[~later], frame[later]


def test_the_best_unseen_items_come_first(world):
    scores, seen, _ = world
    lists = evaluation.recommend(scores, seen=seen, k=K)
    for user, table in lists.groupby("user"):
        known = set(seen.loc[seen["user"] == user, "item"])
        by_hand = [i for i in scores.loc[user].sort_values(ascending=False).index if i not in known][:K]
        assert table["item"].tolist() == by_hand
        assert table["rank"].tolist() == [1, 2, 3, 4, 5]
        assert table["score"].tolist() == scores.loc[user, by_hand].tolist()


def test_a_user_with_few_unseen_items_gets_those_and_a_missing_score_is_never_listed():
    scores = pd.DataFrame([[3.0, 2.0, 1.0, np.nan]], index=[7], columns=[1, 2, 3, 4])
    lists = evaluation.recommend(scores, seen=pd.DataFrame({"user": [7, 8], "item": [1, 2]}), k=10)
    assert lists["item"].tolist() == [2, 3]


def test_equal_scores_keep_the_order_of_the_columns():
    lists = evaluation.recommend(pd.DataFrame(np.zeros((1, 50)), columns=range(50)), k=3)
    assert lists["item"].tolist() == [0, 1, 2]


def test_the_measures_are_those_of_a_loop(world):
    scores, seen, later = world
    lists = evaluation.recommend(scores, seen=seen, k=K)
    result = evaluation.top_k(lists, later, k=K, n_items=N_ITEMS, n_bootstrap=0)
    expected = []
    for user, rows in later.groupby("user"):
        relevant, listed = set(rows["item"]), lists.loc[lists["user"] == user, "item"].tolist()
        hits = [i in relevant for i in listed]
        gains = sum(h / np.log2(r + 2) for r, h in enumerate(hits))
        ideal = sum(1 / np.log2(r + 2) for r in range(min(len(relevant), K)))
        first = next((1 / (r + 1) for r, h in enumerate(hits) if h), 0.0)
        expected.append((sum(hits) / min(len(relevant), K), gains / ideal, float(any(hits)), first))
    np.testing.assert_allclose(result.frame().iloc[0, :4], np.mean(expected, axis=0))
    assert result.frame()["coverage"].iloc[0] == lists["item"].nunique() / N_ITEMS


def test_the_ndcg_is_scikit_learn_s(world):
    scores, _, later = world
    truth = pd.DataFrame(0, index=scores.index, columns=scores.columns)
    for user, item in later.itertuples(index=False):
        truth.loc[user, item] = 1
    result = evaluation.top_k(evaluation.recommend(scores, k=K), later, k=K, n_bootstrap=0)
    assert result.frame()["ndcg"].iloc[0] == pytest.approx(ndcg_score(truth, scores, k=K))


def test_a_user_without_a_list_has_zero_and_models_are_named(world):
    scores, seen, later = world
    lists = evaluation.recommend(scores, seen=seen, k=K)
    half = lists[lists["user"].isin(scores.index[:6])]
    result = evaluation.top_k({"all": lists, "half": half}, later, k=K, n_bootstrap=0)
    users = result.users[result.users["model"] == "half"].set_index("user")
    assert len(users) == N_USERS
    assert (users.loc[list(scores.index[6:]), "ndcg"] == 0).all()
    assert "half" in repr(result)


def test_only_the_first_k_of_a_longer_list_count(world):
    scores, seen, later = world
    long, short = (evaluation.recommend(scores, seen=seen, k=k) for k in (N_ITEMS, K))
    frames = [evaluation.top_k(x, later, k=K, n_bootstrap=0).frame() for x in (long, short)]
    pd.testing.assert_frame_equal(*frames)


def test_the_interval_holds_the_mean_and_the_same_seed_repeats_it(world):
    scores, seen, later = world
    lists = evaluation.recommend(scores, seen=seen, k=K)
    first, again = (evaluation.top_k(lists, later, k=K, seed=3).metrics for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert ((first["low"] <= first["value"]) & (first["value"] <= first["high"])).all()


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        (np.zeros((2, 2)), {}, "scores: expected a DataFrame, one row a user"),
        (
            pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]),
            {},
            "scores: expected each item once, got 'a' repeated",
        ),
        (
            pd.DataFrame([[1.0]] * 2, index=["u", "u"]),
            {},
            "scores: expected each user once, got 'u' repeated",
        ),
        (pd.DataFrame([[np.inf]]), {}, "scores: expected finite numbers"),
        (pd.DataFrame([[1.0]]), {"k": 0}, "k: expected a whole number"),
        (pd.DataFrame([[1.0]]), {"seen": pd.DataFrame({"user": [1]})}, "seen column 'item'"),
    ],
)
def test_scores_that_cannot_be_ranked_are_refused(scores, options, message):
    with pytest.raises(InputError, match=message):
        evaluation.recommend(scores, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recommended": pd.DataFrame({"user": [1, 1], "item": [2, 2], "rank": [1, 2]})}, "2 twice for 1"),
        ({"recommended": pd.DataFrame({"user": [1], "item": [2]})}, "column 'rank'"),
        ({"relevant": pd.DataFrame({"user": [], "item": []})}, r"relevant: expected at least 1 row"),
        ({"confidence": 1.0}, "confidence: expected a number"),
        ({"n_items": 0}, "n_items: expected a whole number"),
    ],
)
def test_lists_that_cannot_be_measured_are_refused(change, message):
    good = {
        "recommended": pd.DataFrame({"user": [1], "item": [2], "rank": [1]}),
        "relevant": pd.DataFrame({"user": [1], "item": [2]}),
    }
    given = {**good, **change}
    with pytest.raises(InputError, match=message):
        evaluation.top_k(given.pop("recommended"), given.pop("relevant"), **given)
