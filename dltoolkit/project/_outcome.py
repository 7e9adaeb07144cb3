"""What a step hands back to the project, and the fast setting."""

import dataclasses
from typing import Any

# Settings that are for one occasion: they are not written down, and a step that is redone does without them.
FOR_ONCE = ("callbacks", "data", "progress", "stop")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A step's result.

    Attributes:
        value: What ``project.do`` returns; None stands for the first artefact that the step makes.
        summary: What came out, in a few words.
        keep: Artefacts that need not be read from disk again: name to value.
        header: Values of the ledger itself that change.
    """

    value: Any
    summary: str
    keep: dict[str, Any] = dataclasses.field(default_factory=dict)
    header: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Limits:
    """How much work the defaults of the steps do.

    Attributes:
        rows: Most rows that are kept of the table; None keeps all.
        epochs: Passes over the training part at most; None leaves it to `training.fit`.
        trials: Trials of the search.
        trial_epochs: Epochs a trial at most.
        search_rows: Most training rows that the search looks at.
        n_bootstrap: Resamples behind an interval.
    """

    rows: int | None
    epochs: int | None
    trials: int
    trial_epochs: int
    search_rows: int
    n_bootstrap: int

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"at most {self.rows or 0:,} rows, {self.epochs} epochs, {self.trials} trials and {self.n_bootstrap} "
            "bootstrap draws: quick, and its figures mean nothing"
        )


FULL = Limits(rows=None, epochs=None, trials=6, trial_epochs=15, search_rows=20_000, n_bootstrap=1000)
FAST = Limits(rows=3000, epochs=5, trials=2, trial_epochs=3, search_rows=3000, n_bootstrap=200)
