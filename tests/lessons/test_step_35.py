"""Notebook 35, credit scoring: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_35 import LESSON

WRONG = {
    "points": 18,
    "gini": 0.70,
    "threshold": 0.5,
    "burden": lambda amount, months, income, expenses: amount / months / income,
    "clearly": "better",
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name, None)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name, None)
