"""Notebook 10, evaluate on test: its solutions are right, and wrong answers get a hint."""

import types

import numpy as np
import pytest

from dltoolkit import Problem, evaluation, lessons
from dltoolkit.lessons.step_10 import LESSON

WRONG = {
    "half_width": 0.0133,
    "rows": 2349,
    "threshold": 0.9,
    "cost": lambda truth, probabilities, threshold, alarm, miss: alarm + miss,
    "again": "honest",
    "clearly": -1,
}


@pytest.fixture(scope="module")
def project():
    draws = np.random.default_rng(0)
    truth = draws.integers(0, 2, 400).astype("float32")
    good = np.clip(truth * 0.6 + draws.uniform(0, 0.4, 400), 0, 1)
    result = evaluation.score(
        truth,
        good,
        Problem("binary", "late", ("no", "yes")),
        n_bootstrap=50,
        baselines={"boosting": draws.uniform(0, 1, 400)},
    )
    return types.SimpleNamespace(evaluation=result)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)


def test_a_model_that_beats_random_answers_is_clearly_better_on_every_metric(project):
    assert lessons.exercises("10", project).clearly(len(project.evaluation.metrics))


def test_the_half_width_asked_for_is_that_of_simulated_accuracies():
    accuracies = np.random.default_rng(0).binomial(900, 0.8, 20_000) / 900
    assert lessons.exercises("10").half_width(1.96 * accuracies.std())
