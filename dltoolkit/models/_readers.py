"""Texts in their order: read word by word, or all words at once."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._parts import Style
from dltoolkit.preprocessing import FeatureSpec, Preprocessor
from dltoolkit.problem import Problem

ops = keras.ops
SPREAD = 0.05  # of the vectors of words at the start, as Keras draws them
POOLINGS = ("mean", "max", "both")
POSITIONS = ("sinusoidal", "learnt", "none")
WAVELENGTH = 10_000.0  # Vaswani et al. 2017, section 3.5
NOWHERE = -1e9  # instead of padding, where the largest number is looked for


def texts_of(preprocessor: Preprocessor, *, in_order: bool = False) -> list[str]:
    """The features that are texts.

    Args:
        preprocessor: Gives the features.
        in_order: Whether they must be ids in the order of the text.

    Returns:
        list: Names of features, at least one.

    Raises:
        InputError: If there is none, or one is no sequence of ids.
    """
    texts = _parts.of_role(preprocessor, "text")
    if not texts:
        roles = sorted({spec.role for spec in preprocessor.specs.values()})
        cure = "Build it with models.build(problem, preprocessor)."
        stop([complaint("preprocessor", "a column of texts", f"columns of role {', '.join(roles)}", cure)])
    if in_order:
        bags = [name for name in texts if preprocessor.specs[name].vocabulary_size is None]
        cure = "Fit the preprocessing with mode='sequence', or build 'bag_of_words'."
        stop(
            [
                complaint(f"feature {name!r}", "words in their order", "one number a word", cure)
                for name in bags
            ]
        )
    return texts


@dataclasses.dataclass(frozen=True)
class InOrder:
    """What networks share that read texts in their order.

    Attributes:
        width: Numbers of each word's vector.
        pooling: What is kept of all steps.
        length: Words that are read; None for all.
        word_dropout: Share of the vectors' numbers left out, the same in all words of a text.
        style: The options of the layers.
    """

    width: int
    pooling: str
    length: int | None
    word_dropout: float
    style: Style

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        check_number(self.width, "width", low=1, whole=True)
        check_choice(self.pooling, POOLINGS, "pooling")
        check_number(self.word_dropout, "word_dropout", low=0, high=1, open_high=True)
        if self.length is not None:
            check_number(self.length, "length", low=1, whole=True)

    def network(
        self, problem: Problem, preprocessor: Preprocessor, *, name: str, output_bias: str
    ) -> keras.Model:
        """The whole network: each text by itself, all other features beside them, the head."""
        texts = texts_of(preprocessor, in_order=True)
        inputs = _parts.inputs_of(preprocessor)
        vectors = [self._vector(inputs[text], preprocessor.specs[text], text, inputs) for text in texts]
        x = _parts.joined(vectors, free_name("texts", inputs))
        x = _parts.with_the_rest(x, inputs, preprocessor, texts, seed=self.style.seed)
        if self.style.dropout:
            dropout = keras.layers.Dropout(
                self.style.dropout, seed=self.style.seed, name=free_name("dropout", inputs)
            )
            x = dropout(x)
        return _parts.finish(
            x,
            inputs,
            problem,
            preprocessor,
            name=name,
            output_bias=output_bias,
            regularizer=self.style.penalty,
            seed=self.style.seed,
        )

    def _vector(
        self, x: keras.KerasTensor, spec: FeatureSpec, name: str, inputs: Mapping[str, Any]
    ) -> keras.KerasTensor:
        """One text, ``(n, width of the pooled steps)``, by a network of its own: its names meet no column's."""
        ids = keras.Input(spec.shape, dtype="int32", name="ids")
        read = ids if self.length is None else ids[:, : self.length]
        start = keras.initializers.RandomUniform(-SPREAD, SPREAD, seed=self.style.seed)
        words = keras.layers.Embedding(
            spec.vocabulary_size, self.width, mask_zero=True, embeddings_initializer=start, name="words"
        )
        known = ops.not_equal(read, 0)
        steps = self._steps(self._with_dropout(words(read)), known)
        return keras.Model(ids, pooled(steps, known, self.pooling), name=free_name(f"{name}_reader", inputs))(
            x
        )

    def _with_dropout(self, x: keras.KerasTensor) -> keras.KerasTensor:
        if not self.word_dropout:
            return x
        return keras.layers.SpatialDropout1D(self.word_dropout, seed=self.style.seed, name="word_dropout")(x)

    def _steps(self, x: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
        """What the layers make of the words, ``(n, steps, width)``."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Reader(InOrder):
    """Layers with a memory.

    Attributes:
        layer: ``keras.layers.LSTM`` or ``keras.layers.GRU``.
        units: Width of each layer.
        bidirectional: Whether texts are read from both ends.
    """

    layer: Any
    units: tuple[int, ...]
    bidirectional: bool

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        _parts.check_units(self.units)

    def _steps(self, x: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
        for number, width in enumerate(self.units, start=1):
            layer = self.layer(
                int(width),
                return_sequences=True,
                kernel_initializer=_parts.seeded("glorot_uniform", self.style.seed + number),
                recurrent_initializer=self.style.start(number),
                name=f"memory_{number}",
            )
            x = (
                keras.layers.Bidirectional(layer, name=f"both_ways_{number}") if self.bidirectional else layer
            )(x)
        return x


@dataclasses.dataclass(frozen=True)
class Looker(InOrder):
    """Layers of attention.

    Attributes:
        heads: Of each layer.
        layers: How many.
        positions: How a word knows its place.
    """

    heads: int
    layers: int
    positions: str

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        check_number(self.heads, "heads", low=1, whole=True)
        check_number(self.layers, "layers", low=1, whole=True)
        check_choice(self.positions, POSITIONS, "positions")
        if self.width % self.heads:
            cure = f"Use width={self.heads * max(1, self.width // self.heads)}."
            stop([complaint("width", f"a multiple of heads={self.heads}", str(self.width), cure)])

    def _steps(self, x: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
        looked_at = ops.expand_dims(known, 1)
        x = self._placed(x)
        for number in range(1, self.layers + 1):
            x = self._layer(x, looked_at, number)
        return keras.layers.LayerNormalization(name="norm")(x)

    def _placed(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """The words' vectors with their places added."""
        if self.positions == "none":
            return x
        length = x.shape[1]
        places = ops.cumsum(ops.ones_like(x[:, :, 0], dtype="int32"), axis=1) - 1
        learnt = self.positions == "learnt"
        start = _parts.seeded("random_normal", self.style.seed)
        table = keras.layers.Embedding(
            length, self.width, trainable=learnt, embeddings_initializer=start, name="places"
        )
        y = table(places)
        if not learnt:
            table.set_weights([SPREAD * sinusoids(length, self.width)])
        return keras.layers.Add(name="placed")([x, y])

    def _layer(self, x: keras.KerasTensor, looked_at: keras.KerasTensor, number: int) -> keras.KerasTensor:
        """Attention, then two dense layers; each on what is normalised, and added to what came."""
        style, seed = self.style, self.style.seed + 10 * number
        y = keras.layers.LayerNormalization(name=f"attention_norm_{number}")(x)
        attention = keras.layers.MultiHeadAttention(
            self.heads,
            self.width // self.heads,
            kernel_initializer=style.start(3 * number),
            seed=seed,
            name=f"attention_{number}",
        )
        x = self._added(x, attention(y, y, attention_mask=looked_at), seed, f"attention_{number}")
        y = keras.layers.LayerNormalization(name=f"dense_norm_{number}")(x)
        y = keras.layers.Dense(
            4 * self.width,
            style.activation,
            kernel_initializer=style.start(3 * number + 1),
            name=f"inner_{number}",
        )(y)
        y = keras.layers.Dense(
            self.width, kernel_initializer=style.start(3 * number + 2), name=f"outer_{number}"
        )(y)
        return self._added(x, y, seed + 1, f"dense_{number}")

    def _added(self, x: keras.KerasTensor, y: keras.KerasTensor, seed: int, name: str) -> keras.KerasTensor:
        if self.style.dropout:
            y = keras.layers.Dropout(self.style.dropout, seed=seed, name=f"{name}_dropout")(y)
        return keras.layers.Add(name=f"{name}_sum")([x, y])


def pooled(steps: keras.KerasTensor, known: keras.KerasTensor, pooling: str) -> keras.KerasTensor:
    """Mean and largest number over the steps that there are; zeros for an empty text.

    Args:
        steps: float ``(n, steps, width)``.
        known: bool ``(n, steps)``: which are no padding.
        pooling: ``"mean"``, ``"max"`` or ``"both"``.

    Returns:
        KerasTensor: ``(n, width)``, or twice that for ``"both"``.
    """
    weight = ops.expand_dims(ops.cast(known, steps.dtype), -1)
    count = ops.sum(weight, axis=1)
    mean = ops.sum(steps * weight, axis=1) / ops.maximum(count, 1.0)
    if pooling == "mean":
        return mean
    most = ops.max(steps + (1.0 - weight) * NOWHERE, axis=1) * ops.minimum(count, 1.0)
    return most if pooling == "max" else ops.concatenate([mean, most], axis=-1)


def sinusoids(length: int, width: int) -> np.ndarray:
    """Sines and cosines of growing wavelength, float32 ``(length, width)`` (Vaswani et al. 2017, section 3.5)."""
    angle = np.arange(length)[:, None] / WAVELENGTH ** (2 * (np.arange(width) // 2) / width)
    return np.where(np.arange(width) % 2, np.cos(angle), np.sin(angle)).astype("float32")
