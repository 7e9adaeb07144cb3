"""From the feature of a picture back to the pixels that a pretrained body was trained on."""

import numpy as np

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.preprocessing._media_plan import ImagePlan

ops = keras.ops
COLOURS = 3


def as_pixels(plan: ImagePlan, size: tuple[int, int], name: str) -> keras.Model:
    """A small model that undoes what preprocessing did to the values, and brings pictures to the body's size.

    Args:
        plan: What preprocessing learnt about the column.
        size: ``(height, width)`` of the body.
        name: The model's name.

    Returns:
        keras.Model: The feature in; float32 ``(n, height, width, 3)``, values 0..255, out; grey pictures have the same
        value in each channel.

    Raises:
        InputError: If the feature holds nothing but edges.
    """
    if plan.edges == "only":
        cure = "Fit the preprocessing with image=preprocessing.ImageOptions()."
        stop([complaint(f"column {plan.column!r}", "pixels", "the strength of edges alone", cure)])
    feature = keras.Input(plan.feature[0])
    x = feature[..., : plan.channels] if plan.edges == "append" else feature
    x = x / np.array(plan.scale, "float32") + np.array(plan.centre, "float32")
    x = ops.concatenate([x] * COLOURS, axis=-1) if plan.channels == 1 else x
    if (plan.height, plan.width) != tuple(size):
        x = keras.layers.Resizing(*size, interpolation="bilinear", name="resized")(x)
    return keras.Model(feature, x, name=name)
