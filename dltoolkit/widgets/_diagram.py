"""A network as a drawing: a column of circles a layer, in the page's own colours."""

import itertools
from collections.abc import Sequence

from dltoolkit._html import ACCENT, GOOD, INK, MUTED, PAPER, escape

MOST = 6  # circles a layer; more units than that are told by dots in the middle
STEP, HEIGHT, RADIUS, GAP = 118, 172, 7, 22  # pixels
MIDDLE, CAPTION = 72, 150


def diagram(layers: Sequence[tuple[int, str]]) -> str:
    """Layers from left to right, each with its width and its name.

    Args:
        layers: Width and name of each layer, the input first and the answer last.

    Returns:
        str: An SVG of up to 118 pixels a layer, which shrinks with its column.

    Example:
        >>> diagram([(3, "features"), (1, "sigmoid")]).count("<circle")
        4
    """
    width = STEP * len(layers)
    columns = [_places(i, units) for i, (units, _) in enumerate(layers)]
    joined = [
        [p for k, p in enumerate(places) if k not in _dots(u)]
        for places, (u, _) in zip(columns, layers, strict=True)
    ]
    lines = [
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
        for left, right in itertools.pairwise(joined)
        for x1, y1 in left
        for x2, y2 in right
    ]
    marks = [_layer(i, layer, columns[i], last=len(layers) - 1) for i, layer in enumerate(layers)]
    told = escape(" to ".join(f"{units:,} {name}" for units, name in layers))
    return (
        f'<svg viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="Network: {told}" '
        f'style="display:block;width:100%;max-width:{width}px;height:auto">'
        f'<g style="stroke:{MUTED}" stroke-width=".7" stroke-opacity=".35">{"".join(lines)}</g>{"".join(marks)}</svg>'
    )


def _places(column: int, units: int) -> list[tuple[float, float]]:
    """Where the circles of a layer stand."""
    n = min(units, MOST)
    x = STEP * column + STEP / 2
    return [(x, MIDDLE + (k - (n - 1) / 2) * GAP) for k in range(n)]


def _dots(units: int) -> set[int]:
    """Which circles of a layer are dots that stand for more."""
    return {MOST // 2 - 1, MOST // 2} if units > MOST else set()


def _layer(column: int, layer: tuple[int, str], places: list[tuple[float, float]], *, last: int) -> str:
    units, name = layer
    look = (
        f"fill:{GOOD if column == last else ACCENT}"
        if column
        else f"fill:{PAPER};stroke:{MUTED};stroke-width:1.5"
    )
    circles = "".join(
        f'<circle cx="{x}" cy="{y}" r="{RADIUS if k not in _dots(units) else 1.6}"/>'
        for k, (x, y) in enumerate(places)
    )
    x = STEP * column + STEP / 2
    text = f'text-anchor="middle" x="{x}"'
    return (
        f'<g style="{look}">{circles}</g>'
        f'<text {text} y="{CAPTION}" font-size="13" font-weight="600" style="fill:{INK}">{units:,}</text>'
        f'<text {text} y="{CAPTION + 15}" font-size="11" style="fill:{MUTED}">{escape(name)}</text>'
    )
