"""plots.forecast, and the other pictures of amounts, draw what was said and what came."""

import numpy as np
import pandas as pd

from dltoolkit import Problem, plots
from dltoolkit.evaluation import Forecast, score

QUANTILES = (0.1, 0.5, 0.9)


def two_steps(actual=(8.0, 9.0)):
    columns = {"prediction": [8.5, 9.5], "quantile_0.1": [7.0, 8.0], "quantile_0.5": [8.5, 9.5]}
    steps = pd.DataFrame({**columns, "quantile_0.9": [10.0, 11.0], "actual": actual}, [1, 2])
    return Forecast("sold", np.arange(3.0, 8.0), steps, QUANTILES)


def test_past_forecast_band_and_what_came_stand_where_they_belong():
    ax = plots.forecast(two_steps())
    past, said, came = ax.lines
    assert past.get_ydata().tolist() == [3, 4, 5, 6, 7]
    assert past.get_xdata().tolist() == [-4, -3, -2, -1, 0]
    assert said.get_ydata().tolist() == [7, 8.5, 9.5]
    assert came.get_ydata().tolist() == [7, 8, 9]
    corners = ax.collections[0].get_paths()[0].vertices
    assert {(1.0, 7.0), (2.0, 8.0), (1.0, 10.0), (2.0, 11.0)} <= set(map(tuple, corners.tolist()))
    assert ax.get_title().replace("\n", " ") == "2 steps of sold after 5 known ones, with the middle 80%"


def test_what_is_not_known_yet_is_not_drawn():
    assert len(plots.forecast(two_steps((np.nan, np.nan))).lines) == 2


def test_residuals_metrics_and_targets_of_several_amounts_are_drawn():
    problem = Problem("regression", ("sold+1", "sold+2"), quantiles=QUANTILES)
    rows = pd.DataFrame({"sold+1": np.arange(12.0), "sold+2": np.arange(1.0, 13.0)})
    truth = problem.encode(rows)
    said = (truth[:, :, None] + np.array([-1, 0.5, 2])).reshape(12, 6)
    result = score(truth, said, problem, n_bootstrap=5)
    assert "each of 2 targets" in plots.residuals(result).get_xlabel()
    assert "each of 2 targets" in plots.metrics(result).get_xlabel()
    assert "sold+1, sold+2" in plots.target_balance(rows, problem).get_title().replace("\n", " ")
