"""A bundle: raw rows in, decoded answers out, the same ones as on the day of the training."""

import dataclasses
import os
import pathlib
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import __version__, _files
from dltoolkit._checks import InputError, check_number, complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.data import Cleaning
from dltoolkit.deployment import _folder, _network
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._run import network_outputs

ATTEMPTS = 5  # a save that replaces the bundle between two looks at it makes the second fail


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Bundle:
    """A trained model with all that it needs to answer for raw rows; made by `save` and `load`.

    Attributes:
        path: The folder.
        problem: What is answered.
        preprocessor: The preprocessing, on the very layers of `model`.
        cleaning: The steps of the cleaning that change values of the columns used (imputed, clipped...), done to
            rows before all else; it has no steps where there are none. `model` knows nothing of them.
        model: A plain ``keras.Model``: a dict of raw columns ``(n, 1)`` in (see ``preprocessor.inputs``), the head's
            outputs ``(n, units)`` out. ``keras.models.load_model`` opens its file without dltoolkit.
        network: The trained network inside `model`: features in, outputs out.
        card: What was trained, on what, how, with which versions, and the metadata given to `save`.
        reference: The profile of the training data for ``monitoring.Monitor.from_json``; None when none was given.
        manifest: Format, date, versions, and name, size and SHA-256 of each file.
    """

    path: pathlib.Path
    problem: Problem
    preprocessor: Preprocessor
    cleaning: Cleaning
    model: keras.Model
    network: keras.Model
    card: dict[str, Any]
    reference: dict[str, Any] | None
    manifest: dict[str, Any]

    def __repr__(self) -> str:
        """What it answers, and the next step."""
        target = listed(self.problem.targets)
        return f"Bundle({self.problem.kind}, {target}, at {str(self.path)!r}; next: bundle.predict(new_rows))"

    def outputs(self, frame: pd.DataFrame) -> np.ndarray:
        """What the head says about raw rows: bit for bit what the trained run says.

        That holds on the same machine, versions and number of threads.

        Args:
            frame: Raw rows, ``n`` of them, none allowed; extra columns and another order do no harm.

        Returns:
            numpy.ndarray: float32. Binary: probability of the positive class ``(n,)``. Multiclass and multilabel:
            probabilities ``(n, n_classes)``. Regression: amounts in the target's unit ``(n,)``.

        Raises:
            InputError: If columns are missing, or hold values that cannot be read as in training; all are named.
        """
        return network_outputs(self.network, self.preprocessor, self.cleaning.apply(frame))

    def predict(self, frame: pd.DataFrame, *, threshold: float | None = None) -> pd.DataFrame:
        """Answers for raw rows.

        Categories that training never saw are treated as unknown, missing values as in training. Both are counted in
        ``answers.attrs["counts"]``: for each column used its ``missing``, ``unseen`` and ``examples`` (of unseen
        ones, at most 5). Columns that training did not have are listed in ``answers.attrs["extra"]``, and ignored.

        Args:
            frame: Raw rows, ``n`` of them, none allowed; extra columns and another order do no harm.
            threshold: Probability from which the answer is yes, in [0, 1]; binary and multilabel problems only.
                Defaults to None: 0.5.

        Returns:
            pandas.DataFrame: ``n`` rows with the index of `frame`: ``prediction`` and, for classes,
            ``probability_<class>`` for each; a multilabel problem has a 0/1 column for each label instead of
            ``prediction``.

        Raises:
            InputError: As `outputs`; or if `threshold` is out of range or does not fit the problem.

        Warns:
            UserWarning: If there are categories that training never saw.
        """
        answers = self._decode(self.outputs(frame), threshold).set_axis(frame.index)
        counts = self.preprocessor.counts(self.cleaning.apply(frame)).set_index("column")
        _warn_of_unseen(counts[counts["unseen"] > 0])
        answers.attrs = {
            "counts": {
                c: {**row, "examples": list(row["examples"])} for c, row in counts.T.to_dict().items()
            },
            "extra": [c for c in frame.columns if c not in self.preprocessor.schema.roles],
        }
        return answers

    def _decode(self, outputs: np.ndarray, threshold: float | None) -> pd.DataFrame:
        if len(outputs) == 0:
            return self.problem.decode(np.zeros((1, self.problem.head.units), "float32")).iloc[:0]
        answers = self.problem.decode(outputs)
        if threshold is None:
            return answers
        check_number(threshold, "threshold", low=0, high=1)
        if self.problem.kind == "binary":
            return answers.assign(prediction=self.problem.labels.take((outputs >= threshold).astype(int)))
        if self.problem.kind == "multilabel":
            yes = (outputs >= threshold).astype(self.problem.dtype)
            return answers.assign(**{label: yes[:, i] for i, label in enumerate(self.problem.classes)})
        cure = "The most probable class is the answer." if self.problem.classes else ""
        return stop([complaint("threshold", f"None for a {self.problem.kind} problem", f"{threshold}", cure)])

    def frame(self) -> pd.DataFrame:
        """What is in the folder: one row a file, ``part``, ``name``, ``bytes``, ``sha256``."""
        return pd.DataFrame([{"part": part, **entry} for part, entry in self.manifest["files"].items()])


def load(path: str | os.PathLike[str]) -> Bundle:
    """Open a bundle, once every byte of it has been found as it was written.

    All hashes are checked before anything is parsed; the model is loaded in Keras's safe mode, which runs no code of
    the file. A hash tells damage, not intent: whoever can write the folder can also write a new manifest.

    Args:
        path: The folder that `save` wrote.

    Returns:
        Bundle: Answers bit for bit as on the day of the training (same machine, versions and number of threads).

    Raises:
        FileNotFoundError: If there is no bundle, or a file of it is missing; it is named.
        InputError: If a file has changed since it was written, or has a newer format; each is named.

    Example:
        >>> load("no/such/folder")
        Traceback (most recent call last):
        FileNotFoundError: bundle no/such/folder: expected a folder, got no such path. Look for a spelling mistake.
    """
    folder = pathlib.Path(path)
    manifest = _folder.read_manifest(folder)
    for _ in range(ATTEMPTS):
        try:
            _folder.verify(folder, manifest)
            return _read(folder, manifest)
        except FileNotFoundError:
            before, manifest = manifest, _folder.read_manifest(folder)
            if manifest == before:
                raise
    raise FileNotFoundError(complaint(f"bundle {folder}", "a bundle at rest", "one that is being replaced"))


def _read(folder: pathlib.Path, manifest: Mapping[str, Any]) -> Bundle:
    paths = {part: folder / entry["name"] for part, entry in manifest["files"].items()}
    contents = {part: _files.read_json(path) for part, path in paths.items() if path.suffix == ".json"}
    return opened(folder, manifest, contents, _network.read(paths["model"]))


def opened(
    folder: pathlib.Path, manifest: Mapping[str, Any], contents: Mapping[str, Any], model: keras.Model
) -> Bundle:
    """The bundle of a manifest, the contents of its JSON files, and its serving model.

    Raises:
        InputError: If they do not fit together.
    """
    try:
        before, network = (model.get_layer(manifest["layers"][part]) for part in ("preprocessing", "network"))
        network.jit_compile = False  # as in training: another compiler gives other bits
        return Bundle(
            path=folder,
            problem=Problem.from_json(contents["problem"]),
            preprocessor=Preprocessor.from_json(contents["preprocessor"], before),
            cleaning=Cleaning.from_json(contents["cleaning"]),
            model=model,
            network=network,
            card=contents["card"],
            reference=contents.get("reference"),
            manifest=dict(manifest),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        wrote = manifest["versions"].get("dltoolkit")
        got = f"what dltoolkit {wrote} wrote and {__version__} cannot read ({type(error).__name__}: {error})"
        cure = f"Open it with dltoolkit {wrote}, or save it again with this one."
        raise InputError(complaint(f"bundle {folder}", "parts that fit together", got, cure)) from error


def _warn_of_unseen(counts: pd.DataFrame) -> None:
    if len(counts):
        told = [
            f"{column!r} {row['unseen']:,} ({listed(row['examples'], 3)})"
            for column, row in counts.iterrows()
        ]
        text = "Categories that training never saw are treated as unknown, rows by column: "
        warnings.warn(text + ", ".join(told) + ".", UserWarning, stacklevel=3)
