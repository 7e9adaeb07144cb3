"""Notebook 13, monitor and maintain: its solutions are right, and wrong answers get a hint."""

import types

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Schema, lessons
from dltoolkit.lessons.step_13 import LESSON
from dltoolkit.monitoring import Monitor

WRONG = {
    "family": 0.05,
    "holm": lambda p: [min(1.0, value * len(p)) for value in p],  # Bonferroni's
    "auc": 0.63,
    "one": "Price",
}


@pytest.fixture(params=["numeric", "categorical"])
def project(request):
    """Rows of a project whose features are of one role only."""
    rng = np.random.default_rng(0)
    columns = {"numeric": rng.normal(size=(600, 2)), "categorical": rng.choice(["a", "b"], (600, 2))}
    frame = pd.DataFrame(columns[request.param], columns=["x", "z"]).assign(y=rng.choice(["no", "yes"], 600))
    schema = Schema.infer(frame, "y").with_roles({"x": request.param, "z": request.param})
    parts = types.SimpleNamespace(train=frame.iloc[:400], validation=frame.iloc[400:])
    return types.SimpleNamespace(splits=parts, schema=schema, monitor=Monitor(parts.train, schema=schema))


@pytest.mark.parametrize("name", LESSON.exercises)
def test_the_solution_of_an_exercise_is_right(name, project, check_solution):
    check_solution(name, project)


@pytest.mark.parametrize("name", LESSON.exercises)
def test_a_wrong_answer_gets_the_hints_one_after_the_other(name, project, check_hints):
    check_hints(name, project)


def test_a_report_without_drift_or_with_two_columns_is_not_the_one_asked_for(project, capsys):
    check, rows = lessons.exercises("13", project), project.splits.validation
    assert not check.one(project.monitor.check(rows))
    assert "0 columns have drifted: none" in capsys.readouterr().out
    assert not check.one(project.monitor.check(rows.assign(x=rows["x"].iloc[0], z=rows["z"].iloc[0])))
    assert "2 columns have drifted" in capsys.readouterr().out
