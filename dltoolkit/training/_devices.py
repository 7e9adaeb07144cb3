"""Several devices: each holds the whole network and computes its part of every batch."""

import contextlib
import dataclasses
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from dltoolkit._checks import complaint, listed, stop
from dltoolkit._keras import keras, tf
from dltoolkit._optional import needed

ALL = "all"


def pick_devices(devices: str | Sequence[str] | None) -> tuple[str, ...]:
    """The devices that share the work.

    Args:
        devices: Names such as ``"gpu:0"``; ``"all"`` for every visible one; None for the one that Keras takes anyway, or for
            all of them where `dltoolkit launch` started several processes.

    Returns:
        tuple: Their names; empty where there is nothing to share.

    Raises:
        InputError: If a name is not that of a visible device, or is given twice.
    """
    if devices is None and processes() == 1:
        return ()
    visible = keras.distribution.list_devices()
    named = list(devices) if isinstance(devices, (list, tuple)) and processes() == 1 else []
    if devices not in (None, ALL) and not named:
        one = (
            "None or 'all', as several processes share the work"
            if processes() > 1
            else "None, 'all' or names"
        )
        stop([complaint("devices", f"{one}; visible: {listed(visible, 20)}", repr(devices))])
    chosen = [str(name).lower() for name in named] or visible
    wrong = [name for i, name in enumerate(chosen) if name not in visible or name in chosen[:i]]
    if wrong:
        expected = f"each once, among the visible {listed(visible, 20)}"
        stop([complaint("devices", expected, listed(wrong))])
    return () if chosen == visible[:1] else tuple(chosen)


def processes() -> int:
    """How many processes train together; 1 unless `dltoolkit launch` started several."""
    return needed("jax", extra="scale", work="JAX").process_count() if keras.backend.backend() == "jax" else 1


def first_process() -> bool:
    """Whether this process is the one that writes and tells.

    Returns:
        bool: True everywhere but on all processes of a launched training except the first.
    """
    return keras.backend.backend() != "jax" or needed("jax", extra="scale", work="JAX").process_index() == 0


class Spread:
    """Where the arrays of a training on several of JAX's devices lie: copies of the weights, parts of the batches.

    What is computed is the same as on one device, normalisation over the batch and dropout too; sums are taken in another
    order.

    Args:
        names: The devices.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._jax = needed("jax", extra="scale", work="JAX")
        self._layouts = keras.distribution.DataParallel(devices=list(names), auto_shard_dataset=False)
        self._n = len(names)
        mesh = self._layouts.device_mesh
        self.everywhere = keras.distribution.TensorLayout([], mesh).backend_layout

    def rows(self, n: int) -> Any:
        """How a batch of `n` rows lies; where they cannot be shared out evenly, each device computes all of them."""
        return self._layouts.get_data_layout((n,)).backend_layout if n % self._n == 0 else self.everywhere

    def copies(self, arrays: Any) -> Any:
        """Nested arrays, whole on every device."""
        return self._jax.tree.map(lambda a: self._placed(a, self.everywhere), arrays)

    def parts(self, batch: Any) -> Any:
        """A batch of nested arrays, each device with its rows alone."""
        return self._jax.tree.map(lambda a: self._placed(a, self.rows(a.shape[0])), batch)

    def step(self, step: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """A step of Keras's trainer, ``(state, batch)``, on all devices."""
        run = self._jax.jit(step, out_shardings=self.everywhere)
        return lambda state, batch: run(self.copies(state), self.parts(batch))

    def _placed(self, values: Any, layout: Any) -> Any:
        if isinstance(values, self._jax.Array) and values.sharding == layout:
            return values
        whole = np.asarray(values)
        return self._jax.make_array_from_callback(whole.shape, layout, lambda part: whole[part])


@contextlib.contextmanager
def one_may_be_lost() -> Iterator[None]:
    """Inside, what JAX raises when another process is gone says so.

    Raises:
        RuntimeError: With what to do.
    """
    try:
        yield
    except RuntimeError as error:
        if processes() == 1 or not isinstance(
            error, needed("jax", extra="scale", work="JAX").errors.JaxRuntimeError
        ):
            raise
        text = (
            f"One of the {processes()} processes that train together was lost, or does not answer. Start them all again: "
            "with checkpoints= and resume=True the training goes on from its last whole epoch."
        )
        raise RuntimeError(text) from error


def share(model: keras.Model, spread: Spread) -> None:
    """Make Keras's own loops run on all devices, where nothing else stands in their place."""
    model.train_function = model.train_function or model._make_function(spread.step(model.train_step))
    model.test_function = model._make_function(spread.step(model.test_step))


def bring_home(model: keras.Model) -> None:
    """Undo `share`, and put all that a model holds back on the device that Keras takes anyway."""
    model.train_function = model.test_function = None
    for variable in (*model.variables, *model.optimizer.variables, *model.metrics_variables):
        variable.assign(np.asarray(variable.value))


def wants_mirrors() -> bool:
    """Whether several devices are TensorFlow's to use, and do not share the work yet."""
    return keras.backend.backend() == "tensorflow" and not tf.distribute.has_strategy()


def fit_mirrored(fit: Callable[..., Any], arguments: dict[str, Any], names: Sequence[str]) -> Any:
    """Train a network's twin on several of TensorFlow's devices, and give the network its weights.

    Args:
        fit: `training.fit`.
        arguments: Its own, by name.
        names: The devices.

    Returns:
        Run: With the network itself, which is not compiled.
    """
    model = arguments["model"]
    with _mirrored(model, names) as twin:
        run = fit(**{**arguments, "model": twin})
    return dataclasses.replace(run, model=model)


def make_deterministic(wanted: bool) -> None:
    """Have TensorFlow's operations on a GPU repeat their bits, for the whole process; on a CPU they do anyway."""
    if wanted and keras.backend.backend() == "tensorflow" and tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def _mirrored(model: keras.Model, names: Sequence[str]) -> Iterator[keras.Model]:
    """On TensorFlow: a twin of a network on several devices, which gives the network its weights at the end.

    Args:
        model: Any network that Keras can save.
        names: The devices.
    """
    strategy = tf.distribute.MirroredStrategy([name.upper() for name in names])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        with strategy.scope():
            twin = keras.saving.load_model(path, compile=False)
    with strategy.scope():
        yield twin
    model.set_weights(twin.get_weights())
