"""The metrics, each as a function of how often every row was drawn: one formula for the value and for its resamples."""

from collections.abc import Callable

import numpy as np

from dltoolkit.evaluation._ranking import Ranking
from dltoolkit.problem import Problem

CLASSIFICATION = (
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "pr_auc",
    "log_loss",
    "brier",
)
REGRESSION = ("mae", "rmse", "r2")
QUANTILES = ("pinball", "coverage")
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "mae", "rmse", "pinball"})
# More is not better: intervals should hold as many of the truths as they say, no fewer and no more.
UNRANKED = frozenset({"coverage"})
# The one number to quote first: it needs no threshold, or is in the target's unit.
HEADLINE = {
    "binary": "roc_auc",
    "multiclass": "balanced_accuracy",
    "multilabel": "roc_auc",
    "regression": "rmse",
}

# Spread below this share of the sum of squares is rounding error, not spread (float64 has 2.2e-16).
NO_SPREAD = 1e-12

# Counts (n_resamples, n) int32 -> metrics (n_resamples, n_metrics) float64, in the order of `metric_names`.
Statistic = Callable[[np.ndarray], np.ndarray]


def metric_names(problem: Problem) -> tuple[str, ...]:
    """The metrics of a kind of problem, in the order in which `statistic` gives them."""
    if problem.kind != "regression":
        return CLASSIFICATION
    return REGRESSION + QUANTILES[: min(len(problem.quantiles), 2)]


def statistic(problem: Problem, y_true: np.ndarray, outputs: np.ndarray, threshold: float) -> Statistic:
    """Everything about one model that does not change between resamples, worked out once.

    Args:
        problem: What was asked.
        y_true: Encoded labels, as `Problem.encode` gives them.
        outputs: What the model said, in the shape that the problem wants.
        threshold: A probability from here up counts as positive (binary, multilabel), in ``[0, 1]``.

    Returns:
        Callable: From counts int32 ``(n_resamples, n)`` to metrics float64 ``(n_resamples, n_metrics)``.

    References:
        Definitions as in scikit-learn: macro averages, 0/0 counted as 0 in precision, recall and F1; ROC-AUC
        one class against the rest; PR-AUC is average precision; log loss with probabilities kept one machine
        epsilon of their dtype from 0 and 1; Brier, "Verification of forecasts expressed in terms of
        probability", Monthly Weather Review 78 (1950): the binary score in ``[0, 1]``, the multi-class score,
        a sum over classes, in ``[0, 2]``. Of several amounts all metrics are means over targets (the RMSE of all
        errors); pinball is the mean of Koenker and Bassett's loss over the quantiles, in the target's unit; coverage
        is the share of truths from the lowest to the highest quantile (Gneiting and Raftery, JASA 102 (2007)).
    """
    if problem.kind == "regression":
        return _regression(problem, y_true.reshape(len(y_true), -1).astype("float64"), outputs)
    if problem.kind == "multiclass":
        return _multiclass(y_true, outputs)
    columns = outputs.reshape(len(outputs), -1)
    return _labels(y_true.reshape(columns.shape).astype(bool), columns, threshold)


def point(measure: Statistic, n_rows: int) -> np.ndarray:
    """The metrics themselves: every row drawn once. float64 ``(n_metrics,)``."""
    return measure(np.ones((1, n_rows), np.int32))[0]


def predicted(problem: Problem, outputs: np.ndarray, threshold: float) -> np.ndarray:
    """The answers as class numbers: int64 ``(n,)``, or 0 and 1 in ``(n, n_labels)`` for a multilabel problem."""
    if problem.kind == "multiclass":
        return outputs.argmax(axis=1)
    return (outputs.astype("float64") >= threshold).astype("int64")


def row_loss(problem: Problem, y_true: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """What each row adds to the log loss (multilabel: mean over labels); for regression the absolute error.

    Of several amounts it is the mean over targets, each error in units of the spread of its truth.

    Args:
        problem: What was asked.
        y_true: Encoded labels.
        outputs: What the model said.

    Returns:
        numpy.ndarray: float64 ``(n,)``, never negative.
    """
    if problem.kind == "regression":
        error = np.abs(problem.amounts(outputs.astype("float64")) - y_true)
        return error if error.ndim == 1 else (error / y_true.std(axis=0)).mean(axis=1)
    if problem.kind == "multiclass":
        return _surprise(outputs[np.arange(len(outputs)), y_true])
    columns = outputs.reshape(len(outputs), -1)
    return _surprise(_of_truth(y_true.reshape(columns.shape).astype(bool), columns)).mean(axis=1)


def _labels(truth: np.ndarray, outputs: np.ndarray, threshold: float) -> Statistic:
    """Yes/no questions, one a column: a binary problem has one, a multilabel problem several."""
    n, k = truth.shape
    answer = outputs.astype("float64") >= threshold
    loss = _surprise(_of_truth(truth, outputs)).mean(axis=1)
    square = ((outputs.astype("float64") - truth) ** 2).mean(axis=1)
    exact = (truth == answer).all(axis=1)
    rows = np.column_stack([truth & answer, answer, truth, exact, loss, square]).astype("float64")
    rankings = [Ranking.of(truth[:, j], outputs[:, j]) for j in range(k)]

    def measure(counts: np.ndarray) -> np.ndarray:
        hit, said, true, (accuracy, losses, squares) = _parts(counts @ rows, k)
        of_negatives = _ratio(n - true - said + hit, n - true, undefined=np.nan)
        balanced = _mean([_ratio(hit, true, undefined=np.nan), of_negatives])
        shares = [m.mean(axis=1) for m in (balanced, *_prf(hit, said, true))]
        areas = _mean(np.stack([r.areas(counts) for r in rankings]))
        return np.column_stack([accuracy / n, *shares, areas, losses / n, squares / n])

    return measure


def _multiclass(y_true: np.ndarray, outputs: np.ndarray) -> Statistic:
    n, k = outputs.shape
    answer = outputs.argmax(axis=1)
    right = np.where(answer == y_true, y_true, k)
    chosen = outputs[np.arange(n), y_true]
    square = (outputs.astype("float64") ** 2).sum(axis=1) - 2 * chosen.astype("float64") + 1
    rows = np.column_stack([answer == y_true, _surprise(chosen), square])
    rankings = [Ranking.of(y_true == j, outputs[:, j]) for j in range(k)]

    def measure(counts: np.ndarray) -> np.ndarray:
        weights = counts.astype("float64")
        accuracy, losses, squares = (weights @ rows).T / n
        hit, said, true = (_tally(codes, weights, k) for codes in (right, answer, y_true))
        seen = (said + true) > 0
        macro = [(m * seen).sum(axis=1) / seen.sum(axis=1) for m in _prf(hit, said, true)]
        balanced = _mean(_ratio(hit, true, undefined=np.nan).T)
        areas = _mean(np.stack([r.areas(counts) for r in rankings]))
        return np.column_stack([accuracy, balanced, *macro, areas, losses, squares])

    return measure


def _regression(problem: Problem, truth: np.ndarray, outputs: np.ndarray) -> Statistic:
    n, k = truth.shape
    said = outputs.astype("float64")
    error = problem.amounts(said).reshape(n, k) - truth
    centred = truth - truth.mean(axis=0)  # keeps the sums of squares from cancelling
    means = np.column_stack(
        [np.abs(error).mean(axis=1), (error**2).mean(axis=1), *_of_quantiles(problem, truth, said)]
    )
    rows = np.hstack([error**2, centred, centred**2, means])

    def measure(counts: np.ndarray) -> np.ndarray:
        square, total, total_square, sums = _parts(counts.astype("float64") @ rows, k)
        spread = total_square - total**2 / n
        spread = np.where(spread > NO_SPREAD * total_square, spread, np.nan)
        absolute, squares, *others = sums / n
        return np.column_stack([absolute, np.sqrt(squares), (1 - square / spread).mean(axis=1), *others])

    return measure


def _of_quantiles(problem: Problem, truth: np.ndarray, said: np.ndarray) -> list[np.ndarray]:
    """The mean pinball loss of each row, and the share of its truths inside, each float64 ``(n,)``."""
    if not problem.quantiles:
        return []
    levels = np.array(problem.quantiles)
    values = np.sort(said.reshape(*truth.shape, len(levels)), axis=2)
    error = truth[:, :, None] - values
    pinball = np.maximum(levels * error, (levels - 1) * error).mean(axis=(1, 2))
    inside = (values[:, :, 0] <= truth) & (truth <= values[:, :, -1])
    return [pinball, inside.mean(axis=1)][: len(metric_names(problem)) - len(REGRESSION)]


def _of_truth(truth: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The probability that was given to what came true."""
    return np.where(truth, outputs, 1 - outputs)


def _surprise(probability: np.ndarray) -> np.ndarray:
    """Minus the logarithm of probabilities kept off 0 and 1, as scikit-learn's log loss does."""
    epsilon = np.finfo(probability.dtype).eps
    return -np.log(np.clip(probability, epsilon, 1 - epsilon).astype("float64"))


def _prf(hit: np.ndarray, said: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1 from counts of hits, of answers and of truths."""
    return _ratio(hit, said), _ratio(hit, true), _ratio(2 * hit, said + true)


def _ratio(part: np.ndarray, whole: np.ndarray, undefined: float = 0.0) -> np.ndarray:
    """``part / whole``, and `undefined` where `whole` is 0."""
    return np.divide(part, whole, out=np.full(whole.shape, undefined), where=whole > 0)


def _mean(values: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """The mean over the first axis of what is defined; NaN where nothing is."""
    stacked = np.asarray(values)
    known = ~np.isnan(stacked)
    return _ratio(np.where(known, stacked, 0).sum(axis=0), known.sum(axis=0).astype(float), undefined=np.nan)


def _parts(sums: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Three blocks of `k` columns, then what is left, transposed."""
    return sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k], sums[:, 3 * k :].T


def _tally(codes: np.ndarray, weights: np.ndarray, k: int) -> np.ndarray:
    """The weight of each code below `k` in each resample, float64 ``(n_resamples, k)``."""
    return np.stack([np.bincount(codes, weights=row, minlength=k)[:k] for row in weights])
