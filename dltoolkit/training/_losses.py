"""The losses that fit a problem, by name: Keras's own, made free of the target's unit."""

import dataclasses
from typing import Any

import pandas as pd

from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._amounts import ABSOLUTE, HUBER, PINBALL, SQUARED

FOCAL = "focal"
GAMMA = 2.0  # of the focal loss: did best in Lin et al. 2017, table 1b
BINARY, SPARSE, SHARES = "binary_crossentropy", "sparse_categorical_crossentropy", "categorical_crossentropy"
# Losses of Keras that compare shares of classes (n, n_classes), and not class numbers.
_OF_SHARES = (
    keras.losses.CategoricalCrossentropy,
    keras.losses.CategoricalFocalCrossentropy,
    keras.losses.CategoricalGeneralizedCrossEntropy,
    keras.losses.CategoricalHinge,
    keras.losses.KLDivergence,
)


@dataclasses.dataclass(frozen=True)
class _Loss:
    """One loss as `losses` tells it."""

    when: str
    formula: str
    source: str


_LIKELIHOOD = "Goodfellow, Bengio and Courville (2016), Deep learning, section 6.2"
_BRIER = "Brier (1950), Verification of forecasts expressed in terms of probability"
_LIN = "Lin et al. (2017), Focal loss for dense object detection, equation 4"
_CLASSES = {
    FOCAL: _Loss(
        "Many easy examples drown the hard ones; its probabilities are too near to one half.",
        f"-(1 - q)^{GAMMA:g} log q, q the probability of the right answer",
        _LIN,
    ),
    SQUARED: _Loss(
        "Some labels are wrong: no example can cost more than 1.",
        "(y - p)^2, mean over the outputs (Brier score)",
        _BRIER,
    ),
}
_BINARY = _Loss("Probabilities are wanted; the default.", "-y log p - (1 - y) log(1 - p)", _LIKELIHOOD)
_LOSSES = {
    "binary": {BINARY: _BINARY, **_CLASSES},
    "multilabel": {
        BINARY: dataclasses.replace(_BINARY, formula=f"{_BINARY.formula}, mean over the labels"),
        **_CLASSES,
    },
    "multiclass": {
        SPARSE: _Loss(
            "Probabilities are wanted; the default.",
            "-log q, q the probability of the right class",
            _LIKELIHOOD,
        ),
        **_CLASSES,
    },
    "regression": {
        SQUARED: _Loss("The expected amount is wanted; the default.", "(e / s)^2", _LIKELIHOOD),
        ABSOLUTE: _Loss(
            "The median is wanted, or some amounts are far out.",
            "|e| / s",
            "Koenker and Bassett (1978), Regression quantiles",
        ),
        HUBER: _Loss(
            "The mean is wanted, and a few amounts are far out.",
            "z^2 / 2 where |z| <= 1, else |z| - 1/2, with z = e / s",
            "Huber (1964), Robust estimation of a location parameter",
        ),
    },
    "quantiles": {
        PINBALL: _Loss(
            "The only one that learns quantiles.",
            "max(q e, (q - 1) e) / s, mean over the quantiles q",
            "Koenker and Bassett (1978), Regression quantiles",
        )
    },
}


def losses(problem: Problem) -> pd.DataFrame:
    """The losses that fit a problem; each name goes into ``training.fit(loss=...)``.

    y is the label, 0 or 1; p the probability answered; e the error and s the standard deviation of the training target,
    so that no loss hangs on the target's unit. Any loss of Keras can be given as well.

    Args:
        problem: What is asked.

    Returns:
        pandas.DataFrame: One row a loss, the problem's own first: ``name``, ``when``, ``formula``, ``source``.

    Example:
        >>> losses(Problem("binary", "churn", ("no", "yes")))["name"].tolist()
        ['binary_crossentropy', 'focal', 'mean_squared_error']
    """
    rows = [{"name": name, **dataclasses.asdict(loss)} for name, loss in named_losses(problem).items()]
    return pd.DataFrame(rows, columns=["name", "when", "formula", "source"])


def named_losses(problem: Problem) -> dict[str, Any]:
    """The entries of `losses` by name."""
    return _LOSSES["quantiles" if problem.quantiles else problem.kind]


def of_shares(loss: Any, problem: Problem) -> bool:
    """Whether a loss compares shares of classes, ``(n, n_classes)``, where a problem has class numbers.

    Args:
        loss: As `training.fit` takes it.
        problem: What is asked.
    """
    if problem.kind != "multiclass":
        return False
    named = isinstance(loss, str) and (loss in _CLASSES or loss.startswith("categorical_"))
    return named or isinstance(loss, _OF_SHARES)


def keras_loss(loss: Any, problem: Problem, preprocessor: Preprocessor) -> Any:
    """A loss as Keras takes it: an object for those of ours that have a setting, anything else as Keras finds it.

    Args:
        loss: A name of `losses`, or what ``keras.losses.get`` takes.
        problem: What is asked.
        preprocessor: Gives the spread of the target.
    """
    if loss == FOCAL:
        several = problem.kind == "multiclass"
        # Weights of classes are the affair of class_weight.
        return (
            keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=GAMMA, name=FOCAL)
            if several
            else keras.losses.BinaryFocalCrossentropy(gamma=GAMMA, name=FOCAL)
        )
    if loss == HUBER:
        return keras.losses.Huber(delta=spread(problem, preprocessor) or 1.0, name=HUBER)
    return keras.losses.get(loss)


def spread(problem: Problem, preprocessor: Preprocessor) -> float | None:
    """Standard deviation of the one amount that is answered, in the training part; None where there is none."""
    target = preprocessor.target_statistics.get(problem.targets[0])
    one = problem.kind == "regression" and len(problem.targets) == 1 and target is not None
    return float(target.std) if one and target is not None and target.std else None
