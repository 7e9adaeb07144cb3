"""The role of a column: told from its values and its name, and never wrongly an id."""

import datetime
import decimal
import json
import pathlib

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data import Schema

N = 40


def role(values, name="column"):
    return Schema.infer(pd.DataFrame({name: values})).roles[name]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.linspace(0, 1, N), "numeric"),
        (np.arange(N) % 5 + 1, "numeric"),
        (np.arange(N) % 2, "boolean"),
        ([0.0, 1.0, None] * 10, "boolean"),
        ([True, False] * 20, "boolean"),
        ([True, False, None] * 10, "boolean"),
        (pd.array([True, None, False] * 10, dtype="boolean"), "boolean"),
        (["Yes", "no", "NO", None] * 10, "boolean"),
        (["true", "False"] * 20, "boolean"),
        (["y", "n"] * 20, "categorical"),
        (["yes", "no", "maybe"] * 10, "categorical"),
        (["red", "blue"] * 20, "categorical"),
        (pd.Series(["red", "blue"] * 20, dtype=object), "categorical"),
        (pd.Series(["red", "blue"] * 20, dtype="string"), "categorical"),
        (pd.Categorical(range(N)), "categorical"),
        (pd.array([1, None, 7, 9] * 10, dtype="Int64"), "numeric"),
        (pd.array([1.5, 2.5, None] * 10, dtype="Float64"), "numeric"),
        ([1, 2.5, None] * 10, "numeric"),
        ([decimal.Decimal("1.5"), decimal.Decimal("2.25")] * 20, "numeric"),
        (pd.Series([2**70 + i // 4 for i in range(N)], dtype=object), "numeric"),
        (pd.Series([2**70 + i for i in range(N)], dtype=object), "id"),
        ([2**60 + 7 * i for i in range(N)], "id"),
        ([float(2**60 + 2**10 * i) for i in range(N)], "id"),
        ([1e30 * (i + 1) for i in range(N)], "numeric"),
        (pd.date_range("2024", periods=N), "datetime"),
        (pd.date_range("2024", periods=N, tz="Europe/Berlin"), "datetime"),
        ([datetime.date(2024, 1, 1 + i % 9) for i in range(N)], "datetime"),
        ([f"C-{i:04}" for i in range(N)], "id"),
        ([f"{i:08x}-1234-4234-8234-123456789abc" for i in range(5)], "id"),
        (["a"] * 2 + [f"k{i}" for i in range(N)], "id"),
        ([f"The {i}th letter was a long one" for i in range(N)], "text"),
        ([f"我喜欢这个产品的质量{i}" for i in range(N)], "text"),
        (["a rather long name of one category"] * 20 + ["and of another one as well"] * 20, "categorical"),
        ([None] * N, "ignore"),
        ([np.nan] * N, "ignore"),
        ([7] * N, "ignore"),
        (["x"] * N, "ignore"),
        (["x"] * (N * 10 - 1) + [None], "ignore"),
        (["x", None] * 20, "categorical"),
        (np.arange(N), "id"),
        (np.arange(1, N + 1), "id"),
        (np.arange(1, N + 1)[::-1], "numeric"),
        (np.arange(100, 100 + N), "numeric"),
        (np.arange(N) * 1.0 + 0.5, "numeric"),
        (np.arange(10), "numeric"),
        (["a", "b", "c"], "categorical"),
    ],
)
def test_a_role_follows_from_the_values(values, expected):
    assert role(values) == expected


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "ID",
        "customerID",
        "customer_id",
        "PassengerId",
        "userid",
        "row_id",
        "Order Number",
        "Unnamed: 0",
    ],
)
def test_whole_numbers_named_as_an_id_are_one_when_they_hardly_repeat(name):
    values = np.random.default_rng(0).permutation(10_000)[:N]
    assert role(values, name) == "id"
    assert role(np.append(values, np.nan), name) == "id"
    assert role(values[:5], name) == "id"


@pytest.mark.parametrize(
    "name", ["humid", "paid", "width", "Lot_Area", "number_of_rooms", "grid", "heat_index", "valid"]
)
def test_a_name_that_only_sounds_like_an_id_is_none(name):
    assert role(np.random.default_rng(0).permutation(10_000)[:N], name) == "numeric"


@pytest.mark.parametrize("name", ["day", "Year", "x", "t", "time_step"])
def test_a_count_of_time_or_place_is_no_id(name):
    assert role(np.arange(N), name) == "numeric"


def test_an_id_that_repeats_is_a_category():
    assert role(np.arange(N) % 8, "patient_id") == "categorical"
    assert role([f"p{i % 8}" for i in range(N)], "patient_id") == "categorical"


@pytest.mark.parametrize("name", ["zip", "zip_code", "postcode", "areaCode"])
def test_whole_numbers_named_as_codes_are_categories(name):
    assert role(np.arange(N) % 7 + 10_000, name) == "categorical"
    assert role(np.arange(N) % 7 + 0.5, name) == "numeric"


@pytest.mark.parametrize("name", [n for n, e in data.CATALOGUE.items() if e.data == "table"])
def test_no_column_of_a_shipped_table_is_lost(name):
    entry, frame = data.CATALOGUE[name], data.load(name)
    schema = Schema.infer(frame, entry.target)
    assert schema.columns("target") == [entry.target]
    assert schema.features == [c for c in frame if c != entry.target]
    assert schema.columns("text") == []
    kinds = {c: "numeric" for c in frame if frame[c].dtype in ("int64", "float64")}
    kinds |= {
        c: "boolean"
        for c in frame
        if frame[c].dtype == bool or frame[c].isin(["yes", "no", "Yes", "No"]).all()
    }
    kinds |= {c: "datetime" for c in frame if frame[c].dtype.kind == "M"}
    assert schema.roles == {c: kinds.get(c, "categorical") for c in frame} | {entry.target: "target"}


def test_dates_and_numbers_that_came_as_text_are_pointed_out():
    schema = Schema.infer(
        pd.DataFrame({"when": ["2024-01-31", "2024-02-01"], "size": ["1.5", "2"], "zip": ["01", "02"]})
    )
    assert "pd.to_datetime(frame['when'])" in schema.why["when"]
    assert "pd.to_numeric(frame['size'])" in schema.why["size"]
    assert "convert" not in schema.why["zip"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [1, "two", 3.5],
            r"column 'q': expected one kind of value \(number in 2 rows\), got 'two' \(str\) in row 1\. Correct",
        ),
        (
            ["a", 1, "b"],
            r"expected one kind of value \(text in 2 rows\), got 1 \(int\) in row 1\. Make them all text: .*as_text",
        ),
        ([True, 2, 3], r"got True \(bool\) in row 0"),
        ([pd.Timestamp("2024"), "x", None], r"got .* in row \d"),
        (
            [[1, 2], [3], None],
            r"expected one number, date, boolean or text a cell, or an array of numbers, got \[1, 2\] \(list\) in row 0 and 1 more",
        ),
        ([{"a": 1}], r"got \{'a': 1\} \(dict\) in row 0\. Drop the column"),
        ([np.array(["a"] * 40, dtype=object)], r"got array\(.{40,60}… \(ndarray\) in row 0"),
        ([b"a", b"b"], r"got b'a' \(bytes\) in row 0 and 1 more\. Decode them: .*as_text"),
        ([1j, 2, 3], r"column 'q': expected real numbers, got complex ones"),
        (
            pd.to_timedelta([1, 2], "s"),
            r"got durations\. Write it in seconds: frame\['q'\]\.dt\.total_seconds\(\)",
        ),
        (pd.period_range("2024", periods=2), r"got values of type period.*to_timestamp"),
    ],
)
def test_a_column_that_no_model_can_take_is_refused_with_its_first_row(values, message):
    with pytest.raises(InputError, match=message):
        Schema.infer(pd.DataFrame({"q": values}))


def test_every_column_at_fault_is_named_and_row_labels_are_the_frames_own():
    frame = pd.DataFrame({"p": [1, "x"], "q": [[1], [2]]}, index=["first", "second"])
    with pytest.raises(
        InputError, match=r"(?s)2 problems:.*'p'.* in row '(first|second)'.*'q'.*in row 'first'"
    ):
        Schema.infer(frame)


def test_a_target_that_does_not_exist_comes_with_close_names():
    with pytest.raises(InputError, match=r"column 'Statsu'.*Did you mean 'Status'"):
        Schema.infer(data.load("credit"), "Statsu")
    with pytest.raises(InputError, match="a pandas DataFrame"):
        Schema.infer([1, 2])
    with pytest.raises(InputError, match="at least 1 row"):
        Schema.infer(pd.DataFrame({"a": []}))


def test_a_target_may_hold_what_a_feature_may_not():
    schema = Schema.infer(pd.DataFrame({"x": [1.5, 2.5, 3], "y": ["a", 1, None], "z": [1, 1, 1]}), ["y", "z"])
    assert schema.columns("target") == ["y", "z"]
    assert schema.target == ("y", "z")


def test_roles_can_be_chosen():
    schema = Schema.infer(data.load("penguins"), "species")
    chosen = schema.with_roles({"year": "categorical"}, island="ignore")
    assert chosen.roles == schema.roles | {"year": "categorical", "island": "ignore"}
    assert chosen.why["year"] == "you chose it"
    assert schema.roles["year"] == "numeric"
    assert "island" not in chosen.features
    with pytest.raises(
        InputError, match=r"column 'yaer': expected a column of the schema.*Did you mean 'year'"
    ):
        schema.with_roles(yaer="id")
    with pytest.raises(InputError, match=r"role of column 'year': expected one of .*got 'number'"):
        schema.with_roles(year="number")
    for change in ({"year": "target"}, {"species": "id"}):
        with pytest.raises(InputError, match=r"expected the target to stay, .*Schema\.infer"):
            schema.with_roles(change)
    with pytest.raises(InputError, match="role: expected one of"):
        schema.columns("number")


@pytest.mark.parametrize("target", [None, "species", ["species", "sex"]])
def test_a_schema_survives_json(target):
    schema = Schema.infer(data.load("penguins"), target)
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_json_that_is_no_schema_is_refused():
    with pytest.raises(InputError, match="schema: expected roles, target and why"):
        Schema.from_json({"roles": {}})
    with pytest.raises(InputError, match="role of column 'a'"):
        Schema.from_json({"roles": {"a": "number"}, "target": None, "why": {}})


def test_it_shows_each_column_with_its_reason_and_names_the_next_step():
    schema = Schema.infer(data.load("credit"), "Status")
    shown = schema.frame()
    assert shown.columns.tolist() == ["column", "role", "why"]
    assert shown["column"].tolist() == list(data.load("credit"))
    assert (shown["why"].str.len() > 5).all()
    assert (
        repr(schema)
        == "Schema(9 numeric, 3 categorical, 1 boolean, 1 target). Next: data.audit(frame, 'Status')"
    )


SMALL = np.zeros((3, 3), "uint8")


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("x", ["a/1.jpg", "b.JPEG", "c.png"], "image"),
        ("x", [pathlib.Path("a.wav"), pathlib.Path("b.flac"), None], "audio"),
        ("x", ["a.jpg", "b.wav", "c.png"], "categorical"),
        ("x", [SMALL, SMALL, None], "image"),
        ("x", [np.zeros((3, 4, 3)), np.zeros((9, 9))], "image"),
        ("x", [np.zeros((3, 4)), np.zeros((5, 4))], "sequence"),
        ("photo", [np.zeros((3, 4)), np.zeros((5, 4))], "image"),
        ("x", [np.zeros(3), np.zeros((5, 4))], "sequence"),
        ("x", [np.zeros(300), np.zeros(500)], "sequence"),
        ("speech_clip", [np.zeros(300), np.zeros(500)], "audio"),
    ],
)
def test_arrays_and_paths_are_media(name, values, expected):
    assert role(pd.Series(values, dtype=object), name) == expected


def test_users_and_items_are_told_where_a_rating_is_to_be_predicted():
    frame = pd.DataFrame(
        {
            "userId": [1, 2, 3, 1, 2] * 4,
            "movie": ["a", "b", "c", "d", "a"] * 4,
            "member": [True, False] * 10,
            "stars": [1, 2, 3, 4, 5] * 4,
            "spent": np.linspace(0, 1, 20),
        }
    )
    schema = Schema.infer(frame, "stars")
    assert [schema.roles[c] for c in ("userId", "movie", "member")] == ["user", "item", "boolean"]
    assert Schema.infer(frame, "spent").columns("user") == []


def test_what_a_reader_knows_of_its_columns_counts_first():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"], "y": [0, 1, 0]})
    frame.attrs["roles"] = {"a": "user", "b": "series", "gone": "item", "y": "ignore"}
    assert Schema.infer(frame, "y").roles == {"a": "user", "b": "series", "y": "target"}
