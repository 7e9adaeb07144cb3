"""From a plan to Keras: stock layers and operations only, so that the model loads wherever Keras does."""

import math
from collections.abc import Mapping

import numpy as np

from dltoolkit._keras import free_name, keras
from dltoolkit.preprocessing._media_graph import media_model
from dltoolkit.preprocessing._media_plan import Shape
from dltoolkit.preprocessing._plan import (
    CYCLES,
    DAY,
    FIRST_ID,
    MISSING_ID,
    MONDAY,
    CategoryPlan,
    CrossPlan,
    FeatureSpec,
    Plan,
)

ops = keras.ops
DENSE, FEATURES = "dense", "features"


def input_names(plan: Plan) -> dict[str, str]:
    """The name of each column's input: Keras allows no slash, no empty name and no name twice in it."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for column in raw_columns(plan):
        names[column] = free_name(_without_slash(column) or "column", taken)
        taken.add(names[column])
    return names


def _without_slash(column: str) -> str:
    return column.replace("/", "\u2215")


def inner_name(plan: Plan, name: str) -> str:
    """A name for a layer of ours that no column has."""
    return free_name(name, input_names(plan).values())


def feature_key(names: Mapping[str, str], column: str) -> str:
    """The name of a category's (or a cross's) ids among the features; the dense block keeps its own name for itself."""
    name = names.get(column, _without_slash(column))
    return name if name != DENSE else f"{DENSE} (ids)"


def table_columns(plan: Plan) -> dict[str, str]:
    """The columns that hold a number or a word a cell, and the dtype of each input."""
    derived = {r.name for r in plan.ratios} | {a.name for a in plan.aggregates}
    columns = [p.column for p in plan.numeric] + [p.column for p in plan.dates]
    kinds = {c: "float64" for c in columns if c not in derived}
    kinds |= {c: "float64" for r in plan.ratios for c in (r.numerator, r.denominator)}
    return kinds | {p.column: "string" for p in plan.categories}


def raw_columns(plan: Plan) -> dict[str, tuple[Shape, str]]:
    """The columns that the graph reads, with shape (of one example) and dtype of each input."""
    return {c: ((1,), dtype) for c, dtype in table_columns(plan).items()} | {
        p.column: p.raw for p in plan.media
    }


def media_names(plan: Plan) -> dict[str, str]:
    """The name of each media column's own part of the graph."""
    taken = set(input_names(plan).values())
    return {p.column: free_name(f"{p.role}_{i}", taken) for i, p in enumerate(plan.media)}


def lookup_names(plan: Plan) -> dict[str, str]:
    """The name of the lookup layer of each category."""
    taken = set(input_names(plan).values())
    return {p.column: free_name(f"lookup_{i}", taken) for i, p in enumerate(plan.categories)}


def lookup_layers(plan: Plan) -> dict[str, keras.layers.Layer]:
    """For each category the layer that turns its texts into ids: 0 missing, 1 unseen, then the vocabulary."""
    names = lookup_names(plan)
    return {p.column: _lookup(p, names[p.column]) for p in plan.categories}


def _lookup(plan: CategoryPlan, name: str) -> keras.layers.Layer:
    if plan.treatment == "hash":
        return keras.layers.Hashing(plan.bins, mask_value="", name=name)
    return keras.layers.StringLookup(
        vocabulary=list(plan.vocabulary), mask_token="", num_oov_indices=1, name=name
    )


def features_model(plan: Plan) -> keras.Model | None:
    """Numbers and ids in, features out: the part that runs over whole columns at once; None where there are none."""
    dtypes = {c: "int64" if d == "string" else d for c, d in table_columns(plan).items()}
    if not dtypes:
        return None
    # Its inputs are a list, without the columns' names: Keras names operations ("cast"), and a column may be named so.
    columns = {c: keras.Input((1,), dtype=d) for c, d in dtypes.items()}
    return keras.Model(list(columns.values()), _features(plan, columns), name=inner_name(plan, FEATURES))


def whole_model(plan: Plan, features: keras.Model | None) -> keras.Model:
    """Raw columns in, features out: the lookups, then `features`; beside it each media column's own part."""
    names = input_names(plan)
    inputs = {
        names[c]: keras.Input(shape, dtype=d, name=names[c]) for c, (shape, d) in raw_columns(plan).items()
    }
    outputs: dict[str, keras.KerasTensor] = {}
    ids = {names[c]: layer(inputs[names[c]]) for c, layer in lookup_layers(plan).items()}
    if features is not None:
        outputs |= features([ids.get(names[c], inputs[names[c]]) for c in table_columns(plan)])
    keys = media_keys(plan)
    for p in plan.media:
        model, by = media_model(p, media_names(plan)[p.column]), getattr(p, "by", "")
        raw = inputs[names[p.column]]
        outputs[keys[p.column]] = model([raw, ids[names[by]]] if by else raw)
    return keras.Model(inputs, outputs, name=inner_name(plan, "preprocessing"))


def media_keys(plan: Plan) -> dict[str, str]:
    """The name of each media column among the features."""
    names = input_names(plan)
    return {p.column: feature_key(names, p.column) for p in plan.media}


def _derived(plan: Plan, columns: Mapping[str, keras.KerasTensor]) -> dict[str, keras.KerasTensor]:
    """Ratios and aggregates as columns of their own, NaN where they are not known."""
    found = {}
    for ratio in plan.ratios:
        below = columns[ratio.denominator]
        safe = ops.where(ops.equal(below, 0.0), np.nan, below)
        found[ratio.name] = columns[ratio.numerator] / safe
    for i, aggregate in enumerate(plan.aggregates):
        table = keras.layers.Embedding(
            len(aggregate.values),
            1,
            trainable=False,
            dtype="float64",
            name=inner_name(plan, f"aggregate_{i}"),
        )
        found[aggregate.name] = ops.reshape(table(columns[aggregate.by]), (-1, 1))
        table.set_weights([np.array(aggregate.values, "float64")[:, None]])
    return found


def _features(plan: Plan, columns: Mapping[str, keras.KerasTensor]) -> dict[str, keras.KerasTensor]:
    columns = {**columns, **_derived(plan, columns)}
    dense = [*_numbers(plan, columns), *_dates(plan, columns)]
    sparse, names = {}, input_names(plan)
    for category in plan.categories:
        ids = columns[category.column]
        if category.treatment == "one-hot":
            dense += _one_hot(ids, len(category.vocabulary), FIRST_ID)
            if category.missing:
                dense.append(ops.cast(ops.equal(ids, MISSING_ID), "float32"))
        else:
            sparse[feature_key(names, category.column)] = ops.cast(ids, "int32")
    for i, cross in enumerate(plan.crosses):
        ids = _cross_ids(plan, cross, columns, inner_name(plan, f"cross_{i}"))
        if cross.treatment == "one-hot":
            dense += _one_hot(ids, len(cross.vocabulary), 1)
        else:
            sparse[feature_key(names, cross.name)] = ops.cast(ids, "int32")
    block = {DENSE: ops.concatenate(dense, axis=1) if len(dense) > 1 else dense[0]} if dense else {}
    return {**block, **sparse}


def _numbers(plan: Plan, columns: Mapping[str, keras.KerasTensor]) -> list[keras.KerasTensor]:
    """All numbers as one block: fill, log where asked, scale; then one indicator a column that can be missing."""
    if not plan.numeric:
        return []
    block = _joined([columns[p.column] for p in plan.numeric])
    blank = ops.isnan(block)
    filled = ops.where(blank, np.array([p.fill for p in plan.numeric]), block)
    if any(p.treatment == "log" for p in plan.numeric):
        logs = np.array([p.treatment == "log" for p in plan.numeric])
        filled = ops.where(logs, ops.sign(filled) * ops.log1p(ops.abs(filled)), filled)
    centre, scale = np.array([p.centre for p in plan.numeric]), np.array([p.scale for p in plan.numeric])
    scaled = (filled - centre) * scale  # in float64; Keras's Rescaling would hold its numbers in float32
    marked = [i for i, p in enumerate(plan.numeric) if p.indicator]
    parts = [ops.cast(scaled, "float32")]
    chosen = np.eye(len(plan.numeric), dtype="float32")[
        :, marked
    ]  # a product is four times as fast as ops.take
    return parts + ([ops.matmul(ops.cast(blank, "float32"), chosen)] if marked else [])


def _dates(plan: Plan, columns: Mapping[str, keras.KerasTensor]) -> list[keras.KerasTensor]:
    parts = []
    for date in plan.dates:
        seconds = columns[date.column]
        days = ops.where(ops.isnan(seconds), np.array([date.fill]), seconds) / DAY + MONDAY
        for cycle in date.cycles:
            turns = days * np.array([1 / CYCLES[cycle]])
            angle = ops.cast((turns - ops.round(turns)) * np.array([2 * math.pi]), "float32")
            parts += [
                ops.sin(angle),
                ops.cos(angle),
            ]  # within half a turn float32 is exact to 1e-7, and much faster
    return parts


def _one_hot(ids: keras.KerasTensor, n: int, first: int) -> list[keras.KerasTensor]:
    """A column for each id from `first` on; a smaller id gives a row of zeros."""
    return [ops.one_hot(ops.squeeze(ids, axis=1) - first, n, dtype="float32")] if n else []


def _cross_ids(
    plan: Plan, cross: CrossPlan, columns: Mapping[str, keras.KerasTensor], name: str
) -> keras.KerasTensor:
    sizes = {p.column: p.size for p in plan.categories}
    combined = columns[cross.columns[0]]
    for column in cross.columns[1:]:
        combined = combined * sizes[column] + columns[column]
    lookup = keras.layers.IntegerLookup(vocabulary=list(cross.vocabulary), num_oov_indices=1, name=name)
    return lookup(combined)


def _joined(tensors: list[keras.KerasTensor]) -> keras.KerasTensor:
    return ops.concatenate(tensors, axis=1) if len(tensors) > 1 else tensors[0]


def dense_names(plan: Plan) -> tuple[str, ...]:
    """Names of the columns of the dense block, in order."""
    names = [f"{p.column} (elapsed)" if p.role == "datetime" else p.column for p in plan.numeric]
    names += [f"{p.column} is missing" for p in plan.numeric if p.indicator]
    names += [f"{p.column} {f}({c})" for p in plan.dates for c in p.cycles for f in ("sin", "cos")]
    for p in plan.categories:
        if p.treatment == "one-hot":
            names += [f"{p.column}={v}" for v in p.vocabulary] + [f"{p.column} is missing"] * p.missing
    for x in plan.crosses:
        names += [f"{x.name}={label}" for label in x.labels] if x.treatment == "one-hot" else []
    return tuple(names)


def dense_quantiles(plan: Plan) -> dict[int, tuple[float, ...]]:
    """Place in the dense block and quantiles of each column of numbers that takes more than two values."""
    return {i: p.quantiles for i, p in enumerate(plan.numeric) if len(p.quantiles) > 2}


def feature_specs(plan: Plan) -> dict[str, FeatureSpec]:
    """What comes out: the dense block, then an id column for each embedded category, then the media."""
    n = len(dense_names(plan))
    specs = {DENSE: FeatureSpec((n,), "float32")} if n else {}
    ids = {p.column: p.size for p in plan.categories if p.treatment != "one-hot"}
    ids |= {p.name: p.size for p in plan.crosses if p.treatment != "one-hot"}
    names, keys = input_names(plan), media_keys(plan)
    specs |= {feature_key(names, name): FeatureSpec((1,), "int32", size) for name, size in ids.items()}
    return specs | {keys[p.column]: FeatureSpec(*p.feature, p.size, p.role) for p in plan.media}
