"""Notebook 08, train: its solutions are right, and wrong answers get a hint."""

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
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)


def test_the_best_epoch_is_read_off_the_validation_loss_of_the_project(project):
    assert lessons.exercises("08", project).best_epoch(2)
