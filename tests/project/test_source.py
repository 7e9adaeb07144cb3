"""Where the table comes from."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dltoolkit._checks import InputError
from dltoolkit.project._source import ROWS_A_CLASS, Source, few_rows


def test_a_catalogue_name_brings_its_target():
    source = Source.of("penguins")
    assert (source.kind, source.target, len(source.read())) == ("catalogue", "species", 344)


def test_a_path_is_kept_whole_with_the_hash_of_its_file(tmp_path, monkeypatch):
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.chdir(tmp_path)
    source = Source.of("t.csv")
    assert source.name == str((tmp_path / "t.csv").resolve())
    assert len(source.to_json()["sha256"]) == 64
    assert source.read()["b"].tolist() == ["x", "y"]


def test_a_misspelt_catalogue_name_is_told_the_right_one():
    with pytest.raises(FileNotFoundError, match=r"data 'crdit'.*Did you mean 'credit'"):
        Source.of("crdit")


def test_a_path_without_a_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"data 'no/such\.csv'.*Check the path"):
        Source.of("no/such.csv")


def test_anything_else_is_no_source():
    with pytest.raises(InputError, match=r"data: expected a catalogue name, the path.*got int"):
        Source.of(3)


def test_few_rows_keep_their_order_and_some_of_a_rare_class():
    frame = pd.DataFrame({"x": range(5000), "y": ["rare" if i % 500 == 7 else "often" for i in range(5000)]})
    few = few_rows(frame, ("y",), 200, seed=0)
    assert len(few) == 200
    assert few["x"].is_monotonic_increasing
    assert (few["y"] == "rare").sum() == 10 <= ROWS_A_CLASS


def test_few_rows_of_an_amount_are_a_plain_draw_that_repeats():
    frame = pd.DataFrame({"y": [float(i) for i in range(1000)]})
    assert few_rows(frame, ("y",), 100, seed=3).equals(few_rows(frame, ("y",), 100, seed=3))
    assert not few_rows(frame, ("y",), 100, seed=3).equals(few_rows(frame, ("y",), 100, seed=4))


def test_a_small_table_is_kept_whole():
    frame = pd.DataFrame({"y": [1.0, 2.0]})
    assert few_rows(frame, ("y",), 100, seed=0) is frame


def photo(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 5, 3), value, "uint8")).save(path)


def test_a_folder_is_read_as_what_it_holds_most_of_and_its_classes_are_the_target(tmp_path):
    for i in range(3):
        photo(tmp_path / "photos" / ("a" if i else "b") / f"{i}.png", i)
    (tmp_path / "photos" / "a" / "notes.txt").write_text("one")
    source = Source.of(tmp_path / "photos")
    assert (source.kind, source.target, source.sha256) == ("folder", "label", None)
    with pytest.warns(UserWarning, match="1 files ignored"):
        assert source.read()["label"].tolist() == ["a", "a", "b"]
    for name in ("good", "bad"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "1.txt").write_text(f"a {name} day")
    assert Source.of(tmp_path / "texts").read()["text"].tolist() == ["a bad day", "a good day"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"folder .*empty: expected pictures, sounds or \.txt files"):
        Source.of(tmp_path / "empty").read()


def test_paths_in_a_table_are_found_beside_it_from_anywhere(tmp_path, monkeypatch):
    for i in range(3):
        photo(tmp_path / "pictures" / f"{i}.png", i)
    rows = pd.DataFrame({"photo": [f"pictures/{i}.png" for i in range(3)], "y": ["a", "b", "a"]})
    rows.to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.chdir(tmp_path.parent)
    assert Source.of(tmp_path / "t.csv").read()["photo"].tolist() == [
        str(tmp_path / "pictures" / f"{i}.png") for i in range(3)
    ]
