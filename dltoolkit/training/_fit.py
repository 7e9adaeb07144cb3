"""One call that trains a network on the splits of a table."""

import dataclasses
import functools
import os
import pathlib
import sys
import threading
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.data import Splits
from dltoolkit.models import Recipe
from dltoolkit.models import recipe as recipe_of
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._dataset import Augmentation, clear_errors
from dltoolkit.problem import Problem
from dltoolkit.training._compile import compile_model
from dltoolkit.training._course import Course
from dltoolkit.training._devices import (
    first_process,
    fit_mirrored,
    make_deterministic,
    pick_devices,
    wants_mirrors,
)
from dltoolkit.training._divergence import Start, find_break, told
from dltoolkit.training._identity import environment, fingerprint
from dltoolkit.training._measure import decided
from dltoolkit.training._memory import within_memory
from dltoolkit.training._model_check import check_model
from dltoolkit.training._optimizers import LEARNING_RATES, pick_optimizer, told_rate
from dltoolkit.training._pace import pick_pace
from dltoolkit.training._plateau import plateau
from dltoolkit.training._precision import computing, pick_precision
from dltoolkit.training._record import Progress, Recorder
from dltoolkit.training._resume import Keeper, structure
from dltoolkit.training._rows import Rows, pick_batch_size, rows_of
from dltoolkit.training._run import Run
from dltoolkit.training._schedule_free import plainly, swapped
from dltoolkit.training._settings import settled
from dltoolkit.training._towers import among_rivals
from dltoolkit.training._trainee import trainee


def fit(
    model: keras.Model,
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    optimizer: str | keras.optimizers.Optimizer | None = None,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
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
    precision: str = "float32",
    seed: int = 0,
    callbacks: Iterable[keras.callbacks.Callback] = (),
    stop: threading.Event | None = None,
    checkpoints: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = True,
    devices: str | Sequence[str] | None = None,
    deterministic: bool = True,
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
        optimizer: One of `LEARNING_RATES`, such as ``"adam"`` or ``"sgd"``, or a Keras optimizer, which brings its own
            rate. ``"schedule-free"`` averages the weights by itself, at a constant rate.
        learning_rate: The highest one, above 0, or a schedule of Keras; for another optimizer than the recipe's its
            `LEARNING_RATES`.
        schedule: The course of the rate: ``"constant"``, ``"step"``, ``"exponential"``, ``"cosine"``, ``"one-cycle"``
            (see `schedule`) or ``"plateau"``: a third of it after each three epochs without progress.
        warmup: Share of the updates in which the rate first rises, in [0, 1).
        weight_decay: What each update takes off every weight, times the learning rate; at least 0.
        clip_norm: Longest gradient, all weights together, above 0; False for any.
        ema: Momentum, in (0, 1), of the moving average of the weights that is validated and kept; False for none.
        label_smoothing: Share of a label that is spread over all classes in training, in [0, 1). Classes only.
        epochs: Passes over the training part at most, at least 1.
        batch_size: Rows an update; `pick_batch_size` of the number of training rows where the recipe says nothing.
        early_stopping: Epochs without a better objective after which training stops and goes back to the best
            epoch; True means 10, False trains all epochs and keeps the last weights.
        class_weight: ``"balanced"`` gives each class the same total weight, ``"effective"`` less than that (see
            `class_weights`); a mapping gives a weight for each class, of several labels for the yes of each. The
            validation loss is weighted alike, metrics never. Classes only. Defaults to None.
        loss: A name of `losses`, or a Keras loss, instead of the problem's own. Defaults to None.
        augment: What is varied at random in the training part's pictures or sounds, such as
            ``preprocessing.ImageAugmentation(flip="horizontal")``; False for nothing. Never part of the model.
        compiled: Whether the update is compiled by XLA. Defaults to None: where that is clearly faster on this machine, by a
            short measurement that is remembered in `data.cache_dir`, and the training long enough to make good what
            compiling costs. ``run.settings["pace"]`` says what was picked.
        precision: ``"mixed"``: layers compute in bfloat16, which large networks gain by on a GPU; weights, the last layer
            and the loss stay in float32, and so does what is saved. ``"auto"``: that on a GPU with bfloat16 in its tensor
            cores (NVIDIA A100 and later) alone. Defaults to ``"float32"``.
        seed: Seed of the order of the rows, and of what is varied. (Initial weights and dropout take theirs from the
            model's builder.)
        callbacks: Keras callbacks to run as well, such as a `TensorBoardLog`. One that looks at every update makes Keras's
            own loop run, batch by batch.
        stop: Ends the training soon after it is set, from another thread. Defaults to None.
        checkpoints: Folder in which the state of the training is kept while it runs, after each epoch unless writing it
            would take more than a tenth of the time. Defaults to None: nothing is kept on disk.
        resume: Go on with the training whose checkpoints are in the folder, from its last whole epoch, to the very
            weights and history that it would have had; from the start where there are none. Call with the arguments
            that it was begun with. A training that has come to its end is given back as it was.
        progress: Whether to draw a progress bar. Defaults to True.
        devices: What shares each batch: names such as ``["gpu:0", "gpu:1"]``, or ``"all"`` for every visible device. Defaults
            to None: the one that Keras takes anyway; all of them under ``dltoolkit launch``. See docs/scale.md.
        deterministic: Whether the same call gives the same bits on a GPU too, which TensorFlow then does for the whole
            process (``enable_op_determinism``). On a CPU it always does. Defaults to True.

    Returns:
        Run: The model, the history frame, the settings and the timings.

    Raises:
        InputError: If an option is out of its range, unknown, or does not fit the problem, the model's inputs are not
            the preprocessor's features, its head is not the problem's, or labels are missing or unknown.
        MemoryError: If a batch does not fit into memory; it names the size that does.
        FloatingPointError: If the loss becomes NaN or infinite before one epoch is done; with an epoch done, a
            warning says so and the best weights are kept.
    """
    arguments = dict(locals())
    shared = pick_devices(devices)
    if shared and wants_mirrors():
        return fit_mirrored(fit, arguments, shared)
    make_deterministic(deterministic)
    policy = pick_precision(precision)
    names = [field.name for field in dataclasses.fields(Recipe) if field.name not in ("why", "patience")]
    given = {name: value for name, value in arguments.items() if name in (*names, "early_stopping")}
    _check_order(preprocessor, splits, problem)
    check_model(model, preprocessor, problem, own_loss=loss is not None)
    recipe = settled(recipe_of(model, problem, preprocessor), given)
    _check_smoothing(recipe, problem)
    started, callbacks = time.perf_counter(), tuple(callbacks)
    asked = {"recipe": recipe, "class_weight": class_weight, "loss": loss, "seed": seed}
    rows = rows_of(model, preprocessor, splits, problem, **asked)
    ready = time.perf_counter()
    made = pick_optimizer(recipe, recipe.epochs * len(rows.feed), rows.network)
    rivals = among_rivals(model, preprocessor, problem, splits.train) if loss is None else None
    trained = rivals or trainee(rows.network, recipe.label_smoothing, by_label=rows.by_label)
    pace = pick_pace(trained, rows.feed, callbacks, xla=recipe.compiled)
    finished = functools.partial(compile_model, problem=problem, preprocessor=preprocessor, soft=rows.soft)
    finished(trained, made, loss, steps=pace.steps, compiled=pace.xla and not pace.looped)
    pace = decided(pace, trained, rows.feed, recipe.epochs * len(rows.feed))
    settings = _settings(model, recipe, rows, class_weight=class_weight, loss=loss or problem.loss)
    settings |= {"seed": seed, "precision": policy, "pace": pace.name, "pace_why": pace.why}
    settings |= {**_data_facts(splits), **environment(shared)}
    recorder = Recorder(problem.objective, recipe.patience, stop)
    bars = [Progress(recipe.epochs)] if progress and first_process() else []
    watchers = [*swapped(trained, recipe.ema), recorder, *plateau(recipe, recorder), *bars, *callbacks]
    course = Course(trained, rows.feed, rows.held_out, watchers, recipe.epochs, pace, shared)
    identity = {**settings, "network": structure(model)}
    start = _train(course, recorder, checkpoints, resume=resume, identity=identity)
    recorder.restore(trained)
    if rows.network is model:  # behind a frozen body, Keras could not read an optimizer back
        finished(model, plainly(made), loss)
    _report_divergence(recorder, course, start, labels=splits.train.index, rate=settings["learning_rate"])
    timings, history = _timings(recorder, started, ready), recorder.history()
    return Run(
        model, preprocessor, problem, history, settings, timings, recorder.stopped, recorder.best_epoch
    )


def _timings(recorder: Recorder, started: float, ready: float) -> dict[str, float]:
    first = float(recorder.rows[0]["seconds"]) if recorder.rows else 0.0
    return {"preprocess": ready - started, "first_epoch": first, "train": time.perf_counter() - ready}


def _settings(
    model: keras.Model, recipe: Recipe, rows: Rows, *, class_weight: Any, loss: Any
) -> dict[str, Any]:
    """What the training was asked for, as plain values."""
    optimizer: Any = recipe.optimizer
    own = not isinstance(optimizer, str)
    fields = {
        field.name: getattr(recipe, field.name)
        for field in dataclasses.fields(Recipe)
        if field.name not in ("why", "augment")
    }
    return {
        "model": model.name,
        **fields,
        "optimizer": type(optimizer).__name__.lower() if own else optimizer,
        **told_rate(recipe),
        "batch_size": rows.feed.batch_size,
        "class_weight": _plain_weights(class_weight),
        "loss": str(loss.name if isinstance(loss, keras.losses.Loss) else loss),
        "augment": _plain_augment(recipe.augment),
        **rows.facts,
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
    for watcher in course.watchers:
        if hasattr(watcher, "on_settings"):
            watcher.on_settings(identity)
    try:
        precise = computing(course.model, identity["precision"])
        with clear_errors(), within_memory(course.model, course.feed.batch_size), precise:
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


def _check_order(preprocessor: Any, splits: Any, problem: Any) -> None:
    """Four objects in a row are easily swapped: name the ones that are not what their place asks for."""
    cure = "The order is training.fit(model, preprocessor, splits, problem)."
    asked = (
        ("preprocessor", preprocessor, "specs", "what preprocessing.fit returns"),
        ("splits", splits, "validation", "what data.split returns"),
        ("problem", problem, "objective", "a Problem"),
    )
    stop([complaint(n, what, type(x).__name__, cure) for n, x, has, what in asked if not hasattr(x, has)])


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
