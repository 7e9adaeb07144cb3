"""The command line: ``dltoolkit run``, ``predict``, ``check`` and ``doctor``.

Only the standard library is imported until the arguments have been understood, so that help comes at once.
"""

import argparse
import contextlib
import io
import json
import os
import pathlib
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import dltoolkit

if TYPE_CHECKING:
    import pandas as pd

OK, ERROR, ALARM, INTERRUPTED = 0, 1, 2, 130  # 130: what shells give a program that Ctrl-C ended
WIDEST = 100  # columns; longer lines are hard to read
WRITERS = {".csv": ",", ".tsv": "\t", ".parquet": None}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments after the program's name. Defaults to those of this process.

    Returns:
        int: The exit code. 0: all went well. 1: an error, told in one line on the standard error. 2: ``check`` found
        drift. 130: Ctrl-C.

    Raises:
        SystemExit: After ``--help`` and ``--version``, and if the arguments are wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a letter must not end the program
            stream.reconfigure(errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    from dltoolkit._checks import InputError

    try:
        with _warnings_as_lines():
            return arguments.run(arguments)
    except KeyboardInterrupt:
        _say("stopped by you")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except (InputError, OSError, ImportError, FloatingPointError, MemoryError) as error:
        _say(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        return ERROR


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and exit code 1: 2 is how ``check`` raises the alarm."""

    def error(self, message: str) -> NoReturn:
        _say(f"{message}. Try: {self.prog} --help")
        raise SystemExit(ERROR)


def _parser() -> argparse.ArgumentParser:
    about = "The whole life of a deep-learning model on a table, from a file to a model that is watched."
    parser = _Parser(prog="dltoolkit", description=about)
    parser.add_argument("--version", action="version", version=f"dltoolkit {dltoolkit.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_predict(commands)
    _add_check(commands)
    doctor = commands.add_parser("doctor", help="is everything here that dltoolkit needs?", add_help=False)
    doctor.add_argument("options", nargs=argparse.REMAINDER)
    doctor.set_defaults(run=lambda arguments: dltoolkit.doctor.main(arguments.options))
    return parser


def _add_run(commands: Any) -> None:
    about = (
        "Read a table, audit it, split it, train, tune and evaluate a network beside its baselines, and leave a "
        "project folder with report.html, report.json and a bundle that answers for new rows."
    )
    parser = commands.add_parser("run", help="do the whole life of a model on a file", description=about)
    parser.add_argument("data", help="the table: CSV, TSV (both also gzipped) or Parquet")
    parser.add_argument(
        "--target",
        required=True,
        nargs="+",
        metavar="COLUMN",
        help="what is to be predicted; several yes/no columns make a multi-label problem",
    )
    parser.add_argument(
        "--out", metavar="FOLDER", help="the project folder (default: the file's name + -project)"
    )
    parser.add_argument("--fast", action="store_true", help="fewer rows, epochs and trials: a first look")
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed gives the same result (default: 0)"
    )
    parser.set_defaults(run=_run)


def _add_predict(commands: Any) -> None:
    about = "Answer for the rows of a table with a bundle; the answers keep the order of the rows."
    parser = commands.add_parser("predict", help="answer for new rows", description=about)
    parser.add_argument("bundle", help="the bundle's folder")
    parser.add_argument("data", help="the new rows: CSV, TSV (both also gzipped) or Parquet")
    parser.add_argument(
        "--out",
        metavar="FILE",
        help=f"where to: {', '.join(WRITERS)} by its suffix (default: CSV on the screen)",
    )
    parser.add_argument(
        "--threshold", type=float, metavar="P", help="probability from which the answer is yes (default: 0.5)"
    )
    parser.add_argument(
        "--keep",
        nargs="+",
        metavar="COLUMN",
        help="columns of the table to put beside the answers (default: its ids)",
    )
    parser.set_defaults(run=_predict)


def _add_check(commands: Any) -> None:
    about = (
        "Compare new rows with those that a bundle was trained on. Exit code 0: no drift; 2: drift; 1: an error. "
        "The chance of a false alarm is 5 %% in all, not for each column."
    )
    parser = commands.add_parser("check", help="have new rows drifted away from training?", description=about)
    parser.add_argument("bundle", help="the bundle's folder")
    parser.add_argument("data", help="the new rows: CSV, TSV (both also gzipped) or Parquet")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
    parser.set_defaults(run=_check)


def _run(arguments: argparse.Namespace) -> int:
    out = arguments.out or f"{pathlib.Path(arguments.data).name.split('.')[0]}-project"
    target = arguments.target[0] if len(arguments.target) == 1 else tuple(arguments.target)
    dltoolkit.report.run(arguments.data, target, out, fast=arguments.fast, seed=arguments.seed, echo=print)
    return OK


def _predict(arguments: argparse.Namespace) -> int:
    from dltoolkit._checks import check_columns

    out = _checked_out(arguments)
    frame = dltoolkit.data.read(arguments.data)
    check_columns(frame, arguments.keep or (), argument=f"--keep: {arguments.data}")
    bundle = dltoolkit.deployment.load(arguments.bundle)
    answers = bundle.predict(frame, threshold=arguments.threshold)
    ids = [c for c in bundle.preprocessor.schema.columns("id") if c in frame]
    kept = frame[[c for c in arguments.keep or ids if c not in answers]]
    _write(kept.join(answers), out)
    _tell_counts(answers, out)
    return OK


def _checked_out(arguments: argparse.Namespace) -> pathlib.Path | None:
    """Where the answers go, found fit before any work is done."""
    from dltoolkit._checks import complaint, stop

    if arguments.out is None:
        return None
    out = pathlib.Path(arguments.out)
    if out.suffix.lower() not in WRITERS:
        stop([complaint("--out", f"a file that ends in {' or '.join(WRITERS)}", str(out))])
    if out.is_dir():
        raise IsADirectoryError(complaint("--out", "a file", f"the folder {out}"))
    if out.exists() and os.path.exists(arguments.data) and out.samefile(arguments.data):
        stop(
            [
                complaint(
                    "--out", "another file than the data", str(out), "Give the answers a name of their own."
                )
            ]
        )
    return out


def _write(table: "pd.DataFrame", out: pathlib.Path | None) -> None:
    from dltoolkit import _files

    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(table.to_csv(index=False, lineterminator="\n").encode())
        sys.stdout.buffer.flush()
    elif (separator := WRITERS[out.suffix.lower()]) is None:
        _files.write_frame(out, table)
    else:
        _files.write_text(out, table.to_csv(index=False, sep=separator, lineterminator="\n"))


def _tell_counts(answers: "pd.DataFrame", out: pathlib.Path | None) -> None:
    """What was handled, on the standard error, so that it does not mix with the answers."""
    _say(f"{len(answers):,} rows answered" + (f", in {out}" if out else ""))
    counts = answers.attrs["counts"]
    for kind, what in (("missing", "missing values, filled as in training"), ("unseen", "unseen categories")):
        told = [f"{column} {count[kind]:,}" for column, count in counts.items() if count[kind]]
        if told:
            _say(f"{what}: {', '.join(told)}")
    if answers.attrs["extra"]:
        _say(f"columns that training did not have, ignored: {', '.join(answers.attrs['extra'])}")


def _check(arguments: argparse.Namespace) -> int:
    from dltoolkit._checks import complaint, stop

    frame = dltoolkit.data.read(arguments.data)
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


def _answers(monitor: Any, bundle: Any, frame: "pd.DataFrame") -> Any:
    """The model's answers in the form that the monitor knows them in, if it watches them."""
    if not monitor.outputs:
        return None
    answers = bundle.predict(frame)
    return answers if set(monitor.outputs) <= set(answers) else bundle.outputs(frame)


def _tell_drift(report: Any) -> None:
    rows = f"{report.n_rows:,} rows against {report.n_reference:,} of training, {len(report.findings)} tests"
    print(_wrapped(f"{'Drift in ' + ', '.join(report.drifted) if report.alarm else 'No drift'} ({rows})."))
    for finding in report.findings:
        if finding.drifted:
            print(_wrapped(f"- {finding.column}: {finding.why} (p {finding.p_adjusted:.1g})"))
    for column, levels in report.new_categories.items():
        told = ", ".join(f"{level!r} {count:,}" for level, count in list(levels.items())[:3])
        print(_wrapped(f"- {column}: {len(levels):,} new categories: {told}"))
    if report.extra:
        print(_wrapped(f"- not looked at, as training did not have them: {', '.join(report.extra)}"))
    print(_wrapped(report.advice))


def _wrapped(text: str) -> str:
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    return textwrap.fill(text, max(width, 20), subsequent_indent="  ", break_long_words=False)


def _say(text: str) -> None:
    """One line on the standard error."""
    print(f"dltoolkit: {' '.join(text.split())}", file=sys.stderr)


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show warnings for the user as lines of ours, without the place in the code that they come from."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        _say(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield
