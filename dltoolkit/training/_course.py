"""The way through the epochs: Keras's own ``fit``, update by update or with an epoch as one compiled function."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from dltoolkit._keras import keras, tf
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.training._devices import Spread, bring_home, one_may_be_lost, share
from dltoolkit.training._loop import Loop, Tick
from dltoolkit.training._loop_jax import JaxLoop
from dltoolkit.training._pace import Pace


class Ticker(keras.callbacks.Callback):
    """Tells those who watch within an epoch how many updates of it are done.

    Args:
        watchers: Callbacks; those with an ``on_updates(done, updates, logs)`` are told.
        updates: How many an epoch has.
    """

    def __init__(self, watchers: Iterable[keras.callbacks.Callback], updates: int) -> None:
        super().__init__()
        self._updates = updates
        self._told = [watcher.on_updates for watcher in watchers if hasattr(watcher, "on_updates")]
        self.own_loop = False

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Keras's own loop: batches are counted from 0."""
        if not self.own_loop:
            self.tell(min(batch + 1, self._updates), logs or {})

    def tell(self, done: int, logs: dict[str, Any]) -> None:
        """So many updates of the epoch are done, with these running scores."""
        for told in self._told:
            told(done, self._updates, logs)


class Clock(keras.callbacks.Callback):
    """Which epoch it is, for those who draw an order or vary a picture: the same epoch always gives the same.

    Args:
        first: The first epoch, from 0.
    """

    def __init__(self, first: int) -> None:
        super().__init__()
        self.number = number = tf.Variable(first, dtype=tf.int64)
        self.passes = tf.data.Dataset.range(1).map(lambda _: number.read_value())

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """A new order."""
        self.number.assign(epoch)


@dataclasses.dataclass(frozen=True)
class Course:
    """A training that is ready to run.

    Attributes:
        model: The network as it is trained, compiled.
        feed: The training rows.
        held_out: What each epoch is validated on.
        watchers: Callbacks; those with an ``on_updates(done, updates, logs)`` are told about the way of each epoch.
        epochs: How many, counted from 0; the order of the rows depends on their numbers.
        pace: How updates are run.
        devices: Names of JAX's devices that share each batch; none for the one that Keras takes anyway.
    """

    model: keras.Model
    feed: Feed
    held_out: tf.data.Dataset
    watchers: list[keras.callbacks.Callback]
    epochs: int
    pace: Pace
    devices: tuple[str, ...] = ()

    def walk(self, first: int = 0, last_watchers: Iterable[keras.callbacks.Callback] = ()) -> None:
        """Train from epoch `first` on, with more watchers behind the others."""
        if first >= self.epochs:
            return
        ticker, clock = Ticker(self.watchers, len(self.feed)), Clock(first)
        looped, model, feed = self.pace.looped, self.model, self.feed
        spread = Spread(self.devices) if self.devices and keras.backend.backend() == "jax" else None
        batches = tf.data.Dataset.range(1) if looped else feed.dataset(clock.passes)
        if looped:
            ticker.own_loop = True
            model.train_function = self._loop(lambda: feed.order(clock.number), ticker.tell, spread)
        if spread is not None:
            share(model, spread)
        try:
            with one_may_be_lost():
                model.fit(
                    batches,
                    validation_data=self.held_out,
                    initial_epoch=first,
                    epochs=self.epochs,
                    verbose=0,
                    shuffle=False,
                    callbacks=[clock, ticker, *self.watchers, *last_watchers],
                )
        finally:
            if looped:
                model.train_function = None  # whoever trains the model again has batches, not row numbers
            if spread is not None:
                bring_home(model)

    def _loop(self, order: Callable[[], tf.Tensor], tick: Tick, spread: Spread | None) -> Loop:
        model, feed = self.model, self.feed
        if keras.backend.backend() == "jax":
            return JaxLoop(model, feed, order=order, tick=tick, spread=spread)
        return Loop(model, feed.gather(), feed.batch_size, xla=self.pace.xla, order=order, tick=tick)
