"""Values as text: one spelling for a label or a category, whatever type it came in."""

import decimal
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dltoolkit._checks import InputError, complaint, listed

_SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair of UTF-16 units, which no file of text holds
_WHOLE_LIMIT = 2.0**63  # beyond it a float has no int64 twin, so that its own spelling is kept


def as_text(series: Any) -> "pd.Series[str]":
    """Write each value as text, so that the same value reads the same from whatever type it came in.

    A whole number loses its decimals (``3.0`` and ``3`` are both ``"3"``), a boolean is ``"True"`` or ``"False"``,
    bytes are decoded as UTF-8, a time is written as ``"2024-01-31 00:00:00"``, text stays as it is, and a missing
    value (None, NaN, NaT, NA) stays missing.

    Args:
        series: Values of any dtype, shape ``(n_rows,)``: a Series, an Index, an array or a list.

    Returns:
        pandas.Series: dtype ``str``, shape ``(n_rows,)``, with the index and the name of `series`.

    Raises:
        InputError: If a text holds half a letter (a lone surrogate), which cannot be written to any file.

    Example:
        >>> as_text([3.0, 2.5, None]).tolist()
        ['3', '2.5', nan]
    """
    values = series if isinstance(series, pd.Series) else pd.Series(series)
    try:
        return pd.Series(_texts(values), index=values.index, name=values.name, dtype="str")
    except UnicodeEncodeError as error:
        odd = values[[isinstance(v, str) and _SURROGATE.search(v) is not None for v in values]]
        where = f"column {values.name!r}, row {listed(odd.index)}"
        cure = "Cut them out: text.encode('utf-8', 'ignore').decode()."
        got = listed([f"{text:.40}" for text in odd], 3)
        raise InputError(complaint(where, "text without half letters (surrogates)", got, cure)) from error


def _texts(values: pd.Series) -> Any:
    """The texts of a column, by the fastest way that its dtype allows."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        names = as_text(dtype.categories).to_numpy(object)
        return pd.array(np.append(names, np.nan)[values.cat.codes], dtype="str")
    if isinstance(dtype, pd.SparseDtype):
        return _texts(values.sparse.to_dense())
    if isinstance(dtype, pd.StringDtype):
        return values.array
    if pd.api.types.is_bool_dtype(dtype):
        return _spread(values, lambda known: np.where(known.astype(bool), "True", "False"))
    if pd.api.types.is_integer_dtype(dtype):
        return _spread(values, lambda known: pa.array(known).cast(pa.string()).to_pandas().array)
    if pd.api.types.is_float_dtype(dtype):
        return _spread(values, _float_texts)
    if dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "string":
        return values.array
    return [np.nan if missing else _one(v) for v, missing in zip(values, values.isna(), strict=True)]


def _spread(values: pd.Series, write: Any) -> Any:
    """Write the known values with `write`, and leave the missing ones missing."""
    known = values.notna().to_numpy()
    if known.all():
        return write(values.to_numpy())
    texts = np.full(len(values), np.nan, dtype=object)
    texts[known] = write(values[known].to_numpy(_plain(values.dtype)))
    return texts


def _plain(dtype: Any) -> Any:
    """The numpy dtype behind a nullable one."""
    return getattr(dtype, "numpy_dtype", dtype)


def _float_texts(known: np.ndarray) -> np.ndarray:
    """Texts of floats without a missing one: distinct values once, whole ones as integers."""
    codes, distinct = pd.factorize(known)
    whole = np.isfinite(distinct) & (np.abs(distinct) < _WHOLE_LIMIT)
    whole[whole] &= distinct[whole] == np.floor(distinct[whole])
    texts = np.empty(len(distinct), dtype=object)
    texts[whole] = pa.array(distinct[whole].astype(np.int64)).cast(pa.string()).to_pandas().array
    rest = distinct[~whole]
    texts[~whole] = [str(v) for v in (rest.tolist() if rest.dtype == np.float64 else rest)]
    return texts[codes]


def _one(value: Any) -> str:
    """The text of one value of a mixed column."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating, decimal.Decimal)):
        number: Any = value
        if abs(number) < _WHOLE_LIMIT and number == math.floor(number):
            return str(math.floor(number))
    return str(value)
