"""Notebook 30, images: its solutions are right, and wrong answers get a hint."""

import types

import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_30 import LESSON

WRONG = {"weights": 9 * 32 * 64, "slide": [0, 5, 0, 0, 5], "seen": 9, "varied": "shift", "clear": 0.1}


@pytest.fixture
def project():
    return types.SimpleNamespace(splits=types.SimpleNamespace(sizes={"validation": 288}))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)


def test_the_interval_goes_by_the_rows_of_the_project(project):
    assert lessons.exercises("30", project).clear(1.6)
    project.splits.sizes["validation"] = 6_000
    assert not lessons.exercises("30", project).clear(1.6)
