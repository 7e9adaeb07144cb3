"""Optimizer, loss and metrics of a training."""

from typing import Any

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._amounts import ABSOLUTE, PINBALL, SQUARED, AmountLoss, MedianError

# Where each optimizer usually trains, from the Keras defaults and, for SGD, from Goodfellow et al. 2016, chapter 8.
LEARNING_RATES = {
    "adam": 1e-3,
    "adamw": 1e-3,
    "nadam": 1e-3,
    "adamax": 1e-3,
    "rmsprop": 1e-3,
    "adagrad": 1e-2,
    "adadelta": 1.0,
    "ftrl": 1e-2,
    "lion": 1e-4,
    "sgd": 1e-2,
}
# The same measures for classes that come as shares.
_SOFT = {"sparse_categorical_accuracy": "categorical_accuracy"}


def compile_model(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: str | keras.losses.Loss | None,
    *,
    problem: Problem,
    preprocessor: Preprocessor,
    soft: bool,
    steps: int = 1,
    compiled: bool = False,
) -> None:
    """Compile with the problem's loss and metrics; with those for shares where classes come `soft`, ``(n, n_classes)``.

    `steps` is Keras's ``steps_per_execution``; `compiled` its ``jit_compile``.
    """
    loss = loss if loss is not None else str(problem.loss)
    if soft and loss == "sparse_categorical_crossentropy":
        loss = "categorical_crossentropy"
    measure = _measure(check_loss(loss, problem), problem, preprocessor)
    model.compile(
        optimizer=optimizer,
        loss=measure,
        loss_weights=_loss_weight(getattr(measure, "name", None) or measure.__name__, problem, preprocessor),
        metrics=[_metric(str(m), soft) for m in problem.metrics]
        if not problem.quantiles
        else [_median_error(problem)],
        steps_per_execution=steps,
        jit_compile=compiled,
    )


def check_loss(loss: Any, problem: Problem) -> Any:
    """Return a loss once it is sure that Keras knows it and that it fits the problem.

    Raises:
        InputError: If there is no such loss, or it takes quantiles for amounts or the other way round.
    """
    if (loss == PINBALL) != bool(problem.quantiles):
        if problem.quantiles:
            cure = "It alone learns quantiles; a problem without quantiles= has amounts."
            stop([complaint("loss", f"{PINBALL!r} for quantiles", repr(loss), cure)])
        cure = "Ask for some: Problem.infer(frame, target, quantiles=(0.1, 0.5, 0.9))."
        stop([complaint("loss", f"a problem with quantiles for {PINBALL!r}", "one without", cure)])
    if loss == PINBALL:
        return loss
    try:
        keras.losses.get(loss)
    except ValueError:
        stop([complaint("loss", f"a Keras loss such as {str(problem.loss)!r}", repr(loss))])
    return loss


def _measure(loss: Any, problem: Problem, preprocessor: Preprocessor) -> Any:
    """The loss as Keras takes it; of several amounts or quantiles each in units of its own spread."""
    several = problem.kind == "regression" and (bool(problem.quantiles) or len(problem.targets) > 1)
    if not several or loss not in (PINBALL, SQUARED, ABSOLUTE):
        return keras.losses.get(loss)
    known = [preprocessor.target_statistics.get(name) for name in problem.targets]
    scales = [float(target.std) if target is not None and target.std else 1.0 for target in known]
    return AmountLoss(str(loss), scales, problem.quantiles)


def _median_error(problem: Problem) -> MedianError:
    return MedianError(len(problem.targets), problem.quantiles.index(0.5))


def _metric(name: str, soft: bool) -> keras.metrics.Metric:
    """A metric that keeps its name: Keras would number the second one of a process ("auc_1")."""
    found = keras.metrics.get(_SOFT.get(name, name) if soft else name)
    return (
        type(found).from_config({**found.get_config(), "name": name})
        if isinstance(found, keras.metrics.Metric)
        else found
    )


def _loss_weight(loss: str, problem: Problem, preprocessor: Preprocessor) -> float | None:
    """What makes a regression loss free of the target's unit."""
    target = preprocessor.target_statistics.get(problem.targets[0])
    if problem.kind != "regression" or len(problem.targets) > 1 or target is None or not target.std:
        return None
    return {"mean_squared_error": 1 / target.std**2, "mean_absolute_error": 1 / target.std}.get(loss)
