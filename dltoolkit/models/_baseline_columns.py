"""Raw columns as what scikit-learn's estimators take: numbers with NaN, category codes, texts."""

import dataclasses

import numpy as np
import pandas as pd

from dltoolkit._checks import complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.data._quick import NUMBERS_A_CHANNEL, media_numbers

# HistGradientBoosting takes 255 categories a column at most; the last code gathers all others and unseen ones. For a
# linear model it keeps the one-hot matrix small too.
MOST_CATEGORIES = 254
# The square of a larger number overflows in float64, and with it every standard deviation.
LARGEST = 1e150
PARTS = ("month", "day_of_week", "hour")
_FLAGS = {"true": 1.0, "1": 1.0, "yes": 1.0, "false": 0.0, "0": 0.0, "no": 0.0}
MEDIA = ("image", "audio", "sequence")
_DAY = 86_400e6  # microseconds


@dataclasses.dataclass(frozen=True)
class Columns:
    """What was learnt about the feature columns of the training frame.

    Attributes:
        roles: Column name to role, for the columns that are used.
        categories: For each categorical column its most frequent categories, as text.
        widths: For each column of pictures, sounds or sequences the numbers that it becomes.
    """

    roles: dict[str, str]
    categories: dict[str, pd.Index]
    widths: dict[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def learn(cls, frame: pd.DataFrame, roles: dict[str, str]) -> "Columns":
        """Keep the most frequent categories of each categorical column."""
        categorical = [name for name, role in roles.items() if role == "categorical"]
        kept = {name: as_text(frame[name]).value_counts().index[:MOST_CATEGORIES] for name in categorical}
        media = [name for name, role in roles.items() if role in MEDIA]
        widths = {name: media_numbers(frame[name].head(1), roles[name]).shape[1] for name in media}
        return cls(dict(roles), kept, widths)

    def of(self, *roles: str) -> list[str]:
        """Names of the columns with one of these roles, in the order of the schema."""
        return [name for name, role in self.roles.items() if role in roles]

    @property
    def n_numbers(self) -> int:
        """How many columns `numbers` gives."""
        return len(self.of("numeric", "boolean", "datetime")) + sum(self.widths.values())

    @property
    def n_date_parts(self) -> int:
        """How many columns `date_parts` gives."""
        return len(PARTS) * len(self.of("datetime"))

    def numbers(self, frame: pd.DataFrame) -> np.ndarray:
        """Numeric columns, flags, elapsed days, then media: float64 ``(n, n_numbers)``, NaN where missing.

        Raises:
            InputError: If a value cannot be read as its column's role says, or is infinite; every such column and
                its rows are named.
        """
        readers = {"numeric": _numbers, "boolean": _flags, "datetime": _days}
        complaints: list[str] = []
        columns = [readers[self.roles[name]](frame[name], complaints) for name in self.of(*readers)]
        stop(complaints)
        columns += [self._media(frame[name], name) for name in self.widths]
        return np.column_stack(columns) if columns else np.empty((len(frame), 0))

    def _media(self, column: pd.Series, name: str) -> np.ndarray:
        """One column of media, ``(n, width)``."""
        channels = (self.widths[name] - 1) // NUMBERS_A_CHANNEL if self.roles[name] == "sequence" else None
        return media_numbers(column, self.roles[name], channels=channels)

    def date_parts(self, frame: pd.DataFrame) -> np.ndarray:
        """Month, weekday and hour of each date: float64 ``(n, 3 * n_dates)``, NaN where missing."""
        dates = [_dates(frame[name], []).dt for name in self.of("datetime")]
        columns = [
            getattr(date, part).to_numpy("float64", na_value=np.nan) for date in dates for part in PARTS
        ]
        return np.column_stack(columns) if columns else np.empty((len(frame), 0))

    def codes(self, frame: pd.DataFrame) -> np.ndarray:
        """Categories as codes: float64 ``(n, n_columns)``, NaN where missing; the last code is any other category."""
        columns = []
        for name, known in self.categories.items():
            texts = as_text(frame[name])
            codes = known.get_indexer(texts).astype("float64")
            codes[codes < 0] = len(known)
            codes[texts.isna().to_numpy()] = np.nan
            columns.append(codes)
        return np.column_stack(columns) if columns else np.empty((len(frame), 0))

    def texts(self, frame: pd.DataFrame) -> list[np.ndarray]:
        """Texts, one array of str ``(n,)`` a column; a missing one is empty."""
        return [as_text(frame[name]).fillna("").to_numpy(object) for name in self.of("text")]


def _numbers(column: pd.Series, complaints: list[str]) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        complaints.append(
            complaint(f"column {column.name!r}", "numbers, as in training", f"{column.dtype} values")
        )
        return np.full(len(column), np.nan)
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy("float64", na_value=np.nan)
    else:
        texts = as_text(column).str.strip()
        values = pd.to_numeric(texts, errors="coerce").to_numpy("float64", na_value=np.nan)
        unread = np.isnan(values) & ~texts.fillna("").isin(["", "nan"]).to_numpy()
        complaints += _bad_rows(column, unread, "numbers, as in training")
    complaints += _bad_rows(column, np.isinf(values), "finite numbers")
    huge = np.isfinite(values) & (np.abs(values) > LARGEST)
    complaints += _bad_rows(column, huge, f"numbers up to {LARGEST:g} in size")
    return values


def _flags(column: pd.Series, complaints: list[str]) -> np.ndarray:
    texts = as_text(column).str.strip().str.lower()
    values = texts.map(_FLAGS).to_numpy("float64", na_value=np.nan)
    unread = np.isnan(values) & (texts.fillna("") != "").to_numpy()
    complaints += _bad_rows(column, unread, "True/False, 1/0 or yes/no, as in training")
    return values


def _days(column: pd.Series, complaints: list[str]) -> np.ndarray:
    dates = _dates(column, complaints)
    days = dates.to_numpy("datetime64[us]").astype("int64") / _DAY
    return np.where(dates.isna(), np.nan, days)


def _dates(column: pd.Series, complaints: list[str]) -> pd.Series:
    """Dates in UTC without a zone; ISO texts are read."""
    dates = column
    if pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        cure = "Convert it with pandas.to_datetime(..., unit=...)."
        got = f"{column.dtype} numbers"
        complaints.append(complaint(f"column {column.name!r}", "dates, as in training", got, cure))
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        texts = as_text(column)
        dates = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
        unread = dates.isna().to_numpy() & (texts.fillna("").str.strip() != "").to_numpy()
        complaints += _bad_rows(column, unread, "dates such as 2024-01-31, as in training")
    return dates if dates.dt.tz is None else dates.dt.tz_convert("UTC").dt.tz_localize(None)


def _bad_rows(column: pd.Series, bad: np.ndarray, expected: str) -> list[str]:
    if not bad.any():
        return []
    rows = np.flatnonzero(bad)
    where = f"column {column.name!r}, row {listed(column.index[rows])}"
    cure = "Correct the value, or leave it empty (missing)."
    return [complaint(where, expected, listed(pd.unique(column.iloc[rows])), cure)]
