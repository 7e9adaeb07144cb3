"""What a frozen body makes of each row is made once: the rest of the network then trains in seconds."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._keras import keras, tf
from dltoolkit.preprocessing import FeatureSpec, Preprocessor
from dltoolkit.preprocessing._dataset import batches
from dltoolkit.problem import Problem

BATCH = 64  # rows that go through the body at once; larger ones are no faster on a CPU and need memory
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
    rest = _again(keras.Model(tensors, model.output), inputs)
    head = keras.Model({t.name: t for t in inputs}, rest.output, name=model.name)
    return Cut(keras.Model(model.input, tensors), head)


def behind_frozen(
    model: keras.Model, preprocessor: Preprocessor, augment: Any
) -> tuple[keras.Model, "Preprocessor | Vectors"]:
    """What there is to train of a network, and what feeds it.

    Args:
        model: The network.
        preprocessor: Gives its features.
        augment: What is varied; then rows are never the same twice, and nothing can be made once.

    Returns:
        tuple: The part behind a frozen body and the body's vectors; the two arguments where nothing is frozen.
    """
    parts = cut(model) if _by_name(model) and augment is None else None
    return (model, preprocessor) if parts is None else (parts.head, Vectors(preprocessor, parts))


def _again(model: keras.Model, inputs: Any) -> keras.Model:
    """The same layers, called on other inputs."""
    return keras.models.clone_model(model, input_tensors=inputs, clone_function=lambda layer: layer)


def nodes(model: keras.Model) -> Iterator[Any]:
    """The calls of layers and operations, each after those that it needs."""
    depths = model._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        yield from depths[depth]


def _is_fixed(operation: Any) -> bool:
    """Whether a layer or operation gives the same answer before and after every update."""
    if getattr(operation, "trainable_weights", ()):
        return False
    inside = operation._flatten_layers() if isinstance(operation, keras.layers.Layer) else ()
    return not any(isinstance(layer, _RANDOM) and getattr(layer, "rate", 1) for layer in inside)


class Passage:
    """Takes rows through a network in blocks; texts of about one length together, without the padding behind them.

    Args:
        model: A functional network with inputs by name.
        preprocessor: Gives its features.
    """

    def __init__(self, model: keras.Model, preprocessor: Preprocessor) -> None:
        self._preprocessor = preprocessor
        self.texts = _texts(model, preprocessor)
        self._model = _any_length(model, self.texts)

    def answers(self, frame: pd.DataFrame) -> list[np.ndarray]:
        """Raw rows in, at least one; what each output of the network says about them, ``(n, ...)``."""
        found: list[np.ndarray] = []
        for rows, features in self._blocks(frame):
            answers = self._model(features, training=False)
            answers = answers if isinstance(answers, (list, tuple)) else [answers]
            values = [keras.ops.convert_to_numpy(answer) for answer in answers]
            found = found or [np.empty((len(frame), *v.shape[1:]), v.dtype) for v in values]
            for whole, part in zip(found, values, strict=True):
                whole[rows] = part
        return found

    def _blocks(self, frame: pd.DataFrame) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
        """Positions of some rows and their features."""
        if not self.texts:
            start = 0
            for features in self._preprocessor.dataset(frame, BATCH, cache="none"):
                n = len(next(iter(features.values())))
                yield np.arange(start, start + n), features
                start += n
            return
        features = self._preprocessor.transform(frame)
        lengths = np.max([(features[name] != 0).sum(axis=1) for name in self.texts], axis=0)
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            longest = max(1, int(lengths[rows].max()))
            part = {name: values[rows] for name, values in features.items()}
            yield rows, {**part, **{name: part[name][:, :longest] for name in self.texts}}


def by_length(model: keras.Model, preprocessor: Preprocessor, frame: pd.DataFrame) -> np.ndarray | None:
    """A network's answers, texts of about one length together: several times faster where a body reads them.

    Args:
        model: The network.
        preprocessor: Gives its features.
        frame: Raw rows, at least one.

    Returns:
        numpy.ndarray or None: ``(n, units)``; None where no part of the network takes texts of any length.
    """
    if not _by_name(model) or not any(spec.role == "text" for spec in preprocessor.specs.values()):
        return None
    passage = Passage(model, preprocessor)
    return passage.answers(frame)[0] if passage.texts else None


def _by_name(model: keras.Model) -> bool:
    return isinstance(getattr(model, "input", None), dict) and hasattr(model, "_nodes_by_depth")


class Vectors:
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

    def dataset(
        self,
        frame: pd.DataFrame,
        batch_size: int = 256,
        *,
        problem: Problem,
        shuffle: bool = False,
        weights: np.ndarray | None = None,
        augment: Any = None,
        seed: int = 0,
    ) -> tf.data.Dataset:
        """Batches of vectors and targets, as `Preprocessor.dataset` gives those of features."""
        parts: list[Any] = [self.transform(frame), problem.encode(frame)]
        if weights is not None:
            parts.append(np.asarray(weights, "float32"))
        return batches(tuple(parts), len(frame), batch_size, shuffle=shuffle, seed=seed)


def _texts(body: keras.Model, preprocessor: Preprocessor) -> list[str]:
    """The texts that are read by nothing but networks which take any length."""
    readers: dict[int, list[Any]] = {}
    for node in nodes(body):
        for tensor in node.input_tensors:
            readers.setdefault(id(tensor), []).append(node.operation)
    texts = [name for name, spec in preprocessor.specs.items() if spec.role == "text"]
    return [n for n in texts if all(_takes_any_length(o) for o in readers.get(id(body.input[n]), [None]))]


def _takes_any_length(operation: Any) -> bool:
    return isinstance(operation, keras.Model) and operation.input_shape == (None, None)


def _any_length(body: keras.Model, texts: list[str]) -> keras.Model:
    """The body with texts of any length as inputs."""
    if not texts:
        return body
    inputs = {
        name: keras.Input((None,) if name in texts else t.shape[1:], dtype=t.dtype, name=name)
        for name, t in body.input.items()
    }
    return _again(body, inputs)
