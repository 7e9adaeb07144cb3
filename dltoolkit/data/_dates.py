"""Dates written as text: which way of writing a column uses, and when that way leaves the day and the month open."""

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_TIME = r"([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?[AaPp][Mm])?)?"
_ZONE = r"( ?(Z|UTC|[+-]\d{2}:?\d{2}))?"
_ISO = "year-month-day"
_DAY_OR_MONTH = {"/": "numbers/…/year", "-": "numbers-…-year"}
WAYS = {
    _ISO: (rf"^\d{{4}}-\d{{2}}-\d{{2}}({_TIME[1:-2]}{_ZONE})?$", "ISO8601"),
    "year-month": (r"^(1[89]|20|21)\d\d-(0[1-9]|1[0-2])$", "%Y-%m"),
    "year/month/day": (rf"^\d{{4}}/\d{{1,2}}/\d{{1,2}}{_TIME}$", "%Y/%m/%d"),
    "day.month.year": (rf"^\d{{1,2}}\.\d{{1,2}}\.\d{{4}}{_TIME}$", "%d.%m.%Y"),
    _DAY_OR_MONTH["/"]: (rf"^\d{{1,2}}/\d{{1,2}}/\d{{4}}{_TIME}$", ""),
    _DAY_OR_MONTH["-"]: (rf"^\d{{1,2}}-\d{{1,2}}-\d{{4}}{_TIME}$", ""),
    "day month year": (rf"^\d{{1,2}} [A-Za-z]{{3,9}}\.? \d{{4}}{_TIME}$", "%d %b %Y"),
    "day-month-year": (rf"^\d{{1,2}}-[A-Za-z]{{3,9}}-\d{{4}}{_TIME}$", "%d-%b-%Y"),
    "month day, year": (rf"^[A-Za-z]{{3,9}}\.? \d{{1,2}}, \d{{4}}{_TIME}$", "%b %d, %Y"),
}
_CLOCKS = {
    r"^[^:]*$": "",
    r"^[^:]*[T ]\d{1,2}:\d{2}$": "%H:%M",
    r"^[^:]*[T ]\d{1,2}:\d{2}:\d{2}$": "%H:%M:%S",
    r"^[^:]*[T ]\d{1,2}:\d{2}:\d{2}\.\d+$": "%H:%M:%S.%f",
    r"^[^:]*[T ]\d{1,2}:\d{2} [AaPp][Mm]$": "%I:%M %p",
    r"^[^:]*[T ]\d{1,2}:\d{2}:\d{2} [AaPp][Mm]$": "%I:%M:%S %p",
}


@dataclasses.dataclass(frozen=True)
class Dates:
    """What the distinct texts of a column look like as dates.

    Attributes:
        shaped: Which texts have the shape of a date, shape ``(n_words,)``.
        ways: The place of one text for each way of writing that is used; several make a mixture.
        format: The format to parse all of them with; None when day and month cannot be told apart.
    """

    shaped: np.ndarray
    ways: dict[str, int]
    format: str | None


def recognise(words: pa.StringArray) -> Dates:
    """Tell how the dates among some texts are written.

    Args:
        words: Distinct texts, shape ``(n_words,)``.

    Returns:
        Dates: The texts that have the shape of a date, and how to parse them. In ``1/2/2024`` the day and the month are
        told apart by a text that has a number above 12 in one of the two places.
    """
    shaped, ways, formats = np.zeros(len(words), bool), {}, set()
    for way, (pattern, form) in WAYS.items():
        fits = pc.match_substring_regex(words, pattern).to_numpy(zero_copy_only=False)
        if not fits.any():
            continue
        shaped |= fits
        separator = next((s for s, name in _DAY_OR_MONTH.items() if name == way), None)
        if separator is None:
            ways[way] = int(fits.argmax())
            formats.add(form)
            continue
        orders = _orders(words, fits, separator)
        ways |= orders
        formats |= {
            {"day": "%d{0}%m{0}%Y", "month": "%m{0}%d{0}%Y", "either": ""}[o.split()[0]].format(separator)
            for o in orders
        }
    return Dates(shaped, ways, (formats.pop() or None) if len(formats) == 1 else None)


def _orders(words: pa.StringArray, fits: np.ndarray, separator: str) -> dict[str, int]:
    """Whether the day or the month comes first, each with the place of a text that shows it."""
    places = np.flatnonzero(fits)
    parts = pc.split_pattern(words.take(pa.array(places)), separator, max_splits=2)
    first, second = (pc.cast(pc.list_element(parts, i), pa.int64()).to_numpy() for i in (0, 1))
    shown = {"day first": first > 12, "month first": second > 12}
    found = {order: int(places[mask.argmax()]) for order, mask in shown.items() if mask.any()}
    return found or {"either first": int(places[0])}


def parse(words: pa.StringArray, form: str) -> pd.DatetimeIndex:
    """Turn date texts into times; what is no real date (such as 30 February) becomes NaT.

    Args:
        words: Texts that `recognise` found to be dates of one format, shape ``(n_words,)``.
        form: That format.

    Returns:
        pandas.DatetimeIndex: dtype ``datetime64[us]``, shape ``(n_words,)``; times with a zone are given in UTC.
    """
    texts = words.to_pandas()
    if form == "%Y-%m":
        return pd.DatetimeIndex(pd.to_datetime(texts, format=form, errors="coerce")).as_unit("us")
    if form != "ISO8601":
        return _by_clock(texts, form)
    plain = texts.str.replace(" UTC", "Z").str.replace(",", ".")
    times = (
        pd.DatetimeIndex(pd.to_datetime(plain, format=form, errors="coerce", utc=True))
        .tz_localize(None)
        .as_unit("us")
    )
    left = times.isna()
    if not left.any():
        return times
    values = times.to_numpy().copy()
    values[left] = _by_clock(texts[left], "%Y-%m-%d").to_numpy()
    return pd.DatetimeIndex(values)


def _by_clock(texts: pd.Series, form: str) -> pd.DatetimeIndex:
    """Parse dates of one format whose time of day, if any, may be written in several ways."""
    texts = texts.str.replace(r"(\d)T(\d)", r"\1 \2", regex=True).str.replace(
        r"(\d)([AaPp][Mm])$", r"\1 \2", regex=True
    )
    if "%b" in form:
        texts = texts.str.replace(".", "").str.replace(r"([A-Za-z]{3})[A-Za-z]+", r"\1", regex=True)
    times = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    for shape, clock in _CLOCKS.items():
        these = texts.str.contains(shape, regex=True).to_numpy(bool)
        if these.any():
            parsed = pd.to_datetime(texts[these], format=f"{form} {clock}".rstrip(), errors="coerce")
            times[these] = parsed.to_numpy("datetime64[us]")
    return pd.DatetimeIndex(times)
