"""A range test finds the rates that train, says nothing where nothing is learnt, and leaves no trace."""

import random
import types

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, plots, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.training._rate_range import read_range


def rows(n=600, seed=0):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 4))
    amount = x[:, 0] - x[:, 1] + 0.3 * draw.normal(size=n)
    kind = np.select([amount < -0.7, amount > 0.7], ["low", "high"], "middle")
    frame = pd.DataFrame({**{f"x{i}": x[:, i] for i in range(4)}, "kind": kind})
    return frame, 50 + 9 * amount


def parts(target="kind", seed=0):
    frame, amount = rows(seed=seed)
    if target == "amount":
        frame = frame.assign(amount=amount).drop(columns="kind")
    problem = Problem.infer(frame, target)
    splits = data.split(frame, problem, seed=0)
    return problem, preprocessing.fit(splits.train, Schema.infer(frame, target)), splits


@pytest.fixture(scope="module")
def given():
    return parts()


def mlp(given, **options):
    problem, preprocessor, _ = given
    return models.mlp(problem, preprocessor, units=(16, 16), seed=0, **options)


def find(given, model=None, **options):
    problem, preprocessor, splits = given
    model = mlp(given) if model is None else model
    return training.find_learning_rate(model, preprocessor, splits, problem, **options)


def shuffled(given):
    problem, preprocessor, splits = given
    train = splits.train.assign(kind=np.random.default_rng(0).permutation(splits.train["kind"]))
    return problem, preprocessor, types.SimpleNamespace(train=train, validation=splits.validation)


# What comes out


@pytest.mark.parametrize(
    ("target", "optimizer"), [("kind", "adam"), ("kind", "momentum"), ("amount", "adam")]
)
def test_training_at_the_suggestion_comes_close_to_the_best_of_a_grid(target, optimizer):
    given = parts(target)
    problem, preprocessor, splits = given
    found = find(given, optimizer=optimizer)
    assert found.quality in ("clear", "weak") and found.low < found.suggestion < found.high

    def reached(rate):
        options = {"epochs": 4, "early_stopping": False, "progress": False, "schedule": "constant"}
        run = training.fit(
            mlp(given), preprocessor, splits, problem, optimizer=optimizer, learning_rate=rate, **options
        )
        return run.history["val_loss"].iloc[-1]

    usual = training.LEARNING_RATES[optimizer]
    grid = {rate: reached(rate) for rate in usual * np.array([0.03, 0.3, 3, 30])}
    start = found.start
    assert start - reached(found.suggestion) > 0.85 * (start - min(grid.values()))


def test_a_network_that_cannot_learn_has_no_rate(given):
    noise = find(shuffled(given), seed=1)
    dead = mlp(given)
    dead.set_weights([np.zeros_like(weight) for weight in dead.get_weights()])
    for result in (noise, find(given, dead)):
        assert result.quality == "flat" and "always the same answer" in result.why
        assert result.suggestion is result.low is result.high is None
        assert "no suggestion" in repr(result)


def test_a_loss_that_rises_from_the_start_has_no_rate(given):
    found = find(given, optimizer="sgd", lowest=100.0, highest=1e6)
    assert found.quality == "diverging" and found.suggestion is None
    assert "begin lower, with lowest=0.1" in found.why
    assert found.losses.max() < np.inf


def test_the_answer_is_a_frame_a_picture_and_a_line(given):
    found = find(given, optimizer="rmsprop", batch_size=32, class_weight="balanced")
    frame = found.frame()
    assert list(frame) == ["rate", "loss", "smoothed"] and len(frame) == len(found.rates)
    assert found.rates[0] == pytest.approx(1e-6) and (np.diff(found.rates) > 0).all()
    assert f"{found.suggestion:.2g}" in repr(found) and "training.fit" in repr(found)
    assert f"{found.suggestion:.2g}" in plots.rate_range(found).get_title()


def test_what_always_the_same_answer_costs_is_the_entropy_and_the_spread():
    given = parts()
    shares = given[2].train["kind"].value_counts(normalize=True)
    assert find(given).chance == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-4)
    assert find(parts("amount")).chance == pytest.approx(1.0, rel=0.01)


# No trace


def noisy(given):
    """Dropout, noise and batch normalisation: random states and moving averages."""
    inputs = keras.Input((4,), name="dense")
    x = keras.layers.GaussianNoise(0.1, seed=3)(keras.layers.Dense(12, name="hidden")(inputs))
    x = keras.layers.Dropout(0.2, seed=5)(
        keras.layers.Activation("relu")(keras.layers.BatchNormalization()(x))
    )
    return keras.Model({"dense": inputs}, keras.layers.Dense(3, "softmax", name="answer")(x))


def arrays(variables):
    return [keras.ops.convert_to_numpy(v).copy() for v in variables]


def values(model):
    return arrays(model.variables)


@pytest.mark.parametrize("optimizer", ["adam", "muon", "schedule-free"])
def test_weights_random_states_and_what_the_model_was_compiled_with_are_what_they_were(given, optimizer):
    problem, preprocessor, splits = given
    keras.utils.set_random_seed(0)
    model = noisy(given)
    features, y = preprocessor.transform(splits.train), problem.encode(splits.train)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(features, y, verbose=0, epochs=1)
    own = arrays((*model.optimizer.variables, *model.metrics_variables))
    before, compiled = values(model), (model.optimizer, model.loss)
    states = random.getstate(), np.random.get_state()[1].copy()
    seeded = find(given, model, optimizer=optimizer)
    assert (model.optimizer, model.loss) == compiled
    for value, expected in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(value, expected)
    again = arrays((*model.optimizer.variables, *model.metrics_variables))
    for value, expected in zip(again, own, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert random.getstate() == states[0] and (np.random.get_state()[1] == states[1]).all()
    np.testing.assert_array_equal(find(given, model, optimizer=optimizer).losses, seeded.losses)


def test_a_training_after_it_is_the_training_without_it(given):
    problem, preprocessor, splits = given

    def trained(*, tested):
        keras.utils.set_random_seed(0)
        model = noisy(given)
        if tested:
            find(given, model)
        return training.fit(model, preprocessor, splits, problem, epochs=3, progress=False)

    first, second = trained(tested=False), trained(tested=True)
    pd.testing.assert_frame_equal(
        first.history.drop(columns="seconds"), second.history.drop(columns="seconds"), check_exact=True
    )
    for a, b in zip(values(first.model), values(second.model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_optimizer_brought_along_is_left_alone(given):
    own = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5), momentum=0.9)
    found = find(given, optimizer=own)
    assert found.suggestion and not own.built and int(own.iterations) == 0
    assert found.rates[0] == pytest.approx(1e-5)  # a thousandth of what SGD usually trains at


def test_an_interruption_leaves_no_trace_either(given, monkeypatch):
    model = mlp(given)
    before = values(model)

    def broken(*arguments, **options):
        model.layers[-1].kernel.assign(model.layers[-1].kernel + 1)
        raise KeyboardInterrupt

    monkeypatch.setattr("dltoolkit.training._find_rate.climb", broken)
    with pytest.raises(KeyboardInterrupt):
        find(given, model)
    for value, expected in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(value, expected)


# Reading a curve


RATES = np.geomspace(1e-6, 1, 200)


def curve(fall, noise, seed=0):
    draw = np.random.default_rng(seed)
    still = 2 + noise * draw.normal(size=30)
    return 2 - fall / (1 + 1e-3 / RATES) + (RATES / 0.1) ** 4 + noise * draw.normal(size=200), still


def test_the_middle_of_the_fall_is_suggested():
    losses, still = curve(1.6, 0.05)
    found = read_range(RATES, losses, still=still, chance=np.inf)
    assert found.quality == "clear" and 5e-4 < found.suggestion < 2e-3
    assert found.low == pytest.approx(1.1e-4, rel=0.6) and 0.01 < found.high < 0.1


def test_noise_alone_is_flat_in_ninety_nine_of_a_hundred_curves():
    found = [
        read_range(RATES, *curve(0, 0.3, s)[:1], still=curve(0, 0.3, s)[1], chance=np.inf) for s in range(300)
    ]
    assert np.mean([result.quality == "flat" for result in found]) >= 0.99


def test_a_fall_to_chance_alone_is_flat_and_a_small_one_below_it_is_weak():
    losses, still = curve(1.0, 0.2)
    assert read_range(RATES, losses, still=still, chance=1.0).quality == "flat"
    shallow, still = curve(0.2, 0.2)
    found = read_range(RATES, shallow, still=still, chance=np.inf)
    assert found.quality == "weak" and found.suggestion


def test_a_fall_at_the_lowest_rate_asks_for_lower_ones():
    losses, still = curve(1.6, 0.01)
    found = read_range(RATES[130:], losses[130:], still=still, chance=np.inf)
    assert found.quality == "weak" and "begin lower" in found.why


# Bad input


class OwnStep(keras.Model):
    def train_step(self, data):
        return super().train_step(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lowest": 0}, "lowest: expected a number in"),
        ({"highest": -1}, "highest: expected a number in"),
        ({"lowest": 1.0, "highest": 0.1}, "highest: expected a rate above the lowest, 1, got 0.1"),
        ({"optimizer": "adm"}, "optimizer: expected one of .*Did you mean 'adam'"),
        ({"batch_size": 10_000}, "batch_size: expected at most"),
    ],
)
def test_a_test_that_makes_no_sense_is_refused(given, options, message):
    with pytest.raises(InputError, match=message):
        find(given, **options)


def test_a_network_with_a_step_of_its_own_is_refused(given):
    inputs = keras.Input((4,), name="dense")
    own = OwnStep({"dense": inputs}, keras.layers.Dense(3, "softmax", name="answer")(inputs))
    with pytest.raises(
        InputError, match="model: expected a network with Keras's own train_step, got OwnStep"
    ):
        find(given, own)
