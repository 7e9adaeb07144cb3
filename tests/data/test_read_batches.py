"""Parquet folders frame by frame: the whole table in pieces, with one set of types, and little of it in memory."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError


@pytest.fixture
def put(tmp_path):
    """Write a frame or bytes as a file of the folder, and give the folder."""

    def write(content, name="1.parquet", **options):
        path = tmp_path / "parts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, pa.Table):
            pq.write_table(content, path, **options)
        else:
            content.to_parquet(path, **options)
        return tmp_path / "parts"

    return write


def part(start, n=10):
    rows = np.arange(start, start + n)
    return pd.DataFrame(
        {"x": rows, "y": rows / 4, "word": [f"w{i}" for i in rows], "day": pd.Timestamp("2024")}
    )


@pytest.mark.parametrize("rows", [1, 7, 10, 15, 100])
def test_the_pieces_are_the_whole_table(put, rows):
    for i, name in enumerate(["1.parquet", "2.parquet", "10.parquet", "sub/3.pq"]):
        folder = put(part(10 * i), name)
    batches = list(data.read_batches(folder, rows=rows))
    whole = pd.concat(batches)
    pd.testing.assert_frame_equal(whole, part(0, 40), check_dtype=False)
    assert [len(b) for b in batches[:-1]] == [rows] * (len(batches) - 1)
    assert {tuple(map(str, b.dtypes)) for b in batches} == {
        tuple(map(str, data.read(folder / "1.parquet").dtypes))
    }


def test_columns_are_kept_in_the_order_asked_for(put):
    folder = put(part(0))
    assert next(data.read_batches(folder, columns=["word", "x"])).columns.tolist() == ["word", "x"]
    with pytest.raises(
        InputError, match=r"column 'words' \(columns\): expected to be there.*Did you mean 'word'"
    ):
        data.read_batches(folder, columns=["words"])


def test_a_single_file_is_read_too(put):
    folder = put(part(0))
    assert len(next(data.read_batches(folder / "1.parquet"))) == 10


def test_types_do_not_change_with_the_missing_values_of_a_piece(put):
    put(pa.table({"n": [1, 2], "big": [2**60 + 1, 5], "b": [True, False], "gone": pa.nulls(2)}))
    folder = put(
        pa.table({"n": [None, 4], "big": [None, 2**60 + 3], "b": [None, True], "gone": ["a", None]}),
        "2.parquet",
    )
    batches = list(data.read_batches(folder, rows=1))
    assert {tuple(map(str, b.dtypes)) for b in batches} == {("float64", "Int64", "boolean", "str")}
    assert batches[3]["big"].tolist() == [2**60 + 3] and batches[0]["big"].tolist() == [2**60 + 1]
    assert batches[2]["n"].isna().all() and batches[0]["gone"].isna().all()


def test_words_kept_in_a_dictionary_are_words(put):
    put(pd.DataFrame({"c": pd.Categorical(["a", "b"])}))
    folder = put(pd.DataFrame({"c": ["b", "c"]}), "2.parquet")
    whole = pd.concat(data.read_batches(folder, rows=3))
    assert whole["c"].tolist() == ["a", "b", "b", "c"] and whole["c"].dtype == "str"


def test_arrays_in_cells_stay_arrays(put):
    folder = put(pa.table({"a": [[1.0, 2.0], [3.0]]}))
    assert [cell.tolist() for cell in next(data.read_batches(folder))["a"]] == [[1.0, 2.0], [3.0]]


def test_a_folder_called_name_and_value_adds_a_column_of_text(put):
    put(part(0, 2), "year=2023/1.parquet")
    folder = put(part(2, 2), "year=2024/1.parquet")
    whole = pd.concat(data.read_batches(folder, columns=["year", "x"]))
    assert whole.to_numpy().tolist() == [["2023", 0], ["2023", 1], ["2024", 2], ["2024", 3]]


def test_all_files_must_have_one_schema(put):
    put(part(0))
    put(part(0).drop(columns="y").assign(z=1), "2.parquet")
    folder = put(part(0).astype({"x": str}), "3.parquet")
    message = (
        r"(?s)2\.parquet, column 'y': expected to be there as in .*1\.parquet, got no such column.*"
        r"2\.parquet, column 'z': expected the columns of the first file.*"
        r"3\.parquet, column 'x': expected int64 as in .*1\.parquet, got (large_)?string"
    )
    with pytest.raises(InputError, match=message):
        data.read_batches(folder)


def test_a_damaged_file_stops_or_is_left_out(put):
    put(part(0))
    content = (put(part(10), "2.parquet") / "2.parquet").read_bytes()
    put(content[:-20], "2.parquet")
    folder = put(b"", "3.parquet")
    with pytest.raises(
        InputError, match=r"2\.parquet: expected a whole Parquet file, got one that is truncated or damaged"
    ):
        data.read_batches(folder)
    with pytest.warns(
        UserWarning, match=r"2 of 3 files were left out: .*2\.parquet \(truncated or damaged .*3\.parquet"
    ):
        frame = next(data.read_batches(folder, strict=False))
    assert len(frame) == 10
    assert data.quarantine(frame)["file"].str[-9:].tolist() == ["2.parquet", "3.parquet"]


def test_damage_that_shows_only_while_reading_stops_or_ends_the_file(put):
    folder = put(part(0), "2.parquet")
    content = bytearray((put(part(0, 5000), "1.parquet") / "1.parquet").read_bytes())
    content[4:4000] = b"\xff" * 3996
    put(bytes(content), "1.parquet")
    with pytest.raises(InputError, match=r"1\.parquet: expected a whole Parquet file"):
        list(data.read_batches(folder))
    with pytest.warns(UserWarning, match=r"1\.parquet was left out from its damage on: truncated or damaged"):
        frames = list(data.read_batches(folder, strict=False))
    assert frames[-1]["x"].tolist()[-10:] == list(range(10))
    assert len(data.quarantine(frames[-1])) == 1


def test_an_infinite_number_is_named_with_file_column_and_row(put):
    put(part(0))
    folder = put(part(0).assign(y=[1.0] * 7 + [np.inf] * 3), "2.parquet")
    with pytest.raises(InputError, match=r"2\.parquet, column 'y', row 7: expected finite numbers, got inf"):
        list(data.read_batches(folder, rows=3))


def test_a_folder_without_rows_or_files_is_refused(put, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"parts: expected a folder of Parquet files, got nothing there"
    ):
        data.read_batches(tmp_path / "parts")
    folder = put(b"x", "notes.txt")
    with pytest.raises(InputError, match=r"parts: expected at least one Parquet file, got none"):
        data.read_batches(folder)
    put(part(0, 0))
    with pytest.raises(InputError, match=r"parts: expected at least one row, got none"):
        data.read_batches(folder)
    put(b"damaged")
    with pytest.raises(InputError, match=r"a whole Parquet file, got only damaged ones"):
        data.read_batches(folder, strict=False)
    with pytest.raises(InputError, match=r"rows: expected a whole number in \[1, inf\], got 0"):
        data.read_batches(folder, rows=0)


def test_memory_holds_a_few_pieces_and_never_the_table(put):
    rng = np.random.default_rng(0)
    for i in range(8):
        folder = put(
            pd.DataFrame(rng.normal(size=(20_000, 10))).rename(columns=str),
            f"{i}.parquet",
            row_group_size=5000,
        )
    whole, before, most = 8 * 20_000 * 10 * 8, pa.total_allocated_bytes(), 0
    for _ in data.read_batches(folder, rows=4000):
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < whole / 4
