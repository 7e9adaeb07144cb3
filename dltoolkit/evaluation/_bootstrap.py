"""Percentile bootstrap, paired: every model is measured on the same resamples."""

from collections.abc import Iterator, Mapping

import numpy as np

from dltoolkit.evaluation._statistics import Statistic

# Counts held at once: 4 MiB as int32. Large enough that numpy's overhead vanishes, small enough to stay in cache
# and to keep memory flat whatever the number of rows.
CELLS = 1 << 20


def resamples(n_rows: int, n_bootstrap: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row is drawn in each resample, a block of resamples at a time.

    Args:
        n_rows: Rows to draw from, at least 1; each resample draws as many, with replacement.
        n_bootstrap: Resamples in all.
        seed: Seed of the draws. The same seed gives the same resamples.

    Yields:
        numpy.ndarray: int32 ``(n_resamples, n_rows)``; each row sums to `n_rows`.
    """
    rng = np.random.default_rng(seed)
    size = max(1, CELLS // n_rows)
    for start in range(0, n_bootstrap, size):
        block = np.empty((min(size, n_bootstrap - start), n_rows), np.int32)
        for row in block:
            row[:] = np.bincount(rng.integers(0, n_rows, n_rows), minlength=n_rows)
        yield block


def replicate(
    measures: Mapping[str, Statistic], n_rows: int, *, n_bootstrap: int, seed: int
) -> dict[str, np.ndarray]:
    """Measure every model on the same resamples.

    Args:
        measures: Statistics by name.
        n_rows: Rows that were measured.
        n_bootstrap: Number of resamples.
        seed: Seed of the draws.

    Returns:
        dict: By name, float64 ``(n_bootstrap, n_metrics)``; NaN where a metric is not defined on a resample.

    References:
        Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 6 and 13.
    """
    parts: dict[str, list[np.ndarray]] = {name: [] for name in measures}
    for counts in resamples(n_rows, n_bootstrap, seed):
        for name, measure in measures.items():
            parts[name].append(measure(counts))
    return {name: np.concatenate(p) if p else np.empty((0, 0)) for name, p in parts.items()}


def interval(draws: np.ndarray, n_metrics: int, confidence: float) -> np.ndarray:
    """The percentile interval of each metric over the resamples on which it is defined.

    Args:
        draws: float64 ``(n_bootstrap, n_metrics)``.
        n_metrics: Number of metrics: it is not in the shape when there are no resamples.
        confidence: Share of the resamples inside the interval, in ``(0, 1)``.

    Returns:
        numpy.ndarray: float64 ``(n_metrics, 2)``, low and high; NaN where no resample has a value.

    Example:
        >>> interval(np.arange(101.0).reshape(-1, 1), 1, 0.9)
        array([[ 5., 95.]])
    """
    bounds = np.full((n_metrics, 2), np.nan)
    tail = (1 - confidence) / 2
    for j, column in enumerate(draws.T):
        known = column[~np.isnan(column)]
        if len(known):
            bounds[j] = np.quantile(known, [tail, 1 - tail])
    return bounds
