"""More rows of rare classes, or fewer of frequent ones, in the training part and nowhere else."""

import dataclasses
from typing import Any

import numpy as np

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit.data import Splits
from dltoolkit.data._partition import REMOVED, TRAIN
from dltoolkit.problem import Problem
from dltoolkit.training._prior import RESAMPLED

HOWS = ("over", "under")
_OUTSIDE = -1  # the fold of a row in no fold


def resample(
    splits: Splits, problem: Problem, *, how: str = "over", ratio: float = 1.0, seed: int = 0
) -> Splits:
    """Splits whose training part has its classes nearer to each other; the other parts and the folds stay as they are.

    Rows stay in their parts, so that groups and times are kept apart as before; copies stand behind their row, with its
    index label. Fit the preprocessing on the splits as they were. `fit` weighs the rows of the validation loss, and of no
    metric, so that it is the loss that the training makes smaller. A network then learns probabilities of a world in which
    classes are as frequent as this: `correct_prior` takes them back.

    Weights do the same without copies, and without throwing rows away: try ``fit(class_weight=...)`` first.

    Args:
        splits: From `data.split`.
        problem: Gives the classes, which exclude each other.
        how: ``"over"`` repeats rows of the rarer classes, each as often as any other of its class, give or take one;
            ``"under"`` leaves rows of the more frequent ones out, drawn at random.
        ratio: Rows of the rarest class to those of the most frequent one afterwards at least, in (0, 1]; what is nearer
            already stays. Defaults to 1.0.
        seed: Of what is drawn.

    Returns:
        Splits: The sealed test part counts its openings together with that of `splits`. ``settings["resample"]`` and the
        last of ``notes`` tell what was done. With copies, ``to_json`` names a table that only this call makes: keep the
        splits as they were, and resample again.

    Raises:
        InputError: If the problem has no classes that exclude each other, an option is unknown or out of its range, the
            splits were resampled already, or a class has no row to learn from.

    Example:
        >>> import pandas as pd
        >>> from dltoolkit import data
        >>> frame = pd.DataFrame({"x": range(100), "y": ["no"] * 80 + ["yes"] * 20})
        >>> problem = Problem.infer(frame, "y")
        >>> resample(data.split(frame, problem), problem).train["y"].value_counts().to_dict()
        {'no': 51, 'yes': 51}
    """
    y, counts = _check(splits, problem, how, ratio)
    seed = check_number(seed, "seed", low=0, whole=True)
    low, high = int(np.ceil(ratio * counts.max())), int(counts.min() / ratio)
    wanted = np.maximum(counts, low) if how == "over" else np.minimum(counts, high)
    times = _times(y, counts, wanted, np.random.default_rng(seed))
    rows = np.flatnonzero(splits._parts == TRAIN)
    changed = _repeated(splits, rows, times) if how == "over" else _thinned(splits, rows, times)
    before = dict(zip(problem.classes, counts.tolist(), strict=True))
    after = ", ".join(f"{c!r} {n:,} -> {w:,}" for (c, n), w in zip(before.items(), wanted, strict=True))
    told = {"how": how, "ratio": float(ratio), "seed": int(seed), "counts": before}
    note = f"resample: {how}sampled the training part, seed {seed}: {after}. Its probabilities are those of these shares."
    settings = {**splits.settings, RESAMPLED: told}
    return dataclasses.replace(splits, settings=settings, notes=(*splits.notes, note), **changed)


def _check(splits: Any, problem: Problem, how: Any, ratio: Any) -> tuple[np.ndarray, np.ndarray]:
    """The class of each training row, and how many each has."""
    if not isinstance(splits, Splits):
        stop([complaint("splits", "what data.split returns", type(splits).__name__)])
    check_choice(how, HOWS, "how")
    check_number(ratio, "ratio", low=0, high=1, open_low=True)
    if problem.kind not in ("binary", "multiclass"):
        weights = problem.kind == "multilabel"
        cure = (
            "fit(class_weight='balanced') weighs each label."
            if weights
            else "There are no classes to balance."
        )
        stop([complaint("problem", "classes that exclude each other", f"a {problem.kind} problem", cure)])
    if RESAMPLED in splits.settings:
        cure = "Resample the splits as they were."
        stop([complaint("splits", "a training part that was not resampled yet", "a resampled one", cure)])
    y = problem.encode(splits.train).astype(int)
    counts = np.bincount(y, minlength=len(problem.classes))
    absent = [c for c, n in zip(problem.classes, counts, strict=True) if not n]
    if absent:
        stop(
            [
                complaint(
                    f"train part, class {absent[0]!r}", "at least one row", "none", "Split anew, stratified."
                )
            ]
        )
    return y, counts


def _times(y: np.ndarray, counts: np.ndarray, wanted: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """How often each row is wanted, int64 ``(n,)``: rows of a class equally often, but for one."""
    times = np.zeros(len(y), dtype=np.int64)
    for label, (there, asked) in enumerate(zip(counts, wanted, strict=True)):
        rows = random.permutation(np.flatnonzero(y == label))
        times[rows] = asked // there
        times[rows[: asked % there]] += 1
    return times


def _repeated(splits: Splits, rows: np.ndarray, times: np.ndarray) -> dict[str, Any]:
    """The table with copies behind their rows, which stand in no fold."""
    every = np.ones(len(splits._frame), dtype=np.int64)
    every[rows] = times
    source = np.repeat(np.arange(len(every)), every)
    copy = np.append(False, source[1:] == source[:-1])
    folds = None if splits._folds is None else np.where(copy, _OUTSIDE, splits._folds[source])
    return {"_frame": splits._frame.iloc[source], "_parts": splits._parts[source], "_folds": folds}


def _thinned(splits: Splits, rows: np.ndarray, times: np.ndarray) -> dict[str, Any]:
    """The rows that are left out, in no part."""
    parts = splits._parts.copy()
    parts[rows[times == 0]] = REMOVED
    return {"_parts": parts}
