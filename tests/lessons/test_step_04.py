"""Notebook 04, design the network: its solutions are right, and wrong answers get a hint."""

import itertools
import textwrap
import types

import pytest

from dltoolkit import lessons
from dltoolkit.lessons.step_04 import LESSON

WRONG = {
    "first_layer": 31 * 128,
    "count": lambda widths: sum(a * b for a, b in itertools.pairwise(widths)),
    "exit": "5 sigmoid",
    "untrained": lambda shares: 0.693,
    "yours": 64,
}


@pytest.fixture
def project():
    layer = types.SimpleNamespace(count_params=lambda: 65)
    network = types.SimpleNamespace(get_layer={"answer": layer}.__getitem__)
    return types.SimpleNamespace(build_network=lambda: network)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project):
    scope = {"project": project}
    exec(textwrap.dedent(LESSON.exercises[name].solution), scope)
    assert getattr(lessons.exercises("04", project), name)(scope["answer"])


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, capsys):
    task = getattr(lessons.exercises("04", project), name)
    for number, hint in enumerate(LESSON.exercises[name].hints, start=1):
        assert not task(WRONG[name])
        assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out
