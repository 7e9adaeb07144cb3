"""Fences beyond which a number lies far from all others, fit for lopsided columns too."""

from typing import NamedTuple

import numpy as np

# Tukey (1977), Exploratory Data Analysis: a value beyond three interquartile ranges from the quartiles is "far out".
FAR_OUT = 3.0
# Hubert and Vandervieren (2008), An adjusted boxplot for skewed distributions, Computational Statistics and Data
# Analysis 52(12): the fence on the side of the long tail is moved out by exp(3 |MC|), where MC is the medcouple, a
# robust skewness in [-1, 1]. They also move the other fence in; we do not: in samples of 100 that flags honest rows.
LONG_TAIL = 3.0
MIN_ROWS = 10  # fewer values have no quartiles worth the name
MIN_ROWS_FOR_SKEWNESS = 50  # below this the medcouple of even a symmetric sample strays beyond 0.2
_GRID = 401  # quantiles that stand for the column in the medcouple, which compares all pairs


class Fences(NamedTuple):
    """The quartiles of a column, and the lowest and the highest value that is not far out."""

    low: float
    high: float
    quartiles: tuple[float, float]

    def reach(self, values: np.ndarray) -> np.ndarray:
        """How far each value lies from the nearer quartile: 1 at the fence, more beyond it, 0 for missing ones.

        Args:
            values: Numbers, float, shape ``(n,)``.

        Returns:
            numpy.ndarray: float64, shape ``(n,)``; 0 between the quartiles and for NaN and infinity.
        """
        values = np.where(np.isfinite(values), values, self.quartiles[0])
        below = (self.quartiles[0] - values) / (self.quartiles[0] - self.low)
        return np.maximum(
            0.0, np.maximum(below, (values - self.quartiles[1]) / (self.high - self.quartiles[1]))
        )


def fences(values: np.ndarray) -> Fences | None:
    """The lowest and the highest value that is not far out.

    Where one value fills the middle half of the column (many zeros, say), the fences are those of the other values,
    widened to hold it.

    Args:
        values: Numbers, float, shape ``(n,)``; NaN and infinity are left out.

    Returns:
        Fences: The fences, or None where there are too few different values to tell.

    References:
        Tukey (1977); Hubert and Vandervieren (2008).

    Example:
        >>> fences(np.arange(101.0))
        Fences(low=-125.0, high=225.0, quartiles=(25.0, 75.0))
    """
    known = values[np.isfinite(values)]
    if len(known) < MIN_ROWS:
        return None
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    if low == high:
        rest = known[known != middle]
        inner = fences(rest) if len(rest) >= MIN_ROWS else None
        if inner is None:
            return None
        return Fences(min(inner.low, float(middle)), max(inner.high, float(middle)), inner.quartiles)
    skewness = medcouple(known) if len(known) >= MIN_ROWS_FOR_SKEWNESS else 0.0
    reach = FAR_OUT * (high - low)
    stretched = reach * np.exp(LONG_TAIL * abs(skewness))
    below, above = (reach, stretched) if skewness >= 0 else (stretched, reach)
    return Fences(float(low - below), float(high + above), (float(low), float(high)))


def medcouple(values: np.ndarray) -> float:
    """A robust skewness: how much farther the upper half lies from the median than the lower half.

    Args:
        values: Finite numbers, shape ``(n,)``; more than 401 are represented by their quantiles.

    Returns:
        float: In [-1, 1]; 0 for a symmetric column, positive for a long tail upwards.

    References:
        Brys, Hubert and Struyf (2004), A robust measure of skewness, Journal of Computational and Graphical
        Statistics 13(4).

    Example:
        >>> medcouple(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
        0.0
    """
    if len(values) > _GRID:
        values = np.quantile(values, np.linspace(0, 1, _GRID))
    centred = np.sort(values) - np.median(values)
    upper, lower = centred[centred >= 0][:, None], centred[centred <= 0][None, :]
    gap = upper - lower
    kernel = np.divide(upper + lower, gap, out=np.zeros_like(gap), where=gap > 0)
    return float(np.median(kernel))
