"""The three ways through the preprocessing agree, and equal what plain pandas computes."""

import json
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, models, preprocessing
from dltoolkit._checks import InputError

ROWS = 500
ROLES = {
    "age": "numeric",
    "income": "numeric",
    "own car": "boolean",
    "job/title": "categorical",
    "town": "categorical",
    "since": "datetime",
}


def make(rows=ROWS, seed=0):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows).astype(float),
            "income": np.exp(random.normal(10, 1, rows)),
            "own car": random.random(rows) < 0.4,
            "job/title": random.choice(["nurse", "cook", "pilot"], rows),
            "town": random.choice([f"town {i}" for i in range(60)], rows),
            "since": pd.Timestamp("2021-01-01")
            + pd.to_timedelta(random.integers(0, 1000 * 24 * 60, rows), unit="min"),
            "late": random.choice(["no", "yes"], rows),
        }
    )
    frame.loc[random.random(rows) < 0.1, "age"] = np.nan
    frame.loc[random.random(rows) < 0.1, "job/title"] = None
    frame.loc[random.random(rows) < 0.1, "since"] = pd.NaT
    return frame


@pytest.fixture(scope="module")
def train():
    return make()


@pytest.fixture(scope="module")
def schema(train):
    return Schema.infer(train, "late").with_roles(ROLES)


OPTIONS = {
    "defaults": {},
    "normalised": {"numeric": "normalise", "dates": "cyclic"},
    "robust": {"numeric": "robust", "dates": "elapsed", "missing_indicators": False},
    "logs": {"numeric": "log", "categorical": "one-hot"},
    "left alone": {"numeric": "none", "categorical": "embedding"},
    "hashed": {"categorical": "hash", "hash_bins": 16},
    "rare ones unseen": {"min_count": 9},
    "crossed": {"crosses": [("job/title", "town")], "columns": {"age": "log", "income": "drop"}},
    "crossed one-hot": {"crosses": [("job/title", "town")], "max_one_hot": 500},
}


@pytest.mark.parametrize("options", OPTIONS)
def test_transform_dataset_and_model_give_the_same_features(train, schema, options):
    preprocessor = preprocessing.fit(train, schema, **OPTIONS[options])
    new = make(1000, seed=1)
    new.loc[3, "town"], new.loc[4, "job/title"], new.loc[5, "age"] = "Atlantis", "astronaut", np.nan
    features = preprocessor.transform(new)
    modelled = preprocessor.model(preprocessor.inputs(new))
    batches = list(preprocessor.dataset(new, 64))
    assert set(features) == set(modelled) == set(preprocessor.specs)
    for name, spec in preprocessor.specs.items():
        assert features[name].shape == (1000, *spec.shape)
        assert features[name].dtype == spec.dtype
        assert np.isfinite(features[name]).all()
        exact = spec.vocabulary_size is not None
        np.testing.assert_allclose(features[name], modelled[name].numpy(), rtol=0, atol=0 if exact else 1e-6)
        np.testing.assert_array_equal(features[name], np.concatenate([b[name] for b in batches]))
        if spec.vocabulary_size is not None:
            assert features[name].min() >= 0
            assert features[name].max() < spec.vocabulary_size


SCALERS = {
    "standardise": lambda x: (x - x.mean()) / x.std(ddof=0),
    "normalise": lambda x: (x - x.min()) / (x.max() - x.min()),
    "robust": lambda x: (x - x.median()) / (x.quantile(0.75) - x.quantile(0.25)),
    "log": lambda x: (np.log1p(x) - np.log1p(x).mean()) / np.log1p(x).std(ddof=0),
    "none": lambda x: x,
}


@pytest.mark.parametrize("numeric", SCALERS)
def test_numbers_are_filled_and_scaled_as_pandas_would(train, schema, numeric):
    features = preprocessing.fit(train, schema, numeric=numeric).feature_frame(train)
    for column in ("age", "income"):
        expected = SCALERS[numeric](train[column].fillna(train[column].median()))
        np.testing.assert_allclose(features[column], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(features["age is missing"], train["age"].isna())
    assert "income is missing" not in features


def test_categories_become_one_hot_columns_or_ids(train, schema):
    preprocessor = preprocessing.fit(train, schema)
    features = preprocessor.feature_frame(train)
    for job in ("nurse", "cook", "pilot"):
        np.testing.assert_array_equal(features[f"job/title={job}"], train["job/title"] == job)
    np.testing.assert_array_equal(features["job/title is missing"], train["job/title"].isna())
    by_count = train["town"].value_counts(sort=False)
    ids = features.groupby(train["town"])["town (id)"].agg(["min", "max"])
    assert (ids["min"] == ids["max"]).all()
    assert sorted(ids["min"]) == list(range(2, 62))
    assert by_count[ids["min"].idxmin()] == by_count.max()


def test_dates_become_cycles_and_an_elapsed_time(train, schema):
    features = preprocessing.fit(train, schema).feature_frame(train)
    known = train["since"].notna()
    seconds = (train["since"] - pd.Timestamp("1970-01-01")).dt.total_seconds()[known]
    hours = train["since"].dt.hour + train["since"].dt.minute / 60
    np.testing.assert_allclose(
        features["since sin(day)"][known], np.sin(2 * np.pi * hours / 24)[known], atol=1e-6
    )
    weekday = train["since"].dt.day_of_week + hours / 24
    np.testing.assert_allclose(
        features["since cos(week)"][known], np.cos(2 * np.pi * weekday / 7)[known], atol=1e-6
    )
    assert np.corrcoef(features["since (elapsed)"][known], seconds)[0, 1] == pytest.approx(1, abs=1e-9)
    np.testing.assert_array_equal(features["since is missing"], train["since"].isna())
    assert (features.filter(like="since sin(year)").abs() <= 1).all(axis=None)


def test_unseen_and_missing_values_are_handled_and_counted(train, schema):
    preprocessor = preprocessing.fit(train, schema)
    new = train.head(10).copy()
    new["town"] = ["Atlantis", "Atlantis", "El Dorado", None, *train["town"].iloc[4:10]]
    new["age"] = [np.nan] * 2 + [30.0] * 8
    counts = preprocessor.counts(new).set_index("column")
    assert counts.loc["town", ["missing", "unseen", "examples"]].tolist() == [1, 3, ("Atlantis", "El Dorado")]
    assert counts.loc["age", "missing"] == 2
    assert preprocessor.transform(new)["town"][:4, 0].tolist() == [1, 1, 1, 0]
    new["job/title"] = "astronaut"
    assert not preprocessor.feature_frame(new).filter(like="job/title").to_numpy().any()


def test_other_types_and_other_orders_mean_the_same(train, schema):
    preprocessor = preprocessing.fit(train, schema)
    expected = preprocessor.transform(train)
    other = train.assign(
        **{
            "age": train["age"].astype("Int64").astype("str"),
            "own car": train["own car"].map({True: "yes", False: "no"}),
            "town": pd.Categorical(train["town"]),
            "since": train["since"].dt.strftime("%Y-%m-%d %H:%M:%S"),
            "an extra column": 1,
        }
    )
    came = preprocessor.transform(other[other.columns[::-1]])
    for name in expected:
        np.testing.assert_array_equal(came[name], expected[name])


def test_whole_number_categories_survive_a_missing_value(train):
    frame = pd.DataFrame({"zone": [1, 2, 3] * 10, "y": [0, 1] * 15})
    schema = Schema.infer(frame, "y").with_roles(zone="categorical")
    preprocessor = preprocessing.fit(frame, schema)
    floats = frame.assign(zone=[None, *frame["zone"][1:].astype(float)])
    np.testing.assert_array_equal(
        preprocessor.transform(floats)["dense"][1:], preprocessor.transform(frame)["dense"][1:]
    )


def test_large_numbers_keep_their_differences(train):
    frame = pd.DataFrame({"stamp": 1.7e15 + np.arange(100.0), "y": [0, 1] * 50})
    schema = Schema.infer(frame, "y").with_roles(stamp="numeric")
    dense = preprocessing.fit(frame, schema).transform(frame)["dense"][:, 0]
    np.testing.assert_allclose(dense, (np.arange(100) - 49.5) / np.arange(100).std(), atol=1e-6)


def test_times_with_a_zone_are_read_in_utc(train, schema):
    preprocessor = preprocessing.fit(train, schema)
    zoned = train.assign(since=train["since"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    np.testing.assert_array_equal(
        preprocessor.transform(zoned)["dense"], preprocessor.transform(train)["dense"]
    )


def test_the_fitted_preprocessing_survives_json_and_a_folder(train, schema, tmp_path):
    preprocessor = preprocessing.fit(train, schema, crosses=[("job/title", "own car")[:1] + ("town",)])
    content = json.loads(json.dumps(preprocessor.to_json()))
    preprocessor.save(tmp_path)
    for again in (preprocessing.Preprocessor.from_json(content), preprocessing.load(tmp_path)):
        for name, values in preprocessor.transform(train).items():
            np.testing.assert_array_equal(again.transform(train)[name], values)
        assert again.target_statistics == preprocessor.target_statistics


def test_the_model_is_plain_keras_that_loads_without_the_package(train, schema, tmp_path):
    preprocessor = preprocessing.fit(train, schema, crosses=[("job/title", "town")])
    preprocessor.model.save(tmp_path / "p.keras")
    np.savez(
        tmp_path / "in.npz",
        **{
            k.replace("\u2215", "_"): v.numpy().astype("U" if v.dtype == "string" else v.dtype.name)
            for k, v in preprocessor.inputs(train).items()
        },
    )
    np.savez(tmp_path / "out.npz", **preprocessor.transform(train))
    code = """
import sys, numpy as np, keras, tensorflow as tf
model = keras.saving.load_model("p.keras", safe_mode=True)
raw = np.load("in.npz"); out = np.load("out.npz")
came = model({k: tf.constant(raw[k.replace("\u2215", "_")]) for k in model.input})
assert all(np.allclose(came[k].numpy(), out[k], rtol=0, atol=1e-6) for k in out.files), "features differ"
assert not any(m.startswith("dltoolkit") for m in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert keras.saving.load_model(tmp_path / "p.keras", safe_mode=True).name == "preprocessing"


def test_batches_hold_features_target_and_weights_in_a_seeded_order(train, schema):
    preprocessor = preprocessing.fit(train, schema)
    problem = Problem.infer(train, "late")
    weights = np.arange(ROWS, dtype="float32")
    plain = list(preprocessor.dataset(train, 128, problem=problem, weights=weights))
    assert [len(y) for _, y, _ in plain] == [128, 128, 128, 116]
    np.testing.assert_array_equal(np.concatenate([y for _, y, _ in plain]), problem.encode(train))
    arguments = {"problem": problem, "weights": weights, "shuffle": True}
    first, again, other = (preprocessor.dataset(train, 128, seed=s, **arguments) for s in (4, 4, 5))
    passes = [[np.concatenate([w for _, _, w in d]) for _ in range(2)] for d in (first, again, other)]
    for one in passes:
        np.testing.assert_array_equal(np.sort(one[0]), weights)
    np.testing.assert_array_equal(passes[0], passes[1])
    assert not np.array_equal(passes[0][0], passes[0][1])
    assert not np.array_equal(passes[0][0], passes[2][0])


def test_nothing_is_learnt_from_columns_that_carry_nothing():
    frame = pd.DataFrame({"same": 1.0, "none": np.nan, "one": "a", "x": [1.0, 2.0] * 5, "y": [0, 1] * 5})
    roles = {"same": "numeric", "none": "numeric", "one": "categorical", "x": "numeric"}
    preprocessor = preprocessing.fit(frame, Schema.infer(frame, "y").with_roles(roles))
    assert preprocessor.feature_names == ("x",)
    assert preprocessor.left_out == {
        "same": "constant: every value is 1",
        "none": "every value is missing",
        "one": "constant: every value is 'a'",
    }


def test_the_caller_s_frame_is_left_as_it_was(train, schema):
    before = train.copy(deep=True)
    preprocessing.fit(train, schema).transform(train)
    pd.testing.assert_frame_equal(train, before)


def test_an_empty_frame_gives_no_features_rows(train, schema):
    features = preprocessing.fit(train, schema).transform(train.head(0))
    assert {len(values) for values in features.values()} == {0}


BAD_FRAMES = {
    "a missing column": (lambda f: f.drop(columns="town"), r"column 'town': expected to be there"),
    "text among numbers": (
        lambda f: f.assign(age=["forty", *f["age"][1:].astype("str")]),
        r"column 'age', row 0: expected numbers, as in training, got 'forty'",
    ),
    "infinity": (
        lambda f: f.assign(income=[np.inf, *f["income"][1:]]),
        r"column 'income', row 0: expected finite numbers",
    ),
    "no yes or no": (
        lambda f: f.assign(**{"own car": "perhaps"}),
        r"column 'own car', row 0, 1, 2, 3, 4 and 495 more: expected True/False",
    ),
    "no date": (lambda f: f.assign(since="some day"), r"column 'since', row .*: expected dates such as"),
    "a number as a date": (
        lambda f: f.assign(since=5),
        r"column 'since': expected dates, as in training, got int64 numbers",
    ),
    "a date as a number": (
        lambda f: f.assign(age=f["since"]),
        r"column 'age': expected numbers, got datetime64",
    ),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_a_frame_that_cannot_be_read_as_in_training_is_refused_by_column_and_row(train, schema, case):
    spoil, message = BAD_FRAMES[case]
    preprocessor = preprocessing.fit(train, schema)
    for way in (preprocessor.transform, preprocessor.inputs):
        with pytest.raises(InputError, match=message):
            way(spoil(train))


def test_every_fault_of_a_frame_is_told_at_once(train, schema):
    spoilt = train.assign(age="x", income=np.inf)
    with pytest.raises(InputError, match=r"2 problems:\n- column 'age'.*\n- column 'income'"):
        preprocessing.fit(train, schema).transform(spoilt)


BAD_OPTIONS = {
    "numeric": ({"numeric": "standardize"}, r"Did you mean 'standardise'"),
    "categorical": ({"categorical": "onehot"}, r"Did you mean 'one-hot'"),
    "hash bins": ({"hash_bins": 1}, r"hash_bins: expected a whole number in \[2, inf\]"),
    "override of no column": (
        {"columns": {"tow": "hash"}},
        r"columns\['tow'\]: expected a feature among .* got no such column",
    ),
    "override that does not fit": (
        {"columns": {"town": "log"}},
        r"columns\['town'\]: expected one of .* for a categorical column",
    ),
    "cross of numbers": (
        {"crosses": [("age", "town")]},
        r"crosses: expected groups of two or more categorical columns",
    ),
    "everything dropped": ({"columns": dict.fromkeys(ROLES, "drop")}, r"at least one usable feature column"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_an_option_that_cannot_be_followed_is_refused(train, schema, case):
    options, message = BAD_OPTIONS[case]
    with pytest.raises(InputError, match=message):
        preprocessing.fit(train, schema, **options)


def test_weights_need_a_problem_and_a_value_for_each_row(train, schema):
    preprocessor = preprocessing.fit(train, schema)
    with pytest.raises(InputError, match="one weight for each of the 500 rows"):
        preprocessor.dataset(train, weights=np.ones(3), problem=Problem.infer(train, "late"))


def test_any_column_name_will_do():
    names = [
        "a/b",
        "a\u2215b",
        "features",
        "lookup_0",
        "dense",
        "answer",
        "hidden_1",
        "",
        " x ",
        "größe \U0001f600",
        "embedding_0",
    ]
    random = np.random.default_rng(0)
    frame = pd.DataFrame({name: random.choice([f"v{i}" for i in range(40)], 200) for name in names})
    frame["a/b"], frame["y"] = random.normal(size=200), random.integers(0, 2, 200)
    roles = {name: "numeric" if name == "a/b" else "categorical" for name in names}
    preprocessor = preprocessing.fit(frame, Schema.infer(frame, "y").with_roles(roles))
    features, modelled = preprocessor.transform(frame), preprocessor.model(preprocessor.inputs(frame))
    assert len(features) == len(names)
    for name, values in features.items():
        np.testing.assert_allclose(values, modelled[name].numpy(), atol=1e-6)
    problem = Problem.infer(frame, "y")
    for build in (models.linear, models.mlp):
        assert build(problem, preprocessor)(features).shape == (200, 1)


@pytest.mark.parametrize(
    "values", [[1, 2], [0.5, np.nan], [True, False], pd.to_datetime(["2024-01-01", "2024-02-01"])]
)
def test_a_category_that_comes_in_another_type_is_refused_and_no_new_category(train, schema, values):
    preprocessor = preprocessing.fit(train, schema)
    new = train.head(2).assign(**{"job/title": values})
    for use in (preprocessor.transform, preprocessor.inputs, preprocessor.counts):
        with pytest.raises(
            InputError, match=r"column 'job/title': expected text as in training, such as .*got "
        ):
            use(new)
    empty = train.head(2).assign(**{"job/title": np.nan})
    assert preprocessor.counts(empty).set_index("column").loc["job/title", "missing"] == 2


def test_codes_stay_categories_whatever_type_they_come_in(train):
    coded = train.assign(town=[str(i % 7) for i in range(len(train))])[["age", "town", "late"]]
    preprocessor = preprocessing.fit(coded, Schema.infer(coded, "late").with_roles(town="categorical"))
    new = coded.head(3).assign(town=[1, 6, 99])
    counts = preprocessor.counts(new).set_index("column")
    assert counts.loc["town", ["missing", "unseen", "examples"]].tolist() == [0, 1, ("99",)]
