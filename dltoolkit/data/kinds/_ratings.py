"""Ratings: who gave which thing what mark, and when; checked, with ids that stay exactly as they are."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import (
    EXAMPLES,
    InputError,
    check_choice,
    check_columns,
    check_frame,
    complaint,
    listed,
    stop,
)
from dltoolkit._text import as_text
from dltoolkit.data._media import ROLES_TOLD
from dltoolkit.data.kinds import _times

UNITS = ("s", "ms", "us", "ns", "m", "h", "D")
_YEARS = (1980, 2100)  # ratings on a computer; a time outside it was counted in another unit


def read_ratings(
    frame: pd.DataFrame,
    *,
    user: str,
    item: str,
    rating: str,
    time: str | None = None,
    scale: tuple[float, float] | None = None,
    duplicates: str = "last",
    unit: str = "s",
) -> pd.DataFrame:
    """Check a table of ratings: one row a user and item.

    Ids become text, exactly as they are written: digits with a zero in front and whole numbers above 2**53 are kept.

    Args:
        frame: The table, one row a rating.
        user: The column that says who.
        item: The column that says what.
        rating: The column of ratings, numbers.
        time: The column of times: times, date texts, or numbers since 1970-01-01. Defaults to None: no times.
        scale: The lowest and the highest rating that there can be. Defaults to None: any number.
        duplicates: What becomes of a pair of user and item that comes again: keep the ``"last"`` one (in time, where there
            are times) with a warning, or stop: ``"error"``. Defaults to ``"last"``.
        unit: What numbers in `time` count: ``"s"``, ``"ms"``, ``"us"``, ``"ns"``, ``"m"``, ``"h"`` or ``"D"``. Defaults to seconds.

    Returns:
        pandas.DataFrame: Columns `user`, `item` (str), `rating`, `time` (datetime64), then all others; in the order of time
            where there are times, rows numbered from 0. ``attrs["notes"]`` says what was handled and what to look at.

    Raises:
        InputError: If a column is missing; if an id, a rating or a time is missing; if a rating is a text, infinite, or
            out of `scale`; if a time cannot be read, or numbers give years outside 1980 to 2100.

    Example:
        >>> table = pd.DataFrame({"who": ["007", "8"], "film": [5, 7], "stars": [4.5, 3.0]})
        >>> read_ratings(table, user="who", item="film", rating="stars", scale=(0.5, 5))["who"].tolist()
        ['007', '8']
    """
    check_frame(frame)
    check_choice(duplicates, ["last", "error"], "duplicates")
    check_choice(unit, UNITS, "unit")
    keys = [user, item, rating, *([time] if time is not None else [])]
    if len(set(keys)) < len(keys):
        stop([complaint("user, item, rating, time", "different columns", listed(keys))])
    check_columns(frame, keys)
    stop(
        [
            c
            for c in (
                _id_trouble(frame[user]),
                _id_trouble(frame[item]),
                _rating_trouble(frame[rating], scale),
            )
            if c
        ]
    )
    result = frame[[*keys, *(c for c in frame.columns if c not in keys)]].copy()
    result[user], result[item] = as_text(result[user]), as_text(result[item])
    notes = []
    if time is not None:
        result[time] = _moments(result[time], unit)
        if not result[time].is_monotonic_increasing:
            result = result.sort_values(time, kind="stable")
            notes.append("the rows were not in the order of time, and were sorted")
    result, warned = _one_a_pair(result, (user, item), duplicates)
    if result[rating].nunique() == 1 and len(result) > 1:
        warned.append(
            f"column {rating!r}: every rating is {result[rating].iloc[0]:g}; for pairs that are only seen, see data.negatives"
        )
    for said in warned:
        warnings.warn(said, UserWarning, stacklevel=2)
    result = result.reset_index(drop=True)
    result.attrs["notes"] = (*notes, *warned)
    result.attrs[ROLES_TOLD] = {user: "user", item: "item"} | ({time: "time"} if time else {})
    return result


def _id_trouble(column: pd.Series) -> str | None:
    """The complaint about ids that are missing or were rounded."""
    empty = column.index[column.isna()]
    where = f"column {column.name!r}"
    if len(empty):
        return complaint(f"{where}, rows {listed(empty)}", "an id", "none", "Drop the rows.")
    if pd.api.types.is_float_dtype(column.dtype):
        values = column.to_numpy(float)
        odd = ~((values == np.rint(values)) & (np.abs(values) <= 2**53))
        if odd.any():
            cure = "Read the column as text: data.read(..., text=[...])."
            got = f"{values[odd][0]!r} in row {listed([column.index[odd.argmax()]])}"
            return complaint(where, "ids: texts or whole numbers", got, cure)
    return None


def _rating_trouble(column: pd.Series, scale: tuple[float, float] | None) -> str | None:
    """The complaint about ratings that are no finite numbers inside the scale."""
    if scale is not None and not (len(scale) == 2 and scale[0] < scale[1]):
        return complaint("scale", "(lowest, highest)", repr(scale))
    where = f"column {column.name!r}"
    if not pd.api.types.is_numeric_dtype(column.dtype):
        texts = [(label, cell) for label, cell in column.items() if isinstance(cell, str)]
        got = f"{texts[0][1]!r} in row {listed([texts[0][0]])}" if texts else f"values of type {column.dtype}"
        return complaint(
            where, "numbers", got, f"Turn them into numbers: pd.to_numeric(frame[{column.name!r}])."
        )
    values = column.to_numpy(float, na_value=np.nan)
    bad, expected = ~np.isfinite(values), "a finite rating in every row"
    if not bad.any() and scale is not None:
        bad, expected = (
            (values < scale[0]) | (values > scale[1]),
            f"ratings from {scale[0]:g} to {scale[1]:g}",
        )
    if not bad.any():
        return None
    rows = np.flatnonzero(bad)
    shown = ", ".join(f"{values[r]:g} in row {listed([column.index[r]])}" for r in rows[:EXAMPLES])
    return complaint(where, expected, f"{shown} ({len(rows):,} rows in all)", "Correct or drop the rows.")


def _moments(column: pd.Series, unit: str) -> pd.Series:
    """A column of times; numbers count from 1970-01-01."""
    times = _times.parsed(column)
    if times.dtype.kind == "M" or isinstance(times.dtype, pd.DatetimeTZDtype):
        return times
    low, high = times.min(), times.max()
    seconds = {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "m": 60, "h": 3600, "D": 86_400}
    years = [1970 + value * seconds[unit] / (365.25 * 86_400) for value in (low, high)]
    if years[0] < _YEARS[0] or years[1] >= _YEARS[1]:
        fits = [
            u
            for u, s in seconds.items()
            if all(_YEARS[0] <= 1970 + v * s / (365.25 * 86_400) < _YEARS[1] for v in (low, high))
        ]
        cure = (
            f"Say what they count: unit={fits[0]!r}."
            if fits
            else "Turn them into times first: pd.to_datetime."
        )
        got = f"{low} to {high}, which as unit={unit!r} are the years {years[0]:,.0f} to {years[1]:,.0f}"
        raise InputError(
            complaint(f"column {column.name!r}", f"times in the years {_YEARS[0]} to {_YEARS[1]}", got, cure)
        )
    return pd.to_datetime(times, unit=unit).dt.as_unit("us")


def _one_a_pair(frame: pd.DataFrame, pair: tuple[str, str], rule: str) -> tuple[pd.DataFrame, list[str]]:
    """One rating for each pair of user and item."""
    again = frame.duplicated(list(pair), keep="last").to_numpy()
    if not again.any():
        return frame, []
    shown: list[Any] = list(frame[again][list(pair)].drop_duplicates().itertuples(index=False, name=None))
    said = f"{int(again.sum()):,} ratings are of a pair of {pair[0]!r} and {pair[1]!r} that comes again: {listed(shown)}"
    if rule == "error":
        cure = "Choose duplicates='last', or drop the rows."
        raise InputError(complaint("frame", "each pair of user and item once", said, cure))
    return frame[~again], [f"{said}; the last one was kept"]
