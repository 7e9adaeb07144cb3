"""The monitor: what it learnt from the training frame, and how it compares new data with it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import (
    InputError,
    check_columns,
    check_frame,
    check_number,
    closest,
    complaint,
    listed,
    stop,
)
from dltoolkit.data import Schema
from dltoolkit.monitoring import _profile as profile
from dltoolkit.monitoring._compare import Result, compare, new_levels, type_complaint
from dltoolkit.monitoring._profile import DATE, FLAG, NUMBER, Column, Levels, Numbers
from dltoolkit.monitoring._report import Drift, DriftReport
from dltoolkit.monitoring._statistics import holm, smallest_distance

# What Cohen (1988, Statistical Power Analysis, 2.2 and 7.2) calls a small effect, below which a change is not worth an
# alarm however sure it is: w = 0.1, and for two normal distributions d = 0.2, which puts them D = 2 Phi(0.1) - 1 apart.
V_FLOOR = 0.1
KS_FLOOR = 0.08

_FORMAT = 1
_KEYS = ("alpha", "ks_floor", "v_floor", "left_out", "columns", "outputs")
_MONITORED = ("numeric", "categorical", "boolean", "datetime", "text")


class Monitor:
    """Watches new data for drift away from the training frame.

    It keeps a profile of each column (the distribution function of a number at up to 1,000 values, the counts of
    the levels of a category, how many values are missing), as JSON, and no row.

    A column has drifted when a test says so after Holm's correction over all tests of the report, *and* the change
    is at least small in Cohen's sense: with the first alone, large batches would alarm at nothing; with the second
    alone, small ones would.

    Args:
        reference: The training frame, ``(n_rows, n_columns)``. The target is left out when `schema` names it.
        schema: The roles of the columns; targets, ids and ignored columns are not watched. Defaults to roles
            inferred from `reference`, where a constant column is watched too.
        outputs: What the model answered for `reference`: ``(n_rows,)``, ``(n_rows, n_outputs)``, or a frame such as
            ``predict`` gives. Defaults to None: predictions are not watched.
        alpha: Chance of a false alarm in a report on data that did not change, in (0, 1). Defaults to 0.05.
        ks_floor: Kolmogorov-Smirnov distance from which numbers and dates count as drifted, in [0, 1].
            Defaults to 0.08: two normal distributions 0.2 standard deviations apart.
        v_floor: Cramér's V from which levels and missing shares count as drifted, in [0, 1]. Defaults to 0.1.
        max_points: Values of a number at which its distribution is kept, at least 10. Defaults to 1,000.

    Raises:
        InputError: If `reference` is no table or has infinite values, if `schema` names columns that it lacks,
            if there is nothing to watch, or if a setting is out of range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> monitor = Monitor(pd.DataFrame({"age": rng.normal(40, 10, 2000), "city": rng.choice(["A", "B"], 2000)}))
        >>> later = pd.DataFrame({"age": rng.normal(46, 10, 300), "city": rng.choice(["A", "B"], 300)})
        >>> monitor.check(later).drifted
        ('age',)

    References:
        Holm (1979), Scand. J. Statist. 6; Cohen (1988); Rabanser et al. (2019), "Failing Loudly", NeurIPS.
    """

    def __init__(
        self,
        reference: pd.DataFrame,
        *,
        schema: Schema | None = None,
        outputs: Any = None,
        alpha: float = 0.05,
        ks_floor: float = KS_FLOOR,
        v_floor: float = V_FLOOR,
        max_points: int = profile.MAX_POINTS,
    ) -> None:
        check_frame(reference, "reference")
        self.alpha = check_number(alpha, "alpha", low=0, high=1, open_low=True, open_high=True)
        self.ks_floor = check_number(ks_floor, "ks_floor", low=0, high=1)
        self.v_floor = check_number(v_floor, "v_floor", low=0, high=1)
        check_number(max_points, "max_points", low=10, whole=True)
        roles = _roles(reference, schema)
        self.left_out = {name: role for name, role in roles.items() if role not in _MONITORED}
        self.columns = _learn_all(reference, roles, max_points)
        answers = _outputs_frame(outputs, reference) if outputs is not None else pd.DataFrame()
        self.outputs = _learn_all(answers, {name: _plain_role(answers[name]) for name in answers}, max_points)
        if not self.columns and not self.outputs:
            cure = "Give their roles in schema=."
            stop([complaint("reference", "a column to watch", f"only {listed(roles.items())}", cure)])

    def check(self, frame: pd.DataFrame, *, outputs: Any = None) -> DriftReport:
        """Compare new data with the training frame.

        Args:
            frame: New rows with the training frame's columns, in any order; the target is not needed. Other columns
                are noted, and not looked at.
            outputs: What the model answered for them, in the shape given to the monitor. Defaults to None: left out.

        Returns:
            DriftReport: One finding a test.

        Raises:
            InputError: If `frame` is empty or no table, if columns are missing or came in another type (all of them
                are named), or if `outputs` does not fit.
        """
        check_frame(frame)
        self._check_present(frame)
        extra = tuple(name for name in frame if name not in self.columns and name not in self.left_out)
        watched = list(self.columns.values())
        if outputs is not None:
            watched += self.outputs.values()
            frame = pd.concat([frame.reset_index(drop=True), self._answers(outputs, frame)], axis=1)
        stop([text for column in watched if (text := type_complaint(column, frame[column.name]))])
        results = [result for column in watched for result in compare(column, frame[column.name])]
        return DriftReport(
            findings=self._findings(results),
            alpha=self.alpha,
            n_rows=len(frame),
            n_reference=watched[0].n_rows,
            smallest=smallest_distance(self.alpha / len(results), len(frame), watched[0].n_rows),
            new_categories={c.name: new for c in watched if (new := new_levels(c, frame[c.name]))},
            extra=extra,
            left_out=dict(self.left_out),
        )

    def frame(self) -> pd.DataFrame:
        """What is remembered: one row a column, ``column``, ``role``, ``rows``, ``missing`` (share), ``kept``."""
        rows = [
            (c.name, c.role, c.n_rows, c.n_missing / c.n_rows, _kept(c))
            for c in (*self.columns.values(), *self.outputs.values())
        ]
        return pd.DataFrame(rows, columns=["column", "role", "rows", "missing", "kept"])

    def to_json(self) -> dict[str, Any]:
        """The profile as plain JSON values, without any row; `from_json` reads it back, exactly."""
        return {
            "format": _FORMAT,
            "alpha": self.alpha,
            "ks_floor": self.ks_floor,
            "v_floor": self.v_floor,
            "left_out": dict(self.left_out),
            "columns": [profile.to_json(column) for column in self.columns.values()],
            "outputs": [profile.to_json(column) for column in self.outputs.values()],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Monitor":
        """Read what `to_json` wrote.

        Args:
            content: The dict, perhaps after a way through ``json.dumps`` and ``json.loads``.

        Returns:
            Monitor: It gives the same reports as the one that was written.

        Raises:
            InputError: If the content is damaged or of another format.
        """
        cure = "The file is damaged or from another version: build the monitor again from the training frame."
        if not isinstance(content, Mapping) or content.get("format") != _FORMAT:
            raise InputError(complaint("monitor", f"a profile of format {_FORMAT}", f"{content!r:.60}", cure))
        missing = [key for key in _KEYS if key not in content]
        stop([complaint(f"monitor {key!r}", "to be there", "nothing", cure) for key in missing])
        monitor = cls.__new__(cls)
        for key in ("alpha", "ks_floor", "v_floor"):
            setattr(monitor, key, content[key])
        monitor.left_out = dict(content["left_out"])
        monitor.columns = {c["name"]: profile.from_json(c) for c in content["columns"]}
        monitor.outputs = {c["name"]: profile.from_json(c) for c in content["outputs"]}
        return monitor

    def __repr__(self) -> str:
        n = len(self.columns) + len(self.outputs)
        return f"Monitor({n} columns, alpha {self.alpha:g}). Next: monitor.check(new_rows)"

    def _check_present(self, frame: pd.DataFrame) -> None:
        stop(
            [
                complaint(
                    f"column {name!r}",
                    "to be there, as in training",
                    "no such column",
                    f"{closest(name, frame.columns)} A target is not asked for when the monitor's schema names it.",
                )
                for name in self.columns
                if name not in frame
            ]
        )

    def _answers(self, outputs: Any, frame: pd.DataFrame) -> pd.DataFrame:
        """The model's answers for the new rows, as the columns that were learnt."""
        if not self.outputs:
            cure = "Give the answers for the training frame: Monitor(reference, outputs=...)."
            stop([complaint("outputs", "None, as in training", "some", cure)])
        answers = _outputs_frame(outputs, frame)
        check_columns(answers, self.outputs, argument="outputs")
        return answers[list(self.outputs)]

    def _findings(self, results: list[Result]) -> tuple[Drift, ...]:
        """Holm's correction and the floors; the drifted first, then the largest effects."""
        findings = []
        for result, adjusted in zip(results, holm([r.outcome.p_value for r in results]), strict=True):
            outcome, floor = result.outcome, self.ks_floor if result.aspect == "values" else self.v_floor
            drifted = bool(adjusted < self.alpha and outcome.effect >= floor)
            found = (outcome.test, outcome.statistic, outcome.p_value, float(adjusted), outcome.effect, floor)
            findings.append(Drift(result.column, result.aspect, *found, drifted, result.why))
        return tuple(sorted(findings, key=lambda f: (not f.drifted, -f.effect / max(f.floor, 1e-9))))


def _roles(reference: pd.DataFrame, schema: Schema | None) -> dict[str, str]:
    """The role of each column; without a schema, columns that it would ignore (constant, empty) are watched too."""
    if schema is None:
        roles = Schema.infer(reference).roles
        return {
            name: _plain_role(reference[name]) if role == "ignore" else role for name, role in roles.items()
        }
    if not isinstance(schema, Schema):
        cure = "Use Schema.infer(frame, target)."
        raise InputError(complaint("schema", "a data.Schema", type(schema).__name__, cure))
    check_columns(reference, schema.features, argument="reference")
    return {name: schema.roles.get(name, "not in the schema") for name in reference}


def _plain_role(series: pd.Series) -> str:
    """The role that a column's dtype alone suggests."""
    return {NUMBER: "numeric", DATE: "datetime", FLAG: "boolean"}.get(profile.family(series), "categorical")


def _learn_all(frame: pd.DataFrame, roles: Mapping[str, str], max_points: int) -> dict[str, Column]:
    return {n: profile.learn(frame[n], role, max_points) for n, role in roles.items() if role in _MONITORED}


def _outputs_frame(outputs: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """The model's answers as columns beside those of `frame`, indexed from 0."""
    if not isinstance(outputs, pd.DataFrame):
        values = np.asarray(outputs)
        if values.ndim not in (1, 2):
            stop([complaint("outputs", "shape (n_rows,) or (n_rows, n_outputs)", f"shape {values.shape}")])
        names = ["output"] if values.ndim == 1 else [f"output {i}" for i in range(values.shape[1])]
        outputs = pd.DataFrame(values.reshape(len(values), -1), columns=names)
    check_frame(outputs, "outputs")
    twice = [name for name in outputs if name in frame]
    complaints = [complaint("outputs", f"{len(frame):,} rows, as the frame", f"{len(outputs):,}")] * (
        len(outputs) != len(frame)
    )
    if twice:
        cure = "Rename them: outputs.add_prefix('model ')."
        complaints.append(complaint("outputs columns", "other names than the frame's", listed(twice), cure))
    stop(complaints)
    return outputs.reset_index(drop=True)


def _kept(column: Column) -> str:
    if isinstance(column, Numbers):
        return f"{len(column.values):,} points from {column.values[0]:.6g} to {column.values[-1]:.6g}"
    return f"{len(column.counts):,} levels" if isinstance(column, Levels) else "the missing share"
