"""Batches for training: what is small is held in memory, what is large is read, kept and varied batch by batch."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, complaint, listed, stop
from dltoolkit._keras import keras, tf
from dltoolkit.preprocessing import _media_host
from dltoolkit.preprocessing._augment import ImageAugmentation, SoundAugmentation
from dltoolkit.preprocessing._media_plan import MediaPlan
from dltoolkit.preprocessing._store import RowStore, pick_cache

Augmentation = ImageAugmentation | SoundAugmentation
AUGMENTED = {"image": ImageAugmentation, "audio": SoundAugmentation}
POOL = 32  # batches whose rows are sorted among themselves where rows of about one length go together
READ_AHEAD = 2  # batches ready before they are asked for
_ERROR = "RawError: "


@dataclasses.dataclass(frozen=True)
class Media:
    """One column of media on its way into batches.

    Attributes:
        key: Its name among the features.
        plan: What was learnt about it.
        graph: Its part of the preprocessing graph.
        store: Gives its rows: in raw form, or as features where `ready`.
        ready: Whether the store gives features.
        augmentation: What is varied; None for nothing.
    """

    key: str
    plan: MediaPlan
    graph: keras.Model
    store: RowStore
    ready: bool
    augmentation: Augmentation | None

    def rows(self, positions: tf.Tensor) -> tf.Tensor:
        """The rows of the store at some positions, inside a tf.data graph."""
        rows = tf.numpy_function(self.store.get, [positions], tf.as_dtype(self.store.dtype))
        rows.set_shape((None, *self.store.shape))
        return rows

    def feature(self, raw: tf.Tensor) -> tf.Tensor:
        """Its part of the graph, outside training: nothing in it is random."""
        return self.graph(raw, training=False)


def media_columns(
    graphs: Mapping[str, tuple[str, MediaPlan, keras.Model]],
    frame: pd.DataFrame,
    ids: Mapping[str, np.ndarray],
    *,
    augment: Mapping[str, Augmentation],
    cache: str,
    memory_limit: int,
) -> list[Media]:
    """Decide for each column what is kept of it, and where.

    Kept is the smaller of the raw form (bytes of pictures) and the feature (spectrograms, ids); the raw form where it is
    varied. In memory as long as the limit allows, in a temporary file beyond it.

    Args:
        graphs: Column to its key, its plan and its part of the graph.
        frame: The rows.
        ids: For each sequence that is scaled by series, the ids of these, int64 ``(n, 1)``.
        augment: Column to what is varied.
        cache: One of ``_store.CACHES``.
        memory_limit: Bytes for all columns together.

    Returns:
        list: One `Media` a column.
    """
    found, left = [], memory_limit
    for column, (key, plan, graph) in graphs.items():
        ready = _keep_feature(plan, augment.get(column))
        shape, dtype = plan.feature if ready else plan.raw
        needed = len(frame) * _bytes(shape, dtype)
        where = pick_cache(cache, needed, left)
        left -= needed if where == "memory" else 0
        make = _maker(plan, graph, frame[column], ready=ready, ids=ids.get(column))
        store = RowStore(make, len(frame), shape, dtype, cache=where)
        found.append(Media(key, plan, graph, store, ready, augment.get(column)))
    return found


def _keep_feature(plan: MediaPlan, augmentation: Augmentation | None) -> bool:
    if isinstance(augmentation, ImageAugmentation):
        return False
    if isinstance(augmentation, SoundAugmentation) and (augmentation.noise or augmentation.shift):
        return False
    return plan.role == "text" or _bytes(*plan.feature) <= _bytes(*plan.raw)


def _bytes(shape: tuple[int, ...], dtype: str) -> int:
    return int(np.prod(shape)) * np.dtype(dtype).itemsize


def _maker(
    plan: MediaPlan, graph: keras.Model, column: pd.Series, *, ready: bool, ids: np.ndarray | None
) -> Callable[[np.ndarray], np.ndarray]:
    """What makes the rows at some positions."""

    def make(positions: np.ndarray) -> np.ndarray:
        raw = _media_host.to_raw(plan, column.iloc[positions])
        if not ready:
            return raw
        parts = tf.constant(raw) if ids is None else [tf.constant(raw), tf.constant(ids[positions])]
        return np.asarray(graph(parts, training=False)).astype(plan.feature[1], copy=False)

    return make


def check_augment(augment: Any, roles: Mapping[str, str]) -> dict[str, Augmentation]:
    """What is varied in which column.

    Args:
        augment: One setting, for every column that it fits; or column to setting; or None.
        roles: Media column to role.

    Returns:
        dict: Column to setting.

    Raises:
        InputError: If a column is unknown or its setting does not fit it.
    """
    if augment is None:
        return {}
    if not isinstance(augment, Mapping):
        augment = {column: augment for column, role in roles.items() if isinstance(augment, _class(role))}
        if not augment:
            expected = f"an augmentation for columns among {listed(roles, 20)}"
            stop([complaint("augment", expected, "one that fits no column of this table")])
    complaints = []
    for column, setting in augment.items():
        if column not in roles or not isinstance(setting, _class(roles[column])):
            role = roles.get(column)
            expected = _class(role).__name__ if role in AUGMENTED else f"a column among {listed(roles, 20)}"
            complaints.append(complaint(f"augment[{column!r}]", expected, type(setting).__name__))
    stop(complaints)
    return dict(augment)


def _class(role: str | None) -> Any:
    return AUGMENTED.get(role or "", type(None))


def mixes(augment: Mapping[str, Augmentation]) -> str | None:
    """The column whose pictures are mixed, targets and all; None when there is none."""
    mixed = [c for c, a in augment.items() if isinstance(a, ImageAugmentation) and a.mixes]
    if len(mixed) > 1:
        stop([complaint("augment", "MixUp or CutMix in one column at most", listed(mixed))])
    return mixed[0] if mixed else None


def batches(
    parts: Any,
    n: int,
    batch_size: int,
    *,
    shuffle: bool = False,
    seed: int = 0,
    media: list[Media] | None = None,
    alike: np.ndarray | None = None,
) -> tf.data.Dataset:
    """Batches gathered from arrays in memory; with `shuffle` each pass has a new order, drawn from `seed`.

    Whole rows of batch numbers are drawn at once, so that no work is done row by row.

    Args:
        parts: Nested arrays with ``n`` rows each: features, or ``(features, target[, weights])``.
        n: Number of rows, at least 1.
        batch_size: Rows a batch.
        shuffle: Whether to draw an order for each pass. Defaults to False.
        seed: Seed of the orders and of what is varied. Defaults to 0.
        media: Columns of media that join the features. Defaults to none.
        alike: A length of each row, int64 ``(n,)``: with `shuffle`, rows of about the same one share a batch. Defaults
            to None.

    Returns:
        tf.data.Dataset: Elements of the same nesting, with a leading batch axis.
    """
    tensors = tf.nest.map_structure(tf.constant, parts)
    full = n // batch_size * batch_size

    def rows(pass_seed: tf.Tensor) -> tf.data.Dataset:
        order = tf.range(n)
        if shuffle:
            drawn = tf.stack([pass_seed, tf.cast(seed, tf.int64)])
            order = tf.random.experimental.stateless_shuffle(order, drawn)
            if alike is not None:
                order = _neighbours(order, tf.constant(alike, tf.int64), batch_size, drawn)
        whole = tf.data.Dataset.from_tensor_slices(tf.reshape(order[:full], (-1, batch_size)))
        whole = whole.concatenate(tf.data.Dataset.from_tensors(order[full:])) if full < n else whole
        return whole.enumerate().map(lambda k, i: (i, tf.stack([pass_seed + seed, k]))) if media else whole

    def gathered(i: tf.Tensor) -> Any:
        return tf.nest.map_structure(lambda t: tf.gather(t, i), tensors)

    passes = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).take(1)
    found = passes.flat_map(rows)
    if media:
        # Two batches are read at once, by threads that they share; others are varied and scaled meanwhile.
        read = found.map(
            lambda i, seeds: (gathered(i), tuple(one.rows(i) for one in media), seeds),
            num_parallel_calls=READ_AHEAD,
        )
        found = read.map(
            lambda batch, rows, seeds: _joined(batch, media, rows, seeds), num_parallel_calls=READ_AHEAD
        )
    else:
        found = found.map(gathered)
    options = tf.data.Options()
    options.deterministic = True
    sized = found.apply(tf.data.experimental.assert_cardinality(-(-n // batch_size)))
    return sized.with_options(options).prefetch(READ_AHEAD if media else tf.data.AUTOTUNE)


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


def _joined(parts: Any, media: list[Media], read: tuple[tf.Tensor, ...], seeds: tf.Tensor) -> Any:
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


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Inside, a file that cannot be read while batches are made is an `InputError` again, not TensorFlow's error.

    Raises:
        InputError: With the sentence that names the file.
    """
    try:
        yield
    except tf.errors.OpError as error:
        told = error.message.split(_ERROR)
        if len(told) < 2:
            raise
        raise InputError(told[-1].split("\n\n")[0].strip()) from error
