"""What a model that was trained on the other rows makes of each row: cross-validated, for tables and for every other kind."""

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dltoolkit.data._audit_columns import HIGH_SKEW, Column
from dltoolkit.data._findings import Table
from dltoolkit.data._quick import CELL_ROLES, QUICK_ROLES, quick_features

# Dense for the trees of a table, with NaN where a value is missing; sparse for the linear model of every other kind.
Features: TypeAlias = Any

# More rows, or more values in all, are drawn from, which keeps the check within a few seconds.
MAX_ROWS, MAX_VALUES = 20_000, 400_000
MOST_CELLS = 5_000  # rows with pictures, texts, sounds or sequences
SMALL = 5_000  # rows up to which five folds are cheap; three beyond
MIN_DRAWN = 1_000
TREES, ROUNDS = 750, 50  # at most so many trees over all classes and folds, and boosting rounds
# The threads of OpenMP and of the matrix library wait for each other by spinning. Where another process wants the cores
# too, that made this check take 60 s for 1 s on credit; two quiet cores would gain less than 2.
THREADS = 1
NORMAL_MAD = 1.4826  # the standard deviation of a normal distribution over its median absolute deviation
# Of the logistic regression: the order of the labels settles long before its last digit.
STEPS, TOLERANCE = 200, 1e-3


def judged_inputs(table: Table, columns: Sequence[Column]) -> tuple[np.ndarray, Features] | None:
    """The rows to judge, and what a model sees of them.

    Args:
        table: The table; rows without a label play no part.
        columns: The feature columns.

    Returns:
        tuple or None: Positions of the rows, drawn where there are very many, and their features; None where no column
        says anything.
    """
    used = [c for c in columns if c.role in QUICK_ROLES and len(c.counts)]
    rows = np.flatnonzero(table.labelled)
    if not used or not len(rows):
        return None
    cells = any(c.role in CELL_ROLES for c in used)
    most = MOST_CELLS if cells else min(MAX_ROWS, max(MIN_DRAWN, MAX_VALUES // len(used)))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(table.seed).choice(rows, most, replace=False))
    if not cells:
        return rows, np.column_stack([_feature(c, rows) for c in used])
    roles = {c.name: c.role for c in used}
    return rows, quick_features(table.frame[list(roles)].iloc[rows], roles, seed=table.seed)


def _feature(column: Column, rows: np.ndarray) -> np.ndarray:
    """A column as floats for trees: amounts as they are, categories as numbers; missing is NaN."""
    if column.role in ("numeric", "datetime"):
        values = column.numbers[rows]
        return np.where(np.isfinite(values), values, np.nan)
    codes = pd.factorize(column.values)[0][rows].astype(float)
    return np.where(codes < 0, np.nan, codes)


def n_folds_for(n_rows: int) -> int:
    """Five folds, three for many rows."""
    return 5 if n_rows <= SMALL else 3


def class_chances(features: Features, labels: np.ndarray, *, seed: int) -> np.ndarray:
    """Probabilities of each class from a model that was trained on the other folds.

    Args:
        features: Shape ``(n_rows, n_features)``: dense for boosted trees, sparse for logistic regression.
        labels: Class numbers from 0, each at least once a fold, shape ``(n_rows,)``.
        seed: Of the folds and the model.

    Returns:
        numpy.ndarray: float64, shape ``(n_rows, n_classes)``.
    """
    n_classes, n_folds = int(labels.max()) + 1, n_folds_for(len(labels))
    rounds = int(np.clip(TREES // (n_folds * (n_classes if n_classes > 2 else 1)), 10, ROUNDS))
    chances = np.empty((len(labels), n_classes))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    with threadpool_limits(THREADS):
        for learn, judge in folds.split(np.zeros(len(labels)), labels):
            model = classifier(features, len(labels), rounds, seed=seed)
            chances[judge] = fitted(model, features[learn], labels[learn]).predict_proba(features[judge])
    return chances


def classifier(
    features: Features, n_rows: int, rounds: int = ROUNDS, *, seed: int = 0
) -> HistGradientBoostingClassifier | LogisticRegression:
    """The model that judges classes: a linear one where the features are sparse."""
    if sparse.issparse(features):
        return LogisticRegression(max_iter=STEPS, tol=TOLERANCE)
    return HistGradientBoostingClassifier(**_settings(n_rows, rounds, seed))


def regressor(features: Features, n_rows: int, *, seed: int = 0) -> HistGradientBoostingRegressor | Ridge:
    """The model that judges amounts."""
    if sparse.issparse(features):
        return Ridge(random_state=seed)
    return HistGradientBoostingRegressor(**_settings(n_rows, ROUNDS, seed) | {"max_depth": 6})


def fitted(model: Any, features: Features, labels: np.ndarray) -> Any:
    """The model, trained; that it stopped early is no news, as it is only to rank."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features, labels)


def amount_scores(features: Features, amounts: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How far each amount lies from what a model that was trained on the other folds expects.

    Args:
        features: Shape ``(n_rows, n_features)``, as for `class_chances`.
        amounts: float, shape ``(n_rows,)``; lopsided positive ones are judged by their logarithm.
        seed: Of the folds and the model.

    Returns:
        tuple: The size of the residuals in robust standard deviations, all 0 where those are 0, and what was expected;
        float64, shape ``(n_rows,)`` each.
    """
    use_log = amounts.min() > 0 and float(pd.Series(amounts).skew()) > HIGH_SKEW
    labels, expected = np.log(amounts) if use_log else amounts, np.empty(len(amounts))
    with threadpool_limits(THREADS):
        for learn, judge in KFold(3, shuffle=True, random_state=seed).split(np.zeros(len(amounts))):
            model = fitted(regressor(features, len(amounts), seed=seed), features[learn], labels[learn])
            expected[judge] = model.predict(features[judge])
    residuals = np.abs(labels - expected - np.median(labels - expected))
    scale = NORMAL_MAD * np.median(residuals)
    scores = residuals / scale if scale else np.zeros(len(amounts))
    return scores, np.exp(expected) if use_log else expected


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
