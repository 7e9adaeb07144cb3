"""Pictures of trainings side by side."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dltoolkit._checks import check_choice, check_frame
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import CYCLE, GREY
from dltoolkit.plots._training import FEW, lower_is_better, scale_by

COLOURS = CYCLE[:4]  # those in which a word can be read: of the best variants, the others are grey
MOST_LINES = 12  # whose names find room beside each other
LONGEST_NAME = 16


def comparison(result: Any, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """The validation curve of each variant by epoch, its best epoch marked.

    Args:
        result: A ``training.Comparison``.
        metric: A metric of the histories, such as ``"val_auc"``. Defaults to None: the one that was compared by. Losses of
            different kinds do not compare.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `result` is no comparison, or there is no such metric.
    """
    draw.need(result, "result", "a training.Comparison", ("histories", "frame", "metric", "direction"))
    table, rows = check_frame(result.histories(), "histories", rows=0), result.frame()
    metric = result.metric if metric is None else metric
    known = [c for c in table if c not in ("variant", "epoch", "seconds")] or [result.metric]
    check_choice(metric, known, "metric")
    lower = result.direction == "min" if metric == result.metric else lower_is_better(metric)
    ax, ends = draw.axes(ax), []
    drawn = [name for name in rows["variant"] if name in set(table["variant"])][:MOST_LINES]
    for i, (name, short) in enumerate(zip(drawn, draw.elided_all(drawn, LONGEST_NAME), strict=True)):
        curve = table[table["variant"] == name].set_index("epoch")[metric].dropna()
        if curve.empty:
            continue
        colour = COLOURS[i] if i < len(COLOURS) else GREY
        ax.plot(curve, color=colour, marker="o" if len(curve) < FEW else "", markersize=3)
        best = curve.idxmin() if lower else curve.idxmax()
        ax.plot([best], [curve[best]], "o", markersize=8, markerfacecolor="none", markeredgecolor=colour)
        end = float(curve.index[-1]), float(curve.iloc[-1])
        ends.append((*end, short, colour))
    word = draw.worded(metric)
    if ends:
        scale_by(ax, table[metric].to_numpy(float))
        draw.end_labels(ax, ends)
        draw.whole_ticks(ax, float(table["epoch"].min()), float(table["epoch"].max()))
    else:
        draw.remark(ax, "No variant got through an epoch.")
    title = f"{len(rows)} variants: {_best(rows)}{_diverged(rows)}"
    return draw.finish(ax, title=title, x="epoch", y=f"{word} ({'lower' if lower else 'higher'} is better)")


def _best(rows: Any) -> str:
    """What did best by the metric that was compared by."""
    best = rows.iloc[0]
    return (
        f"best {draw.short(best['best'])} by {draw.elided(best['variant'], LONGEST_NAME)!r}"
        if np.isfinite(best["best"])
        else "none has a score"
    )


def _diverged(rows: Any) -> str:
    n = int((rows["stopped"] == "diverged").sum())
    return f"; {n} diverged" if n else ""
