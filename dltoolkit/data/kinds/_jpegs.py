"""JPEG files, decoded by libjpeg-turbo itself: the pixels that Pillow gives, sooner, and what is wrong in their middle."""

import os
from typing import Any, NamedTuple

import numpy as np
import simplejpeg
from PIL import Image

from dltoolkit.data.kinds._pixels import MAX_PIXELS
from dltoolkit.data.kinds._resize import SCRATCH, resized

_FORMATS = ("JPEG", "MPO")  # an MPO is several JPEG one after the other
_MODES = ("L", "RGB")  # CMYK and YCCK are left to Pillow, which names them so
_COLOURS = ("Gray", "RGB", "YCbCr")  # the same, as the decoder names them
_LAYOUTS = {"rgb": ("RGB", 3), "grey": ("GRAY", 1)}  # and the bytes of a pixel
_PADDED = {"rgb": ("RGBX", 4), "grey": ("GRAY", 1)}  # what is resized quickest
_WHOLE = 8  # a decoder makes 1 to 8 pixels of the 8 that a side of a block has
_QUICK = (1, 2, 4)  # of these it has quick code
_START = b"\xff\xd8\xff"  # ITU-T T.81, table B.1: the start of an image, and the next marker
_SCAN, _NOTE = 0xDA, 0xE1  # markers of the same table: the pixels, and what EXIF and XMP stand in
_BEYOND = "Could not determine"  # what the decoder says of rare samplings of colour, which it does not take


class Stored(NamedTuple):
    """The bytes of a JPEG file of colour or grey, and its size in pixels, as it is stored."""

    content: bytes
    height: int
    width: int


def upright(path: str | os.PathLike[str]) -> Stored | None:
    """A JPEG file that says nothing about turning it; None for any other file, and for all that cannot be read."""
    try:
        with open(path, "rb") as file:
            content = file.read(len(_START))
            if content != _START:
                return None
            content += file.read()
        if _noted(content):
            return None
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
    except (OSError, ValueError, IndexError):  # Pillow comes next, and says what is wrong
        return None
    return Stored(content, height, width) if colours in _COLOURS and height * width <= MAX_PIXELS else None


def _noted(content: bytes) -> bool:
    """Whether EXIF or XMP, or anything unusual, stands before the pixels."""
    place = len(_START) - 1
    while content[place] == 0xFF and content[place + 1] not in (_NOTE, 0xFF):
        if content[place + 1] == _SCAN:
            return False
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return True


def opened(image: Image.Image) -> Stored | None:
    """A JPEG file that Pillow has opened, and not yet loaded; None for another format, and for CMYK."""
    if image.format not in _FORMATS or image.mode not in _MODES:
        return None
    image.fp.seek(0)
    return Stored(image.fp.read(), image.height, image.width)


def shown(
    stored: Stored, size: tuple[int, int] | None, colour: str, out: np.ndarray | None
) -> np.ndarray | None:
    """The pixels of a JPEG file at a size, as it is stored.

    It is shrunk while it is decoded (scaled cosine transform): to as many eighths as give just the size asked for, or
    else by 8, 4 or 2, as long as neither side gets too short. The rest is done by `resized`.

    Args:
        stored: The file.
        size: ``(height, width)`` of the result; None for all pixels.
        colour: ``"rgb"`` or ``"grey"``.
        out: Where the result is written, contiguous; None for new memory.

    Returns:
        numpy.ndarray or None: uint8, shape ``(height, width, 1 | 3)``, `out` where it is given. None if the file is
        damaged: Pillow tells what can be used of it.
    """
    content, height, width = stored
    eighths = _eighths(height, width, size)
    there = -(-height * eighths // _WHOLE), -(-width * eighths // _WHOLE)
    extent = height * eighths / _WHOLE, width * eighths / _WHOLE
    if size is None or extent == size:
        layout, depth = _LAYOUTS[colour]
        result = np.empty((*there, depth), np.uint8) if out is None else out
        return result if _decoded(content, layout, result) else None
    layout, depth = _PADDED[colour]
    pixels = SCRATCH.get("decoded", (*there, depth), np.uint8)
    return resized(pixels, size, extent, out) if _decoded(content, layout, pixels) else None


def damage(path: str | os.PathLike[str]) -> str | None:
    """What the decoder says of a JPEG file that is damaged, also in its middle, where pixels can be made up.

    A JPEG has no checksum: damage after which the codes are valid, and as many as before, is not seen. Of photos (640 x 427,
    quality 90) with 40 bytes of their pixels set to zero nine in ten are seen, of progressive ones seven in ten.

    Args:
        path: Any file.

    Returns:
        str or None: The decoder's words, such as ``"Corrupt JPEG data: 44 extraneous bytes before marker 0xd9"``; None if
        the file is whole, or no JPEG.
    """
    with open(path, "rb") as file:
        content = file.read(len(_START))
        if content != _START:
            return None
        content += file.read()
    try:  # every code is read, but only an eighth of the pixels is made
        simplejpeg.decode_jpeg(content, "GRAY", min_height=1, min_width=1)
    except ValueError as error:
        said = str(error).partition("\n")[0]
        return None if _BEYOND in said else said
    return None


def _eighths(height: int, width: int, size: tuple[int, int] | None) -> int:
    """How many eighths of a picture are made while it is decoded."""
    if size is None or max(height, width) < _WHOLE:  # so short that two numbers may give the same size
        return _WHOLE
    for eighths in range(1, _WHOLE):
        if (height * eighths, width * eighths) == (size[0] * _WHOLE, size[1] * _WHOLE):
            return eighths
    most = min(height // size[0], width // size[1])
    return next((eighths for eighths in _QUICK if _WHOLE // eighths <= most), _WHOLE)


def _decoded(content: bytes, layout: str, pixels: np.ndarray) -> bool:
    """Decode a file into an array of the right shape; whether that went without a complaint."""
    height, width = pixels.shape[:2]
    try:
        made: Any = simplejpeg.decode_jpeg(
            content, layout, min_height=height, min_width=width, buffer=pixels, strict=True
        )
    except ValueError:  # of the decoder, or the header claims more pixels than the one that Pillow has read
        return False
    return made.shape == pixels.shape
