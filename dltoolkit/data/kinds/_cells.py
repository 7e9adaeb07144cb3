"""A column of cells that each hold, or point to, a picture or a sound: decoded by several threads, faults collected."""

import functools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import EXAMPLES, InputError, check_number, complaint, listed

_CHUNK = (
    4  # cells a task: enough to make handing it over cheap, few enough to keep every thread busy to the end
)


class Fault(Exception):
    """Why a cell cannot be decoded: what it was expected to be, what it is, and the cure."""

    def __init__(self, expected: str, got: str, cure: str = "") -> None:
        super().__init__(got)
        self.expected, self.got, self.cure = expected, got, cure

    def said(self, where: str) -> str:
        """The fault as a sentence in the house's error voice."""
        return complaint(where, self.expected, self.got, self.cure)


def is_path(cell: Any) -> bool:
    """Whether a cell is a file's path."""
    return isinstance(cell, (str, os.PathLike))


def is_missing(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or NA."""
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell))


def named(cell: Any) -> str:
    """A cell's name in a message: its path, or what it is."""
    if is_path(cell):
        return os.fspath(cell)
    return f"an array of shape {cell.shape} and type {cell.dtype}" if isinstance(cell, np.ndarray) else "cell"


def check_file(path: str | os.PathLike[str], kind: str) -> None:
    """Stop at what is no file with content.

    Args:
        path: The file.
        kind: What it should be, such as ``"a picture"``.

    Raises:
        Fault: If nothing is there, or a folder, or an empty file, or one that may not be read.
    """
    if "\0" in os.fspath(path):
        raise Fault(f"the path of {kind}", "text with a zero byte")
    if not os.path.exists(path):
        raise Fault(
            f"{kind}",
            "no such file",
            "Check the spelling; a relative path starts at the working directory.",
        )
    if os.path.isdir(path):
        raise Fault(f"{kind}", "a folder", "Give the files in it.")
    if not os.access(path, os.R_OK):
        raise Fault(f"{kind} that you may read", "no permission", "Ask its owner, or chmod it.")
    if not os.path.getsize(path):
        raise Fault(f"{kind}", "an empty file (0 bytes)", "Download or copy it again, or leave it out.")


def threads(workers: int | None) -> int:
    """How many threads decode: what the caller said, else one a core.

    Raises:
        InputError: If `workers` is no whole number above 0.
    """
    if workers is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return check_number(workers, "workers", low=1, whole=True)


def each(cells: Iterable[Any], work: Callable[[int, Any], Any], *, workers: int | None = None) -> list[Any]:
    """Do some work on each cell in several threads; the results are in the order of the cells.

    Args:
        cells: The cells.
        work: Called with the position and the cell; what it raises as a `Fault` is its result.
        workers: The number of threads. Defaults to None: one a core.

    Returns:
        list: A result for each cell, or its `Fault`.
    """
    cells, count = list(cells), threads(workers)

    def some(start: int) -> list[Any]:
        results = []
        for place in range(start, min(start + _CHUNK, len(cells))):
            try:
                results.append(work(place, cells[place]))
            except Fault as fault:
                results.append(fault)
        return results

    starts = range(0, len(cells), _CHUNK)
    if count == 1 or len(starts) <= 1:
        return [result for start in starts for result in some(start)]
    return [result for results in _pool(count, os.getpid()).map(some, starts) for result in results]


@functools.lru_cache(maxsize=4)
def _pool(count: int, _process: int) -> ThreadPoolExecutor:
    """Threads that all calls share, so that several at once keep every core busy and no core twice; new ones after a fork."""
    return ThreadPoolExecutor(count, thread_name_prefix="dltoolkit-cells")


def stop_at_faults(results: list[Any], column: Any) -> None:
    """Raise one error that names the first rows at fault, and counts the other ones.

    Args:
        results: What `each` gave.
        column: The cells; a Series gives its index labels as the names of the rows.

    Raises:
        InputError: If there is at least one `Fault`.
    """
    places = [i for i, result in enumerate(results) if isinstance(result, Fault)]
    if not places:
        return
    labels = column.index if isinstance(column, pd.Series) else range(len(results))
    cells = column.array if isinstance(column, pd.Series) else column
    said = [results[i].said(f"row {listed([labels[i]])}, {named(cells[i])}") for i in places[:EXAMPLES]]
    more = f"\n- and {len(places) - len(said):,} rows more." if len(places) > len(said) else ""
    if len(places) == 1:
        raise InputError(said[0])
    raise InputError(
        "\n".join([f"{len(places):,} of {len(results):,} rows cannot be used:", *(f"- {s}" for s in said)])
        + more
    )


def check_column(column: Any, argument: str = "column") -> Any:
    """A column as something with a length whose items can be taken by position.

    Raises:
        InputError: If it is a lone path, or nothing that holds cells.
    """
    if is_path(column) or not isinstance(
        column, (pd.Series, np.ndarray, list, tuple, pd.api.extensions.ExtensionArray)
    ):
        got = repr(column) if is_path(column) else type(column).__name__
        raise InputError(complaint(argument, "a Series, an array or a list of cells", got))
    return column
