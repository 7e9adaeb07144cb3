"""Power laws through learning curves: ``error = a + b * rows**-c`` with nothing below zero."""

from typing import NamedTuple

import numpy as np

# Hestness et al. (2017) measured exponents from 0.07 to 0.35 on networks; theory gives 0.5 for a fixed model with noise,
# and 1 without (Amari, Fujita and Shinomoto 1992, Four types of learning curves).
EXPONENTS = np.geomspace(0.05, 1.5, 80)


class PowerLaws(NamedTuple):
    """Several laws ``error = a + b * rows**-c``.

    Attributes:
        a: What no number of rows removes, at least 0, shape ``(n_laws,)``.
        b: What more rows remove, at least 0.
        c: How fast, positive.
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def errors(self, rows: float) -> np.ndarray:
        """The error of each law for some number of rows, shape ``(n_laws,)``."""
        return self.a + self.b * rows**-self.c

    def rows(self, error: float) -> np.ndarray:
        """The rows that each law asks for to reach an error, infinite where it never does, shape ``(n_laws,)``."""
        room = error - self.a
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            needed = (self.b / room) ** (1 / self.c)
        return np.where(room > 0, np.maximum(needed, 1.0), np.inf)


def fit_power_laws(rows: np.ndarray, errors: np.ndarray, noise: np.ndarray) -> PowerLaws:
    """The law of least weighted squares through each curve: for each exponent the other two numbers are a plain fit.

    Args:
        rows: Numbers of rows, shape ``(n_sizes,)``, at least three different ones.
        errors: One curve a row, shape ``(n_laws, n_sizes)``.
        noise: Standard deviation of the errors at each size, above 0, shape ``(n_sizes,)``.

    Returns:
        PowerLaws: One a curve.

    Example:
        >>> rows = np.array([10.0, 30, 100, 300, 1000])
        >>> laws = fit_power_laws(rows, (0.1 + 2 * rows**-0.5)[None], np.ones(5))
        >>> round(float(laws.a[0]), 2), round(float(laws.rows(0.2)[0]), -1)
        (0.1, 400.0)
    """
    weights = noise**-2.0
    best = np.full(len(errors), np.inf)
    found = np.zeros((3, len(errors)))
    for exponent in EXPONENTS:
        falls = rows.astype(float) ** -exponent
        a, b = _line(falls, errors, weights)
        squares = ((errors - a[:, None] - b[:, None] * falls) ** 2) @ weights
        better = squares < best
        best = np.where(better, squares, best)
        found[:, better] = np.stack([a, b, np.full(len(errors), exponent)])[:, better]
    return PowerLaws(*found)


def _line(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and slope of weighted least squares, neither below zero; `y` has shape ``(n_laws, n_sizes)``."""
    total = weights.sum()
    middle, means = (weights @ x) / total, (y @ weights) / total
    centred = x - middle
    slope = ((y - means[:, None]) @ (weights * centred)) / (weights @ centred**2)
    intercept = means - slope * middle
    through = (y @ (weights * x)) / (weights @ x**2)  # where the intercept would be below zero it is zero
    slope = np.where(intercept < 0, through, slope)
    intercept = np.maximum(intercept, 0.0)
    return np.where(slope < 0, means, intercept), np.maximum(slope, 0.0)
