"""A training that was killed goes on to the very weights, optimizer and history of one that was not."""

import multiprocessing
import os
import pathlib
import signal
import threading
import time

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.training import _checkpoint, _resume

ROWS, EPOCHS = 300, 6
KERAS_ITSELF = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
# What each of these keeps besides weights: the average, dropout's random state, the rate's course, patience.
OPTIONS = {
    "plain": {},
    "everything": {
        "ema": 0.9,
        "schedule": "one-cycle",
        "optimizer": "adamw",
        "clip_norm": 1.0,
        "early_stopping": 3,
    },
    "batch by batch": {
        "callbacks": [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)]
    },
}


def parts():
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 3))
    frame = pd.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": np.where(x[:, 0] * x[:, 1] > 0, "p", "n")}
    )
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, "y")), splits, problem


def fit(given, **options):
    preprocessor, splits, problem = given
    model = models.mlp(problem, preprocessor, units=(8, 8), dropout=0.3, seed=0)
    options = {"epochs": EPOCHS, "early_stopping": False, "batch_size": 32, "progress": False, **options}
    return training.fit(model, preprocessor, splits, problem, **options)


def state(run):
    """All that has to be the same, bit for bit."""
    optimizer = [keras.ops.convert_to_numpy(v) for v in run.model.optimizer.variables]
    return run.model.get_weights() + optimizer, run.history.drop(columns="seconds")


def assert_same(found, expected):
    for a, b in zip(found[0], expected[0], strict=True):
        np.testing.assert_array_equal(a, b)
    pd.testing.assert_frame_equal(found[1], expected[1], check_exact=True)


class StopAfter(keras.callbacks.Callback):
    """Sets an event in the middle of an epoch."""

    def __init__(self, epoch, event):
        super().__init__()
        self.epoch, self.event, self.now = epoch, event, -1

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_updates(self, done, updates, logs):
        if self.now == self.epoch:
            self.event.set()


@pytest.fixture(scope="module")
def given():
    return parts()


@pytest.mark.parametrize("name", OPTIONS)
def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(given, name, tmp_path):
    options = OPTIONS[name]
    whole = state(fit(given, **options))
    event = threading.Event()
    more = {**options, "callbacks": [*options.get("callbacks", ()), StopAfter(3, event)]}
    stopped = fit(given, **more, checkpoints=tmp_path, stop=event)
    assert stopped.stopped == "interrupted"
    assert_same(state(fit(given, **options, checkpoints=tmp_path, resume=True)), whole)


def test_what_is_varied_in_pictures_goes_on_too(tmp_path):
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 255, (8, 8, 1), dtype="uint8") for _ in range(80)]
    frame = pd.DataFrame({"x": pictures, "y": ["a", "b"] * 40})
    problem, schema = Problem.infer(frame, "y"), Schema.infer(frame, "y").with_roles(x="image")
    splits = data.split(frame, problem, seed=0)
    preprocessor = preprocessing.fit(splits.train, schema)
    augment = preprocessing.ImageAugmentation(flip="horizontal", shift=0.2)

    def run(epochs, folder=None, stop=None, callbacks=()):
        model = models.cnn(problem, preprocessor, seed=0)
        return training.fit(
            model, preprocessor, splits, problem, epochs=epochs, early_stopping=False, batch_size=16, augment=augment,
            progress=False, checkpoints=folder, resume=folder is not None, stop=stop, callbacks=callbacks,
        )  # fmt: skip

    whole, event = run(3), threading.Event()
    run(3, tmp_path, event, [StopAfter(1, event)])
    assert_same(state(run(3, tmp_path)), state(whole))


def train_for_ever(folder):
    _resume.SHARE = 1e9  # writes after every epoch: most of the time a write is under way
    fit(parts(), epochs=200, ema=0.9, checkpoints=folder, resume=True)


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a signal of POSIX systems")
def test_a_training_that_was_killed_at_any_moment_resumes_bit_for_bit(given, tmp_path):
    expected = state(fit(given, epochs=200, ema=0.9))
    context, random = multiprocessing.get_context("spawn"), np.random.default_rng()
    for _ in range(2):
        child = context.Process(target=train_for_ever, args=(str(tmp_path),))
        child.start()
        before = _checkpoint.found(tmp_path)
        while child.is_alive() and _checkpoint.found(tmp_path) == before:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.2))
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
        child.join()
    assert_same(state(fit(given, epochs=200, ema=0.9, checkpoints=tmp_path, resume=True)), expected)


def test_a_finished_training_is_given_back_without_another_epoch(given, tmp_path):
    first = fit(given, checkpoints=tmp_path)
    seen = []
    watch = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    again = fit(given, checkpoints=tmp_path, resume=True, callbacks=[watch])
    assert not seen
    assert_same(state(again), state(first))
    assert (again.stopped, again.best_epoch) == (first.stopped, first.best_epoch)


def test_early_stopping_is_an_end_too(given, tmp_path):
    first = fit(given, epochs=100, early_stopping=1, learning_rate=0.5, checkpoints=tmp_path)
    again = fit(given, epochs=100, early_stopping=1, learning_rate=0.5, checkpoints=tmp_path, resume=True)
    assert first.stopped == again.stopped == "early"
    assert_same(state(again), state(first))


def damaged(path: pathlib.Path, how: str) -> None:
    content = path.read_bytes()
    if how == "torn":
        path.write_bytes(content[: len(content) // 2])
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


@KERAS_ITSELF
@pytest.mark.parametrize("how", ["torn", "altered"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(given, how, tmp_path):
    whole = state(fit(given))
    fit(given, checkpoints=tmp_path)
    newest, before = _checkpoint.found(tmp_path)
    damaged(newest, how)
    with pytest.warns(RuntimeWarning, match=rf"{newest.name}.*damaged.*The one before it is used, of epoch"):
        again = fit(given, checkpoints=tmp_path, resume=True)
    assert_same(state(again), whole)
    damaged(newest, how)
    damaged(before, how)
    with pytest.raises(InputError, match="all are damaged"):
        fit(given, checkpoints=tmp_path, resume=True)


@KERAS_ITSELF
def test_a_full_disk_is_told_once_and_leaves_the_last_good_checkpoint(given, tmp_path, monkeypatch):
    whole = state(fit(given))
    writes = []

    def full(file, *arrays, **options):
        writes.append(1)
        if len(writes) > 2:
            raise OSError(28, "No space left on device")
        return save(file, *arrays, **options)

    save = np.savez
    monkeypatch.setattr(np, "savez", full)
    monkeypatch.setattr("dltoolkit.training._resume.SHARE", 1e9)  # after every epoch
    with pytest.warns(
        RuntimeWarning, match="No checkpoint of epoch 3 could be written.*No space left"
    ) as told:
        run = fit(given, checkpoints=tmp_path)
    assert sum("could be written" in str(one.message) for one in told) == 1 and len(writes) == EPOCHS
    assert_same(state(run), whole)
    assert [path.name for path in _checkpoint.found(tmp_path)] == [
        "epoch-000002.checkpoint",
        "epoch-000001.checkpoint",
    ]
    monkeypatch.undo()
    assert_same(state(fit(given, checkpoints=tmp_path, resume=True)), whole)


def test_another_training_is_not_gone_on_with(given, tmp_path):
    fit(given, checkpoints=tmp_path)
    with pytest.raises(InputError, match=r"checkpoints: expected an empty folder.*resume=True"):
        fit(given, checkpoints=tmp_path)
    with pytest.raises(InputError, match=r"resume, learning_rate: expected 0\.001 .* got 0\.1"):
        fit(given, learning_rate=0.1, checkpoints=tmp_path, resume=True)
    preprocessor, splits, problem = given
    other = models.mlp(problem, preprocessor, units=(8, 8), activation="tanh")
    with pytest.raises(InputError, match="resume, network"):
        training.fit(other, preprocessor, splits, problem, checkpoints=tmp_path, resume=True, progress=False)
    with pytest.raises(InputError, match="checkpoints: expected the folder"):
        fit(given, resume=True)


def test_checkpoints_hold_numbers_of_every_kind_and_no_more_than_two_are_kept(tmp_path):
    half = keras.ops.convert_to_numpy(keras.ops.cast([1.5, -2.0], "bfloat16"))
    arrays = {
        "a/0": np.arange(6.0).reshape(2, 3),
        "b": half,
        "none": np.ones((0, 3), "int8"),
        "one": np.float32(2),
    }
    for epoch in (1, 2, 10):
        _checkpoint.write(tmp_path, _checkpoint.Checkpoint(epoch, arrays, {"rows": [{"loss": float("nan")}]}))
    assert [p.name for p in _checkpoint.found(tmp_path)] == [
        "epoch-000010.checkpoint",
        "epoch-000002.checkpoint",
    ]
    last = _checkpoint.newest(tmp_path)
    assert last.epoch == 10 and np.isnan(last.facts["rows"][0]["loss"])
    for name, values in arrays.items():
        assert last.arrays[name].dtype == values.dtype
        np.testing.assert_array_equal(last.arrays[name], values)
