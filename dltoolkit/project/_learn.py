"""Steps 8 and 11: train and fine-tune, without a look at the test part."""

import json
import pathlib
from typing import TYPE_CHECKING, Any

from dltoolkit import _files, evaluation, training
from dltoolkit._keras import keras
from dltoolkit.problem import Objective
from dltoolkit.project._artefacts import Best
from dltoolkit.project._network import BY_RECIPE, build, takes_networks
from dltoolkit.project._outcome import FOR_ONCE, Outcome
from dltoolkit.project._steps import passes_on

if TYPE_CHECKING:
    from dltoolkit.project._project import Project

# What the choice between two models goes by: proper scores, in which the penalties of the losses have no part.
DECIDES = {"binary": "log_loss", "multiclass": "log_loss", "multilabel": "log_loss", "regression": "rmse"}

RACE = 3  # one in how many epochs of the first training a new one must not trail it


@passes_on(training.fit, "optimizer", "learning_rate", "loss", "class_weight", "epochs", "seed")
def train(
    project: "Project",
    folder: pathlib.Path,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    **options: Any,
) -> Outcome:
    """Step 8: train the network."""
    run = _fit(project, project.build_network(), epochs=epochs, seed=seed, **chosen(project), **options)
    run.save(folder / "run")
    return Outcome(run, _in_short(run), keep={"run": run})


def _fit(
    project: "Project", model: Any, *, epochs: int | None, seed: int | None, **options: Any
) -> training.Run:
    limit = project.limits.epochs if epochs is None else epochs
    options |= {} if limit is None else {"epochs": limit}
    seed = project.seed if seed is None else seed
    return training.fit(model, project.preprocessor, project.splits, project.problem, seed=seed, **options)


def chosen(project: "Project") -> dict[str, Any]:
    """What the steps loss and optimizer chose, as `training.fit` takes it; the recipe's choice is left to the recipe."""
    optimizer = project.optimizer
    by_hand = {} if optimizer["why"] == BY_RECIPE else optimizer
    return without(project.loss | by_hand, "why")


def without(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    """The settings, but for those named."""
    return {name: value for name, value in settings.items() if name not in names}


def _in_short(run: training.Run) -> str:
    objective = run.problem.objective.name
    best = run.history.loc[run.history["epoch"] == run.best_epoch]
    score = f", {objective} {best[objective].iloc[0]:.4f}" if objective in best and len(best) else ""
    return f"{len(run.history)} epochs, best {run.best_epoch}{score}"


def load_run(project: "Project", folder: pathlib.Path) -> training.Run:
    """Read the first trained model."""
    return training.load(folder / "run")


class Race(keras.callbacks.Callback):
    """Gives up a training that trails another one at a third of its way.

    It is for settings that were found on a part of the rows: what is good there need not be good on all of them,
    and a whole training is a high price for finding out (Li et al. 2018, "Hyperband": stop the worse ones early).

    Args:
        other: The training to beat.
        objective: What is compared: the best score so far.
    """

    def __init__(self, other: training.Run, objective: Objective) -> None:
        super().__init__()
        self.epoch = -(-other.best_epoch // RACE)
        self.objective, self.sign = objective.name, 1 if objective.direction == "min" else -1
        scores = self.sign * other.history[objective.name].head(self.epoch)
        self.target, self.best, self.gave_up = float(scores.min()), float("inf"), False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare at the one epoch."""
        self.best = min(self.best, self.sign * (logs or {}).get(self.objective, float("inf")))
        if epoch + 1 == self.epoch and self.best > self.target:
            self.gave_up = self.model.stop_training = True


@passes_on(training.fit, "epochs", "seed")
@takes_networks("seed")
def fine_tune(
    project: "Project",
    folder: pathlib.Path,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    **options: Any,
) -> Outcome:
    """Step 11: train anew with the best settings found, and keep the better model by the validation part.

    Where no trial was better than the settings in hand, and none are given, nothing is trained.
    """
    search, note = project.search, _files.read_json(project.folder / "search" / "best.json")
    scores = {"run": score(project, project.run)}
    once = {name: options.pop(name) for name in FOR_ONCE if name in options}
    settings = (search.best if note["better_than_in_hand"] else {}) | options
    race = Race(project.run, project.problem.objective)
    if note["rows"] < len(project.splits.train):
        once["callbacks"] = [*once.get("callbacks", ()), race]
    kept: dict[str, Any] = {}
    if settings:
        network = project.network | {n: v for n, v in settings.items() if n in project.network}
        fitting = chosen(project) | {n: v for n, v in settings.items() if n not in project.network}
        run = _fit(project, build(project, network), epochs=epochs, seed=seed, **fitting, **once)
        run.save(folder / "fine_tuned")
        scores["fine_tuned"] = score(project, run)
        kept["fine_tuned"] = run
    best = min(scores, key=lambda name: scores[name])
    metric = DECIDES[project.problem.kind]
    content = {
        "model": best,
        "metric": metric,
        "scores": scores,
        "settings": settings,
        "gave_up": race.gave_up,
    }
    _files.write_json(folder / "fine_tune.json", json.loads(json.dumps(content, default=str)))
    told = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    why = "" if kept else ": no trial was better than the settings in hand"
    why = ": the new one trailed it and was given up" if race.gave_up else why
    summary = f"keeps {best}{why} (validation {metric}: {told})"
    return Outcome(kept.get("fine_tuned", project.run), summary, keep=kept)


def load_tuned(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read what fine-tuning compared."""
    return _files.read_json(folder / "fine_tune.json")


def load_fine_tuned(project: "Project", folder: pathlib.Path) -> training.Run:
    """Read the fine-tuned model; the first one where nothing was trained."""
    return training.load(folder / "fine_tuned") if "fine_tuned" in project.tuned["scores"] else project.run


def score(project: "Project", run: training.Run) -> float:
    """A model's log loss, or root mean squared error, on the validation part."""
    measured = evaluation.evaluate(run, project.splits.validation, project.problem, n_bootstrap=0)
    return float(measured.metrics.loc[DECIDES[project.problem.kind], "value"])


def best(project: "Project") -> Best:
    """The model in hand: the one that fine-tuning kept, or the first where there was none."""
    if project.is_done("fine_tune"):
        tuned = project.tuned
        name = tuned["model"]
        return Best(name, project.run if name == "run" else project.fine_tuned, tuned["scores"][name])
    return Best("run", project.run, score(project, project.run))
