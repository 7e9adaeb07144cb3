"""Codes learnt without labels: near for rows that are alike, or enough to say the features again."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from dltoolkit._keras import keras, needs_tensorflow, tf
from dltoolkit.models._clusters import check_comparable
from dltoolkit.preprocessing import Preprocessor

NEIGHBOURS = 10  # of each row; Parametric UMAP and its like take 10 to 15 (Sainburg et al. 2021)
LEARNT_FROM = 20_000  # rows at most, drawn at random: the search for neighbours grows with their square
PAIRS_A_BATCH, ROWS_A_BATCH = 512, 128
UPDATES = 2_500
RATE = 2e-3


def blocks(features: dict[str, np.ndarray], preprocessor: Preprocessor) -> np.ndarray:
    """All features of a row side by side, float32 ``(n, width)``, as distances are measured on them.

    The dense block as it is, its columns being scaled already; a category as a column of zeros and ones for each value,
    over the root of 2, so that two values are 1 apart; pictures, sounds and sequences scaled to a total variance of 1
    where something stands beside them.
    """
    check_comparable(preprocessor)
    parts = []
    for name, spec in preprocessor.specs.items():
        x = features[name]
        if spec.vocabulary_size is not None:
            x = np.eye(spec.vocabulary_size, dtype="float32")[x[:, 0]] / np.sqrt(2)
        x = x.reshape(len(x), -1).astype("float32")
        if spec.role != "table" and len(preprocessor.specs) > 1:
            x = x / max(float(np.sqrt(x.var(axis=0).sum())), 1e-6)
        parts.append(x)
    return np.concatenate(parts, axis=1)


def neighbours(numbers: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Each row with its `n` nearest others, as two arrays of row numbers."""
    n = min(n, len(numbers) - 1)
    found = NearestNeighbors(n_neighbors=n + 1).fit(numbers).kneighbors(numbers, return_distance=False)
    rows = np.arange(len(numbers))
    pairs = np.stack([np.repeat(rows, n + 1), found.ravel()])
    pairs = pairs[:, pairs[0] != pairs[1]]  # rows with the same content may come before the row itself
    return pairs[0], pairs[1]


def learn_neighbours(
    encoder: keras.Model,
    features: dict[str, np.ndarray],
    numbers: np.ndarray,
    *,
    epochs: int | None,
    seed: int,
) -> pd.DataFrame:
    """Train an encoder so that a row's code tells its neighbour from the other rows of a batch.

    The nearness of two codes is 1 / (1 + squared distance), as in t-SNE; each pair of neighbours has to be nearer than the
    first one is to the second ones of all other pairs of its batch.

    Args:
        encoder: Features in, codes out; trained in place.
        features: The features of the rows.
        numbers: The same rows as `blocks` gives them.
        epochs: Passes over the pairs; None for as many as make `UPDATES` updates.
        seed: Of the rows that are learnt from, and of the order of the pairs.

    Returns:
        pandas.DataFrame: One row an epoch: ``epoch``, ``loss``, ``seconds``.

    References:
        Damrich et al. (2023), "From t-SNE to UMAP with contrastive learning", ICLR, section 4.
    """
    random = np.random.default_rng(seed)
    some = np.sort(random.permutation(len(numbers))[:LEARNT_FROM])
    first, second = neighbours(numbers[some], NEIGHBOURS)
    data = {name: tf.constant(x[some]) for name, x in features.items()}

    def loss(rows: tf.Tensor, nearest: tf.Tensor) -> tf.Tensor:
        a, b = (
            encoder({n: tf.gather(x, i) for n, x in data.items()}, training=True) for i in (rows, nearest)
        )
        lengths = tf.reduce_sum(tf.square(a), axis=1)[:, None] + tf.reduce_sum(tf.square(b), axis=1)
        squared = tf.maximum(lengths - 2 * tf.matmul(a, b, transpose_b=True), 0.0)
        near = -tf.math.log1p(squared)
        return tf.reduce_mean(tf.reduce_logsumexp(near, axis=1) - tf.linalg.diag_part(near))

    return _descend(encoder, loss, (first, second), size=PAIRS_A_BATCH, epochs=epochs, random=random)


def learn_to_repeat(
    model: keras.Model,
    features: dict[str, np.ndarray],
    preprocessor: Preprocessor,
    *,
    epochs: int | None,
    seed: int,
) -> pd.DataFrame:
    """Train an autoencoder: squared errors of amounts over their variance, cross-entropy of ids.

    Args:
        model: An autoencoder of these features; trained in place.
        features: The features of the rows.
        preprocessor: Says which of them are ids.
        epochs: Passes over the rows; None for as many as make `UPDATES` updates.
        seed: Of the order of the rows.

    Returns:
        pandas.DataFrame: One row an epoch: ``epoch``, ``loss``, ``seconds``.
    """
    data = {name: tf.constant(x) for name, x in features.items()}
    ids = [name for name, spec in preprocessor.specs.items() if spec.vocabulary_size is not None]
    variance = {n: max(float(np.var(x, axis=0).mean()), 1e-12) for n, x in features.items() if n not in ids}

    def loss(rows: tf.Tensor) -> tf.Tensor:
        asked = {n: tf.gather(x, rows) for n, x in data.items()}
        said = model(asked, training=True)
        said = said if isinstance(said, dict) else dict.fromkeys(asked, said)
        errors = [tf.reduce_mean(tf.square(asked[n] - said[n])) / v for n, v in variance.items()]
        errors += [
            tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(asked[n], said[n])) for n in ids
        ]
        return tf.add_n(errors)

    rows = np.arange(len(next(iter(features.values()))))
    random = np.random.default_rng(seed)
    return _descend(model, loss, (rows,), size=ROWS_A_BATCH, epochs=epochs, random=random)


def _descend(
    model: keras.Model,
    loss: Callable[..., tf.Tensor],
    rows: tuple[np.ndarray, ...],
    *,
    size: int,
    epochs: int | None,
    random: np.random.Generator,
) -> pd.DataFrame:
    """Adam, its rate falling to nothing along a cosine, over batches of rows in a new order each pass."""
    needs_tensorflow("learning codes")
    n = len(rows[0])
    size = min(size, n)
    steps = n // size
    epochs = max(1, round(UPDATES / steps)) if epochs is None else int(epochs)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, epochs * steps))
    optimizer.build(model.trainable_variables)

    @tf.function
    def epoch(*batches: tf.Tensor) -> tf.Tensor:
        total = tf.zeros(())
        for i in tf.range(steps):
            with tf.GradientTape() as tape:
                value = tf.add_n([loss(*[tf.gather(b, i) for b in batches]), *model.losses])
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            total += value
        return total / tf.cast(steps, tf.float32)

    history = []
    for number in range(1, epochs + 1):
        started = time.perf_counter()
        order = random.permutation(n)[: steps * size].reshape(steps, size)
        value = float(epoch(*[tf.constant(r[order], tf.int32) for r in rows]))
        history.append((number, value, time.perf_counter() - started))
    return pd.DataFrame(history, columns=["epoch", "loss", "seconds"])
