"""The ledger: for every step when it was done, with what, from what, and the hash of each file it left.

A step's files are written aside first. Writing its entry into ``project.json`` is the moment at which they count;
then they are moved into place. Whoever opens the folder after a crash finishes the move, or throws away what never
counted.
"""

import contextlib
import dataclasses
import hashlib
import importlib
import os
import pathlib
import shutil
from collections.abc import Iterator
from typing import Any

import dltoolkit
from dltoolkit import _files
from dltoolkit._checks import InputError, complaint
from dltoolkit.project._lock import Lock
from dltoolkit.project._steps import STEPS

FILE = "project.json"
STAGING = ".writing"
FORMAT = 1
# Read last by those who read the folder: the list of the other files and their hashes.
_RECORDS = ("manifest.json", "run.json")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A step that was done.

    Attributes:
        when: UTC, ISO 8601, to the second.
        seconds: How long it took.
        settings: What it was asked for; defaults are not repeated here.
        summary: What came out, in a few words.
        files: Path inside the project to SHA-256.
        made_from: Step to the fingerprint that it had then.
        replaces: Files of the step's previous entry that are no more.
    """

    when: str
    seconds: float
    settings: dict[str, Any]
    summary: str
    files: dict[str, str]
    made_from: dict[str, str]
    replaces: list[str]

    @property
    def fingerprint(self) -> str:
        """Changes with any byte of any file."""
        text = "\n".join(f"{name} {digest}" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Ledger:
    """A project's ``project.json``.

    Args:
        folder: The project's folder.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.lock = Lock(folder)
        self._read: tuple[Any, dict[str, Any]] | None = None

    @property
    def exists(self) -> bool:
        """Whether the folder is a project."""
        return (self.folder / FILE).is_file()

    def content(self) -> dict[str, Any]:
        """All of it, read again when the file has changed.

        Raises:
            InputError: If the file is damaged or from a later version.
        """
        path = self.folder / FILE
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._read is None or self._read[0] != stamp:
            content = _files.read_json(path)
            if not isinstance(content, dict) or content.get("format") != FORMAT:
                cure = (
                    "Restore it from a copy, install the dltoolkit that wrote it, or start in another folder."
                )
                raise InputError(
                    complaint(str(path), f"a project of format {FORMAT}", f"{content!r:.60}", cure)
                )
            self._read = (stamp, content)
        return self._read[1]

    def entries(self) -> dict[str, Entry]:
        """The steps that were done."""
        steps = self.content()["steps"] if self.exists else {}
        return {
            n: Entry(**{**fields, "settings": _revived(fields["settings"])}) for n, fields in steps.items()
        }

    def causes(self, step: str) -> tuple[str, ...]:
        """The steps because of which `step` is stale: redone, or lost, since; none when it is up to date.

        A step that is not done has none.
        """
        return self._causes(step, self.entries())

    def _causes(self, step: str, entries: dict[str, Entry]) -> tuple[str, ...]:
        if step not in entries:
            return ()
        found: list[str] = []
        for source, fingerprint in entries[step].made_from.items():
            changed = source not in entries or entries[source].fingerprint != fingerprint
            found += [source] if changed else self._causes(source, entries)
        return tuple(dict.fromkeys(found))

    def damaged(self, step: str) -> list[str]:
        """The files of a step that are not as they were written, each with what is wrong."""
        entry = self.entries().get(step)
        found = []
        for name, digest in entry.files.items() if entry else ():
            path = self.folder / name
            if not path.is_file():
                found.append(f"{path} is gone")
            elif _files.sha256_file(path) != digest:
                found.append(f"{path} has changed since it was written")
        return found

    @contextlib.contextmanager
    def staging(self, step: str) -> Iterator[pathlib.Path]:
        """An empty folder in which a step writes its files, gone afterwards; the lock must be held."""
        for leftover in self.folder.glob(f".{pathlib.Path(FILE).stem}-*.tmp.json"):
            leftover.unlink()  # of a ledger whose writer was killed
        folder = self.folder / STAGING / step
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(self.folder / STAGING, ignore_errors=True)

    def commit(self, step: str, fields: dict[str, Any], header: dict[str, Any]) -> Entry:
        """Let the files that a step wrote aside take the place of its earlier ones; the lock must be held.

        Args:
            step: The step.
            fields: The entry without its files.
            header: Values of the ledger itself that change as well.

        Returns:
            Entry: The new entry.
        """
        staged = self.folder / STAGING / step
        names = sorted(p.relative_to(staged).as_posix() for p in staged.rglob("*") if p.is_file())
        names.sort(key=lambda name: name.rpartition("/")[2] in _RECORDS)
        files = {name: _files.sha256_file(staged / name) for name in names}
        old = self.entries().get(step)
        entry = Entry(
            **fields, files=files, replaces=[n for n in (old.files if old else ()) if n not in files]
        )
        empty: dict[str, Any] = {"format": FORMAT, "test_openings": [], "steps": {}}
        content = self.content() if self.exists else empty
        steps = {**content["steps"], step: dataclasses.asdict(entry)}
        steps = {name: steps[name] for name in STEPS if name in steps}
        self.write({**content, "dltoolkit": dltoolkit.__version__, **header, "steps": steps})
        self._settle(step, entry)
        return entry

    def write(self, content: dict[str, Any]) -> None:
        """Replace the ledger; the lock must be held."""
        last = ("test_openings", "steps")
        ordered = {k: v for k, v in content.items() if k not in last} | {k: content[k] for k in last}
        _files.write_json(self.folder / FILE, ordered)

    def recover(self) -> None:
        """Finish, or throw away, what a crash left behind; nothing to do when somebody is at work right now."""
        if not (self.folder / STAGING).is_dir():
            return
        with contextlib.suppress(TimeoutError), self.lock.held(patience=0):
            entries = self.entries()
            for staged in (self.folder / STAGING).iterdir():
                entry = entries.get(staged.name)
                if entry is not None and _counts(staged, entry):
                    self._settle(staged.name, entry)
                else:
                    shutil.rmtree(staged)
            (self.folder / STAGING).rmdir()

    def _settle(self, step: str, entry: Entry) -> None:
        """Move a step's files into place, and remove those that they replace."""
        staged = self.folder / STAGING / step
        for name in entry.files:
            if (staged / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(staged / name, self.folder / name)
        for name in entry.replaces:
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(staged)
        for folder in {(self.folder / name).parent for name in entry.replaces} - {self.folder}:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _counts(staged: pathlib.Path, entry: Entry) -> bool:
    """Whether files written aside are those of the entry (some of them may have been moved already)."""
    files = {p.relative_to(staged).as_posix(): p for p in staged.rglob("*") if p.is_file()}
    return all(
        name in entry.files and _files.sha256_file(p) == entry.files[name] for name, p in files.items()
    )


def _revived(value: Any) -> Any:
    """Settings as they were given: JSON has no tuples."""
    if isinstance(value, dict):
        if set(value) == {"options"}:
            name, values = value["options"]
            return getattr(importlib.import_module("dltoolkit.preprocessing"), name)(**_revived(values))
        if set(value) == {"tuple"}:
            return tuple(_revived(v) for v in value["tuple"])
        return {k: _revived(v) for k, v in value.items()}
    return [_revived(v) for v in value] if isinstance(value, list) else value
