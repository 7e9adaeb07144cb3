"""Near-duplicates and a split: which rows of different content must stand in the same part all the same."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from dltoolkit._checks import listed
from dltoolkit.data._content import first_occurrence
from dltoolkit.data._findings import told
from dltoolkit.data._near import THRESHOLDS, near_groups
from dltoolkit.data._near_pairs import Pairs, groups
from dltoolkit.data._roles import role_of, trouble
from dltoolkit.data._schema import Schema

MOST_ROWS = 100_000  # more are not compared: reading as many pictures takes minutes
# A column in which one group of near-duplicates holds more than this share of the rows is a form with a few blanks, or
# one picture of everything: such a group in one part would leave no fair draw.
LARGEST_SHARE, LARGEST_ROWS = 0.1, 10


@dataclasses.dataclass(frozen=True)
class Alike:
    """Which rows are near-duplicates of each other in some column.

    Attributes:
        first: Position of the first row of each row's group, int64, shape ``(n_rows,)``.
        notes: What deserves to be told.
    """

    first: np.ndarray
    notes: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        """Rows that are near-duplicates of an earlier one."""
        return int((self.first != np.arange(len(self.first))).sum())


def comparable(frame: pd.DataFrame, targets: tuple[str, ...], schema: Schema | None = None) -> dict[str, str]:
    """The columns whose near-duplicates count, with their roles.

    Args:
        frame: The table.
        targets: The target columns.
        schema: The roles of the columns. Defaults to None: told from their values.

    Returns:
        dict: Column name to ``"image"``, ``"text"`` or ``"audio"``.
    """
    if schema is None:
        told_roles: Mapping[str, str] = frame.attrs.get("roles", {})
        roles = {name: told_roles.get(name) or _quick_role(frame[name]) for name in frame.columns}
    else:
        roles = {name: schema.roles.get(name, "ignore") for name in frame.columns}
    return {name: role for name, role in roles.items() if role in THRESHOLDS and name not in targets}


def alike(frame: pd.DataFrame, columns: Mapping[str, str]) -> Alike:
    """The near-duplicates in some columns together: two rows are alike when they are in one of them.

    Args:
        frame: The table.
        columns: What `comparable` gave.

    Returns:
        Alike: The groups.
    """
    first, notes = np.arange(len(frame)), list[str]()
    if len(frame) > MOST_ROWS and columns:
        notes.append(
            f"frame: {len(frame):,} rows are too many to look for near-duplicates in {listed(columns)}."
        )
        return Alike(first, tuple(notes))
    for name, role in columns.items():
        own = near_groups(frame, name, role=role)
        both = joined(first, own)
        largest = max(int(np.bincount(own).max()), int(np.bincount(both).max()))
        if largest > max(LARGEST_ROWS, LARGEST_SHARE * len(frame)):
            notes.append(
                f"column {name!r}: {largest:,} rows are near-duplicates of each other: too many to keep together."
            )
            continue
        first = both
    return Alike(first, tuple(notes))


def joined(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The groups that come of two groupings when rows that are together in either are together.

    Args:
        one: Position of the first row of each row's group, shape ``(n_rows,)``.
        other: The same of another grouping.

    Returns:
        numpy.ndarray: The same of both, int64, shape ``(n_rows,)``.
    """
    if np.array_equal(one, np.arange(len(one))):
        return first_occurrence(other)
    rows = np.tile(np.arange(len(one)), 2)
    return groups(len(one), Pairs(np.concatenate([one, other]), rows, np.ones(len(rows))))


def together(near: Alike, columns: Mapping[str, str]) -> str:
    """The note about rows that a draw keeps together."""
    return (
        f"{told(near.n_rows, 'row')} nearly the same as an earlier one in {listed(columns)}, kept in the part of"
        " that row."
    )


def torn(near: Alike, parts: np.ndarray, method: str) -> str | None:
    """The note about near-duplicates that a rule put into different parts; None where there are none."""
    count = int((parts[near.first] != parts).sum())
    if not count:
        return None
    return (
        f"{told(count, 'row')} nearly the same as a row of another part: method {method!r} goes by its columns alone."
        " data.leaks(splits) names them."
    )


def _quick_role(column: pd.Series) -> str:
    """The role of a column that can hold text or pictures; numbers, dates and categories are not looked at."""
    if not (column.dtype == object or isinstance(column.dtype, pd.StringDtype)) or trouble(column):
        return "ignore"
    return role_of(column)[0]
