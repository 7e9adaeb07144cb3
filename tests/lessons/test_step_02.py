"""Notebook 02, collect and prepare data: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit import Project
from dltoolkit.lessons.step_02 import LESSON

WRONG = {
    "missing": 1_000_000,
    "fill": lambda train, new: new,
    "copies": 0.8,
    "width": 0.015,
    "part": "test",
}


@pytest.fixture(scope="module", params=["penguins", "ames"])
def project(request, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("projects") / request.param, data=request.param, fast=True)
    project.catch_up("prepare", echo=lambda line: None)
    return project


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)
