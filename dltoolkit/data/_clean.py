"""Clean a table by what its audit found; every action is recorded, and can be repeated on new rows."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dltoolkit._checks import InputError, check_choice, check_frame, complaint
from dltoolkit.data._audit import Audit
from dltoolkit.data._clean_plan import (
    CHOICES,
    LEARNERS,
    check_features_left,
    check_finite,
    check_options,
    check_rows_left,
)
from dltoolkit.data._clean_steps import CleaningStep, check_needed

__all__ = ["Cleaning", "CleaningStep", "clean"]


@dataclasses.dataclass(frozen=True, repr=False)
class Cleaning:
    """A cleaned table with what was done to it.

    Attributes:
        steps: What was done, in order.
        settings: The options of `clean`, JSON-able.
        data: The cleaned table, its index labels kept; None where only the steps were read from JSON.
    """

    steps: tuple[CleaningStep, ...]
    settings: dict[str, Any]
    data: pd.DataFrame | None = dataclasses.field(default=None, compare=False)

    def apply(self, frame: pd.DataFrame, *, drop_rows: bool = False) -> pd.DataFrame:
        """Do the same to new rows, with the numbers learnt before.

        Args:
            frame: New rows, with or without the target.
            drop_rows: Whether to leave out duplicates, outliers, and rows with missing values or labels as well,
                where the steps did. Defaults to False: a row that is to be answered is never dropped.

        Returns:
            pandas.DataFrame: The cleaned rows.

        Raises:
            InputError: If a column is missing or of another type, or if a number is infinite and
                ``infinite="raise"``; rows are named.
        """
        check_frame(frame, rows=0)
        if self.settings["infinite"] == "raise":
            check_finite(frame)
        steps = [step for step in self.steps if drop_rows or not step.drops_rows]
        check_needed(frame, steps)
        frame = frame.copy(deep=False)
        for step in steps:
            frame, _ = step.run(frame)
        return frame

    def frame(self) -> pd.DataFrame:
        """One row a step: ``action``, ``column``, ``parameters``, ``n_rows``."""
        names = [field.name for field in dataclasses.fields(CleaningStep)]
        columns = {n: pd.Series([getattr(s, n) for s in self.steps], dtype=object) for n in names}
        return pd.DataFrame(columns).astype({"n_rows": "int64"})

    def to_json(self) -> dict[str, Any]:
        """The steps and settings as plain JSON values, without the table; `from_json` reads them back."""
        return {"steps": [step.to_json() for step in self.steps], "settings": self.settings}

    @classmethod
    def from_json(cls, content: Mapping[str, Any], *, data: pd.DataFrame | None = None) -> "Cleaning":
        """Read what `to_json` wrote.

        Args:
            content: The values.
            data: The cleaned table, where it is at hand. Defaults to None.

        Returns:
            Cleaning: Equal to the one that was written.

        Raises:
            InputError: If a part is missing or of the wrong kind.
        """
        try:
            steps, settings = list(content["steps"]), dict(content["settings"])
            check_choice(settings["infinite"], CHOICES["infinite"], "cleaning: infinite")
        except (KeyError, TypeError) as error:
            got = f"{content!r:.80}"
            raise InputError(complaint("cleaning", "what to_json wrote", got, "Clean anew.")) from error
        return cls(tuple(CleaningStep.from_json(step) for step in steps), settings, data)

    def __repr__(self) -> str:
        shape = (
            "" if self.data is None else f"; {len(self.data):,} rows and {self.data.shape[1]} columns left"
        )
        return f"Cleaning({len(self.steps)} steps{shape}). Next: data.split(cleaning.data, problem)"


def clean(
    frame: pd.DataFrame,
    audit: Audit,
    *,
    missing: str = "keep",
    outliers: str = "keep",
    duplicates: str = "drop",
    constant: str = "drop",
    id_like: str = "drop",
    leakage: str = "keep",
    spelling: str = "keep",
    infinite: str = "raise",
    missing_target: str = "raise",
    time: str | None = None,
    columns: Mapping[str, str | Mapping[str, Any]] | None = None,
) -> Cleaning:
    """Clean a table by what its audit found. The table that is handed over stays as it is.

    What is learnt (medians, fences, spellings) is learnt from `frame`: hand over the training part where the test
    part must not have a say. Columns to drop, and columns with outliers or variants, are those that `audit` names.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``.
        audit: Of this table, or of one with the same columns.
        missing: Missing feature values. ``"keep"`` (the default: preprocessing imputes them and adds indicators),
            ``"median"``, ``"mean"``, ``"mode"``, ``"constant"``, ``"interpolate"`` or ``"drop"`` the row. Text,
            categories and booleans have no median: they take their most frequent value.
        outliers: Numbers that lie far out. ``"keep"`` (the default), ``"clip"`` to the fences or ``"drop"`` the row.
        duplicates: Rows that repeat an earlier one in every column. ``"drop"`` (the default) or ``"keep"``.
        constant: Columns with one value, or none. ``"drop"`` (the default) or ``"keep"``.
        id_like: Columns that name the row. ``"drop"`` (the default) or ``"keep"``, to split by groups, say.
        leakage: Columns that give the target away. ``"keep"`` (the default) or ``"drop"``.
        spelling: Categories in several spellings. ``"keep"`` (the default) or ``"merge"`` into the most frequent.
        infinite: Infinite numbers. ``"raise"`` (the default) or take them as ``"missing"``.
        missing_target: Rows without a label. ``"raise"`` (the default) or ``"drop"``.
        time: The column to interpolate along. Defaults to None: in the order of the rows.
        columns: Exceptions: column name to ``"drop"``, ``"keep"`` (do nothing to it), or a dict of ``missing``,
            ``outliers`` and ``spelling``, with ``value`` for ``"constant"``. Defaults to none.

    Returns:
        Cleaning: The cleaned table in `data`, the steps, and `apply` to repeat them.

    Raises:
        InputError: If an option or a column does not exist, if a label is missing or a number infinite (rows are
            named) and the option says raise, or if no row or no feature would be left.

    Example:
        >>> from dltoolkit import data
        >>> frame = pd.DataFrame({"age": [31, None, 52, 28, 40], "plan": "basic", "churn": ["no", "yes", "no", "no", "yes"]})
        >>> cleaning = clean(frame, data.audit(frame, "churn"), missing="median")
        >>> cleaning.data["age"].tolist(), list(cleaning.data)
        ([31.0, 35.5, 52.0, 28.0, 40.0], ['age', 'churn'])
        >>> cleaning.apply(pd.DataFrame({"age": [None, 33.0], "plan": "basic"}))["age"].tolist()
        [35.5, 33.0]
    """
    settings = {
        "missing": missing,
        "outliers": outliers,
        "duplicates": duplicates,
        "constant": constant,
        "id_like": id_like,
        "leakage": leakage,
        "spelling": spelling,
        "infinite": infinite,
        "missing_target": missing_target,
        "time": time,
        "columns": {k: dict(v) if isinstance(v, Mapping) else v for k, v in (columns or {}).items()},
    }
    check_options(frame, audit, settings)
    data, steps = frame.copy(deep=False), list[CleaningStep]()
    for learn in LEARNERS:
        for step in learn(data, audit, settings):
            data, touched = step.run(data)
            steps.append(dataclasses.replace(step, n_rows=int(touched.sum())))
        check_rows_left(data)
    check_features_left(data, audit)
    return Cleaning(tuple(steps), settings, data)
