"""Panels with knobs for the steps that have them: preprocess, design, train, evaluate.

A panel is an ipywidgets box. Its state is plain, its figures are made by plain functions, and every control can be
set from code, so that it does the same without a browser. `code` holds what does the same without the panel.
"""

import importlib
from typing import Any

_HOMES = {
    "Batch": "_batch",
    "DesignPanel": "_design",
    "EvaluationPanel": "_evaluation",
    "LabelReview": "_review",
    "PreprocessingPanel": "_preprocessing",
    "TrainingPanel": "_training",
    "batch": "_batch",
    "design_panel": "_design",
    "evaluation_panel": "_evaluation",
    "preprocessing_panel": "_preprocessing",
    "stages": "_batch",
    "training_panel": "_training",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"dltoolkit.widgets.{_HOMES[name]}"), name)
    raise AttributeError(
        f"module 'dltoolkit.widgets' has no attribute {name!r}; it has: {', '.join(__all__)}"
    )


def __dir__() -> list[str]:
    return sorted(__all__)
