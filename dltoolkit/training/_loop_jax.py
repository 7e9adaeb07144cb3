"""On JAX: an epoch as one compiled function behind ``keras.Model.fit``, as `_loop` is on TensorFlow."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from dltoolkit._keras import keras, tf
from dltoolkit._optional import needed
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.training._loop import Loop, Tick

State = tuple[
    list[Any], ...
]  # trained weights, other weights, optimizer, metrics: as Keras's trainer on JAX hands them on


class JaxLoop(Loop):
    """Trains on row numbers: what ``fit`` takes for one step is a whole epoch.

    Every update is the model's own ``train_step`` on gathered rows, the same as in Keras's own loop.

    Args:
        model: Compiled.
        feed: The training rows, all in memory.
        tick: Called between pieces of an epoch with the updates done and the running scores. It may stop the training.
    """

    def __init__(self, model: keras.Model, feed: Feed, *, tick: Tick) -> None:
        self._begin(model, feed.batch_size, tick)
        held = tf.nest.map_structure(_on_device, feed.held())
        updates = _compiled(model, feed)

        def run(rows: Any, start: Any, end: Any) -> dict[str, Any]:
            logs, state = updates(self._state, held, np.asarray(rows), int(start), int(end))
            self._state = state
            # What Keras puts back into the model whatever ends the training, Ctrl-C too. Nothing of it is given away to
            # the next call, so that it is whole at any moment.
            names = ("trainable", "non_trainable", "optimizer", "metrics")
            model._jax_state = {f"{name}_variables": part for name, part in zip(names, state, strict=True)}
            return logs

        self._full = self._rest = run
        build(model, feed)

    def __call__(self, state: State, epochs: Iterator[Any]) -> tuple[dict[str, Any], State]:
        """Train one epoch; the signature is that of ``keras.Model.train_function`` on JAX.

        Args:
            state: The model's.
            epochs: Gives the epoch's row numbers, int32 ``(n,)``.

        Returns:
            tuple: The epoch's scores, and the new state.
        """
        self._state = tuple(list(part) for part in state)
        return super().__call__(epochs), self._state


def build(model: keras.Model, feed: Feed) -> None:
    """Make the variables of loss, metrics and optimizer, as Keras would from a first batch."""
    model._symbolic_build(data_batch=feed.taken(feed.held(), lambda t: t[: feed.batch_size]))


def _on_device(values: np.ndarray) -> Any:
    return needed("jax", extra="scale", work="The JAX backend").numpy.asarray(values)


def _compiled(model: keras.Model, feed: Feed) -> Any:
    """The state, the rows held, row numbers ``(updates, batch_size)``, the first and the end of the updates to make in."""
    jax = needed("jax", extra="scale", work="The JAX backend")

    def updates(state: State, held: Any, rows: Any, start: Any, end: Any) -> tuple[dict[str, Any], State]:
        def update(k: Any, state: State) -> State:
            batch = feed.taken(held, lambda t: jax.numpy.take(t, rows[k], axis=0))
            return tuple(list(part) for part in model.train_step(state, batch)[1])

        state = jax.lax.fori_loop(start, end, update, state)
        with keras.StatelessScope(list(zip(model.metrics_variables, state[3], strict=True))):
            return model.get_metrics_result(), state

    return jax.jit(updates)
