"""What a row holds, as one number: the ground for "never in two parts" and for "this is not the same table"."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import complaint, listed, stop


def row_hashes(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> np.ndarray:
    """One number a row that is equal where the values are equal, missing counting as equal to missing.

    Two different rows share a number with a chance of about ``n_rows**2 / 2**65``: 3e-9 for 336,776 rows.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``.
        columns: The columns that count. Defaults to all.

    Returns:
        numpy.ndarray: dtype uint64, shape ``(n_rows,)``.

    Example:
        >>> hashes = row_hashes(pd.DataFrame({"a": [1.0, None, 1.0, None], "b": ["x", "y", "x", None]}))
        >>> bool(hashes[0] == hashes[2]), bool(hashes[1] == hashes[3])
        (True, False)
    """
    chosen = frame if columns is None else frame[list(columns)]
    plain = pd.DataFrame({i: hashable(chosen[name]) for i, name in enumerate(chosen)}, index=chosen.index)
    return pd.util.hash_pandas_object(plain, index=False).to_numpy()


def first_occurrence(hashes: np.ndarray) -> np.ndarray:
    """The position of the first row with the same content, for each row.

    Args:
        hashes: One number a row, shape ``(n_rows,)``.

    Returns:
        numpy.ndarray: dtype int64, shape ``(n_rows,)``; a row without an earlier copy gets its own position.

    Example:
        >>> first_occurrence(np.array([7, 8, 7, 9, 8])).tolist()
        [0, 1, 0, 3, 1]
    """
    codes, _ = pd.factorize(hashes)
    return np.flatnonzero(~pd.Series(hashes).duplicated().to_numpy())[codes]


def fingerprint(frame: pd.DataFrame) -> dict[str, str]:
    """One fingerprint a column, of its values in their order; index labels do not count.

    Args:
        frame: The table.

    Returns:
        dict: Column name to 16 hexadecimal digits.
    """
    return {name: _digest(row_hashes(frame, [name])) for name in frame.columns}


def check_fingerprint(frame: pd.DataFrame, known: Mapping[str, Any], argument: str) -> None:
    """Refuse a table that is not the one whose `fingerprint` is known.

    Args:
        frame: The table that came.
        known: ``{"n_rows": int, "columns": fingerprint}``.
        argument: The table's name, for the message.

    Raises:
        InputError: Naming what changed: the number of rows, or the columns.
    """
    cure = "Hand over the very table that was split, or split anew."
    if len(frame) != known["n_rows"]:
        stop(
            [
                complaint(
                    argument, f"the {known['n_rows']:,} rows that were split", f"{len(frame):,} rows", cure
                )
            ]
        )
    found, told = fingerprint(frame), known["columns"]
    changes = {
        "missing": [c for c in told if c not in found],
        "new": [c for c in found if c not in told],
        "changed": [c for c in told if c in found and found[c] != told[c]],
    }
    got = "; ".join(f"{what}: {listed(names)}" for what, names in changes.items() if names)
    if got:
        stop([complaint(f"{argument} columns", "the values that were split", got, cure)])


def _digest(hashes: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(hashes, dtype="<u8").tobytes()).hexdigest()[:16]


def hashable(column: pd.Series) -> pd.Series:
    """The same values in a form whose hash is equal where they are: one zero, one NaN, arrays as their digest.

    Args:
        column: Values of any dtype, shape ``(n_rows,)``.

    Returns:
        pandas.Series: The values; cells that hold an array, a list, a dict or a set hold text instead.
    """
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        values = column.to_numpy("float64") + 0.0  # -0.0 + 0.0 is 0.0
        return pd.Series(np.where(np.isnan(values), np.nan, values), index=column.index)
    if column.dtype != object:
        return column
    nested = column.map(lambda value: isinstance(value, (np.ndarray, list, dict, set)))
    return column.map(_frozen) if nested.any() else column


def _frozen(value: object) -> object:
    """An array or a list as a digest of its bytes or of its spelling."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        head = f"{value.dtype} {value.shape} ".encode()
        return hashlib.sha256(head + np.ascontiguousarray(value).tobytes()).hexdigest()
    return repr(value) if isinstance(value, (np.ndarray, list, dict, set)) else value
