"""Notebook 33, recommenders: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_33 import LESSON

WRONG = {
    "bias": 4.6,
    "weights": 671 * 9066,
    "gain": 1 / 3,
    "hit_rate": lambda lists, chosen: len(lists) / len(chosen),
    "cold": "its own vector",
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name, None)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name, None)
