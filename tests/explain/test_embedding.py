"""Vectors of rows, their plane, and the rows that lie near."""

import keras
import numpy as np
import pytest

from dltoolkit import explain
from dltoolkit._checks import InputError


def test_the_vectors_are_what_enters_the_last_dense_layer(tables, table):
    run = tables["kind"]
    found = explain.embeddings(run, table)
    answer = run.model.get_layer("answer")
    logits = found.values @ answer.get_weights()[0] + answer.get_weights()[1]
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(share, run.outputs(table), rtol=1e-4)
    assert found.labels.equals(table["kind"])
    assert found.frame().shape == (120, 6)
    assert "next: explain.project" in repr(found)
    assert explain.embeddings(run, table.drop(columns="kind")).labels is None


def test_a_layer_with_places_gives_the_mean_over_them(pictures):
    found = explain.embeddings(pictures.run, pictures.frame, layer="second")
    maps = explain.feature_maps(pictures.run, pictures.frame, layer="second").maps["second"]
    np.testing.assert_allclose(found.values, maps.mean(axis=(1, 2)), rtol=1e-5)


def test_the_plane_of_pca_keeps_the_distances_of_what_lies_in_a_plane():
    random = np.random.default_rng(0)
    plane = random.normal(size=(50, 2)) @ random.normal(size=(2, 9))
    found = explain.Embeddings(plane.astype("float32"), "hidden", None, np.arange(50))
    shown = explain.project(found)
    assert shown.explained == pytest.approx(1, abs=1e-6)
    apart = np.linalg.norm(plane[:, None] - plane, axis=-1)
    np.testing.assert_allclose(
        np.linalg.norm(shown.points[:, None] - shown.points, axis=-1), apart, rtol=1e-4, atol=1e-4
    )
    assert list(shown.frame()) == ["x", "y"]


def test_tsne_keeps_neighbours_together_and_repeats():
    random = np.random.default_rng(0)
    groups = np.repeat([0, 1], 20)
    values = (random.normal(size=(40, 5)) + 20 * groups[:, None]).astype("float32")
    found = explain.Embeddings(values, "hidden", None, np.arange(40))
    first, same = (explain.project(found, "tsne", seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.points, same.points)
    middles = [first.points[groups == g].mean(axis=0) for g in (0, 1)]
    own = [np.linalg.norm(first.points[groups == g] - middles[g], axis=1).max() for g in (0, 1)]
    assert np.linalg.norm(middles[0] - middles[1]) > max(own)
    assert np.isnan(first.explained)
    assert "next: plots.embedding" in repr(first)


def test_neighbours_are_those_of_the_largest_cosine(tables, table):
    run = tables["late"]
    found = explain.nearest(run, table, 17, k=4)
    values = explain.embeddings(run, table).values
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    cosine = unit @ unit[17]
    cosine[17] = -2
    assert found.frame().index.tolist() == np.argsort(-cosine)[:4].tolist()
    np.testing.assert_allclose(found.similarity, np.sort(cosine)[::-1][:4], rtol=1e-5)
    assert found.pictures is None and found.target == "late"
    new = explain.nearest(run, table, table.iloc[[17]].set_axis(["new"]), k=1)
    assert new.frame().index.tolist() == [17]
    assert new.similarity[0] == pytest.approx(1, abs=1e-5)
    assert "next: plots.neighbours" in repr(new)


def test_neighbours_of_a_picture_come_with_their_pictures(pictures):
    found = explain.nearest(pictures.run, pictures.frame, 0, k=3)
    assert found.pictures.shape == (4, 12, 16, 1)


def test_bad_input_is_named(tables, table):
    run = tables["late"]
    with pytest.raises(InputError, match=r"row: rows: expected labels of the frame's index, got 999"):
        explain.nearest(run, table, 999)
    with pytest.raises(
        InputError, match=r"row: expected an index label, or a frame with one row, got a frame with 2"
    ):
        explain.nearest(run, table, table.head(2))
    with pytest.raises(InputError, match=r"k: expected a whole number in \[1, 119\], got 120"):
        explain.nearest(run, table, 0, k=120)
    with pytest.raises(
        InputError, match=r"layer: expected the name of a fitting layer, got 'hiden_1'.*'hidden_1'"
    ):
        explain.embeddings(run, table, "hiden_1")
    with pytest.raises(InputError, match=r"embeddings: expected 3 rows or more, got 2"):
        explain.project(explain.embeddings(run, table.head(2)))
    with pytest.raises(InputError, match=r"method: expected one of 'pca', 'tsne', got 'umap'"):
        explain.project(explain.embeddings(run, table), "umap")
    many = explain.Embeddings(np.zeros((5001, 2)), "hidden", None, np.arange(5001))
    with pytest.raises(
        InputError, match=r"embeddings: expected at most 5,000 rows for t-SNE, got 5,001\. Take a sample"
    ):
        explain.project(many, "tsne")
    x = keras.Input((4,))
    with pytest.raises(
        InputError, match=r"source: expected a network with a dense layer, got one without any"
    ):
        explain.embeddings(keras.Model(x, keras.ops.sum(x, axis=1)), np.zeros((3, 4)))
