"""The pixels of a picture, whatever they are kept as, with 8 bits and one or three channels."""

from typing import Any

import numpy as np
from PIL import Image

from dltoolkit.data.kinds import _cells
from dltoolkit.data.kinds._cells import Fault

MAX_PIXELS = (
    89_478_485  # a quarter of a GiB at three bytes a pixel: Pillow's own limit (Image.MAX_IMAGE_PIXELS)
)
BACKGROUND = 255  # what shows through transparent pixels: white, the colour of paper
CHANNELS = {"rgb": 3, "grey": 1}
_CLEAR = ("RGBA", "LA", "PA", "RGBa", "La")  # modes with transparency
_BITS_PER_SAMPLE = 258  # the TIFF tag


def from_array(cell: Any) -> np.ndarray:
    """The pixels of an array cell with 8 bits, shape ``(h, w)`` or ``(h, w, 1 | 3 | 4)``.

    Raises:
        Fault: If the cell is missing or no picture, or its values are out of range.
    """
    if _cells.is_missing(cell):
        raise Fault("a path or an array", "a missing value", "Fill the cell or drop the row.")
    if not isinstance(cell, np.ndarray):
        raise Fault("a path or a numpy array", type(cell).__name__)
    if cell.ndim not in (2, 3) or 0 in cell.shape or (cell.ndim == 3 and cell.shape[2] not in (1, 3, 4)):
        first = cell.ndim == 3 and cell.shape[0] in (1, 3, 4)
        cure = "Move the channels to the end: np.moveaxis(array, 0, -1)." if first else ""
        raise Fault("an array (height, width) or (height, width, 1 | 3 | 4)", f"shape {cell.shape}", cure)
    if cell.shape[0] * cell.shape[1] > MAX_PIXELS:
        raise too_large(cell.shape[1], cell.shape[0])
    return cell if cell.dtype == np.uint8 else _eight_bits(cell)


def _eight_bits(cell: np.ndarray) -> np.ndarray:
    if cell.dtype == bool:
        return cell.astype(np.uint8) * np.uint8(255)
    if cell.dtype.newbyteorder("=") == np.uint16:
        return _from_16(cell)
    if cell.dtype.kind not in "iuf":
        raise Fault("an array of numbers", f"type {cell.dtype}")
    low, high = cell.min(), cell.max()
    top = 1 if cell.dtype.kind == "f" else 255
    if not (low >= 0 and high <= top):  # so that NaN stops too
        got = "missing values (NaN)" if np.isnan(low) else f"values from {low:g} to {high:g}"
        if top == 1:
            raise Fault("floats from 0 to 1", got, "Divide by their largest possible value, or pass uint8.")
        raise Fault("whole numbers from 0 to 255", got, "Scale them to 0 … 255, or pass floats from 0 to 1.")
    return np.rint(cell * 255.0).astype(np.uint8) if top == 1 else cell.astype(np.uint8)


def _from_16(pixels: np.ndarray, top: int = 65_535) -> np.ndarray:
    return np.rint(np.minimum(pixels, top) * (255.0 / top)).astype(np.uint8)


def as_image(pixels: np.ndarray) -> Image.Image:
    pixels = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    return Image.fromarray(np.ascontiguousarray(pixels))


def plain(image: Image.Image, colour: str) -> Image.Image:
    """A picture in mode ``"L"`` or ``"RGB"``, without transparency."""
    mode = "L" if colour == "grey" else "RGB"
    if image.mode.startswith("I;16"):
        tags = getattr(image, "tag_v2", {})
        bits = 12 if tuple(tags.get(_BITS_PER_SAMPLE, ())) == (12,) else 16
        image = Image.fromarray(_from_16(np.asarray(image), 2**bits - 1))
    elif image.mode == "I" and image.format == "PPM":
        deep = np.asarray(image).astype(np.uint16)  # Pillow brings these to 16 bits
        image = Image.fromarray(_from_16(deep))
    elif image.mode == "I":
        cure = "Scale its pixels yourself, and pass an array."
        raise Fault("pixels of 1, 8, 12 or 16 bits", "32-bit whole numbers, whose range is unknown", cure)
    elif image.mode == "F":
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    elif image.mode in _CLEAR or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (BACKGROUND, BACKGROUND, BACKGROUND, 255))
        image = Image.alpha_composite(paper, image)
    if image.mode == "CMYK" or (mode == "L" and image.mode not in ("L", "1")):
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def too_large(width: int, height: int) -> Fault:
    got = f"{width:,} x {height:,} = {width * height:,}"
    return Fault(f"at most {MAX_PIXELS:,} pixels", got, "Shrink the picture first, or leave it out.")
