"""What a recipe asks for is done: the course of the rate, averaged weights, members, smoothed labels."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.models import _parts
from dltoolkit.models._recipe import Recipe
from dltoolkit.training._optimizers import pick_optimizer
from dltoolkit.training._settings import settled
from dltoolkit.training._trainee import trainee

ROWS = 240


@pytest.fixture(scope="module")
def parts():
    random = np.random.default_rng(0)
    x = random.normal(size=ROWS)
    frame = pd.DataFrame({"x": x, "z": random.normal(size=ROWS), "y": np.where(x > 0.3, "b", "a")})
    frame.loc[x < -0.5, "y"] = "c"
    problem, schema = Problem.infer(frame, "y"), Schema.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return problem, preprocessing.fit(splits.train, schema), splits


def fit(parts, model=None, **options):
    problem, preprocessor, splits = parts
    model = models.mlp(problem, preprocessor, units=(8,)) if model is None else model
    return training.fit(model, preprocessor, splits, problem, progress=False, **options)


def rates(recipe, updates):
    optimizer, found = pick_optimizer(settled(recipe, {}), updates, keras.Sequential()), []
    for _ in range(updates):
        found.append(float(optimizer.learning_rate))
        optimizer.iterations.assign_add(1)
    return np.array(found)


def test_one_cycle_rises_for_three_tenths_and_falls_to_almost_nothing():
    found = rates(Recipe(schedule="one-cycle", learning_rate=0.5), 100)
    assert found[0] == pytest.approx(0.5 / 25) and found.argmax() == 30
    assert found[30] == pytest.approx(0.5) and found[-1] < 0.01
    assert (np.diff(found[:30]) > 0).all() and (np.diff(found[31:]) < 0).all()


def test_a_cosine_falls_along_half_a_cosine_and_rises_before_where_asked():
    plain = rates(Recipe(schedule="cosine", learning_rate=0.2), 50)
    expected = 0.2 * (0.999 * 0.5 * (1 + np.cos(np.pi * np.arange(50) / 50)) + 0.001)
    np.testing.assert_allclose(plain, expected, rtol=1e-4)
    warm = rates(Recipe(schedule="cosine", learning_rate=0.2, warmup=0.2), 50)
    assert warm[0] == 0 and warm.argmax() == 10 and warm[10] == pytest.approx(0.2)


def test_what_is_asked_for_stands_in_the_place_of_the_recipe_s():
    recipe = Recipe(optimizer="adamw", learning_rate=0.01, patience=None, ema=0.9, clip_norm=1.0)
    assert settled(recipe, {"epochs": 7}).learning_rate == 0.01
    assert settled(recipe, {"optimizer": "sgd"}).learning_rate == training.LEARNING_RATES["sgd"]
    assert settled(recipe, {"optimizer": "sgd", "learning_rate": 0.3}).learning_rate == 0.3
    assert settled(recipe, {"early_stopping": True}).patience == 10
    assert settled(recipe, {"early_stopping": 4}).patience == 4
    off = settled(recipe, {"ema": False, "clip_norm": False})
    assert off.ema is None and off.clip_norm is None
    own = keras.optimizers.SGD(0.7)
    assert pick_optimizer(settled(recipe, {"optimizer": own}), 10, keras.Sequential()) is own
    assert float(own.learning_rate) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"schedule": "linear"}, "schedule: expected one of"),
        ({"warmup": 1}, "warmup"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"clip_norm": 0}, "clip_norm"),
        ({"ema": 1.5}, "ema"),
        ({"label_smoothing": 1}, "label_smoothing"),
        ({"optimizer": 3}, "optimizer: expected a Keras identifier"),
        (
            {"optimizer": keras.optimizers.Adam(), "schedule": "cosine"},
            "schedule: expected an optimizer by name",
        ),
    ],
)
def test_an_option_out_of_its_range_is_refused(parts, option, message):
    with pytest.raises(InputError, match=message):
        fit(parts, **option)


def test_the_average_follows_the_weights_by_tensorflow_s_rule_and_is_what_is_kept(parts):
    seen, averages = [], []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((int(self.model.optimizer.iterations), self.model.get_weights()[0].copy()))

        def on_epoch_end(self, epoch, logs=None):
            averages.append(self.model.get_weights()[0].copy())

    problem, preprocessor, _ = parts
    model = models.mlp(problem, preprocessor, units=(4,), dropout=0)
    average = model.get_weights()[0].copy()
    run = fit(parts, model, ema=0.8, epochs=3, early_stopping=False, callbacks=[Watch()])
    before = 0
    for done, weights in seen:
        momentum = min(0.8, (1 + done) / (10 + done)) ** (done - before)
        average, before = momentum * average + (1 - momentum) * weights, done
    np.testing.assert_allclose(run.model.get_weights()[0], average, atol=1e-6)
    np.testing.assert_allclose(averages[-1], average, atol=1e-6)
    assert np.abs(average - seen[-1][1]).max() > 1e-4


def test_training_goes_on_from_the_trained_weights_not_from_their_average(parts):
    problem, preprocessor, _ = parts
    plain = models.mlp(problem, preprocessor, units=(4,), dropout=0)
    fit(parts, plain, epochs=3, early_stopping=False)
    averaged = models.mlp(problem, preprocessor, units=(4,), dropout=0)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_updates(self, done, updates, logs):
            seen.append(self.model.get_weights()[0].copy())

    fit(parts, averaged, epochs=3, early_stopping=False, ema=0.8, callbacks=[Watch()])
    np.testing.assert_array_equal(seen[-1], plain.get_weights()[0])
    assert np.abs(averaged.get_weights()[0] - seen[-1]).max() > 1e-4


def ensemble(problem, preprocessor, members=3):
    inputs = _parts.inputs_of(preprocessor)
    x = keras.layers.RepeatVector(members)(inputs["dense"])
    start = keras.initializers.GlorotUniform(seed=1)
    x = keras.layers.EinsumDense("nkd,kde->nke", (members, 6), activation="tanh", kernel_initializer=start)(x)
    return _parts.finish(x, inputs, problem, preprocessor, name="several")


def test_each_member_of_an_ensemble_has_a_loss_of_its_own_in_training(parts):
    problem, preprocessor, splits = parts
    model = ensemble(problem, preprocessor)
    features, y = preprocessor.transform(splits.train), problem.encode(splits.train)
    members = np.asarray(keras.Model(model.input, model.get_layer("members").output)(features))
    np.testing.assert_allclose(members.mean(axis=1), np.asarray(model(features)), atol=1e-6)
    twin = trainee(model, 0.0)
    twin.compile(loss="sparse_categorical_crossentropy")
    outputs = twin(features)
    alone = -np.log(members[np.arange(len(y)), :, y])
    assert float(twin.compute_loss(None, y, outputs, None, training=True)) == pytest.approx(
        alone.mean(), rel=1e-5
    )
    together = -np.log(members.mean(axis=1)[np.arange(len(y)), y])
    assert float(twin.compute_loss(None, y, outputs, None, training=False)) == pytest.approx(
        together.mean(), rel=1e-5
    )
    weights = np.linspace(0, 1, len(y)).astype("float32")
    weighted = float(twin.compute_loss(None, y, outputs, weights, training=True))
    assert weighted == pytest.approx((alone * weights[:, None]).mean(), rel=1e-4)


def test_an_ensemble_is_trained_and_saved_as_one_network(parts, tmp_path):
    problem, preprocessor, splits = parts
    run = fit(parts, ensemble(problem, preprocessor), epochs=8, learning_rate=0.02)
    assert run.history["val_loss"].iloc[-1] < run.history["val_loss"].iloc[0]
    assert run.model.compiled and run.outputs(splits.validation).shape == (len(splits.validation), 3)
    run.save(tmp_path)
    np.testing.assert_array_equal(
        training.load(tmp_path).outputs(splits.validation), run.outputs(splits.validation)
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_smoothed_labels_cost_what_the_formula_says_and_only_in_training(classes):
    units = 1 if classes == 2 else classes
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(units, "sigmoid" if units == 1 else "softmax")]
    )
    twin = trainee(model, 0.2)
    name = "binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy"
    twin.compile(loss=name)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(30, 2)).astype("float32"), random.integers(0, classes, 30)
    named = {model.inputs[0].name: x}
    p = np.asarray(model(x), "float64")
    p = np.column_stack([1 - p, p]) if units == 1 else p
    labels = np.eye(classes)[y] * 0.8 + 0.2 / classes
    target = y.astype("float32")[:, None] if units == 1 else y
    loss = float(twin.compute_loss(x, target, twin(named), None, training=True))
    assert loss == pytest.approx(-(labels * np.log(p)).sum(axis=1).mean(), rel=1e-4)
    plain = float(twin.compute_loss(x, target, twin(named), None, training=False))
    assert plain == pytest.approx(-np.log(p[np.arange(30), y]).mean(), rel=1e-4)


def test_smoothing_is_for_classes_that_exclude_each_other():
    frame = pd.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0) * 2 + 0.5})
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    preprocessor = preprocessing.fit(splits.train, Schema.infer(frame, "y"))
    with pytest.raises(InputError, match="label_smoothing: expected 0"):
        fit((problem, preprocessor, splits), label_smoothing=0.1)


@pytest.mark.parametrize("last", ["sigmoid", "linear"])
def test_a_network_of_one_s_own_with_another_head_is_refused(parts, last):
    _, preprocessor, _ = parts
    inputs = _parts.inputs_of(preprocessor)
    own = keras.Model(inputs, keras.layers.Dense(3, last)(inputs["dense"]))
    with pytest.raises(
        InputError, match=f"last activation: expected 'softmax' for a multiclass problem.*got '{last}'"
    ):
        fit(parts, own)


def test_a_rate_is_what_the_run_s_settings_tell(parts):
    run = fit(parts, schedule="one-cycle", learning_rate=0.02, epochs=2, optimizer="adamw", weight_decay=0.01)
    told = {n: run.settings[n] for n in ("optimizer", "learning_rate", "schedule", "weight_decay", "epochs")}
    assert told == {
        "optimizer": "adamw",
        "learning_rate": 0.02,
        "schedule": "one-cycle",
        "weight_decay": 0.01,
        "epochs": 2,
    }
