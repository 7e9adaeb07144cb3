"""How the updates of a training are run: what is fastest and gives what was asked for."""

import dataclasses
from collections.abc import Iterable

from dltoolkit._keras import keras, tf
from dltoolkit.preprocessing._feed import Feed

STEPS_PER_EXECUTION = 16  # updates between two returns to Python in Keras's own loop: Stop still answers soon
_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


@dataclasses.dataclass(frozen=True)
class Pace:
    """How updates are run.

    Attributes:
        name: ``"loop"``: an epoch as one compiled function over rows in memory; ``"batches"``: Keras's own loop over
            batches that are made meanwhile; with ``"xla-"`` in front compiled by XLA.
        why: One sentence.
        steps: Keras's ``steps_per_execution``.
        open: Whether XLA may be added where it is faster.
    """

    name: str
    why: str
    steps: int = 1
    open: bool = False

    @property
    def xla(self) -> bool:
        """Whether XLA compiles it."""
        return self.name.startswith("xla-")

    @property
    def looped(self) -> bool:
        """Whether an epoch is one compiled function."""
        return self.name.endswith("loop")


def pick_pace(
    model: keras.Model, feed: Feed, callbacks: Iterable[keras.callbacks.Callback], *, xla: bool | None
) -> Pace:
    """How to run the updates of a training.

    Args:
        model: The network as it is trained.
        feed: The training rows.
        callbacks: The caller's own.
        xla: Whether XLA is to compile them; None where that is left open.
    """
    backend = keras.backend.backend()
    start = "xla-" if backend == "jax" or (xla and backend == "tensorflow") else ""
    if wants_every_update(callbacks):
        return Pace(f"{start}batches", "A callback wants to be called at every update.")
    if backend not in ("jax", "tensorflow"):
        return Pace("batches", "Keras's own loop.", min(STEPS_PER_EXECUTION, len(feed)))
    if tf.distribute.has_strategy():
        return Pace(f"{start}batches", "Several devices share each batch.")
    if not feed.loopable:
        why = "Rows are varied or read while the network learns, or cut to the length of their batch."
        return Pace(f"{start}batches", why, min(STEPS_PER_EXECUTION, len(feed)))
    return Pace(f"{start}loop", "All rows are in memory.", open=xla is None and backend == "tensorflow")


def wants_every_update(callbacks: Iterable[keras.callbacks.Callback]) -> bool:
    """Whether a callback has something to do before or after each update."""
    plain = keras.callbacks.Callback
    return any(
        getattr(getattr(callback, hook), "__func__", None) is not getattr(plain, hook)
        for callback in callbacks
        for hook in _BATCH_HOOKS
    )
