"""Rows that are costly to make, made once: kept in memory up to a limit, in a file beyond it."""

import concurrent.futures
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable

import numpy as np

CACHES = ("auto", "memory", "disk", "none")
BLOCK, READERS = 256, 2  # rows that are made at once, and how many such blocks at a time
MEMORY_LIMIT = 1 << 30  # bytes; a laptop with 8 GB has as much to spare beside a browser


class RowStore:
    """Rows by their position, made by `make` the first time they are asked for.

    In memory the store never takes more than its size (`n` rows); in a file it holds no row in memory at all. The file
    is a temporary one, gone with the store. A full disk ends the keeping, not the work: rows are then made every time.
    """

    def __init__(
        self,
        make: Callable[[np.ndarray], np.ndarray],
        n: int,
        shape: tuple[int, ...],
        dtype: str,
        *,
        cache: str,
    ) -> None:
        """Prepare an empty store.

        Args:
            make: Positions ``(k,)`` in, rows ``(k, *shape)`` out.
            n: Number of rows.
            shape: Shape of one row.
            dtype: Its dtype.
            cache: ``"memory"``, ``"disk"`` or ``"none"``.
        """
        self.shape, self.dtype, self.cache = shape, np.dtype(dtype), cache
        self.row_bytes = int(np.prod(shape)) * self.dtype.itemsize
        self._make = make
        self._filled = np.zeros(n, bool)
        self._lock = threading.Lock()
        if cache == "memory":
            self._rows = np.empty((n, *shape), dtype)
        if cache == "disk":
            self._file = tempfile.TemporaryFile(prefix="dltoolkit-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)

    def get(self, positions: np.ndarray) -> np.ndarray:
        """The rows at some positions, ``(k, *shape)``."""
        if self.cache == "none":
            return self._make(positions)
        absent = positions[~self._filled[positions]]
        if len(absent) == len(positions):
            return self._fill(positions)
        if len(absent):
            self._fill(absent)
        return self._rows[positions] if self.cache == "memory" else self._read(positions)

    def all(self) -> np.ndarray:
        """Every row, ``(n, *shape)``: those that are not there yet are made now, several blocks at a time."""
        absent = np.flatnonzero(~self._filled)
        blocks = [absent[i : i + BLOCK] for i in range(0, len(absent), BLOCK)]
        with concurrent.futures.ThreadPoolExecutor(READERS) as pool:
            for _ in pool.map(self._fill, blocks):
                pass
        return self._rows

    def _fill(self, positions: np.ndarray) -> np.ndarray:
        rows = self._make(positions)
        if self.cache == "memory":
            self._rows[positions] = rows
        elif not self._write(positions, rows):
            return rows
        self._filled[positions] = True  # last, so that another thread never reads a row half written
        return rows

    def _write(self, positions: np.ndarray, rows: np.ndarray) -> bool:
        try:
            with self._lock:
                for position, row in zip(positions, rows, strict=True):
                    self._file.seek(int(position) * self.row_bytes)
                    self._file.write(np.ascontiguousarray(row).data)
                self._file.flush()
        except OSError as error:
            self.cache = "none"
            warnings.warn(
                f"Examples are no longer kept in a file: {error}. They are made anew each time.", stacklevel=2
            )
            return False
        return True

    def _read(self, positions: np.ndarray) -> np.ndarray:
        if self.cache == "none":  # a full disk, found by another thread
            return self._make(positions)
        rows = np.empty((len(positions), *self.shape), self.dtype)
        with self._lock:
            for position, row in zip(positions, rows, strict=True):
                self._file.seek(int(position) * self.row_bytes)
                row.reshape(-1).view(np.uint8)[:] = np.frombuffer(self._file.read(self.row_bytes), np.uint8)
        return rows


def pick_cache(cache: str, needed: int, left: int) -> str:
    """Where rows are kept: in memory when they fit into what is left of the limit, else in a file.

    Args:
        cache: What was asked for, one of `CACHES`.
        needed: Bytes that all rows take.
        left: Bytes that are left.

    Returns:
        str: ``"memory"``, ``"disk"`` or ``"none"``.
    """
    if cache != "auto":
        return cache
    return "memory" if needed <= left else "disk"
