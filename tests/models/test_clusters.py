"""Networks without a question: rows through a narrow code and back, and shares by distance."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Schema, models, preprocessing
from dltoolkit._checks import InputError

ROWS = 40


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": random.normal(size=ROWS),
            "b": random.normal(size=ROWS),
            "town": random.choice([f"t{i}" for i in range(40)], ROWS),
            "code": list(random.normal(size=(ROWS, 5, 2))),
            "words": random.choice(["red fox", "grey owl"], ROWS),
        }
    )


def prepared(table, *columns, **options):
    frame = table[list(columns)]
    roles = {"a": "numeric", "b": "numeric", "town": "categorical", "code": "sequence", "words": "text"}
    schema = Schema.infer(frame).with_roles({c: roles[c] for c in columns})
    return preprocessing.fit(frame, schema, **options)


def test_one_feature_comes_back_in_its_own_shape(table):
    for columns, shape in ((("a", "b"), (ROWS, 2)), (("code",), (ROWS, 5, 2))):
        preprocessor = prepared(table, *columns)
        model = models.autoencoder(preprocessor, units=(8,), bottleneck=3)
        assert not model.compiled
        assert model.name == "autoencoder"
        assert model(preprocessor.transform(table)).shape == shape


def test_several_features_come_back_by_name_and_ids_as_probabilities(table):
    preprocessor = prepared(table, "a", "town", "code", categorical="embedding")
    answer = models.autoencoder(preprocessor, units=(8,))(preprocessor.transform(table))
    assert {n: tuple(x.shape) for n, x in answer.items()} == {
        "dense": (ROWS, 1),
        "town": (ROWS, preprocessor.specs["town"].vocabulary_size),
        "code": (ROWS, 5, 2),
    }
    np.testing.assert_allclose(answer["town"].numpy().sum(axis=1), 1, atol=1e-5)


def test_the_code_is_a_layer_and_the_decoder_a_model_even_beside_a_column_of_that_name(table):
    preprocessor = prepared(table, "a", "b")
    model = models.autoencoder(preprocessor, units=(8,), bottleneck=3)
    features = preprocessor.transform(table)
    code = keras.Model(model.input, model.get_layer("code").output)(features)
    assert code.shape == (ROWS, 3)
    np.testing.assert_allclose(model.get_layer("decoder")(code), model(features), rtol=1e-5)
    taken = models.autoencoder(prepared(table, "code"), units=(8,), bottleneck=3)
    assert taken.get_layer("code_").output.shape == (None, 3)


def test_the_shares_are_a_student_t_of_the_distance_to_each_centroid(table):
    preprocessor = prepared(table, "a", "b")
    model = models.deep_clustering(preprocessor, n_clusters=4, units=(8,), bottleneck=3)
    features = preprocessor.transform(table)
    code = keras.Model(model.input, model.get_layer("code").output)(features).numpy()
    centroids = model.get_layer("answer").get_layer("centroids").get_weights()[0]
    near = 1 / (1 + np.square(code[:, None] - centroids[None]).sum(axis=-1))
    np.testing.assert_allclose(model(features), near / near.sum(axis=1, keepdims=True), rtol=1e-4)
    assert model.name == "deep_clustering"


def test_the_same_seed_gives_the_same_start_and_build_finds_both(table):
    preprocessor = prepared(table, "a", "b")
    first, same, other = (models.autoencoder(preprocessor, seed=s).get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert models.build(None, preprocessor, "deep_clustering", n_clusters=3).output_shape == (None, 3)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (("a",), {"n_clusters": 1}, "n_clusters: expected a whole number"),
        (("a",), {"n_clusters": 3, "bottleneck": 0}, "bottleneck: expected a whole number"),
        (("a",), {"n_clusters": 3, "units": 8}, "units: expected a sequence"),
        (("words",), {"n_clusters": 3}, "text column 'words': expected numbers, not ids in order"),
    ],
)
def test_what_cannot_be_is_refused(table, columns, options, message):
    with pytest.raises(InputError, match=message):
        models.deep_clustering(prepared(table, *columns), **options)
