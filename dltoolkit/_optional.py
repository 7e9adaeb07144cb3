"""Packages that only some work needs: asked for when that work begins, with the line that installs them."""

import importlib
from typing import Any


def needed(package: str, *, extra: str, work: str) -> Any:
    """Import a package that comes with an extra of this one.

    Args:
        package: The name to import.
        extra: The extra of dltoolkit that brings it.
        work: What needs it, such as ``"reading sound files"``.

    Returns:
        module: The package.

    Raises:
        ImportError: If it is not installed; the message says who needs it and how to install it.

    Example:
        >>> needed("json", extra="text", work="an example").__name__
        'json'
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        line = f"{work} needs the package {package!r}. Install it with: pip install 'dltoolkit[{extra}]'"
        raise ImportError(line) from error
