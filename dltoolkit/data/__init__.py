"""Collect and prepare: read files, load the shipped tables, audit, clean, and split. No framework is loaded.

Example:
    >>> from dltoolkit import data
    >>> frame = data.load("penguins")
    >>> data.Schema.infer(frame, "species").columns("numeric")
    ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g', 'year']
"""

import importlib
from typing import Any

from dltoolkit._text import as_text

_HOMES = {
    "Audit": "_audit",
    "AuditFinding": "_audit",
    "CATALOGUE": "_catalogue",
    "Cleaning": "_clean",
    "CleaningStep": "_clean",
    "Schema": "_schema",
    "Splits": "_split",
    "audit": "_audit",
    "cache_dir": "_cache",
    "catalogue": "_catalogue",
    "clean": "_clean",
    "compare_parts": "_compare",
    "image_info": "kinds._images",
    "LearningCurve": "_learning_curve",
    "leaks": "_compare",
    "learning_curve": "_learning_curve",
    "load": "_catalogue",
    "load_image": "kinds._images",
    "load_images": "kinds._images",
    "load_sound": "kinds._sounds",
    "load_sounds": "kinds._sounds",
    "near_duplicates": "_near",
    "near_groups": "_near",
    "negatives": "kinds._negatives",
    "quarantine": "kinds._folders",
    "read": "_read",
    "read_audio": "kinds._sound_files",
    "read_batches": "kinds._batches",
    "read_images": "kinds._image_files",
    "read_ratings": "kinds._ratings",
    "read_series": "kinds._series",
    "read_texts": "kinds._texts",
    "read_review": "_relabel",
    "relabel": "_relabel",
    "sound_info": "kinds._sounds",
    "split": "_split",
    "suspicious_labels": "_suspicious",
    "windows": "kinds._windows",
    "write_review": "_relabel",
}

__all__ = ["as_text"] + list(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"dltoolkit.data.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'dltoolkit.data' has no attribute {name!r}; it has: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
