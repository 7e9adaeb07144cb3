"""Rows in groups: the same ones for the same seed, for new rows too, and the number of them by the silhouette."""

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from dltoolkit import Schema, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.training._embed import blocks, neighbours

ROWS, GROUPS = 240, 3
SMALL = {"units": (16,), "bottleneck": 2, "epochs": 15}


@pytest.fixture(scope="module")
def world():
    """Three groups, each on a ring of its own: the middle of a ring says little, the neighbours say all."""
    random = np.random.default_rng(0)
    groups = np.arange(ROWS) % GROUPS
    middle = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])[groups]
    angle = random.uniform(0, 2 * np.pi, ROWS)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) + random.normal(0, 0.1, (ROWS, 2))
    frame = pd.DataFrame(middle + ring, columns=["x", "y"]).assign(kind=np.array(["a", "b", "c"])[groups])
    schema = Schema.infer(frame).with_roles(x="numeric", y="numeric", kind="ignore")
    return frame, groups, preprocessing.fit(frame, schema)


@pytest.fixture(scope="module")
def found(world):
    frame, _, preprocessor = world
    return training.cluster(frame, preprocessor, n_clusters=range(2, 6), **SMALL)


@pytest.mark.parametrize("method", ["deep", "autoencoder", "kmeans"])
def test_groups_that_are_far_apart_are_found(world, found, method):
    frame, groups, preprocessor = world
    options = SMALL if method == "autoencoder" else {}
    result = (
        found
        if method == "deep"
        else training.cluster(frame, preprocessor, n_clusters=3, method=method, **options)
    )
    assert result.n_clusters == GROUPS
    assert adjusted_rand_score(groups, result.labels) > 0.95
    assert result.method == method
    assert (result.model is None) == (method == "kmeans")


def test_the_number_with_the_highest_silhouette_is_taken(found):
    scores = found.scores.set_index("n_clusters")
    assert scores.index.tolist() == [2, 3, 4, 5]
    assert scores["silhouette"].idxmax() == found.n_clusters == scores.index[scores["chosen"]][0]
    assert scores.loc[3, "silhouette"] == pytest.approx(
        silhouette_score(found.embedding, found.labels), abs=1e-6
    )
    assert scores["inertia"].is_monotonic_decreasing


def test_the_network_gives_the_shares_and_new_rows_go_where_they_belong(world, found):
    frame, _, preprocessor = world
    shares = found.model.predict(preprocessor.transform(frame), verbose=0)
    np.testing.assert_allclose(shares, found.probabilities, atol=1e-4)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    told = found.predict(frame.iloc[::-1])
    assert told.index.equals(frame.index[::-1])
    assert np.array_equal(told["cluster"].to_numpy()[::-1], found.labels)
    moved = found.predict(frame.head(30).assign(x=lambda f: f["x"] + 0.05))["cluster"]
    assert (moved.to_numpy() == found.labels[:30]).mean() > 0.9


def test_the_network_loads_as_plain_keras(world, found, tmp_path):
    frame, _, preprocessor = world
    found.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    features = preprocessor.transform(frame)
    np.testing.assert_array_equal(
        loaded.predict(features, verbose=0), found.model.predict(features, verbose=0)
    )


def test_the_same_seed_gives_the_same_groups(world, found):
    frame, _, preprocessor = world
    again = training.cluster(frame, preprocessor, n_clusters=range(2, 6), **SMALL)
    assert np.array_equal(again.embedding, found.embedding)
    assert np.array_equal(again.labels, found.labels)


def test_other_numbers_of_groups_need_no_learning(world, found):
    frame, _, preprocessor = world
    other = found.regroup(4)
    assert other.n_clusters == 4
    assert other.embedding is found.embedding
    assert np.array_equal(found.regroup([2, 3, 4, 5]).labels, found.labels)
    shares = other.model.predict(preprocessor.transform(frame), verbose=0)
    np.testing.assert_allclose(shares, other.probabilities, atol=1e-4)


def test_the_table_of_clusters_counts_their_rows(found):
    table = found.frame()
    assert table["rows"].tolist() == np.bincount(found.labels).tolist()
    assert table["share"].sum() == pytest.approx(1)
    assert table["silhouette"].between(-1, 1).all()
    assert "3 clusters of 240 rows" in repr(found)


def test_what_is_learnt_is_recorded(found):
    assert found.history["epoch"].tolist() == list(range(1, 16))
    assert found.history["loss"].iloc[-1] < found.history["loss"].iloc[0]


def test_neighbours_are_the_nearest_other_rows():
    points = np.array([[0.0], [1.0], [1.1], [5.0], [5.0]])
    first, second = neighbours(points, 1)
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    assert (1, 2) in pairs
    assert (2, 1) in pairs
    assert {(3, 4), (4, 3)} <= pairs
    assert all(a != b for a, b in pairs)


def test_different_categories_are_one_apart_and_media_count_as_one_column():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"town": ["a", "b", "a", "c"], "picture": list(random.normal(size=(4, 6, 2)))})
    schema = Schema.infer(frame).with_roles(town="categorical", picture="sequence")
    preprocessor = preprocessing.fit(frame, schema, categorical="embedding")
    numbers = blocks(preprocessor.transform(frame), preprocessor)
    width = preprocessor.specs["town"].vocabulary_size
    towns, rest = numbers[:, :width], numbers[:, width:]
    assert np.linalg.norm(towns[0] - towns[1]) == pytest.approx(1)
    assert np.linalg.norm(towns[0] - towns[2]) == 0
    assert rest.var(axis=0).sum() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "dbscan"}, "method: expected one of 'deep', 'autoencoder', 'kmeans'"),
        ({"n_clusters": 1}, r"n_clusters: expected a whole number in \[2, 239\]"),
        ({"n_clusters": []}, "n_clusters: expected a number, or several"),
        ({"n_clusters": "ten"}, "n_clusters: expected a whole number"),
        ({"epochs": 0}, "epochs: expected a whole number"),
        ({"method": "kmeans", "units": (3,)}, "options: expected none for method 'kmeans', got 'units'"),
    ],
)
def test_what_cannot_be_is_refused(world, options, message):
    frame, _, preprocessor = world
    with pytest.raises(InputError, match=message):
        training.cluster(frame, preprocessor, **options)


@pytest.mark.parametrize("method", ["deep", "kmeans"])
def test_texts_in_order_have_no_distance(method):
    frame = pd.DataFrame({"words": ["red fox", "grey owl", "red owl"]})
    preprocessor = preprocessing.fit(frame, Schema.infer(frame).with_roles(words="text"))
    with pytest.raises(InputError, match="text column 'words': expected numbers, not ids in order"):
        training.cluster(frame, preprocessor, n_clusters=2, method=method)
