"""Which part of a picture, a sound or a series a unit of a convolutional network can see.

References:
    Araujo, Norris and Sim (2019), "Computing receptive fields of convolutional neural networks", Distill.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.models._walk import Call, find, walk

FILTERS = ("Conv", "DepthwiseConv", "SeparableConv")
POOLS = ("MaxPooling", "AveragePooling")
_WHOLE = ("MultiHeadAttention", "Attention", "LSTM", "GRU", "SimpleRNN", "Bidirectional")


@dataclasses.dataclass(frozen=True)
class Axis:
    """What the units along one axis see: unit i sees from ``first + i * step`` to ``last + i * step``, both included."""

    step: float = 1.0
    first: float = 0.0
    last: float = 0.0

    @property
    def size(self) -> float:
        """How many pixels or steps."""
        return self.last - self.first + 1

    def through(self, reach: int, stride: int, before: int) -> "Axis":
        """Behind a window of `reach` places that moves by `stride`, with `before` places of padding in front."""
        first = self.first - before * self.step
        last = self.last + (reach - 1 - before) * self.step
        return Axis(self.step * stride, first, last)


EVERYTHING = Axis(math.nan, -math.inf, math.inf)
Field = tuple[Axis, ...]


@dataclasses.dataclass(frozen=True, repr=False)
class ReceptiveField:
    """What one unit of a layer can see of its input, along each axis (height and width, or time).

    Attributes:
        layer: The layer.
        size: Pixels or steps that a unit sees.
        stride: Pixels or steps between two neighbouring units.
        first: The first pixel that unit 0 sees; negative where it looks into the padding.
        units: Number of units along each axis; None where it depends on the input.
        source: The input that it looks at.
        length: Pixels or steps of that input; None where they may vary.
    """

    layer: str
    size: tuple[float, ...]
    stride: tuple[float, ...]
    first: tuple[float, ...]
    units: tuple[int | None, ...]
    source: str
    length: tuple[int | None, ...]

    def __repr__(self) -> str:
        """Size and stride, and the next step."""
        seen = " x ".join(f"{s:g}" for s in self.size)
        step = " x ".join(f"{s:g}" for s in self.stride)
        return f"ReceptiveField({self.layer}: {seen} of {self.source!r}, every {step}; next: .region(unit))"

    def region(self, *unit: int) -> tuple[tuple[int, int], ...]:
        """What one unit sees, without the padding.

        Args:
            unit: Place of the unit along each axis, from 0.

        Returns:
            tuple: For each axis the first pixel and the one behind the last, fit for a slice.

        Raises:
            InputError: If the unit has another number of axes.
        """
        if len(unit) != len(self.size):
            stop([complaint("unit", f"{len(self.size)} whole number(s), one an axis", repr(unit))])
        rows = zip(unit, self.first, self.size, self.stride, self.length, strict=True)
        found = []
        for place, first, size, stride, length in rows:
            end = math.inf if length is None else length
            start = first if math.isinf(first) else first + place * stride
            found.append((int(max(start, 0)), int(min(start + size if math.isfinite(start) else end, end))))
        return tuple(found)

    def frame(self) -> pd.DataFrame:
        """One row an axis: ``size``, ``stride``, ``first``, ``units``, ``length``."""
        columns = ("size", "stride", "first", "units", "length")
        return pd.DataFrame({name: list(getattr(self, name)) for name in columns})


def receptive_field(model: keras.Model, layer: str | None = None) -> ReceptiveField:
    """The part of the input that one unit of a layer can see: what lies outside cannot change it.

    Gates that weigh whole channels by what they saw of the whole picture (squeeze and excitation) are left out.

    Args:
        model: A network with convolutions over pictures, sounds or steps.
        layer: Name of the layer. Defaults to None: the last convolution or pooling.

    Returns:
        ReceptiveField: Size and stride in pixels (or steps), along each axis.

    Raises:
        InputError: If the network has no convolution, or no layer of that name has places; the ones that have are
            named.

    Example:
        >>> x = keras.Input((28, 28, 1))
        >>> y = keras.layers.Conv2D(4, 3, padding="same", name="first")(x)
        >>> y = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="second")(y)
        >>> receptive_field(keras.Model(x, y), "second").size
        (5.0, 5.0)

    References:
        Araujo, Norris and Sim (2019), "Computing receptive fields of convolutional neural networks", Distill.
    """
    calls = walk(model)
    fields = receptive_fields(calls)
    looking = [call for call in calls if call.path in fields and _is_window(call)]
    if not looking:
        cure = "models.cnn has them; what a dense layer sees is always everything."
        stop([complaint("model", "a network with convolutions", f"{model.name!r} without any", cure)])
    chosen = looking[-1] if layer is None else find(calls, layer, lambda call: call.path in fields)
    axes, source = fields[chosen.path]
    entrance = next(call for call in calls if call.path == source)
    return ReceptiveField(
        layer=chosen.path,
        size=tuple(axis.size for axis in axes),
        stride=tuple(axis.step for axis in axes),
        first=tuple(axis.first for axis in axes),
        units=_places(chosen.operation, chosen.outputs[0].shape),
        source=source,
        length=_places(entrance.operation, entrance.outputs[0].shape)[: len(axes)],
    )


def _is_window(call: Call) -> bool:
    return call.kind.startswith((*FILTERS, *POOLS)) and not call.kind.endswith("Transpose")


def receptive_fields(calls: Sequence[Call]) -> dict[str, tuple[Field, str]]:
    """What a unit behind each call sees, and of which input; calls that have no places are left out."""
    found: dict[str, tuple[Field, str]] = {}
    for call in calls:
        if not call.inputs:
            field = _entrance(call)
            if field:
                found[call.path] = (field, call.path)
            continue
        known = [(found[s], t) for s, t in zip(call.sources, call.inputs, strict=True) if s in found]
        if known:
            fields = [(field, tensor) for (field, _), tensor in known]
            seen = _merged(call, fields) if len(fields) > 1 else _step(call, *fields[0])
            if seen:
                found[call.path] = (seen, known[0][0][1])
    return found


def _entrance(call: Call) -> Field:
    """The places of an input: all axes but the channels; ids have no channels."""
    tensor = call.outputs[0]
    rank = len(tensor.shape) - 1
    ids = "int" in str(tensor.dtype) and rank == 1 and tensor.shape[-1] != 1
    return (Axis(),) * (rank if ids else rank - 1)


def _places(operation: Any, shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """The axes of a shape that are places."""
    if len(shape) == 2:
        return tuple(shape[1:])
    return tuple(shape[2:] if _channels_first(operation) else shape[1:-1])


def _channels_first(operation: Any) -> bool:
    return getattr(operation, "data_format", "channels_last") == "channels_first"


def _merged(call: Call, fields: Sequence[tuple[Field, Any]]) -> Field | None:
    """What several branches see together; gates of one place are left out."""
    wide = [(f, t) for f, t in fields if any(n != 1 for n in _places(call.operation, t.shape))] or fields
    if len(wide) == 1 or call.kind in _WHOLE:
        return _step(call, *wide[0])
    if len({len(field) for field, _ in wide}) > 1:
        return None
    return tuple(_union(axes) for axes in zip(*(field for field, _ in wide), strict=True))


def _union(axes: Sequence[Axis]) -> Axis:
    steps = {axis.step for axis in axes}
    first, last = min(axis.first for axis in axes), max(axis.last for axis in axes)
    return Axis(axes[0].step if len(steps) == 1 else math.nan, first, last)


def _step(call: Call, field: Field, tensor: Any) -> Field | None:
    """What a layer with one input makes of a field."""
    kind, layer = call.kind, call.operation
    shapes = [_places(layer, t.shape) for t in (tensor, call.outputs[0])]
    if kind.startswith((*FILTERS, *POOLS)):
        return _window(call, field, shapes[0])
    if kind.startswith(("ZeroPadding", "Cropping")):
        sign = 1 if kind.startswith("ZeroPadding") else -1
        margins = layer.padding if sign == 1 else layer.cropping
        before = [m[0] if isinstance(m, (tuple, list)) else m for m in _as_list(margins)]
        before = before[:1] if len(field) == 1 else before
        return tuple(axis.through(1, 1, sign * b) for axis, b in zip(field, before, strict=True))
    if kind.startswith("UpSampling"):
        factors = _as_list(layer.size)
        return tuple(
            dataclasses.replace(axis, step=axis.step / f) for axis, f in zip(field, factors, strict=True)
        )
    if kind in _WHOLE:
        return (EVERYTHING,) * len(field) if len(call.outputs[0].shape) == len(field) + 2 else None
    if kind == "Embedding" or (shapes[0] == shapes[1] and len(call.outputs[0].shape) == len(tensor.shape)):
        return field
    added = tuple(call.outputs[0].shape[1:]) == (*tensor.shape[1:], 1)  # a picture's channel of its own
    return (*field, Axis()) if added else None


def _window(call: Call, field: Field, lengths: Sequence[int | None]) -> Field | None:
    layer, outs = call.operation, _places(call.operation, call.outputs[0].shape)
    reach = _as_list(getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", 1))
    strides = _as_list(layer.strides)
    dilations = _as_list(getattr(layer, "dilation_rate", 1)) * len(field)
    if len(reach) != len(field):
        return None
    if call.kind.endswith("Transpose"):
        return tuple(
            Axis(axis.step / s, axis.first, axis.last + (math.ceil(k / s) - 1) * axis.step)
            for axis, k, s in zip(field, reach, strides, strict=True)
        )
    axes = []
    for i, axis in enumerate(field):
        width, stride = dilations[i] * (reach[i] - 1) + 1, strides[i % len(strides)]
        axes.append(axis.through(width, stride, _before(layer.padding, width, stride, (lengths[i], outs[i]))))
    return tuple(axes)


def _before(padding: str, width: int, stride: int, lengths: tuple[int | None, int | None]) -> int:
    """Places of padding in front of the first one; of unknown lengths as if they were divided without rest."""
    if padding == "causal":
        return width - 1
    if padding != "same":
        return 0
    length, out = lengths
    known = length is not None and out is not None
    total = max((out - 1) * stride + width - length, 0) if known else max(width - stride, 0)  # type: ignore[operator]
    return total // 2


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def sizes(
    fields: Mapping[str, tuple[Field, str]], path: str
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Size and stride behind a call, for a table; None where it has no places."""
    if path not in fields:
        return None
    axes = fields[path][0]
    return tuple(axis.size for axis in axes), tuple(axis.step for axis in axes)
