"""A small table's project, done up to the optimizer, and copies of it to play with."""

import os
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Project


def table(n=240, seed=0):
    """Numbers with gaps, a category, a date, and a yes/no target that the first number tells."""
    draw = np.random.default_rng(seed)
    income = draw.lognormal(3, 0.6, n)
    late = income + draw.normal(0, 6, n) < np.median(income)
    return pd.DataFrame(
        {
            "income": income.round(2),
            "age": np.where(draw.random(n) < 0.1, np.nan, draw.integers(18, 80, n)),
            "home": draw.choice(["own", "rent", "parents"], n),
            "asked": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 500, n), "D"),
            "late": np.where(late, "yes", "no"),
        }
    )


def silent(line):
    """Takes a line of `catch_up`, and keeps it to itself."""


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project folder done up to the optimizer."""
    folder = tmp_path_factory.mktemp("projects") / "small"
    project = Project(folder, data=table(), target="late", fast=True)
    project.catch_up("train", echo=silent)
    return folder


@pytest.fixture
def project(finished, tmp_path):
    """A copy of it of one's own."""
    return Project(shutil.copytree(finished, tmp_path / "project"))
