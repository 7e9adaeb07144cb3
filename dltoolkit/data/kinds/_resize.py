"""Resizing of 8-bit pictures, quick: whole factors by averaging, the rest between four neighbours."""

import functools
import threading
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

KEPT_BYTES = (
    1 << 24
)  # of working memory that a thread keeps for its next picture: fresh memory costs more than the work
_ONE = 256  # a weight of 1 in fixed point: 255 * 256 still fits into 16 bits


class _Scratch(threading.local):
    """Working memory of a thread, by name."""

    def __init__(self) -> None:
        self.held: dict[str, np.ndarray] = {}

    def get(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array with any values in it; the same memory for the same name."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        memory = self.held.get(name)
        if memory is None or len(memory) < size:
            memory = np.empty(size, np.uint8)
            if size <= KEPT_BYTES:
                self.held[name] = memory
        return memory[:size].view(dtype).reshape(shape)


_SCRATCH = _Scratch()


def resized(
    image: Image.Image, size: tuple[int, int], extent: tuple[float, float] | None = None
) -> np.ndarray:
    """A picture at another size.

    While a side is at least twice as long as asked for, blocks of whole pixels are averaged; what is left, less than a
    factor of two, is bilinear between the four nearest pixels, pixel centres at halves (as `tf.image.resize`).

    Args:
        image: A picture of mode ``"L"`` or ``"RGB"``.
        size: ``(height, width)`` of the result.
        extent: Height and width of what the picture shows, in its own pixels, where its last row and column are not
            whole. Defaults to None: all of it.

    Returns:
        numpy.ndarray: uint8, shape ``(height, width, 1)`` or ``(height, width, 3)``; its memory is its own.
    """
    height, width = extent or (image.height, image.width)
    factors = max(1, int(width // size[1])), max(1, int(height // size[0]))
    if factors != (1, 1):
        image, height, width = image.reduce(factors), height / factors[1], width / factors[0]
    if (height, width) == (image.height, image.width) == size:
        pixels = np.array(image)
        return pixels if pixels.ndim == 3 else pixels[:, :, None]
    pixels, bands = _pixels(image)
    rows = _blend(pixels, _taps(image.height, height, size[0]), "rows")
    if bands == 1:
        return _blend(rows.T, _taps(image.width, width, size[1]), "columns").T[:, :, None].copy()
    columns = _taps(image.width, width, size[1])
    wide = _blend_wide(rows.view(np.uint32), columns)
    return wide.reshape(*size, 4)[:, :, :3].copy()


def _pixels(image: Image.Image) -> tuple[np.ndarray, int]:
    """The bytes of a picture, one row a line: one a pixel for grey, four for colour, as Pillow holds them."""
    bands = 1 if image.mode == "L" else 4
    try:
        held = pa.array(image)  # shares Pillow's memory
        flat = (held if bands == 1 else held.flatten()).to_numpy()
    except ValueError:  # a large picture lies in several pieces of memory
        flat = np.frombuffer(image.tobytes("raw", "L" if bands == 1 else "RGBX"), np.uint8)
    return flat.reshape(image.height, image.width * bands), bands


@functools.lru_cache(maxsize=256)
def _taps(there: int, extent: float, wanted: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel of the result: its two neighbours, and the weight of the second one in 256ths."""
    place = np.clip((np.arange(wanted) + 0.5) * (extent / wanted) - 0.5, 0, there - 1)
    first = np.minimum(place.astype(np.intp), max(there - 2, 0))
    return first, np.minimum(first + 1, there - 1), np.rint((place - first) * _ONE).astype(np.uint16)


def _blend(pixels: np.ndarray, taps: tuple[np.ndarray, np.ndarray, np.ndarray], name: str) -> np.ndarray:
    """Weighted means of two rows each."""
    first, second, weight = taps
    shape = (len(first), pixels.shape[1])
    return _mean(
        np.take(pixels, first, axis=0, out=_SCRATCH.get("first", shape, np.uint8), mode="clip"),
        np.take(pixels, second, axis=0, out=_SCRATCH.get("second", shape, np.uint8), mode="clip"),
        weight[:, None],
        name,
    )


def _blend_wide(pixels: np.ndarray, taps: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Weighted means of two columns each, four bytes wide."""
    first, second, weight = taps
    shape = (len(pixels), len(first))
    return _mean(
        np.take(pixels, first, axis=1, out=_SCRATCH.get("first", shape, np.uint32), mode="clip").view(
            np.uint8
        ),
        np.take(pixels, second, axis=1, out=_SCRATCH.get("second", shape, np.uint32), mode="clip").view(
            np.uint8
        ),
        np.repeat(weight, 4),
        "columns",
    )


def _mean(first: np.ndarray, second: np.ndarray, weight: np.ndarray, name: str) -> np.ndarray:
    """``first * (1 - weight) + second * weight`` in fixed point, rounded."""
    total = np.multiply(first, _ONE - weight, out=_SCRATCH.get("total", first.shape, np.uint16))
    total += np.multiply(second, weight, out=_SCRATCH.get("part", first.shape, np.uint16))
    total += _ONE // 2
    total >>= 8
    result = _SCRATCH.get(name, first.shape, np.uint8)
    np.copyto(result, total, casting="unsafe")
    return result
