"""One call that trains a network on the splits of a table."""

import dataclasses
import functools
import os
import pathlib
import sys
import threading
import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import keras, tf
from dltoolkit._text import as_text
from dltoolkit.data import Splits
from dltoolkit.models import Recipe
from dltoolkit.models import recipe as recipe_of
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._dataset import Augmentation, clear_errors
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.problem import Problem
from dltoolkit.training._average import Average
from dltoolkit.training._compile import LEARNING_RATES, compile_model
from dltoolkit.training._course import Course
from dltoolkit.training._divergence import Start, find_break, told
from dltoolkit.training._evidence import count_evidence
from dltoolkit.training._frozen import behind_frozen
from dltoolkit.training._identity import environment, fingerprint
from dltoolkit.training._model_check import check_model
from dltoolkit.training._pace import pick_pace
from dltoolkit.training._record import Progress, Recorder
from dltoolkit.training._resume import Keeper, structure
from dltoolkit.training._run import Run, predict_batch
from dltoolkit.training._settings import pick_optimizer, settled
from dltoolkit.training._towers import among_rivals
from dltoolkit.training._trainee import trainee

SMALLEST_BATCH, LARGEST_BATCH, STEPS_AN_EPOCH = 32, 1024, 100


def fit(
    model: keras.Model,
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    optimizer: str | keras.optimizers.Optimizer | None = None,
    learning_rate: float | None = None,
    schedule: str | None = None,
    warmup: float | None = None,
    weight_decay: float | None = None,
    clip_norm: float | bool | None = None,
    ema: float | bool | None = None,
    label_smoothing: float | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    early_stopping: bool | int | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
    loss: str | keras.losses.Loss | None = None,
    augment: Augmentation | Mapping[str, Augmentation] | bool | None = None,
    compiled: bool | None = None,
    seed: int = 0,
    callbacks: Iterable[keras.callbacks.Callback] = (),
    stop: threading.Event | None = None,
    checkpoints: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = True,
) -> Run:
    """Train a network on the training part, watching the validation part; the test part stays sealed.

    What is not given is what `models.recipe` says for the network, by its name; for a network of your own, Adam at its
    usual rate with early stopping.

    Ctrl-C (or `stop`) ends the training and keeps what was learnt: model, history and best weights. The same seed
    gives the same weights and metrics, bit for bit, on the same machine, versions and number of threads.

    What a frozen body (see `models.pretrained`) makes of each row is made once, before the first epoch.

    In regression the loss is divided by the variance of the training target, so that 1.0 is what always answering
    the mean costs, whatever the unit; metrics are in the target's unit.

    Args:
        model: A network for `preprocessor`'s features, such as `models.build`. It is compiled and trained in place.
        preprocessor: Fitted on ``splits.train``.
        splits: Gives the training and the validation part.
        problem: Gives the loss, the metrics and the objective.
        optimizer: Keras identifier such as ``"adam"`` or ``"sgd"``, or an optimizer, which brings its own rate.
        learning_rate: The highest one, above 0; for another optimizer than the recipe's its `LEARNING_RATES`.
        schedule: ``"constant"``, ``"cosine"`` or ``"one-cycle"``, see `models.Recipe`.
        warmup: Share of the updates in which the rate first rises, in [0, 1).
        weight_decay: What each update takes off every weight, times the learning rate; at least 0.
        clip_norm: Longest gradient, all weights together, above 0; False for any.
        ema: Momentum, in (0, 1), of the moving average of the weights that is validated and kept; False for none.
        label_smoothing: Share of a label that is spread over all classes in training, in [0, 1). Classes only.
        epochs: Passes over the training part at most, at least 1.
        batch_size: Rows an update; `pick_batch_size` of the number of training rows where the recipe says nothing.
        early_stopping: Epochs without a better objective after which training stops and goes back to the best
            epoch; True means 10, False trains all epochs and keeps the last weights.
        class_weight: ``"balanced"`` gives each class the same total weight; a mapping gives a weight for each
            label. Classes only. Defaults to None.
        loss: A Keras loss instead of the problem's own. Defaults to None.
        augment: What is varied at random in the training part's pictures or sounds, such as
            ``preprocessing.ImageAugmentation(flip="horizontal")``; False for nothing. Never part of the model.
        compiled: Whether the update is compiled by XLA.
        seed: Seed of the order of the rows, and of what is varied. (Initial weights and dropout take theirs from the
            model's builder.)
        callbacks: Keras callbacks to run as well.
        stop: Ends the training soon after it is set, from another thread. Defaults to None.
        checkpoints: Folder in which the state of the training is kept while it runs, after each epoch unless writing it
            would take more than a tenth of the time. Defaults to None: nothing is kept on disk.
        resume: Go on with the training whose checkpoints are in the folder, from its last whole epoch, to the very
            weights and history that it would have had; from the start where there are none. Call with the arguments
            that it was begun with. A training that has come to its end is given back as it was.
        progress: Whether to draw a progress bar. Defaults to True.

    Returns:
        Run: The model, the history frame, the settings and the timings.

    Raises:
        InputError: If an option is out of its range, unknown, or does not fit the problem, the model's inputs are not
            the preprocessor's features, its head is not the problem's, or labels are missing or unknown.
        FloatingPointError: If the loss becomes NaN or infinite before one epoch is done; with an epoch done, a
            warning says so and the best weights are kept.
    """
    names = [field.name for field in dataclasses.fields(Recipe) if field.name not in ("why", "patience")]
    given = {name: value for name, value in locals().items() if name in (*names, "early_stopping")}
    _check_order(preprocessor, splits, problem)
    check_model(model, preprocessor, problem, own_loss=loss is not None)
    recipe = settled(recipe_of(model, problem, preprocessor), given)
    _check_smoothing(recipe, problem)
    started, callbacks = time.perf_counter(), tuple(callbacks)
    rows = _rows(model, preprocessor, splits, problem, recipe=recipe, class_weight=class_weight, seed=seed)
    ready = time.perf_counter()
    made = pick_optimizer(recipe, recipe.epochs * len(rows.feed))
    rivals = among_rivals(model, preprocessor, problem, splits.train) if loss is None else None
    trained = rivals or trainee(rows.network, recipe.label_smoothing)
    pace = pick_pace(trained, rows.feed, callbacks, xla=recipe.compiled)
    finished = functools.partial(compile_model, problem=problem, preprocessor=preprocessor, soft=rows.soft)
    finished(trained, made, loss, steps=pace.steps, compiled=pace.xla and not pace.looped)
    settings = _settings(
        model, recipe, rows.feed.batch_size, class_weight=class_weight, loss=loss or problem.loss
    )
    settings |= {"seed": seed, "pace": pace.name, **_data_facts(splits), **environment()}
    recorder = Recorder(problem.objective, recipe.patience, stop)
    average = [Average(trained, recipe.ema)] if recipe.ema else []
    watchers = [*average, recorder, *([Progress(recipe.epochs)] if progress else []), *callbacks]
    course = Course(trained, rows.feed, rows.held_out, watchers, recipe.epochs, pace)
    start = _train(course, recorder, checkpoints, resume=resume, identity={**settings, "network": structure(model)})
    recorder.restore(trained)
    # Behind a frozen body, Keras could not read an optimizer back.
    if trained is not model and rows.network is model:
        finished(model, made, loss)
    _report_divergence(recorder, course, start, labels=splits.train.index, rate=settings["learning_rate"])
    history = recorder.history()
    timings = _timings(history, started, ready)
    return Run(
        model, preprocessor, problem, history, settings, timings, recorder.stopped, recorder.best_epoch
    )


class _Rows(NamedTuple):
    """What there is to train, and what it learns from."""

    network: keras.Model
    feed: Feed
    held_out: tf.data.Dataset
    soft: bool


def _rows(
    model: keras.Model,
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    recipe: Recipe,
    class_weight: Any,
    seed: int,
) -> _Rows:
    """The rows of both parts, as the network or what there is to train of it takes them."""
    batch_size = _check_batch_size(recipe.batch_size, len(splits.train))
    weights = _row_weights(splits.train, problem, class_weight)
    count_evidence(model, preprocessor, splits.train, problem)
    network, source = behind_frozen(model, preprocessor, recipe.augment)
    feed = source._feed(
        splits.train,
        batch_size,
        problem=problem,
        shuffle=True,
        weights=weights,
        augment=recipe.augment,
        seed=seed,
    )
    held_out = source.dataset(splits.validation, predict_batch(source), problem=problem)
    # MixUp and CutMix make shares (n, n_classes) of the training part's classes: the others are measured alike.
    soft = problem.kind == "multiclass" and feed.mixes
    if soft:
        n_classes = len(problem.classes)
        held_out = held_out.map(lambda x, y: (x, tf.one_hot(tf.cast(y, tf.int32), n_classes)))
    return _Rows(network, feed, held_out, soft)


def _timings(history: pd.DataFrame, started: float, ready: float) -> dict[str, float]:
    first = float(history["seconds"].iloc[0]) if len(history) else 0.0
    return {"preprocess": ready - started, "first_epoch": first, "train": time.perf_counter() - ready}


def _settings(
    model: keras.Model, recipe: Recipe, batch_size: int, *, class_weight: Any, loss: Any
) -> dict[str, Any]:
    """What the training was asked for, as plain values."""
    optimizer: Any = recipe.optimizer
    own = not isinstance(optimizer, str)
    rate = float(optimizer.learning_rate) if own else recipe.learning_rate
    fields = {
        field.name: getattr(recipe, field.name)
        for field in dataclasses.fields(Recipe)
        if field.name not in ("why", "augment")
    }
    return {
        "model": model.name,
        **fields,
        "optimizer": type(optimizer).__name__.lower() if own else optimizer,
        "learning_rate": rate,
        "batch_size": batch_size,
        "class_weight": _plain_weights(class_weight),
        "loss": str(loss.name if isinstance(loss, keras.losses.Loss) else loss),
        "augment": _plain_augment(recipe.augment),
    }


def _check_smoothing(recipe: Recipe, problem: Problem) -> None:
    if recipe.label_smoothing and problem.kind not in ("binary", "multiclass"):
        got = f"{recipe.label_smoothing:g} for a {problem.kind} problem"
        stop([complaint("label_smoothing", "0, as there are no classes that exclude each other", got)])


def _train(
    course: Course,
    recorder: Recorder,
    checkpoints: str | os.PathLike[str] | None,
    *,
    resume: bool,
    identity: dict[str, Any],
) -> Start:
    """All epochs that are left; Ctrl-C ends them and loses nothing. Gives the state at the start of the last one."""
    start, first, keepers = Start(course.model), 0, []
    if checkpoints is not None:
        keeper = Keeper(pathlib.Path(checkpoints), course, recorder, identity)
        first, keepers = keeper.start(resume=resume), [keeper]
    elif resume:
        stop([complaint("checkpoints", "the folder that the training was begun with", "None")])
    try:
        with clear_errors():
            course.walk(first, [start, *keepers])
    except KeyboardInterrupt:
        recorder.stopped = "interrupted"
        tqdm.write("Stopped by you: the best weights and the history so far are kept.", file=sys.stderr)
    finally:
        for bar in course.watchers:
            if isinstance(bar, Progress):
                bar.close()
    return start


def _plain_weights(class_weight: str | Mapping[Any, float] | None) -> str | dict[str, float] | None:
    if class_weight is None or isinstance(class_weight, str):
        return class_weight
    return {str(label): float(weight) for label, weight in class_weight.items()}


def _data_facts(splits: Splits) -> dict[str, Any]:
    train = splits.train
    rows = {"train_rows": len(train), "validation_rows": len(splits.validation)}
    return {**rows, "fingerprint": fingerprint(train)}


def _plain_augment(augment: Any) -> Any:
    """What is varied, as plain values."""
    if isinstance(augment, Mapping):
        return {column: _plain_augment(one) for column, one in augment.items()}
    return None if augment is None else {"kind": type(augment).__name__, **dataclasses.asdict(augment)}


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


def _check_order(preprocessor: Any, splits: Any, problem: Any) -> None:
    """Four objects in a row are easily swapped: name the ones that are not what their place asks for."""
    cure = "The order is training.fit(model, preprocessor, splits, problem)."
    asked = (
        ("preprocessor", preprocessor, "specs", "what preprocessing.fit returns"),
        ("splits", splits, "validation", "what data.split returns"),
        ("problem", problem, "objective", "a Problem"),
    )
    stop([complaint(n, what, type(x).__name__, cure) for n, x, has, what in asked if not hasattr(x, has)])


def _check_batch_size(batch_size: int | None, n_rows: int) -> int:
    if batch_size is None:
        return pick_batch_size(n_rows)
    check_number(batch_size, "batch_size", low=1, whole=True)
    if batch_size > n_rows:
        cure = f"Use a smaller one, such as {pick_batch_size(n_rows)}."
        stop([complaint("batch_size", f"at most the {n_rows:,} training rows", f"{batch_size:,}", cure)])
    return int(batch_size)


def _row_weights(
    train: pd.DataFrame, problem: Problem, class_weight: str | Mapping[Any, float] | None
) -> np.ndarray | None:
    if class_weight is None:
        return None
    if problem.kind not in ("binary", "multiclass"):
        stop([complaint("class_weight", "None for a " + problem.kind + " problem", repr(class_weight))])
    codes = problem.encode(train).astype(int)
    if isinstance(class_weight, str):
        check_choice(class_weight, ("balanced",), "class_weight")
        counts = np.bincount(codes, minlength=len(problem.classes))
        return (len(codes) / (len(counts) * np.maximum(counts, 1)))[codes]
    given = {as_text(pd.Series([label])).iloc[0]: weight for label, weight in class_weight.items()}
    unknown = [label for label in given if label not in problem.classes]
    absent = [c for c in problem.classes if c not in given]
    if unknown or absent:
        got = f"unknown {listed(unknown)}" if unknown else f"none for {listed(absent)}"
        stop([complaint("class_weight", f"a weight for each of {listed(problem.classes, 20)}", got)])
    for label, weight in given.items():
        check_number(weight, f"class_weight[{label!r}]", low=0)
    return np.array([given[c] for c in problem.classes])[codes]


def _report_divergence(
    recorder: Recorder, course: Course, start: Start, *, labels: pd.Index, rate: float
) -> None:
    if recorder.stopped != "diverged":
        return
    text = told(find_break(course, start), start.epoch + 1, labels, rate)
    recorder.restore(course.model)
    if recorder.best_weights is None:
        raise FloatingPointError(text)
    warnings.warn(
        f"{text} The weights of epoch {recorder.best_epoch} are kept.", RuntimeWarning, stacklevel=3
    )


__all__ = ["LEARNING_RATES", "environment", "fingerprint", "fit", "pick_batch_size"]
