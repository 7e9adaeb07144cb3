"""Steps 4 and 5, design and initialise: builders that return a plain, uncompiled ``keras.Model``, and baselines to beat."""

import importlib
from typing import Any

_HOMES = {
    "Baseline": "_baseline",
    "Description": "_describe",
    "ReceptiveField": "_receptive",
    "baseline": "_baseline",
    "architectures": "_build",
    "build": "_build",
    "pick": "_build",
    "recipe": "_build",
    "Recipe": "_recipe",
    "choices": "_choices",
    "audio_cnn": "_sounds",
    "cnn": "_images",
    "forecaster": "_series",
    "resnet": "_images",
    "tabular": "_tabular",
    "fusion": "_fusion",
    "pretrained": "_pretrained._pretrained",
    "pretrained_bodies": "_pretrained._pretrained",
    "pretrained_options": "_pretrained._pretrained",
    "bag_of_words": "_texts",
    "lstm": "_texts",
    "gru": "_texts",
    "transformer": "_texts",
    "linear": "_networks",
    "matrix_factorisation": "_recommenders",
    "two_tower": "_recommenders",
    "ranker": "_recommenders",
    "scores": "_scores",
    "autoencoder": "_clusters",
    "deep_clustering": "_clusters",
    "mlp": "_networks",
    "describe": "_describe",
    "receptive_field": "_receptive",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"dltoolkit.models.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'dltoolkit.models' has no attribute {name!r}; it has: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
