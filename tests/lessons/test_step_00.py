"""Notebook 00, start here: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit import Project, lessons
from dltoolkit.lessons.step_00 import LESSON

WRONG = {"tables": 8, "opens": "train", "stale": 10, "own": "attrition"}


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


def test_a_project_of_the_same_table_or_one_that_is_not_caught_up_is_no_answer(project, tmp_path, capsys):
    check = lessons.exercises("00", project)
    assert not check.own(project)
    assert "uses already" in capsys.readouterr().out
    assert not check.own(Project(tmp_path / "new", data="attrition", fast=True))
    assert "step 2, 'prepare', has not been done" in capsys.readouterr().out
