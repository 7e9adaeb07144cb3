"""An epoch as one compiled function gives what plain Keras gives; the pace is picked by measuring, and told."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._keras import tf
from dltoolkit.training import _measure

ROWS, BATCH, EPOCHS = 500, 32, 3


@pytest.fixture(scope="module")
def given():
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 3))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2]})
    frame["y"] = np.where(x[:, 0] + x[:, 1] > 0, "p", "n")
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, "y")), splits, problem


def network(given, dropout=0.3):
    preprocessor, _, problem = given
    return models.mlp(problem, preprocessor, units=(16, 8), dropout=dropout, l2=0.0, seed=0)


def fit(given, model=None, **options):
    preprocessor, splits, problem = given
    options = {"epochs": EPOCHS, "batch_size": BATCH, "early_stopping": False, **options}
    model = network(given) if model is None else model
    return training.fit(model, preprocessor, splits, problem, progress=False, **options)


def plain_keras(given, model):
    """Keras's own loop on the order that is documented: a stateless shuffle by epoch and seed."""
    preprocessor, splits, problem = given
    features, y = preprocessor.transform(splits.train), problem.encode(splits.train)
    held_out = preprocessor.transform(splits.validation), problem.encode(splits.validation)
    model.compile("adam", str(problem.loss), metrics=[str(m) for m in problem.metrics])
    scores = []
    for epoch in range(EPOCHS):
        order = tf.random.experimental.stateless_shuffle(np.arange(len(y)), [epoch, 0]).numpy()
        rows = tf.data.Dataset.from_tensor_slices(({k: v[order] for k, v in features.items()}, y[order]))
        history = model.fit(
            rows.batch(BATCH),
            validation_data=held_out,
            validation_batch_size=4096,
            epochs=1,
            verbose=0,
            shuffle=False,
        )
        scores.append({name: values[0] for name, values in history.history.items()})
    return pd.DataFrame(scores)


def test_weights_optimizer_and_metrics_are_those_of_plain_keras_bit_for_bit(given):
    run = fit(given)
    assert run.settings["pace"] == "loop"
    model = network(given)
    history = plain_keras(given, model)
    for mine, theirs in zip(run.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(run.model.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (mine, theirs)))
    pd.testing.assert_frame_equal(run.history[history.columns], history, check_exact=True)


def test_with_xla_metrics_are_those_of_plain_keras_within_a_thousandth(given):
    run = fit(given, network(given, dropout=0), compiled=True)
    assert run.settings["pace"] == "xla-loop"
    history = plain_keras(given, network(given, dropout=0))
    np.testing.assert_allclose(run.history[history.columns], history, atol=1e-3)


def test_a_callback_that_looks_at_every_update_is_called_at_every_update(given):
    seen = []
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    run, updates = fit(given, callbacks=[watch]), -(-len(given[1].train) // BATCH)
    assert seen == EPOCHS * list(range(updates)) and run.settings["pace"] == "batches"
    for mine, theirs in zip(run.model.get_weights(), fit(given).model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_size_of_the_pieces_between_two_looks_changes_nothing(given, monkeypatch):
    whole = fit(given)
    monkeypatch.setattr("dltoolkit.training._loop.SECONDS", 1e-9)  # one update at a time
    for mine, theirs in zip(fit(given).model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture
def paces(tmp_path, monkeypatch):
    """The file of what was measured, in a cache of its own, and every training long enough to measure."""
    monkeypatch.setenv("DLTOOLKIT_CACHE", str(tmp_path))
    monkeypatch.setattr(_measure, "WORTH", 0.0)
    return tmp_path / "paces.json"


def test_xla_is_picked_where_it_is_clearly_faster_and_the_answer_is_remembered(given, paces):
    first = fit(given)
    (speed,) = json.loads(paces.read_text()).values()
    assert first.settings["pace"] == ("xla-loop" if speed >= _measure.CLEAR else "loop")
    assert f"{speed:g} times as fast" in first.settings["pace_why"]
    for told, pace in ((9.0, "xla-loop"), (1.0, "loop"), (0.0, "loop")):
        paces.write_text(json.dumps(dict.fromkeys(json.loads(paces.read_text()), told)))
        assert fit(given, epochs=1).settings["pace"] == pace


def test_measuring_leaves_no_trace_in_what_is_trained(given, paces, monkeypatch):
    monkeypatch.setattr(_measure, "CLEAR", np.inf)
    measured = fit(given)
    assert len(json.loads(paces.read_text())) == 1
    for mine, theirs in zip(
        measured.model.get_weights(), fit(given, compiled=False).model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_what_xla_cannot_compile_is_trained_without(given, paces):
    preprocessor, _, _ = given
    inputs = {name: keras.Input(spec.shape, name=name) for name, spec in preprocessor.specs.items()}

    class Text(keras.layers.Layer):
        def call(self, x):
            words = tf.strings.as_string(tf.stop_gradient(x))
            return x + 0.0 * tf.cast(tf.strings.length(words), x.dtype)

        def compute_output_shape(self, shape):
            return shape

    x = keras.layers.Dense(4, name="first")(Text()(inputs["dense"]))
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid", name="answer")(x))
    run = fit(given, model, epochs=1)
    assert run.settings["pace"] == "loop" and list(json.loads(paces.read_text()).values()) == [0.0]


def test_a_damaged_memory_or_a_folder_that_cannot_be_written_does_no_harm(given, paces):
    paces.write_text("{torn")
    assert fit(given, epochs=1).settings["pace"] in ("loop", "xla-loop")
    assert len(json.loads(paces.read_text())) == 1


def test_convolutions_and_short_trainings_are_not_measured(given):
    small = network(given)
    assert not _measure.worth_measuring(small, 1_000)
    assert _measure.worth_measuring(small, 100_000)
    pictures = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    words = keras.Sequential([keras.Input((5, 3)), keras.layers.Bidirectional(keras.layers.GRU(2))])
    assert not any(_measure.worth_measuring(model, 10**9) for model in (pictures, words))
