"""Parquet files larger than memory, frame by frame: one schema, one set of types, and never more than a few rows."""

import dataclasses
import os
import pathlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dltoolkit._checks import EXAMPLES, InputError, check_number, complaint, listed, stop
from dltoolkit.data import _source
from dltoolkit.data._values import EXACT
from dltoolkit.data.kinds import _folders

SUFFIXES = (".parquet", ".pq", ".parq")
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)
_BUFFER = 1 << 16  # bytes of each column that are read ahead: a whole column of a row group without it
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # how Hive and Spark write a missing value in a folder's name


def read_batches(
    folder: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    rows: int = 65_536,
    strict: bool = True,
) -> Iterator[pd.DataFrame]:
    """Read a folder of Parquet files as one long table, a frame of `rows` rows at a time.

    The files are taken in natural order, those of sub-folders too. All have one schema; the types of a column are the
    same in every frame, as `read` would give them for the whole: whole numbers beside missing values are ``float64``,
    or ``Int64`` above 2**53. A sub-folder called ``name=value`` adds a column of text. At any time, memory holds two
    frames of rows and about twice the largest row group of a file, never a whole file of several.

    Args:
        folder: The folder, or a single Parquet file.
        columns: The columns to keep, in this order. Defaults to None: all.
        rows: Rows of each frame; the last one may have fewer. Defaults to 65,536.
        strict: Whether to stop at a damaged file. With False it is left out with a warning and stands in `data.quarantine`
            of every frame from then on; rows that were read before the damage stay. Defaults to True.

    Returns:
        Iterator: Frames of shape ``(rows, n_columns)``, rows numbered from 0 through all of them.

    Raises:
        FileNotFoundError: If there is no such folder.
        InputError: At once, if there is no Parquet file, or one is damaged, or has other columns or types than the first one,
            or a column is not there; while reading, if a file turns out damaged, or a number is infinite.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for i in range(3):
        ...         pd.DataFrame({"x": [i, i]}).to_parquet(f"{folder}/part-{i}.parquet")
        ...     [batch["x"].tolist() for batch in read_batches(folder, rows=4)]
        [[0, 0, 1, 1], [2, 2]]
    """
    check_number(rows, "rows", low=1, whole=True)
    root = pathlib.Path(folder).expanduser()
    files, left_out = _files(root), []
    metas: list[tuple[str, pq.FileMetaData]] = []
    for file in files:
        try:
            metas.append((file, pq.read_metadata(_source.located(file))))
        except PermissionError:
            raise
        except _BROKEN as error:
            left_out.append(_damaged(file, error, strict=strict))
    if not metas:
        raise InputError(
            complaint(str(folder), "a whole Parquet file", f"only damaged ones: {listed(files)}")
        )
    if not sum(meta.num_rows for _, meta in metas):
        raise InputError(
            complaint(str(folder), "at least one row", "none", "Check the program that wrote it.")
        )
    added = {file: _partitions(root, file) for file in files}
    table = _Table(root, metas, added, _schema(metas), [columns] if isinstance(columns, str) else columns)
    if left_out:
        said = "; ".join(f"{q['file']} ({q['reason']})" for q in left_out[:EXAMPLES])
        warnings.warn(
            f"{len(left_out):,} of {len(files):,} files were left out: {said}", UserWarning, stacklevel=2
        )
    return _frames(table, (table.names(), int(rows), strict), left_out)


def _files(root: pathlib.Path) -> list[str]:
    """The Parquet files of a folder, or the one that was given."""
    if root.is_file():
        return [str(_source.located(root))]
    kind = _folders.Kind("file", "Parquet", SUFFIXES, str, lambda path: None)
    if not root.exists():
        raise FileNotFoundError(
            complaint(str(root), "a folder of Parquet files", "nothing there", "Check the spelling.")
        )
    files = _folders.everything(root, kind)
    if not files:
        raise InputError(
            complaint(str(root), "at least one Parquet file", "none", f"Endings: {', '.join(SUFFIXES)}.")
        )
    return files


def _damaged(file: str, error: Exception, *, strict: bool) -> dict[str, str]:
    """The entry of a damaged file in the quarantine; stops when `strict`."""
    reason = f"truncated or damaged ({str(error).partition(chr(10))[0]})"
    if strict:
        cure = "Download or write it again, or pass strict=False to leave it out."
        raise InputError(complaint(file, "a whole Parquet file", f"one that is {reason}", cure)) from error
    return {"file": file, "reason": reason}


def _partitions(root: pathlib.Path, file: str) -> dict[str, str | None]:
    """What the folders between the root and a file say: ``name=value``."""
    parts = pathlib.Path(os.path.relpath(file, root)).parent.parts
    pairs = (part.partition("=") for part in parts if "=" in part)
    return {name: None if value == _NO_VALUE else value for name, _, value in pairs}


def _schema(metas: list[tuple[str, pq.FileMetaData]]) -> pa.Schema:
    """The schema that all files have; a column of nothing but missing values takes the type that other files give it.

    Raises:
        InputError: Naming each file and column that differ from the first file.
    """
    first, fields, complaints = metas[0][0], {f.name: f for f in _arrow(metas[0][1])}, []
    for file, meta in metas[1:]:
        schema = _arrow(meta)
        for name in [n for n in fields if n not in schema.names]:
            complaints.append(
                complaint(f"{file}, column {name!r}", f"to be there as in {first}", "no such column")
            )
        for field in schema:
            known = fields.get(field.name)
            if known is None:
                got = f"a column that is not in {first}"
                complaints.append(
                    complaint(f"{file}, column {field.name!r}", "the columns of the first file", got)
                )
            elif pa.types.is_null(known.type):
                fields[field.name] = field
            elif field.type != known.type and not pa.types.is_null(field.type):
                cure = "Write the files with one schema, or take the other columns=."
                expected = f"{known.type} as in {first}"
                complaints.append(
                    complaint(f"{file}, column {field.name!r}", expected, str(field.type), cure)
                )
    more = len(complaints) - EXAMPLES
    stop(complaints[:EXAMPLES] + ([f"and {more:,} more."] if more > 0 else []))
    return pa.schema([f for f in fields.values() if not f.name.startswith("__index_level_")])


def _arrow(meta: pq.FileMetaData) -> pa.Schema:
    """The schema of a file as it is decoded: words are words, whether kept in a dictionary or not."""
    return pa.schema([pa.field(f.name, _plain(f.type)) for f in meta.schema.to_arrow_schema()])


def _plain(kind: pa.DataType) -> pa.DataType:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.large_string() if pa.types.is_string(kind) or pa.types.is_string_view(kind) else kind


@dataclasses.dataclass(frozen=True)
class _Table:
    """The files as one table."""

    root: pathlib.Path
    metas: list[tuple[str, pq.FileMetaData]]
    added: dict[str, dict[str, str | None]]
    schema: pa.Schema
    asked: Sequence[str] | None

    def names(self) -> list[str]:
        """The columns to give, stored ones and those of the folders' names."""
        extra = list(dict.fromkeys(name for values in self.added.values() for name in values))
        there = [*self.schema.names, *(n for n in extra if n not in self.schema.names)]
        return _source.check_columns(self.root, there, self.asked)

    def types(self, names: Sequence[str]) -> dict[str, Any]:
        """The pandas types of columns that would change with the missing values of a batch."""
        types: dict[str, Any] = {}
        for name in names:
            if name not in self.schema.names:
                continue
            kind = self.schema.field(name).type
            whole = pa.types.is_integer(kind)
            if not (whole or pa.types.is_boolean(kind)):
                continue
            missing, low, high = _statistics(self.metas, name)
            if not missing:
                continue
            if not whole:
                types[name] = pd.BooleanDtype()
            elif low < -EXACT or high > EXACT:
                types[name] = pd.UInt64Dtype() if kind == pa.uint64() else pd.Int64Dtype()
            else:
                types[name] = np.dtype(float)
        return types


def _statistics(metas: list[tuple[str, pq.FileMetaData]], name: str) -> tuple[bool, float, float]:
    """Whether values of a column are missing, and its lowest and highest value; infinite where a file does not say."""
    missing, low, high = False, 0.0, 0.0
    for _, meta in metas:
        place = next((i for i in range(meta.num_columns) if meta.schema.column(i).path == name), None)
        for group in range(meta.num_row_groups) if place is not None else ():
            told = meta.row_group(group).column(place).statistics
            if told is None or not told.has_null_count:
                return True, -np.inf, np.inf
            missing |= told.null_count > 0
            if told.has_min_max:
                low, high = min(low, told.min), max(high, told.max)
            elif told.null_count < meta.row_group(group).num_rows:
                low, high = -np.inf, np.inf
    return missing, low, high


def _frames(
    table: _Table, rule: tuple[list[str], int, bool], left_out: list[dict[str, str]]
) -> Iterator[pd.DataFrame]:
    """The frames; Arrow's batches are joined and cut to the number of rows asked for."""
    names, rows, strict = rule
    types, done = table.types(names), 0
    held: list[pa.RecordBatch] = []
    n_held = 0

    def give(count: int) -> pd.DataFrame:
        nonlocal held, n_held, done
        whole = pa.Table.from_batches(held)
        frame = _pandas(whole.slice(0, count), types)
        frame.index = pd.RangeIndex(done, done + count)
        held, n_held, done = whole.slice(count).to_batches(), n_held - count, done + count
        frame.attrs["quarantine"] = list(left_out)
        return frame

    for file, _ in table.metas:
        try:
            for batch in _batches(table, file, (names, rows)):
                held.append(batch)
                n_held += batch.num_rows
                while n_held >= rows:
                    yield give(rows)
        except _BROKEN as error:
            left_out.append(_damaged(file, error, strict=strict))
            warnings.warn(
                f"{file} was left out from its damage on: {left_out[-1]['reason']}", UserWarning, stacklevel=2
            )
    if n_held:
        yield give(n_held)


def _batches(table: _Table, file: str, want: tuple[list[str], int]) -> Iterator[pa.RecordBatch]:
    """The rows of a file with the types of the whole table."""
    names, rows = want
    with pq.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER) as source:
        stored = [n for n in names if n in table.schema.names]
        done = 0
        for batch in source.iter_batches(batch_size=rows, columns=stored):
            _refuse_infinite(file, batch, done)
            done += batch.num_rows
            arrays = [_column(table, (file, name), batch) for name in names]
            yield pa.RecordBatch.from_arrays(arrays, names=names)


def _column(table: _Table, place: tuple[str, str], batch: pa.RecordBatch) -> pa.Array:
    file, name = place
    if name not in table.schema.names:
        return pa.array([table.added[file].get(name)] * batch.num_rows, pa.large_string())
    kind = table.schema.field(name).type
    column = batch.column(name)
    if pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return pc.cast(column, pa.float64())
    return column if column.type == kind else pc.cast(column, kind)


def _pandas(table: pa.Table, types: dict[str, Any]) -> pd.DataFrame:
    frame = table.to_pandas(date_as_object=False)
    for name, dtype in types.items():
        if isinstance(dtype, np.dtype):
            frame[name] = frame[name].astype(dtype)
        else:
            column = table.column(name)
            frame[name] = column.to_pandas(types_mapper={column.type: dtype}.get)
    return frame


def _refuse_infinite(file: str, batch: pa.RecordBatch, done: int) -> None:
    for name in batch.schema.names:
        if pa.types.is_floating(batch.column(name).type):
            endless = np.isinf(batch.column(name).to_numpy(zero_copy_only=False))
            if endless.any():
                where = f"{file}, column {name!r}, row {done + int(endless.argmax()):,}"
                cure = "Correct it, or make it missing, before the file is written."
                raise InputError(complaint(where, "finite numbers", "inf", cure))
