"""Curves as tables, so that plots only read them: ROC, precision-recall, calibration; and what follows from them."""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit.problem import Problem

# Bins of equal width over [0, 1], as in Guo et al. (2017), "On Calibration of Modern Neural Networks".
N_BINS = 15
CURVES = ("roc", "pr", "calibration")


def curve_table(
    kind: str, problem: Problem, y_true: np.ndarray, outputs: np.ndarray, *, confidence: float
) -> pd.DataFrame:
    """The points of a curve, one class after the other.

    Args:
        kind: ``"roc"``, ``"pr"`` or ``"calibration"``.
        problem: What was asked; not a regression.
        y_true: Encoded labels.
        outputs: Probabilities in the shape that the problem wants.
        confidence: Level of the intervals of a calibration curve, in ``(0, 1)``.

    Returns:
        pandas.DataFrame: Column ``class`` and, for ``"roc"``, ``false_positive_rate``, ``true_positive_rate``,
        ``threshold``; for ``"pr"``, ``recall``, ``precision``, ``threshold``; for ``"calibration"``, ``predicted``
        (mean probability), ``observed`` (share that came true), ``low``, ``high``, ``rows``.

    Raises:
        InputError: If `kind` is none of these, or the problem is a regression.
    """
    check_choice(kind, CURVES, "curve")
    if problem.kind == "regression":
        cure = "Draw plots.residuals(evaluation)."
        stop([complaint("curve", "a problem with classes", "a regression problem", cure)])
    parts = []
    for name, truth, scores in questions(problem, y_true, outputs):
        if kind == "calibration":
            part = _calibration(truth, scores, confidence)
        else:
            part = _roc(truth, scores) if kind == "roc" else _pr(truth, scores)
        part.insert(0, "class", pd.array([name] * len(part), dtype="str"))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def questions(
    problem: Problem, y_true: np.ndarray, outputs: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Each yes/no question inside a problem: class name, truth bool ``(n,)``, probability float64 ``(n,)``."""
    probabilities = outputs.astype("float64")
    if problem.kind == "binary":
        yield problem.classes[1], y_true == 1, probabilities
        return
    for j, name in enumerate(problem.classes):
        truth = y_true == j if problem.kind == "multiclass" else y_true[:, j] == 1
        yield name, truth, probabilities[:, j]


def _steps(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True and false positives when everything from a score up counts as positive, highest score first."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    ends = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    found = np.cumsum(truth[order])[ends].astype("float64")
    return found, ends + 1.0 - found, falling[ends]


def _roc(truth: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Corners of the ROC curve: points on a straight line between their neighbours are left out."""
    found, false, thresholds = _steps(truth, scores)
    found, false = np.append(0, found), np.append(0, false)
    thresholds = np.append(np.inf, thresholds)
    corner = np.ones(len(found), bool)
    corner[1:-1] = (np.diff(found, 2) != 0) | (np.diff(false, 2) != 0)
    rates = {"false_positive_rate": false / false[-1], "true_positive_rate": found / found[-1]}
    return pd.DataFrame({**rates, "threshold": thresholds})[corner]


def _pr(truth: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Recall rises from 0, where precision is 1 by convention, as in scikit-learn."""
    found, false, thresholds = _steps(truth, scores)
    precision = np.append(1.0, found / (found + false))
    recall = np.append(0.0, found / found[-1])
    return pd.DataFrame(
        {"recall": recall, "precision": precision, "threshold": np.append(np.inf, thresholds)}
    )


def _calibration(truth: np.ndarray, scores: np.ndarray, confidence: float) -> pd.DataFrame:
    """Mean probability against the share that came true, in bins of equal width, with Wilson's interval."""
    rows, predicted, observed = _bins(truth, scores, N_BINS)
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    centre = (observed + z2 / (2 * rows)) / (1 + z2 / rows)
    half = np.sqrt(z2 * (observed * (1 - observed) / rows + z2 / (4 * rows**2))) / (1 + z2 / rows)
    bounds = {"low": np.maximum(centre - half, 0), "high": np.minimum(centre + half, 1)}
    return pd.DataFrame(
        {"predicted": predicted, "observed": observed, **bounds, "rows": rows.astype("int64")}
    )


def _bins(truth: np.ndarray, scores: np.ndarray, n_bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, mean score and share of truth in each bin that is not empty. A bin includes its lower edge."""
    codes = np.minimum((scores * n_bins).astype(int), n_bins - 1)
    rows = np.bincount(codes, minlength=n_bins).astype("float64")
    full = rows > 0
    means = [np.bincount(codes, weights=w, minlength=n_bins)[full] / rows[full] for w in (scores, truth)]
    return rows[full], means[0], means[1]


def calibration_error(problem: Problem, y_true: np.ndarray, outputs: np.ndarray, n_bins: int) -> float:
    """See `expected_calibration_error`."""
    check_number(n_bins, "n_bins", low=1, whole=True)
    if problem.kind == "regression":
        stop([complaint("evaluation", "a problem with classes", "a regression problem")])
    if problem.kind == "multiclass":
        pairs = [(outputs.argmax(axis=1) == y_true, outputs.max(axis=1).astype("float64"))]
    else:
        pairs = [(truth, scores) for _, truth, scores in questions(problem, y_true, outputs)]
    gaps = []
    for truth, scores in pairs:
        rows, predicted, observed = _bins(truth, scores, int(n_bins))
        gaps.append(float(rows @ np.abs(predicted - observed) / rows.sum()))
    return float(np.mean(gaps))


def cheapest_threshold(
    truth: np.ndarray, scores: np.ndarray, false_positive: float, false_negative: float
) -> float:
    """See `best_threshold`. Thresholds lie half-way between neighbouring scores."""
    found, false, levels = _steps(truth, scores)
    cost = false_negative * (truth.sum() - np.append(0, found)) + false_positive * np.append(0, false)
    edges = np.concatenate([[1.0], levels, [0.0]])
    cuts = (edges[:-1] + edges[1:]) / 2
    cost[0] = np.inf if levels[0] >= 1 else cost[0]  # no threshold in [0, 1] lies above a probability of 1
    in_theory = false_positive / (false_positive + false_negative)
    cheapest = np.flatnonzero(np.isclose(cost, cost.min(), rtol=1e-12, atol=0))
    return float(cuts[cheapest[np.argmin(np.abs(cuts[cheapest] - in_theory))]])
