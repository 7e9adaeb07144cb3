"""What a check of new data found, and what to do about it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dltoolkit._checks import InputError, complaint, listed

# Findings that say "look at the pipeline first" rather than "the world has changed".
_FAULTS = ("missing", "new levels")


@dataclasses.dataclass(frozen=True)
class Drift:
    """One test of one column.

    Attributes:
        column: The column's name.
        aspect: What was compared: ``"values"``, ``"levels"``, ``"new levels"`` or ``"missing"``.
        test: ``"KS"``, ``"chi-squared"`` or ``"Fisher"``.
        statistic: Its statistic: the distance D, chi-squared, or for a share the share in the new data.
        p_value: Chance of such a statistic without any drift, in [0, 1].
        p_adjusted: The same after Holm's correction over all tests of the report.
        effect: How large the change is, in [0, 1]: D, or Cramér's V.
        floor: The effect from which a change counts.
        drifted: Whether `p_adjusted` is below the report's alpha and `effect` reaches `floor`.
        why: One sentence with the numbers before and now.
    """

    column: str
    aspect: str
    test: str
    statistic: float
    p_value: float
    p_adjusted: float
    effect: float
    floor: float
    drifted: bool
    why: str


@dataclasses.dataclass(frozen=True, repr=False)
class DriftReport:
    """What `Monitor.check` found.

    Attributes:
        findings: One `Drift` a test, the drifted ones first, then by effect over its floor.
        alpha: The chance of a false alarm in a report on data that did not change.
        n_rows: Rows of the new data.
        n_reference: Rows of the training frame.
        smallest: The KS distance that a numeric column without missing values must show in a batch of this size
            before chance can be ruled out; a smaller shift stays unseen.
        new_categories: Column to the levels that training never saw, with how many rows have each, most first.
        extra: Columns of the new data that training did not have; they were not looked at.
        left_out: Column to the reason why it was not tested.
    """

    findings: tuple[Drift, ...]
    alpha: float
    n_rows: int
    n_reference: int
    smallest: float
    new_categories: dict[str, dict[str, int]]
    extra: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns that drifted, the strongest first."""
        return tuple(dict.fromkeys(finding.column for finding in self.findings if finding.drifted))

    @property
    def alarm(self) -> bool:
        """Whether any column drifted."""
        return bool(self.drifted)

    @property
    def advice(self) -> str:
        """What to do next, in a sentence or two."""
        found = [finding for finding in self.findings if finding.drifted]
        if not found:
            return (
                f"Keep the model: no column moved by more than a small effect and more than chance allows. In {self.n_rows:,} "
                f"rows a shift of a number under D = {self.smallest:.2f} goes unseen."
            )
        faults = list(dict.fromkeys(f.column for f in found if f.aspect in _FAULTS))
        moved = list(
            dict.fromkeys(f.column for f in found if f.aspect not in _FAULTS and f.column not in faults)
        )
        first = f"Look at where {listed(faults)} comes from: new levels or another share of missing values are more often a fault than a change. "
        then = f"{listed(moved)} moved. " if moved else ""
        return (
            (first if faults else "")
            + then
            + (
                "Collect the true outcomes of some of these rows and evaluate the model on them; "
                "retrain with them when its score falls below the interval it had at the test."
            )
        )

    def frame(self) -> pd.DataFrame:
        """One row a test: ``column``, ``aspect``, ``test``, ``statistic``, ``p_value``, ``p_adjusted``, ``effect``,
        ``floor``, ``drifted``, ``why``.
        """
        names = [field.name for field in dataclasses.fields(Drift)]
        return pd.DataFrame([dataclasses.astuple(finding) for finding in self.findings], columns=names)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values; `from_json` reads it back, exactly."""
        return {
            **dataclasses.asdict(self),
            "findings": [dataclasses.asdict(finding) for finding in self.findings],
            "extra": list(self.extra),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "DriftReport":
        """Read what `to_json` wrote.

        Raises:
            InputError: If it is something else.
        """
        try:
            findings = tuple(Drift(**finding) for finding in content["findings"])
            return cls(**{**content, "findings": findings, "extra": tuple(content["extra"])})
        except (KeyError, TypeError) as error:
            cure = "Check the data again."
            raise InputError(
                complaint("drift report", "what to_json wrote", f"{content!r:.80}", cure)
            ) from error

    def __repr__(self) -> str:
        found = f"drift in {listed(self.drifted)}" if self.alarm else "no drift"
        return f"DriftReport({found}; {len(self.findings)} tests on {self.n_rows:,} rows). Next: .advice, .frame(), plots.drift(report)"
