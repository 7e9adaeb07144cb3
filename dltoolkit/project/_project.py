"""A project: one folder, thirteen steps, and every artefact between them."""

import dataclasses
import datetime
import json
import os
import pathlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_number, complaint, listed, stop
from dltoolkit.data._content import fingerprint
from dltoolkit.project._artefacts import Artefacts, AtWork, in_words
from dltoolkit.project._ledger import FILE, Entry, Ledger
from dltoolkit.project._outcome import FOR_ONCE
from dltoolkit.project._source import Source
from dltoolkit.project._steps import RUNNING_ORDER, STEPS, TABLE, check_settings, check_step, function_of
from dltoolkit.project._tables import as_kept

FAST_VARIABLE = "DLTOOLKIT_FAST"


class Project(Artefacts):
    """The thread through the thirteen steps: `do` does one, `catch_up` those before it, and each leaves its files.

    Every write is whole or does not happen; a folder opened after a crash knows which step is missing. A step that
    is redone makes the later ones that were built on it stale, and reading a stale artefact stops. The test part is
    opened once, by the step ``"evaluate"``; each opening is counted, over all processes.

    Args:
        folder: The project's folder; made by the first step. It must be empty, or a project already.
        data: A name of the catalogue, the path of a table, or a DataFrame. Not needed for a folder that is a project.
        target: The column to predict, or several: labels of a multi-label problem, or amounts. Defaults to the catalogue's.
        fast: Whether the steps' defaults do little work: few rows, epochs, trials, resamples. Defaults to the
            project's own setting; in a new one to whether the environment has ``DLTOOLKIT_FAST=1``.
        seed: Of every draw, from 0 to 2**32 - 1. Defaults to the project's own; in a new one to 0.

    Raises:
        InputError: If `data` or an option is not what the folder holds (both are named), if the folder is not empty
            and no project, or if there is neither a project nor `data`.
        FileNotFoundError: If `data` is a path and no file is there.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> project = Project(folder, data="penguins", fast=True)
        >>> project.catch_up("prepare")  # doctest: +ELLIPSIS
        define: ...
        >>> project.problem.kind
        'multiclass'
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        data: str | os.PathLike[str] | pd.DataFrame | None = None,
        target: str | tuple[str, ...] | list[str] | None = None,
        fast: bool | None = None,
        seed: int | None = None,
    ) -> None:
        self.folder = pathlib.Path(folder)
        self._ledger = Ledger(self.folder)
        self._kept: dict[str, tuple[str, Any]] = {}
        self._at_work = None
        self._ledger.recover()
        source = None if data is None else Source.of(data)
        target = tuple(target) if isinstance(target, (list, tuple)) else target
        if seed is not None:
            check_number(seed, "seed", low=0, high=2**32 - 1, whole=True)
        if self._ledger.exists:
            self._recognise(source, target, fast, seed)
        else:
            self._begin(source, target, fast, seed)

    def _begin(
        self, source: Source | None, target: str | tuple[str, ...] | None, fast: bool | None, seed: int | None
    ) -> None:
        """Take what a new project starts from; nothing is written before the first step."""
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(complaint(f"folder {self.folder}", "a folder", "a file"))
        visible = [p.name for p in self.folder.glob("[!.]*")]
        where = f"folder {self.folder}"
        if visible:
            got = f"no {FILE}, but {listed(sorted(visible))}"
            stop([complaint(where, "a project or an empty folder", got, "Choose another folder.")])
        if source is None:
            cure = "Give data=, such as data='credit', or data='table.csv' and target='column'."
            raise InputError(complaint(where, "a project", "none", cure))
        fast = os.environ.get(FAST_VARIABLE, "") not in ("", "0") if fast is None else bool(fast)
        self._given = source
        self._new = {"target": target or source.target, "fast": fast, "seed": int(seed or 0)}

    def _recognise(
        self, source: Source | None, target: str | tuple[str, ...] | None, fast: bool | None, seed: int | None
    ) -> None:
        """Make sure that what was given is what the folder holds.

        Raises:
            InputError: Naming everything that differs.
        """
        self._given = source
        known = self._header
        complaints = []
        where = f"project {self.folder}"
        cure = "Leave it out, or use another folder"
        if source is not None and (difference := self._difference(source, known["data"])):
            again = f"{cure}; project.do('define', data=...) starts over with it."
            complaints.append(complaint(f"{where} data", repr(known["data"]["name"]), difference, again))
        for name, value in (("target", target), ("fast", fast), ("seed", seed)):
            if value is not None and value != getattr(self, name):
                complaints.append(
                    complaint(f"{where} {name}", repr(getattr(self, name)), repr(value), f"{cure}.")
                )
        stop(complaints)

    def _difference(self, source: Source, known: dict[str, Any]) -> str:
        """What is different from the source that the project knows, in words; empty when nothing is."""
        if (source.kind, source.name) != (known["kind"], known["name"]):
            return f"{source.name!r}"
        if source.sha256 != known["sha256"]:
            return f"{source.name!r} with other content than was used"
        if source.frame is not None and fingerprint(as_kept(self.rows_of(source))) != fingerprint(self.raw):
            return "a DataFrame with other content than the one that was used"
        return ""

    def do(self, step: str, **settings: Any) -> Any:
        """Do one step.

        Args:
            step: One of `STEPS`.
            **settings: The settings of the step's function in the module that owns it; the rest are defaults.

        Returns:
            object: The step's result, such as a `Problem`, `Splits`, `Preprocessor`, `Run` or `Evaluation`.

        Raises:
            InputError: If there is no such step or setting, or its module refuses a value.
            MissingArtefact: If a step that it needs has not been done.
            StaleArtefact: If a step that it needs is out of date.
            TimeoutError: If another process is writing into the project.
        """
        check_step(step)
        check_settings(step, settings)
        with self._ledger.lock.held():
            for needed in TABLE[step].needs:
                self._require(needed, f"step {step!r}")
            self._at_work = AtWork(step)
            try:
                return self._do(step, settings, self._at_work)
            finally:
                self._at_work = None

    def _do(self, step: str, settings: dict[str, Any], at_work: AtWork) -> Any:
        started = time.perf_counter()
        header = {} if self._ledger.exists else dict(self._new)
        with self._ledger.staging(step) as folder:
            outcome = function_of(step)(self, folder, **settings)
            fields = {
                "when": _now(),
                "seconds": round(time.perf_counter() - started, 3),
                "settings": _spelt({k: v for k, v in settings.items() if k not in FOR_ONCE}),
                "summary": outcome.summary,
                "made_from": {s: self._entry(s).fingerprint for s in STEPS if s in at_work.used},
            }
            entry = self._ledger.commit(step, fields, header | outcome.header)
        for artefact in TABLE[step].makes:
            self._kept.pop(artefact, None)
        self._kept |= {name: (entry.fingerprint, value) for name, value in outcome.keep.items()}
        return self._artefact(next(iter(TABLE[step].makes))) if outcome.value is None else outcome.value

    def catch_up(self, step: str, *, echo: Callable[[str], object] = print) -> None:
        """Do every step before `step` that is missing, stale or damaged, and say so, a line each.

        A step that was done before is redone with the settings that it had; the others take their defaults. The
        last choice between models is made before the test part is opened, so that ``"fine_tune"`` runs before
        ``"evaluate"`` where both are due.

        Args:
            step: One of `STEPS`; it is not done itself.
            echo: Takes each line. Defaults to `print`.

        Raises:
            InputError: If there is no such step, or a module refuses the data; the message says why.
        """
        check_step(step)
        for earlier in RUNNING_ORDER:
            if TABLE[earlier].number < TABLE[step].number:
                self._renew(earlier, echo)

    def complete(self, *, echo: Callable[[str], object] = print) -> None:
        """Do all that is due, up to the last step, so that the deployed model is the one that was evaluated.

        Args:
            echo: Takes a line a step. Defaults to `print`.

        Raises:
            InputError: As `catch_up`.
        """
        self.catch_up("deploy", echo=echo)
        if self.evaluated_model != self.best.name:
            self._redo("evaluate", ["another model is in hand"], echo)
        for step in ("deploy", "monitor"):
            self._renew(step, echo)

    def _renew(self, step: str, echo: Callable[[str], object]) -> None:
        """Do a step again, or for the first time, when there is a reason."""
        entry = self._ledger.entries().get(step)
        reasons = [f"{cause} was redone" for cause in self._ledger.causes(step)]
        reasons = reasons or (["a file was damaged"] if self._ledger.damaged(step) else [])
        if entry is None or reasons:
            self._redo(step, reasons, echo)

    def _redo(self, step: str, reasons: list[str], echo: Callable[[str], object]) -> None:
        entry = self._ledger.entries().get(step)
        once = {"progress": False} if step in ("train", "tune", "fine_tune") else {}
        self.do(step, **(entry.settings if entry else {}), **once)
        entry = self._entry(step)
        again = f" (redone: {in_words(reasons)})" if reasons else ""
        echo(f"{step}{again}: {entry.summary} ({entry.seconds:.1f} s)")

    def record_opening(self) -> None:
        """Write one opening of the test part into the ledger."""
        event = {"when": _now(), "by": self._at_work.step if self._at_work else "hand"}
        with self._ledger.lock.held():
            content = self._ledger.content()
            self._ledger.write({**content, "test_openings": [*content["test_openings"], event]})

    def status(self) -> pd.DataFrame:
        """How far the project is; loads no framework.

        Returns:
            pandas.DataFrame: One row a step, indexed by ``number``: ``step``, ``state`` (``"done"``, ``"missing"``,
            ``"stale"`` or ``"damaged"``), ``when`` (UTC), ``seconds``, ``files``, ``settings`` and ``note``: what
            came out, why it is stale, which file is damaged, how often the test part was opened.
        """
        rows = [self._status_of(step) for step in STEPS]
        return pd.DataFrame(rows).set_index("number")

    def _status_of(self, step: str) -> dict[str, Any]:
        entry = self._ledger.entries().get(step)
        causes, damaged = self._ledger.causes(step), self._ledger.damaged(step)
        notes = [entry.summary] if entry else []
        notes += [f"{cause} was redone since" for cause in causes] + damaged
        if step == "define" and self.fast:
            notes.append(f"fast setting: {self.limits}")
        if step == "evaluate" and self.test_openings:
            times, by = len(self.test_openings), ", ".join(o["by"] for o in self.test_openings)
            notes.append(f"test part opened {times} time{'s' if times > 1 else ''} (by {by})")
        return {
            "number": TABLE[step].number,
            "step": step,
            "state": self._state(entry, causes, damaged),
            "when": pd.Timestamp(entry.when) if entry else pd.NaT,
            "seconds": entry.seconds if entry else np.nan,
            "files": tuple(entry.files) if entry else tuple(dict.fromkeys(TABLE[step].makes.values())),
            "settings": entry.settings if entry else {},
            "note": "; ".join(notes),
        }

    @staticmethod
    def _state(entry: Entry | None, causes: tuple[str, ...], damaged: list[str]) -> str:
        if entry is None:
            return "missing"
        return "damaged" if damaged else "stale" if causes else "done"

    def __repr__(self) -> str:
        """What it is about, how far it is, and the next step."""
        due = [s for s in STEPS if s not in self._ledger.entries() or self._ledger.causes(s)]
        following = f"Next: project.do({due[0]!r})" if due else "All steps are done"
        setting = ", fast setting" if self.fast else ""
        about = f"{self.source.name!r}, target {self.target!r}{setting}"
        return f"Project({str(self.folder)!r}: {about}; {len(STEPS) - len(due)} of {len(STEPS)} steps). {following}."


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _spelt(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them: numpy's numbers as Python's, a tuple as ``{"tuple": [...]}`` (a range is one).

    Options of preprocessing, such as ``TextOptions``, become ``{"options": [name, values]}``.
    """
    return dict(json.loads(json.dumps(_marked(settings), default=_plain_value)))


def _marked(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"options": [type(value).__name__, _marked(dataclasses.asdict(value))]}
    if isinstance(value, tuple):
        return {"tuple": [_marked(v) for v in value]}
    if isinstance(value, dict):
        return {k: _marked(v) for k, v in value.items()}
    return [_marked(v) for v in value] if isinstance(value, list) else value


def _plain_value(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
