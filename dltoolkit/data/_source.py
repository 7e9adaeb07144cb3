"""From a path to the bytes of a table: what kind of file it is, whether it fits in memory, and its text as UTF-8."""

import codecs
import gzip
import os
import pathlib
import zlib
from collections.abc import Iterator, Sequence

import psutil

from dltoolkit._checks import InputError, closest, complaint, listed, stop

BOUND_SHARE = 0.5  # of the memory that is free now: the rest is for what is computed from the table
TEXT_BYTES = 6.0  # peak bytes that reading takes for each byte of text …
CELL_BYTES = 15.0  # … and for each field, however short: both fitted to tables of digits, floats, sentences and flights
_BLOCK = 1 << 20
_SAMPLE = 1 << 18
_CGROUP = pathlib.Path("/sys/fs/cgroup")

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_STRANGERS = {
    b"PK\x03\x04": ("a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the sheet as CSV."),
    b"BZh": ("a bzip2 archive", "Unpack it with bunzip2."),
    b"\xfd7zXZ": ("an xz archive", "Unpack it with unxz."),
    b"\x28\xb5\x2f\xfd": ("a zstandard archive", "Unpack it with unzstd."),
    b"ARROW1": ("an Arrow or Feather file", "Write it with frame.to_parquet."),
    b"%PDF": ("a PDF document", "Export the table as CSV."),
    b"\x89PNG": ("a picture", "Give the table's own file."),
    b"\x89HDF": ("an HDF5 file", "Write the table with frame.to_parquet."),
    b"SQLite format 3": ("a SQLite data base", "Export the table as CSV."),
    b"version https://git-lfs": ("a Git LFS pointer", "Fetch the file itself with git lfs pull."),
}


def located(path: str | os.PathLike[str]) -> pathlib.Path:
    """`path` as a Path, once it is sure that a file can be read there.

    Args:
        path: Where the table is. ``~`` stands for the home folder.

    Returns:
        pathlib.Path: The file.

    Raises:
        InputError: If `path` is no path.
        FileNotFoundError: If nothing is there; the message names files with a close name.
        IsADirectoryError: If it is a folder.
        PermissionError: If it may not be read.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(complaint("path", "a file's path as text", type(path).__name__))
    if "://" in os.fspath(path):
        raise InputError(
            complaint("path", "a file on this machine", f"the address {path}", "Download it first.")
        )
    file = pathlib.Path(path).expanduser()
    if not file.exists():
        near = (
            closest(file.name, sorted(p.name for p in file.parent.iterdir())) if file.parent.is_dir() else ""
        )
        cure = near if near.startswith("Did") else "Check the spelling and the folder."
        raise FileNotFoundError(complaint(str(path), "a file", "nothing there", cure))
    if file.is_dir():
        inside = sorted(p.name for p in file.iterdir() if p.is_file())[:5]
        cure = f"Give one of its files: {', '.join(inside)}." if inside else "It holds no file."
        raise IsADirectoryError(complaint(str(path), "a file", "a folder", cure))
    if not os.access(file, os.R_OK):
        raise PermissionError(
            complaint(str(path), "a file that you may read", "no permission", "Ask its owner, or chmod it.")
        )
    return file


def is_parquet(path: pathlib.Path) -> bool:
    """Whether a file is Parquet by its first bytes, or claims to be by its name while its bytes are no text table."""
    with open(path, "rb") as file:
        head = file.read(len(PARQUET))
    return head == PARQUET or (bool(head) and path.suffix.lower() in (".parquet", ".pq"))


def check_columns(
    path: pathlib.Path, there: Sequence[str], asked: Sequence[str] | None, argument: str = "columns"
) -> list[str]:
    """The columns to take: the ones asked for, or all.

    Raises:
        InputError: If one of them is not in the file (the message names close ones), or comes twice, or none is asked for.
    """
    if asked is None:
        return list(there)
    unknown = [name for name in asked if name not in there]
    stop(
        [
            complaint(
                f"{path}, column {n!r} ({argument})", "to be there", "no such column", closest(n, there)
            )
            for n in unknown
        ]
    )
    if argument == "columns" and (not asked or len(set(asked)) < len(asked)):
        stop([complaint(argument, "at least one column, each once", listed(asked) or "none")])
    return list(asked)


def memory_bound(memory_limit: float | None) -> float:
    """The most bytes that reading may take: what the caller said, else a share of what is free now."""
    if memory_limit is not None:
        return memory_limit
    free = psutil.virtual_memory().available
    try:
        cap = (_CGROUP / "memory.max").read_text().strip()
        if cap != "max":
            free = min(free, int(cap) - int((_CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no control group here: the machine's own figure stands
        return free * BOUND_SHARE
    return max(free, 0) * BOUND_SHARE


def check_fits(path: pathlib.Path, estimate: float, bound: float) -> None:
    """Stop before a table is read that would not fit in memory.

    Raises:
        InputError: With the estimate, the bound, and the ways out.
    """
    if estimate > bound:
        cure = "Read a part of it, write it as Parquet and take some columns=, or allow more memory_limit= (bytes)."
        expected = f"a table that fits in {_size(bound)} of memory"
        raise InputError(
            complaint(str(path), expected, f"one that takes about {_size(estimate)} to read", cure)
        )


def text_bytes(path: pathlib.Path, bound: float) -> bytes:
    """The bytes of a text table, unpacked when it is gzipped, once it is sure that they fit in memory.

    Args:
        path: The file.
        bound: The most bytes that reading may take.

    Returns:
        bytes: The text, still in the file's own encoding.

    Raises:
        InputError: If the file is empty, too large, a damaged archive, or no text table at all.
    """
    with open(path, "rb") as file:
        start = file.read(_SAMPLE)
    if start.startswith(GZIP):
        content = _gunzipped(path, bound)
    else:
        check_fits(path, path.stat().st_size * _peak_factor(start), bound)
        content = path.read_bytes()
    _check_is_text(path, content)
    return content


def _peak_factor(sample: bytes) -> float:
    """Peak bytes of memory for each byte of a text table, from a piece of it."""
    n_fields = sample.count(b"\n") + max(sample.count(mark) for mark in b",;\t|")
    return TEXT_BYTES + CELL_BYTES * n_fields / max(len(sample), 1)


def _gunzipped(path: pathlib.Path, bound: float) -> bytes:
    """Unpack a gzip file; stop as soon as it is clear that it is too large."""
    blocks, total, size = [], 0, path.stat().st_size
    try:
        with open(path, "rb") as packed, gzip.open(packed) as file:
            for block in _blocks(file):
                blocks.append(block)
                total += len(block)
                estimate = max(total, total * size / max(packed.tell(), 1))
                check_fits(path, estimate * _peak_factor(blocks[0][:_SAMPLE]), bound)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        got = f"a truncated or damaged one ({error})"
        raise InputError(
            complaint(str(path), "a whole gzip archive", got, "Download or copy it again.")
        ) from error
    return b"".join(blocks)


def _blocks(file: gzip.GzipFile) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _check_is_text(path: pathlib.Path, content: bytes) -> None:
    """Stop at an empty file and at the kinds of file that people mistake for a table."""
    start = content[:4096].lstrip().lower()
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        cure = "Check the program that wrote it."
        raise InputError(complaint(str(path), "a table", f"an empty file ({len(content)} bytes)", cure))
    for magic, (what, cure) in _STRANGERS.items():
        if content.startswith(magic):
            raise InputError(complaint(str(path), "a CSV, TSV or Parquet table", what, cure))
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        cure = "Download the raw file, not the page that shows it."
        raise InputError(complaint(str(path), "a CSV, TSV or Parquet table", "a web page or XML", cure))
    if start.startswith((b"{", b"[{")):
        cure = "Read it with pd.read_json and pass the frame on."
        raise InputError(complaint(str(path), "a CSV, TSV or Parquet table", "JSON", cure))
    if b"\0" in content[:4096] and _wide(content) is None:
        raise InputError(complaint(str(path), "a text table", "binary content", "Export it as CSV."))


def as_utf8(path: pathlib.Path, content: bytes, encoding: str | None) -> tuple[bytes, list[str]]:
    """The text of a table as UTF-8 without a byte-order mark.

    Args:
        path: The file, for the messages.
        content: Its bytes.
        encoding: What the caller says that they are; None to tell from the bytes, where only UTF-8 and, by its
            byte-order mark or its zero bytes, UTF-16 and UTF-32 are taken without being said.

    Returns:
        tuple: The bytes, and sentences on what was handled.

    Raises:
        InputError: If the bytes are not in that encoding, with the place and an ``encoding=`` that reads it.
    """
    notes = []
    wide = _wide(content) if encoding is None else None
    if wide:
        notes.append(f"the file is {wide.upper()}, and was read as such")
    try:
        if wide or (encoding and codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig")):
            content = content.decode(wide or encoding or "").encode("utf-8")
        else:
            _check_utf8(content)
    except LookupError as error:
        cure = "Use a name that Python knows, such as 'utf-8', 'latin-1' or 'cp1252'."
        raise InputError(
            complaint("encoding", "the name of a text encoding", repr(encoding), cure)
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            _encoding_complaint(path, content, wide or encoding or "utf-8", error.start)
        ) from error
    if content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
        notes += [] if wide else ["the file starts with a byte-order mark, which was left out"]
    return content, notes


def _wide(content: bytes) -> str | None:
    """The name of the two- or four-byte encoding that the content shows, by its mark or by its zero bytes."""
    for mark, name in _BOMS.items():
        if content.startswith(mark):
            return name
    sample = content[:4096]
    even, odd = (
        sample[::2].count(0) / max(len(sample) / 2, 1),
        sample[1::2].count(0) / max(len(sample) / 2, 1),
    )
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _check_utf8(content: bytes) -> None:
    """Raise a UnicodeDecodeError whose start counts from the first byte, without holding the whole text twice."""
    decoder, done = codecs.getincrementaldecoder("utf-8")(), 0
    for start in range(0, len(content), 16 * _BLOCK):
        block = content[start : start + 16 * _BLOCK]
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=start + len(block) == len(content))
        except UnicodeDecodeError as error:
            place = done - pending + error.start
            raise UnicodeDecodeError("utf-8", content, place, place + 1, error.reason) from error
        done += len(block)


def _encoding_complaint(path: pathlib.Path, content: bytes, encoding: str, place: int) -> str:
    line = content.count(b"\n", 0, place) + 1
    near = content[max(content.rfind(b"\n", 0, place) + 1, place - 12) : place + 12].splitlines()[0]
    got = f"byte 0x{content[place]:02x} at position {place:,} (line {line:,})"
    readings = [
        f"encoding={name!r}, which reads the place as {text!r}" for name, text in _readings(content, near)
    ]
    return complaint(
        str(path), f"{encoding} text", got, f"Pass {'; or '.join(readings)}." if readings else ""
    )


def _readings(content: bytes, near: bytes) -> Iterator[tuple[str, str]]:
    """Encodings that can read the content, likely ones first, each with how the faulty place then reads."""
    high = content[: 16 * _BLOCK].translate(None, bytes(range(0x80)))
    western = "cp1252" if any(b < 0xA0 for b in high) else "latin-1"
    crowded = len(high) > 0.2 * min(
        len(content), 16 * _BLOCK
    )  # Western text is mostly ASCII; Cyrillic or Chinese is not
    for name in ("utf-8", western, *(("cp1251", "gb18030", "shift_jis") if crowded else ())):
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        yield name, near.decode(name, "replace")
        if name == "utf-8":
            return


def _size(n_bytes: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:,.0f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:,.1f} GB"
