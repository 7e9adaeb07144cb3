"""The environment doctor: is everything here that dltoolkit needs, and if not, what mends it? It uses no network.

The standard library is all that it takes to import it: a doctor has to come to a broken installation too.

Example:
    >>> print(Check("disk", "warn", "0.4 GB free", "Free some space.").line)
    warn  disk                0.4 GB free
          fix: Free some space.
"""

import argparse
import json
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence

from dltoolkit.doctor import _jupyter, _machine, _packages, _tensorflow
from dltoolkit.doctor._report import FAIL, Check, Report

__all__ = ["Check", "Report", "examine", "main"]


def examine(folder: str | os.PathLike[str] = ".") -> Report:
    """Look at everything that dltoolkit needs on this machine.

    Args:
        folder: Where projects are going to be kept. Defaults to the current folder.

    Returns:
        Report: One check a line. A thing that cannot be looked at is a failed check, never an exception.
    """
    place = pathlib.Path(folder)
    with _tensorflow.started() as answer:  # it takes seconds to start, so the rest is looked at meanwhile
        looks: list[tuple[str, Callable[[], Iterator[Check]]]] = [
            ("python", _machine.python),
            ("packages", _packages.packages),
            ("memory", _machine.memory),
            ("disk", lambda: _machine.disk(place)),
            ("folder", lambda: _machine.writable(place)),
            ("catalogue", _packages.catalogue),
            ("widgets", _jupyter.widgets),
            ("kernel", _jupyter.kernel),
            ("tensorflow", lambda: _tensorflow.tensorflow(answer())),
        ]
        return Report(tuple(check for subject, look in looks for check in _safely(subject, look)))


def main(argv: Sequence[str] | None = None) -> int:
    """The command ``dltoolkit doctor``: print what was found.

    Args:
        argv: The arguments after ``doctor``. Defaults to none.

    Returns:
        int: 1 if a check failed, otherwise 0.
    """
    parser = argparse.ArgumentParser(
        prog="dltoolkit doctor", description="Is everything here that dltoolkit needs? Uses no network."
    )
    parser.add_argument("--json", action="store_true", help="print the report for another program")
    parser.add_argument("--folder", default=".", help="where projects are going to be kept (default: here)")
    options = parser.parse_args([] if argv is None else list(argv))
    report = examine(options.folder)
    print(json.dumps(report.to_json(), indent=2) if options.json else report)
    return 0 if report.ok else 1


def _safely(subject: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Run a look; one that breaks down is itself a finding."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001  a doctor reports what is broken, whatever it is
        fix = "pip install --requirement requirements.txt mends most of these"
        yield Check(subject, FAIL, f"could not be looked at: {type(error).__name__}: {error}", fix)
