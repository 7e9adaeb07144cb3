"""Notebook 09, validate and tune: its solutions are right, and wrong answers get a hint."""

import types

import pandas as pd
import pytest

from dltoolkit.lessons.step_09 import LESSON

WRONG = {
    "grid": 11,
    "trials": 28,
    "paired": lambda first, second: (sum(second) - sum(first), 0.0),
    "winner": 0,
    "curse": 0.430,
}


@pytest.fixture
def project():
    """A project whose third trial failed and whose last one won."""
    trials = pd.DataFrame({"trial": [0, 1, 2, 3], "score": [0.5, 0.45, None, 0.4]}).astype({"score": float})
    return types.SimpleNamespace(search=types.SimpleNamespace(trials=trials))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)
