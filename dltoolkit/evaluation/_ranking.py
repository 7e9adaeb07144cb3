"""ROC-AUC and PR-AUC of many resamples at once: one sort, then sums of counts."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Ranking:
    """Scores sorted once, so that the areas under both curves follow from how often each row was drawn.

    Attributes:
        positives: Row numbers of the positives, highest score first, int64 ``(n_positives,)``.
        negatives: Row numbers of the negatives, highest score first, int64 ``(n_negatives,)``.
        above: For each positive, how many negatives score strictly higher, int64 ``(n_positives,)``.
        level: For each positive, how many negatives score at least as high, int64 ``(n_positives,)``.
        last: For each positive, the place of the last positive with the same score, int64 ``(n_positives,)``.

    References:
        Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006), algorithm 3.
    """

    positives: np.ndarray
    negatives: np.ndarray
    above: np.ndarray
    level: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, positive: np.ndarray, scores: np.ndarray) -> "Ranking":
        """Sort the rows.

        Args:
            positive: Which rows are positive, bool ``(n,)``.
            scores: Their scores, finite, ``(n,)``; higher means more likely positive.

        Returns:
            Ranking: The sorted rows.

        Example:
            >>> ranking = Ranking.of(np.array([True, False, True]), np.array([0.9, 0.4, 0.2]))
            >>> ranking.areas(np.array([[1, 1, 1]]))
            array([[0.5       , 0.83333333]])
        """
        order = np.argsort(-scores, kind="stable")
        chosen = positive[order]
        positives, negatives = order[chosen], order[~chosen]
        falling, others = -scores[positives], -scores[negatives]
        return cls(
            positives,
            negatives,
            above=np.searchsorted(others, falling, "left"),
            level=np.searchsorted(others, falling, "right"),
            last=np.searchsorted(falling, falling, "right") - 1,
        )

    def areas(self, counts: np.ndarray) -> np.ndarray:
        """Both areas for each resample, as scikit-learn's with the counts as weights.

        Args:
            counts: How often each row was drawn, int32 ``(n_resamples, n)``.

        Returns:
            numpy.ndarray: float64 ``(n_resamples, 2)``: ROC-AUC and PR-AUC (average precision), each in
            ``[0, 1]``. NaN where a resample has no positive, and for ROC-AUC where it has no negative.
        """
        drawn = counts.take(self.positives, axis=1)
        found = drawn.cumsum(axis=1, dtype=np.int32).take(self.last, axis=1)
        false = np.zeros((len(counts), len(self.negatives) + 1), np.int32)
        counts.take(self.negatives, axis=1).cumsum(axis=1, dtype=np.int32, out=false[:, 1:])
        higher, level = false.take(self.above, axis=1), false.take(self.level, axis=1)
        n_positive, n_negative = drawn.sum(axis=1, dtype=float), false[:, -1].astype(float)
        misranked = np.einsum("ij,ij->i", drawn, higher, dtype=float)
        misranked += np.einsum("ij,ij->i", drawn, level, dtype=float)
        precision = found / np.maximum(found + level, 1)
        gained = np.einsum("ij,ij->i", drawn, precision)
        missing = np.full(len(counts), np.nan)
        pairs = n_positive * n_negative
        lost = np.divide(misranked / 2, pairs, out=missing.copy(), where=pairs > 0)
        area = np.divide(gained, n_positive, out=missing, where=n_positive > 0)
        return np.column_stack([1 - lost, area])
