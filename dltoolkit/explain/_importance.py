"""Permutation importance: what a model loses when a column is shuffled."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_columns, check_frame, check_number, complaint, stop
from dltoolkit.evaluation import score
from dltoolkit.evaluation._statistics import LOWER_IS_BETTER, metric_names
from dltoolkit.problem import Problem

REPEATS = 5  # scikit-learn's default, too


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Importance:
    """What the columns are worth to a model; made by `permutation_importance`.

    Attributes:
        metric: What was measured.
        score: Its value on the rows as they are.
        losses: How much worse each shuffle made it, float64 ``(n_columns, n_repeats)``; below 0 is chance.
        columns: The columns, in the order of `losses`.
        n_rows: Number of rows.
    """

    metric: str
    score: float
    losses: np.ndarray
    columns: tuple[str, ...]
    n_rows: int

    def __repr__(self) -> str:
        """The column on top, and the next step."""
        best = self.columns[int(self.losses.mean(axis=1).argmax())]
        return f"Importance({len(self.columns)} columns, {best!r} first by {self.metric}; next: plots.importance(importance))"

    def frame(self) -> pd.DataFrame:
        """One row a column, the most important first: ``column``, ``importance`` (mean), ``std`` (over shuffles)."""
        many = self.losses.shape[1] > 1
        spread = self.losses.std(axis=1, ddof=1) if many else np.full(len(self.columns), np.nan)
        table = {"column": self.columns, "importance": self.losses.mean(axis=1), "std": spread}
        return pd.DataFrame(table).sort_values("importance", ascending=False, ignore_index=True)


def permutation_importance(
    predictor: Any,
    frame: pd.DataFrame,
    problem: Problem,
    *,
    metric: str | None = None,
    columns: Sequence[str] | None = None,
    repeats: int = REPEATS,
    seed: int = 0,
) -> Importance:
    """Shuffle one raw column after the other, and measure how much worse the model gets.

    Every value stays a real one, but belongs to another row. Columns that say the same share their worth, as the model
    can turn to the other one; and what a model uses is not what causes the outcome.

    Args:
        predictor: Anything with ``.outputs(frame)``: a run, a baseline, a bundle.
        frame: Rows with the target, best held-out ones, ``(n_rows, n_columns)``.
        problem: What is asked.
        metric: A metric of `evaluation.score`. Defaults to None: ``"log_loss"`` for classes, ``"rmse"`` for amounts.
        columns: Columns to shuffle. Defaults to None: those that the predictor uses, else all but the target.
        repeats: Shuffles of each column, at least 1. Defaults to 5.
        seed: Seed of the shuffles. Defaults to 0.

    Returns:
        Importance: The loss of each shuffle.

    Raises:
        InputError: If the predictor cannot answer, a column is missing, or an option is out of its range.

    Example:
        >>> class Older:
        ...     def outputs(self, frame):
        ...         return frame["age"].to_numpy() / 100
        >>> people = pd.DataFrame({"age": [20, 30, 70, 80], "shoe": [40, 41, 40, 41], "ill": ["no", "no", "yes", "yes"]})
        >>> problem = Problem("binary", "ill", ("no", "yes"))
        >>> permutation_importance(Older(), people, problem).frame()["column"].tolist()
        ['age', 'shoe']

    References:
        Breiman (2001), "Random forests", section 10; Fisher, Rudin and Dominici (2019), "All models are wrong, but many
        are useful", for models of any kind.
    """
    check_frame(frame, rows=2)
    check_number(repeats, "repeats", low=1, whole=True)
    check_number(seed, "seed", low=0, whole=True)
    if not callable(getattr(predictor, "outputs", None)):
        cure = "A run, a baseline or a bundle has it."
        stop(
            [complaint("predictor", "something with a method outputs(frame)", type(predictor).__name__, cure)]
        )
    names = metric_names(problem)
    metric = _usual(problem) if metric is None else check_choice(metric, names, "metric")
    check_columns(frame, problem.targets)
    chosen = _columns(predictor, frame, problem, columns)
    sign = 1.0 if metric in LOWER_IS_BETTER else -1.0

    def measured(rows: pd.DataFrame) -> float:
        said = predictor.outputs(rows)
        return sign * float(score(frame, said, problem, n_bootstrap=0).metrics.loc[metric, "value"])

    whole, draw = measured(frame), np.random.default_rng(seed)
    losses = np.zeros((len(chosen), int(repeats)))
    for i, column in enumerate(chosen):
        for k in range(int(repeats)):
            order = draw.permutation(len(frame))
            shuffled = frame[column].iloc[order].set_axis(frame.index)
            losses[i, k] = measured(frame.assign(**{column: shuffled})) - whole
    return Importance(str(metric), sign * whole, losses, tuple(chosen), len(frame))


def _usual(problem: Problem) -> str:
    if problem.kind != "regression":
        return "log_loss"
    return "pinball" if "pinball" in metric_names(problem) else "rmse"


def _columns(
    predictor: Any, frame: pd.DataFrame, problem: Problem, columns: Sequence[str] | None
) -> list[str]:
    """The columns to shuffle."""
    if columns is not None:
        if isinstance(columns, str):
            stop([complaint("columns", "a list of column names", repr(columns), f"Write [{columns!r}].")])
        check_columns(frame, columns)
        return list(columns)
    used = getattr(getattr(predictor, "preprocessor", None), "columns", None)
    return list(used) if used is not None else [c for c in frame.columns if c not in problem.targets]
