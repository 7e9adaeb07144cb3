"""Pictures as arrays of one size: every mode of a file to 8 bits by a stated rule, turned upright, resized."""

import dataclasses
import os
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from dltoolkit._checks import InputError, check_choice, check_number, complaint, stop
from dltoolkit.data.kinds import _cells, _jpegs
from dltoolkit.data.kinds._cells import Fault
from dltoolkit.data.kinds._pixels import CHANNELS, MAX_PIXELS, as_image, from_array, plain, too_large
from dltoolkit.data.kinds._resize import resized

RESIZE = ("stretch", "crop", "pad")

_ORIENTATION = 0x0112  # the EXIF tag; CIPA DC-008 (Exif 2.32), section 4.6.4
_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {  # what makes a stored picture upright
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}
_SIDEWAYS = (5, 6, 7, 8)
# where a file may keep its orientation
_NOTES = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip
_POOL_BLOCKS = 64  # memory that Pillow keeps for the next picture: decoding takes a third less time


@dataclasses.dataclass(frozen=True)
class ImageInfo:
    """What a picture's header says, without its pixels.

    Attributes:
        height: Rows of pixels, once the picture is upright.
        width: Columns of pixels, once the picture is upright.
        mode: The pixels as Pillow names them, such as ``"RGB"``, ``"L"``, ``"P"`` or ``"I;16"``.
        format: The kind of file by its content, such as ``"JPEG"``; ``"array"`` for an array.
        orientation: The EXIF orientation, 1 to 8; 1 is upright.
        frames: Pictures in the file; only the first one is used.
    """

    height: int
    width: int
    mode: str
    format: str
    orientation: int = 1
    frames: int = 1


def load_image(
    cell: Any, *, size: tuple[int, int] | None = None, resize: str = "stretch", colour: str = "rgb"
) -> np.ndarray:
    """One picture as an array, from a file or from an array.

    A file is told by its content, not by its name. It is turned upright by its EXIF orientation. Of an animation the
    first frame is taken. Transparent pixels are laid over white. 16-bit grey is divided by 257, 12-bit TIFF by
    4095/255; of 16-bit colour the high byte is kept. CMYK is converted by Pillow's plain formula; colour profiles
    are not applied. Grey is the luma of ITU-R BT.601.

    An array holds ``uint8``, truth values, ``uint16`` (divided by 257), other whole numbers from 0 to 255, or floats
    from 0 to 1 (multiplied by 255); nothing is clipped, and nothing is guessed.

    While a side is at least twice as long as asked for, whole blocks of pixels are averaged (in a JPEG by 2, 4 or 8 while
    it is decoded); what is left is bilinear between the four nearest pixels. A JPEG of which 1 to 7 eighths are asked
    for is decoded to just that size. In one that is damaged in its middle, the decoder makes pixels up; `read_images` with
    ``verify=True`` leaves such files out.

    Args:
        cell: A file's path, or an array of shape ``(height, width)`` or ``(height, width, 1 | 3 | 4)``.
        size: ``(height, width)`` of the result in pixels. Defaults to None: as it is.
        resize: ``"stretch"`` to the size, ``"crop"`` the middle of the picture once it covers the size, or ``"pad"``
            with black around the picture once it fits into the size. Defaults to ``"stretch"``.
        colour: ``"rgb"`` or ``"grey"``. Defaults to ``"rgb"``.

    Returns:
        numpy.ndarray: dtype ``uint8``, shape ``(height, width, 3)``, or ``(height, width, 1)`` for grey.

    Raises:
        InputError: If the file is missing, empty, truncated, damaged, no picture, or has more than `MAX_PIXELS` pixels;
            if the array has another shape, or values out of range. The message names the file.

    Example:
        >>> load_image(np.full((4, 6), 0.2), size=(2, 2)).shape
        (2, 2, 3)
    """
    rule = _Rule.checked(size, resize, colour)
    try:
        return rule.apply(cell)
    except Fault as fault:
        raise InputError(fault.said(_cells.named(cell))) from fault.__cause__


def load_images(
    column: Any,
    *,
    size: tuple[int, int],
    resize: str = "stretch",
    colour: str = "rgb",
    workers: int | None = None,
) -> np.ndarray:
    """A column of pictures as one array; the rules are those of `load_image`.

    Args:
        column: Paths or arrays (a Series, a list, or an array of pictures), shape ``(n_rows,)``.
        size: ``(height, width)`` of every picture in the result, in pixels.
        resize: ``"stretch"``, ``"crop"`` or ``"pad"``. Defaults to ``"stretch"``.
        colour: ``"rgb"`` or ``"grey"``. Defaults to ``"rgb"``.
        workers: Threads that decode; the result does not depend on them. Defaults to None: one a core.

    Returns:
        numpy.ndarray: dtype ``uint8``, shape ``(n_rows, height, width, 3)``, or ``(n_rows, height, width, 1)`` for grey.

    Raises:
        InputError: If a picture cannot be used; the message names the first rows with file and reason, and the count.

    Example:
        >>> load_images([np.zeros((4, 6)), np.ones((9, 9))], size=(2, 2), colour="grey")[:, 0, 0, 0].tolist()
        [0, 255]
    """
    rule = _Rule.checked(size, resize, colour)
    if rule.size is None:
        stop([complaint("size", "(height, width)", "None", "Pictures of one array have one size.")])
    _cells.check_column(column)
    images = np.empty((len(column), *(rule.size or ()), CHANNELS[colour]), np.uint8)
    _keep_memory()

    def fill(place: int, cell: Any) -> None:
        pixels = rule.apply(cell, images[place])
        if pixels.base is not images:
            images[place] = pixels

    _cells.stop_at_faults(_cells.each(column, fill, workers=workers), column)
    return images


def image_info(cell: Any) -> ImageInfo:
    """What the header of a picture says; its pixels are not decoded.

    Args:
        cell: A file's path, or an array.

    Returns:
        ImageInfo: Height, width, mode, format, orientation, and frames.

    Raises:
        InputError: If the file is missing, empty, no picture, or has more than `MAX_PIXELS` pixels; if the array is none.

    Example:
        >>> image_info(np.zeros((4, 6), np.uint8))
        ImageInfo(height=4, width=6, mode='L', format='array', orientation=1, frames=1)
    """
    try:
        return header(cell)
    except Fault as fault:
        raise InputError(fault.said(_cells.named(cell))) from fault.__cause__


def header(cell: Any) -> ImageInfo:
    """`image_info` that raises a `Fault`."""
    if not _cells.is_path(cell):
        pixels = from_array(cell)
        mode = "L" if pixels.ndim == 2 else {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
        return ImageInfo(pixels.shape[0], pixels.shape[1], mode, "array")
    with _opened(cell) as image, _Broken():
        turn = _turn(image)
        width, height = image.size[::-1] if turn in _SIDEWAYS else image.size
        return ImageInfo(
            height, width, image.mode, image.format or "", turn, int(getattr(image, "n_frames", 1))
        )


def decoded(path: str | os.PathLike[str]) -> None:
    """Decode a file in full, and check what its format lets one check.

    A PNG carries a checksum for each block. A JPEG carries none: what can be seen is a missing end, and codes that
    do not fit; a fault that leaves valid codes behind shows only in the picture.

    Raises:
        Fault: If the file is damaged.
    """
    with _opened(path) as image, _Broken():
        image.verify()
    said = _jpegs.damage(path)
    if said:
        raise Fault(
            "a whole picture", f"a damaged one ({said})", "Download or copy it again, or leave it out."
        )
    _Rule(None, "stretch", "rgb").apply(path)


@dataclasses.dataclass(frozen=True)
class _Rule:
    """What becomes of a picture once it is decoded."""

    size: tuple[int, int] | None
    resize: str
    colour: str

    @classmethod
    def checked(cls, size: Any, resize: str, colour: str) -> "_Rule":
        check_choice(resize, RESIZE, "resize")
        check_choice(colour, CHANNELS, "colour")
        if size is not None:
            if not isinstance(size, (tuple, list)) or len(size) != 2:
                stop([complaint("size", "(height, width) in pixels", repr(size), "Such as (96, 128).")])
            for side, name in zip(size, ("height", "width"), strict=True):
                check_number(side, f"size, {name}", low=1, whole=True)
            size = (int(size[0]), int(size[1]))
            if size[0] * size[1] > MAX_PIXELS:
                stop([complaint("size", f"at most {MAX_PIXELS:,} pixels", repr(size))])
        return cls(size, resize, colour)

    def apply(self, cell: Any, out: np.ndarray | None = None) -> np.ndarray:
        """The pixels of one cell, in `out` where that fits; raises a `Fault`."""
        if not _cells.is_path(cell):
            image = plain(as_image(from_array(cell)), self.colour)
            inner = self._inner(image.height, image.width)
            return self._framed(resized(image, inner, None, out if inner == self.size else None))
        pixels = self._quickly(_jpegs.upright(cell), 1, out)
        if pixels is not None:
            return self._framed(pixels)
        with _opened(cell) as image:
            turn = _turn(image)
            pixels = self._quickly(_jpegs.opened(image), turn, out)
            if pixels is None:
                pixels, turn = self._by_pillow(image, turn, out)
        return self._framed(_TURNS[turn](pixels))

    def _quickly(self, stored: _jpegs.Stored | None, turn: int, out: np.ndarray | None) -> np.ndarray | None:
        """The pixels of a whole JPEG file at the size, as they are stored; None for any other file."""
        if stored is None:
            return None
        inner = self._inner(stored.height, stored.width, turn)
        into = out if turn == 1 and inner == self.size else None
        return _jpegs.shown(stored, inner if self.size else None, self.colour, into)

    def _by_pillow(self, image: Image.Image, turn: int, out: np.ndarray | None) -> tuple[np.ndarray, int]:
        """The pixels of any picture at the size, as they are stored, and what turns them upright."""
        width, height = image.size
        wanted = self._inner(height, width, turn)[::-1] if self.size else None
        with _Broken():
            drafted = image.draft("L" if self.colour == "grey" else "RGB", wanted)
            image.load()
            flat = plain(image, self.colour)
        turn = _turn(image) if turn == 1 else turn  # a PNG may say so only behind its pixels
        inner, extent = self._inner(height, width, turn), drafted[1][:1:-1] if drafted else None
        return resized(flat, inner, extent, out if turn == 1 and inner == self.size else None), turn

    def _inner(self, height: int, width: int, turn: int = 1) -> tuple[int, int]:
        """Height and width that the whole picture is resized to, while it lies as it is stored."""
        if self.size is None:
            return height, width
        size = self.size[::-1] if turn in _SIDEWAYS else self.size
        if self.resize == "stretch":
            return size
        choose = max if self.resize == "crop" else min
        scale = choose(size[0] / height, size[1] / width)
        return max(1, round(height * scale)), max(1, round(width * scale))

    def _framed(self, pixels: np.ndarray) -> np.ndarray:
        """The middle of a picture, or black around it."""
        if self.size is None or pixels.shape[:2] == self.size:
            return pixels
        canvas = np.zeros((*self.size, pixels.shape[2]), np.uint8)
        to, taken = zip(*map(_centred, self.size, pixels.shape), strict=False)
        canvas[to] = pixels[taken]
        return canvas


def _centred(room: int, length: int) -> tuple[slice, slice]:
    """Where `length` pixels go in the middle of `room`, and which of them."""
    if length <= room:
        start = (room - length) // 2
        return slice(start, start + length), slice(0, length)
    start = (length - room) // 2
    return slice(0, room), slice(start, start + room)


def _turn(image: Image.Image) -> int:
    """The EXIF orientation of a picture; 1 where there is none. Pillow turns a TIFF itself."""
    if image.format == "TIFF" or not any(key in image.info for key in _NOTES):
        return 1
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:  # a damaged note on the camera leaves the pixels as they are
        return 1
    return value if value in _TURNS else 1


class _Broken:
    """Turns whatever a decoder raises at damaged bytes into a `Fault`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, _BROKEN):
            said = str(error).partition("\n")[0] or type(error).__name__
            cure = "Download or copy it again, or leave it out."
            raise Fault("a whole picture", f"a truncated or damaged one ({said})", cure) from error


def _opened(path: Any) -> Image.Image:
    try:
        image = Image.open(path)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Fault(
            f"at most {MAX_PIXELS:,} pixels", str(error).partition(",")[0], "Shrink it first."
        ) from error
    except _BROKEN as error:
        _cells.check_file(path, "a picture")
        cure = "Leave it out, or write it again as PNG or JPEG."
        raise Fault(
            "a picture", "a file that no picture starts like, or one cut off in its header", cure
        ) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise too_large(image.width, image.height)
    return image


def _keep_memory() -> None:
    """Let Pillow keep freed memory for the next picture; a larger number that is already set stays."""
    if Image.core.get_blocks_max() < _POOL_BLOCKS:
        Image.core.set_blocks_max(_POOL_BLOCKS)
