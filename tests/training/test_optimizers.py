"""Every optimizer learns at its usual rate, goes on after a stop, and leaves a network that plain Keras reads."""

import functools
import threading

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.models._recipe import Recipe
from dltoolkit.training._optimizers import outer_weights, pick_optimizer
from dltoolkit.training._schedule_free import Mean, ScheduleFree
from dltoolkit.training._schedules import follow
from dltoolkit.training._settings import settled
from tests.training.test_resume import StopAfter, assert_same, fit, parts, state


@pytest.fixture(scope="module")
def given():
    return parts()


@pytest.fixture(scope="module")
def plain():
    """A task that a linear network can learn: FTRL is made for those, and sets others to zero."""
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] > x[:, 1], "p", "n")})
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, "y")), splits, problem


@pytest.mark.parametrize("name", training.LEARNING_RATES)
def test_an_optimizer_learns_with_clipping_and_an_average_and_is_read_by_plain_keras(plain, name, tmp_path):
    preprocessor, splits, problem = plain
    build = models.linear if name == "ftrl" else functools.partial(models.mlp, units=(8, 8, 8))
    options = {"clip_norm": 0.5, "ema": None if name == "schedule-free" else 0.9, "early_stopping": False}
    run = training.fit(
        build(problem, preprocessor, seed=0), preprocessor, splits, problem, optimizer=name, **options, epochs=6,
        batch_size=8, progress=False,
    )  # fmt: skip
    average, losses = options["ema"], run.history["val_loss"]
    assert losses.iloc[-1] < losses.iloc[0]
    assert run.settings["learning_rate"] == training.LEARNING_RATES[name]
    optimizer = run.model.optimizer
    assert optimizer.global_clipnorm == 0.5
    if average:
        kept = [v for v in optimizer.variables if v.path.endswith("_average")]
        for weight, expected in zip(run.model.trainable_variables, kept, strict=True):
            np.testing.assert_array_equal(weight, expected)
    run.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.optimizer).__module__.startswith("keras.")
    np.testing.assert_array_equal(again.get_weights()[0], run.model.get_weights()[0])


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "schedule-free", "warmup": 0.2, "weight_decay": 0.01},
        {"optimizer": "muon", "schedule": "step", "warmup": 0.1, "ema": 0.9},
        {"optimizer": "lion", "schedule": "exponential", "clip_norm": 1.0},
    ],
)
def test_an_optimizer_goes_on_to_the_same_bits(given, options, tmp_path):
    whole = state(fit(given, epochs=4, **options))
    event = threading.Event()
    fit(given, epochs=4, **options, checkpoints=tmp_path, stop=event, callbacks=[StopAfter(2, event)])
    assert_same(state(fit(given, epochs=4, **options, checkpoints=tmp_path, resume=True)), whole)


def test_momentum_and_nesterov_are_sgd_with_momentum():
    for name, nesterov in (("momentum", False), ("nesterov", True)):
        made = pick_optimizer(settled(Recipe(), {"optimizer": name}), 10, keras.Sequential())
        assert type(made) is keras.optimizers.SGD and made.momentum == 0.9 and made.nesterov is nesterov


def test_a_decay_is_the_optimizer_s_usual_one_where_none_is_asked_for():
    def decay(**asked):
        made = pick_optimizer(settled(Recipe(), asked), 10, keras.Sequential())
        return made.weight_decay, getattr(made, "adam_weight_decay", None)

    assert decay(optimizer="adamw")[0] == 0.004 and decay(optimizer="muon") == (0.004, 0.004)
    assert decay(optimizer="adam")[0] is None and not decay(optimizer="adamw", weight_decay=0)[0]
    assert decay(optimizer="muon", weight_decay=0.1) == (0.1, 0.1)
    assert settled(Recipe(weight_decay=0.02), {"optimizer": "adamw"}).weight_decay == 0.02


def test_muon_leaves_embeddings_and_the_first_and_last_layers_to_adamw(given):
    town = keras.Input((1,), name="town", dtype="int32")
    rest = keras.Input((3,), name="rest")
    table = keras.layers.Flatten()(keras.layers.Embedding(5, 4, name="towns")(town))
    first = keras.layers.Dense(4, name="first")(rest)
    hidden = keras.layers.Dense(6, name="hidden")(keras.layers.Concatenate()([table, first]))
    skipped = keras.layers.Dense(6, name="deeper")(hidden) + hidden
    model = keras.Model([town, rest], keras.layers.Dense(2, name="last")(skipped))
    assert outer_weights(model) == ["first/kernel", "last/kernel", "towns/embeddings"]
    plain = keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(4, name=n) for n in "abcd")])
    assert [path.split("/")[-2] for path in outer_weights(plain)] == ["a", "d"]

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.middle, self.last = (keras.layers.Dense(3, name=n) for n in "xyz")

        def call(self, x):
            return self.last(self.middle(self.first(x)))

    own = Own()
    own(np.zeros((1, 3), "float32"))
    assert [path.split("/")[-2] for path in outer_weights(own)] == ["x", "z"]
    optimizer = pick_optimizer(settled(Recipe(), {"optimizer": "muon"}), 10, model)
    optimizer.build(model.trainable_variables)
    by_adam = [v.path for v in model.trainable_variables if optimizer._should_use_adamw(v)]
    assert [p for p in by_adam if not p.endswith("bias")] == [
        "towns/embeddings",
        "first/kernel",
        "last/kernel",
    ]


def test_schedule_free_is_that_of_the_paper():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(64, 3)), random.normal(size=(64, 1))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    z = mean = model.get_weights()[0].astype("float64")
    rates, b1, b2, decay = 0.05 * np.minimum(1, np.arange(30) / 10), 0.9, 0.999, 0.1
    optimizer = ScheduleFree(0.05, weight_decay=decay)
    follow(optimizer, rates / 0.05)
    model.compile(optimizer, "mse")
    average = Mean(model)
    squares, total = np.zeros_like(z), 0.0
    for t, rate in enumerate(rates, 1):
        at = (1 - b1) * z + b1 * mean
        gradient = 2 * x.T @ (x @ at - y) / len(x)
        squares = b2 * squares + (1 - b2) * gradient**2
        z = z - rate * (gradient / (np.sqrt(squares / (1 - b2**t)) + 1e-8) + decay * at)
        total += rate**2
        share = rate**2 / total if total else 0.0
        mean = (1 - share) * mean + share * z
        model.train_on_batch(x.astype("float32"), y.astype("float32"))
    np.testing.assert_allclose(model.get_weights()[0], (1 - b1) * z + b1 * mean, atol=1e-5)
    average.on_test_begin()
    np.testing.assert_allclose(model.get_weights()[0], mean, atol=1e-5)
    average.on_epoch_begin(1)
    np.testing.assert_allclose(model.get_weights()[0], (1 - b1) * z + b1 * mean, atol=1e-5)


def test_what_schedule_free_validates_is_its_mean_and_that_is_kept(given):
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(
                [np.asarray(v) for v in (self.model.trainable_variables[0], self.model.optimizer._moved[0])]
            )

        def on_updates(self, done, updates, logs):
            seen.append([np.asarray(self.model.trainable_variables[0])])

    run = fit(given, epochs=3, optimizer="schedule-free", learning_rate=0.02, callbacks=[Watch()])
    (trained,), (kept, moved) = seen[-2:]
    np.testing.assert_allclose(kept, (trained - 0.1 * moved) / 0.9, atol=1e-6)
    assert np.abs(kept - trained).max() > 1e-4
    np.testing.assert_array_equal(run.model.trainable_variables[0], kept)
    assert type(run.model.optimizer) is keras.optimizers.AdamW
    _, splits, problem = given
    y, p = problem.encode(splits.validation), run.outputs(splits.validation).astype("float64")
    told = run.history["val_loss"].iloc[-1]
    assert told == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-4)


FREE = keras.optimizers.ScheduleFreeAdamW()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adm"}, "optimizer: expected one of .*Did you mean 'adam'"),
        (
            {"optimizer": "schedule-free", "schedule": "cosine"},
            "schedule: expected none beside .*warmup fits",
        ),
        ({"optimizer": "schedule-free", "ema": 0.9}, "ema: expected none beside .*optimizer='adamw'"),
        ({"optimizer": FREE}, "optimizer: expected one that does what its paper says.*'schedule-free'"),
    ],
)
def test_an_optimizer_that_does_not_fit_is_refused(given, options, message):
    with pytest.raises(InputError, match=message):
        fit(given, **options)


def test_schedule_free_puts_a_recipe_s_own_course_and_average_aside():
    recipe = Recipe(optimizer="adamw", schedule="one-cycle", ema=0.99, weight_decay=0.01)
    found = settled(recipe, {"optimizer": "schedule-free", "ema": False})
    assert (found.schedule, found.ema, found.weight_decay) == ("constant", None, 0.01)
    assert models.Recipe().schedule == "constant"
