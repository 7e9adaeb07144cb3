"""Texts: from a folder, a table, JSON lines or a list, in any encoding that shows itself, and never a cell that is none."""

import json

import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data.kinds import _texts


@pytest.fixture
def put(tmp_path):
    """Write a file, and give its path."""

    def write(content, name):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def folder(put, tmp_path):
    for name, text in {
        "bad/1.txt": "Too dull.",
        "good/2.txt": "A fine film.",
        "good/10.txt": "Très bien.",
    }.items():
        put(text, f"root/{name}")
    return tmp_path / "root"


# ------------------------------------------------------------------ folders
def test_each_sub_folder_is_a_class_in_natural_order(folder):
    frame = data.read_texts(folder)
    assert frame["text"].tolist() == ["Too dull.", "A fine film.", "Très bien."]
    assert frame["label"].tolist() == ["bad", "good", "good"]
    assert frame.columns.tolist() == ["text", "label"]
    assert frame.dtypes.astype(str).tolist() == ["str", "str"]


def test_a_folder_without_classes_has_no_label(folder):
    assert data.read_texts(folder / "good").to_dict("list") == {"text": ["A fine film.", "Très bien."]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_marks_and_wide_encodings_are_handled_and_recorded(folder, put, encoding):
    put("A film with ten words in it, all told.".encode(encoding), "root/good/3.txt")
    frame = data.read_texts(folder)
    assert frame["text"][2] == "A film with ten words in it, all told."
    assert frame.attrs["notes"][0].startswith("1 files: the file ")


def test_latin_1_is_refused_with_the_file_the_place_and_the_encoding_to_use(folder, put):
    put("Café".encode("latin-1"), "root/good/3.txt")
    message = r"3\.txt: expected utf-8 text, got byte 0xe9 at position 3 \(line 1\)\. Pass encoding='latin-1'"
    with pytest.raises(InputError, match=message):
        data.read_texts(folder)
    assert data.read_texts(folder / "good", encoding="latin-1")["text"][1] == "Café"


def test_the_first_files_in_another_encoding_are_named_and_the_others_counted(folder, put):
    for i in range(9):
        put(b"Caf\xe9", f"root/good/{i + 20}.txt")
    with pytest.raises(InputError, match=r"(?s)20\.txt.*24\.txt.*and 4 files more"):
        data.read_texts(folder)


def test_other_endings_and_empty_classes_are_pointed_out(folder, put):
    put("x", "root/good/a.pdf")
    with pytest.warns(
        UserWarning, match=r"1 files ignored: their endings are not among those that are taken \(1 \.pdf\)"
    ):
        data.read_texts(folder)
    (folder / "so-so").mkdir()
    with pytest.raises(InputError, match=r"class folder .*so-so: expected at least one text file, got none"):
        data.read_texts(folder)


# ------------------------------------------------------------------ tables, JSON lines, lists
def test_a_table_keeps_its_columns(put):
    path = put("review,stars,code\nA fine film,5,x1\n12,1,x2\n", "a.csv")
    frame = data.read_texts(path, text="review", label="stars")
    assert frame["review"].tolist() == ["A fine film", "12"]
    assert frame.columns.tolist() == ["review", "stars", "code"]
    frame.to_parquet(path.with_suffix(".parquet"))
    pd.testing.assert_frame_equal(
        data.read_texts(path.with_suffix(".parquet"), text="review"), frame, check_dtype=False
    )


def test_the_column_of_texts_is_found_when_there_is_one(put):
    assert data.read_texts(put("words,n\nA fine film,1\nDull,2\n", "a.csv"))["words"].tolist() == [
        "A fine film",
        "Dull",
    ]
    assert data.read_texts(put("text,title\nA,x\nB,y\n", "b.csv"))["text"].tolist() == ["A", "B"]
    with pytest.raises(
        InputError, match=r"c\.csv: expected one column of texts, got 2: 'a', 'b'\. Name it: text=\.\.\."
    ):
        data.read_texts(put("a,b\nx,y\nv,w\n", "c.csv"))
    with pytest.raises(InputError, match=r"column 'txt' \(text\): expected to be there, got no such column"):
        data.read_texts(put("a,b\nx,y\nv,w\n", "c.csv"), text="txt")


def test_an_encoding_is_told_for_a_table_too(put):
    path = put("text,n\nCafé,1\n".encode("latin-1"), "a.csv")
    with pytest.raises(InputError, match=r"byte 0xe9 at position 10 \(line 2\).*encoding='latin-1'"):
        data.read_texts(path)
    assert data.read_texts(path, encoding="latin-1")["text"][0] == "Café"


def test_json_lines_are_read_exactly(put):
    rows = [{"text": "Ein\nTag", "id": 2**60 + 1}, {"text": "雨", "id": 5}]
    path = put("\n".join(json.dumps(row) for row in rows) + "\n\n", "a.jsonl")
    assert data.read_texts(path).to_dict("records") == rows


def test_a_broken_json_line_is_named(put):
    path = put('{"text": "a"}\n{"text": \n[1]\n', "a.jsonl")
    with pytest.raises(
        InputError, match=r"(?s)a\.jsonl, line 2: expected a JSON object, got no JSON.*line 3: .*got list"
    ):
        data.read_texts(path)
    with pytest.raises(InputError, match=r"a\.jsonl: expected at least one line, got an empty file"):
        data.read_texts(put("", "a.jsonl"))


def test_a_list_or_a_series_is_read(put):
    texts = pd.Series(["One.", "Two."], index=[3, 9])
    assert data.read_texts(texts)["text"].to_dict() == {3: "One.", 9: "Two."}
    assert data.read_texts(["One."]).attrs == {"notes": (), "quarantine": [], "roles": {"text": "text"}}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([], r"source: expected at least one text, got none"),
        (5, r"source: expected a folder, a table, a \.jsonl file, or a list of texts, got int"),
    ],
)
def test_a_source_that_is_none_is_refused(source, message):
    with pytest.raises(InputError, match=message):
        data.read_texts(source)


def test_a_missing_file_and_an_unknown_kind_of_file_are_named(put, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.csv: expected a file, got nothing there"):
        data.read_texts(tmp_path / "no.csv")
    with pytest.raises(
        InputError, match=r"a\.txt: expected a folder of text files, a table.*got a file that ends in '\.txt'"
    ):
        data.read_texts(put("one\ntwo\n", "a.txt"))


# ------------------------------------------------------------------ cells
def test_a_cell_that_holds_nothing_or_a_number_is_named_by_row():
    cells = pd.Series(["fine", None, 5, float("nan")], index=list("abcd"))
    with pytest.raises(
        InputError,
        match=r"column 'text': expected a text in every row, got row 'b': nothing, row 'c': 5, row 'd': nothing",
    ):
        data.read_texts(cells)
    with pytest.raises(InputError, match=r"row 4: nothing, and 4 rows more"):
        data.read_texts([None] * 9)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("  \n", r"1 of 3 rows hold an empty text: rows 1"),
        ("", r"1 of 3 rows hold an empty text"),
        ("x" * 1_000_001, r"1 of 3 rows hold a text of more than 1,000,000 characters: rows 1"),
        ("a\x00b", r"1 of 3 rows hold control characters or marks of a failed decoding: rows 1"),
        ("caf\ufffd", r"marks of a failed decoding: rows 1"),
    ],
)
def test_a_text_that_should_be_looked_at_is_counted(odd, said):
    with pytest.warns(UserWarning, match=said):
        frame = data.read_texts(["fine", odd, "line one\n\tline two"])
    assert frame["text"][1] == odd
    assert len(frame.attrs["notes"]) == 1


def test_swapped_columns_are_pointed_out(put):
    path = put("a,b\ngood,A really fine film\nbad,Much too dull\ngood,Well done indeed\n", "a.csv")
    with pytest.warns(
        UserWarning,
        match=r"column 'b' holds longer and more different values than the texts in 'a'.*swapped\?",
    ):
        data.read_texts(path, text="a", label="b")
    data.read_texts(path, text="b", label="a")


def test_the_limit_of_a_long_text_is_a_long_novel():
    assert _texts.LONG_TEXT == 1_000_000
