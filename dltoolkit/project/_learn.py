"""Steps 8, 9 and 11: train, tune, fine-tune; none of them looks at the test part."""

import dataclasses
import json
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dltoolkit import _files, evaluation, training, tuning
from dltoolkit._checks import check_number
from dltoolkit.models import mlp
from dltoolkit.problem import Problem
from dltoolkit.project._artefacts import Best
from dltoolkit.project._network import BUILDERS, build
from dltoolkit.project._outcome import FOR_ONCE, Outcome
from dltoolkit.project._source import few_rows
from dltoolkit.project._steps import passes_on

if TYPE_CHECKING:
    from dltoolkit.project._project import Project

# What the choice between two models goes by: proper scores, in which the penalties of the losses have no part.
DECIDES = {"binary": "log_loss", "multiclass": "log_loss", "multilabel": "log_loss", "regression": "rmse"}


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
    run = _fit(project, project.build_network(), epochs=epochs, seed=seed, **_chosen(project), **options)
    run.save(folder / "run")
    return Outcome(run, _in_short(run), keep={"run": run})


def _fit(
    project: "Project", model: Any, *, epochs: int | None, seed: int | None, **options: Any
) -> training.Run:
    limit = project.limits.epochs if epochs is None else epochs
    options |= {} if limit is None else {"epochs": limit}
    seed = project.seed if seed is None else seed
    return training.fit(model, project.preprocessor, project.splits, project.problem, seed=seed, **options)


def _chosen(project: "Project") -> dict[str, Any]:
    """What the steps loss and optimizer chose, as `training.fit` takes it."""
    return {n: v for n, v in (project.loss | project.optimizer).items() if n != "why"}


def _in_short(run: training.Run) -> str:
    objective = run.problem.objective.name
    best = run.history.loc[run.history["epoch"] == run.best_epoch]
    score = f", {objective} {best[objective].iloc[0]:.4f}" if objective in best and len(best) else ""
    return f"{len(run.history)} epochs, best {run.best_epoch}{score}"


def load_run(project: "Project", folder: pathlib.Path) -> training.Run:
    """Read the first trained model."""
    return training.load(folder / "run")


@dataclasses.dataclass(frozen=True)
class Parts:
    """The training and the validation part that a search looks at; it has no test part."""

    train: pd.DataFrame
    validation: pd.DataFrame


@passes_on(tuning.search, "settings", "folder", "space", "trials", "epochs", "seed")
def tune(
    project: "Project",
    folder: pathlib.Path,
    *,
    space: dict[str, Any] | None = None,
    trials: int | None = None,
    epochs: int | None = None,
    rows: int | None = None,
    seed: int | None = None,
    **options: Any,
) -> Outcome:
    """Step 9: try other settings, on at most `rows` training rows, beside those in hand."""
    limits, problem = project.limits, project.problem
    settings = _without(project.network, "architecture", "parameters") | _chosen(project)
    space = space or {name: values for name, values in tuning.SPACE.items() if name in settings}
    parts = _some(project.splits, limits.search_rows if rows is None else rows, problem, project.seed)
    epochs = limits.trial_epochs if epochs is None else epochs
    seed = project.seed if seed is None else seed
    in_hand = training.fit(
        project.build_network(),
        project.preprocessor,
        parts,
        problem,
        epochs=epochs,
        seed=seed,
        progress=False,
        **_chosen(project),
    )
    found = tuning.search(
        BUILDERS[project.network["architecture"]],
        project.preprocessor,
        parts,
        problem,
        space=space,
        trials=limits.trials if trials is None else trials,
        epochs=epochs,
        settings=_without(settings, *space),
        seed=seed,
        **options,
    )
    reference = float(in_hand.history[found.objective].agg(found.direction))
    best = float(found.frame()["score"].iloc[0])
    note = {
        "better_than_in_hand": best < reference if found.direction == "min" else best > reference,
        "score": best,
        "score_in_hand": reference,
        "rows": len(parts.train),
    }
    _save_search(folder / "search", found, note)
    text = f"{len(found.trials)} trials on {len(parts.train):,} rows, best {found.objective} {best:.4f}"
    return Outcome(found, f"{text}, settings in hand {reference:.4f}", keep={"search": found})


def _without(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in names}


def _some(splits: Any, rows: int, problem: Problem, seed: int) -> Parts:
    """The training and the validation part, at most `rows` rows of the one and in proportion of the other."""
    check_number(rows, "rows", low=1, whole=True)
    share = min(1.0, rows / len(splits.train))
    n_validation = max(1, round(share * len(splits.validation)))
    return Parts(
        few_rows(splits.train, problem.targets, rows, seed),
        few_rows(splits.validation, problem.targets, n_validation, seed),
    )


def _save_search(folder: pathlib.Path, found: tuning.Search, note: dict[str, Any]) -> None:
    """The trials as CSV, each setting in JSON's spelling; the best ones; their run."""
    own = ("trial", "score", "epochs", "seconds", "status", "error")
    settings = [name for name in found.trials if name not in own]
    table = found.trials.assign(**{name: found.trials[name].map(_spelt) for name in settings})
    _files.write_text(folder / "trials.csv", table.to_csv(index=False))
    best = {"method": found.method, "objective": found.objective, "direction": found.direction}
    _files.write_json(folder / "best.json", {"best": found.best, **note, **best, "settings": settings})
    found.run.save(folder / "run")


def _spelt(value: Any) -> str:
    return json.dumps(value.item() if isinstance(value, np.generic) else value)


def _read(text: str) -> Any:
    value = json.loads(text)
    return tuple(value) if isinstance(value, list) else value


def load_search(project: "Project", folder: pathlib.Path) -> tuning.Search:
    """Read the trials."""
    best = _files.read_json(folder / "search" / "best.json")
    texts = dict.fromkeys([*best["settings"], "status", "error"], str)
    path = folder / "search" / "trials.csv"
    trials = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values={"score": [""]})
    trials = trials.assign(**{name: [_read(text) for text in trials[name]] for name in best["settings"]})
    return tuning.Search(
        trials=trials,
        best={name: tuple(v) if isinstance(v, list) else v for name, v in best["best"].items()},
        run=training.load(folder / "search" / "run"),
        objective=best["objective"],
        direction=best["direction"],
        method=best["method"],
    )


@passes_on(mlp, "seed")
@passes_on(training.fit, "epochs", "seed")
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
    kept: dict[str, Any] = {}
    if settings:
        network = project.network | {n: v for n, v in settings.items() if n in project.network}
        fitting = _chosen(project) | {n: v for n, v in settings.items() if n not in project.network}
        run = _fit(project, build(project, network), epochs=epochs, seed=seed, **fitting, **once)
        run.save(folder / "fine_tuned")
        scores["fine_tuned"] = score(project, run)
        kept["fine_tuned"] = run
    best = min(scores, key=lambda name: scores[name])
    metric = DECIDES[project.problem.kind]
    content = {"model": best, "metric": metric, "scores": scores, "settings": settings}
    content = json.loads(json.dumps(content, default=_spelt))
    _files.write_json(folder / "fine_tune.json", content)
    told = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    reason = "" if kept else ": no trial was better than the settings in hand"
    return Outcome(
        kept.get("fine_tuned", project.run), f"keeps {best}{reason} (validation {metric}: {told})", keep=kept
    )


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
