"""The checks of one column's amounts: what is missing, constant, infinite, lopsided, far out or too varied."""

import dataclasses
import functools

import numpy as np
import pandas as pd

from dltoolkit.data import _findings
from dltoolkit.data._findings import EXAMPLES, AuditFinding, Table, empty_text, numbers, plain, told
from dltoolkit.data._outliers import fences
from dltoolkit.data._roles import MIN_PRESENCE

# Jakobsen et al. (2017), BMC Medical Research Methodology 17:162: with more than 40 % missing, results should only
# be taken as hypotheses.
MANY_MISSING = 0.4
# One value in 99 % of the rows: a fifth of the 95/5 ratio of caret's nearZeroVar, Kuhn (2008), Journal of Statistical
# Software 28(5), which also flags the many honest yes-or-no columns of real tables.
NEAR_CONSTANT = 0.99
# The level of ydata-profiling's HIGH_CARDINALITY alert: one-hot columns stop being readable, and cheap, about there.
HIGH_CARDINALITY = 50
# Bulmer (1979), Principles of Statistics: a distribution with |skewness| > 1 is highly skewed.
HIGH_SKEW = 1.0
MIN_SKEW_ROWS, MIN_SKEW_VALUES = (
    20,
    10,
)  # fewer rows make skewness noise; fewer different values are codes or counts
EXACT_FLOAT = 2**53  # whole numbers beyond it have no exact float64 (IEEE 754)
RARE_OUTLIERS = 0.01  # up to this share they are exceptions; beyond it the column has long tails
VERY_FAR = 2.0  # an exception this many times as far from the quartile as the fence is probably an error
# Numbers that people type for "not known" when they stand apart from all others.
PLACEHOLDERS = {-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999}
MIN_PLACEHOLDER_VALUES = 10  # with fewer different values -1 may be one of the codes
PLACEHOLDER_GAP = 2.0  # a high placeholder is at least so many times the next lower value


@dataclasses.dataclass(frozen=True)
class Column:
    """One column with what several checks need.

    Attributes:
        name: Its name.
        role: Its role in the schema.
        values: Its values.
    """

    name: str
    role: str
    values: pd.Series

    @functools.cached_property
    def missing(self) -> np.ndarray:
        """Where no value is, bool, shape ``(n_rows,)``."""
        return self.values.isna().to_numpy()

    @functools.cached_property
    def counts(self) -> pd.Series:
        """How often each known value occurs, the most frequent first."""
        counts = (
            self.values.astype(object).value_counts()
            if self.values.dtype == object
            else self.values.value_counts()
        )
        return counts[counts > 0]

    @functools.cached_property
    def numbers(self) -> np.ndarray:
        """The values as float64: dates in seconds, missing as NaN."""
        return numbers(self.values)

    @property
    def is_numeric(self) -> bool:
        """Whether the values are amounts."""
        return self.role == "numeric"


def missing(table: Table, column: Column) -> AuditFinding | None:
    """Rows without a value."""
    if not column.missing.any():
        return None
    share = column.missing.mean()
    advice = f"{column.missing.sum():,} of {len(table.frame):,} rows ({share:.1%}) without a value."
    if share == 1:
        advice += " The column says nothing: data.clean drops it."
    elif share > MANY_MISSING:
        advice += (
            " That is most of what it could say: find out why, or drop the column. preprocessing imputes the"
        )
        advice += " rest and adds an indicator."
    else:
        advice += (
            " preprocessing imputes them and adds an indicator; data.clean(missing=...) fills or drops them."
        )
    return table.finding(
        "missing", column.name, column.missing, advice, severity=_warn_if(share > MANY_MISSING)
    )


def all_missing(table: Table, column: Column) -> AuditFinding | None:
    """A column without any value."""
    if not column.missing.all():
        return None
    advice = "No row holds a value: data.clean drops the column. Check the file if you expected values."
    return table.finding("all_missing", column.name, column.missing, advice, severity="warn", examples=())


def empty_strings(table: Table, column: Column) -> AuditFinding | None:
    """Text of nothing, or of spaces only."""
    mask = empty_text(column.values)
    if not mask.any():
        return None
    advice = (
        f"{told(mask.sum(), 'row')} of text without a letter, a category of its own, not a missing value."
    )
    advice += " Replace it by None if it means missing."
    return table.finding("empty_strings", column.name, mask, advice, severity=_warn_if(column.role == "text"))


def infinite(table: Table, column: Column) -> AuditFinding | None:
    """Infinite numbers, which turn a whole column of features into NaN."""
    mask = _findings.infinite(column.values)
    if not mask.any():
        return None
    advice = (
        f"{told(mask.sum(), 'infinite value')}, often from a division by zero: correct them, or take them as"
    )
    advice += " missing with data.clean(infinite='missing')."
    return table.finding("infinite", column.name, mask, advice, severity="stop")


def big_integers(table: Table, column: Column) -> AuditFinding | None:
    """Whole numbers that floats cannot hold."""
    if not pd.api.types.is_integer_dtype(column.values.dtype):
        return None
    mask = ((column.values > EXACT_FLOAT) | (column.values < -EXACT_FLOAT)).to_numpy(bool, na_value=False)
    if not mask.any():
        return None
    advice = "Whole numbers beyond 2**53 are kept exactly here, but a network's floats cannot tell neighbours apart:"
    advice += " an id rather than an amount; give it the role 'id' or 'ignore', or turn it into text."
    return table.finding("big_integers", column.name, mask, advice, severity="warn")


def constant(table: Table, column: Column) -> AuditFinding | None:
    """The same value in every row, or in all but very few that hold none."""
    if (
        len(column.counts) != 1
        or len(table.frame) < 2
        or MIN_PRESENCE <= column.missing.mean() <= 1 - MIN_PRESENCE
    ):
        return None
    value = plain(column.counts.index[0])
    advice = f"Every row holds {value!r}: it tells no rows apart. data.clean drops the column."
    return table.finding(
        "constant", column.name, ~column.missing, advice, severity="warn", examples=[{"value": value}]
    )


def near_constant(table: Table, column: Column) -> AuditFinding | None:
    """One value in nearly all rows."""
    share = column.counts.iloc[0] / len(table.frame) if len(column.counts) > 1 else 0.0
    if share < NEAR_CONSTANT or column.role == "ignore":
        return None
    value = column.counts.index[0]
    mask = (column.values != value).to_numpy(bool, na_value=True)
    advice = f"{share:.1%} of the rows hold {plain(value)!r}: a part of a split may hold nothing else."
    return table.finding("near_constant", column.name, mask, advice)


def id_like(table: Table, column: Column) -> AuditFinding | None:
    """A column that names the row."""
    if column.role != "id":
        return None
    advice = f"{table.schema.why[column.name].capitalize()}. A model could only learn the rows by heart: data.clean"
    advice += " drops the column. If it names customers or the like, split with groups= before."
    return table.finding("id_like", column.name, ~column.missing, advice, severity="warn")


def high_cardinality(table: Table, column: Column) -> AuditFinding | None:
    """Many categories."""
    if column.role != "categorical" or len(column.counts) <= HIGH_CARDINALITY:
        return None
    rare = int((column.counts == 1).sum())
    advice = f"{len(column.counts):,} different values, {rare:,} of them once: one-hot would make as many features."
    advice += " preprocessing embeds or hashes it; min_count= pools the rare ones."
    examples = [{"value": plain(v), "count": int(n)} for v, n in column.counts.head(EXAMPLES).items()]
    return table.finding("high_cardinality", column.name, ~column.missing, advice, examples=examples)


def skew(table: Table, column: Column) -> AuditFinding | None:
    """A long tail to one side."""
    known = (
        pd.Series(column.numbers[np.isfinite(column.numbers)])
        if column.is_numeric
        else pd.Series(dtype=float)
    )
    if len(known) < MIN_SKEW_ROWS or len(column.counts) < MIN_SKEW_VALUES:
        return None
    skewness = float(known.skew())
    if not abs(skewness) > HIGH_SKEW:
        return None
    treatment = "log" if known.min() >= 0 and skewness > 0 else "robust"
    advice = f"Skewness {skewness:.1f}, mean {known.mean():.4g}, median {known.median():.4g}: a few values weigh most."
    advice += f" preprocessing.fit(columns={{{column.name!r}: {treatment!r}}}) evens it out."
    if column.name in table.targets:
        advice = advice.split(" preprocessing")[0] + " Predicting its logarithm is often easier."
    highest = np.argsort(-np.where(np.isfinite(column.numbers), np.sign(skewness) * column.numbers, -np.inf))
    examples = [table.example(row, column.name) for row in highest[:EXAMPLES]]
    return table.finding("skew", column.name, ~column.missing, advice, examples=examples)


def outliers(table: Table, column: Column) -> AuditFinding | None:
    """Values, or dates, far from all others."""
    if column.role not in ("numeric", "datetime"):
        return None
    bounds = fences(column.numbers)
    reach = np.zeros(len(column.numbers)) if bounds is None else bounds.reach(column.numbers)
    mask = reach > 1
    if bounds is None or not mask.any():
        return None
    few = mask.mean() <= RARE_OUTLIERS
    advice = (
        f"{told(mask.sum(), 'value')} outside [{_shown(bounds.low, column)}, {_shown(bounds.high, column)}]."
    )
    advice += " Look whether they are errors." if few else " So many make a long tail, not errors."
    advice += " data.clean(outliers='clip') or 'drop' acts on them; preprocessing's 'robust' scaling lives with them."
    examples = [table.example(row, column.name) for row in np.argsort(-reach)[: min(EXAMPLES, mask.sum())]]
    severity = _warn_if(few and reach.max() >= VERY_FAR)
    return table.finding("outliers", column.name, mask, advice, severity=severity, examples=examples)


def placeholder(table: Table, column: Column) -> AuditFinding | None:
    """A number such as -1 or 999 that stands for "not known"."""
    if not column.is_numeric or len(column.counts) < MIN_PLACEHOLDER_VALUES:
        return None
    distinct = np.sort(np.unique(column.numbers[np.isfinite(column.numbers)]))
    low, high = distinct[0], distinct[-1]
    found = []
    if low in PLACEHOLDERS and low < 0 <= distinct[1]:
        found.append(low)
    if high in PLACEHOLDERS and high > 0 and high >= PLACEHOLDER_GAP * distinct[-2]:
        found.append(high)
    mask = np.isin(column.numbers, found)
    if mask.sum() < 2:
        return None
    advice = f"{' and '.join(f'{v:g}' for v in found)} stands apart from all other values: if it means 'not known',"
    advice += " replace it by None, or the model takes it for an amount."
    return table.finding("placeholder", column.name, mask, advice, severity="warn")


def _warn_if(condition: bool) -> str:
    return "warn" if condition else "info"


def _shown(bound: float, column: Column) -> str:
    """A fence as a number or a date."""
    if column.role != "datetime":
        return f"{bound:.4g}"
    try:
        return str(pd.Timestamp(bound, unit="s").date())
    except (OverflowError, ValueError):  # beyond what a date can hold: no date is out there
        return "the beginning" if bound < 0 else "the end of time"


CHECKS = (
    all_missing,
    missing,
    empty_strings,
    infinite,
    big_integers,
    constant,
    near_constant,
    id_like,
    high_cardinality,
    skew,
    outliers,
    placeholder,
)
