"""From a table to a project folder with a bundle, ``report.json`` and ``report.html``."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from dltoolkit import _files, models
from dltoolkit.models._build import AUTO
from dltoolkit.project import Project
from dltoolkit.report import _page
from dltoolkit.report._facts import facts

JSON, PAGE = "report.json", "report.html"


def run(
    path: str | os.PathLike[str] | pd.DataFrame,
    target: str | Sequence[str] | None,
    out: str | os.PathLike[str],
    *,
    architecture: str | None = None,
    fast: bool = False,
    seed: int = 0,
    echo: Callable[[str], object] = print,
) -> dict[str, Any]:
    """Do the thirteen steps of a model's life on a table, with defaults, and report.

    What `out` holds already is not done again. The last choice between models is made before the test part is
    opened, so that it is opened once.

    Args:
        path: The table: a file, a name of the catalogue, or a DataFrame.
        target: The column to predict, or several: labels of a multi-label problem, or amounts. None takes the catalogue's.
        out: The project folder: made when it does not exist; empty, or a project of the same table.
        architecture: The network to design, such as ``"tabular"``: a name of `models.architectures`, or ``"auto"`` for
            what did best for such columns. Defaults to None: the project's, which for a plain table is ``"mlp"``.
        fast: Whether to take few rows, epochs, trials and resamples: quick, and its figures mean nothing.
            Defaults to False.
        seed: Of every draw, from 0 to 2**32 - 1. Defaults to 0.
        echo: Takes each line about the progress. Defaults to `print`.

    Returns:
        dict: What stands in ``report.json``; see `facts`.

    Raises:
        InputError: If the table or the target cannot be used, or `out` holds something else; the message says what
            to do.
        OSError: If the table cannot be read or `out` cannot be written.

    Example:
        >>> import tempfile
        >>> found = run("penguins", None, tempfile.mkdtemp(), fast=True, echo=lambda line: None)
        >>> found["problem"]["kind"], found["test_openings"]["count"]
        ('multiclass', 1)
    """
    started = time.perf_counter()
    columns = target if target is None or isinstance(target, str) else tuple(target)
    project = Project(out, data=path, target=columns, fast=fast, seed=seed)
    if architecture is not None:
        _design(project, architecture, echo)
    project.complete(echo=echo)
    told = facts(project)
    _files.write_text(project.folder / PAGE, _page.html(project, told))
    told["timings"]["this_call"] = round(time.perf_counter() - started, 1)
    _files.write_json(project.folder / JSON, told)
    echo(
        f"{told['verdict']} {project.folder / PAGE} tells all ({told['timings']['this_call']:.0f} s in all)."
    )
    return told


def _design(project: Project, architecture: str, echo: Callable[[str], object]) -> None:
    """Design another network than the project would, unless that is done already."""
    project.catch_up("design", echo=echo)
    wanted = architecture
    if wanted == AUTO:
        wanted = models.pick(project.problem, project.preprocessor)
    if not project.is_done("design") or project.design["architecture"] != wanted:
        project.do("design", architecture=wanted)
        echo(f"design: {wanted}, {project.design['parameters']:,} parameters")
