"""What the builders share: inputs, hidden layers with their options, and the head that starts at the base rates."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models._choices import ACTIVATIONS, INITIALIZERS, NORMALISATIONS, OUTPUT_BIASES
from dltoolkit.preprocessing import FeatureSpec, Preprocessor, TargetStatistics
from dltoolkit.problem import Problem

ops = keras.ops
# Width of the vector learnt for each of n categories: min(50, 1.6 n^0.56), fastai's rule of thumb (Howard & Gugger
# 2020, "fastai: A Layered API for Deep Learning", section on tabular models).
EMBEDDING_FACTOR, EMBEDDING_POWER, EMBEDDING_MOST = 1.6, 0.56, 50
# Numbers far out are bent towards 3 standard deviations before the first layer, so that one odd row cannot throw the loss
# about (RealMLP does so: Holzmüller et al. 2024, "Better by default", its smooth clipping).
SOFT_CLIP = 3.0
MEMBERS = "members"  # the layer whose answers, (n, members, units), are learnt each for itself and averaged behind it
_YES = ("1", "true", "yes")


@dataclasses.dataclass(frozen=True)
class Style:
    """The options that every hidden layer of a network shares.

    Attributes:
        activation: Keras activation.
        initializer: Keras initialiser of the weights.
        normalisation: ``"batch"``, ``"layer"`` or None.
        dropout: Share of units left out at each training step, in [0, 1).
        l1: Weight of the L1 penalty, at least 0.
        l2: Weight of the L2 penalty, at least 0.
        seed: Seed of the initialisers and of dropout.
    """

    activation: str = "relu"
    initializer: str = "he_normal"
    normalisation: str | None = None
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what Keras does not know or what is out of its range."""
        check_activation(self.activation)
        seeded(self.initializer, 0)
        if self.normalisation is not None:
            check_choice(self.normalisation, NORMALISATIONS, "normalisation")
        check_number(self.dropout, "dropout", low=0, high=1, open_high=True)
        penalty(self.l1, self.l2)
        check_number(self.seed, "seed", low=0, whole=True)

    @property
    def penalty(self) -> keras.regularizers.Regularizer | None:
        """The penalty on a layer's weights."""
        return penalty(self.l1, self.l2)

    def start(self, offset: int) -> keras.initializers.Initializer:
        """The initialiser of one layer; another `offset` for each."""
        return seeded(self.initializer, self.seed + 101 * offset)

    def finished(self, x: keras.KerasTensor, number: int, taken: Collection[str]) -> keras.KerasTensor:
        """What follows the weights of hidden layer `number`: normalisation, activation, dropout."""
        x = normalised(x, self.normalisation, free_name(f"norm_{number}", taken))
        name = free_name(f"{self.activation}_{number}", taken)
        x = keras.layers.Activation(self.activation, name=name)(x)
        if not self.dropout:
            return x
        name = free_name(f"dropout_{number}", taken)
        return keras.layers.Dropout(self.dropout, seed=self.seed + number - 1, name=name)(x)


def hidden(
    x: keras.KerasTensor, units: Sequence[int], style: Style, taken: Collection[str]
) -> keras.KerasTensor:
    """A stack of dense layers: weights, normalisation, activation, dropout; the first is number 1."""
    for number, width in enumerate(units, start=1):
        name = free_name(f"hidden_{number}", taken)
        x = keras.layers.Dense(
            int(width), kernel_initializer=style.start(number), kernel_regularizer=style.penalty, name=name
        )(x)
        x = style.finished(x, number, taken)
    return x


def normalised(x: keras.KerasTensor, normalisation: str | None, name: str) -> keras.KerasTensor:
    """Batch or layer normalisation, or nothing."""
    if normalisation is None:
        return x
    layers = {"batch": keras.layers.BatchNormalization, "layer": keras.layers.LayerNormalization}
    return layers[normalisation](name=name)(x)


def inputs_of(preprocessor: Preprocessor) -> dict[str, keras.KerasTensor]:
    """An input for each feature of the preprocessing."""
    return {n: keras.Input(s.shape, dtype=s.dtype, name=n) for n, s in preprocessor.specs.items()}


def of_role(preprocessor: Preprocessor, *roles: str) -> list[str]:
    """The features that come from columns of these roles; ``"table"`` is the dense block and embedded categories."""
    return [name for name, spec in preprocessor.specs.items() if spec.role in roles]


def flat(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """A block of numbers as one row an example."""
    return keras.layers.Flatten(name=name)(x) if len(x.shape) > 2 else x


def pooled(
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


def soft_clipped(x: keras.KerasTensor, taken: Collection[str]) -> keras.KerasTensor:
    """``3 * tanh(x / 3)``: the usual range as it is, outliers bent to +-`SOFT_CLIP`."""
    x = keras.layers.Rescaling(1 / SOFT_CLIP, name=free_name("soft_clip_in", taken))(x)
    x = keras.layers.Activation("tanh", name=free_name("soft_clip", taken))(x)
    return keras.layers.Rescaling(SOFT_CLIP, name=free_name("soft_clip_out", taken))(x)


def vectors(
    inputs: Mapping[str, keras.KerasTensor], preprocessor: Preprocessor, names: Sequence[str], *, seed: int
) -> list[keras.KerasTensor]:
    """Each of these features as one row an example ``(n, width)``.

    The dense block soft-clipped, the vector of a category, the mean vector of a text's tokens, all else flattened.
    """
    parts = []
    for i, (name, spec) in enumerate(preprocessor.specs.items()):
        if name not in names:
            continue
        if spec.vocabulary_size is None:
            x = soft_clipped(inputs[name], inputs) if spec.role == "table" else inputs[name]
            parts.append(flat(x, free_name(f"flat_{i}", inputs)))
            continue
        start = keras.initializers.RandomUniform(-0.05, 0.05, seed=seed + i)
        table = keras.layers.Embedding(
            spec.vocabulary_size,
            embedding_width(spec.vocabulary_size),
            embeddings_initializer=start,
            name=free_name(f"embedding_{i}", inputs),
        )
        parts.append(pooled(table, inputs[name], spec, free_name(f"embedded_{i}", inputs)))
    return parts


def embedding_width(vocabulary_size: int) -> int:
    """Width of the vector learnt for each of so many categories."""
    return min(EMBEDDING_MOST, round(EMBEDDING_FACTOR * vocabulary_size**EMBEDDING_POWER))


def joined(parts: Sequence[keras.KerasTensor], name: str) -> keras.KerasTensor:
    """Side by side on the last axis."""
    return keras.layers.Concatenate(name=name)(list(parts)) if len(parts) > 1 else parts[0]


def with_the_rest(
    x: keras.KerasTensor,
    inputs: Mapping[str, keras.KerasTensor],
    preprocessor: Preprocessor,
    used: Sequence[str],
    *,
    seed: int,
) -> keras.KerasTensor:
    """What a network made of the features `used`, ``(n, width)``, beside all other features, so that none is lost."""
    rest = [name for name in preprocessor.specs if name not in used]
    return joined([x, *vectors(inputs, preprocessor, rest, seed=seed)], free_name("beside", inputs))


def finish(
    x: keras.KerasTensor,
    inputs: Mapping[str, keras.KerasTensor],
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    name: str,
    output_bias: str = "base_rate",
    initializer: str = "glorot_uniform",
    regularizer: keras.regularizers.Regularizer | None = None,
    seed: int = 0,
) -> keras.Model:
    """Put the problem's head on a network.

    Args:
        x: What the head reads: ``(n, width)``; or ``(n, members, width)``, of which each member gets a head of its own
            and the answer is the mean of theirs.
        inputs: The network's inputs, by feature.
        problem: Gives units and activation.
        preprocessor: Gives the base rates, or mean and spread of the amounts.
        name: Name of the model.
        output_bias: ``"base_rate"`` or ``"zeros"``.
        initializer: Keras initialiser of the head. Defaults to ``"glorot_uniform"``.
        regularizer: Penalty on the head's weights, as `penalty` gives it. Defaults to none.
        seed: Seed of the initialiser.

    Returns:
        keras.Model: Uncompiled, ``(n, head.units)`` out.
    """
    check_choice(output_bias, OUTPUT_BIASES, "output_bias")
    start = seeded(initializer, seed)
    units, activation, several = problem.head.units, problem.head.activation, len(x.shape) == 3
    answer = free_name("answer", inputs)
    if several:
        shape = (x.shape[1], units)
        head = keras.layers.EinsumDense(
            "nkd,kdu->nku",
            shape,
            bias_axes="ku",
            kernel_initializer=start,
            kernel_regularizer=regularizer,
            name=free_name("heads", inputs),
        )
        y = keras.layers.Activation(activation, name=free_name("activation", inputs))(head(x))
        y = target_units(y, problem, preprocessor)
        y = keras.layers.Identity(name=free_name(MEMBERS, inputs))(y)
        y = keras.layers.GlobalAveragePooling1D(name=answer)(y)
    else:
        head = keras.layers.Dense(
            units, activation, kernel_initializer=start, kernel_regularizer=regularizer, name=answer
        )
        y = target_units(head(x), problem, preprocessor)
    model = keras.Model(dict(inputs), y, name=name)
    if output_bias == "base_rate":
        start_at_base_rate(head, problem, preprocessor)
    return model


def target_units(x: keras.KerasTensor, problem: Problem, preprocessor: Preprocessor) -> keras.KerasTensor:
    """In regression: from standard deviations around the training mean to the targets' own units."""
    known = [preprocessor.target_statistics.get(t) for t in problem.targets]
    if problem.kind != "regression" or not all(t is not None and t.std for t in known):
        return x
    times = problem.head.units // len(known)
    scale = [float(t.std) for t in known if t is not None and t.std for _ in range(times)]
    offset = [float(t.mean) for t in known if t is not None and t.mean is not None for _ in range(times)]
    one = len(scale) == 1
    return keras.layers.Rescaling(
        scale[0] if one else scale,
        offset[0] if one else offset,
        name=free_name("target_units", preprocessor.specs),
    )(x)


def start_at_base_rate(layer: keras.layers.Layer, problem: Problem, preprocessor: Preprocessor) -> None:
    """Set the bias of a head so that the untrained network answers with about the base rates.

    Karpathy (2019), "A recipe for training neural networks": initialise the final bias well.
    """
    if problem.quantiles:  # those of a bell curve around the mean
        bell = [NormalDist().inv_cdf(level) for level in problem.quantiles] * len(problem.targets)
        layer.bias.assign(np.broadcast_to(bell, layer.bias.shape))
        return
    statistics = preprocessor.target_statistics
    known = all(t in statistics and statistics[t].counts for t in problem.targets)
    if problem.kind != "regression" and known:
        rate = base_rate(problem, statistics)
        layer.bias.assign(np.broadcast_to(rate, layer.bias.shape))


def base_rate(problem: Problem, statistics: Mapping[str, TargetStatistics]) -> np.ndarray:
    """Log odds (or centred log shares) of the classes, float ``(units,)``.

    One example is added to each count, so that an absent class gives no infinity (Laplace).
    """
    if problem.kind == "multilabel":
        counts = [statistics[t].counts for t in problem.targets]
        yes = np.array([sum(n for label, n in c.items() if label.lower() in _YES) for c in counts])
        return np.log((yes + 1.0) / (np.array([sum(c.values()) for c in counts]) - yes + 1.0))
    shares = np.log([statistics[problem.targets[0]].counts.get(c, 0) + 1.0 for c in problem.classes])
    return shares[1:] - shares[0] if problem.kind == "binary" else shares - shares.mean()


def rows_of(preprocessor: Preprocessor) -> int:
    """Number of training rows; 0 when unknown."""
    return max((target.rows for target in preprocessor.target_statistics.values()), default=0)


def check_units(units: Sequence[int], argument: str = "units") -> None:
    """Make sure that these are widths of layers."""
    if isinstance(units, (str, int, float)):
        expected = "a sequence with the width of each hidden layer, such as (128, 64)"
        stop([complaint(argument, expected, repr(units))])
    for i, width in enumerate(units):
        check_number(width, f"{argument}[{i}]", low=1, whole=True)


def check_activation(name: str) -> None:
    """Make sure that Keras knows an activation by that name."""
    try:
        keras.activations.get(name)
    except ValueError:
        stop([complaint("activation", f"a Keras activation such as {listed(ACTIVATIONS, 9)}", repr(name))])


def seeded(name: str, seed: int) -> keras.initializers.Initializer:
    """A Keras initialiser by name, with its own seed where it draws numbers."""
    try:
        initializer = keras.initializers.get(name)
    except ValueError:
        stop([complaint("initializer", f"a Keras initialiser such as {listed(INITIALIZERS, 9)}", repr(name))])
    config = initializer.get_config()
    return type(initializer).from_config({**config, "seed": seed} if "seed" in config else config)


def penalty(l1: float, l2: float) -> keras.regularizers.Regularizer | None:
    """An L1 and L2 penalty, or none."""
    check_number(l1, "l1", low=0)
    check_number(l2, "l2", low=0)
    return keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
