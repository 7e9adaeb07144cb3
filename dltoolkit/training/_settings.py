"""What a training is asked for, on top of what its network's recipe says."""

import dataclasses
from typing import Any

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit._keras import keras
from dltoolkit.models import Recipe
from dltoolkit.models._recipe import SCHEDULES
from dltoolkit.training._compile import LEARNING_RATES

PATIENCE = 10  # epochs
# Smith and Topin (2019), "Super-convergence": rise from a 25th of the peak over three tenths of the updates, then fall to
# almost nothing (the figures are those of fastai's fit_one_cycle; Howard and Gugger 2020).
ONE_CYCLE_FROM, ONE_CYCLE_RISE = 25.0, 0.3
LAST = 1e-3  # of the peak, at the last update
FOREVER = 10**9  # updates: a fall that is never seen
_OF_THE_OPTIMIZER = ("schedule", "warmup", "weight_decay", "clip_norm")


def settled(recipe: Recipe, given: dict[str, Any]) -> Recipe:
    """A recipe with what was asked for in place of its own.

    Args:
        recipe: What goes with the network.
        given: Options of `training.fit` by the names of a `Recipe`'s fields; None for the recipe's own, and False for
            none at all. ``early_stopping`` stands for ``patience``.

    Returns:
        Recipe: Every field in its range; ``optimizer`` may be an optimizer itself.

    Raises:
        InputError: If an option is out of its range or unknown.
    """
    asked = {name: value for name, value in given.items() if value is not None and name != "early_stopping"}
    asked |= {name: None for name in ("clip_norm", "ema", "augment") if asked.get(name) is False}
    stopping = given.get("early_stopping")
    if stopping is not None:
        asked["patience"] = (
            {True: PATIENCE, False: None}[stopping] if isinstance(stopping, bool) else stopping
        )
    optimizer = asked.get("optimizer", recipe.optimizer)
    if isinstance(optimizer, str):
        optimizer = str(check_choice(optimizer.lower(), LEARNING_RATES, "optimizer"))
        if optimizer != recipe.optimizer:
            asked = {"learning_rate": LEARNING_RATES[optimizer], **asked}
        asked["optimizer"] = optimizer
    else:
        _check_own(optimizer, asked)
        asked = {"learning_rate": None, **asked}
    found = dataclasses.replace(recipe, **asked)
    _check(found)
    if isinstance(optimizer, str) and found.learning_rate is None:
        found = dataclasses.replace(found, learning_rate=LEARNING_RATES[optimizer])
    return found


def _check_own(optimizer: Any, asked: dict[str, Any]) -> None:
    """An optimizer brought along has its schedule and decay in itself."""
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        expected = "a Keras identifier such as 'adam', or an optimizer"
        stop([complaint("optimizer", expected, type(optimizer).__name__)])
    cure = "Give it to the optimizer itself, or name the optimizer."
    got = "an optimizer that was made already"
    stop([complaint(n, "an optimizer by name beside it", got, cure) for n in _OF_THE_OPTIMIZER if n in asked])


def _check(recipe: Recipe) -> None:
    """Make sure that every field is in its range."""
    check_number(recipe.epochs, "epochs", low=1, whole=True)
    check_choice(recipe.schedule, SCHEDULES, "schedule")
    check_number(recipe.warmup, "warmup", low=0, high=1, open_high=True)
    check_number(recipe.weight_decay, "weight_decay", low=0)
    check_number(recipe.label_smoothing, "label_smoothing", low=0, high=1, open_high=True)
    if recipe.patience is not None:
        check_number(recipe.patience, "early_stopping", low=1, whole=True)
    if recipe.learning_rate is not None:
        check_number(recipe.learning_rate, "learning_rate", low=0, open_low=True)
    if recipe.clip_norm is not None:
        check_number(recipe.clip_norm, "clip_norm", low=0, open_low=True)
    if recipe.ema is not None:
        check_number(recipe.ema, "ema", low=0, high=1, open_low=True, open_high=True)


def pick_optimizer(recipe: Recipe, updates: int) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, its schedule laid out over so many updates; one brought along as it is.

    Args:
        recipe: From `settled`.
        updates: Updates of the whole training, at least 1.

    Returns:
        keras.optimizers.Optimizer: Not built yet.
    """
    optimizer: Any = recipe.optimizer
    if not isinstance(optimizer, str):
        if recipe.learning_rate is not None:
            optimizer.learning_rate = recipe.learning_rate
        return optimizer
    config: dict[str, Any] = {"learning_rate": _rate(recipe, updates)}
    if recipe.weight_decay:
        config["weight_decay"] = recipe.weight_decay
    if recipe.clip_norm:
        config["global_clipnorm"] = recipe.clip_norm
    return type(keras.optimizers.get(optimizer))(**config)


def _rate(recipe: Recipe, updates: int) -> Any:
    """A learning rate, or its course."""
    peak = recipe.learning_rate
    if recipe.schedule == "constant" and not recipe.warmup:
        return peak
    if recipe.schedule == "one-cycle":
        start, warmup = peak / ONE_CYCLE_FROM, recipe.warmup or ONE_CYCLE_RISE
    else:
        start, warmup = 0.0, recipe.warmup
    rise = round(warmup * updates)
    fall = max(updates - rise, 1)
    return keras.optimizers.schedules.CosineDecay(
        start if rise else peak,
        fall if recipe.schedule != "constant" else FOREVER,
        alpha=LAST,
        warmup_target=peak if rise else None,
        warmup_steps=rise,
    )
