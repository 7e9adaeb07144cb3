"""Rows whose picture or text is nearly the same as another row's: a copy saved anew, a review posted twice."""

import importlib

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_columns, check_frame, check_number, complaint, stop
from dltoolkit._text import as_text
from dltoolkit.data._cells import contents, pictures
from dltoolkit.data._content import first_occurrence
from dltoolkit.data._near_pairs import Pairs, groups
from dltoolkit.data._schema import Schema

# The least similarity of near-duplicates. Text: the resemblance that Broder, Glassman, Manasse and Zweig (1997),
# Syntactic clustering of the web, work with is 0.5; 0.8 is the common choice for copies with small edits (Lee et al.
# 2022, Deduplicating training data makes language models better). Pictures: the largest group that 20,000 MNIST digits
# fall into is 711 at a correlation of 0.98, 35 at 0.985, 6 at 0.99; a photo with 2 % cut off reaches 0.985.
THRESHOLDS = {"image": 0.985, "text": 0.8, "audio": 1.0}


def near_duplicates(
    frame: pd.DataFrame, column: str, *, role: str | None = None, threshold: float | None = None
) -> pd.DataFrame:
    """The rows whose picture, text or sound is the same as another row's, or nearly so, in groups.

    Pictures are found by a perceptual hash and confirmed by the correlation of their thumbnails; flat ones count as
    copies only where they are equal. Texts are found by MinHash over runs of three words (characters, where a script
    writes no spaces) and confirmed by the share of runs in common. Sounds count only where their content is equal.
    Files are compared by what they hold, not by name. Missing, empty and unreadable cells are like no other.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``.
        column: A column of pictures, texts or sounds.
        role: ``"image"``, ``"text"`` or ``"audio"``. Defaults to None: by `Schema.infer`.
        threshold: The least similarity, in (0, 1]. Defaults to 0.985 for pictures, 0.8 for texts, 1 for sounds.

    Returns:
        pandas.DataFrame: One row a row in a group of two or more: ``row`` (its index label), ``position``, ``group``
        (from 0) and ``similarity`` (to the most similar other row of the group, in [0, 1]), in the order of the groups.

    Raises:
        InputError: If there is no such column or role, or the column holds no pictures, texts or sounds.

    References:
        Broder (1997), On the resemblance and containment of documents. Zauner (2010), Implementation and benchmarking
        of perceptual image hash functions.

    Example:
        >>> reviews = ["The tea is very good and I buy it often.", "Too sweet.", "the tea is very good, and I buy it often"]
        >>> near_duplicates(pd.DataFrame({"review": reviews}), "review", role="text")
           row  position  group  similarity
        0    0         0      0         1.0
        1    2         2      0         1.0
    """
    pairs, first = _compared(frame, column, role, threshold)
    sizes = np.bincount(first, minlength=len(first))
    rows = np.flatnonzero(sizes[first] > 1)
    rows = rows[np.argsort(first[rows], kind="stable")]
    best = np.zeros(len(first))
    np.maximum.at(best, np.concatenate([pairs.left, pairs.right]), np.tile(pairs.similarity, 2))
    return pd.DataFrame(
        {
            "row": frame.index[rows],
            "position": rows,
            "group": pd.factorize(first[rows])[0],
            "similarity": best[rows],
        }
    )


def near_groups(
    frame: pd.DataFrame, column: str, *, role: str | None = None, threshold: float | None = None
) -> np.ndarray:
    """For each row the position of the first row of its group of near-duplicates; see `near_duplicates`.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``.
        column: A column of pictures, texts or sounds.
        role: ``"image"``, ``"text"`` or ``"audio"``. Defaults to None: by `Schema.infer`.
        threshold: The least similarity, in (0, 1]. Defaults to 0.985 for pictures, 0.8 for texts, 1 for sounds.

    Returns:
        numpy.ndarray: int64, shape ``(n_rows,)``; a row that is like no other has its own position.

    Raises:
        InputError: If there is no such column or role, or the column holds no pictures, texts or sounds.

    Example:
        >>> near_groups(pd.DataFrame({"note": ["sold out", "in stock", "Sold out!"]}), "note", role="text").tolist()
        [0, 1, 0]
    """
    return _compared(frame, column, role, threshold)[1]


def _compared(
    frame: pd.DataFrame, column: str, role: str | None, threshold: float | None
) -> tuple[Pairs, np.ndarray]:
    """The pairs that are alike, and the first row of each row's group."""
    check_frame(frame)
    check_columns(frame, [column])
    role = _role(frame, column) if role is None else check_choice(role, THRESHOLDS, "role")
    limit = THRESHOLDS[role] if threshold is None else threshold
    check_number(limit, "threshold", low=0, high=1, open_low=True)
    pairs = _texts(frame[column], limit) if role == "text" else _files(frame[column], limit, role)
    return pairs, groups(len(frame), pairs)


def _role(frame: pd.DataFrame, column: str) -> str:
    """The role of the column, when it is one that can be compared."""
    role = Schema.infer(frame[[column]]).roles[column]
    if role not in THRESHOLDS:
        cure = "Say role='image', role='text' or role='audio' if it is one."
        stop([complaint(f"column {column!r}", "pictures, texts or sounds", f"the role {role!r}", cure)])
    return role


def _texts(values: pd.Series, threshold: float) -> Pairs:
    near_texts = importlib.import_module("dltoolkit.data._near_texts").near_texts
    return near_texts(as_text(values).fillna("").tolist(), threshold)


def _files(values: pd.Series, threshold: float, role: str) -> Pairs:
    """Equal contents, and pictures that only look the same; each content is looked at once."""
    digests = contents(values)
    known = np.flatnonzero(digests.notna())
    first = known[first_occurrence(digests.to_numpy()[known])] if len(known) else known
    copies, alone = known[first != known], known[first == known]
    found = _pictures(values.iloc[alone], threshold) if role == "image" else Pairs.none()
    return Pairs(
        np.concatenate([alone[found.left], first[first != known]]),
        np.concatenate([alone[found.right], copies]),
        np.concatenate([found.similarity, np.ones(len(copies))]),
    )


def _pictures(values: pd.Series, threshold: float) -> Pairs:
    images = importlib.import_module("dltoolkit.data._near_images")
    small, _ = pictures(
        values, size=(images.SIDE, images.SIDE)
    )  # unreadable ones are blank, and like no other
    return images.near_images(small[..., 0], threshold)
