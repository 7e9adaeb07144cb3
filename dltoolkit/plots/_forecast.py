"""Pictures of forecasts."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, GREY, VERMILION

BAND = 0.18  # opacity of one band: three of them over each other can still be told apart


def forecast(forecast: Any, *, ax: Axes | None = None) -> Axes:
    """One window: its past, what was forecast with a band between each pair of quantiles, and what came.

    Args:
        forecast: An ``evaluation.Forecast``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `forecast` is none.
    """
    draw.need(forecast, "forecast", "an evaluation.Forecast", ("series", "past", "steps", "quantiles"))
    past, steps, levels = forecast.past, forecast.steps, forecast.quantiles
    ax = draw.axes(ax, width=7.0)
    x = np.r_[0, steps.index]
    ax.plot(np.arange(1 - len(past), 1), past, color=GREY, linewidth=1.4)
    for low, high in zip(levels, reversed(levels), strict=True):
        if low < high:
            edges = [np.r_[past[-1], steps[f"quantile_{level:g}"]] for level in (low, high)]
            ax.fill_between(x, *edges, color=VERMILION, alpha=BAND, linewidth=0)
    lines = [("prediction", "forecast", VERMILION, "o-"), ("actual", "what came", BLUE, "--")]
    ends = []
    for column, name, colour, style in lines:
        if steps[column].notna().all():
            ax.plot(x, np.r_[past[-1], steps[column]], style, color=colour, linewidth=1.6, markersize=3)
            ends.append((float(x[-1]), float(steps[column].iloc[-1]), name, colour))
    draw.numbers(ax, "y")
    draw.numbers(ax, "x", whole=True)
    draw.end_labels(ax, ends)
    inner = f", with the middle {levels[-1] - levels[0]:.0%}" if len(levels) > 1 else ""
    title = (
        f"{len(steps)} step{'s' * (len(steps) > 1)} of {forecast.series} after {len(past)} known ones{inner}"
    )
    return draw.finish(ax, title=title, x="steps from the last one that was known", y=forecast.series)
