"""Step 9, validate and tune: a search over settings, with KerasTuner underneath."""

from dltoolkit import (
    _keras as _keras,
)  # before KerasTuner, which would import TensorFlow with all its start-up lines
from dltoolkit.tuning._search import METHODS, SPACE, Search, search

__all__ = ["METHODS", "SPACE", "Search", "search"]
