"""Notebook 03, preprocess: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit import Project
from dltoolkit.lessons.step_03 import LESSON

WRONG = {
    "learnt": "all",
    "standardise": lambda train, new: (new - new.mean()) / new.std(),
    "one_hot": lambda vocabulary, values: [[1] * len(vocabulary)] * len(values),
    "features": 1,
    "clock": 11,
}


@pytest.fixture(scope="module", params=["penguins", "ames"])
def project(request, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("projects") / request.param, data=request.param, fast=True)
    project.catch_up("design", echo=lambda line: None)
    return project


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)
