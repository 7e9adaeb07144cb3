"""The checks of a long table of series: order, repeated stamps, gaps and uneven steps."""

import numpy as np
import pandas as pd

from dltoolkit._checks import listed
from dltoolkit.data._content import hashable
from dltoolkit.data._findings import EXAMPLES, AuditFinding, Table, plain, told
from dltoolkit.data._rows import time_numbers

# A step is usual within a fifth of the median one, which holds months (28 to 31 days) and the hour that clocks are put
# forward; from one and a half of it on, a stamp is missing in between.
UNEVEN, GAP = 0.2, 1.5
UNEVEN_SHARE = 0.05  # of the steps of a series; fewer are slips
MIN_STEPS = 3


def findings(table: Table) -> list[AuditFinding | None]:
    """What is found about the times of the series.

    Args:
        table: A table with a column of the role ``"time"``, and of ``"series"`` where it holds several.

    Returns:
        list: Findings, or None where there is nothing to find.
    """
    time = table.schema.columns("time")[0]
    names = table.schema.columns("series")
    rows = np.flatnonzero(table.frame[time].notna())
    if len(rows) < 2:
        return []
    stamps = time_numbers(table.frame[time].iloc[rows]).astype(float)
    keys = table.frame[names].iloc[rows].apply(hashable) if names else pd.DataFrame(index=rows)
    series = (
        keys.groupby(names, sort=False, dropna=False).ngroup().to_numpy()
        if names
        else np.zeros(len(rows), int)
    )
    return [
        _unsorted(table, time, (rows, stamps, series)),
        _repeated(table, time, (rows, stamps, series)),
        *_steps(table, time, (rows, stamps, series)),
    ]


def _unsorted(
    table: Table, time: str, places: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> AuditFinding | None:
    """Rows that are earlier than the row before them of the same series."""
    rows, stamps, series = places
    order = np.argsort(series, kind="stable")
    back = (np.diff(stamps[order]) < 0) & (np.diff(series[order]) == 0)
    if not back.any():
        return None
    advice = f"{told(back.sum(), 'row')} earlier than the row before. data.read_series sorts them; a shift or a mean over"
    advice += " the last rows, taken as they stand, would look into the future."
    return table.finding("unsorted", time, _mask(table, rows[order[1:][back]]), advice, severity="warn")


def _repeated(
    table: Table, time: str, places: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> AuditFinding | None:
    """Two rows of one series at one time."""
    rows, stamps, series = places
    twice = pd.DataFrame({"series": series, "stamp": stamps}).duplicated().to_numpy()
    if not twice.any():
        return None
    one = "one series" if table.schema.columns("series") else "the table"
    advice = f"{told(twice.sum(), 'row')} with a time that {one} has already: keep one, take their mean, or name the column"
    advice += (
        " that tells the series apart. Where clocks are put back an hour comes twice: keep times in UTC."
    )
    return table.finding("repeated_times", time, _mask(table, rows[twice]), advice, severity="stop")


def _steps(
    table: Table, time: str, places: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> list[AuditFinding | None]:
    """Stamps that are missing between two rows, and series whose steps are uneven."""
    rows, stamps, series = places
    order = np.lexsort((stamps, series))
    steps, inside = np.diff(stamps[order]), np.diff(series[order]) == 0
    inside &= steps > 0
    owner = series[order][1:]
    known = pd.Series(steps[inside]).groupby(owner[inside])
    counts = known.size().reindex(range(int(series.max()) + 1), fill_value=0).to_numpy()
    usual = known.median().reindex(range(int(series.max()) + 1)).to_numpy()[owner]
    judged = inside & (counts[owner] >= MIN_STEPS)
    uneven = judged & (np.abs(steps / usual - 1) > UNEVEN)
    share = np.bincount(owner[uneven], minlength=len(counts)) / np.maximum(counts, 1)
    irregular = np.flatnonzero(share > UNEVEN_SHARE)
    wide = judged & (steps > GAP * usual) & ~np.isin(owner, irregular)
    places_after = rows[order[1:]]
    return [
        _gaps(table, time, (wide, steps / usual, places_after, rows[order[:-1]])),
        _uneven(table, time, (series, rows, irregular)),
    ]


def _gaps(table: Table, time: str, found: tuple[np.ndarray, ...]) -> AuditFinding | None:
    wide, ratio, after, before = found
    if not wide.any():
        return None
    lost = int(np.round(ratio[wide] - 1).sum())
    values = table.frame[time]
    examples = [
        {**table.example(int(after[i]), time), "after": plain(values.iloc[before[i]])}
        for i in np.flatnonzero(wide)[:EXAMPLES]
    ]
    advice = f"{told(wide.sum(), 'gap')}, about {told(lost, 'missing stamp')}: a window over a gap takes far rows for near"
    advice += " ones. Fill the stamps in, or let data.windows leave such windows out."
    return table.finding("gaps", time, _mask(table, after[wide]), advice, severity="warn", examples=examples)


def _uneven(table: Table, time: str, found: tuple[np.ndarray, ...]) -> AuditFinding | None:
    series, rows, irregular = found
    if not len(irregular):
        return None
    mask = np.isin(series, irregular)
    names = table.schema.columns("series")
    whose = ""
    if names:
        first = [int(rows[np.flatnonzero(series == s)[0]]) for s in irregular]
        whose = f" ({listed(table.frame[names[0]].iloc[first])})"
    advice = f"{len(irregular):,} series{whose} with uneven steps: a window of so many"
    advice += " rows is now a day, now a month. Bring them to even steps (resample) first."
    return table.finding("uneven_steps", time, _mask(table, rows[mask]), advice, severity="warn")


def _mask(table: Table, rows: np.ndarray) -> np.ndarray:
    mask = np.zeros(len(table.frame), dtype=bool)
    mask[rows] = True
    return mask
