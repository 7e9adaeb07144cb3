"""What the readers of files share: a folder with a class per sub-folder, a table of paths, and the quarantine."""

import dataclasses
import os
import pathlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from dltoolkit._checks import (
    EXAMPLES,
    InputError,
    check_columns,
    check_frame,
    closest,
    complaint,
    listed,
    stop,
)
from dltoolkit.data import _read
from dltoolkit.data._media import ROLES_TOLD
from dltoolkit.data.kinds import _cells
from dltoolkit.data.kinds._cells import Fault

TABLES = (".csv", ".tsv", ".tab", ".parquet", ".pq", ".csv.gz", ".tsv.gz")
_STRAYS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r"}  # what file managers leave behind
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        column: The column that holds the paths, such as ``"image"``.
        noun: What one file is called in a message, such as ``"picture"``.
        suffixes: The endings of file names that are taken, in small letters.
        header: Reads what a file says of itself; raises a `Fault` at a damaged one.
        decode: Reads a file in full; raises a `Fault` at a damaged one.
    """

    column: str
    noun: str
    suffixes: tuple[str, ...]
    header: Callable[[str], Any]
    decode: Callable[[str], None]


@dataclasses.dataclass
class Found:
    """Files and what was found out about them on the way.

    Attributes:
        frame: One row a file.
        column: The column of `frame` that holds the paths.
        notes: Sentences on what was handled.
        warned: Sentences on what should be looked at.
        quarantine: ``{"file", "reason"}`` of each file that was left out.
        infos: What the headers say, one a row; empty until `checked`.
    """

    frame: pd.DataFrame
    column: str
    notes: list[str] = dataclasses.field(default_factory=list)
    warned: list[str] = dataclasses.field(default_factory=list)
    quarantine: list[dict[str, str]] = dataclasses.field(default_factory=list)
    infos: list[Any] = dataclasses.field(default_factory=list)

    def result(self, role: str) -> pd.DataFrame:
        """The frame, with the column's role, the notes and the quarantine in its ``attrs``."""
        self.frame.attrs[ROLES_TOLD] = {self.column: role}
        self.frame.attrs["notes"] = (*self.notes, *self.warned)
        self.frame.attrs["quarantine"] = self.quarantine
        return self.frame


def quarantine(frame: pd.DataFrame) -> pd.DataFrame:
    """The files that a reader left out of a frame, because they are damaged.

    Args:
        frame: What `read_images`, `read_audio` or `read_batches` gave.

    Returns:
        pandas.DataFrame: Columns ``file`` and ``reason``, a row for each file; no rows when none was left out.

    Raises:
        InputError: If `frame` is no DataFrame.

    Example:
        >>> quarantine(pd.DataFrame({"image": ["a.png"]})).shape
        (0, 2)
    """
    left_out = check_frame(frame, rows=0).attrs.get("quarantine", [])
    return pd.DataFrame(left_out, columns=["file", "reason"], dtype=str)


def collected(
    source: Any, kind: Kind, *, column: str | None, verify: bool, strict: bool, workers: int | None
) -> Found:
    """The files of a source, once each has been looked at.

    Args:
        source: A folder, a table of paths, or a list or Series of paths.
        kind: The kind of file.
        column: The column of the table that holds the paths; None to find it.
        verify: Whether to decode each file in full.
        strict: Whether to stop at the first damaged file.
        workers: Threads; None for one a core.

    Returns:
        Found: The good files, and the quarantine.

    Raises:
        InputError: If there is no file to read, or none that is whole.
    """
    found = listing(source, kind, column)

    def look(_place: int, path: str) -> Any:
        info = kind.header(path)
        if verify:
            kind.decode(path)
        return info

    paths = found.frame[found.column].tolist()
    results = _cells.each(paths, look, workers=workers)
    bad = [i for i, result in enumerate(results) if isinstance(result, Fault)]
    if strict and bad:
        raise InputError(results[bad[0]].said(paths[bad[0]]))
    found.infos = [result for result in results if not isinstance(result, Fault)]
    if bad:
        _leave_out(found, kind, {i: results[i].got for i in bad})
    return found


def _leave_out(found: Found, kind: Kind, reasons: dict[int, str]) -> None:
    """Move damaged files into the quarantine."""
    frame, count = found.frame, len(found.frame)
    paths = frame[found.column].tolist()
    found.quarantine = [{"file": paths[i], "reason": reason} for i, reason in reasons.items()]
    named = [f"{q['file']} ({q['reason']})" for q in found.quarantine[:EXAMPLES]]
    said = "; ".join(named) + (
        f"; and {len(reasons) - len(named):,} more" if len(reasons) > len(named) else ""
    )
    if len(reasons) == count:
        stop([complaint(f"the {count:,} {kind.noun} files", "at least one whole file", said)])
    found.frame = frame[[i not in reasons for i in range(count)]]
    if "label" in frame and (lost := set(frame["label"]) - set(found.frame["label"])):
        stop(
            [
                complaint(f"class folder {c!r}", f"a whole {kind.noun}", f"only damaged ones: {said}")
                for c in sorted(lost)
            ]
        )
    if isinstance(frame.index, pd.RangeIndex):
        found.frame = found.frame.reset_index(drop=True)
    found.warned.append(
        f"{len(reasons):,} of {count:,} files cannot be used and were left out: {said}. data.quarantine(frame) lists them"
    )


def listing(source: Any, kind: Kind, column: str | None = None) -> Found:
    """The files of a source as a frame of absolute paths; none is opened.

    Raises:
        InputError: If the source is none, or holds no file of the kind; if a class folder is empty, or a file lies
            beside the class folders; if the table has no column of paths, or more than one.
        FileNotFoundError: If there is no such folder.
        PermissionError: If it may not be read.
    """
    if isinstance(source, (list, tuple, pd.Series)):
        return _from_list(source, kind)
    if not _cells.is_path(source):
        expected = f"a folder, a table of paths, or a list of paths of {kind.noun} files"
        raise InputError(complaint("source", expected, type(source).__name__))
    path = pathlib.Path(source).expanduser()
    if path.is_dir():
        return from_folder(path, kind)
    if not path.exists():
        near = (
            closest(path.name, sorted(p.name for p in path.parent.iterdir())) if path.parent.is_dir() else ""
        )
        cure = near if near.startswith("Did") else "Check the spelling and the folder that it is in."
        raise FileNotFoundError(complaint(str(source), "a folder or a table of paths", "nothing there", cure))
    if not path.name.lower().endswith(TABLES):
        expected = f"a folder, or a table of paths ({', '.join(TABLES[:2])} or .parquet)"
        raise InputError(complaint(str(source), expected, "another file", "Give a list for single files."))
    return _from_table(path, kind, column)


def _from_list(source: Sequence[Any] | pd.Series, kind: Kind) -> Found:
    paths = pd.Series(source, dtype=object) if not isinstance(source, pd.Series) else source
    odd = [(label, cell) for label, cell in paths.items() if not _cells.is_path(cell)]
    stop(
        [
            complaint(f"source, row {listed([label])}", "a file's path", repr(cell))
            for label, cell in odd[:EXAMPLES]
        ]
    )
    if paths.empty:
        raise InputError(complaint("source", f"at least one {kind.noun}", "an empty list"))
    absolute = [os.path.abspath(os.path.expanduser(p)) for p in paths]
    return Found(pd.DataFrame({kind.column: pd.Series(absolute, index=paths.index, dtype=str)}), kind.column)


def _from_table(path: pathlib.Path, kind: Kind, column: str | None) -> Found:
    """A table with a column of paths; the other columns are kept."""
    frame = _read.read(path)
    notes = list(frame.attrs.pop("notes", ()))
    column = _path_column(path, frame, (kind, column))
    empty = frame.index[frame[column].isna()]
    if len(empty):
        cure = f"Fill the cells of column {column!r}, or drop the rows."
        raise InputError(
            complaint(f"{path}, column {column!r}, rows {listed(empty)}", "a path", "none", cure)
        )
    folder = os.path.abspath(path.parent)
    frame[column] = [os.path.abspath(os.path.join(folder, os.path.expanduser(p))) for p in frame[column]]
    return Found(frame, column, notes)


def _path_column(path: pathlib.Path, frame: pd.DataFrame, asked: tuple[Kind, str | None]) -> str:
    kind, column = asked
    if column is not None:
        check_columns(frame, [column], argument=str(path))
        if not pd.api.types.is_string_dtype(frame[column].dtype):
            got = f"values such as {frame[column].iloc[0]!r}"
            raise InputError(complaint(f"{path}, column {column!r}", f"paths of {kind.noun} files", got))
        return column
    candidates = []
    for name in frame.columns[[pd.api.types.is_string_dtype(dtype) for dtype in frame.dtypes]]:
        known = frame[name].dropna()
        if len(known) and known.str.lower().str.endswith(kind.suffixes).all():
            candidates.append(name)
    if len(candidates) != 1:
        got = f"{len(candidates)}: {listed(candidates)}" if candidates else "none"
        cure = f"Name it: {kind.column}=... The columns are: {listed(frame.columns, 20)}."
        raise InputError(complaint(str(path), f"one column of {kind.noun} paths", got, cure))
    return candidates[0]


def from_folder(folder: pathlib.Path, kind: Kind) -> Found:
    """The files of a folder, with the sub-folder that each lies in as its label, in natural order.

    Raises:
        InputError: If there is no file of the kind; if a class folder is empty, or a file lies beside the class folders.
        PermissionError: If a folder may not be read.
    """
    loose, classes, seen = [], {}, Counter[str]()
    visited = {os.path.realpath(folder)}
    for entry in _entries(folder, seen):
        if entry.is_dir():
            if _first_visit(entry, visited):
                classes[entry.name] = list(_files(entry.path, kind, (seen, visited)))
        elif _wanted(entry, kind, seen):
            loose.append(os.path.abspath(entry.path))
    found = Found(pd.DataFrame(), kind.column, *_strangers(seen))
    if loose and not any(classes.values()):
        found.frame = pd.DataFrame({kind.column: pd.Series(loose, dtype=str)})
        return found
    _check_classes(folder, kind, (loose, classes))
    found.warned += _odd_names(classes)
    rows = [(path, name) for name, paths in classes.items() for path in paths]
    found.frame = pd.DataFrame(rows, columns=[kind.column, "label"], dtype=str)
    return found


def everything(folder: pathlib.Path, kind: Kind) -> list[str]:
    """The files of the kind in a folder and all folders in it, in natural order."""
    return list(_files(str(folder), kind, (Counter(), {os.path.realpath(folder)})))


def _check_classes(folder: pathlib.Path, kind: Kind, held: tuple[list[str], dict[str, list[str]]]) -> None:
    loose, classes = held
    if not loose and not any(classes.values()):
        cure = f"The endings that are taken: {', '.join(kind.suffixes)}."
        raise InputError(complaint(str(folder), f"at least one {kind.noun} file", "none", cure))
    complaints = [
        complaint(
            f"class folder {os.path.join(folder, name)}",
            f"at least one {kind.noun} file",
            "none",
            "Remove the folder, or fill it.",
        )
        for name, paths in classes.items()
        if not paths
    ]
    if loose:
        names = listed(os.path.basename(p) for p in loose)
        cure = "Move them into the folder of their class."
        complaints.append(
            complaint(str(folder), "every file in the folder of a class", f"{names} beside them", cure)
        )
    stop(complaints)


def _odd_names(classes: dict[str, list[str]]) -> list[str]:
    """Sentences on class names that are probably no classes."""
    folded: dict[str, list[str]] = {}
    for name in classes:
        folded.setdefault(re.sub(r"[\s_-]+", " ", name.casefold()).strip(), []).append(name)
    said = [
        f"the class folders {listed(names)} differ only in spelling: are they one class?"
        for names in folded.values()
        if len(names) > 1
    ]
    if len(folded) > 1 and set(folded) <= _PARTS:
        said.append(
            f"the folders {listed(classes)} are taken for classes: to read one part, give its own folder"
        )
    return said


def _strangers(seen: Counter[str]) -> tuple[list[str], list[str]]:
    """Sentences on the files that were passed over: what file managers leave behind, and other kinds."""
    strays = seen.pop("", 0)
    notes = [f"{strays:,} hidden or system files were passed over"] if strays else []
    if not seen:
        return notes, []
    count = sum(seen.values())
    kinds = ", ".join(f"{n:,} {suffix}" for suffix, n in seen.most_common(EXAMPLES))
    return notes, [f"{count:,} files ignored: their endings are not among those that are taken ({kinds})"]


def _entries(folder: str | os.PathLike[str], seen: Counter[str]) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, in natural order, without hidden and system files, which are counted."""
    try:
        with os.scandir(folder) as there:
            entries = sorted(there, key=lambda entry: natural(entry.name))
    except PermissionError as error:
        cure = "Ask its owner, or chmod it."
        raise PermissionError(
            complaint(os.fspath(folder), "a folder that you may read", "no permission", cure)
        ) from error
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower() in _STRAYS:
            seen[""] += 1
        else:
            yield entry


def _files(folder: str, kind: Kind, state: tuple[Counter[str], set[str]]) -> Iterator[str]:
    """The files of the kind in a folder and all folders in it."""
    seen, visited = state
    for entry in _entries(folder, seen):
        if entry.is_dir():
            if _first_visit(entry, visited):
                yield from _files(entry.path, kind, state)
        elif _wanted(entry, kind, seen):
            yield os.path.abspath(entry.path)


def _first_visit(entry: os.DirEntry[str], visited: set[str]) -> bool:
    """Whether a folder was not walked yet: links may lead in a circle."""
    real = os.path.realpath(entry.path)
    first = real not in visited
    visited.add(real)
    return first


def _wanted(entry: os.DirEntry[str], kind: Kind, seen: Counter[str]) -> bool:
    if entry.name.lower().endswith(kind.suffixes):
        return True
    seen[os.path.splitext(entry.name)[1].lower() or "without an ending"] += 1
    return False


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key by which ``"2.png"`` comes before ``"10.png"``.

    Example:
        >>> sorted(["10.png", "2.png", "a"], key=natural)
        ['2.png', '10.png', 'a']
    """
    pieces = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(p), "") if "0" <= p[0] <= "9" else (1, 0, p.casefold()) for p in pieces], name
