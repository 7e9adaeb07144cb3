"""Pictures of an evaluation as a whole: metrics beside the baselines, the confusion matrix, residuals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dltoolkit._checks import check_choice, complaint, stop
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, CYCLE, GREY, VERMILION, ink, readable, sequential

# Inches a cell of a matrix needs so that two lines, or one, can be read in it.
TWO_LINES, ONE_LINE = 0.42, 0.26
# From this many points on, a scatter is too dense and becomes a map of counts.
DENSE = 3000
# Groups along the predictions, each with its own median.
N_GROUPS = 12
_UNBOUNDED = ("log_loss",)
LOWER_IS_BETTER = ("log_loss", "brier", "mae", "rmse", "pinball")
_MARKERS = "osD^vP"


def metrics(evaluation: Any, *, metric: str | Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Each metric as a dot with its bootstrap interval, the model above its baselines.

    Args:
        evaluation: An ``evaluation.Evaluation``.
        metric: One metric or several that share a scale. Defaults to None: all that lie in [0, 1] (log loss only if
            it does), or for a regression MAE, RMSE and the pinball loss, in the target's unit; what is left out is in the
            title.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `evaluation` is no evaluation, or there is no such metric.
    """
    need_evaluation(evaluation)
    tables = {"model": evaluation.metrics, **evaluation.baselines}
    names = _metric_names(tables, metric, evaluation.problem.kind)
    ax = draw.axes(ax, height=1.4 + len(names) * (0.12 + 0.08 * len(tables)))
    step = 0.72 / len(tables)
    for k, (name, table) in enumerate(tables.items()):
        rows = table.loc[names]
        y = np.arange(len(names)) + (k - (len(tables) - 1) / 2) * step
        colour = CYCLE[k % len(CYCLE)]
        ax.hlines(y, rows["low"], rows["high"], color=colour, linewidth=1.6)
        ax.plot(
            rows["value"],
            y,
            _MARKERS[k % len(_MARKERS)],
            color=colour,
            markersize=5,
            label=draw.elided(name, 18),
        )
    draw.name_ticks(ax, "y", [f"{draw.worded(name)}{' ↓' * (name in LOWER_IS_BETTER)}" for name in names])
    _name_models(ax, len(names), len(tables))
    draw.numbers(ax, "x")
    level = f", with {evaluation.confidence:.0%} intervals" if evaluation.n_bootstrap else ""
    title = f"Metrics on {len(evaluation.y_true):,} rows{level}{_left_out(evaluation, names)}"
    regression = evaluation.problem.kind == "regression"
    unit = f"error in units of {_amounts(evaluation.problem)}" if regression else "score (↓ lower is better)"
    return draw.finish(ax, title=title, x=unit, y="metric", grid="x")


def _amounts(problem: Any) -> str:
    """The target of a regression in a word or two."""
    several = len(problem.targets) > 1
    return f"each of {len(problem.targets)} targets" if several else str(problem.target)


def need_evaluation(evaluation: Any) -> None:
    """Make sure that it is an evaluation.

    Raises:
        InputError: If it is not.
    """
    draw.need(
        evaluation, "evaluation", "an evaluation.Evaluation", ("problem", "metrics", "y_true", "outputs")
    )


def _metric_names(
    tables: dict[str, pd.DataFrame], metric: str | Sequence[str] | None, kind: str
) -> list[str]:
    known = list(tables["model"].index)
    if metric is not None:
        chosen = [metric] if isinstance(metric, str) else list(metric)
        return [check_choice(name, known, "metric") for name in chosen]
    if kind == "regression":
        return [name for name in known if name not in ("r2", "coverage")]
    large = [
        n for n in _UNBOUNDED if n in known and not all(_top(table, n) <= 1 for table in tables.values())
    ]
    return [name for name in known if name not in large]


def _top(table: pd.DataFrame, name: str) -> float:
    return float(np.nanmax(table.loc[name, ["value", "high"]].to_numpy(float), initial=-np.inf))


def _left_out(evaluation: Any, names: Sequence[str]) -> str:
    rest = [name for name in evaluation.metrics.index if name not in names]
    if not rest or len(rest) > 2:
        return ""
    values = [f"{draw.worded(name)}\xa0{draw.short(evaluation.metrics.loc[name, 'value'])}" for name in rest]
    return f" ({', '.join(values)})"


def _name_models(ax: Axes, n_metrics: int, n_models: int) -> None:
    """A legend in an empty band above the first metric."""
    if n_models == 1:
        ax.set_ylim(n_metrics - 0.4, -0.6)
        return
    width, height = draw.inches(ax)
    columns = max(1, min(n_models, int(width / 1.15)))
    band = 1.4 * draw.TICK * (-(-n_models // columns) + 0.5) / (72 * height)
    ax.set_ylim(n_metrics - 0.4, -0.6 - min(2.0, band / (1 - min(band, 0.6))) * n_metrics)
    ax.legend(
        loc="upper center", ncols=columns, fontsize=draw.TICK, frameon=False, handletextpad=0.2, columnspacing=1,
        borderaxespad=0.1, labelcolor=tuple(ink(ax)),
    )  # fmt: skip


def confusion_matrix(evaluation: Any, *, ax: Axes | None = None) -> Axes:
    """How often each class was taken for each other: counts, shaded and labelled by the share of the true class.

    Args:
        evaluation: An ``evaluation.Evaluation`` of a problem with classes. Multilabel: a row a label, with what was
            rightly and wrongly said of it.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `evaluation` is none, or of a regression.
    """
    need_evaluation(evaluation)
    table = evaluation.confusion()
    counts = table.to_numpy()
    rows, columns = counts.shape
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = float(np.clip(1.6 + 0.5 * rows, 3.2, 8))
    ax = draw.axes(ax, height=size, width=size + 0.8)
    cmap = sequential(ax)
    ax.imshow(shares, cmap=cmap, vmin=0, vmax=1, aspect="auto")
    names = (
        [name.replace("_", " ") for name in table.columns] if "label" in table.index.names else table.columns
    )
    draw.name_matrix(ax, table.index, names)
    width, height = draw.inches(ax)
    cell = min(height / rows, 0.62 * width / columns)
    shaded = write_cells(
        ax, shares, cmap, [_cell(n, s, cell) for n, s in zip(counts.flat, shares.flat, strict=True)]
    )
    n = len(evaluation.y_true)
    title = f"Confusion on {n:,} rows"
    if "label" not in table.index.names:
        title += f": {counts.trace() / n:.1%} right"
    if evaluation.problem.kind != "multiclass":
        title += f", threshold {evaluation.threshold:g}"
    title += "" if shaded else "\n(colour: share of the true class)"
    return draw.finish(
        ax, title=title, x="predicted", y="label" if "label" in table.index.names else "true", grid="none"
    )


def write_cells(ax: Axes, shares: np.ndarray, cmap: Any, texts: Sequence[str]) -> bool:
    """Write into the cells of a matrix, in black or white as the shade asks for; whether anything was written."""
    for k, text in enumerate(texts):
        row, column = divmod(k, shares.shape[1])
        if text:
            size = draw.TICK if max(map(len, text.split("\n"))) < 7 else draw.SMALL
            colour = readable(cmap(shares[row, column])[:3])
            ax.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)
    return any(texts)


def _cell(count: int, share: float, inches: float) -> str:
    if inches < ONE_LINE:
        return ""
    return f"{count:,}\n{share:.0%}" if inches >= TWO_LINES else draw.short(count)


def residuals(evaluation: Any, *, ax: Axes | None = None) -> Axes:
    """True minus predicted amounts against the prediction, with their median and the middle 80 % along it.

    Of quantiles it draws the median; several amounts are drawn together, each in its own unit.

    A healthy model shows a level band around 0: a slope or a bend is something it has not learnt, a funnel says that
    its errors grow with the amount.

    Args:
        evaluation: An ``evaluation.Evaluation`` of a regression.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `evaluation` is none, or of a problem with classes.
    """
    need_evaluation(evaluation)
    if evaluation.problem.kind != "regression":
        cure = "Draw plots.confusion_matrix(evaluation)."
        stop([complaint("evaluation", "a regression", f"a {evaluation.problem.kind} problem", cure)])
    said = evaluation.problem.amounts(evaluation.outputs.astype(float)).ravel()
    error = evaluation.y_true.astype(float).ravel() - said
    ax = draw.axes(ax)
    if len(said) > DENSE:
        ax.hexbin(
            said, error, gridsize=45, mincnt=1, bins="log", cmap=sequential(ax, start=0.25), linewidths=0.1
        )
    else:
        ax.plot(said, error, "o", color=BLUE, markersize=3, alpha=0.35, markeredgewidth=0)
    ax.axhline(0, color=GREY, linewidth=1)
    draw.numbers(ax, "x")
    draw.numbers(ax, "y")
    _along(ax, said, error)
    target = _amounts(evaluation.problem)
    values = [f"{draw.worded(n)}\xa0{draw.short(evaluation.metrics.loc[n, 'value'])}" for n in ("rmse", "r2")]
    title = f"Residuals on {len(evaluation.y_true):,} rows: {', '.join(values)}"
    return draw.finish(ax, title=title, x=f"predicted {target}", y="true − predicted")


def _along(ax: Axes, said: np.ndarray, error: np.ndarray) -> None:
    """Median and 10-90 % band of the errors in groups of equally many predictions."""
    n_groups = min(N_GROUPS, len(np.unique(said)), len(said) // 10)
    if n_groups < 2:
        return
    groups = np.array_split(np.argsort(said, kind="stable"), n_groups)
    x = [np.median(said[rows]) for rows in groups]
    low, middle, high = np.array([np.quantile(error[rows], [0.1, 0.5, 0.9]) for rows in groups]).T
    ax.plot(x, middle, color=VERMILION, linewidth=1.8)
    for edge in (low, high):
        ax.plot(x, edge, color=VERMILION, linewidth=1, linestyle="--")
    draw.end_labels(
        ax,
        [
            (x[-1], middle[-1], "median", VERMILION),
            (x[-1], high[-1], "90 %", VERMILION),
            (x[-1], low[-1], "10 %", VERMILION),
        ],
    )
