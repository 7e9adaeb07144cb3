"""A search tries what it says, records every trial, and goes on where it was stopped."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training, tuning
from dltoolkit._checks import InputError


@pytest.fixture(scope="module")
def parts():
    random = np.random.default_rng(0)
    x = random.normal(size=(240, 3))
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    frame["late"] = np.where(x[:, 0] - x[:, 1] + 0.3 * random.normal(size=240) > 0, "yes", "no")
    problem = Problem.infer(frame, "late")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, "late")), splits, problem


SMALL = {"units": [(4,), (8, 4)], "learning_rate": (1e-3, 1e-1, "log")}


@pytest.mark.parametrize("method", ["random", "bayesian", "hyperband"])
def test_a_search_returns_one_row_a_trial_and_the_best_of_them(parts, method):
    search = tuning.search(models.mlp, *parts, space=SMALL, method=method, trials=3, epochs=3, progress=False)
    assert len(search.trials) == 3
    assert (search.trials["status"] == "done").all()
    best = search.trials.loc[search.trials["score"].idxmin()]
    assert search.best == {"units": best["units"], "learning_rate": best["learning_rate"]}
    assert search.run.history["val_loss"].min() == best["score"]
    assert search.run.settings["learning_rate"] == pytest.approx(best["learning_rate"], rel=1e-6)
    assert search.trials["learning_rate"].between(1e-3, 1e-1).all()


def test_a_grid_tries_every_combination_once(parts):
    space = {"units": [(4,), (8,)], "dropout": [0.0, 0.5], "batch_size": (31, 32)}
    search = tuning.search(
        models.mlp, *parts, space=space, method="grid", trials=99, epochs=1, progress=False
    )
    tried = set(
        zip(search.trials["units"], search.trials["dropout"], search.trials["batch_size"], strict=True)
    )
    assert tried == {(u, d, b) for u in [(4,), (8,)] for d in [0.0, 0.5] for b in [31, 32]}
    assert len(search.trials) == 8


def test_the_same_seed_gives_the_same_trials(parts):
    first, second = (
        tuning.search(models.mlp, *parts, space=SMALL, trials=2, epochs=2, seed=5, progress=False)
        for _ in "ab"
    )
    pd.testing.assert_frame_equal(first.trials.drop(columns="seconds"), second.trials.drop(columns="seconds"))


def test_a_stopped_search_goes_on_and_ends_as_if_it_had_not_been_stopped(parts, tmp_path, monkeypatch):
    whole = tuning.search(
        models.mlp, *parts, space=SMALL, method="bayesian", trials=4, epochs=2, progress=False
    )
    trained = []
    original = training.fit

    def dies_at_the_third(*args, **kwargs):
        trained.append(1)
        if len(trained) == 3:
            raise SystemExit
        return original(*args, **kwargs)

    monkeypatch.setattr(training, "fit", dies_at_the_third)
    arguments = {
        "space": SMALL,
        "method": "bayesian",
        "trials": 4,
        "epochs": 2,
        "folder": tmp_path,
        "progress": False,
    }
    with pytest.raises(SystemExit):
        tuning.search(models.mlp, *parts, **arguments)
    resumed = tuning.search(models.mlp, *parts, **arguments)
    assert len(trained) in (
        5,
        6,
    )  # two before the stop, the stopped one, two after it, and the best once more if needed
    pd.testing.assert_frame_equal(
        resumed.trials.drop(columns="seconds"), whole.trials.drop(columns="seconds")
    )
    assert resumed.best == whole.best


def test_another_search_in_the_same_folder_is_refused(parts, tmp_path):
    tuning.search(models.mlp, *parts, space=SMALL, trials=1, epochs=1, folder=tmp_path, progress=False)
    with pytest.raises(InputError, match="a search with another space"):
        tuning.search(
            models.mlp, *parts, space={"dropout": [0.1]}, trials=1, epochs=1, folder=tmp_path, progress=False
        )


def test_a_trial_that_fails_is_named_and_the_others_go_on(parts):
    space = {"activation": ["relu", "no-such-thing"]}
    search = tuning.search(models.mlp, *parts, space=space, method="grid", trials=2, epochs=1, progress=False)
    failed = search.trials.set_index("activation").loc["no-such-thing"]
    assert failed["status"] == "failed"
    assert "no-such-thing" in failed["error"]
    assert search.best == {"activation": "relu"}
    assert search.frame()["status"].tolist() == ["done", "failed"]


def test_a_search_in_which_every_trial_fails_says_why(parts):
    with pytest.raises(RuntimeError, match="none of 1 trials .*no-such-thing"):
        tuning.search(
            models.mlp, *parts, space={"activation": ["no-such-thing"]}, trials=1, epochs=1, progress=False
        )


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"unit": [4]}, "Did you mean 'units'"),
        ({"dropout": 0.5}, "a list of choices"),
        ({"dropout": (0.5, 0.1)}, "low < high"),
        ({"learning_rate": (0, 1, "log")}, "low < high"),
        ({}, "at least one setting"),
    ],
)
def test_a_space_that_cannot_be_searched_is_named(parts, space, message):
    with pytest.raises(InputError, match=message):
        tuning.search(models.mlp, *parts, space=space, progress=False)


def test_a_grid_over_a_range_of_fractions_is_refused(parts):
    with pytest.raises(InputError, match="ranges without steps for 'dropout'"):
        tuning.search(models.mlp, *parts, space={"dropout": (0.0, 0.5)}, method="grid", progress=False)
