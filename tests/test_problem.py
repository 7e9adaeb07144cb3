"""The problem is read off the target, says why, and turns labels into numbers and back."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, data
from dltoolkit._checks import InputError
from dltoolkit.problem import KINDS


def frame_of(values, **others):
    return pd.DataFrame({"y": values, "x": range(len(values)), **others})


CASES = {
    "yes and no": (["no", "yes"] * 4, "binary", ("no", "yes")),
    "booleans": ([True, False] * 4, "binary", ("False", "True")),
    "zeros and ones": ([0, 1] * 4, "binary", ("0", "1")),
    "labels that came as floats": ([0.0, 1.0] * 4, "binary", ("0", "1")),
    "the rarer text is positive": (["good"] * 6 + ["bad"] * 2, "binary", ("good", "bad")),
    "minus one and one": ([-1, 1] * 4, "binary", ("-1", "1")),
    "three texts": (["a", "b", "c"] * 3, "multiclass", ("a", "b", "c")),
    "few whole numbers, by size": ([10, 9, 2] * 3, "multiclass", ("2", "9", "10")),
    "many whole numbers": (list(range(60)), "regression", ()),
    "fractions": ([0.5, 1.5, 2.5, 0.1], "regression", ()),
    "a pandas category": (pd.Categorical(["a", "b"] * 4), "binary", ("a", "b")),
    "nullable integers": (pd.array([0, 1] * 4, dtype="Int64"), "binary", ("0", "1")),
    "nullable booleans": (pd.array([True, False] * 4, dtype="boolean"), "binary", ("False", "True")),
}


@pytest.mark.parametrize("case", CASES)
def test_the_kind_and_the_classes_are_read_off_the_target(case):
    values, kind, classes = CASES[case]
    problem = Problem.infer(frame_of(values), "y")
    assert (problem.kind, problem.classes) == (kind, classes)
    assert problem.why.endswith(".")


@pytest.mark.parametrize("case", CASES)
def test_what_is_encoded_comes_back_in_the_type_in_which_it_came(case):
    values, kind, _ = CASES[case]
    frame = frame_of(values)
    problem = Problem.infer(frame, "y")
    encoded = problem.encode(frame)
    outputs = np.eye(len(problem.classes))[encoded.astype(int)] if kind == "multiclass" else encoded
    answers = problem.decode(outputs)["prediction"]
    assert (
        answers.tolist() == pytest.approx(list(values))
        if kind == "regression"
        else answers.tolist() == list(values)
    )


def test_probabilities_stand_under_the_names_of_the_classes():
    answers = Problem("binary", "y", ("good", "bad")).decode(np.array([0.25, 0.75]))
    assert answers["prediction"].tolist() == ["good", "bad"]
    assert answers["probability_bad"].tolist() == [0.25, 0.75]
    assert answers["probability_good"].tolist() == [0.75, 0.25]


def test_several_yes_no_columns_are_a_multilabel_problem():
    frame = pd.DataFrame({"a": [0, 1, 1], "b": ["yes", "no", "yes"], "x": [1, 2, 3]})
    problem = Problem.infer(frame, ["a", "b"])
    assert (problem.kind, problem.head.units, problem.head.activation) == ("multilabel", 2, "sigmoid")
    np.testing.assert_array_equal(problem.encode(frame), [[0, 1], [1, 0], [1, 1]])
    assert problem.decode(np.array([[0.1, 0.9]])).iloc[0].to_dict() == {
        "a": 0,
        "b": 1,
        "probability_a": 0.1,
        "probability_b": 0.9,
    }


def test_labels_of_another_type_mean_the_same():
    problem = Problem.infer(frame_of([0, 1, 0, 1]), "y")
    np.testing.assert_array_equal(problem.encode(pd.Series(["1", "0"])), [1, 0])
    np.testing.assert_array_equal(problem.encode(pd.Series([1.0, 0.0])), [1, 0])


def test_the_positive_label_can_be_chosen():
    frame = frame_of(["no", "yes", "yes"] * 2)
    assert Problem.infer(frame, "y", positive="no").classes == ("yes", "no")
    with pytest.raises(InputError, match=r"positive: expected one of 'no', 'yes', got 'maybe'"):
        Problem.infer(frame, "y", positive="maybe")


def test_the_kind_can_be_chosen():
    assert Problem.infer(frame_of([1, 2, 3, 4, 5] * 2), "y", kind="regression").kind == "regression"
    with pytest.raises(InputError, match="2 classes for a binary problem"):
        Problem.infer(frame_of([1, 2, 3] * 2), "y", kind="binary")
    with pytest.raises(InputError, match="numbers for a regression problem"):
        Problem.infer(frame_of(["a", "b"] * 2), "y", kind="regression")


@pytest.mark.parametrize("kind", KINDS)
def test_head_loss_and_metrics_are_what_keras_knows_and_each_says_why(kind):
    classes = {
        "binary": ("a", "b"),
        "multiclass": ("a", "b", "c"),
        "multilabel": ("y", "z"),
        "regression": (),
    }[kind]
    problem = Problem(kind, ("y", "z") if kind == "multilabel" else "y", classes)
    assert keras.losses.get(problem.loss) is not None
    assert all(keras.metrics.get(str(m)) is not None for m in problem.metrics)
    assert keras.activations.get(problem.head.activation) is not None
    assert all(
        part.why.endswith(".") for part in (problem.head, problem.loss, problem.objective, *problem.metrics)
    )
    assert problem.objective.name.startswith("val_")
    assert list(problem.frame().columns) == ["what", "choice", "why"]


@pytest.mark.parametrize("case", CASES)
def test_a_problem_survives_json(case):
    problem = Problem.infer(frame_of(CASES[case][0]), "y")
    assert Problem.from_json(json.loads(json.dumps(problem.to_json()))) == problem


BAD_TARGETS = {
    "a missing label": ([0, 1, None, 1], r"target 'y', row 2: expected a label, got 1 missing"),
    "a blank label": (["a", " ", "b"], r"target 'y', row 1: expected a label, got 1 missing"),
    "one class only": (["a"] * 4, r"at least two different values, got only 'a'"),
    "a constant amount": ([1.5] * 4, r"at least two different values, got only 1.5"),
    "an infinite amount": ([1.5, np.inf, 2.5], r"target 'y', row 1: expected finite numbers"),
    "minus one for not known": ([0, 1, 2, -1], r"row 3: expected class numbers from 0 up, got -1"),
    "dates": (pd.date_range("2024", periods=4), r"expected numbers or classes, got datetime64"),
    "ids": ([f"id{i}" for i in range(60)], r"60 different texts in 60 rows: an id or a free text"),
    "mixed types": ([1, "a", 2.5, "b"], r"labels of one type"),
}


@pytest.mark.parametrize("case", BAD_TARGETS)
def test_a_target_that_cannot_be_learnt_is_refused_by_name(case):
    values, message = BAD_TARGETS[case]
    with pytest.raises(InputError, match=message):
        Problem.infer(frame_of(values), "y")


def test_a_target_that_does_not_exist_brings_the_names_that_come_close():
    with pytest.raises(InputError, match="Did you mean 'Churn'"):
        Problem.infer(pd.DataFrame({"Churn": [0, 1], "x": [1, 2]}), "chrun")


def test_an_unknown_label_is_named_with_its_row():
    problem = Problem("binary", "y", ("no", "yes"))
    with pytest.raises(InputError, match=r"target 'y', row 7: expected one of 'no', 'yes', got 'maybe'"):
        problem.encode(pd.Series(["no", "maybe"], index=[3, 7]))


def test_a_class_with_one_example_is_told():
    with pytest.warns(UserWarning, match="class 'c' has one example only"):
        Problem.infer(frame_of(["a", "b", "a", "b", "c"]), "y")


@pytest.mark.parametrize(
    ("kind", "classes"),
    [("binary", ("a",)), ("multiclass", ("a", "a")), ("regression", ("a",)), ("guess", ())],
)
def test_a_description_that_contradicts_itself_is_refused(kind, classes):
    with pytest.raises(InputError):
        Problem(kind, "y", classes)


def test_outputs_of_another_width_are_refused():
    with pytest.raises(InputError, match=r"outputs: expected 3 column\(s\), got 2"):
        Problem("multiclass", "y", ("a", "b", "c")).decode(np.zeros((4, 2)))


@pytest.mark.parametrize("ask", [Problem.infer, data.audit, data.Schema.infer])
def test_a_target_that_names_no_column_is_refused_by_name(ask):
    frame = frame_of([0, 1] * 4, z=[1, 0] * 4)
    with pytest.raises(
        InputError, match=r"target: expected the name of a column, or several, got 3\. The columns.*'z'"
    ):
        ask(frame, 3)
    with pytest.raises(InputError, match="target: expected at least one column name, got none"):
        ask(frame, [])
    with pytest.raises(InputError, match="target: expected each column once, got 'y' repeated"):
        ask(frame, ["y", "z", "y"])


def test_no_target_is_refused_where_one_is_needed():
    for ask in (Problem.infer, data.audit):
        with pytest.raises(InputError, match="target: expected the name of a column, or several, got None"):
            ask(frame_of([0, 1] * 4), None)
