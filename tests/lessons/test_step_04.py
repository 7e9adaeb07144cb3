"""Notebook 04, design the network: its solutions are right, and wrong answers get a hint."""

import itertools

import pytest

from dltoolkit import Project, lessons
from dltoolkit.lessons.step_04 import LESSON

WRONG = {
    "parameters": lambda widths: sum(a * b for a, b in itertools.pairwise(widths)),
    "head": (12, "softmax"),
    "ten": 0.1,
    "collapse": 6_209,
    "width": 89,
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


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        ("sigmoid", "expected a tuple"),
        ((11, "sigmoid"), "11 is not the number of units"),
        ((12, "relu"), "'relu' is not"),
    ],
)
def test_a_wrong_head_is_told_apart(answer, remark, capsys):
    assert not lessons.exercises("04").head(answer)
    assert remark in capsys.readouterr().out
