"""Networks for users and items: what a user would give an item, and which items a user would choose.

Each has two towers, nested models called ``user_tower`` and ``item_tower``: one makes a vector of all that is known of
the user and of the moment, the other of all that is known of the item. `models.scores` therefore runs each tower once a
user and once an item, however many pairs there are.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dltoolkit._checks import check_number
from dltoolkit._keras import keras
from dltoolkit.models._parts import check_units, flat, hidden, rows_of
from dltoolkit.models._recipe import Recipe
from dltoolkit.models._towers import Side, dot, style_of, sum_of_maps, tower_of, two_sides, with_liking
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

ops = keras.ops
FACTORS, TOWERS = 8, 8  # numbers a vector, and pairs of vectors that are learnt side by side
WIDTH = 32
LARGEST_BATCH = 512  # rows an update; with twice as many the held-out error of film ratings was larger
RIVALS = 1_024  # rows a batch where each chosen item is compared with all items of its batch


def matrix_factorisation(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    factors: int = FACTORS,
    members: int = TOWERS,
    user_columns: Collection[str] = (),
    initializer: str = "random_normal",
    l1: float = 0.0,
    l2: float | None = None,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """Ratings as a mean, plus how generous the user is, how liked the item is, and how well taste and item meet.

    Taste and item are vectors of a few numbers, and they meet by their dot product. The user's vector is the sum of one
    learnt for the user and one for the moment; the item's is the sum of one for the item and one for each thing that is
    known of it (a genre, a year), so that an item with few ratings is judged by its like. Several such
    factorisations, from different starts, are learnt side by side, and their mean is the answer: it is steadier than
    each of them. A user or item that training never saw counts as average.

    Args:
        problem: Gives the head: an amount, or two classes.
        preprocessor: Gives the inputs: one column each of role ``"user"`` and ``"item"``, as ids, and what else is known.
        factors: Numbers in each vector, at least 1. Defaults to 8.
        members: Factorisations side by side, at least 1. Defaults to 8.
        user_columns: More columns that say something of the user. Defaults to none: the user, and columns of role
            ``"time"``; all others say something of the item.
        initializer: Keras initialiser of the vectors. Defaults to ``"random_normal"``: small numbers.
        l1: Weight of the L1 penalty on all that is learnt, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on all that is learnt, at least 0. Defaults to None: 8 over the number of training
            rows.
        output_bias: ``"base_rate"``: the untrained network answers with the mean, or the share of the positive class;
            ``"zeros"``. Defaults to ``"base_rate"``.
        seed: Seed of the initialisers. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, 1)`` out.

    Raises:
        InputError: If an option is out of its range, the problem has more than one number or two classes to answer, or
            there is no user or item column.

    References:
        Koren, Bell and Volinsky (2009), "Matrix factorization techniques for recommender systems", Computer 42(8).
        Rendle (2010), "Factorization machines", ICDM: vectors for what is known beside user and item.
    """
    check_number(factors, "factors", low=1, whole=True)
    check_number(members, "members", low=1, whole=True)
    style = style_of(preprocessor, initializer=initializer, l1=l1, l2=l2, seed=seed, times=members)

    def make(parts: Mapping[str, keras.KerasTensor], side: Side) -> keras.KerasTensor:
        vector = sum_of_maps(parts, side, int(factors) * int(members), style)
        liking = sum_of_maps(parts, side, int(members), dataclasses.replace(style, initializer="zeros"))
        shape = (int(members), int(factors))
        vector, liking = ops.reshape(vector, (-1, *shape)), ops.reshape(liking, (-1, shape[0], 1))
        return with_liking(vector, liking, side)

    sides: dict[str, Any] = {"user_columns": user_columns, "output_bias": output_bias}
    return two_sides("matrix_factorisation", problem, preprocessor, make=make, score=dot, **sides)


def two_tower(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    factors: int = WIDTH,
    units: Sequence[int] = (),
    user_columns: Collection[str] = (),
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float | None = None,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """Two networks, one for users and one for items, whose vectors are near where a user would choose an item.

    Each tower adds the vector learnt for the id to what dense layers make of everything else that is known. The answer
    is their dot product, so that the best of a million items can be looked up by their vectors alone.

    Where it learns choices, `training.fit` compares each chosen item with all other items of its batch (a sampled softmax);
    `data.negatives` with one item drawn for each row is enough for it. The history's ``loss`` then holds that comparison
    too, ``val_loss`` does not.

    Args:
        problem: Gives the head: two classes (chosen or not, as `data.negatives` makes them), or an amount.
        preprocessor: Gives the inputs, as for `matrix_factorisation`.
        factors: Numbers in each vector, at least 1. Defaults to 32.
        units: Width of each hidden layer of a tower. Defaults to none: what is known enters by a linear map.
        user_columns: As for `matrix_factorisation`.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None, before each activation. Defaults to None.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to 0.
        l1: Weight of the L1 penalty on all weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on all weights, at least 0. Defaults to None: 8 over the number of training rows.
        output_bias: As for `matrix_factorisation`.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, 1)`` out.

    Raises:
        InputError: As `matrix_factorisation`.

    References:
        Yi et al. (2019), "Sampling-bias-corrected neural modeling for large corpus item recommendations", RecSys.
    """
    check_number(factors, "factors", low=1, whole=True)
    check_units(units)
    given: dict[str, Any] = {"normalisation": normalisation, "dropout": dropout, "activation": activation}
    style = style_of(preprocessor, initializer=initializer, l1=l1, l2=l2, seed=seed, **given)
    make = tower_of(int(factors), units, style)
    sides: dict[str, Any] = {"user_columns": user_columns, "output_bias": output_bias}
    return two_sides("two_tower", problem, preprocessor, make=make, score=dot, **sides)


def ranker(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    factors: int = WIDTH,
    units: Sequence[int] = (32, 16),
    user_columns: Collection[str] = (),
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    dropout: float = 0.1,
    l1: float = 0.0,
    l2: float | None = None,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """All that is known of a pair, through dense layers: slower than `two_tower`, for putting a few items in order.

    The vectors of user and item and their product go through hidden layers, whose answer is added to the dot
    product.

    Args:
        problem: Gives the head: two classes (chosen or not), or an amount.
        preprocessor: Gives the inputs, as for `matrix_factorisation`.
        factors: Numbers in each vector, at least 1. Defaults to 32.
        units: Width of each hidden layer. Defaults to ``(32, 16)``.
        user_columns: As for `matrix_factorisation`.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None, before each activation. Defaults to None.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to 0.1.
        l1: Weight of the L1 penalty on all weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on all weights, at least 0. Defaults to None: 8 over the number of training rows.
        output_bias: As for `matrix_factorisation`.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, 1)`` out.

    Raises:
        InputError: As `matrix_factorisation`.

    References:
        He et al. (2017), "Neural collaborative filtering", WWW. Rendle et al. (2020), "Neural collaborative filtering vs.
        matrix factorization revisited", RecSys: why the dot product stays in it.
    """
    check_number(factors, "factors", low=1, whole=True)
    check_units(units)
    given: dict[str, Any] = {"normalisation": normalisation, "dropout": dropout, "activation": activation}
    style = style_of(preprocessor, initializer=initializer, l1=l1, l2=l2, seed=seed, **given)

    def score(user: keras.KerasTensor, item: keras.KerasTensor) -> keras.KerasTensor:
        both = ops.concatenate([user, item, user * item], axis=-1)
        x = hidden(flat(both, "pair"), units, style, ())
        more = keras.layers.Dense(1, kernel_initializer="zeros", kernel_regularizer=style.penalty)(x)
        return dot(user, item) + ops.expand_dims(more, 1)

    make = tower_of(int(factors), (), style)
    sides: dict[str, Any] = {"user_columns": user_columns, "output_bias": output_bias}
    return two_sides("ranker", problem, preprocessor, make=make, score=score, **sides)


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How these networks are trained by default: few passes at a high rate that falls to nothing; the prior does the rest.

    Args:
        name: ``"matrix_factorisation"``, ``"two_tower"`` or ``"ranker"``.
        problem: What is asked.
        preprocessor: Gives the number of training rows.

    Returns:
        Recipe: The options of `training.fit`.
    """
    why = "A penalty that fits the number of rows keeps it from overfitting, so that no epoch is chosen by a small part."
    recipe = Recipe(learning_rate=0.01, schedule="cosine", epochs=10, patience=None, why=why)
    if name == "two_tower" and problem.kind == "binary":
        # A batch is what a chosen item is compared with: more items in it, more to learn from, up to the cost of its square.
        return dataclasses.replace(recipe, epochs=5, batch_size=min(RIVALS, max(rows_of(preprocessor), 1)))
    return (
        recipe
        if rows_of(preprocessor) < 100 * LARGEST_BATCH
        else dataclasses.replace(recipe, batch_size=LARGEST_BATCH)
    )
