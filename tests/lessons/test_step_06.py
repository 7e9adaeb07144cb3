"""Notebook 06, choose the loss: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_06 import LESSON

WRONG = {
    "cost": 0.25,
    "log_loss": lambda truth, said: 0.0,
    "weight": 10,
    "threshold": 0.5,
    "typing_errors": "mean_squared_error",
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name)
