"""Learning a plan from the training part."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import (
    InputError,
    check_choice,
    check_columns,
    check_frame,
    check_number,
    complaint,
    listed,
    stop,
)
from dltoolkit.data import Schema
from dltoolkit.preprocessing import _raw
from dltoolkit.preprocessing._derive import by_series, category_ids, plan_aggregates, plan_ratios
from dltoolkit.preprocessing._media_fit import plan_media
from dltoolkit.preprocessing._options import (
    KINDS,
    TEXT_MODES,
    ImageOptions,
    SequenceOptions,
    SoundOptions,
    TextOptions,
)
from dltoolkit.preprocessing._plan import (
    CATEGORICAL,
    DATES,
    DROP,
    FIRST_ID,
    NUMERIC,
    UNSEEN_ID,
    CategoryPlan,
    CrossPlan,
    DatePlan,
    NumericPlan,
    Plan,
    TargetStatistics,
    plan_category,
    plan_date,
    plan_number,
)
from dltoolkit.preprocessing._preprocessor import Preprocessor

# Up to this many categories a column of zeros and ones each is cheap and needs no learning; beyond it ids with a
# learnt vector are smaller. scikit-learn's and fastai's habits lie on either side (no limit, and always vectors).
MAX_ONE_HOT = 32
HASH_BINS = 256
_IDS = ("embedding", "hash", "one-hot", DROP)
TREATMENTS: dict[str, tuple[str, ...]] = {
    "numeric": (*NUMERIC, DROP),
    "boolean": ("none", "standardise", DROP),
    "categorical": ("auto", *CATEGORICAL, DROP),
    "datetime": (*DATES, DROP),
    "user": _IDS,
    "item": _IDS,
    "series": _IDS,
    "time": (*DATES, DROP),
    "text": (*TEXT_MODES, DROP),
    "image": (DROP,),
    "audio": (DROP,),
    "sequence": (DROP,),
}
# The time of a series moves on after training: its place in the cycles comes back, how long ago it was does not.
_FIXED = {
    "boolean": "none",
    "user": "embedding",
    "item": "embedding",
    "series": "embedding",
    "time": "cyclic",
}
_TEXT, _IMAGE, _AUDIO, _SEQUENCE = TextOptions(), ImageOptions(), SoundOptions(), SequenceOptions()
_PLANNED_AS = {"user": "categorical", "item": "categorical", "series": "categorical", "time": "datetime"}


def fit(
    train: pd.DataFrame,
    schema: Schema,
    *,
    numeric: str = "standardise",
    categorical: str = "auto",
    dates: str = "both",
    missing_indicators: bool = True,
    max_one_hot: int = MAX_ONE_HOT,
    hash_bins: int = HASH_BINS,
    min_count: int = 1,
    crosses: Iterable[Sequence[str]] = (),
    ratios: Iterable[Sequence[str]] = (),
    aggregates: Iterable[Sequence[str]] = (),
    text: TextOptions | str = _TEXT,
    image: ImageOptions = _IMAGE,
    audio: SoundOptions = _AUDIO,
    sequence: SequenceOptions = _SEQUENCE,
    columns: Mapping[str, Any] | None = None,
) -> Preprocessor:
    """Learn the preprocessing from whole columns of the training part.

    Numbers are filled with the median and scaled, yes/no columns become 0 and 1, categories become one-hot columns
    or ids, dates become sine and cosine of their cycles and an elapsed time. Users, items and series become ids.
    Texts, pictures, sounds and sequences become one block of numbers each, by their options. Nothing is learnt from
    other parts.

    Args:
        train: The training part, one example a row, shape ``(n_rows, n_columns)``.
        schema: Which column plays which role. Columns that are no feature are left alone.
        numeric: Treatment of numbers: ``"standardise"``, ``"normalise"`` (to 0..1), ``"robust"`` (median and
            interquartile range), ``"log"`` (signed log, then standardise) or ``"none"``.
        categorical: ``"one-hot"``, ``"embedding"`` (ids), ``"hash"``, or ``"auto"``: one-hot up to `max_one_hot`.
        dates: ``"cyclic"``, ``"elapsed"`` or ``"both"``. Times with a zone are read in UTC. The time of a series or a
            rating is cyclic unless `columns` says otherwise.
        missing_indicators: Whether a column with missing numbers gets a 0/1 column that marks them.
        max_one_hot: Most categories that ``"auto"`` writes as one-hot columns. Defaults to 32.
        hash_bins: Number of hash bins, at least 2, the one for missing values included. Defaults to 256.
        min_count: A category seen fewer times than this in training is treated as unseen. Defaults to 1.
        crosses: Groups of categorical columns whose combinations become one feature each.
        ratios: Pairs of numeric columns; each gives the first over the second as one more number.
        aggregates: Triples ``(number, category, statistic)``, such as ``("amount", "shop", "mean")``: what the number was
            in training within the row's category, as one more number; the statistic is ``"mean"``, ``"median"``,
            ``"std"``, ``"min"``, ``"max"`` or ``"count"``. The target takes no part in it.
        text: Options of text columns, or just their mode, such as ``"tf-idf"``.
        image: Options of columns of pictures.
        audio: Options of columns of sounds.
        sequence: Options of columns of arrays.
        columns: A treatment for single columns that overrides the options above: a word for a column of the table, an
            options object for one of media; ``"drop"`` leaves one out.

    Returns:
        Preprocessor: The fitted preprocessing.

    Raises:
        InputError: If `train` lacks a column, a column cannot be read as its role says (rows are named), an
            option is unknown or does not fit a column's role, or no feature is left.

    Example:
        >>> import pandas as pd
        >>> from dltoolkit.data import Schema
        >>> train = pd.DataFrame({"age": [20.0, 40.0, None], "home": ["own", "rent", "own"], "late": [0, 1, 0]})
        >>> schema = Schema.infer(train, "late").with_roles(age="numeric", home="categorical")
        >>> fit(train, schema).transform(train)["dense"].shape
        (3, 4)
    """
    check_frame(train, "train")
    defaults = {
        "numeric": check_choice(numeric, NUMERIC, "numeric"),
        "categorical": check_choice(categorical, ("auto", *CATEGORICAL), "categorical"),
        "datetime": check_choice(dates, DATES, "dates"),
    }
    media = _check_media({"text": text, "image": image, "audio": audio, "sequence": sequence})
    check_number(max_one_hot, "max_one_hot", low=0, whole=True)
    check_number(hash_bins, "hash_bins", low=2, whole=True)
    check_number(min_count, "min_count", low=1, whole=True)
    check_columns(train, schema.features, argument="train")
    columns = _check_overrides(dict(columns or {}), schema)
    options = {"most_one_hot": max_one_hot, "bins": hash_bins, "min_count": min_count}
    choices = {**_FIXED, **defaults, **media}
    plans, left_out = _plans(
        train, schema, defaults=choices, columns=columns, indicators=missing_indicators, options=options
    )
    groups = {"crosses": crosses, "ratios": ratios, "aggregates": aggregates}
    groups = {name: [tuple(names) for names in group] for name, group in groups.items()}
    plan = _derive(train, schema, _gather(plans, left_out), groups, max_one_hot=max_one_hot)
    settings = {**defaults, "boolean": "none", "missing_indicators": missing_indicators, **options}
    used = {role: _plain(o) for role, o in media.items() if schema.columns(role)}
    settings |= used | {name: [list(names) for names in group] for name, group in groups.items()}
    settings["columns"] = {c: t if isinstance(t, str) else _plain(t) for c, t in columns.items()}
    return Preprocessor(schema, plan, settings, _target_statistics(train, schema))


def _plain(options: Any) -> dict[str, Any]:
    """The options of a medium as plain values."""
    return options.plain() if isinstance(options, TextOptions) else dataclasses.asdict(options)


def _check_media(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of each medium, of the class that they must have."""
    given = {
        role: TextOptions(mode=o) if role == "text" and isinstance(o, str) else o
        for role, o in options.items()
    }
    wrong = [(role, o) for role, o in given.items() if not isinstance(o, KINDS[role])]
    stop(
        [
            complaint(
                role,
                f"a preprocessing.{KINDS[role].__name__}",
                f"{o!r:.60}",
                "Make one with the values to change.",
            )
            for role, o in wrong
        ]
    )
    return given


def _gather(plans: Sequence[Any], left_out: Mapping[str, str]) -> Plan:
    """The columns' plans by kind."""
    _check_any(plans, left_out)
    tables = (NumericPlan, DatePlan, CategoryPlan)
    return Plan(
        numeric=tuple(p for p in plans if isinstance(p, NumericPlan)),
        dates=tuple(p for p in plans if isinstance(p, DatePlan)),
        categories=tuple(p for p in plans if isinstance(p, CategoryPlan)),
        crosses=(),
        left_out=dict(left_out),
        media=tuple(p for p in plans if not isinstance(p, tables)),
    )


def _derive(
    train: pd.DataFrame, schema: Schema, plan: Plan, groups: Mapping[str, Any], *, max_one_hot: int
) -> Plan:
    """The plan with its crosses, ratios and aggregates."""
    crosses = tuple(_plan_cross(train, names, plan.categories, max_one_hot) for names in groups["crosses"])
    ratios, scaled = plan_ratios(train, schema, groups["ratios"])
    aggregates, more = plan_aggregates(train, schema, plan.categories, groups["aggregates"])
    numeric = (*plan.numeric, *scaled, *more)
    media = tuple(by_series(p, train, schema, plan.categories) for p in plan.media)
    return dataclasses.replace(
        plan, crosses=crosses, ratios=ratios, aggregates=aggregates, numeric=numeric, media=media
    )


def _check_any(plans: Sequence[object], left_out: Mapping[str, str]) -> None:
    if not plans:
        why = "; ".join(f"{c!r}: {w}" for c, w in left_out.items()) or "the schema has no feature columns"
        cure = "Give columns a role with schema.with_roles."
        stop([complaint("train", "at least one usable feature column", f"none ({why})", cure)])


def _check_overrides(columns: dict[str, Any], schema: Schema) -> dict[str, Any]:
    complaints = []
    for column, treatment in columns.items():
        role = schema.roles.get(column)
        if role in KINDS and isinstance(treatment, KINDS[role]):
            continue
        if role == "text" and treatment in TEXT_MODES:
            columns[column] = TextOptions(mode=treatment)
            continue
        if role not in TREATMENTS:
            got = f"role {role!r}" if role else "no such column"
            complaints.append(
                complaint(f"columns[{column!r}]", f"a feature among {listed(schema.features, 20)}", got)
            )
        elif treatment not in TREATMENTS[role]:
            complaints.append(
                complaint(
                    f"columns[{column!r}]",
                    _choices(role),
                    repr(treatment),
                )
            )
    stop(complaints)
    return columns


def _choices(role: str) -> str:
    words = f"one of {listed(TREATMENTS[role], 20)} for a {role} column"
    return f"a preprocessing.{KINDS[role].__name__} or {words}" if role in KINDS else words


def _plans(
    train: pd.DataFrame,
    schema: Schema,
    *,
    defaults: Mapping[str, Any],
    columns: Mapping[str, Any],
    indicators: bool,
    options: Mapping[str, int],
) -> tuple[list[Any], dict[str, str]]:
    """A plan for each feature column, and the reason for each column that gets none; every complaint at once."""
    plans: list[Any] = []
    left_out: dict[str, str] = {}
    complaints = []
    for column in schema.features:
        role = schema.roles[column]
        treatment = columns.get(column, defaults[role])
        if treatment == DROP:
            left_out[column] = "asked for"
            continue
        try:
            found = _plan_column(train[column], role, treatment, indicators=indicators, options=options)
        except _raw.RawError as error:
            complaints.append(str(error))
            continue
        plans += [p for p in found if not isinstance(p, str)]
        if all(isinstance(p, str) for p in found):
            left_out[column] = str(found[0])
    stop(complaints)
    return plans, left_out


def _plan_column(
    column: pd.Series, role: str, treatment: Any, *, indicators: bool, options: Mapping[str, int]
) -> list[Any]:
    """The plans of one column, or the reason why it carries nothing."""
    name = str(column.name)
    if role in KINDS:
        return [plan_media(column, role, treatment)]
    role = _PLANNED_AS.get(role, role)
    if role == "categorical":
        return [plan_category(column, treatment, **options)]
    if role != "datetime":
        values = _raw.to_flags(column) if role == "boolean" else _raw.to_numbers(column)
        return [plan_number(name, role, values, treatment=treatment, indicators=indicators)]
    seconds = _raw.to_seconds(column)
    elapsed = plan_number(name, role, seconds, treatment="standardise", indicators=indicators)
    if isinstance(elapsed, str):
        return [elapsed]
    date = plan_date(name, seconds)
    wanted: list[Any] = []
    if treatment != "cyclic" or date is None:
        wanted.append(elapsed)
    return wanted + ([date] if date is not None and treatment != "elapsed" else [])


def _plan_cross(
    train: pd.DataFrame, columns: tuple[str, ...], categories: tuple[CategoryPlan, ...], most_one_hot: int
) -> CrossPlan:
    known = {p.column: p for p in categories if p.treatment != "hash"}
    if len(columns) < 2 or len(set(columns)) < len(columns) or not set(columns) <= set(known):
        cure = "Numbers can be crossed once they are cut into classes: frame[...] = pandas.qcut(frame[...], 10).astype(str)."
        stop(
            [
                complaint(
                    "crosses",
                    f"groups of two or more categorical columns among {listed(known, 20)}",
                    listed(columns),
                    cure,
                )
            ]
        )
    combined: np.ndarray | int = 0
    for name in columns:
        combined = combined * known[name].size + category_ids(known[name], train[name])
    ids, counts = np.unique(combined, return_counts=True)
    ids = ids[np.argsort(-counts, kind="stable")]
    treatment = "one-hot" if len(ids) <= most_one_hot else "embedding"
    labels = tuple(_cross_label(int(i), [known[name] for name in columns]) for i in ids)
    return CrossPlan(
        columns, treatment, tuple(int(i) for i in ids), labels, f"{len(ids):,} combinations seen in training"
    )


def _cross_label(combined: int, plans: list[CategoryPlan]) -> str:
    parts = []
    for plan in reversed(plans):
        combined, i = divmod(combined, plan.size)
        parts.append("missing" if i == 0 else "unseen" if i == UNSEEN_ID else plan.vocabulary[i - FIRST_ID])
    return " & ".join(reversed(parts))


def _target_statistics(train: pd.DataFrame, schema: Schema) -> dict[str, TargetStatistics]:
    names = (
        () if schema.target is None else (schema.target,) if isinstance(schema.target, str) else schema.target
    )
    try:
        return {name: TargetStatistics.of(train[name]) for name in names if name in train.columns}
    except (TypeError, ValueError) as error:
        raise InputError(
            f"train target: expected labels or numbers, got values that cannot be counted ({error})."
        ) from error
