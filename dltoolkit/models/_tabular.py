"""A modern network for tables: an ensemble inside one network, over numbers in pieces."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dltoolkit._checks import check_number, complaint, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._parts import Style
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._graph import DENSE
from dltoolkit.problem import Problem

ops = keras.ops
# From so many rows on there is enough to learn a wide network and fine pieces from.
LARGE_ROWS = 10_000
# How long a training takes, and at which rates, tried on the shipped tables: attrition, credit, ames and churn are small,
# diamonds and flights large.
UPDATES = 1_800  # of a small table
SEEN = 1_000_000  # rows of a large one, all epochs together
FEWEST_EPOCHS, MOST_EPOCHS = 4, 60
RATE, LARGE_RATE = 1e-3, 5e-3
DECAY, LARGE_DECAY = 0.1, 0.01
BATCHES = ((1_024, 100_000), (256, 10_000), (64, 3_000), (32, 0))  # and the fewest rows for it
AMOUNTS_DROPOUT = 0.0  # for amounts: any more blurs them (ames)
EVEN_SPREAD = 2 * 3**0.5  # from the least to the largest of evenly spread numbers with standard deviation 1
APART = 1_000  # between the seeds of two members: more than a network has layers


@dataclasses.dataclass(frozen=True)
class _Size:
    """What goes by the number of rows."""

    members: int
    units: tuple[int, ...]
    curves: int
    dropout: float


SMALL = _Size(members=8, units=(64, 64), curves=0, dropout=0.3)
LARGE = _Size(members=4, units=(128, 128), curves=8, dropout=0.0)


def tabular(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    members: int | None = None,
    units: Sequence[int] | None = None,
    ranks: bool = True,
    curves: int | None = None,
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

    A number enters as itself, bent to +-3 standard deviations, and as its **rank**: its place among the training rows, from
    -1.73 to 1.73, which tames any long tail. Both come from its quantiles, which cut it into up to 64 pieces. Where there
    are rows enough, each number also gets **curves**: learnt broken lines over the same pieces, which start flat.

    By its recipe it takes about 10 seconds of one core on a table of 1,000 to 7,000 rows, 26 on one of 50,000 and 31 on one
    of 300,000, where boosted trees take half a second on a small one.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, the quantiles, and the base rates that the output bias starts from.
        members: Perceptrons in the ensemble, at least 1. Defaults to None: 8 up to 10,000 training rows, 4 above.
        units: Width of each hidden layer, at least one layer. Defaults to None: ``(64, 64)`` up to 10,000 rows,
            ``(128, 128)`` above.
        ranks: Whether numbers also enter as their ranks. Defaults to True.
        curves: Learnt curves of each number, 0 for none. Defaults to None: none up to 10,000 rows, 8 above.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        normalisation: ``"batch"`` or ``"layer"``: each hidden layer is normalised before its activation. Defaults to
            None.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to None: 0.3 up to 10,000
            rows (0 for amounts), 0 above.
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
    size = _size(problem, preprocessor, members=members, units=units, curves=curves, dropout=dropout)
    style = Style(activation, initializer, normalisation, size.dropout, l1, l2, seed)
    inputs = _parts.inputs_of(preprocessor)
    parts = _parts.vectors(inputs, preprocessor, list(preprocessor.specs), seed=seed)
    parts += _numbers(inputs, preprocessor, ranks=ranks, curves=size.curves, style=style)
    x = _parts.joined(parts, free_name("features", inputs))
    for number, width in enumerate(size.units, start=1):
        x = _weighed(x, (size.members, width), number=number, style=style, taken=inputs)
        x = style.finished(x, number, inputs)
    return _parts.finish(x, inputs, problem, preprocessor, name="tabular", output_bias=output_bias, seed=seed)


def _size(problem: Problem, preprocessor: Preprocessor, **asked: Any) -> _Size:
    """What goes by the number of rows, with what was asked for in its place."""
    usual = LARGE if _parts.rows_of(preprocessor) > LARGE_ROWS else SMALL
    if problem.kind == "regression":
        usual = dataclasses.replace(usual, dropout=AMOUNTS_DROPOUT)
    size = dataclasses.replace(usual, **{name: value for name, value in asked.items() if value is not None})
    check_number(size.members, "members", low=1, whole=True)
    _parts.check_units(size.units)
    if not len(size.units):
        stop([complaint("units", "the width of at least one hidden layer", repr(size.units))])
    check_number(size.curves, "curves", low=0, whole=True)
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


def _numbers(
    inputs: Mapping[str, keras.KerasTensor],
    preprocessor: Preprocessor,
    *,
    ranks: bool,
    curves: int,
    style: Style,
) -> list[keras.KerasTensor]:
    """The ranks of the numbers, and curves over them: each ``(n, columns * m)``."""
    columns = preprocessor.quantiles
    if not columns:
        return []
    places, pieces = _cut(inputs, columns)(inputs[DENSE])
    if not curves:
        return [places] if ranks else []
    layer = keras.layers.EinsumDense(
        "ncp,cpm->ncm",
        (len(columns), curves),
        kernel_initializer="zeros",
        kernel_regularizer=style.penalty,
        name=free_name("curves", inputs),
    )
    learnt = keras.layers.Flatten(name=free_name("bends", inputs))(layer(pieces))
    return [places, learnt] if ranks else [learnt]


def _cut(inputs: Mapping[str, keras.KerasTensor], columns: Mapping[int, Sequence[float]]) -> keras.Model:
    """From the dense block to the ranks of its numbers ``(n, columns)``, and to their pieces ``(n, columns, pieces)``.

    Piece t of a number x is ``(x - b[t]) / (b[t + 1] - b[t])``, held between 0 and 1 (Gorishniy et al. 2022, equation 1).
    Columns with fewer quantiles have pieces at their end that are always 0. It is a model of its own, so that its
    operations' names meet no column's, and has no weights: there is nothing to learn in it.
    """
    block = keras.Input(inputs[DENSE].shape[1:])
    chosen = np.eye(block.shape[1], dtype="float32")[:, list(columns)]
    widths = [np.diff(quantiles) for quantiles in columns.values()]
    scale = _padded([1 / width for width in widths])
    offset = _padded([-np.array(q[:-1]) / width for q, width in zip(columns.values(), widths, strict=True)])
    numbers = ops.expand_dims(ops.matmul(block, chosen), -1)
    pieces = ops.clip(numbers * scale + offset, 0.0, 1.0)
    steps = np.array([EVEN_SPREAD / len(width) for width in widths], "float32")
    places = ops.sum(pieces, axis=-1) * steps - EVEN_SPREAD / 2
    return keras.Model(block, [places, pieces], name=free_name("numbers", inputs))


def _padded(rows: Sequence[Sequence[float] | np.ndarray]) -> np.ndarray:
    """Rows of different lengths as one array, zeros at their ends."""
    padded = np.zeros((len(rows), max(len(row) for row in rows)), "float32")
    for filled, row in zip(padded, rows, strict=True):
        filled[: len(row)] = row
    return padded


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How `tabular` is trained by default: see `models.recipe`."""
    rows = max(_parts.rows_of(preprocessor), 1)
    large = rows > LARGE_ROWS
    batch = next(size for size, fewest in BATCHES if rows >= fewest)
    seen = SEEN if large else UPDATES * batch
    return Recipe(
        optimizer="adamw",
        learning_rate=LARGE_RATE if large else RATE,
        schedule="cosine",
        weight_decay=LARGE_DECAY if large else DECAY,
        epochs=int(np.clip(round(seen / rows), FEWEST_EPOCHS, MOST_EPOCHS)),
        patience=None,
        batch_size=min(batch, rows),
        why="AdamW along half a cosine: it ends by itself, so that no rows are needed to stop by, and data.split may be "
        "asked for few (validation_size=0.05). Slower than trees on a small table, and mostly better.",
    )
