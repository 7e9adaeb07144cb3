"""Training a network on a pretrained body: the head first, then, where asked, the body's last stages, slowly."""

import dataclasses
import pathlib
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dltoolkit._checks import check_number, complaint
from dltoolkit._checks import stop as stop_
from dltoolkit._keras import keras
from dltoolkit.data import Splits
from dltoolkit.models._pretrained._pretrained import BODY
from dltoolkit.models._pretrained._stages import freeze
from dltoolkit.models._pretrained._stages import stages as body_stages
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._fit import fit
from dltoolkit.training._run import Run

# Devlin et al. (2019) fine-tune BERT for 2 to 4 epochs at 2e-5 to 5e-5; Mosbach et al. (2021), "On the stability of
# fine-tuning BERT", add the warm-up over the first tenth of the updates.
# Small bodies take longer steps: Turc et al. (2019), "Well-read students learn better", try rates up to 3e-4.
RATE, EPOCHS, BATCH, WARMUP = 1e-4, 2, 16, 0.1
# Each stage nearer to the input learns more slowly: Howard and Ruder (2018), "ULMFiT", found 1 / 2.6 a layer for LSTMs,
# Sun et al. (2019), "How to fine-tune BERT for text classification?", 0.95 a layer for BERT's twelve.
DECAY = 0.9
HEAD_FACTOR = 20.0  # the head starts from nothing, and takes larger steps than what was learnt before
WEIGHT_DECAY = 0.01


def fine_tune(
    model: keras.Model,
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    stages: int | str = 0,
    learning_rate: float = RATE,
    decay: float = DECAY,
    epochs: int = EPOCHS,
    batch_size: int = BATCH,
    lora_rank: int | None = None,
    head: Mapping[str, Any] | None = None,
    seed: int = 0,
    stop: threading.Event | None = None,
    progress: bool = True,
) -> Run:
    """Train a network on a pretrained body in one or two steps; the test part stays sealed.

    First the head alone: each row goes through the frozen body once, and the head learns from the vectors that come
    out. Then, with `stages`, the last stages of the body too, each nearer to the input more slowly, and with
    batch normalisation as it was published. The better of the two by the validation part is kept.

    Args:
        model: From `models.pretrained`. Trained in place; with `lora_rank` the run holds a copy.
        preprocessor: Fitted on ``splits.train``.
        splits: Gives the training and the validation part.
        problem: Gives the loss, the metrics and the objective.
        stages: How many of the body's stages, from the end, are learnt in the second step; ``"all"`` for each.
            Defaults to 0: there is no second step.
        learning_rate: Of the body's last stage in the second step, above 0. Defaults to 1e-4.
        decay: Factor from one stage to the one before it, in (0, 1]. Defaults to 0.9.
        epochs: Of the second step, at least 1. Defaults to 2.
        batch_size: Rows an update of the second step. Defaults to 16.
        lora_rank: In the second step, learn only a change of this rank, at least 1, of what attention asks for and
            hands on (its query and value) in these stages. Defaults to None: all of their weights.
        head: Options of `training.fit` for the first step. Defaults to None: the network's recipe.
        seed: Seed of the order of the rows.
        stop: Ends the training soon after it is set. Defaults to None.
        progress: Whether to draw progress bars. Defaults to True.

    Returns:
        Run: Its history has a column ``step``, 1 or 2. The body is frozen again; the saved network loads with plain Keras.

    Raises:
        InputError: If the network has no body, an option is out of its range, or there is nothing for `lora_rank`.

    References:
        Howard and Ruder (2018), "Universal language model fine-tuning for text classification" (stages, rates by layer);
        Hu et al. (2021), "LoRA"; Kumar et al. (2022), "Fine-tuning can distort pretrained features" (the head first).
    """
    body = body_of(model)
    check_number(learning_rate, "learning_rate", low=0, open_low=True)
    check_number(decay, "decay", low=0, high=1, open_low=True)
    freeze(body, stages, "stages")  # a mistake shows before any work is done
    freeze(body, "none")
    options: dict[str, Any] = {"seed": seed, "stop": stop, "progress": progress}
    first = _with_step(fit(model, preprocessor, splits, problem, **options, **(head or {})), 1)
    if stages in (0, "none") or first.stopped == "interrupted":
        return first
    freeze(body, stages)
    if lora_rank is not None:
        _add_lora(body, lora_rank)
    before = model.get_weights()
    made = LayerwiseAdamW(
        _rates(model, body, decay),
        learning_rate=_warmed(learning_rate, epochs * -(-len(splits.train) // batch_size)),
        weight_decay=WEIGHT_DECAY,
    )
    second = fit(
        model,
        preprocessor,
        splits,
        problem,
        optimizer=made,
        epochs=epochs,
        batch_size=batch_size,
        early_stopping=epochs,
        **options,
    )
    better = _best(second) < _best(first)
    if not better:
        model.set_weights(before)
    ended = _merged(second) if lora_rank is not None else second
    return _joined(first, _plain(_with_step(ended, 2)), better=better)


class LayerwiseAdamW(keras.optimizers.AdamW):
    """AdamW whose steps are longer or shorter by layer; never saved with a network.

    Args:
        rates: Path of a weight to the factor of its learning rate.
        **options: As of AdamW.
    """

    def __init__(self, rates: Mapping[str, float], **options: Any) -> None:
        super().__init__(**options)
        self._rates, self._factors = dict(rates), [1.0]

    def build(self, variables: list[Any]) -> None:
        """Look up the factor of each weight."""
        super().build(variables)
        self._factors = [self._rates[variable.path] for variable in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """AdamW's own, at the weight's own rate."""
        factor = self._factors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * factor)


def body_of(model: keras.Model) -> keras.Model:
    """The pretrained body inside a network.

    Args:
        model: From `models.pretrained`, also read from disk.

    Returns:
        keras.Model: The body.

    Raises:
        InputError: If it has none.
    """
    layers = model.layers if isinstance(model, keras.Model) else []
    found = [layer for layer in layers if isinstance(layer, keras.Model) and layer.name.startswith(BODY)]
    if not found:
        cure = (
            "Build one with models.pretrained(problem, preprocessor); any other is trained by training.fit."
        )
        got = f"a network named {model.name!r} without one" if layers else type(model).__name__
        stop_([complaint("model", "a network on a pretrained body", got, cure)])
    return found[0]


def _rates(model: keras.Model, body: keras.Model, decay: float) -> dict[str, float]:
    """Path of each weight to the factor of its rate."""
    rates = {weight.path: HEAD_FACTOR for weight in model.trainable_weights}
    for above, names in enumerate(reversed(body_stages(body))):
        for name in names:
            rates |= {weight.path: decay**above for weight in body.get_layer(name).trainable_weights}
    return rates


def _warmed(rate: float, updates: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Up over the first tenth of the updates, then down to nothing along half a cosine."""
    rise = round(WARMUP * updates)
    return keras.optimizers.schedules.CosineDecay(
        0.0 if rise else rate, max(updates - rise, 1), warmup_target=rate if rise else None, warmup_steps=rise
    )


def _add_lora(body: keras.Model, rank: int) -> None:
    """In the stages that are learnt, leave nothing to learn but a change of low rank in attention's query and value."""
    changed = False
    for layer in body.layers:
        if not layer.weights or not layer.trainable:
            continue
        attention = isinstance(layer, keras.layers.MultiHeadAttention)
        for inner in layer._flatten_layers(include_self=not attention):
            if attention and isinstance(inner, keras.layers.EinsumDense) and inner.name in ("query", "value"):
                inner.enable_lora(rank)
                changed = True
            else:
                inner.trainable = False
    if not changed:
        cure = "Leave lora_rank out: the stages themselves are then learnt."
        stop_([complaint("lora_rank", "a body with attention in the stages to learn", "none there", cure)])


def _merged(run: Run) -> Run:
    """The run with a copy of its network in which changes of low rank are part of the weights."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "merged.keras"
        run.model.save(path)
        return dataclasses.replace(run, model=keras.saving.load_model(path, compile=False))


def _plain(run: Run) -> Run:
    """The run with its body frozen, and without the optimizer, which plain Keras would not know."""
    freeze(body_of(run.model), "none")
    model = keras.Model(run.model.input, run.model.output, name=run.model.name)
    return dataclasses.replace(run, model=model)


def _with_step(run: Run, step: int) -> Run:
    """The run with the step's number in its history."""
    history = run.history.copy()
    history.insert(0, "step", step)
    return dataclasses.replace(run, history=history)


def _best(run: Run) -> float:
    """The objective on the validation part at the epoch whose weights are kept; less is better."""
    objective = run.problem.objective
    score = run.history.loc[run.history["epoch"] == run.best_epoch, objective.name].min()
    return float(score if objective.direction == "min" else -score)


def _joined(first: Run, second: Run, *, better: bool) -> Run:
    """The run of both steps."""
    history = pd.concat([first.history, second.history], ignore_index=True)
    history["epoch"] = range(1, len(history) + 1)
    epoch = len(first.history) + second.best_epoch if better else first.best_epoch
    timings = {**first.timings, "train": first.timings["train"] + second.timings["train"]}
    settings = {**second.settings, "step_1": first.settings}
    return dataclasses.replace(second, history=history, settings=settings, timings=timings, best_epoch=epoch)
