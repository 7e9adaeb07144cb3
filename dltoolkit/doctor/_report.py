"""What the doctor hands back: a `Check` for each thing that was looked at, and the `Report` of them all."""

import dataclasses
from typing import Any

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclasses.dataclass(frozen=True)
class Check:
    """What was found about one thing.

    Attributes:
        subject: What was looked at, such as ``"disk"``.
        status: ``"ok"``, ``"warn"`` (it works, with a limit) or ``"fail"`` (something will not work).
        found: What was found.
        fix: What mends it; empty when there is nothing to mend.
    """

    subject: str
    status: str
    found: str
    fix: str = ""

    @property
    def line(self) -> str:
        """The check as it is printed."""
        text = f"{self.status:<5} {self.subject:<19} {self.found}"
        return text + (f"\n      fix: {self.fix}" if self.fix else "")


@dataclasses.dataclass(frozen=True)
class Report:
    """What the doctor found.

    Attributes:
        checks: One `Check` a line, in the order they were made.
    """

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(check.status != FAIL for check in self.checks)

    def frame(self) -> Any:
        """The checks as a table.

        Returns:
            pandas.DataFrame: One row a check: ``subject``, ``status``, ``found``, ``fix``.
        """
        import pandas as pd  # not above: the doctor also comes where pandas is what is broken

        return pd.DataFrame([dataclasses.asdict(check) for check in self.checks])

    def to_json(self) -> dict[str, Any]:
        """The report for another program.

        Returns:
            dict: ``"ok"``, and ``"checks"``: a list of dicts with the fields of `Check`.
        """
        return {"ok": self.ok, "checks": [dataclasses.asdict(check) for check in self.checks]}

    def __str__(self) -> str:
        return "\n".join([*(check.line for check in self.checks), "", self._verdict()])

    def __repr__(self) -> str:
        return f"Report({len(self.checks)} checks. {self._verdict()} print(report) shows each, .frame() as a table.)"

    def _verdict(self) -> str:
        failed, warned = (sum(check.status == status for check in self.checks) for status in (FAIL, WARN))
        if not failed and not warned:
            return "All is well."
        return f"{failed} failed, {warned} with a warning."
