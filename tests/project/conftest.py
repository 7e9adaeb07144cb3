"""A small table whose answer can be learnt, and projects on it."""

import shutil

import numpy as np
import pandas as pd
import pytest

from dltoolkit.project import Project


@pytest.fixture(scope="session")
def loans():
    rng = np.random.default_rng(0)
    n = 160
    age = rng.normal(40, 9, n).round(1)
    age[::20] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "home": rng.choice(["own", "rent", "other"], n),
            "since": rng.uniform(0, 30, n).round(3),
            "loan_id": [f"L{i:05d}" for i in range(n)],
            "late": np.where(np.nan_to_num(age, nan=40) + rng.normal(0, 4, n) > 42, "yes", "no"),
        }
    )


@pytest.fixture
def quiet():
    """Takes the lines that a project says."""
    return [].append


@pytest.fixture(scope="session")
def template(tmp_path_factory, loans):
    """The folder of a project whose first two steps are done."""
    project = Project(tmp_path_factory.mktemp("template") / "p", data=loans, target="late", fast=True)
    project.do("define")
    project.do("prepare", labels=False)
    return project.folder


@pytest.fixture
def prepared(tmp_path, template):
    shutil.copytree(template, tmp_path / "p")
    return Project(tmp_path / "p")
