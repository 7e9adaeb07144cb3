"""The rate falls where the validation part shows no more progress."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dltoolkit._keras import keras
from dltoolkit.models import Recipe
from dltoolkit.training._record import Recorder
from dltoolkit.training._schedules import PLATEAU

# A third, after three epochs without progress: early stopping, by default after ten, leaves room for three falls.
FACTOR, PATIENCE = 1 / 3, 3
LOWEST = 1e-3  # of the first rate


class Plateau(keras.callbacks.Callback):
    """Takes the learning rate to a third after three epochs without a better objective, down to a thousandth of the first.

    The rate of each epoch stands in the history, as ``learning_rate``.

    Args:
        recorder: Stands before it, and says what is watched and what each epoch came to.
        first: The rate that the training begins with, above 0.
    """

    def __init__(self, recorder: Recorder, first: float) -> None:
        super().__init__()
        self._recorder, self._lowest = recorder, LOWEST * first
        self.best_score, self.waited = float("inf"), 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the epoch's score."""
        if self._recorder.stopped == "diverged":
            return
        row, objective, optimizer = self._recorder.rows[-1], self._recorder.objective, self.model.optimizer
        rate = row["learning_rate"] = float(optimizer.learning_rate)
        score = row[objective.name] * (1 if objective.direction == "min" else -1)
        self.waited += 1
        if score < self.best_score:
            self.best_score, self.waited = score, 0
        elif self.waited >= PATIENCE and rate > self._lowest:
            optimizer.learning_rate = max(FACTOR * rate, self._lowest)
            self.waited = 0

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The best score and the epochs since; the rate is the optimizer's."""
        return {}, {"best_score": self.best_score, "waited": self.waited}

    def set_state(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.best_score, self.waited = facts["best_score"], facts["waited"]


def plateau(recipe: Recipe, recorder: Recorder) -> list[Plateau]:
    """What lowers the rate where a recipe asks for that.

    Args:
        recipe: From `settled`.
        recorder: Watches the training.
    """
    return [Plateau(recorder, float(recipe.learning_rate or 0.0))] if recipe.schedule == PLATEAU else []
