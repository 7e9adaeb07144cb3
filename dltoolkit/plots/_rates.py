"""Pictures of the learning rate."""

from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes

from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, GREEN, GREY, VERMILION

ABOVE = 0.25  # of the way from the lowest loss to the start is shown beyond the start; what flies off is cut


def rate_range(result: Any, *, ax: Axes | None = None) -> Axes:
    """The loss against an ever higher learning rate, with the range in which it falls and the rate suggested.

    Dots are batches, the line is smoothed. The broken line is what always the same answer costs. What rises beyond the start
    is cut off.

    Args:
        result: A ``training.RateRange``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `result` is something else.
    """
    draw.need(
        result, "result", "a training.RateRange", ("rates", "losses", "smoothed", "quality", "suggestion")
    )
    ax = draw.axes(ax)
    ax.scatter(result.rates, result.losses, s=7, color=BLUE, alpha=0.35, linewidths=0)
    ax.plot(result.rates, result.smoothed, color=BLUE, linewidth=1.8)
    marks = [result.start, *([result.chance] if np.isfinite(result.chance) else [])]
    if np.isfinite(result.chance):
        ax.axhline(result.chance, color=GREY, linewidth=1, linestyle="--")
    title = f"No rate to suggest: the curve is {result.quality}"
    if result.suggestion is not None:
        ax.axvspan(result.low, result.high, color=GREEN, alpha=0.12, linewidth=0)
        ax.axvline(result.suggestion, color=VERMILION, linewidth=1.5)
        title = f"Learning rate {result.suggestion:.2g} suggested, {result.quality}"
    ax.set_xscale("log")
    _decades(ax, result.rates)
    low = min([*marks, *result.smoothed])
    room = ABOVE * max(max(marks) - low, 0.05 * abs(max(marks)), 1e-9)
    ax.set_ylim(low - room, max(marks) + 2 * room)
    draw.numbers(ax, "y")
    return draw.finish(ax, title=title, x="learning rate", y="training loss of a batch")


def _decades(ax: Axes, rates: np.ndarray) -> None:
    """Powers of ten, so few that they do not touch."""
    ends = (rates[0], rates[-1]) if len(rates) else (0.1, 1.0)
    ax.set_xlim(ends[0] / 1.2, ends[1] * 1.2)
    first, last = int(np.ceil(np.log10(ends[0]) - 0.08)), int(np.floor(np.log10(ends[1]) + 0.08))
    most = max(1, int(72 * draw.inches(ax)[0] / (7 * draw.TICK * draw.WIDE)))
    powers = list(range(first, last + 1)) or [first]
    ax.set_xticks([10.0**k for k in powers[:: -(-len(powers) // most)]])
    ax.tick_params(axis="x", labelsize=draw.TICK)
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(ticker.NullLocator())
