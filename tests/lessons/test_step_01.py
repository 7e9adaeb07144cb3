"""Notebook 01, define the problem: its solutions are right, and wrong answers get a hint."""

import pytest

from dltoolkit import Project, lessons
from dltoolkit.lessons.step_01 import LESSON

WRONG = {
    "kinds": ["regression", "multiclass", "binary", "multilabel"],
    "majority": 0.5,
    "entropy": 0.1,
    "threshold": 0.5,
    "cost": lambda *arguments: 0,
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


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        ("binary", "expected a list of 4 texts"),
        (["regression", "multiclass", "binary", "multilabel"], "number 2 is not 'multiclass'"),
    ],
)
def test_wrong_kinds_are_told_apart(answer, remark, capsys):
    assert not lessons.exercises("01").kinds(answer)
    assert remark in capsys.readouterr().out
