"""A batch that does not fit into memory is refused with the size that fits."""

import re

import keras
import numpy as np
import pandas as pd
import psutil
import pytest

from dltoolkit import Problem, Schema, data, preprocessing, training
from dltoolkit._keras import tf
from dltoolkit.training import _memory


@pytest.fixture(scope="module")
def given():
    x = np.random.default_rng(0).normal(size=200)
    frame = pd.DataFrame({"x": x, "y": np.where(x > 0, "p", "n")})
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, "y")), splits, problem


def network(given, steps):
    inputs = {name: keras.Input(spec.shape, name=name) for name, spec in given[0].specs.items()}
    x = keras.layers.Dense(4, name="first")(inputs["dense"])
    x = keras.layers.RepeatVector(steps)(x)
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid", name="answer")(x))


def test_what_a_row_takes_is_the_sum_of_the_layers_answers(given):
    # Input 1, dense 4, repeated 100 times 4, mean 4, answer 1: floats of four bytes.
    assert _memory.row_bytes(network(given, 100)) == 4 * (1 + 4 + 400 + 4 + 1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5), keras.layers.Dense(2)])
    assert _memory.row_bytes(model) == 4 * (3 + 5 + 2)


def test_a_batch_beyond_the_machine_s_memory_is_refused_before_it_is_tried(given):
    preprocessor, splits, problem = given
    steps = int(psutil.virtual_memory().total // (16 * 8))
    with pytest.raises(MemoryError, match=r"got 64 rows.* are free\. batch_size=\d+ fits") as told:
        training.fit(network(given, steps), preprocessor, splits, problem, batch_size=64, progress=False)
    fits = int(re.search(r"batch_size=(\d+) fits", str(told.value)).group(1))
    assert 1 <= fits < 8 and fits * 16 * steps < psutil.virtual_memory().available
    with pytest.raises(MemoryError, match="Not even one row fits"):
        training.fit(network(given, 64 * steps), preprocessor, splits, problem, progress=False)


def test_memory_that_runs_out_on_the_way_is_told_in_the_same_words(given, monkeypatch):
    preprocessor, splits, problem = given

    def exhausted(*args, **options):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[64,1000]")

    model = network(given, 10)
    monkeypatch.setattr(model, "fit", exhausted)
    with pytest.raises(MemoryError, match=r"batch_size: expected batches that fit .*got 32 rows"):
        training.fit(model, preprocessor, splits, problem, batch_size=32, progress=False)
