"""Floating-point operations of each stock layer for one example: a multiplication and an addition are two.

The counts are those of inference. An activation is one operation a number, a softmax five, as TensorFlow's profiler counts
them; looking up, copying and changing shapes are none.

References:
    Goodfellow, Bengio and Courville (2016), "Deep learning", chapter 9 (convolutions); Sze et al. (2017), "Efficient
    processing of deep neural networks", section III; Vaswani et al. (2017), "Attention is all you need", section 3.2;
    Hochreiter and Schmidhuber (1997), "Long short-term memory"; Cho et al. (2014), "Learning phrase representations", for
    GRU; Howard et al. (2017), "MobileNets", section 3.1 (depthwise).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

Shape = Sequence[Any]  # whole numbers; None for a side that may vary
SOFTMAX = 5  # operations a number: maximum, subtract, exp, sum, divide
NAN = math.nan

_FREE = """InputLayer Identity Embedding ReversibleEmbedding PositionEmbedding Reshape Flatten Permute RepeatVector
Concatenate Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianDropout GaussianNoise AlphaDropout
ActivityRegularization Masking NotEqual ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D
Transpose ExpandDims Squeeze GetItem Cast Stack Unstack Take TakeAlongAxis Pad BroadcastTo Repeat Tile Split Flip Slice
OneHot StopGradient Swapaxes Moveaxis Ravel ZerosLike OnesLike Full FullLike Arange Tril Triu Roll Equal Greater
GreaterEqual Less LessEqual LogicalAnd LogicalOr LogicalNot Where UpSampling1D"""
# One operation for each number that comes out.
_EACH = """ReLU LeakyReLU PReLU ELU Negative Absolute Exp Expm1 Log Log1p Sqrt Rsqrt Square Power Sin Cos Tanh Sigmoid
Relu Relu6 Gelu Silu Softplus Selu Elu LeakyRelu Erf Sign Round Floor Ceil Clip Reciprocal Divide TrueDivide FloorDivide
Subtract Mod Arctan2 HardSigmoid HardSilu LogSigmoid Softsign"""
# One operation for each number that goes in.
_REDUCTIONS = "Sum Mean Max Min Prod Any All Cumsum Norm Logsumexp Argmax Argmin"
FREE, EACH, REDUCTIONS = (frozenset(names.split()) for names in (_FREE, _EACH, _REDUCTIONS))
MERGES = frozenset({"Add", "Multiply", "Maximum", "Minimum"})


def flops(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    """Operations of one call of a layer or operation, for one example.

    Args:
        layer: The layer or operation.
        inputs: Shape of each input, without the batch axis.
        outputs: Shape of each output, without the batch axis.

    Returns:
        float: The number; NaN for a layer that is not known here, and where a length is not known.
    """
    name = type(layer).__name__
    if name in FREE:
        return 0.0
    if name == "EinsumDense":
        return float(_einsum_dense(layer, inputs, outputs))
    if any(side is None for shape in (*inputs, *outputs) for side in shape):
        return NAN
    out, into = (sum(math.prod(s) for s in shapes) for shapes in (outputs[:1], inputs[:1]))
    if name in EACH:
        return float(out)
    if name in MERGES:
        return float(out * max(len(inputs) - 1, 1))
    if name in REDUCTIONS:
        return float(into)
    formula = FORMULAS.get(name)
    return float(formula(layer, inputs, outputs)) if formula else NAN


def _activated(layer: Any, numbers: float) -> float:
    """Operations of a layer's activation."""
    name = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return {"linear": 0, "softmax": SOFTMAX, "log_softmax": SOFTMAX}.get(name, 1) * numbers


def _after(layer: Any, numbers: float) -> float:
    """Operations of the bias and the activation behind a product."""
    return numbers * bool(getattr(layer, "use_bias", False)) + _activated(layer, numbers)


def _dense(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    out = math.prod(outputs[0])
    return 2 * inputs[0][-1] * out + _after(layer, out)


def _einsum_dense(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    """By the letters, as Keras leaves the number of steps open in the output."""
    parts, result = layer.equation.replace(" ", "").replace("...", "").split("->")
    given, kernel = parts.split(",")
    sides = dict(zip(kernel, layer.kernel.shape, strict=True))
    own = [letter for letter in given if letter not in kernel]
    places = math.prod(n or NAN for n in inputs[0][: len(inputs[0]) - len(given) + len(own)])
    out = places * math.prod(sides[letter] for letter in result if letter in sides)
    summed = math.prod(n for letter, n in sides.items() if letter not in result)
    biased = out * (getattr(layer, "bias", None) is not None)
    return 2 * summed * out + biased + _activated(layer, out)


def _conv(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    out = math.prod(outputs[0])
    return 2 * math.prod(layer.kernel.shape[:-1]) * out + _after(layer, out)


def _conv_transpose(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    places = math.prod(inputs[0]) // layer.kernel.shape[-1]
    return 2 * math.prod(layer.kernel.shape) * places + _after(layer, math.prod(outputs[0]))


def _depthwise(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    out = math.prod(outputs[0])
    return 2 * math.prod(layer.kernel_size) * out + _after(layer, out)


def _separable(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    out = math.prod(outputs[0])
    places, middle = out // layer.filters, layer.depth_multiplier * _channels(layer, inputs[0])
    return 2 * places * middle * (math.prod(layer.kernel_size) + layer.filters) + _after(layer, out)


def _channels(layer: Any, shape: Shape) -> int:
    first = getattr(layer, "data_format", "channels_last") == "channels_first"
    return int((shape[0] if first else shape[-1]) or 0)


def _pool(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    return math.prod(layer.pool_size) * math.prod(outputs[0])


def _of_inputs(times: float) -> Callable[..., float]:
    return lambda layer, inputs, outputs: times * math.prod(inputs[0])


def _normalised(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    """Mean, difference, square, mean of squares, quotient; then the scale and the shift where there are any."""
    learnt = bool(getattr(layer, "scale", True)) + bool(getattr(layer, "center", True))
    return (5 + learnt) * math.prod(outputs[0])


def _attention(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    """Projections of query, key and value, their products, softmax, the weighted sum, and the last projection."""
    query, value = inputs[0], inputs[min(1, len(inputs) - 1)]
    key = inputs[2] if len(inputs) > 2 and len(inputs[2]) == len(value) else value
    steps, others = math.prod(query[:-1]), math.prod(value[:-1])
    heads, wide, deep = layer.num_heads, layer.key_dim, layer.value_dim or layer.key_dim
    bias = bool(getattr(layer, "_use_bias", True))
    projected = steps * heads * wide * (2 * query[-1] + bias) + others * heads * wide * (2 * key[-1] + bias)
    projected += others * heads * deep * (2 * value[-1] + bias)
    scores = heads * steps * others * (2 * wide + SOFTMAX + 2 * deep) + steps * heads * wide
    return projected + scores + math.prod(outputs[0]) * (2 * heads * deep + bias)


def _dot_attention(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    steps, others = inputs[0][-2], inputs[1][-2]
    return steps * others * (2 * inputs[0][-1] + SOFTMAX + 2 * inputs[1][-1])


def _lstm(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    """Four products a step, five bends, and four operations on the state."""
    n, steps = layer.units, inputs[0][0]
    return steps * n * (8 * (inputs[0][-1] + n) + 4 * bool(layer.use_bias) + 5 + 4)


def _gru(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    """Three products a step, three bends, and five operations on the state."""
    n, steps = layer.units, inputs[0][0]
    biases = 3 * bool(layer.use_bias) * (2 if layer.reset_after else 1)
    return steps * n * (6 * (inputs[0][-1] + n) + biases + 3 + 5)


def _simple_rnn(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    n, steps = layer.units, inputs[0][0]
    return steps * n * (2 * (inputs[0][-1] + n) + bool(layer.use_bias) + 1)


def _bidirectional(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    merged = math.prod(outputs[0]) * (layer.merge_mode in ("sum", "mul", "ave"))
    return sum(flops(x, inputs, outputs) for x in (layer.forward_layer, layer.backward_layer)) + merged


def _distributed(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    return inputs[0][0] * flops(layer.layer, [inputs[0][1:]], [outputs[0][1:]])


def _average(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    return len(inputs) * math.prod(outputs[0])


def _dot(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    axes = layer.axes if isinstance(layer.axes, int) else layer.axes[0]
    summed = ([None, *inputs[0]])[axes]
    return 2 * (summed or NAN) * math.prod(outputs[0])


def _matmul(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    return 2 * inputs[0][-1] * math.prod(outputs[0])


def _einsum(layer: Any, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> float:
    """Two for each combination of the letters, the batch's (the first letter of the result) left out."""
    operands, _, result = str(layer.subscripts).replace(" ", "").partition("->")
    parts = operands.split(",")
    if "." in operands or len(parts) != 2 or len(inputs) != 2:
        return NAN
    sides: dict[str, int] = {}
    for letters, shape in zip(parts, inputs, strict=True):
        sides |= dict(zip(letters[len(letters) - len(shape) :], shape, strict=True))
    return 2 * math.prod(n for letter, n in sides.items() if letter != result[:1])


def _same(times: float) -> Callable[..., float]:
    return lambda layer, inputs, outputs: times * math.prod(outputs[0])


FORMULAS: dict[str, Callable[..., float]] = {
    "Dense": _dense,
    "Activation": lambda layer, inputs, outputs: _activated(layer, math.prod(outputs[0])),
    "Softmax": _same(SOFTMAX),
    "LogSoftmax": _same(SOFTMAX),
    "Rescaling": _same(2),
    "Normalization": _same(2),
    "BatchNormalization": _same(2),  # at inference it is one scale and one shift
    "LayerNormalization": _normalised,
    "GroupNormalization": _normalised,
    "RMSNormalization": _same(4),
    "UnitNormalization": _same(3),
    "Variance": _of_inputs(4),
    "Var": _of_inputs(4),
    "Std": _of_inputs(4),
    "MultiHeadAttention": _attention,
    "Attention": _dot_attention,
    "LSTM": _lstm,
    "GRU": _gru,
    "SimpleRNN": _simple_rnn,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _distributed,
    "Average": _average,
    "Dot": _dot,
    "Matmul": _matmul,
    "Einsum": _einsum,
    "UpSampling2D": lambda layer, inputs, outputs: (
        (7 if layer.interpolation == "bilinear" else 0) * math.prod(outputs[0])
    ),
    **{f"Conv{n}D": _conv for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": _conv_transpose for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _depthwise for n in (1, 2)},
    **{f"SeparableConv{n}D": _separable for n in (1, 2)},
    **{f"{kind}Pooling{n}D": _pool for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{kind}Pooling{n}D": _of_inputs(1) for kind in ("Max", "Average") for n in (1, 2, 3)},
}
