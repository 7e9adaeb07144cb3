"""What `score` and `evaluate` take, give and refuse."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from dltoolkit._checks import InputError
from dltoolkit.evaluation import evaluate, score
from dltoolkit.problem import Problem

BINARY = Problem("binary", "churn", ("no", "yes"))
THREE = Problem("multiclass", "kind", ("a", "b", "c"))
LABELS = Problem("multilabel", ("hot", "wet"))
AMOUNT = Problem("regression", "price")
Y = np.array([0, 1, 0, 1, 0, 0], "float32")
P = np.array([0.2, 0.9, 0.6, 0.4, 0.1, 0.3])


class Fixed:
    """A predictor that reads its answers from a column."""

    def __init__(self, column="p"):
        self.column = column

    def outputs(self, frame):
        return frame[self.column].to_numpy()


def frame():
    return pd.DataFrame({"churn": np.where(Y == 1, "yes", "no"), "p": P, "q": P[::-1]})


def test_labels_may_come_raw_or_encoded():
    encoded = score(Y, P, BINARY, n_bootstrap=50)
    for raw in (frame()["churn"], frame(), frame()["churn"].tolist(), frame()["churn"].to_numpy()):
        pd.testing.assert_frame_equal(score(raw, P, BINARY, n_bootstrap=50).metrics, encoded.metrics)


def test_one_column_outputs_are_the_same_as_flat_ones():
    flat, column = score(Y, P, BINARY, n_bootstrap=20), score(Y, P[:, None], BINARY, n_bootstrap=20)
    pd.testing.assert_frame_equal(flat.metrics, column.metrics)


def test_the_value_lies_inside_its_interval_and_the_interval_inside_the_range():
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.4).astype("float32")
    result = score(y, np.clip(0.3 * y + 0.7 * rng.random(300), 0, 1), BINARY)
    table = result.metrics
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert list(table.columns) == ["value", "low", "high"]
    assert result.notes == ()


def test_more_confidence_makes_a_wider_interval_and_the_seed_repeats_it():
    wide, narrow = (score(Y, P, BINARY, confidence=c).metrics for c in (0.99, 0.5))
    assert ((wide["high"] - wide["low"]) >= (narrow["high"] - narrow["low"])).all()
    pd.testing.assert_frame_equal(wide, score(Y, P, BINARY, confidence=0.99).metrics)
    assert not wide.equals(score(Y, P, BINARY, confidence=0.99, seed=1).metrics)


def test_baselines_are_measured_on_the_same_resamples():
    result = score(Y, P, BINARY, baselines={"same": P, "reverse": P[::-1]}, n_bootstrap=200)
    pd.testing.assert_frame_equal(result.baselines["same"], result.metrics)
    same = result.versus("same")
    assert (same[["value", "low", "high"]] == 0).all(axis=None)
    assert set(same["verdict"]) == {"no clear difference"}


def test_a_paired_difference_is_narrower_than_two_separate_intervals():
    rng = np.random.default_rng(1)
    y = (rng.random(500) < 0.5).astype("float32")
    p = np.clip(0.5 + 0.2 * (y - 0.5) + rng.normal(0, 0.15, 500), 0, 1)
    close = np.clip(p + rng.normal(0, 0.01, 500), 0, 1)
    result = score(y, p, BINARY, baselines={"close": close})
    width = (result.metrics["high"] - result.metrics["low"])["roc_auc"]
    paired = result.versus("close").loc["roc_auc"]
    assert paired["high"] - paired["low"] < width / 3


def test_verdicts_know_which_way_is_better():
    rng = np.random.default_rng(2)
    y = (rng.random(400) < 0.5).astype("float32")
    good, poor = np.clip(0.2 + 0.6 * y, 0, 1), rng.random(400)
    verdicts = score(y, good, BINARY, baselines={"poor": poor}).versus("poor")["verdict"]
    assert verdicts[["roc_auc", "log_loss", "brier"]].tolist() == ["better"] * 3
    reverse = score(y, poor, BINARY, baselines={"good": good}).versus("good")["verdict"]
    assert reverse[["roc_auc", "log_loss", "brier"]].tolist() == ["worse"] * 3


def test_no_resamples_means_no_intervals_and_says_so():
    result = score(Y, P, BINARY, n_bootstrap=0, baselines={"other": P[::-1]})
    assert result.metrics[["low", "high"]].isna().all(axis=None)
    assert set(result.versus("other")["verdict"]) == {"not tested"}
    assert "no intervals" in result.notes[0]


def test_a_constant_model_is_measured_and_its_empty_precision_is_told():
    result = score(Y, np.full(6, 1 / 3), BINARY)
    assert result.metrics.loc[["roc_auc", "precision"], "value"].tolist() == [0.5, 0]
    assert "model never answers 'yes'" in result.notes[0]


def test_resamples_that_lack_a_class_are_counted():
    result = score(Y, P, BINARY, n_bootstrap=500)
    note = next(note for note in result.notes if note.startswith("roc_auc"))
    assert "of 500 resamples" in note


def test_multilabel_and_regression_are_measured():
    y = np.array([[0, 1], [1, 0], [1, 1], [0, 0]], "float32")
    p = np.array([[0.1, 0.8], [0.7, 0.4], [0.6, 0.9], [0.2, 0.3]])
    assert score(y, p, LABELS).metrics.loc["accuracy", "value"] == 1
    table = score(np.array([1.0, 2, 4]), np.array([1.0, 2, 3]), AMOUNT).metrics
    assert table["value"].tolist() == pytest.approx([1 / 3, np.sqrt(1 / 3), 1 - 1 / (14 / 3)])


def test_evaluate_lets_predictors_answer():
    result = evaluate(Fixed(), frame(), BINARY, baselines={"other": Fixed("q")}, n_bootstrap=100)
    expected = score(Y, P, BINARY, baselines={"other": P[::-1]}, n_bootstrap=100)
    pd.testing.assert_frame_equal(result.metrics, expected.metrics)
    pd.testing.assert_frame_equal(result.versus("other"), expected.versus("other"))


def test_evaluate_takes_a_plain_model_with_its_preprocessor():
    class Preprocessor:
        def transform(self, rows):
            return {"dense": rows["p"].to_numpy("float32")[:, None]}

    class Model:
        outputs = ("a symbolic tensor, as a keras.Model has",)

        def predict(self, features, batch_size, verbose):
            assert verbose == 0
            return features["dense"]

    result = evaluate(Model(), frame(), BINARY, preprocessor=Preprocessor(), n_bootstrap=0)
    assert result.metrics.loc["roc_auc", "value"] == pytest.approx(roc_auc_score(Y, P))
    with pytest.raises(
        InputError, match=r"predictor: expected .* outputs\(frame\), got Model.*preprocessor="
    ):
        evaluate(Model(), frame(), BINARY)


@pytest.mark.parametrize(
    ("y", "outputs", "problem", "message"),
    [
        (Y, P[:5], BINARY, r"outputs: expected 6 rows, one for each true label, got 5"),
        (Y, np.column_stack([1 - P, P]), BINARY, r"shape \(n,\).*got \(6, 2\).*'yes': outputs\[:, 1\]"),
        (Y, np.r_[P[:5], np.nan], BINARY, r"outputs, row 5: expected finite numbers, got nan"),
        (
            Y,
            np.r_[P[:4], -np.inf, np.inf],
            BINARY,
            r"outputs, row 4, 5: expected finite numbers, got -inf, inf",
        ),
        (Y, P * 3, BINARY, r"outputs, row 1, 2, 3: expected probabilities in \[0, 1\].*logits"),
        (Y, ["no"] * 6, BINARY, r"outputs: expected numbers.*not decoded answers"),
        (Y * 0, P, BINARY, r"target 'churn': expected every class at least once, got no row of 'yes' in 6"),
        (Y[:1], P[:1], BINARY, r"got no row of 'yes' in 1"),
        (None, P, BINARY, r"y_true: expected one true label a row, got None"),
        (1, P, BINARY, r"y_true: expected one true label a row, got 1"),
        (Y, 0.5, BINARY, r"outputs: expected shape \(n,\) for a binary problem, got \(\)"),
        (Y[:0], P[:0], BINARY, r"y_true: expected at least one row, got none"),
        (np.r_[Y[:5], 2], P, BINARY, r"y_true, row 5: expected 0 or 1, got 2\.0"),
        (np.r_[Y[:5], np.nan], P, BINARY, r"y_true, row 5: expected 0 or 1, got nan"),
        (["no", "yes", None, "no", "no", "no"], P, BINARY, r"row 2: expected a label, got 1 missing"),
        (
            ["no", "yes", "maybe", "no", "no", "no"],
            P,
            BINARY,
            r"row 2: expected one of 'no', 'yes', got 'maybe'",
        ),
        ([0, 1, 2, 3], np.full((4, 3), 1 / 3), THREE, r"y_true, row 3: expected class numbers 0 to 2, got 3"),
        (
            [0, 1, 2, -1],
            np.full((4, 3), 1 / 3),
            THREE,
            r"y_true, row 3: expected class numbers 0 to 2, got -1",
        ),
        ([0, 1, 0, 1], np.full((4, 3), 1 / 3), THREE, r"got no row of 'c' in 4"),
        ([0, 1, 2], np.full((3, 2), 0.5), THREE, r"shape \(n, 3\) for a multiclass problem, got \(3, 2\)"),
        ([0, 1, 2], [0, 1, 2], THREE, r"shape \(n, 3\) for a multiclass problem, got \(3,\)"),
        (
            [0, 1, 2],
            np.full((3, 3), 0.9),
            THREE,
            r"row 0, 1, 2: expected probabilities that sum to 1.*softmax",
        ),
        ([0, 1, 2], [[1, 0], [1], [1]], THREE, r"outputs: expected an array, got rows of different lengths"),
        (np.ones((3, 2)), np.full((3, 2), 0.5), LABELS, r"label 'hot': expected rows with 0 and rows with 1"),
        ([1.0], [1.0], AMOUNT, r"target 'price': expected at least two different amounts, got 1 row"),
        ([2.0, 2.0], [1.0, 2.0], AMOUNT, r"got only 2 in 2 rows"),
        ([1.0, np.inf], [1.0, 2.0], AMOUNT, r"y_true, row 1: expected finite numbers, got inf"),
        ([1.0, 2.0], [1.0, np.nan], AMOUNT, r"outputs, row 1: expected finite numbers, got nan"),
    ],
)
def test_score_refuses_what_it_cannot_measure(y, outputs, problem, message):
    with pytest.raises(InputError, match=message):
        score(y, outputs, problem)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 1.5}, r"threshold: expected a number in \[0, 1\], got 1\.5"),
        ({"n_bootstrap": -1}, r"n_bootstrap: expected a whole number"),
        ({"n_bootstrap": 1.5}, r"n_bootstrap: expected a whole number"),
        ({"confidence": 1}, r"confidence: expected a number in \(0, 1\), got 1"),
        ({"seed": -3}, r"seed: expected a whole number"),
        ({"baselines": [P]}, r"baselines: expected a dict from name to outputs, got list"),
        ({"baselines": {"model": P}}, r"baselines: expected text names other than 'model'"),
        ({"baselines": {"flat": P[:2]}}, r"baselines\['flat'\]: expected 6 rows"),
    ],
)
def test_score_refuses_options_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        score(Y, P, BINARY, **options)


def test_every_problem_of_a_call_is_listed_at_once():
    with pytest.raises(InputError, match=r"(?s)3 problems:.*threshold.*outputs, row 0.*baselines\['b'\]"):
        score(Y, P * np.nan, BINARY, threshold=7, baselines={"b": P[:2]})


def test_score_refuses_something_that_is_no_problem():
    with pytest.raises(InputError, match=r"problem: expected a Problem, got str"):
        score(Y, P, "binary")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.iloc[:0], r"frame: expected at least 1 row"),
        (lambda f: f.drop(columns="churn"), r"column 'churn': expected to be there"),
        (lambda f: f[f["churn"] == "no"], r"got no row of 'yes'"),
        (lambda f: f.assign(churn=None), r"expected a label, got 6 missing"),
        (lambda f: f["churn"], r"frame: expected a pandas DataFrame, got Series"),
    ],
)
def test_evaluate_refuses_frames_that_cannot_be_measured(change, message):
    with pytest.raises(InputError, match=message):
        evaluate(Fixed(), change(frame()), BINARY)


def test_evaluate_refuses_a_baseline_that_cannot_answer():
    with pytest.raises(InputError, match=r"baselines\['b'\]: expected something with a method outputs"):
        evaluate(Fixed(), frame(), BINARY, baselines={"b": P})


def test_probabilities_that_rounding_pushed_over_the_edge_are_taken():
    result = score(Y, np.clip(P + 1e-7 * (P > 0.8), 0, None) * 0 + np.where(P > 0.8, 1 + 1e-7, P), BINARY)
    assert result.outputs.max() == 1


def test_the_arrays_kept_are_copies_that_nobody_can_change():
    outputs = P.copy()
    result = score(Y, outputs, BINARY, n_bootstrap=0)
    outputs[0] = 0.99
    assert result.outputs[0] == 0.2
    with pytest.raises(ValueError, match="read-only"):
        result.outputs[0] = 0.5


def test_a_thousand_resamples_of_67000_rows_take_seconds():
    rng = np.random.default_rng(0)
    y = (rng.random(67_000) < 0.22).astype("float32")
    start = time.process_time()
    score(y, rng.random(67_000), BINARY)
    assert time.process_time() - start < 15  # 0.9 s on a quiet machine


def test_evaluation_loads_no_deep_learning_framework():
    code = (
        "import sys, dltoolkit.evaluation\n"
        "print([m for m in ('tensorflow', 'keras', 'matplotlib', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_faultless_model_is_told_what_its_rows_still_allow():
    result = score(np.resize([0, 1], 60), np.resize([0.1, 0.9], 60), BINARY)
    assert result.metrics.loc["accuracy"].tolist() == [1, 1, 1]
    assert "60 rows still allow an error rate up to 0.05" in result.notes[0]
