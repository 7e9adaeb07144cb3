"""Batches of texts of about one length: each row once, nothing lost but padding."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, preprocessing
from dltoolkit.training._lengths import Trimmed

BATCH = 16


@pytest.fixture(scope="module")
def parts():
    random = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(30)])
    texts = [" ".join(random.choice(words, random.integers(1, 60))) for _ in range(700)]
    frame = pd.DataFrame({"text": texts, "number": np.arange(700.0), "y": random.choice(["a", "b"], 700)})
    problem = Problem.infer(frame, "y")
    schema = Schema.infer(frame, "y").with_roles(text="text", number="numeric")
    train = data.split(frame, problem, schema=schema, near=False, seed=0).train
    return problem, preprocessing.fit(train, schema), train


def read(parts, *, passes=1, **options):
    problem, preprocessor, train = parts
    found = Trimmed(preprocessor, ["text"]).dataset(train, BATCH, problem=problem, **options)
    return [[tuple(b) for b in found.as_numpy_iterator()] for _ in range(passes)]


@pytest.mark.parametrize("shuffle", [False, True])
def test_each_row_comes_once_with_its_own_target_and_weight(parts, shuffle):
    problem, preprocessor, train = parts
    weights = np.arange(len(train), dtype="float32")
    batches = read(parts, shuffle=shuffle, weights=weights)[0]
    features, target = preprocessor.transform(train), problem.encode(train)
    rows = np.concatenate([w for _, _, w in batches]).astype(int)
    assert sorted(rows) == list(range(len(train)))
    assert (list(rows) == list(range(len(train)))) is not shuffle
    np.testing.assert_array_equal(np.concatenate([y for _, y, _ in batches]), target[rows])
    for x, _, w in batches:
        own = features["text"][w.astype(int)]
        used = (own != 0).sum(1).max()
        np.testing.assert_array_equal(x["text"], own[:, :used])
        np.testing.assert_array_equal(x["dense"], features["dense"][w.astype(int)])


def test_rows_of_a_batch_are_of_about_one_length(parts):
    padding = {}
    for shuffle in (False, True):
        batches = read(parts, shuffle=shuffle)[0]
        padding[shuffle] = np.mean([(x["text"] == 0).mean() for x, _ in batches if len(x["text"]) == BATCH])
    assert padding[False] > 0.3
    assert padding[True] < 0.1


def test_orders_change_from_pass_to_pass_and_repeat_with_the_seed(parts):
    def orders(seed):
        return [
            [list(y["dense"][:, 0]) for y, _ in one] for one in read(parts, shuffle=True, seed=seed, passes=2)
        ]

    first, second = orders(0)
    assert first != second
    assert orders(0) == [first, second]
    assert orders(1)[0] != first
    assert {len(rows) for rows in first[:-1]} == {BATCH}  # the short batch is the last one
    lengths = [x["text"].shape[1] for x, _ in read(parts, shuffle=True)[0]]
    assert sorted(lengths) != lengths  # long and short batches are mixed
