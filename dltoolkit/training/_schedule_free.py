"""Adam without a schedule: it averages the weights on its way instead."""

from typing import Any

from dltoolkit._keras import keras
from dltoolkit.training._average import Average, Swapped

ops = keras.ops
MIX, MEMORY, EPSILON = 0.9, 0.999, 1e-8  # those of the paper: b and b2 below
TINY = 1e-35  # what the sum of squared rates is taken for while all were 0


class ScheduleFree(keras.optimizers.Optimizer):
    """Schedule-free AdamW.

    Adam moves ``z``; ``x`` is the mean of all ``z`` so far, each with the weight of its squared rate, so that a warm-up counts
    for little; gradients are taken at ``y = (1 - b) z + b x``. A model holds ``y`` while it is trained, and is used with
    ``x``: see `Mean`. Never saved with a network: see `plainly`. (Keras 3.15 has a ``ScheduleFreeAdamW``. On TensorFlow it
    takes the new ``z`` for the old one, and so another mean.)

    Args:
        learning_rate: Above 0.
        weight_decay: What each update takes off ``z`` in shares of ``y``, times the rate. Defaults to None: nothing.
        **options: As of ``keras.optimizers.Optimizer``.

    References:
        Defazio et al. (2024), "The road less scheduled", NeurIPS.
    """

    def __init__(
        self, learning_rate: float = 2.5e-3, *, weight_decay: float | None = None, **options: Any
    ) -> None:
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **options)

    def build(self, variables: list[Any]) -> None:
        """Begin with ``z`` at the weights."""
        if self.built:
            return
        super().build(variables)
        self._moved, self._squares = self.add_optimizer_variables(variables, ["moved", "squares"])
        self._total = self.add_variable((), aggregation="only_first_replica", name="total")
        for moved, variable in zip(self._moved, variables, strict=True):
            moved.assign(variable)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """One update of all weights."""
        self._total.assign_add(ops.square(self.learning_rate))
        super().apply(grads, trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One update of a weight; all is read before anything is written."""
        index, kind = self._get_variable_index(variable), variable.dtype
        rate, gradient = ops.cast(learning_rate, kind), ops.cast(gradient, kind)
        y, z = ops.convert_to_tensor(variable), ops.convert_to_tensor(self._moved[index])
        squares = MEMORY * ops.convert_to_tensor(self._squares[index]) + (1 - MEMORY) * ops.square(gradient)
        known = 1 - ops.power(ops.cast(MEMORY, kind), ops.cast(self.iterations + 1, kind))
        way = gradient / (ops.sqrt(squares / known) + EPSILON)
        if self.weight_decay and self._use_weight_decay(variable):
            way = way + self.weight_decay * y
        share = ops.square(rate) / ops.maximum(ops.cast(self._total, kind), TINY)
        mean, z = (y - (1 - MIX) * z) / MIX, z - rate * way
        mean = mean + share * (z - mean)
        self._squares[index].assign(squares)
        self._moved[index].assign(z)
        variable.assign((1 - MIX) * z + MIX * mean)

    def _apply_weight_decay(self, variables: list[Any]) -> None:
        """Part of `update_step`."""

    def mean(self) -> list[Any]:
        """The mean ``x`` of each weight, from the ``y`` that the model holds."""
        pairs = zip(self._trainable_variables, self._moved, strict=True)
        return [(y - (1 - MIX) * z) / MIX for y, z in pairs]


class Mean(Swapped):
    """Puts the mean that `ScheduleFree` makes in place for each validation.

    Args:
        model: Compiled with it.
    """

    def others(self) -> list[Any]:
        """The means."""
        return self._optimizer.mean()


def swapped(model: keras.Model, ema: float | None) -> list[Swapped]:
    """What puts an average in place: of the weights with momentum `ema`, or the optimizer's own; nothing for neither.

    Args:
        model: Compiled.
        ema: Momentum, in (0, 1); None for none.
    """
    if isinstance(model.optimizer, ScheduleFree):
        return [Mean(model)]
    return [Average(model, ema)] if ema else []


def plainly(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer, or one of Keras's own, at its start, in place of one that plain Keras could not read.

    Args:
        optimizer: Of a training that is over.
    """
    if not isinstance(optimizer, ScheduleFree):
        return optimizer
    rate, decay = float(optimizer._learning_rate), optimizer.weight_decay or 0.0
    found = keras.optimizers.AdamW(rate, decay, global_clipnorm=optimizer.global_clipnorm)
    found.build(optimizer._trainable_variables)
    return found
