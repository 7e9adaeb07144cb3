"""The two networks that take any feature as one row of numbers: the linear model and the multilayer perceptron."""

from collections.abc import Sequence

from dltoolkit._checks import check_choice, check_number
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._choices import OUTPUT_BIASES
from dltoolkit.models._parts import Style
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

UNITS = (128, 64)
DROPOUT = 0.05
# The default L2 penalty is that of a Gaussian prior with a standard deviation of 1/4 on each weight: 1 / (2 * 0.25^2) = 8
# over the number of rows, since the loss is a mean over them (MacKay 1992, "A practical Bayesian framework for
# backpropagation networks"). Of 4, 8 and 16 it did best on the shipped tables, together with this dropout.
PRIOR_PRECISION = 8.0
INITIALIZER = (
    "he_normal"  # He et al. 2015, "Delving deep into rectifiers": keeps the variance through ReLU layers
)


def linear(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    initializer: str = "zeros",
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A linear model: linear, logistic or softmax regression by the problem's head.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, and the base rates that the output bias starts from.
        initializer: Keras initialiser of the weights. Defaults to ``"zeros"``, as the loss is convex.
        l1: Weight of the L1 penalty, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty, at least 0. Defaults to 0.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former: the untrained model answers with the
            shares of the classes.
        seed: Seed of the initialiser. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If an option is out of its range or no Keras initialiser has that name.
    """
    check_choice(output_bias, OUTPUT_BIASES, "output_bias")
    penalty = _parts.penalty(l1, l2)
    inputs = _parts.inputs_of(preprocessor)
    units, activation = problem.head.units, problem.head.activation
    parts, biased = [], None
    for i, (name, spec) in enumerate(preprocessor.specs.items()):
        start = _parts.seeded(initializer, seed + i)
        if spec.vocabulary_size is None:
            named = free_name("weights" if spec.role == "table" else f"weights_{i}", inputs)
            layer = keras.layers.Dense(
                units, kernel_initializer=start, kernel_regularizer=penalty, name=named
            )
            biased = biased or layer
            parts.append(layer(_parts.flat(inputs[name], free_name(f"flat_{i}", inputs))))
        else:
            table = keras.layers.Embedding(
                spec.vocabulary_size,
                units,
                embeddings_initializer=start,
                embeddings_regularizer=penalty,
                name=free_name(f"weights_{i}", inputs),
            )
            parts.append(_parts.pooled(table, inputs[name], spec, free_name(f"weight_{i}", inputs)))
    total = keras.layers.Add(name=free_name("sum", inputs))(parts) if len(parts) > 1 else parts[0]
    answer = keras.layers.Activation(activation, name=free_name("answer", inputs))(total)
    model = keras.Model(inputs, _parts.target_units(answer, problem, preprocessor), name="linear")
    if biased is not None and output_bias == "base_rate":
        _parts.start_at_base_rate(biased, problem, preprocessor)
    return model


def mlp(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    units: Sequence[int] = UNITS,
    activation: str = "relu",
    initializer: str = INITIALIZER,
    dropout: float = DROPOUT,
    normalisation: str | None = None,
    l1: float = 0.0,
    l2: float | None = None,
    output_bias: str = "base_rate",
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
        normalisation: ``"batch"`` or ``"layer"``: each hidden layer is normalised before its activation. Defaults to
            None.
        l1: Weight of the L1 penalty on the hidden layers' weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the same weights, at least 0. Defaults to None: 8 over the number of training
            rows, so that the more there is to learn from, the less the weights are held back.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former: the untrained model answers with the
            shares of the classes.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out. In regression the
        answer is in the target's unit.

    Raises:
        InputError: If an option is out of its range, or Keras has no activation or initialiser of that name.
    """
    _parts.check_units(units)
    if l2 is not None:
        check_number(l2, "l2", low=0)
    style = Style(
        activation=activation,
        initializer=initializer,
        normalisation=normalisation,
        dropout=dropout,
        l1=l1,
        l2=default_l2(preprocessor) if l2 is None else l2,
        seed=seed,
    )
    inputs = _parts.inputs_of(preprocessor)
    parts = _parts.vectors(inputs, preprocessor, list(preprocessor.specs), seed=seed)
    x = _parts.hidden(_parts.joined(parts, free_name("features", inputs)), units, style, inputs)
    return _parts.finish(x, inputs, problem, preprocessor, name="mlp", output_bias=output_bias, seed=seed)


def default_l2(preprocessor: Preprocessor) -> float:
    """`PRIOR_PRECISION` over the number of training rows; 0 where it is unknown."""
    rows = _parts.rows_of(preprocessor)
    return PRIOR_PRECISION / rows if rows else 0.0
