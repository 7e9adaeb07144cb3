"""Notebook 12, deploy and infer: its solutions are right, and wrong answers get a hint."""

import types

import pytest

from dltoolkit.lessons.step_12 import LESSON

WRONG = {
    "weights": 529,
    "typo": "warns",
    "price": lambda call, row, n: call + row,
    "unseen": lambda counts: [column for column in counts if counts[column]["missing"]],
}


@pytest.fixture
def project():
    network = types.SimpleNamespace(count_params=lambda: 529)
    return types.SimpleNamespace(bundle=types.SimpleNamespace(network=network))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)
