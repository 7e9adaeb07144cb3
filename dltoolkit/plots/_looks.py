"""Pictures of what convolutional layers see, and of pictures that are alike."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba

from dltoolkit._checks import check_choice, check_number
from dltoolkit._text import as_text
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, VERMILION, ground

MOST_MAPS = 8  # of each layer, the strongest
MOST_TILES = 64
LEAST = 16  # cells a tile is drawn with, so that the gap beside it is narrow
GAP = 0.08  # share of a tile between two


def feature_maps(maps: Any, *, row: int = 0, layer: str | None = None, ax: Axes | None = None) -> Axes:
    """What the layers answer to one row: a line for each layer, the strongest maps first; or all maps of one layer.

    Each map has its own scale, from nothing to its largest value.

    Args:
        maps: An ``explain.FeatureMaps``.
        row: Position of the row, from 0. Defaults to 0.
        layer: The one layer to draw, with up to 64 maps. Defaults to None: all layers, 8 maps each.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `maps` is something else, or has no such row or layer.
    """
    draw.need(maps, "maps", "an explain.FeatureMaps", ("maps", "fields", "index"))
    check_number(row, "row", low=0, high=len(maps.index) - 1, whole=True)
    if layer is not None:
        check_choice(layer, maps.maps, "layer")
        tiles = _tiles(maps.maps[layer][row], MOST_TILES)
        columns = math.ceil(math.sqrt(1.6 * len(tiles)))
        lines = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
        names = [str(i * columns + 1) for i in range(len(lines))]
        title, y = f"{layer}: {maps.maps[layer].shape[-1]} maps, the strongest first", "map"
    else:
        lines = [_tiles(values[row], MOST_MAPS) for values in maps.maps.values()]
        names, y = [_named(name, maps.fields.get(name)) for name in maps.maps], "layer (what a unit sees)"
        columns = max(len(line) for line in lines)
        title = f"The strongest maps of {len(lines)} layer{'s' * (len(lines) > 1)}"
    ax = draw.axes(ax, height=1.0 + 0.75 * len(lines), width=1.6 + 0.75 * columns)
    _mosaic(ax, lines)
    draw.name_ticks(ax, "y", names)
    ax.set_xticks([])
    return draw.finish(ax, title=title, x="bright: strong answer", y=y, grid="none")


def _named(layer: str, field: tuple[float, ...] | None) -> str:
    last = layer.rsplit("/", 1)[-1]
    return last if not field else f"{last} ({'×'.join(f'{side:g}' for side in field)})"


def _tiles(values: np.ndarray, most: int) -> list[np.ndarray]:
    """The strongest maps of one row, each in [0, 1]; maps along one axis are drawn as one tile, a line each."""
    if values.ndim == 2:
        values = values.T[:, :, None]
    size = np.abs(values).mean(axis=tuple(range(values.ndim - 1)))
    chosen = np.argsort(-size, kind="stable")[:most]
    found = []
    for i in chosen:
        tile = np.maximum(values[..., i], 0) if values[..., i].max() > 0 else -values[..., i]
        found.append(tile / max(float(tile.max()), 1e-12))
    return found


def _mosaic(ax: Axes, lines: list[list[np.ndarray]]) -> None:
    """Tiles in lines, of one size: line i at height i, tile k at place k. Grey tiles, or those with colours as they are."""
    paper = ground(ax)
    first = max((tile.shape[:2] for line in lines for tile in line), key=lambda shape: shape[0] * shape[1])
    across, shades = max(len(line) for line in lines), np.array([0.05, 0.95])
    times = math.ceil(LEAST / max(1, min(first)))
    height, width = (times * side for side in first)
    edge = max(1, round(GAP * min(height, width)))
    canvas = np.ones((len(lines) * (height + edge), across * (width + edge), 3)) * paper
    for i, line in enumerate(lines):
        for k, tile in enumerate(line):
            rows = np.arange(height) * tile.shape[0] // height
            cells = tile[rows][:, np.arange(width) * tile.shape[1] // width]
            cells = (
                np.repeat((shades[0] + cells * np.ptp(shades))[..., None], 3, axis=-1)
                if cells.ndim == 2
                else cells
            )
            top, left = i * (height + edge) + edge // 2, k * (width + edge) + edge // 2
            canvas[top : top + height, left : left + width] = np.clip(cells, 0, 1)
    extent = (-0.5, across - 0.5, len(lines) - 0.5, -0.5)
    ratio = (height + edge) / (width + edge)
    ax.imshow(canvas, extent=extent, aspect=ratio, interpolation="nearest")


def filters(filters: Any, *, ax: Axes | None = None) -> Axes:
    """The patterns that a convolutional layer looks for: blue is wanted, vermilion is not; of three channels in colour.

    Args:
        filters: An ``explain.Filters``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `filters` is something else.
    """
    draw.need(filters, "filters", "an explain.Filters", ("layer", "values"))
    values = filters.values if filters.values.ndim == 4 else np.moveaxis(filters.values, 1, 0)[:, :, None]
    n = values.shape[-1]
    tiles = [_filter(values[..., i], ax) for i in range(min(n, MOST_TILES))]
    columns = math.ceil(math.sqrt(1.6 * len(tiles)))
    lines = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    ax = draw.axes(ax, height=1.0 + 0.6 * len(lines), width=1.4 + 0.6 * columns)
    _mosaic(ax, lines)
    draw.name_ticks(ax, "y", [str(i * columns + 1) for i in range(len(lines))])
    ax.set_xticks([])
    size = " × ".join(map(str, filters.values.shape[:-1]))
    note = f", {len(tiles)} shown" if len(tiles) < n else ""
    if values.shape[2] == 3:
        x = "colour: the colour that is wanted"
    else:
        x = "blue: wanted, vermilion: not" + (" (mean over channels)" if values.shape[2] > 1 else "")
    return draw.finish(
        ax, title=f"{filters.layer}: {n} filters of {size}{note}", x=x, y="filter", grid="none"
    )


def _filter(kernel: np.ndarray, ax: Axes | None) -> np.ndarray:
    """One kernel ``(height, width, channels)`` as colours."""
    if kernel.shape[2] == 3:
        low, high = kernel.min(), kernel.max()
        return (kernel - low) / max(high - low, 1e-12)
    flat = kernel.mean(axis=2)
    share = flat / max(float(np.abs(flat).max()), 1e-12)
    colours = LinearSegmentedColormap.from_list("wanted", [VERMILION, "#f4f4f4", BLUE])
    return colours((share + 1) / 2)[..., :3]


def heatmap(heatmaps: Any, *, row: int = 0, ax: Axes | None = None) -> Axes:
    """Where the network looked for a class: the picture in grey, the places that speak for it in vermilion.

    Args:
        heatmaps: An ``explain.Heatmaps``.
        row: Position of the row, from 0. Defaults to 0.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `heatmaps` is something else, or has no such row.
    """
    draw.need(heatmaps, "heatmaps", "an explain.Heatmaps", ("heat", "pictures", "targets"))
    check_number(row, "row", low=0, high=len(heatmaps.heat) - 1, whole=True)
    ax = draw.axes(ax, height=4.0, width=4.4)
    heat, picture = heatmaps.heat[row], heatmaps.pictures[row]
    title = (
        f"What speaks for {draw.elided(heatmaps.targets[row], 24)}, at {draw.elided(heatmaps.layer, 24)!r}"
    )
    if heat.ndim == 1:
        curve = picture.reshape(len(heat), -1).mean(axis=1)
        ax.plot(curve, color=BLUE, linewidth=1.2)
        low, high = float(curve.min()), float(curve.max())
        ax.fill_between(
            range(len(heat)), low, low + heat * (high - low or 1.0), color=VERMILION, alpha=0.4, linewidth=0
        )
        draw.numbers(ax, "x", whole=True)
        draw.numbers(ax, "y")
        return draw.finish(ax, title=title, x="step (vermilion: its weight)", y="signal, mean over channels")
    ax.imshow(_shown(picture).mean(axis=-1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    colours = LinearSegmentedColormap.from_list("heat", [to_rgba(VERMILION, 0.0), to_rgba(VERMILION, 0.85)])
    ax.imshow(heat, cmap=colours, vmin=0, vmax=1)
    draw.numbers(ax, "x", whole=True)
    draw.numbers(ax, "y", whole=True)
    return draw.finish(ax, title=title, x="column (vermilion: looked at)", y="row", grid="none")


def _shown(picture: np.ndarray) -> np.ndarray:
    """A feature as colours in [0, 1], three channels: as it is where it is one, else from its least to its largest."""
    picture = np.asarray(picture, "float64")
    channels = picture[..., :3] if picture.shape[-1] >= 3 else np.repeat(picture[..., :1], 3, axis=-1)
    low, high = float(channels.min()), float(channels.max())
    if low >= 0 and high <= 1:
        return channels
    return (channels - low) / max(high - low, 1e-12)


def neighbours(neighbours: Any, *, ax: Axes | None = None) -> Axes:
    """The rows that a network takes for most alike: as pictures where they are, else a bar for each.

    Args:
        neighbours: An ``explain.Neighbours``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `neighbours` is something else.
    """
    draw.need(neighbours, "neighbours", "an explain.Neighbours", ("similarity", "rows", "pictures"))
    similarity, target = neighbours.similarity, neighbours.target
    labels = [str(i) for i in neighbours.rows.index]
    if target is not None:
        labels = list(as_text(neighbours.rows[target]).fillna("?"))
    title = f"Nearest to {draw.elided(neighbours.row, 20)!r} at {draw.elided(neighbours.layer, 24)!r}"
    if neighbours.pictures is not None:
        ax = draw.axes(ax, height=2.4, width=1.2 + 1.1 * len(labels))
        _mosaic(ax, [[_shown(picture) for picture in neighbours.pictures]])
        told = ["asked", *(f"{s:.2f}" for s in similarity)]
        draw.name_ticks(ax, "x", [f"{label} {text}" for label, text in zip(labels, told, strict=True)])
        ax.set_yticks([])
        return draw.finish(ax, title=title, x="label and cosine", y="picture", grid="none")
    ax = draw.axes(ax, height=1.4 + 0.26 * len(similarity))
    names = [
        f"{i} ({label})" if target is not None else label
        for i, label in zip(neighbours.rows.index[1:], labels[1:], strict=True)
    ]
    draw.bars(ax, names, np.maximum(similarity, 0), color=BLUE, texts=[f"{s:.3f}" for s in similarity])
    draw.numbers(ax, "x")
    own = f" (asked: {draw.elided(labels[0], 16)})" if target is not None else ""
    return draw.finish(ax, title=title, x="cosine of the two vectors", y=f"row{own}", grid="x")
