"""Feature maps, filters and heat maps of a network whose filters were set by hand."""

import keras
import numpy as np
import pytest

from dltoolkit import explain
from dltoolkit._checks import InputError

L = keras.layers


def test_maps_are_what_keras_computes_behind_each_convolution_and_its_activation(pictures):
    found = explain.feature_maps(pictures.run, pictures.frame.head(4))
    model = pictures.run.model
    inner = keras.Model(model.inputs, [model.get_layer(n).output for n in ("bend", "second")])
    expected = inner.predict(pictures.run.preprocessor.transform(pictures.frame.head(4)), verbose=0)
    assert list(found.maps) == ["bend", "second"]
    for name, values in zip(found.maps, expected, strict=True):
        np.testing.assert_allclose(found.maps[name], values, rtol=1e-5)
    table = found.frame().set_index("layer")
    assert table["sees"].tolist() == [(3.0, 3.0), (5.0, 5.0)]
    assert table["places"].tolist() == [(12, 16)] * 2
    assert (table["silent"] == 0).all()
    assert "2 layers, 4 maps; next: plots.feature_maps" in repr(found)


def test_maps_inside_a_network_inside_are_reached(pictures):
    x = keras.Input((12, 16, 1), name="picture")
    body = pictures.run.model
    model = keras.Model(x, L.Rescaling(2.0)(body(x)))
    features = pictures.run.preprocessor.transform(pictures.frame.head(2))["picture"]
    found = explain.feature_maps(model, features, layer="second")
    assert list(found.maps) == ["cnn/second"]
    alone = explain.feature_maps(body, features, layer="second").maps["second"]
    np.testing.assert_array_equal(found.maps["cnn/second"], alone)


def test_filters_are_the_kernels(pictures):
    found = explain.filters(pictures.run)
    assert (found.layer, found.values.shape) == ("first", (3, 3, 1, 2))
    assert found.frame()["norm"].tolist() == pytest.approx([1 / 3, 1.0])
    x = keras.Input((8, 8, 3))
    deep = keras.Model(x, L.DepthwiseConv2D(3, name="deep", depth_multiplier=2)(x))
    assert explain.filters(deep).values.shape == (3, 3, 1, 6)
    assert explain.filters(pictures.run, "second").values.shape == (3, 3, 2, 2)


def test_the_heat_lies_on_the_square_that_the_filter_lights_up_on(pictures):
    heat = explain.grad_cam(pictures.run, pictures.frame, layer="second")
    assert heat.heat.shape == (40, 12, 16)
    assert heat.pictures.shape == (40, 12, 16, 1)
    assert heat.heat.min() >= 0 and heat.heat.max() == pytest.approx(1)
    lit = heat.pictures[..., 0] > 0
    assert all(np.average(lit[i], weights=heat.heat[i]) > 0.6 for i in range(40))
    assert set(heat.targets) == {"right"}
    assert "next: plots.heatmap" in repr(heat)


def test_grad_cam_is_the_papers_formula(pictures):
    """Weights: mean gradients of the logit. With a mean pool in front of the answer they are its weights over places."""
    x = keras.Input((6, 6, 1), name="picture")
    y = L.Conv2D(3, 3, padding="same", activation="relu", name="maps")(x)
    model = keras.Model(x, L.Dense(4, "softmax", name="answer")(L.GlobalAveragePooling2D()(y)))
    pixels = np.random.default_rng(0).random((5, 6, 6, 1)).astype("float32")
    found = explain.grad_cam(model, pixels, target=2)
    maps = explain.feature_maps(model, pixels).maps["maps"]
    weights = model.get_layer("answer").get_weights()[0][:, 2] / 36
    expected = np.maximum((maps * weights).sum(-1), 0)
    top = expected.max(axis=(1, 2), keepdims=True)
    expected = np.divide(expected, top, out=np.zeros_like(expected), where=top > 0)
    np.testing.assert_allclose(found.heat, expected, atol=1e-5)
    assert found.frame()["target"].tolist() == ["unit 2"] * 5


def test_heat_is_stretched_to_the_picture_and_sounds_have_one_axis():
    x = keras.Input((16, 3), name="series")
    y = L.Conv1D(4, 3, strides=4, padding="same", activation="relu", name="maps")(x)
    model = keras.Model(x, L.Dense(2, "softmax")(L.GlobalMaxPooling1D()(y)))
    found = explain.grad_cam(model, np.random.default_rng(0).random((2, 16, 3)).astype("float32"))
    assert found.heat.shape == (2, 16)
    assert found.size == (4,)
    assert len(found.frame()) == 2


def test_networks_without_convolutions_are_told_what_fits(tables, table, pictures):
    for call in (explain.grad_cam, explain.feature_maps):
        with pytest.raises(
            InputError, match=r"source: expected a network with convolutions, got one without any.*'cnn'"
        ):
            call(tables["late"], table.head(2))
    with pytest.raises(InputError, match="expected a network with convolutions"):
        explain.filters(tables["late"])
    with pytest.raises(
        InputError, match=r"layer: expected the name of a fitting layer, got 'secnd'.*'second'"
    ):
        explain.grad_cam(pictures.run, pictures.frame.head(1), layer="secnd")
    with pytest.raises(InputError, match=r"layer: .* got 'answer', which does not fit"):
        explain.grad_cam(pictures.run, pictures.frame.head(1), layer="answer")
    with pytest.raises(InputError, match=r"layer: .* got 'bend', which does not fit"):
        explain.filters(pictures.run, "bend")
