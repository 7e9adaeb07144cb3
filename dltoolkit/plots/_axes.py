"""What every plot needs: an Axes to draw on, labels that fit, and one look."""

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.patheffects import withStroke

from dltoolkit._checks import InputError, complaint
from dltoolkit.plots._palette import GREY, GRID, SPINE, ground, ink

# Points. The smallest is what still reads in a figure of 4 inches.
TITLE, LABEL, TICK, SMALL, TINY = 10.0, 9.0, 8.0, 7.0, 5.5
# Mean width and height of a character, in units of the font size, of matplotlib's own font.
WIDE, HIGH = 0.58, 1.3


def axes(ax: Axes | None, *, height: float = 3.6, width: float = 5.5) -> Axes:
    """The Axes that the caller gave, or one in a new figure of `width` by `height` inches.

    Raises:
        InputError: If `ax` is something else.
    """
    if ax is None:
        return plt.subplots(figsize=(width, height), layout="constrained")[1]
    if not isinstance(ax, Axes):
        cure = "Make one: figure, ax = plt.subplots()."
        raise InputError(complaint("ax", "a matplotlib Axes", type(ax).__name__, cure))
    return ax


def need(result: Any, argument: str, kind: str, attributes: Sequence[str]) -> None:
    """Make sure that a result has what a plot reads.

    Raises:
        InputError: If it lacks any of `attributes`; the message says what was expected.
    """
    if not all(hasattr(result, name) for name in attributes):
        raise InputError(complaint(argument, kind, type(result).__name__))


def inches(ax: Axes) -> tuple[float, float]:
    """Width and height that the drawing area will have, as far as it can be told before it is laid out.

    A layout engine gives it what its labels leave of the figure; without one its place is fixed.
    """
    box = ax.get_window_extent()
    width, height = box.width / ax.figure.dpi, box.height / ax.figure.dpi
    if ax.figure.get_layout_engine() is None:
        return width, height
    beside, below = (_longest(axis) for axis in (ax.yaxis, ax.xaxis))
    upright = ax.xaxis.get_tick_params().get("rotation") == 90
    tall = height / 0.77 - 0.65 - (below if upright else TICK * HIGH / 72)
    return max(0.4 * width, width / 0.775 - 0.4 - max(beside, 0.25)), max(0.4 * height, min(tall, height))


def _longest(axis: Axis) -> float:
    """Inches that the longest tick label takes."""
    size = axis.get_tick_params().get("labelsize", TICK)
    size = size if isinstance(size, (int, float)) else TICK
    return max((len(label.get_text()) for label in axis.get_ticklabels()), default=0) * size * WIDE / 72


def finish(ax: Axes, *, title: str, x: str, y: str, grid: str = "both") -> Axes:
    """Title, axis labels and the one look; text is wrapped to the width there is.

    Args:
        ax: What was drawn on.
        title: What is seen, with n.
        x: Label of the x axis, with its unit.
        y: Label of the y axis, with its unit.
        grid: ``"both"``, ``"x"``, ``"y"`` or ``"none"``. Defaults to both.

    Returns:
        matplotlib.axes.Axes: `ax`.
    """
    width, height = inches(ax)
    colour = ink(ax, outside=True)
    ax.set_title(wrapped(title, width, TITLE), fontsize=TITLE, color=colour)
    ax.set_xlabel(wrapped(x, width, LABEL), fontsize=LABEL, color=colour)
    ax.set_ylabel(wrapped(y, height, LABEL), fontsize=LABEL, color=colour)
    ax.tick_params(color=SPINE, labelcolor=colour)
    for side in ("x", "y"):
        if not isinstance(getattr(ax, f"{side}axis").get_major_locator(), ticker.FixedLocator):
            ax.tick_params(axis=side, labelsize=TICK)
    for name, spine in ax.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(SPINE)
    ax.grid(False)
    ax.set_axisbelow(True)
    if grid != "none":
        ax.grid(axis=grid, color=GRID, linewidth=0.8)  # type: ignore[arg-type]
    return ax


def wrapped(text: str, width: float, size: float) -> str:
    """`text` with line breaks so that it fits into `width` inches at a font size in points."""
    return "\n".join(
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, max(12, int(width * 72 / (size * WIDE))))
    )


def elided(name: object, most: int) -> str:
    """A name with its middle cut out when it is longer than `most` characters: beginnings and ends tell names apart.

    Example:
        >>> elided("a_very_long_column_name", 12)
        'a_very_…name'
    """
    text = " ".join(str(name).split())
    if len(text) <= most:
        return text
    tail = max(1, (most - 1) * 2 // 5)
    return f"{text[: most - 1 - tail]}…{text[-tail:]}"


def elided_all(names: Sequence[object], most: int) -> list[str]:
    """Names cut to `most` characters; where their middles tell them apart, to a window around where they differ.

    Example:
        >>> elided_all(["the class of small ships", "the class of large ships"], 14)
        ['…ass of small…', '…ass of large…']
    """
    cut = [elided(name, most) for name in names]
    texts = [" ".join(str(name).split()) for name in names]
    if len(set(cut)) == len(set(texts)):
        return cut
    front = _shared(texts)
    back = _shared([text[front:][::-1] for text in texts])
    longest = max(len(text) for text in texts) - front - back
    start = max(0, front - max(0, most - 2 - longest))
    windows = [text[start : start + most - 2] for text in texts]
    return [
        f"{'…' * (start > 0)}{window}{'…' * (start + len(window) < len(text))}"
        for text, window in zip(texts, windows, strict=True)
    ]


def _shared(texts: Sequence[str]) -> int:
    """How many characters all texts begin with."""
    return next((k for k, letters in enumerate(zip(*texts, strict=False)) if len(set(letters)) > 1), 0)


def name_ticks(ax: Axes, side: str, names: Sequence[object]) -> None:
    """Name the positions 0, 1, 2, … of an axis so that no name overlaps another: smaller, upright, or every k-th.

    Args:
        ax: The Axes.
        side: ``"x"`` or ``"y"``.
        names: One name a position.
    """
    width, height = inches(ax)
    room = 72 * (width if side == "x" else height) / max(len(names), 1)
    size = float(np.clip(room / HIGH, TINY, TICK))
    step = int(np.ceil(TINY * HIGH / room))
    figure_width, figure_height = ax.get_figure(root=True).get_size_inches()  # type: ignore[union-attr]
    level = _level(names, int(room / (TICK * WIDE))) if side == "x" else None
    most = 72 * (0.3 * figure_width if side == "y" else 0.25 * figure_height) / (size * WIDE)
    texts = level or elided_all(names, max(8, int(most)))
    set_ticks = ax.set_xticks if side == "x" else ax.set_yticks
    set_ticks(range(0, len(names), step), texts[::step])
    ax.tick_params(axis=side, labelsize=TICK if level else size, length=2)  # type: ignore[arg-type]
    if side == "x":
        ax.tick_params(axis="x", labelrotation=0 if level else 90)


def name_matrix(ax: Axes, rows: Sequence[object], columns: Sequence[object]) -> None:
    """Name the rows and the columns of a matrix; each takes room from the other."""
    name_ticks(ax, "y", rows)
    name_ticks(ax, "x", columns)
    name_ticks(ax, "y", rows)


def _level(names: Sequence[object], most: int) -> list[str] | None:
    """Names in lines of at most `most` characters, to be written level; None when they need more than two lines."""
    texts = [" ".join(str(name).split()) for name in names]
    if max(map(len, texts), default=0) < most:
        return texts
    lines = [textwrap.wrap(text, max(most - 1, 1), break_long_words=False) for text in texts]
    fits = all(len(text) <= 2 and max(map(len, text), default=0) < most for text in lines)
    return ["\n".join(text) for text in lines] if fits else None


def end_labels(ax: Axes, ends: Sequence[tuple[float, float, str, Any]]) -> None:
    """Write each line's name behind its end, in its colour, none over another; the x axis grows to make room.

    Args:
        ax: The Axes, with its limits settled.
        ends: For each line x and y of its end (data coordinates), its name and its colour.
    """
    width, height = (72 * side for side in inches(ax))  # in points
    ends = [end for end in ends if np.isfinite(end[1])]
    if not ends:
        return
    share = min(0.45, max(len(text) for *_, text, _ in ends) * TICK * WIDE / width + 0.06)
    left, right = ax.get_xlim()
    last = max(end[0] for end in ends)
    ax.set_xlim(left, max(right, left + (last - left) / (1 - share)))
    place = ax.transData + ax.transAxes.inverted()
    spots = np.array([place.transform((x, y)) for x, y, *_ in ends])
    moved = spread(spots[:, 1], TICK * HIGH / height) - spots[:, 1]
    for (x, y, text, colour), up in zip(ends, moved, strict=True):
        label = ax.annotate(
            text,
            (x, y),
            (0.025 * width, up * height),  # from the line's end, so that it follows when the limits change
            textcoords="offset points",
            annotation_clip=False,
            color=colour,
            fontsize=TICK,
            va="center",
            weight="bold",
        )
        label.set_path_effects([withStroke(linewidth=2, foreground=ground(ax))])


def spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Move heights in [0, 1] apart until neighbours keep a gap, in their order, around where they were."""
    order = np.argsort(heights, kind="stable")
    moved = np.clip(heights[order], gap / 2, 1 - gap / 2)
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + gap)
    moved -= max(0.0, moved[-1] - (1 - gap / 2))
    for k in range(len(moved) - 2, -1, -1):
        moved[k] = min(moved[k], moved[k + 1] - gap)
    result = np.empty_like(moved)
    result[order] = moved
    return result


def bars(
    ax: Axes, names: Sequence[object], shares: np.ndarray, *, color: str, texts: Sequence[str] | None = None
) -> None:
    """Horizontal bars of shares, the first on top, each with its share (or a text) behind it where it can be read.

    Args:
        ax: The Axes.
        names: One name a bar.
        shares: Lengths in [0, 1], ``(n_bars,)``.
        color: Colour of the bars.
        texts: What to write behind the bars. Defaults to None: the shares.
    """
    texts = [f"{share:.1%}" for share in shares] if texts is None else list(texts)
    ax.barh(range(len(names)), shares, height=min(0.75, 0.25 * len(names)), color=color)
    ax.set_ylim(len(names) - 0.4, -0.6)
    width, height = inches(ax)
    size = min(SMALL, 72 * height / max(len(names), 1) / HIGH)
    room = 0.0
    if size >= TINY:
        room = min(0.5, max(map(len, texts)) * size * WIDE / (0.65 * 72 * width) + 0.02)
        for row, (share, text) in enumerate(zip(shares, texts, strict=True)):
            ax.text(share, row, f" {text}", va="center", fontsize=size, color=ink(ax))
    ax.set_xlim(0, max(float(np.max(shares)), 1e-6) / (1 - room))
    name_ticks(ax, "y", names)
    percent(ax, "x")


def key(ax: Axes, title: str | None = None) -> None:
    """A small key in the emptiest corner, on paper so that what lies under it does not shine through."""
    colour = tuple(ink(ax))
    box = ax.legend(
        loc="best", fontsize=TICK, title=title, title_fontsize=TICK, labelcolor=colour, handlelength=1.0
    )
    box.get_title().set_color(colour)
    box.get_frame().set(facecolor=(*ground(ax), 0.85), edgecolor="none")


def percent(ax: Axes, side: str) -> None:
    """Write the ticks of an axis of shares as percentages, few enough not to touch."""
    axis = ax.xaxis if side == "x" else ax.yaxis
    axis.set_major_locator(ticker.MaxNLocator(5 if side == "x" else 6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{100 * value:.6g}%"))


def numbers(ax: Axes, side: str, *, whole: bool = False) -> None:
    """Few ticks on an axis of numbers: 1,200 and 3.4M, so that neighbours do not touch."""
    axis = ax.xaxis if side == "x" else ax.yaxis
    steps = [1, 2, 5, 10] if whole else [1, 2, 2.5, 5, 10]
    axis.set_major_locator(ticker.MaxNLocator(5 if side == "x" else 6, steps=steps, integer=whole))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: short(value)))


def short(value: float) -> str:
    """A number in as few characters as it reads in.

    Example:
        >>> [short(v) for v in (0, 0.25, 1200, 45_000, 3.4e6, 1e-7)]
        ['0', '0.25', '1,200', '45k', '3.4M', '1e-07']
    """
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= unit * (1 if unit > 1e4 else 0.9999):
            scale = 1e3 if name == "k" else unit
            return f"{value / scale:.4g}{name}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def whole_ticks(ax: Axes, first: float, last: float) -> None:
    """Whole numbers on the x axis, from the `first` to the `last` that was drawn and none beyond."""
    places = ticker.MaxNLocator(6, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]).tick_values(first, last)
    ax.set_xticks([place for place in places if first <= place <= last])
    ax.tick_params(axis="x", labelsize=TICK)


def worded(name: str) -> str:
    """The name of a metric or a setting in words.

    Example:
        >>> worded("val_roc_auc"), worded("learning_rate")
        ('validation ROC AUC', 'learning rate')
    """
    words = name.replace("val_", "validation ", 1) if name.startswith("val_") else name
    return " ".join(_WORDS.get(word, word) for word in words.replace("_", " ").split())


_WORDS = {w: w.upper() for w in ("auc", "roc", "pr", "f1", "mae", "mse", "rmse", "mape")} | {
    "r2": "R²",
    "brier": "Brier",
}


def remark(ax: Axes, text: str) -> None:
    """A sentence in the middle of the Axes, where there is nothing to draw."""
    width, _ = inches(ax)
    ax.text(
        0.5, 0.5, wrapped(text, 0.8 * width, LABEL), transform=ax.transAxes, ha="center", va="center",
        fontsize=LABEL, color=GREY,
    )  # fmt: skip
