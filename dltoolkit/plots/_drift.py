"""Pictures of a drift report."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import GREY, VERMILION, ground

# More columns than this are left out of the picture; the title says how many there are.
MOST_COLUMNS = 20


def drift(report: Any, *, ax: Axes | None = None) -> Axes:
    """The strongest finding of each column, as its effect over the floor that it must pass.

    Filled dots have drifted. A hollow one beyond the line is large, yet chance cannot be ruled out in so few rows.

    Args:
        report: A ``monitoring.DriftReport``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `report` is something else.
    """
    draw.need(report, "report", "a monitoring.DriftReport", ("findings", "drifted", "n_rows", "n_reference"))
    table = report.frame().drop_duplicates("column")
    shown = table.iloc[:MOST_COLUMNS]
    ratio = (shown["effect"] / shown["floor"].clip(lower=1e-9)).to_numpy(float)
    ax = draw.axes(ax, height=1.5 + 0.22 * len(shown))
    y = np.arange(len(shown))
    colours = np.where(shown["drifted"], VERMILION, GREY)
    ax.hlines(y, 0, ratio, color=colours, linewidth=1.6)
    fills = [colour if drifted else "none" for colour, drifted in zip(colours, shown["drifted"], strict=True)]
    ax.scatter(ratio, y, s=30, facecolors=fills, edgecolors=colours, zorder=3)
    ax.axvline(1, color=GREY, linewidth=1, linestyle=":")
    ax.set_xlim(0, 1.35 * max(1.2, ratio.max(initial=0)))
    ax.set_ylim(len(shown) - 0.4, -0.6)
    draw.name_ticks(ax, "y", shown["column"])
    draw.numbers(ax, "x")
    _name_effects(ax, shown, ratio)
    found = f"Drift in {len(report.drifted)} of {table['column'].nunique()} columns"
    title = f"{found} ({report.n_rows:,} rows against {report.n_reference:,})"
    title += f", the {len(shown)} strongest" if len(table) > len(shown) else ""
    return draw.finish(ax, title=title, x="effect ÷ its floor (filled: drifted)", y="column", grid="x")


def _name_effects(ax: Axes, table: pd.DataFrame, ratio: np.ndarray) -> None:
    """Write each effect behind its dot, where the rows are far enough apart to be read."""
    _, height = draw.inches(ax)
    size = min(draw.SMALL, 72 * height / len(table) / draw.HIGH)
    if size < draw.TINY:
        return
    for row, (at, finding) in enumerate(zip(ratio, table.itertuples(), strict=True)):
        text = (
            f"D {finding.effect:.2f}"
            if finding.aspect == "values"
            else f"{finding.aspect} V {finding.effect:.2f}"
        )
        colour = VERMILION if finding.drifted else GREY
        label = ax.text(at, row, f"  {text}", color=colour, fontsize=size, va="center")
        label.set_path_effects([withStroke(linewidth=2, foreground=ground(ax))])
