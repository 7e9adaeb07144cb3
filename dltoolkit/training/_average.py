"""The moving average of the weights: what is validated and kept where a recipe asks for it."""

from typing import Any

import numpy as np

from dltoolkit._keras import keras


class Average(keras.callbacks.Callback):
    """Keeps an exponential moving average of the trained weights, and puts it in place for each validation.

    It stays in place for the callbacks that look at the epoch's end, and after the last epoch; the trained weights come
    back when the next epoch begins. Early on the average looks back over fewer updates, so that it does not hang on
    to the first weights: its momentum is ``min(momentum, (1 + t) / (10 + t))`` after ``t`` updates, which is TensorFlow's
    rule for moving averages.

    Polyak and Juditsky (1992), "Acceleration of stochastic approximation by averaging"; Izmailov et al. (2018),
    "Averaging weights leads to wider optima and better generalization".

    Args:
        momentum: Of the average, a share in (0, 1), an update.
    """

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self._updates = 0
        self._average: list[np.ndarray] = []
        self._trained: list[np.ndarray] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start from the weights as they are."""
        self._updates = int(self.model.optimizer.iterations)
        self._average, self._trained = self._weights(), []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Go on with the weights that are trained."""
        if self._trained:
            self._put(self._trained)
            self._trained = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Move the average on, by as many updates as were made."""
        done = int(self.model.optimizer.iterations)
        momentum = min(self.momentum, (1 + done) / (10 + done)) ** (done - self._updates)
        self._updates = done
        for average, weight in zip(self._average, self._weights(), strict=True):
            average += (1 - momentum) * (weight - average)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Put the average in place."""
        self._trained = self._weights()
        self._put(self._average)

    def _weights(self) -> list[np.ndarray]:
        return [np.array(keras.ops.convert_to_numpy(w)) for w in self.model.trainable_weights]

    def _put(self, values: list[np.ndarray]) -> None:
        for weight, value in zip(self.model.trainable_weights, values, strict=True):
            weight.assign(value)
