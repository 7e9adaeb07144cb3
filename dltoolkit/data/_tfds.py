"""A data set of TensorFlow Datasets by its name: looked up in TFDS's folder first, and downloaded only when told so.

TFDS itself is imported when a data set is read or prepared, not with this module.
"""

import dataclasses
import importlib.util
import os
import pathlib
import re
import shutil
import socket
import sys
import time
import urllib.request

import pandas as pd

from dltoolkit._checks import InputError, check_number, closest, complaint, listed
from dltoolkit.data import _tfds_frame

PREFIX = "tfds:"
OWN = "dltoolkit_"  # what the catalogue is called there: made from the package, without a network
INFO_FILES = ("dataset_info.json", "features.json")  # what TFDS writes last into a folder that is whole
UNFINISHED = "incomplete.*"  # TFDS's folders for what it has not finished
HOST = ("storage.googleapis.com", 443)  # where TFDS asks first for every public data set
WAIT_SECONDS = 5  # for an answer of that host
STALE_SECONDS = 3_600  # TFDS writes all the time while it prepares: untouched for an hour means killed
_NAME = re.compile(r"([a-z]\w*)(?:/([\w.\-]+))?(?::(\d+\.\d+\.\d+))?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclasses.dataclass(frozen=True)
class Reference:
    """Which data set is meant: TFDS's ``name/config:version``, the latter two optional."""

    name: str
    config: str | None
    version: str | None

    @classmethod
    def of(cls, text: str) -> "Reference":
        """Read ``"tfds:name"``, ``"tfds:name/config"`` and either with ``":1.0.0"`` behind it."""
        match = _NAME.fullmatch(text.removeprefix(PREFIX))
        if match is None:
            cure = "Names are listed at https://www.tensorflow.org/datasets/catalog/overview."
            raise InputError(
                complaint("name", "'tfds:NAME', 'tfds:NAME/CONFIG' or 'tfds:NAME:1.0.0'", repr(text), cure)
            )
        return cls(*match.groups())

    def __str__(self) -> str:
        config = f"/{self.config}" if self.config else ""
        return f"{self.name}{config}" + (f":{self.version}" if self.version else "")


def load_tfds(
    name: str, *, split: str | None = None, limit: int | None = None, download: bool | str = "ask"
) -> pd.DataFrame:
    """A data set of TensorFlow Datasets as a frame.

    Args:
        name: ``"tfds:NAME"``, with ``/CONFIG`` and ``:VERSION`` where wanted.
        split: Which part, in TFDS's own words. Defaults to None: ``"train"``.
        limit: The most rows to read. Defaults to None: all.
        download: Whether it may be downloaded. Defaults to ``"ask"``: a person at a terminal is asked.

    Returns:
        pandas.DataFrame: One example a row; see `dltoolkit.data.load`.

    Raises:
        InputError: If an argument is wrong, if it is not in TFDS's folder and may not or cannot be downloaded, or if what
            is in that folder is damaged or does not fit in memory.
    """
    reference = Reference.of(name)
    if limit is not None:
        check_number(limit, "limit", low=1, whole=True)
    if download not in (True, False, "ask"):
        raise InputError(complaint("download", "True, False or 'ask'", repr(download)))
    root = data_root()
    folder = _cached(root, reference) or _prepared(root, reference, download)
    frame = _tfds_frame.read(folder, "train" if split is None else split, limit)
    frame.attrs["name"] = PREFIX + str(reference)
    return frame


def data_root() -> pathlib.Path:
    """TFDS's folder: the environment variable ``TFDS_DATA_DIR``, else ``~/tensorflow_datasets``."""
    return pathlib.Path(
        os.environ.get("TFDS_DATA_DIR") or pathlib.Path.home() / "tensorflow_datasets"
    ).expanduser()


def _cached(root: pathlib.Path, reference: Reference) -> pathlib.Path | None:
    """The folder of the newest version that is there, whole; None if there is none."""
    base = root / reference.name
    if reference.config:
        return _newest(base / reference.config, reference.version)
    if found := _newest(base, reference.version):
        return found
    configs = [path for path in _folders(base) if _newest(path, reference.version)]
    if len(configs) > 1:
        names = listed([f"{PREFIX}{reference.name}/{path.name}" for path in configs])
        raise InputError(complaint(f"{PREFIX}{reference}", "a configuration", f"none, and there are {names}"))
    return _newest(configs[0], reference.version) if configs else None


def _newest(base: pathlib.Path, version: str | None) -> pathlib.Path | None:
    found = [
        path
        for path in _folders(base)
        if _VERSION.fullmatch(path.name)
        and version in (None, path.name)
        and all((path / file).is_file() for file in INFO_FILES)
    ]
    return max(found, key=lambda path: tuple(map(int, path.name.split("."))), default=None)


def _folders(base: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in base.iterdir() if path.is_dir()) if base.is_dir() else []


def _prepared(root: pathlib.Path, reference: Reference, download: bool | str) -> pathlib.Path:
    """Let TFDS make the data set, which downloads it unless it is one of the catalogue."""
    left = [path for depth in ("", "*/") for path in sorted((root / reference.name).glob(depth + UNFINISHED))]
    if not reference.name.startswith(OWN):
        _check_allowed(root, reference, download, left)
        _check_reachable(reference)
    for path in left:
        if _last_touched(path) < time.time() - STALE_SECONDS:
            shutil.rmtree(path)
    import tensorflow_datasets as tfds  # takes a second, and brings a framework along

    try:
        builder = tfds.builder(str(reference), data_dir=root)
    except tfds.core.registered.DatasetNotFoundError as error:
        got = "a name that it does not know"
        raise InputError(
            complaint(f"{PREFIX}{reference}", "a data set of TensorFlow Datasets", got, _hint(reference.name))
        ) from error
    builder.download_and_prepare()
    return pathlib.Path(builder.data_dir)


def _check_allowed(
    root: pathlib.Path, reference: Reference, download: bool | str, left: list[pathlib.Path]
) -> None:
    """Stop, unless downloading was allowed or is allowed now by a person at a terminal."""
    there = sys.stdin is not None and sys.stdin.isatty()
    if download == "ask" and there:
        answer = input(f"{PREFIX}{reference} is not in {root}. Download it now? [y/N] ")
        download = answer.strip().lower() in ("y", "yes")
    if download is True:
        return
    got = "none"
    if left:
        got += (
            f" but what an interrupted preparation left in {listed(map(str, left), 3)}, which may be removed"
        )
    cure = (
        f"{_hint(reference.name)} To download it: data.load('{PREFIX}{reference}', download=True). TFDS_DATA_DIR names "
        "another folder."
    )
    raise InputError(complaint(f"{PREFIX}{reference}", f"a data set in {root}", got, cure.strip()))


def _check_reachable(reference: Reference) -> None:
    """Stop at once where there is no network: TFDS itself would try again for minutes."""
    if urllib.request.getproxies():
        return
    try:
        socket.create_connection(HOST, timeout=WAIT_SECONDS).close()
    except OSError as error:
        got = f"no answer from {HOST[0]} ({error})"
        cure = "Connect, or copy the data set's folder from another machine and set TFDS_DATA_DIR."
        raise InputError(complaint(f"{PREFIX}{reference}", "a network to download it", got, cure)) from error


def _last_touched(folder: pathlib.Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))


def _hint(name: str) -> str:
    """A "did you mean" where TFDS has, by its own files, no such data set but one that is spelled alike."""
    spec = importlib.util.find_spec("tensorflow_datasets")
    package = pathlib.Path(spec.origin).parent if spec and spec.origin else pathlib.Path()
    known = {path.name for path in _folders(package / "datasets")}
    known |= {path.stem for path in (package / "url_checksums").glob("*.txt")}
    hint = closest(name, known)
    return hint if name not in known and hint.startswith("Did") else ""
