"""A column of new data against its profile: which tests apply, and what they found in words."""

import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from dltoolkit._checks import listed
from dltoolkit._text import as_text
from dltoolkit.monitoring import _statistics as statistics
from dltoolkit.monitoring._profile import (
    DATE,
    FLAG,
    NUMBER,
    Column,
    Levels,
    Numbers,
    as_numbers,
    family,
    wrong_family,
)

_NOTHING = "no values to compare"


class Result(NamedTuple):
    """One test: the column, what was compared (values, levels, new levels, missing), the outcome and a sentence."""

    column: str
    aspect: str
    outcome: statistics.Outcome
    why: str


def type_complaint(column: Column, series: pd.Series) -> str | None:
    """The complaint when the column's type has changed since training, else None.

    Numbers and dates must come as such. Levels are compared as text, whatever they came in, so that only another
    type *and* no level in common is a change of type.
    """
    if series.isna().all() or not isinstance(column, (Numbers, Levels)):
        return None
    if isinstance(column, Levels):
        same = family(series) == column.family or as_text(series).isin(list(column.counts)).any()
        return None if same else wrong_family(series, column.family)
    want = _family_of(column)
    fits = family(series) == want or (want == NUMBER and family(series) == FLAG)
    return None if fits else wrong_family(series, want)


def _family_of(column: Numbers) -> str:
    return DATE if column.role == "datetime" else NUMBER


def compare(column: Column, series: pd.Series) -> list[Result]:
    """Every test that fits the column: its values or its levels, new levels, and the missing share.

    The tests of a column depend on its profile alone, never on the new data, so that Holm's correction holds.

    Args:
        column: What is known from training.
        series: The new values, ``(n_rows,)``, at least one.

    Returns:
        list: One `Result` a test.
    """
    results = []
    if isinstance(column, Numbers):
        results.append(_values(column, series))
    if isinstance(column, Levels):
        texts = as_text(series).dropna()
        counts = texts.value_counts()
        results += [_levels(column, counts), _new_levels(column, counts)]
    return [*results, _missing(column, series)]


def new_levels(column: Column, series: pd.Series) -> dict[str, int]:
    """Rows of each level that the profile does not know, most first; empty for a column that has no levels."""
    if not isinstance(column, Levels):
        return {}
    counts = as_text(series).value_counts()
    return {str(level): int(count) for level, count in counts.items() if level not in column.counts}


def _values(column: Numbers, series: pd.Series) -> Result:
    batch = as_numbers(series, _family_of(column))
    batch = batch[~np.isnan(batch)]
    values, below, upto = (np.array(part) for part in (column.values, column.below, column.upto))
    outcome = statistics.kolmogorov_smirnov(batch, values, below, upto)
    if not len(batch):
        return Result(column.name, "values", outcome, _NOTHING)
    write = _date if column.role == "datetime" else "{:,.6g}".format
    why = f"median {write(float(np.median(batch)))}, was {write(column.median)}"
    infinite = int(np.isinf(batch).sum())
    why += f"; {infinite:,} infinite" if infinite else ""
    if column.role == "datetime":
        why += "; dates move on by themselves: give the column the role 'ignore' if that is all"
    return Result(column.name, "values", outcome, why)


def _levels(column: Levels, counts: pd.Series) -> Result:
    """Compare the shares of all levels of either side: were new ones left aside, rare ones would seem to vanish."""
    before = pd.Series(column.counts, dtype="int64")
    table = pd.DataFrame({"before": before, "now": counts}).fillna(0).sort_index()
    if column.n_other:
        new = table["before"] == 0
        table = pd.concat(
            [
                table[~new],
                pd.DataFrame({"before": column.n_other, "now": table.loc[new, "now"].sum()}, index=[""]),
            ]
        )
    outcome = statistics.level_test(table["before"], table["now"])
    if counts.empty:
        return Result(column.name, "levels", outcome, _NOTHING)
    shares = table / table.sum()
    most = (shares["now"] - shares["before"]).abs().idxmax()
    why = f"{most!r} in {_shares(shares.loc[most, 'now'], shares.loc[most, 'before'])}"
    return Result(column.name, "levels", outcome, why)


def _new_levels(column: Levels, counts: pd.Series) -> Result:
    """Compare the share of rows with a level never seen before with what the training frame lets expect.

    A column with many rare levels brings new ones in every batch. The share to expect is that of the training
    rows whose level is theirs alone (Good 1953, Biometrika 40).
    """
    n, new = int(counts.sum()), counts[~counts.index.isin(list(column.counts))]
    if not n:
        return Result(column.name, "new levels", statistics.Outcome("Fisher", 0.0, 1.0, 0.0), _NOTHING)
    hits = int(new.sum())
    outcome = statistics.share_test(column.n_one_off, column.n_known, hits, n, more_only=True)
    why = f"a level that training never saw in {_shares(hits / n, column.n_one_off / column.n_known, 'expected')}"
    return Result(column.name, "new levels", outcome, why + (f": {listed(new.index, 3)}" if hits else ""))


def _missing(column: Column, series: pd.Series) -> Result:
    missing, n = int(series.isna().sum()), len(series)
    outcome = statistics.share_test(column.n_missing, column.n_rows, missing, n)
    return Result(
        column.name,
        "missing",
        outcome,
        f"missing in {_shares(missing / n, column.n_missing / column.n_rows)}",
    )


def _shares(now: float, before: float, word: str = "was") -> str:
    return (
        f"{now:.3g} of the rows, {word} {before:.3g}"
        if 0 < abs(now - before) < 0.005
        else f"{now:.1%} of the rows, {word} {before:.1%}"
    )


def _date(seconds: float) -> str:
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return moment.isoformat(" ", timespec="minutes")
