"""Baselines against plain pandas and scikit-learn."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

from dltoolkit._checks import InputError
from dltoolkit.data import Schema, load
from dltoolkit.models._baseline import SMALL, Baseline, baseline
from dltoolkit.models._baseline_columns import MOST_CATEGORIES
from dltoolkit.problem import Problem

NAMES = ["majority", "linear", "boosting"]


def table(n=300, seed=0):
    """A table with every role, missing values, and a target that depends on some of it."""
    rng = np.random.default_rng(seed)
    age, town = rng.normal(40, 10, n), rng.choice(["york", "bath", "hull"], n)
    frame = pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, age),
            "town": np.where(rng.random(n) < 0.1, None, town),
            "member": rng.random(n) < 0.5,
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 9000, n), unit="h"),
            "note": rng.choice(["late payer with two reminders sent", "always pays at once and in full"], n),
        }
    )
    late = frame["note"].str.startswith("late")
    frame["churn"] = np.where(
        rng.normal(size=n) + (age - 40) / 5 + (town == "bath") + late > 0.5, "yes", "no"
    )
    return frame


ROLES = {
    "age": "numeric",
    "town": "categorical",
    "member": "boolean",
    "since": "datetime",
    "note": "text",
    "churn": "target",
}
SCHEMA = Schema(ROLES, "churn", dict.fromkeys(ROLES, "said so"))
BINARY = Problem("binary", "churn", ("no", "yes"))


def only(*names):
    return Schema(
        {n: r if n in names or r == "target" else "ignore" for n, r in ROLES.items()}, "churn", SCHEMA.why
    )


def test_the_majority_answers_with_the_shares_of_the_classes():
    frame = table()
    outputs = baseline(BINARY, "majority").fit(frame, SCHEMA).outputs(frame.head(3))
    assert outputs.tolist() == pytest.approx([(frame["churn"] == "yes").mean()] * 3)


def test_the_majority_of_a_regression_is_the_mean():
    frame = table()[["age"]].dropna()
    schema = Schema({"age": "target"}, "age", {"age": ""})
    outputs = baseline(Problem("regression", "age"), "majority").fit(frame, schema).outputs(frame)
    assert outputs == pytest.approx(np.full(len(frame), frame["age"].astype("float32").mean()))


def test_the_linear_baseline_is_logistic_regression_on_columns_prepared_by_hand():
    frame = table()
    model = baseline(BINARY, "linear").fit(frame, only("age", "town"))
    age = frame["age"].fillna(frame["age"].median())
    by_hand = pd.get_dummies(frame["town"], dummy_na=True).astype(float)
    by_hand.columns = ["bath", "hull", "york", "none"]
    missing = frame["age"].isna().astype(float)
    by_hand = by_hand.assign(
        age=(age - age.mean()) / age.std(ddof=0), gap=(missing - missing.mean()) / missing.std(ddof=0)
    )
    plain = LogisticRegression(max_iter=1000, tol=1e-8).fit(by_hand, frame["churn"] == "yes")
    np.testing.assert_allclose(model.outputs(frame), plain.predict_proba(by_hand)[:, 1], atol=2e-3)


def test_the_linear_baseline_of_amounts_is_ridge_regression():
    frame = table()[["age", "town"]].dropna()
    schema = Schema({"age": "target", "town": "categorical"}, "age", {"age": "", "town": ""})
    model = baseline(Problem("regression", "age"), "linear").fit(frame, schema)
    dummies = pd.get_dummies(frame["town"]).astype(float)
    plain = Ridge().fit(dummies, frame["age"])
    np.testing.assert_allclose(model.outputs(frame), plain.predict(dummies), rtol=1e-3)


def test_boosting_is_histogram_boosting_on_the_numbers_as_they_are():
    frame = table().assign(height=lambda f: f["age"].fillna(0) ** 2)
    roles = {"age": "numeric", "height": "numeric", "churn": "target"}
    model = baseline(BINARY, "boosting", seed=3).fit(frame, Schema(roles, "churn", dict.fromkeys(roles, "")))
    plain = HistGradientBoostingClassifier(early_stopping=False, random_state=3, **SMALL)
    features = frame[["age", "height"]].to_numpy()
    expected = plain.fit(features, frame["churn"] == "yes").predict_proba(features)[:, 1]
    np.testing.assert_allclose(model.outputs(frame), expected)


def test_linear_reads_texts_as_tf_idf_and_boosting_says_that_it_does_not():
    frame = table()
    linear = baseline(BINARY, "linear").fit(frame, only("note"))
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+").fit_transform(frame["note"])
    plain = LogisticRegression(max_iter=1000).fit(words, frame["churn"] == "yes")
    np.testing.assert_allclose(linear.outputs(frame), plain.predict_proba(words)[:, 1], atol=1e-3)
    boosting = baseline(BINARY, "boosting").fit(frame, SCHEMA)
    assert boosting.left_out == {"note": "boosting does not read text"}


def test_dates_carry_their_month_weekday_and_hour():
    rng = np.random.default_rng(0)
    since = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 20_000, 2000), unit="h")
    for evening in (since.hour >= 18, since.day_of_week == 2, since.month == 5):
        frame = pd.DataFrame({"since": since, "churn": np.where(evening, "yes", "no")})
        for name in ("linear", "boosting"):
            model = baseline(BINARY, name).fit(frame, Schema.infer(frame, "churn"))
            assert roc_auc_score(evening, model.outputs(frame)) > 0.99


@pytest.mark.parametrize("name", NAMES)
def test_every_role_missing_values_and_unseen_categories_are_taken(name):
    frame = table()
    model = baseline(BINARY, name).fit(frame, SCHEMA)
    new = frame.head(5).assign(
        town=["paris", None, "york", "", "bath"],
        age=[np.nan, 1e6, -5, 40, 41],
        since=[pd.NaT, *frame["since"].head(4)],
        note=[None, "", "!", "new words only", "late"],
    )
    outputs = model.outputs(new)
    assert outputs.shape == (5,)
    assert ((outputs >= 0) & (outputs <= 1)).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_and_rows_give_the_same_outputs(name):
    frame = table()
    first, again = (baseline(BINARY, name, seed=4).fit(frame, SCHEMA).outputs(frame) for _ in range(2))
    assert (first == again).all()


@pytest.mark.parametrize("name", NAMES)
def test_column_order_extra_columns_and_other_dtypes_of_the_same_values_change_nothing(name):
    frame = table()
    model = baseline(BINARY, name).fit(frame, SCHEMA)
    other = frame[frame.columns[::-1]].assign(
        extra=1,
        age=frame["age"].astype("Float64"),
        town=frame["town"].astype("category"),
        member=frame["member"].map({True: "True", False: "False"}),
        since=frame["since"].astype("datetime64[ns]"),
    )
    assert (model.outputs(other) == model.outputs(frame)).all()


@pytest.mark.parametrize("name", NAMES)
def test_multiclass_outputs_are_shares_of_all_classes_even_of_one_that_training_lacked(name):
    frame = table().assign(kind=np.resize(["a", "b", "c", "c"], 300))
    problem = Problem("multiclass", "kind", ("a", "b", "c", "d"))
    model = baseline(problem, name).fit(frame, only("age", "town"))
    outputs = model.outputs(frame)
    assert outputs.shape == (300, 4)
    assert outputs.sum(axis=1) == pytest.approx(np.ones(300))
    assert (outputs[:, 3] == 0).all()
    assert set(model.predict(frame)["prediction"]) <= {"a", "b", "c"}


@pytest.mark.parametrize("name", NAMES)
def test_each_label_of_a_multilabel_problem_has_a_model_even_a_constant_one(name):
    frame = table().assign(hot=lambda f: (f["age"] > 40).astype(int), wet=0)
    model = baseline(Problem("multilabel", ("hot", "wet")), name).fit(frame, only("age"))
    outputs = model.outputs(frame)
    assert outputs.shape == (300, 2)
    assert (outputs[:, 1] == 0).all()
    if name != "majority":
        assert roc_auc_score(frame["hot"], outputs[:, 0]) > 0.95


def test_a_class_with_one_row_is_learnt_without_a_fuss():
    frame = table().assign(kind=["once", *np.resize(["a", "b"], 299)])
    problem = Problem("multiclass", "kind", ("a", "b", "once"))
    for name in NAMES:
        assert baseline(problem, name).fit(frame, only("age", "town")).outputs(frame).shape == (300, 3)


def test_a_column_with_thousands_of_categories_is_cut_to_the_frequent_ones():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"tail": rng.integers(0, 3000, 6000).astype(str), "churn": rng.choice(["no", "yes"], 6000)}
    )
    frame.loc[frame.index % 3 == 0, "tail"] = "often"
    schema = Schema({"tail": "categorical", "churn": "target"}, "churn", {"tail": "", "churn": ""})
    for name in ("linear", "boosting"):
        model = baseline(BINARY, name).fit(frame, schema)
        assert len(model._columns.categories["tail"]) == MOST_CATEGORIES
        rare, unseen = model.outputs(
            pd.DataFrame({"tail": [frame["tail"].value_counts().index[-1], "never"]})
        )
        assert rare == unseen


def test_it_decodes_as_the_problem_does_and_describes_itself():
    frame = table()
    model = baseline(BINARY, "linear", seed=2)
    assert "fit(frame, schema)" in repr(model)
    model.fit(frame, SCHEMA)
    pd.testing.assert_frame_equal(model.predict(frame), BINARY.decode(model.outputs(frame)))
    facts = model.frame().set_index("what")["value"]
    assert facts["estimator"] == "LogisticRegression(max_iter=1000, random_state=2)"
    assert facts["columns"] == "age, town, member, since, note"
    assert facts["rows"] == "300"
    assert "evaluate" in repr(model)
    assert isinstance(model, Baseline)


def test_a_solver_that_does_not_settle_is_told_not_hidden(monkeypatch):
    monkeypatch.setattr("dltoolkit.models._baseline.MOST_ITERATIONS", 1)
    model = baseline(BINARY, "linear").fit(table(), SCHEMA)
    assert model.frame().set_index("what").loc["warning", "value"] == "not settled after 1 iterations"


def test_columns_without_content_are_left_out():
    frame = table().assign(town=None, note="...")
    model = baseline(BINARY, "linear").fit(frame, SCHEMA)
    assert model.left_out == {"town": "every value is missing", "note": "no value holds a word"}
    assert "left out: town" in model.frame()["what"].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="age"), r"column 'age': expected to be there"),
        (lambda f: f.drop(columns="churn"), r"column 'churn': expected to be there"),
        (lambda f: f.iloc[:0], r"frame: expected at least 1 row"),
        (
            lambda f: f.assign(churn="no"),
            r"target 'churn': expected at least two classes, got only 'no' in 300",
        ),
        (lambda f: f.assign(churn=f["churn"].where(f.index != 7)), r"row 7: expected a label, got 1 missing"),
        (
            lambda f: f.assign(age=np.inf),
            r"column 'age', row 0, 1, 2, 3, 4 and 295 more: expected finite numbers",
        ),
        (lambda f: f.assign(age=1e200), r"column 'age', row .*: expected numbers up to 1e\+150 in size"),
        (lambda f: f["age"], r"frame: expected a pandas DataFrame"),
    ],
)
def test_fit_refuses_rows_that_it_cannot_learn_from(change, message):
    with pytest.raises(InputError, match=message):
        baseline(BINARY, "linear").fit(change(table()), SCHEMA)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="town"), r"column 'town': expected to be there"),
        (
            lambda f: f.assign(age="old"),
            r"column 'age', row 0, 1, 2: expected numbers, as in training, got 'old'",
        ),
        (
            lambda f: f.assign(age=f["since"]),
            r"column 'age': expected numbers, as in training, got datetime64",
        ),
        (
            lambda f: f.assign(member="maybe"),
            r"column 'member', row 0, 1, 2: expected True/False, .*got 'maybe'",
        ),
        (
            lambda f: f.assign(since="soon"),
            r"column 'since', row 0, 1, 2: expected dates such as 2024-01-31.*'soon'",
        ),
        (lambda f: f.assign(since=3), r"column 'since': expected dates, as in training, got int64 numbers"),
        (lambda f: f.assign(age="old", since=3), r"(?s)2 problems:.*'age'.*'since'"),
        (lambda f: f.iloc[:0], r"frame: expected at least 1 row"),
    ],
)
def test_outputs_refuses_rows_that_it_cannot_read(change, message):
    model = baseline(BINARY, "linear").fit(table(), SCHEMA)
    with pytest.raises(InputError, match=message):
        model.outputs(change(table(3)))


def test_an_unfitted_baseline_and_unknown_names_are_refused():
    with pytest.raises(InputError, match=r"baseline: expected to be fitted first.*\.fit\(frame, schema\)"):
        baseline(BINARY, "linear").outputs(table())
    with pytest.raises(InputError, match=r"name: expected one of .* got 'boost'\. Did you mean 'boosting'\?"):
        baseline(BINARY, "boost")
    with pytest.raises(InputError, match=r"seed: expected a whole number"):
        baseline(BINARY, "linear", seed=-1)
    with pytest.raises(InputError, match=r"problem: expected a Problem, got str"):
        baseline("churn")


def test_a_schema_without_a_usable_feature_is_refused_except_by_the_majority():
    none = only()
    for name in ("linear", "boosting"):
        with pytest.raises(
            InputError, match=rf"schema: expected at least one feature that '{name}' can use, got none"
        ):
            baseline(BINARY, name).fit(table(), none)
    with pytest.raises(InputError, match=r"got none \('note' left out\)"):
        baseline(BINARY, "boosting").fit(table(), only("note"))
    assert baseline(BINARY, "majority").fit(table(), none).outputs(table(3)).shape == (3,)


@pytest.mark.parametrize(("name", "floor"), [("linear", 0.83), ("boosting", 0.848)])
def test_credit_is_learnt_as_well_as_plain_scikit_learn_learns_it(name, floor):
    frame = load("credit")
    problem, schema = Problem.infer(frame, "Status"), Schema.infer(frame, "Status")
    train, test = train_test_split(frame, test_size=0.2, stratify=frame["Status"], random_state=0)
    outputs = baseline(problem, name).fit(train, schema).outputs(test)
    assert roc_auc_score(problem.encode(test), outputs) >= floor


def test_ames_is_learnt_as_well_as_plain_scikit_learn_learns_it():
    frame = load("ames").assign(Sale_Price=lambda f: np.log(f["Sale_Price"]))
    schema = Schema.infer(frame, "Sale_Price")
    train, test = train_test_split(frame, test_size=0.2, random_state=0)
    outputs = baseline(Problem("regression", "Sale_Price"), "boosting").fit(train, schema).outputs(test)
    assert root_mean_squared_error(test["Sale_Price"], outputs) <= 0.128


def test_flights_are_learnt_in_seconds():
    frame = load("flights").sample(30_000, random_state=0)
    problem, schema = Problem.infer(frame, "late"), Schema.infer(frame, "late")
    start = time.process_time()
    for name in ("linear", "boosting"):
        model = baseline(problem, name).fit(frame.head(25_000), schema)
        assert roc_auc_score(problem.encode(frame.tail(5_000)), model.outputs(frame.tail(5_000))) > 0.7
    assert time.process_time() - start < 30  # 2 s on a quiet machine


def test_the_baselines_load_no_deep_learning_framework():
    code = (
        "import sys, dltoolkit.models._baseline\n"
        "print([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
