"""The tests behind a report, against SciPy and against their own promise under no drift."""

import numpy as np
import pytest
from scipy import special, stats

from dltoolkit.monitoring import _statistics as statistics


def ks(reference, batch):
    values = np.unique(reference)
    ordered = np.sort(reference)
    below, upto = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return statistics.kolmogorov_smirnov(batch, values, below, upto)


@pytest.mark.parametrize("shift", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("n", [1, 7, 300])
def test_ks_is_scipys(n, shift):
    rng = np.random.default_rng(n)
    reference, batch = rng.normal(size=900), rng.normal(shift, 1, n)
    theirs = stats.ks_2samp(reference, batch, method="asymp")
    ours = ks(reference, batch)
    assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-12)
    assert ours.effect == ours.statistic
    assert ours.p_value == pytest.approx(max(theirs.pvalue, 2 / special.comb(900 + n, n)))


def test_ks_is_scipys_with_ties():
    rng = np.random.default_rng(0)
    reference, batch = rng.poisson(3, 500).astype(float), rng.poisson(4, 80).astype(float)
    assert ks(reference, batch).statistic == pytest.approx(
        stats.ks_2samp(reference, batch).statistic, abs=1e-12
    )


def test_no_values_to_compare_is_no_evidence():
    assert ks(np.arange(5.0), np.array([])).p_value == 1
    assert statistics.level_test([5, 5], [0, 0]).p_value == 1


def test_one_row_can_never_be_surer_than_its_rank():
    assert ks(np.arange(99.0), np.array([1e9])).p_value == pytest.approx(2 / 100)


def test_frequent_levels_get_pearsons_test():
    reference, batch = [400, 300, 200, 100], [30, 30, 30, 10]
    theirs = stats.chi2_contingency([reference, batch], correction=False)
    ours = statistics.level_test(reference, batch)
    assert (ours.test, ours.statistic) == ("chi-squared", pytest.approx(theirs.statistic))
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_two_levels_get_fishers_test():
    ours = statistics.level_test([900, 100], [40, 10])
    assert (ours.test, ours.p_value) == (
        "Fisher",
        pytest.approx(stats.fisher_exact([[900, 100], [40, 10]]).pvalue),
    )


def test_rare_levels_are_put_together_until_each_group_is_expected_five_times():
    table = statistics._grouped(
        np.array([[500.0, 1, 400, 2, 3, 4], [50, 0, 40, 0, 0, 0]]), np.array([910.0, 90])
    )
    assert table.tolist() == [[500, 410], [50, 40]]


def test_a_batch_of_one_level_out_of_many_is_seen_although_each_is_rare():
    assert statistics.level_test([1000] * 10, [30] + [0] * 9).p_value < 1e-6
    assert statistics.level_test([1000] * 10, [0] * 9 + [30]).p_value < 1e-6


@pytest.mark.parametrize(("levels", "n"), [(3, 50), (30, 50), (300, 200)])
def test_the_level_test_keeps_its_promise_under_no_drift(levels, n):
    rng = np.random.default_rng(levels)
    shares = 1 / np.arange(1, levels + 1)
    shares /= shares.sum()
    p = [
        statistics.level_test(rng.multinomial(3000, shares), rng.multinomial(n, shares)).p_value
        for _ in range(1000)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)
    assert np.mean(np.array(p) < 0.005) < 0.005 + 4 * np.sqrt(0.005 / 1000)


def test_cramers_v_is_that_of_two_equally_large_samples():
    table = np.array([[5000.0, 3000, 2000], [4000, 3000, 3000]])
    squared = stats.contingency.association(table.astype(int), correction=False) ** 2
    assert statistics.cramers_v(*table) == pytest.approx(np.sqrt(squared - 2 * (2 / 10_000) / 4))


def test_cramers_v_does_not_depend_on_how_large_the_reference_is():
    small, large = (
        statistics.cramers_v(np.array([n, n]), np.array([800, 200])) for n in (10_000, 10_000_000)
    )
    assert small == pytest.approx(large, abs=1e-3)
    assert statistics.cramers_v(np.array([1000, 0]), np.array([0, 1000])) == pytest.approx(1, abs=1e-3)


def test_a_share_test_can_look_at_growth_only():
    assert statistics.share_test(100, 1000, 0, 100, more_only=True).p_value > 0.9
    assert statistics.share_test(100, 1000, 0, 100).p_value < 0.01
    assert statistics.share_test(0, 1000, 10, 100, more_only=True).p_value < 1e-6


def test_holm_multiplies_by_the_tests_still_standing():
    assert statistics.holm([0.04, 0.001, 0.03]) == pytest.approx([0.06, 0.003, 0.06])
    assert statistics.holm([0.9, 0.8]) == pytest.approx([1, 1])


def test_the_smallest_distance_is_where_the_p_value_is_reached():
    distance = statistics.smallest_distance(0.01, 200, 5000)
    assert stats.kstwo.sf(distance, statistics.effective_size(200, 5000)) == pytest.approx(0.01, rel=1e-3)
