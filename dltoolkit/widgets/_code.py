"""Code as text: what a panel did, written so that it can be pasted and run."""

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
    """A value as Python writes it: text in double quotes, lists as tuples."""
    if isinstance(value, str):
        return f'"{value}"' if '"' not in value and "\\" not in value and value.isprintable() else repr(value)
    if isinstance(value, (list, tuple)):
        inside = ", ".join(literal(v) for v in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return repr(value)
