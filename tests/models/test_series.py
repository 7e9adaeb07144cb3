"""forecaster: what it takes, that it starts from the level, follows drift, and learns."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, data, deployment, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.data import Schema
from dltoolkit.models._series import FEWEST_EPOCHS, MOST_EPOCHS
from dltoolkit.preprocessing import SequenceOptions

KINDS = ("nbeats", "linear", "rnn")
SMALL = {"units": 8, "layers": 1, "blocks": 2}
QUANTILES = (0.1, 0.5, 0.9)


def series(n=160, *, shift=0.0):
    """A week's pattern on a slow rise, with a little noise."""
    days = np.arange(n)
    rng = np.random.default_rng(0)
    sold = 100 + shift + 0.1 * days + 10 * (days % 7) + rng.normal(0, 1, n)
    return pd.DataFrame(
        {"day": pd.date_range("2024-01-01", periods=n), "sold": sold, "price": rng.normal(5, 1, n)}
    )


def prepared(horizon=1, quantiles=(), sequence=None, **cut):
    frame = data.windows(series(), time="day", target="sold", length=14, horizon=horizon, **cut)
    target = [f"sold+{i}" for i in range(1, horizon + 1)] if horizon > 1 else "sold"
    problem = Problem.infer(frame, target, quantiles=quantiles)
    splits = data.split(frame, problem, time="day")
    options = {} if sequence is None else {"sequence": sequence}
    return problem, splits, preprocessing.fit(splits.train, Schema.infer(splits.train, target), **options)


@pytest.fixture(scope="module")
def week():
    return prepared(horizon=7)


@pytest.mark.parametrize("kind", KINDS)
def test_untrained_it_answers_with_the_level_of_the_window(week, kind):
    problem, splits, preprocessor = week
    model = models.forecaster(problem, preprocessor, kind=kind, **SMALL)
    said = np.asarray(model(preprocessor.transform(splits.validation)))
    means = np.stack(splits.validation["past_sold"].to_numpy()).mean(axis=1)
    np.testing.assert_allclose(said, np.repeat(means[:, None], 7, axis=1), rtol=1e-5)
    assert (model.name, model.output_shape) == ("forecaster", (None, 7))


def test_it_may_start_from_the_last_step(week):
    problem, splits, preprocessor = week
    model = models.forecaster(problem, preprocessor, level="last", **SMALL)
    said = np.asarray(model(preprocessor.transform(splits.validation)))[:, 0]
    np.testing.assert_allclose(said, [past[-1] for past in splits.validation["past_sold"]], rtol=1e-5)


def trained_weights(model):
    """The model with weights that are not zero, as after a training."""
    rng = np.random.default_rng(1)
    model.set_weights([w + rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_a_series_that_has_drifted_is_forecast_from_where_it_is(week, kind):
    problem, splits, preprocessor = week
    model = trained_weights(models.forecaster(problem, preprocessor, kind=kind, **SMALL))
    rows = splits.validation
    moved = rows.assign(past_sold=[past + np.float32(500) for past in rows["past_sold"]])
    before, after = (np.asarray(model(preprocessor.transform(r))) for r in (rows, moved))
    np.testing.assert_allclose(after, before + 500, rtol=1e-3)


@pytest.mark.parametrize("scale", ["window", "series"])
def test_where_the_level_is_gone_the_answer_starts_from_the_training_mean(scale):
    sequence = SequenceOptions(scale=scale) if scale == "window" else SequenceOptions(difference=1)
    problem, splits, preprocessor = prepared(sequence=sequence)
    said = np.asarray(models.forecaster(problem, preprocessor, **SMALL)(preprocessor.transform(splits.train)))
    np.testing.assert_allclose(said, splits.train["sold"].mean(), rtol=1e-3)


def test_a_sequence_as_it_came_keeps_its_unit():
    problem, splits, preprocessor = prepared(sequence=SequenceOptions(scale="none"))
    said = np.asarray(models.forecaster(problem, preprocessor, **SMALL)(preprocessor.transform(splits.train)))
    means = np.stack(splits.train["past_sold"].to_numpy()).mean(axis=1)
    np.testing.assert_allclose(said[:, 0], means, rtol=1e-4)


def test_quantiles_start_as_those_of_a_bell_curve_around_the_level():
    problem, splits, preprocessor = prepared(horizon=2, quantiles=QUANTILES)
    model = models.forecaster(problem, preprocessor, **SMALL)
    said = np.asarray(model(preprocessor.transform(splits.train))).reshape(-1, 2, 3)
    assert (np.diff(said, axis=2) > 0).all()
    flat = models.forecaster(problem, preprocessor, output_bias="zeros", **SMALL)
    assert np.ptp(np.asarray(flat(preprocessor.transform(splits.train))), axis=1).max() < 1e-3


def test_other_sequences_and_known_columns_join_whatever_they_are_called():
    frame = data.windows(series(), time="day", target="sold", length=14, past=["price"])
    frame = frame.assign(subtract=np.arange(len(frame)) % 5 / 7)
    problem = Problem.infer(frame, "sold")
    splits = data.split(frame, problem, time="day")
    preprocessor = preprocessing.fit(splits.train, Schema.infer(splits.train, "sold"))
    for kind in KINDS:
        model = models.forecaster(problem, preprocessor, kind=kind, **SMALL)
        assert set(model.input) == set(preprocessor.specs)
        assert model(preprocessor.transform(splits.train)).shape == (len(splits.train), 1)


def test_it_learns_the_week_by_its_recipe_and_serves_it_from_a_bundle(tmp_path):
    problem, splits, preprocessor = prepared(horizon=2, quantiles=QUANTILES)
    model = models.build(problem, preprocessor, units=32, blocks=1)
    run = training.fit(model, preprocessor, splits, problem, epochs=25, learning_rate=0.01, progress=False)
    assert (model.name, run.settings["schedule"], run.settings["loss"]) == ("forecaster", "cosine", "pinball")
    said = run.predict(splits.validation)
    error = np.abs(said["prediction_sold+1"] - splits.validation["sold+1"]).mean()
    assert error < 6  # the window's mean misses by 17, the value of a week ago by 1.3
    bundle = deployment.save(tmp_path / "bundle", run)
    pd.testing.assert_frame_equal(bundle.predict(splits.validation), said, check_exact=True)


def test_the_same_seed_gives_the_same_weights(week):
    problem, _, preprocessor = week
    for kind in KINDS:
        first, again, other = (
            models.forecaster(problem, preprocessor, kind=kind, seed=s, **SMALL).get_weights()
            for s in (1, 1, 2)
        )
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert kind == "linear" or not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_it_is_made_of_stock_layers(week):
    problem, _, preprocessor = week
    layers = models.forecaster(problem, preprocessor, dropout=0.1, normalisation="layer", **SMALL).layers
    assert all(type(layer).__module__.startswith("keras.") for layer in layers)
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in layers) == 2


@pytest.mark.parametrize(("rows", "epochs"), [(100, MOST_EPOCHS), (5_000, 30), (100_000, FEWEST_EPOCHS)])
def test_fewer_windows_are_passed_through_more_often(week, rows, epochs, monkeypatch):
    problem, _, preprocessor = week
    monkeypatch.setattr("dltoolkit.models._parts.rows_of", lambda _: rows)
    assert models.recipe("forecaster", problem, preprocessor).epochs == epochs


def test_classes_and_tables_are_refused_together():
    frame = pd.DataFrame({"x": np.arange(20.0) / 7, "label": ["a", "b"] * 10})
    problem = Problem.infer(frame, "label")
    preprocessor = preprocessing.fit(frame, Schema.infer(frame, "label"))
    with pytest.raises(
        InputError, match="(?s)expected amounts, got a binary problem.*expected a column of sequences"
    ):
        models.forecaster(problem, preprocessor)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "arima"}, "kind: expected one of 'nbeats', 'linear', 'rnn', got 'arima'"),
        ({"level": "first"}, "level: expected one of 'mean', 'last', 'none', got 'first'"),
        ({"blocks": 0}, r"blocks: expected a whole number in \[1, inf\], got 0"),
        ({"dropout": 1.0}, r"dropout: expected a number in \[0, 1\), got 1.0"),
    ],
)
def test_options_that_cannot_be_are_refused(week, options, said):
    problem, _, preprocessor = week
    with pytest.raises(InputError, match=said):
        models.forecaster(problem, preprocessor, **options)
