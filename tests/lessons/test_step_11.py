"""Notebook 11, fine-tune and optimise: its solutions are right, and wrong answers get a hint."""

import textwrap

import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_11 import LESSON

WRONG = {
    "error": 0.0030,  # the standard deviation
    "rate": 0.002 * 0.3,
    "parameters": lambda features, units, outputs: features * outputs,
    "smallest": lambda sizes, means, errors: sizes[means.index(min(means))],
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name):
    scope = {}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("11"), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, capsys):
    task = getattr(lessons.exercises("11"), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out
