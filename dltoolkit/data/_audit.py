"""Audit a table before anything is learnt from it: one finding an issue, with a count, examples and advice."""

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dltoolkit._checks import (
    InputError,
    check_frame,
    check_number,
    check_targets,
    complaint,
    listed,
    stop,
)
from dltoolkit.data import _audit_columns, _audit_values
from dltoolkit.data._audit_columns import Column
from dltoolkit.data._audit_kinds import kind_findings
from dltoolkit.data._audit_table import table_findings, target_findings
from dltoolkit.data._cells import ARRAYS
from dltoolkit.data._content import hashable
from dltoolkit.data._findings import SEVERITIES, AuditFinding, Table
from dltoolkit.data._labels import suspicious_labels
from dltoolkit.data._leakage import leakage
from dltoolkit.data._rows import MAX_SEED
from dltoolkit.data._schema import Schema
from dltoolkit.problem import Problem

__all__ = ["Audit", "AuditFinding", "audit"]

# What is asked of a target column beside the checks of the target itself.
_TARGET_CHECKS = (
    _audit_columns.infinite,
    _audit_columns.skew,
    _audit_columns.outliers,
    _audit_values.spelling_variants,
    _audit_values.mixed_units,
)
# And of a column whose cells are pictures, sounds or sequences, beside the checks of their kind.
_CELL_CHECKS = (_audit_columns.all_missing, _audit_columns.missing)


@dataclasses.dataclass(frozen=True, repr=False)
class Audit:
    """What `audit` found in a table.

    Attributes:
        findings: The issues, what stops first, then what warns, then what informs.
        n_rows: The table's rows.
        target: The target column, or a tuple of columns.
        schema: The roles that the columns were judged by.
    """

    findings: tuple[AuditFinding, ...]
    n_rows: int
    target: str | tuple[str, ...]
    schema: Schema

    def of(self, kind: str) -> tuple[AuditFinding, ...]:
        """The findings of one kind.

        Args:
            kind: Such as ``"missing"``; see `audit` for all of them.

        Returns:
            tuple: Findings; empty where there is none of that kind.
        """
        return tuple(f for f in self.findings if f.kind == kind)

    @property
    def stops(self) -> tuple[AuditFinding, ...]:
        """The findings without whose cure the next step fails."""
        return tuple(f for f in self.findings if f.severity == "stop")

    def frame(self) -> pd.DataFrame:
        """One row a finding: ``severity``, ``kind``, ``column``, ``count``, ``share``, ``examples``, ``advice``."""
        names = ["severity", "kind", "column", "count", "share", "examples", "advice"]
        columns = {n: pd.Series([getattr(f, n) for f in self.findings], dtype=object) for n in names}
        return pd.DataFrame(columns).astype({"count": "int64", "share": "float64"})

    def to_json(self) -> dict[str, Any]:
        """The audit as plain JSON values; `from_json` reads it back."""
        return {
            "findings": [f.to_json() for f in self.findings],
            "n_rows": self.n_rows,
            "target": list(self.target) if isinstance(self.target, tuple) else self.target,
            "schema": self.schema.to_json(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Audit":
        """Read what `to_json` wrote.

        Raises:
            InputError: If a part is missing or of the wrong kind.
        """
        try:
            target, rows = content["target"], int(content["n_rows"])
            found, schema = list(content["findings"]), content["schema"]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                complaint("audit", "what to_json wrote", f"{content!r:.80}", "Audit anew.")
            ) from error
        findings = tuple(AuditFinding.from_json(f) for f in found)
        return cls(
            findings, rows, tuple(target) if isinstance(target, list) else target, Schema.from_json(schema)
        )

    def __repr__(self) -> str:
        counts = {s: sum(f.severity == s for f in self.findings) for s in SEVERITIES}
        told = ", ".join(f"{n} {s}" for s, n in counts.items() if n) or "nothing found"
        return f"Audit({self.n_rows:,} rows; {told}). Next: data.clean(frame, audit)"


def audit(
    frame: pd.DataFrame,
    target: str | Sequence[str],
    *,
    schema: Schema | None = None,
    problem: Problem | None = None,
    labels: bool = True,
    seed: int = 0,
) -> Audit:
    """Look for what would go wrong, or silently wrong, later on. The table is not changed.

    Kinds of a column: ``missing``, ``all_missing``, ``empty_strings``, ``infinite``, ``big_integers``, ``constant``,
    ``near_constant``, ``id_like``, ``high_cardinality``, ``skew``, ``outliers``, ``placeholder``,
    ``spelling_variants``, ``numbers_as_text``, ``mixed_types``, ``leading_zeros``, ``mixed_dates``, ``mixed_units``,
    ``leakage``. Of the target: ``missing_target``, ``target``, ``imbalance``, ``rare_class``, ``suspicious_labels``,
    ``conflicting_labels``. Of the table: ``duplicates``, ``groups``, ``time_order``, ``file`` (what `read` noted).

    Of pictures, sounds and texts: ``unreadable``, ``same_content``, ``near_duplicates``, ``conflicting_content``. Of
    pictures: ``damaged``, ``blank``, ``blurred``, ``tiny``, ``mixed_sizes``, ``mixed_aspects``, ``mixed_modes``. Of sounds:
    ``silence``, ``clipping``, ``dc_offset``, ``mixed_rates``, ``mixed_channels``, ``mixed_lengths``, ``long_sounds``. Of
    texts: ``long_texts``, ``one_word``, ``control_characters``, ``mixed_scripts``, ``no_spaces``, ``swapped``. Of
    sequences: ``ragged``, ``empty_sequences``, ``mixed_channels``, ``missing_steps``, ``still``. Of series: ``unsorted``,
    ``repeated_times``, ``gaps``, ``uneven_steps``. Of ratings: ``cold_users``, ``cold_items``, ``repeated_pairs``,
    ``rating_scale``, ``popularity``. Of very many files a draw is looked at, and the finding says so.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``, at least one row.
        target: The column to predict, or several for a multi-label problem.
        schema: The columns' roles. Defaults to `Schema.infer`.
        problem: What is to be predicted. Defaults to `Problem.infer` on the rows with a label.
        labels: Whether to look for suspicious labels, which trains small models. Defaults to True.
        seed: Of the draws and folds, from 0 to 2**32 - 1. Defaults to 0.

    Returns:
        Audit: The findings; `frame()` shows them.

    Raises:
        InputError: If `target` is no column, if a column mixes types (the message names its first such row), or if
            `schema` is of another table.

    Example:
        >>> frame = pd.DataFrame({"age": [31, None, 52, 28] * 9, "plan": "basic", "churn": ["no", "yes", "no", "no"] * 9})
        >>> [(f.kind, f.column, f.count) for f in audit(frame, "churn").findings]
        [('duplicates', None, 32), ('constant', 'plan', 36), ('missing', 'age', 9)]
    """
    check_frame(frame)
    targets = check_targets(target, frame)
    check_number(seed, "seed", low=0, high=MAX_SEED, whole=True)
    schema = Schema.infer(frame, target) if schema is None else _fitting(schema, frame, targets)
    table = Table(frame, schema, None, targets, seed)
    problem, findings = _problem(frame[table.labelled], targets, problem)
    table = dataclasses.replace(table, problem=problem)
    columns = [Column(c, schema.roles[c], hashable(frame[c])) for c in frame.columns if c not in targets]
    findings += target_findings(table) + table_findings(table)
    for column in columns:
        checks = (*_audit_columns.CHECKS, *_audit_values.CHECKS)
        findings += _run(_CELL_CHECKS if column.role in ARRAYS else checks, table, column)
    for name in targets:
        findings += _run(_TARGET_CHECKS, table, Column(name, _target_role(problem), frame[name]))
    findings += kind_findings(table, columns)
    findings += leakage(table, [c for c in columns if c.role not in ARRAYS])
    findings += suspicious_labels(table, columns) if labels else []
    findings.sort(key=lambda f: SEVERITIES.index(f.severity))
    return Audit(tuple(findings), len(frame), target if isinstance(target, str) else targets, schema)


def _run(checks: Sequence[Any], table: Table, column: Column) -> list[AuditFinding]:
    found = [check(table, column) for check in checks]
    return [finding for finding in found if finding is not None]


def _target_role(problem: Problem | None) -> str:
    """Amounts are looked at as numbers, classes for their spelling."""
    return "numeric" if problem is not None and problem.kind == "regression" else "target"


def _fitting(schema: Schema, frame: pd.DataFrame, targets: tuple[str, ...]) -> Schema:
    """The schema, when it is one of this table and target."""
    extra = [c for c in frame.columns if c not in schema.roles]
    lost = [c for c in schema.roles if c not in frame.columns]
    cure = "Use Schema.infer(frame, target)."
    complaints = []
    if extra or lost:
        got = "; ".join(
            f"{listed(names)} {what}"
            for names, what in ((extra, "has none"), (lost, "is no column"))
            if names
        )
        complaints.append(complaint("schema", "a role for each column of the frame", got, cure))
    if set(schema.columns("target")) != set(targets):
        complaints.append(
            complaint("schema", f"the target {listed(targets)}", listed(schema.columns("target")), cure)
        )
    stop(complaints)
    return schema


def _problem(
    labelled: pd.DataFrame, targets: tuple[str, ...], problem: Problem | None
) -> tuple[Problem | None, list[AuditFinding]]:
    """What is to be predicted, or the finding that says why nothing can be."""
    if problem is not None and set(problem.targets) != set(targets):
        cure = "Use Problem.infer(frame, target)."
        stop([complaint("problem", f"the target {listed(targets)}", listed(problem.targets), cure)])
    name = targets[0] if len(targets) == 1 else None
    try:
        if not len(labelled):
            raise InputError(complaint(f"target {listed(targets)}", "a label in some row", "none in any"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # rare classes have a finding of their own
            problem = problem or Problem.infer(labelled, targets if name is None else name)
        problem.encode(labelled)
    except InputError as error:
        return None, [AuditFinding("target", name, len(labelled), 1.0, (), str(error), "stop")]
    return problem, []
