"""How much data is enough: the error against the number of rows learnt from, and how it goes on."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dltoolkit._checks import check_columns, check_frame, check_number, complaint, listed, stop
from dltoolkit.data._audit_columns import Column
from dltoolkit.data._content import hashable
from dltoolkit.data._findings import Table
from dltoolkit.data._judge import THREADS, Features, classifier, fitted, judged_inputs, regressor
from dltoolkit.data._power_law import PowerLaws, fit_power_laws
from dltoolkit.data._rows import MAX_SEED
from dltoolkit.data._schema import Schema
from dltoolkit.data._split import split
from dltoolkit.problem import Problem

N_SIZES, LEAST_ROWS = 8, 20  # steps of the curve, and rows of its first one
ROWS_A_CLASS = 3  # of the first one, on average
JUDGED = 0.25  # of the rows judge all models
DRAWS = 300  # of the bootstrap
# Hestness et al. (2017), figure 6: with few rows a model does no better than a guess, and the law begins where it does.
GUESS_SHARE, MIN_FITTED = 0.95, 4
# Of the intervals. Foretold from at most a third of the rows, the error with all of them lay in the interval 32 times of 32
# (eight shipped tables, four seeds).
LEVEL = 0.95
MORE = 4  # times the rows: what the repr foretells


class Estimate(NamedTuple):
    """A number with its interval.

    Attributes:
        value: The number; infinite where no number of rows is enough.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, repr=False)
class LearningCurve:
    """The error at several numbers of rows, and the power law through them.

    Attributes:
        problem: What is predicted.
        metric: ``"error rate"`` for classes, ``"root mean squared error"`` for amounts; lower is better.
        points: One row a size: ``rows``, ``error`` (mean of the repeats), ``std`` (of the repeats), ``repeats`` and
            ``used`` (whether the law is fitted to it: not where the model does no better than a guess).
        laws: Laws ``error = a + b * rows**-c``: the fitted one first, then one a bootstrap draw.
        n_judged: Rows that judged every model, and were never learnt from.

    Example:
        >>> from dltoolkit import Problem, data
        >>> frame = data.load("penguins").dropna()
        >>> curve = learning_curve(frame, Problem.infer(frame, "species"), repeats=2)
        >>> bool(curve.predict(10_000).value <= curve.points["error"].max())
        True
    """

    problem: Problem
    metric: str
    points: pd.DataFrame
    laws: PowerLaws
    n_judged: int

    def frame(self) -> pd.DataFrame:
        """One row a size: the columns of `points`, and what the law says: ``fitted``, ``low``, ``high``."""
        law = pd.DataFrame([self.predict(n) for n in self.points["rows"]], columns=["fitted", "low", "high"])
        return pd.concat([self.points, law], axis=1)

    def predict(self, rows: float) -> Estimate:
        """The error that the law foretells for some number of rows.

        Args:
            rows: Rows to learn from, at least 1. Far beyond those at hand the interval is wide, and still too hopeful
                where more data of the same kind cannot be had.

        Returns:
            Estimate: The error with its 95 % interval.

        Raises:
            InputError: If `rows` is no number from 1 on.
        """
        check_number(rows, "rows", low=1)
        return _estimate(self.laws.errors(float(rows)))

    def rows_for(self, error: float) -> Estimate:
        """How many rows the law asks for to reach an error.

        Args:
            error: The error to reach, above 0.

        Returns:
            Estimate: Rows to learn from with their 95 % interval, infinite where the law levels off above `error`.

        Raises:
            InputError: If `error` is no number above 0.
        """
        check_number(error, "error", low=0, open_low=True)
        return _estimate(self.laws.rows(float(error)))

    def __repr__(self) -> str:
        last = self.points.iloc[-1]
        more = self.predict(MORE * last["rows"])
        return (
            f"LearningCurve({self.metric} {last['error']:.3g} with {last['rows']:,.0f} rows; {MORE} times as many:"
            f" {more.value:.3g}, from {more.low:.3g} to {more.high:.3g}). Next: plots.data_curve(curve)"
        )


def learning_curve(
    frame: pd.DataFrame,
    problem: Problem,
    *,
    schema: Schema | None = None,
    sizes: Sequence[int] | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> LearningCurve:
    """Learn from more and more of the rows, and foretell what still more would bring.

    A fast model stands for the network: boosted trees where all columns are numbers, categories, flags or dates;
    logistic or ridge regression on quick features where there are pictures, texts, sounds or sequences. A quarter of
    the rows judges all of them; near-duplicates of those are not learnt from. A network starts worse and gains more from
    more rows: the curve tells whether rows are what is lacking, not how good it will be.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``, with a label in every row. Of more than 5,000 rows with pictures,
            texts, sounds or sequences, and of more than 20,000 others, some are drawn.
        problem: What is to be predicted: one target.
        schema: The roles of the columns. Defaults to None: `Schema.infer`.
        sizes: Numbers of rows to learn from, at least 4 different ones. Defaults to None: 8 from 20 (or 3 a class) to
            all, evenly spaced on a logarithmic scale.
        repeats: Models a size, each on another draw of the rows. Defaults to 5.
        seed: Of every draw, from 0 to 2**32 - 1. Defaults to 0.

    Returns:
        LearningCurve: The points, the law ``error = a + b * rows**-c``, `predict` and `rows_for`. The intervals are those
        of a bootstrap over the judged rows and the repeats.

    Raises:
        InputError: If the problem is none or has several targets, the sizes are too few or too large, no column says
            anything, or the rows are too few to split.

    References:
        Cortes, Jackel, Solla, Vapnik and Denker (1993), Learning curves: asymptotic values and rate of convergence,
        Advances in Neural Information Processing Systems 6. Hestness et al. (2017), Deep learning scaling is predictable,
        empirically, arXiv:1712.00409.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> frame = pd.DataFrame({"x": rng.normal(size=400)})
        >>> frame["y"] = frame["x"] + rng.normal(size=400)
        >>> curve = learning_curve(frame, Problem.infer(frame, "y"), repeats=2)
        >>> curve.points["rows"].iloc[-1], curve.metric
        (np.int64(300), 'root mean squared error')
    """
    table = _table(frame, problem, schema, (repeats, seed))
    columns = [
        Column(c, r, hashable(frame[c]))
        for c, r in table.schema.roles.items()
        if c in frame and c not in table.targets
    ]
    inputs = judged_inputs(table, columns)
    if inputs is None:
        cure = "Ids and times say nothing here: add other columns, or give them other roles."
        stop([complaint("frame", "a column to learn from", "none", cure)])
    rows, features = inputs  # type: ignore[misc]
    drawn = frame.iloc[rows]
    parts = split(drawn, problem, test_size=JUDGED, schema=table.schema, seed=seed).assignment.to_numpy()
    pool, judged = np.flatnonzero(parts != "test"), np.flatnonzero(parts == "test")
    wanted = _sizes(sizes, len(pool), problem)
    labels = problem.encode(drawn).reshape(-1)
    labels = labels.astype(float) if problem.kind == "regression" else labels.astype(np.int64)
    losses, owner = _losses((features, labels), (pool, judged), wanted, seeds=range(seed, seed + repeats))
    return _curve(problem, (losses, _guess(labels[pool], labels[judged])), (owner, wanted), seed)


def _table(frame: pd.DataFrame, problem: Problem, schema: Schema | None, numbers: tuple[int, int]) -> Table:
    """The table, once it is sure that a curve can be drawn from it."""
    check_frame(frame)
    check_number(numbers[0], "repeats", low=1, whole=True)
    check_number(numbers[1], "seed", low=0, high=MAX_SEED - numbers[0], whole=True)
    if not isinstance(problem, Problem):
        stop([complaint("problem", "a Problem", type(problem).__name__, "Use Problem.infer(frame, target).")])
    if len(problem.targets) != 1:
        cure = "Ask for each label by itself: Problem.infer(frame, label)."
        stop([complaint("problem", "one target", f"{len(problem.targets)}", cure)])
    problem.encode(frame)
    schema = Schema.infer(frame, problem.target) if schema is None else schema
    check_columns(frame, schema.features)
    return Table(frame, schema, problem, problem.targets, numbers[1])


def _sizes(sizes: Sequence[int] | None, n_pool: int, problem: Problem) -> np.ndarray:
    """The numbers of rows to learn from, ascending."""
    if sizes is None:
        least = max(LEAST_ROWS, ROWS_A_CLASS * len(problem.classes))
        sizes = np.unique(np.geomspace(min(least, n_pool / 2), n_pool, N_SIZES).astype(int)).tolist()
    wanted = np.unique([check_number(s, "sizes", low=2, high=n_pool, whole=True) for s in sizes]).astype(int)
    if len(wanted) < 4:  # the law has three numbers
        cure = "Give more sizes, or more rows."
        stop([complaint("sizes", "at least 4 different ones", listed(wanted), cure)])
    return wanted


def _losses(
    told: tuple[Features, np.ndarray],
    parts: tuple[np.ndarray, np.ndarray],
    sizes: np.ndarray,
    *,
    seeds: Iterable[int],
) -> tuple[np.ndarray, np.ndarray]:
    """The loss of each judged row under each model, shape ``(n_judged, n_models)``, and the size of each model."""
    labels = told[1]
    pool, judged = parts
    losses, owner = [], []
    with threadpool_limits(THREADS):
        for turn, seed in enumerate(seeds):
            order = pool[_balanced(labels[pool], seed)]
            for size in sizes:
                if turn and size == len(pool):
                    continue  # all rows are the same rows again
                said = _said(told, order[:size], judged, seed=seed)
                wrong = said - labels[judged]
                losses.append(wrong**2 if labels.dtype.kind == "f" else (wrong != 0).astype(float))
                owner.append(size)
    return np.column_stack(losses), np.array(owner)


def _balanced(labels: np.ndarray, seed: int) -> np.ndarray:
    """A random order in which the first rows hold each class in its share, however many are taken."""
    rng = np.random.default_rng(seed)
    if labels.dtype.kind == "f":
        return rng.permutation(len(labels))
    shuffled = rng.permutation(len(labels))
    _, place, counts = np.unique(labels[shuffled], return_inverse=True, return_counts=True)
    rank = pd.Series(place).groupby(place).cumcount().to_numpy()
    return shuffled[np.argsort((rank + rng.random(len(counts))[place]) / counts[place], kind="stable")]


def _said(
    told: tuple[Features, np.ndarray], learn: np.ndarray, judged: np.ndarray, *, seed: int
) -> np.ndarray:
    """What a model that learnt from some rows says of the judged ones."""
    features, labels = told
    if len(np.unique(labels[learn])) == 1:
        return np.full(len(judged), labels[learn[0]])
    make = regressor if labels.dtype.kind == "f" else classifier
    model = make(features, len(learn), seed=seed)
    return fitted(model, features[learn], labels[learn]).predict(features[judged])


def _guess(known: np.ndarray, judged: np.ndarray) -> float:
    """The error of the most frequent class, or of the mean."""
    if known.dtype.kind == "f":
        return float(np.sqrt(np.mean((judged - known.mean()) ** 2)))
    return float(np.mean(judged != np.bincount(known).argmax()))


def _curve(
    problem: Problem, judged: tuple[np.ndarray, float], sized: tuple[np.ndarray, np.ndarray], seed: int
) -> LearningCurve:
    """The points, and the laws through them and through their bootstrap draws."""
    losses, guess = judged
    owner, sizes = sized
    root = problem.kind == "regression"
    models = np.sqrt(losses.mean(axis=0)) if root else losses.mean(axis=0)
    runs = [models[owner == size] for size in sizes]
    points = pd.DataFrame(
        {
            "rows": sizes,
            "error": [float(run.mean()) for run in runs],
            "std": [float(run.std(ddof=1)) if len(run) > 1 else np.nan for run in runs],
            "repeats": [len(run) for run in runs],
        }
    )
    drawn = _bootstrap(losses, sized, seed, root=root)
    noise = np.maximum(drawn.std(axis=0), 1e-3 * points["error"].mean() + 1e-12)
    points["used"] = (points["error"] < GUESS_SHARE * guess) | (
        np.arange(len(sizes)) >= len(sizes) - MIN_FITTED
    )
    used = points["used"].to_numpy()
    laws = fit_power_laws(sizes[used], np.vstack([points["error"], drawn])[:, used], noise[used])
    metric = "root mean squared error" if root else "error rate"
    return LearningCurve(problem, metric, points, laws, len(losses))


def _bootstrap(
    losses: np.ndarray, sized: tuple[np.ndarray, np.ndarray], seed: int, *, root: bool
) -> np.ndarray:
    """Mean errors a size with judged rows and repeats drawn anew, shape ``(DRAWS, n_sizes)``."""
    owner, sizes = sized
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(losses), np.full(len(losses), 1 / len(losses)), size=DRAWS) / len(losses)
    models = weights @ losses
    models = np.sqrt(models) if root else models
    columns = []
    for size in sizes:
        own = np.flatnonzero(owner == size)
        picks = rng.choice(own, (DRAWS, len(own)))
        columns.append(np.take_along_axis(models, picks, axis=1).mean(axis=1))
    return np.column_stack(columns)


def _estimate(values: np.ndarray) -> Estimate:
    """The value of the first law, and the middle 95 % of the others'."""
    edge = (1 - LEVEL) / 2
    low, high = np.quantile(values[1:], [edge, 1 - edge], method="nearest")  # infinite ones cannot be mixed
    return Estimate(float(values[0]), float(low), float(high))
