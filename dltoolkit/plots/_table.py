"""Pictures of a table as a whole: what is missing, and what moves together."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from dltoolkit._checks import check_choice, check_columns, check_frame, complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.plots import _axes as draw
from dltoolkit.plots._evaluation import write_cells
from dltoolkit.plots._palette import BLUE, diverging, sequential

# More columns than this are left out of a picture; the title says how many.
MOST_BARS, MOST_COLUMNS = 25, 60
# More rows than this are sampled for the correlations: the standard error of a coefficient is then under 0.01.
MOST_ROWS = 20_000
# From this many columns on, they are put into an order in which similar ones are neighbours.
CLUSTER_FROM = 21
# Inches a cell needs so that a coefficient can be read in it.
READABLE_CELL = 0.33
METHODS = ("pearson", "spearman", "cramers_v")


def missingness(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of missing values of each column that has any, and what is most often missing together.

    Args:
        frame: The table, ``(n_rows, n_columns)``.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `frame` is no table or is empty.
    """
    check_frame(frame)
    gone = frame.isna()
    share = gone.mean().sort_values(ascending=False, kind="stable")
    share = share[share > 0]
    shown = share.iloc[:MOST_BARS]
    ax = draw.axes(ax, height=1.4 + 0.2 * max(len(shown), 4))
    title = f"Missing values in {len(share)} of {frame.shape[1]} columns, {len(frame):,} rows"
    if len(share) > len(shown):
        title += f" (the {len(shown)} worst)"
    if shown.empty:
        draw.remark(ax, "No value is missing.")
        ax.set(xlim=(0, 1), yticks=[])
        return draw.finish(ax, title=title, x="share of rows", y="column", grid="none")
    draw.bars(ax, list(shown.index), shown.to_numpy(), color=BLUE)
    label = "share of rows missing"
    return draw.finish(
        ax, title=title, x=f"{label}\n{_together(gone[shown.index])}".strip(), y="column", grid="x"
    )


def _together(gone: pd.DataFrame) -> str:
    """The columns that are missing together most often, in words; nothing when they never are."""
    several = gone[gone.sum(axis=1) > 1]
    if several.empty:
        return ""
    pattern = several.value_counts()
    names = [name for name, flag in zip(pattern.index.names, pattern.index[0], strict=True) if flag]
    what = " + ".join(draw.elided(name, 14) for name in names[:3]) + (
        f" + {len(names) - 3} more" if len(names) > 3 else ""
    )
    return f"often together: {what} ({pattern.iloc[0]:,} rows)"


def correlations(
    frame: pd.DataFrame, schema: Any = None, *, method: str = "spearman", ax: Axes | None = None
) -> Axes:
    """How strongly the columns move together, pair by pair; similar ones are neighbours where there are many.

    Args:
        frame: The table, ``(n_rows, n_columns)``.
        schema: A ``data.Schema`` that tells which columns are numbers (booleans count) and which are categories.
            Defaults to None: by dtype.
        method: ``"spearman"`` (ranks: any steady relation) or ``"pearson"`` (straight lines) for numbers,
            ``"cramers_v"`` for categories. Each pair uses the rows in which both are known. Defaults to Spearman.
        ax: Where to draw. Defaults to None: a new figure.

    Returns:
        matplotlib.axes.Axes: What was drawn on.

    Raises:
        InputError: If `frame` is no table, has fewer than two columns that vary, or the method does not exist.

    References:
        Bergsma (2013), "A bias-correction for Cramér's V and Tschuprow's T", J. Korean Stat. Soc. 42.
    """
    check_frame(frame)
    check_choice(method, METHODS, "method")
    columns = _columns(frame, schema, categories=method == "cramers_v")
    rows = frame[columns] if len(frame) <= MOST_ROWS else frame[columns].sample(MOST_ROWS, random_state=0)
    table = _association(rows, method)
    if len(table) < 2:
        kind = "categories" if method == "cramers_v" else "numbers"
        cure = f"Columns of that kind: {listed(columns)}." if columns else "There are none of that kind."
        stop([complaint("frame", f"two columns of {kind} that vary", f"{len(table)}", cure)])
    table = _ordered(table) if len(table) >= CLUSTER_FROM else table
    shown = table.iloc[:MOST_COLUMNS, :MOST_COLUMNS]
    size = float(np.clip(1.8 + 0.3 * len(shown), 3.4, 9))
    ax = draw.axes(ax, height=size, width=size + 0.8)
    _matrix(ax, shown, signed=method != "cramers_v")
    name = {"pearson": "Pearson's r", "spearman": "Spearman's rank correlation", "cramers_v": "Cramér's V"}[
        method
    ]
    title = (
        f"{name}, {len(frame):,} rows"
        if rows.shape[0] == len(frame)
        else f"{name}, {len(rows):,} of {len(frame):,} rows"
    )
    title += f" ({len(shown)} of {len(table)} columns)" if len(shown) < len(table) else ""
    title += "" if method == "cramers_v" else "\n(blue: together, orange: opposite)"
    left = [column for column in columns if column not in table]
    note = f"constant or empty, left out: {listed(left, 3)}" if left else "column"
    return draw.finish(ax, title=title, x=note, y="column", grid="none")


def _columns(frame: pd.DataFrame, schema: Any, *, categories: bool) -> list[str]:
    if schema is not None:
        draw.need(schema, "schema", "a data.Schema", ("roles",))
        roles = ("categorical", "boolean") if categories else ("numeric", "boolean")
        names = [name for name, role in schema.roles.items() if role in roles]
        check_columns(frame, names)
        return [
            n
            for n in names
            if categories or pd.api.types.is_numeric_dtype(frame[n]) or frame[n].dtype == bool
        ]
    number = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]
    dates = [pd.api.types.is_datetime64_any_dtype(dtype) for dtype in frame.dtypes]
    flags = [pd.api.types.is_bool_dtype(dtype) for dtype in frame.dtypes]
    chosen = [f or not (n or d) if categories else n for n, d, f in zip(number, dates, flags, strict=True)]
    return [name for name, keep in zip(frame.columns, chosen, strict=True) if keep]


def _association(frame: pd.DataFrame, method: str) -> pd.DataFrame:
    """The matrix, without columns that are constant or empty."""
    if method == "cramers_v":
        codes = {name: pd.factorize(as_text(frame[name]))[0] for name in frame}
        codes = {name: values for name, values in codes.items() if values.max() > 0}
        table = pd.DataFrame(1.0, index=list(codes), columns=list(codes))
        for first, second in itertools.combinations(codes, 2):
            table.loc[first, second] = table.loc[second, first] = cramers_v(codes[first], codes[second])
        return table
    numbers = frame.astype("float64").replace([np.inf, -np.inf], np.nan)
    numbers = numbers.loc[:, numbers.nunique() > 1]
    return numbers.corr(method=method).fillna(0.0)  # type: ignore[arg-type]


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Bergsma's bias-corrected Cramér's V of two columns of codes (−1 is missing), in [0, 1]; 0 when one is constant.

    Example:
        >>> cramers_v(np.array([0, 1] * 50), np.array([1, 0] * 50))
        1.0
    """
    known = (first >= 0) & (second >= 0)
    n = int(known.sum())
    size = first.max() + 1, second.max() + 1
    table = np.bincount(first[known] * size[1] + second[known], minlength=size[0] * size[1]).reshape(size)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(float)
    rows, columns = table.shape
    if min(table.shape) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = ((table - expected) ** 2 / expected).sum() / n
    less = [size - (size - 1) ** 2 / (n - 1) for size in (rows, columns)]
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    return float(min(1.0, np.sqrt(phi / max(min(less) - 1, 1e-12))))


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Average-linkage clustering on 1 − |r|: neighbours are similar."""
    distance = 1 - table.abs().to_numpy()
    distance = np.clip((distance + distance.T) / 2, 0, None)
    np.fill_diagonal(distance, 0)
    order = hierarchy.leaves_list(
        hierarchy.linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    )
    return table.iloc[order, order]


def _matrix(ax: Axes, table: pd.DataFrame, *, signed: bool) -> None:
    """The lower triangle: each pair once, and no column with itself."""
    lower = table.iloc[1:, :-1]
    values = np.where(np.tri(len(lower), dtype=bool), lower.to_numpy(float), np.nan)
    cmap = diverging(ax) if signed else sequential(ax)
    ax.imshow(values, cmap=cmap, vmin=-1 if signed else 0, vmax=1, aspect="auto")
    draw.name_matrix(ax, lower.index, lower.columns)
    width, height = draw.inches(ax)
    if (
        min(height, 0.62 * width) / len(lower) >= READABLE_CELL * 0.6
        and 0.62 * width / len(lower) >= READABLE_CELL * 0.8
    ):
        shades = (values + 1) / 2 if signed else values
        write_cells(ax, shades, cmap, [_coefficient(value) for value in values.flat])


def _coefficient(value: float) -> str:
    """Two decimals in as few characters as they read in: .25, −.5, 0."""
    if np.isnan(value):
        return ""
    return f"{value:.2f}".replace("0.", ".").replace("-", "−") if abs(value) >= 0.005 else "0"
