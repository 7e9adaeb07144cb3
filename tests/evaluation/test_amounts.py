"""Several amounts and quantiles, measured against plain numpy and scikit-learn."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from dltoolkit import Problem, evaluation
from dltoolkit._checks import InputError
from dltoolkit.evaluation import Evaluation

QUANTILES = (0.1, 0.5, 0.9)
RNG = np.random.default_rng(0)
TRUTH = RNG.normal(0, (1, 20), (200, 2))
SAID = TRUTH + RNG.normal(0, (0.5, 10), (200, 2))
BANDS = (SAID[:, :, None] + [-1.0, 0.1, 1.0]).reshape(200, 6)
TWO = Problem("regression", ("a", "b"))
TWO_BANDS = Problem("regression", ("a", "b"), quantiles=QUANTILES)


def values(result):
    return result.metrics["value"]


def test_metrics_of_several_amounts_are_means_over_them():
    found = values(evaluation.score(TRUTH, SAID, TWO, n_bootstrap=10))
    assert list(found.index) == ["mae", "rmse", "r2"]
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(TRUTH, SAID), rel=1e-6)
    assert found["rmse"] == pytest.approx(np.sqrt(metrics.mean_squared_error(TRUTH, SAID)), rel=1e-6)
    assert found["r2"] == pytest.approx(metrics.r2_score(TRUTH, SAID), rel=1e-6)


def test_quantiles_are_measured_by_pinball_and_coverage():
    found = values(
        evaluation.score(TRUTH[:, 0], BANDS[:, :3], Problem("regression", "a", quantiles=QUANTILES))
    )
    expected = [metrics.mean_pinball_loss(TRUTH[:, 0], BANDS[:, i], alpha=q) for i, q in enumerate(QUANTILES)]
    assert found["pinball"] == pytest.approx(np.mean(expected), rel=1e-6)
    inside = (BANDS[:, 0] <= TRUTH[:, 0]) & (TRUTH[:, 0] <= BANDS[:, 2])
    assert found["coverage"] == pytest.approx(inside.mean())
    assert found["mae"] == pytest.approx(np.abs(TRUTH[:, 0] - BANDS[:, 1]).mean(), rel=1e-6)


def test_the_median_alone_has_no_coverage():
    result = evaluation.score(TRUTH[:, 0], SAID[:, 0], Problem("regression", "a", quantiles=(0.5,)))
    assert list(result.metrics.index) == ["mae", "rmse", "r2", "pinball"]
    assert values(result)["pinball"] == pytest.approx(values(result)["mae"] / 2)


@pytest.mark.parametrize(("problem", "said"), [(TWO, SAID), (TWO_BANDS, BANDS)])
def test_each_target_has_its_own_line(problem, said):
    table = evaluation.score(TRUTH, said, problem, n_bootstrap=0).by_target()
    assert list(table.index) == ["a", "b"]
    for i, name in enumerate(problem.targets):
        block = said.reshape(200, 2, -1)[:, i] if problem.quantiles else said[:, i]
        one = Problem("regression", name, quantiles=problem.quantiles)
        alone = values(evaluation.score(TRUTH[:, i], block, one, n_bootstrap=0))
        pd.testing.assert_series_equal(table.loc[name], alone, check_names=False, rtol=1e-6)


def test_the_worst_rows_are_those_whose_errors_are_large_for_their_target():
    said = TRUTH.copy()
    said[7, 0] += 5  # five spreads of the small target
    said[3, 1] += 40  # two of the large one
    assert evaluation.score(TRUTH, said, TWO, n_bootstrap=0).worst(2).tolist() == [7, 3]


def test_more_coverage_is_not_called_better():
    wide = np.sort(BANDS.reshape(200, 2, 3) * [1, 1, 1] + [-9.0, 0, 9.0], axis=2).reshape(200, 6)
    result = evaluation.score(TRUTH, wide, TWO_BANDS, baselines={"narrow": BANDS}, n_bootstrap=50)
    verdicts = result.versus("narrow")["verdict"]
    assert (verdicts["coverage"], verdicts["mae"]) == ("neither", "no clear difference")


def test_slices_and_json_know_them():
    result = evaluation.score(TRUTH, BANDS, TWO_BANDS, n_bootstrap=10)
    frame = pd.DataFrame({"kind": ["x", "y"] * 100})
    assert result.slices(frame, "kind", metric="pinball")["rows"].tolist() == [100, 100]
    again = Evaluation.from_json(json.loads(json.dumps(result.to_json())))
    pd.testing.assert_frame_equal(again.by_target(), result.by_target())


def test_a_target_that_does_not_vary_is_named():
    truth = TRUTH.copy()
    truth[:, 1] = 4
    with pytest.raises(InputError, match="target 'b': expected at least two different amounts, got only 4"):
        evaluation.score(truth, SAID, TWO)


def test_outputs_without_their_quantiles_are_refused():
    with pytest.raises(
        InputError, match=r"outputs: expected shape \(n, 6\) for a regression problem, got \(200, 2\)"
    ):
        evaluation.score(TRUTH, SAID, TWO_BANDS)


def test_classes_have_no_table_by_target():
    result = evaluation.score(np.array([0, 1]), np.array([0.2, 0.9]), Problem("binary", "y", ("n", "y")))
    with pytest.raises(InputError, match="by_target: expected amounts, got a binary problem"):
        result.by_target()
