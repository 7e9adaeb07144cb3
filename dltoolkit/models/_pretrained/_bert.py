"""BERT of stock Keras layers, filled with published weights: a bundle that holds it loads with plain Keras.

References:
    Devlin et al. (2019), "BERT: pre-training of deep bidirectional transformers"; Wang et al. (2020), "MiniLM".
"""

import dataclasses
import math
import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from dltoolkit import _files
from dltoolkit._checks import complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.models._pretrained._body import Body
from dltoolkit.models._pretrained._safetensors import read_safetensors

ops = keras.ops
CONFIG, WEIGHTS = "config.json", "model.safetensors"
SOURCE = "Devlin et al. 2019, BERT; Wang et al. 2020, MiniLM; Reimers and Gurevych 2019, Sentence-BERT"
# The curve of the inner layers: the exact one, or its old approximation by a tanh (Hendrycks and Gimpel 2016).
EXACT, APPROXIMATE = ("gelu",), ("gelu_new", "gelu_approximate", "gelu_pytorch_tanh")


@dataclasses.dataclass(frozen=True)
class BertSize:
    """The sizes of a BERT.

    Attributes:
        vocabulary: Number of word pieces.
        width: Numbers of each piece's vector.
        layers: Number of layers.
        heads: Heads of the attention of each.
        inner: Width in the middle of the second half of each layer.
        positions: Most pieces of a text.
        epsilon: Of the layer normalisation.
        approximate: Whether the inner activation is GELU's tanh approximation.
    """

    vocabulary: int
    width: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float = 1e-12
    approximate: bool = False


def bert(folder: str | os.PathLike[str]) -> Body:
    """A BERT from a folder as Hugging Face publishes it.

    Args:
        folder: With ``config.json`` and ``model.safetensors``.

    Returns:
        Body: Ids int32 ``(n, length)`` in, 0 behind the text. Out, ``(n, (layers + 1) * width)``: the mean vector of its
        pieces after the embeddings and after each layer, side by side, each normalised. The last layer alone serves
        what it was trained for; what a text says of other matters stands in the ones before (Tenney et al. 2019, "BERT
        rediscovers the classical NLP pipeline").

    Raises:
        InputError: If a file is not there or damaged, or holds another network than a BERT.
    """
    folder = pathlib.Path(folder)
    absent = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if absent:
        cure = "Take the whole folder from its publisher."
        stop([complaint(f"folder {str(folder)!r}", f"{CONFIG} and {WEIGHTS}", f"no {listed(absent)}", cure)])
    size = _size(folder / CONFIG)
    model = bert_model(size)
    where = str(folder / WEIGHTS)
    tensors = {name.removeprefix("bert."): a for name, a in read_safetensors(folder / WEIGHTS).items()}
    fill(model, _keras_weights(size, tensors, where=where), where=where)
    return Body(model, SOURCE)


def _size(file: pathlib.Path) -> BertSize:
    """The sizes that ``config.json`` states."""
    config = _files.read_json(file)
    where = f"file {str(file)!r}"
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind != "bert":
        cure = "Other families of texts cannot be read."
        stop([complaint(where, "model_type 'bert'", repr(kind), cure)])
    keys = {
        "vocabulary": "vocab_size",
        "width": "hidden_size",
        "layers": "num_hidden_layers",
        "heads": "num_attention_heads",
        "inner": "intermediate_size",
        "positions": "max_position_embeddings",
    }
    wrong = [key for key in keys.values() if not isinstance(config.get(key), int) or config[key] < 1]
    if wrong:
        stop(
            [
                complaint(
                    where,
                    f"a whole number for each of {listed(keys.values(), 9)}",
                    f"none for {listed(wrong)}",
                )
            ]
        )
    activation = config.get("hidden_act", EXACT[0])
    if (
        activation not in (*EXACT, *APPROXIMATE)
        or config.get("position_embedding_type", "absolute") != "absolute"
    ):
        got = f"{activation!r}, {config.get('position_embedding_type')!r}"
        stop([complaint(where, "GELU and absolute positions", got)])
    if config["hidden_size"] % config["num_attention_heads"]:
        got = f"{config['hidden_size']} and {config['num_attention_heads']}"
        stop([complaint(where, "a hidden_size that num_attention_heads divides", got)])
    numbers = {name: config[key] for name, key in keys.items()}
    return BertSize(
        **numbers, epsilon=float(config.get("layer_norm_eps", 1e-12)), approximate=activation in APPROXIMATE
    )


def bert_model(size: BertSize) -> keras.Model:
    """The untrained network.

    Args:
        size: Its sizes.

    Returns:
        keras.Model: As in `bert`; its layers are named ``layer_1_attention`` and so on.
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    known = ops.not_equal(ids, 0)
    x = keras.layers.Embedding(size.vocabulary, size.width, name="embedding_tokens")(ids)
    places = ops.cumsum(ops.ones_like(ids), axis=1) - 1
    # Every text is of the first kind, so the vector of that kind is added to those of the positions for good.
    y = keras.layers.Embedding(size.positions, size.width, name="embedding_positions")(places)
    x = keras.layers.Add(name="embedding_sum")([x, y])
    x = keras.layers.LayerNormalization(epsilon=size.epsilon, name="embedding_norm")(x)
    looked_at = ops.expand_dims(known, 1)
    depths = [x]
    for number in range(1, size.layers + 1):
        x = _layer(x, looked_at, size, f"layer_{number}")
        depths.append(x)
    weight = ops.expand_dims(ops.cast(known, x.dtype), -1)
    count = ops.maximum(ops.sum(weight, axis=1), 1.0)
    means = [
        keras.layers.LayerNormalization(center=False, scale=False, name=f"mean_{i}")(
            ops.sum(y * weight, axis=1) / count
        )
        for i, y in enumerate(depths)
    ]
    return keras.Model(ids, keras.layers.Concatenate(name="means")(means), name="bert")


def _layer(
    x: keras.KerasTensor, looked_at: keras.KerasTensor, size: BertSize, name: str
) -> keras.KerasTensor:
    """Attention, then two dense layers; each added to what came, and normalised behind."""
    attention = keras.layers.MultiHeadAttention(
        size.heads, size.width // size.heads, name=f"{name}_attention"
    )
    y = attention(x, x, attention_mask=looked_at)
    x = keras.layers.Add(name=f"{name}_attention_sum")([x, y])
    x = keras.layers.LayerNormalization(epsilon=size.epsilon, name=f"{name}_attention_norm")(x)
    y = keras.layers.Dense(size.inner, None if size.approximate else "gelu", name=f"{name}_inner")(x)
    y = ops.gelu(y, approximate=True) if size.approximate else y
    y = keras.layers.Dense(size.width, name=f"{name}_outer")(y)
    x = keras.layers.Add(name=f"{name}_sum")([x, y])
    return keras.layers.LayerNormalization(epsilon=size.epsilon, name=f"{name}_norm")(x)


def _keras_weights(
    size: BertSize, tensors: Mapping[str, np.ndarray], *, where: str
) -> dict[str, Sequence[np.ndarray]]:
    """Layer to its weights as Keras orders them, from Hugging Face's names."""

    def of(name: str) -> np.ndarray:
        if name not in tensors:
            stop([complaint(f"file {where!r}", f"BERT's {name!r}", "none of that name")])
        return np.asarray(tensors[name], "float32")

    def dense(name: str) -> list[np.ndarray]:
        return [of(f"{name}.weight").T, of(f"{name}.bias")]

    def norm(name: str) -> list[np.ndarray]:
        return [of(f"{name}.weight"), of(f"{name}.bias")]

    first = "embeddings."
    kinds, places = of(first + "token_type_embeddings.weight"), of(first + "position_embeddings.weight")
    found: dict[str, Sequence[np.ndarray]] = {
        "embedding_tokens": [of(first + "word_embeddings.weight")],
        "embedding_positions": [places + kinds[:1]],
        "embedding_norm": norm(first + "LayerNorm"),
    }
    for i in range(size.layers):
        theirs, ours = f"encoder.layer.{i}.", f"layer_{i + 1}_"
        attention: list[np.ndarray] = []
        for part in ("query", "key", "value"):
            attention += dense(f"{theirs}attention.self.{part}")
        found[ours + "attention"] = [*attention, *dense(theirs + "attention.output.dense")]
        found[ours + "attention_norm"] = norm(theirs + "attention.output.LayerNorm")
        found[ours + "inner"] = dense(theirs + "intermediate.dense")
        found[ours + "outer"] = dense(theirs + "output.dense")
        found[ours + "norm"] = norm(theirs + "output.LayerNorm")
    return found


def fill(model: keras.Model, weights: Mapping[str, Sequence[np.ndarray]], *, where: str) -> None:
    """Put weights into the layers of `bert_model`; those of attention may have the heads side by side.

    Args:
        model: The network.
        weights: Layer to arrays, in Keras's order.
        where: The file they come from, for the message.

    Raises:
        InputError: If one does not have as many numbers as the layer.
    """
    for name, arrays in weights.items():
        layer = model.get_layer(name)
        expected, came = [tuple(w.shape) for w in layer.weights], [a.shape for a in arrays]
        if [math.prod(s) for s in expected] != [math.prod(s) for s in came]:
            stop([complaint(f"file {where!r}", f"shapes {expected} for {name!r}", str(came))])
        layer.set_weights([np.reshape(a, s) for a, s in zip(arrays, expected, strict=True)])
