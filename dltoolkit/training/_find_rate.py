"""Which learning rates a network can take: a range test that leaves no trace."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_number, complaint, stop
from dltoolkit._keras import keras, tf
from dltoolkit.data import Splits
from dltoolkit.models import Recipe
from dltoolkit.models import recipe as recipe_of
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.problem import Problem
from dltoolkit.training._compile import compile_model
from dltoolkit.training._model_check import check_model
from dltoolkit.training._optimizers import LEARNING_RATES, make_optimizer
from dltoolkit.training._rows import rows_of
from dltoolkit.training._schedules import follow
from dltoolkit.training._settings import settled
from dltoolkit.training._towers import among_rivals
from dltoolkit.training._trainee import trainee

FEWEST, MOST, PASSES = 100, 300, 3.0  # updates, and passes over the training part between them
WIDTH = 1e3  # times the usual rate, up and down
TOO_HIGH = 2.0  # times the loss at the start: nothing is learnt beyond


def climb(trained: keras.Model, feed: Feed, rates: np.ndarray) -> np.ndarray:
    """Train with rising rates; the loss of each batch before its update, float64, as far as it went."""
    optimizer = trained.optimizer
    optimizer.build(trained.trainable_variables)
    optimizer.learning_rate = float(rates[-1])
    follow(optimizer, rates / rates[-1])
    losses: list[float] = []
    level = np.inf
    for batch in feed.dataset().repeat().take(len(rates)):
        trained.reset_metrics()
        logs = trained.train_on_batch(*keras.tree.map_structure(np.asarray, batch), return_dict=True)
        losses.append(float(logs["loss"]) - float(logs.get("penalty", 0.0)))
        few = max(len(rates) // 10, 1)
        if len(losses) == few:
            level = float(np.mean(losses))
        if not np.isfinite(losses[-1]) or np.mean(losses[-few:]) > TOO_HIGH * level:
            break
    return np.array(losses)
