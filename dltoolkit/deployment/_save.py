"""Writing a bundle so that a kill or a full disk at any moment leaves the old one whole."""

import datetime
import hashlib
import math
import os
import pathlib
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import __version__, _files
from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras, tf
from dltoolkit.data import Cleaning
from dltoolkit.deployment import _folder, _network
from dltoolkit.deployment._bundle import Bundle, opened
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.training import Run


def save(
    path: str | os.PathLike[str],
    run: Run,
    *,
    cleaning: Cleaning | None = None,
    reference: Any = None,
    metadata: Mapping[str, Any] | None = None,
) -> Bundle:
    """Write a trained run as a bundle: one plain ``.keras`` file, readable JSON, and a manifest with their hashes.

    The model is read back from disk and compared before it takes effect. Saving over a bundle replaces it in one
    step: a kill or a full disk at any moment leaves the old one whole, and the next save clears away what was left
    half-done. Other files in the folder are not touched.

    Args:
        path: The folder; made when it does not exist.
        run: What `training.fit` returned.
        cleaning: What was done to the table before it was split. Steps that change values of the columns used are
            kept, and done to new rows as well; no row is ever dropped. Defaults to None.
        reference: A ``monitoring.Monitor`` of the training data, or what its ``to_json`` gave; kept so that new data
            can be checked for drift. Defaults to None.
        metadata: What else the model card should hold, such as scores, author or licence: JSON values, NumPy numbers
            and arrays, frames, and results with ``to_json``. Numbers that are not finite become null. Defaults to
            None.

    Returns:
        Bundle: The bundle, read back from `path`.

    Raises:
        InputError: If an argument is none of the above, the network needs code that plain Keras does not have, or
            `path` holds a ``manifest.json`` of something else.
        OSError: If it cannot be written: no permission, full disk, a file in the way. What was there before is as it
            was.
    """
    _check_run(run)
    contents = {
        "preprocessor": run.preprocessor.to_json(),
        "cleaning": _value_steps(cleaning, run.preprocessor).to_json(),
        "problem": run.problem.to_json(),
        "card": _card(run, metadata),
    }
    if reference is not None:
        contents["reference"] = _profile(reference)
    model, layers = _network.compose(run.model, run.preprocessor)
    folder = pathlib.Path(path)
    with _folder.writing(folder):
        with _folder.staging(folder) as stage:
            staged = pathlib.Path(stage) / "model.keras"
            loaded = _network.write(model, staged)
            files = {"model": _place_model(folder, staged)}
        files |= {part: _place_json(folder, part, content) for part, content in contents.items()}
        manifest = _folder.sealed(_manifest(run, files, layers))
        bundle = opened(folder, manifest, contents, loaded)
        _files.write_bytes(folder / _folder.MANIFEST, _folder.render(manifest))
    return bundle


def _check_run(run: Any) -> None:
    if isinstance(run, Run):
        return
    parts = ("model", "preprocessor", "problem")
    cure = "Give the result of training.fit" + (", such as search.run." if hasattr(run, "trials") else ".")
    if not all(hasattr(run, part) for part in parts) or not isinstance(run.model, keras.Model):
        stop([complaint("run", "a training.Run", type(run).__name__, cure)])


def _value_steps(cleaning: Cleaning | None, preprocessor: Preprocessor) -> Cleaning:
    """The part of a cleaning that a new row has to go through; infinities are refused by the preprocessing itself."""
    if cleaning is None:
        return Cleaning((), {"infinite": "missing"})
    used = [s for s in cleaning.steps if not s.drops_rows and s.column in preprocessor.columns]
    return Cleaning(tuple(used), {**cleaning.settings, "infinite": "missing"})


def _profile(reference: Any) -> dict[str, Any]:
    """The monitor's profile as plain values; a frame would have to be kept row by row, which no bundle should."""
    if isinstance(reference, (pd.DataFrame, pd.Series)):
        cure = "Make one of it: monitoring.Monitor(train, schema=schema)."
        stop([complaint("reference", "a monitoring.Monitor", type(reference).__name__, cure)])
    content = reference.to_json() if hasattr(reference, "to_json") else reference
    if not isinstance(content, Mapping):
        stop([complaint("reference", "a monitoring.Monitor or its to_json()", type(reference).__name__)])
    return _plain(content, "reference")


def _card(run: Run, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """The model card: what was trained, on what, how, and what the caller adds."""
    if metadata is not None and not isinstance(metadata, Mapping):
        stop([complaint("metadata", "a dict", type(metadata).__name__)])
    problem, settings = run.problem, dict(run.settings)
    best = run.history.loc[run.history["epoch"] == run.best_epoch] if len(run.history) else run.history
    card = {
        "problem": problem.frame(),
        "network": {"name": run.model.name, "parameters": run.model.count_params()},
        "columns": run.preprocessor.frame(),
        "data": {key: settings.pop(key, None) for key in ("train_rows", "validation_rows", "fingerprint")},
        "training": {
            "settings": settings,
            "stopped": run.stopped,
            "epochs": len(run.history),
            "best_epoch": run.best_epoch,
            "at_best_epoch": best.iloc[0].to_dict() if len(best) else {},
            "timings": run.timings,
        },
        "preprocessing": run.preprocessor.settings,
    }
    return {**_plain(card, "run"), "metadata": _plain(metadata or {}, "metadata")}


def _plain(value: Any, where: str) -> Any:
    """JSON values of the same content.

    Raises:
        InputError: If there are none; the entry is named.
    """
    if isinstance(value, pd.DataFrame):
        value = value.to_dict("records")
    elif hasattr(value, "to_json"):
        value = value.to_json()
    elif isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry, f"{where}[{key!r}]") for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry, f"{where}[{i}]") for i, entry in enumerate(value)]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (datetime.date, os.PathLike)):
        return str(value)
    cure = "Turn it into text, numbers, lists or dicts of them."
    return stop([complaint(where, "a JSON value", type(value).__name__, cure)])


def _place_model(folder: pathlib.Path, staged: pathlib.Path) -> dict[str, Any]:
    entry = _entry("model", staged.stat().st_size, _files.sha256_file(staged))
    with _files.replacing(folder / entry["name"]) as temporary:
        os.replace(staged, temporary)
    return entry


def _place_json(folder: pathlib.Path, part: str, content: Mapping[str, Any]) -> dict[str, Any]:
    raw = _folder.render(content)
    entry = _entry(part, len(raw), hashlib.sha256(raw).hexdigest())
    _files.write_bytes(folder / entry["name"], raw)
    return entry


def _entry(part: str, size: int, sha256: str) -> dict[str, Any]:
    return {"name": _folder.payload_name(part, sha256), "bytes": size, "sha256": sha256}


def _manifest(run: Run, files: Mapping[str, Any], layers: Mapping[str, str]) -> dict[str, Any]:
    problem = run.problem
    return {
        "kind": _folder.KIND,
        "format": _folder.FORMAT,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": {
            "dltoolkit": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "python": platform.python_version(),
        },
        "problem": {"kind": problem.kind, "target": list(problem.targets), "classes": list(problem.classes)},
        "layers": dict(layers),
        "files": dict(files),
    }
