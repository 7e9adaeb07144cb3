"""A modern network for tables: an ensemble inside one network, over numbers in pieces."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from dltoolkit._checks import check_number, complaint, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._parts import Style
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._graph import DENSE
from dltoolkit.preprocessing._plan import QUANTILES
from dltoolkit.problem import Problem

# From so many rows on there is enough to learn a wide network and fine pieces from.
LARGE_ROWS = 10_000
APART = 1_000  # between the seeds of two members: more than a network has layers


@dataclasses.dataclass(frozen=True)
class _Size:
    """What goes by the number of rows."""

    members: int
    units: tuple[int, ...]
    pieces: int
    dropout: float


SMALL = _Size(members=8, units=(64, 64), pieces=0, dropout=0.1)
LARGE = _Size(members=8, units=(128, 128), pieces=32, dropout=0.0)


def tabular(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    members: int | None = None,
    units: Sequence[int] | None = None,
    pieces: int | None = None,
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    dropout: float | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A network for tables: an ensemble of perceptrons inside one network, over numbers cut into pieces.

    Each member has weights and an answer of its own; the network's answer is their mean. They see the same batches, but
    in training each is judged by itself (`training.fit` sees to it), so that they stay different, and their mean is
    better than any of them. One network does what an ensemble of separate ones would, at a fraction of the trouble.

    A number enters as itself, bent to +-3 standard deviations, and (where `pieces` are asked for) as a row of pieces
    between quantiles of the training part: 0 below a piece, 1 above it, and the share of the way within. So the network
    can bend its answer anywhere without a deep stack of layers. The weights of the pieces start at zero.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, the quantiles, and the base rates that the output bias starts from.
        members: Perceptrons in the ensemble, at least 1. Defaults to 8.
        units: Width of each hidden layer, at least one layer. Defaults to None: ``(64, 64)`` up to 10,000 rows,
            ``(128, 128)`` above.
        pieces: Pieces a number is cut into, 2 to 64, or 0 for none. Defaults to None: none up to 10,000 rows, 32 above.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        normalisation: ``"batch"`` or ``"layer"``: each hidden layer is normalised before its activation. Defaults to
            None.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to None: 0.3 up to 10,000
            rows, 0 above.
        l1: Weight of the L1 penalty on the hidden layers' weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the same weights, at least 0. Defaults to 0: the recipe decays the weights.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out. In regression the answer is
        in the target's unit. The layer ``"members"`` gives the answers of the members, ``(n, members, head.units)``.

    Raises:
        InputError: If an option is out of its range, or Keras has no activation or initialiser of that name.

    References:
        Gorishniy, Kotelnikov and Babenko (2025), TabM: advancing tabular deep learning with parameter-efficient
        ensembling (ICLR): its "packed" variant; with the adapters of the other ones, members that share their weights
        learnt several times slower on the shipped tables. Gorishniy, Rubachev and Babenko (2022), On embeddings for numerical
        features in tabular deep learning (NeurIPS): piecewise linear encoding. Holzmüller, Grinsztajn and Steinwart
        (2024), Better by default (NeurIPS): smooth clipping.

    Example:
        >>> import pandas as pd
        >>> from dltoolkit import Schema, preprocessing
        >>> frame = pd.DataFrame({"age": [21, 35, 48, 62], "churn": ["yes", "yes", "no", "no"]})
        >>> problem, schema = Problem.infer(frame, "churn"), Schema.infer(frame, "churn")
        >>> model = tabular(problem, preprocessing.fit(frame, schema), members=4)
        >>> model.get_layer("members").output.shape
        (None, 4, 1)
    """
    size = _size(preprocessor, members=members, units=units, pieces=pieces, dropout=dropout)
    style = Style(activation, initializer, normalisation, size.dropout, l1, l2, seed)
    inputs = _parts.inputs_of(preprocessor)
    parts = _parts.vectors(inputs, preprocessor, list(preprocessor.specs), seed=seed)
    features = _parts.joined(parts, free_name("features", inputs))
    x, pieces = features, _pieces(inputs, preprocessor, size.pieces)
    for number, width in enumerate(size.units, start=1):
        x = _weighed(x, (size.members, width), number=number, style=style, taken=inputs)
        if number == 1 and pieces is not None:
            bends = _bends(pieces, (size.members, width), style=style, taken=inputs)
            x = keras.layers.Add(name=free_name("bent", inputs))([x, bends])
        x = style.finished(x, number, inputs)
    return _parts.finish(x, inputs, problem, preprocessor, name="tabular", output_bias=output_bias, seed=seed)


def _size(preprocessor: Preprocessor, **asked: object) -> _Size:
    """What goes by the number of rows, with what was asked for in its place."""
    usual = LARGE if _parts.rows_of(preprocessor) > LARGE_ROWS else SMALL
    size = dataclasses.replace(usual, **{name: value for name, value in asked.items() if value is not None})
    check_number(size.members, "members", low=1, whole=True)
    _parts.check_units(size.units)
    if not len(size.units):
        stop([complaint("units", "the width of at least one hidden layer", repr(size.units))])
    check_number(size.pieces, "pieces", low=0, high=QUANTILES - 1, whole=True)
    return dataclasses.replace(size, units=tuple(int(width) for width in size.units))


def _weighed(
    x: keras.KerasTensor, shape: tuple[int, int], *, number: int, style: Style, taken: Collection[str]
) -> keras.KerasTensor:
    """The weights of one hidden layer of each member: ``(n, d)`` or ``(n, members, d)`` to ``(n, members, width)``.

    Each member's weights are drawn by themselves: Keras would count the members among the inputs of a unit, and make the
    weights too small.
    """
    members, width = shape
    equation = "nd,kdw->nkw" if len(x.shape) == 2 else "nkd,kdw->nkw"
    name = free_name(f"hidden_{number}", taken)
    layer = keras.layers.EinsumDense(
        equation, shape, bias_axes="kw", kernel_regularizer=style.penalty, name=name
    )
    y = layer(x)
    drawn = [style.start(APART * k + number)((x.shape[-1], width)) for k in range(members)]
    layer.set_weights([np.stack([keras.ops.convert_to_numpy(one) for one in drawn]), np.zeros(shape)])
    return y


def _bends(
    pieces: keras.KerasTensor, shape: tuple[int, int], *, style: Style, taken: Collection[str]
) -> keras.KerasTensor:
    """What the pieces add to the first hidden layer of each member: nothing at the start."""
    return keras.layers.EinsumDense(
        "np,kpw->nkw",
        shape,
        kernel_initializer="zeros",
        kernel_regularizer=style.penalty,
        name=free_name("bends", taken),
    )(pieces)


def _pieces(
    inputs: Mapping[str, keras.KerasTensor], preprocessor: Preprocessor, most: int
) -> keras.KerasTensor | None:
    """The numbers of the dense block cut into pieces, ``(n, columns * most)``; None where there is nothing to cut.

    Piece t of a number x is ``(x - b[t]) / (b[t + 1] - b[t])``, held between 0 and 1 (Gorishniy et al. 2022, equation 1).
    """
    columns = preprocessor.quantiles
    if not most or not columns:
        return None
    block = inputs[DENSE]
    chosen = np.eye(block.shape[1], dtype="float32")[:, list(columns)]
    scale, offset = np.zeros((2, len(columns), most), "float32")
    for row, quantiles in enumerate(columns.values()):
        edges = _edges(quantiles, most)
        scale[row, : len(edges) - 1] = 1 / np.diff(edges)
        offset[row, : len(edges) - 1] = -edges[:-1] / np.diff(edges)
    numbers = keras.layers.Dense(
        len(columns), use_bias=False, trainable=False, name=free_name("numbers", inputs)
    )
    cut = keras.layers.EinsumDense(
        "nc,cp->ncp", scale.shape, bias_axes="cp", trainable=False, name=free_name("pieces", inputs)
    )
    x = keras.layers.ReLU(max_value=1.0, name=free_name("within", inputs))(cut(numbers(block)))
    numbers.set_weights([chosen])
    cut.set_weights([scale, offset])
    return keras.layers.Flatten(name=free_name("encoded", inputs))(x)


def _edges(quantiles: Sequence[float], most: int) -> np.ndarray:
    """Edges of at most so many pieces, as evenly spread over the quantiles as can be."""
    last = len(quantiles) - 1
    places = np.round(np.linspace(0, last, min(most, last) + 1)).astype(int)
    return np.array(quantiles)[places]


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How `tabular` is trained by default: see `models.recipe`."""
    large = _parts.rows_of(preprocessor) > LARGE_ROWS
    return Recipe(
        optimizer="adamw",
        learning_rate=5e-3 if large else 1e-3,
        schedule="cosine",
        weight_decay=0.01 if large else 0.1,
        epochs=20 if large else 30,
        patience=None,
        batch_size=256 if large else 64,
        compiled=True,
        why="A fixed course that ends at a rate of nothing needs no early stopping: the validation rows stay unseen.",
    )
