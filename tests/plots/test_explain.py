"""Pictures of networks and of what they look at: what is drawn is what was computed."""

import types

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from dltoolkit import explain, plots
from dltoolkit._checks import InputError
from dltoolkit.plots._palette import BLUE, VERMILION


def drawn(*rows, edges):
    layers = pd.DataFrame(rows, columns=["layer", "kind", "output", "parameters"])
    return types.SimpleNamespace(
        name="net", layers=layers, edges=edges, parameters=int(layers["parameters"].sum())
    )


CHAIN = drawn(
    ("features", "InputLayer", (30,), 0),
    ("hidden_1", "Dense", (128,), 3968),
    ("relu_1", "Activation", (128,), 0),
    ("dropout_1", "Dropout", (128,), 0),
    ("inner/wide", "Dense", (8,), 1032),
    ("inner/tall", "Dense", (4,), 36),
    ("answer", "Dense", (1,), 5),
    edges=(
        ("features", "hidden_1"), ("hidden_1", "relu_1"), ("relu_1", "dropout_1"), ("dropout_1", "inner/wide"),
        ("inner/wide", "inner/tall"), ("inner/tall", "answer"),
    ),
)  # fmt: skip


def test_a_box_holds_a_layer_with_what_follows_on_it_and_a_network_inside():
    written = [text.get_text() for text in plots.network(CHAIN).texts]
    assert written[0].split("\n") == ["features", "InputLayer: 30"]
    assert written[1].split("\n") == ["hidden_1", "Dense: 128, 3,968 par.", "+ activation, dropout"]
    assert written[2].split("\n") == ["inner", "network: 4, 1,068 par."]
    assert len(written) == 4
    opened = [text.get_text().split("\n")[0] for text in plots.network(CHAIN, nested=True).texts]
    assert opened == ["features", "hidden_1", "inner/wide", "inner/tall", "answer"]


def test_boxes_stand_below_what_they_read_and_branches_beside_each_other():
    two = drawn(
        ("a", "InputLayer", (3,), 0), ("b", "InputLayer", (3,), 0), ("left", "Dense", (4,), 16), ("right", "Dense", (4,), 16),
        ("both", "Concatenate", (8,), 0), edges=(("a", "left"), ("b", "right"), ("left", "both"), ("right", "both")),
    )  # fmt: skip
    places = {text.get_text().split("\n")[0]: text.get_position() for text in plots.network(two).texts}
    assert places["a"][1] == places["b"][1] < places["left"][1] == places["right"][1] < places["both"][1]
    assert places["left"][0] < places["both"][0] < places["right"][0]
    arrows = [p for p in plots.network(two).patches if type(p).__name__ == "FancyArrowPatch"]
    assert len(arrows) == 4


def test_a_keras_model_is_described_first():
    import keras

    x = keras.Input((30,), name="features")
    ax = plots.network(keras.Model(x, keras.layers.Dense(1, name="answer")(x), name="small"))
    assert ax.get_title() == "small: 31 parameters in 2 layers"


def test_importance_is_sorted_and_names_its_metric():
    losses = np.array([[0.1, 0.3], [0.5, 0.5], [0.0, 0.0]])
    ax = plots.importance(explain.Importance("log_loss", 0.4, losses, ("a", "b", "c"), 100))
    assert [bar.get_width() for bar in ax.patches] == [0.5, 0.2, 0.0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a", "c"]
    assert "log loss lost" in ax.get_xlabel()


def test_attributions_are_blue_for_and_vermilion_against():
    values = {"dense": np.array([[0.5, -1.0]])}
    found = explain.Attributions(
        values, values, ("a", "b"), np.array([0.7]), np.array([1.2]), ("yes",), pd.RangeIndex(1)
    )
    ax = plots.attributions(found)
    assert [(bar.get_width(), bar.get_facecolor()[:3]) for bar in ax.patches] == [
        (-1.0, to_rgb(VERMILION)),
        (0.5, to_rgb(BLUE)),
    ]
    assert ax.get_title() == "Score of yes: 0.7 (of the baseline: 1.2)"
    with pytest.raises(InputError, match=r"row: expected a whole number in \[0, 0\], got 1"):
        plots.attributions(found, row=1)


def test_every_word_of_a_text_is_written_in_its_order():
    found = explain.TokenAttributions(
        ("a", "good", "film"), np.array([0.0, 2.0, -1.0]), "yes", 1.0, "gradients"
    )
    ax = plots.tokens(found)
    assert [text.get_text() for text in ax.texts] == ["a", "good", "film"]
    depths = [text.get_bbox_patch().get_facecolor()[3] for text in ax.texts]
    assert depths[0] == 0 < depths[2] < depths[1]


def test_points_are_coloured_by_label():
    labels = pd.Series(["a", "b", "a"])
    projection = explain.Projection(np.arange(6.0).reshape(3, 2), "pca", 0.9, "hidden", labels, labels.index)
    ax = plots.embedding(projection)
    assert [len(points.get_offsets()) for points in ax.collections] == [2, 1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert "90% of the variance" in ax.get_title()


def test_the_strongest_maps_come_first_and_an_unknown_layer_is_named():
    maps = np.zeros((1, 4, 4, 3), "float32")
    maps[..., 2], maps[0, 0, 0, 1] = 1.0, 1.0
    found = explain.FeatureMaps({"first": maps}, {"first": (3.0, 3.0)}, pd.RangeIndex(1))
    image = plots.feature_maps(found).images[0].get_array()
    third = image.shape[1] // 3
    bright = [image[:, i * third : (i + 1) * third].mean() for i in range(3)]
    assert bright[0] > bright[1] > bright[2]
    with pytest.raises(
        InputError, match=r"layer: expected one of 'first', got 'frst'\. Did you mean 'first'"
    ):
        plots.feature_maps(found, layer="frst")
    with pytest.raises(InputError, match=r"row: expected a whole number in \[0, 0\], got 3"):
        plots.feature_maps(found, row=3)


def test_the_heat_is_laid_over_the_picture():
    heat = np.zeros((1, 4, 5), "float32")
    heat[0, 1, 2] = 1.0
    found = explain.Heatmaps(
        heat, np.ones((1, 4, 5, 1), "float32"), ("yes",), "last", (2, 2), pd.RangeIndex(1)
    )
    picture, laid = plots.heatmap(found).images
    assert picture.get_array().shape == laid.get_array().shape == (4, 5)
    np.testing.assert_array_equal(laid.get_array(), heat[0])
    with pytest.raises(InputError, match=r"row: expected a whole number in \[0, 0\], got 1"):
        plots.heatmap(found, row=1)
    plt.close("all")


def test_neighbours_are_named_with_their_label_and_cosine():
    rows = pd.DataFrame({"late": ["no", "yes", "no"]}, index=[7, 3, 5])
    found = explain.Neighbours(7, np.array([0.9, 0.5]), rows, None, "hidden", "late")
    ax = plots.neighbours(found)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["3 (yes)", "5 (no)"]
    assert [bar.get_width() for bar in ax.patches] == [0.9, 0.5]
    assert "asked: no" in ax.get_ylabel().replace("\n", " ")
