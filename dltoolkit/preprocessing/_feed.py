"""Batches for training: what is small is held in memory, what is large is read, kept and varied batch by batch."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dltoolkit._keras import tf
from dltoolkit.preprocessing._augment import ImageAugmentation, SoundAugmentation
from dltoolkit.preprocessing._dataset import Media

POOL = 32  # batches whose rows are sorted among themselves where rows of about one length go together
READ_AHEAD = 2  # batches ready before they are asked for


@dataclasses.dataclass(frozen=True, eq=False)
class Feed:
    """Rows ready to be gathered into batches; each pass may have an order of its own, drawn from `seed`.

    Attributes:
        parts: Nested arrays with ``n`` rows each: features, or ``(features, target[, weights])``.
        n: Number of rows, at least 1.
        batch_size: Rows a batch; the last one may be smaller.
        shuffle: Whether to draw an order for each pass.
        seed: Seed of the orders and of what is varied.
        media: Columns of media that join the features.
        alike: A length of each row, int64 ``(n,)``: with `shuffle`, rows of about the same one share a batch. None: any.
        finish: What is done to each batch at last, in the graph; None for nothing.
    """

    parts: Any
    n: int
    batch_size: int
    shuffle: bool = False
    seed: int = 0
    media: tuple[Media, ...] = ()
    alike: np.ndarray | None = None
    finish: Callable[..., Any] | None = None

    def __len__(self) -> int:
        """Batches a pass."""
        return math.ceil(self.n / self.batch_size)

    def order(self, number: tf.Tensor) -> tf.Tensor:
        """The rows of a pass one after the other, int32 ``(n,)``.

        Args:
            number: Which pass, an int64 scalar: the same number gives the same order.
        """
        order = tf.range(self.n)
        if not self.shuffle:
            return order
        drawn = tf.stack([tf.cast(number, tf.int64), tf.cast(self.seed, tf.int64)])
        order = tf.random.experimental.stateless_shuffle(order, drawn)
        if self.alike is None:
            return order
        return _neighbours(order, tf.constant(self.alike, tf.int64), self.batch_size, drawn)

    def dataset(self, passes: tf.data.Dataset | None = None) -> tf.data.Dataset:
        """Batches for ``keras.Model.fit``.

        Args:
            passes: One element each time it is walked over: which pass it is. Defaults to None: numbers drawn from `seed`.

        Returns:
            tf.data.Dataset: Elements nested as `parts`, with a leading batch axis.
        """
        if passes is None:
            passes = tf.data.Dataset.random(seed=self.seed, rerandomize_each_iteration=True).take(1)
        tensors = tf.nest.map_structure(tf.constant, self.parts)
        media = self.media

        def gathered(i: tf.Tensor) -> Any:
            return tf.nest.map_structure(lambda t: tf.gather(t, i), tensors)

        def rows(number: tf.Tensor) -> tf.data.Dataset:
            whole = _in_chunks(self.order(number), self.n, self.batch_size)
            return whole.enumerate().map(lambda k, i: (i, tf.stack([number + self.seed, k])))

        if media:
            # Two batches are read at once, by threads that they share; others are varied and scaled meanwhile.
            read = passes.flat_map(rows).map(
                lambda i, seeds: (gathered(i), tuple(one.rows(i) for one in media), seeds),
                num_parallel_calls=READ_AHEAD,
            )
            found = read.map(
                lambda batch, rows, seeds: _joined(batch, media, rows, seeds), num_parallel_calls=READ_AHEAD
            )
        else:
            numbers = passes.flat_map(lambda number: _in_chunks(self.order(number), self.n, self.batch_size))
            found = numbers.map(gathered)
        found = found if self.finish is None else found.map(self.finish)
        options = tf.data.Options()
        options.deterministic = True
        sized = found.apply(tf.data.experimental.assert_cardinality(len(self)))
        return sized.with_options(options).prefetch(READ_AHEAD if media else tf.data.AUTOTUNE)

    @property
    def mixes(self) -> bool:
        """Whether rows are mixed, targets and all, so that classes come as shares."""
        return any(
            isinstance(one.augmentation, ImageAugmentation) and one.augmentation.mixes for one in self.media
        )

    @property
    def loopable(self) -> bool:
        """Whether batches can be gathered from tensors alone: nothing is read, varied, or cut to a length of the batch's own."""
        kept = all(one.augmentation is None and one.store.cache == "memory" for one in self.media)
        return kept and self.finish is None

    def gather(self) -> Callable[[tf.Tensor], Any]:
        """What makes a batch of row numbers ``(k,)`` where the feed is `loopable`, so that it may stand in a compiled loop.

        Every row of media is made now, where it is not yet.
        """
        held = tf.nest.map_structure(tf.constant, self.held())
        return lambda i: self.taken(held, lambda t: tf.gather(t, i))

    def held(self) -> Any:
        """Nested arrays with ``n`` rows each: `parts`, and every row of media, which is made now where it is not yet."""
        return self.parts, tuple(one.store.all() for one in self.media)

    def taken(self, held: Any, take: Callable[[Any], Any]) -> Any:
        """A batch of some rows of `held`, as `dataset` gives it: tensors of whatever kind `take` gives."""
        batch, rows = tf.nest.map_structure(take, held)
        return _joined(batch, self.media, rows, None)


def _in_chunks(order: tf.Tensor, n: int, size: int) -> tf.data.Dataset:
    """The `n` numbers, so many at a time. Whole rows are drawn at once, so that no work is done number by number."""
    full = n // size * size
    whole = tf.data.Dataset.from_tensor_slices(tf.reshape(order[:full], (-1, size)))
    return whole.concatenate(tf.data.Dataset.from_tensors(order[full:])) if full < n else whole


def _neighbours(order: tf.Tensor, lengths: tf.Tensor, batch_size: int, seed: tf.Tensor) -> tf.Tensor:
    """The same rows with those of about one length side by side, batch by batch, and the batches in a drawn order."""
    n = len(order)
    full = n // batch_size * batch_size
    mixed, last = order[:full], order[full:]  # the short batch stays last, and any rows may be in it
    pools = tf.range(full, dtype=tf.int64) // (POOL * batch_size)
    by_pool = pools * (tf.reduce_max(lengths) + 1) + tf.gather(lengths, mixed)
    rows = tf.reshape(tf.gather(mixed, tf.argsort(by_pool, stable=True)), (-1, batch_size))
    rows = tf.random.experimental.stateless_shuffle(rows, seed + 1)
    return tf.concat([tf.reshape(rows, (-1,)), last], axis=0)


def _joined(
    parts: Any, media: tuple[Media, ...], read: tuple[tf.Tensor, ...], seeds: tf.Tensor | None
) -> Any:
    """A batch with its media as they were read: varied, and through their part of the graph."""
    features, *rest = parts if isinstance(parts, tuple) else (parts,)
    features = dict(features)
    for number, (one, rows) in enumerate(zip(media, read, strict=True)):
        if one.augmentation is not None:
            rows, rest = _varied(one, rows, rest, tf.random.fold_in(seeds, number))
        features[one.key] = rows if one.ready else one.feature(rows)
        if isinstance(one.augmentation, SoundAugmentation) and one.plan.treatment != "waveform":
            features[one.key] = one.augmentation.apply(
                features[one.key], tf.random.fold_in(seeds, -1 - number)
            )
    return (features, *rest) if isinstance(parts, tuple) else features


def _varied(one: Media, rows: tf.Tensor, rest: list[Any], seed: tf.Tensor) -> tuple[tf.Tensor, list[Any]]:
    if isinstance(one.augmentation, SoundAugmentation):
        return (rows if one.ready else one.augmentation.apply(rows, seed)), rest
    assert one.augmentation is not None
    first, second = tf.unstack(tf.random.split(seed, 2))
    pictures = one.augmentation.apply(rows, first)
    if one.augmentation.mixes and rest:
        pictures, target = one.augmentation.mix(pictures, rest[0], second)
        rest = [target, *rest[1:]]
    if pictures.dtype.is_floating:  # back to bytes, as pictures from files are
        pictures = tf.cast(tf.round(tf.clip_by_value(pictures, 0.0, 255.0)), tf.uint8)
    return pictures, rest
