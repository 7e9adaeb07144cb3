"""The claims of data.clean: nothing unasked, every step recorded, learnt once and repeated on new rows."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data._outliers import fences

N = 120


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{i:03d}" for i in range(N)],
            "age": rng.integers(18, 70, N).astype(float),
            "income": np.round(rng.normal(50, 10, N), 1),
            "city": rng.choice(["Paris", "Rome", "Oslo"], N, p=[0.5, 0.3, 0.2]),
            "member": pd.array(rng.random(N) < 0.7, dtype="boolean"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, N), unit="D"),
            "empty": np.nan,
            "same": 1,
            "y": rng.choice(["no", "yes"], N),
        }
    )
    frame.loc[[3, 50], "age"] = np.nan
    frame.loc[[4, 60], "city"] = None
    frame.loc[[5, 70], "member"] = pd.NA
    frame.loc[[6, 80], "since"] = pd.NaT
    return frame


def cleaned(frame, target="y", **settings):
    return data.clean(frame, data.audit(frame, target, labels=False), **settings)


def step(cleaning, action, column=None):
    (found,) = [s for s in cleaning.steps if s.action == action and s.column == column]
    return found


# ---------------------------------------------------------------- the defaults


def test_by_default_only_copies_and_empty_constant_and_id_columns_go(table):
    table = pd.concat([table, table.iloc[[7, 7, 9]]], ignore_index=True)
    cleaning = cleaned(table)
    expected = table.drop_duplicates().drop(columns=["customer_id", "empty", "same"])
    pd.testing.assert_frame_equal(cleaning.data, expected)
    assert step(cleaning, "drop_duplicates").n_rows == 3
    why = {s.column: s.parameters["why"] for s in cleaning.steps if s.action == "drop_column"}
    assert why == {"customer_id": "id_like", "empty": "all_missing", "same": "constant"}


def test_everything_can_be_kept(table):
    cleaning = cleaned(table, duplicates="keep", constant="keep", id_like="keep")
    pd.testing.assert_frame_equal(cleaning.data, table)
    assert cleaning.steps == ()


def test_the_callers_table_stays_as_it_was(table):
    table.loc[2, "income"] = np.inf
    before = table.copy()
    cleaned(table, missing="median", outliers="clip", infinite="missing", spelling="merge")
    pd.testing.assert_frame_equal(table, before)


def test_leaks_go_when_asked(table):
    table["answer"] = table["y"]
    assert "answer" in cleaned(table).data
    assert "answer" not in cleaned(table, leakage="drop").data


# ---------------------------------------------------------------- missing values


@pytest.mark.parametrize(
    ("method", "sklearns"), [("median", "median"), ("mean", "mean"), ("mode", "most_frequent")]
)
def test_numbers_are_imputed_as_scikit_learn_imputes_them(table, method, sklearns):
    cleaning = cleaned(table, missing=method)
    expected = SimpleImputer(strategy=sklearns).fit_transform(table[["age", "income"]])
    np.testing.assert_allclose(cleaning.data[["age", "income"]], expected)
    assert step(cleaning, "impute", "age").n_rows == 2 and step(cleaning, "impute", "income").n_rows == 0


def test_categories_booleans_and_dates_are_imputed_too(table):
    done = cleaned(table, missing="median").data
    assert done.notna().all().all()
    assert done.loc[4, "city"] == table["city"].mode()[0] == "Paris"
    assert done.loc[5, "member"] == table["member"].mode()[0]
    assert done.loc[6, "since"] == table["since"].median()
    assert done.dtypes.astype(str).to_dict() == table[list(done)].dtypes.astype(str).to_dict()


def test_new_rows_get_the_numbers_of_the_old(table):
    cleaning = cleaned(table, missing="mean")
    new = table.iloc[[3, 4]].drop(columns="y").assign(income=[np.nan, 1.0])
    again = cleaning.apply(new)
    assert again["age"].iloc[0] == pytest.approx(table["age"].mean())
    assert again["income"].tolist() == [pytest.approx(table["income"].mean()), 1.0]
    assert list(again) == ["age", "income", "city", "member", "since"] and len(again) == 2


def test_constants_are_filled_in(table):
    own = {
        "age": {"missing": "constant", "value": -5},
        "since": {"missing": "keep"},
        "member": {"missing": "mode"},
    }
    done = cleaned(table, missing="constant", columns=own).data
    assert done.loc[3, "age"] == -5 and done.loc[4, "city"] == "missing" and done["since"].isna().sum() == 2


def test_a_constant_must_fit_its_column(table):
    for name, value in (("age", "old"), ("city", 5), ("since", "soon"), ("member", 3)):
        with pytest.raises(
            InputError, match=f"column '{name}': expected a .* to fill in for the missing ones"
        ):
            cleaned(table, columns={name: {"missing": "constant", "value": value}})
    with pytest.raises(InputError, match=r"(?s)2 problems.*column 'member'.*column 'since': expected a date"):
        cleaned(table, missing="constant")


def test_a_pandas_categorical_takes_a_new_category(table):
    table["city"] = table["city"].astype("category")
    assert (
        cleaned(table, missing="constant", columns={"since": "keep", "member": "keep"}).data.loc[4, "city"]
        == "missing"
    )


def test_interpolation_follows_the_order_of_the_rows_as_pandas_does(table):
    table.loc[[0, 10, 11, N - 1], "income"] = np.nan
    done = cleaned(table, missing="interpolate").data
    expected = table["income"].interpolate(limit_direction="both")
    np.testing.assert_allclose(done["income"], expected)
    assert done.loc[4, "city"] == "Paris"


def test_interpolation_follows_a_time_column(table):
    frame = pd.DataFrame(
        {
            "t": pd.to_datetime(["2024-01-05", "2024-01-01", "2024-01-02", "2024-01-09"]).repeat(10)
            + pd.to_timedelta(np.tile(np.arange(10), 4), unit="s"),
            "v": np.repeat([5.0, 1.0, np.nan, 9.0], 10),
            "y": [0.5, 1.5, 2.5, 3.5] * 10,
        }
    )
    done = cleaned(frame, missing="interpolate", time="t")
    expected = frame.set_index("t")["v"].sort_index().interpolate("time")
    np.testing.assert_allclose(done.data.set_index("t")["v"].sort_index(), expected)
    with pytest.raises(InputError, match="time: expected a column of the frame, got 'tt'"):
        cleaned(frame, missing="interpolate", time="tt")
    new = pd.DataFrame({"t": frame["t"].iloc[:2], "v": [np.nan, np.nan]})
    assert done.apply(new)["v"].tolist() == [frame["v"].median()] * 2


def test_rows_with_holes_can_be_dropped(table):
    cleaning = cleaned(table, missing="drop")
    features = ["age", "income", "city", "member", "since"]
    pd.testing.assert_frame_equal(
        cleaning.data, table.dropna(subset=features).drop(columns=["customer_id", "empty", "same"])
    )
    assert step(cleaning, "drop_missing").n_rows == 8


def test_nothing_can_be_learnt_from_an_empty_column(table):
    with pytest.raises(
        InputError, match="column 'empty': expected a value to learn the median from, got none in any row"
    ):
        cleaned(table, constant="keep", columns={"empty": {"missing": "median"}})


def test_nullable_integers_can_take_a_broken_median():
    frame = pd.DataFrame({"a": pd.array([1, 2, None, 3, 4], dtype="Int64"), "y": [1.5, 2.5, 3.5, 4.5, 5.5]})
    assert cleaned(frame, missing="median").data["a"].tolist() == [1, 2, 2.5, 3, 4]


def test_dates_as_python_objects_are_imputed():
    days = pd.Series(pd.date_range("2024-01-01", periods=5)).dt.date.where([True, True, False, True, True])
    frame = pd.DataFrame({"day": days, "y": [1.5, 2.5, 3.5, 4.5, 5.5]})
    assert cleaned(frame, missing="median").data["day"].iloc[2] == pd.Timestamp("2024-01-03")


def test_free_text_is_not_imputed_unless_asked():
    words = "one two three four five six"
    frame = pd.DataFrame(
        {"note": [f"{words} {i}" for i in range(30)], "x": np.arange(30) * 0.5, "y": ["a", "b"] * 15}
    )
    frame.loc[3, "note"] = None
    assert cleaned(frame, missing="mode").data["note"].isna().sum() == 1
    own = {"note": {"missing": "constant", "value": "nothing said"}}
    assert cleaned(frame, columns=own).data.loc[3, "note"] == "nothing said"


# ---------------------------------------------------------------- outliers, spelling, infinity


def test_outliers_are_clipped_to_the_fences_of_the_table(table):
    table.loc[[1, 2], "income"] = [1000.0, -1000.0]
    cleaning = cleaned(table, outliers="clip")
    bounds = fences(table["income"].to_numpy())
    assert cleaning.data.loc[[1, 2], "income"].tolist() == [bounds.high, bounds.low]
    assert step(cleaning, "clip", "income").n_rows == 2
    new = table.drop(columns="y").head(3).assign(income=[1e9, 50.0, np.nan])
    assert cleaning.apply(new)["income"].tolist()[:2] == [bounds.high, 50.0]


def test_whole_numbers_stay_whole_when_clipped(table):
    table["count"] = np.arange(N) % 9
    table.loc[5, "count"] = 10_000
    done = cleaned(table, outliers="clip").data
    assert done["count"].dtype == "int64" and 8 < done["count"].max() < 100


def test_rows_with_outliers_can_be_dropped_but_not_from_new_data(table):
    table.loc[1, "income"] = 1000.0
    cleaning = cleaned(table, outliers="drop")
    assert 1 not in cleaning.data.index and len(cleaning.data) == N - 1
    assert len(cleaning.apply(table)) == N and len(cleaning.apply(table, drop_rows=True)) == N - 1


def test_only_the_columns_that_the_audit_names_are_clipped(table):
    table.loc[1, "income"] = 1000.0
    assert [s.column for s in cleaned(table, outliers="clip").steps if s.action == "clip"] == ["income"]
    assert not [
        s for s in cleaned(table, outliers="clip", columns={"income": "keep"}).steps if s.action == "clip"
    ]
    own = cleaned(table, columns={"age": {"outliers": "clip"}})
    assert [s.column for s in own.steps if s.action == "clip"] == ["age"]


def test_spellings_are_merged_also_those_that_new_rows_bring(table):
    table.loc[[0, 1], "city"] = ["paris ", "PARIS"]
    assert set(cleaned(table).data["city"].dropna()) == {"Paris", "Rome", "Oslo", "paris ", "PARIS"}
    cleaning = cleaned(table, spelling="merge")
    assert set(cleaning.data["city"].dropna()) == {"Paris", "Rome", "Oslo"}
    assert step(cleaning, "merge_spelling", "city").n_rows == 2
    new = table.drop(columns="y").head(4).assign(city=[" ROME", "paris", None, "Bonn"])
    assert cleaning.apply(new)["city"].tolist()[:2] == ["Rome", "Paris"]
    assert cleaning.apply(new)["city"].isna().tolist() == [False, False, True, False]


def test_spellings_of_the_label_are_merged(table):
    table.loc[0, "y"] = " YES"
    assert set(cleaned(table, spelling="merge").data["y"]) == {"yes", "no"}


def test_infinite_numbers_stop_with_their_rows_or_become_missing(table):
    table.loc[[2, 9], "income"] = [np.inf, -np.inf]
    with pytest.raises(
        InputError, match=r"column 'income', row 2, 9: expected finite numbers, got inf, -inf"
    ):
        cleaned(table)
    done = cleaned(table, infinite="missing", missing="median").data
    finite = table["income"].replace([np.inf, -np.inf], np.nan)
    assert done.loc[[2, 9], "income"].tolist() == [finite.median()] * 2


def test_infinite_numbers_in_new_rows_stop_or_become_missing(table):
    new = table.drop(columns="y").head(2).assign(income=[np.inf, 1.0])
    with pytest.raises(InputError, match="column 'income', row 0: expected finite numbers"):
        cleaned(table).apply(new)
    assert cleaned(table, infinite="missing").apply(new)["income"].isna().tolist() == [True, False]


# ---------------------------------------------------------------- labels


def test_rows_without_a_label_stop_or_are_dropped(table):
    table.loc[[8, 9], "y"] = [None, " "]
    with pytest.raises(
        InputError, match="target 'y', row 8, 9: expected a label, got 2 missing.*missing_target='drop'"
    ):
        cleaned(table)
    cleaning = cleaned(table, missing_target="drop")
    assert len(cleaning.data) == N - 2 and step(cleaning, "drop_missing_target").n_rows == 2
    assert len(cleaning.apply(table)) == N and len(cleaning.apply(table, drop_rows=True)) == N - 2


def test_an_infinite_target_can_be_taken_as_missing_and_dropped(table):
    table["price"] = table["income"].where(table.index != 7, np.inf)
    done = cleaned(table, "price", infinite="missing", missing_target="drop", missing="keep")
    assert 7 not in done.data.index


# ---------------------------------------------------------------- repeating


SETTINGS = [
    {},
    {"missing": "median", "outliers": "clip", "spelling": "merge", "infinite": "missing"},
    {"missing": "interpolate", "outliers": "drop", "missing_target": "drop"},
    {"missing": "drop", "columns": {"age": {"missing": "mean"}, "same": "keep", "city": "drop"}},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_repeating_on_the_same_table_gives_the_same_table(table, settings):
    table.loc[1, "income"] = 1000.0
    table.loc[0, "city"] = "paris "
    cleaning = cleaned(table, **settings)
    pd.testing.assert_frame_equal(cleaning.apply(table, drop_rows=True), cleaning.data)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_round_trip_through_json_is_equal_and_does_the_same(table, settings):
    table.loc[1, "income"] = 1000.0
    cleaning = cleaned(table, **settings)
    again = data.Cleaning.from_json(json.loads(json.dumps(cleaning.to_json(), allow_nan=False)))
    assert again == cleaning and again.to_json() == cleaning.to_json()
    pd.testing.assert_frame_equal(again.apply(table, drop_rows=True), cleaning.data)


def test_new_rows_keep_their_number_their_labels_and_their_extra_columns(table):
    cleaning = cleaned(table, missing="median", outliers="drop")
    new = table.drop(columns=["y", "customer_id", "empty", "same"]).iloc[[3, 3]].assign(extra="e")
    new.index = ["a", "a"]
    again = cleaning.apply(new)
    assert again.index.tolist() == ["a", "a"] and again["extra"].tolist() == ["e", "e"]


def test_what_new_rows_lack_or_have_in_another_type_is_named(table):
    cleaning = cleaned(table, missing="median")
    new = table.drop(columns="y").head(2)
    with pytest.raises(InputError, match="frame column 'income': expected to be there"):
        cleaning.apply(new.drop(columns="income"))
    with pytest.raises(
        InputError, match="column 'age', row 1: expected numbers, as in the table .* got 'old'"
    ):
        cleaning.apply(new.assign(age=[None, "old"]))


def test_an_empty_batch_of_new_rows_stays_empty(table):
    assert len(cleaned(table, missing="median", outliers="clip").apply(table.head(0))) == 0


# ---------------------------------------------------------------- what is refused


def test_wrong_options_are_told_at_once(table):
    with pytest.raises(
        InputError,
        match=r"(?s)2 problems.*missing: expected one of .*'medain'.*Did you mean 'median'.*outliers",
    ):
        cleaned(table, missing="medain", outliers="remove")


def test_wrong_exceptions_are_told(table):
    with pytest.raises(
        InputError, match=r"columns\['agee'\]: expected a column of the frame, .*Did you mean 'age'"
    ):
        cleaned(table, columns={"agee": "drop"})
    with pytest.raises(InputError, match=r"columns\['age'\]: expected one of 'drop', 'keep'"):
        cleaned(table, columns={"age": "median"})
    with pytest.raises(InputError, match=r"columns\['age'\]\['missing'\]: expected one of"):
        cleaned(table, columns={"age": {"missing": "zero"}})
    with pytest.raises(InputError, match=r"columns\['age'\]: expected some of 'missing'.*got 'clip'"):
        cleaned(table, columns={"age": {"clip": True}})
    with pytest.raises(InputError, match=r"columns\['y'\]: expected a feature, got the target"):
        cleaned(table, columns={"y": "drop"})


def test_an_audit_of_another_table_is_refused(table):
    audit = data.audit(table, "y", labels=False)
    with pytest.raises(InputError, match="frame column 'age': expected to be there"):
        data.clean(table.drop(columns="age"), audit)
    with pytest.raises(
        InputError, match="frame: expected the columns that were audited, got 'new' beside them"
    ):
        data.clean(table.assign(new=1), audit)
    with pytest.raises(InputError, match="audit: expected what data.audit gives, got DataFrame"):
        data.clean(table, audit.frame())


def test_something_must_be_left(table):
    with pytest.raises(
        InputError, match="cleaned table: expected at least one column beside the target, got none"
    ):
        cleaned(table[["same", "customer_id", "y"]])
    with pytest.raises(InputError, match="cleaned table: expected at least one row, got none"):
        cleaned(table, constant="keep", missing="drop", columns={"empty": {"missing": "drop"}})


def test_damaged_steps_are_refused(table):
    content = cleaned(table, missing="median").to_json()
    with pytest.raises(InputError, match="cleaning: expected what to_json wrote"):
        data.Cleaning.from_json({"steps": []})
    with pytest.raises(InputError, match="cleaning step: expected what to_json wrote"):
        data.Cleaning.from_json({**content, "steps": [{"action": "impute"}]})
    with pytest.raises(InputError, match="cleaning step: action: expected one of"):
        data.Cleaning.from_json({**content, "steps": [{**content["steps"][0], "action": "__import__"}]})


# ---------------------------------------------------------------- the result


def test_the_frame_has_a_row_a_step(table):
    cleaning = cleaned(table, missing="median")
    shown = cleaning.frame()
    assert list(shown) == ["action", "column", "parameters", "n_rows"] and len(shown) == len(cleaning.steps)
    assert repr(cleaning) == (
        f"Cleaning({len(cleaning.steps)} steps; 120 rows and 6 columns left). Next: data.split(cleaning.data, problem)"
    )


@pytest.mark.parametrize("name", ["ames", "credit", "penguins"])
def test_real_tables_come_out_without_holes_and_can_be_split(name):
    from dltoolkit.problem import Problem

    frame, target = data.load(name), data.CATALOGUE[name].target
    done = cleaned(frame, target, missing="median", outliers="clip").data
    assert done.notna().all().all() and len(done) >= 0.99 * len(frame)
    assert sum(data.split(done, Problem.infer(done, target)).sizes.values()) == len(done)
