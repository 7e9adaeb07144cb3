"""Pictures of a search for settings."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dltoolkit._checks import check_choice, check_columns, check_frame
from dltoolkit._text import as_text
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import BLUE, GREY, VERMILION

# Beyond this ratio of the largest to the smallest value a setting is drawn on a logarithmic axis.
LOG_RATIO = 30.0
_NO_SETTINGS = ("trial", "score", "epochs", "seconds", "status", "error")


def trials(search: Any, *, setting: str | None = None, ax: Axes | None = None) -> Axes:
    """The score of each trial of a search: in the order tried with the best so far, or by one setting.

    Trials that failed are crosses on the lower edge.

    Args:
        search: A ``tuning.Search``.
        setting: A setting that the search varied, to draw the scores by. Defaults to None: by trial.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `search` is no search or has no trial, or did not vary such a setting.
    """
    draw.need(search, "search", "a tuning.Search", ("trials", "objective", "direction"))
    table = check_frame(search.trials, "search.trials").reset_index(drop=True)
    check_columns(table, ["trial", "score"], argument="search.trials")
    if setting is not None:
        check_choice(setting, [name for name in table if name not in _NO_SETTINGS], "setting")
    ax = draw.axes(ax)
    score = table["score"].astype(float).where(np.isfinite(table["score"].astype(float)))
    name = draw.worded(str(search.objective))
    arrow = "lower" if search.direction == "min" else "higher"
    where = table["trial"].astype(float) if setting is None else _positions(ax, table[setting])
    ax.plot(where, score, "o", color=BLUE, markersize=5, alpha=0.8)
    ax.plot(
        where[score.isna()],
        np.full(score.isna().sum(), 0.03),
        "x",
        color=GREY,
        transform=ax.get_xaxis_transform(),
    )
    title = f"Search: none of {len(table)} trials has a score"
    if score.notna().any():
        best = score.idxmin() if search.direction == "min" else score.idxmax()
        ax.plot(
            [where[best]],
            [score[best]],
            "o",
            markersize=10,
            markerfacecolor="none",
            markeredgecolor=VERMILION,
        )
        title = f"Search: best {name} {draw.short(score[best])} in trial {table.loc[best, 'trial']} of {len(table)}"
    failed = f" (×: {score.isna().sum()} failed)" if score.isna().any() else ""
    draw.numbers(ax, "y")
    if setting is None:
        _best_so_far(ax, where, score.cummin() if search.direction == "min" else score.cummax())
    return draw.finish(
        ax, title=title, x=draw.worded(setting or "trial") + failed, y=f"{name} ({arrow} is better)"
    )


def _best_so_far(ax: Axes, where: pd.Series, best: pd.Series) -> None:
    best = best.ffill()
    ax.step(where, best, where="post", color=VERMILION, linewidth=1.5, zorder=1)
    draw.end_labels(ax, [(float(where.iloc[-1]), float(best.iloc[-1]), "best so far", VERMILION)])
    draw.whole_ticks(ax, float(where.min()), float(where.max()))


def _positions(ax: Axes, values: pd.Series) -> pd.Series:
    """Where each trial stands on the axis of a setting: numbers as such, anything else by name."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        known = values[np.isfinite(values)].astype(float)
        if len(known) and known.min() > 0 and known.max() / known.min() > LOG_RATIO:
            ax.set_xscale("log")
        else:
            draw.numbers(ax, "x")
        return values.astype(float)
    texts = values.map(str) if values.dtype == object else as_text(values).fillna("none")
    names = sorted(texts.unique())
    ax.set_xlim(-0.5, len(names) - 0.5)
    draw.name_ticks(ax, "x", names)
    return texts.map(names.index).astype(float)
