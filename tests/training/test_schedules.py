"""The rate takes the course that its formula says, falls when there is no more progress, and is never silently another."""

import keras
import numpy as np
import pytest

from dltoolkit import training
from dltoolkit._checks import InputError
from dltoolkit.models._recipe import SCHEDULES, Recipe
from dltoolkit.training._optimizers import pick_optimizer
from dltoolkit.training._plateau import Plateau
from dltoolkit.training._record import Recorder
from dltoolkit.training._settings import settled
from tests.training.test_resume import StopAfter, assert_same, fit, parts, state

PEAK, UPDATES = 0.2, 40


def share(name, k, updates, warmup):
    """The formula of one update in plain Python."""
    rise = round((warmup or (0.3 if name == "one-cycle" else 0)) * updates)
    start = 1 / 25 if name == "one-cycle" else 0
    if k < rise:
        return start + (1 - start) * k / rise
    s = (k - rise) / (updates - rise)
    half_cosine = 0.001 + 0.999 * (1 + np.cos(np.pi * s)) / 2
    step = 1 if s < 0.5 else 0.1 if s < 0.75 else 0.01
    falls = {"constant": 1, "step": step, "exponential": 0.01**s}
    return falls.get(name, half_cosine)


@pytest.fixture(scope="module")
def given():
    return parts()


@pytest.mark.parametrize("warmup", [0.0, 0.25])
@pytest.mark.parametrize("name", [n for n in SCHEDULES if n != "plateau"])
def test_a_schedule_follows_its_formula_and_the_optimizer_follows_the_schedule(name, warmup):
    expected = [PEAK * share(name, k, UPDATES, warmup) for k in range(UPDATES)]
    found = training.schedule(name, PEAK, UPDATES, warmup=warmup)
    assert found.shape == (UPDATES,) and found.dtype == "float64"
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    recipe = settled(Recipe(), {"schedule": name, "warmup": warmup, "learning_rate": PEAK})
    optimizer, followed = pick_optimizer(recipe, UPDATES, keras.Sequential()), []
    for _ in range(UPDATES + 3):
        followed.append(float(optimizer.learning_rate))
        optimizer.iterations.assign_add(1)
    np.testing.assert_allclose(followed, [*expected, *[expected[-1]] * 3], rtol=1e-6)


def test_a_cosine_and_a_one_cycle_are_those_of_keras():
    decay = keras.optimizers.schedules.CosineDecay
    cosine = decay(PEAK, UPDATES, alpha=1e-3)
    cycle = decay(PEAK / 25, 28, alpha=1e-3, warmup_target=PEAK, warmup_steps=12)
    for name, known in (("cosine", cosine), ("one-cycle", cycle)):
        course = training.schedule(name, PEAK, UPDATES)
        np.testing.assert_allclose(course, [float(known(k)) for k in range(UPDATES)], rtol=1e-4)


def test_a_single_update_has_a_rate():
    for name in ("constant", "step", "exponential", "cosine", "one-cycle"):
        assert training.schedule(name, PEAK, 1) == pytest.approx([PEAK])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("linaer", 0.1, 5), "name: expected one of"),
        (("plateau", 0.1, 5), "name: expected one of constant, .*known|validation part"),
        (("step", 0, 5), "learning_rate"),
        (("step", 0.1, 0), "updates"),
    ],
)
def test_a_course_that_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        training.schedule(*arguments)
    with pytest.raises(InputError, match="warmup"):
        training.schedule("step", 0.1, 5, warmup=1)


def test_whoever_sets_the_rate_during_a_schedule_sets_its_peak(given):
    rates = []

    class Halve(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            optimizer = self.model.optimizer
            rates.append(float(optimizer.learning_rate))
            optimizer.learning_rate = 0.05

    run = fit(given, epochs=2, learning_rate=0.1, schedule="step", callbacks=[Halve()])
    half = training.schedule("step", 0.1, 2 * int(run.model.optimizer.iterations) // 2)
    assert rates[0] == pytest.approx(half[len(half) // 2])
    assert rates[1] == pytest.approx(0.05 * 0.01, rel=1e-5)


def test_a_schedule_of_keras_is_taken_as_it_is(given, tmp_path):
    own = keras.optimizers.schedules.ExponentialDecay(0.05, 10, 0.5)
    run = fit(given, epochs=2, learning_rate=own, optimizer="sgd")
    done = int(run.model.optimizer.iterations)
    assert float(run.model.optimizer.learning_rate) == pytest.approx(0.05 * 0.5 ** (done / 10), rel=1e-5)
    assert run.settings["learning_rate"] == pytest.approx(0.05)
    assert run.settings["schedule"]["class_name"] == "ExponentialDecay"
    run.save(tmp_path)
    assert training.load(tmp_path).settings["schedule"]["config"]["decay_steps"] == 10


OWN = keras.optimizers.schedules.ExponentialDecay(0.05, 10, 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate: expected a number in"),
        ({"learning_rate": -1e-3}, "learning_rate: expected a number in"),
        ({"learning_rate": "fast"}, "learning_rate: expected a number in"),
        ({"schedule": "cosin"}, "schedule: expected one of .*Did you mean 'cosine'"),
        ({"learning_rate": OWN, "schedule": "cosine"}, "schedule: expected a number as learning_rate beside"),
        ({"learning_rate": OWN, "warmup": 0.1}, "warmup: expected a number as learning_rate beside"),
        ({"schedule": "plateau", "warmup": 0.1}, "warmup: expected 0 beside schedule='plateau'"),
        ({"schedule": "plateau", "early_stopping": 3}, "early_stopping: expected more than 3 epochs"),
        (
            {"optimizer": keras.optimizers.SGD(OWN), "learning_rate": 0.1},
            "learning_rate: expected an optimizer with a number as its rate",
        ),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(given, options, message):
    with pytest.raises(InputError, match=message):
        fit(given, **options)


class Scores(keras.callbacks.Callback):
    """Says in each epoch what the validation loss came to."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.scores[epoch]


def test_a_plateau_lowers_the_rate_as_keras_s_own_callback_does(given):
    random = np.random.default_rng(0)
    scores = np.concatenate(
        [np.linspace(1, 0.5, 4), 0.55 + 0.1 * random.random(14), [0.4], np.full(30, 0.45)]
    )
    x, y = np.zeros((4, 1), "float32"), np.zeros((4, 1), "float32")
    _, _, problem = given

    def rates(watchers):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.9), "mse")
        seen = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: found.append(float(model.optimizer.learning_rate))
        )
        found = []
        model.fit(x, y, epochs=len(scores), verbose=0, callbacks=[Scores(scores), *watchers, seen])
        return found

    recorder = Recorder(problem.objective, None)
    known = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=1 / 3, patience=3, min_delta=0.0, min_lr=0.9e-3
    )
    ours = rates([recorder, Plateau(recorder, 0.9)])
    np.testing.assert_allclose(ours, rates([known]), rtol=1e-6)
    assert ours[-1] == pytest.approx(0.9e-3) and len(set(ours)) > 5
    np.testing.assert_allclose(recorder.history()["learning_rate"], ours, rtol=1e-6)


def test_a_run_on_a_plateau_tells_its_rates_and_goes_on_to_the_same_bits(given, tmp_path):
    import threading

    options = {"epochs": 12, "schedule": "plateau", "learning_rate": 0.1, "optimizer": "momentum"}
    whole = fit(given, **options)
    assert whole.history["learning_rate"].nunique() > 1
    event = threading.Event()
    fit(given, **options, checkpoints=tmp_path, stop=event, callbacks=[StopAfter(8, event)])
    assert_same(state(fit(given, **options, checkpoints=tmp_path, resume=True)), state(whole))
