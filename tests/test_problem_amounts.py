"""Several amounts at once, and amounts as quantiles."""

import json

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem
from dltoolkit._checks import InputError

FRAME = pd.DataFrame({"a": [1.5, 2.5, 3.0], "b": [10, 20, 30], "yes": [0, 1, 1], "word": ["x", "y", "x"]})
QUANTILES = (0.1, 0.5, 0.9)


def test_several_columns_of_numbers_are_answered_at_once():
    problem = Problem.infer(FRAME, ["a", "b"])
    assert (problem.kind, problem.target, problem.head.units) == ("regression", ("a", "b"), 2)
    assert (problem.loss, problem.head.activation) == ("mean_squared_error", "linear")
    encoded = problem.encode(FRAME)
    np.testing.assert_array_equal(encoded, [[1.5, 10], [2.5, 20], [3, 30]])
    assert encoded.dtype == "float32"
    answers = problem.decode(encoded)
    assert list(answers.columns) == ["prediction_a", "prediction_b"]
    assert answers["prediction_b"].tolist() == [10, 20, 30]


def test_a_number_beside_zeros_and_ones_makes_amounts_of_both():
    assert Problem.infer(FRAME, ["a", "yes"]).kind == "regression"


def test_zeros_and_ones_alone_stay_labels_unless_amounts_are_asked_for():
    frame = FRAME.assign(no=1 - FRAME["yes"])
    assert Problem.infer(frame, ["yes", "no"]).kind == "multilabel"
    assert Problem.infer(frame, ["yes", "no"], kind="regression").head.units == 2


def test_one_amount_in_a_list_is_one_amount():
    problem = Problem("regression", ["a"])
    assert (problem.target, problem.encode(FRAME).shape) == ("a", (3,))


def test_quantiles_of_one_amount_stand_under_their_names_and_the_median_is_the_answer():
    problem = Problem.infer(FRAME, "a", quantiles=QUANTILES)
    assert (problem.kind, problem.loss, problem.head.units) == ("regression", "pinball", 3)
    assert problem.encode(FRAME).shape == (3,)
    answers = problem.decode(np.array([[1.0, 2.0, 3.0]]))
    assert answers.iloc[0].to_dict() == {
        "prediction": 2,
        "quantile_0.1": 1,
        "quantile_0.5": 2,
        "quantile_0.9": 3,
    }


def test_quantiles_that_cross_are_put_in_order():
    problem = Problem("regression", ("a", "b"), quantiles=QUANTILES)
    answers = problem.decode(np.array([[3.0, 1.0, 2.0, 10.0, 30.0, 20.0]])).iloc[0]
    assert answers["prediction_a"] == 2
    assert [answers[f"quantile_{q}_b"] for q in QUANTILES] == [10, 20, 30]
    np.testing.assert_array_equal(problem.amounts(np.array([[3.0, 1, 2, 10, 30, 20]])), [[2, 20]])


def test_few_whole_numbers_are_amounts_where_quantiles_are_asked_for():
    assert Problem.infer(FRAME, "b", quantiles=[0.5]).kind == "regression"


def test_the_description_comes_back_from_json():
    for problem in (
        Problem.infer(FRAME, ["a", "b"], quantiles=QUANTILES),
        Problem.infer(FRAME, "a", quantiles=QUANTILES),
        Problem.infer(FRAME, ["a", "b"]),
    ):
        assert Problem.from_json(json.loads(json.dumps(problem.to_json()))) == problem


def test_a_description_from_before_there_were_quantiles_is_read():
    content = Problem.infer(FRAME, "a").to_json()
    del content["quantiles"]
    assert Problem.from_json(content).quantiles == ()


@pytest.mark.parametrize(
    ("quantiles", "said"),
    [
        ((0.1, 0.9), r"quantiles: expected 0.5 among them.*\(0.1, 0.5, 0.9\)"),
        ((0.9, 0.5), r"quantiles: expected each once, from the smallest up.*\(0.5, 0.9\)"),
        ((0.5, 1.0), r"quantiles\[1\]: expected a number in \(0, 1\), got 1.0"),
        (0.5, "quantiles: expected a sequence of numbers between 0 and 1, got 0.5"),
    ],
)
def test_quantiles_that_cannot_be_are_refused(quantiles, said):
    with pytest.raises(InputError, match=said):
        Problem.infer(FRAME, "a", quantiles=quantiles)


def test_classes_have_no_quantiles():
    with pytest.raises(InputError, match="none for a binary problem, got 0.5. Classes have probabilities"):
        Problem("binary", "word", ("x", "y"), quantiles=(0.5,))


def test_amounts_and_words_are_not_answered_together():
    with pytest.raises(InputError, match="target 'word': expected numbers for a regression problem, got str"):
        Problem.infer(FRAME, ["a", "word"], kind="regression")
    with pytest.raises(InputError, match="Several targets are all yes/no labels or all amounts"):
        Problem.infer(FRAME, ["a", "word"])


def test_a_target_without_a_label_is_named():
    frame = FRAME.assign(b=[1.0, None, 2.5])
    with pytest.raises(InputError, match="target 'b', row 1: expected a label"):
        Problem.infer(frame, ["a", "b"], kind="regression")
    with pytest.raises(InputError, match="target 'b', row 1"):
        Problem("regression", ("a", "b")).encode(frame)


def test_outputs_of_another_width_are_refused():
    with pytest.raises(InputError, match=r"outputs: expected 6 column\(s\), got 2"):
        Problem("regression", ("a", "b"), quantiles=QUANTILES).decode(np.zeros((1, 2)))
