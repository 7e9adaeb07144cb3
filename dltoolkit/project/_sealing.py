"""The parts of a project's table, with the seal of the test part kept in the ledger, over processes and crashes."""

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from dltoolkit.data import Splits

if TYPE_CHECKING:
    from dltoolkit.project._project import Project


class LedgerSeal:
    """How often the test part was opened, as the ledger has it.

    Args:
        project: The project whose ledger it is.
    """

    def __init__(self, project: "Project") -> None:
        self._project = project

    @property
    def openings(self) -> int:
        """How often so far."""
        return len(self._project.test_openings)

    @openings.setter
    def openings(self, value: int) -> None:
        """Write one more into the ledger, before anything is shown."""
        self._project.record_opening()


def sealed(splits: Splits, project: "Project") -> Splits:
    """The same splits, with the ledger as their seal."""
    return dataclasses.replace(splits, _seal=LedgerSeal(project))


def with_rows(splits: Splits, frame: pd.DataFrame) -> Splits:
    """The same parts of a table whose values were cleaned, and which may have lost rows.

    Args:
        splits: Parts of a table that is indexed from 0.
        frame: The cleaned table; its index says which rows are left.

    Returns:
        Splits: Of `frame`, indexed anew from 0.
    """
    kept = frame.index.to_numpy()
    folds = None if splits._folds is None else splits._folds[kept]
    return dataclasses.replace(
        splits, _frame=frame.reset_index(drop=True), _parts=splits._parts[kept], _folds=folds
    )
