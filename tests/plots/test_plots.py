"""What single plots show: the numbers drawn are those of the result, and odd input gets a plain answer."""

import types

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as sk

from dltoolkit import plots
from dltoolkit._checks import InputError
from dltoolkit.data import Schema, split
from dltoolkit.evaluation import score
from dltoolkit.monitoring import Monitor
from dltoolkit.plots._axes import elided_all, short, spread
from dltoolkit.problem import Problem

# --- training ------------------------------------------------------------------------------------------------------


def test_history_marks_the_epoch_that_the_run_kept(examples):
    frame = examples.history(30)
    run = types.SimpleNamespace(history=frame, best_epoch=12)
    ax = plots.history(run)
    assert ax.get_title() == "Loss: best at epoch 12 of 30"
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"] == [12]


def test_history_of_a_frame_finds_the_best_validation_epoch(examples):
    frame = examples.history(30)
    assert f"epoch {frame['val_loss'].idxmin() + 1} of 30" in plots.history(frame).get_title()
    assert (
        f"AUC: best at epoch {frame['val_auc'].idxmax() + 1} of"
        in plots.history(frame, metric="auc").get_title()
    )
    assert plots.history(frame, metric="val_auc").get_ylabel() == "AUC"


def test_history_draws_the_numbers_of_the_frame(examples):
    frame = examples.history(10)
    train, validation = plots.history(frame).lines[:2]
    assert train.get_ydata().tolist() == frame["loss"].tolist()
    assert validation.get_ydata().tolist() == frame["val_loss"].tolist()


def test_history_without_a_validation_part_draws_the_training_curve(examples):
    frame = examples.history(10)[["epoch", "loss"]]
    assert [text.get_text() for text in plots.history(frame).texts] == ["train"]


def test_history_of_a_training_that_diverged_says_so(examples):
    frame = examples.history(10)
    frame.loc[4:, ["loss", "val_loss"]] = [np.inf, np.nan]
    assert plots.history(frame).get_title() == "Loss: best at epoch 4 of 10, not finite somewhere"
    frame[["loss", "val_loss"]] = np.nan
    assert plots.history(frame).get_title() == "Loss: 10 epoch(s), not finite somewhere"


def test_history_that_explodes_gets_a_logarithmic_axis(examples):
    frame = examples.history(10)
    frame["loss"] *= 10.0 ** frame["epoch"]
    assert plots.history(frame).get_yscale() == "log"


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        (lambda f: f.iloc[:0], {}, r"history: expected at least 1 row"),
        (lambda f: f, {"metric": "acc"}, r"metric: expected one of 'loss', 'auc', got 'acc'"),
    ],
)
def test_history_refuses_what_it_cannot_draw(examples, change, settings, message):
    with pytest.raises(InputError, match=message):
        plots.history(change(examples.history(5)), **settings)


def test_trials_mark_the_best_and_the_failed(examples):
    search = examples.search()
    best = search.trials["score"].idxmax()
    ax = plots.trials(search)
    assert f"{short(search.trials['score'].max())} in trial {best} of 12" in ax.get_title()
    assert ax.get_xlabel() == "trial (×: 1 failed)"
    assert "higher is better" in ax.get_ylabel().replace("\n", " ")


def test_trials_refuse_a_setting_that_was_not_varied(examples):
    with pytest.raises(
        InputError, match=r"setting: expected one of 'learning_rate', 'units', got 'learning_rte'. Did"
    ):
        plots.trials(examples.search(), setting="learning_rte")


def test_trials_without_any_score_say_so(examples):
    search = examples.search()
    search.trials["score"] = np.nan
    assert plots.trials(search).get_title() == "Search: none of 12 trials has a score"


def test_a_real_run_and_a_real_search_are_read(examples):
    from dltoolkit.training import Run
    from dltoolkit.tuning import Search

    run = Run(
        model=None, preprocessor=None, problem=examples.late, history=examples.history(5), settings={}, timings={},
        stopped="finished", best_epoch=4,
    )  # fmt: skip
    assert plots.history(run).get_title() == "Loss: best at epoch 4 of 5"
    search = Search(examples.search().trials, {}, run, "val_auc", "max", "random")
    assert plots.trials(search).get_title() == plots.trials(examples.search()).get_title()


# --- evaluation ----------------------------------------------------------------------------------------------------


def test_confusion_writes_counts_and_the_share_of_the_true_class(examples):
    table = examples.binary.confusion()
    written = [text.get_text() for text in plots.confusion_matrix(examples.binary).texts]
    share = table.loc["yes", "no"] / table.loc["yes"].sum()
    assert written[2] == f"{table.loc['yes', 'no']:,}\n{share:.0%}"
    assert len(written) == 4


def test_confusion_of_many_classes_is_shaded_only(examples):
    ax = plots.confusion_matrix(examples.many, ax=plt.figure(figsize=(4, 3)).subplots())
    assert not ax.texts
    assert "colour: share of the true class" in ax.get_title().replace("\n", " ")


def test_roc_is_scikit_learns(examples):
    ax = plots.roc(examples.binary)
    fpr, tpr, _ = sk.roc_curve(examples.binary.y_true, examples.binary.outputs)
    line = max(ax.lines, key=lambda line: len(line.get_xdata()))
    np.testing.assert_allclose(np.interp(np.linspace(0, 1, 9), line.get_xdata(), line.get_ydata())[1:-1],
                               np.interp(np.linspace(0, 1, 9), fpr, tpr)[1:-1], atol=0.02)  # fmt: skip
    area = sk.roc_auc_score(examples.binary.y_true, examples.binary.outputs)
    assert f"area {area:.3f}" in ax.get_title().replace("\n", " ").replace("\xa0", " ")


def test_curves_of_many_classes_name_the_worst_only(examples):
    ax = plots.roc(examples.many)
    areas = [
        sk.roc_auc_score(examples.many.y_true == k, examples.many.outputs[:, k])
        for k in range(len(examples.many.outputs[0]))
    ]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == 3
    assert {float(label.split()[-1]) for label in labels} == {round(area, 2) for area in sorted(areas)[:3]}


@pytest.mark.parametrize(
    "plot", [plots.roc, plots.pr, plots.calibration, plots.confusion_matrix, plots.thresholds, plots.metrics]
)
def test_two_rows_can_be_drawn(plot):
    evaluation = score(
        np.array([0, 1]), np.array([0.7, 0.7]), Problem("binary", "late", ("no", "yes")), n_bootstrap=0
    )
    ax = plot(evaluation)
    ax.figure.draw_without_rendering()
    assert "2 rows" in ax.get_title()


def test_residuals_of_two_rows_can_be_drawn():
    evaluation = score(
        np.array([1.0, 2.0]), np.array([1.0, 1.0]), Problem("regression", "price", ()), n_bootstrap=0
    )
    assert "2 rows" in plots.residuals(evaluation).get_title()


@pytest.mark.parametrize("plot", [plots.roc, plots.pr, plots.calibration, plots.confusion_matrix])
def test_a_regression_has_no_classes_to_draw(examples, plot):
    with pytest.raises(
        InputError, match=r"expected a problem with classes, got a regression problem\. Draw plots.residuals"
    ):
        plot(examples.regression())


def test_residuals_need_a_regression_and_thresholds_two_classes(examples):
    with pytest.raises(InputError, match="evaluation: expected a regression, got a binary problem"):
        plots.residuals(examples.binary)
    with pytest.raises(InputError, match="evaluation: expected a binary problem, got a multiclass one"):
        plots.thresholds(examples.few)


def test_thresholds_draw_precision_and_recall_at_each_threshold(examples):
    evaluation = examples.binary
    lines = {line.get_color(): line for line in plots.thresholds(evaluation).lines}
    said = evaluation.outputs >= 0.5
    expected = [
        (said & (evaluation.y_true == 1)).sum() / n for n in (said.sum(), (evaluation.y_true == 1).sum())
    ]
    for colour, value in zip(("#0173b2", "#d55e00"), expected, strict=True):
        x, y = lines[colour].get_data()
        assert y[x >= 0.5][-1] == pytest.approx(value, abs=0.02)


def test_metrics_draw_the_model_above_its_baselines(examples):
    ax = plots.metrics(examples.binary, metric=["roc_auc", "f1"])
    drawn = {line.get_label(): line.get_xdata().tolist() for line in ax.lines}
    assert list(drawn) == ["model", "majority", "linear"]
    assert drawn["model"] == examples.binary.metrics.loc[["roc_auc", "f1"], "value"].tolist()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ROC AUC", "F1"]


def test_metrics_say_which_are_better_when_lower_and_leave_none_out_unsaid(examples):
    ax = plots.metrics(examples.regression())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["MAE ↓", "RMSE ↓"]
    assert "(R²" in ax.get_title().replace("\n", " ")
    with pytest.raises(InputError, match=r"metric: expected one of .*, got 'auc'"):
        plots.metrics(examples.binary, metric="auc")


# --- data ----------------------------------------------------------------------------------------------------------


def test_missingness_draws_shares_and_what_is_missing_together():
    frame = pd.DataFrame({"a": [1, None, None, None], "b": [None, None, 1, 1], "c": 1})
    ax = plots.missingness(frame)
    assert [bar.get_width() for bar in ax.patches] == [0.75, 0.5]
    assert "often together: a + b (1 rows)" in ax.get_xlabel().replace("\n", " ")


def test_correlations_are_pandas(examples):
    frame = examples.small[["x0", "x1", "money"]]
    image = plots.correlations(frame, method="pearson").images[0].get_array()
    expected = frame.corr().to_numpy()
    assert image[0, 0] == pytest.approx(expected[1, 0])
    assert image[1].tolist() == pytest.approx(expected[2, :2].tolist())
    assert np.ma.is_masked(image[0, 1])


def test_cramers_v_is_scipys_up_to_its_correction():
    rng = np.random.default_rng(0)
    a = rng.choice(["x", "y", "z"], 20_000)
    frame = pd.DataFrame(
        {"a": a, "b": np.where(rng.random(20_000) < 0.5, a, rng.choice(["x", "y", "z"], 20_000))}
    )
    expected = stats.contingency.association(pd.crosstab(frame["a"], frame["b"]).to_numpy())
    assert plots.correlations(frame, method="cramers_v").images[0].get_array()[0, 0] == pytest.approx(
        expected, abs=1e-3
    )


def test_correlations_go_by_the_roles_of_a_schema(examples):
    frame = examples.small
    schema = Schema.infer(frame, "late").with_roles(x0="categorical")
    names = {label.get_text() for label in plots.correlations(frame, schema).get_xticklabels()}
    assert "x1" in names
    assert not names & {"x0", "late", "city", "same"}


def test_many_columns_are_put_beside_what_they_move_with(examples):
    ax = plots.correlations(examples.large, method="pearson", ax=plt.figure(figsize=(9, 9)).subplots())
    values = np.abs(ax.images[0].get_array().filled(0))
    near = np.mean(np.diag(values))
    assert near > 2 * values[np.tri(len(values), k=-3, dtype=bool)].mean()


@pytest.mark.parametrize(
    ("frame", "settings", "message"),
    [
        (
            pd.DataFrame({"a": [1, 1], "b": ["x", "y"]}),
            {},
            r"expected two columns of numbers that vary, got 0\. Columns .* 'a'",
        ),
        (
            pd.DataFrame({"a": ["x"]}),
            {},
            r"expected two columns of numbers that vary, got 0\. There are none",
        ),
        (
            pd.DataFrame({"a": [1, 2]}),
            {"method": "kendall"},
            r"method: expected one of 'pearson', 'spearman', 'cramers_v'",
        ),
    ],
)
def test_correlations_refuse_what_they_cannot_draw(frame, settings, message):
    with pytest.raises(InputError, match=message):
        plots.correlations(frame, **settings)


def test_target_balance_of_splits_leaves_the_test_part_sealed():
    class Sealed:
        train = pd.DataFrame({"late": ["no", "yes", "no"]})
        validation = pd.DataFrame({"late": ["no", "yes"]})
        sizes = None

        @property
        def test(self):
            raise AssertionError("the test part was opened")

    ax = plots.target_balance(Sealed(), Problem("binary", "late", ("no", "yes")))
    assert ax.get_title() == "Target late: 3 train, 2 validation"
    assert sorted(round(bar.get_width(), 3) for bar in ax.patches) == [0.333, 0.5, 0.5, 0.667]


def test_target_balance_reads_real_splits(examples):
    frame = examples.small.assign(row=range(400))
    splits = split(frame, examples.late)
    ax = plots.target_balance(splits, examples.late)
    assert (
        ax.get_title().replace("\n", " ")
        == f"Target late: {len(splits.train)} train, {len(splits.validation)} validation"
    )
    assert splits.test_openings == 0


def test_target_balance_counts_labels_of_any_type():
    frame = pd.DataFrame({"won": [1, 0, 0, 1, 0]})
    texts = [
        text.get_text().strip() for text in plots.target_balance(frame, Problem.infer(frame, "won")).texts
    ]
    assert texts == ["3 (60.0%)", "2 (40.0%)"]


def test_target_balance_of_several_labels_draws_the_share_of_each():
    frame = pd.DataFrame({"a": [1, 0, 0, 0], "b": [1, 1, 1, 0]})
    ax = plots.target_balance(frame, Problem.infer(frame, ["a", "b"]))
    assert [bar.get_width() for bar in ax.patches] == [0.25, 0.75]


def test_target_balance_refuses_a_frame_without_the_target(examples):
    with pytest.raises(InputError, match=r"frame column 'late': expected to be there"):
        plots.target_balance(examples.small.drop(columns="late"), examples.late)
    with pytest.raises(InputError, match=r"data: expected a DataFrame or data\.Splits, got int"):
        plots.target_balance(5, examples.late)


def test_distribution_counts_whole_numbers_one_by_one():
    frame = pd.DataFrame({"n": [1, 1, 2, 4, None]})
    ax = plots.distribution(frame, "n")
    values, edges, _ = ax.patches[0].get_data()
    assert dict(zip(edges + 0.5, values, strict=False)) == {1: 2, 2: 1, 3: 0, 4: 1}
    assert ax.get_title() == "n: 4 rows, 1 missing"


def test_distribution_cuts_a_far_tail_and_counts_it(examples):
    beyond = (examples.small["money"] == 1e7).sum()
    title = plots.distribution(examples.small, "money").get_title()
    cut = int(title.split(", ")[-1].split()[0])
    assert beyond <= cut <= beyond + 25


def test_distribution_puts_small_groups_together(examples):
    labels = [
        t.get_text() for t in plots.distribution(examples.small, "x1", by="kind").get_legend().get_texts()
    ]
    assert len(labels) == 5
    assert labels[-1] == "(other)"


@pytest.mark.parametrize("step", ["1s", "7h", "3D", "90D", "2000D"])
def test_distribution_of_dates_over_any_span(step):
    frame = pd.DataFrame({"t": pd.date_range("1990-01-01", periods=30, freq=step)})
    plots.distribution(frame, "t").figure.draw_without_rendering()


@pytest.mark.parametrize(
    "values",
    [
        [np.nan, None, np.nan],
        [5.0],
        [5.0, 5.0, 5.0],
        [np.inf, 1.0, 2.0],
        [True, False, None],
        [np.inf, -np.inf, np.nan],
    ],
    ids=["empty", "one row", "constant", "infinite", "flag", "nothing finite"],
)
def test_distribution_of_odd_columns(values):
    ax = plots.distribution(pd.DataFrame({"x": values}), "x")
    ax.figure.draw_without_rendering()
    assert ax.get_title().startswith("x: ")


def test_distribution_names_a_column_that_comes_close(examples):
    with pytest.raises(InputError, match=r"frame column 'mony': expected to be there.*Did you mean 'money'"):
        plots.distribution(examples.small, "mony")


# --- drift ---------------------------------------------------------------------------------------------------------


def test_drift_draws_the_strongest_finding_of_each_column_over_its_floor(examples):
    report = examples.report(examples.small)
    ax = plots.drift(report)
    strongest = report.findings[0]
    assert ax.collections[1].get_offsets()[0][0] == pytest.approx(strongest.effect / strongest.floor)
    assert ax.get_title().startswith(f"Drift in {len(report.drifted)} of ")


def test_drift_of_one_column_and_one_row():
    frame = pd.DataFrame({"x": np.arange(50.0)})
    assert "Drift in 0 of 1 columns (1 rows" in plots.drift(
        Monitor(frame).check(frame[:1])
    ).get_title().replace("\n", " ")


# --- labels --------------------------------------------------------------------------------------------------------


def test_names_that_differ_in_the_middle_stay_different():
    names = [f"class number {i} with a rather long name" for i in range(30)]
    for most in (8, 12, 20):
        assert len(set(elided_all(names, most))) == 30
        assert max(map(len, elided_all(names, most))) <= most


def test_labels_are_moved_apart_and_keep_their_order():
    moved = spread(np.array([0.5, 0.5, 0.51, 0.99]), 0.1)
    assert np.diff(moved).min() >= 0.1 - 1e-12
    assert moved.max() <= 0.95 + 1e-12


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.25, "0.25"), (-1200, "-1,200"), (45_000, "45k"), (-3.4e6, "-3.4M"), (2e9, "2G"), (999.6, "999.6")],
)
def test_numbers_are_written_short(value, text):
    assert short(value) == text
