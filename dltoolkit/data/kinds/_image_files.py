"""A folder or a table of picture files as a frame of paths; their pixels stay on the disk."""

import os
import warnings
from collections.abc import Sequence

import pandas as pd

from dltoolkit.data.kinds import _folders, _images

SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm",
    ".pnm", ".avif", ".jp2",
)  # fmt: skip
_KIND = _folders.Kind("image", "picture", SUFFIXES, _images.header, _images.decoded)


def read_images(
    source: str | os.PathLike[str] | Sequence[str] | pd.Series,
    *,
    image: str | None = None,
    verify: bool = False,
    strict: bool = False,
    workers: int | None = None,
) -> pd.DataFrame:
    """A table of picture files: one row a file, in natural order, with its path. No pixel is kept in memory.

    In a folder, each sub-folder is a class: what lies in it, at any depth, has its name as the label. A folder
    without sub-folders gives no label. A table (CSV, TSV or Parquet) keeps its columns; its paths start at the
    folder that it lies in. Hidden and system files are passed over; other endings are counted in a warning.

    The header of every file is read. A damaged file is left out with a warning and stands, with the reason, in
    `data.quarantine`.

    Args:
        source: A folder, a table of paths, or a list or Series of paths.
        image: The column of the table that holds the paths. Defaults to None: the only one whose values all end like
            a picture file.
        verify: Whether to decode every file in full, which finds more damage and takes longer. Defaults to False. A JPEG
            has no checksum: damage that leaves valid codes behind is not seen.
        strict: Whether to stop at the first damaged file. Defaults to False.
        workers: Threads that read. Defaults to None: one a core.

    Returns:
        pandas.DataFrame: ``image`` (absolute path) and, where the folder has classes, ``label``, both str; or the columns of
            the table. ``attrs["notes"]`` says what was handled, ``attrs["quarantine"]`` what was left out.

    Raises:
        FileNotFoundError: If there is no such folder or table.
        PermissionError: If a folder may not be read.
        InputError: If there is no picture, or no whole one; if a class folder is empty, or a picture lies beside the class
            folders; if the table has no column of paths, or more than one; with `strict`, at the first damaged file.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cat", "dog"):
        ...         pathlib.Path(folder, name).mkdir()
        ...         Image.fromarray(np.zeros((4, 4), np.uint8)).save(f"{folder}/{name}/1.png")
        ...     read_images(folder)["label"].tolist()
        ['cat', 'dog']
    """
    found = _folders.collected(source, _KIND, column=image, verify=verify, strict=strict, workers=workers)
    for said in found.warned:
        warnings.warn(said, UserWarning, stacklevel=2)
    return found.result("image")
