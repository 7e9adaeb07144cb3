"""Notebook 32, speech: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_32 import LESSON

WRONG = {
    "frames": 100,
    "chance": 0.1,
    "split": "at random",
    "unsafe": "a little noise",
    "shared": lambda train, test: 0.5,
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name)
