"""What `score` and `evaluate` are handed, checked once and brought into one form."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_number, complaint, listed, stop
from dltoolkit.problem import Problem

# A softmax in float16 misses a sum of 1 by up to 0.002, probabilities rounded to two decimals by a little more;
# logits and independent sigmoids miss it by far more than this.
SUM_TOLERANCE = 0.01
# Rounding can push a probability this far out of [0, 1]; it is then set to the bound.
RANGE_TOLERANCE = 1e-6
# The column that the model itself has in tables; a baseline cannot have this name.
MODEL = "model"

_STRATIFY = "Evaluate on more rows, or keep the classes' shares when splitting (data.split(..., method='stratified'))."


def check_options(
    problem: Any, *, threshold: float, n_bootstrap: int, confidence: float, seed: int
) -> list[str]:
    """Every complaint about the options of one call."""
    if not isinstance(problem, Problem):
        stop(
            [
                complaint(
                    "problem", "a Problem", type(problem).__name__, "Make one: Problem.infer(frame, target)."
                )
            ]
        )
    checks: list[tuple[Any, str, dict[str, Any]]] = [
        (threshold, "threshold", {"low": 0, "high": 1}),
        (n_bootstrap, "n_bootstrap", {"low": 0, "whole": True}),
        (confidence, "confidence", {"low": 0, "high": 1, "open_low": True, "open_high": True}),
        (seed, "seed", {"low": 0, "whole": True}),
    ]
    complaints = []
    for value, name, bounds in checks:
        try:
            check_number(value, name, **bounds)
        except InputError as error:
            complaints.append(str(error))
    return complaints


def check_baselines(baselines: Any, kind: str) -> dict[str, Any]:
    """`baselines` as a dict with usable names; `kind` says what its values are, for the message."""
    if baselines is None:
        return {}
    if not isinstance(baselines, Mapping):
        cure = "Write baselines={'linear': ...}."
        stop([complaint("baselines", f"a dict from name to {kind}", type(baselines).__name__, cure)])
    odd = [name for name in baselines if not isinstance(name, str) or name == MODEL]
    if odd:
        stop([complaint("baselines", f"text names other than {MODEL!r}", listed(odd), "Rename the entry.")])
    return dict(baselines)


def encode_labels(y_true: Any, problem: Problem) -> np.ndarray:
    """True labels as `Problem.encode` gives them.

    Args:
        y_true: Labels as they came (a Series, or a frame with the target; text in an array or a list counts as
            labels too), or an array of numbers that `Problem.encode` has already given.
        problem: What was asked.

    Returns:
        numpy.ndarray: Encoded labels; ``(n,)``, or ``(n, n_targets)`` for several targets. Read-only.

    Raises:
        InputError: If there is no row, or a label is missing, infinite or unknown; rows are named.
    """
    if not isinstance(y_true, (pd.Series, pd.DataFrame)):
        y_true = _plain_array(y_true, "y_true")
        if y_true.dtype.kind in "OUST" and y_true.ndim == 1:
            y_true = pd.Series(y_true)
        elif y_true.ndim == 0:
            stop(
                [
                    complaint(
                        "y_true",
                        "one true label a row",
                        repr(y_true.item()),
                        "Hand over problem.encode(frame).",
                    )
                ]
            )
    if len(y_true) == 0:
        stop(
            [
                complaint(
                    "y_true", "at least one row", "none", "Check the filter or the file that it came from."
                )
            ]
        )
    encoded = (
        problem.encode(y_true) if isinstance(y_true, (pd.Series, pd.DataFrame)) else _encoded(y_true, problem)
    )
    return _frozen(encoded)


def _encoded(y_true: np.ndarray, problem: Problem) -> np.ndarray:
    """Numbers that claim to be encoded labels, once every one of them is possible."""
    y_true = _shaped(y_true, problem, "y_true", len(problem.targets))
    if y_true.dtype.kind not in "biuf":
        stop([complaint("y_true", "numbers", f"{y_true.dtype} values", "Use problem.encode(frame).")])
    values = y_true.astype("float64")
    if problem.kind == "regression":
        wrong, expected = ~np.isfinite(values), "finite numbers"
    elif problem.kind == "multiclass":
        top = len(problem.classes) - 1
        expected = f"class numbers 0 to {top}"
        wrong = ~((values >= 0) & (values <= top) & (values == np.floor(values)))
    else:
        wrong, expected = ~((values == 0) | (values == 1)), "0 or 1"
    cure = "Hand labels as they came over as a pandas Series, or use problem.encode(frame)."
    stop(_bad_rows("y_true", wrong, values, expected=expected, cure=cure))
    return y_true.astype("int32" if problem.kind == "multiclass" else "float32")


def check_outputs(outputs: Any, problem: Problem, n_rows: int, name: str) -> np.ndarray:
    """What a model said, in the shape that the problem wants.

    Args:
        outputs: Binary: probabilities of the positive class, ``(n,)`` or ``(n, 1)``. Multiclass and multilabel:
            probabilities ``(n, n_classes)``. Regression: amounts or quantiles, ``(n,)`` or ``(n, head.units)``.
        problem: What was asked.
        n_rows: How many rows of labels there are.
        name: The argument's name, for the message.

    Returns:
        numpy.ndarray: float32 or float64 (as it came); ``(n,)`` or ``(n, head.units)``. Read-only.

    Raises:
        InputError: If the shape is wrong, or a value is NaN, infinite or no probability; rows are named.
    """
    given = _plain_array(outputs, name)
    if given.dtype.kind not in "biuf":
        stop(
            [
                complaint(
                    name, "numbers", f"{given.dtype} values", "Hand over probabilities, not decoded answers."
                )
            ]
        )
    given = _shaped(given, problem, name, None)
    if len(given) != n_rows:
        cure = "Both must come from the same frame, in the same order."
        stop([complaint(name, f"{n_rows:,} rows, one for each true label", f"{len(given):,}", cure)])
    given = given.astype(given.dtype if given.dtype in ("float16", "float32") else "float64")
    cure = "Find out why: a NaN or infinite input, or training that diverged."
    stop(_bad_rows(name, ~np.isfinite(given), given, expected="finite numbers", cure=cure))
    if problem.kind == "regression":
        return _frozen(given)
    cure = "These look like logits: apply a sigmoid or softmax, or use the problem's own head."
    outside = (given < -RANGE_TOLERANCE) | (given > 1 + RANGE_TOLERANCE)
    stop(_bad_rows(name, outside, given, expected="probabilities in [0, 1]", cure=cure))
    if problem.kind == "multiclass":
        sums = given.sum(axis=1, dtype="float64")
        cure = "One class is right, so the last layer must be a softmax."
        stop(
            _bad_rows(
                name,
                np.abs(sums - 1) > SUM_TOLERANCE,
                sums,
                expected="probabilities that sum to 1",
                cure=cure,
            )
        )
    return _frozen(given.clip(0, 1))


def check_every_class(y_true: np.ndarray, problem: Problem) -> None:
    """Make sure that each metric can be measured: every class occurs, amounts differ.

    Args:
        y_true: Encoded labels.
        problem: What was asked.

    Raises:
        InputError: Naming each class that no row has, or the one amount that all rows have.
    """
    if problem.kind == "regression":
        cure = "R2 compares with the spread of the truth: evaluate on more rows."
        stop(
            [
                complaint(
                    f"target {name!r}",
                    "at least two different amounts",
                    "1 row" if len(column) < 2 else f"only {column[0]:g} in {len(column):,} rows",
                    cure,
                )
                for name, column in zip(problem.targets, y_true.reshape(len(y_true), -1).T, strict=True)
                if len(column) < 2 or np.ptp(column) == 0
            ]
        )
    elif problem.kind == "multilabel":
        stop(
            [
                complaint(
                    f"label {name!r}", "rows with 0 and rows with 1", f"only {int(column[0])}", _STRATIFY
                )
                for name, column in zip(problem.classes, y_true.T, strict=True)
                if np.ptp(column) == 0
            ]
        )
    else:
        counts = np.bincount(y_true.astype(int), minlength=len(problem.classes))
        absent = [name for name, count in zip(problem.classes, counts, strict=True) if not count]
        if absent:
            got = f"no row of {listed(absent)} in {len(y_true):,}"
            stop([complaint(f"target {problem.target!r}", "every class at least once", got, _STRATIFY)])


def _plain_array(values: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InputError(complaint(name, "an array", f"rows of different lengths ({error})")) from error


def _shaped(values: np.ndarray, problem: Problem, name: str, n_columns: int | None) -> np.ndarray:
    """`values` with as many columns as the head has units (or `n_columns`); a single one is dropped."""
    units = n_columns or problem.head.units
    shape = "(n,)" if units == 1 else f"(n, {units})"
    if values.ndim == 1 and units == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[1] != units:
        two = problem.kind == "binary" and values.ndim == 2 and values.shape[1] == 2
        cure = f"Take the column of {problem.classes[1]!r}: outputs[:, 1]." if two else ""
        stop([complaint(name, f"shape {shape} for a {problem.kind} problem", f"{values.shape}", cure)])
    return values if problem.kind == "multilabel" or units > 1 else values[:, 0]


def _bad_rows(name: str, wrong: np.ndarray, values: np.ndarray, *, expected: str, cure: str) -> list[str]:
    """A complaint that names the rows, or none."""
    rows = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))
    if not len(rows):
        return []
    got = listed(values[wrong])
    return [complaint(f"{name}, row {listed(rows)}", expected, got, cure)]


def _frozen(values: np.ndarray) -> np.ndarray:
    """A copy of its own that nobody can change, so that figures and metrics stay of one mind."""
    copy = np.array(values)
    copy.setflags(write=False)
    return copy
