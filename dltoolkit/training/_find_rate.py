"""Which learning rates a network can take: a range test that leaves no trace."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dltoolkit._checks import check_number, complaint, stop
from dltoolkit._keras import keras
from dltoolkit.data import Splits
from dltoolkit.models import Recipe
from dltoolkit.models import recipe as recipe_of
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.problem import Problem
from dltoolkit.training._compile import compile_model
from dltoolkit.training._model_check import check_model
from dltoolkit.training._optimizers import LEARNING_RATES, make_optimizer
from dltoolkit.training._rate_range import RateRange, read_range
from dltoolkit.training._rows import Rows, rows_of
from dltoolkit.training._schedules import follow
from dltoolkit.training._settings import settled
from dltoolkit.training._towers import among_rivals
from dltoolkit.training._trainee import trainee

FEWEST, MOST, PASSES = 100, 300, 3  # updates, and passes over the training part between them
STILL = 0.15  # as many updates again at a rate of 0 come first: what the loss is, and how far batches differ
WIDTH = 1e3  # times the usual rate, up and down
TOO_HIGH = 2.0  # times the loss at the start: the climb ends


def find_learning_rate(
    model: keras.Model,
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    optimizer: str | keras.optimizers.Optimizer | None = None,
    batch_size: int | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
    loss: str | keras.losses.Loss | None = None,
    lowest: float | None = None,
    highest: float | None = None,
    seed: int = 0,
) -> RateRange:
    """Train for a moment with an ever higher rate, see where the loss falls, and put everything back.

    The rate rises by the same factor each update, over three passes of the training part, at least 100 updates and at most
    300. Weights, random states and what the model was compiled with are afterwards what they were, bit for bit; the
    validation and the test part are not touched.

    Args:
        model: The network that is going to be trained.
        preprocessor: Fitted on ``splits.train``.
        splits: Gives the training part.
        problem: Gives the loss.
        optimizer: As of `training.fit`; of one that was made already a copy is used.
        batch_size: As of `training.fit`. Another one has another rate.
        class_weight: As of `training.fit`.
        loss: As of `training.fit`.
        lowest: First rate, above 0. Defaults to None: a thousandth of the optimizer's usual one.
        highest: Last rate, above `lowest`. Defaults to None: a thousand times the usual one.
        seed: Seed of the order of the rows.

    Returns:
        RateRange: The curve, the range and a suggestion, which is None where the curve gives none.

    Raises:
        InputError: If an option is out of its range or does not fit, or the network has a training step of its own.

    References:
        Smith (2017), "Cyclical learning rates for training neural networks", section 3.3.
    """
    given = {"optimizer": optimizer, "batch_size": batch_size}
    check_model(model, preprocessor, problem, own_loss=loss is not None)
    recipe = settled(recipe_of(model, problem, preprocessor), given)
    usual = LEARNING_RATES.get(_name_of(recipe.optimizer), LEARNING_RATES["adam"])
    lowest, highest = _ends(lowest, highest, usual)
    with untouched(model):
        rows = rows_of(
            model, preprocessor, splits, problem,
            recipe=recipe, class_weight=class_weight, loss=loss, seed=seed,
        )  # fmt: skip
        rivals = among_rivals(model, preprocessor, problem, splits.train) if loss is None else None
        trained = rivals or _apart(rows)
        made = _made(recipe, highest, rows.network)
        compile_model(trained, made, loss, problem=problem, preprocessor=preprocessor, soft=rows.soft)
        n = int(np.clip(PASSES * len(rows.feed), FEWEST, MOST))
        chance = np.inf if rivals else chance_loss(trained, rows.feed, problem)
        rates = np.geomspace(lowest, highest, n)
        still, losses = climb(trained, rows.feed, rates)
    return read_range(rates, losses, still=still, chance=chance)


@contextlib.contextmanager
def untouched(model: keras.Model) -> Iterator[None]:
    """All variables of a model, random states among them, are afterwards what they were."""
    before = [(variable, np.array(keras.ops.convert_to_numpy(variable))) for variable in model.variables]
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


def climb(trained: keras.Model, feed: Feed, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Train with rising rates, after some updates that change nothing.

    Args:
        trained: Compiled, its optimizer made with the highest rate.
        feed: The training rows.
        rates: Rising, ``(n,)``.

    Returns:
        tuple: Losses of batches, penalties left out, each before its update: of the updates that changed nothing, and of
            the others as far as they went.
    """
    wait = int(np.ceil(STILL * len(rates)))
    few = max(wait // 4, 1)
    trained.optimizer.build(trained.trainable_variables)
    follow(trained.optimizer, np.concatenate([np.zeros(wait), rates / rates[-1]]))
    losses: list[float] = []
    for batch in feed.dataset().repeat().take(wait + len(rates)):
        arrays = keras.tree.map_structure(np.asarray, batch)
        trained.reset_metrics()
        logs = trained.train_on_batch(*arrays, return_dict=True)
        losses.append(float(logs["loss"]) - float(logs.get("penalty", 0.0)))
        too_high = len(losses) > wait and np.mean(losses[-few:]) > TOO_HIGH * np.mean(losses[:wait])
        if too_high or not np.isfinite(losses[-1]):
            break
    return np.array(losses[:wait]), np.array(losses[wait:])


def chance_loss(trained: keras.Model, feed: Feed, problem: Problem) -> float:
    """The loss of giving the same answer to every training row, the best such answer; infinite for quantiles.

    Args:
        trained: Compiled.
        feed: The training rows.
        problem: Says what is answered.
    """
    if problem.quantiles:
        return np.inf
    _, y, *weights = feed.parts
    n, units = len(y), problem.head.units
    each = np.eye(units)[y] if problem.kind == "multiclass" and y.ndim == 1 else y.reshape(n, -1)
    weight = weights[0] if weights else np.ones(n)
    mean = (each * weight.reshape(n, -1)).sum(axis=0) / weight.reshape(n, -1).sum(axis=0)
    answers = [mean, np.median(each, axis=0)] if problem.kind == "regression" else [mean]
    constants = [np.broadcast_to(answer, (n, units)).astype("float32") for answer in answers]
    options: dict[str, Any] = {"sample_weight": weights[0] if weights else None, "training": False}
    losses = [trained.compute_loss(None, y, constant, **options) for constant in constants]
    return min(float(loss) for loss in losses) - float(sum(trained.losses))


def _apart(rows: Rows) -> keras.Model:
    """What is trained, so that the network keeps its own optimizer and metrics."""
    network: Any = type(rows.network)
    if network.train_step is not keras.Model.train_step:
        cure = "Try some rates with training.compare instead."
        stop(
            [
                complaint(
                    "model", "a network with Keras's own train_step", f"{network.__name__} with another", cure
                )
            ]
        )
    return trainee(rows.network, 0.0, by_label=rows.by_label, apart=True)


def _made(recipe: Recipe, rate: float, network: keras.Model) -> keras.optimizers.Optimizer:
    """An optimizer of its own for the test."""
    own: Any = recipe.optimizer
    if isinstance(own, str):
        return make_optimizer(own, rate, recipe, network)
    return type(own).from_config({**own.get_config(), "learning_rate": rate})


def _name_of(optimizer: Any) -> str:
    return optimizer if isinstance(optimizer, str) else type(optimizer).__name__.lower()


def _ends(lowest: float | None, highest: float | None, usual: float) -> tuple[float, float]:
    """First and last rate."""
    low = usual / WIDTH if lowest is None else check_number(lowest, "lowest", low=0, open_low=True)
    high = usual * WIDTH if highest is None else check_number(highest, "highest", low=0, open_low=True)
    if high <= low:
        cure = "Leave both out for a thousandth and a thousand times the optimizer's usual rate."
        stop([complaint("highest", f"a rate above the lowest, {low:g}", f"{high:g}", cure)])
    return float(low), float(high)


__all__ = ["RateRange", "find_learning_rate"]
