"""Labels that a model trained on the other rows does not believe, the least believed first."""

import dataclasses

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dltoolkit.data._audit_columns import HIGH_SKEW, Column
from dltoolkit.data._findings import AuditFinding, Table, plain, told
from dltoolkit.problem import Problem

# Northcutt, Jiang and Chuang (2021), Confident learning: estimating uncertainty in dataset labels, Journal of
# Artificial Intelligence Research 70: a label is suspicious when another class is more probable than the mean
# probability that this class gets on its own examples. Where the classes are clear, that is where the model removes
# at least CLEAR of the errors of a majority guess, labels that get less than DISBELIEF are suspicious too; where they
# overlap, only those of the suspicious ones that get less than DISBELIEF are told. Tried with 3 % of the labels swapped:
# on 13 tables with clear classes (penguins, iris, wine, breast cancer, digits, eight drawn ones) 93 % of the swapped
# labels were found, and 77 % of what was found was swapped; of credit's, churn's, attrition's and cells' a quarter was
# found, and half of what was found was swapped.
CLEAR, DISBELIEF = 0.7, 0.1
# For amounts: residuals beyond this many robust standard deviations. Iglewicz and Hoaglin (1993), How to detect and
# handle outliers, name 3.5 for normal residuals; those of real tables have long tails.
FAR_RESIDUAL = 10.0
NORMAL_MAD = 1.4826  # the standard deviation of a normal distribution over its median absolute deviation
# More rows, or more values in all, are drawn from, which keeps the check within a few seconds.
MAX_ROWS, MAX_VALUES = 20_000, 400_000
SMALL = 5_000  # rows up to which five folds are cheap; three beyond
MIN_ROWS, MIN_DRAWN = 60, 1_000
MAX_CLASSES = 50
TREES, ROUNDS = 750, 50  # at most so many trees over all classes and folds, and boosting rounds
MAX_EXAMPLES = 50
# OpenMP's threads wait for each other by spinning. Where another process wants the cores too, that made this check take
# 60 s for 1 s on credit; two quiet cores would gain less than 2.
THREADS = 1


@dataclasses.dataclass(frozen=True)
class _Doubt:
    """The rows whose label is not believed, the least believed first.

    Attributes:
        rows: Their positions in the table.
        examples: What is known of each.
        advice: What it means.
        likely: Whether they are probably wrong, and not just hard.
    """

    rows: np.ndarray
    examples: list[dict[str, object]]
    advice: str
    likely: bool


def suspicious_labels(table: Table, columns: list[Column]) -> list[AuditFinding]:
    """One finding for each target with labels that look wrong, its examples ranked, the least believed first.

    Gradient boosting judges each row from the other rows (cross-validation), on numbers, booleans, dates and
    categories; text and ids play no part. Targets with more than 50 classes are not judged.

    Args:
        table: The table; rows without a label play no part.
        columns: The feature columns.

    Returns:
        list: Findings of kind ``"suspicious_labels"``.
    """
    used = [
        c for c in columns if c.role in ("numeric", "boolean", "categorical", "datetime") and len(c.counts)
    ]
    rows = np.flatnonzero(table.labelled)
    if table.problem is None or not used or len(rows) < MIN_ROWS:
        return []
    most = min(MAX_ROWS, max(MIN_DRAWN, MAX_VALUES // len(used)))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(table.seed).choice(rows, most, replace=False))
    features = np.column_stack([_feature(c, rows) for c in used])
    labels = table.problem.encode(table.frame.iloc[rows]).reshape(len(rows), -1)
    judge = _amounts if table.problem.kind == "regression" else _classes
    found = []
    for i, name in enumerate(table.targets):
        with threadpool_limits(THREADS, "openmp"):
            doubt = judge(features, labels[:, i], table)
        if doubt is not None:
            doubt = dataclasses.replace(
                doubt, rows=rows[doubt.rows], advice=doubt.advice + _drawn(table, len(rows))
            )
            found.append(_finding(table, name, doubt))
    return found


def _feature(column: Column, rows: np.ndarray) -> np.ndarray:
    """A column as floats for trees: amounts as they are, categories as numbers; missing is NaN."""
    if column.role in ("numeric", "datetime"):
        values = column.numbers[rows]
        return np.where(np.isfinite(values), values, np.nan)
    codes = pd.factorize(column.values)[0][rows].astype(float)
    return np.where(codes < 0, np.nan, codes)


def _classes(features: np.ndarray, encoded: np.ndarray, table: Table) -> _Doubt | None:
    """Labels that cross-validated boosting disbelieves."""
    n_folds = 5 if len(features) <= SMALL else 3
    classes, labels, counts = np.unique(encoded.astype(int), return_inverse=True, return_counts=True)
    judged = np.flatnonzero(counts[labels] >= n_folds)
    if not 2 <= (counts >= n_folds).sum() <= MAX_CLASSES:
        return None
    frequent, labels = np.unique(labels[judged], return_inverse=True)
    chances = _chances(features[judged], labels, n_folds, table.seed)
    own, wrong = chances[np.arange(len(labels)), labels], int((chances.argmax(axis=1) != labels).sum())
    clear = wrong <= (1 - CLEAR) * (len(labels) - np.bincount(labels).max())
    issues, disbelieved = confident_issues(chances, labels), own < DISBELIEF
    doubted = np.flatnonzero(issues | disbelieved if clear else issues & disbelieved)
    if not len(doubted):
        return None
    order = doubted[np.argsort(own[doubted], kind="stable")]
    others = classes[frequent[chances[order].argmax(axis=1)]]
    examples = [
        {"probability": round(float(own[i]), 4), "expected": _class_name(table.problem, other)}
        for i, other in zip(order, others, strict=True)
    ]
    advice = f"{told(len(order), 'label')} that a model that did not see the row finds improbable, of {wrong:,} that it"
    advice += " gets wrong: " + (
        "look at the first." if clear else "the classes overlap, and most may well be right."
    )
    return _Doubt(judged[order], examples, advice, bool(clear))


def confident_issues(chances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which labels confident learning counts as errors.

    Args:
        chances: Probabilities from models that did not see the row, shape ``(n_rows, n_classes)``.
        labels: Class numbers, shape ``(n_rows,)``; every class occurs.

    Returns:
        numpy.ndarray: bool, shape ``(n_rows,)``: another class reaches its own threshold, and is the most probable
        of those that do.

    References:
        Northcutt, Jiang and Chuang (2021), equation 1: the threshold of a class is the mean probability that it gets
        on the examples that bear its label.

    Example:
        >>> chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1], [0.2, 0.8]])
        >>> confident_issues(chances, np.array([0, 0, 1, 1, 1])).tolist()
        [False, False, False, True, False]
    """
    thresholds = np.array([chances[labels == c, c].mean() for c in range(chances.shape[1])])
    reached = np.where(chances >= thresholds, chances, -1.0)
    return (reached.max(axis=1) >= 0) & (reached.argmax(axis=1) != labels)


def _chances(features: np.ndarray, labels: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Probabilities of each class from boosting that was trained on the other folds."""
    n_classes = int(labels.max()) + 1
    rounds = int(np.clip(TREES // (n_folds * (n_classes if n_classes > 2 else 1)), 10, ROUNDS))
    model = HistGradientBoostingClassifier(**_settings(len(labels), rounds, seed))
    chances = np.empty((len(labels), n_classes))
    for learn, judge in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(features, labels):
        chances[judge] = model.fit(features[learn], labels[learn]).predict_proba(features[judge])
    return chances


def _settings(n_rows: int, rounds: int, seed: int) -> dict[str, object]:
    """Shallow trees and few rounds: enough to doubt a label, too few to learn it by heart."""
    return {
        "max_iter": rounds,
        "learning_rate": 5.0 / rounds,
        "max_depth": 3,
        "min_samples_leaf": int(np.clip(n_rows // 20, 2, 20)),
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": seed,
    }


def _amounts(features: np.ndarray, encoded: np.ndarray, table: Table) -> _Doubt | None:
    """Amounts that lie far from what cross-validated boosting expects."""
    amounts = encoded.astype(float)
    use_log = amounts.min() > 0 and float(pd.Series(amounts).skew()) > HIGH_SKEW
    labels, expected = np.log(amounts) if use_log else amounts, np.empty(len(amounts))
    model = HistGradientBoostingRegressor(**_settings(len(labels), ROUNDS, table.seed) | {"max_depth": 6})
    for learn, judge in KFold(3, shuffle=True, random_state=table.seed).split(features):
        expected[judge] = model.fit(features[learn], labels[learn]).predict(features[judge])
    residuals = np.abs(labels - expected - np.median(labels - expected))
    scale = NORMAL_MAD * np.median(residuals)
    order = np.argsort(-residuals, kind="stable")[: (residuals > FAR_RESIDUAL * scale).sum()]
    if scale == 0 or not len(order):
        return None
    amounts_expected = np.exp(expected) if use_log else expected
    examples: list[dict[str, object]] = [{"expected": float(f"{amounts_expected[i]:.6g}")} for i in order]
    advice = f"{told(len(order), 'label')} that a model that did not see the row misses by more than {FAR_RESIDUAL:g}"
    return _Doubt(order, examples, advice + " times the usual error. Look at the first.", True)


def _finding(table: Table, name: str, doubt: _Doubt) -> AuditFinding:
    mask = np.zeros(len(table.frame), dtype=bool)
    mask[doubt.rows] = True
    examples = [
        {**table.example(row, name), **more}
        for row, more in zip(doubt.rows[:MAX_EXAMPLES], doubt.examples, strict=False)
    ]
    severity = "warn" if doubt.likely else "info"
    return table.finding("suspicious_labels", name, mask, doubt.advice, severity=severity, examples=examples)


def _drawn(table: Table, n_rows: int) -> str:
    """Says so when only some rows were judged."""
    n_labelled = int(table.labelled.sum())
    return f" {n_rows:,} of the {n_labelled:,} rows were drawn and judged." if n_rows < n_labelled else ""


def _class_name(problem: Problem | None, code: int) -> object:
    if problem is None or problem.kind == "multilabel":
        return int(code)
    return plain(problem.labels[int(code)])
