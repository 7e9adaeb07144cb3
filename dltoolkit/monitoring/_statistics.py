"""The tests behind a drift report: Kolmogorov-Smirnov, chi-squared, Fisher, and Holm's correction."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

# Below this expected count the chi-squared distribution is no longer close enough (Cochran 1954, Biometrics 10).
MIN_EXPECTED = 5.0


class Outcome(NamedTuple):
    """What one test found: its name, its statistic, its p-value in [0, 1] and an effect size in [0, 1]."""

    test: str
    statistic: float
    p_value: float
    effect: float


def kolmogorov_smirnov(batch: np.ndarray, values: np.ndarray, below: np.ndarray, upto: np.ndarray) -> Outcome:
    """Two-sample Kolmogorov-Smirnov test of a batch against a reference that is known at some points.

    The largest distance D is looked for at the known points, on both sides of each. With every distinct value
    of the reference known that is the textbook D; with a thinned grid it can only be smaller, by less than one
    step of the grid, so that the test stays on the safe side.

    Args:
        batch: float64 ``(n,)`` without NaN: the new values. With none of them p is 1 and D is 0.
        values: float64 ``(n_points,)``, increasing: the points at which the reference is known, its largest among them.
        below: int64 ``(n_points,)``: how many reference values are smaller than each point.
        upto: int64 ``(n_points,)``: how many are smaller or equal.

    Returns:
        Outcome: D is both the statistic and the effect.

    References:
        Massey (1951), JASA 46. The p-value is the exact one-sample distribution (Simard & L'Ecuyer 2011,
        J. Stat. Softw. 39(11)) at the effective size ``n m / (n + m)``, as in ``scipy.stats.ks_2samp``, and never
        under that of the most extreme order of ``n + m`` values, which a sample of one or two would undercut.
    """
    n, n_reference = len(batch), int(upto[-1])
    if n == 0:
        return Outcome("KS", 0.0, 1.0, 0.0)
    batch = np.sort(batch)
    at = np.searchsorted(batch, values, side="right") / n - upto / n_reference
    before = np.searchsorted(batch, values, side="left") / n - below / n_reference
    distance = float(max(np.abs(at).max(), np.abs(before).max()))
    p_value = float(stats.kstwo.sf(distance, effective_size(n, n_reference)))
    return Outcome("KS", distance, max(p_value, 2 / special.comb(n + n_reference, n)), distance)


def effective_size(n: int, m: int) -> int:
    """The size of one sample that tells as much as two of `n` and `m` values: ``n m / (n + m)``, at least 1."""
    return max(1, round(n * m / (n + m)))


def smallest_distance(p_value: float, n: int, m: int) -> float:
    """The Kolmogorov-Smirnov distance at which two samples of `n` and `m` values reach a p-value."""
    return float(stats.kstwo.isf(p_value, effective_size(n, m)))


def level_test(reference: ArrayLike, batch: ArrayLike) -> Outcome:
    """Test whether two samples have the same shares of levels.

    Levels too rare for the approximation are put together, in the order of how frequent they are in both
    samples, until each group is expected at least 5 times in the smaller sample. Three groups or more take
    Pearson's chi-squared test; two take Fisher's exact test.

    Args:
        reference: How often each level occurs in the reference, ``(n_levels,)``.
        batch: How often it occurs in the batch, ``(n_levels,)``, in the same order.

    Returns:
        Outcome: The statistic is chi-squared in both cases. The effect is `cramers_v`.

    References:
        Pearson (1900); Fisher (1922), JRSS 85; Cochran (1954), Biometrics 10.
    """
    table = np.array([reference, batch], dtype=np.float64)
    sizes = table.sum(axis=1)
    if sizes.min() == 0:
        return Outcome("chi-squared", 0.0, 1.0, 0.0)
    table = _grouped(table, sizes)
    effect = cramers_v(table[0], table[1])
    expected = np.outer(sizes, table.sum(axis=0)) / sizes.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    if table.shape[1] == 2:
        return Outcome("Fisher", statistic, _fisher(table), effect)
    return Outcome("chi-squared", statistic, float(stats.chi2.sf(statistic, table.shape[1] - 1)), effect)


def share_test(n_hits: int, n_reference: int, hits: int, n: int, *, more_only: bool = False) -> Outcome:
    """Fisher's exact test of one share: `n_hits` of `n_reference` rows in the reference, `hits` of `n` now.

    Args:
        n_hits: Rows of the reference that have the property.
        n_reference: Rows of the reference.
        hits: Rows of the batch that have it.
        n: Rows of the batch.
        more_only: Whether only a larger share counts against the batch. Defaults to False.

    Returns:
        Outcome: The statistic is the share in the batch. The effect is `cramers_v`.
    """
    table = np.array([[n_hits, n_reference - n_hits], [hits, n - hits]], dtype=np.float64)
    p_value = _fisher(table, "less" if more_only else "two-sided")
    grown = hits / n > n_hits / n_reference
    effect = cramers_v(table[0], table[1]) if grown or not more_only else 0.0
    return Outcome("Fisher", hits / n, p_value, effect)


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Cramér's V between "which sample" and "which level", with equal weights, and less what chance brings.

    ``V ** 2 = sum((p - q) ** 2 / (p + q)) / 2 - (n_levels - 1) * (1 / n + 1 / m) / 4``, never under 0, where p and q
    are the shares of the levels among the `n` and `m` rows of the two samples. Without the equal weights V would
    shrink with the batch: against 100,000 reference rows, 50 rows that share no level with them would score 0.02.
    Without the second term, its mean when nothing changed, many levels and few rows would look like a change.

    Args:
        first: Counts of the levels in one sample, ``(n_levels,)``.
        second: Counts in the other, same shape.

    Returns:
        float: From 0 (no change beyond chance) to 1 (no level in common). Cohen calls 0.1 small.

    References:
        Cramér (1946), *Mathematical Methods of Statistics*, 21.9; Cohen (1988), *Statistical Power Analysis*, ch. 7;
        Bergsma (2013), J. Korean Stat. Soc. 42, for the correction.

    Example:
        >>> round(cramers_v(np.array([5000, 5000]), np.array([60_000, 40_000])), 2)
        0.1
    """
    n, m = first.sum(), second.sum()
    p, q = first / n, second / m
    some = p + q > 0
    squared = ((p - q)[some] ** 2 / (p + q)[some]).sum() / 2
    return float(np.sqrt(max(0.0, squared - (some.sum() - 1) * (1 / n + 1 / m) / 4)))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's adjusted p-values: rejecting those under alpha keeps the chance of any false alarm under alpha.

    Args:
        p_values: Shape ``(n_tests,)``, each in [0, 1].

    Returns:
        numpy.ndarray: float64 ``(n_tests,)``, in the order given.

    References:
        Holm (1979), Scand. J. Statist. 6.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted


def _grouped(table: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Put rare levels together until each group is expected often enough; two groups always remain if possible.

    What goes together depends on the sums over both samples alone, so that the test stays valid.
    """
    total = table.sum(axis=0)
    table = table[:, total > 0]
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    expected = table.sum(axis=0) * sizes.min() / sizes.sum()
    needed = min(MIN_EXPECTED, sizes.min() / 2)
    starts, held = [0], 0.0
    for level, amount in enumerate(expected):
        if held >= needed:
            starts.append(level)
            held = 0.0
        held += amount
    if held < needed and len(starts) > 2:
        starts.pop()
    return np.add.reduceat(table, starts, axis=1)


def _fisher(table: np.ndarray, alternative: str = "two-sided") -> float:
    return float(stats.fisher_exact(table.astype(np.int64), alternative=alternative).pvalue)
