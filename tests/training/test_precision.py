"""In mixed precision layers compute in 16 bits while they learn, and nothing of it is left behind."""

import threading

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing
from dltoolkit._checks import InputError
from dltoolkit.training import _precision
from dltoolkit.training._precision import computing, pick_precision
from tests.training.test_resume import StopAfter, assert_same, fit, parts, state


@pytest.fixture(scope="module")
def given():
    return parts()


def test_a_network_learns_in_mixed_precision_and_is_float32_again(given, tmp_path):
    seen = {}

    class Watch(keras.callbacks.Callback):
        def on_updates(self, done, updates, logs):
            seen.update({layer.name: layer.compute_dtype for layer in self.model.layers if layer.weights})
            seen["weights"] = {str(v.dtype) for v in self.model.trainable_variables}

    run = fit(given, precision="mixed", epochs=8, learning_rate=0.02, callbacks=[Watch()])
    whole = fit(given, epochs=8, learning_rate=0.02)
    assert seen == {
        "hidden_1": "bfloat16",
        "hidden_2": "bfloat16",
        "answer": "float32",
        "weights": {"float32"},
    }
    losses = run.history["val_loss"]
    assert losses.iloc[-1] < losses.iloc[0]
    assert losses.iloc[-1] == pytest.approx(whole.history["val_loss"].iloc[-1], rel=0.1)
    assert (run.settings["precision"], whole.settings["precision"]) == ("mixed_bfloat16", "float32")
    assert {layer.dtype_policy.name for layer in run.model._flatten_layers()} == {"float32"}
    run.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    _, splits, problem = given
    features = given[0].transform(splits.validation)
    np.testing.assert_array_equal(again.predict(features, verbose=0), run.model.predict(features, verbose=0))
    plain = models.mlp(problem, given[0], units=(8, 8), dropout=0.3, seed=1)  # never anything but float32
    plain.set_weights(run.model.get_weights())
    np.testing.assert_array_equal(plain.predict(features, verbose=0), run.model.predict(features, verbose=0))


def test_mixed_precision_goes_on_to_the_same_bits(given, tmp_path):
    options = {"precision": "mixed", "epochs": 4, "ema": 0.9}
    whole = state(fit(given, **options))
    event = threading.Event()
    fit(given, **options, checkpoints=tmp_path, stop=event, callbacks=[StopAfter(2, event)])
    assert_same(state(fit(given, **options, checkpoints=tmp_path, resume=True)), whole)
    with pytest.raises(InputError, match="resume, precision: expected mixed_bfloat16"):
        fit(given, epochs=4, ema=0.9, checkpoints=tmp_path, resume=True)


def texts_and_pictures():
    random = np.random.default_rng(0)
    words = ["good film", "bad film , really", "so so", "a fine town"]
    return {
        "text": pd.DataFrame({"x": [words[k] for k in random.integers(0, 4, 80)], "y": ["a", "b"] * 40}),
        "image": pd.DataFrame(
            {
                "x": [random.integers(0, 255, (12, 12, 1), dtype="uint8") for _ in range(80)],
                "y": ["a", "b"] * 40,
            }
        ),
    }


@pytest.mark.parametrize(("role", "name"), [("text", "transformer"), ("text", "lstm"), ("image", "resnet")])
def test_networks_of_every_make_answer_about_the_same_in_mixed_precision(role, name):
    frame = texts_and_pictures()[role]
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    preprocessor = preprocessing.fit(splits.train, Schema.infer(frame, "y").with_roles(x=role))
    model = getattr(models, name)(problem, preprocessor, seed=0)
    features = preprocessor.transform(splits.validation)
    plain = np.asarray(model(features))
    with computing(model, "mixed_bfloat16"):
        mixed = model(features)
        assert str(mixed.dtype).count("float32") == 1
        assert any(layer.compute_dtype == "bfloat16" for layer in model._flatten_layers())
        np.testing.assert_allclose(np.asarray(mixed), plain, atol=0.05)
        assert not np.array_equal(np.asarray(mixed), plain)
    np.testing.assert_array_equal(np.asarray(model(features)), plain)


def test_what_hands_the_answer_on_stays_in_32_bits():
    inputs = keras.Input((3,), name="dense")
    x = keras.layers.Dense(4, "relu", name="hidden")(inputs)
    x = keras.layers.Dense(1, name="last")(x)
    model = keras.Model({"dense": inputs}, keras.layers.Rescaling(3e4, 1e6, name="unit")(x))
    with computing(model, "mixed_bfloat16"):
        kinds = {layer.name: layer.compute_dtype for layer in model.layers}
    assert kinds == {"dense": "float32", "hidden": "bfloat16", "last": "float32", "unit": "float32"}


def test_what_a_precision_stands_for_depends_on_the_gpu(monkeypatch):
    for capability, auto in (
        (None, "float32"),
        (7.5, "float32"),
        (8.0, "mixed_bfloat16"),
        (9.0, "mixed_bfloat16"),
    ):
        monkeypatch.setattr(_precision, "gpu_capability", lambda c=capability: c)
        assert pick_precision("auto") == auto and pick_precision("float32") == "float32"
        if capability != 7.5:
            assert pick_precision("mixed") == "mixed_bfloat16"
    monkeypatch.setattr(_precision, "gpu_capability", lambda: 7.5)
    with pytest.raises(InputError, match=r"precision: expected a GPU of compute capability 8 .* got 7\.5"):
        pick_precision("mixed")


def test_an_unknown_precision_is_refused(given):
    with pytest.raises(InputError, match="precision: expected one of .*Did you mean 'mixed'"):
        fit(given, precision="mixd")
