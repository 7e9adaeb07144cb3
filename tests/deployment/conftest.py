"""One tiny run of each kind of problem, trained once, and a bundle of the binary one."""

import pandas as pd
import pytest

from dltoolkit import data, deployment, models, preprocessing, training
from dltoolkit.problem import Problem

KINDS = {
    "binary": "sex",
    "multiclass": "species",
    "regression": "body_mass_g",
    "multilabel": ("heavy", "long"),
}


def train(frame, target, *, epochs=2, seed=0, **settings):
    """A network of four units after a few epochs."""
    problem = Problem.infer(frame, target)
    schema = data.Schema.infer(frame, target)
    splits = data.split(frame, problem, seed=seed)
    preprocessor = preprocessing.fit(splits.train, schema, **settings)
    network = models.mlp(problem, preprocessor, units=(4,), seed=seed)
    return training.fit(network, preprocessor, splits, problem, epochs=epochs, seed=seed, progress=False)


@pytest.fixture(scope="session")
def penguins() -> pd.DataFrame:
    frame = data.load("penguins").dropna(subset=["sex", "body_mass_g"]).reset_index(drop=True)
    frame.loc[::17, "bill_depth_mm"] = None
    return frame.assign(heavy=frame["body_mass_g"] > 4000, long=frame["flipper_length_mm"] > 200)


@pytest.fixture(scope="session")
def runs(penguins):
    """A run of each kind; islands are embedded, so that both kinds of feature are there."""
    return {kind: train(penguins, target, columns={"island": "embedding"}) for kind, target in KINDS.items()}


@pytest.fixture(scope="session")
def run(runs):
    return runs["binary"]


@pytest.fixture
def saved(run, tmp_path):
    """The folder of a bundle that a test may spoil."""
    deployment.save(tmp_path / "bundle", run)
    return tmp_path / "bundle"
