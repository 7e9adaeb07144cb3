"""Arrays and tables as JSON-able values, exactly."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, complaint


def pack(values: np.ndarray) -> dict[str, Any]:
    """An array as its dtype (little-endian), its shape and the base64 of its bytes."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return {
        "dtype": little.dtype.str,
        "shape": list(values.shape),
        "base64": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def unpack(content: Mapping[str, Any], name: str) -> np.ndarray:
    """Read back what `pack` gave; read-only.

    Raises:
        InputError: If it is damaged; `name` says what it was.
    """
    try:
        dtype = np.dtype(content["dtype"])
        if dtype.kind not in "biuf":
            raise ValueError(f"dtype {dtype}")
        values = np.frombuffer(base64.b64decode(content["base64"], validate=True), dtype)
        return values.reshape(content["shape"]).astype(dtype.newbyteorder("="), copy=False)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        cure = "Evaluate again, or restore the file from a copy."
        raise InputError(
            complaint(f"evaluation {name!r}", "a packed array", f"a damaged one ({error})", cure)
        ) from error


def table_to_json(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """A table of metrics, row by row; null for NaN."""
    return {
        str(metric): {str(c): None if pd.isna(v) else v for c, v in row.items()}
        for metric, row in table.to_dict("index").items()
    }


def table_from_json(content: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Read back what `table_to_json` gave."""
    table = pd.DataFrame.from_dict(dict(content), orient="index").rename_axis("metric")
    numbers = {c: "float64" for c in table.columns if c != "verdict"}
    return table.astype({**numbers, **({"verdict": "str"} if "verdict" in table else {})})
