"""Which steps `clean` takes, and in which order: each is learnt from the table as the steps before it left it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import (
    InputError,
    check_choice,
    check_columns,
    check_frame,
    closest,
    complaint,
    listed,
    stop,
)
from dltoolkit.data._audit import Audit
from dltoolkit.data._cells import ARRAYS
from dltoolkit.data._clean_steps import (
    IMPUTERS,
    CleaningStep,
    learn_fences,
    learn_imputer,
    learn_spellings,
)
from dltoolkit.data._findings import blank, infinite
from dltoolkit.data._schema import FEATURE_ROLES, TABLE_ROLES

# The options of `clean`, each with its choices.
CHOICES = {
    "missing": ("keep", *IMPUTERS, "drop"),
    "outliers": ("keep", "clip", "drop"),
    "duplicates": ("drop", "keep"),
    "constant": ("drop", "keep"),
    "id_like": ("drop", "keep"),
    "leakage": ("keep", "drop"),
    "spelling": ("keep", "merge"),
    "infinite": ("raise", "missing"),
    "missing_target": ("raise", "drop"),
}
_COLUMN_OPTIONS = ("missing", "outliers", "spelling")  # those that `columns` may set for a single column
_DROPPED_BY = {"constant": "constant", "all_missing": "constant", "id_like": "id_like", "leakage": "leakage"}

Settings = Mapping[str, Any]


# ---------------------------------------------------------------- checks


def check_options(frame: pd.DataFrame, audit: Audit, settings: Settings) -> None:
    """Make sure that every option and column exists, and that the audit is one of this table.

    Raises:
        InputError: With all that is wrong.
    """
    check_frame(frame)
    if not isinstance(audit, Audit):
        cure = "Use data.audit(frame, target)."
        stop([complaint("audit", "what data.audit gives", type(audit).__name__, cure)])
    check_columns(frame, audit.schema.roles)
    new = [c for c in frame.columns if c not in audit.schema.roles]
    complaints = []
    if new:
        cure = "Audit this table."
        complaints.append(
            complaint("frame", "the columns that were audited", f"{listed(new)} beside them", cure)
        )
    complaints += [_complaint(choices, settings[name], name) for name, choices in CHOICES.items()]
    if settings["time"] is not None and settings["time"] not in frame.columns:
        complaints.append(
            complaint(
                "time",
                "a column of the frame",
                repr(settings["time"]),
                closest(settings["time"], frame.columns),
            )
        )
    for name, own in settings["columns"].items():
        complaints += _column_complaints(frame, audit, name, own)
    stop([c for c in complaints if c])


def _complaint(choices: tuple[str, ...], value: Any, argument: str) -> str:
    try:
        check_choice(value, choices, argument)
    except InputError as error:
        return str(error)
    return ""


def _column_complaints(frame: pd.DataFrame, audit: Audit, name: str, own: Any) -> list[str]:
    """What is wrong with the exceptions asked for one column."""
    where = f"columns[{name!r}]"
    if name not in frame.columns:
        return [complaint(where, "a column of the frame", "no such column", closest(name, frame.columns))]
    if name in targets(audit):
        return [complaint(where, "a feature", "the target", "Use missing_target= for rows without a label.")]
    if not isinstance(own, Mapping):
        return [_complaint(("drop", "keep"), own, where)]
    unknown = [key for key in own if key not in (*_COLUMN_OPTIONS, "value")]
    found = (
        [complaint(where, f"some of {listed(_COLUMN_OPTIONS)} and 'value'", listed(unknown))]
        if unknown
        else []
    )
    return found + [
        _complaint(CHOICES[key], own[key], f"{where}[{key!r}]") for key in _COLUMN_OPTIONS if key in own
    ]


def check_finite(frame: pd.DataFrame) -> None:
    """Make sure that no number is infinite.

    Raises:
        InputError: Naming each column and its rows.
    """
    cure = "Correct them, or take them as missing: clean(infinite='missing')."
    rows = {name: np.flatnonzero(infinite(frame[name])) for name in frame.columns}
    stop(
        [
            complaint(
                f"column {n!r}, row {listed(frame.index[r])}",
                "finite numbers",
                listed(frame[n].iloc[r]),
                cure,
            )
            for n, r in rows.items()
            if len(r)
        ]
    )


def check_rows_left(frame: pd.DataFrame) -> None:
    """Make sure that a row is left to learn from.

    Raises:
        InputError: If there is none.
    """
    if not len(frame):
        cure = "Keep some: missing='median' or outliers='clip' instead of 'drop', or find labels."
        stop([complaint("cleaned table", "at least one row", "none", cure)])


def check_features_left(frame: pd.DataFrame, audit: Audit) -> None:
    """Make sure that a feature is left to learn from.

    Raises:
        InputError: If there is none.
    """
    if all(name in targets(audit) for name in frame.columns):
        cure = "Keep some: id_like='keep', constant='keep', or columns={...: 'keep'}."
        stop([complaint("cleaned table", "at least one column beside the target", "none", cure)])


# ---------------------------------------------------------------- the steps, in this order


def _infinite(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    if settings["infinite"] == "raise":
        check_finite(frame)
        return []
    roles = audit.schema.roles
    numeric = [n for n in frame.columns if pd.api.types.is_numeric_dtype(frame[n].dtype)]
    names = [n for n in frame.columns if n in numeric or roles[n] == "numeric"]
    return [CleaningStep("infinite_to_missing", None, {"columns": names}, 0)]


def _missing_target(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    if settings["missing_target"] == "drop":
        return [CleaningStep("drop_missing_target", None, {"columns": list(targets(audit))}, 0)]
    cure = "Find the labels, or drop the rows: clean(missing_target='drop')."
    rows = {name: np.flatnonzero(blank(frame[name])) for name in targets(audit)}
    stop(
        [
            complaint(f"target {n!r}, row {listed(frame.index[r])}", "a label", f"{len(r):,} missing", cure)
            for n, r in rows.items()
            if len(r)
        ]
    )
    return []


def _spelling(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    named = {f.column for f in audit.of("spelling_variants")}
    return [
        learn_spellings(frame[n]) for n in frame.columns if _option(n, "spelling", settings, named) == "merge"
    ]


def _duplicates(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    return [CleaningStep("drop_duplicates", None, {}, 0)] if settings["duplicates"] == "drop" else []


def _outliers(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    named, steps = {f.column for f in audit.of("outliers")}, []
    for name in _kept(audit, settings):
        choice = _option(name, "outliers", settings, named)
        if choice != "keep" and audit.schema.roles[name] == "numeric":
            steps.append(learn_fences(frame[name], "clip" if choice == "clip" else "drop_outliers"))
    return [step for step in steps if step is not None]


def _missing_rows(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    names = [n for n in _kept(audit, settings) if _option(n, "missing", settings) == "drop"]
    return [CleaningStep("drop_missing", None, {"columns": names}, 0)] if names else []


def _missing_values(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    """After the rows are dropped, so that what is filled in is learnt from the rows that stay."""
    steps, complaints = [], []
    for name in _kept(audit, settings):
        own = settings["columns"].get(name, {})
        role = audit.schema.roles[name]
        if role not in TABLE_ROLES and "missing" not in own:
            continue  # no sentence, picture or user stands for the others
        choice = _option(name, "missing", settings)
        if choice not in IMPUTERS:
            continue
        if role in ARRAYS:
            cure = "Say 'drop' for the rows, or fill the cells yourself."
            got = f"missing={choice!r}"
            complaints.append(
                complaint(f"columns[{name!r}]", f"no value to fill into {role} cells", got, cure)
            )
            continue
        try:
            steps.append(learn_imputer(frame[name], choice, value=own.get("value"), time=settings["time"]))
        except InputError as error:
            complaints.append(str(error))
    stop(complaints)
    return [step for step in steps if step is not None]


def _columns(frame: pd.DataFrame, audit: Audit, settings: Settings) -> list[CleaningStep]:
    return [CleaningStep("drop_column", n, {"why": why}, 0) for n, why in dropped(audit, settings).items()]


LEARNERS = (
    _infinite,
    _missing_target,
    _spelling,
    _duplicates,
    _outliers,
    _missing_rows,
    _missing_values,
    _columns,
)


# ---------------------------------------------------------------- who is concerned


def targets(audit: Audit) -> tuple[str, ...]:
    """The target columns."""
    return (audit.target,) if isinstance(audit.target, str) else audit.target


def dropped(audit: Audit, settings: Settings) -> dict[str, str]:
    """The columns to drop, each with the reason."""
    found = {n: "asked for" for n, own in settings["columns"].items() if own == "drop"}
    kept = {n for n, own in settings["columns"].items() if own == "keep"}
    for finding in audit.findings:
        option = _DROPPED_BY.get(finding.kind)
        name = finding.column
        if (
            option
            and settings[option] == "drop"
            and name is not None
            and name not in (*kept, *targets(audit))
        ):
            found.setdefault(name, finding.kind)
    return found


def _kept(audit: Audit, settings: Settings) -> list[str]:
    """The features that are not dropped, and other columns for which something was asked."""
    gone, own = dropped(audit, settings), settings["columns"]
    roles = audit.schema.roles
    return [
        n for n in roles if n not in gone and (roles[n] in FEATURE_ROLES or isinstance(own.get(n), Mapping))
    ]


def _option(name: str, option: str, settings: Settings, named: set[str | None] | None = None) -> Any:
    """What to do about one thing in one column: its own choice, or the common one where the audit names the column."""
    own = settings["columns"].get(name, {})
    if not isinstance(own, Mapping):
        return "keep"
    if option in own:
        return own[option]
    return settings[option] if named is None or name in named else "keep"
