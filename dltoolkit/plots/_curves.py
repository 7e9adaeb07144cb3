"""Curves of an evaluation: ROC, precision-recall, calibration, and what each threshold would give."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from dltoolkit._checks import complaint, stop
from dltoolkit.evaluation import expected_calibration_error
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._evaluation import need_evaluation
from dltoolkit.plots._palette import BLUE, CYCLE, GREEN, GREY, PURPLE, VERMILION

# More classes than this are drawn in grey, and only so many of the lowest are named.
MOST_CLASSES, NAMED = 5, 3
# Height of the histogram under a calibration curve, as a share of the plot.
HISTOGRAM = 0.15
# Its bars, as many as `Evaluation.curve` has bins.
N_BARS = 15


def roc(evaluation: Any, *, ax: Axes | None = None) -> Axes:
    """The ROC curve: how many of the positives are found against how many of the negatives are flagged.

    Args:
        evaluation: An ``evaluation.Evaluation`` of a problem with classes; several classes are each drawn against
            the rest.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `evaluation` is none or of a regression.

    References:
        Fawcett (2006), "An introduction to ROC analysis", Pattern Recognition Letters 27.
    """
    need_evaluation(evaluation)
    table = evaluation.curve("roc")
    areas = {
        name: float(np.trapezoid(part["true_positive_rate"], part["false_positive_rate"]))
        for name, part in table.groupby("class", sort=False)
    }
    ax = _square(ax)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    ax.text(0.6, 0.56, "chance", color=GREY, fontsize=draw.TICK, va="top")
    _lines(ax, table[["class", "false_positive_rate", "true_positive_rate"]], areas, what="area")
    title = f"ROC on {len(evaluation.y_true):,} rows: area {_measured(evaluation, 'roc_auc')}"
    return draw.finish(
        ax, title=title, x="negatives flagged (false positive rate)", y="positives found (recall)"
    )


def pr(evaluation: Any, *, ax: Axes | None = None) -> Axes:
    """The precision-recall curve: how many of the flagged are positives against how many positives are found.

    Args:
        evaluation: An ``evaluation.Evaluation`` of a problem with classes; several classes are each drawn against
            the rest.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `evaluation` is none or of a regression.

    References:
        Davis & Goadrich (2006), "The relationship between precision-recall and ROC curves", ICML.
    """
    need_evaluation(evaluation)
    table = evaluation.curve("pr")
    areas = {
        name: float((part["recall"].diff() * part["precision"]).sum())
        for name, part in table.groupby("class", sort=False)
    }
    ax = _square(ax)
    if len(areas) == 1:
        share = float(np.mean(evaluation.y_true == 1))
        ax.axhline(share, color=GREY, linewidth=1, linestyle=":")
        above = share < 0.9
        ax.text(0.02, share + (0.015 if above else -0.015), f"flagging at random: {share:.1%}", color=GREY,
                fontsize=draw.TICK, va="bottom" if above else "top")  # fmt: skip
    _lines(ax, table[["class", "recall", "precision"]], areas, what="area")
    title = f"Precision and recall on {len(evaluation.y_true):,} rows: area {_measured(evaluation, 'pr_auc')}"
    return draw.finish(
        ax, title=title, x="positives found (recall)", y="flagged that are positive (precision)"
    )


def calibration(evaluation: Any, *, ax: Axes | None = None) -> Axes:
    """How often what was given a probability came true, above a histogram of the probabilities.

    On the diagonal the probabilities can be taken at their word; below it they are too high, above it too low.

    Args:
        evaluation: An ``evaluation.Evaluation`` of a problem with classes; one curve a class or label. Whiskers
            (Wilson's interval) are drawn where there is one curve.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `evaluation` is none or of a regression.

    References:
        Guo et al. (2017), "On Calibration of Modern Neural Networks", ICML.
    """
    need_evaluation(evaluation)
    table = evaluation.curve("calibration")
    ax = _square(ax)
    _histogram(ax, table)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    gaps = {
        name: -float((part["rows"] * (part["predicted"] - part["observed"]).abs()).sum() / part["rows"].sum())
        for name, part in table.groupby("class", sort=False)
    }
    if len(gaps) == 1:
        ax.vlines(table["predicted"], table["low"], table["high"], color=BLUE, linewidth=1.2, alpha=0.7)
    _lines(ax, table[["class", "predicted", "observed"]], gaps, what="off by", marker="o")
    error = expected_calibration_error(evaluation)
    title = f"Calibration on {len(evaluation.y_true):,} rows: off by {error:.1%} on average (ECE)"
    event = f"of {evaluation.problem.classes[1]}" if evaluation.problem.kind == "binary" else "of the class"
    return draw.finish(ax, title=title, x=f"predicted probability {event}", y="share that came true")


def thresholds(evaluation: Any, *, ax: Axes | None = None) -> Axes:
    """Precision, recall, F1 and the share flagged at every threshold, with the one in use marked.

    Args:
        evaluation: An ``evaluation.Evaluation`` of a binary problem.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `evaluation` is none or not of a binary problem.
    """
    need_evaluation(evaluation)
    if evaluation.problem.kind != "binary":
        stop([complaint("evaluation", "a binary problem", f"a {evaluation.problem.kind} one")])
    table = evaluation.curve("pr").iloc[1:]
    both = (table["precision"] + table["recall"]).to_numpy()
    f1 = np.divide(2 * table["precision"] * table["recall"], both, out=np.zeros(len(both)), where=both > 0)
    flagged = (
        table["recall"] * np.mean(evaluation.y_true == 1) / table["precision"].where(table["precision"] > 0)
    )
    curves = {"precision": table["precision"], "recall": table["recall"], "F1": f1, "flagged": flagged}
    ax = draw.axes(ax)
    ends = []
    for (name, values), colour in zip(curves.items(), (BLUE, VERMILION, GREEN, PURPLE), strict=True):
        ax.plot(
            table["threshold"],
            values,
            color=colour,
            linewidth=1.6,
            linestyle="--" if name == "flagged" else "-",
        )
        ends.append((1.0, float(np.asarray(values)[0]), name, colour))
    ax.axvline(evaluation.threshold, color=GREY, linewidth=1, linestyle=":")
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    draw.percent(ax, "y")
    draw.end_labels(ax, ends)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.tick_params(axis="x", labelsize=draw.TICK)
    title = f"Thresholds on {len(evaluation.y_true):,} rows, {evaluation.threshold:.3g} in use"
    return draw.finish(
        ax,
        title=title,
        x=f"probability of {evaluation.problem.classes[1]} from which it is flagged",
        y="share",
    )


def _square(ax: Axes | None) -> Axes:
    """Axes on which both sides are shares from 0 to 1."""
    ax = draw.axes(ax, height=4.2, width=4.6)
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    draw.percent(ax, "x")
    draw.percent(ax, "y")
    return ax


def _lines(ax: Axes, table: pd.DataFrame, scores: dict[str, float], *, what: str, marker: str = "") -> None:
    """A curve a class (columns: class, x, y): a few in colours with a key, many in grey, the lowest in colours."""
    _, x, y = table.columns
    many = len(scores) > MOST_CLASSES
    named = sorted(scores, key=lambda name: scores[name])[:NAMED] if many else list(scores)
    looks = dict(zip(named, zip(CYCLE, draw.elided_all(named, 20), strict=False), strict=True))
    for name, part in table.groupby("class", sort=False):
        if name not in looks:
            ax.plot(part[x], part[y], color=GREY, linewidth=0.7, alpha=0.5)
            continue
        colour, word = looks[name]
        label = f"{word} {abs(scores[name]):.2f}"
        ax.plot(
            part[x],
            part[y],
            color=colour,
            linewidth=1.8,
            marker=marker,
            markersize=3.5,
            label=label,
            zorder=3,
        )
    if len(scores) > 1:
        draw.key(ax, f"{what}, worst of {len(scores)}" if many else what)


def _histogram(ax: Axes, table: pd.DataFrame) -> None:
    """How many rows were given which probability, along the lower edge."""
    rows = table.groupby("class")["rows"].sum().iloc[0]
    bins = np.clip((table["predicted"] * N_BARS).astype(int), 0, N_BARS - 1)
    heights = table.groupby(bins)["rows"].sum() / (rows * table["class"].nunique())
    ax.bar(
        (heights.index + 0.5) / N_BARS,
        HISTOGRAM * heights / heights.max(),
        width=0.9 / N_BARS,
        color=GREY,
        alpha=0.35,
    )


def _measured(evaluation: Any, metric: str) -> str:
    value, low, high = evaluation.metrics.loc[metric, ["value", "low", "high"]].astype(float)
    return f"{value:.3f}" + (f"\xa0[{low:.3f},\xa0{high:.3f}]" if np.isfinite([low, high]).all() else "")
