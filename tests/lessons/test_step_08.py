"""Notebook 08, train: its solutions are right, and wrong answers get a hint."""

import textwrap
import types

import pandas as pd
import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_08 import LESSON

WRONG = {
    "updates": 89,
    "curve": "underfitting",
    "best_epoch": 4,
    "last_epoch": lambda losses, patience: len(losses),
}


@pytest.fixture
def project():
    history = pd.DataFrame(
        {"epoch": [1, 2, 3, 4], "loss": [4.0, 3.0, 2.0, 1.0], "val_loss": [3.0, 2.0, 2.5, 2.6]}
    )
    return types.SimpleNamespace(run=types.SimpleNamespace(history=history))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project):
    scope = {"project": project}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("08", project), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, capsys):
    task = getattr(lessons.exercises("08", project), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out


def test_the_best_epoch_is_read_off_the_validation_loss_of_the_project(project):
    assert lessons.exercises("08", project).best_epoch(2)
