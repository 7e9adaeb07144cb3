"""Odd cells of texts, pictures, sounds and sequences: read, or refused by column and row."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Schema, preprocessing
from dltoolkit._checks import InputError
from dltoolkit.preprocessing import TextOptions

ROLES = {
    "image": np.zeros((4, 5, 3), "uint8"),
    "audio": np.ones(8_000) / 9,
    "sequence": np.eye(3),
    "text": "a b",
}


def table(role, odd=None):
    """A column of one role; the cell in row 2 is odd."""
    cells = [ROLES[role] for _ in range(6)]
    frame = pd.DataFrame({"cell": pd.Series(cells, dtype=object), "late": [0, 1] * 3})
    schema = Schema.infer(frame, "late").with_roles(cell=role)
    if odd is not None:
        frame.at[2, "cell"] = odd
    return frame, schema


@pytest.mark.parametrize(
    ("role", "odd", "message"),
    [
        ("image", "none.png", r"column 'cell', row 2, none\.png: expected a picture, got no such file"),
        ("image", np.nan, r"column 'cell', row 2, cell: expected a path or an array, got a missing value"),
        ("audio", "none.wav", r"column 'cell', row 2, none\.wav: expected a sound, got no such file"),
        ("sequence", [[1, 2], [3]], r"column 'cell', row 2: expected an array of finite numbers"),
        ("text", "a\ud800", r"column 'cell', row 2: expected text without half letters \(surrogates\)"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_by_column_and_row(role, odd, message):
    good, schema = table(role)
    bad, _ = table(role, odd)
    with pytest.raises(InputError, match=message):
        preprocessing.fit(bad, schema)
    with pytest.raises(InputError, match=message):
        preprocessing.fit(good, schema).transform(bad)


def test_many_files_that_are_missing_are_named_five_at_a_time():
    frame, schema = table("image")
    frame["cell"] = [f"{i}.png" for i in range(6)]
    with pytest.raises(InputError, match=r"(?s)row 0, 0\.png.*row 4, 4\.png.*and 1 rows more"):
        preprocessing.fit(frame, schema)


@pytest.mark.parametrize("unit", ["word", "character", "wordpiece"])
def test_a_zero_character_is_a_space(unit):
    zero, schema = table("text", "b\0c")
    space, _ = table("text", "b c")
    options = TextOptions(unit=unit)
    got, want = (preprocessing.fit(f, schema, text=options).transform(f)["cell"] for f in (zero, space))
    np.testing.assert_array_equal(got, want)


def test_a_channel_that_is_never_known_is_zero():
    frame, schema = table("sequence")
    frame["cell"] = [np.column_stack([np.arange(4.0) + i, np.full(4, np.nan)]) for i in range(6)]
    features = preprocessing.fit(frame, schema).transform(frame)["cell"]
    assert np.isfinite(features).all()
    assert not features[:, :, 1].any()


@pytest.mark.parametrize("role", ["text", "image", "audio", "sequence"])
def test_a_column_of_media_without_any_cell_is_left_out(role):
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "m": pd.Series([None] * 3, dtype=object), "y": [0, 1, 0]})
    schema = Schema.infer(table, "y").with_roles(m=role)
    fitted = preprocessing.fit(table, schema)
    assert fitted.left_out == {"m": "every value is missing"}
    assert list(fitted.transform(table)) == ["dense"]
