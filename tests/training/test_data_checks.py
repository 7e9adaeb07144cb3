"""What is wrong with the data is said before the first epoch, by name and row, and costs next to nothing."""

import time
import types

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.data._content import row_hashes
from dltoolkit.training._data_checks import check_data, check_features, shared_rows

RNG = np.random.default_rng(0)


def table(n=300):
    x = RNG.normal(size=(n, 2))
    town = RNG.choice(["Rome", "Oslo", "Bern"], n)
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "town": town, "y": np.where(x[:, 0] > 0.5, "yes", "no")})


FRAME = table()
PROBLEM = Problem.infer(FRAME, "y")


def by_hand(train, validation):
    """Splits as somebody may put them together."""
    return types.SimpleNamespace(train=train, validation=validation, sizes={})


def fit(splits, problem=PROBLEM, **options):
    names = [c for c in splits.train if c not in problem.targets]
    schema = Schema.infer(
        FRAME[[*names, *problem.targets]] if problem is PROBLEM else splits.train, problem.target
    )
    preprocessor = preprocessing.fit(FRAME if problem is PROBLEM else splits.train, schema)
    model = models.linear(problem, preprocessor)
    return training.fit(model, preprocessor, splits, problem, epochs=1, progress=False, **options)


TRAIN, VALIDATION = FRAME[:200], FRAME[200:]
ONE = TRAIN[TRAIN["y"] == "no"]
BAD = {
    "an unknown label": (
        by_hand(TRAIN, VALIDATION.assign(y="maybe")),
        "validation part, target 'y', row 200, 201, .*: expected one of 'no', 'yes', got 'maybe'",
    ),
    "a missing label": (
        by_hand(TRAIN.assign(y=TRAIN["y"].where(TRAIN.index != 7)), VALIDATION),
        "train part, target 'y', row 7: expected a label, got 1 missing",
    ),
    "one class": (
        by_hand(ONE, VALIDATION),
        r"train part, target 'y': expected at least two different values, got 'no' in all \d+ rows. There is nothing",
    ),
    "no rows": (by_hand(TRAIN, VALIDATION[:0]), "validation part: expected at least one row, got none"),
    "the very same rows": (
        by_hand(TRAIN, pd.concat([VALIDATION, TRAIN[:3]])),
        "validation part: expected other rows than the training part, got 3 rows in both: row 0, 1, 2. Split anew",
    ),
    "all rows": (by_hand(FRAME, FRAME), "got 300 rows in both: row 0, 1, 2, 3, 4 and 295 more"),
}


@pytest.mark.parametrize("case", BAD)
def test_parts_that_cannot_be_learnt_from_or_judged_by_are_refused(case):
    splits, message = BAD[case]
    with pytest.raises(InputError, match=message):
        fit(splits)


def test_an_amount_that_never_varies_is_refused():
    frame = FRAME.drop(columns="y").assign(z=np.where(FRAME.index < 200, 1.0, 2.5))
    problem = Problem.infer(frame, "z", kind="regression")
    with pytest.raises(
        InputError, match="train part, target 'z': expected at least two different values, got 1.0 in all"
    ):
        fit(by_hand(frame[:200], frame[200:]), problem)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras itself
def test_rows_that_only_look_the_same_are_told_with_their_number():
    twins = pd.concat([VALIDATION, TRAIN[:2].assign(y="no").set_axis([900, 901])])
    with pytest.warns(
        UserWarning, match=r"^2 of 102 validation rows have the very features of a training row .*900, 901"
    ):
        fit(by_hand(TRAIN, twins))


def test_labels_of_rows_do_not_make_them_the_same():
    """Both parts numbered from 0, as after reset_index."""
    fit(by_hand(TRAIN, VALIDATION.reset_index(drop=True)))


@pytest.mark.parametrize("how", ["over", "under"])
def test_splits_of_the_kit_pass_resampled_or_not(how):
    splits = data.split(FRAME, PROBLEM)
    fit(splits)
    fit(training.resample(splits, PROBLEM, how=how))


def test_shared_rows_are_those_of_whole_tables():
    small = RNG.integers(0, 3, (400, 4)).astype(float)
    frame = pd.DataFrame(small, columns=list("abcd")).assign(t=RNG.choice(["x", None], 400))
    frame.loc[::7, "b"] = np.nan
    first, second = frame[:250], frame[250:]
    found = shared_rows(first, second)
    hashes = row_hashes(first), row_hashes(second)
    np.testing.assert_array_equal(found[0], np.flatnonzero(np.isin(hashes[0], hashes[1])))
    np.testing.assert_array_equal(found[1], np.flatnonzero(np.isin(hashes[1], hashes[0])))
    assert len(found[0]) > 10
    assert [len(rows) for rows in shared_rows(first[[]], second[[]])] == [0, 0]


def test_columns_of_arrays_are_looked_at_too():
    pictures = [RNG.integers(0, 255, (4, 4), dtype="uint8") for _ in range(20)]
    frame = pd.DataFrame({"picture": pictures, "kind": ["a", "b"] * 10})
    first, second = frame[:15], pd.concat([frame[15:], frame[3:4]])
    assert [rows.tolist() for rows in shared_rows(first, second)] == [[3], [5]]


def test_a_feature_that_is_no_finite_number_is_named_with_its_column_and_rows():
    preprocessor = preprocessing.fit(TRAIN, Schema.infer(FRAME, "y"))
    feed = preprocessor._feed(TRAIN, 32, problem=PROBLEM)
    check_features(feed, TRAIN.index, preprocessor, "train")
    feed.parts[0]["dense"] = feed.parts[0]["dense"].copy()
    feed.parts[0]["dense"][[5, 8], 1] = [np.inf, np.nan]
    column = preprocessor.feature_names[1]
    with pytest.raises(
        InputError,
        match=f"train part, feature 'dense', column '{column}', row 5, 8: expected finite numbers, got 2",
    ):
        check_features(feed, TRAIN.index, preprocessor, "train")


def test_a_value_too_large_for_its_scale_stops_the_training_before_it_begins():
    small = FRAME.assign(a=FRAME["a"] / 100)
    preprocessor = preprocessing.fit(small, Schema.infer(small, "y"))
    splits = by_hand(small[:200].assign(a=small["a"].where(small.index != 9, 3e38)), small[200:])
    with pytest.raises(
        InputError, match="train part, feature 'dense', column 'a', row 9: expected finite numbers"
    ):
        training.fit(
            models.linear(PROBLEM, preprocessor), preprocessor, splits, PROBLEM, epochs=1, progress=False
        )


def test_the_checks_cost_less_than_a_fiftieth_of_a_small_training():
    digits = data.load("digits")
    problem = Problem.infer(digits, data.CATALOGUE["digits"].target)
    splits = data.split(digits, problem)
    preprocessor = preprocessing.fit(splits.train, Schema.infer(digits, problem.target))
    began = time.perf_counter()
    training.fit(models.mlp(problem, preprocessor), preprocessor, splits, problem, epochs=3, progress=False)
    whole = time.perf_counter() - began
    feed = preprocessor._feed(splits.train, 32, problem=problem)
    spent = []
    for _ in range(3):
        began = time.perf_counter()
        check_data(splits, problem)
        check_features(feed, splits.train.index, preprocessor, "train")
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.02 * whole
