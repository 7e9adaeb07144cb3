"""Notebook 36, clustering: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit.lessons.step_36 import LESSON

WRONG = {
    "pairs": 1797**2,
    "chance": 0.1,
    "silhouette": 0.4,
    "purity": lambda clusters, labels: len(set(clusters)) / len(set(labels)),
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, check_solution):
    check_solution(name, None)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, check_hints):
    check_hints(name, None)
