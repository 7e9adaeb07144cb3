"""Small pieces of HTML that take their colours from JupyterLab's theme, and read well without one."""

import html
from collections.abc import Iterable

import pandas as pd

# JupyterLab sets these variables for its light and dark themes; the fallbacks serve pages that know none of them.
INK = "var(--jp-ui-font-color1, inherit)"
MUTED = "var(--jp-ui-font-color2, rgba(128, 128, 128, 1))"
LINE = "var(--jp-border-color2, rgba(128, 128, 128, .4))"
PAPER = "var(--jp-layout-color0, Canvas)"
SURFACE = "var(--jp-layout-color2, rgba(128, 128, 128, .12))"
ACCENT = "var(--jp-brand-color1, #1976d2)"
ON_ACCENT = "var(--jp-ui-inverse-font-color0, #fff)"
GOOD = "var(--jp-success-color1, #388e3c)"
WARN = "var(--jp-warn-color1, #f57c00)"
BAD = "var(--jp-error-color1, #d32f2f)"
MONO = "var(--jp-code-font-family, monospace)"


def escape(value: object) -> str:
    """`value` as text that HTML shows as it is."""
    return html.escape(str(value), quote=True)


def items(values: Iterable[object]) -> str:
    """List items, escaped."""
    return "".join(f"<li>{escape(v)}</li>" for v in values)


def table(frame: pd.DataFrame, *, caption: str, mark: Iterable[object] = ()) -> str:
    """A table for a panel: numbers to the right, wide content scrolls inside its own box.

    Args:
        frame: What to show; the index is the first column when it has a name.
        caption: Says what the table holds; it is read out by screen readers and shown above.
        mark: Index labels of rows to lift out. Defaults to none.

    Returns:
        str: HTML with the class ``dlt-table``.

    Example:
        >>> "<td>relu</td>" in table(pd.DataFrame({"activation": ["relu"]}), caption="Layers")
        True
    """
    marked = set(mark)
    named = frame.index.name is not None
    names = ([frame.index.name] if named else []) + list(frame.columns)
    numeric = [False] * named + [pd.api.types.is_numeric_dtype(t) for t in frame.dtypes]
    head = "".join(
        f'<th scope="col"{_right(number)}>{escape(n)}</th>' for n, number in zip(names, numeric, strict=True)
    )
    body = []
    for label, *values in frame.itertuples(name=None):
        cells = ([str(label)] if named else []) + values
        row = "".join(f"<td{_right(n)}>{cell(c)}</td>" for c, n in zip(cells, numeric, strict=True))
        body.append(f"<tr{' class=dlt-mark' if label in marked else ''}>{row}</tr>")
    return (
        f'<div class="dlt-scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="dlt-table">'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def cell(value: object) -> str:
    """One value of a table: numbers short, missing values as a dash, text escaped."""
    if value is None or (not isinstance(value, (str, list, tuple)) and pd.isna(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 or abs(value) >= 1e15 else f"{value:,.0f}"
    return escape(value)


def _right(number: bool) -> str:
    return ' class="dlt-number"' if number else ""
