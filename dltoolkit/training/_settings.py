"""What a training is asked for, on top of what its network's recipe says."""

import dataclasses
from typing import Any

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit._keras import keras
from dltoolkit.models import Recipe
from dltoolkit.models._recipe import SCHEDULES
from dltoolkit.training._optimizers import FREE, LEARNING_RATES, WEIGHT_DECAYS
from dltoolkit.training._plateau import PATIENCE as PLATEAU_PATIENCE
from dltoolkit.training._schedules import PLATEAU

PATIENCE = 10  # epochs
_SCHEDULE = keras.optimizers.schedules.LearningRateSchedule
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
        asked = {
            **_usual(optimizer, recipe),
            **_of_the_rate(optimizer, asked),
            **asked,
            "optimizer": optimizer,
        }
    else:
        _check_own(optimizer, asked)
        asked = {"learning_rate": None, **asked}
    found = dataclasses.replace(recipe, **asked)
    _check(found)
    if isinstance(optimizer, str) and found.learning_rate is None:
        found = dataclasses.replace(found, learning_rate=LEARNING_RATES[optimizer])
    return found


def _usual(optimizer: str, recipe: Recipe) -> dict[str, Any]:
    """Rate and decay of another optimizer than the recipe's."""
    if optimizer == recipe.optimizer:
        return {}
    decay = recipe.weight_decay or WEIGHT_DECAYS.get(optimizer, 0.0)
    return {"learning_rate": LEARNING_RATES[optimizer], "weight_decay": decay}


def _of_the_rate(optimizer: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What of a recipe gives way to a rate or an optimizer that brings a course of its own.

    Raises:
        InputError: If that was asked for beside it.
    """
    complaints: list[str] = []
    off: dict[str, Any] = {"warmup": 0.0} if asked.get("schedule") == PLATEAU else {}
    if isinstance(asked.get("learning_rate"), _SCHEDULE):
        off = {"schedule": "constant", "warmup": 0.0}
        cure = "Give the highest rate as a number, or leave it out."
        got = "a learning_rate that is a schedule itself"
        complaints = [
            complaint(n, "a number as learning_rate beside it", got, cure) for n in off if n in asked
        ]
    if optimizer == FREE:
        off |= {"schedule": "constant", "ema": None}
        cure = f"{FREE!r} averages by itself, at a constant rate; warmup fits. Or take optimizer='adamw'."
        wrong = [n for n, value in off.items() if n != "warmup" and asked.get(n, value) != value]
        complaints += [complaint(n, f"none beside optimizer={FREE!r}", repr(asked[n]), cure) for n in wrong]
    stop(complaints)
    return off


def _check_own(optimizer: Any, asked: dict[str, Any]) -> None:
    """An optimizer brought along has its schedule and decay in itself."""
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        expected = "a Keras identifier such as 'adam', or an optimizer"
        stop([complaint("optimizer", expected, type(optimizer).__name__)])
    if isinstance(optimizer, keras.optimizers.ScheduleFreeAdamW):
        cure = f"That of Keras 3.15 takes a wrong mean on TensorFlow; optimizer={FREE!r} is the paper's."
        stop([complaint("optimizer", "one that does what its paper says", "ScheduleFreeAdamW", cure)])
    cure = "Give it to the optimizer itself, or name the optimizer."
    got = "an optimizer that was made already"
    stop([complaint(n, "an optimizer by name beside it", got, cure) for n in _OF_THE_OPTIMIZER if n in asked])
    if "learning_rate" in asked and isinstance(optimizer._learning_rate, _SCHEDULE):
        stop(
            [
                complaint(
                    "learning_rate", "an optimizer with a number as its rate beside it", "a schedule", cure
                )
            ]
        )


def _check(recipe: Recipe) -> None:
    """Make sure that every field is in its range."""
    check_number(recipe.epochs, "epochs", low=1, whole=True)
    check_choice(recipe.schedule, SCHEDULES, "schedule")
    check_number(recipe.warmup, "warmup", low=0, high=1, open_high=True)
    check_number(recipe.weight_decay, "weight_decay", low=0)
    check_number(recipe.label_smoothing, "label_smoothing", low=0, high=1, open_high=True)
    if recipe.patience is not None:
        check_number(recipe.patience, "early_stopping", low=1, whole=True)
    _check_rate(recipe)
    if recipe.clip_norm is not None:
        check_number(recipe.clip_norm, "clip_norm", low=0, open_low=True)
    if recipe.ema is not None:
        check_number(recipe.ema, "ema", low=0, high=1, open_low=True, open_high=True)


def _check_rate(recipe: Recipe) -> None:
    """The rate, and what cannot go with a rate that falls when there is no more progress."""
    rate: Any = recipe.learning_rate
    if rate is not None and not isinstance(rate, _SCHEDULE):
        check_number(rate, "learning_rate", low=0, open_low=True)
    if recipe.schedule != PLATEAU:
        return
    if recipe.warmup:
        cure = "Leave warmup out, or take another schedule, such as 'cosine'."
        stop([complaint("warmup", f"0 beside schedule={PLATEAU!r}", f"{recipe.warmup:g}", cure)])
    if recipe.patience is not None and recipe.patience <= PLATEAU_PATIENCE:
        cure = f"The rate falls after {PLATEAU_PATIENCE} epochs without progress: give it time to show."
        wanted = f"more than {PLATEAU_PATIENCE} epochs beside schedule={PLATEAU!r}"
        stop([complaint("early_stopping", wanted, str(recipe.patience), cure)])
