"""Pictures of training."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes

from dltoolkit._checks import InputError, check_choice, check_frame, complaint
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, GREY, VERMILION

# Beyond this ratio of the largest to the smallest value the axis is logarithmic: the small ones would be flat.
LOG_RATIO = 50.0
# Up to this many epochs each is marked by a dot.
FEW = 25
_LOOKS = {False: ("train", BLUE), True: ("validation", VERMILION)}
# Words in the names of metrics that are better when lower.
_LOSSES = (
    "loss",
    "error",
    "brier",
    "crossentropy",
    "mae",
    "mse",
    "rmse",
    "mape",
    "poisson",
    "logcosh",
    "divergence",
)


def history(run: Any, *, metric: str = "loss", ax: Axes | None = None) -> Axes:
    """Training and validation curves by epoch, with the best epoch marked.

    Args:
        run: A ``training.Run``, or its history frame: one row an epoch, columns ``epoch`` and the metrics, those of
            the validation part with ``val_`` in front.
        metric: Which metric to draw. Defaults to ``"loss"``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `run` is neither, no epoch was completed, or there is no such metric.

    Example:
        >>> frame = pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.9, 0.5, 0.4], "val_loss": [0.8, 0.6, 0.7]})
        >>> history(frame).get_title()
        'Loss: best at epoch 2 of 3'
    """
    frame = run if isinstance(run, pd.DataFrame) else getattr(run, "history", None)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(complaint("run", "a training.Run or its history frame", type(run).__name__))
    check_frame(frame, "history")
    metric = str(metric).removeprefix("val_")
    names = [name for name in frame if name not in ("epoch", "seconds") and not name.startswith("val_")]
    check_choice(metric, names, "metric")
    epochs = frame["epoch"] if "epoch" in frame else pd.Series(range(1, len(frame) + 1), index=frame.index)
    curves = (
        frame.set_index(epochs).reindex(columns=[metric, f"val_{metric}"]).dropna(axis="columns", how="all")
    )
    looks = [(name, _LOOKS[name.startswith("val_")]) for name in curves]
    ax = draw.axes(ax)
    for name, (_, colour) in looks:
        ax.plot(curves[name], color=colour, marker="o" if len(frame) < FEW else "", markersize=3.5)
    scale_by(ax, curves.to_numpy(float))
    best = _best_epoch(run, curves, metric)
    if best is not None and looks:
        _mark_best(ax, best, curves[looks[-1][0]], looks[-1][1][1])
    draw.end_labels(ax, [_end(curves[name], *look) for name, look in looks])
    draw.whole_ticks(ax, float(epochs.min()), float(epochs.max()))
    word = draw.worded(metric)
    found = f"best at epoch {best} of {len(frame)}" if best else f"{len(frame)} epoch(s)"
    if not np.isfinite(curves.to_numpy(float)).all() or not looks:
        found += ", not finite somewhere"
    return draw.finish(ax, title=f"{word[:1].upper()}{word[1:]}: {found}", x="epoch", y=word)


def scale_by(ax: Axes, values: np.ndarray) -> None:
    """A logarithmic y axis where the values are positive and spread over orders of magnitude, else plain numbers."""
    known = values[np.isfinite(values)]
    if len(known) and known.min() > 0 and known.max() / known.min() > LOG_RATIO:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: draw.short(value)))
        ax.yaxis.set_minor_formatter(ticker.NullFormatter())
    else:
        draw.numbers(ax, "y")


def lower_is_better(metric: str) -> bool:
    """Whether a metric's name tells that it is better when lower."""
    return any(word in metric.lower() for word in _LOSSES)


def _best_epoch(run: Any, curves: pd.DataFrame, metric: str) -> int | None:
    """The epoch whose weights the run kept; for a bare frame that of the best validation (or training) value."""
    if not isinstance(run, pd.DataFrame):
        return int(run.best_epoch) if getattr(run, "best_epoch", 0) else None
    if curves.empty or curves.columns.empty:
        return None
    series = curves.iloc[:, -1]
    series = series[np.isfinite(series)]
    if series.empty:
        return None
    return int(series.idxmin() if lower_is_better(metric) else series.idxmax())


def _mark_best(ax: Axes, best: int, series: pd.Series, colour: str) -> None:
    if best in series.index and np.isfinite(series.loc[best]):
        ax.axvline(best, color=GREY, linewidth=1, linestyle=":", zorder=0)
        ax.plot([best], [series.loc[best]], "o", markersize=8, markerfacecolor="none", markeredgecolor=colour)


def _end(series: pd.Series, name: str, colour: str) -> tuple[float, float, str, str]:
    """The last finite point of a curve, with the curve's name and colour."""
    known = series[np.isfinite(series)]
    if known.empty:
        return 0.0, np.nan, name, colour
    return float(known.index[-1]), float(known.iloc[-1]), name, colour
