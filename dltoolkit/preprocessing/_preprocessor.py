"""The fitted preprocessing: the same Keras graph over whole columns, batch by batch, or inside a bundle."""

import functools
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _files
from dltoolkit._checks import check_choice, check_columns, check_frame, check_number, complaint, stop
from dltoolkit._keras import keras, needs_tensorflow, tf
from dltoolkit.data import Schema
from dltoolkit.preprocessing import _dataset, _graph
from dltoolkit.preprocessing._bridge import exact
from dltoolkit.preprocessing._dataset import Augmentation
from dltoolkit.preprocessing._describe import describe
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.preprocessing._media_plan import SequencePlan
from dltoolkit.preprocessing._plan import (
    MISSING_ID,
    UNSEEN_ID,
    CategoryPlan,
    FeatureSpec,
    Plan,
    TargetStatistics,
)
from dltoolkit.preprocessing._runner import Runner
from dltoolkit.preprocessing._store import CACHES, MEMORY_LIMIT
from dltoolkit.problem import Problem

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
        quantiles: Place in ``"dense"`` of each column of numbers, to quantiles of its training values as they stand there,
            rising, 3 to 65 of them.
        media: Column of texts, pictures, sounds or sequences to the name of its feature.
        target_statistics: For each target column its `TargetStatistics` in the training part.
        model: A plain ``keras.Model``: dict of raw columns in (see `inputs`), one input a column; dict of features out.
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
        self.quantiles = _graph.dense_quantiles(plan)
        self.media = _graph.media_keys(plan)
        with exact():
            self.model = model if model is not None else _graph.whole_model(plan, _graph.features_model(plan))

    def __repr__(self) -> str:
        """What goes in, what comes out, and the next step."""
        out = ", ".join(f"{name} {spec.shape}" for name, spec in self.specs.items())
        return f"Preprocessor({len(self.columns)} columns -> {out}; next: models.mlp(problem, preprocessor))"

    @functools.cached_property
    def _runner(self) -> Runner:
        return Runner(self.model, self._plan, self.schema)

    def transform(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """Turn raw rows into features, whole columns at a time.

        A category's distinct texts go through the lookup layer once, and its rows take their ids by number; all
        that follows is the graph of `model` itself, over blocks of rows.

        Args:
            frame: Raw rows, shape ``(n, n_columns)``; extra columns and another order do no harm.

        Returns:
            dict: By the names of `specs`: ``"dense"`` float32 ``(n, n_features)``, one int32 ``(n, 1)`` for each
            embedded category, and for each column of media one array ``(n, *spec.shape)``, all in memory: `dataset`
            is for more than fits.

        Raises:
            InputError: If a column is missing or holds values that cannot be read as in training; all of them are
                named at once, with rows and files.
        """
        run = self._runner
        columns, raw = run.read(self._checked(frame))
        ids = {column: [rows] for column, rows in run.ids_for(columns).items()}
        media = {self.media[c]: run.through(c, rows, *ids.get(c, [])) for c, rows in raw.items()}
        return run.table(columns, len(frame)) | media

    def _checked(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The used columns of a frame that has them all."""
        check_frame(frame, rows=0)
        check_columns(frame, self.columns)
        return frame[self.columns]

    def inputs(self, frame: pd.DataFrame) -> dict[str, Any]:
        """The raw columns as `model` takes them; call ``model(inputs)``, as ``model.predict`` makes float32 of all numbers.

        Args:
            frame: Raw rows.

        Returns:
            dict: For each used column a tensor. ``(n, 1)``: float64 for numbers, flags and dates (seconds since
            1970-01-01 UTC) with NaN where missing; string for categories and texts with the empty text where missing.
            Word pieces are int32 ids ``(n, length)``; pictures uint8 ``(n, height, width, channels)``, upright and of one
            size; sounds float32 ``(n, samples)`` of one rate; sequences float64 ``(n, steps, channels)``, NaN where
            there is no step.

        Raises:
            InputError: As `transform`.
        """
        columns, raw = self._runner.read(self._checked(frame), as_ids=False)
        if any(tensor.dtype == "string" for tensor in self.model.inputs):
            needs_tensorflow("texts as they are; `transform` gives the features with any backend")
        media = {self._names[column]: tf.constant(rows) for column, rows in raw.items()}
        return {name: tf.constant(values[:, None]) for name, values in columns.items()} | media

    def dataset(
        self,
        frame: pd.DataFrame,
        batch_size: int = 256,
        *,
        problem: Problem | None = None,
        shuffle: bool = False,
        weights: np.ndarray | None = None,
        augment: Augmentation | Mapping[str, Augmentation] | None = None,
        cache: str = "auto",
        memory_limit: int = MEMORY_LIMIT,
        seed: int = 0,
    ) -> tf.data.Dataset:
        """Batches for ``keras.Model.fit``: what is small is computed once and gathered by batch, prefetched.

        Texts, pictures, sounds and sequences are read while the first pass runs, several at a time, and kept: in memory
        while they fit into `memory_limit`, in a temporary file beyond it. Beside that, no more than a few batches are
        held, however large the folder is.

        Args:
            frame: Raw rows; with the target where `problem` is given.
            batch_size: Rows a batch, at least 1; the last batch may be smaller. Defaults to 256.
            problem: Encodes the target, so that each element is ``(features, target)``. Defaults to None: features
                only.
            shuffle: Whether each pass draws a new order. Defaults to False.
            weights: Weight of each row, float ``(n,)``, as third part of each element. Defaults to None.
            augment: What is varied at random: an `ImageAugmentation` or a `SoundAugmentation` for every column that it
                fits, or column to either. For training alone; with MixUp or CutMix classes come as shares
                ``(n, n_classes)``. Defaults to None.
            cache: ``"memory"``, ``"disk"``, ``"none"``, or ``"auto"``: by `memory_limit`.
            memory_limit: Bytes that kept media may take in memory, at least 0. Defaults to 1 GiB.
            seed: Seed of the order and of what is varied: the same seed gives the same passes.

        Returns:
            tf.data.Dataset: Elements as ``fit`` takes them.

        Raises:
            InputError: As `transform`; or if there are no rows, an option is out of its range, `weights` has another
                length or no problem to go with, or `augment` fits no column. A file that turns out damaged while
                batches are made raises TensorFlow's error with the sentence in it, and `training.fit` an InputError.
        """
        return self._feed(
            frame,
            batch_size,
            problem=problem,
            shuffle=shuffle,
            weights=weights,
            augment=augment,
            cache=cache,
            memory_limit=memory_limit,
            seed=seed,
        ).dataset()

    def _feed(
        self,
        frame: pd.DataFrame,
        batch_size: int = 256,
        *,
        problem: Problem | None = None,
        shuffle: bool = False,
        weights: np.ndarray | None = None,
        augment: Augmentation | Mapping[str, Augmentation] | None = None,
        cache: str = "auto",
        memory_limit: int = MEMORY_LIMIT,
        seed: int = 0,
    ) -> Feed:
        """What `dataset` makes its batches of; `training.fit` compiles a loop over it where all of it is in memory.

        Args and errors are those of `dataset`.

        Returns:
            Feed: Holds the table's features, and makes those of media when they are asked for.
        """
        check_frame(frame)
        check_number(batch_size, "batch_size", low=1, whole=True)
        check_number(seed, "seed", low=0, whole=True)
        check_number(memory_limit, "memory_limit", low=0, whole=True)
        check_choice(cache, CACHES, "cache")
        run = self._runner
        varied = _dataset.check_augment(augment, {c: plan.role for c, (_, plan, _) in run.graphs.items()})
        columns = run.read_table(self._checked(frame))
        parts: list[Any] = [run.table(columns, len(frame))]
        if problem is not None:
            parts.append(_target(problem, frame, varied))
        if weights is not None:
            if problem is None or np.shape(weights) != (len(frame),):
                expected = f"one weight for each of the {len(frame)} rows, together with `problem`"
                stop([complaint("weights", expected, f"shape {np.shape(weights)}")])
            parts.append(np.asarray(weights, "float32"))
        media = _dataset.media_columns(
            run.graphs, frame, run.ids_for(columns), augment=varied, cache=cache, memory_limit=memory_limit
        )
        features = tuple(parts) if len(parts) > 1 else parts[0]
        return Feed(features, len(frame), batch_size, shuffle, seed, tuple(media))

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
        rows: list[tuple[Any, ...]] = []
        read = self._runner.read_table(self._checked(frame))
        for column in self.columns:
            if column in self.media:
                rows.append((column, int(frame[column].isna().sum()), 0, ()))
                continue
            plan, values = plans.get(column), read[self._names[column]]
            missing = np.isnan(values) if plan is None else values == MISSING_ID
            unseen = np.zeros(len(values), bool) if plan is None else _unseen(plan, values)
            examples = pd.unique(frame[column].to_numpy(object)[unseen])[:EXAMPLES]
            rows.append((column, int(missing.sum()), int(unseen.sum()), tuple(str(e) for e in examples)))
        return pd.DataFrame(rows, columns=["column", "missing", "unseen", "examples"])

    def steps_scale(self, column: str) -> tuple[float, float] | None:
        """How the numbers of a series' column of arrays became its feature: ``(number - centre) * scale``.

        Args:
            column: A column of arrays with one channel, such as ``past_x`` of `data.windows`.

        Returns:
            tuple: Centre and scale; None where they differ from row to row, steps are differenced or cells may be
            shorter than others, there are several channels, or there is no such column.
        """
        for plan in self._plan.media:
            if isinstance(plan, SequencePlan) and plan.column == column:
                plain = plan.treatment == "none" or (plan.treatment == "standardise" and not plan.by)
                if plain and plan.channels == 1 and not plan.ragged and not plan.difference:
                    return (plan.centre[0], plan.scale[0]) if plan.treatment == "standardise" else (0.0, 1.0)
        return None

    def frame(self) -> pd.DataFrame:
        """What happens to each column: ``column``, ``role``, ``treatment``, ``features`` (how many), ``why``."""
        return describe(self._plan, self.schema)

    def feature_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`transform` as one table with names.

        Args:
            frame: Raw rows, shape ``(n, n_columns)``.

        Returns:
            pandas.DataFrame: The dense columns, then the ids, then media as one array a cell, with the index of `frame`.

        Raises:
            InputError: As `transform`.
        """
        features = self.transform(frame)
        parts = []
        media = set(self.media.values())
        for name, values in features.items():
            if name in media:
                parts.append(pd.DataFrame({name: list(values)}, index=frame.index, dtype=object))
                continue
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


def _unseen(plan: CategoryPlan, ids: np.ndarray) -> np.ndarray:
    """Which ids stand for a category that training never saw; hashing cannot tell."""
    return np.zeros(len(ids), bool) if plan.treatment == "hash" else ids == UNSEEN_ID


def _target(problem: Problem, frame: pd.DataFrame, augment: Mapping[str, Augmentation]) -> np.ndarray:
    """The encoded target; classes as shares where pictures are mixed."""
    target = problem.encode(frame)
    if not _dataset.mixes(augment):
        return target
    if problem.kind != "multiclass":
        return target.astype("float32")
    return np.eye(len(problem.classes), dtype="float32")[target.astype(int)]
