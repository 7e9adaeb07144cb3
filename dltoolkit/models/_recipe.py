"""How a network is trained where nobody says otherwise."""

import dataclasses
from typing import Any

SCHEDULES = ("constant", "step", "exponential", "cosine", "one-cycle", "plateau")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The training that goes with a network; each field is an option of `training.fit`.

    Attributes:
        optimizer: One of `training.LEARNING_RATES`.
        learning_rate: The highest one; None for the optimizer's usual one.
        schedule: ``"constant"``, ``"step"``, ``"exponential"``, ``"cosine"`` or ``"one-cycle"``: how the rate falls over the
            updates of all `epochs`, see `training.schedule`; ``"plateau"``: to a third after each three epochs without
            progress.
        warmup: Share of the updates in which the rate first rises from nothing, in [0, 1).
        weight_decay: What each update takes off every weight, times the learning rate; at least 0.
        clip_norm: Longest gradient, all weights together; None for any.
        ema: Momentum of the exponential moving average of the weights that is validated and kept; None for none.
        label_smoothing: Share of a label that is spread over all classes in training, in [0, 1).
        epochs: Passes over the training part at most.
        patience: Epochs without progress after which training stops; None: all epochs, and the last weights.
        batch_size: Rows an update; None for `training.pick_batch_size`.
        augment: What is varied at random in the training part's pictures and sounds; None for nothing.
        compiled: Whether the update is compiled by XLA: faster for dense networks, slower for convolutions on a CPU. None:
            `training.fit` decides by measuring.
        why: One sentence that gives the reason.
    """

    optimizer: str = "adam"
    learning_rate: float | None = None
    schedule: str = "constant"
    warmup: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float | None = None
    ema: float | None = None
    label_smoothing: float = 0.0
    epochs: int = 100
    patience: int | None = 10
    batch_size: int | None = None
    augment: Any = None
    compiled: bool | None = None
    why: str = "Adam at its usual rate, until the validation part shows no more progress."
