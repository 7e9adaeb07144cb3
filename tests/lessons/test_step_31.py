"""Notebook 31, text: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_31 import LESSON

WRONG = {
    "idf": 90,
    "vocabulary": lambda texts: len({word for text in texts for word in text.split()}),
    "order": "bag of single words",
    "frozen": 22_600_000,
    "leak": "anywhere",
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name)
