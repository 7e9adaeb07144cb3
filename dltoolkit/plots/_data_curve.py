"""Pictures of how much data is enough."""

from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes

from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, GREY, VERMILION

MORE = 4.0  # the law is drawn up to so many times the rows at hand


def data_curve(result: Any, *, ax: Axes | None = None) -> Axes:
    """The error against the number of rows learnt from, and the law through it with its interval.

    Dots are the means of the repeats, bars their standard deviation; hollow dots are too few rows to tell anything by.
    Beyond the rows at hand the law is broken: it is foretold.

    Args:
        result: A ``data.LearningCurve``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `result` is something else.
    """
    draw.need(result, "result", "a data.LearningCurve", ("points", "laws", "metric", "n_judged"))
    points = result.points
    rows, error = points["rows"].to_numpy(float), points["error"].to_numpy(float)
    ax = draw.axes(ax)
    used = points["used"].to_numpy(bool)
    grid = np.geomspace(rows[used].min(), MORE * rows.max(), 60)
    law = np.array([result.predict(n) for n in grid])
    ax.fill_between(grid, law[:, 1], law[:, 2], color=VERMILION, alpha=0.15, linewidth=0)
    known = grid <= rows.max()
    ax.plot(grid[known], law[known, 0], color=VERMILION, linewidth=1.8)
    ax.plot(grid[~known], law[~known, 0], color=VERMILION, linewidth=1.8, linestyle="--")
    ax.errorbar(rows, error, points["std"].fillna(0.0), fmt="none", ecolor=BLUE, elinewidth=1.2, zorder=3)
    ax.scatter(rows, error, s=28, facecolors=np.where(used, BLUE, "none"), edgecolors=BLUE, zorder=4)
    ax.axvline(rows.max(), color=GREY, linewidth=1, linestyle=":")
    ax.set_xscale("log")
    _ticks(ax, rows.min(), grid[-1])
    ax.set_ylim(0, 1.08 * max(float(error.max()), float(law[:, 2].max())))
    draw.numbers(ax, "y")
    last, more = (draw.short(float(f"{value:.3g}")) for value in (error[-1], law[-1, 0]))
    title = f"{result.metric.capitalize()} {last} with {rows.max():,.0f} rows, {more} foretold with {MORE:g} times as many"
    label = f"{result.metric} on {result.n_judged:,} other rows (lower is better)"
    return draw.finish(ax, title=title, x="rows learnt from (broken line: foretold)", y=label)


def _ticks(ax: Axes, low: float, high: float) -> None:
    """Round numbers, so few that they do not touch."""
    width, _ = draw.inches(ax)
    most = max(2, int(72 * width / (6 * draw.TICK * draw.WIDE)))
    places = [m * 10**k for k in range(int(np.log10(low)), int(np.log10(high)) + 1) for m in (1, 2, 5)]
    places = [p for p in places if low <= p <= high]
    ax.set_xticks(places[:: -(-len(places) // most)] if places else [low, high])
    ax.tick_params(axis="x", labelsize=draw.TICK)
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: draw.short(value)))
    ax.xaxis.set_minor_locator(ticker.NullLocator())
