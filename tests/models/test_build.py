"""One call that builds what fits, refuses what does not, and knows how each network is trained."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, models, preprocessing
from dltoolkit._checks import InputError
from dltoolkit.models import _build

ROWS = 60


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "number": random.normal(size=ROWS),
            "picture": list(random.integers(0, 255, (ROWS, 8, 8)).astype("uint8")),
            "words": [f"some words about {w}" for w in random.choice(["cats", "dogs", "birds"], ROWS)],
            "steps": list(random.normal(size=(ROWS, 6))),
            "sound": list(random.normal(size=(ROWS, 4_000)).astype("float32")),
            "who": random.choice([f"u{i}" for i in range(9)], ROWS),
            "what": random.choice([f"i{i}" for i in range(12)], ROWS),
            "ten": random.choice([f"c{i}" for i in range(10)], ROWS),
            "yes": random.choice(["no", "yes"], ROWS),
            "amount": random.normal(10, 2, ROWS),
        }
    )


ROLES = {
    "number": "numeric",
    "picture": "image",
    "words": "text",
    "steps": "sequence",
    "sound": "audio",
    "who": "user",
    "what": "item",
}


def parts(frame, columns, target):
    used = frame[[*columns, target]]
    schema = Schema.infer(used, target).with_roles(**{c: ROLES[c] for c in columns})
    sounds = {"audio": preprocessing.SoundOptions(rate=8_000, cell_rate=8_000)} if "sound" in columns else {}
    return Problem.infer(used, target), preprocessing.fit(used, schema, **sounds)


@pytest.mark.parametrize(
    ("columns", "target", "name"),
    [
        (["number"], "yes", "tabular"),
        (["picture"], "ten", "cnn"),
        (["words"], "yes", "bag_of_words"),
        (["sound"], "ten", "audio_cnn"),
        (["steps"], "ten", "audio_cnn"),
        (["steps"], "amount", "forecaster"),
        (["who", "what"], "amount", "matrix_factorisation"),
        (["number", "picture"], "yes", "fusion"),
        (["words", "picture"], "yes", "fusion"),
    ],
)
def test_by_default_the_network_is_the_one_for_the_columns(frame, columns, target, name):
    problem, preprocessor = parts(frame, columns, target)
    assert models.pick(problem, preprocessor) == name
    model = models.build(problem, preprocessor)
    assert model.name == name and not model.compiled
    assert model(preprocessor.transform(frame)).shape == (ROWS, problem.head.units)


def test_a_network_for_pictures_is_refused_for_a_table_and_those_that_fit_are_named(frame):
    problem, preprocessor = parts(frame, ["number"], "yes")
    with pytest.raises(
        InputError, match=r"architecture 'cnn': expected a column of role image.*fit:.*'tabular'"
    ):
        models.build(problem, preprocessor, "cnn")
    with pytest.raises(InputError, match=r"'forecaster': expected a column of role sequence"):
        models.build(problem, preprocessor, "forecaster")


def test_a_network_for_amounts_is_refused_for_classes(frame):
    problem, preprocessor = parts(frame, ["steps"], "ten")
    with pytest.raises(InputError, match=r"a regression problem, got a multiclass problem\..*'audio_cnn'"):
        models.build(problem, preprocessor, "forecaster")


def test_a_name_that_is_not_there_is_refused_with_those_that_come_close(frame):
    problem, preprocessor = parts(frame, ["number"], "yes")
    with pytest.raises(InputError, match="architecture: expected one of"):
        models.build(problem, preprocessor, "tabluar")


def test_ten_classes_with_a_sigmoid_head_are_refused(frame):
    problem, preprocessor = parts(frame, ["number"], "ten")
    with pytest.raises(
        InputError, match=r"head: expected 'softmax' for a multiclass problem, got 'sigmoid' for 10 unit"
    ):
        models.build(problem, preprocessor, "mlp", head="sigmoid")
    assert models.build(problem, preprocessor, "mlp", head="softmax").output_shape == (None, 10)


def test_every_option_at_fault_is_named_at_once(frame):
    problem, preprocessor = parts(frame, ["number"], "yes")
    with pytest.raises(InputError, match=r"(?s)option 'unit'.*'units'.*option 'filters'"):
        models.build(problem, preprocessor, "mlp", unit=3, filters=(3,))


def test_no_problem_needs_a_network_that_asks_nothing(frame):
    _, preprocessor = parts(frame, ["number"], "yes")
    assert models.build(None, preprocessor).name == "autoencoder"
    with pytest.raises(InputError, match=r"got no problem\. .*'autoencoder'"):
        models.build(None, preprocessor, "mlp")


def test_the_table_of_architectures_says_what_fits_and_why_not(frame):
    problem, preprocessor = parts(frame, ["words"], "yes")
    table = models.architectures(problem, preprocessor).set_index("architecture")
    assert table.loc["bag_of_words", "fits"] and table.loc["transformer", "fits"]
    assert not table.loc["cnn", "fits"] and "no image column" in table.loc["cnn", "reason"]
    assert "fits" not in models.architectures()
    assert set(models.architectures()["architecture"]) == set(_build.ARCHITECTURES)


@pytest.mark.parametrize("name", _build.ARCHITECTURES)
def test_every_architecture_is_a_plain_function_of_the_package(name):
    assert getattr(models, name) is _build.builder_of(name)
    assert "seed" in _build.options_of(name)


def test_a_network_with_another_name_is_trained_in_the_usual_way(frame):
    problem, preprocessor = parts(frame, ["number"], "yes")
    assert models.recipe("mine", problem, preprocessor) == models.Recipe()
    own = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "sigmoid")], name="mine")
    assert models.recipe(own, problem, preprocessor).optimizer == "adam"


@pytest.mark.parametrize(
    "option", ["initializer", "output_bias", "activation", "normalisation", "regularisation"]
)
def test_every_choice_has_its_why_and_its_source(option):
    table = models.choices(option)
    assert len(table) >= 2 and (table["why"].str.len() > 20).all() and (table["source"].str.len() > 3).all()


@pytest.mark.parametrize("name", models.choices("initializer")["choice"])
def test_every_initialiser_draws_first_weights(frame, name):
    problem, preprocessor = parts(frame, ["number"], "yes")
    model = models.mlp(problem, preprocessor, initializer=name, seed=1)
    kernel = np.asarray(model.get_layer("hidden_2").kernel)
    assert (kernel == 0).all() if name == "zeros" else kernel.std() > 0


def test_an_output_bias_of_zero_starts_at_even_odds(frame):
    problem, preprocessor = parts(frame, ["number"], "yes")
    for build in (models.mlp, models.linear):
        model = build(problem, preprocessor, output_bias="zeros", initializer="zeros")
        assert np.asarray(model(preprocessor.transform(frame)))[0, 0] == pytest.approx(0.5, abs=0.2)
    with pytest.raises(InputError, match="output_bias: expected one of"):
        models.mlp(problem, preprocessor, output_bias="prior")
