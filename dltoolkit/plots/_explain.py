"""Pictures of what a model relies on: columns, words, and rows that it takes for alike."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from dltoolkit._checks import check_number
from dltoolkit._text import as_text
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, CYCLE, GREY, VERMILION, diverging, ink, sequential

MOST_BARS = 15
MOST_GROUPS = 12  # six colours, two marks
STRONGEST = 0.55  # how deep the colour behind the strongest word is: it stays readable
_MARKS = "o^"


def importance(importance: Any, *, ax: Axes | None = None) -> Axes:
    """What the model loses when a column is shuffled, the most important on top; a whisker is one standard deviation.

    Args:
        importance: An ``explain.Importance``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `importance` is something else.
    """
    draw.need(importance, "importance", "an explain.Importance", ("losses", "columns", "metric"))
    table = importance.frame()
    shown = table.iloc[:MOST_BARS]
    ax = draw.axes(ax, height=1.3 + 0.24 * len(shown))
    y = np.arange(len(shown))
    ax.barh(y, shown["importance"], height=0.7, color=BLUE, xerr=shown["std"].fillna(0), ecolor=GREY)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    draw.name_ticks(ax, "y", shown["column"])
    draw.numbers(ax, "x")
    metric, rest = draw.worded(importance.metric), len(table) - len(shown)
    title = f"What the model uses ({importance.n_rows:,} rows"
    title += f", {rest} weaker columns left out)" if rest else ")"
    x = f"{metric} lost when the column is shuffled (as it is: {draw.short(importance.score)})"
    return draw.finish(ax, title=title, x=x, y="column", grid="x")


def attributions(attributions: Any, *, row: int = 0, ax: Axes | None = None) -> Axes:
    """The share of each input in one answer: blue speaks for it, vermilion against it.

    Of a picture the share of each pixel is drawn in its place.

    Args:
        attributions: An ``explain.Attributions``.
        row: Position of the row, from 0. Defaults to 0.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `attributions` is something else, or has no such row.
    """
    draw.need(attributions, "attributions", "an explain.Attributions", ("values", "score", "targets"))
    check_number(row, "row", low=0, high=len(attributions.score) - 1, whole=True)
    score, start = attributions.score[row], attributions.baseline_score[row]
    asked = draw.elided(attributions.targets[row], 24)
    title = f"Score of {asked}: {draw.short(score)} (of the baseline: {draw.short(start)})"
    wide = next((v[row] for v in attributions.values.values() if v.ndim > 2), None)
    if wide is not None and len(attributions.values) == 1:
        return _shares_in_place(draw.axes(ax, height=4.0), wide, title)
    shares = attributions.frame().iloc[row]
    order = shares.abs().sort_values(ascending=False, kind="stable").index
    shown = shares[order[:MOST_BARS]]
    ax = draw.axes(ax, height=1.3 + 0.24 * len(shown))
    ax.barh(range(len(shown)), shown, height=0.7, color=np.where(shown >= 0, BLUE, VERMILION))
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    draw.name_ticks(ax, "y", list(shown.index))
    draw.numbers(ax, "x")
    rest = len(shares) - len(shown)
    x = "share in the score" + (f" ({rest} smaller ones left out)" if rest else "")
    return draw.finish(ax, title=title, x=x, y="input", grid="x")


def _shares_in_place(ax: Axes, shares: np.ndarray, title: str) -> Axes:
    flat = shares.sum(axis=-1) if shares.ndim == 3 else shares
    most = max(float(np.abs(flat).max()), 1e-12)
    ax.imshow(flat, cmap=diverging(ax), vmin=-most, vmax=most, interpolation="nearest")
    return draw.finish(ax, title=title, x="column (blue: for it)", y="row (vermilion: against)", grid="none")


def tokens(attributions: Any, *, ax: Axes | None = None) -> Axes:
    """The words of a text on the colour of their share: blue speaks for the answer, vermilion against it.

    Args:
        attributions: An ``explain.TokenAttributions``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `attributions` is something else.
    """
    draw.need(attributions, "attributions", "an explain.TokenAttributions", ("tokens", "values", "method"))
    words = [draw.elided(word, 24) for word in attributions.tokens]
    ax = draw.axes(ax, height=1.4 + 0.3 * (sum(len(w) + 2 for w in words) / 60), width=6.5)
    width, height = (72 * side for side in draw.inches(ax))
    size, lines = _flow(words, width, height)
    most = max((abs(v) for v in attributions.values), default=1.0) or 1.0
    ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    step = min(size * 2.1, height / max(len(lines), 1))
    for k, line in enumerate(lines):
        for place, i in line:
            value = attributions.values[i]
            face = to_rgba(BLUE if value > 0 else VERMILION, STRONGEST * abs(value) / most)
            box = {"facecolor": face, "edgecolor": "none", "boxstyle": "round,pad=0.25"}
            ax.text(place, (k + 0.5) * step, words[i], fontsize=size, va="center", color=ink(ax), bbox=box)
    if not words:
        draw.remark(ax, "The text has no words.")
    shown = sum(len(line) for line in lines)
    rest = f", the first {shown} of {len(words)} words" if shown < len(words) else ""
    asked = draw.elided(attributions.target, 24)
    title = f"Score of {asked}: {draw.short(attributions.score)} ({attributions.method}{rest})"
    draw.finish(ax, title=title, x="blue: for it, vermilion: against it", y="text", grid="none")
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _flow(words: list[str], width: float, height: float) -> tuple[float, list[list[tuple[float, int]]]]:
    """Font size in points and lines of (place, number of the word): as large as all words fit, else the first ones."""
    for size in (9.0, 8.0, 7.0, 6.0, draw.TINY):
        lines: list[list[tuple[float, int]]] = [[]]
        place = 0.4 * size
        for i, word in enumerate(words):
            takes = (len(word) * 0.66 + 0.9) * size
            if place + takes > width and lines[-1]:
                lines.append([])
                place = 0.4 * size
            lines[-1].append((place, i))
            place += takes
        if len(lines) * size * 1.9 <= height:
            break
    return size, lines[: max(1, int(height / (size * 1.9)))] if words else []


def embedding(projection: Any, *, ax: Axes | None = None) -> Axes:
    """Rows as points of a plane, each in the colour of its label: what lies together is alike to the network.

    Args:
        projection: An ``explain.Projection``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `projection` is something else.
    """
    draw.need(projection, "projection", "an explain.Projection", ("points", "method", "labels"))
    ax = draw.axes(ax, height=4.2)
    points, labels = projection.points, projection.labels
    size = float(np.clip(4000 / len(points), 4, 28))
    note = ""
    if labels is None:
        ax.scatter(points[:, 0], points[:, 1], s=size, color=BLUE, alpha=0.7, linewidths=0)
    elif pd.api.types.is_numeric_dtype(labels) and labels.nunique() > MOST_GROUPS:
        colours = sequential(ax, start=0.15)
        ax.scatter(points[:, 0], points[:, 1], s=size, c=labels.to_numpy(float), cmap=colours, linewidths=0)
        note = f", deeper blue: more {draw.elided(labels.name, 20)}"
    else:
        _groups(ax, points, as_text(labels).fillna("none"), size)
    draw.numbers(ax, "x")
    draw.numbers(ax, "y")
    name = "PCA" if projection.method == "pca" else "t-SNE"
    kept = f" ({projection.explained:.0%} of the variance)" if np.isfinite(projection.explained) else ""
    title = f"{len(points):,} rows at {draw.elided(projection.layer, 24)!r}: {name}{kept}{note}"
    return draw.finish(ax, title=title, x="first direction", y="second direction")


def _groups(ax: Axes, points: np.ndarray, labels: pd.Series, size: float) -> None:
    names = sorted(labels.value_counts().index[:MOST_GROUPS])
    rest = ~labels.isin(names).to_numpy()
    if rest.any():
        ax.scatter(
            points[rest, 0], points[rest, 1], s=size, color=GREY, alpha=0.5, linewidths=0, label="(other)"
        )
    for i, name in enumerate(names):
        here = (labels == name).to_numpy()
        mark = _MARKS[i // len(CYCLE) % len(_MARKS)]
        ax.scatter(
            points[here, 0], points[here, 1], s=size, color=CYCLE[i % len(CYCLE)], marker=mark, alpha=0.75, linewidths=0,
            label=draw.elided(name, 16),
        )  # fmt: skip
    draw.key(ax)
