"""What a frozen body makes of each row is made once: the rest of the network then trains in seconds."""

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._keras import keras
from dltoolkit.preprocessing import FeatureSpec, Preprocessor
from dltoolkit.training._lengths import (
    Held,
    Passage,
    Trimmed,
    again,
    any_length,
    by_name,
    nodes,
    readable_by_length,
)

VECTOR = "vector"
_RANDOM = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.GaussianNoise,
    keras.layers.GaussianDropout,
)


@dataclasses.dataclass(frozen=True)
class Cut:
    """A network in two: what training cannot change, and the rest.

    Attributes:
        body: The network's inputs in; what the head reads out, by name.
        head: That in; the network's answer out. It shares its layers with the network.
    """

    body: keras.Model
    head: keras.Model


def cut(model: keras.Model) -> Cut | None:
    """Cut a network behind what is frozen.

    Args:
        model: A functional network with inputs by name.

    Returns:
        Cut or None: None where less is frozen than is learnt (a table of constants is no body), or nothing is left to
        learn.
    """
    fixed = {id(tensor) for tensor in model.inputs}
    border: dict[int, Any] = {}
    weights = 0
    for node in nodes(model):
        came = list(node.input_tensors)
        if came and _is_fixed(node.operation) and all(id(t) in fixed for t in came):
            fixed |= {id(t) for t in node.output_tensors}
            weights += sum(math.prod(w.shape) for w in getattr(node.operation, "weights", ()))
        elif came:
            border |= {id(t): t for t in came if id(t) in fixed}
    learnt = sum(math.prod(w.shape) for w in model.trainable_weights)
    if not learnt or weights <= learnt or id(model.output) in fixed:
        return None
    tensors = list(border.values())
    inputs = [keras.Input(t.shape[1:], dtype=t.dtype, name=f"{VECTOR}_{i}") for i, t in enumerate(tensors)]
    rest = again(keras.Model(tensors, model.output), inputs)
    head = keras.Model({t.name: t for t in inputs}, rest.output, name=model.name)
    return Cut(keras.Model(model.input, tensors), head)


def behind_frozen(
    model: keras.Model, preprocessor: Preprocessor, augment: Any
) -> tuple[keras.Model, "Preprocessor | Vectors | Trimmed"]:
    """What there is to train of a network, and what feeds it: nothing is computed twice, or for padding.

    Args:
        model: The network.
        preprocessor: Gives its features.
        augment: What is varied; then rows are never the same twice, and nothing can be made once.

    Returns:
        tuple: The part behind a frozen body and the body's vectors; where nothing is frozen, a network that takes
            texts of any length, and batches of such; the two arguments where that does not fit either.
    """
    if not by_name(model) or augment is not None:
        return model, preprocessor
    parts = cut(model)
    if parts is not None:
        return parts.head, Vectors(preprocessor, parts)
    texts = readable_by_length(model, preprocessor)
    return (any_length(model, texts), Trimmed(preprocessor, texts)) if texts else (model, preprocessor)


def _is_fixed(operation: Any) -> bool:
    """Whether a layer or operation gives the same answer before and after every update."""
    if getattr(operation, "trainable_weights", ()):
        return False
    inside = operation._flatten_layers() if isinstance(operation, keras.layers.Layer) else ()
    return not any(isinstance(layer, _RANDOM) and getattr(layer, "rate", 1) for layer in inside)


class Vectors(Held):
    """Stands where a `Preprocessor` stands, and gives what a body makes of its features.

    Args:
        preprocessor: Gives the body's inputs.
        parts: From `cut`.
    """

    def __init__(self, preprocessor: Preprocessor, parts: Cut) -> None:
        self._passage = Passage(parts.body, preprocessor)
        self.media: dict[str, str] = {}
        self.target_statistics = preprocessor.target_statistics
        self.specs = {
            name: FeatureSpec(tuple(t.shape[1:]), str(t.dtype), None, "table")
            for name, t in parts.head.input.items()
        }

    def transform(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Raw rows in; float32 ``(n, *shape)`` for each of `specs` out."""
        return dict(zip(self.specs, self._passage.answers(frame), strict=True))
