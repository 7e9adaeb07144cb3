"""One spelling for a label or a category, whatever type it came in."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data import as_text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], ["1", "2"]),
        ([3.0, 2.5, None, -0.0], ["3", "2.5", None, "0"]),
        (np.array([0.1, 3], "float32"), ["0.1", "3"]),
        ([1e20, np.inf, 2**53 + 0.0], ["1e+20", "inf", "9007199254740992"]),
        ([2**70, 1], ["1180591620717411303424", "1"]),
        ([True, False], ["True", "False"]),
        (["a", None, np.nan, pd.NA], ["a", None, None, None]),
        (["a", b"b\xc3\xa9", 1, 2.0, True, None], ["a", "bé", "1", "2", "True", None]),
        (pd.array([1, None], "Int64"), ["1", None]),
        (pd.array([1.5, 2, None], "Float64"), ["1.5", "2", None]),
        (pd.array([True, None], "boolean"), ["True", None]),
        (pd.array([1, None], "int64[pyarrow]"), ["1", None]),
        (pd.Categorical([3.0, None, 1.0]), ["3", None, "1"]),
        (pd.arrays.SparseArray([0, 0, 1.5]), ["0", "0", "1.5"]),
        ([decimal.Decimal("3.00"), decimal.Decimal("2.50"), decimal.Decimal("NaN")], ["3", "2.50", None]),
        (pd.to_datetime(["2024-01-31", None]), ["2024-01-31 00:00:00", None]),
        ([datetime.date(2024, 1, 31)], ["2024-01-31"]),
        ([], []),
    ],
)
def test_a_value_reads_the_same_from_every_type(values, expected):
    texts = as_text(values)
    assert texts.dtype == "str"
    assert [None if pd.isna(t) else t for t in texts] == expected


def test_index_and_name_stay():
    texts = as_text(pd.Series([1.0, 2.0], index=["p", "q"], name="n"))
    assert texts.to_dict() == {"p": "1", "q": "2"}
    assert texts.name == "n"


def test_whole_columns_agree_with_one_value_at_a_time():
    frame = data.load("flights").sample(300, random_state=0)
    for name in frame:
        one_by_one = [None if pd.isna(v) else as_text([v])[0] for v in frame[name]]
        assert [None if pd.isna(t) else t for t in as_text(frame[name])] == one_by_one


def test_half_a_letter_is_named_by_row():
    texts = pd.Series(["a", "b\ud800"], index=["first", "second"], name="review", dtype=object)
    with pytest.raises(
        InputError, match=r"column 'review', row 'second': expected text without half letters"
    ):
        as_text(texts)
