"""Where a project's table comes from: the catalogue, a file, or a DataFrame."""

import dataclasses
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _files, data
from dltoolkit._checks import closest, complaint, stop

# The fast setting keeps at least this many rows of each class, so that a rare one is in every part of the split.
ROWS_A_CLASS = 20
# A target with more different values than this is an amount, or has too many classes to draw from each.
MOST_CLASSES = 50


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """A table's origin.

    Attributes:
        kind: ``"catalogue"``, ``"file"`` or ``"frame"``.
        name: The catalogue's name for it, the file's full path, or ``"DataFrame"``.
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
        return cls("file", str(path.resolve()))

    @property
    def target(self) -> str | None:
        """The column that is usually predicted, where the catalogue knows it."""
        return data.CATALOGUE[self.name].target if self.kind == "catalogue" else None

    def read(self) -> pd.DataFrame:
        """The table, indexed from 0."""
        if self.frame is not None:
            table = self.frame
        else:
            table = data.load(self.name) if self.kind == "catalogue" else data.read(self.name)
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
