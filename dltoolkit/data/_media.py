"""Columns whose cells are more than one number or word: how pictures, sounds, sequences and ratings are told."""

import os
import pathlib
import re
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._text import as_text

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}
)
SOUND_SUFFIXES = frozenset(
    {".aif", ".aiff", ".au", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wave"}
)
ROLES_TOLD = "roles"  # in ``frame.attrs``: what a reader knows about its columns
MOST_FLAGS = 2  # values of a column that says yes or no: "member" is then no name of a user
LONGEST_PATH = 4_096  # characters; Linux's limit
_IMAGE_WORDS = {"image", "images", "img", "photo", "picture", "pixels", "scan", "thumbnail"}
_SOUND_WORDS = {"audio", "sound", "speech", "wave", "waveform", "recording", "clip"}
_USER_WORDS = {"user", "customer", "client", "member", "reader", "viewer", "visitor", "reviewer"}
_ITEM_WORDS = {"item", "movie", "film", "product", "book", "song", "track", "article", "recipe", "restaurant"}
_RATING_WORDS = {
    "rating",
    "ratings",
    "stars",
    "score",
    "like",
    "liked",
    "click",
    "clicked",
    "purchase",
    "purchased",
}


def is_media(known: pd.Series) -> bool:
    """Whether every value is an array of numbers, or every one is a path object."""
    if all(isinstance(value, np.ndarray) for value in known):
        return all(value.dtype.kind in "biuf" and value.ndim for value in known)
    return all(isinstance(value, os.PathLike) for value in known)


def media_role(name: str, known: pd.Series) -> tuple[str, str] | None:
    """The role of a column of arrays or of paths, and why; None for any other column.

    Args:
        name: The column's name, which tells a waveform from another sequence.
        known: Its values that are not missing, at least one.

    Returns:
        tuple or None: The role and one sentence.
    """
    first = known.iloc[0]
    if isinstance(first, np.ndarray):
        return _array_role(_words(name), known)
    if not isinstance(first, (str, os.PathLike)):
        return None
    paths = known.map(os.fspath) if known.dtype == object else known
    for role, suffixes in (("image", IMAGE_SUFFIXES), ("audio", SOUND_SUFFIXES)):
        if _suffix(paths.iloc[0]) in suffixes and all(_suffix(path) in suffixes for path in paths):
            kinds = sorted({_suffix(path) for path in paths})
            return role, f"paths of files that end in {', '.join(kinds)}"
    return None


def _suffix(path: object) -> str:
    return pathlib.PurePath(path).suffix.lower() if isinstance(path, str) and len(path) < LONGEST_PATH else ""


def _array_role(words: set[str], known: pd.Series) -> tuple[str, str]:
    first = known.iloc[0]
    told = f"arrays of {first.dtype}, the first one of shape {first.shape}"
    axes = {value.ndim for value in known}
    if axes == {1} and words & _SOUND_WORDS:
        return "audio", f"{told}, and a name of sounds"
    if 3 in axes or (axes == {2} and (first.dtype == np.uint8 or words & _IMAGE_WORDS)):
        return "image", told
    return "sequence", told


def rating_roles(frame: pd.DataFrame, targets: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """The columns of a rating's user and item, where a table plainly holds ratings.

    Args:
        frame: The columns that are no target.
        targets: The columns to predict.

    Returns:
        dict: Two columns with role and reason; empty unless one column is named after a user and one after an item,
        both repeat, and the target is named as a rating.
    """
    if not any(_words(target) & _RATING_WORDS for target in targets):
        return {}
    found = {}
    for role, kinds in (("user", _USER_WORDS), ("item", _ITEM_WORDS)):
        named = [
            c
            for c in frame.columns
            if _words(c) & kinds and _words(c) <= kinds | {"id", "ids", "uid", "code"}
        ]
        named = [c for c in named if _repeats(frame[c])]
        if len(named) != 1:
            return {}
        found[named[0]] = (role, f"its name says {role}, and {targets[0]!r} is a rating")
    return found


def _repeats(column: pd.Series) -> bool:
    texts = as_text(column)
    return MOST_FLAGS < texts.nunique() < len(texts)


def told_roles(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """What a reader wrote down about its columns."""
    told: Any = frame.attrs.get(ROLES_TOLD, {})
    return {name: (role, "as it was read") for name, role in told.items() if name in frame.columns}


def name_words(name: str) -> list[str]:
    """The words of a column name: ``customerID`` and ``customer_id`` are both customer, id."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", str(name))
    return re.sub(r"[\W_]+", " ", spaced).lower().split()


def _words(name: str) -> set[str]:
    """The words of a column name, and those that an id is glued to."""
    words = set(name_words(name))
    return words | {word.removesuffix("id") for word in words if word.endswith("id") and len(word) > 3}
