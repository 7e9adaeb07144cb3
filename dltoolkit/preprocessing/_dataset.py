"""Columns of media on their way into batches: what is kept of each, where, and what is varied."""

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
from dltoolkit.preprocessing._bridge import computed
from dltoolkit.preprocessing._media_plan import MediaPlan
from dltoolkit.preprocessing._store import RowStore, pick_cache

Augmentation = ImageAugmentation | SoundAugmentation
AUGMENTED = {"image": ImageAugmentation, "audio": SoundAugmentation}
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
        return computed(self.graph, raw)


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
        return np.asarray(computed(graph, parts)).astype(plan.feature[1], copy=False)

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
