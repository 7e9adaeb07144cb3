"""What a killed training needs to go on as if nothing had happened, saved after its epochs."""

import hashlib
import json
import pathlib
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.training import _checkpoint
from dltoolkit.training._checkpoint import Checkpoint
from dltoolkit.training._course import Course
from dltoolkit.training._devices import first_process
from dltoolkit.training._record import Recorder

SHARE = 0.1  # of the time that a training takes, spent on writing checkpoints at most
LONGEST = 80  # characters of a setting that differs
_ENVIRONMENT = ("pace", "pace_why", "versions", "backend", "machine", "devices", "threads")
_NAMES = frozenset({"name", "build_config", "inbound_nodes", "input_layers", "output_layers"})


class Keeper(keras.callbacks.Callback):
    """Writes checkpoints while a training runs, and puts the last one in place before it goes on.

    It has to stand behind all other callbacks. A checkpoint is written at the end of an epoch where the last one was cheap
    enough, and always at the end of the last one.

    Args:
        folder: Where they are kept.
        course: The training, its network compiled.
        recorder: Among its watchers; those with ``state()`` and ``set_state(arrays, facts)`` are kept too.
        identity: All that decides the outcome, JSON-able.
    """

    def __init__(
        self, folder: pathlib.Path, course: Course, recorder: Recorder, identity: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self._folder, self._recorder, self._identity = folder, recorder, dict(identity)
        self._model, self._epochs = course.model, course.epochs
        self._watchers = {type(w).__name__: w for w in course.watchers if hasattr(w, "set_state")}
        self._next, self._failed = 0.0, False

    def start(self, *, resume: bool) -> int:
        """Make sure that the folder is this training's, and put its last checkpoint in place.

        Returns:
            int: Epochs done; all of them when the training has come to its end.

        Raises:
            InputError: If the folder holds a training and `resume` is not asked for, or another training.
        """
        last = _checkpoint.newest(self._folder)
        if last is None:
            return 0
        if not resume:
            cure = "Give resume=True to go on with it, or another folder."
            stop(
                [complaint("checkpoints", "an empty folder", f"{self._folder}, which holds a training", cure)]
            )
        self._compare(last.facts["identity"])
        self._restore(last)
        return self._epochs if last.facts["ended"] else last.epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write a checkpoint, unless the epoch was broken off."""
        if self._recorder.stopped in ("interrupted", "diverged") or not first_process():
            return
        ended, began = bool(self._model.stop_training), time.perf_counter()
        if not ended and epoch + 1 < self._epochs and began < self._next:
            return
        try:
            _checkpoint.write(self._folder, self._checkpoint(epoch + 1, ended=ended))
        except OSError as error:
            if not self._failed:
                text = f"No checkpoint of epoch {epoch + 1} could be written: {error}. The training goes on without."
                warnings.warn(text, RuntimeWarning, stacklevel=2)
            self._failed = True
        now = time.perf_counter()
        self._next = now + (now - began) / SHARE

    def _checkpoint(self, epoch: int, *, ended: bool) -> Checkpoint:
        arrays = {f"model/{i}": _array(v) for i, v in enumerate(self._model.variables)}
        arrays |= {f"optimizer/{i}": _array(v) for i, v in enumerate(self._model.optimizer.variables)}
        facts: dict[str, Any] = {"identity": self._identity, "ended": ended}
        for name, watcher in self._watchers.items():
            own, facts[name] = watcher.state()
            arrays |= {f"{name}/{key}": values for key, values in own.items()}
        return Checkpoint(epoch, arrays, facts)

    def _restore(self, last: Checkpoint) -> None:
        optimizer = self._model.optimizer
        if not optimizer.built:
            optimizer.build(self._model.trainable_variables)
        for part, variables in (("model", self._model.variables), ("optimizer", optimizer.variables)):
            for i, variable in enumerate(variables):
                variable.assign(last.arrays[f"{part}/{i}"])
        for name, watcher in self._watchers.items():
            own = {key.split("/", 1)[1]: v for key, v in last.arrays.items() if key.startswith(f"{name}/")}
            watcher.set_state(own, last.facts[name])

    def _compare(self, saved: Mapping[str, Any]) -> None:
        """Refuse to go on with another training than the one that was begun."""
        own = json.loads(json.dumps(self._identity))
        other = [name for name in {**saved, **own} if saved.get(name) != own.get(name)]
        wrong = sorted(name for name in other if name not in _ENVIRONMENT)
        cure = "Give what it was begun with, or another folder."
        told = [(name, str(saved.get(name))[:LONGEST], str(own.get(name))[:LONGEST]) for name in wrong]
        stop([complaint(f"resume, {n}", f"{was} as in {self._folder}", came, cure) for n, was, came in told])
        if other:
            named = ", ".join(sorted(other))
            text = (
                f"This training was begun with another {named}: it goes on, though not bit for bit the same."
            )
            warnings.warn(text, RuntimeWarning, stacklevel=4)


def structure(model: keras.Model) -> str:
    """Sixteen hexadecimal digits that change with the layers of a network and their settings, not with their names."""
    try:
        told = json.dumps(_nameless(model.get_config()), sort_keys=True, default=str)
    except NotImplementedError:  # a subclass that does not tell its settings
        told = type(model).__name__
    shapes = [(tuple(v.shape), str(v.dtype)) for v in model.variables]
    return hashlib.sha256(f"{told}{shapes}".encode()).hexdigest()[:16]


def _nameless(config: Any) -> Any:
    if isinstance(config, Mapping):
        return {key: _nameless(value) for key, value in config.items() if key not in _NAMES}
    return [_nameless(value) for value in config] if isinstance(config, (list, tuple)) else config


def _array(variable: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)
