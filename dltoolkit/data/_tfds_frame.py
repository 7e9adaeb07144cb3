"""What TensorFlow Datasets has on disk, as a frame: one example a row, nested features flattened."""

import contextlib
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, closest, complaint, listed
from dltoolkit._text import as_text
from dltoolkit.data import _source
from dltoolkit.data._media import ROLES_TOLD

SEPARATOR = "/"
BATCH = 1_024  # rows read at a time
OBJECT_BYTES = 64  # what Python adds to a text or a list
ALONE = "value"  # the column of a data set whose example is no dictionary
_ROLES = {"Image": "image", "Audio": "audio"}


def read(folder: pathlib.Path, split: str, limit: int | None) -> pd.DataFrame:
    """Read a part of a data set that TFDS has prepared.

    Args:
        folder: The folder of one version, with ``dataset_info.json``.
        split: Which part, in TFDS's own words, such as ``"train"`` or ``"test[:10%]"``.
        limit: The most rows to read; None for all.

    Returns:
        pandas.DataFrame: shape ``(n_rows, n_features)``, columns in alphabetical order, the target last; ``attrs`` has the ``"target"`` (None where TFDS names none), the
        ``"roles"`` of pictures and sounds, and the sounds' ``"sample_rate"`` in Hz where it is known.

    Raises:
        InputError: If the folder is damaged, the split is unknown or empty, or does not fit in memory.
    """
    import tensorflow_datasets as tfds  # takes a second, and brings a framework along

    with _named(folder):
        builder = tfds.builder_from_directory(folder)
    n_rows = _n_rows(builder, split, folder)
    n_rows = n_rows if limit is None else min(n_rows, int(limit))
    leaves = _leaves(builder.info.features)
    columns: dict[str, list[Any]] = {path: [] for path in leaves}
    with _named(folder):
        for number, batch in enumerate(_batches(builder, split, n_rows)):
            if number == 0:
                _check_fits(
                    folder, sum(map(_n_bytes, batch.values())) / len(next(iter(batch.values()))) * n_rows
                )
            for path, values in columns.items():
                values.extend(batch[path])
    attributes = _attributes(builder.info, leaves)
    # TFDS reads its features back in an order that changes from run to run.
    order = sorted(columns, key=lambda path: (path == attributes["target"], path))
    frame = pd.DataFrame({path: _column(leaves[path], columns[path]) for path in order})
    frame.attrs.update(attributes)
    return frame


@contextlib.contextmanager
def _named(folder: pathlib.Path) -> Iterator[None]:
    """Say which folder it was, whatever TFDS or TensorFlow raise on a damaged one."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        got = f"a damaged one ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
        cure = "Remove the folder, and load the data set again."
        raise InputError(complaint(str(folder), "a whole data set of TFDS", got, cure)) from error


def _n_rows(builder: Any, split: str, folder: pathlib.Path) -> int:
    """How many rows a split has, once it is sure that it is one."""
    names = list(builder.info.splits)
    bases = [re.split(r"[\[\]]", part.strip())[0] for part in str(split).split("+")]
    unknown = [base for base in bases if base not in names]
    if unknown:
        expected = f"a split of {folder.parent.name}, such as {listed(names, 3)}"
        raise InputError(complaint("split", expected, repr(split), closest(unknown[0], names)))
    try:
        n_rows = builder.info.splits[split].num_examples
    except ValueError as error:
        cure = f"TFDS says: {str(error).splitlines()[-1]}"
        raise InputError(
            complaint("split", "one such as 'train[:10%]' or 'train[100:200]'", repr(split), cure)
        ) from error
    if not n_rows:
        raise InputError(complaint("split", "at least one row", f"none in {split!r}"))
    return n_rows


def _check_fits(folder: pathlib.Path, estimate: float) -> None:
    bound = _source.memory_bound(None)
    if estimate > bound:
        expected = f"rows that fit in {bound / 1e9:.1f} GB of memory"
        cure = "Take a part of it: limit=, or split='train[:10%]'."
        raise InputError(
            complaint(str(folder), expected, f"rows that take about {estimate / 1e9:.1f} GB", cure)
        )


def _batches(builder: Any, split: str, n_rows: int) -> Iterator[dict[str, Any]]:
    """The examples in their order, as columns of some rows: many at a time where every shape is fixed, else one."""
    import tensorflow_datasets as tfds  # takes a second, and brings a framework along

    config = tfds.ReadConfig(try_autocache=False, interleave_cycle_length=1)
    dataset = builder.as_dataset(split=split, read_config=config).take(n_rows)
    if all(spec.shape.is_fully_defined() for _, spec in _flat(dataset.element_spec)):
        for batch in tfds.as_numpy(dataset.batch(BATCH)):
            yield dict(_flat(batch))
    else:
        for example in tfds.as_numpy(dataset):
            yield {path: [cell] for path, cell in _flat(example)}


def _n_bytes(cells: Any) -> int:
    """Bytes of memory of some cells, an estimate for texts and for what is ragged."""
    if isinstance(cells, list):
        return sum(map(_n_bytes, cells))
    if isinstance(cells, bytes):
        return len(cells) + OBJECT_BYTES
    if getattr(cells, "dtype", None) == object:
        return sum(map(_n_bytes, cells.ravel()))
    return getattr(cells, "nbytes", OBJECT_BYTES)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The cells of an example, each with its path."""
    if not isinstance(value, dict):
        yield path or ALONE, value
        return
    for name, inner in value.items():
        yield from _flat(inner, f"{path}{SEPARATOR}{name}" if path else name)


def _leaves(feature: Any, path: str = "") -> dict[str, tuple[Any, bool]]:
    """For each column its feature, and whether a cell is a list of them."""
    listed_ = False
    while type(feature).__name__ in ("Sequence", "Dataset"):
        if type(feature).__name__ == "Dataset":
            expected = "features that have one value or one array an example"
            raise InputError(
                complaint(f"feature {path!r}", expected, "a data set in itself", "Read it with tfds.load.")
            )
        feature, listed_ = feature.feature, True
    if not hasattr(feature, "items"):
        return {path or ALONE: (feature, listed_)}
    leaves = {}
    for name, inner in feature.items():
        for deeper, (leaf, its) in _leaves(inner, f"{path}{SEPARATOR}{name}" if path else name).items():
            leaves[deeper] = (leaf, its or listed_)
    return leaves


def _column(leaf: tuple[Any, bool], values: list[Any]) -> Any:
    """The values of one feature as a column: class names, text, numbers, or arrays."""
    feature, is_listed = leaf
    kind, first = type(feature).__name__, values[0]
    if kind == "ClassLabel" and not is_listed:
        names = np.array([*feature.names, None], dtype=object)  # -1, a label that is withheld, is missing
        return pd.Series(names[np.asarray(values)], dtype="str")
    if isinstance(first, (bytes, str)):
        return as_text(pd.Series(values, dtype=object))
    if np.ndim(first) == 0 and not hasattr(first, "to_list"):
        return np.asarray(values)
    cells = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        cells[row] = _cell(value)
    return cells


def _cell(value: Any) -> Any:
    """An array of numbers as it is; a list of texts, or what is ragged inside, as a list."""
    if hasattr(value, "to_list"):
        return value.to_list()
    if value.dtype == object:
        return as_text(value.ravel()).tolist()
    return value


def _attributes(info: Any, leaves: dict[str, tuple[Any, bool]]) -> dict[str, Any]:
    keys = info.supervised_keys
    target = keys[1] if keys and isinstance(keys[1], str) and keys[1] in leaves else None
    kinds = {path: type(leaf).__name__ for path, (leaf, is_listed) in leaves.items() if not is_listed}
    roles = {path: _ROLES[kind] for path, kind in kinds.items() if kind in _ROLES and path != target}
    rates = {leaf.sample_rate for leaf, _ in leaves.values() if type(leaf).__name__ == "Audio"} - {None}
    attributes: dict[str, Any] = {"target": target}
    if roles:
        attributes[ROLES_TOLD] = roles
    if len(rates) == 1:
        attributes["sample_rate"] = rates.pop()
    return attributes
