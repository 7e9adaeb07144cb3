"""Optimizer, loss and metrics of a training."""

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

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
STEPS_PER_EXECUTION = (
    16  # updates between two returns to Python: the loop costs less, Stop still answers within 0.1 s
)
# The same measures for classes that come as shares.
_SOFT = {"sparse_categorical_accuracy": "categorical_accuracy"}


def pick_optimizer(
    optimizer: str | keras.optimizers.Optimizer, learning_rate: float | None
) -> keras.optimizers.Optimizer:
    """An optimizer by name or as it is, with a learning rate."""
    if learning_rate is not None:
        check_number(learning_rate, "learning_rate", low=0, open_low=True)
    if isinstance(optimizer, str):
        name = check_choice(optimizer.lower(), LEARNING_RATES, "optimizer")
        optimizer = keras.optimizers.get(name)
        optimizer.learning_rate = LEARNING_RATES[name] if learning_rate is None else learning_rate
    elif learning_rate is not None:
        optimizer.learning_rate = learning_rate
    return optimizer


def compile_model(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: str | keras.losses.Loss | None,
    *,
    problem: Problem,
    preprocessor: Preprocessor,
    steps: int,
    soft: bool,
) -> None:
    """Compile with the problem's loss and metrics; with those for shares where classes come `soft`, ``(n, n_classes)``."""
    loss = loss if loss is not None else str(problem.loss)
    if soft and loss == "sparse_categorical_crossentropy":
        loss = "categorical_crossentropy"
    try:
        measure = keras.losses.get(loss)
    except ValueError:
        stop([complaint("loss", f"a Keras loss such as {str(problem.loss)!r}", repr(loss))])
    model.compile(
        optimizer=optimizer,
        loss=measure,
        loss_weights=_loss_weight(getattr(measure, "name", None) or measure.__name__, problem, preprocessor),
        metrics=[_metric(str(m), soft) for m in problem.metrics],
        steps_per_execution=min(STEPS_PER_EXECUTION, steps),
        jit_compile=False,
    )


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
    if problem.kind != "regression" or target is None or not target.std:
        return None
    return {"mean_squared_error": 1 / target.std**2, "mean_absolute_error": 1 / target.std}.get(loss)
