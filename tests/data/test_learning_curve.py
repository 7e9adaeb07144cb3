"""The claims of data.learning_curve: known laws are found, what is held out is foretold, and rows are counted right."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data._learning_curve import _balanced
from dltoolkit.data._power_law import EXPONENTS, PowerLaws, fit_power_laws
from dltoolkit.problem import Problem

ROWS = np.array([30, 100, 300, 1_000, 3_000, 10_000])


def curve_of(name, **settings):
    frame = data.load(name)
    target = data.CATALOGUE[name].target
    frame = frame[frame[target].notna()]
    return data.learning_curve(frame, Problem.infer(frame, target), **settings)


# ---------------------------------------------------------------- the law


@pytest.mark.parametrize(("a", "b", "c"), [(0.1, 2, 0.5), (0.0, 1, 0.3), (0.2, 5, 1.0)])
def test_a_law_without_noise_is_found(a, b, c):
    laws = fit_power_laws(ROWS, (a + b * ROWS**-c)[None], np.ones(6))
    assert np.allclose(laws.errors(100_000), a + b * 100_000**-c, atol=0.01)
    assert laws.rows(a + b * 1_000**-c)[0] == pytest.approx(1_000, rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_the_best_of_scipys_non_negative_least_squares_over_the_exponents(seed):
    rng = np.random.default_rng(seed)
    errors, noise = rng.random(6) + np.linspace(2, 0, 6) * rng.integers(0, 2), rng.random(6) + 0.1
    plain = min(
        nnls(np.column_stack([np.ones(6), ROWS.astype(float) ** -c]) / noise[:, None], errors / noise)[1]
        for c in EXPONENTS
    )
    laws = fit_power_laws(ROWS, errors[None], noise)
    found = (laws.a + laws.b * ROWS**-laws.c - errors) / noise
    assert np.linalg.norm(found) == pytest.approx(plain, rel=1e-6)
    assert laws.a[0] >= 0 and laws.b[0] >= 0


def test_an_error_below_where_the_law_levels_off_is_never_reached():
    laws = PowerLaws(*np.array([[0.1], [1.0], [0.5]]))
    assert laws.rows(0.1)[0] == np.inf and laws.rows(0.05)[0] == np.inf
    assert laws.rows(0.2)[0] == pytest.approx(100) and laws.rows(50.0)[0] == 1


# ---------------------------------------------------------------- the curve


@pytest.mark.parametrize("name", ["vowels", "credit", "churn"])
def test_the_error_of_three_times_the_rows_lies_in_the_interval_foretold_from_the_smaller_sizes(name):
    whole = curve_of(name, repeats=3)
    rows = whole.points["rows"].tolist()
    part = curve_of(name, repeats=3, sizes=[r for r in rows if r <= rows[-1] / 3])
    foretold = part.predict(rows[-1])
    assert foretold.low <= whole.points["error"].iloc[-1] <= foretold.high
    assert foretold.high - foretold.low < 0.15


def test_more_rows_help_and_the_frame_holds_points_and_law():
    curve = curve_of("digits", repeats=2)
    shown = curve.frame()
    assert list(shown) == ["rows", "error", "std", "repeats", "used", "fitted", "low", "high"]
    assert shown["error"].iloc[0] > 5 * shown["error"].iloc[-1] and shown["repeats"].tolist() == [2] * 7 + [1]
    assert (shown["low"] <= shown["fitted"]).all() and (shown["fitted"] <= shown["high"]).all()
    needed = curve.rows_for(curve.predict(5_000).value)
    assert needed.value == pytest.approx(5_000, rel=1e-6) and needed.low <= 5_000 <= needed.high
    assert "error rate 0.0" in repr(curve) and "Next: plots.data_curve(curve)" in repr(curve)
    assert curve.n_judged + shown["rows"].iloc[-1] == 1_797


def test_amounts_are_judged_by_the_root_of_the_mean_squared_error():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=800)})
    frame["y"] = 3 * frame["x"] + rng.normal(size=800)
    curve = data.learning_curve(frame, Problem.infer(frame, "y"), repeats=2)
    assert curve.metric == "root mean squared error"
    assert 0.9 < curve.points["error"].iloc[-1] < 1.5 and curve.predict(10**6).value > 0.6
    assert curve.rows_for(0.1).value > 1e9


def test_sizes_at_which_nothing_beats_a_guess_are_not_fitted():
    frame = data.load("reviews").iloc[:1_500]
    curve = data.learning_curve(
        frame, Problem.infer(frame, "score"), sizes=[20, 150, 300, 600, 1_000], repeats=1
    )
    guess = frame["score"].value_counts(normalize=True).iloc[1]
    assert curve.points["error"].iloc[0] == pytest.approx(guess, abs=0.02)
    assert not curve.points["used"].iloc[0] and curve.points["used"].iloc[1:].all()


def test_near_duplicates_of_judged_rows_are_not_learnt_from():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice([f"w{i}" for i in range(500)], 20)) for _ in range(100)]
    frame = pd.DataFrame(
        {"text": texts + [t.upper() for t in texts], "y": rng.choice(["a", "b"], 100).tolist() * 2}
    )
    curve = data.learning_curve(frame, Problem.infer(frame, "y"), repeats=2)
    assert curve.points["error"].iloc[-1] > 0.3  # labels by chance: copies alone could be known


def test_the_first_rows_of_an_order_hold_each_class_in_its_share():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [700, 200, 100]))
    order = _balanced(labels, 3)
    assert sorted(order) == list(range(1_000))
    for n in (30, 100, 500):
        assert np.abs(np.bincount(labels[order[:n]], minlength=3) / n - [0.7, 0.2, 0.1]).max() <= 3 / n


def test_the_same_seed_gives_the_same_curve():
    one, two = (curve_of("penguins", repeats=2, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.frame(), two.frame())


def test_a_column_that_is_no_feature_may_be_gone_and_a_feature_may_not():
    frame = data.load("penguins").dropna()
    problem, schema = (
        Problem.infer(frame, "species"),
        data.Schema.infer(frame, "species").with_roles(year="id"),
    )
    one = data.learning_curve(frame, problem, schema=schema, repeats=1)
    two = data.learning_curve(frame.drop(columns="year"), problem, schema=schema, repeats=1)
    pd.testing.assert_frame_equal(one.frame(), two.frame())
    with pytest.raises(InputError, match="island"):
        data.learning_curve(frame.drop(columns="island"), problem, schema=schema)


def test_what_no_curve_can_be_drawn_from_is_refused():
    frame = data.load("penguins").dropna()
    problem = Problem.infer(frame, "species")
    with pytest.raises(InputError, match="problem: expected a Problem, got str"):
        data.learning_curve(frame, "species")
    with pytest.raises(InputError, match="sizes: expected at least 4 different ones, got 20, 40"):
        data.learning_curve(frame, problem, sizes=[20, 40, 20])
    with pytest.raises(InputError, match=r"sizes: expected a whole number in \[2, \d+\], got 5000"):
        data.learning_curve(frame, problem, sizes=[20, 40, 80, 5_000])
    with pytest.raises(InputError, match="repeats: expected a whole number"):
        data.learning_curve(frame, problem, repeats=0)
    only = frame[["species"]].assign(row=np.arange(len(frame)))
    ids = data.Schema.infer(only, "species").with_roles(row="id")
    with pytest.raises(InputError, match="frame: expected a column to learn from, got none"):
        data.learning_curve(only, problem, schema=ids)
    labels = pd.DataFrame({"x": range(40), "a": [0, 1] * 20, "b": [1, 0] * 20})
    with pytest.raises(InputError, match="problem: expected one target, got 2"):
        data.learning_curve(labels, Problem.infer(labels, ["a", "b"]))
    curve = curve_of("penguins", repeats=1)
    with pytest.raises(InputError, match=r"rows: expected a number in \[1, inf\], got 0"):
        curve.predict(0)
    with pytest.raises(InputError, match=r"error: expected a number in \(0, inf\], got 0"):
        curve.rows_for(0)
