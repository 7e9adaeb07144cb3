"""From columns of text to typed columns: numbers, dates, truth values or text, decided on the distinct texts of each.

What counts as missing: in every column an empty field and `MISSING`; among numbers, dates and truth values
also `MISSING` in any case, and `STAND_INS`, which are reported, since in a column of text they are words like any other.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dltoolkit._checks import complaint, listed
from dltoolkit.data import _dates

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>", "NaT")
STAND_INS = ("none", "-", "--", "?", ".", "na", "#value!", "#div/0!", "#ref!", "#name?", "#null!", "#num!")
EXACT = 2**53  # the largest whole number up to which float64 holds each one
STRAY_SHARE = 0.1  # texts among numbers: up to this share of the rows they are taken for mistakes …
STRAY_WORDS = 3  # … and so are up to this many different ones; more make a column of text
MIXED_SHARE = 0.1  # numbers among texts: from this share of the rows on it is worth a word

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_WHOLE = r"^[+-]?\d+$"
_LEADING_ZERO = r"^[+-]?0\d+$"
_INFINITE = r"(?i)^[+-]?(inf|infinity)$"
_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][+-]?\d+)?$"
_ONE_COMMA = r"^[+-]?\d+,\d+$"
_POINT_GROUPS = r"^[+-]?\d{1,3}(\.\d{3})+$"
_WITH_UNIT = (
    r"^[+-]?[$€£¥]\s?[\d.,]+$|^[+-]?[\d.,]+\s?[%$€£¥]$|^[+-]?\d[\d.,]*\s[A-Za-z]{1,4}$"
    r"|^[+-]?\d{1,3}([ '\x{00a0}\x{202f}]\d{3})+([.,]\d+)?$"
)


@dataclasses.dataclass
class Rules:
    """What holds for all columns of a file, and what was found in them so far.

    Attributes:
        sep: The separator: with a comma in it, commas in numbers part thousands.
        decimal: ``"."`` or ``","``.
        stated: Whether the caller said so.
        missing: More texts that mean missing.
        place: Names the line of a row (counted from 0), such as ``"line 7"``.
        notes: Sentences on what was handled and should be known.
        complaints: Sentences on what cannot be used.
    """

    sep: str
    decimal: str
    stated: bool
    missing: tuple[str, ...]
    place: Callable[[int], str]
    notes: list[str] = dataclasses.field(default_factory=list)
    complaints: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Column:
    """One column as its texts, mostly each once, and for each row which one it holds.

    Attributes:
        name: Its name.
        words: The texts, shape ``(n_words,)``.
        codes: The place in `words` of each row's text, shape ``(n_rows,)``.
    """

    name: str
    words: pa.Array
    codes: np.ndarray

    def __post_init__(self) -> None:
        self.stripped = pc.utf8_trim_whitespace(self.words)
        self.counts = np.bincount(self.codes, minlength=len(self.words))
        self._masks: dict[str | tuple[str, ...], np.ndarray] = {}

    def fits(self, pattern: str) -> np.ndarray:
        """Which texts match a pattern, shape ``(n_words,)``; each pattern is tried once."""
        if pattern not in self._masks:
            self._masks[pattern] = pc.match_substring_regex(self.stripped, pattern).to_numpy(
                zero_copy_only=False
            )
        return self._masks[pattern]

    def missing(self, more: tuple[str, ...]) -> np.ndarray:
        """Which texts mean missing in every column, shape ``(n_words,)``."""
        return self._among(self.stripped, (*MISSING, *more))

    def stand_ins(self) -> np.ndarray:
        """Which texts mean missing where all else are numbers, dates or truth values, shape ``(n_words,)``."""
        return self._among(pc.utf8_lower(self.stripped), (*STAND_INS, *(m.lower() for m in MISSING)))

    def _among(self, words: pa.StringArray, markers: tuple[str, ...]) -> np.ndarray:
        if markers not in self._masks:
            self._masks[markers] = pc.is_in(words, pa.array(markers, words.type)).to_numpy(
                zero_copy_only=False
            )
        return self._masks[markers]

    def rows(self, mask: np.ndarray) -> int:
        """How many rows hold one of the marked texts."""
        return int(self.counts[mask].sum())

    def first(self, mask: np.ndarray) -> tuple[int, str]:
        """The first row that holds one of the marked texts, and that text."""
        row = int(mask[self.codes].argmax())
        return row, self.stripped[int(self.codes[row])].as_py()

    def some(self, mask: np.ndarray, most: int = 3) -> str:
        """A few of the marked texts, for a message."""
        return listed(pc.unique(self.stripped.filter(pa.array(mask))).to_pylist(), most)


def counted(n_rows: int) -> str:
    """A number of rows in words: ``"1 row"``, ``"2,500 rows"``."""
    return f"{n_rows:,} row" + ("" if n_rows == 1 else "s")


def shows_comma(column: Column, sep: str, missing: tuple[str, ...]) -> bool:
    """Whether a column can only be read as numbers with a decimal comma."""
    if column.fits(_NUMBER).all():
        return False
    others = ~column.fits(_NUMBER) & ~column.missing(missing) & ~column.stand_ins()
    if not others.any() or not column.fits(_COMMA)[others].all():
        return False
    grouped = column.fits(_THOUSANDS)[others].all()
    return bool(not grouped or (sep != "," and column.fits(_ONE_COMMA)[others].all()))


def typed(column: Column, rules: Rules, *, keep_text: bool = False) -> pd.Series:
    """Give a column the type that all its texts have.

    Args:
        column: The texts.
        rules: What holds for the file; notes and complaints are added to it.
        keep_text: Whether the column stays text, whatever it looks like. Defaults to False.

    Returns:
        pandas.Series: ``int64``, ``float64``, ``Int64`` (beyond 2**53, with missing values), ``uint64``, ``bool``,
        ``boolean`` (with missing values), ``datetime64[us]`` or ``str``; ``float64`` when every value is missing.
    """
    missing = column.missing(rules.missing)
    known = ~missing & (column.counts > 0)
    if not known.any():
        return pd.Series(np.full(len(column.codes), np.nan))
    if keep_text:
        return _as_text(column, missing)
    soft = column.stand_ins() & known
    hard = known & ~soft
    if not hard.any():
        return _as_text(column, missing)
    truth = _truth(column, hard)
    if truth is not None:
        return _spread(column, truth, missing | soft, rules)
    numbers, plain = _number_shaped(column, rules, hard)
    if numbers[hard].all():
        if _is_code(column, rules, hard):
            return _as_text(column, missing)
        return _as_numbers(column, rules, missing | soft, plain)
    dates = _dates.recognise(column.stripped)
    if dates.shaped[hard].all():
        return _as_dates(column, rules, missing | soft, dates)
    if not _refused(column, rules, hard, {"numbers": numbers, "dates": dates.shaped}):
        _remark(column, rules, hard)
    return _as_text(column, missing)


def _truth(column: Column, hard: np.ndarray) -> np.ndarray | None:
    """The truth values, when all texts are true or false in some case."""
    true, false = column.fits(r"(?i)^true$"), column.fits(r"(?i)^false$")
    return true if (true | false)[hard].all() else None


def _number_shaped(column: Column, rules: Rules, hard: np.ndarray) -> tuple[np.ndarray, pa.StringArray]:
    """Which texts are numbers, and all texts with the decimal point and without thousands marks."""
    words = column.stripped
    if rules.decimal == ",":
        comma = column.fits(_COMMA)
        if rules.stated or comma[hard].all():
            groups = column.fits(_POINT_GROUPS) & hard
            if groups.any():
                rules.notes.append(f"column {column.name!r}: points part thousands: {column.some(groups)}")
            return comma, pc.replace_substring(pc.replace_substring(words, ".", ""), ",", ".")
    plain = column.fits(_NUMBER)
    grouped = column.fits(_THOUSANDS)
    if grouped.any() and ((plain | grouped)[hard]).all():
        rules.notes.append(f"column {column.name!r}: commas part thousands: {column.some(grouped)}")
        return plain | grouped, pc.replace_substring(words, ",", "")
    return plain, words


def _is_code(column: Column, rules: Rules, hard: np.ndarray) -> bool:
    """Whether there are digits with a zero in front, which would be lost in a number; says so."""
    codes = column.fits(_LEADING_ZERO) & hard
    if not codes.any():
        return False
    what = f"codes with leading zeros, kept as text: {column.some(codes)} in {counted(column.rows(codes))}"
    rules.notes.append(f"column {column.name!r}: {what}")
    return True


def _as_numbers(column: Column, rules: Rules, missing: np.ndarray, plain: pa.StringArray) -> pd.Series:
    """The numbers, whole ones as integers, exactly."""
    known = plain.filter(pa.array(~missing))
    if rules.decimal == "," and not rules.stated and column.fits(",").any():
        rules.notes.append(f"column {column.name!r}: decimal commas: {column.some(column.fits(','))}")
    if not pc.all(pc.match_substring_regex(known, _WHOLE)).as_py():
        values = pc.cast(known, pa.float64()).to_numpy()
        return _finite(column, rules, missing, values)
    values = _whole(pc.utf8_ltrim(known, "+"))
    if values is None:
        rules.notes.append(
            f"column {column.name!r}: whole numbers beyond 64 bits, kept exactly as text: {column.some(~missing)}"
        )
        return _as_text(column, missing)
    full = np.zeros(len(missing), values.dtype)
    full[~missing] = values
    big = ~missing & _beyond(full)
    if big.any():
        what = f"whole numbers above 2**53 in {counted(column.rows(big))}, kept exactly: {column.some(big)}"
        rules.notes.append(f"column {column.name!r}: {what}")
    return _spread(column, full, missing, rules)


def _beyond(values: np.ndarray) -> np.ndarray:
    """Which whole numbers a float64 could not hold exactly."""
    above = values > EXACT
    return above if values.dtype.kind == "u" else above | (values < -EXACT)


def _whole(words: pa.StringArray) -> np.ndarray | None:
    """The texts as int64, else as uint64; None when they are larger than either."""
    for kind in (pa.int64(), pa.uint64()):
        try:
            return pc.cast(words, kind).to_numpy()
        except pa.ArrowInvalid:  # a number too large for this type: the next one, or none
            continue
    return None


def _finite(column: Column, rules: Rules, missing: np.ndarray, values: np.ndarray) -> pd.Series:
    full = np.full(len(missing), np.nan)
    full[~missing] = values
    endless = np.isinf(full)
    if endless.any():
        _refuse_infinite(column, rules, endless)
    return _spread(column, full, missing, rules)


def _refuse_infinite(column: Column, rules: Rules, endless: np.ndarray) -> None:
    row, text = column.first(endless)
    got = f"{text!r} in {rules.place(row)} ({counted(column.rows(endless))} in all)"
    cure = f"Correct it, or read it as missing: missing=[{text!r}]."
    rules.complaints.append(complaint(f"column {column.name!r}", "finite numbers", got, cure))


def _as_dates(column: Column, rules: Rules, missing: np.ndarray, dates: _dates.Dates) -> pd.Series:
    """The times; a complaint when they are written in several ways or are no real dates, text when they stay open."""
    where = f"column {column.name!r}"
    if dates.format is None and len(dates.ways) > 1:
        places = [
            (int((column.codes == i).argmax()), column.stripped[i].as_py(), way)
            for way, i in dates.ways.items()
        ]
        got = "; ".join(f"{text!r} in {rules.place(row)} ({way})" for row, text, way in sorted(places))
        cure = f"Write them alike, or keep the text: text=[{column.name!r}]."
        rules.complaints.append(complaint(where, "dates written in one way", got, cure))
        return _as_text(column, missing)
    if dates.format is None:
        what = f"{column.some(~missing)} could have the day or the month first, so that it stays text"
        rules.notes.append(
            f"{where}: {what}; convert it with pd.to_datetime(frame[{column.name!r}], dayfirst=…)"
        )
        return _as_text(column, missing)
    full = np.full(len(missing), np.datetime64("NaT"), dtype="datetime64[us]")
    full[~missing] = _dates.parse(column.stripped.filter(pa.array(~missing)), dates.format).to_numpy()
    wrong = np.isnat(full) & ~missing
    if wrong.any():
        row, text = column.first(wrong)
        cure = f"Correct it, or keep the text: text=[{column.name!r}]."
        rules.complaints.append(complaint(where, "dates that exist", f"{text!r} in {rules.place(row)}", cure))
    if column.fits(r"\d( ?(Z|UTC)|:\d{2}.*[+-]\d{2}:?\d{2})$").any():
        rules.notes.append(f"{where}: times with a zone, read as UTC: {column.some(~missing, 1)}")
    return _spread(column, full, missing, rules)


def _refused(column: Column, rules: Rules, hard: np.ndarray, shapes: dict[str, np.ndarray]) -> bool:
    """Complain about a few texts among numbers or dates; False when the column is a column of text."""
    endless = column.fits(_INFINITE) & hard
    if endless.any() and (shapes["numbers"] | endless)[hard].all():
        _refuse_infinite(column, rules, endless)
        return True
    for kind, shaped in shapes.items():
        strays = hard & ~shaped
        n_shaped, n_strays = column.rows(hard & shaped), column.rows(strays)
        few = n_strays <= STRAY_SHARE * (n_shaped + n_strays) or strays.sum() <= STRAY_WORDS
        if n_strays == 0 or n_shaped <= n_strays or not few or (column.fits(_LEADING_ZERO) & hard).any():
            continue
        row, text = column.first(strays)
        more = f" ({counted(n_strays)} in all: {column.some(strays)})" if n_strays > 1 else ""
        cure = f"Correct it, read it as missing (missing=[{text!r}]), or keep the column as text (text=[{column.name!r}])."
        expected = f"{kind}, as in {counted(n_shaped)} of it"
        rules.complaints.append(
            complaint(f"column {column.name!r}", expected, f"{text!r} in {rules.place(row)}{more}", cure)
        )
        return True
    return False


def _remark(column: Column, rules: Rules, hard: np.ndarray) -> None:
    """Say so when a column of text looks as if it should have been numbers."""
    if _is_code(column, rules, hard):
        return
    either_mark = column.fits(_NUMBER) | column.fits(_COMMA) | column.fits(_THOUSANDS)
    n_known, n_numbers = column.rows(hard), column.rows(hard & either_mark)
    if column.fits(_WITH_UNIT)[hard].all():
        what = f"numbers with a unit or blanks, kept as text: {column.some(hard)}; take those out to have numbers"
    elif n_numbers == n_known:
        what = f"no numbers with the decimal mark {rules.decimal!r}, kept as text: {column.some(hard)}"
    elif MIXED_SHARE * n_known <= n_numbers:
        row, text = column.first(hard & ~either_mark)
        what = f"numbers in {n_numbers:,} of {counted(n_known)}, but {text!r} in {rules.place(row)}: kept as text"
    else:
        return
    rules.notes.append(f"column {column.name!r}: {what}")


def _as_text(column: Column, missing: np.ndarray) -> pd.Series:
    """The texts as they stand; blanks in front go where every text has them, as after each comma of ``a, b, c``."""
    known = column.words.filter(pa.array(~missing))
    padded = bool(pc.all(pc.starts_with(known, " ")).as_py()) if len(known) else False
    words = pc.if_else(pa.array(missing), None, column.stripped if padded else column.words)
    return words.take(pa.array(column.codes)).to_pandas().astype("str")


def _spread(column: Column, values: np.ndarray, missing: np.ndarray, rules: Rules) -> pd.Series:
    """The value of each row from the values of the texts, in a type that can hold what is missing."""
    stand_ins = missing & column.stand_ins() & ~column.missing(rules.missing)
    if stand_ins.any():
        what = f"{column.some(stand_ins)} in {counted(column.rows(stand_ins))}, read as missing"
        rules.notes.append(f"column {column.name!r}: {what}")
    full, gaps = values[column.codes], missing[column.codes]
    if values.dtype.kind in "Mf" or not gaps.any():
        return pd.Series(full)
    if values.dtype.kind == "b":
        return pd.Series(pd.arrays.BooleanArray(full, gaps))
    if _beyond(full[~gaps]).any():
        return pd.Series(pd.arrays.IntegerArray(full, gaps))
    return pd.Series(np.where(gaps, np.nan, full))
