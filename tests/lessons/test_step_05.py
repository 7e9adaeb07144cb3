"""Notebook 05, initialise: its solutions are right, and wrong answers get a hint."""

import textwrap
import types

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem
from dltoolkit.lessons.step_05 import LESSON

WRONG = {
    "first_loss": 0.693,
    "ten_classes": 0.1,
    "bias": 0.28,
    "factor": lambda n, sigma: n * sigma**2,
    "tanh": "zeros",
    "own": 7.0,
}
TARGETS = {
    "binary": ["no"] * 7 + ["yes"] * 3,
    "multiclass": ["a", "b", "c", "a", "b"] * 2,
    "regression": list(np.linspace(0.5, 9.7, 10)),
}


@pytest.fixture(params=TARGETS)
def project(request):
    train = pd.DataFrame({"answer": TARGETS[request.param]})
    problem = Problem.infer(train, "answer", kind=request.param)
    return types.SimpleNamespace(problem=problem, splits=types.SimpleNamespace(train=train))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)


def test_the_factor_of_a_relu_layer_is_that_of_random_numbers():
    draws = np.random.default_rng(0)
    into = np.abs(draws.normal(size=(500, 64)))
    out = np.maximum(into @ draws.normal(scale=0.05, size=(64, 2_000)), 0)
    measured = np.sqrt(np.mean(out**2) / np.mean(into**2))
    scope: dict = {}
    exec(textwrap.dedent(LESSON.exercises["factor"].solution), scope)
    assert scope["answer"](64, 0.05) == pytest.approx(measured, rel=0.02)
