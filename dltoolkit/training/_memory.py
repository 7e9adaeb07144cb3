"""A batch that does not fit into memory: refused before it can take the machine down, with the size that fits."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import psutil

from dltoolkit._keras import keras, tf
from dltoolkit.training._lengths import nodes

FREE = 0.5  # of the memory that is free: the rest is for gradients' temporaries, data and other programs
# Of the machine's memory: what the layers' answers take is counted too high where they share it, as a Reshape does.
HOPELESS = 2.0
SIGNS = (
    "RESOURCE_EXHAUSTED",
    "Out of memory",
    "OOM",
)  # how TensorFlow and JAX say that there was no memory left


def row_bytes(model: keras.Model) -> int:
    """What one row takes while a network learns: each layer's answer, kept for the gradients, in bytes.

    Args:
        model: The network; one that does not tell its layers' calls counts its inputs and outputs alone.
    """
    graph = getattr(model, "_functional", model)  # a Sequential keeps its graph there
    if hasattr(graph, "_nodes_by_depth"):
        tensors = [tensor for node in nodes(graph) for tensor in node.output_tensors]
    else:
        tensors = [*model.inputs, *model.outputs]
    return sum(_bytes(tensor) for tensor in tensors)


def _bytes(tensor: Any) -> int:
    shape = [size or 1 for size in tensor.shape[1:]]
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return math.prod(shape) * (tf.as_dtype(dtype).size or 1)


@contextlib.contextmanager
def within_memory(model: keras.Model, batch_size: int) -> Iterator[None]:
    """Inside, a batch that does not fit is told in plain words; one that is hopeless is refused at once.

    Raises:
        MemoryError: Naming the batch size that fits.
    """
    if row_bytes(model) * batch_size > HOPELESS * psutil.virtual_memory().total:
        raise MemoryError(_told(model, batch_size))
    try:
        yield
    except (MemoryError, RuntimeError, tf.errors.OpError) as error:
        if not isinstance(error, MemoryError) and not any(sign in str(error) for sign in SIGNS):
            raise
        raise MemoryError(_told(model, batch_size)) from error


def _told(model: keras.Model, batch_size: int) -> str:
    """The sentences for the user."""
    a_row, free = max(row_bytes(model), 1), psutil.virtual_memory().available
    fits = int(FREE * free / a_row)
    cure = (
        f"batch_size={2 ** int(math.log2(fits)):,} fits"
        if fits >= 1
        else "Not even one row fits: make the network smaller"
    )
    return (
        f"batch_size: expected batches that fit into memory, got {batch_size:,} rows. The layers' answers alone take "
        f"{_size(a_row)} a row, {_size(a_row * batch_size)} in all; {_size(free)} are free. {cure}."
    )


def _size(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:,.3g} {unit}"
    return f"{size} bytes"
