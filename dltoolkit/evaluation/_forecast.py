"""One window of a series, what was forecast of it, and what came."""

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_columns, check_frame, check_number, complaint, stop
from dltoolkit.evaluation._inputs import check_outputs
from dltoolkit.evaluation._score import _check_predictor
from dltoolkit.problem import Problem

_AHEAD = re.compile(r"\+\d+$")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """What a model says of how one window goes on.

    Attributes:
        series: Name of what is forecast.
        past: The window, float64 ``(steps,)``, the last step that was known at its end.
        steps: Index ``step`` from 1; columns ``prediction``, ``quantile_<q>`` for each quantile, and ``actual``, what
            came, NaN where that is not known.
        quantiles: The quantiles, rising; none for amounts alone.
    """

    series: str
    past: np.ndarray
    steps: pd.DataFrame
    quantiles: tuple[float, ...]

    def __repr__(self) -> str:
        """What it is, and the next step."""
        return f"Forecast of {len(self.steps)} step(s) of {self.series!r}. Next: .frame(), plots.forecast(forecast)."

    def frame(self) -> pd.DataFrame:
        """`steps`: a row for each step to come."""
        return self.steps


def forecast(predictor: Any, frame: pd.DataFrame, problem: Problem, *, row: int = 0) -> Forecast:
    """Let a model forecast one window.

    Args:
        predictor: A run, a baseline or a bundle: anything with ``.outputs(frame)``.
        frame: Windows, as `data.windows` cuts them, with the past in ``past_x`` of a target ``x`` (or ``x+1``, ``x+2``, …).
            What came is told where the targets are there.
        problem: The regression that was asked.
        row: Which of the windows, from 0. Defaults to 0.

    Returns:
        Forecast: The window, the answers by step, and what came.

    Raises:
        InputError: If the problem has classes or targets of several series, there is no such row, the past is missing, or the
            predictor cannot answer.

    Example:
        >>> from dltoolkit import data
        >>> table = pd.DataFrame({"day": range(9), "sold": [1.0, 2, 3, 4, 5, 6, 7, 8, 9]})
        >>> windows = data.windows(table, time="day", target="sold", length=3, horizon=2)
        >>> class Flat:
        ...     def outputs(self, frame):
        ...         return np.array([[past[-1]] * 2 for past in frame["past_sold"]])
        >>> problem = Problem("regression", ("sold+1", "sold+2"))
        >>> forecast(Flat(), windows, problem).frame()["prediction"].tolist()
        [3.0, 3.0]
    """
    series = _series(problem)
    check_frame(frame)
    check_columns(frame, [f"past_{series}"])
    check_number(row, "row", low=0, high=len(frame) - 1, whole=True)
    _check_predictor(predictor, "predictor")
    one = frame.iloc[[row]]
    outputs = check_outputs(predictor.outputs(one), problem, 1, "outputs")
    said = problem.decode(outputs).iloc[0]
    tails = [""] if len(problem.targets) == 1 else [f"_{name}" for name in problem.targets]
    words = ["prediction", *(f"quantile_{q:g}" for q in problem.quantiles)]
    columns = {word: [float(said[f"{word}{tail}"]) for tail in tails] for word in words}
    known = all(name in one for name in problem.targets)
    columns["actual"] = one[list(problem.targets)].iloc[0].tolist() if known else [np.nan] * len(tails)
    steps = pd.DataFrame(columns, pd.RangeIndex(1, len(tails) + 1, name="step"), dtype="float64")
    past = np.asarray(one[f"past_{series}"].iloc[0], "float64").ravel()
    return Forecast(series, past, steps, problem.quantiles)


def _series(problem: Problem) -> str:
    """The one series that the targets are steps of."""
    found = sorted({_AHEAD.sub("", name) for name in problem.targets})
    if problem.kind != "regression" or len(found) > 1:
        got = f"a {problem.kind} problem" if problem.kind != "regression" else f"targets of {len(found)}"
        cure = "Cut windows with data.windows(..., horizon=...)."
        stop([complaint("problem", "amounts that are steps of one series", got, cure)])
    return found[0]


def mase(y_true: Any, y_pred: Any, history: Any, *, period: int = 1) -> float:
    """The mean absolute scaled error: below 1 is better than the seasonal naive forecast was in training.

    Args:
        y_true: Amounts that came, any shape.
        y_pred: What was forecast of them, of the same shape.
        history: The series in training, ``(n,)`` in the order of time, more than `period` of them.
        period: Steps of a season: the naive forecast is the value that long ago. Defaults to 1: the last value.

    Returns:
        float: The mean absolute error over that of the naive forecast, one step ahead, within `history`.

    Raises:
        InputError: If shapes differ, numbers are missing or infinite, or the history is too short or repeats itself.

    References:
        Hyndman and Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting 22
        (2006).

    Example:
        >>> mase([5.0, 6.0], [4.0, 6.0], [1.0, 3.0, 5.0])
        0.25
    """
    check_number(period, "period", low=1, whole=True)
    truth, said, past = (np.asarray(values, "float64") for values in (y_true, y_pred, history))
    complaints = []
    if truth.shape != said.shape:
        complaints.append(complaint("y_pred", f"the shape of y_true, {truth.shape}", f"{said.shape}"))
    if past.ndim != 1 or len(past) <= period:
        cure = "Give the training part of the series, in the order of time."
        complaints.append(
            complaint("history", f"more than {period} values in a row", f"shape {past.shape}", cure)
        )
    named = {"y_true": truth, "y_pred": said, "history": past}
    odd = [name for name, values in named.items() if not np.isfinite(values).all()]
    complaints += [complaint(name, "finite numbers", "missing or infinite ones") for name in odd]
    stop(complaints)
    scale = np.abs(past[period:] - past[:-period]).mean()
    if scale == 0:
        stop([complaint("history", "a season that differs from the one before", "one that repeats exactly")])
    return float(np.abs(truth - said).mean() / scale)
