"""Step 9: tune, without a look at the test part."""

import dataclasses
import json
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dltoolkit import _files, training, tuning
from dltoolkit._checks import check_number
from dltoolkit.models._build import builder_of
from dltoolkit.problem import Problem
from dltoolkit.project._learn import chosen, without
from dltoolkit.project._outcome import Outcome
from dltoolkit.project._source import few_rows
from dltoolkit.project._steps import passes_on

if TYPE_CHECKING:
    from dltoolkit.project._project import Project


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
    settings = without(project.network, "architecture", "parameters") | chosen(project)
    space = space or _usual_space(settings, project.optimizer["learning_rate"])
    parts = _some(project.splits, limits.search_rows if rows is None else rows, problem, project.seed)
    epochs = limits.trial_epochs if epochs is None else epochs
    seed = project.seed if seed is None else seed
    found = tuning.search(
        builder_of(project.network["architecture"]),
        project.preprocessor,
        parts,
        problem,
        space=space,
        trials=limits.trials if trials is None else trials,
        epochs=epochs,
        settings=without(settings, *space),
        seed=seed,
        **options,
    )
    reference = _in_hand(project, parts, epochs, seed)
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


def _usual_space(settings: dict[str, Any], rate: float) -> dict[str, Any]:
    """`tuning.SPACE` as far as the network has such settings; the rate around its recipe's, where that is another."""
    space = {name: values for name, values in tuning.SPACE.items() if name in settings}
    if not isinstance(settings.get("units"), (list, tuple)) or not settings["units"]:
        space.pop("units", None)  # one width of all layers, or none: the choices are those of a perceptron
    usual = rate == training.LEARNING_RATES["adam"]
    return space | {"learning_rate": tuning.SPACE["learning_rate"] if usual else (rate / 3, rate * 3, "log")}


def _in_hand(project: "Project", parts: Parts, epochs: int, seed: int) -> float:
    """The score of the settings in hand, on the rows and the epochs of the trials."""
    model, options = project.build_network(), chosen(project)
    here = (project.preprocessor, parts, project.problem)
    run = training.fit(model, *here, epochs=epochs, seed=seed, progress=False, **options)
    objective = project.problem.objective
    return float(run.history[objective.name].agg(objective.direction))


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
