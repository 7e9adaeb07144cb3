"""BERT by way of KerasHub: its presets from a folder or, with consent, from where KerasHub fetches them."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from dltoolkit import _optional
from dltoolkit.models._pretrained._bert import SOURCE, BertSize, bert_model, fill
from dltoolkit.models._pretrained._body import Body


def kerashub_bert(preset: str | os.PathLike[str]) -> Body:
    """A BERT of KerasHub as a network of stock layers.

    Args:
        preset: A folder, or a name that KerasHub fetches.

    Returns:
        Body: As `_bert.bert`.

    Raises:
        ImportError: If KerasHub is not installed; the message has the pip line.
    """
    hub = _optional.needed("keras_hub", extra="text", work="reading a preset of KerasHub")
    backbone = hub.models.BertBackbone.from_preset(str(preset))
    config = backbone.get_config()
    size = BertSize(
        vocabulary=config["vocabulary_size"],
        width=config["hidden_dim"],
        layers=config["num_layers"],
        heads=config["num_heads"],
        inner=config["intermediate_dim"],
        positions=config["max_sequence_length"],
        approximate=True,
    )
    model = bert_model(size)
    fill(model, _weights(backbone, size.layers), where=str(preset))
    return Body(model, SOURCE)


def kerashub_vocabulary(preset: str | os.PathLike[str]) -> tuple[tuple[str, ...], bool]:
    """The word pieces of a preset, in the order of their ids, and whether letters are made small first.

    Args:
        preset: As in `kerashub_bert`.

    Returns:
        tuple: The pieces, and the switch.

    Raises:
        ImportError: If KerasHub is not installed; the message has the pip line.
    """
    hub = _optional.needed("keras_hub", extra="text", work="reading a preset of KerasHub")
    tokenizer = hub.models.BertTokenizer.from_preset(str(preset))
    return tuple(tokenizer.get_vocabulary()), bool(tokenizer.lowercase)


def _weights(backbone: Any, layers: int) -> dict[str, Sequence[np.ndarray]]:
    """Layer to its weights, by our names."""

    def of(name: str) -> list[np.ndarray]:
        return backbone.get_layer(name).get_weights()

    found: dict[str, Sequence[np.ndarray]] = {
        "embedding_tokens": of("token_embedding")[:1],
        "embedding_positions": [of("position_embedding")[0] + of("segment_embedding")[0][:1]],
        "embedding_norm": of("embeddings_layer_norm"),
    }
    for i in range(layers):
        theirs = {
            w.path.split("/", 1)[1]: w.numpy() for w in backbone.get_layer(f"transformer_layer_{i}").weights
        }
        parts = {
            "attention": [
                f"self_attention_layer/{part}/{kind}"
                for part in ("query", "key", "value", "attention_output")
                for kind in ("kernel", "bias")
            ],
            "attention_norm": [f"self_attention_layer_norm/{kind}" for kind in ("gamma", "beta")],
            "inner": [f"feedforward_intermediate_dense/{kind}" for kind in ("kernel", "bias")],
            "outer": [f"feedforward_output_dense/{kind}" for kind in ("kernel", "bias")],
            "norm": [f"feedforward_layer_norm/{kind}" for kind in ("gamma", "beta")],
        }
        found |= {f"layer_{i + 1}_{ours}": [theirs[n] for n in names] for ours, names in parts.items()}
    return found
