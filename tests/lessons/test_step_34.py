"""Notebook 34, time series: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_34 import LESSON

WRONG = {
    "naive": 1,
    "mase": 1.67,
    "leak": "right",
    "coverage": lambda low, high, truth: 0.5,
    "loss": 17,
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name)
