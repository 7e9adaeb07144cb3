"""A search that cannot bite: every trial is recorded, a broken one is named and skipped, a stopped one is resumed."""

import dataclasses
import gc
import os
import pathlib
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
import pandas as pd
from tqdm.auto import tqdm

from dltoolkit import _files, training
from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit._keras import keras
from dltoolkit.data import Splits
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.tuning import _space

METHODS = ("random", "grid", "bayesian", "hyperband")

# What usually matters most for a small network (Goodfellow et al. 2016, section 11.4: the learning rate first).
SPACE: dict[str, Any] = {
    "learning_rate": (3e-4, 1e-2, "log"),
    "units": [(64,), (128, 64), (256, 128)],
    "dropout": [0.0, 0.2, 0.4],
}
TRIALS, EPOCHS = 10, 50
FACTOR = 3  # hyperband keeps one trial in three at each round (Li et al. 2018, "Hyperband", section 3)
_SCORE = "score"


@dataclasses.dataclass(frozen=True, repr=False)
class Search:
    """A finished search.

    Attributes:
        trials: One row a trial in the order tried: ``trial``, the settings, ``score`` (the objective at the
            trial's best epoch), ``epochs``, ``seconds``, ``status`` (``"done"`` or ``"failed"``), ``error``.
        best: The settings with the best score.
        run: The training of the best settings.
        objective: Name of the score.
        direction: ``"min"`` or ``"max"``.
        method: How the settings were picked.
    """

    trials: pd.DataFrame
    best: dict[str, Any]
    run: training.Run
    objective: str
    direction: str
    method: str

    def __repr__(self) -> str:
        """What was found, and the next step."""
        done = (self.trials["status"] == "done").sum()
        score = self.trials["score"].min() if self.direction == "min" else self.trials["score"].max()
        return f"Search({done} of {len(self.trials)} trials done, best {self.objective} {score:.4f} with {self.best}; next: plots.trials(search))"

    def frame(self) -> pd.DataFrame:
        """The trials, best first, failed ones last."""
        return self.trials.sort_values("score", ascending=self.direction == "min", na_position="last")


def search(
    build: Callable[..., keras.Model],
    preprocessor: Preprocessor,
    splits: Splits,
    problem: Problem,
    *,
    space: _space.Space | None = None,
    method: str = "random",
    trials: int = TRIALS,
    epochs: int = EPOCHS,
    settings: Mapping[str, Any] | None = None,
    folder: str | os.PathLike[str] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Search:
    """Try settings on the training part and score them on the validation part; the test part stays sealed.

    A trial that fails is recorded with its error and skipped. With `folder`, a search that was stopped goes on
    where it was.

    Args:
        build: ``build(problem, preprocessor, **settings)`` gives an uncompiled model, such as ``models.mlp``.
        preprocessor: Fitted on ``splits.train``.
        splits: Gives the training and the validation part.
        problem: Gives the objective.
        space: For each setting of `build` or of ``training.fit`` a list of choices, ``(low, high)`` (whole numbers if
            both are) or ``(low, high, "log")``. Defaults to `SPACE`: learning rate, units, dropout.
        method: ``"random"``, ``"grid"``, ``"bayesian"`` (Gaussian process) or ``"hyperband"`` (many short trials,
            the best third goes on, trained anew for longer). Defaults to ``"random"``.
        trials: Most trials, at least 1. Defaults to 10.
        epochs: Most epochs of a trial; early stopping ends most before. Defaults to 50.
        settings: Settings that are the same in every trial. Defaults to none.
        folder: Where the search is kept. Defaults to nowhere: it cannot be resumed.
        seed: Seed of the picks and of every trial: trials differ by their settings alone. Defaults to 0.
        progress: Whether to draw a progress bar. Defaults to True.

    Returns:
        Search: The trials, the best settings and their run.

    Raises:
        InputError: If the space or an option is at fault, or `folder` holds another search or a
            damaged one.
        RuntimeError: If every trial failed; the message carries the first error.
    """
    space = dict(SPACE if space is None else space)
    check_choice(method, METHODS, "method")
    check_number(trials, "trials", low=1, whole=True)
    check_number(epochs, "epochs", low=1, whole=True)
    _space.check_space({**space, **{k: [v] for k, v in (settings or {}).items()}}, build)
    if method == "grid":
        _space.only_choices(space)
    fixed = dict(settings or {})
    identity = _identity(build, space, fixed, method, epochs, seed, training.fingerprint(splits.train))
    trainer = _Trainer(build, preprocessor, splits, problem, fixed, seed)
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(folder if folder is not None else scratch) / "search.json"
        records = _open(path, identity)
        oracle = _oracle(method, space, problem, trials=trials, epochs=epochs, seed=seed)
        oracle.verbose = 0
        oracle._set_project_dir(
            scratch, "oracle"
        )  # KerasTuner's own notes; what counts stands in search.json
        with tqdm(total=trials, desc="search", unit="trial", disable=not progress) as bar:
            _ask_and_tell(oracle, trainer, records, space=space, epochs=epochs, path=path, bar=bar)
    return _result(trainer, records, space=space, problem=problem, method=method, epochs=epochs)


def _identity(build: Callable[..., Any], *parts: Any) -> dict[str, Any]:
    names = ("space", "settings", "method", "epochs", "seed", "data")
    return {
        "build": getattr(build, "__name__", repr(build)),
        **{n: repr(p) for n, p in zip(names, parts, strict=True)},
    }


def _open(path: pathlib.Path, identity: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of an earlier start of the same search; refuse to mix two searches."""
    if not path.exists():
        _files.write_json(path, {"identity": identity, "trials": []})
        return []
    content = _files.read_json(path)
    other = [k for k, v in identity.items() if content["identity"].get(k) != v]
    if other:
        cure = "Use a new folder, or delete this one."
        stop(
            [
                complaint(
                    f"folder {str(path.parent)!r}",
                    "this search or none",
                    f"a search with another {', '.join(other)}",
                    cure,
                )
            ]
        )
    return list(content["trials"])


def _oracle(
    method: str, space: _space.Space, problem: Problem, *, trials: int, epochs: int, seed: int
) -> keras_tuner.Oracle:
    common = {
        "objective": keras_tuner.Objective(_SCORE, problem.objective.direction),
        "hyperparameters": _space.declare(space),
        "seed": seed + 1,  # KerasTuner takes 0 for "no seed"
        "allow_new_entries": False,
        "tune_new_entries": True,
        "max_consecutive_failed_trials": trials + 1,
    }
    oracles = keras_tuner.oracles
    if method == "hyperband":
        oracle = oracles.HyperbandOracle(max_epochs=epochs, factor=FACTOR, **common)
        oracle.max_trials = trials
        return oracle
    kinds = {
        "random": oracles.RandomSearchOracle,
        "grid": oracles.GridSearchOracle,
        "bayesian": oracles.BayesianOptimizationOracle,
    }
    return kinds[method](max_trials=trials, **common)


@dataclasses.dataclass
class _Trainer:
    """Trains one point of the space, and remembers the best run."""

    build: Callable[..., keras.Model]
    preprocessor: Preprocessor
    splits: Splits
    problem: Problem
    fixed: dict[str, Any]
    seed: int
    best: tuple[float, training.Run] | None = None

    def train(self, values: Mapping[str, Any], epochs: int) -> training.Run:
        """Build and train a model with these settings."""
        settings = {**self.fixed, **values}
        fitting = {k: v for k, v in settings.items() if k in _space.FIT_SETTINGS}
        building = {k: v for k, v in settings.items() if k not in fitting}
        if "seed" in _space.settings_of(self.build):
            building.setdefault("seed", self.seed)
        model = self.build(self.problem, self.preprocessor, **building)
        return training.fit(
            model,
            self.preprocessor,
            self.splits,
            self.problem,
            epochs=epochs,
            seed=self.seed,
            progress=False,
            **fitting,
        )

    def trial(self, values: Mapping[str, Any], epochs: int) -> dict[str, Any] | None:
        """A trial's record; None when the reader stopped it."""
        started = time.perf_counter()
        try:
            run = self.train(values, epochs)
        except Exception as error:  # noqa: BLE001 - whatever breaks one trial is told in its row and ends no other
            record = {
                "score": None,
                "epochs": 0,
                "status": "failed",
                "error": f"{type(error).__name__}: {error}",
            }
            return {**record, "seconds": time.perf_counter() - started}
        if run.stopped == "interrupted":
            return None
        score = self._score(run)
        if self.best is None or self._sign() * score < self._sign() * self.best[0]:
            self.best = (score, run)
        done = {"score": score, "epochs": len(run.history), "status": "done", "error": ""}
        return {**done, "seconds": time.perf_counter() - started}

    def _score(self, run: training.Run) -> float:
        column = run.history[self.problem.objective.name]
        return float(column.min() if self.problem.objective.direction == "min" else column.max())

    def _sign(self) -> int:
        return 1 if self.problem.objective.direction == "min" else -1


def _ask_and_tell(
    oracle: keras_tuner.Oracle,
    trainer: _Trainer,
    records: list[dict[str, Any]],
    *,
    space: _space.Space,
    epochs: int,
    path: pathlib.Path,
    bar: tqdm,
) -> None:
    """Ask the oracle for settings, train them (or recall their record), tell it the score."""
    content = _files.read_json(path)
    number = 0
    while (trial := oracle.create_trial("dltoolkit")).status != "STOPPED":
        point = trial.hyperparameters.values
        values = _space.read(space, point)
        if number == len(records):
            record = trainer.trial(values, int(point.get("tuner/epochs", epochs)))
            if record is None:
                return
            records.append({"trial": number, "values": {k: point[k] for k in space}, **record})
            _files.write_json(path, {**content, "trials": records})
            gc.collect()
        record = records[number]
        if record["score"] is not None:
            oracle.update_trial(trial.trial_id, {_SCORE: record["score"]})
        trial.status = "FAILED" if record["score"] is None else "COMPLETED"
        oracle.end_trial(trial)
        number += 1
        bar.update(1)


def _result(
    trainer: _Trainer,
    records: list[dict[str, Any]],
    *,
    space: _space.Space,
    problem: Problem,
    method: str,
    epochs: int,
) -> Search:
    direction = problem.objective.direction
    done = [r for r in records if r["score"] is not None]
    if not done:
        first = records[0]["error"] if records else "stopped before the first trial was done"
        raise RuntimeError(f"search: none of {len(records)} trials could be trained. The first one: {first}")
    best = (min if direction == "min" else max)(done, key=lambda r: r["score"])
    values = _space.read(space, best["values"])
    if trainer.best is None or trainer.best[0] != best["score"]:  # found before a restart: train it once more
        trainer.best = (best["score"], trainer.train(values, epochs))
    rows = [{**r, **_space.read(space, r["values"])} for r in records]
    order = ["trial", *space, "score", "epochs", "seconds", "status", "error"]
    trials = pd.DataFrame(rows)[order].astype({"score": float})
    return Search(trials, values, trainer.best[1], problem.objective.name, direction, method)
