"""The claims of data.split: disjoint by content, scikit-learn's own draw, whole groups, time forward, a sealed test."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.problem import Problem

N = 200


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=N),
            "colour": rng.choice(["red", "blue", None], N),
            "customer": rng.integers(0, 25, N),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60, N), unit="D"),
            "y": np.where(rng.random(N) < 0.3, "yes", "no"),
        }
    )


@pytest.fixture
def problem(table):
    return Problem.infer(table, "y")


def contents(frame, target="y"):
    """Rows as tuples of text, the plain way."""
    return set(
        map(
            tuple, frame.drop(columns=target).astype(object).where(frame.notna(), None).astype(str).to_numpy()
        )
    )


def labels_of(splits):
    return [set(part.index) for part in (splits.train, splits.validation, splits.test)]


# ---------------------------------------------------------------- scikit-learn's own draw


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_stratified_parts_are_those_of_scikit_learn(table, problem, seed):
    splits = data.split(table, problem, seed=seed)
    rest, test = train_test_split(table, test_size=0.2, stratify=table["y"], random_state=seed)
    splits_rest = table.loc[sorted(rest.index)]
    train, validation = train_test_split(
        splits_rest, test_size=0.2, stratify=splits_rest["y"], random_state=seed
    )
    assert labels_of(splits) == [set(train.index), set(validation.index), set(test.index)]
    assert splits.method == "stratified"


@pytest.mark.parametrize("positive", ["no", "yes"])
def test_the_draw_is_by_class_number_whatever_the_classes_are_called(table, positive):
    problem = Problem.infer(table, "y", positive=positive)
    splits = data.split(table, problem, seed=3)
    numbers = (table["y"] == positive).astype(int)
    _, test = train_test_split(table, test_size=0.2, stratify=numbers, random_state=3)
    assert set(splits.test.index) == set(test.index)


@pytest.mark.parametrize("values", [[10, 9, 100], [True, False, True], ["b", "a", "c"], [2.0, 10.0, 3.0]])
def test_the_stratified_draw_is_scikit_learns_for_labels_of_any_type(values):
    frame = pd.DataFrame({"x": np.arange(90.0), "y": values * 30})
    for labels in (frame["y"], frame["y"].astype("category"), frame["y"].astype(object)):
        here = frame.assign(y=labels)
        splits = data.split(here, Problem.infer(here, "y"), seed=5)
        _, test = train_test_split(here, test_size=0.2, stratify=frame["y"], random_state=5)
        assert set(splits.test.index) == set(test.index)


def test_regression_is_drawn_at_random_as_scikit_learn_draws(table):
    table["price"] = np.arange(N) * 1.5
    splits = data.split(table, Problem.infer(table, "price"), test_size=0.3, validation_size=0.1, seed=2)
    rest, test = train_test_split(np.arange(N), test_size=0.3, random_state=2)
    _, validation = train_test_split(np.sort(rest), test_size=0.1, random_state=2)
    assert labels_of(splits)[1:] == [set(validation), set(test)]
    assert splits.method == "random"


def test_several_labels_are_stratified_by_combination_where_counts_allow():
    frame = pd.DataFrame({"x": np.arange(100.0), "a": [0, 1] * 50, "b": [0, 0, 1, 1] * 25})
    problem = Problem.infer(frame, ["a", "b"])
    splits = data.split(frame, problem)
    assert splits.method == "stratified"
    assert splits.test.groupby(["a", "b"]).size().tolist() == [5, 5, 5, 5]
    frame.loc[(frame["a"] == 1) & (frame["b"] == 1) & (frame.index > 3), "b"] = 0  # leaves (1, 1) once
    assert data.split(frame, problem).method == "random"
    assert data.split(frame.assign(b=frame["b"].where(frame.index > 3, 0)), problem).method == "stratified"


# ---------------------------------------------------------------- disjoint by content


@pytest.mark.parametrize("settings", [{}, {"method": "random"}, {"groups": "customer"}, {"time": "day"}])
@pytest.mark.parametrize("n_folds", [None, 3])
def test_no_content_is_in_two_parts(table, settings, n_folds):
    doubled = pd.concat([table, table.sample(150, random_state=1, replace=True)], ignore_index=True)
    doubled["y"] = doubled["y"].sample(frac=1, random_state=0).to_numpy()  # copies may have other labels
    splits = data.split(doubled, Problem.infer(doubled, "y"), n_folds=n_folds, **settings)
    parts = [contents(p) for p in (splits.train, splits.validation, splits.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert sum(splits.sizes.values()) == len(doubled)
    for learn, judge in splits.folds:
        assert not contents(learn) & contents(judge)
        assert not (contents(learn) | contents(judge)) & parts[2]


def test_copies_follow_their_first_occurrence(table, problem):
    alone = data.split(table, problem, method="random", seed=4)
    doubled = pd.concat([table, table.iloc[:50]], ignore_index=True)
    splits = data.split(doubled, problem, method="random", seed=4)
    assignment = splits.assignment.to_numpy()
    assert (assignment[:50] == assignment[N:]).all()
    assert "50 rows repeat" in splits.notes[0] and alone.notes == ()


def test_missing_is_equal_to_missing_and_zero_to_minus_zero():
    frame = pd.DataFrame(
        {
            "a": [np.nan, None, 0.0, -0.0, *np.arange(1.0, 37)],
            "b": pd.Series([None, np.nan, "k", "k", *map(str, range(36))], dtype=object),
            "y": np.arange(40) + 0.5,
        }
    )
    for seed in range(8):
        parts = data.split(frame, Problem.infer(frame, "y"), seed=seed).assignment
        assert parts[0] == parts[1] and parts[2] == parts[3]


def test_columns_of_arrays_and_lists_have_a_content():
    frame = pd.DataFrame({"image": [np.full(3, i // 2) for i in range(40)], "y": np.arange(40) + 0.5})
    parts = data.split(frame, Problem.infer(frame, "y")).assignment
    assert (parts[::2].to_numpy() == parts[1::2].to_numpy()).all()


def test_a_table_of_copies_only_cannot_be_split():
    frame = pd.DataFrame({"x": [1.0] * 20, "y": np.arange(20) + 0.5})
    with pytest.raises(InputError, match="at least 3 rows with different features for 3 parts, got 1"):
        data.split(frame, Problem.infer(frame, "y"))


# ---------------------------------------------------------------- groups


def test_no_group_is_in_two_parts_and_sizes_and_balance_are_near(table, problem):
    splits = data.split(table, problem, groups="customer", n_folds=3)
    parts = [set(p["customer"]) for p in (splits.train, splits.validation, splits.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    shares = splits.frame().set_index("part")
    assert splits.method == "grouped"
    assert shares["share"].round(2).between([0.60, 0.12, 0.16], [0.68, 0.20, 0.24]).all()
    assert (shares["share_yes"] - (table["y"] == "yes").mean()).abs().max() < 0.1
    for learn, judge in splits.folds:
        assert not set(learn["customer"]) & set(judge["customer"])


def test_rows_without_a_group_are_named(table, problem):
    table["customer"] = table["customer"].astype("float").where(table.index != 17)
    with pytest.raises(
        InputError, match="groups column 'customer': expected a group in every row, got nan in row 17"
    ):
        data.split(table, problem, groups="customer")


def test_fewer_groups_than_parts_stop(table, problem):
    table["customer"] = table["customer"] % 2
    with pytest.raises(InputError, match="at least 3 groups for 3 parts, got 2"):
        data.split(table, problem, groups="customer")


# ---------------------------------------------------------------- time


@pytest.mark.parametrize("kind", ["datetime", "tz", "text", "number", "date", "period"])
def test_the_test_part_is_the_latest_and_equal_times_stay_together(table, problem, kind):
    day = table["day"]
    times = {
        "datetime": day,
        "tz": day.dt.tz_localize("Europe/Paris"),
        "text": day.dt.strftime("%Y-%m-%d"),
        "number": (day - day.min()).dt.days,
        "date": day.dt.date,
        "period": day.dt.to_period("D"),
    }
    splits = data.split(table.assign(day=times[kind]), problem, time="day")
    train, validation, test = (
        table.loc[p.index, "day"] for p in (splits.train, splits.validation, splits.test)
    )
    assert train.max() < validation.min() and validation.max() < test.min()
    assert abs(len(test) - 40) <= 3 and abs(len(validation) - 32) <= 3


def test_without_ties_the_time_parts_have_the_sizes_of_scikit_learn():
    frame = pd.DataFrame({"t": np.arange(11)[::-1], "y": np.arange(11) + 0.5})
    splits = data.split(frame, Problem.infer(frame, "y"), time="t")
    assert splits.test["t"].tolist() == [10, 9, 8] and splits.validation["t"].tolist() == [7, 6]


def test_time_folds_only_look_forward(table, problem):
    splits = data.split(table, problem, time="day", n_folds=4)
    assert len(splits.folds) == 4
    for learn, judge in splits.folds:
        assert learn["day"].max() < judge["day"].min()
    assert (
        len(splits.folds[-1][0]) + len(splits.folds[-1][1])
        == splits.sizes["train"] + splits.sizes["validation"]
    )


def test_rows_without_a_readable_time_are_named(table, problem):
    bad = table.assign(day=table["day"].astype(str).where(table.index != 3, "soon"))
    with pytest.raises(InputError, match="time column 'day': expected a date.* got 'soon' in row 3"):
        data.split(bad, problem, time="day")
    with pytest.raises(InputError, match="got NaT in row 5"):
        data.split(table.assign(day=table["day"].where(table.index != 5)), problem, time="day")
    with pytest.raises(InputError, match="got inf in row 2"):
        data.split(
            table.assign(day=np.where(table.index == 2, np.inf, 1.0 * table.index)), problem, time="day"
        )


def test_one_time_for_all_rows_cannot_be_split_by_time(table, problem):
    with pytest.raises(InputError, match="at least 3 distinct times for 3 parts, got 1"):
        data.split(table.assign(day=1), problem, time="day")


@pytest.mark.parametrize("kind", [int, float])
def test_times_as_python_numbers_are_ordered(table, problem, kind):
    times = pd.Series([kind(v) for v in np.random.default_rng(0).permutation(N)], dtype=object)
    splits = data.split(table.assign(day=times), problem, time="day")
    assert min(splits.test["day"]) > max(splits.validation["day"]) > max(splits.train["day"])


# ---------------------------------------------------------------- folds


def test_folds_are_stratified_and_cover_all_but_the_test_part(table, problem):
    splits = data.split(table, problem, n_folds=5)
    judged = pd.concat([judge for _, judge in splits.folds])
    assert sorted(judged.index) == sorted([*splits.train.index, *splits.validation.index])
    for learn, judge in splits.folds:
        assert len(learn) + len(judge) == len(judged)
        assert abs((judge["y"] == "yes").mean() - (table["y"] == "yes").mean()) < 0.04


def test_too_few_examples_of_a_class_for_the_folds_are_told(problem):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": ["no"] * 55 + ["yes"] * 5})
    with pytest.raises(
        InputError, match="class 'yes': expected examples in every part, got 4 examples in all, none in fold"
    ):
        data.split(frame, problem, n_folds=5)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("size", [0, 1, 1.5, -0.1, np.nan, "0.2", None, True])
def test_a_validation_size_out_of_range_stops(table, problem, size):
    with pytest.raises(InputError, match=r"validation_size: expected a number in \(0, 1\)"):
        data.split(table, problem, validation_size=size)


@pytest.mark.parametrize("size", [0, 1, 20, -0.1, np.inf, "a"])
def test_a_test_size_out_of_range_stops(table, problem, size):
    with pytest.raises(InputError, match=r"test_size: expected a number in \(0, 1\)"):
        data.split(table, problem, test_size=size)


def test_all_wrong_arguments_are_told_at_once(table, problem):
    with pytest.raises(InputError, match=r"(?s)4 problems.*test_size.*seed.*n_folds.*'tine'.*Did you mean"):
        data.split(table, problem, test_size=2, seed=-1, n_folds=1, method="tine", time="day")


def test_columns_that_do_not_exist_are_told_with_the_close_ones(table, problem):
    with pytest.raises(InputError, match="groups: frame column 'custmer'.*Did you mean 'customer'"):
        data.split(table, problem, groups="custmer")
    with pytest.raises(InputError, match="labels column 'churn'"):
        data.split(table, Problem("binary", "churn", ("a", "b")))


def test_a_method_and_its_column_must_fit(table, problem):
    with pytest.raises(
        InputError, match="groups: expected the column that method='grouped' goes by, got None"
    ):
        data.split(table, problem, method="grouped")
    with pytest.raises(InputError, match="time: expected the column that method='time' goes by, got None"):
        data.split(table, problem, method="time")
    with pytest.raises(
        InputError, match="method 'auto': expected the columns that it goes by, and no others"
    ):
        data.split(table, problem, groups="customer", time="day")
    with pytest.raises(InputError, match="method 'stratified'.*got groups='customer'"):
        data.split(table, problem, method="stratified", groups="customer")
    with pytest.raises(InputError, match="groups: expected a column beside the target"):
        data.split(table, problem, groups="y")
    with pytest.raises(InputError, match="method: expected classes to stratify by, got a regression problem"):
        data.split(table, Problem.infer(table, "x"), method="stratified")


def test_what_is_no_problem_or_no_frame_stops(table, problem):
    with pytest.raises(InputError, match="problem: expected a Problem, got str"):
        data.split(table, "y")
    with pytest.raises(InputError, match="frame: expected a pandas DataFrame"):
        data.split(table.to_numpy(), problem)
    with pytest.raises(InputError, match="at least one column beside the target"):
        data.split(table[["y"]], problem)


def test_missing_and_unknown_labels_are_named_by_row(table, problem):
    with pytest.raises(InputError, match="target 'y', row 4.*missing"):
        data.split(table.assign(y=table["y"].where(table.index != 4)), problem)
    with pytest.raises(InputError, match="target 'y', row 6.*'maybe'"):
        data.split(table.assign(y=table["y"].where(table.index != 6, "maybe")), problem)


def test_fewer_rows_than_parts_stop():
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [1.5, 2.5]})
    with pytest.raises(InputError, match="at least 3 rows for 3 parts, got 2"):
        data.split(frame, Problem("regression", "y"))
    three = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.5, 2.5, 3.5]})
    assert data.split(three, Problem("regression", "y")).sizes == {"train": 1, "validation": 1, "test": 1}
    with pytest.raises(InputError, match="at least one row for training, got test_size=0.9"):
        data.split(three, Problem("regression", "y"), test_size=0.9)


def test_a_class_with_one_example_stops_and_is_named(table):
    table.loc[33, "y"] = "maybe"
    with pytest.warns(UserWarning, match="one example only"):
        problem = Problem.infer(table, "y")
    with pytest.raises(
        InputError, match=r"class 'maybe' \(row 33\): expected examples in every part, got 1 example in all"
    ):
        data.split(table, problem)


def test_a_class_absent_from_a_part_stops_and_is_named(table, problem):
    table = table.sort_values("day", ignore_index=True)
    table["y"] = np.where(table.index < 20, "yes", "no")
    with pytest.raises(
        InputError, match="class 'yes': .* 20 examples in all, none in validation, test. Collect more"
    ):
        data.split(table, problem, time="day")


# ---------------------------------------------------------------- a test part held out already


def test_shared_content_is_removed_from_training_with_a_warning(table, problem):
    mine, theirs = table.iloc[:150], table.iloc[150:]
    mine = pd.concat([mine, theirs.iloc[:2]])
    with pytest.warns(UserWarning, match=r"2 rows repeat the features of a test row .* row 150, 151"):
        splits = data.split(mine, problem, test=theirs)
    assert splits.sizes == {"train": 120, "validation": 30, "test": 50}
    assert splits.assignment.tolist()[-2:] == ["removed", "removed"]
    pd.testing.assert_frame_equal(splits.test, theirs)
    assert "2 rows repeat" in splits.notes[0]


def test_shared_groups_are_removed_from_training_with_a_warning(table, problem):
    mine, theirs = table.iloc[:190], table.iloc[195:]
    with pytest.warns(UserWarning, match=r"belong to a group \('customer'\) of the test part"):
        splits = data.split(mine, problem, test=theirs, groups="customer")
    assert not set(splits.train["customer"]) & set(theirs["customer"])


def test_a_held_out_part_must_have_the_same_columns_types_and_labels(table, problem):
    mine, theirs = table.iloc[:150], table.iloc[150:]
    with pytest.raises(InputError, match="test column 'x': expected to be there, got no such column"):
        data.split(mine, problem, test=theirs.drop(columns="x"))
    with pytest.raises(InputError, match="test column 'x': expected numbers as in frame, got text"):
        data.split(mine, problem, test=theirs.assign(x="a"))
    with pytest.raises(InputError, match="test: target 'y', row 150.*'maybe'"):
        data.split(mine, problem, test=theirs.assign(y="maybe"))
    with pytest.warns(UserWarning, match="columns that the other rows lack are left out: 'extra'"):
        splits = data.split(mine, problem, test=theirs.assign(extra=1)[["extra", *theirs.columns[::-1]]])
    pd.testing.assert_frame_equal(splits.test, theirs)


def test_a_held_out_part_that_judges_badly_is_told(table, problem):
    mine, theirs = table.iloc[:150], table.iloc[150:]
    with pytest.warns(UserWarning, match="no example of class 'yes'"):
        data.split(mine, problem, test=theirs[theirs["y"] == "no"])
    with pytest.warns(UserWarning, match="rows are earlier than the latest other row"):
        data.split(mine, problem, test=theirs, time="day")


# ---------------------------------------------------------------- the seal, the table, the round trip


def test_every_access_to_the_test_part_is_counted_and_nothing_else_is(table, problem):
    splits = data.split(table, problem, n_folds=2)
    (
        splits.frame(),
        splits.sizes,
        splits.assignment,
        splits.train,
        splits.folds,
        repr(splits),
        splits.to_json(),
    )
    assert splits.test_openings == 0
    assert len(splits.test) == len(splits.test)
    assert splits.test_openings == 2
    assert data.Splits.from_json(table, splits.to_json()).test_openings == 2
    assert "test opened 2 times" in repr(splits)


def test_the_frame_shows_rows_shares_and_balance(table, problem):
    splits = data.split(table, problem)
    shown = splits.frame().set_index("part")
    assert shown["rows"].to_dict() == splits.sizes
    assert shown["share"].sum() == pytest.approx(1)
    assert shown.loc["train", "share_yes"] == pytest.approx((splits.train["y"] == "yes").mean())
    numbers = data.split(table, Problem.infer(table, "x"))
    assert numbers.frame().set_index("part").loc["train", "mean"] == pytest.approx(numbers.train["x"].mean())


@pytest.mark.parametrize(
    "settings", [{}, {"n_folds": 3}, {"time": "day", "n_folds": 3}, {"groups": "customer"}]
)
def test_a_round_trip_through_json_gives_the_same_parts(table, problem, settings):
    splits = data.split(table, problem, seed=9, **settings)
    content = json.loads(json.dumps(splits.to_json(), allow_nan=False))
    again = data.Splits.from_json(table.reset_index(drop=True), content)
    assert again.assignment.equals(splits.assignment) and again.to_json() == splits.to_json()
    for (a, b), (c, d) in zip(splits.folds, again.folds, strict=True):
        assert a.equals(c) and b.equals(d)


def test_a_changed_table_is_refused_and_the_change_named(table, problem):
    content = data.split(table, problem).to_json()
    with pytest.raises(InputError, match="frame: expected the 200 rows that were split, got 199 rows"):
        data.Splits.from_json(table.iloc[1:], content)
    with pytest.raises(InputError, match="frame columns: .* changed: 'x'. Hand over the very table"):
        data.Splits.from_json(table.assign(x=table["x"].where(table.index != 8, 0.5)), content)
    with pytest.raises(InputError, match="missing: 'x'; new: 'z'"):
        data.Splits.from_json(table.rename(columns={"x": "z"}), content)
    with pytest.raises(InputError, match="changed"):
        data.Splits.from_json(table.iloc[::-1], content)


def test_a_damaged_description_is_refused(table, problem):
    content = data.split(table, problem).to_json()
    for damage in (
        {"parts": {"dtype": "int8", "zlib_base64": "AAAA"}},
        {"table": None},
        {"parts": {"dtype": "O"}},
    ):
        with pytest.raises(InputError, match="splits: expected what to_json wrote, got damaged content"):
            data.Splits.from_json(table, {**content, **damage})


def test_a_round_trip_with_a_held_out_part_needs_that_part(table, problem):
    mine, theirs = table.iloc[:150], table.iloc[150:]
    content = data.split(mine, problem, test=theirs).to_json()
    with pytest.raises(InputError, match="test: expected a held-out table, got none"):
        data.Splits.from_json(mine, content)
    with pytest.raises(InputError, match="test: expected the 50 rows"):
        data.Splits.from_json(mine, content, test=theirs.iloc[1:])
    assert data.Splits.from_json(mine, content, test=theirs).sizes["test"] == 50


def test_the_same_seed_gives_the_same_parts_and_another_gives_others(table, problem):
    for settings in ({}, {"groups": "customer"}):
        one, two, other = (data.split(table, problem, seed=s, **settings).assignment for s in (1, 1, 2))
        assert one.equals(two) and not one.equals(other)


def test_a_table_as_large_as_flights_is_split_within_a_second_beyond_scikit_learn():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(336_776, 12))).rename(columns=str)
    frame["carrier"] = rng.choice(["AA", "UA", "DL", None], len(frame))
    frame["late"] = rng.random(len(frame)) < 0.2
    problem, start = Problem.infer(frame, "late"), time.process_time()
    rest, _ = train_test_split(np.arange(len(frame)), test_size=0.2, stratify=frame["late"], random_state=0)
    train_test_split(rest, test_size=0.2, stratify=frame["late"].iloc[rest], random_state=0)
    sklearns = time.process_time() - start
    data.split(frame, problem)
    assert time.process_time() - start - 2 * sklearns < 1


def test_the_callers_table_stays_as_it_was_and_later_changes_do_not_get_in(table, problem):
    before = table.copy()
    splits = data.split(table, problem, n_folds=2)
    pd.testing.assert_frame_equal(table, before)
    table["x"] = 0.0
    assert splits.train["x"].std() > 0.5


def test_index_labels_are_kept_even_when_they_repeat(table, problem):
    table.index = ["a"] * 100 + list(range(100))
    splits = data.split(table, problem, seed=6)
    assert splits.assignment.index.equals(table.index)
    assert len(splits.train) + len(splits.validation) + len(splits.test) == N
