"""What a training leaves behind: the model, its history, its settings."""

import dataclasses
import io
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _files
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._devices import first_process
from dltoolkit.training._frozen import Vectors
from dltoolkit.training._lengths import Trimmed, by_length

# Rows; always the same, so that the same rows give the same bits. Of media fewer: a layer's answers to a picture are large.
PREDICT_BATCH, MEDIA_BATCH = 4096, 256
_MODEL, _HISTORY, _RECORD = "model.keras", "history.csv", "run.json"


@dataclasses.dataclass(frozen=True, repr=False)
class Run:
    """A finished, stopped or interrupted training.

    Attributes:
        model: The trained ``keras.Model``: features in, the head's answer out. It holds the best epoch's weights
            where early stopping watched, else the last ones.
        preprocessor: The preprocessing that feeds it.
        problem: What it answers.
        history: One row an epoch: ``epoch`` (from 1), ``seconds``, ``loss``, the metrics, and each of them with
            ``val_`` in front for the validation part. L1 and L2 penalties stand apart from the losses, as
            ``penalty``, where there are any.
        settings: All that decides the outcome: options, seed, versions, threads, fingerprint of the data.
        timings: Seconds: ``preprocess``, ``first_epoch``, ``train``.
        stopped: ``"finished"`` (all epochs), ``"early"`` (no more progress), ``"interrupted"`` or ``"diverged"``.
        best_epoch: The epoch whose weights `model` holds; 0 when none was completed.
    """

    model: keras.Model
    preprocessor: Preprocessor
    problem: Problem
    history: pd.DataFrame
    settings: dict[str, Any]
    timings: dict[str, float]
    stopped: str
    best_epoch: int

    def __repr__(self) -> str:
        """How it ended, and the next step."""
        objective = self.problem.objective.name
        best = self.history.loc[self.history["epoch"] == self.best_epoch]
        score = f", {objective} {best[objective].iloc[0]:.4f}" if objective in best and len(best) else ""
        return (
            f"Run({self.stopped} after {len(self.history)} epochs, best epoch {self.best_epoch}{score}; "
            "next: evaluation.evaluate(run, splits.test, problem))"
        )

    def outputs(self, frame: pd.DataFrame) -> np.ndarray:
        """What the head says about raw rows.

        Args:
            frame: Raw rows, ``n`` of them.

        Returns:
            numpy.ndarray: float32. Binary: probability of the positive class ``(n,)``. Multiclass and multilabel:
            probabilities ``(n, n_classes)``. Regression: amounts in the target's unit ``(n,)``.

        Raises:
            InputError: If a column is missing or cannot be read as in training.
        """
        return network_outputs(self.model, self.preprocessor, frame)

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Answers for raw rows.

        Args:
            frame: Raw rows, ``n`` of them.

        Returns:
            pandas.DataFrame: `Problem.decode` of `outputs`, with the index of `frame`.

        Raises:
            InputError: As `outputs`.
        """
        return self.problem.decode(self.outputs(frame)).set_axis(frame.index)

    def frame(self) -> pd.DataFrame:
        """The history, one row an epoch."""
        return self.history

    def save(self, folder: str | os.PathLike[str]) -> pathlib.Path:
        """Write the run into `folder`: each file in one step, ``run.json`` (with their hashes) last.

        Of several processes that train together the first one alone writes.

        Args:
            folder: Made when it does not exist.

        Returns:
            pathlib.Path: The folder.

        Raises:
            OSError: If it cannot be written.
        """
        folder = pathlib.Path(folder)
        if not first_process():
            return folder
        with _files.replacing(folder / _MODEL) as temporary:
            self.model.save(temporary)
        _files.write_text(folder / _HISTORY, self.history.to_csv(index=False))
        self.preprocessor.save(folder)
        fields = {
            "settings": self.settings,
            "timings": self.timings,
            "stopped": self.stopped,
            "best_epoch": self.best_epoch,
        }
        hashes = {name: _files.sha256_file(folder / name) for name in (_MODEL, _HISTORY, "preprocessor.json")}
        _files.write_json(folder / _RECORD, {**fields, "problem": self.problem.to_json(), "sha256": hashes})
        return folder


def load(folder: str | os.PathLike[str]) -> Run:
    """Read back what `Run.save` wrote.

    Args:
        folder: The folder.

    Returns:
        Run: Predicts bit for bit what the saved one did (same machine, versions and number of threads).

    Raises:
        FileNotFoundError: If there is none.
        InputError: If a file is damaged or does not belong to the record; it is named.
    """
    folder = pathlib.Path(folder)
    record = _files.read_json(folder / _RECORD)
    _check_hashes(folder, record["sha256"])
    texts = pd.read_csv(io.BytesIO((folder / _HISTORY).read_bytes()), dtype=str)
    history = texts.astype("float64").astype({"epoch": int})  # by way of text, so that no digit is lost
    return Run(
        model=keras.saving.load_model(folder / _MODEL, safe_mode=True),
        preprocessor=Preprocessor.from_json(_files.read_json(folder / "preprocessor.json")),
        problem=Problem.from_json(record["problem"]),
        history=history,
        settings=record["settings"],
        timings=record["timings"],
        stopped=record["stopped"],
        best_epoch=record["best_epoch"],
    )


def _check_hashes(folder: pathlib.Path, hashes: Mapping[str, str]) -> None:
    for name, expected in hashes.items():
        _files.check_sha256(folder / name, expected)


def network_outputs(model: keras.Model, preprocessor: Preprocessor, frame: pd.DataFrame) -> np.ndarray:
    """A network's answers for raw rows, always in batches of the same size.

    Args:
        model: The network.
        preprocessor: Gives its features; of media, those of one batch at a time.
        frame: Raw rows, ``n`` of them.

    Returns:
        numpy.ndarray: float32 ``(n,)`` for one unit, else ``(n, units)``.
    """
    units = model.output_shape[-1]
    if len(frame) == 0:
        preprocessor.transform(frame)  # complains of missing columns all the same
        return np.empty((0,) if units == 1 else (0, units), "float32")
    sorted_answers = by_length(model, preprocessor, frame)
    if sorted_answers is not None:
        return sorted_answers[:, 0] if units == 1 else sorted_answers
    rows, at_once = PREDICT_BATCH if preprocessor.media else len(frame), predict_batch(preprocessor)
    parts = []
    for start in range(0, len(frame), rows):
        features = preprocessor.transform(frame.iloc[start : start + rows])
        n = len(next(iter(features.values())))
        blocks = [{k: v[i : i + at_once] for k, v in features.items()} for i in range(0, n, at_once)]
        parts += [
            keras.ops.convert_to_numpy(model(block, training=False)) for block in blocks
        ]  # no tracing, no wait
    answers = np.concatenate(parts)
    return answers[:, 0] if units == 1 else answers


def predict_batch(preprocessor: Preprocessor | Vectors | Trimmed) -> int:
    """Rows that a network answers for at once."""
    return MEDIA_BATCH if preprocessor.media else PREDICT_BATCH
