"""The folder of a bundle: payload files named after their content, and a manifest that vouches for them and itself.

A save writes new payload files beside the old ones and then replaces the manifest in one step, so that at any
moment, also after a kill or on a full disk, the manifest on disk belongs to a whole bundle.
"""

import contextlib
import errno
import hashlib
import json
import os
import pathlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Any

from dltoolkit import _files
from dltoolkit._checks import InputError, complaint, stop

try:
    import fcntl
except ImportError:  # Windows has no folder locks: two saves at once into one bundle are not kept apart there
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
KIND = "dltoolkit bundle"
MANIFEST = "manifest.json"
SUFFIXES = {
    "model": ".keras",
    "preprocessor": ".json",
    "problem": ".json",
    "card": ".json",
    "cleaning": ".json",
    "reference": ".json",
}
OPTIONAL = ("reference",)
CURE = "Restore the folder from a copy, or save the bundle again."
LOCK_SECONDS = 60.0  # a save takes a second or two: who waits longer waits for a process that hangs
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
_DIGITS = 16
_PAYLOAD = rf"(?:{'|'.join(SUFFIXES)})-[0-9a-f]{{{_DIGITS}}}"
_OURS = re.compile(
    rf"{_PAYLOAD}\.(?:keras|json)"  # payload
    rf"|\.(?:{_PAYLOAD}|manifest)-[a-z0-9_]{{8}}\.tmp\.(?:keras|json)"  # a file on its way into place
    r"|\.dltoolkit-[a-z0-9_]{8}\.tmp"  # where the model is staged
)


def payload_name(part: str, sha256: str) -> str:
    """The file name of a part: it changes with the content, so that no save writes over what another one needs.

    Example:
        >>> payload_name("model", "0123456789abcdef0123")
        'model-0123456789abcdef.keras'
    """
    return f"{part}-{sha256[:_DIGITS]}{SUFFIXES[part]}"


def render(content: Any) -> bytes:
    """JSON that people can read, always the same bytes for the same content."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with the SHA-256 of its own canonical bytes as the last entry."""
    unsealed = {key: value for key, value in manifest.items() if key != "sha256"}
    return {**unsealed, "sha256": hashlib.sha256(render(unsealed)).hexdigest()}


def read_manifest(folder: pathlib.Path) -> dict[str, Any]:
    """The manifest of a bundle, once it is sure that no byte of it has changed.

    Raises:
        FileNotFoundError: If there is no such folder, or no manifest in it.
        NotADirectoryError: If it is a file.
        InputError: If the manifest is damaged, is none of ours, or has a newer format.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(_absent(folder)) from None
    except NotADirectoryError:
        got = "a file" if folder.is_file() else "a path through a file"
        raise NotADirectoryError(
            complaint(f"bundle {folder}", "a folder", got, "Give the folder that holds manifest.json.")
        ) from None
    manifest = _parsed(path, raw)
    complaints = []
    if raw != render(sealed(manifest)):
        expected = "the bytes that its own sha256 was taken of"
        complaints.append(
            complaint(str(path), expected, "a file that has changed since it was written", CURE)
        )
    version = manifest.get("format")
    if version != FORMAT:
        wrote = manifest.get("versions", {}).get("dltoolkit", "?")
        cure = (
            f"It was written by dltoolkit {wrote}: update dltoolkit, or save the bundle again with this one."
        )
        complaints.append(complaint(f"{path}, format", f"{FORMAT}, the newest known", repr(version), cure))
    stop(complaints or _misfits(path, manifest))
    return manifest


def _absent(folder: pathlib.Path) -> str:
    """Why there is no manifest to read."""
    if not folder.exists():
        return complaint(f"bundle {folder}", "a folder", "no such path", "Look for a spelling mistake.")
    inside = sorted(str(p.parent) for p in folder.glob(f"*/{MANIFEST}"))
    cure = f"Did you mean {' or '.join(map(repr, inside[:3]))}?" if inside else CURE
    return complaint(f"bundle {folder}", f"a {MANIFEST} in it", "none", cure)


def _parsed(path: pathlib.Path, raw: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(complaint(str(path), "JSON", f"a damaged file ({error})", CURE)) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("versions", {}), dict):
        raise InputError(complaint(str(path), f"the manifest of a {KIND}", f"{str(manifest)[:60]!r}", CURE))
    return manifest


def _misfits(path: pathlib.Path, manifest: Mapping[str, Any]) -> list[str]:
    """What an unchanged manifest of this format cannot lack; also keeps every file name inside the folder."""
    files = manifest.get("files")
    if manifest.get("kind") != KIND or not isinstance(files, dict) or set(files) - set(SUFFIXES):
        return [complaint(str(path), f"the manifest of a {KIND}", "another one", CURE)]
    lacking = [part for part in SUFFIXES if part not in files and part not in OPTIONAL]
    complaints = [complaint(f"{path}, files", f"an entry {part!r}", "none", CURE) for part in lacking]
    for part, entry in files.items():
        sha256 = entry.get("sha256") if isinstance(entry, dict) else None
        if not isinstance(sha256, str) or entry.get("name") != payload_name(part, sha256):
            complaints.append(
                complaint(f"{path}, files, {part!r}", "a name after its sha256", repr(entry), CURE)
            )
    return complaints


def verify(folder: pathlib.Path, manifest: Mapping[str, Any]) -> None:
    """Make sure that every payload file is there, byte for byte as it was written.

    Raises:
        FileNotFoundError: If files are missing; each is named.
        InputError: If files have changed; each is named, together with the missing ones.
    """
    missing, changed = [], []
    for entry in manifest["files"].values():
        path = folder / entry["name"]
        if not path.is_file():
            missing.append(complaint(str(path), "a file of the bundle", "nothing there", CURE))
            continue
        size, sha256 = path.stat().st_size, _files.sha256_file(path)
        if (size, sha256) != (entry["bytes"], entry["sha256"]):
            expected = f"{entry['bytes']:,} bytes with sha256 {entry['sha256'][:12]}"
            got = f"{size:,} bytes with sha256 {sha256[:12]}: the file has changed since it was written"
            changed.append(complaint(str(path), expected, got, CURE))
    if missing and not changed:
        raise FileNotFoundError("\n".join(missing))
    stop(missing + changed)


@contextlib.contextmanager
def writing(folder: pathlib.Path) -> Iterator[None]:
    """Hold a folder for one save; in the end, whatever happened, only what its manifest names is left of ours.

    Raises:
        OSError: If the folder cannot be made or written, or another save holds it; the text says which.
        InputError: If the folder holds a ``manifest.json`` that is none of ours.
    """
    with _explained(folder):
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _check_manifest_is_ours(folder / MANIFEST)
            try:
                yield
            finally:
                _sweep(folder)
                if made and not any(folder.iterdir()):
                    folder.rmdir()


def staging(folder: pathlib.Path) -> "tempfile.TemporaryDirectory[str]":
    """A place inside the folder for a file whose name waits for its content."""
    return tempfile.TemporaryDirectory(prefix=".dltoolkit-", suffix=".tmp", dir=folder)


@contextlib.contextmanager
def _explained(folder: pathlib.Path) -> Iterator[None]:
    """Say in our words why the operating system refused, in the same error class."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        cure = "Choose another path."
        text = complaint(f"path {folder}", "a folder, or a path where one can be made", "a file", cure)
        raise NotADirectoryError(error.errno, text) from error
    except OSError as error:
        reason = error.strerror or str(error)
        cure = "A bundle that was there before is as it was. Free some space, or choose another path."
        text = complaint(f"path {folder}", "a folder that can be written", reason, cure)
        raise type(error)(error.errno, text) from error


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Keep a second save out; the lock dies with the process, so that none is ever left behind."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _wait_for_lock(handle)
        yield
    finally:
        os.close(handle)


def _wait_for_lock(handle: int) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while not _lock(handle):
        if time.monotonic() > deadline:
            text = f"another process has been saving there for {LOCK_SECONDS:.0f} seconds"
            raise BlockingIOError(errno.EWOULDBLOCK, text)
        time.sleep(0.05)


def _lock(handle: int) -> bool:
    """Whether the lock is ours now; a network drive that knows no locks does not keep saves apart."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _check_manifest_is_ours(path: pathlib.Path) -> None:
    """Keep a file of the user's that happens to have the manifest's name."""
    if path.exists() and (not path.is_file() or KIND.encode() not in path.read_bytes()):
        cure = "Choose a folder of its own for the bundle."
        stop([complaint(str(path), "no such file, or that of an older bundle", "something else", cure)])


def _sweep(folder: pathlib.Path) -> None:
    """Remove files of ours that the manifest on disk does not name: what an older or an interrupted save left."""
    try:
        kept = {entry["name"] for entry in read_manifest(folder)["files"].values()}
    except FileNotFoundError:
        kept = set()
    except InputError:  # damaged, or newer than we know: what belongs to it cannot be told
        return
    for path in folder.iterdir():
        if not _OURS.fullmatch(path.name) or path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(
                PermissionError
            ):  # Windows: a reader has it open; the next save removes it
                path.unlink(missing_ok=True)
