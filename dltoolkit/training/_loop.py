"""An epoch as one compiled function behind ``keras.Model.fit``: the model's own update, in a loop inside the graph."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dltoolkit._keras import keras, tf

# Updates of the first call; how long a later one may take, so that Stop answers soon.
FIRST, SECONDS = 16, 0.1

Tick = Callable[[int, dict[str, Any]], None]


class Loop:
    """Trains on row numbers: what ``fit`` takes for one step is a whole epoch.

    Every update is the model's own ``train_step`` on gathered rows, so that without XLA weights, metrics and optimizer are
    bit for bit those of plain Keras on the same order of batches; with XLA sums are taken in another order.

    Args:
        model: Compiled.
        gather: Row numbers in, a batch as ``train_step`` takes it out; tensors alone.
        batch_size: Rows an update; the last of an epoch may be smaller.
        xla: Whether XLA compiles the loop.
        order: Gives the row numbers of the epoch that begins, int32 ``(n,)``.
        tick: Called between pieces of an epoch with the updates done and the running scores. It may stop the training.
    """

    def __init__(
        self,
        model: keras.Model,
        gather: Callable[[tf.Tensor], Any],
        batch_size: int,
        *,
        xla: bool,
        order: Callable[[], tf.Tensor],
        tick: Tick,
    ) -> None:
        self._begin(model, batch_size, order, tick)
        self._rest = _compiled(model, gather, xla=False)
        self._full = _compiled(model, gather, xla=True) if xla else self._rest

    def _begin(self, model: keras.Model, batch_size: int, order: Callable[[], tf.Tensor], tick: Tick) -> None:
        self._model, self._batch_size, self._order, self._tick = model, batch_size, order, tick
        self._piece = FIRST

    def __call__(self, epochs: Iterator[Any]) -> dict[str, Any]:
        """Train one epoch; the signature is that of ``keras.Model.train_function``.

        Args:
            epochs: One element an epoch.

        Returns:
            dict: The epoch's scores.
        """
        next(epochs)
        order = self._order()
        whole = int(order.shape[0]) // self._batch_size
        rows = tf.reshape(order[: whole * self._batch_size], (whole, self._batch_size))
        done, logs = 0, {}
        while done < whole and not self._model.stop_training:
            piece = min(self._piece, whole - done)
            logs = self._run(rows, done, piece)
            done += piece
            self._tick(done, logs)
        left = order[whole * self._batch_size :]
        if left.shape[0] and not self._model.stop_training:
            logs = self._rest(left[None], 0, 1)
            self._tick(done + 1, logs)
        return logs

    def _run(self, rows: tf.Tensor, start: int, piece: int) -> dict[str, Any]:
        """Some updates; pieces grow or shrink until one takes about `SECONDS`."""
        began = time.perf_counter()
        logs = self._full(rows, tf.constant(start), tf.constant(start + piece))
        logs = {name: np.asarray(value) for name, value in logs.items()}  # waits for them
        seconds = time.perf_counter() - began
        factor = min(max(SECONDS / seconds, 0.25), 4.0)
        self._piece = max(int(piece * factor), 1)
        return logs


def _compiled(model: keras.Model, gather: Callable[[tf.Tensor], Any], *, xla: bool) -> Any:
    """Rows ``(updates, batch_size)``, the first and the end of the updates to make in; the running scores out."""
    signature = [
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((), tf.int32),
        tf.TensorSpec((), tf.int32),
    ]

    def updates(rows: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> dict[str, Any]:
        def update(k: tf.Tensor) -> tuple[tf.Tensor]:
            model.train_step(gather(rows[k]))
            return (k + 1,)

        tf.while_loop(lambda k: k < end, update, (start,), maximum_iterations=None)
        return model.get_metrics_result()

    return tf.function(updates, input_signature=None if xla else signature, jit_compile=xla, autograph=False)
