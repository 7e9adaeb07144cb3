"""Where data that are made or fetched on first use are kept."""

import os
import pathlib
import sys

VARIABLE = "DLTOOLKIT_CACHE"


def cache_dir() -> pathlib.Path:
    """The folder for data that are made on first use, such as the sounds of ``load("spoken-digits")``.

    The environment variable ``DLTOOLKIT_CACHE`` names it; otherwise it is ``dltoolkit`` in the user's own cache folder:
    ``%LOCALAPPDATA%`` on Windows, ``~/Library/Caches`` on macOS, ``$XDG_CACHE_HOME`` or ``~/.cache`` elsewhere. All
    that is in it can be made again.

    Returns:
        pathlib.Path: The folder, which may not exist yet.

    Example:
        >>> cache_dir().is_absolute()
        True
    """
    if told := os.environ.get(VARIABLE):
        return pathlib.Path(told).expanduser().absolute()
    home = pathlib.Path.home()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    return pathlib.Path(base) / "dltoolkit"
