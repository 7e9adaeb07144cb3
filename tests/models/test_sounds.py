"""audio_cnn: what it takes, how it looks, and that it learns."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.data import Schema
from dltoolkit.models._sounds import FEWEST_EPOCHS, MOST_EPOCHS
from dltoolkit.preprocessing import SoundOptions

RATE = 8_000
RNG = np.random.default_rng(0)


def tones(n=48, column="sound"):
    """Half of them low, half of them high, at any loudness, with noise."""
    time = np.arange(RATE // 4) / RATE
    pitch = np.where(np.arange(n) % 2, 900.0, 300.0)
    waves = [
        np.sin(2 * np.pi * p * time) * RNG.uniform(0.2, 1) + RNG.normal(0, 0.02, len(time)) for p in pitch
    ]
    frame = pd.DataFrame({"label": np.where(pitch > 500, "high", "low"), "size": RNG.normal(size=n)})
    frame[column] = pd.Series([w.astype("float32") for w in waves])
    return frame


def prepared(frame, roles, target="label", **options):
    problem = Problem.infer(frame, target)
    splits = data.split(frame, problem, near=False)
    schema = Schema.infer(splits.train, target).with_roles(**roles)
    return problem, splits, preprocessing.fit(splits.train, schema, **options)


SOUND = SoundOptions(rate=RATE, mels=24)


@pytest.fixture(scope="module")
def sounds():
    return prepared(tones().drop(columns="size"), {"sound": "audio"}, audio=SOUND)


def test_a_spectrogram_is_filtered_in_time_and_frequency(sounds):
    problem, _, preprocessor = sounds
    model = models.audio_cnn(problem, preprocessor)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [16, 32, 64, 96]
    assert (model.name, model.output_shape) == ("audio_cnn", (None, 1))


def test_the_untrained_network_answers_with_the_base_rate(sounds):
    problem, _, preprocessor = sounds
    model = models.audio_cnn(problem, preprocessor)
    assert model.get_layer("answer").bias.numpy() == pytest.approx(0, abs=0.2)


def test_it_learns_to_tell_tones_by_its_recipe(sounds):
    problem, splits, preprocessor = sounds
    model = models.build(problem, preprocessor, filters=(8, 16))
    run = training.fit(model, preprocessor, splits, problem, epochs=20, batch_size=8, progress=False)
    assert model.name == "audio_cnn"
    assert (run.predict(splits.train)["prediction"] == splits.train["label"]).mean() > 0.9
    assert run.settings["schedule"] == "one-cycle"
    assert run.settings["augment"]["spec_time"] == (1, 0.15)


def test_the_same_seed_gives_the_same_weights(sounds):
    problem, _, preprocessor = sounds
    first, again, other = (models.audio_cnn(problem, preprocessor, seed=s).get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("output", ["waveform", "spectrogram"])
def test_waves_and_spectrograms_are_taken(output):
    options = SoundOptions(rate=RATE, output=output)
    problem, splits, preprocessor = prepared(
        tones(16).drop(columns="size"), {"sound": "audio"}, audio=options
    )
    model = models.audio_cnn(problem, preprocessor)
    assert model(preprocessor.transform(splits.train)).shape == (len(splits.train), 1)
    kind = keras.layers.Conv1D if output == "waveform" else keras.layers.Conv2D
    assert any(isinstance(layer, kind) for layer in model.layers)


def test_sequences_of_any_length_are_filtered_along_time():
    frame = pd.DataFrame({"label": ["a", "b", "c"] * 10})
    frame["steps"] = pd.Series(
        [RNG.normal(size=(RNG.integers(3, 9), 2)).astype("float32") for _ in range(30)]
    )
    problem, splits, preprocessor = prepared(frame, {"steps": "sequence"})
    model = models.build(problem, preprocessor)
    assert model.name == "audio_cnn"
    assert model(preprocessor.transform(splits.train)).shape == (len(splits.train), 3)
    assert models.recipe(model, problem, preprocessor).augment is None


def test_columns_beside_the_sounds_join_before_the_head_whatever_they_are_called():
    frame = tones(24, column="conv_1").rename(columns={"size": "answer"})
    problem, splits, preprocessor = prepared(frame, {"conv_1": "audio"}, audio=SOUND)
    model = models.audio_cnn(problem, preprocessor, units=(4,), pooling="max")
    assert set(model.input) == set(preprocessor.specs)
    run = training.fit(model, preprocessor, splits, problem, epochs=1, progress=False)
    assert len(run.history) == 1


def test_an_amount_is_answered_in_its_own_unit():
    frame = tones(24).drop(columns="label")
    frame["size"] = frame["size"] * 10 + 500
    problem, splits, preprocessor = prepared(frame, {"sound": "audio"}, target="size", audio=SOUND)
    said = np.asarray(models.audio_cnn(problem, preprocessor)(preprocessor.transform(splits.train)))
    assert said.mean() == pytest.approx(500, abs=40)


@pytest.mark.parametrize(("rows", "epochs"), [(100, MOST_EPOCHS), (1_000, 25), (10_000, FEWEST_EPOCHS)])
def test_fewer_rows_are_passed_through_more_often(sounds, rows, epochs, monkeypatch):
    problem, _, preprocessor = sounds
    monkeypatch.setattr("dltoolkit.models._parts.rows_of", lambda _: rows)
    assert models.recipe("audio_cnn", problem, preprocessor).epochs == epochs


def test_columns_without_sound_are_refused():
    frame = pd.DataFrame({"x": RNG.normal(size=20), "label": ["a", "b"] * 10})
    problem, _, preprocessor = prepared(frame, {})
    with pytest.raises(
        InputError, match="for audio_cnn: expected a column of sounds or sequences, got features of 'table'"
    ):
        models.audio_cnn(problem, preprocessor)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"filters": (8, 0)}, r"filters\[1\]: expected a whole number in \[1, inf\], got 0"),
        ({"kernel": 1.5}, "kernel: expected a whole number"),
        ({"pooling": "mean"}, "pooling: expected one of 'average', 'max', 'both', got 'mean'"),
        ({"units": 8}, "units: expected a sequence with the width of each hidden layer"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sounds, options, said):
    problem, _, preprocessor = sounds
    with pytest.raises(InputError, match=said):
        models.audio_cnn(problem, preprocessor, **options)
