"""The data sets that the package knows by name, and how one of them becomes a frame."""

import itertools
import pathlib
import types
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dltoolkit import _files
from dltoolkit._checks import InputError, check_choice, complaint, stop
from dltoolkit.data._entries import ENTRIES, Entry
from dltoolkit.data._media import ROLES_TOLD
from dltoolkit.data._spoken_digits import spoken_digits
from dltoolkit.data._tfds import PREFIX, load_tfds

TABLES = pathlib.Path(__file__).parent / "tables"

CATALOGUE: Mapping[str, Entry] = types.MappingProxyType(ENTRIES)


def catalogue() -> pd.DataFrame:
    """The data sets that `load` knows.

    Returns:
        pandas.DataFrame: One row a data set: ``name``, ``data`` (what its rows are, such as ``"table"`` or ``"images"``),
        ``rows``, ``columns`` (target included), ``target``, ``kind``, ``source``, ``licence``, ``bytes`` and ``what`` a
        row of it is.

    Example:
        >>> catalogue().set_index("name")["target"].loc["flights"]
        'late'
    """
    names = ["data", "rows", "columns", "target", "kind", "source", "licence", "bytes", "what"]
    return pd.DataFrame(
        [{"name": name} | {n: getattr(entry, n) for n in names} for name, entry in CATALOGUE.items()]
    )


def load(
    name: str, *, split: str | None = None, limit: int | None = None, download: bool | str = "ask"
) -> pd.DataFrame:
    """A data set by its name: one that comes with the package, is made on first use, or is one of TensorFlow Datasets.

    ``load("tfds:mnist", split="test")`` looks into TFDS's folder (``TFDS_DATA_DIR``, else ``~/tensorflow_datasets``)
    and touches no network unless it may download. An example is a row: an image is a uint8 array ``(h, w, channels)``, a
    sound an array of samples (its rate in ``attrs["sample_rate"]``), a class its name, a nested feature a column
    ``outer/inner``, a list of texts a list; a label that is withheld (-1) is missing.

    Args:
        name: One of the names in `catalogue`, such as ``"credit"``, or ``"tfds:NAME"``, where NAME may go on with
            ``/CONFIG`` and ``:VERSION``.
        split: For TFDS: which part, in its own words, such as ``"test"`` or ``"train[:10%]"``. Defaults to None:
            ``"train"``.
        limit: For TFDS: the most rows to read. Defaults to None: all.
        download: For TFDS: whether a data set that is not in its folder may be downloaded. Defaults to ``"ask"``: a
            person at a terminal is asked, everyone else gets an error that says how.

    Returns:
        pandas.DataFrame: A fresh copy, shape ``(n_rows, n_columns)``; ``frame.attrs`` holds its ``"name"`` and its
        ``"target"``, the ``"roles"`` of columns whose values alone do not tell them, and in ``"groups"`` the column to
        split by where there is one. Text is ``str``, flags are ``bool``, dates are ``datetime64``; whole numbers with missing values are
        ``float64``. A cell of an image or a sequence is an array of its own dtype and shape, a sound the path of a WAV
        file in `cache_dir`. Columns that only number the rows are left out.

    Raises:
        InputError: If there is no such data set (the message names close ones), or if its file is damaged; for
            TFDS if it is not in its folder and may not or cannot be downloaded, is damaged, or does not fit in memory.
        FileNotFoundError: If its file is not there.
        ImportError: If it must be made, and the package that makes it is not installed; the message has the pip line.

    Example:
        >>> load("credit").shape
        (4454, 14)
        >>> load("digits")["image"][0].shape
        (8, 8)
    """
    if isinstance(name, str) and name.startswith(PREFIX):
        return load_tfds(name, split=split, limit=limit, download=download)
    check_choice(name, CATALOGUE, "name")
    given = {"split": split, "limit": limit, "download": None if download == "ask" else download}
    cure = "It is for data sets of TFDS: take rows of the frame instead, and parts with data.split."
    stop([complaint(n, f"none for {name!r}", repr(v), cure) for n, v in given.items() if v is not None])
    entry = CATALOGUE[name]
    frame = _shipped(name) if entry.bytes else spoken_digits()
    frame.attrs.update(name=name, target=entry.target)
    if entry.roles:
        frame.attrs[ROLES_TOLD] = dict(entry.roles)
    if entry.groups:
        frame.attrs["groups"] = entry.groups
    return frame


def _shipped(name: str) -> pd.DataFrame:
    path = TABLES / f"{name}.parquet"
    cure = "Install dltoolkit again: pip install --force-reinstall --no-deps dltoolkit."
    if not path.is_file():
        raise FileNotFoundError(complaint(f"table {name!r}", f"a file at {path}", "none", cure))
    came = _files.sha256_file(path)
    if came != CATALOGUE[name].sha256:
        expected = f"the SHA-256 {CATALOGUE[name].sha256[:12]}…"
        raise InputError(
            complaint(f"table {name!r} at {path}", expected, f"{came[:12]}…: the file is damaged", cure)
        )
    table = pq.read_table(path)
    arrays = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    frame = table.drop_columns(arrays).to_pandas()
    for column in arrays:
        frame[column] = _cells(table[column].combine_chunks())
    return frame[table.column_names]


def _cells(lists: pa.Array) -> np.ndarray:
    """The arrays of a column of lists: ragged or not along the first axis, of one shape along the others."""
    fixed = pa.types.is_fixed_size_list(lists.type)
    ends = np.arange(len(lists) + 1) * lists.type.list_size if fixed else lists.offsets.to_numpy()
    values = lists.flatten()
    shape: tuple[int, ...] = ()
    while pa.types.is_fixed_size_list(values.type):
        values, shape = values.flatten(), (*shape, values.type.list_size)
    flat = np.array(values).reshape(-1, *shape)
    cells = np.empty(len(lists), dtype=object)
    for row, (start, end) in enumerate(itertools.pairwise(ends)):
        cells[row] = flat[start:end]
    return cells
