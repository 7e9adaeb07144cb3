"""Writing a file so that a crash, a kill or a full disk leaves either the old one or the new one, never a half."""

import contextlib
import hashlib
import json
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pandas as pd

from dltoolkit._checks import InputError

_CHUNK = 1 << 20


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Give a temporary sibling of `path` to write to; on success it is flushed to disk and takes `path`'s place.

    Args:
        path: The file to write or to replace. Its folder is made when it does not exist.

    Yields:
        pathlib.Path: The temporary file, with `path`'s own suffix.

    Raises:
        OSError: If it cannot be written (full disk, no permission). `path` is then as it was, and no
            temporary file is left.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{path.stem[:40]}-", suffix=f".tmp{path.suffix}", dir=path.parent
    )
    os.close(handle)
    temporary = pathlib.Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        _flush(temporary)
        os.replace(temporary, path)
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_with(path: str | os.PathLike[str], writer: Callable[[BinaryIO], object]) -> pathlib.Path:
    """Write a file through `writer`, which gets an open binary file, and put it in place in one step."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        writer(file)
    return pathlib.Path(path)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> pathlib.Path:
    """Write bytes in one step (see `replacing`)."""
    return write_with(path, lambda file: file.write(content))


def write_text(path: str | os.PathLike[str], text: str) -> pathlib.Path:
    """Write UTF-8 text in one step (see `replacing`)."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: str | os.PathLike[str], content: Any) -> pathlib.Path:
    """Write JSON that people can read, in one step (see `replacing`). NaN is refused: use None."""
    return write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_frame(path: str | os.PathLike[str], frame: pd.DataFrame) -> pathlib.Path:
    """Write a table as Parquet in one step (see `replacing`)."""
    with replacing(path) as temporary:
        frame.to_parquet(temporary, compression="zstd")
    return pathlib.Path(path)


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: If there is none.
        InputError: If the file is torn or no JSON; the message names it.
    """
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: expected JSON, got a damaged file ({error}). Restore it from a copy, or redo the step that wrote it."
        ) from error


def sha256_file(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def check_sha256(path: str | os.PathLike[str], expected: str) -> None:
    """Make sure that a file is the one that was written.

    Raises:
        FileNotFoundError: If there is none.
        InputError: If its bytes have changed; the message names the file.
    """
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(
            f"{path}: the file is not there. Restore it from a copy, or redo the step that wrote it."
        )
    came = sha256_file(path)
    if came != expected:
        raise InputError(
            f"{path}: expected sha256 {expected[:12]}..., got {came[:12]}...: the file has changed since it was written. "
            "Restore it from a copy, or redo the step that wrote it."
        )


def _umask() -> int:
    """The process's umask: it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _flush(path: pathlib.Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: pathlib.Path) -> None:
    """Make the rename itself durable. Windows has no folder handles, and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
