"""Steps 1 and 2: define the problem; collect and prepare the data."""

import hashlib
import pathlib
from typing import TYPE_CHECKING, Any

import pandas as pd

from dltoolkit import _files, data
from dltoolkit._checks import InputError, complaint, listed
from dltoolkit.data import Schema, Splits
from dltoolkit.problem import Problem
from dltoolkit.project._outcome import Outcome
from dltoolkit.project._seal import sealed
from dltoolkit.project._source import Source
from dltoolkit.project._steps import passes_on

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
) -> Outcome:
    """Step 1: read the table, and what is to be predicted from it."""
    source = project.source if data is None else Source.of(data)
    target = target or (source.target if data is not None else None) or project.target
    raw = _table(project, source)
    if target is None:
        cure = f"Name it: target=... The columns are: {listed(raw.columns, 50)}."
        raise InputError(complaint("target", "the column to predict", "None", cure))
    problem = Problem.infer(raw, target, kind=kind, positive=positive)
    Schema.infer(raw, target)  # names what cannot be kept, such as a column of mixed types
    _files.write_frame(folder / "raw.parquet", raw)
    _files.write_json(folder / "problem.json", problem.to_json())
    origin = {**source.to_json(), "rows": len(raw), "columns": raw.shape[1], "fingerprint": _fingerprint(raw)}
    header = {"data": origin, "target": target}
    what = (
        f"positive {problem.classes[1]!r}" if problem.kind == "binary" else f"{len(problem.classes)} classes"
    )
    summary = f"{problem.kind}, target {target!r}" + (f", {what}" if problem.classes else "")
    return Outcome(problem, summary, header=header)


@passes_on(data.clean)
def prepare(
    project: "Project",
    folder: pathlib.Path,
    *,
    roles: dict[str, str] | None = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    method: str = "auto",
    groups: str | None = None,
    time: str | None = None,
    n_folds: int | None = None,
    seed: int | None = None,
    **cleaning: Any,
) -> Outcome:
    """Step 2: audit, clean and split.

    Columns and duplicate rows are dropped before the split, so that no two parts share a row; every number that
    cleaning learns (a median, a fence) is learnt from the training part alone.
    """
    raw, problem = project.raw, project.problem
    seed = project.seed if seed is None else seed
    schema = Schema.infer(raw, problem.target).with_roles(roles)
    audit = data.audit(raw, problem.target, schema=schema, problem=problem, seed=seed)
    cleaned = data.clean(raw, audit, **cleaning)
    frame = cleaned.data.reset_index(drop=True)
    splits = data.split(
        frame,
        problem,
        test_size=test_size,
        validation_size=validation_size,
        method=method,
        groups=groups,
        time=time,
        n_folds=n_folds,
        seed=seed,
    )
    _files.write_frame(folder / "data.parquet", frame)
    for name, part in {"schema": schema, "audit": audit, "cleaning": cleaned, "splits": splits}.items():
        _files.write_json(folder / f"{name}.json", part.to_json())
    n = len(audit.findings)
    text = f"{len(frame):,} rows, {frame.shape[1]} columns, {n} finding{'' if n == 1 else 's'}"
    return Outcome(None, text)


def _table(project: "Project", source: Source) -> pd.DataFrame:
    """The table that a source gives, or the project's own copy of a DataFrame that was handed over long ago."""
    if source.kind == "frame" and source.frame is None:
        return project.raw
    return project.rows_of(source)


def _fingerprint(raw: pd.DataFrame) -> str:
    """Sixteen hexadecimal digits that change with any name or value."""
    digest = hashlib.sha256("\n".join(raw.columns).encode())
    digest.update(pd.util.hash_pandas_object(raw, index=False).to_numpy("<u8").tobytes())
    return digest.hexdigest()[:16]


def load_problem(project: "Project", folder: pathlib.Path) -> Problem:
    """Read what is to be predicted."""
    return Problem.from_json(_files.read_json(folder / "problem.json"))


def load_raw(project: "Project", folder: pathlib.Path) -> pd.DataFrame:
    """Read the table as it came."""
    return pd.read_parquet(folder / "raw.parquet")


def load_frame(project: "Project", folder: pathlib.Path) -> pd.DataFrame:
    """Read the cleaned table."""
    return pd.read_parquet(folder / "data.parquet")


def load_schema(project: "Project", folder: pathlib.Path) -> Schema:
    """Read the roles of the columns."""
    return Schema.from_json(_files.read_json(folder / "schema.json"))


def load_audit(project: "Project", folder: pathlib.Path) -> data.Audit:
    """Read what was found in the table."""
    return data.Audit.from_json(_files.read_json(folder / "audit.json"))


def load_cleaning(project: "Project", folder: pathlib.Path) -> data.Cleaning:
    """Read what was done about it."""
    return data.Cleaning.from_json(_files.read_json(folder / "cleaning.json"))


def load_splits(project: "Project", folder: pathlib.Path) -> Splits:
    """Put the parts together again."""
    splits = Splits.from_json(project.frame, _files.read_json(folder / "splits.json"))
    return sealed(splits, project)
