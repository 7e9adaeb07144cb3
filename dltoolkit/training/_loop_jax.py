"""On JAX: an epoch as one compiled function behind ``keras.Model.fit``, as `_loop` is on TensorFlow."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dltoolkit._keras import keras, tf
from dltoolkit._optional import needed
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.training._devices import Spread, processes
from dltoolkit.training._loop import FIRST, Loop, Tick

State = tuple[
    list[Any], ...
]  # trained weights, other weights, optimizer, metrics: as Keras's trainer on JAX hands them on


class JaxLoop(Loop):
    """Trains on row numbers: what ``fit`` takes for one step is a whole epoch.

    Every update is the model's own ``train_step`` on gathered rows, the same as in Keras's own loop.

    Args:
        model: Compiled.
        feed: The training rows, all in memory.
        order: Gives the row numbers of the epoch that begins, int32 ``(n,)``.
        tick: Called between pieces of an epoch with the updates done and the running scores. It may stop the training.
        spread: The devices, where several share each batch.
    """

    def __init__(
        self,
        model: keras.Model,
        feed: Feed,
        *,
        order: Callable[[], tf.Tensor],
        tick: Tick,
        spread: Spread | None = None,
    ) -> None:
        self._state: State = ()
        self._begin(model, feed.batch_size, order, tick)
        jax = needed("jax", extra="scale", work="The JAX backend")
        held = spread.copies(feed.held()) if spread else jax.tree.map(jax.numpy.asarray, feed.held())
        updates = _compiled(model, feed, spread)

        def run(rows: Any, start: Any, end: Any) -> dict[str, Any]:
            asked = np.asarray(rows), int(start), int(end)
            logs, state = updates((spread.copies(self._state) if spread else self._state, held), *asked)
            self._state = state
            # What Keras puts back into the model whatever ends the training, Ctrl-C too. Nothing of it is given away to
            # the next call, so that it is whole at any moment.
            names = ("trainable", "non_trainable", "optimizer", "metrics")
            model._jax_state = {f"{name}_variables": part for name, part in zip(names, state, strict=True)}
            return logs

        self._full = self._rest = run
        build(model, feed)

    def _run(self, rows: tf.Tensor, start: int, piece: int) -> dict[str, Any]:
        """As `Loop._run`; several processes have to cut an epoch into the same pieces."""
        logs = super()._run(rows, start, piece)
        self._piece = FIRST if processes() > 1 else self._piece
        return logs

    def __call__(  # type: ignore[override]
        self, state: State, epochs: Iterator[Any]
    ) -> tuple[dict[str, Any], State]:
        """Train one epoch; the signature is that of ``keras.Model.train_function`` on JAX.

        Args:
            state: The model's.
            epochs: One element an epoch.

        Returns:
            tuple: The epoch's scores, and the new state.
        """
        self._state = tuple(list(part) for part in state)
        return super().__call__(epochs), self._state


def build(model: keras.Model, feed: Feed) -> None:
    """Make the variables of loss, metrics and optimizer, as Keras would from a first batch."""
    model._symbolic_build(data_batch=feed.taken(feed.held(), lambda t: t[: feed.batch_size]))


def _compiled(model: keras.Model, feed: Feed, spread: Spread | None) -> Any:
    """State and rows held, row numbers ``(updates, batch_size)``, the first and the end of the updates to make in."""
    jax = needed("jax", extra="scale", work="The JAX backend")

    def updates(arrays: tuple[State, Any], rows: Any, start: Any, end: Any) -> tuple[dict[str, Any], State]:
        state, held = arrays

        def update(k: Any, state: State) -> State:
            batch = feed.taken(held, lambda t: jax.numpy.take(t, rows[k], axis=0))
            if spread is not None:
                batch = jax.lax.with_sharding_constraint(batch, spread.rows(rows.shape[1]))
            return tuple(list(part) for part in model.train_step(state, batch)[1])

        state = jax.lax.fori_loop(start, end, update, state)
        with keras.StatelessScope(list(zip(model.metrics_variables, state[3], strict=True))):
            return model.get_metrics_result(), state

    return jax.jit(updates, **({"out_shardings": spread.everywhere} if spread else {}))
