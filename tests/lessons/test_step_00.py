"""Notebook 00, start here: its solutions are right, and wrong answers get a hint."""

import textwrap

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
def test_the_solution_of_an_exercise_is_right(name, project):
    scope = {"project": project}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("00", project), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, capsys):
    task = getattr(lessons.exercises("00", project), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out


def test_a_project_of_the_same_table_or_one_that_is_not_caught_up_is_no_answer(project, tmp_path, capsys):
    check = lessons.exercises("00", project)
    assert not check.own(project)
    assert "uses already" in capsys.readouterr().out
    assert not check.own(Project(tmp_path / "new", data="attrition", fast=True))
    assert "step 2, 'prepare', has not been done" in capsys.readouterr().out
