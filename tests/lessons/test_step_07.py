"""Notebook 07, choose the optimizer: its solutions are right, and wrong answers get a hint."""

import textwrap

import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_07 import LESSON

WRONG = {
    "limit": 1.0,
    "coast": lambda gradient, rate, keep: rate * gradient,
    "first_step": 0.001 * 0.0003,
    "best_rate": lambda losses: min(losses, key=losses.get),
}


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name):
    scope = {}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("07"), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, capsys):
    task = getattr(lessons.exercises("07"), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out
