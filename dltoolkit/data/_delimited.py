"""From the text of a CSV or TSV file to columns of text: the separator, the header, and rows of the wrong length.

Arrow parses what is regular. What is not (rows of another length, quotes in odd places) is read again by Python's `csv`
module in its strict mode, which knows the line of every record; it either makes sense of it or says where it does not.
"""

import contextlib
import csv
import dataclasses
import io
import pathlib
import re
import sys
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv

from dltoolkit._checks import InputError, complaint, listed

SEPARATORS = (",", ";", "\t", "|")
SAMPLE_BYTES = 1 << 18  # what the separator is told from
SAMPLE_RECORDS = 200
HEADLESS_SHARE = 0.3  # of the names are numbers: more likely a row of data than a header
_BLOCK_BYTES = 8 << 20
_BATCH_ROWS = 50_000
_HEAD_ROWS = 1_000
_MOSTLY_DISTINCT = 0.9
_OFFSET_BYTES = 1 << 31  # what the offsets of Arrow's plain strings can address
_LINE_END = re.compile(rb"\r\n|\n|\r")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_YEAR = re.compile(r"(19|20)\d\d")
_BY_SUFFIX = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a text table is laid out.

    Attributes:
        path: The file, for messages.
        sep: The character between two fields.
        names: The column names, stripped, each once.
        start: Byte at which the first record after the header starts.
        first_line: Line on which it starts, counted from 1.
    """

    path: pathlib.Path
    sep: str
    names: tuple[str, ...]
    start: int
    first_line: int


def layout(path: pathlib.Path, content: bytes, sep: str | None) -> tuple[Layout, list[str]]:
    """Find the separator and read the header.

    Args:
        path: The file, for messages.
        content: Its text as UTF-8.
        sep: The separator, or None to take the one that the file's suffix promises, or that its rows show.

    Returns:
        tuple: The layout, and sentences on what was handled.

    Raises:
        InputError: If another separator looks right, if a name comes twice, or if there is no row below the header.
    """
    cut = content.find(b"\n", SAMPLE_BYTES) + 1 or len(content)
    sample, skipped = content[:cut].decode("utf-8"), 0
    stated = re.match(r'"?sep=(.)"?\r?\n', sample)
    if stated:
        sample, skipped, sep = sample[stated.end() :], 1, sep or stated[1]
    sep = _separator(path, sample, sep)
    header, n_lines = _header(path, sample, sep)
    start = _after_lines(content, n_lines + skipped)
    if not content[start:].strip():
        cure = "Check the program that wrote it."
        raise InputError(
            complaint(str(path), "at least one row below the header", f"only {listed(header)}", cure)
        )
    names, notes = _named(path, header)
    return Layout(path, sep, tuple(names), start, n_lines + skipped + 1), notes


def _separator(path: pathlib.Path, sample: str, sep: str | None) -> str:
    """The separator: the one asked for or promised by the suffix, unless another fits every row and it does not."""
    if sep is not None and (len(sep) != 1 or not sep.isascii() or sep in '"\r\n'):
        cure = "Use ',', ';', '\\t' or '|'; turn runs of blanks into one of them first."
        raise InputError(complaint("sep", "one character between two fields", repr(sep), cure))
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    promised = sep or _BY_SUFFIX.get(suffixes[-1] if suffixes else "")
    counts = {s: _field_counts(sample, s) for s in {*SEPARATORS, promised or ","}}
    fitting = [s for s in SEPARATORS if counts[s][0] > 1 and len(set(counts[s])) == 1]
    if promised is None:
        whole_lines = [s for s in SEPARATORS if set(counts[s]) == {1}]
        return max(fitting or whole_lines or SEPARATORS, key=lambda s: counts[s][0])
    better = [s for s in fitting if counts[s][0] >= counts[promised][0]]
    if promised not in fitting and better:
        best = max(better, key=lambda s: counts[s][0])
        expected = f"fields parted by {promised!r}" + ("" if sep else " as the file's name promises")
        got = f"{best!r} between the {counts[best][0]} fields of every row"
        cure = f"Pass sep={best!r}. (A Project takes the frame that data.read(path, sep={best!r}) gives.)"
        raise InputError(complaint(str(path), expected, got, cure))
    return promised


def _field_counts(sample: str, sep: str) -> list[int]:
    """The number of fields in each of the first records."""
    counts = []
    with _any_field_size():
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=sep):
            if record:
                counts.append(len(record))
            if len(counts) == SAMPLE_RECORDS:
                break
    return counts or [0]


def _header(path: pathlib.Path, sample: str, sep: str) -> tuple[list[str], int]:
    """The fields of the first record that is not blank, and the lines up to its end."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=sep)
    with _any_field_size():
        for record in reader:
            if any(field.strip() for field in record):
                return record, reader.line_num
    raise InputError(complaint(str(path), "a header with column names", "no names in the first rows"))


def _after_lines(content: bytes, n_lines: int) -> int:
    """The byte after the first `n_lines` line ends."""
    place = 0
    for _ in range(n_lines):
        end = _LINE_END.search(content, place)
        place = end.end() if end else len(content)
    return place


def _named(path: pathlib.Path, header: list[str]) -> tuple[list[str], list[str]]:
    """The names to use, and sentences on those that had to be mended."""
    names = [field.strip() for field in header]
    notes = []
    padded = [raw for raw, name in zip(header, names, strict=True) if raw != name and name]
    if padded:
        notes.append(f"column names are padded with blanks, which were stripped: {listed(padded)}")
    numbers = [n for n in names if _NUMBER.fullmatch(n)]
    headless = len(numbers) >= HEADLESS_SHARE * len(names) and not all(_YEAR.fullmatch(n) for n in numbers)
    cure = "Add a first line with names; as it is, the first row serves as one and is lost"
    twice = list(dict.fromkeys(n for n in names if n and names.count(n) > 1))
    if twice:
        places = [
            f"{name!r} in columns {', '.join(str(i) for i, n in enumerate(names, 1) if n == name)}"
            for name in twice
        ]
        remedy = (
            f"The header looks like data. {cure}."
            if headless
            else "Rename one of them in the file's first line."
        )
        raise InputError(complaint(f"{path}, header", "each column name once", "; ".join(places), remedy))
    if headless:
        notes.append(f"the header looks like a row of data: {listed(names)}. {cure}")
    mended = [name or f"Unnamed: {place}" for place, name in enumerate(names)]
    return _unique(mended), notes


def _unique(names: list[str]) -> list[str]:
    """Names made for nameless columns, told apart from one that really is called so."""
    return [name if name not in names[:i] else f"{name}.{i}" for i, name in enumerate(names)]


def texts(content: bytes, plan: Layout, columns: list[str]) -> tuple[pa.Table, list[str]]:
    """The fields of some columns, as text.

    Args:
        content: The file's text as UTF-8.
        plan: Its layout.
        columns: Which of ``plan.names`` to take.

    Returns:
        tuple: A table of strings with `columns` as columns (a field that is not there is empty text), and
        sentences on rows that are too short.

    Raises:
        InputError: If rows have more fields than there are names, or if a quote is not closed, with their lines.
    """
    table = _regular(content, plan, columns) if _quotes_are_regular(content, plan) else None
    if table is not None:
        return table, []
    table, notes = _irregular(content, plan)
    return table.select(columns), notes


def _quotes_are_regular(content: bytes, plan: Layout) -> bool:
    """Whether every quoted field opens right after a separator or line end, and closes right before one."""
    if b'"' not in content:
        return True
    octets = np.frombuffer(content, np.uint8)[plan.start :]
    places = np.flatnonzero(octets == ord('"'))
    if len(places) % 2:
        return False
    allowed = np.zeros(256, bool)
    allowed[[ord(plan.sep), ord("\n"), ord("\r"), ord('"')]] = True
    opens, closes = places[::2], places[1::2]
    before = allowed[octets[np.maximum(opens - 1, 0)]] | (opens == 0)
    after = allowed[octets[np.minimum(closes + 1, len(octets) - 1)]]
    return bool(before.all() and after.all())


def _regular(content: bytes, plan: Layout, columns: list[str]) -> pa.Table | None:
    """The table as Arrow parses it; None when a row has another length than the header."""
    odd_rows: list[int] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        odd_rows.append(row.actual_columns)
        return "skip"

    names = list(plan.names)
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(pa.py_buffer(content).slice(plan.start)),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=plan.sep, newlines_in_values=b'"' in content, invalid_row_handler=skip
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=columns, check_utf8=False
            ),
        )
    except (
        pa.ArrowInvalid
    ):  # such as one field larger than a block: the record-wise reader takes it or names the line
        return None
    return None if odd_rows else table


def _irregular(content: bytes, plan: Layout) -> tuple[pa.Table, list[str]]:
    """The table as the `csv` module reads it: short rows are filled up, long ones are named."""
    width = len(plan.names)
    batches, rows = [], []
    short: list[int] = []
    long: list[tuple[int, int]] = []
    n_records = 0
    for line, record in records(content, plan):
        n_records += 1
        if len(record) > width:
            long.append((line, len(record)))
        elif len(record) < width:
            short.append(line)
            record = record + [""] * (width - len(record))
        rows.append(record[:width])
        if len(rows) == _BATCH_ROWS:
            batches.append(_batch(rows, plan.names))
            rows = []
    _refuse_long_rows(plan, long, n_records)
    batches.append(_batch(rows, plan.names))
    return pa.concat_tables(batches), _short_note(short, width)


def _batch(rows: list[list[str]], names: tuple[str, ...]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(names))


def _short_note(short: list[int], width: int) -> list[str]:
    if not short:
        return []
    lines = f"line{'s' if len(short) > 1 else ''} {listed(short)}"
    return [
        f"rows with fewer than {width} fields, whose last columns are missing: {len(short):,}, in {lines}"
    ]


def _refuse_long_rows(plan: Layout, long: list[tuple[int, int]], n_records: int) -> None:
    """Stop when rows have more fields than the header has names."""
    if not long:
        return
    width, (line, most) = len(plan.names), long[0]
    if len(long) == n_records and len({n for _, n in long}) == 1:
        expected = f"{width} fields in each row, one for each name in the header ({listed(plan.names)})"
        cure = "Name the missing column in the header (no column is taken for an index unasked), or take out lines above it."
        raise InputError(complaint(str(plan.path), expected, f"{most} in every row", cure))
    cure = f"Quote fields that hold {plan.sep!r}, or take the extra one out."
    lines = (
        f" ({len(long):,} rows are too long: lines {listed((at for at, _ in long), 10)})"
        if len(long) > 1
        else ""
    )
    raise InputError(complaint(f"{plan.path}, line {line:,}", f"{width} fields", f"{most}{lines}", cure))


def records(content: bytes, plan: Layout) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line on which it starts.

    Raises:
        InputError: If a quote is not closed where its field ends, or never.
    """
    text = io.TextIOWrapper(io.BytesIO(content[plan.start :]), encoding="utf-8", newline="")
    padded = f'{plan.sep} "'.encode() in content
    reader = csv.reader(text, delimiter=plan.sep, strict=True, skipinitialspace=padded)
    line = plan.first_line
    with _any_field_size():
        try:
            for record in reader:
                if record and not (len(record) == 1 < len(plan.names) and not record[0].strip()):
                    yield line, record
                line = plan.first_line + reader.line_num
        except csv.Error as error:
            cure = "Close the quote, and double quotes inside a quoted field."
            expected = "each quote to be closed where its field ends"
            raise InputError(
                complaint(f"{plan.path}, line {line:,}", expected, f"one that is not ({error})", cure)
            ) from error


def line_of(content: bytes, plan: Layout, row: int) -> int:
    """The line on which a row starts, rows counted from 0 and lines from 1."""
    for place, (line, _) in enumerate(records(content, plan)):
        if place == row:
            return line
    raise IndexError(row)


@contextlib.contextmanager
def _any_field_size() -> Iterator[None]:
    """Let the `csv` module take fields of any size for as long as this runs."""
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def words(table: pa.Table, name: str) -> tuple[pa.Array, np.ndarray]:
    """The distinct texts of a column, and for each row which one it holds.

    Where nearly every row differs, looking for repetitions would cost more than it saves: the texts are then the rows.
    """
    column = table[name] if table[name].nbytes < _OFFSET_BYTES else table[name].cast(pa.large_string())
    rows, head = column.combine_chunks(), column[:_HEAD_ROWS]
    if len(head) == _HEAD_ROWS and len(head.unique()) > _MOSTLY_DISTINCT * _HEAD_ROWS:
        return rows, np.arange(len(rows))
    encoded = rows.dictionary_encode()
    return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False)
