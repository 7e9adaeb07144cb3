"""Running the graph: over whole columns of a table, over blocks of media."""

import functools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import stop
from dltoolkit._keras import keras, tf
from dltoolkit.data import Schema
from dltoolkit.preprocessing import _graph, _media_host, _raw
from dltoolkit.preprocessing._bridge import TENSORFLOW, computed
from dltoolkit.preprocessing._plan import Plan

CHUNK = (
    65_536  # rows worked on at once: the block in between stays inside the processor's cache or close to it
)
MEDIA_CHUNK = 256  # the same for media, whose examples are larger
_READERS = {
    "numeric": _raw.to_numbers,
    "boolean": _raw.to_flags,
    "datetime": _raw.to_seconds,
    "time": _raw.to_seconds,
}


class Runner:
    """The parts of a preprocessing model, compiled on first use."""

    def __init__(self, model: keras.Model, plan: Plan, schema: Schema) -> None:
        """Hold the model and what it was made from."""
        self.model, self._plan, self._schema = model, plan, schema
        self._names = _graph.input_names(plan)
        self._keys = _graph.media_keys(plan)
        self._columns = list(_graph.table_columns(plan))
        self._specs = _graph.feature_specs(plan)

    @functools.cached_property
    def _features(self) -> Any:
        """The table's part of the graph after the lookups, compiled for whole columns."""
        features = self.model.get_layer(_graph.inner_name(self._plan, _graph.FEATURES))
        if not TENSORFLOW:
            return functools.partial(computed, features)
        block = [tf.TensorSpec((None, 1), tensor.dtype) for tensor in features.inputs]

        @tf.function(input_signature=[block])  # traced once, for any number of rows
        def compute(columns: list[Any]) -> dict[str, Any]:
            return features(columns)

        return compute

    @functools.cached_property
    def graphs(self) -> dict[str, Any]:
        """For each media column the name of its feature, its plan, and its part of the graph."""
        names = _graph.media_names(self._plan)
        return {
            p.column: (self._keys[p.column], p, self.model.get_layer(names[p.column]))
            for p in self._plan.media
        }

    @functools.cached_property
    def _compiled(self) -> dict[str, Any]:
        """The media's parts of the graph, each traced once for any number of rows."""

        def compiled(graph: keras.Model) -> Any:
            if not TENSORFLOW:
                return lambda *raw: computed(graph, list(raw))
            specs = [tf.TensorSpec((None, *x.shape[1:]), x.dtype) for x in graph.inputs]
            return tf.function(
                lambda *raw: graph(list(raw) if len(raw) > 1 else raw[0], training=False),
                input_signature=specs,
            )

        return {column: compiled(graph) for column, (_, _, graph) in self.graphs.items()}

    @functools.cached_property
    def _lookups(self) -> dict[str, keras.layers.Layer]:
        return {
            column: self.model.get_layer(name) for column, name in _graph.lookup_names(self._plan).items()
        }

    @functools.cached_property
    def _vocabularies(self) -> dict[str, tuple[str, ...]]:
        return {plan.column: plan.vocabulary for plan in self._plan.categories}

    def read(
        self, frame: pd.DataFrame, *, as_ids: bool = True
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The table's columns by input name, ``(n,)`` each, and the raw media by column.

        Args:
            frame: The used columns.
            as_ids: Whether categories become ids. Defaults to True; texts otherwise.

        Raises:
            InputError: Naming every column with its rows or files that cannot be read as in training.
        """
        columns, raw, complaints = {}, {}, []
        for name in frame.columns:
            try:
                if name in self.graphs:
                    raw[name] = _media_host.to_raw(self.graphs[name][1], frame[name])
                else:
                    columns[self._names[name]] = self._read_column(frame[name], as_ids)
            except _raw.RawError as error:
                complaints.append(str(error))
        stop(complaints)
        return columns, raw

    def read_table(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """The table's columns alone; of media, what can be told without reading files is complained of all the same.

        Raises:
            InputError: As `read`.
        """
        stop(_media_host.complaints({c: (plan, frame[c]) for c, (_, plan, _) in self.graphs.items()}))
        return self.read(frame.drop(columns=list(self.graphs)))[0]

    def _read_column(self, column: pd.Series, as_ids: bool) -> np.ndarray:
        name = str(column.name)
        if name in self._vocabularies:
            _raw.check_kind(column, self._vocabularies[name])
            return self._ids(column) if as_ids else _raw.to_texts(column)
        return _READERS[self._schema.roles[name]](column)

    def _ids(self, column: pd.Series) -> np.ndarray:
        """Ids int64 ``(n,)``, with one look-up for each distinct text."""
        codes, distinct = _raw.to_codes(column)
        texts = np.append(distinct, _raw.MISSING_TEXT)  # code -1 takes the last one
        return self._lookups[str(column.name)](tf.constant(texts)).numpy().astype("int64")[codes]

    def table(self, columns: Mapping[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
        """The table's columns through their part of the graph, blocks of rows at a time; nothing where there are none."""
        if not columns:
            return {}
        specs = {k: spec for k, spec in self._specs.items() if spec.role == "table"}
        result = {name: np.empty((n, *spec.shape), spec.dtype) for name, spec in specs.items()}
        for start in range(0, n, CHUNK):
            rows = slice(start, start + CHUNK)
            block = [tf.constant(columns[self._names[c]][rows, None]) for c in self._columns]
            for name, values in self._features(block).items():
                result[name][rows] = np.asarray(values)
        return result

    def ids_for(self, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """For each sequence that is scaled by series, the ids of these, int64 ``(n, 1)``."""
        by = {column: getattr(plan, "by", "") for column, (_, plan, _) in self.graphs.items()}
        return {column: columns[self._names[name]][:, None] for column, name in by.items() if name}

    def through(self, column: str, *raw: np.ndarray) -> np.ndarray:
        """Raw rows of a media column (and the ids that it needs) through its part of the graph, in several threads."""
        compute, spec = self._compiled[column], self._specs[self._keys[column]]
        features = np.empty((len(raw[0]), *spec.shape), spec.dtype)

        def block(start: int) -> None:
            rows = slice(start, start + MEDIA_CHUNK)
            features[rows] = np.asarray(compute(*(tf.constant(part[rows]) for part in raw)))

        with ThreadPoolExecutor() as pool:
            list(pool.map(block, range(0, len(raw[0]), MEDIA_CHUNK)))
        return features
