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
    "best_epoch": 3,
    "last_epoch": lambda losses, patience: len(losses),
}


@pytest.fixture
def project():
    history = pd.DataFrame({"epoch": [1, 2, 3], "val_loss": [0.6, 0.4, 0.5]})
    return types.SimpleNamespace(run=types.SimpleNamespace(history=history))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project):
    scope = {"project": project}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("08", project), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_a_hint(name, project, capsys):
    assert not getattr(lessons.exercises("08", project), name)(WRONG[name])
    assert f"Hint 1 of 3: {LESSON.exercises[name].hints[0]}" in capsys.readouterr().out
