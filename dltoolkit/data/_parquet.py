"""A Parquet file as a table, with the same promises as a text file: nothing rounded, no column made an index."""

import pathlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dltoolkit._checks import InputError, complaint, listed, stop
from dltoolkit.data import _source
from dltoolkit.data._values import EXACT

MEMORY_FACTOR = 2.5  # peak bytes a byte of decoded columns: Arrow's copy, pandas' copy, and some room
_CELL_BYTES = 12  # a number takes 8, a short text 16, which a dictionary in the file can hide
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype()}


def read(
    path: pathlib.Path, columns: list[str] | None, bound: float
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Read a Parquet file.

    Args:
        path: The file.
        columns: The columns to keep, in this order; None for all.
        bound: The most bytes of memory that reading may take.

    Returns:
        tuple: The table; sentences on what was handled; sentences on what should be looked at.

    Raises:
        InputError: If the file is damaged or too large, has no rows, or repeats a column name; if a number is infinite.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = [str(n) for n in file.schema_arrow.names]
            stripped = _stripped(path, names)
            raw = dict(zip(stripped, names, strict=True))
            kept = [raw[name] for name in _source.check_columns(path, stripped, columns)]
            _source.check_fits(path, _decoded_bytes(file.metadata, len(kept)) * MEMORY_FACTOR, bound)
            table = file.read(columns=kept).select(kept)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        got = f"a truncated or damaged one ({str(error).partition(chr(10))[0]})"
        raise InputError(
            complaint(str(path), "a whole Parquet file", got, "Download or write it again.")
        ) from error
    if not table.num_rows:
        raise InputError(complaint(str(path), "at least one row", "none", "Check the program that wrote it."))
    padded = [name for name in names if name != name.strip()]
    warned = [f"column names are padded with blanks, which were stripped: {listed(padded)}"] if padded else []
    frame, more = _frame(table.rename_columns([name.strip() for name in kept]))
    _refuse_infinite(path, frame)
    return frame, [], warned + more


def _stripped(path: pathlib.Path, names: list[str]) -> list[str]:
    stripped = [name.strip() for name in names]
    twice = list(dict.fromkeys(name for name in stripped if stripped.count(name) > 1))
    if twice:
        raise InputError(
            complaint(
                f"{path}, header", "each column name once", f"{listed(twice)} repeated", "Rename one of them."
            )
        )
    return stripped


def _decoded_bytes(metadata: pq.FileMetaData, n_columns: int) -> float:
    """Bytes that some of the columns take once decoded, from what the file says of itself as a whole."""
    stored = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    share = n_columns / max(metadata.num_columns, 1)
    return max(stored * share, metadata.num_rows * n_columns * _CELL_BYTES)


def _frame(table: pa.Table) -> tuple[pd.DataFrame, list[str]]:
    """The pandas frame of an Arrow table: exact whole numbers, dates as times, a stored index as a column."""
    notes, exact = [], {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_decimal(column.type):
            table = table.set_column(table.column_names.index(name), name, pc.cast(column, pa.float64()))
        if pa.types.is_null(column.type):
            table = table.set_column(table.column_names.index(name), name, pc.cast(column, pa.float64()))
        if column.type in (pa.int64(), pa.uint64()) and (n_big := _n_big(column)):
            notes.append(f"column {name!r}: whole numbers above 2**53 in {n_big:,} rows, kept exactly")
        elif column.type != pa.bool_():
            continue
        if column.null_count:
            exact[name] = column.to_pandas(types_mapper=_NULLABLE.get)
    frame = table.replace_schema_metadata(None).to_pandas(date_as_object=False)
    for name, column in exact.items():
        frame[name] = column
    for name in [c for c in frame.columns if c.startswith("__index_level_")]:
        frame = frame.drop(columns=name)
        notes.append("the stored row index has no name, and was left out")
    return frame, notes


def _n_big(column: pa.ChunkedArray) -> int:
    above = pc.greater(column, EXACT)
    big = above if column.type == pa.uint64() else pc.or_(above, pc.less(column, -EXACT))
    return pc.sum(big).as_py() or 0


def _refuse_infinite(path: pathlib.Path, frame: pd.DataFrame) -> None:
    complaints = []
    for name in frame.columns[[pd.api.types.is_float_dtype(dtype) for dtype in frame.dtypes]]:
        endless = np.isinf(frame[name].to_numpy(float))
        if endless.any():
            got = f"{frame[name].iloc[endless.argmax()]} in row {endless.argmax():,} and {endless.sum() - 1:,} rows more"
            cure = "Correct it, or make it missing, before the file is written."
            complaints.append(complaint(f"{path}, column {name!r}", "finite numbers", got, cure))
    stop(complaints)
