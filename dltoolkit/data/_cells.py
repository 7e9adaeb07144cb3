"""What the cells of a picture or a sound column hold, read side by side; what cannot be read is left out, not hidden."""

import hashlib
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError
from dltoolkit.data.kinds._cells import each, is_missing, is_path

ARRAYS = ("image", "audio", "sequence")  # roles whose cells are not one value


def read_all(read: Callable[[Any], Any], cells: Any) -> list[Any]:
    """What `read` gives for each cell, or the `InputError` or `OSError` that kept it from it; in threads.

    Args:
        read: Takes one cell.
        cells: The cells, in order.

    Returns:
        list: One result, or one error, a cell.
    """

    def safely(_: int, cell: Any) -> Any:
        try:
            return read(cell)
        except (InputError, OSError) as error:
            return error

    return each(cells, safely)


def contents(column: pd.Series) -> pd.Series:
    """A digest of what each cell holds: the bytes of a file, the values of an array; missing and unreadable stay None.

    Args:
        column: Paths or arrays, shape ``(n_rows,)``.

    Returns:
        pandas.Series: Text or None, dtype object, with the index of `column`.
    """
    digests = [None if isinstance(d, Exception) else d for d in read_all(_digest, column)]
    return pd.Series(digests, index=column.index, dtype=object)


def _digest(cell: Any) -> str | None:
    if is_path(cell):
        with open(cell, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    if is_missing(cell):
        return None
    values = np.ascontiguousarray(cell)
    return hashlib.sha256(f"{values.dtype} {values.shape} ".encode() + values.tobytes()).hexdigest()


def pictures(
    column: pd.Series, *, size: tuple[int, int], colour: str = "grey"
) -> tuple[np.ndarray, np.ndarray]:
    """Every picture of a column at one size, and which could be read.

    Args:
        column: Paths or arrays, shape ``(n_rows,)``.
        size: Height and width.
        colour: ``"grey"`` or ``"rgb"``. Defaults to ``"grey"``.

    Returns:
        tuple: uint8, shape ``(n_rows, height, width, channels)``, zeros where nothing could be read; and bool, shape
        ``(n_rows,)``.
    """
    load = importlib.import_module(
        "dltoolkit.data.kinds._images"
    ).load_image  # Pillow only where there are pictures
    found = read_all(lambda cell: load(cell, size=size, colour=colour), column)
    known = np.array([isinstance(picture, np.ndarray) for picture in found], dtype=bool)
    result = np.zeros((len(column), *size, 3 if colour == "rgb" else 1), dtype=np.uint8)
    for row in np.flatnonzero(known):
        result[row] = found[row]
    return result, known
