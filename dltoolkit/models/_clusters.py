"""Networks without a question: rows through a narrow code and back, and rows in groups by their code."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from dltoolkit._checks import check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models._parts import (
    Style,
    check_units,
    hidden,
    inputs_of,
    joined,
    of_role,
    seeded,
    vectors,
)
from dltoolkit.preprocessing import Preprocessor

ops = keras.ops
CODE, CENTROIDS, DECODER, ASSIGNMENT = "code", "centroids", "decoder", "answer"
UNITS = (256, 256)
BOTTLENECK = 8


def autoencoder(
    preprocessor: Preprocessor,
    *,
    units: Sequence[int] = UNITS,
    bottleneck: int = BOTTLENECK,
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """A network that says again what it was told, by way of a few numbers: the layer called ``"code"``.

    What the code cannot hold is lost, so that it learns what rows have in common. The way back is one layer, a model
    called ``"decoder"``: code in, features out.

    Args:
        preprocessor: Gives the inputs, which are the answers too.
        units: Width of each hidden layer on the way to the code; the way back takes them in reverse. Defaults to
            ``(256, 256)``.
        bottleneck: Numbers in the code, at least 1. Defaults to 8.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the weights. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None, before each activation. Defaults to None.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to 0.
        l1: Weight of the L1 penalty on the hidden layers' weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the same weights, at least 0. Defaults to 0.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, and out, each in its own shape; of a feature of ids
        ``(n, vocabulary_size)``, the probability of each. A dict by feature where there are several.

    Raises:
        InputError: If an option is out of its range, or a text comes as a sequence of ids.

    References:
        Hinton and Salakhutdinov (2006), "Reducing the dimensionality of data with neural networks", Science 313.
    """
    style = Style(activation, initializer, normalisation, dropout, l1, l2, seed)
    inputs = inputs_of(preprocessor)
    code = _encoded(inputs, preprocessor, units, bottleneck=bottleneck, style=style)
    decoder = _decoder(preprocessor, units, bottleneck=int(bottleneck), style=style)
    return keras.Model(inputs, decoder(code), name="autoencoder")


def deep_clustering(
    preprocessor: Preprocessor,
    *,
    n_clusters: int,
    units: Sequence[int] = UNITS,
    bottleneck: int = BOTTLENECK,
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """A network that answers with the group of a row: how near its code is to the middle of each group.

    The nearness is a Student t distribution with one degree of freedom around each centroid, as shares that sum to 1.
    Nobody says what the groups are: `training.cluster` learns code and centroids.

    Args:
        preprocessor: Gives the inputs.
        n_clusters: Number of groups, at least 2.
        units: Width of each hidden layer on the way to the code. Defaults to ``(256, 256)``.
        bottleneck: Numbers in the code, the layer called ``"code"``, at least 1. Defaults to 8.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the weights. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None, before each activation. Defaults to None.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to 0.
        l1: Weight of the L1 penalty on the hidden layers' weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the same weights, at least 0. Defaults to 0.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, n_clusters)`` out.

    Raises:
        InputError: If an option is out of its range, or a text comes as a sequence of ids.

    References:
        Xie, Girshick and Farhadi (2016), "Unsupervised deep embedding for clustering analysis", ICML, equation 1.
    """
    check_number(n_clusters, "n_clusters", low=2, whole=True)
    style = Style(activation, initializer, normalisation, dropout, l1, l2, seed)
    inputs = inputs_of(preprocessor)
    code = _encoded(inputs, preprocessor, units, bottleneck=bottleneck, style=style)
    assignment = _assignment(int(n_clusters), int(bottleneck), free_name(ASSIGNMENT, inputs), seed=seed)
    return keras.Model(inputs, assignment(code), name="deep_clustering")


def with_centroids(model: keras.Model, centroids: np.ndarray) -> keras.Model:
    """The network from features to shares, on the code of another network and around these centroids.

    Args:
        model: A network with a layer called ``"code"``, whose weights are shared.
        centroids: The middle of each group in the code, float32 ``(n_clusters, width)``.

    Returns:
        keras.Model: Uncompiled, as `deep_clustering` builds it.
    """
    code = model.get_layer(free_name(CODE, model.input)).output
    n_clusters, width = centroids.shape
    assignment = _assignment(n_clusters, width, free_name(ASSIGNMENT, model.input), seed=0)
    assignment.get_layer(CENTROIDS).set_weights([centroids])
    return keras.Model(model.input, assignment(code), name="deep_clustering")


def check_comparable(preprocessor: Preprocessor) -> None:
    """Make sure that no text comes as a sequence of ids, between which there is no distance."""
    texts = [n for n in of_role(preprocessor, "text") if preprocessor.specs[n].vocabulary_size is not None]
    if texts:
        cure = "Count its words instead: preprocessing.fit(..., text='tf-idf')."
        stop(
            [
                complaint(
                    f"text column {listed(texts)}", "numbers, not ids in order", "a sequence of ids", cure
                )
            ]
        )


def _encoded(
    inputs: Mapping[str, keras.KerasTensor],
    preprocessor: Preprocessor,
    units: Sequence[int],
    *,
    bottleneck: int,
    style: Style,
) -> keras.KerasTensor:
    """The features as a few numbers."""
    check_units(units)
    check_number(bottleneck, "bottleneck", low=1, whole=True)
    check_comparable(preprocessor)
    parts = vectors(inputs, preprocessor, list(preprocessor.specs), seed=style.seed)
    x = hidden(joined(parts, free_name("features", inputs)), units, style, inputs)
    start = seeded("glorot_uniform", style.seed)
    return keras.layers.Dense(int(bottleneck), kernel_initializer=start, name=free_name(CODE, inputs))(x)


def _decoder(
    preprocessor: Preprocessor, units: Sequence[int], *, bottleneck: int, style: Style
) -> keras.Model:
    """The way back: a head for each feature."""
    code = keras.Input((bottleneck,))
    x = hidden(code, list(units)[::-1], style, ())
    answers = {}
    for i, (name, spec) in enumerate(preprocessor.specs.items()):
        start = seeded("glorot_uniform", style.seed + i)
        if spec.vocabulary_size is not None:
            answers[name] = keras.layers.Dense(spec.vocabulary_size, "softmax", kernel_initializer=start)(x)
            continue
        y = keras.layers.Dense(math.prod(spec.shape), kernel_initializer=start)(x)
        answers[name] = keras.layers.Reshape(spec.shape)(y) if len(spec.shape) > 1 else y
    answer = answers if len(answers) > 1 else next(iter(answers.values()))
    return keras.Model(code, answer, name=free_name(DECODER, preprocessor.specs))


def _assignment(n_clusters: int, width: int, name: str, *, seed: int) -> keras.Model:
    """From a code to the share of each cluster."""
    code = keras.Input((width,))
    first = ops.cast(ops.zeros_like(code[:, :1]), "int32")
    start = seeded("glorot_uniform", seed)
    table = keras.layers.Embedding(n_clusters, width, embeddings_initializer=start, name=CENTROIDS)
    centroids = table(first + ops.arange(n_clusters, dtype="int32"))
    squared = ops.sum(ops.square(ops.expand_dims(code, 1) - centroids), axis=-1)
    near = 1.0 / (1.0 + squared)
    return keras.Model(code, near / ops.sum(near, axis=-1, keepdims=True), name=name)
