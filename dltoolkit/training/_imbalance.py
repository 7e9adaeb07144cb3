"""Weights of classes as weights of rows: right for arrays, for batches, and for several outputs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import tf
from dltoolkit._text import as_text
from dltoolkit.problem import Problem

BALANCED, EFFECTIVE = "balanced", "effective"
RULES = (BALANCED, EFFECTIVE)
BETA = 0.999  # of "effective": between .9 and .9999 in Cui et al. 2019, section 5

ClassWeight = str | Mapping[Any, float]


def class_weights(y: Any, how: str = BALANCED, *, beta: float = BETA) -> dict[Any, float]:
    """A weight for each class by how often it stands in the labels; the mean weight of a row is 1.

    Args:
        y: Labels ``(n,)`` or ``(n, 1)`` of any type, or one-hot ``(n, n_classes)``, whose classes are called 0, 1, ...
        how: ``"balanced"``: each class weighs the same in all, ``1 / n_class``. ``"effective"``: ``1 / effective number``
            with ``(1 - beta**n_class) / (1 - beta)``, which lies between no weights (beta 0) and balanced ones (beta to 1).
        beta: Of ``"effective"``, in [0, 1). Defaults to 0.999.

    Returns:
        dict: Class to weight, for `sample_weights`, `weighted`, ``fit(class_weight=...)``, and Keras's own where classes
        are numbers from 0.

    Raises:
        InputError: If labels are missing or not one a row, or an option is unknown or out of its range.

    References:
        King and Zeng (2001), Logistic regression in rare events data, for balanced weights; Cui et al. (2019),
        Class-balanced loss based on effective number of samples, equation 12.

    Example:
        >>> class_weights(["no", "no", "no", "yes"])
        {'no': 0.6666666666666666, 'yes': 2.0}
    """
    check_choice(how, RULES, "how")
    check_number(beta, "beta", low=0, high=1, open_high=True)
    labels, counts = np.unique(_labels(y, "y"), return_counts=True)
    return dict(zip(labels.tolist(), _by_rule(counts, how, beta).tolist(), strict=True))


def sample_weights(y: Any, class_weight: Any) -> Any:
    """The weight of each row, for ``sample_weight`` of any Keras model, by the class of the row.

    Keras's own ``class_weight`` takes one output and class numbers alone, and gives a class without a weight 1.

    Args:
        y: Labels as of `class_weights`; or a dict of several outputs to such labels.
        class_weight: ``"balanced"``, ``"effective"``, or a weight, at least 0, for each class. Of several outputs the rule
            for all, or output to rule, mapping or None; an output that is not named is not weighted.

    Returns:
        numpy.ndarray: float32 ``(n,)``; of several outputs a dict of such.

    Raises:
        InputError: If labels are missing or not one a row, a class has no weight, or an output does not exist.

    Example:
        >>> sample_weights([0, 0, 0, 1], {0: 1.0, 1: 3.0}).tolist()
        [1.0, 1.0, 1.0, 3.0]
    """
    if isinstance(y, Mapping):
        asked = _by_output(class_weight, list(y))
        return {name: _rows_of(labels, asked[name], f"y[{name!r}]") for name, labels in y.items()}
    return _rows_of(y, class_weight, "y")


def weighted(dataset: tf.data.Dataset, class_weight: Any) -> tf.data.Dataset:
    """The same batches with the weight of each row, by its class, for ``keras.Model.fit``.

    Args:
        dataset: Batches ``(x, y)`` or ``(x, y, weights)``; y as of `sample_weights`, weights of a dict in a dict as well.
            A rule is counted in one pass over it.
        class_weight: As of `sample_weights`.

    Returns:
        tf.data.Dataset: Batches ``(x, y, weights)``; weights that there were are multiplied. A label without a weight
        stops the pass that meets it.

    Raises:
        InputError: If there is no y, it is not in batches, or as `sample_weights` does; or if a rule is asked of a
            data set without end.

    Example:
        >>> batches = tf.data.Dataset.from_tensor_slices(([[1.0], [2.0]], ["no", "yes"])).batch(2)
        >>> [w.numpy().tolist() for x, y, w in weighted(batches, {"no": 1, "yes": 9})]
        [[1.0, 9.0]]
    """
    spec: Any = getattr(dataset, "element_spec", None)
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        expected = "a tf.data.Dataset of (x, y) or (x, y, weights)"
        stop([complaint("dataset", expected, type(dataset).__name__ if spec is None else f"elements {spec}")])
    several = isinstance(spec[1], Mapping)
    specs = dict(spec[1]) if several else {"": spec[1]}
    _check_batches(specs)
    asked = _by_output(class_weight, list(specs)) if several else {"": class_weight}
    tables = _counted(dataset, specs, asked)

    def with_weights(x: Any, y: Any, before: Any = None) -> tuple[Any, Any, Any]:
        labels = y if several else {"": y}
        old = (before if several else {"": before}) if before is not None else {}
        found = {name: _looked_up(labels[name], tables[name], name) for name in labels}
        found = {n: w * tf.cast(old[n], tf.float32) if n in old else w for n, w in found.items()}
        return x, y, found if several else found[""]

    return dataset.map(with_weights, num_parallel_calls=tf.data.AUTOTUNE)


def weight_table(train: pd.DataFrame, problem: Problem, class_weight: ClassWeight) -> np.ndarray:
    """The weights that the training part gives the classes of a problem.

    Args:
        train: The training part.
        problem: Gives the classes.
        class_weight: ``"balanced"``, ``"effective"``, or a weight for each class; of several labels for the yes of each.

    Returns:
        numpy.ndarray: float64 ``(n_classes,)``; of several labels ``(n_labels, 2)``, of no and yes.

    Raises:
        InputError: If the problem has no classes, the rule is unknown, or a class has no weight or an unknown name.
    """
    if problem.kind == "regression":
        cure = (
            "Amounts have no classes: loss='mean_absolute_error' or 'huber' changes what large errors count."
        )
        stop([complaint("class_weight", "None for a regression problem", repr(class_weight), cure)])
    y = problem.encode(train).astype(int)
    several = problem.kind == "multilabel"
    if isinstance(class_weight, str):
        check_choice(class_weight, RULES, "class_weight")
        counts = (
            [np.bincount(c, minlength=2) for c in y.T]
            if several
            else [np.bincount(y, minlength=len(problem.classes))]
        )
        tables = [_by_rule(one, class_weight, BETA) for one in counts]
        return np.array(tables) if several else tables[0]
    given = dict(
        zip(as_text(pd.Series(list(class_weight), dtype=object)), class_weight.values(), strict=True)
    )
    unknown = [label for label in given if label not in problem.classes]
    absent = [c for c in problem.classes if c not in given]
    if unknown or absent:
        got = f"unknown {listed(unknown)}" if unknown else f"none for {listed(absent)}"
        stop([complaint("class_weight", f"a weight for each of {listed(problem.classes, 20)}", got)])
    for label, weight in given.items():
        check_number(weight, f"class_weight[{label!r}]", low=0)
    own = np.array([given[c] for c in problem.classes], dtype=float)
    return np.column_stack([np.ones_like(own), own]) if several else own


def weights_of(frame: pd.DataFrame, problem: Problem, table: np.ndarray) -> np.ndarray:
    """The weight of each row by a `weight_table`, float32 ``(n,)``; of several labels ``(n, n_labels)``."""
    y = problem.encode(frame).astype(int)
    found = table[np.arange(len(table)), y] if problem.kind == "multilabel" else table[y]
    return found.astype("float32")


def _by_rule(counts: np.ndarray, how: str, beta: float) -> np.ndarray:
    """Weights by counts, scaled so that the mean of the rows is 1; of a class without rows 1."""
    counts = np.asarray(counts, dtype=float)
    there = counts > 0
    effective = counts if how == BALANCED else (1 - beta**counts) / (1 - beta)
    weights = 1 / np.where(there, effective, 1.0)
    scale = counts.sum() / (counts * weights).sum()
    return np.where(there, weights * scale, 1.0)


def _rows_of(y: Any, class_weight: Any, where: str) -> np.ndarray:
    labels = _labels(y, where)
    if class_weight is None:
        return np.ones(len(labels), "float32")
    given = _mapping(labels, class_weight)
    names = pd.Index(as_text(pd.Series(list(given), dtype=object)))
    codes = names.get_indexer(as_text(pd.Series(labels)))
    if (codes < 0).any():
        got = f"none for {listed(pd.unique(labels[codes < 0]))}"
        cure = f"The labels are {labels.dtype}." if labels.dtype != object else ""
        stop([complaint("class_weight", f"a weight for each label of {where}", got, cure)])
    return np.array(list(given.values()), "float32")[codes]


def _mapping(labels: np.ndarray, class_weight: Any) -> Mapping[Any, float]:
    """Class to weight, checked."""
    if isinstance(class_weight, str):
        return class_weights(labels, check_choice(class_weight, RULES, "class_weight"))
    if not isinstance(class_weight, Mapping):
        stop([complaint("class_weight", f"one of {listed(RULES)}, or class to weight", repr(class_weight))])
    for label, weight in class_weight.items():
        check_number(weight, f"class_weight[{label!r}]", low=0)
    return class_weight


def _by_output(class_weight: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """What is asked of each of several outputs."""
    if isinstance(class_weight, str):
        return dict.fromkeys(outputs, class_weight)
    if not isinstance(class_weight, Mapping) or not set(class_weight) <= set(outputs):
        got = listed(class_weight) if isinstance(class_weight, Mapping) else repr(class_weight)
        cure = "Write {output: class_weight}."
        stop(
            [
                complaint(
                    "class_weight", f"a rule, or one for some of the outputs {listed(outputs)}", got, cure
                )
            ]
        )
    return {name: class_weight.get(name) for name in outputs}


def _labels(y: Any, where: str) -> np.ndarray:
    """One label a row, ``(n,)``; of one-hot rows the class number."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2:
        if not (((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all()):
            cure = "Of labels that do not exclude each other training.fit(class_weight=...) weighs each."
            row = int(np.flatnonzero((np.sort(labels, axis=1)[:, -1] != 1) | (labels.sum(axis=1) != 1))[0])
            stop([complaint(f"{where}, row {row}", "one 1 among zeros", listed(labels[row]), cure)])
        return labels.argmax(axis=1)
    if labels.ndim != 1 or not len(labels):
        stop(
            [
                complaint(
                    where, "labels (n,), (n, 1) or one-hot (n, n_classes), n > 0", f"shape {labels.shape}"
                )
            ]
        )
    missing = pd.isna(labels)
    if missing.any():
        rows = listed(np.flatnonzero(missing))
        stop([complaint(f"{where}, row {rows}", "a label", f"{missing.sum():,} missing", "Drop these rows.")])
    return labels


def _check_batches(specs: Mapping[str, tf.TensorSpec]) -> None:
    for name, spec in specs.items():
        rank = getattr(getattr(spec, "shape", None), "rank", None)
        if rank not in (1, 2):
            where, cure = f"dataset, y{f'[{name!r}]' if name else ''}", "Batch it: dataset.batch(32)."
            got = type(spec).__name__ if rank is None else f"shape {tuple(spec.shape)}"
            stop([complaint(where, "batches of labels (n,), (n, 1) or one-hot (n, n_classes)", got, cure)])


def _counted(dataset: tf.data.Dataset, specs: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Class to weight of each output, rules counted in one pass."""
    rules = [name for name, weight in asked.items() if isinstance(weight, str)]
    if rules and dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        cure = "Give a weight for each class, or leave repeat() to the end."
        stop([complaint("dataset", "one that ends, to count its classes", "one without end", cure)])
    found: dict[str, list[np.ndarray]] = {name: [] for name in rules}
    if rules:
        for y in dataset.map(lambda *batch: batch[1] if isinstance(batch[1], Mapping) else {"": batch[1]}):
            for name in rules:
                found[name].append(
                    _labels(y[name].numpy(), f"dataset, y[{name!r}]" if name else "dataset, y")
                )
    tables = {}
    for name, weight in asked.items():
        counted = np.concatenate(found[name]) if name in rules else np.empty(0)
        tables[name] = None if weight is None else _mapping(counted, weight)
        names = [label for label in tables[name] or () if isinstance(label, str)]
        if names and specs[name].dtype != tf.string:
            expected = f"numbers as classes, as the labels are {specs[name].dtype.name}"
            stop([complaint("class_weight", expected, listed(names))])
    return tables


def _looked_up(y: tf.Tensor, table: Mapping[Any, float] | None, name: str) -> tf.Tensor:
    """The weights of a batch, float32 ``(n,)``, in the graph."""
    if table is None:
        return tf.ones(tf.shape(y)[:1])
    if y.shape.rank == 2 and y.shape[1] != 1:
        hot = tf.cast(y, tf.float32)
        one = tf.reduce_all((tf.reduce_max(hot, axis=1) == 1.0) & (tf.reduce_sum(tf.abs(hot), axis=1) == 1.0))
        tf.debugging.Assert(one, [f"y {name}: expected one 1 among zeros in each row, got", y])
        y = tf.argmax(hot, axis=1)
    y = tf.reshape(y, (-1,))
    if y.dtype == tf.string:
        keys = tf.constant([k if isinstance(k, bytes) else str(k) for k in table])
    else:
        keys, y = tf.constant([float(k) for k in table], tf.float64), tf.cast(y, tf.float64)
    same = y[:, None] == keys[None, :]
    tf.debugging.Assert(
        tf.reduce_all(tf.reduce_any(same, axis=1)),
        [f"class_weight {name}: expected a weight for each label of", y],
    )
    weights = tf.constant(list(table.values()), tf.float32)
    return tf.reduce_sum(tf.where(same, weights, 0.0), axis=1)
