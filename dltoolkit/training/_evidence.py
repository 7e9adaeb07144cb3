"""What each word says of the classes, counted in the training part before the first epoch."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dltoolkit._keras import keras
from dltoolkit.models._bags import EVIDENCE_END, ODDS
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._lengths import nodes

ROWS = 4_096  # whose words are counted at once
FEWEST = 2  # texts that a word is in; from one alone nothing can be said
ADDED = 1.0  # texts of each class that every word is taken to be in besides (Laplace)


def count_evidence(
    model: keras.Model, preprocessor: Preprocessor, train: pd.DataFrame, problem: Problem
) -> None:
    """Fill the tables of log odds of a `models.bag_of_words`; what is filled already is left alone.

    The log odds of word w and class k are ``log(p[w] / q[w])``: p and q are the shares of the texts of class k, and of all
    others, among all the words that they hold, each word once a text (Wang and Manning 2012, section 2.1).

    Args:
        model: Any network.
        preprocessor: Gives its features.
        train: The training part.
        problem: Gives the classes.
    """
    if not hasattr(model, "_nodes_by_depth"):
        return
    for node in nodes(model):
        reader = node.operation
        if not isinstance(reader, keras.Model) or not reader.name.endswith(EVIDENCE_END):
            continue
        table = reader.get_layer(ODDS)
        if table.trainable or np.any(table.get_weights()[0]):
            continue
        ids = keras.Model(reader.input, _read_by(reader, table))
        blocks = _blocks(preprocessor, train, node.input_tensors[0].name)
        table.set_weights([_log_odds(ids, blocks, table.input_dim, _classes(train, problem))])


def _read_by(reader: keras.Model, table: keras.layers.Layer) -> keras.KerasTensor:
    return next(node.input_tensors[0] for node in nodes(reader) if node.operation is table)


def _log_odds(ids: keras.Model, features: Iterator[np.ndarray], size: int, classes: np.ndarray) -> np.ndarray:
    """The table: float32 ``(size, units)``; 0 for words of too few texts."""
    texts, with_class, start = np.zeros(size), np.zeros((size, classes.shape[1])), 0
    for block in features:
        found = keras.ops.convert_to_numpy(ids(block, training=False))
        row, column = np.nonzero(found)
        words, own = found[row, column], classes[start : start + len(block)]
        texts += np.bincount(words, minlength=size)
        for k in range(classes.shape[1]):
            with_class[:, k] += np.bincount(words, weights=own[row, k], minlength=size)
        start += len(block)
    inside, outside = with_class + ADDED, texts[:, None] - with_class + ADDED
    odds = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
    odds[texts < FEWEST] = 0.0
    return odds.astype("float32")


def _blocks(preprocessor: Preprocessor, train: pd.DataFrame, feature: str) -> Iterator[np.ndarray]:
    for start in range(0, len(train), ROWS):
        yield preprocessor.transform(train.iloc[start : start + ROWS])[feature]


def _classes(train: pd.DataFrame, problem: Problem) -> np.ndarray:
    """Which classes each row has, 0 or 1, ``(n, units)``."""
    y = np.asarray(problem.encode(train))
    if problem.kind == "multiclass":
        return np.eye(len(problem.classes))[y.astype(int)]
    return y.reshape(len(y), -1)
