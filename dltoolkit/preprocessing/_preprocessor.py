"""The fitted preprocessing: the same Keras graph over whole columns, batch by batch, or inside a bundle."""

import functools
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _files
from dltoolkit._checks import check_columns, check_frame, check_number, complaint, stop
from dltoolkit._keras import keras, tf
from dltoolkit.data import Schema
from dltoolkit.preprocessing import _graph, _raw
from dltoolkit.preprocessing._plan import (
    MISSING_ID,
    UNSEEN_ID,
    CategoryPlan,
    FeatureSpec,
    Plan,
    TargetStatistics,
)
from dltoolkit.problem import Problem

CHUNK = (
    65_536  # rows worked on at once: the block in between stays inside the processor's cache or close to it
)
EXAMPLES = 5


class Preprocessor:
    """Raw columns in, features out; made by `fit`.

    Attributes:
        schema: Which column plays which role.
        settings: The options that `fit` was called with.
        columns: Raw feature columns that are used, in order.
        left_out: Feature columns that are not used, and why.
        specs: Name of each feature tensor and its `FeatureSpec`.
        feature_names: Names of the columns of ``"dense"``.
        target_statistics: For each target column its `TargetStatistics` in the training part.
        model: A plain ``keras.Model``: dict of raw columns ``(n, 1)`` in (see `inputs`), dict of features out.
    """

    def __init__(
        self,
        schema: Schema,
        plan: Plan,
        settings: Mapping[str, Any],
        target_statistics: Mapping[str, TargetStatistics] | None = None,
        *,
        model: keras.Model | None = None,
    ) -> None:
        """Build the graph of a plan; `fit` and `load` call this."""
        self.schema = schema
        self.settings = dict(settings)
        self.target_statistics = dict(target_statistics or {})
        self._plan = plan
        self._names = _graph.input_names(plan)
        self.columns = [c for c in schema.features if c in self._names]
        self.left_out = dict(plan.left_out)
        self.specs: dict[str, FeatureSpec] = _graph.feature_specs(plan)
        self.feature_names = _graph.dense_names(plan)
        self.model = model if model is not None else _graph.whole_model(plan, _graph.features_model(plan))

    def __repr__(self) -> str:
        """What goes in, what comes out, and the next step."""
        out = ", ".join(f"{name} {spec.shape}" for name, spec in self.specs.items())
        return f"Preprocessor({len(self.columns)} columns -> {out}; next: models.mlp(problem, preprocessor))"

    @functools.cached_property
    def _features(self) -> Any:
        """The part of the graph after the lookups, compiled for whole columns."""
        features = self.model.get_layer(_graph.inner_name(self._plan, _graph.FEATURES))
        block = {name: tf.TensorSpec((None, 1), tensor.dtype) for name, tensor in features.input.items()}

        @tf.function(input_signature=[block])  # traced once, for any number of rows
        def compute(columns: dict[str, Any]) -> dict[str, Any]:
            return features(columns)

        return compute

    @functools.cached_property
    def _lookups(self) -> dict[str, keras.layers.Layer]:
        return {
            column: self.model.get_layer(name) for column, name in _graph.lookup_names(self._plan).items()
        }

    @functools.cached_property
    def _vocabularies(self) -> dict[str, tuple[str, ...]]:
        return {plan.column: plan.vocabulary for plan in self._plan.categories}

    def transform(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Turn raw rows into features, whole columns at a time.

        A category's distinct texts go through the lookup layer once, and its rows take their ids by number; all
        that follows is the graph of `model` itself, over blocks of rows.

        Args:
            frame: Raw rows, shape ``(n, n_columns)``; extra columns and another order do no harm.

        Returns:
            dict: ``"dense"`` float32 ``(n, n_features)`` and one int32 ``(n, 1)`` for each embedded category.

        Raises:
            InputError: If a column is missing or holds values that cannot be read as in training; all of them are
                named at once, with rows.
        """
        columns = self._read(frame)
        n = len(frame)
        result = {name: np.empty((n, *spec.shape), spec.dtype) for name, spec in self.specs.items()}
        for start in range(0, n, CHUNK):
            block = {
                name: tf.constant(values[start : start + CHUNK, None]) for name, values in columns.items()
            }
            for name, values in self._features(block).items():
                result[name][start : start + CHUNK] = values.numpy()
        return result

    def inputs(self, frame: pd.DataFrame) -> dict[str, Any]:
        """The raw columns as `model` takes them.

        Args:
            frame: Raw rows.

        Returns:
            dict: For each used column a tensor ``(n, 1)``: float64 for numbers, flags and dates (seconds since
            1970-01-01 UTC) with NaN where missing; string for categories with the empty text where missing.

        Raises:
            InputError: As `transform`.
        """
        columns = self._read(frame, as_ids=False)
        return {name: tf.constant(values[:, None]) for name, values in columns.items()}

    def _read(self, frame: pd.DataFrame, *, as_ids: bool = True) -> dict[str, np.ndarray]:
        check_frame(frame, rows=0)
        check_columns(frame, self.columns)
        columns, complaints = {}, []
        for name in self.columns:
            try:
                columns[self._names[name]] = self._read_column(frame[name], as_ids)
            except _raw.RawError as error:
                complaints.append(str(error))
        stop(complaints)
        return columns

    def _read_column(self, column: pd.Series, as_ids: bool) -> np.ndarray:
        role = self.schema.roles[str(column.name)]
        if role == "categorical":
            _raw.check_kind(column, self._vocabularies.get(str(column.name), ()))
            return self._ids(column) if as_ids else _raw.to_texts(column)
        return {"numeric": _raw.to_numbers, "boolean": _raw.to_flags, "datetime": _raw.to_seconds}[role](
            column
        )

    def _ids(self, column: pd.Series) -> np.ndarray:
        """Ids int64 ``(n,)``, with one look-up for each distinct text."""
        codes, distinct = _raw.to_codes(column)
        texts = np.append(distinct, _raw.MISSING_TEXT)  # code -1 takes the last one
        return self._lookups[str(column.name)](tf.constant(texts)).numpy().astype("int64")[codes]

    def dataset(
        self,
        frame: pd.DataFrame,
        batch_size: int = 256,
        *,
        problem: Problem | None = None,
        shuffle: bool = False,
        weights: np.ndarray | None = None,
        seed: int = 0,
    ) -> tf.data.Dataset:
        """Batches for ``keras.Model.fit``: features computed once and kept in memory, gathered by batch, prefetched.

        Args:
            frame: Raw rows; with the target where `problem` is given.
            batch_size: Rows a batch, at least 1; the last batch may be smaller. Defaults to 256.
            problem: Encodes the target, so that each element is ``(features, target)``. Defaults to None: features
                only.
            shuffle: Whether each pass draws a new order. Defaults to False.
            weights: Weight of each row, float ``(n,)``, as third part of each element. Defaults to None.
            seed: Seed of the order: the same seed gives the same sequence of orders. Defaults to 0.

        Returns:
            tf.data.Dataset: Elements as ``fit`` takes them.

        Raises:
            InputError: As `transform`; or if there are no rows, `batch_size` is below 1, or `weights` has another
                length or no problem to go with.
        """
        check_frame(frame)
        check_number(batch_size, "batch_size", low=1, whole=True)
        check_number(seed, "seed", low=0, whole=True)
        parts: list[Any] = [self.transform(frame)]
        if problem is not None:
            parts.append(problem.encode(frame))
        if weights is not None:
            if problem is None or np.shape(weights) != (len(frame),):
                expected = f"one weight for each of the {len(frame)} rows, together with `problem`"
                stop([complaint("weights", expected, f"shape {np.shape(weights)}")])
            parts.append(np.asarray(weights, "float32"))
        return batches(
            tuple(parts) if len(parts) > 1 else parts[0], len(frame), batch_size, shuffle=shuffle, seed=seed
        )

    def counts(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Count what had to be handled: missing values and categories that training never saw.

        Args:
            frame: Raw rows.

        Returns:
            pandas.DataFrame: One row a used column: ``column``, ``missing``, ``unseen``, ``examples`` (of unseen
            categories, at most 5).

        Raises:
            InputError: As `transform`.
        """
        plans = {p.column: p for p in self._plan.categories}
        rows = []
        read = self._read(frame)
        for column in self.columns:
            plan, values = plans.get(column), read[self._names[column]]
            missing = np.isnan(values) if plan is None else values == MISSING_ID
            unseen = np.zeros(len(values), bool) if plan is None else _unseen(plan, values)
            examples = pd.unique(frame[column].to_numpy(object)[unseen])[:EXAMPLES]
            rows.append((column, int(missing.sum()), int(unseen.sum()), tuple(str(e) for e in examples)))
        return pd.DataFrame(rows, columns=["column", "missing", "unseen", "examples"])

    def frame(self) -> pd.DataFrame:
        """What happens to each column: ``column``, ``role``, ``treatment``, ``features`` (how many), ``why``."""
        rows = []
        for p in self._plan.numeric:
            rows.append(
                (p.column, p.role, "elapsed" if p.role == "datetime" else p.treatment, 1 + p.indicator, p.why)
            )
        rows += [(p.column, "datetime", "cyclic", 2 * len(p.cycles), p.why) for p in self._plan.dates]
        for c in self._plan.categories:
            n = len(c.vocabulary) + c.missing if c.treatment == "one-hot" else 1
            rows.append((c.column, "categorical", c.treatment, n, c.why))
        for x in self._plan.crosses:
            rows.append(
                (x.name, "cross", x.treatment, len(x.vocabulary) if x.treatment == "one-hot" else 1, x.why)
            )
        rows += [(c, self.schema.roles[c], "left out", 0, why) for c, why in self.left_out.items()]
        return pd.DataFrame(rows, columns=["column", "role", "treatment", "features", "why"])

    def feature_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`transform` as one table with names.

        Args:
            frame: Raw rows, shape ``(n, n_columns)``.

        Returns:
            pandas.DataFrame: The dense columns, then the ids, with the index of `frame`.

        Raises:
            InputError: As `transform`.
        """
        features = self.transform(frame)
        parts = []
        for name, values in features.items():
            names = self.feature_names if name == _graph.DENSE else [f"{name} (id)"]
            parts.append(pd.DataFrame(values, columns=list(names), index=frame.index))
        return pd.concat(parts, axis=1)

    def to_json(self) -> dict[str, Any]:
        """All that was learnt, as JSON-able values; `from_json` reads it back."""
        statistics = {name: vars(s) for name, s in self.target_statistics.items()}
        schema = self.schema.to_json()
        return {
            "schema": schema,
            "plan": self._plan.to_json(),
            "settings": self.settings,
            "target_statistics": statistics,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any], model: keras.Model | None = None) -> "Preprocessor":
        """Read back what `to_json` gave.

        Args:
            content: The values.
            model: The Keras model that was saved beside them; built anew when None.

        Returns:
            Preprocessor: Gives the same features, bit for bit.
        """
        statistics = {name: TargetStatistics(**s) for name, s in content["target_statistics"].items()}
        schema, plan = Schema.from_json(content["schema"]), Plan.from_json(content["plan"])
        return cls(schema, plan, content["settings"], statistics, model=model)

    def save(self, folder: str | os.PathLike[str]) -> pathlib.Path:
        """Write ``preprocessor.json`` (all that was learnt, readable by eye) into `folder`, in one step.

        Args:
            folder: Made when it does not exist.

        Returns:
            pathlib.Path: The file.

        Raises:
            OSError: If it cannot be written; an older file is then as it was.
        """
        return _files.write_json(pathlib.Path(folder) / "preprocessor.json", self.to_json())


def load(folder: str | os.PathLike[str]) -> Preprocessor:
    """Read back what `Preprocessor.save` wrote.

    Args:
        folder: The folder.

    Returns:
        Preprocessor: Gives the same features, bit for bit.

    Raises:
        FileNotFoundError: If there is none.
        InputError: If the file is damaged.
    """
    return Preprocessor.from_json(_files.read_json(pathlib.Path(folder) / "preprocessor.json"))


def batches(parts: Any, n: int, batch_size: int, *, shuffle: bool = False, seed: int = 0) -> tf.data.Dataset:
    """Batches gathered from arrays in memory; with `shuffle` each pass has a new order, drawn from `seed`.

    Whole rows of batch numbers are drawn at once, so that no work is done row by row.

    Args:
        parts: Nested arrays with ``n`` rows each.
        n: Number of rows, at least 1.
        batch_size: Rows a batch.
        shuffle: Whether to draw an order for each pass. Defaults to False.
        seed: Seed of the orders. Defaults to 0.

    Returns:
        tf.data.Dataset: Elements of the same nesting, with a leading batch axis.
    """
    tensors = tf.nest.map_structure(tf.constant, parts)
    full = n // batch_size * batch_size

    def rows(pass_seed: tf.Tensor) -> tf.data.Dataset:
        order = tf.range(n)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(
                order, tf.stack([pass_seed, tf.cast(seed, tf.int64)])
            )
        whole = tf.data.Dataset.from_tensor_slices(tf.reshape(order[:full], (-1, batch_size)))
        return whole.concatenate(tf.data.Dataset.from_tensors(order[full:])) if full < n else whole

    passes = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).take(1)
    options = tf.data.Options()
    options.deterministic = True
    gathered = passes.flat_map(rows).map(lambda i: tf.nest.map_structure(lambda t: tf.gather(t, i), tensors))
    sized = gathered.apply(tf.data.experimental.assert_cardinality(-(-n // batch_size)))
    return sized.with_options(options).prefetch(tf.data.AUTOTUNE)


def _unseen(plan: CategoryPlan, ids: np.ndarray) -> np.ndarray:
    """Which ids stand for a category that training never saw; hashing cannot tell."""
    return np.zeros(len(ids), bool) if plan.treatment == "hash" else ids == UNSEEN_ID
