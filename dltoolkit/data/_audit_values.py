"""The checks of one column's spelling: variants of a category, numbers and dates kept as text, mixed units."""

import re
import unicodedata

import numpy as np
import pandas as pd

from dltoolkit._text import as_text
from dltoolkit.data._audit_columns import Column
from dltoolkit.data._findings import EXAMPLES, AuditFinding, Table, told

# From this share of rows on, text that reads as numbers is a number column with strange cells.
MOSTLY_NUMBERS = 0.95
MIN_DATE_SHARE = 0.9  # of the distinct values: the rest may be typing errors
# Powers of ten between units that are mixed up: per cent and shares, grams and kilograms, millions and units.
UNIT_POWERS = (2, 3, 6)
UNIT_GAP = 1.0  # decades without a value between the two heaps: a factor of ten
UNIT_TOLERANCE = 0.5  # decades by which the heaps' medians may miss the power: a factor of three
UNIT_SLACK = (
    0.3  # decades by which the smaller heap, brought to the other unit, may stick out: a factor of two
)
MIN_UNIT_ROWS, MIN_UNIT_MINORITY = 20, 3
UNKNOWN_WORDS = {"?", "n/a", "na", "#n/a", "nan", "null", "nil", "missing", "-", "--", "."}

_DATE_FORMATS = {
    "year-month-day": re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?"),
    "year/month/day": re.compile(r"\d{4}/\d{1,2}/\d{1,2}( .*)?"),
    "with slashes": re.compile(r"\d{1,2}/\d{1,2}/(\d{4}|\d{2})( .*)?"),
    "with dots": re.compile(r"\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})( .*)?"),
    "with dashes": re.compile(r"\d{1,2}-\d{1,2}-\d{4}( .*)?"),
    "with a month's name": re.compile(r"(\d{1,2}[ -])?[A-Za-z]{3,9}[ -](\d{1,2},? ?)?\d{4}( .*)?"),
}
_DRESSED_NUMBER = r"\s*[-+]?\s*[$€£¥]?\s*[-+]?\d+([,.' \u00a0]\d+)*\s*(%|[$€£¥])?\s*"
_LEADING_ZERO = r"0\d+"


def spelling_variants(table: Table, column: Column) -> AuditFinding | None:
    """One category in several spellings: other case, spaces, or dashes."""
    spelled = variants(column)
    if not spelled:
        return None
    text = as_text(column.values)
    mask = text.isin(spelled).to_numpy()
    heads = list(dict.fromkeys(spelled.values()))
    examples = [
        {"value": head, "variants": [v for v, h in spelled.items() if h == head]} for head in heads[:EXAMPLES]
    ]
    advice = f"{told(len(spelled), 'spelling')} of a more frequent value with other case, spaces or dashes: a category"
    advice += " of its own each. data.clean(spelling='merge') joins them."
    return table.finding("spelling_variants", column.name, mask, advice, severity="warn", examples=examples)


def variants(column: Column) -> dict[str, str]:
    """Each rarer spelling of a category, with its most frequent one.

    Args:
        column: A column of categories, or the target.

    Returns:
        dict: Rarer spelling to the spelling that most rows have; empty where all spellings differ in earnest.
    """
    if column.role not in ("categorical", "boolean", "target") or not _holds_text(column):
        return {}
    heads: dict[str, str] = {}
    found = {}
    for value in as_text(pd.Series(column.counts.index)):
        head = heads.setdefault(folded(value), value)
        if head != value:
            found[value] = head
    return found


def folded(value: str) -> str:
    """A spelling without case, outer and doubled spaces, underscores, and dashes between letters.

    Example:
        >>> folded("  New-York "), folded("new york"), folded("A-")
        ('new york', 'new york', 'a-')
    """
    text = unicodedata.normalize("NFKC", value).casefold()
    text = re.sub(r"(?<=\w)[-\u2010-\u2015](?=\w)", " ", text)
    return re.sub(r"[\s_]+", " ", text).strip()


def numbers_as_text(table: Table, column: Column) -> AuditFinding | None:
    """A number column that is kept as text: by a few strange cells, or by the way its numbers are dressed."""
    if not _holds_text(column) or column.role == "ignore" or not len(column.counts):
        return None
    values = as_text(pd.Series(column.counts.index))
    if values.str.fullmatch(_LEADING_ZERO).any():
        return None
    bare = pd.to_numeric(values, errors="coerce").notna().to_numpy()
    dressed = values.str.fullmatch(_DRESSED_NUMBER).to_numpy(bool)
    weights = column.counts.to_numpy()
    share = weights[bare | dressed].sum() / weights.sum()
    if share < MOSTLY_NUMBERS or len(values) < 2 or _date_formats(values):
        return None
    odd = values[~bare] if not bare.all() else values
    mask = as_text(column.values).isin(odd).to_numpy()
    if bare.all():
        return table.finding(
            "numbers_as_text", column.name, mask, "Numbers kept as text: " + _convert(column.name)
        )
    advice = f"{share:.1%} of the rows read as numbers, others do not: as text each number is a category. Correct or"
    advice += f" blank the strange cells, then {_convert(column.name)}"
    kind = "mixed_types" if bare.any() else "numbers_as_text"
    return table.finding(kind, column.name, mask, advice, severity="warn")


def _convert(name: str) -> str:
    return f"frame[{name!r}] = pd.to_numeric(frame[{name!r}])."


def leading_zeros(table: Table, column: Column) -> AuditFinding | None:
    """Codes such as 00712, which are no amounts."""
    if not _holds_text(column) or column.role == "ignore" or not len(column.counts):
        return None
    values = as_text(pd.Series(column.counts.index))
    coded = values[values.str.fullmatch(_LEADING_ZERO)]
    if not len(coded) or not values.str.fullmatch(r"\d+").all():
        return None
    mask = as_text(column.values).isin(coded).to_numpy()
    return table.finding(
        "leading_zeros", column.name, mask, "Codes with leading zeros are kept as text, not as numbers."
    )


def mixed_dates(table: Table, column: Column) -> AuditFinding | None:
    """Dates that came as text in more than one format."""
    if not _holds_text(column) or column.role == "ignore":
        return None
    formats = _date_formats(as_text(pd.Series(column.counts.index)))
    if len(formats) < 2:
        return None
    most = max(formats, key=lambda f: len(formats[f]))
    others = [v for f, values in formats.items() if f != most for v in values]
    mask = as_text(column.values).isin(others).to_numpy()
    examples = [{"format": f, "value": values[0], "count": len(values)} for f, values in formats.items()]
    advice = "Dates in several formats cannot be read as one column: which number is the month differs. Convert each"
    advice += f" format by itself with pd.to_datetime(..., format=...); {most!r} is the most frequent here."
    return table.finding("mixed_dates", column.name, mask, advice, severity="stop", examples=examples)


def _date_formats(values: pd.Series) -> dict[str, list[str]]:
    """The formats in which the values are dates, with the values; empty when they are not dates."""
    found: dict[str, list[str]] = {}
    for value in values:
        name = next((f for f, pattern in _DATE_FORMATS.items() if pattern.fullmatch(value.strip())), None)
        if name is not None:
            found.setdefault(name, []).append(value)
    return found if sum(map(len, found.values())) >= max(2, MIN_DATE_SHARE * len(values)) else {}


def unknown_words(table: Table, column: Column) -> AuditFinding | None:
    """Words such as "?" or "n/a" that stand for a missing value."""
    if column.role != "categorical" or not _holds_text(column):
        return None
    found = [v for v in column.counts.index if isinstance(v, str) and v.strip().casefold() in UNKNOWN_WORDS]
    if not found:
        return None
    mask = column.values.isin(found).to_numpy()
    advice = f"{' and '.join(map(repr, found))} probably means 'not known': replace it by None, so that it counts as"
    return table.finding("placeholder", column.name, mask, advice + " missing.", severity="warn")


def mixed_units(table: Table, column: Column) -> AuditFinding | None:
    """Two heaps a factor of 100, 1,000 or 1,000,000 apart, as when grams stand among kilograms."""
    sizes = np.abs(column.numbers) if column.is_numeric else np.array([])
    known = np.isfinite(sizes) & (sizes > 0)
    if known.sum() < MIN_UNIT_ROWS:
        return None
    decades = np.log10(sizes, out=np.full(len(sizes), np.nan), where=known)
    ordered = np.sort(decades[known])
    widest = int(np.diff(ordered).argmax())
    low, high = ordered[: widest + 1], ordered[widest + 1 :]
    power = _power(low, high) if high[0] - low[-1] >= UNIT_GAP else None
    if power is None:
        return None
    mask = known & (decades > low[-1]) if len(high) <= len(low) else known & (decades <= low[-1])
    size = "larger" if len(high) <= len(low) else "smaller"
    advice = (
        f"{told(mask.sum(), 'value')} about {10**power:,} times {size} than the others, with none in between:"
    )
    return table.finding(
        "mixed_units", column.name, mask, advice + " two units in one column?", severity="warn"
    )


def _power(low: np.ndarray, high: np.ndarray) -> int | None:
    """The power of ten that lays the smaller heap upon the larger one, or None."""
    few, many = (high, low) if len(high) <= len(low) else (low, high)
    shift = float(np.median(high) - np.median(low))
    for power in UNIT_POWERS:
        moved = few + (power if few is low else -power)
        inside = moved.min() >= many.min() - UNIT_SLACK and moved.max() <= many.max() + UNIT_SLACK
        if len(few) >= MIN_UNIT_MINORITY and abs(shift - power) <= UNIT_TOLERANCE and inside:
            return power
    return None


def _holds_text(column: Column) -> bool:
    """Whether the values are text, or categories of it."""
    return len(column.counts) > 0 and all(isinstance(v, str) for v in column.counts.index[:EXAMPLES])


CHECKS = (
    spelling_variants,
    numbers_as_text,
    leading_zeros,
    mixed_dates,
    unknown_words,
    mixed_units,
)
