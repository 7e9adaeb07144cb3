"""Values and resamples as tables, and in words what a reader of the tables has to know."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dltoolkit._checks import listed
from dltoolkit.evaluation._bootstrap import interval
from dltoolkit.evaluation._statistics import (
    LOWER_IS_BETTER,
    UNRANKED,
    metric_names,
    point,
    predicted,
    statistic,
)
from dltoolkit.problem import Problem


def metric_table(
    values: np.ndarray, draws: np.ndarray, names: Sequence[str], confidence: float
) -> pd.DataFrame:
    """Each metric with its interval: index ``metric``; columns ``value``, ``low``, ``high``, float64."""
    bounds = interval(draws, len(names), confidence)
    columns = {"value": values, "low": bounds[:, 0], "high": bounds[:, 1]}
    return pd.DataFrame(columns, index=pd.Index(names, name="metric"))


def difference_table(
    values: np.ndarray, draws: np.ndarray, names: Sequence[str], confidence: float
) -> pd.DataFrame:
    """Model minus baseline with the paired interval, and a verdict.

    Args:
        values: Differences of the metrics, float64 ``(n_metrics,)``.
        draws: Differences on each resample, float64 ``(n_bootstrap, n_metrics)``.
        names: Names of the metrics.
        confidence: Share of the resamples inside the interval, in ``(0, 1)``.

    Returns:
        pandas.DataFrame: The columns of `metric_table` and ``verdict``: ``"better"`` or ``"worse"`` when the whole
        interval lies on one side of 0 (losses and errors count as better when lower), else
        ``"no clear difference"``; ``"not tested"`` without an interval; ``"neither"`` for a coverage, of which more is
        not better.
    """
    table = metric_table(values, draws, names, confidence)
    lower_is_better = table.index.isin(list(LOWER_IS_BETTER))
    above, below = (table["low"] > 0).to_numpy(), (table["high"] < 0).to_numpy()
    verdict = np.full(len(names), "no clear difference", dtype=object)
    verdict[np.where(lower_is_better, below, above)] = "better"
    verdict[np.where(lower_is_better, above, below)] = "worse"
    verdict[table.index.isin(list(UNRANKED))] = "neither"
    verdict[table["low"].isna().to_numpy()] = "not tested"
    return table.assign(verdict=pd.array(verdict, dtype="str"))


def target_table(problem: Problem, y_true: np.ndarray, outputs: np.ndarray) -> pd.DataFrame:
    """The metrics of each amount on its own: index ``target``, a column a metric, float64."""
    n, k = len(y_true), len(problem.targets)
    truth, said = y_true.reshape(n, k), outputs.reshape(n, k, -1)
    lines = []
    for i, name in enumerate(problem.targets):
        one = Problem("regression", name, quantiles=problem.quantiles)
        block = said[:, i] if problem.quantiles else said[:, i, 0]
        lines.append(point(statistic(one, truth[:, i], block, 0.5), n))
    return pd.DataFrame(lines, pd.Index(problem.targets, name="target"), metric_names(problem))


def never_answered(problem: Problem, said: Mapping[str, np.ndarray], threshold: float) -> list[str]:
    """One sentence for each model that never gives one of the answers, so that its precision is 0/0."""
    if problem.kind == "regression":
        return []
    notes = []
    for name, outputs in said.items():
        answers = predicted(problem, outputs, threshold).reshape(len(outputs), -1)
        if problem.kind == "multiclass":
            given = np.asarray(np.bincount(answers[:, 0], minlength=len(problem.classes)) > 0)
        else:
            given = np.asarray(answers.any(axis=0))
        asked = problem.classes[1:] if problem.kind == "binary" else problem.classes
        never = [c for c, was_given in zip(asked, given, strict=True) if not was_given]
        if never:
            notes.append(f"{name} never answers {listed(never)}: the precision there is 0/0 and counts as 0.")
    return notes


def faultless(values: np.ndarray, names: Sequence[str], n_rows: int) -> list[str]:
    """One sentence when no answer was wrong: resampling right answers shows no uncertainty at all.

    References:
        Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983): rule of three.
    """
    if "accuracy" not in names or values[list(names).index("accuracy")] < 1:
        return []
    most = f"{min(3 / n_rows, 1):.2g}"
    return [
        f"every answer is right, so the intervals have no width; {n_rows:,} rows still allow an error rate up to {most}."
    ]


def undefined(draws: np.ndarray, names: Sequence[str]) -> list[str]:
    """One sentence for each metric that some resamples do not define."""
    if not len(draws):
        return ["n_bootstrap=0: there are no intervals."]
    lost = np.isnan(draws).sum(axis=0)
    return [
        f"{name}: {count:,} of {len(draws):,} resamples lack what it needs (a class, or any spread) and are left "
        "out of its interval."
        for name, count in zip(names, lost, strict=True)
        if count
    ]


def short(value: float, metric: str) -> str:
    """A metric as text: three decimals where it is bounded by 1, else four significant digits."""
    if metric not in ("mae", "rmse", "pinball"):
        return f"{value:.3f}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:.4g}"


def cells(table: pd.DataFrame) -> pd.Series:
    """Rows of `metric_table` as text, such as ``"0.847 [0.821, 0.870]"``."""
    texts = []
    for metric, value, low, high in table[["value", "low", "high"]].itertuples():
        text = short(value, metric)
        texts.append(text if np.isnan(low) else f"{text} [{short(low, metric)}, {short(high, metric)}]")
    return pd.Series(texts, index=table.index, dtype="str")
