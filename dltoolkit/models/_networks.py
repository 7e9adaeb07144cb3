"""Networks for tables."""

from collections.abc import Mapping, Sequence

import numpy as np

from dltoolkit._checks import check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.preprocessing import FeatureSpec, Preprocessor, TargetStatistics
from dltoolkit.problem import Problem

ops = keras.ops
# Width of the vector learnt for each of n categories: min(50, 1.6 n^0.56), fastai's rule of thumb (Howard & Gugger
# 2020, "fastai: A Layered API for Deep Learning", section on tabular models).
EMBEDDING_FACTOR, EMBEDDING_POWER, EMBEDDING_MOST = 1.6, 0.56, 50
UNITS = (128, 64)
DROPOUT = 0.05
# The default L2 penalty is that of a Gaussian prior with a standard deviation of 1/4 on each weight: 1 / (2 * 0.25^2) = 8
# over the number of rows, since the loss is a mean over them (MacKay 1992, "A practical Bayesian framework for
# backpropagation networks"). Of 4, 8 and 16 it did best on the shipped tables, together with this dropout.
PRIOR_PRECISION = 8.0
# Numbers far out are bent towards 3 standard deviations before the first layer, so that one odd row cannot throw the loss
# about (RealMLP does so: Holzmüller et al. 2024, "Better by default", its smooth clipping).
SOFT_CLIP = 3.0
INITIALIZER = (
    "he_normal"  # He et al. 2015, "Delving deep into rectifiers": keeps the variance through ReLU layers
)
_YES = ("1", "true", "yes")


def linear(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    initializer: str = "zeros",
    l1: float = 0.0,
    l2: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """A linear model: linear, logistic or softmax regression by the problem's head.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, and the base rates that the output bias starts from.
        initializer: Keras initialiser of the weights. Defaults to ``"zeros"``, as the loss is convex.
        l1: Weight of the L1 penalty, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty, at least 0. Defaults to 0.
        seed: Seed of the initialiser. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If an option is out of its range or no Keras initialiser has that name.
    """
    penalty = _penalty(l1, l2)
    inputs = _inputs(preprocessor)
    units = problem.head.units
    parts = []
    for i, (name, spec) in enumerate(preprocessor.specs.items()):
        start = _seeded(initializer, seed + i)
        if spec.vocabulary_size is None:
            named = free_name("weights" if spec.role == "table" else f"weights_{i}", inputs)
            layer = keras.layers.Dense(
                units, kernel_initializer=start, kernel_regularizer=penalty, name=named
            )
            parts.append(layer(_flat(inputs[name], free_name(f"flat_{i}", inputs))))
        else:
            table = keras.layers.Embedding(
                spec.vocabulary_size,
                units,
                embeddings_initializer=start,
                embeddings_regularizer=penalty,
                name=free_name(f"weights_{i}", inputs),
            )
            parts.append(_pooled(table, inputs[name], spec, free_name(f"weight_{i}", inputs)))
    total = keras.layers.Add(name=free_name("sum", inputs))(parts) if len(parts) > 1 else parts[0]
    answer = keras.layers.Activation(problem.head.activation, name=free_name("answer", inputs))(total)
    model = keras.Model(inputs, _target_units(answer, problem, preprocessor), name="linear")
    biased = next((x.name for x in model.layers if isinstance(x, keras.layers.Dense)), "")
    return _start_at_base_rate(model, biased, problem, preprocessor)


def _flat(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """A block of numbers as one row an example."""
    return keras.layers.Flatten(name=name)(x) if len(x.shape) > 2 else x


def _pooled(
    table: keras.layers.Embedding, ids: keras.KerasTensor, spec: FeatureSpec, name: str
) -> keras.KerasTensor:
    """The vector of an id; the mean vector of a text's tokens, padding left out (zeros for an empty text)."""
    if spec.role != "text":
        return keras.layers.Reshape((table.output_dim,), name=name)(table(ids))
    tokens = keras.Input(spec.shape, dtype="int32")
    known = ops.expand_dims(ops.cast(ops.not_equal(tokens, 0), "float32"), -1)
    mean = ops.sum(table(tokens) * known, axis=1) / ops.maximum(ops.sum(known, axis=1), 1.0)
    return keras.Model(tokens, mean, name=name)(
        ids
    )  # a model of its own: its operations' names meet no column's


def mlp(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    units: Sequence[int] = UNITS,
    activation: str = "relu",
    initializer: str = INITIALIZER,
    dropout: float = DROPOUT,
    batch_norm: bool = False,
    l1: float = 0.0,
    l2: float | None = None,
    seed: int = 0,
) -> keras.Model:
    """A multilayer perceptron; categories with many values get a learnt vector each.

    Of a text it takes the mean of its tokens' learnt vectors; pictures, spectrograms and sequences as one long row.

    Numbers enter it by way of ``3 * tanh(x / 3)``, which leaves the usual range as it is and bends outliers to +-3.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, and the base rates that the output bias starts from.
        units: Width of each hidden layer, at least 1 each; an empty sequence gives no hidden layer.
            Defaults to ``(128, 64)``.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to 0.05.
        batch_norm: Whether each hidden layer is batch-normalised before its activation. Defaults to False.
        l1: Weight of the L1 penalty on the hidden layers' weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the same weights, at least 0. Defaults to None: 8 over the number of training
            rows, so that the more there is to learn from, the less the weights are held back.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out. In regression the
        answer is in the target's unit.

    Raises:
        InputError: If an option is out of its range, or Keras has no activation or initialiser of that name.
    """
    _check_units(units)
    check_number(dropout, "dropout", low=0, high=1, open_high=True)
    check_activation(activation)
    penalty = _penalty(l1, _default_l2(preprocessor) if l2 is None else l2)
    inputs = _inputs(preprocessor)
    x = _joined(_soft_clipped(inputs, preprocessor), preprocessor, seed)
    for i, width in enumerate(units):
        start = _seeded(initializer, seed + 101 * (i + 1))
        name = free_name(f"hidden_{i + 1}", inputs)
        x = keras.layers.Dense(int(width), kernel_initializer=start, kernel_regularizer=penalty, name=name)(x)
        x = keras.layers.BatchNormalization(name=free_name(f"norm_{i + 1}", inputs))(x) if batch_norm else x
        x = keras.layers.Activation(activation, name=free_name(f"{activation}_{i + 1}", inputs))(x)
        x = (
            keras.layers.Dropout(dropout, seed=seed + i, name=free_name(f"dropout_{i + 1}", inputs))(x)
            if dropout
            else x
        )
    start = _seeded("glorot_uniform", seed)
    answer = keras.layers.Dense(
        problem.head.units,
        problem.head.activation,
        kernel_initializer=start,
        name=free_name("answer", inputs),
    )(x)
    model = keras.Model(inputs, _target_units(answer, problem, preprocessor), name="mlp")
    return _start_at_base_rate(model, free_name("answer", inputs), problem, preprocessor)


def _target_units(x: keras.KerasTensor, problem: Problem, preprocessor: Preprocessor) -> keras.KerasTensor:
    """In regression: from standard deviations around the training mean to the target's own unit."""
    target = preprocessor.target_statistics.get(problem.targets[0])
    if problem.kind != "regression" or target is None or not target.std:
        return x
    return keras.layers.Rescaling(
        target.std, target.mean, name=free_name("target_units", preprocessor.specs)
    )(x)


def _start_at_base_rate(
    model: keras.Model, layer: str, problem: Problem, preprocessor: Preprocessor
) -> keras.Model:
    """Set the output bias so that the untrained model answers with about the base rates.

    Karpathy (2019), "A recipe for training neural networks": initialise the final bias well.
    """
    statistics = preprocessor.target_statistics
    known = all(t in statistics and statistics[t].counts for t in problem.targets)
    if problem.kind == "regression" or not known or layer not in [x.name for x in model.layers]:
        return model
    model.get_layer(layer).bias.assign(_base_rate(problem, statistics))
    return model


def _base_rate(problem: Problem, statistics: Mapping[str, TargetStatistics]) -> np.ndarray:
    """Log odds (or centred log shares) of the classes, float ``(units,)``.

    One example is added to each count, so that an absent class gives no infinity (Laplace).
    """
    if problem.kind == "multilabel":
        counts = [statistics[t].counts for t in problem.targets]
        yes = np.array([sum(n for label, n in c.items() if label.lower() in _YES) for c in counts])
        return np.log((yes + 1.0) / (np.array([sum(c.values()) for c in counts]) - yes + 1.0))
    shares = np.log([statistics[problem.targets[0]].counts.get(c, 0) + 1.0 for c in problem.classes])
    return shares[1:] - shares[0] if problem.kind == "binary" else shares - shares.mean()


def _inputs(preprocessor: Preprocessor) -> dict[str, keras.KerasTensor]:
    return {n: keras.Input(s.shape, dtype=s.dtype, name=n) for n, s in preprocessor.specs.items()}


def _soft_clipped(
    inputs: dict[str, keras.KerasTensor], preprocessor: Preprocessor
) -> dict[str, keras.KerasTensor]:
    """The features, with the dense block bent to +-`SOFT_CLIP`."""

    def bent(name: str) -> keras.KerasTensor:
        x = keras.layers.Rescaling(1 / SOFT_CLIP, name=free_name("soft_clip_in", inputs))(inputs[name])
        x = keras.layers.Activation("tanh", name=free_name("soft_clip", inputs))(x)
        return keras.layers.Rescaling(SOFT_CLIP, name=free_name("soft_clip_out", inputs))(x)

    specs = preprocessor.specs.items()
    dense = [name for name, spec in specs if spec.vocabulary_size is None and spec.role == "table"]
    return {**inputs, **{name: bent(name) for name in dense}}


def _joined(inputs: dict[str, keras.KerasTensor], preprocessor: Preprocessor, seed: int) -> keras.KerasTensor:
    """The dense block beside the vector of each embedded category."""
    parts = []
    for i, (name, spec) in enumerate(preprocessor.specs.items()):
        if spec.vocabulary_size is None:
            parts.append(_flat(inputs[name], free_name(f"flat_{i}", preprocessor.specs)))
            continue
        width = min(EMBEDDING_MOST, round(EMBEDDING_FACTOR * spec.vocabulary_size**EMBEDDING_POWER))
        start = keras.initializers.RandomUniform(-0.05, 0.05, seed=seed + i)
        table = keras.layers.Embedding(
            spec.vocabulary_size,
            width,
            embeddings_initializer=start,
            name=free_name(f"embedding_{i}", inputs),
        )
        parts.append(_pooled(table, inputs[name], spec, free_name(f"vector_{i}", inputs)))
    return keras.layers.Concatenate(name=free_name("features", inputs))(parts) if len(parts) > 1 else parts[0]


def _check_units(units: Sequence[int]) -> None:
    if isinstance(units, (str, int, float)):
        stop(
            [
                complaint(
                    "units", "a sequence with the width of each hidden layer, such as (128, 64)", repr(units)
                )
            ]
        )
    for i, width in enumerate(units):
        check_number(width, f"units[{i}]", low=1, whole=True)


def check_activation(name: str) -> None:
    """Make sure that Keras knows an activation by that name."""
    try:
        keras.activations.get(name)
    except ValueError:
        stop([complaint("activation", "a Keras activation such as 'relu', 'tanh' or 'gelu'", repr(name))])


def _seeded(name: str, seed: int) -> keras.initializers.Initializer:
    """A Keras initialiser by name, with its own seed where it draws numbers."""
    try:
        initializer = keras.initializers.get(name)
    except ValueError:
        known = ("glorot_uniform", "he_normal", "lecun_normal", "orthogonal", "random_normal", "zeros")
        stop([complaint("initializer", f"a Keras initialiser such as {listed(known, 9)}", repr(name))])
    config = initializer.get_config()
    return type(initializer).from_config({**config, "seed": seed} if "seed" in config else config)


def _default_l2(preprocessor: Preprocessor) -> float:
    rows = max((target.rows for target in preprocessor.target_statistics.values()), default=0)
    return PRIOR_PRECISION / rows if rows else 0.0


def _penalty(l1: float, l2: float) -> keras.regularizers.Regularizer | None:
    check_number(l1, "l1", low=0)
    check_number(l2, "l2", low=0)
    return keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
