"""Networks for tables: the right head, the right start, and every option in its place."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, models, preprocessing
from dltoolkit._checks import InputError

ROWS = 300


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": random.normal(size=ROWS),
            "town": random.choice([f"t{i}" for i in range(40)], ROWS),
            "binary": random.choice(["no", "yes"], ROWS, p=[0.8, 0.2]),
            "multiclass": random.choice(["x", "y", "z"], ROWS, p=[0.6, 0.3, 0.1]),
            "l1": random.integers(0, 2, ROWS),
            "l2": (random.random(ROWS) < 0.1).astype(int),
            "regression": random.normal(500, 20, ROWS),
        }
    )


TARGETS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multilabel": ["l1", "l2"],
    "regression": "regression",
}


def parts(table, kind):
    target = TARGETS[kind]
    columns = ["a", "town", *([target] if isinstance(target, str) else target)]
    schema = Schema.infer(table[columns], target).with_roles(a="numeric", town="categorical")
    return Problem.infer(table, target), preprocessing.fit(table[columns], schema)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("build", [models.linear, models.mlp])
def test_a_builder_returns_an_uncompiled_model_with_the_problem_s_head(table, kind, build):
    problem, preprocessor = parts(table, kind)
    model = build(problem, preprocessor)
    assert isinstance(model, keras.Model)
    assert not model.compiled
    outputs = model(preprocessor.transform(table)).numpy()
    assert outputs.shape == (ROWS, problem.head.units)
    assert np.isfinite(outputs).all()
    if kind == "multiclass":
        np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)


def test_an_untrained_linear_model_answers_with_the_base_rates(table):
    for kind in TARGETS:
        problem, preprocessor = parts(table, kind)
        outputs = models.linear(problem, preprocessor)(preprocessor.transform(table)).numpy().mean(axis=0)
        expected = {
            "binary": [(table["binary"] == "yes").mean()],
            "multiclass": table["multiclass"].value_counts(normalize=True).sort_index(),
            "multilabel": table[["l1", "l2"]].mean(),
            "regression": [table["regression"].mean()],
        }[kind]
        np.testing.assert_allclose(outputs, expected, rtol=0.05)


def test_parameters_are_those_counted_by_hand(table):
    problem, preprocessor = parts(table, "binary")
    width = round(1.6 * 42**0.56)  # 40 towns, missing and unseen
    dense = 1
    by_hand = 42 * width + (dense + width + 1) * 16 + (16 + 1) * 8 + (8 + 1) * 1
    assert models.mlp(problem, preprocessor, units=(16, 8)).count_params() == by_hand
    assert models.linear(problem, preprocessor).count_params() == 42 + dense + 1


def test_the_same_seed_gives_the_same_start_and_another_one_another(table):
    problem, preprocessor = parts(table, "binary")
    first, same, other = (models.mlp(problem, preprocessor, seed=s).get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_options_stand_in_the_layers(table):
    problem, preprocessor = parts(table, "binary")
    options = {
        "units": (7, 5),
        "activation": "tanh",
        "initializer": "lecun_normal",
        "dropout": 0.3,
        "l1": 0.01,
        "l2": 0.02,
    }
    model = models.mlp(problem, preprocessor, normalisation="batch", **options)
    hidden = [layer for layer in model.layers if layer.name.startswith("hidden")]
    assert [layer.units for layer in hidden] == [7, 5]
    assert all(type(layer.kernel_initializer).__name__ == "LecunNormal" for layer in hidden)
    assert all(layer.kernel_regularizer.l1 == pytest.approx(0.01) for layer in hidden)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("BatchNormalization") == 2
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.3, 0.3]
    activations = [layer for layer in model.layers if layer.name.startswith("tanh")]
    assert [layer.activation.__name__ for layer in activations] == ["tanh"] * 2
    assert not any(
        isinstance(layer, keras.layers.Dropout)
        for layer in models.mlp(problem, preprocessor, dropout=0.0).layers
    )


def test_he_normal_keeps_the_variance_that_the_paper_asks_for(table):
    problem, preprocessor = parts(table, "binary")
    kernel = models.mlp(problem, preprocessor, units=(512, 512)).get_layer("hidden_2").get_weights()[0]
    assert kernel.std() == pytest.approx(np.sqrt(2 / 512), rel=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 64}, "units: expected a sequence"),
        ({"units": (64, 0)}, r"units\[1\]: expected a whole number"),
        ({"dropout": 1.0}, r"dropout: expected a number in \[0, 1\)"),
        ({"activation": "relux"}, "activation: expected a Keras activation"),
        ({"initializer": "he"}, "initializer: expected a Keras initialiser"),
        ({"l2": -1}, r"l2: expected a number in \[0, inf\]"),
    ],
)
def test_an_option_out_of_its_range_is_refused(table, options, message):
    with pytest.raises(InputError, match=message):
        models.mlp(*parts(table, "binary"), **options)


def test_the_default_penalty_is_that_of_a_prior_and_fades_with_the_rows(table):
    for n in (60, 120):
        problem, preprocessor = parts(table.head(n), "binary")
        layer = models.mlp(problem, preprocessor).get_layer("hidden_1")
        assert layer.kernel_regularizer.l2 == pytest.approx(8 / n)
        assert models.mlp(problem, preprocessor, l2=0.0).get_layer("hidden_1").kernel_regularizer is None


def test_outliers_are_bent_and_the_usual_range_is_left_as_it_is(table):
    problem, preprocessor = parts(table, "binary")
    model = models.mlp(problem, preprocessor)
    bent = keras.Model(model.input, model.get_layer("soft_clip_out").output)
    n = preprocessor.specs["dense"].shape[0]
    inputs = {name: np.zeros((4, *spec.shape), spec.dtype) for name, spec in preprocessor.specs.items()}
    inputs["dense"] = np.repeat(np.array([[-1e6], [-0.3], [0.3], [1e6]], "float32"), n, axis=1)
    found = np.asarray(bent(inputs))[:, 0]
    np.testing.assert_allclose(found, [-3, -0.3, 0.3, 3], atol=2e-3)
