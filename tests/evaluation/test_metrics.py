"""Each metric is scikit-learn's, with resampled rows repeated as often as they were drawn."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from dltoolkit.evaluation._bootstrap import interval, resamples
from dltoolkit.evaluation._ranking import Ranking
from dltoolkit.evaluation._statistics import CLASSIFICATION, REGRESSION, point, predicted, row_loss, statistic
from dltoolkit.problem import Problem

BINARY = Problem("binary", "y", ("no", "yes"))
THREE = Problem("multiclass", "y", ("a", "b", "c"))
LABELS = Problem("multilabel", ("a", "b"))
AMOUNT = Problem("regression", "y")


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sample(kind, n, seed, *, ties=False):
    """Random truth and outputs of a kind of problem."""
    rng = np.random.default_rng(seed)
    if kind == "regression":
        y = rng.normal(size=n).astype("float32") * 100 + 1000
        return AMOUNT, y, y + rng.normal(size=n) * 30
    if kind == "multiclass":
        y = rng.integers(0, 3, n).astype("int32")
        p = softmax(rng.normal(size=(n, 3)) + 1.5 * np.eye(3)[y])
        return THREE, y, softmax(np.log(p).round()) if ties else p
    if kind == "multilabel":
        y = (rng.random((n, 2)) < [0.3, 0.6]).astype("float32")
        p = 1 / (1 + np.exp(-rng.normal(size=(n, 2)) - y))
    else:
        y = (rng.random(n) < 0.3).astype("float32")
        p = 1 / (1 + np.exp(-rng.normal(size=n) - y))
    return (LABELS if kind == "multilabel" else BINARY), y, p.round(1) if ties else p


def one_label(y, p, threshold):
    """The metrics of one yes/no question, by scikit-learn; NaN where it has no answer."""
    answer = p >= threshold
    both = len(np.unique(y)) == 2
    recalls = [np.mean(answer[y == c] == c) for c in (0, 1) if (y == c).any()]
    return [
        np.mean(answer == y),
        np.mean(recalls),
        sk.precision_score(y, answer, zero_division=0),
        sk.recall_score(y, answer, zero_division=0),
        sk.f1_score(y, answer, zero_division=0),
        sk.roc_auc_score(y, p) if both else np.nan,
        sk.average_precision_score(y, p) if y.any() else np.nan,
        sk.log_loss(y, p, labels=[0, 1]),
        sk.brier_score_loss(y, p, labels=[0, 1], pos_label=1),
    ]


def nan_mean(rows):
    rows = np.asarray(rows, float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of NaN only
        return np.nanmean(rows, axis=0)


def by_sklearn(problem, y, outputs, threshold):
    """All metrics by scikit-learn, in the order of ours."""
    if problem.kind == "regression":
        r2 = sk.r2_score(y, outputs) if np.ptp(y) else np.nan
        return [sk.mean_absolute_error(y, outputs), sk.root_mean_squared_error(y, outputs), r2]
    if problem.kind == "binary":
        return one_label(y, outputs, threshold)
    k = outputs.shape[1]
    if problem.kind == "multilabel":
        each = nan_mean([one_label(y[:, j], outputs[:, j], threshold) for j in range(k)])
        each[0] = sk.accuracy_score(y, outputs >= threshold)
        return each
    answer = outputs.argmax(axis=1)
    rest = nan_mean([one_label(y == j, outputs[:, j], threshold)[5:7] for j in range(k)])
    macro = {"average": "macro", "zero_division": 0}
    seen = np.unique(y)
    return [
        sk.accuracy_score(y, answer),
        np.mean([np.mean(answer[y == j] == j) for j in seen]),
        sk.precision_score(y, answer, **macro),
        sk.recall_score(y, answer, **macro),
        sk.f1_score(y, answer, **macro),
        *rest,
        sk.log_loss(y, outputs, labels=range(k)),
        sk.brier_score_loss(y, outputs, labels=range(k)),
    ]


KINDS = ["binary", "multiclass", "multilabel", "regression"]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_equals_scikit_learns(kind, ties):
    for seed, n in enumerate([60, 200, 1000]):
        problem, y, outputs = sample(kind, n, seed, ties=ties)
        ours = point(statistic(problem, y, outputs, 0.4), n)
        np.testing.assert_allclose(ours, by_sklearn(problem, y, outputs, 0.4), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("kind", "n"), [(kind, n) for kind in KINDS for n in (3, 8, 40)])
def test_every_resample_equals_scikit_learn_on_the_repeated_rows(kind, n, ties):
    problem, y, outputs = sample(kind, n, seed=n, ties=ties)
    counts = next(resamples(n, 15, seed=1))
    ours = statistic(problem, y, outputs, 0.5)(counts)
    for drawn, got in zip(counts, ours, strict=True):
        rows = np.repeat(np.arange(n), drawn)
        expected = by_sklearn(problem, y[rows], outputs[rows], 0.5)
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9, equal_nan=True)


def test_resamples_without_a_class_were_among_them():
    lacking = 0
    for kind in ("binary", "multiclass"):
        _, y, _ = sample(kind, 8, seed=8)
        counts = next(resamples(8, 15, seed=1))
        lacking += sum(len(np.unique(np.repeat(y, row))) < len(np.unique(y)) for row in counts)
    assert lacking > 0


def test_areas_equal_scikit_learns_with_the_counts_as_weights():
    rng = np.random.default_rng(3)
    y, scores = rng.random(500) < 0.2, rng.integers(0, 40, 500) / 40
    counts = next(resamples(500, 20, seed=0))
    areas = Ranking.of(y, scores).areas(counts)
    for row, (roc, pr) in zip(counts, areas, strict=True):
        assert roc == pytest.approx(sk.roc_auc_score(y, scores, sample_weight=row), abs=1e-12)
        assert pr == pytest.approx(sk.average_precision_score(y, scores, sample_weight=row), abs=1e-12)


def test_constant_scores_have_an_auc_of_one_half_and_the_prevalence_as_pr_auc():
    y = np.array([True, False, False, False])
    assert Ranking.of(y, np.full(4, 0.3)).areas(np.ones((1, 4), np.int32)).tolist() == [[0.5, 0.25]]


def test_float32_probabilities_of_exactly_0_and_1_lose_what_they_lose_in_scikit_learn():
    y, p = np.array([0, 1, 1, 0], "float32"), np.array([0, 0, 1, 1], "float32")
    place = CLASSIFICATION.index("log_loss")
    ours = point(statistic(BINARY, y, p, 0.5), 4)[place]
    assert ours == pytest.approx(sk.log_loss(y, p), rel=1e-6)


def test_a_class_that_is_never_answered_counts_0_in_the_macro_average():
    y = np.array([0, 1, 2, 0], "int32")
    outputs = softmax(np.array([[9.0, 1, 0], [1, 9, 0], [9, 1, 0], [9, 1, 0]]))
    ours = dict(zip(CLASSIFICATION, point(statistic(THREE, y, outputs, 0.5), 4), strict=True))
    assert ours["precision"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert ours["recall"] == pytest.approx(2 / 3)


def test_r2_keeps_its_digits_far_from_zero():
    y = np.array([1e7, 1e7 + 1, 1e7 + 2, 1e7 + 3], "float32")
    outputs = y.astype("float64") + np.array([0.5, -0.5, 0.5, -0.5])
    ours = dict(zip(REGRESSION, point(statistic(AMOUNT, y, outputs, 0.5), 4), strict=True))
    assert ours["r2"] == pytest.approx(1 - 1 / 5)


def test_a_resample_of_one_repeated_row_has_no_r2():
    y, outputs = np.array([0.1, 0.7, 0.2]), np.array([0.0, 1.0, 0.0])
    measured = statistic(AMOUNT, y, outputs, 0.5)(np.array([[0, 3, 0], [1, 1, 1]], np.int32))
    assert np.isnan(measured[0, 2])
    assert np.isfinite(measured[1]).all()


def test_a_probability_of_exactly_the_threshold_is_positive_as_in_problem_decode():
    outputs = np.array([0.5, 0.49999, 0.5001])
    decoded = BINARY.decode(outputs)["prediction"] == "yes"
    assert predicted(BINARY, outputs, 0.5).astype(bool).tolist() == decoded.tolist() == [True, False, True]


def test_row_losses_average_to_the_log_loss():
    for kind in ("binary", "multiclass", "multilabel"):
        problem, y, outputs = sample(kind, 100, seed=5)
        total = point(statistic(problem, y, outputs, 0.5), 100)[CLASSIFICATION.index("log_loss")]
        assert row_loss(problem, y, outputs).mean() == pytest.approx(total)


def test_resamples_draw_as_many_rows_as_there_are_and_repeat_with_the_seed():
    blocks = list(resamples(300_000, 5, seed=4))  # several blocks
    again = np.concatenate(list(resamples(300_000, 5, seed=4)))
    counts = np.concatenate(blocks)
    assert len(blocks) > 1
    assert counts.shape == (5, 300_000)
    assert (counts.sum(axis=1) == 300_000).all()
    assert (counts == again).all()
    assert (counts[0] != counts[1]).any()


def test_the_interval_leaves_undefined_resamples_out():
    draws = np.column_stack([np.r_[np.arange(101.0), np.nan], np.full(102, np.nan)])
    bounds = interval(draws, 2, 0.9)
    assert bounds[0].tolist() == pytest.approx([5, 95])
    assert np.isnan(bounds[1]).all()


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        y = rng.normal(size=80).astype("float32")
        counts = next(resamples(80, 200, seed=seed))
        low, high = interval(statistic(AMOUNT, y, y + rng.normal(size=80), 0.5)(counts), 3, 0.9)[0]
        hits += low <= np.sqrt(2 / np.pi) <= high  # the mean of |N(0, 1)|
    assert 0.82 <= hits / 200 <= 0.96
