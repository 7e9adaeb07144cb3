"""Whether XLA makes a network's updates faster on this machine: measured once for networks of a kind, and remembered."""

import contextlib
import dataclasses
import hashlib
import json
import os
import platform
import time
from typing import Any

import numpy as np

from dltoolkit import _files
from dltoolkit._checks import InputError
from dltoolkit._keras import keras, tf
from dltoolkit.data import cache_dir
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.training._loop import Loop
from dltoolkit.training._pace import Pace

# On a CPU XLA has slower convolutions and products of large matrices than oneDNN, and compiles recurrent networks for long.
SLOWER = ("Conv", "RNN", "LSTM", "GRU", "Attention", "Bidirectional")
# What an update costs less with XLA: so much for starting its operations, and so much for each weight that Adam moves.
# Measured on two cores with the four networks of bench/training.py; it only decides where to look, not what is found.
SECONDS_AN_UPDATE, SECONDS_A_WEIGHT = 2e-4, 2.5e-9
WORTH = 3.0  # seconds: about what XLA takes for compiling a dense network
CLEAR = 1.3  # times as fast: two identical variants differ by up to a fifth on a busy machine
UPDATES, REPEATS = 16, 3
_FILE = "paces.json"


def worth_measuring(model: keras.Model, updates: int) -> bool:
    """Whether so many updates are enough, and of the kind, for XLA to make good what compiling costs."""
    kinds = [type(layer).__name__ for layer in model._flatten_layers(include_self=False)]
    if any(slow in kind for kind in kinds for slow in SLOWER):
        return False
    weights = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return updates * (SECONDS_AN_UPDATE + SECONDS_A_WEIGHT * weights) >= WORTH


def decided(pace: Pace, model: keras.Model, feed: Feed, updates: int) -> Pace:
    """The pace with XLA where it is open, worth it, and clearly faster on this machine.

    Args:
        pace: From `pick_pace`.
        model: Compiled.
        feed: The training rows.
        updates: Of the whole training.
    """
    if not pace.open:
        return pace
    if not worth_measuring(model, updates):
        return dataclasses.replace(pace, why=f"{pace.why} XLA would not make good what compiling costs.")
    speed = xla_speed(model, feed)
    why = f"{pace.why} An update is {speed:g} times as fast with XLA on this machine."
    return dataclasses.replace(pace, name="xla-loop" if speed >= CLEAR else pace.name, why=why)


def xla_speed(model: keras.Model, feed: Feed) -> float:
    """How many times as fast an update is with XLA; 0 where XLA cannot compile it.

    The state of the model is as it was before. The answer is kept in ``paces.json`` in `data.cache_dir`, for networks with
    layers of the same kinds, and about as many weights and rows a batch.

    Args:
        model: Compiled.
        feed: The training rows, loopable.
    """
    path, key = cache_dir() / _FILE, _kind(model, feed)
    known = _read(path)
    if key not in known:
        known = {**known, key: round(_measured(model, feed), 2)}
        with contextlib.suppress(OSError):  # a folder that cannot be written: measured again next time
            _files.write_json(path, known)
    return float(known[key])


def _read(path: Any) -> dict[str, Any]:
    try:
        return _files.read_json(path)
    except (FileNotFoundError, InputError, OSError):
        return {}


def _kind(model: keras.Model, feed: Feed) -> str:
    layers = sorted({type(layer).__name__ for layer in model._flatten_layers()})
    sizes = [round(np.log2(max(n, 1))) for n in (model.count_params(), feed.batch_size)]
    where = (keras.__version__, tf.__version__, platform.machine(), os.cpu_count())
    told = json.dumps([layers, sizes, type(model.optimizer).__name__, where])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _measured(model: keras.Model, feed: Feed) -> float:
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    gather, order = feed.gather(), feed.order(tf.constant(0, tf.int64))
    try:
        plain, fast = (_seconds(model, feed, gather, order, xla=xla) for xla in (False, True))
        return plain / fast
    except (tf.errors.OpError, ValueError, NotImplementedError):  # an operation that XLA does not have
        return 0.0
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        model.reset_metrics()


def _seconds(model: keras.Model, feed: Feed, gather: Any, order: tf.Tensor, *, xla: bool) -> float:
    """The best of some tries of a few updates."""
    whole = len(order) // feed.batch_size
    rows = tf.reshape(order[: whole * feed.batch_size], (whole, feed.batch_size))
    run = Loop(
        model, gather, feed.batch_size, xla=xla, order=lambda: order, tick=lambda done, logs: None
    )._run
    run(rows, 0, 1)
    found = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run(rows, 0, min(UPDATES, whole))
        found.append(time.perf_counter() - began)
    return min(found)
