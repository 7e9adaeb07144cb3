"""Preprocessor.steps_scale says how a series became its feature, where one answer is true for all rows."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import preprocessing
from dltoolkit.data import Schema
from dltoolkit.preprocessing import SequenceOptions


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"past": pd.Series([rng.normal(50, 9, 6) for _ in range(30)]), "y": rng.normal(size=30)}
    )


def fitted(frame, **options):
    schema = Schema.infer(frame, "y").with_roles(past="sequence")
    return preprocessing.fit(frame, schema, sequence=SequenceOptions(**options))


@pytest.mark.parametrize("scale", ["standardise", "none"])
def test_the_numbers_of_the_column_come_back_from_the_feature(frame, scale):
    preprocessor = fitted(frame, scale=scale)
    centre, times = preprocessor.steps_scale("past")
    feature = np.asarray(preprocessor.transform(frame)["past"])[:, :, 0]
    np.testing.assert_allclose(feature / times + centre, np.stack(frame["past"].to_numpy()), rtol=1e-5)


@pytest.mark.parametrize("options", [{"scale": "window"}, {"difference": 1}])
def test_there_is_none_where_it_differs_by_row_or_steps_are_changes(frame, options):
    assert fitted(frame, **options).steps_scale("past") is None


def test_there_is_none_for_arrays_of_several_lengths_or_channels_and_for_other_columns(frame):
    short = frame.assign(past=[cell[: 3 + i % 4] for i, cell in enumerate(frame["past"])])
    wide = frame.assign(past=[np.stack([cell, cell], axis=1) for cell in frame["past"]])
    assert fitted(short).steps_scale("past") is None
    assert fitted(wide).steps_scale("past") is None
    assert fitted(frame).steps_scale("y") is None
