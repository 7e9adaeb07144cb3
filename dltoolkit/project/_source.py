"""Where a project's table comes from: the catalogue, a file, or a DataFrame."""

import collections
import dataclasses
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _files, data
from dltoolkit._checks import closest, complaint, listed, stop
from dltoolkit.data._media import IMAGE_SUFFIXES, ROLES_TOLD, SOUND_SUFFIXES, media_role

# The fast setting keeps at least this many rows of each class, so that a rare one is in every part of the split.
ROWS_A_CLASS = 20
# A target with more different values than this is an amount, or has too many classes to draw from each.
MOST_CLASSES = 50


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """A table's origin.

    Attributes:
        kind: ``"catalogue"``, ``"file"``, ``"folder"`` (of pictures, sounds or texts) or ``"frame"``.
        name: The catalogue's name for it, the full path, or ``"DataFrame"``.
        frame: The table itself where it came as one.
    """

    kind: str
    name: str
    frame: pd.DataFrame | None = None

    @classmethod
    def of(cls, given: Any) -> "Source":
        """Tell what was handed over as `data`.

        Raises:
            InputError: If it is no catalogue name, path or DataFrame.
            FileNotFoundError: If it is a path and no file is there.
        """
        if isinstance(given, pd.DataFrame):
            return cls("frame", "DataFrame", given)
        if not isinstance(given, (str, os.PathLike)):
            expected = "a catalogue name, the path of a table, or a DataFrame"
            stop([complaint("data", expected, type(given).__name__)])
        if isinstance(given, str) and given in data.CATALOGUE:
            return cls("catalogue", given)
        path = pathlib.Path(given)
        if not path.exists():
            looks_like_path = len(path.parts) > 1 or path.suffix
            cure = "Check the path." if looks_like_path else closest(given, data.CATALOGUE)
            expected = "a file, or the name of a table of the catalogue"
            raise FileNotFoundError(complaint(f"data {str(given)!r}", expected, "neither", cure))
        return cls("folder" if path.is_dir() else "file", str(path.resolve()))

    @property
    def target(self) -> str | None:
        """The column that is usually predicted, where it is known: by the catalogue, or the class of a sub-folder."""
        return (
            data.CATALOGUE[self.name].target
            if self.kind == "catalogue"
            else "label"
            if self.kind == "folder"
            else None
        )

    def read(self) -> pd.DataFrame:
        """The table, indexed from 0."""
        if self.frame is not None:
            table = self.frame
        else:
            table = _READERS[self.kind](self.name)
        return table.reset_index(drop=True)

    def to_json(self) -> dict[str, Any]:
        """What the ledger keeps of it."""
        return {"kind": self.kind, "name": self.name, "sha256": self.sha256}

    @property
    def sha256(self) -> str | None:
        """The hash of a file's bytes; None for what is no file."""
        return _files.sha256_file(self.name) if self.kind == "file" else None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Source":
        """Read back what the ledger keeps; a DataFrame itself is not kept there."""
        return cls(content["kind"], content["name"])


def _from_file(name: str) -> pd.DataFrame:
    """A table; paths of pictures and sounds in it are looked for beside it, too."""
    frame, folder = data.read(name), pathlib.Path(name).parent
    for column in frame.columns[frame.dtypes == "str"]:
        known = frame[column].dropna()
        if len(known) and (role := media_role(column, known)) is not None:
            frame[column] = frame[column].map(lambda path: _beside(path, folder), na_action="ignore")
            frame.attrs.setdefault(ROLES_TOLD, {})[column] = role[0]
    return frame


def _beside(path: str, folder: pathlib.Path) -> str:
    """The full path of a file that is named from its table's folder."""
    return str(folder / path) if (folder / path).exists() else path


def _from_folder(name: str) -> pd.DataFrame:
    """A folder with a sub-folder for each class: of pictures, sounds or texts, whichever it has most of."""
    endings = collections.Counter(
        path.suffix.lower() for path in pathlib.Path(name).rglob("*") if path.is_file()
    )
    kinds = {
        data.read_images: IMAGE_SUFFIXES,
        data.read_audio: SOUND_SUFFIXES,
        data.read_texts: {".txt"},
    }
    counts = {read: sum(endings[ending] for ending in known) for read, known in kinds.items()}
    read = max(counts, key=counts.__getitem__)
    if not counts[read]:
        got = f"files that end in {listed(endings, 5)}" if endings else "no file"
        stop(
            [
                complaint(
                    f"folder {name}", "pictures, sounds or .txt files in a sub-folder for each class", got
                )
            ]
        )
    return read(name)


_READERS: dict[str, Callable[[str], pd.DataFrame]] = {
    "catalogue": data.load,
    "file": _from_file,
    "folder": _from_folder,
}


def few_rows(frame: pd.DataFrame, targets: tuple[str, ...], n: int, seed: int) -> pd.DataFrame:
    """At most about `n` rows, drawn at random in their order, with some of every class.

    Args:
        frame: The table.
        targets: The target columns.
        n: How many rows.
        seed: Of the draw.

    Returns:
        pandas.DataFrame: The rows, indexed from 0; `frame` itself when it has no more than `n`.
    """
    if len(frame) <= n:
        return frame
    order = np.random.default_rng(seed).permutation(len(frame))
    first = order[:0]
    if len(targets) == 1 and targets[0] in frame and frame[targets[0]].nunique() <= MOST_CLASSES:
        labels = frame[targets[0]].iloc[order]
        first = order[labels.groupby(labels.to_numpy(), dropna=False).cumcount().to_numpy() < ROWS_A_CLASS]
    chosen = pd.unique(np.concatenate([first, order]))[: max(n, len(first))]
    return frame.iloc[np.sort(chosen)].reset_index(drop=True)
