"""Pictures of one column: its distribution, and the balance of the target."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes

from dltoolkit._checks import InputError, check_columns, check_frame, complaint
from dltoolkit._text import as_text
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._palette import CYCLE

# Levels of a category with a bar of their own, and groups with a colour of their own; the rest is put together.
MOST_LEVELS, MOST_GROUPS = 20, 5
# Bars of a histogram at least and at most; in between Freedman and Diaconis (1981) decide.
MIN_BARS, MAX_BARS = 8, 50
# Values further than this many interquartile ranges from the middle half are beyond the axis, and counted in the
# title: twice what Tukey (1977) calls "far out".
LONG_TAIL = 6.0
OTHER, MISSING = "(other)", "(missing)"


def distribution(frame: pd.DataFrame, column: str, *, by: str | None = None, ax: Axes | None = None) -> Axes:
    """The distribution of a column: a histogram of numbers and dates, a bar a level otherwise.

    Args:
        frame: The table, ``(n_rows, n_columns)``.
        column: Which column.
        by: A column with groups to compare: shares within each group are drawn. Beyond the 5 largest, groups are
            put together. Defaults to None: counts of all rows.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `frame` is no table or is empty, or lacks a column.
    """
    check_frame(frame)
    check_columns(frame, [column, *([by] if by is not None else [])])
    groups = {"": frame[column]} if by is None else _groups(frame[column], frame[by])
    missing = int(frame[column].isna().sum())
    title = f"{column}{f' by {by}' if by else ''}: {len(frame) - missing:,} rows" + (
        f", {missing:,} missing" if missing else ""
    )
    return _draw(groups, title=title, x=column, ax=ax)


def target_balance(data: Any, problem: Any, *, ax: Axes | None = None) -> Axes:
    """How often each class occurs, or how the amounts are spread; for splits in the training and validation parts.

    The test part of splits stays sealed.

    Args:
        data: A frame that holds the target, or ``data.Splits``.
        problem: The ``Problem``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `data` is neither, or lacks the target.
    """
    draw.need(problem, "problem", "a Problem", ("kind", "targets", "classes"))
    parts = {"": data} if isinstance(data, pd.DataFrame) else _parts(data)
    for name, part in parts.items():
        check_frame(part, name or "frame")
        check_columns(part, problem.targets, argument=name or "frame")
    n = ", ".join(f"{len(part):,} {name or 'rows'}" for name, part in parts.items())
    target = ", ".join(problem.targets)
    if problem.kind == "multilabel":
        shares = {
            k: pd.Series(problem.encode(p).mean(axis=0), index=problem.classes) for k, p in parts.items()
        }
        ax = draw.axes(ax, height=1.4 + 0.2 * len(problem.classes) * len(parts))
        _dodged(ax, pd.DataFrame(shares), counts=None)
        return draw.finish(
            ax, title=f"Share of rows with each label: {n}", x="share of rows", y="label", grid="x"
        )
    if len(problem.targets) > 1:  # amounts, all of them on one axis
        together = {name: pd.concat([part[t] for t in problem.targets]) for name, part in parts.items()}
        names = f"{len(problem.targets)} targets"
        return _draw(together, title=f"Target {target}: {n}", x=names, ax=ax, most=40)
    series = {name: part[problem.target] for name, part in parts.items()}
    if problem.kind != "regression":
        series = {
            name: as_text(values).astype(pd.CategoricalDtype(problem.classes))
            for name, values in series.items()
        }
    return _draw(series, title=f"Target {target}: {n}", x=target, ax=ax, most=40)


def _parts(data: Any) -> dict[str, pd.DataFrame]:
    if not all(hasattr(data, name) for name in ("train", "validation", "sizes")):
        raise InputError(complaint("data", "a DataFrame or data.Splits", type(data).__name__))
    parts = {"train": data.train, "validation": data.validation}
    return {name: part for name, part in parts.items() if len(part)}


def _groups(values: pd.Series, by: pd.Series) -> dict[str, pd.Series]:
    """The column in each group, the largest groups first, rare ones and missing ones under names of their own."""
    names = as_text(by)
    frequent = names.value_counts()
    kept = frequent.index[: MOST_GROUPS if len(frequent) <= MOST_GROUPS else MOST_GROUPS - 1]
    names = names.where(names.isin(kept) | names.isna(), OTHER).fillna(MISSING)
    order = [*kept, *[name for name in (OTHER, MISSING) if (names == name).any()]]
    return {str(name): values[(names == name).to_numpy()] for name in order}


def _draw(
    groups: Mapping[str, pd.Series], *, title: str, x: str, ax: Axes | None, most: int = MOST_LEVELS
) -> Axes:
    every = pd.concat(list(groups.values()), ignore_index=True)
    if not every.replace([np.inf, -np.inf], np.nan).notna().any():
        ax = draw.axes(ax)
        draw.remark(ax, "Every value is missing." if every.isna().all() else "No value is finite.")
        return draw.finish(ax, title=title, x=x, y="rows", grid="none")
    dtype = every.dtype
    date = pd.api.types.is_datetime64_any_dtype(dtype)
    if date or (pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)):
        ax = draw.axes(ax)
        cut = _histogram(ax, groups, date=date)
        return draw.finish(
            ax, title=title + cut, x=x, y="rows" if len(groups) == 1 else "share of the group", grid="y"
        )
    table = _levels(groups, most)
    ax = draw.axes(ax, height=1.4 + 0.2 * len(table) * max(1, 0.7 * len(groups)))
    _dodged(ax, table / table.sum(), counts=table.iloc[:, 0] if len(groups) == 1 else None)
    label = "share of rows" if len(groups) == 1 else "share of the group"
    return draw.finish(ax, title=title, x=label, y=x, grid="x")


def _levels(groups: Mapping[str, pd.Series], most: int) -> pd.DataFrame:
    """Rows of each level in each group: the most frequent levels (or the category's own order), then the rest."""
    counts = {
        n: (s if isinstance(s.dtype, pd.CategoricalDtype) else as_text(s)).value_counts()
        for n, s in groups.items()
    }
    table = pd.DataFrame(
        {name: pd.Series(c.to_numpy(), index=as_text(c.index).to_numpy()) for name, c in counts.items()}
    )
    table = table.fillna(0)
    table = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    if len(table) <= most:
        return table
    rest = table.iloc[most - 1 :]
    name = f"({len(rest):,} others)"
    return pd.concat([table.iloc[: most - 1], pd.DataFrame([rest.sum()], index=[name])])


def _dodged(ax: Axes, shares: pd.DataFrame, counts: pd.Series | None) -> None:
    """Bars side by side: one colour a group, or one for all with the counts written behind."""
    if shares.shape[1] == 1:
        texts = (
            None
            if counts is None
            else [f"{int(c):,} ({s:.1%})" for c, s in zip(counts, shares.iloc[:, 0], strict=True)]
        )
        draw.bars(ax, list(shares.index), shares.iloc[:, 0].to_numpy(), color=CYCLE[0], texts=texts)
        return
    height = 0.8 / shares.shape[1]
    for k, name in enumerate(shares):
        y = np.arange(len(shares)) + (k - (shares.shape[1] - 1) / 2) * height
        ax.barh(y, shares[name], height=height, color=CYCLE[k % len(CYCLE)], label=draw.elided(name, 20))
    ax.set_ylim(len(shares) - 0.4, -0.6)
    draw.name_ticks(ax, "y", shares.index)
    draw.percent(ax, "x")
    draw.key(ax)


def _histogram(ax: Axes, groups: Mapping[str, pd.Series], *, date: bool) -> str:
    """Draw the histogram; what was cut off, for the title."""
    values = {name: _numbers(series, date) for name, series in groups.items()}
    every = np.concatenate(list(values.values()))
    finite = every[np.isfinite(every)]
    low, high = _range(finite, date)
    edges = _edges(
        finite[(finite >= low) & (finite <= high)], MAX_BARS if len(groups) == 1 else MAX_BARS // 2
    )
    for k, (name, part) in enumerate(values.items()):
        counts = np.histogram(part[np.isfinite(part)], edges)[0]
        if len(values) == 1:
            ax.stairs(counts, edges, fill=True, color=CYCLE[0])
        else:
            ax.stairs(
                counts / max(len(part), 1),
                edges,
                color=CYCLE[k % len(CYCLE)],
                linewidth=1.6,
                baseline=None,
                label=draw.elided(name, 20),
            )
    ax.set_ylim(bottom=0)
    if date:
        locator = dates.AutoDateLocator(minticks=3, maxticks=7)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    else:
        draw.numbers(ax, "x", whole=edges[0] % 1 == 0.5 and edges[1] - edges[0] == 1)
    if len(values) > 1:
        draw.percent(ax, "y")
        draw.key(ax)
    else:
        draw.numbers(ax, "y")
    beyond = int(((every < low) | (every > high)).sum())
    return f", {beyond:,} beyond the axis" if beyond else ""


def _numbers(series: pd.Series, date: bool) -> np.ndarray:
    """Known values as float64, dates as days since 1970."""
    series = series.dropna()
    if not date:
        return series.to_numpy(np.float64)
    naive = series.dt.tz_convert("UTC").dt.tz_localize(None) if series.dt.tz is not None else series
    return naive.astype("datetime64[us]").to_numpy().astype(np.int64) / 86_400e6


def _range(values: np.ndarray, date: bool) -> tuple[float, float]:
    """The part of the axis to show: everything, unless a far tail would squeeze the rest into a few bars."""
    low, quarter, three, high = np.quantile(values, [0, 0.25, 0.75, 1])
    reach = LONG_TAIL * (three - quarter)
    if date or not reach:
        return float(low), float(high)
    return float(max(low, quarter - reach)), float(min(high, three + reach))


def _edges(values: np.ndarray, most: int) -> np.ndarray:
    """Edges of the bars: one a whole number where there are few, else Freedman and Diaconis within bounds."""
    distinct = np.unique(values)
    if len(distinct) <= MAX_BARS and np.all(distinct == np.round(distinct)) and np.ptp(distinct) < MAX_BARS:
        return np.arange(distinct[0], distinct[-1] + 2) - 0.5
    spread = np.subtract(*np.quantile(values, [0.75, 0.25]))
    width = 2 * spread / len(values) ** (1 / 3)
    n_bars = int(np.clip(np.ptp(values) / width, MIN_BARS, most)) if width > 0 else 30
    return np.linspace(values.min(), values.max(), n_bars + 1)
