"""Networks for pictures: stages by size, every option in its place, nothing lost that stands beside."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, models, preprocessing
from dltoolkit._checks import InputError

ROWS = 24
BUILDERS = [models.cnn, models.resnet]
QUESTIONS = {"binary": "pair", "multiclass": "three", "multilabel": ["wet", "cold"], "regression": "amount"}


def pictures(side, *, channels=1, rows=ROWS):
    random = np.random.default_rng(side)
    shape = (side, side) if channels == 1 else (side, side, channels)
    return [random.integers(0, 256, shape, dtype="uint8") for _ in range(rows)]


def table(side=12, **more):
    random = np.random.default_rng(0)
    targets = {
        "pair": np.tile(["no", "yes"], ROWS // 2),
        "three": np.tile(["x", "y", "z"], ROWS // 3),
        "wet": np.tile([0, 1], ROWS // 2),
        "cold": np.repeat([0, 1], ROWS // 2),
        "amount": random.normal(50, 9, ROWS),
    }
    return pd.DataFrame({"seen": pictures(side), **more, **targets})


def parts(frame, kind="multiclass", **roles):
    target = QUESTIONS[kind]
    names = [target] if isinstance(target, str) else target
    others = {n for t in QUESTIONS.values() for n in ([t] if isinstance(t, str) else t)} - set(names)
    frame = frame.drop(columns=list(others))
    schema = Schema.infer(frame, target).with_roles(seen="image", **roles)
    return Problem.infer(frame, target), preprocessing.fit(frame, schema)


@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("build", BUILDERS)
def test_a_builder_returns_an_uncompiled_model_with_the_problem_s_head(build, kind):
    frame = table()
    problem, preprocessor = parts(frame, kind)
    model = build(problem, preprocessor, filters=(4, 4))
    assert isinstance(model, keras.Model)
    assert (model.name, model.compiled) == (build.__name__, False)
    outputs = np.asarray(model(preprocessor.transform(frame)))
    assert outputs.shape == (ROWS, problem.head.units)
    assert np.isfinite(outputs).all()


def maps(model):
    """Height and number of filters of what each convolution gives."""
    return [x.output.shape[1::2] for x in model.layers if isinstance(x, keras.layers.Conv2D)]


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (3, [(3, 32), (3, 64), (3, 64), (3, 128), (3, 128)]),
        (8, [(8, 32), (4, 64), (4, 64), (4, 128), (4, 128)]),
        (28, [(28, 32), (14, 64), (14, 64), (7, 128), (7, 128)]),
        (48, [(48, 32), (24, 64), (24, 64), (12, 128), (12, 128)]),
        (64, [(32, 16), (32, 32), (32, 32), (16, 64), (16, 64), (8, 128), (8, 128)]),
        (128, [(32, 16), (32, 32), (32, 32), (16, 64), (16, 64), (8, 128), (8, 128)]),
    ],
)
def test_stages_go_by_the_size_of_the_pictures(side, expected):
    problem, preprocessor = parts(table(side))
    assert maps(models.cnn(problem, preprocessor)) == expected


def test_a_residual_network_has_the_same_stages():
    model = models.resnet(*parts(table(28)), blocks=2)
    sides = [s for s, _ in maps(model)]
    assert sides == [28] + [14] * 5 + [7] * 5  # two blocks of two, and a shortcut where the filters double
    assert len([x for x in model.layers if isinstance(x, keras.layers.Add)]) == 4


def test_parameters_are_those_counted_by_hand():
    problem, preprocessor = parts(table())
    model = models.cnn(problem, preprocessor, filters=(4, 6), blocks=1, normalisation=None, units=(5,))
    by_hand = (9 * 1 + 1) * 4 + (9 * 4 + 1) * 6 + (6 + 1) * 5 + (5 + 1) * 3
    assert model.count_params() == by_hand
    normalised = models.cnn(problem, preprocessor, filters=(4, 6), blocks=1)
    assert normalised.count_params() == 9 * 4 + 9 * 4 * 6 + 4 * (4 + 6) + (6 + 1) * 3


def test_without_normalisation_residual_blocks_start_as_what_comes_in():
    frame = table(28)
    problem, preprocessor = parts(frame)
    model = models.resnet(problem, preprocessor, filters=(6, 6), normalisation=None)
    block = keras.Model(
        model.input, [model.get_layer("conv_1_relu").output, model.get_layer("conv_3_add").output]
    )
    before, after = block(preprocessor.transform(frame))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("build", BUILDERS)
def test_an_untrained_network_answers_with_the_base_rates(build):
    frame = table()
    frame["three"] = ["x"] * 16 + ["y"] * 6 + ["z"] * 2
    problem, preprocessor = parts(frame)
    model = build(problem, preprocessor)
    kernel, bias = model.get_layer("answer").get_weights()
    model.get_layer("answer").set_weights([0 * kernel, bias])  # whatever is seen
    outputs = np.asarray(model(preprocessor.transform(frame)))
    np.testing.assert_allclose(outputs, [[17 / 27, 7 / 27, 3 / 27]] * ROWS, rtol=1e-5)
    assert not build(problem, preprocessor, output_bias="zeros").get_layer("answer").get_weights()[1].any()


@pytest.mark.parametrize("build", BUILDERS)
def test_the_same_seed_gives_the_same_start_and_another_one_another(build):
    problem, preprocessor = parts(table())
    first, same, other = (build(problem, preprocessor, seed=s).get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    convolutions = [w for w in first if w.ndim == 4 and w.shape[2] > 1]
    assert len({w.ravel()[:5].tobytes() for w in convolutions}) == len(convolutions)


@pytest.mark.parametrize("build", BUILDERS)
def test_columns_beside_the_pictures_join_before_the_head(build):
    random = np.random.default_rng(1)
    more = {"age": random.normal(size=ROWS), "town": [f"t{i}" for i in range(ROWS)], "back": pictures(9)}
    frame = table(**more)
    problem, preprocessor = parts(frame, age="numeric", town="categorical", back="image")
    model = build(problem, preprocessor, filters=(4, 8))
    assert set(model.input) == set(preprocessor.specs)
    features = preprocessor.transform(frame)
    before = np.asarray(model(features))
    for name, values in features.items():
        changed = {**features, name: np.roll(values, 1, axis=0)}
        assert not np.allclose(np.asarray(model(changed)), before), name


def test_options_stand_in_the_layers():
    problem, preprocessor = parts(table())
    model = models.cnn(
        problem,
        preprocessor,
        filters=(4, 6),
        blocks=3,
        kernel=5,
        units=(7,),
        pooling="max",
        activation="gelu",
        initializer="lecun_normal",
        normalisation="layer",
        dropout=0.3,
        l2=0.01,
    )
    layers = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert [x.kernel_size for x in layers] == [(5, 5)] * 4
    assert all(x.kernel_regularizer.l2 == pytest.approx(0.01) for x in layers)
    assert all(type(x.kernel_initializer).__name__ == "LecunNormal" for x in layers)
    kinds = [type(x).__name__ for x in model.layers]
    assert kinds.count("LayerNormalization") == 5
    assert kinds.count("Dropout") == 2
    assert kinds.count("GlobalMaxPooling2D") == 1
    assert model.get_layer("conv_1_gelu").activation.__name__ == "gelu"


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 32}, "filters: expected a sequence"),
        ({"filters": (32, 0)}, r"filters\[1\]: expected a whole number"),
        ({"filters": ()}, "filters: expected at least one number of filters"),
        ({"blocks": 0}, "blocks: expected a whole number"),
        ({"kernel": 2.5}, "kernel: expected a whole number"),
        ({"units": "64"}, "units: expected a sequence"),
        ({"pooling": "mean"}, "pooling: expected one of 'average', 'max'"),
        ({"normalisation": "group"}, "normalisation: expected one of"),
        ({"dropout": 1.0}, "dropout: expected a number"),
        ({"activation": "relux"}, "activation: expected a Keras activation"),
        ({"initializer": "he"}, "initializer: expected a Keras initialiser"),
        ({"output_bias": "ones"}, "output_bias: expected one of"),
    ],
)
def test_an_option_out_of_its_range_is_refused(build, options, message):
    with pytest.raises(InputError, match=message):
        build(*parts(table()), **options)


@pytest.mark.parametrize("build", BUILDERS)
def test_a_table_without_pictures_is_refused_with_what_fits(build):
    frame = pd.DataFrame({"age": np.arange(9.0), "churn": ["no", "yes", "no"] * 3})
    schema = Schema.infer(frame, "churn").with_roles(age="numeric")
    problem, preprocessor = Problem.infer(frame, "churn"), preprocessing.fit(frame, schema)
    with pytest.raises(
        InputError, match=r"expected a column of pictures, got features of 'table'.*models\.build"
    ):
        build(problem, preprocessor)


@pytest.mark.parametrize("build", BUILDERS)
def test_it_learns_where_the_bright_half_is(build):
    random = np.random.default_rng(0)
    left = random.random(96) < 0.5
    seen = random.integers(0, 60, (96, 12, 12), dtype="uint8")
    seen[left, :, :6] += 150
    seen[~left, :, 6:] += 150
    frame = pd.DataFrame({"seen": list(seen), "side": np.where(left, "left", "right")})
    problem = Problem.infer(frame, "side")
    preprocessor = preprocessing.fit(frame, Schema.infer(frame, "side").with_roles(seen="image"))
    model = build(problem, preprocessor, filters=(8, 8), pooling="max")
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    keras.utils.set_random_seed(0)
    model.fit(preprocessor.transform(frame), problem.encode(frame), epochs=8, batch_size=32, verbose=0)
    outputs = np.asarray(model(preprocessor.transform(frame)))[:, 0]
    assert ((outputs > 0.5) == problem.encode(frame)).mean() > 0.95


@pytest.mark.parametrize("build", BUILDERS)
def test_a_saved_network_loads_with_plain_keras(build, tmp_path):
    frame = table()
    problem, preprocessor = parts(frame)
    model = build(problem, preprocessor, filters=(4, 4))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    features = preprocessor.transform(frame)
    np.testing.assert_array_equal(np.asarray(model(features)), np.asarray(loaded(features)))


def test_recipes_go_by_the_number_of_rows():
    problem, preprocessor = parts(table())
    few = models.recipe("cnn", problem, preprocessor)
    assert (few.epochs, few.batch_size, few.patience) == (40, 32, None)
    preprocessor.target_statistics["three"] = dataclasses.replace(
        preprocessor.target_statistics["three"], rows=48_000
    )
    many = models.recipe("resnet", problem, preprocessor)
    assert (many.epochs, many.batch_size, many.schedule) == (11, 128, "one-cycle")
    assert models.recipe("cnn", *parts(table(), "regression")).label_smoothing == 0.0


def test_what_is_varied_by_default_is_safe_for_digits():
    augment = models.recipe("cnn", *parts(table())).augment
    assert (augment.flip, augment.rotate, augment.rand_augment, augment.mixes) == (None, 0.0, None, False)
    assert 0 < augment.shift <= 0.1
