"""Notebook 07, choose the optimizer: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_07 import LESSON

WRONG = {
    "limit": 1.0,
    "coast": lambda gradient, rate, keep: rate * gradient,
    "first_step": 0.001 * 0.0003,
    "best_rate": lambda losses: min(losses, key=losses.get),
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name)
