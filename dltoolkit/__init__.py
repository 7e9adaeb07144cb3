"""dltoolkit: the whole life of a deep-learning model, hands on, with Keras and TensorFlow.

Importing the package loads no framework: each sub-module arrives when it is first used.

Example:
    >>> import dltoolkit
    >>> dltoolkit.data.load("penguins").shape
    (344, 8)
"""

import importlib
from typing import Any

from dltoolkit import _tfds_hook

__version__ = "0.1.0"

_MODULES = (
    "data",
    "deployment",
    "doctor",
    "evaluation",
    "explain",
    "lessons",
    "models",
    "monitoring",
    "plots",
    "preprocessing",
    "problem",
    "project",
    "report",
    "training",
    "tuning",
    "widgets",
)
_NAMES = {"Problem": "problem", "Project": "project", "Schema": "data"}

__all__ = ["__version__", *_MODULES, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"dltoolkit.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"dltoolkit.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'dltoolkit' has no attribute {name!r}; it has: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)


_tfds_hook.install()
