"""Mixed precision: layers compute in 16 bits where that is faster; weights, answer and loss stay in 32."""

import contextlib
from collections.abc import Iterator
from typing import Any

from dltoolkit._checks import check_choice, complaint, stop
from dltoolkit._keras import keras, tf
from dltoolkit.training._lengths import nodes

PRECISIONS = ("float32", "mixed", "auto")
FULL, MIXED = "float32", "mixed_bfloat16"
ABLE = (
    8.0  # compute capability from which a GPU multiplies bfloat16 in its tensor cores: NVIDIA A100 and later
)


def pick_precision(precision: str) -> str:
    """The policy of Keras that a precision stands for on this machine.

    Args:
        precision: ``"float32"``; ``"mixed"``; ``"auto"``: mixed on a GPU that gains by it, else float32.

    Returns:
        str: ``"float32"`` or ``"mixed_bfloat16"``.

    Raises:
        InputError: If there is no such precision, or the GPU does not compute in bfloat16.
    """
    check_choice(precision, PRECISIONS, "precision")
    able = gpu_capability()
    if precision == "mixed" and able is not None and able < ABLE:
        cure = "Leave it at 'float32': float16, which this GPU has, would need its losses scaled."
        stop(
            [
                complaint(
                    "precision",
                    f"a GPU of compute capability {ABLE:g} or more for 'mixed'",
                    f"{able:g}",
                    cure,
                )
            ]
        )
    gains = precision == "mixed" or (precision == "auto" and able is not None and able >= ABLE)
    return MIXED if gains else FULL


def gpu_capability() -> float | None:
    """The least compute capability of the visible GPUs; None without any that tells one."""
    found = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    known = [details["compute_capability"] for details in found if "compute_capability" in details]
    return min((float(f"{major}.{minor}") for major, minor in known), default=None)


@contextlib.contextmanager
def computing(model: keras.Model, policy: str) -> Iterator[None]:
    """Inside, the layers of a model compute by a policy, all but those that its answers come from.

    bfloat16 has the range of float32, so that no loss has to be scaled (Kalamkar et al. 2019, "A study of bfloat16 for deep
    learning training"). Weights keep their dtype: after it the model is what it was.

    Args:
        model: Functional; of another no layer is changed.
        policy: From `pick_precision`.
    """
    layers = [] if policy == FULL else _inner_layers(model)
    try:
        for layer in layers:
            layer.dtype_policy = policy
        yield
    finally:
        for layer in layers:
            layer.dtype_policy = FULL
        if layers:  # what was traced computes in 16 bits
            model.train_function = model.test_function = model.predict_function = None


def _inner_layers(model: keras.Model) -> list[Any]:
    """Layers in float32 with something to learn behind them: not the last ones, nor what only hands their answer on."""
    plain = getattr(model, "_functional", None) or model
    if not hasattr(plain, "_nodes_by_depth"):
        return []
    inner: dict[int, Any] = {}
    outer: set[int] = set()
    ahead: set[int] = set()  # tensors on the way to something that is learnt
    for node in reversed([node for node in nodes(plain) if node.input_tensors]):
        layers = node.operation._flatten_layers() if isinstance(node.operation, keras.layers.Layer) else ()
        on_the_way = any(id(tensor) in ahead for tensor in node.output_tensors)
        if on_the_way:
            inner |= {id(layer): layer for layer in layers}
        else:
            outer |= {id(layer) for layer in layers}
        if on_the_way or bool(getattr(node.operation, "trainable_weights", None)):
            ahead |= {id(tensor) for tensor in node.input_tensors}
    return [layer for key, layer in inner.items() if key not in outer and layer.dtype_policy.name == FULL]
