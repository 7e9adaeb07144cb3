"""Baselines of several amounts and of quantiles."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, evaluation
from dltoolkit.data import Schema
from dltoolkit.models import baseline

QUANTILES = (0.1, 0.5, 0.9)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 400)
    return pd.DataFrame(
        {"x": x, "a": 3 * x + rng.normal(0, 0.3, 400), "b": 100 - 50 * x + rng.normal(0, 9, 400)}
    )


def fitted(frame, name, quantiles):
    problem = Problem.infer(frame, ["a", "b"], quantiles=quantiles)
    return baseline(problem, name).fit(frame, Schema.infer(frame, ["a", "b"]))


@pytest.mark.parametrize("name", ["majority", "linear", "boosting"])
def test_several_amounts_are_answered_side_by_side(frame, name):
    model = fitted(frame, name, ())
    said = model.outputs(frame)
    assert said.shape == (400, 2)
    for i, target in enumerate("ab"):
        problem = Problem("regression", target)
        alone = baseline(problem, name).fit(frame[["x", target]], Schema.infer(frame[["x", target]], target))
        np.testing.assert_allclose(said[:, i], alone.outputs(frame))


@pytest.mark.parametrize("name", ["majority", "linear", "boosting"])
def test_quantiles_cover_the_training_rows_as_they_say(frame, name):
    model = fitted(frame, name, QUANTILES)
    assert model.outputs(frame).shape == (400, 6)
    result = evaluation.evaluate(model, frame, model.problem, n_bootstrap=0)
    assert result.metrics.loc["coverage", "value"] == pytest.approx(0.8, abs=0.06)


def test_the_median_alone_is_one_column(frame):
    problem = Problem("regression", "a", quantiles=(0.5,))
    model = baseline(problem).fit(frame[["x", "a"]], Schema.infer(frame[["x", "a"]], "a"))
    assert model.outputs(frame).shape == (400,)
