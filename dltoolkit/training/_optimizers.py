"""Optimizers by name, each with its usual rate."""

import re
from typing import Any

from dltoolkit._keras import keras
from dltoolkit.models import Recipe
from dltoolkit.training._lengths import nodes
from dltoolkit.training._schedule_free import ScheduleFree
from dltoolkit.training._schedules import PLATEAU, follow, shares

FREE = "schedule-free"
MOMENTUM = 0.9
# Where each optimizer usually trains. Adam and its kin: the Keras defaults (Kingma and Ba 2015). SGD, with and without
# momentum: Goodfellow et al. (2016), chapter 8. Lion: a third to a tenth of Adam's (Chen et al. 2023, section 5). Muon: Adam's, as its
# updates are scaled to the size of Adam's (Liu et al. 2025, "Muon is scalable"). Schedule-free: Defazio et al. (2024).
# FTRL is meant for linear networks.
LEARNING_RATES = {
    "adam": 1e-3,
    "adamw": 1e-3,
    "nadam": 1e-3,
    "adamax": 1e-3,
    "rmsprop": 1e-3,
    "adagrad": 1e-2,
    "adadelta": 1.0,
    "ftrl": 1e-2,
    "lion": 3e-4,
    "muon": 1e-3,
    FREE: 2.5e-3,
    "sgd": 1e-2,
    "momentum": 1e-2,
    "nesterov": 1e-2,
}
# What each update takes off the weights where nobody says otherwise; nothing with the others. Keras's own figures.
WEIGHT_DECAYS = {"adamw": 4e-3, "muon": 4e-3}
_SGD: dict[str, dict[str, Any]] = {
    "momentum": {"momentum": MOMENTUM},
    "nesterov": {"momentum": MOMENTUM, "nesterov": True},
}


def pick_optimizer(recipe: Recipe, updates: int, network: keras.Model) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, its schedule laid out over so many updates; one brought along as it is.

    Args:
        recipe: From `settled`.
        updates: Updates of the whole training, at least 1.
        network: What it will train.

    Returns:
        keras.optimizers.Optimizer: Not built yet.
    """
    optimizer: Any = recipe.optimizer
    if not isinstance(optimizer, str):
        if recipe.learning_rate is not None:
            optimizer.learning_rate = recipe.learning_rate
        optimizer.use_ema = optimizer.use_ema or bool(recipe.ema)
        return optimizer
    rate: Any = recipe.learning_rate
    own = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    made = make_optimizer(optimizer, rate if own else float(rate), recipe, network)
    made.use_ema = bool(recipe.ema)  # before it is built: Keras reads its variables back in this order
    if not own and recipe.schedule != PLATEAU and (recipe.schedule != "constant" or recipe.warmup):
        follow(made, shares(recipe.schedule, updates, recipe.warmup))
    return made


def make_optimizer(name: str, rate: Any, recipe: Recipe, network: keras.Model) -> keras.optimizers.Optimizer:
    """An optimizer by name with a rate, and a recipe's decay and longest gradient.

    Args:
        name: One of `LEARNING_RATES`.
        rate: A number, or a schedule of Keras.
        recipe: Gives ``weight_decay`` and ``clip_norm``.
        network: What it will train.
    """
    decay = recipe.weight_decay or (0.0 if name == "adamw" else None)
    config = {"learning_rate": rate, "weight_decay": decay, "global_clipnorm": recipe.clip_norm}
    if name in _SGD:
        return keras.optimizers.SGD(**config, **_SGD[name])
    if name == FREE:
        return ScheduleFree(**config)
    if name == "muon":
        kept = [f"^{re.escape(path)}$" for path in outer_weights(network)]
        return keras.optimizers.Muon(**config, adam_weight_decay=decay, exclude_layers=kept)
    return type(keras.optimizers.get(name))(**config)


def told_rate(recipe: Recipe) -> dict[str, Any]:
    """A recipe's rate and its course as plain values, for the record; of a schedule the rate of the first update.

    Args:
        recipe: From `settled`.
    """
    optimizer, rate = recipe.optimizer, recipe.learning_rate
    if not isinstance(optimizer, str):
        return {"learning_rate": float(optimizer.learning_rate)}
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return {"learning_rate": rate}
    told = {"class_name": type(rate).__name__, "config": rate.get_config()}
    return {"learning_rate": float(rate(0)), "schedule": told}


def outer_weights(network: keras.Model) -> list[str]:
    """The paths of the matrices that Muon leaves to AdamW: of embeddings, of the first layers and of the last.

    Muon makes every direction of an update equally long, which is meant for what lies between (Jordan et al. 2024, "Muon: an
    optimizer for hidden layers in neural networks"). A network that is called as one layer counts as one.

    Args:
        network: What is trained.
    """
    layers = network._flatten_layers(include_self=False)
    tables = [w for layer in layers if isinstance(layer, keras.layers.Embedding) for w in layer.weights]
    plain = getattr(network, "_functional", None) or network  # of a Sequential
    if not hasattr(plain, "_nodes_by_depth"):
        matrices = [w for w in network.trainable_weights if len(w.shape) == 2]
        return sorted({w.path for w in (*tables, *matrices[:1], *matrices[-1:])})
    calls = [node for node in nodes(plain) if node.input_tensors]
    forth = [(node.operation, node.input_tensors, node.output_tensors) for node in calls]
    back = [(operation, later, earlier) for operation, earlier, later in reversed(forth)]
    return sorted({w.path for w in (*tables, *_first(forth), *_first(back))})


def _first(calls: list[Any]) -> list[Any]:
    """Weights with two axes or more that a signal meets first: (operation, where from, where to) in its order."""
    met: set[int] = set()
    found: list[Any] = []
    for operation, sources, targets in calls:
        own = [w for w in getattr(operation, "trainable_weights", ()) if len(w.shape) > 1]
        before = any(id(tensor) in met for tensor in sources)
        found += [] if before else own
        if own or before:
            met |= {id(tensor) for tensor in targets}
    return found
