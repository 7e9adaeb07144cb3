"""Amounts as answers: one or several, each as a number or as quantiles."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_number, complaint, listed, stop

MEDIAN = 0.5


def check_quantiles(quantiles: Any) -> tuple[float, ...]:
    """Quantiles as a tuple, once it is sure that they rise within (0, 1) and hold the median, or are none."""
    if isinstance(quantiles, (str, int, float)) or not isinstance(quantiles, Sequence):
        cure = "Write quantiles=(0.1, 0.5, 0.9), or () for none."
        stop([complaint("quantiles", "a sequence of numbers between 0 and 1", repr(quantiles), cure)])
    for i, value in enumerate(quantiles):
        check_number(value, f"quantiles[{i}]", low=0, high=1, open_low=True, open_high=True)
    found = tuple(float(value) for value in quantiles)
    if any(a >= b for a, b in itertools.pairwise(found)):
        cure = f"Write quantiles={tuple(sorted(set(found)))}."
        stop([complaint("quantiles", "each once, from the smallest up", listed(found, 9), cure)])
    if found and MEDIAN not in found:
        cure = f"Write quantiles={tuple(sorted((*found, MEDIAN)))}."
        stop([complaint("quantiles", "0.5 among them: the median is the answer", listed(found, 9), cure)])
    return found


def spread(outputs: np.ndarray, n_targets: int, quantiles: tuple[float, ...]) -> np.ndarray:
    """What a head says about amounts, by target and quantile; quantiles that cross are put in order.

    Args:
        outputs: ``(n, n_targets * max(1, n_quantiles))``, the quantiles of the first target first.
        n_targets: Number of targets.
        quantiles: The quantiles; none for plain amounts.

    Returns:
        numpy.ndarray: ``(n, n_targets, max(1, n_quantiles))``, rising on the last axis.

    References:
        Chernozhukov et al., "Quantile and Probability Curves Without Crossing", Econometrica 78 (2010): sorted
        quantiles are never further from the truth than crossing ones.
    """
    return np.sort(np.reshape(outputs, (-1, n_targets, max(1, len(quantiles)))), axis=2)


def answered(outputs: np.ndarray, n_targets: int, quantiles: tuple[float, ...]) -> np.ndarray:
    """The amounts themselves, ``(n, n_targets)``: the medians where there are quantiles."""
    place = quantiles.index(MEDIAN) if quantiles else 0
    return spread(outputs, n_targets, quantiles)[:, :, place]


def decoded(outputs: np.ndarray, targets: tuple[str, ...], quantiles: tuple[float, ...]) -> pd.DataFrame:
    """The columns that `Problem.decode` gives for amounts."""
    values = spread(outputs, len(targets), quantiles)
    points = answered(outputs, len(targets), quantiles)
    tails = [""] if len(targets) == 1 else [f"_{name}" for name in targets]
    columns = {f"prediction{tail}": points[:, i] for i, tail in enumerate(tails)}
    for i, tail in enumerate(tails):
        columns |= {f"quantile_{q:g}{tail}": values[:, i, j] for j, q in enumerate(quantiles)}
    return pd.DataFrame(columns)
