"""Tables in a project's folder: Parquet, in which arrays keep their dtype and their shape."""

import io
import os
import pathlib
from typing import BinaryIO

import numpy as np
import pandas as pd

from dltoolkit import _files

ARRAYS = (
    "dltoolkit arrays"  # in ``frame.attrs``, which Parquet keeps: the columns whose cells are numpy files
)


def write_table(path: pathlib.Path, frame: pd.DataFrame) -> pathlib.Path:
    """Write a table in one step.

    Args:
        path: The file.
        frame: The table; cells may be arrays of numbers of any shape, and path objects.

    Returns:
        pathlib.Path: The file.

    Raises:
        OSError: If it cannot be written; an older file is then as it was.
    """
    return _files.write_frame(path, _packed(frame))


def read_table(file: pathlib.Path | BinaryIO) -> pd.DataFrame:
    """Read back what `write_table` wrote.

    Args:
        file: The file.

    Returns:
        pandas.DataFrame: The table; paths come back as text.
    """
    frame = pd.read_parquet(file)
    for name in frame.attrs.pop(ARRAYS, []):
        cells = [
            None if cell is None else np.load(io.BytesIO(cell), allow_pickle=False) for cell in frame[name]
        ]
        frame[name] = pd.Series(cells, index=frame.index, dtype=object)
    return frame


def as_kept(frame: pd.DataFrame) -> pd.DataFrame:
    """A table as it comes back from the folder."""
    file = io.BytesIO()
    _packed(frame).to_parquet(file)
    return read_table(file)


def _packed(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with each array as the bytes of a numpy file, and each path object as text."""
    arrays, changed = [], {}
    for name in frame.columns[frame.dtypes == object]:
        known = frame[name].dropna()
        if len(known) and known.map(lambda cell: isinstance(cell, np.ndarray)).all():
            arrays.append(name)
            changed[name] = frame[name].map(_bytes)
        elif len(known) and known.map(lambda cell: isinstance(cell, os.PathLike)).all():
            changed[name] = frame[name].map(os.fspath, na_action="ignore")
    packed = frame.assign(**changed) if changed else frame.copy(deep=False)
    packed.attrs = frame.attrs | ({ARRAYS: arrays} if arrays else {})
    return packed


def _bytes(cell: object) -> bytes | None:
    if not isinstance(cell, np.ndarray):
        return None
    file = io.BytesIO()
    np.save(file, cell, allow_pickle=False)
    return file.getvalue()
