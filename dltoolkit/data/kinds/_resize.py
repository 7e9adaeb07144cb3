"""Resizing of 8-bit pictures, quick: whole factors by averaging, the rest between four neighbours."""

import functools
import math
import threading
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

KEPT_BYTES = (
    1 << 24
)  # of working memory that a thread keeps for its next picture: fresh memory costs more than the work
_ONE = 256  # a weight of 1 in fixed point: 255 * 256 still fits into 16 bits
_LOW_BITS = np.uint32(0x7F7F7F7F)  # of each byte all but the highest bit


class _Scratch(threading.local):
    """Working memory of a thread, by name."""

    def __init__(self) -> None:
        self.held: dict[str, np.ndarray] = {}

    def get(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array with any values in it; the same memory for the same name."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        memory = self.held.get(name)
        if memory is None or len(memory) < size:
            memory = np.empty(size, np.uint8)
            if size <= KEPT_BYTES:
                self.held[name] = memory
        return memory[:size].view(dtype).reshape(shape)


SCRATCH = _Scratch()


def resized(
    image: Image.Image | np.ndarray,
    size: tuple[int, int],
    extent: tuple[float, float] | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """A picture at another size.

    While a side is at least twice as long as asked for, blocks of whole pixels are averaged; what is left, less than a
    factor of two, is bilinear between the four nearest pixels, pixel centres at halves (as `tf.image.resize`).

    Args:
        image: A picture of mode ``"L"`` or ``"RGB"``, or its bytes, shape ``(height, width, 1)`` or ``(height, width, 4)``,
            whose fourth channel is not used.
        size: ``(height, width)`` of the result.
        extent: Height and width of what the picture shows, in its own pixels, where its last row and column are not
            whole. Defaults to None: all of it.
        out: Where the result is written. Defaults to None: new memory.

    Returns:
        numpy.ndarray: uint8, shape ``(height, width, 1)`` or ``(height, width, 3)``; `out`, where it is given.
    """
    pixels = image if isinstance(image, np.ndarray) else _pixels(image)
    height, width = extent or pixels.shape[:2]
    factors = max(1, int(height // size[0])), max(1, int(width // size[1]))
    if factors != (1, 1):
        pixels, height, width = _reduced(pixels, factors), height / factors[0], width / factors[1]
    bands = pixels.shape[2]
    result = out if out is not None else np.empty((*size, min(bands, 3)), np.uint8)
    if (height, width) == pixels.shape[:2] == size:
        return _without_fourth(pixels, result)
    lines = pixels.reshape(len(pixels), -1)
    first, second, weights = _taps(len(lines), height, (size[0], 1))
    shape = (size[0], lines.shape[1])
    rows = SCRATCH.get("rows", shape, np.uint8)
    np.copyto(rows, _mean(lines, (first, second, 0), (weights[:, :, None], shape)), casting="unsafe")
    first, second, weights = _taps(pixels.shape[1], width, (size[1], bands))
    units = rows if bands == 1 else rows.view(np.uint32)
    total = _mean(units, (first, second, 1), (weights, (size[0], size[1] * bands)))
    return _without_fourth(total.reshape(*size, bands), result)


def _without_fourth(pixels: np.ndarray, result: np.ndarray) -> np.ndarray:
    """Put the channels that count into the result: one by one is much quicker than all at once."""
    for channel in range(result.shape[2]):
        np.copyto(result[:, :, channel], pixels[:, :, channel], casting="unsafe")
    return result


def _pixels(image: Image.Image) -> np.ndarray:
    """The bytes of a picture: one a pixel for grey, four for colour, as Pillow holds them."""
    bands = 1 if image.mode == "L" else 4
    try:
        held = pa.array(image)  # shares Pillow's memory
        flat = (held if bands == 1 else held.flatten()).to_numpy()
    except ValueError:  # a large picture lies in several pieces of memory
        flat = np.frombuffer(image.tobytes("raw", "L" if bands == 1 else "RGBX"), np.uint8)
    return flat.reshape(image.height, image.width, bands)


def _reduced(pixels: np.ndarray, factors: tuple[int, int]) -> np.ndarray:
    """The means of blocks of pixels, so many down and across; those of the last row and column may be smaller."""
    if factors == (1, 2) and pixels.shape[2] == 4:
        return _halved(pixels)
    height, width, bands = pixels.shape
    mode = "L" if bands == 1 else "RGBX"
    image = Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)  # shares the memory
    return _pixels(image.reduce((factors[1], factors[0])))


def _halved(pixels: np.ndarray) -> np.ndarray:
    """The means of two neighbours in a row, rounded up: of four bytes at once, without a wider type.

    Twice their mean is their sum, ``a + b = 2 (a | b) - (a ^ b)``.

    References:
        Warren (2013), Hacker's Delight, 2nd ed., section 2-5, average of two integers.
    """
    height, width = pixels.shape[:2]
    units, whole = pixels.view(np.uint32)[:, :, 0], width // 2
    shape = (height, whole)
    left, right, mean = (SCRATCH.get(name, shape, np.uint32) for name in ("left", "right", "mean"))
    np.copyto(left, units[:, : 2 * whole : 2])
    np.copyto(right, units[:, 1::2])
    np.bitwise_or(left, right, out=mean)
    left ^= right
    left >>= np.uint32(1)
    left &= _LOW_BITS  # without what came from the byte above
    mean -= left
    if width % 2:
        mean = np.concatenate([mean, units[:, -1:]], axis=1)
    return mean.view(np.uint8).reshape(height, -1, 4)


@functools.lru_cache(maxsize=256)
def _taps(there: int, extent: float, wanted: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel of a side of the result: its two neighbours, and their weights in 256ths, one a byte of a pixel."""
    count, n_bytes = wanted
    place = np.clip((np.arange(count) + 0.5) * (extent / count) - 0.5, 0, there - 1)
    first = np.minimum(place.astype(np.intp), max(there - 2, 0))
    weight = np.repeat(np.rint((place - first) * _ONE).astype(np.uint16), n_bytes)
    return first, np.minimum(first + 1, there - 1), np.stack([_ONE - weight, weight])


def _mean(
    units: np.ndarray, taps: tuple[np.ndarray, np.ndarray, int], rule: tuple[np.ndarray, tuple[int, int]]
) -> np.ndarray:
    """Weighted means of two neighbours each along an axis: uint16, one a byte; in working memory."""
    first, second, axis = taps
    weights, shape = rule
    taken = SCRATCH.get("taken", shape, np.uint8)
    total, part = (SCRATCH.get(name, shape, np.uint16) for name in ("total", "part"))
    np.take(units, first, axis=axis, out=taken.view(units.dtype), mode="clip")
    np.multiply(taken, weights[0], out=total)
    np.take(units, second, axis=axis, out=taken.view(units.dtype), mode="clip")
    total += np.multiply(taken, weights[1], out=part)
    total += _ONE // 2
    total >>= 8
    return total
