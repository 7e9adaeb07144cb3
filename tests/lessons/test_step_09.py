"""Notebook 09, validate and tune: its solutions are right, and wrong answers get a hint."""

import textwrap
import types

import pandas as pd
import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_09 import LESSON

WRONG = {
    "grid": 11,
    "trials": 28,
    "paired": lambda first, second: (sum(second) - sum(first), 0.0),
    "winner": 0,
    "curse": 0.430,
}


@pytest.fixture
def project():
    """A project whose third trial failed and whose last one won."""
    trials = pd.DataFrame({"trial": [0, 1, 2, 3], "score": [0.5, 0.45, None, 0.4]}).astype({"score": float})
    return types.SimpleNamespace(search=types.SimpleNamespace(trials=trials))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project):
    scope = {"project": project}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("09", project), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, capsys):
    task = getattr(lessons.exercises("09", project), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out
