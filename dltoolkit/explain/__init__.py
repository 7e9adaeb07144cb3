"""Step 11, understand: what a network looks at, what a model relies on, and which rows it takes for alike.

Each takes a trained run (or a bundle) and raw rows; what looks inside a network also takes a plain ``keras.Model`` and its
features. The results are small, and ``plots`` draws them.
"""

import importlib
from typing import Any

_HOMES = {
    "Attributions": "_gradients",
    "Embeddings": "_embedding",
    "FeatureMaps": "_maps",
    "Filters": "_maps",
    "Heatmaps": "_grad_cam",
    "Importance": "_importance",
    "Neighbours": "_embedding",
    "Projection": "_embedding",
    "TokenAttributions": "_tokens",
    "embeddings": "_embedding",
    "feature_maps": "_maps",
    "filters": "_maps",
    "grad_cam": "_grad_cam",
    "integrated_gradients": "_gradients",
    "nearest": "_embedding",
    "permutation_importance": "_importance",
    "project": "_embedding",
    "token_attributions": "_tokens",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"dltoolkit.explain.{_HOMES[name]}"), name)
    raise AttributeError(
        f"module 'dltoolkit.explain' has no attribute {name!r}; it has: {', '.join(__all__)}"
    )


def __dir__() -> list[str]:
    return sorted(__all__)
