"""The single actions of `clean`: each is learnt once, written down as a step, and done again on new rows."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_choice, check_columns, complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.data._audit_values import folded
from dltoolkit.data._content import first_occurrence, row_hashes
from dltoolkit.data._findings import blank, infinite, is_date_objects, is_text, plain
from dltoolkit.data._outliers import fences
from dltoolkit.data._rows import time_numbers

IMPUTERS = ("median", "mean", "mode", "constant", "interpolate")
# What "constant" fills in where no value is given: scikit-learn's SimpleImputer fills 0 and "missing_value".
CONSTANT_NUMBER, CONSTANT_TEXT = 0, "missing"


@dataclasses.dataclass(frozen=True)
class CleaningStep:
    """One thing that was done to a table, with all that is needed to do it again.

    Attributes:
        action: Such as ``"impute"``, ``"clip"``, ``"drop_column"`` or ``"drop_duplicates"``.
        column: The column, or None for whole rows.
        parameters: What was learnt, JSON-able.
        n_rows: How many rows it touched in the table that it was learnt from.
    """

    action: str
    column: str | None
    parameters: dict[str, Any]
    n_rows: int

    @property
    def drops_rows(self) -> bool:
        """Whether the step leaves rows out: those are not left out of new data unless asked for."""
        return self.action in ROW_ACTIONS

    def to_json(self) -> dict[str, Any]:
        """The step as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "CleaningStep":
        """Read what `to_json` wrote.

        Raises:
            InputError: If a part is missing, or the action is unknown.
        """
        try:
            action, column = str(content["action"]), content["column"]
            parameters, n_rows = dict(content["parameters"]), int(content["n_rows"])
        except (KeyError, TypeError, ValueError) as error:
            got = f"{content!r:.80}"
            raise InputError(complaint("cleaning step", "what to_json wrote", got, "Clean anew.")) from error
        check_choice(action, ACTIONS, "cleaning step: action")
        return cls(action, column, parameters, n_rows)

    def needed(self) -> list[str]:
        """The columns that new data must have for this step.

        Returns:
            list: Their names; none for a step that can be passed over.
        """
        if self.drops_rows or self.action in ("drop_column", "merge_spelling", "infinite_to_missing"):
            return []
        time = self.parameters.get("time")
        return [c for c in (self.column, time) if c is not None]

    def run(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        """Do it.

        Args:
            frame: The rows, shape ``(n_rows, n_columns)``; it is not changed.

        Returns:
            tuple: A new table, and which rows of the old one were touched, bool ``(n_rows,)``.

        Raises:
            InputError: If the step's column has come in another type.
        """
        if self.column is not None and self.column not in frame.columns:
            return frame, np.zeros(len(frame), dtype=bool)
        return ACTIONS[self.action](frame, self)


# ---------------------------------------------------------------- doing


def _drop_column(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    return frame.drop(columns=step.column), np.ones(len(frame), dtype=bool)


def _drop_duplicates(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    first = first_occurrence(row_hashes(frame))
    return _without(frame, first != np.arange(len(frame)))


def _drop_blank(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows without a label, or without a value in some column."""
    unknown = [
        blank(frame[c]) if step.action == "drop_missing_target" else frame[c].isna().to_numpy()
        for c in step.parameters["columns"]
        if c in frame.columns
    ]
    return _without(frame, np.any(unknown, axis=0) if unknown else np.zeros(len(frame), dtype=bool))


def _drop_outliers(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    return _without(frame, _outside(_amounts(frame[step.column]), step))


def _clip(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    values = frame[step.column]
    outside = _outside(_amounts(values), step)
    low, high = step.parameters["low"], step.parameters["high"]
    if pd.api.types.is_integer_dtype(values.dtype):
        low, high = math.ceil(low), math.floor(high)
    return _with(frame, step.column, values.clip(low, high)) if outside.any() else frame, outside


def _infinite_to_missing(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    touched = np.zeros(len(frame), dtype=bool)
    for name in step.parameters["columns"]:
        mask = infinite(frame[name]) if name in frame.columns else touched & False
        frame = _with(frame, name, frame[name].mask(mask)) if mask.any() else frame
        touched |= mask
    return frame, touched


def _merge_spelling(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    values, heads = frame[step.column], step.parameters["spellings"]
    text = as_text(values)
    codes, known = pd.factorize(text)
    merged = np.array([heads.get(folded(v), v) for v in known] + [np.nan], dtype=object)[codes]
    touched = (text.to_numpy(object) != merged) & text.notna().to_numpy()
    column = pd.Series(merged, index=values.index, dtype="str")
    if isinstance(values.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    return _with(frame, step.column, column) if touched.any() else frame, touched


def _impute(frame: pd.DataFrame, step: CleaningStep) -> tuple[pd.DataFrame, np.ndarray]:
    values = frame[step.column]
    holes = values.isna().to_numpy()
    if not holes.any():
        return frame, holes
    if step.parameters["method"] == "interpolate":
        return _with(frame, step.column, _interpolated(frame, step, holes)), holes
    return _with(frame, step.column, _filled(values, step.parameters)), holes


def _filled(values: pd.Series, parameters: Mapping[str, Any]) -> pd.Series:
    """The column with its holes filled, in a type that can hold the value."""
    value = parameters["value"]
    if parameters["kind"] == "date":
        value = pd.Timestamp(value)
        values = pd.to_datetime(values)
    elif parameters["kind"] == "number":
        _amounts(values)
        if not pd.api.types.is_numeric_dtype(values.dtype):
            values = pd.to_numeric(values)
        if pd.api.types.is_integer_dtype(values.dtype) and value != int(value):
            values = values.astype("Float64")
    elif isinstance(values.dtype, pd.CategoricalDtype) and value not in values.cat.categories:
        values = values.cat.add_categories([value])
    return values.fillna(value)


def _interpolated(frame: pd.DataFrame, step: CleaningStep, holes: np.ndarray) -> pd.Series:
    """The column with straight lines between its neighbours in order, or in time; the ends are held."""
    amounts, time = _amounts(frame[step.column]), step.parameters["time"]
    if holes.all():
        amounts[:] = step.parameters["value"]
    else:
        places = np.arange(len(frame)) if time is None else time_numbers(frame[time]).astype(float)
        order = np.argsort(places[~holes], kind="stable")
        amounts[holes] = np.interp(places[holes], places[~holes][order], amounts[~holes][order])
    return pd.Series(amounts, index=frame.index, name=step.column)


def _outside(amounts: np.ndarray, step: CleaningStep) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return (amounts < step.parameters["low"]) | (amounts > step.parameters["high"])


def _amounts(values: pd.Series) -> np.ndarray:
    """The column as float64, with a complaint about the first cell that is no number."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy("float64", na_value=np.nan).copy()
    found = pd.to_numeric(values.astype(object), errors="coerce").astype("float64")
    odd = np.flatnonzero((found.isna() & values.notna()).to_numpy())
    if len(odd):
        where = f"column {values.name!r}, row {listed(values.index[odd])}"
        stop([complaint(where, "numbers, as in the table that was cleaned", listed(values.iloc[odd]))])
    return found.to_numpy().copy()


def _with(frame: pd.DataFrame, name: str | None, values: pd.Series) -> pd.DataFrame:
    return frame.assign(**{str(name): values})


def _without(frame: pd.DataFrame, mask: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    return frame[~mask] if mask.any() else frame, mask


ACTIONS: dict[str, Callable[[pd.DataFrame, CleaningStep], tuple[pd.DataFrame, np.ndarray]]] = {
    "infinite_to_missing": _infinite_to_missing,
    "merge_spelling": _merge_spelling,
    "drop_missing_target": _drop_blank,
    "drop_duplicates": _drop_duplicates,
    "drop_column": _drop_column,
    "drop_outliers": _drop_outliers,
    "clip": _clip,
    "drop_missing": _drop_blank,
    "impute": _impute,
}
ROW_ACTIONS = ("drop_missing_target", "drop_duplicates", "drop_outliers", "drop_missing")


# ---------------------------------------------------------------- learning


def learn_fences(values: pd.Series, action: str) -> CleaningStep | None:
    """The step that clips, or drops, what lies far out; None where there are too few values to tell."""
    bounds = fences(_amounts(values))
    if bounds is None:
        return None
    return CleaningStep(action, str(values.name), {"low": bounds.low, "high": bounds.high}, 0)


def learn_spellings(values: pd.Series) -> CleaningStep:
    """The step that gives each category its most frequent spelling, also those that new data bring."""
    heads: dict[str, str] = {}
    for value in as_text(values).value_counts().index:
        heads.setdefault(folded(value), value)
    return CleaningStep("merge_spelling", str(values.name), {"spellings": heads}, 0)


def learn_imputer(
    values: pd.Series, method: str, *, value: Any = None, time: str | None = None
) -> CleaningStep | None:
    """The step that fills the holes of a column.

    Numbers and dates take their median or mean. Categories, text and booleans have none: they take their most
    frequent value instead, also where numbers are interpolated.

    Args:
        values: The column.
        method: One of `IMPUTERS`.
        value: What ``"constant"`` fills in. Defaults to 0 for numbers, ``"missing"`` for text.
        time: The column to interpolate along. Defaults to None: in the order of the rows.

    Returns:
        CleaningStep: With the value in its parameters; None for a date or a boolean without a hole, where nothing
        says which constant to take.

    Raises:
        InputError: If no row holds a value to learn from, or if `value` does not fit the column.
    """
    kind = _kind(values)
    if method == "constant" and value is None and kind in ("date", "boolean") and values.notna().all():
        return None
    if method == "constant":
        parameters = {"method": method, "kind": kind, "value": _constant(values, kind, value)}
        return CleaningStep("impute", str(values.name), parameters, 0)
    if values.isna().all():
        cure = f"Drop it: columns={{{values.name!r}: 'drop'}}."
        stop(
            [
                complaint(
                    f"column {values.name!r}", f"a value to learn the {method} from", "none in any row", cure
                )
            ]
        )
    if kind in ("text", "boolean") or (kind == "date" and method == "interpolate"):
        method = "mode"
    values = pd.to_datetime(values) if kind == "date" else values
    learnt = {"mean": values.mean, "mode": lambda: values.mode().iloc[0]}.get(method, values.median)()
    parameters = {"method": method, "kind": kind, "value": plain(learnt)}
    if method == "interpolate":
        parameters["time"] = time
    return CleaningStep("impute", str(values.name), parameters, 0)


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values.dtype) or isinstance(values.dtype, pd.CategoricalDtype):
        return "boolean" if pd.api.types.is_bool_dtype(values.dtype) else "text"
    if pd.api.types.is_datetime64_any_dtype(values.dtype) or is_date_objects(values):
        return "date"
    if is_text(values):
        known = pd.api.types.infer_dtype(values, skipna=True)
        return {"boolean": "boolean"}.get(known, "number" if known in _NUMBERS else "text")
    return "number"


_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")


def _constant(values: pd.Series, kind: str, value: Any) -> Any:
    """The value to fill in, when it fits the column."""
    default = {"number": CONSTANT_NUMBER, "text": CONSTANT_TEXT}.get(kind)
    value = default if value is None else plain(value)
    fits = {
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        "text": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "date": isinstance(value, str) and pd.notna(pd.to_datetime(value, errors="coerce")),
    }[kind]
    if not fits:
        expected = f"a {kind} to fill in for the missing ones"
        cure = f"Say columns={{{values.name!r}: {{'missing': 'constant', 'value': ...}}}}."
        stop([complaint(f"column {values.name!r}", expected, repr(value), cure)])
    return value


def check_needed(frame: pd.DataFrame, steps: Sequence[CleaningStep]) -> None:
    """Make sure that new data have the columns that the steps work on.

    Raises:
        InputError: Naming the missing ones, and the names that come close.
    """
    check_columns(frame, dict.fromkeys(c for step in steps for c in step.needed()))
