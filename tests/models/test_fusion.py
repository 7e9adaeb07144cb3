"""Columns of several kinds in one network: each is read, none is lost, and it learns from all."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, deployment, models, preprocessing, training
from dltoolkit._checks import InputError

ROWS = 160


@pytest.fixture(scope="module")
def frame():
    return drawn(ROWS)


def drawn(n):
    """Whether the number, the picture's brightness and the word agree decides."""
    random = np.random.default_rng(0)
    number, bright, word = random.normal(size=n), random.random(n) > 0.5, random.random(n) > 0.5
    noise = random.integers(0, 100, (n, 8, 8))
    return pd.DataFrame(
        {
            "number": number,
            "town": random.choice([f"t{i}" for i in range(30)], n),
            "picture": list((noise + 120 * bright[:, None, None]).astype("uint8")),
            "other": list(random.integers(0, 255, (n, 10, 12, 3)).astype("uint8")),
            "words": np.where(word, "a good one", "a bad one"),
            "steps": list(random.normal(size=(n, 9))),
            "sound": list(random.normal(size=(n, 3_000)).astype("float32")),
            "y": np.where((number > 0) + bright.astype(int) + word >= 2, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def parts(frame):
    problem = Problem.infer(frame, "y")
    roles = {"words": "text", "town": "categorical", "picture": "image", "other": "image"}
    schema = Schema.infer(frame, "y").with_roles(**roles, steps="sequence", sound="audio")
    splits = data.split(frame, problem, seed=0)
    sound = preprocessing.SoundOptions(rate=8_000, cell_rate=8_000)
    return problem, preprocessing.fit(splits.train, schema, audio=sound), splits


def test_every_column_reaches_the_answer(parts, frame):
    problem, preprocessor, _ = parts
    model = models.build(problem, preprocessor)
    assert model.name == "fusion" and set(model.input) == set(preprocessor.specs)
    features = {name: np.array(values) for name, values in preprocessor.transform(frame).items()}
    before = np.asarray(model(features))
    for name, values in features.items():
        moved = np.asarray(model(features | {name: np.roll(values, 1, axis=0)}))
        assert np.abs(moved - before).max() > 1e-6, name


def test_it_learns_what_no_single_column_tells():
    frame = drawn(400)[["number", "picture", "words", "y"]]
    problem, schema = (
        Problem.infer(frame, "y"),
        Schema.infer(frame, "y").with_roles(words="text", picture="image"),
    )
    splits = data.split(frame, problem, seed=0)
    preprocessor = preprocessing.fit(splits.train, schema)
    model = models.fusion(problem, preprocessor, width=16, units=(16,))
    run = training.fit(model, preprocessor, splits, problem, epochs=80, early_stopping=False, progress=False)
    rows = pd.concat([splits.validation, splits.test])
    right = (run.predict(rows)["prediction"] == rows["y"]).mean()
    assert right > 0.8  # a single column is right three times in four


def test_the_same_seed_gives_the_same_network_and_it_serves_with_plain_keras(parts, frame, tmp_path):
    problem, preprocessor, splits = parts
    one, two = (models.fusion(problem, preprocessor, seed=3) for _ in range(2))
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    run = training.fit(one, preprocessor, splits, problem, epochs=1, progress=False)
    deployment.save(tmp_path / "bundle", run)
    bundle = deployment.load(tmp_path / "bundle")
    np.testing.assert_allclose(bundle.outputs(frame.head(5)), run.outputs(frame.head(5)), atol=1e-5)


def test_the_options_are_those_of_every_network(parts):
    problem, preprocessor, _ = parts
    model = models.fusion(
        problem, preprocessor, normalisation="layer", l2=0.1, dropout=0.4, units=(7,), width=5
    )
    kinds = [type(layer) for layer in model.layers]
    assert keras.layers.LayerNormalization in kinds and keras.layers.BatchNormalization not in kinds
    assert model.get_layer("hidden_1").units == 7
    with pytest.raises(InputError, match="width: expected"):
        models.fusion(problem, preprocessor, width=0)


def test_pictures_and_spectrograms_are_varied_by_default_and_the_rest_is_not(parts):
    problem, preprocessor, _ = parts
    recipe = models.recipe("fusion", problem, preprocessor)
    assert set(recipe.augment) == {"picture", "other", "sound"}
