"""Notebook 12, deploy and infer: its solutions are right, and wrong answers get a hint."""

import textwrap
import types

import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_12 import LESSON

WRONG = {
    "weights": 529,
    "typo": "warns",
    "price": lambda call, row, n: call + row,
    "unseen": lambda counts: [column for column in counts if counts[column]["missing"]],
}


@pytest.fixture
def project():
    network = types.SimpleNamespace(count_params=lambda: 529)
    return types.SimpleNamespace(bundle=types.SimpleNamespace(network=network))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project):
    scope = {"project": project}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("12", project), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, capsys):
    task = getattr(lessons.exercises("12", project), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out
