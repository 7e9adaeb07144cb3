"""What a network is made of and what it costs: layers, shapes, parameters, operations, memory, receptive field."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dltoolkit._checks import check_number
from dltoolkit._keras import keras, tf
from dltoolkit.models._flops import flops
from dltoolkit.models._receptive import receptive_fields, sizes
from dltoolkit.models._walk import Call, walk


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Description:
    """A network layer by layer; made by `describe`.

    Attributes:
        name: The network's name.
        batch_size: Rows that FLOPs and activations are counted for.
        layers: One row a use of a layer, in the order of computing: ``layer`` (``outer/inner`` within a network inside
            it), ``kind``, ``output`` (shape without the batch axis), ``parameters`` (0 where a layer is used again),
            ``trainable`` (how many of them), ``flops`` (NaN where not known), ``weight_bytes``, ``activation_bytes``
            (of its output; NaN where a length may vary), ``receptive_field`` and ``stride`` (a tuple, one number an
            axis; None where a layer has no places).
        edges: ``(from, to)``, by the names in ``layers``.
    """

    name: str
    batch_size: int
    layers: pd.DataFrame
    edges: tuple[tuple[str, str], ...]

    @property
    def parameters(self) -> int:
        """All weights and biases."""
        return int(self.layers["parameters"].sum())

    @property
    def trainable(self) -> int:
        """Weights and biases that training changes."""
        return int(self.layers["trainable"].sum())

    @property
    def flops(self) -> float:
        """Floating-point operations of one batch, of the layers for which they are known."""
        return float(self.layers["flops"].sum())

    @property
    def unknown(self) -> tuple[str, ...]:
        """Layers whose operations are not known, and are missing from `flops`."""
        return tuple(self.layers.loc[self.layers["flops"].isna(), "layer"])

    @property
    def weight_bytes(self) -> int:
        """Memory that the weights take."""
        return int(self.layers["weight_bytes"].sum())

    @property
    def activation_bytes(self) -> float:
        """Memory that the outputs of all layers take, as training has to keep them for the way back."""
        return float(self.layers["activation_bytes"].sum())

    def __repr__(self) -> str:
        """The totals, and the next step."""
        short = (
            f" of {len(self.layers) - len(self.unknown)} of {len(self.layers)} layers" if self.unknown else ""
        )
        costs = f"{_short(self.flops)} FLOPs{short}, weights {_short(self.weight_bytes)}B"
        return (
            f"Description({self.name}: {len(self.layers)} layers, {self.parameters:,} parameters, {costs}, activations "
            f"{_short(self.activation_bytes)}B for {self.batch_size} row(s); next: plots.network(description))"
        )

    def frame(self) -> pd.DataFrame:
        """The table `layers`."""
        return self.layers


def describe(model: keras.Model, *, batch_size: int = 1) -> Description:
    """Count what a network is made of and what it costs, without running it.

    Networks inside it are opened. A multiplication and an addition are two operations; what each layer needs is worked
    out from its shapes, and is NaN, never 0, for a layer that is not known.

    Args:
        model: A network whose layers are connected: what any builder returns, or your own.
        batch_size: Rows that FLOPs and activations are counted for, at least 1. Defaults to 1.

    Returns:
        Description: A table of layers, with the totals beside it.

    Raises:
        InputError: If `model` is no Keras model, or was never built; or if `batch_size` is no whole number from 1 on.

    Example:
        >>> x = keras.Input((30,), name="features")
        >>> y = keras.layers.Dense(1, "sigmoid", name="answer")(x)
        >>> describe(keras.Model(x, y)).frame()[["layer", "parameters", "flops"]].values.tolist()
        [['features', 0, 0.0], ['answer', 31, 62.0]]

    References:
        Sze, Chen, Yang and Emer (2017), "Efficient processing of deep neural networks: a tutorial and survey".
    """
    check_number(batch_size, "batch_size", low=1, whole=True)
    calls = walk(model)
    fields = receptive_fields(calls)
    rows = [_row(call, sizes(fields, call.path) if call.inputs else None, batch_size) for call in calls]
    edges = [(source, call.path) for call in calls for source in dict.fromkeys(call.sources)]
    return Description(model.name, int(batch_size), pd.DataFrame(rows), tuple(edges))


def _row(call: Call, field: tuple[tuple[float, ...], tuple[float, ...]] | None, batch: int) -> dict[str, Any]:
    inputs = [tensor.shape[1:] for tensor in call.inputs]
    outputs = [tensor.shape[1:] for tensor in call.outputs]
    weights = [] if call.again else getattr(call.operation, "weights", [])
    learnt = [] if call.again else getattr(call.operation, "trainable_weights", [])
    return {
        "layer": call.path,
        "kind": call.kind,
        "output": tuple(outputs[0]),
        "parameters": sum(math.prod(w.shape) for w in weights),
        "trainable": sum(math.prod(w.shape) for w in learnt),
        "flops": batch * flops(call.operation, inputs, outputs),
        "weight_bytes": int(sum(_bytes(w.shape, w.dtype) for w in weights)),
        "activation_bytes": batch
        * sum(_bytes(s, t.dtype) for s, t in zip(outputs, call.outputs, strict=True)),
        "receptive_field": field[0] if field else None,
        "stride": field[1] if field else None,
    }


def _bytes(shape: Sequence[int | None], dtype: Any) -> float:
    """Memory of a tensor; NaN where a side may vary."""
    if any(side is None for side in shape) or str(dtype) == "string":
        return math.nan
    return float(math.prod(shape) * tf.as_dtype(dtype).size)  # type: ignore[arg-type]


def _short(number: float) -> str:
    """A number with its thousands named.

    Example:
        >>> _short(24_577), _short(1.2e6), _short(31)
        ('24.6 k', '1.2 M', '31 ')
    """
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number:.0f} "
