"""Loss and metric of several amounts at once, and of quantiles: registered with Keras, so that a saved run opens."""

from collections.abc import Sequence
from typing import Any

from dltoolkit._keras import keras

ops = keras.ops
PINBALL, SQUARED, ABSOLUTE, HUBER = "pinball", "mean_squared_error", "mean_absolute_error", "huber"


@keras.saving.register_keras_serializable("dltoolkit")
class AmountLoss(keras.losses.Loss):
    """The mean error of amounts, each in units of its own spread, so that none drowns another.

    Args:
        measure: ``"mean_squared_error"``, ``"mean_absolute_error"``, ``"huber"`` (square up to one spread, then straight)
            or ``"pinball"``.
        scales: Above 0, one a target: what its errors are divided by, such as its standard deviation in training.
        quantiles: The quantiles that are answered for each target; none for amounts. Defaults to none.
        **options: Those of ``keras.losses.Loss``.

    References:
        Koenker and Bassett, "Regression Quantiles", Econometrica 46 (1978), for the pinball loss.
    """

    def __init__(
        self, measure: str, scales: Sequence[float], quantiles: Sequence[float] = (), **options: Any
    ) -> None:
        super().__init__(**{"name": measure, **options})
        self.measure, self.scales, self.quantiles = measure, tuple(scales), tuple(quantiles)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example, ``(n,)``, of amounts ``(n, n_targets)`` and outputs ``(n, units)``."""
        shape = (-1, len(self.scales))
        y_pred = ops.reshape(y_pred, (*shape, max(1, len(self.quantiles))))
        y_true = ops.reshape(ops.cast(y_true, y_pred.dtype), (*shape, 1))
        error = (y_true - y_pred) / ops.reshape(ops.array(self.scales, y_pred.dtype), (-1, 1))
        if self.measure == PINBALL:
            levels = ops.array(self.quantiles, y_pred.dtype)
            error = ops.maximum(levels * error, (levels - 1) * error)
        elif self.measure == SQUARED:
            error = ops.square(error)
        elif self.measure == HUBER:
            far = ops.abs(error)
            error = ops.where(far <= 1, ops.square(error) / 2, far - 0.5)
        return ops.mean(ops.abs(error), axis=(1, 2))

    def get_config(self) -> dict[str, Any]:
        """What makes it anew."""
        own = {"measure": self.measure, "scales": list(self.scales), "quantiles": list(self.quantiles)}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("dltoolkit")
class MedianError(keras.metrics.Mean):
    """The mean absolute error of the medians, in the targets' own unit.

    Args:
        n_targets: Number of targets.
        place: Which of an amount's quantiles the median is.
        **options: Those of ``keras.metrics.Mean``.
    """

    def __init__(self, n_targets: int, place: int, **options: Any) -> None:
        super().__init__(**{"name": ABSOLUTE, **options})
        self.n_targets, self.place = n_targets, place

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: amounts ``(n, n_targets)`` and outputs ``(n, units)``."""
        said = ops.reshape(y_pred, (-1, self.n_targets, y_pred.shape[-1] // self.n_targets))
        medians = ops.sort(said, axis=-1)[..., self.place]
        truth = ops.reshape(ops.cast(y_true, medians.dtype), (-1, self.n_targets))
        super().update_state(ops.mean(ops.abs(truth - medians), axis=-1), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """What makes it anew."""
        return {**super().get_config(), "n_targets": self.n_targets, "place": self.place}
