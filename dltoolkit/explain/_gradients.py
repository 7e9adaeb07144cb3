"""Integrated gradients: the share that each number, pixel or word has in an answer."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_number, closest, complaint, stop
from dltoolkit._keras import keras, needs_tensorflow, tf
from dltoolkit.explain._source import BLOCK, Source, against_rest, log_odds, logits, opened, units_of
from dltoolkit.models._walk import run

# Sundararajan et al. (2017), section 5: 20 to 300 steps are enough to add up within 5 %, and where they are not, take more.
STEPS = (64, 256, 1024)
NEAR = 0.01  # share of the score's change that may be left over before more steps are taken
DENSE = "dense"


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Attributions:
    """The share of each input in the answers; made by `integrated_gradients`.

    Attributes:
        values: Feature to its shares, float64, of the feature's own shape ``(n, ...)``: ids have one each.
        features: What came in, by the same names.
        names: Names of the columns of the dense block.
        score: What is explained, ``(n,)``: log odds of the class, or the amount.
        baseline_score: The same of the baseline, ``(n,)``.
        targets: Name of the class (or the amount) that is explained in each row.
        index: Labels of the rows.
    """

    values: dict[str, np.ndarray]
    features: dict[str, np.ndarray]
    names: tuple[str, ...]
    score: np.ndarray
    baseline_score: np.ndarray
    targets: tuple[str, ...]
    index: pd.Index

    @property
    def gap(self) -> np.ndarray:
        """What the shares do not add up to, ``(n,)``: near 0 when there were enough steps."""
        total = sum(values.reshape(len(values), -1).sum(axis=1) for values in self.values.values())
        return self.score - self.baseline_score - total

    def __repr__(self) -> str:
        """How many rows, how exact, and the next step."""
        gap = float(np.abs(self.gap).max())
        return f"Attributions({len(self.score)} row(s), adding up to within {gap:.2g}; next: plots.attributions(attributions, row=0))"

    def frame(self) -> pd.DataFrame:
        """One row an example, one column an input: those of the dense block by name, others added up; a row adds up to the score less its baseline."""
        columns: dict[str, np.ndarray] = {}
        for name, values in self.values.items():
            if name == DENSE and len(self.names) == values.shape[-1]:
                columns |= {column: values[:, i] for i, column in enumerate(self.names)}
            else:
                columns[name] = values.reshape(len(values), -1).sum(axis=1)
        return pd.DataFrame(columns, index=self.index)


def integrated_gradients(
    source: Any,
    rows: Any,
    *,
    target: Any = None,
    baseline: Mapping[str, Any] | None = None,
    steps: int | None = None,
) -> Attributions:
    """Share out an answer among the inputs: the gradients on the straight way from a baseline to the row, added up.

    The shares of a row add up to its score less the baseline's. Ids are followed through the vectors that are learnt for
    them, from the vector of zeros.

    Args:
        source: A run or a bundle; or a ``keras.Model``.
        rows: Raw rows; of a ``keras.Model`` its features.
        target: The class that is explained: its label, or the number of its unit. Defaults to None: the one that the
            network answers; the positive class of a binary problem; the amount of a regression.
        baseline: Feature to what stands for nothing known, an array of one example's shape or a number. Defaults to
            None: zeros, which is the mean of a standardised column and black in a picture.
        steps: Points on the way, at least 1. Defaults to None: 64, and where the shares do not add up within 1 %, four
            times as many, up to 1,024.

    Returns:
        Attributions: For each feature an array of its own shape, in units of the score: log odds, or the target's unit;
        of a bare network with a softmax or sigmoid, what enters it.

    Raises:
        InputError: If an option is out of its range, `baseline` names no feature, or ids reach the network by another
            way than an Embedding.

    References:
        Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks".
    """
    needs_tensorflow("integrated_gradients")
    tried = STEPS if steps is None else (check_number(steps, "steps", low=1, whole=True),)
    taken = opened(source, rows)
    start = _baselines(taken, baseline or {})
    for some in tried:
        found = _attributions(taken, start, target, int(some))
        if np.abs(found.gap).max() <= NEAR * np.abs(found.score - found.baseline_score).max():
            break
    return found


def _attributions(source: Source, start: dict[str, np.ndarray], target: Any, steps: int) -> Attributions:
    """The shares with a number of steps."""
    parts = [_block(source, block, start, target=target, steps=steps) for _, block in source.blocks()]
    values = {name: np.concatenate([part[0][name] for part in parts]) for name in parts[0][0]}
    names = tuple(source.preprocessor.feature_names) if source.preprocessor is not None else ()
    score, before = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    targets = tuple(name for part in parts for name in part[3])
    return Attributions(values, source.features, names, score, before, targets, source.index)


def _baselines(source: Source, given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """One example's worth of each float feature: what is known of nothing."""
    unknown = [name for name in given if name not in source.features]
    stop(
        [
            complaint(f"baseline {n!r}", "the name of a feature", "none", closest(n, source.features))
            for n in unknown
        ]
    )
    floats = {n: v for n, v in source.features.items() if v.dtype.kind == "f"}
    ids = [name for name in given if name not in floats]
    cure = "Ids start from the vector of zeros."
    stop([complaint(f"baseline {n!r}", "a feature of amounts", "one of ids", cure) for n in ids])
    found = {}
    for name, values in floats.items():
        wanted = np.asarray(given.get(name, 0.0), "float32")
        if wanted.shape not in ((), values.shape[1:]):
            stop(
                [complaint(f"baseline {name!r}", f"shape {values.shape[1:]} or a number", f"{wanted.shape}")]
            )
        found[name] = np.broadcast_to(wanted, values.shape[1:])
    return found


def _block(
    source: Source, features: dict[str, np.ndarray], start: dict[str, np.ndarray], *, target: Any, steps: int
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, list[str]]:
    """Shares, scores, the baseline's scores and names of the targets of some rows."""
    _, output, tables = _score(source, features, start, None)
    units, signs, names = units_of(source, target, output)
    _check_ids(features, start, tables)
    ends = {**{name: features[name] for name in start}, **tables}
    total = _integrated(source, features, start, steps=steps, units=units, signs=signs)
    shares: dict[str, np.ndarray] = {}
    for name, end in ends.items():
        began = start.get(name, 0.0)
        share = (np.asarray(end, "float64") - began) * total[name]
        feature = name.split("\0")[0]
        share = share.sum(axis=-1) if name not in start else share
        shares[feature] = shares.get(feature, 0.0) + share.reshape(features[feature].shape)
    first, last = (
        keras.ops.convert_to_numpy(_chosen(source, _score(source, features, start, s)[0], units, signs))
        for s in (0.0, 1.0)
    )
    return {name: shares[name] for name in features}, last, first, names


def _integrated(
    source: Source,
    features: Mapping[str, np.ndarray],
    start: Mapping[str, np.ndarray],
    *,
    steps: int,
    units: np.ndarray,
    signs: np.ndarray,
) -> dict[str, np.ndarray]:
    """The mean gradient on the way by each amount and each vector; many steps go through the network at once."""
    n = len(units)
    places = (np.arange(steps) + 0.5) / steps  # the middle of each stretch: exact for straight lines
    total: dict[str, Any] = {}
    for some in np.array_split(places, int(np.ceil(steps * n / max(BLOCK, n)))):
        k = len(some)
        repeated = {name: np.repeat(values, k, axis=0) for name, values in features.items()}
        answers = {"units": np.repeat(units, k), "signs": np.repeat(signs, k)}
        slopes = _slopes(source, repeated, start, share=np.tile(some, n).astype("float32"), **answers)
        for name, slope in slopes.items():
            shape = (n, k, *slope.shape[1:])
            total[name] = total.get(name, 0.0) + slope.reshape(shape).sum(axis=1, dtype="float64") / steps
    return total


def _chosen(source: Source, scores: Any, units: np.ndarray, signs: np.ndarray) -> Any:
    if source.problem is not None and source.problem.kind == "multiclass":
        return against_rest(scores, units)
    return log_odds(scores, units, signs)


def _check_ids(
    features: Mapping[str, np.ndarray], start: Mapping[str, Any], tables: Mapping[str, Any]
) -> None:
    """Ids have to pass a table of vectors, or there is nothing to follow."""
    found = {name.split("\0")[0] for name in tables}
    lost = [name for name in features if name not in start and name not in found]
    cure = "explain.permutation_importance and explain.token_attributions(method='leave-one-out') need no gradients."
    stop([complaint(f"feature {n!r}", "ids that enter by an Embedding", "another way", cure) for n in lost])


def _score(
    source: Source, features: Mapping[str, np.ndarray], start: Mapping[str, np.ndarray], share: float | None
) -> tuple[Any, np.ndarray, dict[str, np.ndarray]]:
    """Scores at a share of the way (None: the rows as they are), the answers, and the vectors of ids on the way."""
    tables: dict[str, np.ndarray] = {}

    def follow(path: str, operation: Any, came: list[Any], output: Any) -> Any:
        name = _ids_of(operation, came, features)
        if name is None:
            return output
        tables[f"{name}\0{path}"] = output.numpy()
        return output if share is None else _marked(output * share, output)

    output = run(source.network, _between(features, start, 1.0 if share is None else share), follow)
    values = keras.ops.convert_to_numpy(output)
    return logits(source, output), values.reshape(len(values), -1), tables


def _slopes(
    source: Source,
    features: Mapping[str, np.ndarray],
    start: Mapping[str, np.ndarray],
    *,
    share: np.ndarray,
    units: np.ndarray,
    signs: np.ndarray,
) -> dict[str, np.ndarray]:
    """The gradient of the score by each amount and each vector, at a share of the way."""
    watched: dict[str, Any] = {}
    with tf.GradientTape() as tape:
        between = _between(features, start, share)
        for name in start:
            watched[name] = between[name] = tf.constant(between[name])
            tape.watch(between[name])

        def follow(path: str, operation: Any, came: list[Any], output: Any) -> Any:
            name = _ids_of(operation, came, features)
            if name is None:
                return output
            moved = tf.stop_gradient(output * _along(share, output))
            tape.watch(moved)
            watched[f"{name}\0{path}"] = moved
            return _marked(moved, output)

        scores = logits(source, run(source.network, between, follow))
        total = tf.reduce_sum(_chosen(source, scores, units, signs))
    slopes = tape.gradient(total, watched, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return {name: slope.numpy() for name, slope in slopes.items()}


def _between(
    features: Mapping[str, np.ndarray], start: Mapping[str, np.ndarray], share: float | np.ndarray
) -> dict[str, Any]:
    """Amounts at a share of the way, one for all rows or one each; ids as they are."""
    return {
        name: (start[name] + _along(share, values) * (values - start[name])).astype("float32")
        if name in start
        else values
        for name, values in features.items()
    }


def _along(share: float | np.ndarray, values: Any) -> Any:
    """A share a row, of as many axes as what it is multiplied with."""
    return share if np.ndim(share) == 0 else np.reshape(share, (-1, *[1] * (len(values.shape) - 1)))


def _ids_of(operation: Any, came: list[Any], features: Mapping[str, np.ndarray]) -> str | None:
    """The feature whose ids, unchanged, enter a table of vectors; None for any other operation."""
    if not isinstance(operation, keras.layers.Embedding):
        return None
    ids = keras.ops.convert_to_numpy(came[0])
    whole = [name for name, values in features.items() if values.dtype.kind in "iu"]
    return next(
        (n for n in whole if ids.size == features[n].size and (ids.ravel() == features[n].ravel()).all()),
        None,
    )


def _marked(moved: Any, output: Any) -> Any:
    """A tensor with the mask of the one whose place it takes."""
    mask = getattr(output, "_keras_mask", None)
    if mask is not None:
        moved._keras_mask = mask
    return moved
