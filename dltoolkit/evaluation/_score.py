"""Step 10, evaluate: a model beside its baselines, each metric with its interval."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_frame, complaint, stop
from dltoolkit.evaluation._bootstrap import replicate
from dltoolkit.evaluation._evaluation import Evaluation
from dltoolkit.evaluation._inputs import (
    MODEL,
    check_baselines,
    check_every_class,
    check_options,
    check_outputs,
    encode_labels,
)
from dltoolkit.evaluation._statistics import metric_names, point, statistic
from dltoolkit.evaluation._tables import difference_table, faultless, metric_table, never_answered, undefined
from dltoolkit.problem import Problem

# Rows that a Keras model takes at once: beyond it a CPU gains nothing, and memory stays flat.
BATCH_ROWS = 4096


class Predictor(Protocol):
    """Whatever turns rows into outputs: a run, a baseline, a bundle."""

    def outputs(self, frame: pd.DataFrame) -> np.ndarray:
        """Probabilities or amounts for each row."""


def score(
    y_true: Any,
    outputs: Any,
    problem: Problem,
    *,
    threshold: float = 0.5,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    baselines: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Measure outputs against the truth, each metric with a percentile bootstrap interval.

    The model and its baselines are measured on the same resamples, so that their differences are paired.

    Args:
        y_true: Labels as they came (a Series, or a frame with the target), or numbers from `Problem.encode`.
        outputs: Binary: probabilities of the positive class, ``(n,)`` or ``(n, 1)``. Multiclass and multilabel:
            probabilities ``(n, n_classes)``. Regression: amounts or quantiles, ``(n,)`` or ``(n, head.units)``.
        problem: What was asked.
        threshold: A probability from here up counts as positive (binary, multilabel), in ``[0, 1]``.
            Defaults to 0.5.
        n_bootstrap: Resamples; 0 leaves the intervals out. Defaults to 1000.
        confidence: Share of the resamples inside an interval, in ``(0, 1)``. Defaults to 0.95.
        seed: Seed of the resamples. Defaults to 0.
        baselines: Outputs of other models on the same rows, by name. Defaults to none.

    Returns:
        Evaluation: Metrics, intervals, and differences to each baseline.

    Raises:
        InputError: If a class has no row, if shapes or numbers of rows differ, or if outputs are NaN, infinite
            or no probabilities (rows are named). Every problem of the call is listed.

    Example:
        >>> from dltoolkit.problem import Problem
        >>> problem = Problem("binary", "churn", ("no", "yes"))
        >>> result = score(np.array([0, 1, 1, 0]), np.array([0.2, 0.9, 0.4, 0.3]), problem)
        >>> result.metrics["value"].round(2).to_dict()["roc_auc"]
        1.0

    References:
        Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13. The formula of each metric
        is scikit-learn's.
    """
    complaints = check_options(
        problem, threshold=threshold, n_bootstrap=n_bootstrap, confidence=confidence, seed=seed
    )
    others = check_baselines(baselines, "outputs")
    truth, said = _gather(y_true, {MODEL: outputs, **others}, problem, complaints)
    return _measure(
        truth,
        said,
        problem,
        threshold=float(threshold),
        n_bootstrap=int(n_bootstrap),
        confidence=float(confidence),
        seed=int(seed),
    )


def evaluate(
    predictor: Any,
    frame: pd.DataFrame,
    problem: Problem,
    *,
    preprocessor: Any = None,
    baselines: Mapping[str, Predictor] | None = None,
    threshold: float = 0.5,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Evaluation:
    """Let a model answer held-out rows, and measure the answers (see `score`).

    Args:
        predictor: A run, a baseline, a bundle: anything with ``.outputs(frame)``. A `keras.Model` when
            `preprocessor` is given.
        frame: Held-out rows with the target, ``(n_rows, n_columns)``.
        problem: What was asked.
        preprocessor: Turns `frame` into what a plain `keras.Model` takes. Defaults to None.
        baselines: Predictors to compare with, by name. Defaults to none.
        threshold: See `score`. Defaults to 0.5.
        n_bootstrap: See `score`. Defaults to 1000.
        confidence: See `score`. Defaults to 0.95.
        seed: See `score`. Defaults to 0.

    Returns:
        Evaluation: Metrics, intervals, and differences to each baseline.

    Raises:
        InputError: If the frame is empty, lacks the target or has no row of a class; if a predictor cannot
            answer; and for what `score` refuses.

    Example:
        >>> from dltoolkit.problem import Problem
        >>> class Guess:
        ...     def outputs(self, frame):
        ...         return frame["age"].to_numpy() / 100
        >>> frame = pd.DataFrame({"age": [20, 40, 60, 80], "churn": ["no", "no", "yes", "yes"]})
        >>> result = evaluate(Guess(), frame, Problem.infer(frame, "churn", positive="yes"), n_bootstrap=0)
        >>> float(result.metrics.loc["accuracy", "value"])
        1.0
    """
    check_frame(frame)
    options: dict[str, Any] = {
        "threshold": threshold,
        "n_bootstrap": n_bootstrap,
        "confidence": confidence,
        "seed": seed,
    }
    stop(check_options(problem, **options))
    others = check_baselines(baselines, "predictor")
    for name, other in others.items():
        _check_predictor(other, f"baselines[{name!r}]")
    truth = encode_labels(frame, problem)
    check_every_class(truth, problem)
    if preprocessor is None:
        _check_predictor(predictor, "predictor")
        outputs = predictor.outputs(frame)
    else:
        outputs = predictor.predict(preprocessor.transform(frame), batch_size=BATCH_ROWS, verbose=0)
    return score(
        truth,
        outputs,
        problem,
        **options,
        baselines={name: other.outputs(frame) for name, other in others.items()},
    )


def _check_predictor(predictor: Any, where: str) -> None:
    """A keras.Model has an attribute `outputs` too, but no method of that name."""
    if not callable(getattr(predictor, "outputs", None)):
        cure = "A plain keras.Model needs preprocessor=."
        stop([complaint(where, "something with a method outputs(frame)", type(predictor).__name__, cure)])


def _gather(
    y_true: Any, outputs: dict[str, Any], problem: Problem, complaints: list[str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Labels and outputs in their checked form, after every complaint of the call has been collected."""
    try:
        truth = encode_labels(y_true, problem)
        check_every_class(truth, problem)
    except InputError as error:
        stop([*complaints, str(error)])
    said = {}
    for key, values in outputs.items():
        name = "outputs" if key == MODEL else f"baselines[{key!r}]"
        try:
            said[key] = check_outputs(values, problem, len(truth), name)
        except InputError as error:
            complaints.append(str(error))
    stop(complaints)
    return truth, said


def _measure(
    truth: np.ndarray,
    said: dict[str, np.ndarray],
    problem: Problem,
    *,
    threshold: float,
    n_bootstrap: int,
    confidence: float,
    seed: int,
) -> Evaluation:
    measures = {name: statistic(problem, truth, outputs, threshold) for name, outputs in said.items()}
    draws = replicate(measures, len(truth), n_bootstrap=n_bootstrap, seed=seed)
    values = {name: point(measure, len(truth)) for name, measure in measures.items()}
    names = metric_names(problem)
    others = [name for name in said if name != MODEL]
    tables = {name: metric_table(values[name], draws[name], names, confidence) for name in said}
    return Evaluation(
        problem=problem,
        metrics=tables[MODEL],
        baselines={name: tables[name] for name in others},
        differences={
            name: difference_table(
                values[MODEL] - values[name], draws[MODEL] - draws[name], names, confidence
            )
            for name in others
        },
        y_true=truth,
        outputs=said[MODEL],
        threshold=threshold,
        n_bootstrap=n_bootstrap,
        confidence=confidence,
        seed=seed,
        notes=(
            *never_answered(problem, said, threshold),
            *faultless(values[MODEL], names, len(truth)),
            *undefined(draws[MODEL], names),
        ),
    )
