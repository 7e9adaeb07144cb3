"""The command line: ``dltoolkit run``, ``predict``, ``check``, ``launch`` and ``doctor``.

Only the standard library is imported until the arguments have been understood, so that help comes at once.
"""

import argparse
import contextlib
import importlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import dltoolkit

OK, ERROR, ALARM, INTERRUPTED = 0, 1, 2, 130  # 130: what shells give a program that Ctrl-C ended
WRITERS = {".csv": ",", ".tsv": "\t", ".parquet": None}  # suffix of the answers' file to separator
ROWS = "the new rows: CSV, TSV (both also gzipped) or Parquet"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments after the program's name. Defaults to those of this process.

    Returns:
        int: The exit code. 0: all went well. 1: an error, told in one line on the standard error. 2: ``check`` found
        drift. 130: Ctrl-C.

    Raises:
        SystemExit: After ``--help`` and ``--version`` (0), and if the arguments are wrong (1).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a letter must not end the program
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["doctor"]:  # has arguments of its own, and needs nothing but the standard library
        return dltoolkit.doctor.main(given[1:])
    arguments = _parser().parse_args(given)
    try:
        with _warnings_as_lines():
            return _carry_out(arguments)
    except KeyboardInterrupt:
        say("stopped by you")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR


def _carry_out(arguments: argparse.Namespace) -> int:
    commands = importlib.import_module("dltoolkit.cli._commands")
    try:
        code = getattr(commands, arguments.command)(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        raise
    except commands.EXPECTED as error:
        say(_told(error))
        return ERROR


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def say(text: str) -> None:
    """Print one line on the standard error."""
    print(f"dltoolkit: {' '.join(text.split())}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show warnings for the user as lines of ours, without the place in the code that they come from."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        say(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and exit code 1: 2 is how ``check`` raises the alarm."""

    def error(self, message: str) -> NoReturn:
        say(f"{message}. Try: {self.prog} --help")
        raise SystemExit(ERROR)


def _parser() -> argparse.ArgumentParser:
    about = "The whole life of a deep-learning model on a table, from a file to a model that is watched."
    parser = _Parser(prog="dltoolkit", description=about)
    parser.add_argument("--version", action="version", version=f"dltoolkit {dltoolkit.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    _add_run(commands)
    _add_predict(commands)
    _add_check(commands)
    _add_launch(commands)
    commands.add_parser("doctor", help="is everything here that dltoolkit needs?")
    return parser


def _add_run(commands: Any) -> None:
    about = (
        "Read a table, audit it, split it, train, tune and evaluate a network beside its baselines, and leave a "
        "project folder with report.html, report.json and a bundle that answers for new rows."
    )
    kinds = "CSV, TSV (both also gzipped), Parquet, or the name of a table that comes along, such as credit"
    several = "several yes/no columns make a multi-label problem, several amounts are answered at once"
    target = f"what is to be predicted; {several}; tables that come along have theirs"
    parser = commands.add_parser("run", help="do the whole life of a model on a file", description=about)
    parser.add_argument("data", help=f"the table: {kinds}")
    _add_reading(parser)
    parser.add_argument("--target", nargs="+", metavar="NAME", help=target)
    parser.add_argument(
        "--out", metavar="FOLDER", help="the project folder (default: the file's name + -project)"
    )
    parser.add_argument(
        "--architecture",
        metavar="NAME",
        help="the network, such as tabular, cnn or transformer; auto: what did best for such columns",
    )
    parser.add_argument("--fast", action="store_true", help="fewer rows, epochs and trials: a first look")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same seed gives the same result (default: 0)"
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """What a message about a table may ask to be told: how its text is written."""
    parser.add_argument(
        "--sep", metavar="S", help="the character between two fields (default: told by the file)"
    )
    parser.add_argument(
        "--encoding", metavar="E", help="the text's encoding, such as latin-1 (default: UTF-8)"
    )


def _add_predict(commands: Any) -> None:
    about = "Answer for the rows of a table with a bundle; the answers keep the order of the rows."
    out = f"where to: {', '.join(WRITERS)} by its suffix (default: CSV on the screen)"
    threshold = "probability from which the answer is yes (default: 0.5)"
    keep = "columns of the table to put beside the answers (default: its ids)"
    parser = commands.add_parser("predict", help="answer for new rows", description=about)
    parser.add_argument("bundle", help="the bundle's folder")
    parser.add_argument("data", help=ROWS)
    _add_reading(parser)
    parser.add_argument("--out", metavar="FILE", help=out)
    parser.add_argument("--threshold", type=float, metavar="P", help=threshold)
    parser.add_argument("--keep", nargs="+", metavar="NAME", help=keep)


def _add_check(commands: Any) -> None:
    about = (
        "Compare new rows with those that a bundle was trained on. Exit code 0: no drift; 2: drift; 1: an error. "
        "The chance of a false alarm is held for the report as a whole, not for each column."
    )
    parser = commands.add_parser("check", help="have new rows drifted away from training?", description=about)
    parser.add_argument("bundle", help="the bundle's folder")
    parser.add_argument("data", help=ROWS)
    _add_reading(parser)
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")


def _add_launch(commands: Any) -> None:
    about = (
        "Start the same script in several processes on JAX: what training.fit trains in it, they train together, each with "
        "its part of every batch. Only the first one shows what it prints and writes checkpoints. Where one is lost, all end."
    )
    hosts = "where the processes run and meet, such as 10.0.0.1:1234,10.0.0.2:1234; the first one is where they meet"
    parser = commands.add_parser(
        "launch", help="train in several processes, on one or more hosts", description=about
    )
    parser.add_argument("--processes", type=int, metavar="N", help="so many on this machine")
    parser.add_argument("--hosts", metavar="HOST:PORT,...", help=hosts)
    parser.add_argument("--rank", type=int, metavar="N", help="which of the hosts this is, from 0")
    parser.add_argument("script", help="a Python script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its own arguments")
