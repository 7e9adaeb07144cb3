"""Variants share their first weights, their batches and their budget; what diverges is a row."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(
    y=np.where(X[:, 0] + RNG.normal(size=300) > 0.7, "p", "n")
)
EPOCHS = 3


@pytest.fixture(scope="module")
def given():
    problem = Problem.infer(FRAME, "y")
    splits = data.split(FRAME, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(FRAME, "y")), splits, problem


def small(problem, preprocessor, seed):
    return models.mlp(problem, preprocessor, units=(4,), seed=seed)


def compare(given, variants, build=small, **options):
    return training.compare(
        build, *given, variants=variants, **{"epochs": EPOCHS, "progress": False, **options}
    )


VARIANTS = {
    "plain": {},
    "again": {},
    "focal": {"loss": "focal"},
    "weighted": {"class_weight": "balanced"},
    "sgd, by a cosine": {"optimizer": "sgd", "schedule": "cosine"},
    "far too fast": {"optimizer": "sgd", "learning_rate": 1e30, "clip_norm": False},
}


@pytest.fixture(scope="module")
def comparison(given):
    return compare(given, VARIANTS)


def test_each_variant_is_the_training_that_fit_makes_of_it(given, comparison):
    preprocessor, _, problem = given
    model = small(problem, preprocessor, seed=0)
    alone = training.fit(
        model, *given, loss="focal", epochs=EPOCHS, early_stopping=EPOCHS, seed=0, progress=False
    )
    for a, b in zip(comparison.runs["focal"].model.get_weights(), alone.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_variants_have_the_same_weights_order_and_updates(comparison):
    plain, again = comparison.runs["plain"], comparison.runs["again"]
    pd.testing.assert_frame_equal(
        plain.history.drop(columns="seconds"), again.history.drop(columns="seconds"), check_exact=True
    )
    updates = {int(run.model.optimizer.iterations.numpy()) for run in comparison.runs.values()}
    assert updates == {EPOCHS * int(np.ceil(192 / plain.settings["batch_size"]))}


def test_a_row_holds_the_best_epoch_by_the_metric(comparison):
    table = comparison.frame().set_index("variant")
    assert comparison.metric == "val_auc"
    for name, run in comparison.runs.items():
        best = run.history["val_auc"].idxmax()
        row = table.loc[name]
        assert (row["best"], row["epoch"], row["epochs"]) == (run.history["val_auc"][best], best + 1, EPOCHS)
        assert row["val_binary_accuracy"] == run.history["val_binary_accuracy"][best]
        assert row["stopped"] == "finished"
        assert row["seconds"] > 0
    assert table["best"].dropna().is_monotonic_decreasing
    assert "val_loss" not in table


def test_what_diverges_is_a_row_and_not_an_exception(comparison):
    row = comparison.frame().iloc[-1]
    assert (row["variant"], row["stopped"], row["epochs"]) == ("far too fast", "diverged", 0)
    assert np.isnan(row["best"])
    assert "diverged at a learning rate of 1e+30" in comparison.errors["far too fast"]
    assert "far too fast" not in comparison.runs


def test_what_diverges_later_keeps_its_history(given):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([9], [1e-2, 1e30])  # in the second epoch
    late = compare(given, {"late": {"optimizer": keras.optimizers.SGD(schedule)}}, batch_size=32)
    assert late.frame()[["stopped", "epochs"]].iloc[0].tolist() == ["diverged", 1]
    assert len(late.histories()) == 1


def test_histories_are_one_long_table(comparison):
    table = comparison.histories()
    assert list(table)[:2] == ["variant", "epoch"]
    assert table.groupby("variant", sort=False).size().to_dict() == dict.fromkeys(comparison.runs, EPOCHS)
    own = table[table["variant"] == "focal"].drop(columns="variant").reset_index(drop=True)
    pd.testing.assert_frame_equal(
        own[list(comparison.runs["focal"].history)], comparison.runs["focal"].history
    )


def test_the_repr_names_the_best_and_the_next_step(comparison):
    best = comparison.frame().iloc[0]
    assert repr(comparison) == (
        f"Comparison(6 variants of 3 epochs: best val_auc {best['best']:.4g} by {best['variant']!r}; "
        "next: plots.comparison(comparison))"
    )


def test_errors_are_better_when_lower():
    frame = FRAME.drop(columns="y").assign(z=3 * X[:, 0])
    problem = Problem.infer(frame, "z")
    splits = data.split(frame, problem)
    parts = preprocessing.fit(splits.train, Schema.infer(frame, "z")), splits, problem
    found = compare(parts, {"slow": {"learning_rate": 1e-6}, "fast": {"learning_rate": 0.05}}, models.linear)
    assert (found.metric, found.direction) == ("val_root_mean_squared_error", "min")
    assert found.frame()["variant"].tolist() == ["fast", "slow"]
    other = compare(parts, {"one": {}}, models.linear, metric="val_mean_absolute_error", epochs=1)
    assert other.frame()["best"].iloc[0] == other.frame()["val_mean_absolute_error"].iloc[0]


def test_ctrl_c_ends_the_comparison_and_keeps_what_was_done(given, monkeypatch):
    from dltoolkit.training import _compare

    whole = _compare.fit
    calls = []

    def fit(*given, **options):
        calls.append(options)
        if len(calls) < 2:
            return whole(*given, **options)
        run = whole(*given, **{**options, "epochs": 1})
        object.__setattr__(run, "stopped", "interrupted")
        return run

    monkeypatch.setattr(_compare, "fit", fit)
    found = compare(given, {"first": {}, "second": {}, "third": {}})
    assert set(found.variants) == {"first", "second"}
    assert found.frame().set_index("variant")["stopped"].to_dict() == {
        "first": "finished",
        "second": "interrupted",
    }


def unseeded(problem, preprocessor, seed):
    return models.mlp(problem, preprocessor, units=(4,), seed=int(np.random.default_rng().integers(1 << 30)))


BAD = {
    "nothing": ({}, {}, "variants: expected a mapping of names to options of fit, at least one, got {}"),
    "a list": (["adam"], {}, "variants: expected a mapping of names to options"),
    "a budget of its own": (
        {"long": {"epochs": 99, "seed": 2}},
        {},
        r"variants\['long'\]: expected options in which variants may differ, got 'epochs', 'seed'. Give it to compare",
    ),
    "checkpoints": ({"kept": {"resume": True}}, {}, r"got 'resume'. Train that variant by itself"),
    "an unknown metric": (
        {"a": {}},
        {"metric": "val_loss"},
        "metric: expected one of 'val_binary_accuracy', 'val_auc'",
    ),
    "no epochs": ({"a": {}}, {"epochs": 0}, "epochs: expected a whole number"),
    "weights by chance": (
        {"a": {}, "b": {}},
        {"build": unseeded, "epochs": 1},
        "build: expected the same weights for the same seed, got other weights. Seed",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_compared_is_refused(given, case):
    variants, options, message = BAD[case]
    with pytest.raises(InputError, match=message):
        compare(given, variants, **options)
