"""The claims of data.relabel: a new frame, a record of it, and the record does the same again."""

import json

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.problem import Problem

LABELS = {
    "text": ["cat", "dog", "cat", "dog", "bird"],
    "category": pd.Categorical(
        ["cat", "dog", "cat", "dog", "bird"], categories=["bird", "cat", "dog", "eel"]
    ),
    "whole numbers": [1, 2, 1, 2, 0],
    "small whole numbers": np.array([1, 2, 1, 2, 0], dtype="int8"),
    "flags": [True, False, True, False, False],
    "floats that are classes": [1.0, 2.0, 1.0, 2.0, 0.0],
    "nullable": pd.array([1, 2, 1, 2, 0], dtype="Int64"),
}


def table(labels=LABELS["text"], index=(10, 11, 12, 13, 14)):
    return pd.DataFrame({"x": range(5), "y": labels}, index=list(index))


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_one_label_changes_and_one_row_goes_and_the_rest_stays(labels):
    frame = table(labels)
    wanted = frame["y"].iloc[1]
    changed, _ = data.relabel(frame, "y", {10: ("relabel", wanted), 13: "drop", 14: "keep"})
    expected = frame.drop(13)
    expected["y"] = pd.Series(
        [wanted, *frame["y"].iloc[[1, 2, 4]]], index=expected.index, dtype=frame["y"].dtype
    )
    pd.testing.assert_frame_equal(changed, expected)


def test_the_frame_given_is_not_touched():
    frame = table()
    frame.attrs["name"] = "pets"
    before = frame.copy(deep=True)
    changed, _ = data.relabel(frame, "y", {10: ("relabel", "dog"), 11: "drop"})
    changed.loc[12, "x"] = 99
    pd.testing.assert_frame_equal(frame, before)
    assert changed.attrs == {"name": "pets"}


def test_cells_may_be_arrays():
    frame = pd.DataFrame(
        {"image": [np.zeros((2, 2)), np.ones((2, 2)), np.ones((2, 2))], "y": ["a", "b", "a"]}
    )
    changed, _ = data.relabel(frame, "y", {1: ("relabel", "a"), 0: "drop"})
    assert changed["y"].tolist() == ["a", "a"] and changed["image"].iloc[0].sum() == 4


def test_a_label_may_be_named_by_its_text():
    changed, record = data.relabel(table(LABELS["whole numbers"]), "y", {10: ("relabel", "2")})
    assert changed.loc[10, "y"] == 2 and record["after"].tolist() == [2]


def test_a_category_without_an_example_may_be_chosen():
    changed, _ = data.relabel(table(LABELS["category"]), "y", {10: ("relabel", "eel")})
    assert changed.loc[10, "y"] == "eel" and changed["y"].dtype == LABELS["category"].dtype


def test_a_missing_label_can_be_given():
    changed, record = data.relabel(table(["cat", None, "cat", "dog", "dog"]), "y", {11: ("relabel", "dog")})
    assert changed["y"].tolist() == ["cat", "dog", "cat", "dog", "dog"] and record.loc[0, "before"] is None


def test_the_record_says_what_was_chosen_and_why():
    suspicion = pd.DataFrame({"row": [11, 10], "suggested": ["cat", "dog"], "confidence": [0.9, 0.75]})
    choices = {10: ("relabel", "dog"), 11: "drop", 14: "keep"}
    _, record = data.relabel(table(), "y", choices, suspicion=suspicion)
    assert list(record) == ["row", "column", "action", "before", "after", "suggestion", "confidence", "when"]
    lines = record.astype(object).where(record.notna(), None).drop(columns="when").to_numpy().tolist()
    assert lines == [
        [10, "y", "relabel", "cat", "dog", "dog", 0.75],
        [11, "y", "drop", "dog", None, "cat", 0.9],
        [14, "y", "keep", "bird", "bird", None, None],
    ]
    when = pd.to_datetime(record["when"], utc=True)
    assert (abs(pd.Timestamp.now("UTC") - when) < pd.Timedelta(minutes=1)).all()


def test_no_choice_gives_an_equal_frame_and_an_empty_record():
    changed, record = data.relabel(table(), "y", {})
    pd.testing.assert_frame_equal(changed, table())
    assert len(record) == 0


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_a_record_does_the_same_again_also_through_its_file(labels, tmp_path):
    frame = table(labels)
    changed, record = data.relabel(frame, "y", {10: ("relabel", frame["y"].iloc[1]), 13: "drop", 12: "keep"})
    again, same = data.relabel(frame, "y", record)
    pd.testing.assert_frame_equal(again, changed)
    pd.testing.assert_frame_equal(same, record)
    read = data.read_review(data.write_review(tmp_path / "review.json", record))
    pd.testing.assert_frame_equal(read, record)
    pd.testing.assert_frame_equal(data.relabel(frame, "y", read)[0], changed)


@pytest.mark.parametrize("tz", [None, "Europe/Paris"])
def test_rows_labelled_by_times_are_found_again_from_the_file(tz, tmp_path):
    frame = table(index=pd.date_range("2024-03-01", periods=5, tz=tz))
    changed, record = data.relabel(frame, "y", {frame.index[1]: "drop", frame.index[0]: ("relabel", "dog")})
    assert changed.index.equals(frame.index.delete(1)) and changed["y"].iloc[0] == "dog"
    read = data.read_review(data.write_review(tmp_path / "review.json", record))
    pd.testing.assert_frame_equal(data.relabel(frame, "y", read)[0], changed)


def test_amounts_may_become_any_number(tmp_path):
    frame = table(np.array([1.5, 2.5, 3.5, 4.5, 5.5], dtype="float32"))
    changed, record = data.relabel(frame, "y", {10: ("relabel", 7.25), 11: ("relabel", np.float64(2))})
    assert changed["y"].tolist() == [7.25, 2.0, 3.5, 4.5, 5.5] and changed["y"].dtype == "float32"
    assert (
        json.loads(data.write_review(tmp_path / "r.json", record).read_text())["review"][0]["after"] == 7.25
    )


def test_whole_numbers_are_amounts_where_the_problem_says_so():
    problem = Problem("regression", "y")
    changed, _ = data.relabel(table(LABELS["whole numbers"]), problem, {10: ("relabel", 41)})
    assert changed["y"].tolist() == [41, 2, 1, 2, 0] and changed["y"].dtype == "int64"
    with pytest.raises(InputError, match=r"choices, row 10: expected a whole number, got 1\.5"):
        data.relabel(table(LABELS["whole numbers"]), problem, {10: ("relabel", 1.5)})


# ---------------------------------------------------------------- what cannot be done


def test_an_index_label_that_repeats_is_told_with_the_cure():
    with pytest.raises(InputError, match=r"frame index: .*got 10 repeated.*frame\.reset_index\(drop=True\)"):
        data.relabel(table(index=[10, 10, 12, 13, 14]), "y", {10: "drop"})


def test_an_index_with_levels_is_told_with_the_cure():
    frame = table().set_index("x", append=True)
    with pytest.raises(InputError, match=r"frame index: expected one label a row, got 2 levels.*reset_index"):
        data.relabel(frame, "y", {(10, 0): "drop"})


def test_rows_that_are_not_there_are_named():
    with pytest.raises(
        InputError, match=r"choices: rows: .*got 99, '11', which are none.*begin with 10, 11, 12"
    ):
        data.relabel(table(), "y", {99: "drop", "11": "keep", 12: "keep"})


def test_a_time_that_is_none_is_named():
    frame = table(index=pd.date_range("2024-03-01", periods=5))
    with pytest.raises(InputError, match="choices: rows: .*got 'tomorrow', which is none"):
        data.relabel(frame, "y", {"tomorrow": "drop"})


def test_all_that_is_wrong_with_the_choices_is_told_at_once():
    choices = {10: "delete", 11: ("relabel", "dgo"), 12: ("relabel",), 13: ("relabel", None), 14: "delete"}
    with pytest.raises(InputError) as caught:
        data.relabel(table(), "y", choices)
    message = str(caught.value)
    assert "4 problems" in message
    assert "row 10, 14: expected 'keep', 'drop' or ('relabel', label), got 'delete'" in message
    assert "row 11: expected one of 'cat', 'dog', 'bird', got 'dgo'. Did you mean 'dog'?" in message
    assert "row 13: expected one of 'cat', 'dog', 'bird', got None. Drop the row" in message


@pytest.mark.parametrize("amount", ["7", True, np.inf, np.nan, None])
def test_an_amount_must_be_a_finite_number(amount):
    with pytest.raises(InputError, match="choices, row 10: expected a finite number, got"):
        data.relabel(table([1.5, 2.5, 3.5, 4.5, 5.5]), "y", {10: ("relabel", amount)})


@pytest.mark.parametrize("choices", ["drop", [10, 11], None])
def test_choices_must_name_rows(choices):
    with pytest.raises(
        InputError, match=r"choices: expected rows with choices, or a record, got .*Write \{17:"
    ):
        data.relabel(table(), "y", choices)


@pytest.mark.parametrize("target", [("y", "z"), Problem("multilabel", ("y", "z")), None])
def test_one_column_at_a_time(target):
    with pytest.raises(InputError, match="target: expected the name of one column, or a problem with one"):
        data.relabel(table().assign(z=0), target, {})


def test_a_target_that_is_not_there_names_what_comes_close():
    with pytest.raises(InputError, match="frame column 'yy'.*Did you mean 'y'"):
        data.relabel(table(), "yy", {})


def test_a_record_of_labels_that_have_changed_since_is_refused():
    changed, record = data.relabel(table(), "y", {10: ("relabel", "dog"), 12: "keep"})
    with pytest.raises(
        InputError, match="record, row 10: .*the record saw, 'cat', got 'dog'.*Apply it to the frame"
    ):
        data.relabel(changed, "y", record)


def test_a_record_of_another_column_or_with_a_row_twice_is_refused():
    _, record = data.relabel(table(), "y", {10: "keep"})
    twice = pd.concat([record, record])
    with pytest.raises(
        InputError, match=r"(?s)2 problems.*choices for the column 'z', got 'y'.*each row once, got 10"
    ):
        data.relabel(table().assign(z="a"), "z", twice)


def test_a_frame_that_is_no_record_is_refused():
    with pytest.raises(InputError, match=r"record: expected the columns .*got no 'column', 'action'"):
        data.relabel(table(), "y", pd.DataFrame({"row": [10]}))


def test_a_record_without_a_column_is_not_written(tmp_path):
    with pytest.raises(InputError, match="record column 'when': expected to be there"):
        data.write_review(tmp_path / "r.json", data.relabel(table(), "y", {})[1].drop(columns="when"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["[]", "{}", '{"review": [{"row": 1}]}'])
def test_a_file_that_holds_no_record_is_named(content, tmp_path):
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"r\.json: expected a record of label choices, got other JSON"):
        data.read_review(path)


def test_a_torn_file_is_named(tmp_path):
    path = tmp_path / "r.json"
    path.write_text('{"review": [')
    with pytest.raises(InputError, match=r"r\.json: expected JSON, got a damaged file"):
        data.read_review(path)
