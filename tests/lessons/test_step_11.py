"""Notebook 11, fine-tune and optimise: its solutions are right, and wrong answers get a hint."""

import types

import numpy as np
import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_11 import LESSON

WRONG = {
    "spread": np.std,
    "verdict": "gain",
    "how_many": 5,
    "importance": lambda before, after: after[0] / before,
    "kept": "run",
}


@pytest.fixture
def project():
    return types.SimpleNamespace(tuned={"model": "fine_tuned", "scores": {"run": 0.44, "fine_tuned": 0.43}})


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)


def test_the_model_kept_is_the_one_that_the_project_names(project):
    project.tuned["model"] = "run"
    assert lessons.exercises("11", project).kept("run")
