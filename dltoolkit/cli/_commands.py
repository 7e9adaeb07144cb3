"""What the commands do, once their arguments have been understood."""

import argparse
import json
import os
import pathlib
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd

import dltoolkit
from dltoolkit import _files
from dltoolkit._checks import InputError, check_columns, complaint, listed, stop
from dltoolkit.cli import ALARM, OK, WRITERS, _launch, say

# Errors that are the user's to mend, told in one line; anything else is a fault of ours and keeps its traceback.
EXPECTED = (InputError, OSError, RuntimeError, ImportError, FloatingPointError, MemoryError)
WIDEST = 100  # columns; longer lines are hard to read
MOST_LEVELS = 3


def run(arguments: argparse.Namespace) -> int:
    """Do the whole life of a model on a file."""
    out = arguments.out or f"{pathlib.Path(arguments.data).name.split('.')[0]}-project"
    target = arguments.target[0] if len(arguments.target or ()) == 1 else arguments.target
    table = _read(arguments) if _told_how(arguments) else arguments.data
    dltoolkit.report.run(
        table,
        target,
        out,
        architecture=arguments.architecture,
        fast=arguments.fast,
        seed=arguments.seed,
        echo=print,
    )
    return OK


def _read(arguments: argparse.Namespace) -> pd.DataFrame:
    return dltoolkit.data.read(arguments.data, **_told_how(arguments))


def _told_how(arguments: argparse.Namespace) -> dict[str, str]:
    """The options of `data.read` that were given; a tab may be written as two characters, as shells make it hard."""
    given = {"sep": arguments.sep and arguments.sep.replace("\\t", "\t"), "encoding": arguments.encoding}
    return {name: value for name, value in given.items() if value is not None}


def predict(arguments: argparse.Namespace) -> int:
    """Answer for the rows of a file."""
    out = None if arguments.out is None else _checked_out(pathlib.Path(arguments.out), arguments.data)
    frame = _read(arguments)
    bundle = dltoolkit.deployment.load(arguments.bundle)
    answers = bundle.predict(frame, threshold=arguments.threshold)
    if arguments.keep is None:
        kept = [c for c in bundle.preprocessor.schema.columns("id") if c in frame and c not in answers]
    else:
        kept = _checked_keep(arguments.keep, frame, answers)
    _write(frame[kept].join(answers), out)
    _tell_counts(answers, out)
    return OK


def _checked_out(out: pathlib.Path, source: str) -> pathlib.Path:
    """Where the answers go, found fit before any work is done."""
    if out.suffix.lower() not in WRITERS:
        stop([complaint("--out", f"a file that ends in {' or '.join(WRITERS)}", str(out))])
    if out.is_dir():
        raise IsADirectoryError(complaint("--out", "a file", f"the folder {out}"))
    if out.exists() and os.path.exists(source) and out.samefile(source):
        cure = "Give the answers a name of their own."
        stop([complaint("--out", "another file than the data", str(out), cure)])
    return out


def _checked_keep(names: Sequence[str], frame: pd.DataFrame, answers: pd.DataFrame) -> list[str]:
    check_columns(frame, names, argument="--keep:")
    twice = [name for name in names if name in answers]
    if twice:
        cure = "Rename them in the file."
        stop([complaint("--keep", "names that no column of the answers has", listed(twice), cure)])
    return list(dict.fromkeys(names))


def _write(table: pd.DataFrame, out: pathlib.Path | None) -> None:
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(table.to_csv(index=False, lineterminator="\n").encode())
        sys.stdout.buffer.flush()
        return
    separator = WRITERS[out.suffix.lower()]
    try:
        if separator is None:
            _files.write_frame(out, table)
        else:
            _files.write_text(out, table.to_csv(index=False, sep=separator, lineterminator="\n"))
    except OSError as error:
        text = complaint(f"--out {out}", "a file that can be written", error.strerror or str(error))
        raise type(error)(error.errno, text) from error


def _tell_counts(answers: pd.DataFrame, out: pathlib.Path | None) -> None:
    """What was handled, on the standard error, so that it does not mix with the answers."""
    say(f"{len(answers):,} rows answered" + (f", in {out}" if out else ""))
    missing = {name: count["missing"] for name, count in answers.attrs["counts"].items() if count["missing"]}
    if missing:
        told = ", ".join(f"{name} {count:,}" for name, count in missing.items())
        say(f"missing values, filled as in training: {told}")
    if answers.attrs["extra"]:
        say(f"columns that training did not have, ignored: {', '.join(answers.attrs['extra'])}")


def check(arguments: argparse.Namespace) -> int:
    """Compare the rows of a file with those of the training."""
    frame = _read(arguments)
    bundle = dltoolkit.deployment.load(arguments.bundle)
    if bundle.reference is None:
        cure = "Save it again with deployment.save(..., reference=monitoring.Monitor(train, schema=schema))."
        stop([complaint(f"bundle {arguments.bundle}", "a profile of the training data", "none", cure)])
    monitor = dltoolkit.monitoring.Monitor.from_json(bundle.reference)
    report = monitor.check(frame, outputs=_answers(monitor, bundle, frame))
    if arguments.json:
        print(json.dumps(report.to_json(), indent=2, allow_nan=False))
    else:
        _tell_drift(report)
    return ALARM if report.alarm else OK


def launch(arguments: argparse.Namespace) -> int:
    """Start a script in several processes."""
    job = _launch.plan(arguments.processes, arguments.hosts, arguments.rank)
    _launch.launch(job, arguments.script, arguments.arguments)
    return OK


def _answers(monitor: Any, bundle: Any, frame: pd.DataFrame) -> Any:
    """The model's answers in the form that the monitor knows them in, if it watches them."""
    if not monitor.outputs:
        return None
    answers = bundle.predict(frame)
    return answers if set(monitor.outputs) <= set(answers) else bundle.outputs(frame)


def _tell_drift(report: Any) -> None:
    rows = f"{report.n_rows:,} rows against {report.n_reference:,} of training, {len(report.findings)} tests"
    _tell(f"{'Drift in ' + ', '.join(report.drifted) if report.alarm else 'No drift'} ({rows}).")
    for finding in report.findings:
        if finding.drifted:
            _tell(f"- {finding.column}: {finding.why} (p {finding.p_adjusted:.1g})")
    for column, levels in report.new_categories.items():
        told = ", ".join(f"{level!r} {count:,}" for level, count in list(levels.items())[:MOST_LEVELS])
        more = f" and {len(levels) - MOST_LEVELS:,} more" if len(levels) > MOST_LEVELS else ""
        _tell(f"- {column}: categories that training never saw: {told}{more}")
    if report.extra:
        _tell(f"- not looked at, as training did not have them: {', '.join(report.extra)}")
    _tell(report.advice)


def _tell(text: str) -> None:
    """Print text, wrapped to the terminal."""
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    print(textwrap.fill(text, max(width, 20), subsequent_indent="  ", break_long_words=False))
