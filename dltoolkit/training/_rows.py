"""What a training learns from: the rows of both parts as its network takes them, with their weights."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dltoolkit._checks import check_number, complaint, stop
from dltoolkit._keras import keras, tf
from dltoolkit.data import Splits
from dltoolkit.models import Recipe
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.problem import Problem
from dltoolkit.training._data_checks import check_data, check_features
from dltoolkit.training._evidence import count_evidence
from dltoolkit.training._frozen import behind_frozen
from dltoolkit.training._imbalance import weight_table, weights_of
from dltoolkit.training._losses import of_shares
from dltoolkit.training._prior import prior_facts, start_at_weighted_rate, validation_table
from dltoolkit.training._run import predict_batch

SMALLEST_BATCH, LARGEST_BATCH, STEPS_AN_EPOCH = 32, 1024, 100


class Rows(NamedTuple):
    """What there is to train, and what it learns from.

    Attributes:
        network: What there is to train of the model.
        feed: The training rows.
        held_out: Batches of the validation part, weighted alike.
        soft: Whether classes come as shares, ``(n, n_classes)``.
        by_label: Whether each of several labels has a weight in each row.
        facts: What the outcome hangs on besides, for the settings.
    """

    network: keras.Model
    feed: Feed
    held_out: tf.data.Dataset
    soft: bool
    by_label: bool
    facts: dict[str, Any]


def rows_of(
    model: keras.Model,
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    recipe: Recipe,
    class_weight: Any,
    loss: Any,
    seed: int,
) -> Rows:
    """The rows of both parts, checked, as the network or what there is to train of it takes them.

    Args:
        model: The network. Where classes are weighted or resampled, and it answers with the base rates, it is set to the
            rates that it is going to see.
        preprocessor: Gives the features.
        splits: Gives the training and the validation part.
        problem: Gives the targets.
        recipe: Gives the batch size, and what is varied.
        class_weight: As of `training.fit`.
        loss: As of `training.fit`.
        seed: Of the orders, and of what is varied.

    Returns:
        Rows: Ready to train.
    """
    check_data(splits, problem)
    batch_size = _check_batch_size(recipe.batch_size, len(splits.train))
    table = None if class_weight is None else weight_table(splits.train, problem, class_weight)
    facts = prior_facts(splits, problem, table)
    start_at_weighted_rate(model, problem, preprocessor, facts)
    count_evidence(model, preprocessor, splits.train, problem)
    network, source = behind_frozen(model, preprocessor, recipe.augment)
    feed = source._feed(
        splits.train, batch_size, problem=problem, shuffle=True, augment=recipe.augment, seed=seed
    )
    check_features(feed, splits.train.index, preprocessor, "train")
    held = source._feed(splits.validation, predict_batch(source), problem=problem)
    check_features(held, splits.validation.index, preprocessor, "validation")
    # MixUp and CutMix make shares of the training part's classes: the others are measured alike.
    soft = problem.kind == "multiclass" and (feed.mixes or of_shares(loss, problem))
    feed = _with(feed, splits.train, problem, soft=soft, table=table)
    held = _with(held, splits.validation, problem, soft=soft, table=validation_table(splits, problem, table))
    return Rows(network, feed, held.dataset(), soft, table is not None and table.ndim == 2, facts)


def _with(feed: Feed, part: pd.DataFrame, problem: Problem, *, soft: bool, table: np.ndarray | None) -> Feed:
    """The same rows with classes as shares where they come `soft`, and with the weights of a table."""
    features, y = feed.parts
    if soft and y.ndim == 1:
        y = np.eye(len(problem.classes), dtype="float32")[y]
    weights = () if table is None else (weights_of(part, problem, table),)
    return dataclasses.replace(feed, parts=(features, y, *weights))


def pick_batch_size(n_rows: int) -> int:
    """A batch size for a table: the power of two that gives about 100 updates an epoch, from 32 to 1,024.

    Small batches need fewer passes, large ones fewer seconds a pass; between these bounds the loss reached differs
    little (Shallue et al. 2019, "Measuring the effects of data parallelism on neural network training").

    Args:
        n_rows: Number of training rows, at least 1.

    Returns:
        int: Rows a batch.

    Example:
        >>> pick_batch_size(3_000), pick_batch_size(20_000), pick_batch_size(200_000)
        (32, 256, 1024)
    """
    power = round(np.log2(max(n_rows, 1) / STEPS_AN_EPOCH))
    return int(np.clip(2.0**power, SMALLEST_BATCH, LARGEST_BATCH))


def _check_batch_size(batch_size: int | None, n_rows: int) -> int:
    if batch_size is None:
        return pick_batch_size(n_rows)
    check_number(batch_size, "batch_size", low=1, whole=True)
    if batch_size > n_rows:
        cure = f"Use a smaller one, such as {pick_batch_size(n_rows)}."
        stop([complaint("batch_size", f"at most the {n_rows:,} training rows", f"{batch_size:,}", cure)])
    return int(batch_size)
