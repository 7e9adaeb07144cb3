"""Checkpoints on disk: one file each, written aside, flushed, renamed, and hashed; the last two are kept."""

import contextlib
import dataclasses
import hashlib
import io
import json
import pathlib
import re
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from dltoolkit import _files
from dltoolkit._checks import InputError

KEPT = 2  # files: the last one, and the one before it for the day that the last one is damaged
_NAME = re.compile(r"epoch-(\d{6})\.checkpoint")
_MAGIC, _FACTS, _DTYPES = b"dltoolkit checkpoint 1\n", "facts", "dtypes"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """The state of a training at the end of an epoch.

    Attributes:
        epoch: Epochs done.
        arrays: All numbers, by name.
        facts: The rest, as JSON-able values.
    """

    epoch: int
    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


def write(folder: pathlib.Path, checkpoint: Checkpoint) -> pathlib.Path:
    """Write a checkpoint in one step; older ones than the `KEPT` last are taken away after it.

    Raises:
        OSError: If it cannot be written (a full disk); those that were there are as they were.
    """
    body = _packed(checkpoint)
    path = folder / f"epoch-{checkpoint.epoch:06d}.checkpoint"
    digest = hashlib.sha256(body).hexdigest().encode()
    with _files.replacing(path) as temporary, open(temporary, "wb") as file:
        for part in (_MAGIC, digest, b"\n", body):
            file.write(part)
    for old in found(folder)[KEPT:]:
        with contextlib.suppress(OSError):  # one file too many does no harm
            old.unlink()
    return path


def newest(folder: pathlib.Path) -> Checkpoint | None:
    """The last checkpoint that is whole; None when there is none at all. A damaged one is named in a warning.

    Raises:
        InputError: If there are checkpoints, and every one is damaged.
    """
    paths, told = found(folder), []
    for path in paths:
        try:
            checkpoint = read(path)
        except (InputError, OSError) as error:
            told.append(str(error))
            continue
        if told:
            text = f"{' '.join(told)} The one before it is used, of epoch {checkpoint.epoch}."
            warnings.warn(text, RuntimeWarning, stacklevel=4)
        return checkpoint
    if told:
        cure = "Restore one from a copy, or begin anew in another folder."
        raise InputError(
            f"{folder}: expected a whole checkpoint, and all are damaged. {' '.join(told)} {cure}"
        )
    return None


def found(folder: pathlib.Path) -> list[pathlib.Path]:
    """The checkpoints in a folder, the newest first."""
    return sorted((p for p in folder.glob("epoch-*.checkpoint") if _NAME.fullmatch(p.name)), reverse=True)


def read(path: pathlib.Path) -> Checkpoint:
    """Read one file.

    Raises:
        InputError: If it is torn or altered; it is named.
    """
    with open(path, "rb") as file:
        start, digest, body = file.read(len(_MAGIC)), file.read(65), file.read()
    if start != _MAGIC or hashlib.sha256(body).hexdigest().encode() + b"\n" != digest:
        raise InputError(
            f"{path}: this checkpoint is damaged: its content does not have the hash it was written with."
        )
    try:
        return _unpacked(body, int(path.name.split("-")[1].split(".")[0]))
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: this checkpoint cannot be read ({error}).") from error


def _packed(checkpoint: Checkpoint) -> bytes:
    arrays = {name: np.asarray(values) for name, values in checkpoint.arrays.items()}
    dtypes = {name: values.dtype.name for name, values in arrays.items() if values.dtype.kind == "V"}
    facts = json.dumps({_FACTS: checkpoint.facts, _DTYPES: dtypes}).encode()
    content: dict[str, Any] = {_FACTS: np.frombuffer(facts, np.uint8)}
    for name, values in arrays.items():
        raw = np.uint8 if values.itemsize == 1 else np.uint16
        content[name] = values.view(raw) if name in dtypes else values
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **content)
    return buffer.getvalue()


def _unpacked(body: bytes, epoch: int) -> Checkpoint:
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    told = json.loads(arrays.pop(_FACTS).tobytes())
    for name, dtype in told[_DTYPES].items():  # such as bfloat16, which numpy's files do not know
        arrays[name] = arrays[name].view(dtype)
    return Checkpoint(epoch, arrays, told[_FACTS])
