"""The network for tables: members, ranks and curves of numbers, and a start at the base rates."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError

ROWS = 300
TARGETS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multilabel": ["l1", "l2"],
    "regression": "regression",
}


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": random.lognormal(size=ROWS),
            "b": random.choice([1.0, 2.0, np.nan], ROWS),
            "own": random.integers(0, 2, ROWS),
            "home": random.choice(["rent", "own", "other"], ROWS),
            "town": random.choice([f"t{i}" for i in range(40)], ROWS),
            "binary": random.choice(["no", "yes"], ROWS, p=[0.8, 0.2]),
            "multiclass": random.choice(["x", "y", "z"], ROWS, p=[0.6, 0.3, 0.1]),
            "l1": random.integers(0, 2, ROWS),
            "l2": (random.random(ROWS) < 0.1).astype(int),
            "regression": random.normal(500, 20, ROWS),
        }
    )


ROLES = {"a": "numeric", "b": "numeric", "own": "boolean", "home": "categorical", "town": "categorical"}


def parts(table, kind="binary"):
    target = TARGETS[kind]
    columns = [*ROLES, *([target] if isinstance(target, str) else target)]
    schema = Schema.infer(table[columns], target).with_roles(**ROLES)
    return Problem.infer(table, target), preprocessing.fit(table[columns], schema)


@pytest.mark.parametrize("kind", TARGETS)
def test_it_is_uncompiled_has_the_problem_s_head_and_answers_with_the_base_rates(table, kind):
    problem, preprocessor = parts(table, kind)
    model = models.tabular(problem, preprocessor, curves=8)
    assert (model.name, model.compiled) == ("tabular", False)
    outputs = model(preprocessor.transform(table)).numpy()
    assert outputs.shape == (ROWS, problem.head.units)
    expected = {
        "binary": [(table["binary"] == "yes").mean()],
        "multiclass": table["multiclass"].value_counts(normalize=True).sort_index(),
        "multilabel": table[["l1", "l2"]].mean(),
        "regression": [table["regression"].mean()],
    }[kind]
    np.testing.assert_allclose(outputs.mean(axis=0), expected, rtol=0.1, atol=0.05)


def test_the_members_are_the_networks_that_numpy_makes_of_the_weights(table):
    problem, preprocessor = parts(table)
    model = models.tabular(problem, preprocessor, members=3, units=(6, 5), curves=4, dropout=0.5)
    random = np.random.default_rng(1)
    model.set_weights([w + random.normal(0, 0.1, w.shape) * (w.ndim > 0) for w in model.get_weights()])
    weights = {w.path: w.numpy() for w in model.weights}
    features = preprocessor.transform(table)
    block = features["dense"]
    vector = weights[next(p for p in weights if p.endswith("embeddings"))][features["town"][:, 0]]
    edges = np.array(preprocessor.quantiles[0])
    cut = np.clip((block[:, :1] - edges[:-1]) / np.diff(edges), 0, 1)[
        :, None
    ]  # of a, the one number with quantiles
    ranks = (cut.mean(axis=2) - 0.5) * np.sqrt(12)
    curves = np.einsum("ncp,cpm->ncm", cut, weights["curves/kernel"]).reshape(ROWS, -1)
    joined = np.concatenate([3 * np.tanh(block / 3), vector, ranks, curves], axis=1)
    answers = []
    for k in range(3):
        x = np.maximum(joined @ weights["hidden_1/kernel"][k] + weights["hidden_1/bias"][k], 0)
        x = np.maximum(x @ weights["hidden_2/kernel"][k] + weights["hidden_2/bias"][k], 0)
        answers.append(1 / (1 + np.exp(-x @ weights["heads/kernel"][k] - weights["heads/bias"][k])))
    members = keras.Model(model.input, model.get_layer("members").output)(features).numpy()
    np.testing.assert_allclose(members, np.stack(answers, axis=1), atol=1e-5)
    np.testing.assert_allclose(model(features).numpy(), np.mean(answers, axis=0), atol=1e-5)


def test_pieces_are_zero_below_one_above_and_the_share_of_the_way_within(table):
    problem, preprocessor = parts(table)
    block = preprocessor.transform(table)["dense"]
    _, cut = models.tabular(problem, preprocessor).get_layer("numbers")(block)
    names = [preprocessor.feature_names[place] for place in preprocessor.quantiles]
    assert names == ["a"]  # b has two values, so that nothing lies between its quantiles
    edges = np.array(preprocessor.quantiles[0])
    expected = np.clip(
        (block[:, :1] - edges[:-1]) / np.diff(edges), 0, 1
    )  # equation 1 of Gorishniy et al. 2022
    np.testing.assert_allclose(cut[:, 0], expected, atol=1e-3)


def test_ranks_are_the_places_among_the_training_rows_whatever_the_unit(table):
    problem, preprocessor = parts(table)
    block = preprocessor.transform(table)["dense"]
    ranks = models.tabular(problem, preprocessor).get_layer("numbers")(block)[0].numpy()
    expected = (table["a"].rank() - 1) / (ROWS - 1)
    np.testing.assert_allclose(ranks[:, 0], (expected - 0.5) * np.sqrt(12), atol=0.06)
    assert ranks.std() == pytest.approx(1, abs=0.02)


def test_columns_with_few_different_values_have_ranks_beside_those_with_many(table):
    few = table.assign(b=np.arange(ROWS) % 4)
    problem, preprocessor = parts(few)
    block = preprocessor.transform(few)["dense"]
    ranks = models.tabular(problem, preprocessor).get_layer("numbers")(block)[0].numpy()
    steps = np.linspace(-np.sqrt(3), np.sqrt(3), 4)
    np.testing.assert_allclose(ranks[:4, 1], steps, atol=1e-4)


def test_curves_change_nothing_at_the_start(table):
    problem, preprocessor = parts(table)
    features = preprocessor.transform(table)
    model = models.tabular(problem, preprocessor, curves=8)
    curves = keras.Model(model.input, model.get_layer("curves").output)(features)
    assert curves.shape == (ROWS, 1, 8)
    assert not curves.numpy().any()


def test_what_is_known_of_the_numbers_takes_no_weights(table):
    model = models.tabular(*parts(table), curves=8)
    assert model.get_layer("numbers").weights == []
    assert all(w.trainable for w in model.weights if "seed" not in w.path)


def test_ranks_can_be_left_out(table):
    problem, preprocessor = parts(table)
    wide, narrow = (
        models.tabular(problem, preprocessor, ranks=on).get_layer("hidden_1").kernel.shape[1]
        for on in (True, False)
    )
    assert wide == narrow + 1


def test_the_same_seed_gives_the_same_start_and_another_one_another(table):
    problem, preprocessor = parts(table)
    first, same, other = (models.tabular(problem, preprocessor, seed=s).get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_no_two_members_start_alike_and_each_as_a_network_of_its_own_would(table):
    kernel = models.tabular(*parts(table), members=4, units=(512, 512)).get_layer("hidden_2").kernel.numpy()
    np.testing.assert_allclose(kernel.std(axis=(1, 2)), np.sqrt(2 / 512), rtol=0.03)  # He et al. 2015
    assert abs(np.corrcoef(kernel.reshape(4, -1)) - np.eye(4)).max() < 0.02


def test_a_table_without_numbers_or_without_categories_has_one_too(table):
    for columns in (["town"], ["a"], ["home"]):
        schema = Schema.infer(table[[*columns, "binary"]], "binary")
        preprocessor = preprocessing.fit(table, schema.with_roles(**{c: ROLES[c] for c in columns}))
        model = models.tabular(Problem.infer(table, "binary"), preprocessor, curves=8)
        assert np.isfinite(model(preprocessor.transform(table)).numpy()).all()


def test_columns_may_bear_the_names_of_layers(table):
    named = table.rename(columns={"town": "bends", "home": "members", "a": "curves"})
    roles = {"bends": "categorical", "members": "categorical", "curves": "numeric"}
    schema = Schema.infer(named[[*roles, "binary"]], "binary").with_roles(**roles)
    preprocessor = preprocessing.fit(named, schema, categorical="embedding")
    model = models.tabular(Problem.infer(named, "binary"), preprocessor, curves=8)
    assert np.isfinite(model(preprocessor.transform(named)).numpy()).all()


def test_texts_beside_a_table_join_it(table):
    mixed = table[["a", "binary"]].assign(note=[f"word{i % 7} and {i % 3}" for i in range(ROWS)])
    schema = Schema.infer(mixed, "binary").with_roles(a="numeric", note="text")
    preprocessor = preprocessing.fit(mixed, schema)
    model = models.tabular(Problem.infer(mixed, "binary"), preprocessor)
    assert set(model.input) == set(preprocessor.specs)
    assert np.isfinite(model(preprocessor.transform(mixed)).numpy()).all()


def test_plain_keras_saves_and_loads_it(table, tmp_path):
    problem, preprocessor = parts(table)
    model = models.tabular(problem, preprocessor, members=4, curves=8)
    model.save(tmp_path / "tabular.keras")
    again = keras.saving.load_model(tmp_path / "tabular.keras", safe_mode=True)
    features = preprocessor.transform(table)
    np.testing.assert_array_equal(again(features).numpy(), model(features).numpy())


def test_options_stand_in_the_layers(table):
    problem, preprocessor = parts(table)
    options = {"activation": "tanh", "initializer": "lecun_normal", "dropout": 0.25, "l1": 0.01, "l2": 0.02}
    model = models.tabular(problem, preprocessor, units=(7, 5), normalisation="layer", **options)
    hidden = [model.get_layer(f"hidden_{i}") for i in (1, 2)]
    assert [layer.kernel.shape for layer in hidden] == [(8, hidden[0].kernel.shape[1], 7), (8, 7, 5)]
    kernel = hidden[0].kernel.numpy()
    assert kernel.std() == pytest.approx(np.sqrt(1 / kernel.shape[1]), rel=0.1)
    assert all(layer.kernel_regularizer.l1 == pytest.approx(0.01) for layer in hidden)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.25] * 2
    assert [type(layer).__name__ for layer in model.layers].count("LayerNormalization") == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"members": 0}, "members: expected a whole number"),
        ({"units": ()}, "units: expected the width of at least one hidden layer"),
        ({"units": (64, 0)}, r"units\[1\]: expected a whole number"),
        ({"curves": -1}, "curves: expected a whole number"),
        ({"dropout": 1.0}, r"dropout: expected a number in \[0, 1\)"),
        ({"activation": "relux"}, "activation: expected a Keras activation"),
        ({"output_bias": "ones"}, "output_bias"),
    ],
)
def test_an_option_out_of_its_range_is_refused(table, options, message):
    with pytest.raises(InputError, match=message):
        models.tabular(*parts(table), **options)


def test_what_goes_by_the_rows_grows_with_them(table):
    small = models.tabular(*parts(table))
    large = models.tabular(*parts(pd.concat([table] * 40, ignore_index=True)))
    assert "curves" not in [layer.name for layer in small.layers]
    assert "curves" in [layer.name for layer in large.layers]


def test_trained_by_its_recipe_it_learns_what_no_straight_line_can(table):
    random = np.random.default_rng(3)
    x = random.uniform(-1, 1, (1_500, 2))
    square = pd.DataFrame({"x": x[:, 0], "z": x[:, 1], "y": np.where(x[:, 0] * x[:, 1] > 0, "yes", "no")})
    problem, schema = Problem.infer(square, "y"), Schema.infer(square, "y")
    splits = data.split(square, problem, seed=0)
    preprocessor = preprocessing.fit(splits.train, schema)
    run = training.fit(
        models.build(problem, preprocessor), preprocessor, splits, problem, epochs=12, progress=False
    )
    assert run.model.name == "tabular"
    assert run.history["val_auc"].iloc[-1] > 0.97


def test_the_recipe_goes_by_the_rows_and_leaves_the_validation_rows_alone(table):
    problem, preprocessor = parts(table)
    statistics = preprocessor.target_statistics["binary"]
    seen = {}
    for rows in (100, 3_000, 40_000, 250_000):
        preprocessor.target_statistics["binary"] = dataclasses.replace(statistics, rows=rows)
        recipe = models.recipe("tabular", problem, preprocessor)
        assert recipe.patience is None
        assert recipe.batch_size <= rows
        seen[rows] = recipe.epochs
    preprocessor.target_statistics["binary"] = statistics
    assert seen == {100: 60, 3_000: 38, 40_000: 25, 250_000: 4}
