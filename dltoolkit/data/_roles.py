"""What part a column plays, told from its values and its name: the rules behind `Schema.infer`.

The rules, first match wins. They lean to keeping a column as a feature: a wrong "id" loses information for good,
whereas a useless feature only costs a little time.

* arrays and paths of pictures or sounds: image, audio or sequence
* no value, or one value in every row: ignore
* booleans, the numbers 0 and 1, the words yes and no or true and false in any case: boolean
* dates and times: datetime
* numbers: id when they are all whole, hardly ever repeat, and their name says so, they count the rows, or
  have more digits than a measurement;
  categorical when their name says that they are codes (zip, code, type); numeric otherwise, ratings from 1 to 5 included
* text: id when it hardly ever repeats; text when it runs to sentences; categorical otherwise
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import complaint, listed
from dltoolkit._text import as_text
from dltoolkit.data._media import is_media, media_role, name_words

MIN_ID_ROWS = 20  # fewer rows are too few to tell an id from a category that happens not to repeat
MIN_ID_SHARE = (
    0.95  # distinct values over known values: the repeated rows of a real table leave an id above this
)
MIN_NAMED_ID_SHARE = 0.5  # the same, where the name says "id" as well
EXACT = 2.0**53  # beyond it float64 skips whole numbers: no measurement has as many digits
LONGEST = 2.0**64  # beyond it a float is no id without its last digits: it is a measurement
MIN_TEXT_WORDS = 5.0  # mean words a value; the longest category names of the shipped tables have four
MIN_TEXT_SHARE = 0.3  # distinct values over known values: sentences that repeat more than that are categories
MIN_PRESENCE = 0.01  # one value beside missing ones is a yes-or-nothing column from this share of either on
SAMPLE = 1_000  # distinct values looked at where looking at all would only cost time

_KINDS = {
    "text": ("string",),
    "number": ("integer", "floating", "mixed-integer-float", "decimal"),
    "boolean": ("boolean",),
    "datetime": ("datetime", "datetime64", "date"),
}
BOOLEAN_WORDS = ({"yes", "no"}, {"true", "false"})
_ID_WORDS = {"id", "ids", "uid", "uuid", "guid", "identifier", "rowid"}
_LAST_ID_WORDS = {"number", "nr", "no"}
_ROW_NAMES = {"index", "row", "rowname", "rownames", "unnamed"}
_GLUED_ID = re.compile(
    r"(account|case|client|customer|device|employee|item|order|passenger|patient|person|product|record|sample|session"
    r"|subject|transaction|user)ids?"
)
_CODE_WORDS = {"zip", "zipcode", "postal", "postcode", "code", "codes", "fips", "category", "type"}
_COUNTS_OF_SOMETHING = {
    "x",
    "y",
    "z",
    "t",
    "age",
    "day",
    "hour",
    "minute",
    "month",
    "period",
    "quarter",
    "second",
}
_COUNTS_OF_SOMETHING |= {"step", "time", "week", "year", "date"}
_UUID = re.compile(r"\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")
_WORD = r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\s\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"


def role_of(column: pd.Series) -> tuple[str, str]:
    """The role of one column, and why in one sentence.

    Args:
        column: The values, shape ``(n_rows,)``; `trouble` has found nothing in them.

    Returns:
        tuple: The role, and the sentence.
    """
    known = column.dropna()
    if known.empty:
        return "ignore", "every value is missing"
    if (media := media_role(str(column.name), known)) is not None:
        return media
    distinct = known.drop_duplicates()
    if len(distinct) == 1 and len(column) > 1:
        missing = 1 - len(known) / len(column)
        if not MIN_PRESENCE <= missing <= 1 - MIN_PRESENCE:
            return "ignore", f"every row holds {as_text(distinct).iloc[0]!r}"
        return (
            "categorical",
            f"holds {as_text(distinct).iloc[0]!r} or nothing: that it is missing tells rows apart",
        )
    kind = _kind(column)
    if kind == "category":
        return "categorical", f"a pandas categorical with {len(distinct):,} values in use"
    if kind == "boolean":
        return "boolean", "true or false"
    if kind == "datetime":
        return "datetime", f"dates from {known.min()} to {known.max()}"
    rule = _number_role if kind == "number" else _text_role
    return rule(str(column.name), known, distinct)


def trouble(column: pd.Series) -> str | None:
    """What keeps a column from playing any part, as a complaint; None when nothing does."""
    where, dtype = f"column {column.name!r}", column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return None
    if pd.api.types.is_complex_dtype(dtype):
        return complaint(
            where, "real numbers", "complex ones", "Split it into a real and an imaginary column."
        )
    if pd.api.types.is_timedelta64_dtype(dtype):
        cure = f"Write it in seconds: frame[{column.name!r}].dt.total_seconds()."
        return complaint(where, "numbers, dates or text", "durations", cure)
    if isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)):
        cure = f"Use frame[{column.name!r}].dt.to_timestamp() for a period, frame[{column.name!r}].astype(str) for an interval."
        return complaint(where, "numbers, dates or text", f"values of type {dtype}", cure)
    return _mixture(column) if dtype == object else None


def _mixture(column: pd.Series) -> str | None:
    """The complaint about a column of Python objects that are not all of one usable kind."""
    known = column.dropna()
    if _values_kind(known) in _KINDS or known.empty or is_media(known):
        return None
    kinds = known.map(lambda value: _values_kind([value]))
    counts = kinds.value_counts()
    if len(counts) == 1 and counts.index[0] in _KINDS:
        return None
    usual = counts.index[0]
    odd = np.flatnonzero(kinds != usual) if len(counts) > 1 else np.arange(len(kinds))
    if len(counts) > 1 and usual in _KINDS:
        expected, cure = (
            f"one kind of value ({usual} in {counts.iloc[0]:,} rows)",
            "Correct the cell, or leave it missing (None).",
        )
        if usual == "text":
            cure = f"Make them all text: frame[{column.name!r}] = data.as_text(frame[{column.name!r}])."
    else:
        expected = "one number, date, boolean or text a cell, or an array of numbers"
        cure = (
            "Drop the column, make a column of each of its parts, or make each cell a numpy array of numbers."
        )
        if usual == "bytes":
            cure = f"Decode them: frame[{column.name!r}] = data.as_text(frame[{column.name!r}])."
    row, value = known.index[odd[0]], known.iloc[odd[0]]
    got = f"{_short(value)} ({type(value).__name__}) in row {listed([row])}" + (
        f" and {len(odd) - 1:,} more" if len(odd) > 1 else ""
    )
    return complaint(f"column {column.name!r}", expected, got, cure)


def _short(value: object, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def _values_kind(values: Any) -> str:
    """One of `_KINDS` when all the values are of that kind, pandas' own word for what they are otherwise."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    return next((name for name, members in _KINDS.items() if kind in members), kind)


def _kind(column: pd.Series) -> str:
    """``"category"``, ``"boolean"``, ``"datetime"``, ``"number"`` or ``"text"``."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "datetime"
    if pd.api.types.is_numeric_dtype(dtype):
        return "number"
    return _values_kind(column.dropna().iloc[:1]) if dtype == object else "text"


def _number_role(name: str, known: pd.Series, distinct: pd.Series) -> tuple[str, str]:
    values = distinct.to_numpy(dtype=float)
    if set(values) == {0.0, 1.0}:
        return "boolean", "holds only 0 and 1"
    whole = bool(np.isfinite(values).all() and (values == np.floor(values)).all())
    share, words = len(distinct) / len(known), name_words(name)
    if whole and _named_id(words):
        if share >= MIN_NAMED_ID_SHARE:
            return "id", f"its name says id, and {share:.0%} of its whole numbers are distinct"
        return (
            "categorical",
            f"its name says id, and its {len(distinct):,} values repeat: names of things, not amounts",
        )
    if whole and _counts_rows(known, distinct) and words[-1:] and words[-1] not in _COUNTS_OF_SOMETHING:
        return "id", f"counts the rows from {known.iloc[0]:.0f} to {known.iloc[-1]:.0f}"
    largest = np.abs(values).max()
    long = largest > EXACT and not (largest > LONGEST and pd.api.types.is_float_dtype(known.dtype))
    if whole and long and share >= MIN_ID_SHARE and len(known) >= MIN_ID_ROWS:
        return (
            "id",
            f"{share:.0%} of its values are distinct, and longer than a measurement: they name the row",
        )
    if whole and set(words) & _CODE_WORDS:
        return "categorical", f"its name says that its {len(distinct):,} whole numbers are codes, not amounts"
    return "numeric", f"numbers from {values.min():.6g} to {values.max():.6g}"


def _text_role(name: str, known: pd.Series, distinct: pd.Series) -> tuple[str, str]:
    texts = as_text(distinct)
    folded = set(texts.str.strip().str.lower().head(SAMPLE))
    if folded in BOOLEAN_WORDS:
        return "boolean", f"holds only {' and '.join(sorted(folded))}"
    sample, share = texts.head(SAMPLE), len(distinct) / len(known)
    n_words = float(sample.str.count(_WORD).mean())
    hint = _hint(name, sample)
    if share >= MIN_NAMED_ID_SHARE and _named_id(name_words(name)):
        return "id", f"its name says id, and {share:.0%} of its values are distinct{hint}"
    if len(distinct) > 1 and sample.str.fullmatch(_UUID).all() and share >= MIN_NAMED_ID_SHARE:
        return "id", "its values are universally unique identifiers"
    if n_words >= MIN_TEXT_WORDS and share >= MIN_TEXT_SHARE:
        return "text", f"{n_words:.0f} words a value on average, {share:.0%} of the values distinct"
    if share >= MIN_ID_SHARE and len(known) >= MIN_ID_ROWS:
        return "id", f"{share:.0%} of its values are distinct: they name the row{hint}"
    return "categorical", f"text with {len(distinct):,} distinct values{hint}"


def _counts_rows(known: pd.Series, distinct: pd.Series) -> bool:
    """Whether the values are 0, 1, 2, … or 1, 2, 3, … down the rows."""
    if len(known) < MIN_ID_ROWS or len(distinct) < len(known) or known.iloc[0] not in (0, 1):
        return False
    return bool((np.diff(known.to_numpy(dtype=float)) == 1).all())


def _named_id(words: list[str]) -> bool:
    if not words:
        return False
    return (
        bool(set(words) & _ID_WORDS)
        or words[-1] in _LAST_ID_WORDS
        or (words[0] in _ROW_NAMES and len(words) <= 2)
        or any(_GLUED_ID.fullmatch(w) for w in words)
    )


def _hint(name: str, texts: pd.Series) -> str:
    """What to do about dates and numbers that came as text; empty when they did not."""
    if texts.str.match(_ISO_DATE).all():
        return f"; they look like dates: convert them with pd.to_datetime(frame[{name!r}])"
    if pd.to_numeric(texts, errors="coerce").notna().all() and not texts.str.match(r"\s*0\d").any():
        return f"; they look like numbers: convert them with pd.to_numeric(frame[{name!r}])"
    return ""
