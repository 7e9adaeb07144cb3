"""A network as boxes and arrows, from the input to the answer."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from dltoolkit import models
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import GREY, ink, sequential

# What only bends, drops or normalises is written into the box of the layer before.
FOLLOWERS = {
    "Activation": "activation",
    "ReLU": "ReLU",
    "BatchNormalization": "batch norm",
    "LayerNormalization": "layer norm",
    "Dropout": "dropout",
    "SpatialDropout1D": "dropout",
    "SpatialDropout2D": "dropout",
}
LEVELS_A_COLUMN = 14  # a longer network goes on in a new column
LANE, LEVEL = 2.1, 0.62  # inches that a box and its surroundings take, where the figure is ours
SHADE = 0.45  # share of blue in the box with the most parameters: words stay readable on it


@dataclasses.dataclass
class _Box:
    """A layer with what follows on it, or a network inside."""

    name: str
    kind: str
    output: tuple[int | None, ...]
    parameters: int
    followers: list[str] = dataclasses.field(default_factory=list)
    sources: list[str] = dataclasses.field(default_factory=list)
    level: int = 0
    lane: float = 0.0


def network(description: Any, *, nested: bool = False, ax: Axes | None = None) -> Axes:
    """Boxes and arrows: each layer with its output and its parameters, the deeper blue the more of them.

    Activations, dropout and normalisation stand in the box of the layer before them.

    Args:
        description: A ``models.Description``; or a ``keras.Model``, which is described first.
        nested: Whether networks inside the network are opened. Defaults to False: a box each.
        ax: Where to draw. Defaults to None: a new figure, as large as the network asks for.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `description` is neither.
    """
    if not all(hasattr(description, name) for name in ("layers", "edges", "parameters")):
        description = models.describe(description)
    boxes = _boxes(description, nested=nested)
    _arrange(boxes)
    levels = 1 + max(box.level for box in boxes.values())
    lanes = max(2 * abs(box.lane) for box in boxes.values()) + 1
    columns = math.ceil(levels / LEVELS_A_COLUMN)
    height = 1.1 + LEVEL * min(levels, LEVELS_A_COLUMN)
    ax = draw.axes(ax, height=height, width=max(3.8, 0.7 + LANE * lanes * columns))
    columns = _columns(ax, levels, lanes) if columns > 1 else 1
    _draw(ax, boxes, columns, (math.ceil(levels / columns), lanes))
    title = f"{description.name}: {description.parameters:,} parameters in {len(description.layers)} layers"
    ax.set(xticks=[], yticks=[])
    draw.finish(
        ax, title=title, x="deeper blue: more parameters", y="from the input down to the answer", grid="none"
    )
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _boxes(description: Any, *, nested: bool) -> dict[str, _Box]:
    """The layers as boxes by name, in order, with the boxes that they read."""
    boxes: dict[str, _Box] = {}
    home: dict[str, str] = {}
    sources: dict[str, list[str]] = {}
    readers: dict[str, set[str]] = {}
    for start, end in description.edges:
        sources.setdefault(end, []).append(start)
        readers.setdefault(start, set()).add(end)
    for row in description.layers.itertuples():
        name = row.layer if nested else row.layer.split("/")[0]
        given = list(dict.fromkeys(home[s] for s in sources.get(row.layer, []) if home[s] != name))
        if name in boxes:
            box = boxes[name]
            box.parameters += row.parameters
            box.output = row.output
            box.sources += [s for s in given if s not in box.sources]
        elif row.kind in FOLLOWERS and len(given) == 1 and len(readers[sources[row.layer][0]]) == 1:
            name = given[0]
            boxes[name].followers.append(FOLLOWERS[row.kind])
            boxes[name].parameters += row.parameters
        else:
            kind = row.kind if name == row.layer else "network"
            boxes[name] = _Box(name, kind, row.output, row.parameters, sources=given)
        home[row.layer] = name
    return boxes


def _arrange(boxes: dict[str, _Box]) -> None:
    """A level for each box below all that it reads, and a lane near them."""
    for box in boxes.values():
        box.level = 1 + max((boxes[s].level for s in box.sources), default=-1)
    for name, box in reversed(boxes.items()):  # a short branch stands next to where it joins, not far above
        readers = [other.level for other in boxes.values() if name in other.sources]
        box.level = min(readers) - 1 if readers else box.level
    for level in range(1 + max(box.level for box in boxes.values())):
        here = [box for box in boxes.values() if box.level == level]
        here.sort(key=lambda b: float(np.mean([boxes[s].lane for s in b.sources])) if b.sources else 0.0)
        for i, box in enumerate(here):
            box.lane = i - (len(here) - 1) / 2


def _columns(ax: Axes, levels: int, lanes: float) -> int:
    """The number of columns with which a box gets the most room."""
    width, height = draw.inches(ax)

    def room(columns: int) -> float:
        return min(width / (columns * lanes) / LANE, height / math.ceil(levels / columns) / LEVEL)

    return max(range(1, levels + 1), key=room)


def _draw(ax: Axes, boxes: dict[str, _Box], columns: int, size: tuple[int, float]) -> None:
    rows, lanes = size
    ax.set_xlim(0, columns * lanes)
    ax.set_ylim(rows, 0)
    middle = {
        name: (lanes * (box.level // rows) + lanes / 2 + box.lane, box.level % rows + 0.5)
        for name, box in boxes.items()
    }
    most = max(box.parameters for box in boxes.values()) or 1
    shade, edge = sequential(ax), ink(ax)
    wide, high = 0.84, 0.68
    for name, box in boxes.items():
        for source in box.sources:
            crossing = (box.level // rows) - (boxes[source].level // rows)
            _arrow(
                ax,
                middle[source],
                middle[name],
                step=(box.level - boxes[source].level, crossing),
                half=(wide / 2, high / 2),
            )
        x, y = middle[name]
        face = shade(SHADE * math.sqrt(box.parameters / most))
        style = "round,pad=0,rounding_size=0.06"
        ax.add_patch(
            FancyBboxPatch(
                (x - wide / 2, y - high / 2), wide, high, style, facecolor=face, edgecolor=GREY, zorder=2
            )
        )
        _label(ax, box, (x, y), room=(wide / (columns * lanes), high / rows), colour=edge)


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    step: tuple[int, int],
    half: tuple[float, float],
) -> None:
    """From below one box to above another; round the side where boxes lie between, through the gap between columns."""
    levels, columns = step
    style: dict[str, Any] = {"color": GREY, "linewidth": 1.0, "zorder": 1}
    if columns:
        gap = start[0] + (half[0] + 0.5) / 2
        points = np.array([(start[0] + half[0], start[1]), (gap, start[1]), (gap, 0.04), (end[0], 0.04)])
        ax.plot(*points.T, **style)
        start, half, levels = (end[0], 0.04 - half[1]), (half[0], half[1]), 1
    shape: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0}
    if levels > 1 and abs(start[0] - end[0]) < 0.3:
        places = [(start[0] + half[0], start[1]), (end[0] + half[0], end[1])]
        patch = FancyArrowPatch(places[0], places[1], connectionstyle="arc3,rad=-0.25", **shape, **style)
    else:
        places = [(start[0], start[1] + half[1]), (end[0], end[1] - half[1])]
        patch = FancyArrowPatch(places[0], places[1], **shape, **style)
    ax.add_patch(patch)


def _label(
    ax: Axes, box: _Box, place: tuple[float, float], *, room: tuple[float, float], colour: Any
) -> None:
    """Name and facts of a box, as large as they fit."""
    width, height = draw.inches(ax)
    wide, high = 72 * width * room[0], 72 * height * room[1]  # points
    lines = _lines(box)
    size = min(draw.SMALL, high / (len(lines) * draw.HIGH))
    if size < draw.TINY:
        lines, size = lines[:1], min(draw.SMALL, max(high / draw.HIGH, 3.0))
    longest = max(len(line) for line in lines)
    size = float(np.clip(wide / (longest * draw.WIDE), min(size, draw.TINY), size))
    texts = [draw.elided(line, max(4, int(wide / (size * draw.WIDE)))) for line in lines]
    ax.text(
        *place,
        "\n".join(texts),
        ha="center",
        va="center",
        fontsize=size,
        color=colour,
        zorder=3,
        clip_on=True,
    )


def _lines(box: _Box) -> Sequence[str]:
    output = " × ".join("?" if side is None else f"{side:,}" for side in box.output) or "1"
    counted = f", {draw.short(box.parameters)} par." if box.parameters else ""
    after = [f"+ {', '.join(box.followers)}"] if box.followers else []
    return (box.name, f"{box.kind}: {output}{counted}", *after)
