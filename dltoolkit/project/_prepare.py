"""Step 2: audit, clean and split, so that the test part has no say in what is learnt."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from dltoolkit import _files, data
from dltoolkit.data import Audit, Cleaning, Schema, Splits
from dltoolkit.project._outcome import Outcome
from dltoolkit.project._sealing import sealed, with_rows
from dltoolkit.project._steps import passes_on
from dltoolkit.project._tables import read_table, write_table

if TYPE_CHECKING:
    from dltoolkit.project._project import Project

# What `data.clean` learns numbers or spellings for: that is done on the training part alone. The rest of it drops
# whole columns and rows that repeat each other, which has to come before the split.
LEARNT = ("missing", "outliers", "spelling", "time")


@passes_on(data.clean, "time")
def prepare(
    project: "Project",
    folder: pathlib.Path,
    *,
    roles: Mapping[str, str] | None = None,
    labels: bool = True,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    method: str = "auto",
    groups: str | None = None,
    time: str | None = None,
    n_folds: int | None = None,
    seed: int | None = None,
    **cleaning: Any,
) -> Outcome:
    """Step 2: audit the table, drop what no model can use, split it, and learn the rest of the cleaning.

    Columns and duplicate rows are dropped before the split, so that no two parts share a row. Medians, fences and
    spellings are learnt from the training part, and applied to the others, of which no row is dropped.
    """
    raw, problem = project.raw, project.problem
    method, groups, time = _split_by(raw, method, groups, time)
    seed = project.seed if seed is None else seed
    schema = Schema.infer(raw, problem.target).with_roles(roles or {})
    audit = data.audit(raw, problem.target, schema=schema, problem=problem, labels=labels, seed=seed)
    shaped = data.clean(raw, audit, **_shaping(cleaning, [c for c in (groups, time) if c is not None]))
    options = {"test_size": test_size, "validation_size": validation_size, "method": method, "groups": groups}
    frame = _rows(shaped).reset_index(drop=True)
    splits = data.split(frame, problem, **options, time=time, n_folds=n_folds, seed=seed)
    cleaned = shaped
    if wanted := _learning(cleaning, time):
        frame, learnt = _learn(splits, problem.target, wanted)
        splits, frame = with_rows(splits, frame), frame.reset_index(drop=True)
        columns = {"columns": {**shaped.settings["columns"], **learnt.settings["columns"]}}
        settings = shaped.settings | {name: learnt.settings[name] for name in LEARNT} | columns
        cleaned = Cleaning((*shaped.steps, *learnt.steps), settings)
    parts = {"schema": _without(schema, frame), "audit": audit, "cleaning": cleaned, "splits": splits}
    write_table(folder / "data.parquet", frame)
    contents = {name: part.to_json() for name, part in parts.items()}
    contents["splits"]["test_openings"] = 0  # the ledger counts them
    for name, content in contents.items():
        _files.write_json(folder / f"{name}.json", content)
    n = len(audit.findings)
    return Outcome(None, f"{len(frame):,} rows, {frame.shape[1]} columns, {n} finding{'' if n == 1 else 's'}")


def _split_by(
    raw: pd.DataFrame, method: str, groups: str | None, time: str | None
) -> tuple[str, str | None, str | None]:
    """Method, groups and time of the split: as asked for, else as the table itself says, such as by the voices of sounds."""
    if (method, groups, time) != ("auto", None, None):
        return method, groups, time
    told = {"groups": raw.attrs.get("groups"), **raw.attrs.get("split", {})}
    return told.get("method", "auto"), told["groups"], told.get("time")


def _rows(cleaned: Cleaning) -> pd.DataFrame:
    """The table of a cleaning that was just done."""
    assert cleaned.data is not None
    return cleaned.data


def _shaping(cleaning: Mapping[str, Any], needed: list[str]) -> dict[str, Any]:
    """The options of `data.clean` that learn nothing; columns that the split goes by are kept."""
    columns = {n: v for n, v in (cleaning.get("columns") or {}).items() if not isinstance(v, Mapping)}
    options = {name: value for name, value in cleaning.items() if name not in (*LEARNT, "columns")}
    return {**options, "columns": dict.fromkeys(needed, "keep") | columns}


def _learning(cleaning: Mapping[str, Any], time: str | None) -> dict[str, Any]:
    """The options of `data.clean` that learn; empty when there are none."""
    columns = {n: v for n, v in (cleaning.get("columns") or {}).items() if isinstance(v, Mapping)}
    options = {n: v for n, v in cleaning.items() if n in LEARNT and v != "keep"}
    if not options and not columns:
        return {}
    keep = {n: v for n, v in (cleaning.get("columns") or {}).items() if v == "keep"}
    return {**options, "columns": columns | keep, "time": time}


def _learn(
    splits: Splits, target: str | tuple[str, ...], wanted: dict[str, Any]
) -> tuple[pd.DataFrame, Cleaning]:
    """Learn the cleaning from the training part, and apply it to each part by itself."""
    train = splits.train
    off = dict.fromkeys(("duplicates", "constant", "id_like", "leakage"), "keep")
    learnt = data.clean(train, data.audit(train, target, labels=False), **off, **wanted)
    others = [learnt.apply(part) for part in (splits.validation, splits.test)]
    return pd.concat([_rows(learnt), *others]).sort_index(), learnt


def _without(schema: Schema, frame: pd.DataFrame) -> Schema:
    """The schema, in which dropped features are to be ignored."""
    gone = [name for name in schema.features if name not in frame]
    why = dict.fromkeys(gone, "dropped when the table was cleaned")
    return dataclasses.replace(
        schema, roles=schema.roles | dict.fromkeys(gone, "ignore"), why=schema.why | why
    )


def load_frame(project: "Project", folder: pathlib.Path) -> pd.DataFrame:
    """Read the cleaned table."""
    return read_table(folder / "data.parquet")


def load_schema(project: "Project", folder: pathlib.Path) -> Schema:
    """Read the roles of the columns."""
    return Schema.from_json(_files.read_json(folder / "schema.json"))


def load_audit(project: "Project", folder: pathlib.Path) -> Audit:
    """Read what was found in the table."""
    return Audit.from_json(_files.read_json(folder / "audit.json"))


def load_cleaning(project: "Project", folder: pathlib.Path) -> Cleaning:
    """Read what was done about it."""
    return Cleaning.from_json(_files.read_json(folder / "cleaning.json"), data=project.frame)


def load_splits(project: "Project", folder: pathlib.Path) -> Splits:
    """Put the parts together again."""
    splits = Splits.from_json(project.frame, _files.read_json(folder / "splits.json"))
    return sealed(splits, project)
