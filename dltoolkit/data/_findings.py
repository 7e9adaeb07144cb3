"""What an audit found, one issue at a time, and the table as its checks see it."""

import dataclasses
import datetime
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_choice, complaint
from dltoolkit.data._content import hashable
from dltoolkit.data._schema import Schema
from dltoolkit.problem import Problem

SEVERITIES = ("stop", "warn", "info")
EXAMPLES = 5


@dataclasses.dataclass(frozen=True)
class AuditFinding:
    """One issue of one column, or of the whole table.

    Attributes:
        kind: What it is, such as ``"missing"`` or ``"leakage"``.
        column: The column, or None for the table.
        count: How many rows (or what the advice says) it touches.
        share: `count` over all rows, in [0, 1].
        examples: Dicts of plain values: ``row`` (its index label), ``position`` (where labels are not 0, 1, 2, …),
            ``value``, and what else helps.
        advice: What it means and what to do, in a sentence or two.
        severity: ``"stop"`` (the next step would fail), ``"warn"`` (look at it) or ``"info"``.
    """

    kind: str
    column: str | None
    count: int
    share: float
    examples: tuple[dict[str, Any], ...]
    advice: str
    severity: str

    def to_json(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        return {**dataclasses.asdict(self), "examples": [dict(e) for e in self.examples]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "AuditFinding":
        """Read what `to_json` wrote.

        Raises:
            InputError: If a part is missing or of the wrong kind.
        """
        try:
            values = {field.name: content[field.name] for field in dataclasses.fields(cls)}
            values["examples"] = tuple(dict(e) for e in values["examples"])
            values["count"], values["share"] = int(values["count"]), float(values["share"])
        except (KeyError, TypeError, ValueError) as error:
            cure = "Audit anew."
            raise InputError(
                complaint("audit finding", "what to_json wrote", f"{content!r:.80}", cure)
            ) from error
        check_choice(values["severity"], SEVERITIES, "severity")
        return cls(**values)


@dataclasses.dataclass(frozen=True)
class Table:
    """A table with what its checks need to know.

    Attributes:
        frame: The table.
        schema: The roles of its columns.
        problem: What is to be predicted, or None where the target is not fit for it.
        targets: The target columns.
        seed: Of every draw.
    """

    frame: pd.DataFrame
    schema: Schema
    problem: Problem | None
    targets: tuple[str, ...]
    seed: int

    @functools.cached_property
    def labelled(self) -> np.ndarray:
        """Which rows have every label, bool, shape ``(n_rows,)``."""
        return ~np.any([blank(self.frame[name]) for name in self.targets], axis=0)

    def finding(
        self,
        kind: str,
        column: str | None,
        mask: np.ndarray,
        advice: str,
        *,
        severity: str = "info",
        examples: Sequence[Mapping[str, Any]] | None = None,
    ) -> AuditFinding:
        """A finding about the rows of `mask`, by default with the first of them as examples.

        Args:
            kind: What it is.
            column: The column, or None.
            mask: Which rows it touches, bool, shape ``(n_rows,)``.
            advice: What to do.
            severity: One of `SEVERITIES`. Defaults to ``"info"``.
            examples: Other examples. Defaults to the first rows of `mask` with their value.

        Returns:
            AuditFinding: The finding.
        """
        rows = np.flatnonzero(mask)
        if examples is None:
            examples = [self.example(row, column) for row in rows[:EXAMPLES]]
        share = len(rows) / len(self.frame)
        return AuditFinding(
            kind, column, len(rows), share, tuple(dict(e) for e in examples), advice, severity
        )

    def example(self, row: int, column: str | None) -> dict[str, Any]:
        """One row for `AuditFinding.examples`, with the value of one column or of all."""
        index = self.frame.index
        place: dict[str, Any] = {"row": plain(index[row])}
        if not (isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1):
            place["position"] = int(row)
        if column is not None:
            return {**place, "value": plain(self.frame[column].iloc[row])}
        return {**place, "value": {str(k): plain(v) for k, v in self.frame.iloc[row].items()}}


def blank(column: pd.Series) -> np.ndarray:
    """Where nothing is known: missing, or text of nothing but spaces."""
    missing = column.isna().to_numpy()
    return missing | empty_text(column)


def empty_text(column: pd.Series) -> np.ndarray:
    """Where text holds nothing, or only spaces."""
    if not is_text(column):
        return np.zeros(len(column), dtype=bool)
    codes, values = pd.factorize(hashable(column))
    empty = np.array([isinstance(v, str) and not v.strip() for v in values] + [False], dtype=bool)
    return empty[codes]


def is_text(column: pd.Series) -> bool:
    """Whether a column can hold text: strings, objects, or categories of them."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    return dtype == object or isinstance(dtype, pd.StringDtype)


def infinite(column: pd.Series) -> np.ndarray:
    """Where a column of floats, or of objects that are floats, is infinite; bool, shape ``(n_rows,)``."""
    floats = pd.api.types.is_float_dtype(column.dtype)
    if column.dtype == object:
        floats = pd.api.types.infer_dtype(column, skipna=True) in ("floating", "mixed-integer-float")
    return np.isinf(numbers(column)) if floats else np.zeros(len(column), dtype=bool)


def is_date_objects(column: pd.Series) -> bool:
    """Whether a column of Python objects holds dates or times."""
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in (
        "date",
        "datetime",
        "datetime64",
    )


def numbers(column: pd.Series) -> np.ndarray:
    """A numeric or date column as float64; missing is NaN, dates are seconds since 1970.

    Args:
        column: The values, shape ``(n_rows,)``.

    Returns:
        numpy.ndarray: dtype float64, shape ``(n_rows,)``.
    """
    if is_date_objects(column):
        column = pd.to_datetime(column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        stamps = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column
        return (stamps - pd.Timestamp(0)).dt.total_seconds().to_numpy("float64")
    if column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.to_numeric(column.astype(object))
    return column.to_numpy("float64", na_value=np.nan)


def told(count: int, noun: str) -> str:
    """A number with its noun: ``"1 row"``, ``"1,204 rows"``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def plain(value: Any) -> Any:
    """A value that JSON can hold: numbers, text, booleans, None; the rest as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, (pd.Timestamp, datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}, {value.dtype}"
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"
