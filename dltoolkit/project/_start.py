"""Step 1: read the table, and what is to be predicted from it."""

import hashlib
import pathlib
from typing import TYPE_CHECKING, Any

import pandas as pd

from dltoolkit import _files
from dltoolkit._checks import InputError, complaint, listed
from dltoolkit.data import Schema
from dltoolkit.data._content import hashable
from dltoolkit.problem import Problem
from dltoolkit.project._outcome import Outcome
from dltoolkit.project._source import Source
from dltoolkit.project._tables import read_table, write_table

if TYPE_CHECKING:
    from dltoolkit.project._project import Project


def define(
    project: "Project",
    folder: pathlib.Path,
    *,
    data: Any = None,
    target: str | tuple[str, ...] | None = None,
    kind: str | None = None,
    positive: Any = None,
    quantiles: tuple[float, ...] = (),
) -> Outcome:
    """Step 1: read the table, and what is to be predicted from it."""
    source = project.source if data is None else Source.of(data)
    target = target or (source.target if data is not None else None) or project.target
    raw = _table(project, source)
    if target is None:
        cure = f"Name it: target=... The columns are: {listed(raw.columns, 50)}."
        raise InputError(complaint("target", "the column to predict", "None", cure))
    problem = Problem.infer(raw, target, kind=kind, positive=positive, quantiles=quantiles)
    Schema.infer(raw, target)  # names what cannot be kept, such as a column of mixed types
    write_table(folder / "raw.parquet", raw)
    _files.write_json(folder / "problem.json", problem.to_json())
    origin = {**source.to_json(), "rows": len(raw), "columns": raw.shape[1], "fingerprint": _fingerprint(raw)}
    header = {"data": origin, "target": target}
    what = (
        f"positive {problem.classes[1]!r}" if problem.kind == "binary" else f"{len(problem.classes)} classes"
    )
    summary = f"{problem.kind}, target {target!r}" + (f", {what}" if problem.classes else "")
    return Outcome(problem, summary, header=header)


def _table(project: "Project", source: Source) -> pd.DataFrame:
    """The table that a source gives, or the project's own copy of a DataFrame that was handed over long ago."""
    if source.kind == "frame" and source.frame is None:
        return project.raw
    return project.rows_of(source)


def _fingerprint(raw: pd.DataFrame) -> str:
    """Sixteen hexadecimal digits that change with any name or value."""
    digest = hashlib.sha256("\n".join(raw.columns).encode())
    plain = raw.assign(**{name: hashable(raw[name]) for name in raw.columns[raw.dtypes == object]})
    digest.update(pd.util.hash_pandas_object(plain, index=False).to_numpy("<u8").tobytes())
    return digest.hexdigest()[:16]


def load_problem(project: "Project", folder: pathlib.Path) -> Problem:
    """Read what is to be predicted."""
    return Problem.from_json(_files.read_json(folder / "problem.json"))


def load_raw(project: "Project", folder: pathlib.Path) -> pd.DataFrame:
    """Read the table as it came."""
    return read_table(folder / "raw.parquet")
