"""The preprocessing graph on TensorFlow's tensors, whatever Keras computes with: texts and 64-bit numbers need care elsewhere."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from dltoolkit._keras import keras, tf

TENSORFLOW = keras.backend.backend() == "tensorflow"


@contextlib.contextmanager
def exact() -> Iterator[None]:
    """Inside, JAX holds 64-bit numbers as they are, on the CPU: seconds since 1970 do not fit into 32 bits."""
    if keras.backend.backend() != "jax":
        yield
        return
    import jax  # there where it is Keras's backend

    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        yield


def computed(graph: keras.Model, raw: Any) -> Any:
    """What a part of the preprocessing graph makes of raw columns.

    Args:
        graph: A functional model of stock layers, nothing in it random.
        raw: Tensors or arrays as its inputs are nested. Where Keras's backend is another than TensorFlow, the symbolic
            tensors of a ``tf.data`` graph are for graphs with one output.

    Returns:
        Tensors as its outputs are nested, which NumPy reads.
    """
    if TENSORFLOW:
        return graph(raw, training=False)
    tensors = tf.nest.flatten(raw)
    if not any(tf.is_tensor(t) for t in tensors):  # inside a compiled update, or NumPy's
        return graph(raw, training=False)
    if all(hasattr(t, "numpy") for t in tensors):
        with exact():
            return _walk(graph, raw)
    output = graph.outputs[0]
    found = tf.numpy_function(
        lambda *rows: _array(graph, [tf.constant(r) for r in rows]), tensors, tf.as_dtype(output.dtype)
    )
    found.set_shape((tensors[0].shape[0], *output.shape[1:]))
    return found


def _array(graph: keras.Model, raw: list[tf.Tensor]) -> np.ndarray:
    with exact():
        return np.asarray(_walk(graph, raw)).astype(graph.outputs[0].dtype, copy=False)


def _walk(graph: keras.Model, raw: Any) -> Any:
    """The graph, layer by layer: a model's own call would first make its backend's numbers of the texts."""

    def step(layer: Any) -> Any:
        run = functools.partial(_walk, layer) if hasattr(layer, "_run_through_graph") else layer
        return lambda *given, **options: _own(run(*given, **options))

    return graph._run_through_graph(_own(raw), step)


def _own(tensors: Any) -> Any:
    """TensorFlow's numbers as those of Keras's backend; its texts stay."""
    return tf.nest.map_structure(
        lambda t: keras.ops.convert_to_tensor(t.numpy()) if tf.is_tensor(t) and t.dtype != tf.string else t,
        tensors,
    )
