"""Code as text: what a panel did, written so that it can be pasted and run."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

LINE = 88  # characters; what fits a notebook cell at 600 px with room to spare wraps earlier in the browser


def call(target: str, positional: Sequence[str] = (), keywords: Mapping[str, Any] | None = None) -> str:
    """A call in one line where it fits, else one argument a line.

    Args:
        target: What is called, with what it is assigned to, such as ``"run = training.fit"``.
        positional: Arguments as they are to be written.
        keywords: Names and values; a value is written as its ``repr``.

    Returns:
        str: The code.

    Example:
        >>> call("model = models.mlp", ["problem"], {"units": (8, 4), "seed": 0})
        'model = models.mlp(problem, units=(8, 4), seed=0)'
    """
    arguments = [*positional, *(f"{name}={literal(value)}" for name, value in (keywords or {}).items())]
    line = f"{target}({', '.join(arguments)})"
    if len(line) <= LINE:
        return line
    return "\n".join([f"{target}(", *(f"    {a}," for a in arguments), ")"])


def literal(value: Any) -> str:
    """A value as Python writes it: text in double quotes, lists as tuples, options by what is not their default.

    Example:
        >>> from dltoolkit.preprocessing import ImageOptions
        >>> literal(ImageOptions(size=(8, 8)))
        'preprocessing.ImageOptions(size=(8, 8))'
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        usual = type(value)()
        given = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        changed = {name: v for name, v in given.items() if v != getattr(usual, name)}
        inside = ", ".join(f"{name}={literal(v)}" for name, v in changed.items())
        return f"{type(value).__module__.split('.')[1]}.{type(value).__name__}({inside})"
    if isinstance(value, str):
        return f'"{value}"' if '"' not in value and "\\" not in value and value.isprintable() else repr(value)
    if isinstance(value, (list, tuple)):
        inside = ", ".join(literal(v) for v in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return repr(value)
