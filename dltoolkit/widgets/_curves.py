"""Learning curves while they grow."""

import types

import pandas as pd

from dltoolkit import plots
from dltoolkit.problem import Problem
from dltoolkit.widgets._figure import INK, figure, png

WIDTH, HEIGHT = 6.4, 2.7  # inches
# The epoch axis grows in these steps, so that the picture does not jump at every epoch.
_REACH = (10, 20, 50, 100, 200, 500, 1_000)
_LABELS = 1.3  # room to the right of the last epoch for the names of the curves, as a factor


def shown_metric(problem: Problem) -> str:
    """The metric drawn beside the loss: AUC where there is one, else the first metric."""
    names = [str(m) for m in problem.metrics]
    return "auc" if "auc" in names else names[0]


def curves_png(
    history: pd.DataFrame,
    problem: Problem,
    *,
    epochs: int,
    best_epoch: int,
    before: pd.DataFrame | None = None,
) -> bytes:
    """Loss and metric on training and validation rows, epoch by epoch, as PNG.

    Args:
        history: One row an epoch, as in ``Run.history``, at least one.
        problem: Names the metrics.
        epochs: Number of epochs asked for.
        best_epoch: The epoch to mark; 0 marks none.
        before: History of the training before this one, drawn thin behind it. Defaults to None.

    Returns:
        bytes: A see-through PNG.
    """
    drawn, axes = figure(WIDTH, HEIGHT, columns=2)
    longest = max(len(history), 0 if before is None else len(before))
    reach = max(min(next((r for r in _REACH if r >= longest), longest), epochs), longest, 2)
    for ax, name in zip(axes, ("loss", shown_metric(problem)), strict=True):
        ax.set_xlim(0.5, reach * _LABELS)
        if before is not None and f"val_{name}" in before:
            ax.plot(before["epoch"], before[f"val_{name}"], color=INK, linewidth=1, linestyle="--")
        plots.history(types.SimpleNamespace(history=history, best_epoch=best_epoch), metric=name, ax=ax)
    return png(drawn)
