"""Several ways to train one network, under one budget and one seed."""

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.data import Splits
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._fit import fit
from dltoolkit.training._run import Run

EPOCHS = 20
LOWER = ("error", "loss")  # words in the names of metrics that are better when lower
_SHARED = ("epochs", "batch_size", "seed", "progress", "early_stopping")
_OF_ONE = ("checkpoints", "resume", "stop", "callbacks")


@dataclasses.dataclass(frozen=True, repr=False)
class Comparison:
    """Trainings of one network that differ by their options alone.

    Attributes:
        runs: Variant to its `Run`, but for those in `errors`.
        errors: Variant to where it diverged, for those that did so before their first epoch was done.
        variants: Variant to its options of `training.fit`, as far as Ctrl-C let them begin.
        metric: The column of the histories that they are compared by.
        direction: ``"min"`` or ``"max"``.
        epochs: The budget of each.
    """

    runs: dict[str, Run]
    errors: dict[str, str]
    variants: dict[str, dict[str, Any]]
    metric: str
    direction: str
    epochs: int

    def __repr__(self) -> str:
        """What did best, and the next step."""
        best = self.frame().iloc[0]
        told = (
            f"best {self.metric} {best['best']:.4g} by {best['variant']!r}"
            if best["epochs"]
            else "all diverged"
        )
        n = len(self.variants)
        return f"Comparison({n} variants of {self.epochs} epochs: {told}; next: plots.comparison(comparison))"

    def frame(self) -> pd.DataFrame:
        """One row a variant, the best first.

        ``variant``, ``best`` (the metric at its best epoch), ``epoch`` (that one), the metrics of the validation part then,
        ``epochs`` (done), ``seconds``, and how it ``stopped``.
        """
        table = pd.DataFrame([self._row(name) for name in self.variants])
        metrics = [c for c in table if c.startswith("val_")]
        table = table[["variant", "best", "epoch", *metrics, "epochs", "seconds", "stopped"]]
        return table.sort_values("best", ascending=self.direction == "min", kind="stable", ignore_index=True)

    def histories(self) -> pd.DataFrame:
        """The ways of all variants in one table. Losses of different kinds do not compare.

        Returns:
            pandas.DataFrame: One row a variant and epoch: ``variant``, then the columns of its history.
        """
        parts = [run.history.assign(variant=name) for name, run in self.runs.items()]
        if not parts:
            return pd.DataFrame({"variant": [], "epoch": []})
        table = pd.concat(parts, ignore_index=True)
        return table[["variant", *[c for c in table if c != "variant"]]]

    def _row(self, name: str) -> dict[str, Any]:
        run = self.runs.get(name)
        if run is None or run.history.empty:
            how = "diverged" if run is None else run.stopped
            return {
                "variant": name,
                "best": np.nan,
                "epoch": 0,
                "epochs": 0,
                "seconds": np.nan,
                "stopped": how,
            }
        scores = run.history[self.metric]
        best = run.history.loc[scores.idxmin() if self.direction == "min" else scores.idxmax()]
        metrics = {f"val_{m}": best[f"val_{m}"] for m in run.problem.metrics}
        told = {"epochs": len(scores), "seconds": run.timings["train"], "stopped": run.stopped}
        return {"variant": name, "best": best[self.metric], "epoch": int(best["epoch"]), **metrics, **told}


def compare(
    build: Callable[..., keras.Model],
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    variants: Mapping[str, Mapping[str, Any]],
    epochs: int = EPOCHS,
    metric: str | None = None,
    early_stopping: bool | int = False,
    batch_size: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Comparison:
    """Train one network in several ways: the same first weights, the same batches in the same order, as many updates.

    A variant that diverges is a row that says so. Losses of different kinds do not compare, so a metric of the validation
    part does; one seed is one draw, so take differences for real only where they hold for several.

    Args:
        build: ``build(problem, preprocessor, seed=seed)`` gives an uncompiled model, such as ``models.mlp``, the same for
            the same seed.
        preprocessor: Fitted on ``splits.train``.
        splits: Gives the training and the validation part.
        problem: Gives the metrics.
        variants: Name to options of `fit`, such as ``{"adam": {}, "focal": {"loss": "focal"}, "sgd": {"optimizer": "sgd"}}``.
        epochs: Passes over the training part of each, at least 1. Defaults to 20.
        metric: What to compare by, a column of the history, such as ``"val_auc"``. Defaults to None: the last of the
            problem's metrics, on the validation part.
        early_stopping: As of `fit`, for all. Defaults to False: each has the whole budget, and keeps its best epoch.
        batch_size: Rows an update, for all. Defaults to None: the network's own.
        seed: Of the first weights and of the order of the rows.
        progress: Whether to draw a progress bar of the variants. Defaults to True.

    Returns:
        Comparison: `Comparison.frame` for the outcome, `Comparison.histories` for the way to it.

    Raises:
        InputError: If there is no variant, one has an option that is not its own to have, a metric is unknown, `build`
            gives other weights for the same seed, or as `fit` does.

    Example:
        >>> from dltoolkit import Schema, data, models, preprocessing
        >>> frame = pd.DataFrame({"x": range(100), "y": ["no", "yes"] * 50})
        >>> problem, schema = Problem.infer(frame, "y"), Schema.infer(frame, "y")
        >>> splits = data.split(frame, problem)
        >>> ways = {"adam": {}, "sgd": {"optimizer": "sgd"}}
        >>> given = preprocessing.fit(splits.train, schema), splits, problem
        >>> compare(models.linear, *given, variants=ways, epochs=2, progress=False).frame()["epochs"].tolist()
        [2, 2]
    """
    _check_variants(variants)
    check_number(epochs, "epochs", low=1, whole=True)
    watched = [f"val_{m}" for m in problem.metrics]
    metric = watched[-1] if metric is None else check_choice(metric, watched, "metric")
    patience = (
        epochs if early_stopping is False else early_stopping
    )  # never reached; one that diverges keeps its history
    shared: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "early_stopping": patience,
        "seed": seed,
    }
    runs, errors, first = dict[str, Run](), dict[str, str](), None
    for name, options in tqdm(variants.items(), desc="compare", unit="variant", disable=not progress):
        model = build(problem, preprocessor, seed=seed)
        first = _same_start(first, model.get_weights())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # its row says that it diverged
            try:
                runs[name] = fit(model, preprocessor, splits, problem, **shared, **options, progress=False)
            except FloatingPointError as error:
                errors[name] = str(error)
        if name in runs and runs[name].stopped == "interrupted":
            break
    direction = "min" if any(word in metric for word in LOWER) else "max"
    plain = {name: dict(options) for name, options in variants.items() if name in runs or name in errors}
    return Comparison(runs, errors, plain, metric, direction, epochs)


def _check_variants(variants: Any) -> None:
    if (
        not isinstance(variants, Mapping)
        or not variants
        or not all(isinstance(v, Mapping) for v in variants.values())
    ):
        cure = "Such as {'adam': {}, 'focal': {'loss': 'focal'}}."
        stop(
            [
                complaint(
                    "variants", "a mapping of names to options of fit, at least one", repr(variants), cure
                )
            ]
        )
    complaints = []
    for name, options in variants.items():
        budget = [o for o in _SHARED if o in options]
        single = [o for o in _OF_ONE if o in options]
        if budget:
            cure = "Give it to compare itself: the budget and the seed are the same for all."
            complaints.append(
                complaint(f"variants[{name!r}]", "options in which variants may differ", listed(budget), cure)
            )
        if single:
            cure = "Train that variant by itself, with training.fit."
            complaints.append(
                complaint(f"variants[{name!r}]", "options in which variants may differ", listed(single), cure)
            )
    stop(complaints)


def _same_start(first: list[np.ndarray] | None, weights: list[np.ndarray]) -> list[np.ndarray]:
    """The first weights of all variants, once it is sure that these are the same."""
    if first is None:
        return weights
    same = len(first) == len(weights) and all(
        a.shape == b.shape and np.array_equal(a, b) for a, b in zip(first, weights, strict=True)
    )
    if not same:
        cure = "Seed its initialisers, as models.mlp(problem, preprocessor, seed=seed) does."
        stop([complaint("build", "the same weights for the same seed", "other weights", cure)])
    return first
