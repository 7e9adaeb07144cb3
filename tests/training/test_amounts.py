"""Several amounts and quantiles are trained each in its own unit, saved and opened again."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.data import Schema
from dltoolkit.training._amounts import AmountLoss, MedianError

QUANTILES = (0.1, 0.5, 0.9)


def pinball(truth, said, levels):
    """By its definition, one number at a time."""
    return np.mean(
        [
            [q * (t - s) if t >= s else (1 - q) * (s - t) for q, s in zip(levels, row, strict=True)]
            for t, row in zip(truth, said, strict=True)
        ]
    )


def test_the_pinball_loss_is_the_one_of_the_book():
    truth, said = np.array([1.0, 5.0], "float32"), np.array([[0, 1, 2], [6, 7, 8]], "float32")
    loss = float(AmountLoss("pinball", [1.0], QUANTILES)(truth, said))
    assert loss == pytest.approx(pinball(truth, said, QUANTILES))


def test_each_amount_counts_in_units_of_its_own_spread():
    truth, said = np.zeros((2, 2), "float32"), np.array([[1, 100], [3, 300]], "float32")
    assert float(AmountLoss("mean_squared_error", [1.0, 100.0])(truth, said)) == pytest.approx(5)
    assert float(AmountLoss("mean_absolute_error", [1.0, 100.0])(truth, said)) == pytest.approx(2)


def test_the_metric_is_the_error_of_the_median_even_where_quantiles_cross():
    metric = MedianError(2, 1)
    metric.update_state(np.array([[2.0, 5.0]]), np.array([[3.0, 1.0, 2.0, 4.0, 6.0, 9.0]]))
    assert float(metric.result()) == pytest.approx(0.5)


@pytest.mark.parametrize("made", [AmountLoss("pinball", [2.0], QUANTILES), MedianError(1, 1)])
def test_they_come_back_from_keras(made):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert again.get_config() == made.get_config()


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 600)
    return pd.DataFrame(
        {"x": x, "a": 3 * x + rng.normal(0, 0.1, 600), "b": 1000 - 500 * x + rng.normal(0, 50, 600)}
    )


def fitted(frame, target, quantiles=(), **options):
    problem = Problem.infer(frame, target, quantiles=quantiles)
    splits = data.split(frame.drop(columns={"a", "b"} - set(problem.targets)), problem)
    schema = Schema.infer(splits.train, problem.target)
    preprocessor = preprocessing.fit(splits.train, schema)
    model = models.mlp(problem, preprocessor, units=(16,), dropout=0.0)
    settings = {"epochs": 12, "learning_rate": 0.01, "progress": False, **options}
    return training.fit(model, preprocessor, splits, problem, **settings), splits


def test_two_amounts_of_very_different_size_are_both_learnt(frame):
    run, splits = fitted(frame, ["a", "b"])
    error = np.abs(run.outputs(splits.validation) - run.problem.encode(splits.validation)).mean(axis=0)
    assert (error < [0.4, 100]).all()  # chance: 1.5 and 250
    assert run.history["loss"].iloc[0] < 1.5  # in variances, whatever the unit
    assert list(run.predict(splits.validation)) == ["prediction_a", "prediction_b"]


def test_quantiles_cover_what_they_say_and_the_run_opens_again(frame, tmp_path):
    run, splits = fitted(frame, "a", QUANTILES, epochs=20)
    answers = run.predict(splits.train)
    inside = splits.train["a"].between(answers["quantile_0.1"], answers["quantile_0.9"]).mean()
    assert 0.65 < inside < 0.95
    run.save(tmp_path)
    again = training.load(tmp_path)
    pd.testing.assert_frame_equal(again.predict(splits.validation), run.predict(splits.validation))
    assert again.settings["loss"] == "pinball"


def test_a_loss_of_amounts_is_refused_for_quantiles_and_the_other_way_round(frame):
    with pytest.raises(InputError, match="loss: expected 'pinball' for quantiles, got 'mean_squared_error'"):
        fitted(frame, "a", QUANTILES, loss="mean_squared_error")
    with pytest.raises(
        InputError, match="a problem with quantiles for 'pinball', got one without. Ask for some"
    ):
        fitted(frame, "a", loss="pinball")
    with pytest.raises(
        InputError, match="loss: expected a Keras loss such as 'mean_squared_error', got 'mse2'"
    ):
        fitted(frame, "a", loss="mse2")
