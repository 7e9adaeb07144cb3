"""Texts that are nearly the same: shingles, MinHash, and the exact overlap of what that finds alike."""

import re
import unicodedata
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from dltoolkit.data._content import first_occurrence
from dltoolkit.data._near_pairs import Pairs, buckets, chosen

# Broder (1997), On the resemblance and containment of documents: the texts' sets of short runs of words ("shingles")
# are compared, and the share that two sets have in common (Jaccard) is their resemblance.
SHINGLE = 3  # words a shingle; characters where a script writes no spaces
# Leskovec, Rajaraman and Ullman (2020), Mining of Massive Datasets, chapter 3: BANDS bands of ROWS minima find two texts
# of resemblance s with probability 1 - (1 - s**ROWS)**BANDS: 0.9998 at 0.8, 0.12 at 0.3.
BANDS, ROWS = 16, 4
_WORD = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"
)
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


class Shingles(NamedTuple):
    """The sets of shingles of several texts, one after the other.

    Attributes:
        keys: One 64-bit number a shingle, sorted and without repeats within a text, shape ``(n_shingles,)``.
        starts: Where each text begins in `keys`, shape ``(n_texts + 1,)``.
    """

    keys: np.ndarray
    starts: np.ndarray


def words(text: str) -> list[str]:
    """The words of a text without case; each character is one where the script writes no spaces.

    Example:
        >>> words("Don't STOP, 東京!")
        ['don', 't', 'stop', '東', '京']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def shingles(found: list[list[str]]) -> Shingles:
    """The set of shingles of each text.

    A text of fewer words than a shingle has one shingle; one without a word has none.

    Args:
        found: The `words` of each text.

    Returns:
        Shingles: Their sets.
    """
    lengths = np.array([len(w) for w in found], dtype=np.int64)
    codes, names = pd.factorize(np.array([w for ws in found for w in ws] or [""], dtype=object))
    hashes = pd.util.hash_array(np.asarray(names, dtype=object))[codes][: lengths.sum()]
    counts = np.where(lengths > 0, np.maximum(lengths - SHINGLE + 1, 1), 0)
    owner = np.repeat(np.arange(len(found)), counts)
    begins = np.cumsum(lengths) - lengths
    first = begins[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = np.zeros(len(owner), dtype=np.uint64)
    for step in range(SHINGLE):
        inside = first + step < (begins + lengths)[owner]
        keys[inside] = _mixed(keys[inside] * _ODD[0] + hashes[first[inside] + step])
    order = np.lexsort((keys, owner))
    keys, owner = keys[order], owner[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (keys[1:] != keys[:-1]) | (owner[1:] != owner[:-1])
    return Shingles(keys[new], np.searchsorted(owner[new], np.arange(len(found) + 1)))


def near_texts(texts: list[str], threshold: float) -> Pairs:
    """The pairs of texts whose resemblance reaches a threshold.

    Texts without a word are like no other; texts of the same words are paired with the first of them.

    Args:
        texts: Texts, ``n_texts`` of them.
        threshold: The least share of shingles in common, in (0, 1].

    Returns:
        Pairs: Their positions and resemblance.
    """
    spelled = pd.Series([" ".join(words(text)) for text in texts], dtype=object)
    filled = (spelled != "").to_numpy(bool)
    rows = np.flatnonzero(filled & ~spelled.duplicated().to_numpy())
    if not len(rows):
        return Pairs.none()
    first = first_occurrence(spelled.to_numpy())
    copies = np.flatnonzero(filled & (first != np.arange(len(first))))
    found = _alike([spelled.iloc[row].split(" ") for row in rows], threshold)
    return Pairs(
        np.concatenate([rows[found.left], first[copies]]),
        np.concatenate([rows[found.right], copies]),
        np.concatenate([found.similarity, np.ones(len(copies))]),
    )


def _alike(found: list[list[str]], threshold: float) -> Pairs:
    """The pairs among texts of different words."""
    sets = shingles(found)
    bands = _minima(sets).reshape(len(found), BANDS, ROWS)
    salted = _mixed(bands ^ np.arange(ROWS, dtype=np.uint64)).sum(axis=2)  # wraps around, as it may
    matrix, sizes = _matrix(sets), np.diff(sets.starts)

    def overlap(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        shared = np.asarray(matrix[left].multiply(matrix[right]).sum(axis=1)).ravel()
        return shared / (sizes[left] + sizes[right] - shared)

    return chosen(buckets([salted[:, band] for band in range(BANDS)]), overlap, threshold)


def _minima(sets: Shingles) -> np.ndarray:
    """The least of each of BANDS * ROWS hashes over each set, none empty, shape ``(n_texts, BANDS * ROWS)``."""
    starts = sets.starts[:-1]
    salts = np.random.default_rng(0).integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    return np.column_stack([np.minimum.reduceat(_mixed(sets.keys ^ salt), starts) for salt in salts])


def _matrix(sets: Shingles) -> sparse.csr_matrix:
    """The sets as rows of zeros and ones."""
    codes, names = pd.factorize(sets.keys)
    ones = np.ones(len(codes), dtype=np.int32)
    return sparse.csr_matrix((ones, codes, sets.starts), shape=(len(sets.starts) - 1, max(len(names), 1)))


def _mixed(keys: np.ndarray) -> np.ndarray:
    """64-bit numbers whose every bit depends on every bit of `keys`: the finaliser of SplitMix64 (Steele 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))
