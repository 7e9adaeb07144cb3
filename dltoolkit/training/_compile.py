"""Optimizer, loss and metrics of a training."""

from typing import Any

from dltoolkit._checks import complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._amounts import ABSOLUTE, HUBER, PINBALL, SQUARED, AmountLoss, MedianError
from dltoolkit.training._losses import FOCAL, SHARES, SPARSE, keras_loss, named_losses, spread

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
    if soft and loss == SPARSE:
        loss = SHARES
    measure = _measure(check_loss(loss, problem), problem, preprocessor)
    model.compile(
        optimizer=optimizer,
        loss=measure,
        loss_weights=_loss_weight(getattr(measure, "name", None) or measure.__name__, problem, preprocessor),
        metrics=[_metric(str(m), soft) for m in problem.metrics]
        if not problem.quantiles
        else [_median_error(problem)],
        steps_per_execution=steps,
        jit_compile=compiled or keras.backend.backend() == "jax",  # which would else compute step by step
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
    if loss == FOCAL and problem.kind == "regression":
        cure = f"Those that fit: {listed(named_losses(problem))}."
        stop([complaint("loss", "one for amounts", repr(loss), cure)])
    if loss in (PINBALL, FOCAL):
        return loss
    try:
        keras.losses.get(loss)
    except ValueError:
        cure = f"Those that fit: {listed(named_losses(problem))}."
        stop([complaint("loss", f"a Keras loss such as {str(problem.loss)!r}", repr(loss), cure)])
    return loss


def _measure(loss: Any, problem: Problem, preprocessor: Preprocessor) -> Any:
    """The loss as Keras takes it; of several amounts or quantiles each in units of its own spread."""
    several = problem.kind == "regression" and (bool(problem.quantiles) or len(problem.targets) > 1)
    if not several or loss not in (PINBALL, SQUARED, ABSOLUTE, HUBER):
        return keras_loss(loss, problem, preprocessor)
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
    std = spread(problem, preprocessor)
    return None if std is None else {SQUARED: 1 / std**2, ABSOLUTE: 1 / std, HUBER: 1 / std**2}.get(loss)
