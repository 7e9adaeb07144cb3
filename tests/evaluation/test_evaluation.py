"""What can be read off an Evaluation."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from dltoolkit._checks import InputError
from dltoolkit.evaluation import Evaluation, best_threshold, expected_calibration_error, score
from dltoolkit.evaluation._slices import slice_names
from dltoolkit.problem import Problem

BINARY = Problem("binary", "churn", ("no", "yes"))
THREE = Problem("multiclass", "kind", ("a", "b", "c"))
LABELS = Problem("multilabel", ("hot", "wet"))
AMOUNT = Problem("regression", "price")


def binary(n=400, *, decimals=3, **options):
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.3).astype("float32")
    p = np.clip(0.25 + 0.3 * y + rng.normal(0, 0.2, n), 0, 1).round(decimals)
    return score(y, p, BINARY, n_bootstrap=100, baselines={"flat": np.full(n, 0.3)}, **options)


def three(n=200):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, n).astype("int32")
    p = rng.random((n, 3)) + np.eye(3)[y]
    return score(y, p / p.sum(axis=1, keepdims=True), THREE, n_bootstrap=50)


def labels(n=100):
    rng = np.random.default_rng(2)
    y = (rng.random((n, 2)) < 0.5).astype("float32")
    return score(y, (rng.random((n, 2)) + y) / 2, LABELS, n_bootstrap=50)


def amount(n=100):
    rng = np.random.default_rng(3)
    y = rng.normal(size=n).astype("float32")
    return score(y, y + rng.normal(size=n), AMOUNT, n_bootstrap=50, baselines={"mean": np.zeros(n)})


EVERY = [binary, three, labels, amount]


def test_the_frame_shows_the_model_beside_its_baselines():
    table = binary().frame()
    assert list(table.columns) == ["model", "flat"]
    value, low, high = binary().metrics.loc["roc_auc"]
    assert table.loc["roc_auc", "model"] == f"{value:.3f} [{low:.3f}, {high:.3f}]"


@pytest.mark.parametrize("make", EVERY)
def test_the_repr_is_one_line_with_the_headline_and_the_next_step(make):
    text = repr(make())
    assert "\n" not in text
    assert "rows: " in text
    assert "Next: " in text


def test_the_repr_names_the_best_baseline():
    assert "best baseline flat 0.500" in repr(binary())
    assert "best baseline mean" in repr(amount())


def test_a_baseline_that_was_not_evaluated_is_named():
    with pytest.raises(InputError, match=r"got 'flt'\. Did you mean 'flat'\?"):
        binary().versus("flt")
    with pytest.raises(InputError, match="Pass baselines= to evaluate"):
        three().versus("flat")


def test_the_confusion_table_is_scikit_learns_with_class_names():
    for result in (binary(threshold=0.4), three()):
        answer = result.outputs >= 0.4 if result.problem.kind == "binary" else result.outputs.argmax(axis=1)
        table = result.confusion()
        assert (table.to_numpy() == sk.confusion_matrix(result.y_true, answer)).all()
        assert tuple(table.index) == tuple(table.columns) == result.problem.classes
        assert (table.index.name, table.columns.name) == ("true", "predicted")


def test_the_multilabel_confusion_table_has_a_row_a_label():
    result = labels()
    expected = sk.multilabel_confusion_matrix(result.y_true, result.outputs >= 0.5).reshape(2, 4)
    assert (result.confusion().to_numpy() == expected).all()
    assert list(result.confusion().index) == ["hot", "wet"]


@pytest.mark.parametrize("decimals", [1, 6])
def test_curves_are_scikit_learns(decimals):
    result = binary(decimals=decimals)
    roc, pr = result.curve("roc"), result.curve("pr")
    every = pd.DataFrame(
        np.column_stack(sk.roc_curve(result.y_true, result.outputs, drop_intermediate=False))
    )
    corners = roc.drop(columns="class").reset_index(drop=True)
    kept = every[every[2].isin(roc["threshold"])].reset_index(drop=True)
    np.testing.assert_allclose(corners, kept)
    assert sk.auc(corners["false_positive_rate"], corners["true_positive_rate"]) == pytest.approx(
        sk.auc(every[0], every[1])
    )
    assert len(corners) <= len(every)
    precision, recall, _ = sk.precision_recall_curve(result.y_true, result.outputs)
    np.testing.assert_allclose(pr["precision"], precision[::-1])
    np.testing.assert_allclose(pr["recall"], recall[::-1])
    assert set(roc["class"]) == set(pr["class"]) == {"yes"}


def test_the_area_under_each_roc_curve_averages_to_the_metric():
    for result in (three(), labels()):
        areas = [
            sk.auc(part["false_positive_rate"], part["true_positive_rate"])
            for _, part in result.curve("roc").groupby("class")
        ]
        assert np.mean(areas) == pytest.approx(result.metrics.loc["roc_auc", "value"])


def test_the_calibration_curve_bins_by_probability_with_an_interval_around_the_share():
    result = binary()
    table = result.curve("calibration")
    bins = np.minimum((result.outputs * 15).astype(int), 14)
    expected = pd.DataFrame({"p": result.outputs, "y": result.y_true}).groupby(bins)
    np.testing.assert_allclose(table["predicted"], expected["p"].mean())
    np.testing.assert_allclose(table["observed"], expected["y"].mean())
    assert table["rows"].tolist() == expected.size().tolist()
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()


def test_wilsons_interval_is_the_textbooks():
    y = np.r_[np.ones(8), np.zeros(2)].astype("float32")  # 8 of 10: 0.490 to 0.943 (Brown et al. 2001)
    table = score(y, np.full(10, 0.8), BINARY, n_bootstrap=0).curve("calibration")
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx([0.490, 0.943], abs=5e-4)


@pytest.mark.parametrize(
    "ask", [lambda e: e.curve("roc"), lambda e: e.confusion(), expected_calibration_error]
)
def test_a_regression_has_no_curves(ask):
    with pytest.raises(InputError, match="expected a problem with classes, got a regression problem"):
        ask(amount())


def test_an_unknown_curve_is_named():
    with pytest.raises(InputError, match=r"curve: expected one of .* got 'rok'\. Did you mean 'roc'"):
        binary().curve("rok")


def test_the_worst_rows_are_the_most_surprising_ones():
    result = binary()
    gap = np.abs(result.outputs - result.y_true)
    rows = result.worst(5)
    assert gap[rows].tolist() == np.sort(gap)[::-1][:5].tolist()
    errors = np.abs(amount().outputs - amount().y_true)
    assert amount().worst(3).tolist() == np.argsort(-errors)[:3].tolist()
    assert len(binary(n=400).worst(1000)) == 400
    with pytest.raises(InputError, match="n: expected a whole number"):
        result.worst(0)


def test_slices_measure_each_value_on_its_rows():
    result = binary()
    frame = pd.DataFrame({"town": np.resize(["york", "bath", None], 400)})
    table = result.slices(frame, "town", metric="accuracy")
    assert list(table.index) == ["bath", "york", "(missing)"]
    right = (result.outputs >= 0.5) == (result.y_true == 1)
    expected = pd.Series(right).groupby(frame["town"].fillna("(missing)")).mean()
    assert table["value"].to_dict() == pytest.approx(expected.to_dict())
    assert table["rows"].sum() == 400
    assert (table["low"] <= table["value"]).all()


def test_numbers_are_cut_into_quarters_and_rare_values_gathered():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"age": rng.random(400), "rooms": np.arange(400) % 5, "id": np.arange(400).astype(str)}
    )
    ages = binary().slices(frame, "age")
    assert ages["rows"].tolist() == [100] * 4
    sorted_ages = np.sort(frame["age"])
    assert ages.index[1] == f"{sorted_ages[100]} to {sorted_ages[199]}"
    assert list(binary().slices(frame, "rooms").index) == ["0", "1", "2", "3", "4"]
    assert binary().slices(frame, "id", metric="accuracy").loc["(other)", "rows"] == 388


def test_dates_infinite_numbers_and_odd_values_make_slices_too():
    columns = {
        "when": pd.date_range("2024-01-01", periods=400),
        "reach": np.r_[np.inf, -np.inf, np.arange(398)],
        "flag": pd.array([True, None] * 200, dtype="boolean"),
        "tags": [["a"]] * 400,
        "many zeros": np.r_[np.zeros(380), np.arange(20)],
    }
    frame = pd.DataFrame(columns)
    tables = {name: binary().slices(frame, name, metric="accuracy") for name in columns}
    assert tables["when"].index[0] == "2024-01-01 00:00:00 to 2024-04-09 00:00:00"
    assert tables["reach"].index[0] == "-inf to 98"
    assert tables["flag"].index.tolist() == ["True", "(missing)"]
    assert all(table["rows"].sum() == 400 for table in tables.values())


def test_each_quarter_is_named_by_its_own_smallest_and_largest_value():
    rng = np.random.default_rng(0)
    for share in (0.1, 0.3, 0.6, 0.9):
        values = pd.Series(np.where(rng.random(400) < share, 0, rng.normal(size=400)))
        for name, part in values.groupby(slice_names(values).astype("str")):
            assert [float(end) for end in name.split(" to ")] == [part.min(), part.max()]


def test_a_slice_without_a_class_has_no_auc():
    result = binary()
    table = result.slices(pd.DataFrame({"same": result.y_true == 1}), "same")
    assert table[["value", "low", "high"]].isna().all(axis=None)


def test_slices_refuse_another_frame_or_an_unknown_metric():
    frame = pd.DataFrame({"town": ["york"] * 400})
    with pytest.raises(InputError, match="frame: expected 400 rows, got 3"):
        binary().slices(frame.head(3), "town")
    with pytest.raises(InputError, match="Did you mean 'town'"):
        binary().slices(frame, "twn")
    with pytest.raises(InputError, match=r"metric: expected one of .* got 'auc'"):
        binary().slices(frame, "town", metric="auc")


@pytest.mark.parametrize("make", EVERY)
def test_json_keeps_every_number(make):
    result = make()
    again = Evaluation.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False)))
    pd.testing.assert_frame_equal(again.metrics, result.metrics)
    for name in result.baselines:
        pd.testing.assert_frame_equal(again.baselines[name], result.baselines[name])
        pd.testing.assert_frame_equal(again.versus(name), result.versus(name))
    assert again.y_true.dtype == result.y_true.dtype
    assert (again.outputs == result.outputs).all()
    assert (again.y_true == result.y_true).all()
    assert again.problem == result.problem
    assert again.notes == result.notes
    assert repr(again) == repr(result)
    assert again.worst(3).tolist() == result.worst(3).tolist()


def test_damaged_json_is_refused():
    content = binary().to_json()
    with pytest.raises(InputError, match="got no metrics"):
        Evaluation.from_json({k: v for k, v in content.items() if k != "metrics"})
    for damage in ({"base64": "&"}, {"dtype": "O"}, {"shape": [3]}):
        with pytest.raises(
            InputError, match="evaluation 'outputs': expected a packed array, got a damaged one"
        ):
            Evaluation.from_json({**content, "outputs": {**content["outputs"], **damage}})


def test_the_calibration_error_is_guos():
    result = three()
    confidence, right = result.outputs.max(axis=1), result.outputs.argmax(axis=1) == result.y_true
    expected = 0.0
    for b in range(15):
        inside = (confidence >= b / 15) & (confidence < (b + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(result) == pytest.approx(expected)


def test_the_calibration_error_of_honest_probabilities_is_small_and_of_sure_wrong_ones_is_one():
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    honest = score((rng.random(20_000) < p).astype("float32"), p, BINARY, n_bootstrap=0)
    assert expected_calibration_error(honest) < 0.02
    assert expected_calibration_error(score([0, 1], [1.0, 0.0], BINARY, n_bootstrap=0)) == 1


@pytest.mark.parametrize("costs", [(1, 1), (1, 10), (10, 1), (0, 1), (1, 0), (2.5, 1)])
def test_the_best_threshold_costs_least_of_all(costs):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = np.r_[0, 1, rng.random(20) < 0.5].astype("float32")
        p = rng.random(22).round(1).astype("float32")
        result = score(y, p, BINARY, n_bootstrap=0)

        def cost(threshold, y=y, p=p):
            answer = p.astype(float) >= threshold
            return costs[0] * (answer & (y == 0)).sum() + costs[1] * (~answer & (y == 1)).sum()

        cheapest = min(cost(t) for t in np.linspace(0, 1, 1001))
        chosen = best_threshold(result, *costs)
        assert 0 <= chosen <= 1
        assert cost(chosen) == pytest.approx(cheapest)


def test_the_best_threshold_of_perfect_scores_lies_between_the_classes():
    assert best_threshold(score([0, 0, 1], [0.0, 0.2, 1.0], BINARY, n_bootstrap=0), 1, 1) == pytest.approx(
        0.6
    )


def test_the_best_threshold_refuses_what_has_no_answer():
    with pytest.raises(InputError, match="cost_false_positive: expected a number"):
        best_threshold(binary(), -1, 1)
    with pytest.raises(InputError, match="at least one cost above 0"):
        best_threshold(binary(), 0, 0)
    with pytest.raises(InputError, match="expected a binary problem, got a multiclass one"):
        best_threshold(three(), 1, 1)
