"""One window and its forecast, and the scaled error."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, data, evaluation
from dltoolkit._checks import InputError

QUANTILES = (0.1, 0.5, 0.9)
TWO = Problem("regression", ("sold+1", "sold+2"), quantiles=QUANTILES)


class Said:
    """Says the last value, give or take; its quantiles cross."""

    def outputs(self, frame):
        last = np.array([past[-1] for past in frame["past_sold"]])
        return last[:, None] + np.array([[2.0, 0.0, -2.0, 3.0, 1.0, -1.0]])


@pytest.fixture
def rows():
    frame = pd.DataFrame({"day": range(20), "sold": np.arange(20.0)})
    return data.windows(frame, time="day", target="sold", length=5, horizon=2)


def test_a_row_becomes_its_past_and_a_line_for_each_step(rows):
    found = evaluation.forecast(Said(), rows, TWO, row=3)
    assert found.past.tolist() == [3, 4, 5, 6, 7]
    assert found.frame().loc[1].to_dict() == {
        "prediction": 7,
        "quantile_0.1": 5,
        "quantile_0.5": 7,
        "quantile_0.9": 9,
        "actual": 8,
    }
    assert found.frame()["prediction"].tolist() == [7, 8]
    assert repr(found).startswith("Forecast of 2 step(s) of 'sold'. Next:")


def test_what_came_may_be_unknown(rows):
    found = evaluation.forecast(Said(), rows.drop(columns=["sold+1", "sold+2"]), TWO)
    assert found.steps["actual"].isna().all()


def test_what_cannot_be_forecast_is_refused(rows):
    with pytest.raises(InputError, match=r"row: expected a whole number in \[0, 13\], got 14"):
        evaluation.forecast(Said(), rows, TWO, row=14)
    with pytest.raises(InputError, match="frame column 'past_sold': expected to be there"):
        evaluation.forecast(Said(), rows.drop(columns="past_sold"), TWO)
    with pytest.raises(
        InputError, match="problem: expected amounts that are steps of one series, got targets of 2"
    ):
        evaluation.forecast(Said(), rows, Problem("regression", ("sold+1", "price+1")))
    with pytest.raises(InputError, match="steps of one series, got a binary problem"):
        evaluation.forecast(Said(), rows, Problem("binary", "y", ("n", "y")))
    with pytest.raises(InputError, match="predictor: expected something with a method outputs"):
        evaluation.forecast(5, rows, TWO)


def test_the_scaled_error_is_one_for_the_naive_forecast_of_the_history_itself():
    series = np.random.default_rng(0).normal(size=50)
    assert evaluation.mase(series[7:], series[:-7], series, period=7) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1.0], [1.0, 2.0], [1.0, 2.0]), r"y_pred: expected the shape of y_true, \(1,\), got \(2,\)"),
        (([1.0], [1.0], [1.0]), r"history: expected more than 1 values in a row, got shape \(1,\)"),
        (([1.0], [np.nan], [1.0, 2.0]), "y_pred: expected finite numbers"),
        (([1.0], [1.0], [2.0, 2.0]), "history: expected a season that differs from the one before"),
    ],
)
def test_a_scaled_error_that_cannot_be_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        evaluation.mase(*arguments)
