"""Averages of the weights: what is validated and kept where a recipe asks for them, or an optimizer makes them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dltoolkit._keras import keras

ops = keras.ops


class Swapped(keras.callbacks.Callback):
    """Puts other weights than the trained ones in place for each validation.

    They stay in place for the callbacks that look at the epoch's end, and after the last epoch; the trained weights come
    back when the next epoch begins.

    Args:
        model: Compiled.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self._optimizer, self._weights = model.optimizer, model.trainable_variables
        if not self._optimizer.built:
            self._optimizer.build(self._weights)
        self._trained: list[np.ndarray] = []

    def others(self) -> list[Any]:
        """What is put in place, in the order of the trained weights."""
        raise NotImplementedError

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The trained weights while others are in their place."""
        return {str(i): value for i, value in enumerate(self._trained)}, {}

    def set_state(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Go on from what `state` gave; all else is the optimizer's."""
        self._trained = [arrays[str(i)] for i in range(len(arrays))]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Go on with the weights that are trained."""
        if self._trained:
            _put(self._weights, self._trained)
            self._trained = []

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Put the others in place."""
        self._trained = [ops.convert_to_numpy(weight).copy() for weight in self._weights]
        _put(self._weights, self.others())


class Average(Swapped):
    """Keeps an exponential moving average of the trained weights, and puts it in place for each validation.

    Early on the average looks back over fewer updates, so that it does not hang on
    to the first weights: its momentum is ``min(momentum, (1 + t) / (10 + t))`` after ``t`` updates, which is TensorFlow's
    rule for moving averages. Every update counts: the average is moved inside the compiled update, by the optimizer.

    Polyak and Juditsky (1992), "Acceleration of stochastic approximation by averaging"; Izmailov et al. (2018),
    "Averaging weights leads to wider optima and better generalization".

    Args:
        model: Compiled. Its optimizer gets an average of each weight among its variables.
        momentum: Of the average, a share in (0, 1), an update.
    """

    def __init__(self, model: keras.Model, momentum: float) -> None:
        model.optimizer.use_ema = True
        super().__init__(model)
        self.momentum = momentum
        self._averages: Any = getattr(self._optimizer, "_model_variables_moving_average", None)
        if self._averages is None:  # one that was built before
            self._averages = self._optimizer.add_optimizer_variables(self._weights, "average")
        _put(self._averages, self._weights)
        self._optimizer._update_model_variables_moving_average = self._move
        self._optimizer.finalize_variable_values = lambda weights: (
            None
        )  # the average is in place, or never was

    def others(self) -> list[Any]:
        """The averages."""
        return self._averages

    def _move(self, weights: list[Any]) -> None:
        """Part of each update, after the weights have moved."""
        done = ops.cast(self._optimizer.iterations, "float32") + 1.0
        momentum = ops.minimum(self.momentum, (1.0 + done) / (10.0 + done))
        for average, weight in zip(self._averages, weights, strict=True):
            average.assign(average + ops.cast(1.0 - momentum, weight.dtype) * (weight - average))


def _put(variables: list[Any], values: list[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(ops.copy(ops.convert_to_tensor(value)))  # JAX gives arrays away to the next update
