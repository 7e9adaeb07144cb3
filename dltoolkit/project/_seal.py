"""The seal of the test part, kept in the ledger, so that an opening counts over processes and crashes."""

import dataclasses
from typing import TYPE_CHECKING

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
