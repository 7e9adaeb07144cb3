"""A project may ask for several amounts, and for quantiles of them."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Project
from dltoolkit._checks import InputError

QUANTILES = (0.1, 0.5, 0.9)


@pytest.fixture
def project(tmp_path):
    x = np.random.default_rng(0).normal(size=120).round(3)
    frame = pd.DataFrame({"x": x, "a": 3 * x, "b": 1000 - 50 * x})
    return Project(tmp_path / "amounts", data=frame, target=["a", "b"], fast=True)


def test_several_amounts_and_their_quantiles_go_into_the_problem_and_the_loss(project):
    project.do("define", quantiles=QUANTILES)
    project.catch_up("optimizer", echo=lambda _: None)
    assert (project.problem.targets, project.problem.quantiles) == (("a", "b"), QUANTILES)
    assert (project.loss["loss"], project.build_network().output_shape) == ("pinball", (None, 6))
    assert {"mean_a", "std_b"} <= set(project.splits.frame().columns)


def test_a_loss_of_amounts_is_refused_for_quantiles(project):
    project.do("define", quantiles=QUANTILES)
    project.catch_up("loss", echo=lambda _: None)
    with pytest.raises(InputError, match="loss: expected 'pinball' for quantiles, got 'mean_squared_error'"):
        project.do("loss", loss="mean_squared_error")
