"""Where a training broke: the batch, its rows, and the first layer whose numbers are not finite."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import listed
from dltoolkit._keras import keras, tf
from dltoolkit.training._course import Course
from dltoolkit.training._lengths import nodes


class Start(keras.callbacks.Callback):
    """Keeps the state of model and optimizer at the beginning of the epoch under way.

    Args:
        model: The network as it is trained, compiled.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.epoch = 0
        self._network, self._values = model, _values(model)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """A new epoch."""
        self.epoch, self._values = epoch, _values(self._network)

    def restore(self) -> None:
        """Put model and optimizer back to where the epoch began."""
        for variable, value in zip(_variables(self._network), self._values, strict=False):
            variable.assign(value)


@dataclasses.dataclass(frozen=True)
class Break:
    """Where a training broke.

    Attributes:
        epoch: From 1.
        batch: From 1.
        rows: Positions of the batch's rows in the training part.
        what: What is not finite, and why as far as it can be told; a clause.
    """

    epoch: int
    batch: int
    rows: np.ndarray
    what: str


def find_break(course: Course, start: Start) -> Break | None:
    """Train the broken epoch once more, batch by batch, up to the first loss that is not finite.

    Afterwards the network holds the weights that it had before that batch.

    Args:
        course: The training.
        start: The state at the beginning of the epoch.

    Returns:
        Break or None: None when the epoch goes well this time, as it may where sums are taken in another order.
    """
    batch = _first_bad(course, start)
    if batch is None:
        return None
    _again(course, start, batch)
    feed, epoch = course.feed, tf.constant(start.epoch, tf.int64)
    rows = feed.order(epoch).numpy()[batch * feed.batch_size : (batch + 1) * feed.batch_size]
    for number, parts in enumerate(_batches(course, start)):
        if number == batch:
            return Break(start.epoch + 1, batch + 1, rows, _what(course.model, parts))
    return None


def _first_bad(course: Course, start: Start) -> int | None:
    start.restore()
    for number, parts in enumerate(_batches(course, start)):
        if not np.isfinite(_train_on(course.model, parts)):
            return number
    return None


def _again(course: Course, start: Start, updates: int) -> None:
    """The first so many updates of the epoch."""
    start.restore()
    for number, parts in enumerate(_batches(course, start)):
        if number == updates:
            return
        _train_on(course.model, parts)


def _batches(course: Course, start: Start) -> tf.data.Dataset:
    return course.feed.dataset(tf.data.Dataset.from_tensors(tf.constant(start.epoch, tf.int64)))


def _train_on(model: keras.Model, parts: Any) -> float:
    x, y, *weights = tf.nest.map_structure(np.asarray, parts)  # JAX takes no tensors of TensorFlow
    return float(model.train_on_batch(x, y, *weights, return_dict=True)["loss"])


def _what(model: keras.Model, parts: Any) -> str:
    features = parts[0] if isinstance(parts[0], dict) else {"input": parts[0]}
    for name, values in features.items():
        if not _finite(values):
            return f"the feature {name!r} holds NaN or infinite values"
    for layer in model.layers:
        if not all(_finite(weight) for weight in layer.weights):
            return f"weights of the layer {layer.name!r} are not finite since the update before"
    if not hasattr(model, "inputs"):
        return "the network does not tell its layers' answers"
    for layer, answer, largest in _answers(model, parts[0]):
        if not _finite(answer):
            return f"the first layer whose answer is not finite is {layer!r}; the largest number that it got was {largest:.3g}"
    sizes = {
        w.path: float(np.abs(keras.ops.convert_to_numpy(w)).max()) for w in model.trainable_weights if w.shape
    }
    largest = max(sizes, key=sizes.__getitem__)
    return (
        "every layer's answer is finite, so it is the loss itself that is not; the largest weight is "
        f"{sizes[largest]:.3g}, in {largest!r}"
    )


def _answers(model: keras.Model, features: Any) -> Any:
    """Each layer's or operation's answer in the order of the calls, with the largest number that went in."""
    model = getattr(model, "_functional", model)  # a Sequential keeps its graph there
    calls = [node for node in nodes(model) if node.input_tensors]
    tensors = [tensor for node in calls for tensor in (node.input_tensors[0], node.output_tensors[0])]
    found = keras.Model(model.input, tensors)(features, training=True)
    for node, came, went in zip(calls, found[0::2], found[1::2], strict=True):
        yield (
            node.operation.name,
            went,
            float(np.abs(keras.ops.convert_to_numpy(came)).astype("float64").max()),
        )


def _finite(values: Any) -> bool:
    array = keras.ops.convert_to_numpy(values)
    return array.dtype.kind not in "fV" or bool(np.isfinite(array.astype("float64")).all())


def _variables(model: keras.Model) -> list[Any]:
    return [*model.variables, *model.optimizer.variables]


def _values(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable) for variable in _variables(model)]


def told(found: Break | None, epoch: int, labels: pd.Index, rate: float) -> str:
    """The sentences for the user.

    Args:
        found: From `find_break`.
        epoch: The broken epoch, from 1.
        labels: The index of the training part.
        rate: The learning rate as it was asked for.
    """
    cure = f"Training diverged at a learning rate of {rate:g}. Try a tenth of it, or look for extreme values with data.audit."
    if found is None:
        return f"The loss became NaN or infinite in epoch {epoch}. {cure}"
    rows = listed(labels[found.rows].tolist(), 3)
    return f"The loss became NaN or infinite in epoch {found.epoch}, batch {found.batch} (row {rows}): {found.what}. {cure}"
