"""Two towers, one for the user and one for the item, and what joins them: the parts of the recommenders."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from dltoolkit._checks import check_choice, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models._choices import OUTPUT_BIASES
from dltoolkit.models._parts import (
    MEMBERS,
    Style,
    base_rate,
    flat,
    hidden,
    inputs_of,
    pooled,
    rows_of,
    seeded,
    soft_clipped,
    target_units,
)
from dltoolkit.preprocessing import FeatureSpec, Preprocessor
from dltoolkit.preprocessing._graph import DENSE, feature_key
from dltoolkit.problem import Problem

ops = keras.ops
USER_TOWER, ITEM_TOWER, MEETING, SCORE = "user_tower", "item_tower", "meeting", "score"
# The L2 penalty is that of a Gaussian prior with a standard deviation of 1/4 on each number of a vector, in units of the
# target's spread: 1 / (2 * 0.25^2) = 8 over the number of rows (Salakhutdinov and Mnih 2007, "Probabilistic matrix
# factorization", section 2). Of 3, 8 and 15 it did best on held-out ratings.
PRIOR_PRECISION = 8.0


@dataclasses.dataclass(frozen=True)
class Side:
    """What is known of the user, or of the item.

    Attributes:
        key: The feature with its id.
        specs: Its features, the id among them.
        numbers: The place of each of them among all features, which layers are named and seeded by.
        dense: Which columns of the dense block are its own.
        user: Whether it is the user's.
    """

    key: str
    specs: dict[str, FeatureSpec]
    numbers: dict[str, int]
    dense: tuple[int, ...]
    user: bool


def _sides(preprocessor: Preprocessor, user_columns: Collection[str]) -> tuple[Side, Side]:
    """Every feature is either the user's or the item's."""
    schema, specs = preprocessor.schema, preprocessor.specs
    keys = features_of(preprocessor)
    user, item = (only_column(role, preprocessor) for role in ("user", "item"))
    names = [*preprocessor.columns, *preprocessor.feature_names]
    stop(
        [
            complaint(f"user_columns: {c!r}", f"one of {listed(names, 20)}", "no such column")
            for c in user_columns
            if c not in names
        ]
    )
    own = {user, *schema.columns("time"), *user_columns}
    mine = {keys[c] for c in own if c in keys} - {DENSE}
    dense = [name in own or _owner(name, preprocessor.columns) in own for name in preprocessor.feature_names]

    def side(key: str, wanted: bool) -> Side:
        columns = tuple(i for i, whose in enumerate(dense) if whose == wanted)
        there = {
            name: spec
            for name, spec in specs.items()
            if (bool(columns) if name == DENSE and DENSE not in keys.values() else (name in mine) == wanted)
        }
        return Side(key, there, {n: i for i, n in enumerate(specs)}, columns, wanted)

    return side(keys[user], True), side(keys[item], False)


def features_of(preprocessor: Preprocessor) -> dict[str, str]:
    """Column to the feature that is made of it; a column of the dense block to a name that is none."""
    names = preprocessor._names
    return {c: preprocessor.media.get(c, feature_key(names, c)) for c in preprocessor.columns}


def only_column(role: str, preprocessor: Preprocessor) -> str:
    """The one column of a role, which must have come as ids."""
    columns, keys = preprocessor.schema.columns(role), features_of(preprocessor)
    found = [c for c in columns if keys.get(c) in preprocessor.specs]
    if len(found) != 1:
        got = f"{listed(columns)} of role {role!r}, {len(found)} as ids"
        cure = f"Name it: schema.with_roles({{'...': {role!r}}}); its treatment stays 'embedding' or 'hash'."
        stop([complaint("preprocessor", f"one column of role {role!r}, as ids", got, cure)])
    return found[0]


def _owner(name: str, columns: Sequence[str]) -> str | None:
    """The column that a number of the dense block was made of; the longest name that fits."""
    fits = [c for c in columns if name == c or name.startswith((f"{c} ", f"{c}="))]
    return max(fits, key=len, default=None)


def two_sides(
    name: str,
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    user_columns: Collection[str],
    output_bias: str,
    make: Callable[[Mapping[str, keras.KerasTensor], Side], keras.KerasTensor],
    score: Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor],
) -> keras.Model:
    """Two towers ``(n, members, width)``, their score ``(n, members, 1)``, and the head."""
    check_choice(output_bias, OUTPUT_BIASES, "output_bias")
    if problem.head.units != 1:
        cure = "For several classes or amounts use models.build(problem, preprocessor, 'mlp')."
        got = f"{problem.head.units} numbers, {problem.kind}"
        stop([complaint(f"problem of {name!r}", "one number to answer: an amount or two classes", got, cure)])
    inputs = inputs_of(preprocessor)
    vectors = []
    for side, called in zip(_sides(preprocessor, user_columns), (USER_TOWER, ITEM_TOWER), strict=True):
        own = {n: keras.Input(s.shape, dtype=s.dtype, name=n) for n, s in side.specs.items()}
        tower = keras.Model(
            own, make(_own_parts(own, side, preprocessor), side), name=free_name(called, inputs)
        )
        vectors.append(tower({n: inputs[n] for n in side.specs}))
    pair = [keras.Input(v.shape[1:]) for v in vectors]
    x = keras.Model(pair, score(*pair), name=free_name(MEETING, inputs))(vectors)
    known = problem.kind == "binary" and preprocessor.target_statistics.get(problem.targets[0])
    offset = (
        float(base_rate(problem, preprocessor.target_statistics)[0])
        if known and output_bias == "base_rate"
        else 0.0
    )
    x = keras.layers.Rescaling(1.0, offset, name=free_name(SCORE, inputs))(x)
    x = keras.layers.Activation(problem.head.activation, name=free_name("activation", inputs))(x)
    x = target_units(x, problem, preprocessor)
    if x.shape[1] > 1:
        x = keras.layers.Identity(name=free_name(MEMBERS, inputs))(x)
    x = keras.layers.GlobalAveragePooling1D(name=free_name("answer", inputs))(x)
    return keras.Model(inputs, x, name=name)


def _own_parts(
    inputs: Mapping[str, keras.KerasTensor], side: Side, preprocessor: Preprocessor
) -> dict[str, keras.KerasTensor]:
    """The features of a side, of the dense block its own columns alone, outliers bent."""
    parts = dict(inputs)
    if side.dense:
        x = inputs[DENSE]
        whole = len(side.dense) == len(preprocessor.feature_names)
        parts[DENSE] = soft_clipped(x if whole else ops.take(x, list(side.dense), axis=-1), inputs)
    return parts


def style_of(
    preprocessor: Preprocessor,
    *,
    initializer: str,
    l1: float,
    l2: float | None,
    seed: int,
    times: int = 1,
    **more: Any,
) -> Style:
    """The options that all that is learnt shares; each of several members pays its share of the penalty."""
    rows = rows_of(preprocessor)
    prior = PRIOR_PRECISION / rows if rows else 0.0
    style = Style(initializer=initializer, l1=l1, l2=prior if l2 is None else l2, seed=seed, **more)
    return dataclasses.replace(style, l1=style.l1 / times, l2=style.l2 / times)


def _map(
    x: keras.KerasTensor, spec: FeatureSpec, width: int, *, style: Style, name: str, taken: Collection[str]
) -> keras.KerasTensor:
    """A feature as a vector of `width` numbers, linear in it: of a category or a word the one learnt for it."""
    start = seeded(style.initializer, style.seed + int(name.rsplit("_", 1)[1]))
    named, other = free_name(name, taken), free_name(f"{name}_of", taken)
    if spec.vocabulary_size is None:
        layer = keras.layers.Dense(
            width, use_bias=False, kernel_initializer=start, kernel_regularizer=style.penalty, name=named
        )
        return layer(flat(x, other))
    table = keras.layers.Embedding(
        spec.vocabulary_size,
        width,
        embeddings_initializer=start,
        embeddings_regularizer=style.penalty,
        name=named,
    )
    return pooled(table, x, spec, other)


def sum_of_maps(
    parts: Mapping[str, keras.KerasTensor], side: Side, width: int, style: Style
) -> keras.KerasTensor:
    """The sum of the vectors of all features of a side, ``(n, width)``.

    Several columns of ids (an item and its title) share one prior: together they may move as far as one alone.
    """
    kind = "liking" if style.initializer == "zeros" else "vector"
    ids = sum(spec.vocabulary_size is not None and spec.role == "table" for spec in side.specs.values())
    shared = dataclasses.replace(style, l1=style.l1 * max(ids, 1), l2=style.l2 * max(ids, 1))
    maps = [
        _map(parts[n], spec, width, style=shared, name=f"{kind}_{side.numbers[n]}", taken=parts)
        for n, spec in side.specs.items()
    ]
    return sum(maps[1:], start=maps[0])


def with_liking(vector: keras.KerasTensor, liking: keras.KerasTensor, side: Side) -> keras.KerasTensor:
    """A vector that carries its bias along, so that a dot product is all there is to a score."""
    ones = ops.ones_like(liking)
    return ops.concatenate([vector, liking, ones] if side.user else [vector, ones, liking], axis=-1)


def dot(user: keras.KerasTensor, item: keras.KerasTensor) -> keras.KerasTensor:
    return ops.sum(user * item, axis=-1, keepdims=True)


def tower_of(
    factors: int, units: Sequence[int], style: Style
) -> Callable[[Mapping[str, keras.KerasTensor], Side], keras.KerasTensor]:
    """The vector of the id, plus what dense layers make of the rest."""
    plain = dataclasses.replace(style, initializer="random_normal")

    def make(parts: Mapping[str, keras.KerasTensor], side: Side) -> keras.KerasTensor:
        id_alone = dataclasses.replace(side, specs={side.key: side.specs[side.key]})
        rest = dataclasses.replace(side, specs={n: s for n, s in side.specs.items() if n != side.key})
        vector = sum_of_maps(parts, id_alone, factors, plain)
        liking = sum_of_maps(parts, side, 1, dataclasses.replace(style, initializer="zeros"))
        if rest.specs and units:
            x = hidden(sum_of_maps(parts, rest, factors, plain), units, style, parts)
            vector = vector + keras.layers.Dense(
                factors, kernel_regularizer=style.penalty, name=free_name("out", parts)
            )(x)
        elif rest.specs:
            vector = vector + sum_of_maps(parts, rest, factors, plain)
        return with_liking(ops.expand_dims(vector, 1), ops.expand_dims(liking, 1), side)

    return make
