"""Features that know the answer: equal to the target, one-to-one with it, or almost perfect judges all alone."""

import dataclasses
import math

import numpy as np
import pandas as pd

from dltoolkit._text import as_text
from dltoolkit.data._audit_columns import Column
from dltoolkit.data._content import first_occurrence, row_hashes
from dltoolkit.data._findings import EXAMPLES, AuditFinding, Table, plain

# What one feature alone may reach before it is called a leak, measured on rows that it was not fitted to. Ours: the
# best single features of scikit-learn's breast cancer (0.975), of the shipped tables (see tests) and of iris stay
# below; a copy of the target, a code of it, or a value that is only written down afterwards reaches 1.
LEAK_AUC = 0.99
LEAK_SKILL = (
    0.98  # the share of a majority guess's errors that the feature removes, for more than two classes
)
LEAK_R2 = 0.99  # of the target's ranks, so that a few huge amounts do not decide
ONE_TO_ONE_RANKS = (
    0.9999  # Spearman's correlation of an amount that only rises, or only falls, with the target
)
MIN_ARRANGEMENTS = 100.0  # of the labels over the rows: with fewer, two columns agree by chance too often
MIN_VALUES = 10  # fewer distinct amounts rise together by chance
MIN_FIT_ROWS = 30
BINS, ROWS_PER_BIN, FOLDS = 50, 5, 5
MAX_ROWS = 100_000  # a draw of this many rows tells 0.99 from 0.98 with certainty


@dataclasses.dataclass(frozen=True)
class _Target:
    """One target on the rows that are looked at.

    Attributes:
        name: The column.
        values: The labels.
        codes: Class numbers from 0, int, or the ranks of amounts in [0, 1], float; shape ``(n_rows,)``.
        n_classes: 0 for amounts.
    """

    name: str
    values: pd.Series
    codes: np.ndarray
    n_classes: int


@dataclasses.dataclass(frozen=True)
class _Rows:
    """Which rows are looked at.

    Attributes:
        all: Positions of the rows with a label.
        fit: Those of them whose content differs from all earlier ones, as positions in `all`: a copy of a row in
            another fold would make every column look as if it knew the answer.
        folds: The fold of each row of `fit`.
    """

    all: np.ndarray
    fit: np.ndarray
    folds: np.ndarray

    @classmethod
    def of(cls, table: Table) -> "_Rows":
        """Draw them."""
        rng = np.random.default_rng(table.seed)
        rows = np.flatnonzero(table.labelled)
        if len(rows) > MAX_ROWS:
            rows = np.sort(rng.choice(rows, MAX_ROWS, replace=False))
        first = first_occurrence(row_hashes(table.frame.iloc[rows]))
        fit = np.flatnonzero(first == np.arange(len(rows)))
        return cls(rows, fit, rng.permutation(len(fit)) % FOLDS)


def leakage(table: Table, columns: list[Column]) -> list[AuditFinding]:
    """One finding for each column that gives a target away.

    Args:
        table: The table; rows without a label play no part.
        columns: All columns but the targets.

    Returns:
        list: Findings of kind ``"leakage"``.

    References:
        Kaufman, Rosset, Perlich and Stitelman (2012), Leakage in data mining: formulation, detection, and avoidance,
        ACM Transactions on Knowledge Discovery from Data 6(4).
    """
    if table.problem is None or not table.labelled.any():
        return []
    rows = _Rows.of(table)
    targets = [_target(table, name, rows.all) for name in table.targets]
    found = []
    for column in columns:
        if len(column.counts) and len(column.counts) + column.missing.any() >= 2:
            words = next((w for target in targets if (w := _tell(column, rows, target))), None)
            found += [_finding(table, column, rows.all, words)] if words else []
    return found


def _target(table: Table, name: str, rows: np.ndarray) -> _Target:
    values = table.frame[name].iloc[rows]
    if table.problem is not None and table.problem.kind == "regression":
        ranks = pd.to_numeric(values).rank().to_numpy("float64") / len(rows)
        return _Target(name, values, ranks, 0)
    codes, classes = pd.factorize(as_text(values))
    return _Target(name, values, codes, len(classes))


def _tell(column: Column, rows: _Rows, target: _Target) -> tuple[str, str] | None:
    """How a column gives a target away, in words, and the target's name; None when it does not."""
    values = column.values.iloc[rows.all]
    if _arrangements(target) >= MIN_ARRANGEMENTS:
        if _equal(values, target):
            return f"equals the target {target.name!r} in every row", target.name
        if _one_to_one(values, target):
            return (
                f"is the target {target.name!r} in other words: each value goes with one value of it",
                target.name,
            )
    if column.role in ("id", "ignore") or len(rows.fit) < MIN_FIT_ROWS:
        return None
    measure, reached, limit = _score(_cells(column, rows.all[rows.fit]), rows, target)
    if reached < limit:
        return None
    return (
        f"foretells the target {target.name!r} all alone ({measure} {reached:.3f} on unseen rows)",
        target.name,
    )


def _equal(values: pd.Series, target: _Target) -> bool:
    """Whether every value reads the same as the label: a few rows first, as most columns differ there."""
    for rows in (slice(0, 20), slice(None)):
        ours, theirs = as_text(values.iloc[rows]), as_text(target.values.iloc[rows])
        if ours.isna().any() or (ours.to_numpy(object) != theirs.to_numpy(object)).any():
            return False
    return True


def _arrangements(target: _Target) -> float:
    """In how many orders the same labels could stand: one in so many columns equals the target by chance."""
    _, counts = np.unique(target.codes, return_counts=True)
    logarithm = math.lgamma(len(target.codes) + 1) - sum(math.lgamma(c + 1) for c in counts)
    return math.exp(min(logarithm, 700.0))  # more is beyond a float, and beyond doubt


def _one_to_one(values: pd.Series, target: _Target) -> bool:
    """Whether one column follows from the other, both ways."""
    if not target.n_classes:
        if (
            not pd.api.types.is_numeric_dtype(values.dtype)
            or values.isna().any()
            or values.nunique() < MIN_VALUES
        ):
            return False
        ranks = values.rank().to_numpy("float64")
        return abs(float(np.corrcoef(ranks, target.codes)[0, 1])) >= ONE_TO_ONE_RANKS
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    if len(distinct) != target.n_classes:
        return False
    return len(pd.unique(codes * np.int64(target.n_classes) + target.codes)) == target.n_classes


def _cells(column: Column, rows: np.ndarray) -> np.ndarray:
    """A cell number a row: a category, or a stretch of an amount that holds a fiftieth of the rows; missing has its own."""
    values = column.values.iloc[rows]
    n_bins = min(BINS, len(rows) // ROWS_PER_BIN)
    if column.role not in ("numeric", "datetime") or len(column.counts) <= n_bins:
        return pd.factorize(values, use_na_sentinel=False)[0]
    amounts = column.numbers[rows]
    if not np.isfinite(amounts).any():
        return pd.factorize(values, use_na_sentinel=False)[0]
    edges = np.unique(np.quantile(amounts[np.isfinite(amounts)], np.linspace(0, 1, n_bins + 1)[1:-1]))
    return np.where(np.isnan(amounts), len(edges) + 1, np.searchsorted(edges, amounts, side="right"))


def _score(cells: np.ndarray, rows: _Rows, target: _Target) -> tuple[str, float, float]:
    """How well the cells foretell the target, each fold told by the others: the measure, its value, its limit."""
    n_cells = int(cells.max()) + 1
    places, codes = cells * FOLDS + rows.folds, target.codes[rows.fit]
    if not target.n_classes:
        return "R2 of ranks", _r2(places, n_cells, codes), LEAK_R2
    cube = np.bincount(places * target.n_classes + codes, minlength=n_cells * FOLDS * target.n_classes)
    cube = cube.reshape(n_cells, FOLDS, target.n_classes)
    others = cube.sum(axis=1, keepdims=True) - cube
    prior = cube.sum(axis=(0, 1)) / cube.sum()
    chances = (others + prior) / (others.sum(axis=2, keepdims=True) + 1)
    if target.n_classes == 2:
        area = _auc(chances[..., 1].ravel(), cube[..., 1].ravel(), cube[..., 0].ravel())
        return "AUC", area, LEAK_AUC
    right = np.take_along_axis(cube, chances.argmax(axis=2)[..., None], axis=2).sum() / cube.sum()
    return "skill", float((right - prior.max()) / (1 - prior.max())), LEAK_SKILL


def _auc(scores: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """The area under the ROC curve of scores that many rows share.

    Args:
        scores: One score a cell, shape ``(n_cells,)``.
        positive: Rows of the positive class a cell.
        negative: Rows of the other class a cell.

    Returns:
        float: In [0, 1].
    """
    _, level = np.unique(scores, return_inverse=True)
    up, down = np.bincount(level, positive), np.bincount(level, negative)
    below = np.cumsum(down) - down
    pairs = up.sum() * down.sum()
    return float((up * (below + down / 2)).sum() / pairs) if pairs else 0.5


def _r2(places: np.ndarray, n_cells: int, ranks: np.ndarray) -> float:
    """The share of the ranks' variance that the mean of the other folds' rows in the cell explains."""
    shape = (n_cells, FOLDS)
    n = np.bincount(places, minlength=n_cells * FOLDS).reshape(shape)
    total = np.bincount(places, ranks, minlength=n_cells * FOLDS).reshape(shape)
    mean = ranks.mean()
    others = (total.sum(axis=1, keepdims=True) - total + mean) / (n.sum(axis=1, keepdims=True) - n + 1)
    squares = (ranks**2).sum() - 2 * (total * others).sum() + (n * others**2).sum()
    return float(1 - squares / ((ranks - mean) ** 2).sum())


def _finding(table: Table, column: Column, rows: np.ndarray, told: tuple[str, str]) -> AuditFinding:
    words, target = told
    mask = np.zeros(len(table.frame), dtype=bool)
    mask[rows] = True
    advice = f"LEAKAGE: {column.name!r} {words}. If it is not known when you predict, drop it:"
    advice += " data.clean(leakage='drop'). Kept, the model looks perfect here and fails in use. If it names a person"
    advice += " or a group, split with groups= instead."
    examples = [
        {**table.example(row, column.name), "target": plain(table.frame[target].iloc[row])}
        for row in rows[:EXAMPLES]
    ]
    return table.finding("leakage", column.name, mask, advice, severity="warn", examples=examples)
