"""What is learnt from the training part, as plain numbers: nothing here knows Keras."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._text import as_text
from dltoolkit.preprocessing import _raw
from dltoolkit.preprocessing._media_plan import PLANS, MediaPlan

NUMERIC = ("standardise", "normalise", "robust", "log", "none")
CATEGORICAL = ("one-hot", "embedding", "hash")
DATES = ("both", "cyclic", "elapsed")
DROP = "drop"
STATISTICS = ("mean", "median", "std", "min", "max", "count")  # of a number within each category

MISSING_ID, UNSEEN_ID, FIRST_ID = (
    0,
    1,
    2,
)  # ids of a category: missing, never seen in training, then the vocabulary

DAY = 86_400.0  # seconds
CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}  # days; the year is the Gregorian mean year
MONDAY = 3.0  # days: 1970-01-01 was a Thursday, so that three more put Monday at the start of the week
MOST_TARGET_LABELS = 10_000
QUANTILES = (
    65  # kept of each column of numbers: a network may cut it into up to 64 parts with as many rows each
)


@dataclasses.dataclass(frozen=True)
class FeatureSpec:
    """One input of a network.

    Attributes:
        shape: Shape of one example, without the batch axis.
        dtype: ``"float32"`` for amounts, ``"int32"`` for ids.
        vocabulary_size: Number of different ids, 0 and 1 (missing or padding, unseen) included; None for amounts.
        role: The role of the column that it comes from; ``"table"`` for the dense block and for categories.
    """

    shape: tuple[int, ...]
    dtype: str
    vocabulary_size: int | None = None
    role: str = "table"


@dataclasses.dataclass(frozen=True)
class TargetStatistics:
    """The target in the training part: what output biases and scales start from.

    Attributes:
        mean: Mean of a numeric target; None otherwise.
        std: Standard deviation (population) of a numeric target; None otherwise.
        counts: Number of rows for each label, as text; empty where there are more than 10,000 different ones.
        rows: Number of rows of the training part; 0 when unknown.
    """

    mean: float | None = None
    std: float | None = None
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    rows: int = 0

    @classmethod
    def of(cls, target: pd.Series) -> "TargetStatistics":
        """Measure a target column.

        Args:
            target: The labels or amounts of the training part, shape ``(n_rows,)``.

        Returns:
            TargetStatistics: Its mean and spread where it holds numbers, and its counts.
        """
        counts = as_text(target).value_counts()
        counts = {} if len(counts) > MOST_TARGET_LABELS else {str(k): int(v) for k, v in counts.items()}
        if not pd.api.types.is_numeric_dtype(target.dtype) or pd.api.types.is_bool_dtype(target.dtype):
            return cls(counts=counts, rows=len(target))
        values = target.to_numpy("float64", na_value=np.nan)
        values = values[np.isfinite(values)]
        mean, std = (float(values.mean()), float(values.std())) if len(values) else (None, None)
        return cls(mean, std, counts, len(target))


@dataclasses.dataclass(frozen=True)
class NumericPlan:
    """A numeric, boolean or elapsed-time column: ``(fill(x) - centre) * scale``, after a signed log where asked.

    `quantiles` are those of the scaled training values that are known, each once and rising; none of a boolean.
    """

    column: str
    role: str
    treatment: str
    fill: float
    centre: float
    scale: float
    indicator: bool
    why: str
    quantiles: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class DatePlan:
    """A date: sine and cosine of each cycle; the elapsed time is a `NumericPlan` of its own."""

    column: str
    cycles: tuple[str, ...]
    fill: float
    why: str


@dataclasses.dataclass(frozen=True)
class CategoryPlan:
    """A category: a vocabulary (or a number of hash bins), as one-hot columns or as ids for an embedding."""

    column: str
    treatment: str
    vocabulary: tuple[str, ...]
    bins: int
    missing: bool
    why: str

    @property
    def size(self) -> int:
        """Number of different ids."""
        return self.bins if self.treatment == "hash" else len(self.vocabulary) + FIRST_ID


@dataclasses.dataclass(frozen=True)
class CrossPlan:
    """Several categories as one: the combinations that the training part holds."""

    columns: tuple[str, ...]
    treatment: str
    vocabulary: tuple[int, ...]
    labels: tuple[str, ...]
    why: str

    @property
    def name(self) -> str:
        """Name of the crossed feature, such as ``"home x job"``."""
        return " x ".join(self.columns)

    @property
    def size(self) -> int:
        """Number of different ids, the one of unseen combinations included."""
        return len(self.vocabulary) + 1


@dataclasses.dataclass(frozen=True)
class RatioPlan:
    """One number over another; missing where either is, and where the lower one is 0. Its scaling is a `NumericPlan`."""

    name: str
    numerator: str
    denominator: str


@dataclasses.dataclass(frozen=True)
class AggregatePlan:
    """What a number was in training within each category: one value an id. Its scaling is a `NumericPlan`."""

    name: str
    column: str
    by: str
    statistic: str
    values: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Everything that `fit` learnt, column by column."""

    numeric: tuple[NumericPlan, ...]
    dates: tuple[DatePlan, ...]
    categories: tuple[CategoryPlan, ...]
    crosses: tuple[CrossPlan, ...]
    left_out: dict[str, str]
    ratios: tuple[RatioPlan, ...] = ()
    aggregates: tuple[AggregatePlan, ...] = ()
    media: tuple[MediaPlan, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON-able values."""
        media = [{"role": p.role, **dataclasses.asdict(p)} for p in self.media]
        return {**dataclasses.asdict(dataclasses.replace(self, media=())), "media": media}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Plan":
        """Read back what `to_json` gave."""
        parts = {
            name: tuple(kind(**_tuples(p)) for p in content.get(name, ())) for name, kind in _KINDS.items()
        }
        media = [_tuples(p) for p in content.get("media", ())]
        read = tuple(PLANS[p.pop("role")](**p) for p in media)
        return cls(**parts, media=read, left_out=dict(content["left_out"]))


_KINDS: dict[str, Any] = {
    "numeric": NumericPlan,
    "dates": DatePlan,
    "categories": CategoryPlan,
    "crosses": CrossPlan,
    "ratios": RatioPlan,
    "aggregates": AggregatePlan,
}


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


def plan_number(
    column: str, role: str, values: np.ndarray, *, treatment: str, indicators: bool
) -> NumericPlan | str:
    """Learn the fill value, centre and scale of a column of numbers.

    Args:
        column: Its name.
        role: ``"numeric"``, ``"boolean"`` or ``"datetime"``.
        values: float64 ``(n,)``, NaN where missing.
        treatment: One of `NUMERIC`.
        indicators: Whether a column with missing values gets an indicator.

    Returns:
        NumericPlan or str: The plan, or the reason why the column carries nothing.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return "every value is missing"
    missing = len(known) < len(values)
    fill = float(np.median(known)) if role != "boolean" else float(known.mean() >= 0.5)
    if known.min() == known.max() and not missing:
        return f"constant: every value is {known[0]:g}"
    filled = np.where(np.isnan(values), fill, values)
    scaled = signed_log(filled) if treatment == "log" else filled
    centre, spread = _centre_and_spread(scaled, treatment)
    spread = spread if spread > 0 else 1.0
    why = f"missing values become {fill:g}; " if missing else ""
    return NumericPlan(
        column,
        role,
        treatment,
        fill,
        centre,
        1 / spread,
        indicators and missing,
        why + _WHY[treatment],
        () if role == "boolean" else _quantiles((scaled[~np.isnan(values)] - centre) / spread),
    )


def _quantiles(values: np.ndarray) -> tuple[float, ...]:
    """Different quantiles of numbers, values that occur, the least and the largest among them, to six digits."""
    found = np.quantile(values, np.linspace(0, 1, QUANTILES), method="inverted_cdf")
    return tuple(sorted({float(f"{value:.6g}") for value in found}))


_WHY = {
    "standardise": "mean 0 and standard deviation 1, so that no column's unit weighs more than another's",
    "normalise": "the training range becomes 0 to 1",
    "robust": "median 0 and interquartile range 1, so that outliers do not set the scale",
    "log": "signed log(1 + |x|), then mean 0 and standard deviation 1: it tames a long tail",
    "none": "left as it is",
}


def signed_log(values: np.ndarray) -> np.ndarray:
    """``sign(x) * log(1 + |x|)``, elementwise."""
    return np.sign(values) * np.log1p(np.abs(values))


def _centre_and_spread(values: np.ndarray, treatment: str) -> tuple[float, float]:
    if treatment in ("standardise", "log"):
        near = values - values[0]  # sums of large, close numbers (time stamps) would lose their digits
        return float(values[0] + near.mean()), float(near.std())
    if treatment == "normalise":
        return float(values.min()), float(values.max() - values.min())
    if treatment == "robust":
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        return float(middle), float(high - low) or float(values.std())
    return 0.0, 1.0


def plan_date(column: str, seconds: np.ndarray) -> DatePlan | None:
    """Pick the cycles that a column of dates can show.

    A cycle is kept when the dates vary within it: the day only when there are times of day, the week and the year
    only when the dates span at least half of one.
    """
    known = seconds[~np.isnan(seconds)]
    span = (known.max() - known.min()) / DAY
    cycles = tuple(
        n for n, days in CYCLES.items() if span >= days / 2 and (n != "day" or (known % DAY).std() > 0)
    )
    if not cycles:
        return None
    why = "sine and cosine of the " + ", ".join(cycles) + ": the end of a cycle is close to its start"
    return DatePlan(column, cycles, float(np.median(known)), why)


def plan_category(
    column: pd.Series, treatment: str, *, most_one_hot: int, bins: int, min_count: int
) -> CategoryPlan | str:
    """Learn the vocabulary of a column of categories, most frequent first."""
    codes, distinct = _raw.to_codes(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    blank = distinct == _raw.MISSING_TEXT
    missing = bool((codes < 0).any() or counts[blank].any())
    order = np.argsort(-counts, kind="stable")
    order = order[(counts[order] >= min_count) & ~blank[order]]
    vocabulary = tuple(str(v) for v in distinct[order])
    if not len(distinct) or blank.all():
        return "every value is missing"
    if len(distinct) == 1 and not missing:
        return f"constant: every value is {distinct[0]!r}"
    if treatment == "auto":
        treatment = "one-hot" if len(vocabulary) <= most_one_hot else "embedding"
    n = len(vocabulary)
    why = {
        "one-hot": f"{n:,} categories, few enough for a column each; an unseen one is all zeros",
        "embedding": f"{n:,} categories: ids, for which the network learns a vector each",
        "hash": f"{n:,} categories hashed into {bins:,} bins: no vocabulary to keep, some share a bin",
    }[treatment]
    vocabulary = () if treatment == "hash" else vocabulary
    return CategoryPlan(
        str(column.name), treatment, vocabulary, bins if treatment == "hash" else 0, missing, why
    )
