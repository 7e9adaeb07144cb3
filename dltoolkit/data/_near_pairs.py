"""Pairs of rows that may be alike, found through shared keys instead of comparing all with all, and groups of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

MOST_PAIRS = 2_000_000  # compared at once: about 100 MB


class Pairs(NamedTuple):
    """Pairs of rows that are alike.

    Attributes:
        left: Positions, int64, shape ``(n_pairs,)``.
        right: Positions, each larger than its `left`.
        similarity: How alike, float64, in [0, 1].
    """

    left: np.ndarray
    right: np.ndarray
    similarity: np.ndarray

    @classmethod
    def none(cls) -> "Pairs":
        """No pair at all."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def buckets(
    keys: Sequence[np.ndarray], probes: Sequence[np.ndarray] = ()
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The pairs of rows that share a key, at most `MOST_PAIRS` at a time; a pair may come more than once.

    Args:
        keys: Arrays of one key a row, shape ``(n_rows,)`` each: rows with the same key are paired.
        probes: For each array of keys more keys a row, shape ``(n_probes, n_rows)``: a row is paired with those that
            have one of them as their key. Defaults to none.

    Yields:
        tuple: Positions of the two rows, the smaller first.
    """
    for number, own in enumerate(keys):
        order = np.argsort(own, kind="stable")
        ranked = own[order]
        asked = [own, *(probes[number] if len(probes) else ())]
        for step, wanted in enumerate(asked):
            begin = np.searchsorted(ranked, wanted, side="left")
            end = np.searchsorted(ranked, wanted, side="right")
            if step == 0:  # each pair of an own key once: only those that stand behind the row
                place = np.empty(len(order), dtype=np.int64)
                place[order] = np.arange(len(order))
                begin = place + 1
            yield from _spread(order, begin, np.maximum(end, begin))


def _spread(order: np.ndarray, begin: np.ndarray, end: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each row with the rows ``order[begin:end]`` of its own."""
    counts = end - begin
    rows = np.flatnonzero(counts)
    total = np.cumsum(counts[rows])
    start = 0
    while start < len(rows):
        done = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + MOST_PAIRS, side="right")))
        chunk = rows[start:stop]
        sizes = counts[chunk]
        left = np.repeat(chunk, sizes)
        within = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        right = order[begin[left] + within]
        yield np.minimum(left, right), np.maximum(left, right)
        start = stop


def chosen(
    candidates: Iterable[tuple[np.ndarray, np.ndarray]],
    compare: Callable[[np.ndarray, np.ndarray], np.ndarray],
    threshold: float,
) -> Pairs:
    """The candidates whose similarity reaches a threshold, each once.

    Args:
        candidates: Chunks of pairs of positions, the smaller first.
        compare: Gives the similarity of pairs, shape ``(n_pairs,)``.
        threshold: The least similarity.

    Returns:
        Pairs: Those alike, in the order of their positions.
    """
    found = []
    for left, right in candidates:
        both = np.unique((left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64))
        left, right = (both >> np.uint64(32)).astype(np.int64), (both & np.uint64(2**32 - 1)).astype(np.int64)
        similarity = compare(left, right)
        near = similarity >= threshold
        found.append((left[near], right[near], similarity[near]))
    if not found:
        return Pairs.none()
    left, right, similarity = (np.concatenate(parts) for parts in zip(*found, strict=True))
    _, first = np.unique(left << 32 | right, return_index=True)
    return Pairs(left[first], right[first], similarity[first])


def groups(n_rows: int, pairs: Pairs) -> np.ndarray:
    """The position of the first row of each row's group, where pairs and chains of pairs make groups.

    Args:
        n_rows: How many rows there are.
        pairs: Which are alike.

    Returns:
        numpy.ndarray: int64, shape ``(n_rows,)``; a row that is like no other gets its own position.
    """
    ones = np.ones(len(pairs.left), dtype=bool)
    graph = sparse.coo_matrix((ones, (pairs.left, pairs.right)), shape=(n_rows, n_rows))
    _, labels = sparse.csgraph.connected_components(graph, directed=False)
    _, first = np.unique(labels, return_index=True)
    return first[labels].astype(np.int64)
