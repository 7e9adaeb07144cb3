"""Permutation importance: scikit-learn's, on raw columns of any predictor."""

import numpy as np
import pytest
from sklearn.inspection import permutation_importance as sklearns
from sklearn.linear_model import LogisticRegression

from dltoolkit import Problem, explain
from dltoolkit._checks import InputError


@pytest.fixture(scope="module")
def fitted(table):
    columns = ["a", "b", "c"]
    model = LogisticRegression().fit(table[columns], table["late"])

    class Predictor:
        def outputs(self, frame):
            return model.predict_proba(frame[columns])[:, 1]

    return model, Predictor(), table[[*columns, "late"]], Problem("binary", "late", ("no", "yes"))


def test_it_agrees_with_scikit_learns(fitted):
    model, predictor, frame, problem = fitted
    ours = explain.permutation_importance(predictor, frame, problem, repeats=60).frame().set_index("column")
    theirs = sklearns(
        model, frame[["a", "b", "c"]], frame["late"], scoring="neg_log_loss", n_repeats=60, random_state=0
    )
    for i, column in enumerate("abc"):
        error = 4 * np.hypot(ours.loc[column, "std"], theirs.importances_std[i]) / np.sqrt(60)
        assert ours.loc[column, "importance"] == pytest.approx(theirs.importances_mean[i], abs=error)
    assert ours.index[0] == "a"


def test_a_column_that_is_not_used_is_worth_nothing_whatever_the_direction_of_the_metric(fitted):
    _, _, frame, problem = fitted

    class First:
        def outputs(self, rows):
            return 1 / (1 + np.exp(-rows["a"].to_numpy()))

    for metric in ("log_loss", "roc_auc"):
        table = (
            explain.permutation_importance(First(), frame, problem, metric=metric).frame().set_index("column")
        )
        assert table.loc[["b", "c"], "importance"].tolist() == [0, 0]
        assert table.loc["a", "importance"] > 0.05


def test_a_run_is_asked_for_the_columns_that_it_reads_and_the_seed_repeats(tables, table):
    run = tables["late"]
    first, same, other = (
        explain.permutation_importance(run, table, run.problem, repeats=2, seed=s) for s in (0, 0, 1)
    )
    assert first.columns == ("a", "b", "c", "town")
    np.testing.assert_array_equal(first.losses, same.losses)
    assert not np.array_equal(first.losses, other.losses)
    assert "4 columns" in repr(first) and "next: plots.importance" in repr(first)
    one = explain.permutation_importance(run, table, run.problem, columns=["town"], repeats=1)
    assert one.frame()["std"].isna().all()


def test_amounts_go_by_their_error(tables, table):
    run = tables["price"]
    assert explain.permutation_importance(run, table, run.problem, repeats=1).metric == "rmse"


def test_the_rows_are_left_as_they_were(tables, table):
    before = table.copy()
    explain.permutation_importance(tables["late"], table, tables["late"].problem, repeats=1)
    assert table.equals(before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "auc"}, r"metric: expected one of .* got 'auc'"),
        ({"repeats": 0}, r"repeats: expected a whole number in \[1, inf\], got 0"),
        ({"columns": ["agee"]}, r"frame column 'agee': expected to be there, got no such column"),
        ({"columns": "a"}, r"columns: expected a list of column names, got 'a'\. Write \['a'\]"),
    ],
)
def test_bad_options_are_named(tables, table, options, message):
    with pytest.raises(InputError, match=message):
        explain.permutation_importance(tables["late"], table, tables["late"].problem, **options)


def test_what_cannot_answer_and_rows_without_the_target_are_refused(tables, table):
    with pytest.raises(
        InputError, match=r"predictor: expected something with a method outputs\(frame\), got int"
    ):
        explain.permutation_importance(5, table, tables["late"].problem)
    with pytest.raises(InputError, match="frame column 'late': expected to be there"):
        explain.permutation_importance(tables["late"], table.drop(columns="late"), tables["late"].problem)
