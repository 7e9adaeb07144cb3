"""The checks of columns that hold more than one value a cell, by their role; each is loaded where it is needed."""

import dataclasses
import importlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dltoolkit.data._audit_columns import Column
from dltoolkit.data._cells import contents, is_path
from dltoolkit.data._content import first_occurrence, row_hashes
from dltoolkit.data._findings import EXAMPLES, AuditFinding, Table, plain, told
from dltoolkit.data._near import near_groups
from dltoolkit.problem import Problem

# Reading every file of a large folder takes minutes. Of 2,000 that are drawn, a share of 0.5 % among all is seen with a
# chance of 1 - 0.995**2000 > 0.9999.
MOST_FILES = 2_000
MOST_COMPARED = {"image": 20_000, "audio": 20_000, "text": 100_000}  # for near-duplicates
_BY_ROLE = {
    "image": "_audit_images",
    "audio": "_audit_sounds",
    "text": "_audit_texts",
    "sequence": "_audit_sequences",
}


@dataclasses.dataclass(frozen=True)
class Draw:
    """Some rows of a column, and what is found in them.

    Attributes:
        table: The whole table.
        name: The column.
        rows: Positions of the rows that are looked at, ascending.
        noun: What a cell is called, such as ``"picture"``.
    """

    table: Table
    name: str
    rows: np.ndarray
    noun: str

    @classmethod
    def of(cls, table: Table, name: str, noun: str, *, most: int | None = None) -> "Draw":
        """At most so many (`MOST_FILES`) of the rows that hold something, drawn with the table's seed."""
        most = MOST_FILES if most is None else most
        rows = np.flatnonzero(table.frame[name].notna())
        if len(rows) > most:
            rows = np.sort(np.random.default_rng(table.seed).choice(rows, most, replace=False))
        return cls(table, name, rows, noun)

    @property
    def cells(self) -> pd.Series:
        """What the rows hold."""
        return self.table.frame[self.name].iloc[self.rows]

    def only(self, mask: np.ndarray) -> "Draw":
        """Those of the rows that a mask over them takes."""
        return dataclasses.replace(self, rows=self.rows[mask])

    def finding(
        self,
        kind: str,
        mask: np.ndarray,
        advice: str,
        *,
        severity: str = "warn",
        more: Sequence[Mapping[str, object]] = (),
        order: np.ndarray | None = None,
    ) -> AuditFinding | None:
        """A finding about the rows of a mask over `rows`; None where it takes none.

        Args:
            kind: What it is.
            mask: Which rows it touches, bool, shape ``(n_drawn,)``.
            advice: What to do, said after the count.
            severity: One of `SEVERITIES`. Defaults to ``"warn"``.
            more: What else is known of each drawn row, for the examples. Defaults to nothing.
            order: A number a drawn row; the examples are those of the least. Defaults to None: the first ones.

        Returns:
            AuditFinding or None: With the share of the rows that were looked at.
        """
        chosen = np.flatnonzero(mask)
        if not len(chosen):
            return None
        if order is not None:
            chosen = chosen[np.argsort(order[chosen], kind="stable")]
        examples = [
            {**self.table.example(int(self.rows[i]), self.name), **(more[i] if len(more) else {})}
            for i in chosen[:EXAMPLES]
        ]
        advice = f"{told(len(chosen), self.noun)} {advice}{self.drawn}"
        return AuditFinding(
            kind, self.name, len(chosen), len(chosen) / len(self.rows), tuple(examples), advice, severity
        )

    @property
    def drawn(self) -> str:
        """Says so when only some rows were looked at."""
        total = int(self.table.frame[self.name].notna().sum())
        if len(self.rows) >= total or not len(self.rows):
            return ""
        return f" Seen in {len(self.rows):,} of {total:,} rows."


def kind_findings(table: Table, columns: Sequence[Column]) -> list[AuditFinding]:
    """What is found in pictures, sounds, texts, sequences, series and ratings.

    Args:
        table: The table.
        columns: All columns but the targets.

    Returns:
        list: Findings, one an issue.
    """
    found: list[AuditFinding | None] = []
    for column in columns:
        home = _BY_ROLE.get(column.role)
        if home is not None and not column.missing.all():
            found += importlib.import_module(f"dltoolkit.data.{home}").findings(table, column.name)
            if column.role in MOST_COMPARED:
                found += _copies(table, column.name, column.role)
    if table.problem is None and len(table.targets) == 1:
        swapped = importlib.import_module("dltoolkit.data._audit_texts").swapped
        found += [swapped(table, c.name) for c in columns if c.role in ("categorical", "boolean")]
    roles = {column.role for column in columns}
    if {"user", "item"} <= roles:
        found += importlib.import_module("dltoolkit.data._audit_ratings").findings(table)
    elif "time" in roles:
        found += importlib.import_module("dltoolkit.data._audit_series").findings(table)
    return [finding for finding in found if finding is not None]


def broken(draw: Draw, errors: Sequence[object], advice: str) -> tuple[AuditFinding | None, np.ndarray]:
    """The finding about cells that could not be read, and which could.

    Args:
        draw: The rows.
        errors: One thing a row: what was read, or the exception that kept it from it.
        advice: What to do.

    Returns:
        tuple: The finding or None; and bool, shape ``(n_drawn,)``.
    """
    bad = np.array([isinstance(e, Exception) for e in errors], dtype=bool)
    more = [{"reason": plain(str(e))} if isinstance(e, Exception) else {} for e in errors]
    return draw.finding("unreadable", bad, advice, severity="stop", more=more), ~bad


def _copies(table: Table, name: str, role: str) -> list[AuditFinding | None]:
    """Cells of equal content, cells of nearly equal content, and those of them with different labels."""
    noun = {"image": "picture", "audio": "sound"}.get(role, "text")
    draw = Draw.of(table, name, noun, most=MOST_COMPARED[role])
    cells = draw.cells
    frame = cells.to_frame()
    digests = cells if role == "text" else contents(cells)
    filled = digests.notna().to_numpy() & (cells.astype(str).str.strip() != "" if role == "text" else True)
    keys = digests.to_numpy(object)
    first = np.where(filled, first_occurrence(keys), np.arange(len(keys)))
    near = near_groups(frame, name, role=role)
    same = first != np.arange(len(first))
    repeated = same & ~_whole_row(table, draw.rows)
    also = (near != np.arange(len(near))) & ~same
    files = " under another name" if role != "text" and is_path(cells.iloc[0]) else ""
    return [
        draw.finding("same_content", repeated, f"with the same content as an earlier one{files}. Drop them, or see that"
                     " data.split keeps them in one part, which it does.", more=_twins(draw, first)),
        draw.finding("near_duplicates", also, "nearly the same as an earlier one. data.split keeps them in one part;"
                     " data.near_duplicates names all of them.", more=_twins(draw, near)),
        _torn_labels(table, draw, near),
    ]  # fmt: skip


def _whole_row(table: Table, rows: np.ndarray) -> np.ndarray:
    """Which of the rows repeat an earlier one in every column: those have a finding of their own."""
    return first_occurrence(row_hashes(table.frame.iloc[rows])) != np.arange(len(rows))


def _twins(draw: Draw, first: np.ndarray) -> list[dict[str, object]]:
    """For each row the one that it is like."""
    labels = draw.cells.index
    values = draw.cells.to_numpy(object)
    return [
        {"same_as": plain(labels[f]), **({"same_value": plain(values[f])} if is_path(values[f]) else {})}
        for f in first
    ]


def _torn_labels(table: Table, draw: Draw, near: np.ndarray) -> AuditFinding | None:
    """Nearly the same content with different labels: one of the two labels is wrong."""
    problem: Problem | None = table.problem
    if problem is None or problem.kind == "regression" or len(table.targets) > 1:
        return None
    target = table.frame[table.targets[0]].iloc[draw.rows]
    labels = pd.factorize(target)[0]
    several = pd.Series(np.where(labels < 0, np.nan, labels)).groupby(near).nunique()
    mask = np.isin(near, several.index[several > 1].to_numpy())
    order = near.astype(float)
    more = [{"label": plain(label)} for label in target]
    advice = "nearly the same as one with another label: one of the two is wrong. Look at both."
    return draw.finding("conflicting_content", mask, advice, more=more, order=order)
