"""The result of an evaluation: what was measured, and what can be read off it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_columns, check_frame, check_number, closest, complaint, stop
from dltoolkit.evaluation._curves import N_BINS, calibration_error, cheapest_threshold, curve_table
from dltoolkit.evaluation._inputs import MODEL
from dltoolkit.evaluation._packing import pack, table_from_json, table_to_json, unpack
from dltoolkit.evaluation._slices import slice_names, slice_table
from dltoolkit.evaluation._statistics import HEADLINE, LOWER_IS_BETTER, metric_names, predicted, row_loss
from dltoolkit.evaluation._tables import cells, short, target_table
from dltoolkit.problem import Problem


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """A model measured on held-out rows, beside its baselines.

    Attributes:
        problem: What was asked.
        metrics: Index ``metric``; columns ``value``, ``low``, ``high``. Classification: accuracy,
            balanced_accuracy, precision, recall, f1, roc_auc, pr_auc, log_loss (nats), brier; regression: mae,
            rmse (in the target's unit), r2, and of quantiles pinball (in the target's unit) and coverage, the share of
            truths between the outermost two. Of several amounts they are means; see `by_target`.
        baselines: The same table for each baseline.
        differences: Model minus baseline for each baseline; see `versus`.
        y_true: Encoded labels, ``(n,)`` or ``(n, n_targets)``; read-only.
        outputs: What the model said, ``(n,)`` or ``(n, head.units)``; read-only.
        threshold: A probability from here up counted as positive.
        n_bootstrap: Number of resamples.
        confidence: Share of the resamples inside an interval.
        seed: Seed of the resamples.
        notes: What to know when reading the numbers: 0/0 precisions, resamples left out.
    """

    problem: Problem
    metrics: pd.DataFrame
    baselines: Mapping[str, pd.DataFrame]
    differences: Mapping[str, pd.DataFrame]
    y_true: np.ndarray
    outputs: np.ndarray
    threshold: float
    n_bootstrap: int
    confidence: float
    seed: int
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line: the headline metric beside the best baseline, and what comes next."""
        metric = HEADLINE[self.problem.kind]
        text = f"Evaluation of {self.problem.target!r} on {len(self.y_true):,} rows: {metric} {cells(self.metrics)[metric]}"
        if self.baselines:
            values = {name: table.loc[metric, "value"] for name, table in self.baselines.items()}
            best = (min if metric in LOWER_IS_BETTER else max)(values, key=values.__getitem__)
            text += f", best baseline {best} {short(values[best], metric)}"
        return f"{text}. Next: .frame(), .worst(10), .slices(frame, column), plots.metrics(evaluation)."

    def frame(self) -> pd.DataFrame:
        """The model beside its baselines, to be read by people.

        Returns:
            pandas.DataFrame: Index ``metric``; a text column for ``model`` and each baseline, such as
            ``"0.847 [0.821, 0.870]"``. The numbers themselves are in `metrics` and `baselines`.
        """
        return pd.DataFrame({MODEL: cells(self.metrics), **{n: cells(t) for n, t in self.baselines.items()}})

    def versus(self, name: str) -> pd.DataFrame:
        """The model minus a baseline, on the same resamples.

        Args:
            name: A baseline's name.

        Returns:
            pandas.DataFrame: Index ``metric``; columns ``value`` (model minus baseline), ``low``, ``high`` and
            ``verdict``: "better", "worse" or "no clear difference".

        Raises:
            InputError: If there is no such baseline.
        """
        if name not in self.differences:
            cure = closest(name, self.differences) if self.differences else "Pass baselines= to evaluate."
            stop([complaint("baseline", "the name of a baseline that was evaluated", repr(name), cure)])
        return self.differences[name].copy()

    def by_target(self) -> pd.DataFrame:
        """The model's metrics for each amount, such as each step of a forecast.

        Returns:
            pandas.DataFrame: Index ``target``; a column a metric, float64.

        Raises:
            InputError: If the problem has classes.
        """
        if self.problem.kind != "regression":
            cure = "See .confusion(), or .slices(frame, column)."
            stop([complaint("by_target", "amounts", f"a {self.problem.kind} problem", cure)])
        return target_table(self.problem, self.y_true, self.outputs)

    def confusion(self) -> pd.DataFrame:
        """How often each class was taken for each other.

        Returns:
            pandas.DataFrame: int64. Index ``true``, columns ``predicted``, both class names. Multilabel: a row a
            label; columns ``true_negative``, ``false_positive``, ``false_negative``, ``true_positive``.

        Raises:
            InputError: If the problem is a regression.
        """
        problem = self.problem
        if problem.kind == "regression":
            cure = "Draw plots.residuals(evaluation)."
            stop([complaint("confusion", "a problem with classes", "a regression problem", cure)])
        answer = predicted(problem, self.outputs, self.threshold)
        truth = self.y_true.astype("int64")
        if problem.kind == "multilabel":
            tally = [np.bincount(2 * t + a, minlength=4) for t, a in zip(truth.T, answer.T, strict=True)]
            columns = ["true_negative", "false_positive", "false_negative", "true_positive"]
            return pd.DataFrame(tally, index=pd.Index(problem.classes, name="label"), columns=columns)
        k = len(problem.classes)
        table = np.bincount(k * truth + answer, minlength=k * k).reshape(k, k)
        axes = [pd.Index(problem.classes, name=name) for name in ("true", "predicted")]
        return pd.DataFrame(table, index=axes[0], columns=axes[1])

    def curve(self, kind: str) -> pd.DataFrame:
        """The points of a curve, one class after the other.

        Args:
            kind: ``"roc"``, ``"pr"`` or ``"calibration"``.

        Returns:
            pandas.DataFrame: Column ``class`` and, for ``"roc"``, ``false_positive_rate``, ``true_positive_rate``,
            ``threshold``; for ``"pr"``, ``recall``, ``precision``, ``threshold``; for ``"calibration"``,
            ``predicted``, ``observed``, ``low``, ``high`` (Wilson's interval), ``rows``.

        Raises:
            InputError: If `kind` is none of these, or the problem is a regression.

        References:
            Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
        """
        return curve_table(kind, self.problem, self.y_true, self.outputs, confidence=self.confidence)

    def worst(self, n: int = 10) -> np.ndarray:
        """Where the model is most wrong.

        Args:
            n: How many rows. Defaults to 10.

        Returns:
            numpy.ndarray: Positions in the evaluated frame (``frame.iloc[...]``), int64 ``(min(n, n_rows),)``, worst
            first: by log loss, for regression by absolute error.

        Raises:
            InputError: If `n` is no whole number from 1 up.
        """
        check_number(n, "n", low=1, whole=True)
        return np.argsort(-row_loss(self.problem, self.y_true, self.outputs), kind="stable")[: int(n)]

    def slices(self, frame: pd.DataFrame, column: str, *, metric: str | None = None) -> pd.DataFrame:
        """One metric in each slice of the evaluated rows.

        Args:
            frame: The frame that was evaluated, ``n`` rows in the same order.
            column: Its values make the slices; numbers with many values are cut into quarters, rare values are
                gathered in "(other)".
            metric: A name out of `metrics`. Defaults to ROC-AUC (binary, multilabel), balanced accuracy
                (multiclass) or RMSE (regression).

        Returns:
            pandas.DataFrame: One row a slice; columns ``rows``, ``value``, ``low``, ``high``. NaN where a slice
            lacks a class that the metric needs.

        Raises:
            InputError: If `frame` has another number of rows or no such column, or there is no such metric.
        """
        check_frame(frame)
        check_columns(frame, [column])
        metric = check_choice(metric or HEADLINE[self.problem.kind], metric_names(self.problem), "metric")
        if len(frame) != len(self.y_true):
            cure = "Pass the frame that was evaluated."
            stop([complaint("frame", f"{len(self.y_true):,} rows", f"{len(frame):,}", cure)])
        return slice_table(
            self.problem,
            self.y_true,
            self.outputs,
            slice_names(frame[column]).rename(column),
            metric=metric,
            threshold=self.threshold,
            n_bootstrap=self.n_bootstrap,
            confidence=self.confidence,
            seed=self.seed,
        )

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON-able values; `from_json` reads it back.

        Tables stand there in plain numbers (null where there is none). `y_true` and `outputs` are base64 of
        their bytes, exact and compact, so that every figure can be drawn again later.

        Returns:
            dict: The values.
        """
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        tables = {
            n: {k: table_to_json(t) for k, t in fields[n].items()} for n in ("baselines", "differences")
        }
        return {
            **fields,
            **tables,
            "problem": self.problem.to_json(),
            "metrics": table_to_json(self.metrics),
            "notes": list(self.notes),
            "y_true": pack(self.y_true),
            "outputs": pack(self.outputs),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Evaluation":
        """Read back what `to_json` gave.

        Args:
            content: The values.

        Returns:
            Evaluation: Equal in every number to the one that was written.

        Raises:
            InputError: If a value is missing or damaged.
        """
        missing = [f.name for f in dataclasses.fields(cls) if f.name not in content]
        if missing:
            cure = "Evaluate again, or restore the file from a copy."
            stop(
                [complaint("evaluation", "every value that to_json writes", f"no {', '.join(missing)}", cure)]
            )
        fields = {f.name: content[f.name] for f in dataclasses.fields(cls)}
        tables = {
            n: {k: table_from_json(t) for k, t in content[n].items()} for n in ("baselines", "differences")
        }
        return cls(
            **{
                **fields,
                **tables,
                "problem": Problem.from_json(content["problem"]),
                "metrics": table_from_json(content["metrics"]),
                "notes": tuple(content["notes"]),
                "y_true": unpack(content["y_true"], "y_true"),
                "outputs": unpack(content["outputs"], "outputs"),
            }
        )


def expected_calibration_error(evaluation: Evaluation, *, n_bins: int = N_BINS) -> float:
    """How far probabilities are from the shares that come true, on average over bins of equal width.

    Multiclass: the confidence in the answer against how often it is right. Binary: the probability of the
    positive class against its share, so that errors on both sides of 0.5 do not cancel. Multilabel: the mean
    over labels.

    Args:
        evaluation: Of a problem with classes.
        n_bins: Number of bins. Defaults to 15.

    Returns:
        float: In ``[0, 1]``; 0 is perfectly calibrated.

    Raises:
        InputError: If the problem is a regression, or `n_bins` is not a whole number from 1 up.

    References:
        Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

    Example:
        >>> from dltoolkit.evaluation import score
        >>> problem = Problem("binary", "rain", ("no", "yes"))
        >>> result = score(np.array([0, 0, 0, 1]), np.full(4, 0.25), problem, n_bootstrap=0)
        >>> expected_calibration_error(result)
        0.0
    """
    return calibration_error(evaluation.problem, evaluation.y_true, evaluation.outputs, n_bins)


def best_threshold(evaluation: Evaluation, cost_false_positive: float, cost_false_negative: float) -> float:
    """The threshold at which the evaluated rows would have cost least.

    Choose it on validation rows and report the cost on test rows: on the rows it was chosen on, it looks too good.

    Args:
        evaluation: Of a binary problem.
        cost_false_positive: What a false alarm costs, in any unit, from 0 up.
        cost_false_negative: What a miss costs, in the same unit, from 0 up; not both are 0.

    Returns:
        float: In ``[0, 1]``: predict positive from this probability up. Among equally cheap ones, the one that is
        nearest to the theory's ``cost_false_positive / (cost_false_positive + cost_false_negative)``.

    Raises:
        InputError: If the problem is not binary, or a cost is negative or both are 0.

    References:
        Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001.

    Example:
        >>> from dltoolkit.evaluation import score
        >>> problem = Problem("binary", "fraud", ("no", "yes"))
        >>> result = score(np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.2, 0.8]), problem, n_bootstrap=0)
        >>> round(best_threshold(result, 1, 10), 3), round(best_threshold(result, 10, 1), 3)
        (0.15, 0.55)
    """
    check_number(cost_false_positive, "cost_false_positive", low=0)
    check_number(cost_false_negative, "cost_false_negative", low=0)
    if cost_false_positive + cost_false_negative == 0:
        stop([complaint("cost_false_positive", "at least one cost above 0", "0 and 0")])
    if evaluation.problem.kind != "binary":
        stop([complaint("evaluation", "a binary problem", f"a {evaluation.problem.kind} one")])
    scores = evaluation.outputs.astype("float64")
    return cheapest_threshold(evaluation.y_true == 1, scores, cost_false_positive, cost_false_negative)
