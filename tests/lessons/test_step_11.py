"""Notebook 11, fine-tune and optimise: its solutions are right, and wrong answers get a hint."""

import textwrap
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
def test_the_solution_of_an_exercise_is_right(name, project):
    scope = {"project": project}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("11", project), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, capsys):
    task = getattr(lessons.exercises("11", project), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out


def test_the_model_kept_is_the_one_that_the_project_names(project):
    project.tuned["model"] = "run"
    assert lessons.exercises("11", project).kept("run")
