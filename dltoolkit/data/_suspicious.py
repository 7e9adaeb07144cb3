"""Every label ranked by how much a model that did not see its row disbelieves it."""

import numpy as np
import pandas as pd

from dltoolkit._checks import check_frame, check_number, complaint, stop
from dltoolkit.data._audit_columns import Column
from dltoolkit.data._content import hashable
from dltoolkit.data._findings import Table
from dltoolkit.data._judge import Features, amount_scores, class_chances, judged_inputs, n_folds_for
from dltoolkit.data._labels import FAR_RESIDUAL, MIN_ROWS, confident_issues
from dltoolkit.data._quick import CELL_ROLES
from dltoolkit.data._rows import MAX_SEED
from dltoolkit.data._schema import Schema
from dltoolkit.problem import Problem

FAR = 3.5  # Iglewicz and Hoaglin (1993): robust standard deviations from which on a residual is an outlier


def suspicious_labels(
    frame: pd.DataFrame, problem: Problem, *, schema: Schema | None = None, seed: int = 0
) -> pd.DataFrame:
    """The labels that a model trained on the other rows contradicts, the least believed first.

    Each row is judged by models that did not see it (cross-validation): boosted trees where all columns are numbers,
    categories, flags or dates; where there are pictures, texts, sounds or sequences, logistic or ridge regression on
    quick features of all of them. Nothing is changed: hand the rows that you looked at to `relabel`. Of more than 5,000
    rows with pictures, texts, sounds or sequences, and of more than 20,000 others, some are drawn.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``. Rows without a label are left out.
        problem: What is to be predicted: one target.
        schema: The roles of the columns. Defaults to None: `Schema.infer`.
        seed: Of draws and folds, from 0 to 2**32 - 1. Defaults to 0.

    Returns:
        pandas.DataFrame: One row a contradicted label: ``row`` (its index label), ``position``, ``given``, ``suggested``,
        ``confidence`` (probability of the suggestion), ``self_confidence`` (of the given label), ``margin`` (the
        difference, in [-1, 0), by which they are ranked) and ``likely`` (whether confident learning counts it as an
        error), and the columns of pictures, texts, sounds and sequences. For amounts ``confidence`` and ``self_confidence`` are NaN, ``margin`` is minus the residual in robust
        standard deviations, from 3.5 on, and ``likely`` means 10.

    Raises:
        InputError: If the problem is none, or has several targets; if fewer than 60 rows have a label, no column says
            anything, or no two classes have an example in each fold.

    References:
        Northcutt, Jiang and Chuang (2021), Confident learning: estimating uncertainty in dataset labels, Journal of
        Artificial Intelligence Research 70: the thresholds (equation 1) and the ranking by normalised margin.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> frame = pd.DataFrame({"x": rng.normal(size=300)})
        >>> frame["y"] = np.where(frame["x"] > 0, "high", "low")
        >>> frame.loc[7, "y"] = {"high": "low", "low": "high"}[frame.loc[7, "y"]]
        >>> found = suspicious_labels(frame, Problem.infer(frame, "y"))
        >>> int(found["row"].iloc[0]), bool(found["likely"].iloc[0])
        (7, True)
    """
    table = _table(frame, problem, schema, seed)
    roles = table.schema.roles
    columns = [Column(c, roles[c], hashable(frame[c])) for c in frame.columns if c not in table.targets]
    inputs = judged_inputs(table, columns)
    if inputs is None:
        cure = "Ids and dates of series say nothing here: add other columns, or give them other roles."
        stop([complaint("frame", "a column to judge the labels by", "none", cure)])
    rows, features = inputs  # type: ignore[misc]
    encoded = problem.encode(frame.iloc[rows]).reshape(-1)
    if problem.kind == "regression":
        found = _amounts(features, encoded.astype(float), seed)
    else:
        found = _classes((features, encoded.astype(np.int64)), problem, seed)
    found.insert(0, "row", frame.index[rows[found["position"]]])
    found["position"] = rows[found["position"]]
    found.insert(2, "given", frame[table.targets[0]].iloc[found["position"]].to_numpy(object))
    shown = [name for name in frame.columns if roles[name] in CELL_ROLES and name not in found]
    return found.assign(**{name: frame[name].array[found["position"]] for name in shown}).reset_index(
        drop=True
    )


def _table(frame: pd.DataFrame, problem: Problem, schema: Schema | None, seed: int) -> Table:
    """The table, once it is sure that it can be judged."""
    check_frame(frame)
    check_number(seed, "seed", low=0, high=MAX_SEED, whole=True)
    if not isinstance(problem, Problem):
        stop([complaint("problem", "a Problem", type(problem).__name__, "Use Problem.infer(frame, target).")])
    if len(problem.targets) != 1:
        cure = "Ask for each label by itself: Problem.infer(frame, label)."
        stop([complaint("problem", "one target", f"{len(problem.targets)}", cure)])
    schema = Schema.infer(frame, problem.target) if schema is None else schema
    table = Table(frame, schema, problem, problem.targets, seed)
    if table.labelled.sum() < MIN_ROWS:
        got = f"{table.labelled.sum()}"
        stop([complaint("frame", f"at least {MIN_ROWS} rows with a label", got, "Look at them all instead.")])
    return table


def _classes(judged: tuple[Features, np.ndarray], problem: Problem, seed: int) -> pd.DataFrame:
    """The rows whose class is not the most probable one."""
    features, encoded = judged
    counts = np.bincount(encoded, minlength=2)
    enough = counts >= n_folds_for(len(encoded))
    if enough.sum() < 2:
        cure = "Collect more examples, or merge rare classes."
        got = f"{enough.sum()}"
        stop(
            [complaint("target", f"two classes of at least {n_folds_for(len(encoded))} examples", got, cure)]
        )
    rows = np.flatnonzero(enough[encoded])
    frequent, labels = np.unique(encoded[rows], return_inverse=True)
    chances = class_chances(features[rows], labels, seed=seed)
    own = chances[np.arange(len(labels)), labels]
    others = chances.copy()
    others[np.arange(len(labels)), labels] = -1.0
    best = others.argmax(axis=1)
    margin = own - others.max(axis=1)
    order = np.argsort(margin, kind="stable")
    order = order[margin[order] < 0]
    return pd.DataFrame(
        {
            "position": rows[order],
            "suggested": np.asarray(problem.labels, dtype=object)[frequent[best[order]]],
            "confidence": others.max(axis=1)[order],
            "self_confidence": own[order],
            "margin": margin[order],
            "likely": confident_issues(chances, labels)[order],
        }
    )


def _amounts(features: Features, amounts: np.ndarray, seed: int) -> pd.DataFrame:
    """The rows whose amount lies far from what was expected."""
    scores, expected = amount_scores(features, amounts, seed=seed)
    order = np.argsort(-scores, kind="stable")[: int((scores > FAR).sum())]
    unknown = np.full(len(order), np.nan)
    return pd.DataFrame(
        {
            "position": order,
            "suggested": [float(f"{value:.6g}") for value in expected[order]],
            "confidence": unknown,
            "self_confidence": unknown,
            "margin": -scores[order],
            "likely": scores[order] > FAR_RESIDUAL,
        }
    )
