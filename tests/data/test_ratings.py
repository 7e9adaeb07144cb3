"""Ratings and unseen pairs: ids exactly as they are, every mark on its scale, and never a pair that exists as unseen."""

import time as clock

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError

COLUMNS = {"user": "who", "item": "film", "rating": "stars"}


def ratings(**columns):
    base = {"who": ["a", "b", "a"], "film": ["x", "x", "y"], "stars": [4.0, 3.5, 1.0]}
    return pd.DataFrame({**base, **columns})


# ------------------------------------------------------------------ reading
def test_the_columns_come_in_one_order_and_the_others_stay_behind():
    frame = ratings(title=["X", "X", "Y"])[["title", "stars", "film", "who"]]
    result = data.read_ratings(frame, **COLUMNS)
    assert result.columns.tolist() == ["who", "film", "stars", "title"]
    assert result.attrs["notes"] == ()


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["007", "7", "07"], ["007", "7", "07"]),
        ([2**60 + 1, 2**60 + 2, 5], [str(2**60 + 1), str(2**60 + 2), "5"]),
        ([1.0, 2.0, 3.0], ["1", "2", "3"]),
        (pd.Categorical(["a", "b", "a"]), ["a", "b", "a"]),
    ],
)
def test_ids_become_text_exactly(ids, expected):
    result = data.read_ratings(ratings(who=ids), **COLUMNS)
    assert result["who"].tolist() == expected
    assert result["who"].dtype == "str"


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"who": ["a", None, "b"]}, {}, r"column 'who', rows 1: expected an id, got none"),
        (
            {"film": [1.5, 2.0, 3.0]},
            {},
            r"column 'film': expected ids: texts or whole numbers, got .*1\.5.* in row 0.*as text",
        ),
        ({"film": [2.0**60, 2.0, 3.0]}, {}, r"column 'film': expected ids"),
        (
            {"stars": ["4", "good", "1"]},
            {},
            r"column 'stars': expected numbers, got '4' in row 0\. Turn them into numbers",
        ),
        (
            {"stars": [4, np.nan, 1]},
            {},
            r"column 'stars': expected a finite rating in every row, got nan in row 1 \(1 rows",
        ),
        ({"stars": [4, np.inf, 1]}, {}, r"got inf in row 1"),
        (
            {"stars": [4, 11, 0]},
            {"scale": (0.5, 5)},
            r"expected ratings from 0\.5 to 5, got 11 in row 1, 0 in row 2 \(2 rows",
        ),
        ({}, {"scale": (5, 1)}, r"scale: expected \(lowest, highest\), got \(5, 1\)"),
        ({}, {"user": "film"}, r"expected different columns"),
        ({}, {"user": "whom"}, r"column 'whom': expected to be there.*Did you mean 'who'"),
        ({}, {"unit": "weeks"}, r"unit: expected one of 's', 'ms'"),
        ({}, {"duplicates": "mean"}, r"duplicates: expected one of 'last', 'error'"),
    ],
)
def test_ratings_that_cannot_be_used_are_named(columns, options, message):
    with pytest.raises(InputError, match=message):
        data.read_ratings(ratings(**columns), **{**COLUMNS, **options})


def test_ratings_are_brought_into_the_order_of_time():
    result = data.read_ratings(ratings(when=[964982703, 964982224, 964982931]), time="when", **COLUMNS)
    assert result["when"].astype(str).tolist() == [
        "2000-07-30 18:37:04",
        "2000-07-30 18:45:03",
        "2000-07-30 18:48:51",
    ]
    assert result["who"].tolist() == ["b", "a", "a"]
    assert result.attrs["notes"] == ("the rows were not in the order of time, and were sorted",)


def test_numbers_in_another_unit_are_refused_with_the_unit_to_use():
    frame = ratings(when=[964982703000, 964982224000, 964982931000])
    with pytest.raises(
        InputError,
        match=r"column 'when': expected times in the years 1980 to 2100, got .*Say what they count: unit='ms'",
    ):
        data.read_ratings(frame, time="when", **COLUMNS)
    assert data.read_ratings(frame, time="when", unit="ms", **COLUMNS)["when"].dt.year.unique().tolist() == [
        2000
    ]
    with pytest.raises(InputError, match=r"Turn them into times first"):
        data.read_ratings(ratings(when=[1, 2, 10**30 * 1.0]), time="when", **COLUMNS)


def test_a_pair_that_comes_again_keeps_its_last_rating():
    frame = ratings(film=["x", "x", "x"], when=["2024-01-02", "2024-01-01", "2024-01-01"])
    with pytest.warns(
        UserWarning,
        match=r"1 ratings are of a pair of 'who' and 'film' that comes again: \('a', 'x'\); the last one was kept",
    ):
        result = data.read_ratings(frame, time="when", **COLUMNS)
    assert dict(zip(result["who"], result["stars"], strict=True)) == {"b": 3.5, "a": 4.0}
    with pytest.raises(
        InputError, match=r"frame: expected each pair of user and item once, got 1 ratings are"
    ):
        data.read_ratings(frame, duplicates="error", **COLUMNS)


def test_ratings_that_are_all_equal_are_pointed_out():
    with pytest.warns(
        UserWarning,
        match=r"column 'stars': every rating is 1; for pairs that are only seen, see data\.negatives",
    ):
        data.read_ratings(ratings(stars=[1, 1, 1]), **COLUMNS)


# ------------------------------------------------------------------ unseen pairs
KEYS = {"user": "who", "item": "film"}


def many(n_users=40, n_items=60, share=0.2, seed=0):
    seen = np.random.default_rng(seed).random((n_users, n_items)) < share
    users, items = np.nonzero(seen)
    return pd.DataFrame(
        {
            "who": users,
            "film": items,
            "title": [f"t{i}" for i in items],
            "age": users % 7,
            "stars": 1.0 * (users * items % 5),
        }
    )


def pairs(frame):
    return set(zip(frame["who"], frame["film"], strict=True))


@pytest.mark.parametrize("by", ["uniform", "popularity"])
def test_no_pair_that_exists_is_drawn_and_each_row_has_its_own(by):
    frame = many()
    result = data.negatives(frame, **KEYS, n=3, by=by)
    drawn = result[result["label"] == 0]
    assert len(result) == 4 * len(frame) and len(drawn) == 3 * len(frame)
    assert not pairs(drawn) & pairs(frame)
    assert (result["who"].to_numpy().reshape(-1, 4) == frame["who"].to_numpy()[:, None]).all()
    assert (result["film"].to_numpy()[::4] == frame["film"]).all() and (
        result["label"].to_numpy()[::4] == 1
    ).all()
    items = drawn["film"].to_numpy().reshape(-1, 3)
    assert all(len(set(row)) == 3 for row in items)


def test_side_columns_are_those_of_the_item_and_the_user():
    result = data.negatives(many(), **KEYS, n=2)
    assert result.columns.tolist() == ["who", "film", "title", "age", "label"]
    assert (result["title"] == "t" + result["film"].astype(str)).all()
    assert (result["age"] == result["who"] % 7).all()
    assert result.attrs["notes"] == ("columns left out, since they belong to one pair: 'stars'",)


def test_a_time_is_that_of_the_row_that_the_item_was_drawn_for():
    frame = many().assign(when=lambda f: pd.Timestamp("2024") + pd.to_timedelta(np.arange(len(f)), unit="h"))
    result = data.negatives(frame, **KEYS, n=2)
    assert (result["when"].to_numpy() == np.repeat(frame["when"].to_numpy(), 3)).all()


def test_an_item_that_each_user_has_only_once_is_still_the_item():
    frame = pd.DataFrame({"who": ["a", "b"], "film": ["x", "x"]})
    seen = pd.DataFrame({"who": ["a", "b", "c"], "film": ["x", "x", "y"]})
    assert data.negatives(frame, **KEYS, seen=seen)["film"].tolist() == ["x", "y", "x", "y"]


def test_pairs_that_were_seen_elsewhere_are_not_drawn_and_their_items_can_be():
    frame, seen = many(seed=1), many(seed=2)
    frame = frame[frame["film"] < 30]
    result = data.negatives(frame, **KEYS, n=4, seen=seen)
    drawn = result[result["label"] == 0]
    assert not pairs(drawn) & (pairs(frame) | pairs(seen))
    assert drawn["film"].max() >= 30
    assert (result["title"] == "t" + result["film"].astype(str)).all()


def test_a_side_column_that_seen_lacks_is_missing_for_its_own_items():
    frame, seen = many(), pd.DataFrame({"who": [0, 1], "film": [900, 900]})
    result = data.negatives(frame, **KEYS, n=20, seen=seen)
    assert result.loc[result["film"] == 900, "title"].isna().all()
    assert result.loc[result["film"] != 900, "title"].notna().all()


def test_the_same_seed_draws_the_same_and_another_one_does_not():
    one, two, other = (data.negatives(many(), **KEYS, seed=s) for s in (5, 5, 6))
    pd.testing.assert_frame_equal(one, two)
    assert (one["film"] != other["film"]).any()


def test_items_are_drawn_evenly_or_by_how_often_they_occur():
    users = np.arange(4000)
    frame = pd.DataFrame({"who": users, "film": np.where(users < 3000, 0, np.where(users < 3900, 1, 2))})
    others = frame["film"] == 2
    for by, expected in (("uniform", [1 / 2, 1 / 2]), ("popularity", [3000 / 3900, 900 / 3900])):
        share = np.zeros(2)
        for seed in range(30):
            drawn = data.negatives(frame[others], **KEYS, by=by, seen=frame, seed=seed)
            share += np.bincount(drawn.loc[drawn["label"] == 0, "film"], minlength=2)[:2]
        np.testing.assert_allclose(
            share / share.sum(), expected, atol=0.04
        )  # 3,000 draws: three standard errors


def test_a_user_with_fewer_unseen_items_gets_those():
    frame = pd.DataFrame({"who": list("aaab"), "film": list("xyzx")})
    with pytest.warns(UserWarning, match=r"1 users have fewer than 2 unseen items, and get those: 'a'"):
        result = data.negatives(frame, **KEYS, n=2)
    assert result["who"].tolist() == ["a", "a", "a", "b", "b", "b"]
    assert sorted(result["film"][4:]) == ["y", "z"]


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (many(), {"n": 0}, r"n: expected a whole number in \[1, inf\], got 0"),
        (many(), {"seed": -1}, r"seed: expected a whole number"),
        (many(), {"by": "luck"}, r"by: expected one of 'uniform', 'popularity', got 'luck'"),
        (many(), {"item": "movie"}, r"frame column 'movie': expected to be there"),
        (many(), {"item": "who"}, r"item: expected another column than user, got 'who'"),
        (many(), {"label": "age"}, r"label: expected the name of a new column, got 'age'"),
        (many().assign(film=np.nan), {}, r"frame, column 'film', rows 0, 1, .*: expected an id, got none"),
        (
            many(),
            {"seen": many().astype({"who": str})},
            r"seen, column 'who': expected ids of type int64, got str\. Read both alike",
        ),
        (many(share=2), {}, r"frame: expected a user with an item left that is unseen, got none"),
    ],
)
def test_pairs_that_cannot_be_used_are_named(frame, options, message):
    with pytest.raises(InputError, match=message):
        data.negatives(frame, **{**KEYS, **options})


def test_a_hundred_thousand_ratings_take_about_a_second():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"who": rng.integers(0, 600, 100_000), "film": rng.zipf(1.3, 100_000) % 9000})
    start = clock.perf_counter()
    result = data.negatives(frame, **KEYS, n=4, by="popularity")
    assert clock.perf_counter() - start < 6
    drawn = result[result["label"] == 0]
    assert not pairs(drawn) & pairs(frame)
