"""Who goes where: the arithmetic behind `split`. Every function returns one part or fold number a row."""

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from dltoolkit._checks import complaint, stop

TRAIN, VALIDATION, TEST, REMOVED = range(4)
PARTS = ("train", "validation", "test", "removed")

# How many orders of the groups are drawn; the one whose parts come closest to the sizes and the class shares asked
# for is taken. Tried on 30 tables of 15 to 200 groups of uneven size: the sum of the deviations of the shares was
# 0.29 with 1 draw, 0.044 with 64, 0.036 with 128.
GROUP_DRAWS = 64
_EMPTY_PENALTY = 10.0  # more than any sum of deviations of shares: an empty part or class is the worst


def by_chance(
    first: np.ndarray, sizes: tuple[float, float], labels: np.ndarray | None, *, seed: int, test: bool = True
) -> np.ndarray:
    """A test part by scikit-learn's `train_test_split`, and a validation part from the rest in the same way.

    Rows with the same content then follow the first of them, so that no content is in two parts. Where the classes
    are too small to be kept in proportion the draw is a plain one: `check_parts` then tells what is absent.

    Args:
        first: Position of the first row with the same content, int, shape ``(n_rows,)``.
        sizes: Shares of the test part of all rows, and of the validation part of the rest.
        labels: Class numbers to keep in proportion, shape ``(n_rows,)``, or None for a plain draw.
        seed: The ``random_state`` of both draws.
        test: Whether to draw a test part. Defaults to True.

    Returns:
        numpy.ndarray: Part numbers, int8, shape ``(n_rows,)``.
    """
    parts = np.full(len(first), TRAIN, dtype=np.int8)
    for part, share in ((TEST, sizes[0]), (VALIDATION, sizes[1]))[0 if test else 1 :]:
        rest = np.flatnonzero(parts == TRAIN)
        stratify = None if labels is None or not can_stratify(labels[rest], share) else labels[rest]
        _, chosen = train_test_split(rest, test_size=share, stratify=stratify, random_state=seed)
        parts[chosen] = part
        parts = parts[first]
    return parts


def can_stratify(labels: np.ndarray, share: float) -> bool:
    """Whether `train_test_split` can keep the classes in proportion: two examples of each, and room in both parts."""
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    n_drawn = int(np.ceil(share * len(labels)))
    return bool(counts.min() >= 2 and len(counts) <= min(n_drawn, len(labels) - n_drawn))


def by_group(
    groups: np.ndarray, shares: tuple[float, ...], labels: np.ndarray | None, *, seed: int
) -> np.ndarray:
    """Cut a shuffled row of groups so that no group is in two parts.

    Args:
        groups: Group numbers from 0 without gaps, int, shape ``(n_rows,)``.
        shares: The share of the rows that each part is to hold; they add up to 1.
        labels: Class numbers whose shares are kept alike where the groups allow it, or None.
        seed: Decides the order of the groups.

    Returns:
        numpy.ndarray: Positions in `shares`, int, shape ``(n_rows,)``.
    """
    n_groups = int(groups.max()) + 1
    labels = np.zeros(len(groups), dtype=np.int64) if labels is None else labels
    n_classes = int(labels.max()) + 1
    table = np.bincount(groups * n_classes + labels, minlength=n_groups * n_classes).reshape(
        n_groups, n_classes
    )
    rng, draws = np.random.default_rng(seed), []
    for _ in range(GROUP_DRAWS):
        part_of_group = _cut(table.sum(axis=1), np.array(shares), rng)
        draws.append((_deviation(table, part_of_group, np.array(shares)), part_of_group))
    return min(draws, key=lambda draw: draw[0])[1][groups]


def _cut(sizes: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A part for each group: the one that the middle of its rows falls into, in a random order of the groups."""
    order = rng.permutation(len(sizes))
    middles = (np.cumsum(sizes[order]) - sizes[order] / 2) / sizes.sum()
    parts = np.empty(len(sizes), dtype=np.int64)
    parts[order] = np.minimum(np.searchsorted(np.cumsum(shares), middles, side="right"), len(shares) - 1)
    return parts


def _deviation(table: np.ndarray, parts: np.ndarray, shares: np.ndarray) -> float:
    """How far the parts are from the sizes and the class shares asked for."""
    counts = np.zeros((len(shares), table.shape[1]))
    np.add.at(counts, parts, table)
    rows = counts.sum(axis=1)
    off = np.abs(rows / rows.sum() - shares).sum()
    off += np.abs(counts / np.maximum(rows, 1)[:, None] - counts.sum(axis=0) / rows.sum()).sum()
    return float(off + _EMPTY_PENALTY * (counts == 0).sum())


def by_time(times: np.ndarray, sizes: tuple[float, float], *, test: bool = True) -> np.ndarray:
    """The latest rows for the test part, the latest of the rest for validation; equal times stay together.

    Args:
        times: Sortable numbers, shape ``(n_rows,)``, with as many distinct values as there are parts.
        sizes: Shares of the test part of all rows, and of the validation part of the rest.
        test: Whether to cut off a test part. Defaults to True.

    Returns:
        numpy.ndarray: Part numbers, int8, shape ``(n_rows,)``.
    """
    n_rest = len(times) - (int(np.ceil(sizes[0] * len(times))) if test else 0)
    starts = [n_rest - int(np.ceil(sizes[1] * n_rest)), n_rest]
    return _blocks(times, np.array(starts if test else starts[:1])).astype(np.int8)


def keep_gap(times: np.ndarray, parts: np.ndarray, gap: float | None) -> np.ndarray:
    """Take rows that are nearer than a gap to a later part out of the earlier one.

    Args:
        times: Sortable numbers, shape ``(n_rows,)``.
        parts: Part numbers by time, shape ``(n_rows,)``.
        gap: The least distance to the first row of a later part; None for any.

    Returns:
        numpy.ndarray: Part numbers, `REMOVED` for those taken out, shape ``(n_rows,)``.

    Raises:
        InputError: If a part would be empty.
    """
    if gap is None:
        return parts
    kept = parts.copy()
    for late in range(1, int(parts.max()) + 1):
        kept[(parts < late) & ~far_before(times, parts == late, gap)] = REMOVED
    empty = [PARTS[p] for p in np.unique(parts) if not (kept == p).any()]
    if empty:
        cure = "Make the gap smaller, or use more data."
        stop([complaint("gap", "at least one row left in each part", f"none in {', '.join(empty)}", cure)])
    return kept


def far_before(times: np.ndarray, late: np.ndarray, gap: float) -> np.ndarray:
    """Which rows are at least a gap before the first of the `late` ones, bool, shape ``(n_rows,)``."""
    return times[late].min() - times >= gap


def by_latest(
    groups: np.ndarray, sizes: tuple[float, float], *, n_last: int | None = None, test: bool = True
) -> np.ndarray:
    """The latest rows of each group for the test part, those before them for validation, the rest for training.

    A group keeps at least one row for training; where it has too few rows validation goes without before test does.

    Args:
        groups: Group numbers, shape ``(n_rows,)``: all rows of a group one after the other, the latest last.
        sizes: Shares of the test part of a group's rows, and of the validation part of the rest; rounded up.
        n_last: How many rows of each group instead. Defaults to None: by `sizes`.
        test: Whether to cut off a test part. Defaults to True.

    Returns:
        numpy.ndarray: Part numbers, int8, shape ``(n_rows,)``.
    """
    _, starts, place, counts = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    from_end = (starts + counts)[place] - 1 - np.arange(len(groups))
    n_test = np.zeros_like(counts)
    if test:
        n_test = np.minimum(np.ceil(sizes[0] * counts) if n_last is None else n_last, counts - 1)
    rest = counts - n_test
    n_validation = np.minimum(np.ceil(sizes[1] * rest) if n_last is None else n_last, rest - 1)
    parts = np.full(len(groups), TRAIN, dtype=np.int8)
    parts[from_end < (n_test + n_validation)[place]] = VALIDATION
    parts[from_end < n_test[place]] = TEST
    return parts


def time_blocks(times: np.ndarray, n_blocks: int) -> np.ndarray:
    """Consecutive blocks of about equal size, equal times together.

    Args:
        times: Sortable numbers with at least `n_blocks` distinct values, shape ``(n_rows,)``.
        n_blocks: How many blocks.

    Returns:
        numpy.ndarray: Block numbers, int, shape ``(n_rows,)``; none is empty.
    """
    return _blocks(times, np.arange(1, n_blocks) * len(times) / n_blocks)


def _blocks(times: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Cut the rows, in the order of time, near the ranks `starts`, and never between equal times."""
    distinct, inverse, counts = np.unique(times, return_inverse=True, return_counts=True)
    begins = np.cumsum(counts) - counts
    later = np.searchsorted(begins, starts).clip(1, len(begins) - 1)
    nearest = later - (starts - begins[later - 1] < begins[later] - starts)
    steps = np.arange(len(starts))
    cuts = np.maximum.accumulate(np.maximum(nearest, 1) - steps) + steps
    cuts = np.minimum(cuts, len(distinct) - len(starts) + steps)
    return np.searchsorted(cuts, inverse, side="right")


def folds_by_chance(first: np.ndarray, n_folds: int, labels: np.ndarray | None, *, seed: int) -> np.ndarray:
    """K folds by scikit-learn's `StratifiedKFold` or `KFold`, shuffled; equal content follows the first of it.

    Args:
        first: Position of the first row with the same content, int, shape ``(n_rows,)``.
        n_folds: How many folds.
        labels: Class numbers to keep in proportion, or None.
        seed: The ``random_state``.

    Returns:
        numpy.ndarray: Fold numbers, int, shape ``(n_rows,)``.
    """
    maker = KFold if labels is None else StratifiedKFold
    folds = np.empty(len(first), dtype=np.int64)
    splitter = maker(n_splits=n_folds, shuffle=True, random_state=seed)
    for number, (_, chosen) in enumerate(splitter.split(np.zeros(len(first)), labels)):
        folds[chosen] = number
    return folds[first]
