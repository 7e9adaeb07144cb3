"""Texts of about one length go through a network together: nothing is computed for the padding behind them."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._keras import keras, tf
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.problem import Problem

BATCH = 64  # rows that go through a network at once; larger ones are no faster on a CPU and need memory


class Passage:
    """Takes rows through a network in blocks; texts of about one length together, without the padding behind them.

    Args:
        model: A functional network with inputs by name.
        preprocessor: Gives its features.
    """

    def __init__(self, model: keras.Model, preprocessor: Preprocessor) -> None:
        self._preprocessor = preprocessor
        self.texts = readable_by_length(model, preprocessor)
        self._model = any_length(model, self.texts)

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
        lengths = _lengths(features, self.texts)
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
    if not by_name(model) or not any(spec.role == "text" for spec in preprocessor.specs.values()):
        return None
    passage = Passage(model, preprocessor)
    return passage.answers(frame)[0] if passage.texts else None


class Held:
    """Stands where a `Preprocessor` stands: its batches are gathered from what `transform` gives, in memory."""

    def transform(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Raw rows in, features out, ``(n, ...)`` each."""
        raise NotImplementedError

    def lengths(self, features: dict[str, np.ndarray]) -> np.ndarray | None:
        """A length of each row, int64 ``(n,)``, where rows of about one length share a batch; None where any may."""
        return None

    def _feed(
        self,
        frame: pd.DataFrame,
        batch_size: int = 256,
        *,
        problem: Problem,
        shuffle: bool = False,
        weights: np.ndarray | None = None,
        augment: Any = None,
        seed: int = 0,
    ) -> Feed:
        """Features and targets in batches, as `Preprocessor._feed` gives them; nothing is varied."""
        features = self.transform(frame)
        parts: list[Any] = [features, problem.encode(frame)]
        if weights is not None:
            parts.append(np.asarray(weights, "float32"))
        alike = self.lengths(features)
        return Feed(tuple(parts), len(frame), batch_size, shuffle=shuffle, seed=seed, alike=alike)

    def dataset(self, *given: Any, **options: Any) -> tf.data.Dataset:
        """Batches of features and targets, as `Preprocessor.dataset` gives them."""
        return self._feed(*given, **options).dataset()


class Trimmed(Held):
    """Training batches of texts of about one length, without the padding behind them.

    Args:
        preprocessor: Gives the features.
        texts: Names of the texts among them.
    """

    def __init__(self, preprocessor: Preprocessor, texts: list[str]) -> None:
        self._preprocessor, self._texts = preprocessor, texts
        self.media = preprocessor.media
        self.specs = preprocessor.specs
        self.target_statistics = preprocessor.target_statistics

    def transform(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Those of the preprocessor."""
        return self._preprocessor.transform(frame)

    def lengths(self, features: dict[str, np.ndarray]) -> np.ndarray:
        """How long the longest text of each row is."""
        return _lengths(features, self._texts)

    def _feed(self, *given: Any, **options: Any) -> Feed:
        """As of `Held._feed`, with texts as long as the longest of the batch."""
        return dataclasses.replace(super()._feed(*given, **options), finish=self._trimmed)

    def _trimmed(self, features: dict[str, tf.Tensor], *rest: tf.Tensor) -> tuple[Any, ...]:
        kept = dict(features)
        used = tf.reduce_max([_used(kept[name]) for name in self._texts])
        for name in self._texts:
            kept[name] = kept[name][:, :used]
        return (kept, *rest)


def by_name(model: keras.Model) -> bool:
    """Whether a network takes its inputs by name, and its calls are known."""
    return isinstance(getattr(model, "input", None), dict) and hasattr(model, "_nodes_by_depth")


def again(model: keras.Model, inputs: Any) -> keras.Model:
    """The same layers, called on other inputs."""
    return keras.models.clone_model(model, input_tensors=inputs, clone_function=lambda layer: layer)


def nodes(model: keras.Model) -> Iterator[Any]:
    """The calls of layers and operations, each after those that it needs."""
    depths = model._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        yield from depths[depth]


def readable_by_length(model: keras.Model, preprocessor: Preprocessor) -> list[str]:
    """The texts that are read by nothing but networks which take any length.

    Args:
        model: A functional network with inputs by name.
        preprocessor: Names its texts.

    Returns:
        list: Names of features.
    """
    readers: dict[int, list[Any]] = {}
    for node in nodes(model):
        for tensor in node.input_tensors:
            readers.setdefault(id(tensor), []).append(node.operation)
    texts = [name for name, spec in preprocessor.specs.items() if spec.role == "text"]
    return [n for n in texts if all(_takes_any_length(o) for o in readers.get(id(model.input[n]), [None]))]


def _takes_any_length(operation: Any) -> bool:
    return isinstance(operation, keras.Model) and operation.input_shape == (None, None)


def any_length(body: keras.Model, texts: list[str]) -> keras.Model:
    """The body with texts of any length as inputs."""
    if not texts:
        return body
    inputs = {
        name: keras.Input((None,) if name in texts else t.shape[1:], dtype=t.dtype, name=name)
        for name, t in body.input.items()
    }
    return again(body, inputs)


def _lengths(features: dict[str, np.ndarray], texts: list[str]) -> np.ndarray:
    """How much of the longest text of each row is no padding, int64 ``(n,)``."""
    return np.max([(features[name] != 0).sum(axis=1) for name in texts], axis=0)


def _used(ids: tf.Tensor) -> tf.Tensor:
    """Length of the longest text, at least 1."""
    return tf.maximum(tf.reduce_max(tf.math.count_nonzero(ids, axis=1)), 1)
