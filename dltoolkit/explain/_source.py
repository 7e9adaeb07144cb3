"""What is explained: a run, a bundle or a bare network, with its rows as features; and the score of a class."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_frame, closest, complaint, stop
from dltoolkit._keras import keras, tf
from dltoolkit.models._walk import check_network
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

BLOCK = 256  # rows that go through a network at once
EPSILON = 1e-7  # probabilities are kept this far from 0 and 1 before their log odds are taken, as Keras does in its losses


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """A network and its features.

    Attributes:
        network: Features in, answers out.
        features: Array of each input by its name, ``n`` rows each.
        index: Labels of the rows.
        preprocessor: What made the features; None of a bare network.
        problem: What is answered; None of a bare network.
        frame: The raw rows; None of a bare network.
    """

    network: keras.Model
    features: dict[str, np.ndarray]
    index: pd.Index
    preprocessor: Preprocessor | None = None
    problem: Problem | None = None
    frame: pd.DataFrame | None = None

    def blocks(self) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
        """The features, some rows at a time."""
        for start in range(0, len(self.index), BLOCK):
            rows = slice(start, start + BLOCK)
            yield rows, {name: values[rows] for name, values in self.features.items()}


def opened(source: Any, rows: Any) -> Source:
    """A run or bundle with raw rows, or a ``keras.Model`` with its features, as one thing.

    Raises:
        InputError: If `source` is neither, or `rows` do not go with it.
    """
    if isinstance(source, keras.Model):
        features = _as_features(check_network(source), rows)
        return Source(source, features, pd.RangeIndex(len(next(iter(features.values())))))
    network, preprocessor = network_of(source), source.preprocessor
    frame = check_frame(rows, "rows")
    cleaning = getattr(source, "cleaning", None)
    features = preprocessor.transform(cleaning.apply(frame) if cleaning is not None else frame)
    return Source(network, features, frame.index, preprocessor, source.problem, frame)


def network_of(source: Any) -> keras.Model:
    """The network of a run, of a bundle, or itself.

    Raises:
        InputError: If it is none of them.
    """
    network = source if isinstance(source, keras.Model) else getattr(source, "network", None)
    network = network or getattr(source, "model", None)
    whole = all(hasattr(source, name) for name in ("preprocessor", "problem")) or network is source
    if not isinstance(network, keras.Model) or not whole:
        expected = "a run, a bundle, or a keras.Model with its features"
        cure = "training.fit gives a run; deployment.load a bundle."
        stop([complaint("source", expected, type(source).__name__, cure)])
    return check_network(network)


def _as_features(network: keras.Model, rows: Any) -> dict[str, np.ndarray]:
    """Features by the names of a network's inputs."""
    names = [tensor.name for tensor in network.inputs]
    if isinstance(rows, pd.DataFrame):
        cure = "Give the run, or run.preprocessor.transform(rows)."
        stop([complaint("rows", "features, as the source is a bare network", "a DataFrame", cure)])
    given = dict(rows) if isinstance(rows, Mapping) else {names[0]: rows}
    missing = [name for name in names if name not in given]
    if missing:
        stop([complaint("rows", f"an array for each input {names}", f"none for {missing}")])
    features = {name: np.asarray(given[name]) for name in names}
    if len({len(values) for values in features.values()}) != 1 or not len(next(iter(features.values()))):
        got = str({name: values.shape for name, values in features.items()})
        stop([complaint("rows", "as many rows of each feature, and at least one", got)])
    return features


def units_of(source: Source, target: Any, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Which unit of the answer is explained in each row, its sign, and its name.

    Args:
        source: The network and what it answers.
        target: A class label, the number of a unit, or None: the most probable class; the positive class of a binary
            problem; the amount of a regression.
        outputs: Answers ``(n, units)``.

    Returns:
        tuple: Unit of each row int64 ``(n,)``; 1 or -1 (the negative class of a binary problem) ``(n,)``; names.

    Raises:
        InputError: If there is no such class or unit.
    """
    n, units = outputs.shape
    classes = [str(c) for c in source.problem.classes] if source.problem is not None else []
    binary = units == 1 and len(classes) == 2
    if target is None:
        chosen = outputs.argmax(axis=1) if units > 1 and _has_classes(source) else np.zeros(n, int)
        chosen = chosen + 1 if binary else chosen
    else:
        chosen = np.full(n, _chosen(target, classes, len(classes) if binary else units))
    names = [classes[c] if c < len(classes) else f"unit {c}" for c in chosen]
    names = [source.problem.targets[0]] * n if source.problem is not None and not classes else names
    return (np.zeros(n, int), 2 * chosen - 1, names) if binary else (chosen, np.ones(n, int), names)


def _has_classes(source: Source) -> bool:
    return source.problem is None or source.problem.kind in ("multiclass", "multilabel")


def _chosen(target: Any, classes: list[str], units: int) -> int:
    if str(target) in classes and not isinstance(target, (int, np.integer)):
        return classes.index(str(target))
    if isinstance(target, (int, np.integer)) and not isinstance(target, bool) and 0 <= target < units:
        return int(target)
    expected = f"one of the classes, or a number from 0 to {units - 1}"
    return stop([complaint("target", expected, repr(target), closest(target, classes) if classes else "")])  # type: ignore[return-value, func-returns-value]


def logits(source: Source, output: Any) -> Any:
    """The answer before its last activation, float ``(n, units)``: log odds where probabilities come out.

    Of a layer's softmax or sigmoid Keras keeps what went in; behind an average of several answers the log odds of the
    probability are taken.
    """
    output = keras.ops.reshape(output, (len(output), -1)) if not hasattr(output, "_keras_logits") else output
    kept = getattr(output, "_keras_logits", None)
    if kept is not None:
        return kept
    if source.problem is None or source.problem.kind == "regression":
        return output
    p = tf.clip_by_value(output, EPSILON, 1 - EPSILON)
    return tf.math.log(p) if source.problem.kind == "multiclass" else tf.math.log(p) - tf.math.log1p(-p)


def log_odds(scores: Any, units: np.ndarray, signs: np.ndarray) -> Any:
    """Log odds of each row's class against all others; an amount as it is. float ``(n,)``.

    Args:
        scores: From `logits`, ``(n, units)``; several units are taken for a softmax's.
        units: Unit of each row.
        signs: 1, or -1 to turn it round.
    """
    own = tf.gather(scores, units, batch_dims=1)
    return own * tf.constant(signs, own.dtype)


def against_rest(scores: Any, units: np.ndarray) -> Any:
    """Log odds of one softmax class against the others together, float ``(n,)``."""
    chosen = tf.one_hot(units, scores.shape[-1], on_value=True, off_value=False, dtype=tf.bool)
    others = tf.where(chosen, tf.constant(-np.inf, scores.dtype), scores)
    return tf.gather(scores, units, batch_dims=1) - tf.reduce_logsumexp(others, axis=1)
