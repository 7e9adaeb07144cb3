"""Quantiles of the columns of numbers, which a network may cut them by."""

import json

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Schema, preprocessing
from dltoolkit.preprocessing import Preprocessor

ROLES = {
    "income": "numeric",
    "rooms": "numeric",
    "pool": "boolean",
    "sold": "datetime",
    "town": "categorical",
}


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    train = pd.DataFrame(
        {
            "town": rng.choice(["a", "b"], 400),
            "income": rng.lognormal(10, 1, 400),
            "rooms": rng.choice([1.0, 2.0, 3.0], 400),
            "pool": rng.choice([0, 1], 400),
            "sold": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, 400), "D"),
            "price": rng.normal(size=400),
        }
    )
    train.loc[:99, "income"] = np.nan
    return train, preprocessing.fit(train, Schema.infer(train, "price").with_roles(**ROLES))


def test_columns_of_numbers_and_elapsed_times_have_quantiles_at_their_place_in_the_dense_block(fitted):
    _, preprocessor = fitted
    named = {preprocessor.feature_names[place]: values for place, values in preprocessor.quantiles.items()}
    assert set(named) == {"income", "rooms", "sold (elapsed)"}
    assert all(np.all(np.diff(values) > 0) for values in named.values())


def test_they_are_those_of_the_known_values_as_they_stand_in_the_block(fitted):
    train, preprocessor = fitted
    place = preprocessor.feature_names.index("income")
    block = preprocessor.transform(train)["dense"][train["income"].notna(), place]
    expected = np.sort(block)[np.ceil(np.linspace(0, 1, 65) * len(block)).astype(int).clip(1) - 1]
    np.testing.assert_allclose(preprocessor.quantiles[place], expected, atol=1e-5)


def test_a_value_that_is_several_quantiles_counts_once(fitted):
    _, preprocessor = fitted
    assert len(preprocessor.quantiles[preprocessor.feature_names.index("rooms")]) == 3


def test_they_survive_being_saved(fitted):
    _, preprocessor = fitted
    again = Preprocessor.from_json(json.loads(json.dumps(preprocessor.to_json())))
    assert again.quantiles == preprocessor.quantiles


def test_a_preprocessing_saved_before_there_were_quantiles_has_none(fitted):
    _, preprocessor = fitted
    content = json.loads(json.dumps(preprocessor.to_json()))
    for plan in content["plan"]["numeric"]:
        del plan["quantiles"]
    assert Preprocessor.from_json(content).quantiles == {}
