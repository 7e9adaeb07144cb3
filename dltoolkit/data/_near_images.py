"""Pictures that are nearly the same: a perceptual hash finds them, their thumbnails confirm it."""

from collections.abc import Iterator

import numpy as np
from scipy import fft

from dltoolkit.data._near_pairs import Pairs, buckets, chosen

# Zauner (2010), Implementation and benchmarking of perceptual image hash functions: the signs of the lowest 8 x 8
# frequencies of a 32 x 32 grey picture against their median. Tried on 4,000 MNIST digits, 4,000 of Fashion-MNIST and
# tiles of photos, against the gradient hash (dHash) of 9 x 8 pixels: at 10 bits 0.6 % of the pairs of different digits
# collided (dHash: 12 %), and half-size, re-compressed, brighter and paler photos stayed within it alike.
SIDE, LOW = 32, 8
MOST_BITS = 10  # bits in which two hashes of nearly the same picture may differ
# Norouzi, Punjani and Fleet (2012), Fast search in Hamming space with multi-index hashing: of four runs of 16 bits at
# least one differs in at most one bit where the hashes differ in 7; so it does for 96 % of those that differ in 8, and
# for 78 % in 10.
RUNS, RUN_BITS = 4, 16
# The thumbnails that confirm it are compared by their correlation. Half-size and re-compressed photos reach 0.997 in
# the median, a border of 2 % cut off leaves 0.985; the hash alone would call 51,726 pairs of the 4,000 digits alike,
# a correlation of 0.98 leaves 43 of them.
THUMBNAIL = 16
FLAT = 4.0  # grey levels (standard deviation) below which a picture has no shape to be told by


def near_images(pictures: np.ndarray, threshold: float) -> Pairs:
    """The pairs of pictures whose hashes are near and whose thumbnails correlate; flat pictures are like no other.

    Args:
        pictures: Grey pictures, uint8, shape ``(n, SIDE, SIDE)``.
        threshold: The least correlation of the thumbnails, in (0, 1].

    Returns:
        Pairs: Their positions and correlation.
    """
    shaped = np.flatnonzero(pictures.std(axis=(1, 2)) >= FLAT)
    if len(shaped) < 2:
        return Pairs.none()
    hashes, small = perceptual_hashes(pictures[shaped]), _thumbnails(pictures[shaped])

    def correlation(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.minimum(np.einsum("ij,ij->i", small[left], small[right]), 1.0)

    found = chosen(_candidates(hashes), correlation, threshold)
    return Pairs(shaped[found.left], shaped[found.right], found.similarity)


def perceptual_hashes(pictures: np.ndarray) -> np.ndarray:
    """64 bits a picture: which of its lowest frequencies are above their median.

    Args:
        pictures: Grey pictures, uint8, shape ``(n, SIDE, SIDE)``.

    Returns:
        numpy.ndarray: uint64, shape ``(n,)``; the last bit, that of the mean brightness, is always 0.
    """
    waves = fft.dctn(pictures.astype(np.float32), axes=(1, 2), norm="ortho")[:, :LOW, :LOW]
    waves = waves.reshape(len(pictures), -1)[:, 1:]
    bits = np.zeros((len(pictures), LOW * LOW), dtype=bool)
    bits[:, :-1] = waves > np.median(waves, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()


def _thumbnails(pictures: np.ndarray) -> np.ndarray:
    """Small pictures with mean 0 and length 1, so that a product is a correlation; float32, ``(n, THUMBNAIL**2)``."""
    step = SIDE // THUMBNAIL
    blocks = pictures.reshape(len(pictures), THUMBNAIL, step, THUMBNAIL, step).astype(np.float32)
    small = blocks.mean(axis=(2, 4)).reshape(len(pictures), -1)
    small -= small.mean(axis=1, keepdims=True)
    return small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)


def _candidates(hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The pairs of near hashes that agree in one of the runs of bits but for at most one bit."""
    runs = [(hashes >> np.uint64(RUN_BITS * run)) & np.uint64(2**RUN_BITS - 1) for run in range(RUNS)]
    flips = np.uint64(1) << np.arange(RUN_BITS, dtype=np.uint64)
    for left, right in buckets(runs, [run ^ flips[:, None] for run in runs]):
        near = np.bitwise_count(hashes[left] ^ hashes[right]) <= MOST_BITS
        yield left[near], right[near]
