"""Reading a file: what is said about a file that is not as it should be, and that nothing in a good one is lost."""

import gzip
import os
import warnings

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data import _delimited, _source

ROWS = "".join(f"{i},{i * 1.5},n{i % 3}\n" for i in range(1, 30))
TABLE = "a,b,c\n" + ROWS


@pytest.fixture
def put(tmp_path):
    """Write a file, and give its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def column(put):
    """Read a file with a row number and one column of the given texts."""

    def read(*texts, sep=",", **options):
        lines = "".join(f"{i}{sep}{text}\n" for i, text in enumerate(texts))
        return data.read(put(f"row{sep}value\n{lines}"), sep=sep, **options)["value"]

    return read


# ------------------------------------------------------------------ the file as a whole
@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(put, content):
    with pytest.raises(InputError, match=r"table\.csv: expected a table, got an empty file \(\d bytes\)"):
        data.read(put(content))


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "a,b\n\n"])
def test_a_header_without_rows_is_refused(put, content):
    with pytest.raises(
        InputError, match=r"table\.csv: expected at least one row below the header, got only 'a', 'b'"
    ):
        data.read(put(content))


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8-sig", "byte-order mark"), ("utf-16", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-32")],
)
def test_marks_and_wide_encodings_are_handled_and_recorded(put, encoding, said):
    frame = data.read(put(TABLE.encode(encoding)))
    pd.testing.assert_frame_equal(frame, data.read(put(TABLE)))
    assert len(frame.attrs["notes"]) == 1
    assert said in frame.attrs["notes"][0]


def test_latin_1_is_refused_with_the_place_and_the_encoding_to_use(put):
    path = put("name,age\nJosé,3\n".encode("latin-1"))
    message = r"table\.csv: expected utf-8 text, got byte 0xe9 at position 12 \(line 2\)\. Pass encoding='latin-1', which.*'José,3'"
    with pytest.raises(InputError, match=message):
        data.read(path)
    assert data.read(path, encoding="latin-1")["name"].tolist() == ["José"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("a,b\n“x”,€\n", "cp1252"), ("имя,б\nИван,3\n", "cp1251"), ("名字,年\n张,3\n", "gb18030")],
)
def test_other_encodings_are_offered_too(put, text, encoding):
    path = put(text.encode(encoding))
    with pytest.raises(InputError, match=f"encoding='{encoding}'"):
        data.read(path)
    assert data.read(path, encoding=encoding).shape == (1, 2)


def test_the_place_of_a_bad_byte_is_right_beyond_the_first_block(put):
    text = b"a,b\n" + b"1,2\n" * 5_000_000
    with pytest.raises(InputError, match=r"position 20,000,006 \(line 5,000,002\)"):
        data.read(put(text + b"3,\xe9\n"))


def test_an_encoding_that_is_wrong_or_unknown_is_refused(put):
    with pytest.raises(InputError, match=r"encoding: expected the name of a text encoding, got 'latin-17'"):
        data.read(put(TABLE), encoding="latin-17")
    with pytest.raises(
        InputError, match=r"expected ascii text, got byte 0xc3 at position 4.*Pass encoding='utf-8'"
    ):
        data.read(put("a,b\né,2\n"), encoding="ascii")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (bytes(range(256)), "binary content"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'[{"a": 1}]', "JSON"),
    ],
)
def test_what_is_no_table_is_called_by_its_name(put, content, said):
    with pytest.raises(InputError, match=rf"table\.csv: expected .*table, got .*{said}"):
        data.read(put(content))


def test_a_truncated_gzip_is_refused(put):
    packed = gzip.compress((TABLE * 100).encode())
    assert data.read(put(gzip.compress(TABLE.encode()), "t.csv.gz")).shape == (29, 3)
    assert data.read(put(gzip.compress(b"a\tb\n1\t2\n"), "t.tsv.gz")).shape == (1, 2)
    for damaged in (packed[: len(packed) // 2], packed[:20] + b"\0\1" + packed[22:], packed[:-6] + b"\1" * 6):
        with pytest.raises(
            InputError, match=r"t\.csv\.gz: expected a whole gzip archive, got a truncated or damaged one"
        ):
            data.read(put(damaged, "t.csv.gz"))


def test_the_kind_of_file_is_told_from_its_bytes(put, tmp_path):
    data.load("penguins").to_parquet(tmp_path / "p.csv")
    assert data.read(tmp_path / "p.csv").shape == (344, 8)
    assert data.read(put(gzip.compress(TABLE.encode()), "packed.csv")).shape == (29, 3)


def test_a_truncated_parquet_is_refused(put, tmp_path):
    data.load("penguins").to_parquet(tmp_path / "p.parquet")
    content = (tmp_path / "p.parquet").read_bytes()
    for damaged in (
        content[: len(content) // 2],
        b"a,b\n1,2\n",
        content[:200] + b"\xff" * 50 + content[250:],
    ):
        with pytest.raises(
            InputError, match=r"cut\.parquet: expected a whole Parquet file, got a truncated or damaged one"
        ):
            data.read(put(damaged, "cut.parquet"))
    with pytest.raises(InputError, match=r"cut\.parquet: expected a table, got an empty file"):
        data.read(put(b"", "cut.parquet"))


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet"])
def test_a_table_larger_than_memory_is_refused_before_it_is_read(put, tmp_path, name, monkeypatch):
    if name == "t.parquet":
        pd.DataFrame({"a": np.arange(30_000)}).to_parquet(tmp_path / name)
    else:
        content = ("a,b,c\n" + ROWS * 1000).encode()
        put(gzip.compress(content) if name.endswith("gz") else content, name)
    said = (
        rf"{name}: expected a table that fits in 100 kB of memory, got one that takes about \d+ [kM]B to read"
    )
    with pytest.raises(InputError, match=said):
        data.read(tmp_path / name, memory_limit=100_000)
    monkeypatch.setattr(_source.psutil, "virtual_memory", lambda: type("free", (), {"available": 200_000}))
    with pytest.raises(InputError, match="fits in 100 kB of memory"):
        data.read(tmp_path / name)


@pytest.mark.parametrize("limit", [0, -1, "1 GB", float("nan")])
def test_a_memory_limit_is_a_positive_number(put, limit):
    with pytest.raises(InputError, match="memory_limit: expected a number"):
        data.read(put(TABLE), memory_limit=limit)


def test_a_missing_file_comes_with_close_names_and_a_folder_with_its_files(put, tmp_path):
    put(TABLE, "customers.csv")
    with pytest.raises(
        FileNotFoundError,
        match=r"custmers\.csv: expected a file, got nothing there\. Did you mean 'customers\.csv'",
    ):
        data.read(tmp_path / "custmers.csv")
    with pytest.raises(FileNotFoundError, match="Check the spelling and the folder"):
        data.read(tmp_path / "nowhere" / "x.csv")
    with pytest.raises(
        IsADirectoryError, match=r"expected a file, got a folder\. Give one of its files: customers\.csv"
    ):
        data.read(tmp_path)


def test_a_file_that_may_not_be_read_is_named(put, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(
        PermissionError, match=r"table\.csv: expected a file that you may read, got no permission"
    ):
        data.read(put(TABLE))


@pytest.mark.parametrize(
    ("path", "said"), [(None, "NoneType"), (3, "int"), ("https://x.org/t.csv", "Download it first")]
)
def test_a_path_is_a_path(path, said):
    with pytest.raises(InputError, match=f"path: expected .*{said}"):
        data.read(path)


# ------------------------------------------------------------------ separators, header, rows
@pytest.mark.parametrize(
    ("content", "name", "options", "sep"),
    [
        ("a;b;c\n1;2;3\n4;5;6\n", "t.csv", {}, ";"),
        ("a;b;c\n1,y;2,z;x\n4,y;5,z;y\n", "t.csv", {}, ";"),
        ("a\tb\n1\t2\n", "t.csv", {}, "\\t"),
        ("a,b\n1,2\n", "t.tsv", {}, ","),
        ("a,b\n1,2\n", "t.csv", {"sep": ";"}, ","),
        ("a|b\n1|2\n", "t.csv.gz", {}, "|"),
    ],
)
def test_a_wrong_separator_is_refused_with_the_right_one(put, content, name, options, sep):
    path = put(gzip.compress(content.encode()) if name.endswith("gz") else content, name)
    with pytest.raises(InputError) as error:
        data.read(path, **options)
    assert f"Pass sep='{sep}'." in str(error.value)
    assert data.read(path, sep=sep.replace("\\t", "\t")).shape[1] > 1


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_a_name_that_promises_nothing_lets_the_rows_show_the_separator(put, sep):
    frame = data.read(put(TABLE.replace(",", sep), "table.txt"))
    pd.testing.assert_frame_equal(frame, data.read(put(TABLE)))


def test_lines_without_a_separator_are_one_column(put):
    assert data.read(put("text\nhello, world\nbye\n", "t.txt"))["text"].tolist() == ["hello, world", "bye"]
    assert data.read(put("x\n1\n2\n"))["x"].tolist() == [1, 2]


def test_a_separator_line_as_excel_writes_it_is_obeyed(put):
    assert data.read(put("sep=;\r\na;b\r\n1;2\r\n")).to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.parametrize("sep", ["||", "", '"', "\n", "é"])
def test_a_separator_is_one_character(put, sep):
    with pytest.raises(InputError, match="sep: expected one character between two fields"):
        data.read(put(TABLE), sep=sep)


def test_an_extra_field_in_some_rows_is_refused_with_the_lines(put):
    with pytest.raises(
        InputError, match=r"table\.csv, line 3: expected 2 fields, got 3 \(2 rows are too long: lines 3, 5\)"
    ):
        data.read(put("a,b\n1,2\n3,4,5\n6,7\n8,9,1,2\n"))
    with pytest.raises(InputError, match=r"table\.csv, line 5: expected 2 fields, got 3\. Quote"):
        data.read(put('a,b\n1,"x\ny"\n\n3,4,5\n'))


def test_an_extra_field_in_all_rows_does_not_become_an_index(put):
    with pytest.raises(
        InputError,
        match=r"expected 2 fields in each row.*'a', 'b'\), got 3 in every row\. Name the missing column",
    ):
        data.read(put("a,b\n1,2,3\n4,5,6\n"))


def test_short_rows_are_filled_up_with_a_warning(put):
    with pytest.warns(UserWarning, match=r"rows with fewer than 3 fields, .* missing: 2, in lines 3, 4"):
        frame = data.read(put("a,b,c\n1,2,x\n4,5\n6\n7,8,y\n"))
    assert frame["c"].isna().tolist() == [False, True, True, False]
    assert frame["a"].tolist() == [1, 4, 6, 7]


@pytest.mark.parametrize(
    "content",
    [
        'a,b\n0,0\n1,"x\n2,y\n',
        'a,b\n0,0\n1,"x\n2,y\n3,"z, w"\n',
        'a,b\n0,0\n1,"x\n2,y\n3,"z\n4,w\n',
        'a,b\n0,0\n1,"x"y"\n',
    ],
)
def test_a_quote_that_is_not_closed_is_refused_with_its_line(put, content):
    with pytest.raises(
        InputError, match=r"table\.csv, line 3: expected each quote to be closed where its field ends"
    ):
        data.read(put(content))


def test_quotes_are_understood_where_they_are_whole(put):
    frame = data.read(put('a,b\n1,"x\ny"\n2,"say ""hi"""\n3,5" pipe\n4,"c, d"\n'))
    assert frame["b"].tolist() == ["x\ny", 'say "hi"', '5" pipe', "c, d"]
    with pytest.warns(UserWarning, match="padded"):
        assert data.read(put('a, b\n1, "x, y"\n2, "z"\n'))["b"].tolist() == ["x, y", "z"]


def test_a_column_name_that_comes_twice_is_refused(put):
    with pytest.raises(
        InputError, match=r"header: expected each column name once, got 'a' in columns 1, 3\. Rename"
    ):
        data.read(put("a,b,a\n1,2,3\n"))
    with pytest.raises(InputError, match="'a' in columns 1, 2"):
        data.read(put("a,a \n1,2\n"))


def test_padded_column_names_are_stripped_with_a_warning(put):
    with pytest.warns(
        UserWarning,
        match=r"table\.csv: column names are padded with blanks, which were stripped: ' a ', 'b\\t'",
    ):
        frame = data.read(put(" a ,b\t,c\n1,2,3\n"))
    assert frame.columns.tolist() == ["a", "b", "c"]
    assert "padded" in frame.attrs["notes"][0]


def test_a_saved_row_index_and_nameless_columns_are_pointed_out(put):
    with pytest.warns(UserWarning, match=r"'Unnamed: 0' counts the rows: a saved row index"):
        assert data.read(put(",a\n0,5\n1,6\n")).columns.tolist() == ["Unnamed: 0", "a"]
    with pytest.warns(UserWarning, match="column 3 has neither a name nor a value, and was left out"):
        assert data.read(put("a,b,\n1,2,\n3,4,\n")).columns.tolist() == ["a", "b"]
    with pytest.warns(UserWarning, match="column 2 has no name, and is called 'Unnamed: 1'"):
        assert data.read(put("a,,b\n1,x,2\n")).columns.tolist() == ["a", "Unnamed: 1", "b"]


def test_a_file_without_a_header_is_pointed_out(put):
    with pytest.warns(
        UserWarning, match=r"the header looks like a row of data: '5\.1', '3\.5', 'setosa'\. Add a first line"
    ):
        data.read(put("5.1,3.5,setosa\n4.9,3.0,setosa\n"))
    with pytest.raises(
        InputError, match=r"'1' in columns 1, 3\. The header looks like data\. Add a first line with names"
    ):
        data.read(put("1,0,1\n2,0,1\n"))
    assert data.read(put("city,2019,2020\nx,1,2\n")).columns.tolist() == ["city", "2019", "2020"]


@pytest.mark.parametrize(
    "content", ["a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\n1,2\n3,4", "\n\na,b\n\n1,2\n  \n3,4\n\n"]
)
def test_line_ends_and_blank_lines_make_no_difference(put, content):
    assert data.read(put(content)).to_dict("list") == {"a": [1, 3], "b": [2, 4]}


def test_columns_are_picked_in_the_order_asked_for(put):
    assert data.read(put(TABLE), columns=["c", "a"]).columns.tolist() == ["c", "a"]
    with pytest.raises(
        InputError, match=r"table\.csv, column 'cc' \(columns\): expected to be there, got no such column"
    ):
        data.read(put(TABLE), columns=["cc"])
    for odd in ([], ["a", "a"]):
        with pytest.raises(InputError, match="columns: expected at least one column, each once"):
            data.read(put(TABLE), columns=odd)
    with pytest.raises(InputError, match="text: expected a list of texts, got 3"):
        data.read(put(TABLE), text=[3])
    with pytest.raises(InputError, match=r"column 'z' \(text\): expected to be there"):
        data.read(put(TABLE), text=["z"])


# ------------------------------------------------------------------ values
def test_leading_zeros_stay_text_with_a_warning(column):
    with pytest.warns(
        UserWarning, match=r"column 'value': codes with leading zeros, kept as text: '007', '012' in 2 rows"
    ):
        assert column("007", "012", "100").tolist() == ["007", "012", "100"]
    assert column("0", "0.5", "10").tolist() == [0, 0.5, 10]


def test_whole_numbers_beyond_2_to_the_53_stay_exact(column):
    big = 2**53 + 1
    with pytest.warns(
        UserWarning, match=r"whole numbers above 2\*\*53 in 1 row, kept exactly: '9007199254740993'"
    ):
        assert column(str(big), "1").tolist() == [big, 1]
    with pytest.warns(UserWarning, match="kept exactly"):
        values = column(str(-big), "", "1")
    assert (values.dtype, values[0], values.isna().tolist()) == (pd.Int64Dtype(), -big, [False, True, False])
    with pytest.warns(UserWarning, match="kept exactly"):
        assert column(str(2**64 - 1), "1").tolist() == [2**64 - 1, 1]
    with pytest.warns(UserWarning, match="beyond 64 bits, kept exactly as text"):
        assert column(str(2**64), "1").tolist() == [str(2**64), "1"]


@pytest.mark.parametrize(
    ("texts", "dtype", "values"),
    [
        (["1", "+2", "-3"], "int64", [1, 2, -3]),
        (["1", "", "3"], "float64", [1, None, 3]),
        (["1.5", ".5", "2.", "1e3"], "float64", [1.5, 0.5, 2, 1000]),
        (["True", "FALSE", "true"], "bool", [True, False, True]),
        (["True", "", "false"], "boolean", [True, None, False]),
        (["yes", "no"], "str", ["yes", "no"]),
        (["", "", ""], "float64", [None, None, None]),
        ([" ", " 5", "6 "], "float64", [None, 5, 6]),
        (["NA", "N/A", "NaN", "NULL", "<NA>", "x"], "str", [None] * 5 + ["x"]),
        (["None", "-", "?", "x"], "str", ["None", "-", "?", "x"]),
        ([" a", " b"], "str", ["a", "b"]),
        ([" a", "b"], "str", [" a", "b"]),
    ],
)
def test_a_column_gets_the_type_that_all_its_values_have(column, texts, dtype, values):
    came = column(*texts)
    assert came.dtype == dtype
    assert [None if pd.isna(v) else v for v in came] == values


def test_stand_ins_for_missing_among_numbers_are_reported(column):
    with pytest.warns(UserWarning, match=r"column 'value': 'None', '-', '\?' in 3 rows, read as missing"):
        assert column("1", "None", "-", "?", "2.5").isna().sum() == 3
    assert column("1", "-99", "unknown", missing=["-99", "unknown"]).isna().tolist() == [False, True, True]


def test_mixed_types_are_refused_with_the_first_row_and_value(column):
    message = r"column 'value': expected numbers, as in 2 rows of it, got 'old' in line 3\. Correct it, .*missing=\['old'\].*text=\['value'\]"
    with pytest.raises(InputError, match=message):
        column("34", "old", "27")
    with pytest.raises(InputError, match=r"got 'a' in line 97 \(4 rows in all: 'a', 'b', 'c' and 1 more\)"):
        column(*["3"] * 95, "a", "b", "c", "d")
    assert column("0", "1", "2", "3+", text=["value"]).tolist() == ["0", "1", "2", "3+"]


def test_every_mixed_column_is_named_at_once(put):
    with pytest.raises(
        InputError,
        match=r"(?s)2 problems:\n- .*column 'a': .*'x' in line 4.*\n- .*column 'b': .*'y' in line 3",
    ):
        data.read(put('a,b\n"1",1\n2,y\n\n'.replace("\n\n", "\n") + "x,3\n4,4\n"))


def test_numbers_in_a_column_of_text_are_reported(column):
    with pytest.warns(UserWarning, match=r"numbers in 3 of 7 rows, but 'A/5 1' in line 2: kept as text"):
        column("A/5 1", "113803", "17463", "PC 1", "349909", "STON 3", "STON 4")
    for texts in (["$5", "$6.50"], ["45%", "3 %"], ["1 234", "5 678"], ["5 kg", "6 kg"]):
        with pytest.warns(UserWarning, match="numbers with a unit or blanks, kept as text"):
            assert column(*texts).tolist() == texts


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e999"])
def test_infinite_numbers_are_refused_with_the_row(column, text):
    with pytest.raises(
        InputError, match=rf"column 'value': expected finite numbers, got '{text}' in line 3 \(1 row in all\)"
    ):
        column("1.5", text, "2")
    assert column("1.5", text, "2", missing=[text]).isna().sum() == 1


def test_a_decimal_comma_is_read_with_a_warning(put, column):
    with pytest.warns(UserWarning, match="column 'value': decimal commas: '1,5', '2,25'"):
        assert column("1,5", "2,25", "3", sep=";").tolist() == [1.5, 2.25, 3]
    with pytest.warns(UserWarning, match="decimal commas"):
        assert column('"1,5"', '"2,25"').tolist() == [1.5, 2.25]
    with pytest.warns(UserWarning, match="decimal commas"):
        assert column("1.234,56", "2,5", sep=";").tolist() == [1234.56, 2.5]
    assert column("1,5", "2,25", sep=";", decimal=",").tolist() == [1.5, 2.25]
    with pytest.warns(UserWarning, match=r"no numbers with the decimal mark ','"):
        assert column("1.5", "2.25", sep=";", decimal=",").tolist() == ["1.5", "2.25"]
    with pytest.raises(InputError, match="decimal: expected one of"):
        column("1", decimal=";")


def test_one_column_with_decimal_commas_settles_the_points_of_the_others(put):
    with pytest.warns(UserWarning, match=r"table\.csv: column '[ab]'") as caught:
        frame = data.read(put("a;b;c\n1,5;1.234;1.5\n2,5;12.345;2.25\n"), sep=";")
    assert frame.to_dict("list") == {"a": [1.5, 2.5], "b": [1234, 12345], "c": [1.5, 2.25]}
    assert [str(w.message) for w in caught] == [f"table.csv: {note}" for note in frame.attrs["notes"]]
    assert frame.attrs["notes"][1] == "column 'b': points part thousands: '1.234', '12.345'"


def test_thousands_marks_are_read_with_a_warning(column):
    with pytest.warns(UserWarning, match="commas part thousands: '1,234', '5,678'"):
        assert column('"1,234"', '"5,678"', "9").tolist() == [1234, 5678, 9]
    with pytest.warns(UserWarning, match="commas part thousands"):
        assert column("1,234,567.5", "2", sep=";").tolist() == [1234567.5, 2]


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-01-31", "2024-02-01"],
        ["2024/1/31", "2024/02/01"],
        ["31.01.2024", "1.2.2024"],
        ["31/01/2024", "01/02/2024"],
        ["01/31/2024", "02/01/2024"],
        ["31-01-2024", "01-02-2024"],
        ["31 Jan 2024", "1 February 2024"],
        ["31-Jan-2024", "01-Feb-2024"],
        ['"January 31, 2024"', '"Feb 1, 2024"'],
    ],
)
def test_dates_written_in_one_way_are_read(column, texts):
    assert column(*texts, "").tolist() == [pd.Timestamp("2024-01-31"), pd.Timestamp("2024-02-01"), pd.NaT]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-01-31 10:05", "10:05"),
        ("2024-01-31T10:05:06.5", "10:05:06.5"),
        ("2024-01-31 9:05", "09:05"),
        ("31/01/2024 10:05:06", "10:05:06"),
        ("1/31/2024 1:05 PM", "13:05"),
    ],
)
def test_times_of_day_are_read(column, text, time):
    assert column(text).tolist() == [pd.Timestamp(f"2024-01-31 {time}")]


def test_times_with_a_zone_are_read_as_utc_with_a_warning(column):
    with pytest.warns(UserWarning, match="times with a zone, read as UTC"):
        values = column("2024-01-31T10:00:00Z", "2024-01-31T12:00:00+02:00")
    assert values.tolist() == [pd.Timestamp("2024-01-31 10:00")] * 2


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            ["2024-01-31", "31/01/2024"],
            r"'2024-01-31' in line 2 \(year-month-day\); '31/01/2024' in line 3 \(day first\)",
        ),
        (
            ["31/01/2024", "01/31/2024"],
            r"'31/01/2024' in line 2 \(day first\); '01/31/2024' in line 3 \(month first\)",
        ),
        (["2024-01-31", "1.2.2024"], r"'1\.2\.2024' in line 3 \(day\.month\.year\)"),
    ],
)
def test_mixed_ways_of_writing_dates_are_refused_with_examples(column, texts, said):
    with pytest.raises(InputError, match=rf"column 'value': expected dates written in one way, got .*{said}"):
        column(*texts)


def test_dates_that_leave_the_day_open_stay_text_with_a_warning(column):
    with pytest.warns(UserWarning, match="could have the day or the month first.*dayfirst"):
        assert column("01/02/2024", "02/03/2024").tolist() == ["01/02/2024", "02/03/2024"]


def test_a_date_that_does_not_exist_is_refused(column):
    with pytest.raises(
        InputError, match=r"column 'value': expected dates that exist, got '2024-02-30' in line 3"
    ):
        column("2024-02-28", "2024-02-30")
    with pytest.raises(InputError, match=r"expected dates, as in 2 rows of it, got 'soon' in line 3"):
        column("2024-01-31", "soon", "2024-02-01")


# ------------------------------------------------------------------ whole tables
@pytest.mark.parametrize("name", [n for n, e in data.CATALOGUE.items() if e.data == "table"])
def test_a_shipped_table_comes_back_from_csv_as_it_was(name, tmp_path):
    frame = data.load(name)
    frame.to_csv(tmp_path / "table.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        came = data.read(tmp_path / "table.csv")
    pd.testing.assert_frame_equal(came, frame)
    assert came.attrs["notes"] == ()


@pytest.mark.parametrize("seed", range(5))
def test_the_two_ways_of_parsing_agree(put, seed, monkeypatch):
    rng = np.random.default_rng(seed)
    words = np.array(
        ["a", "b c", "x,y", 'say "hi"', "new\nline", "é", "日本", "O'Neil", "#1", "semi;colon", "None", ""]
    )
    frame = pd.DataFrame(
        {"i": rng.integers(-5, 5, 200), "t": rng.choice(words, 200), "f": rng.normal(size=200).round(3)}
    )
    path = put(frame.to_csv(index=False, lineterminator=["\n", "\r\n"][seed % 2]))
    fast = data.read(path)
    monkeypatch.setattr(_delimited, "_quotes_are_regular", lambda content, plan: False)
    pd.testing.assert_frame_equal(fast, data.read(path))
    pd.testing.assert_frame_equal(fast, frame.replace("", np.nan))


def test_parquet_keeps_what_it_holds_and_makes_no_index(tmp_path):
    frame = pd.DataFrame(
        {
            "n": pd.array([2**53 + 1, None], "Int64"),
            "b": pd.array([True, None], "boolean"),
            "c": pd.Categorical(["x", "y"]),
            "d": pd.to_datetime(["2024-01-31", None]),
            " t ": ["007", None],
            "e": [None, None],
        },
        index=pd.Index([7, 9], name="key"),
    )
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.warns(UserWarning, match=r"t\.parquet: column") as caught:
        came = data.read(tmp_path / "t.parquet")
    assert came.columns.tolist() == ["n", "b", "c", "d", "t", "e", "key"]
    assert came["n"][0] == 2**53 + 1
    assert came.dtypes.astype(str).tolist() == [
        "Int64",
        "boolean",
        "category",
        "datetime64[us]",
        "str",
        "float64",
        "int64",
    ]
    assert came["key"].tolist() == [7, 9]
    assert [str(w.message)[:23] for w in caught] == ["t.parquet: column names", "t.parquet: column 'n': "]
    pd.DataFrame({"x": [1, 2, 3]}, index=[5, 3, 4]).to_parquet(tmp_path / "nameless.parquet")
    with pytest.warns(UserWarning, match="stored row index has no name, and was left out"):
        assert data.read(tmp_path / "nameless.parquet").to_dict("list") == {"x": [1, 2, 3]}


def test_parquet_with_infinite_numbers_no_rows_or_repeated_names_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"x": [1.0, np.inf, -np.inf]}).to_parquet(path)
    with pytest.raises(
        InputError,
        match=r"t\.parquet, column 'x': expected finite numbers, got inf in row 1 and 1 rows? more",
    ):
        data.read(path)
    pd.DataFrame({"x": [1.0]}).iloc[:0].to_parquet(path)
    with pytest.raises(InputError, match=r"t\.parquet: expected at least one row, got none"):
        data.read(path)
    pd.DataFrame({"x": [1], "x ": [2]}).to_parquet(path)
    with pytest.raises(
        InputError, match=r"t\.parquet, header: expected each column name once, got 'x' repeated"
    ):
        data.read(path)
