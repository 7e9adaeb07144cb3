"""Baselines: what a network has to beat before it is worth its trouble."""

import itertools
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dltoolkit._checks import (
    InputError,
    check_choice,
    check_columns,
    check_frame,
    check_number,
    complaint,
    listed,
    stop,
)
from dltoolkit.data import Schema, as_text
from dltoolkit.models._baseline_columns import Columns
from dltoolkit.problem import Problem

_TABLE = {"user": "categorical", "item": "categorical", "series": "categorical", "time": "datetime"}
BASELINES = ("majority", "linear", "boosting")

# Iterations of the linear solver. The shipped tables need at most 180; where it does not settle, `frame` says so.
MOST_ITERATIONS = 1_000
WORD = r"\w+"
# Words kept of each text column, the most frequent first.
MOST_WORDS = 20_000
# Boosting, tried on the shipped tables: shallow trees win below 10,000 rows (credit, churn, attrition, ames), deep
# ones above (diamonds, flights); looking at a part of the columns at each split is never worse, and faster.
SMALL_ROWS = 10_000
SMALL = {"max_iter": 300, "learning_rate": 0.05, "max_leaf_nodes": 7, "max_features": 0.3}
LARGE = {"max_iter": 200, "learning_rate": 0.1, "max_leaf_nodes": 63, "max_features": 0.5}
# A multiclass model grows a tree a class in each iteration: with many classes, fewer iterations.
MOST_TREES, FEWEST_ITERATIONS = 1_000, 50
# OpenMP's threads wait for each other by spinning. Where another process wants the cores too, that made boosting
# 10 to 40 times slower (credit: 8 s for 0.25 s; flights: 180 s for 29 s); two quiet cores would gain less than 2.
THREADS = 1


class Baseline:
    """A model from scikit-learn with a preparation of its own, to compare a network with.

    Attributes:
        problem: What is asked.
        name: ``"majority"``, ``"linear"`` or ``"boosting"``.
        seed: Seed of the estimator.
        left_out: Feature columns that it does not use, each with the reason. Empty before `fit`.
    """

    def __init__(self, problem: Problem, name: str, *, seed: int = 0) -> None:
        """See `baseline`."""
        self.problem = problem
        self.name = name
        self.seed = seed
        self.left_out: dict[str, str] = {}
        self._columns: Columns | None = None
        self._models: list[Pipeline] = []
        self._offsets: list[np.ndarray] = []
        self._facts: dict[str, object] = {}

    def __repr__(self) -> str:
        """One line, with what comes next."""
        state = (
            "Next: .outputs(frame), evaluation.evaluate." if self._models else "Next: .fit(frame, schema)."
        )
        return f"Baseline {self.name!r} for {self.problem.target!r}. {state}"

    def fit(self, frame: pd.DataFrame, schema: Schema) -> "Baseline":
        """Learn from the training rows.

        Args:
            frame: Training rows with the target, ``(n_rows, n_columns)``.
            schema: Which columns are features, and of what role.

        Returns:
            Baseline: Itself.

        Raises:
            InputError: If a feature or the target is not there, a label is missing or only one class occurs, a
                value cannot be read as its column's role says or is infinite, or no feature can be used.
        """
        start = time.perf_counter()
        check_frame(frame)
        check_columns(frame, schema.features)
        targets = self._targets(frame)
        roles, left_out = self._usable(frame, schema)
        columns = Columns.learn(frame, roles)
        features = _features(columns, frame)
        models, unsettled = [], False
        for target, quantile in itertools.product(targets, self._apart()):
            estimator = self._estimator(target, columns, quantile)
            with warnings.catch_warnings(record=True) as caught, threadpool_limits(THREADS, "openmp"):
                warnings.simplefilter("always", ConvergenceWarning)
                models.append(estimator.fit(features, target))
            unsettled |= _hand_on(caught)
        self._models, self._columns, self.left_out = models, columns, left_out
        self._offsets = self._misses(features, targets)
        self._facts = {
            "rows": f"{len(frame):,}",
            "seconds": f"{time.perf_counter() - start:.2f}",
            **({"warning": f"not settled after {MOST_ITERATIONS:,} iterations"} if unsettled else {}),
        }
        return self

    def outputs(self, frame: pd.DataFrame) -> np.ndarray:
        """What it says about each row.

        Args:
            frame: Rows with the feature columns, in any order; other columns are ignored.

        Returns:
            numpy.ndarray: float64. Binary: probability of the positive class ``(n,)``. Multiclass and multilabel:
            probabilities ``(n, n_classes)``. Regression: amounts ``(n,)``, or ``(n, head.units)`` of several or of
            quantiles.

        Raises:
            InputError: If it has not been fitted, the frame is empty, a feature column is missing, or a value
                cannot be read as its column's role says; rows are named.
        """
        columns = self._columns
        if columns is None:
            cure = "Call .fit(frame, schema)."
            raise InputError(complaint("baseline", "to be fitted first", "an unfitted one", cure))
        check_frame(frame)
        check_columns(frame, columns.roles)
        features = _features(columns, frame)
        with threadpool_limits(THREADS, "openmp"):
            if self.problem.kind == "regression":
                return self._amounts(features)
            columns_of = [self._probabilities(model, features) for model in self._models]
        if self.problem.kind == "multiclass":
            return columns_of[0]
        positive = np.column_stack([p[:, 1] for p in columns_of])
        return positive if self.problem.kind == "multilabel" else positive[:, 0]

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Decoded answers with probabilities: ``problem.decode(self.outputs(frame))``."""
        return self.problem.decode(self.outputs(frame))

    def frame(self) -> pd.DataFrame:
        """What it is made of and what it learnt from: columns ``what`` and ``value``, both text."""
        facts: dict[str, object] = {"baseline": self.name, "problem": self.problem.kind, "seed": self.seed}
        if self._columns is not None:
            estimator = self._models[0][-1]
            settings = {k: v for k, v in estimator.get_params().items() if k != "categorical_features"}
            plain = type(estimator)().get_params()
            changed = [f"{k}={v!r}" for k, v in settings.items() if v != plain[k]]
            facts |= {"estimator": f"{type(estimator).__name__}({', '.join(changed)})"}
            facts |= {"columns": ", ".join(self._columns.roles) or "none", **self._facts}
            facts |= {f"left out: {name}": why for name, why in self.left_out.items()}
        return pd.DataFrame({"what": list(facts), "value": [str(v) for v in facts.values()]}, dtype="str")

    def _targets(self, frame: pd.DataFrame) -> list[np.ndarray]:
        """The encoded target, one array for each estimator."""
        encoded = self.problem.encode(frame)
        if self.problem.kind == "multilabel":
            return [column.astype(int) for column in encoded.T]
        if self.problem.kind == "regression":
            return list(encoded.astype("float64").reshape(len(encoded), -1).T)
        seen = np.unique(encoded).astype(int)
        if len(seen) < 2:
            got = f"only {self.problem.classes[seen[0]]!r} in {len(encoded):,} rows"
            stop(
                [
                    complaint(
                        f"target {self.problem.target!r}", "at least two classes", got, "Check the filter."
                    )
                ]
            )
        return [encoded.astype(int)]

    def _apart(self) -> tuple[float | None, ...]:
        """The quantiles that take an estimator each; ridge regression learns the mean alone."""
        learns = self.problem.quantiles and self.name != "linear"
        return self.problem.quantiles if learns else (None,)

    def _misses(self, features: pd.DataFrame, targets: list[np.ndarray]) -> list[np.ndarray]:
        """Of ridge regression: how far below each quantile of a target its answers lie in training."""
        if not self.problem.quantiles or self.name != "linear":
            return []
        said = [model.predict(features) for model in self._models]
        return [
            np.quantile(target - answer, self.problem.quantiles)
            for target, answer in zip(targets, said, strict=True)
        ]

    def _amounts(self, features: pd.DataFrame) -> np.ndarray:
        """Amounts, or quantiles of them in order, of each target after the other."""
        said = [np.asarray(model.predict(features), "float64") for model in self._models]
        if self._offsets:
            said = [
                answer + miss for answer, misses in zip(said, self._offsets, strict=True) for miss in misses
            ]
        return said[0] if len(said) == 1 else np.column_stack(said)

    def _usable(self, frame: pd.DataFrame, schema: Schema) -> tuple[dict[str, str], dict[str, str]]:
        """Roles of the columns to use, and the reason for each one left out."""
        if self.name == "majority":
            return {}, {}
        roles = {name: _TABLE.get(schema.roles[name], schema.roles[name]) for name in schema.features}
        left_out = {name: "every value is missing" for name in roles if frame[name].isna().all()}
        for name in (n for n, role in roles.items() if role == "text" and n not in left_out):
            if self.name == "boosting":
                left_out[name] = "boosting does not read text"
            elif not as_text(frame[name]).str.contains(WORD).any():
                left_out[name] = "no value holds a word"
        usable = {name: role for name, role in roles.items() if name not in left_out}
        if not usable:
            got = f"none ({listed(left_out)} left out)" if left_out else "none"
            cure = "Give columns a role with schema.with_roles, or use 'majority'."
            stop([complaint("schema", f"at least one feature that {self.name!r} can use", got, cure)])
        return usable, left_out

    def _estimator(self, target: np.ndarray, columns: Columns, quantile: float | None) -> Pipeline:
        """The estimator with its preparation, unfitted; for one quantile of an amount where there is one."""
        amount = self.problem.kind == "regression"
        if self.name == "majority" or (not amount and np.ptp(target) == 0):
            level = {} if quantile is None else {"strategy": "quantile", "quantile": quantile}
            return make_pipeline(DummyRegressor(**level) if amount else DummyClassifier(strategy="prior"))
        if self.name == "linear":
            last = Ridge() if amount else LogisticRegression(max_iter=MOST_ITERATIONS, random_state=self.seed)
            return make_pipeline(_one_hot(columns), last)
        settings: dict[str, Any] = dict(SMALL if len(target) < SMALL_ROWS else LARGE)
        n_trees = 1 if amount or target.max() < 2 else int(target.max()) + 1
        settings["max_iter"] = max(FEWEST_ITERATIONS, min(settings["max_iter"], MOST_TREES // n_trees))
        make = HistGradientBoostingRegressor if amount else HistGradientBoostingClassifier
        first = columns.n_numbers + columns.n_date_parts
        codes = list(range(first, first + len(columns.categories)))
        settings |= {} if quantile is None else {"loss": "quantile", "quantile": quantile}
        last = make(early_stopping=False, categorical_features=codes, random_state=self.seed, **settings)
        return make_pipeline(last)

    def _probabilities(self, model: Pipeline, features: pd.DataFrame) -> np.ndarray:
        """A column for every class, also for those that the training rows lacked."""
        n_classes = len(self.problem.classes) if self.problem.kind == "multiclass" else 2
        probabilities = np.zeros((len(features), n_classes))
        probabilities[:, model.classes_.astype(int)] = model.predict_proba(features)
        return probabilities


def baseline(problem: Problem, name: str = "linear", *, seed: int = 0) -> Baseline:
    """A baseline for a problem, still to be fitted.

    * ``"majority"``: the classes' shares in the training rows, whatever the row; the mean (or the quantiles) for a
      regression.
    * ``"linear"``: logistic regression, or ridge regression for amounts. Numbers are standardised with the median
      for missing ones and an indicator; categories, months, weekdays and hours are one-hot; texts are TF-IDF.
    * ``"boosting"``: histogram gradient boosting of trees, which take missing values and categories as they are, and
      do not read text.

    Several amounts, and their quantiles, are learnt one by one; the linear one's quantiles are its answer plus those of
    its misses in training.

    Pictures are histograms of edge directions and a small thumbnail, sounds their energies in bands, sequences their
    levels, spreads and trends; users, items and series are categories.

    Of a category column the 254 most frequent values are kept; the others, and values never seen, are one.

    Args:
        problem: What is asked.
        name: ``"majority"``, ``"linear"`` or ``"boosting"``. Defaults to ``"linear"``.
        seed: Seed of the estimator; the same seed and rows give the same outputs. Defaults to 0.

    Returns:
        Baseline: Unfitted; call ``.fit(frame, schema)``.

    Raises:
        InputError: If there is no baseline of that name, or `seed` is not a whole number from 0 up.

    Example:
        >>> frame = pd.DataFrame({"age": [21, 35, 48, 62], "churn": ["yes", "yes", "no", "no"]})
        >>> problem, schema = Problem.infer(frame, "churn"), Schema.infer(frame, "churn")
        >>> model = baseline(problem, "linear").fit(frame, schema)
        >>> model.predict(pd.DataFrame({"age": [25, 70]}))["prediction"].tolist()
        ['yes', 'no']

    References:
        Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12 (2011); Ke et al., "LightGBM", NeurIPS
        2017, for the histogram trees.
    """
    if not isinstance(problem, Problem):
        cure = "Make one: Problem.infer(frame, target)."
        stop([complaint("problem", "a Problem", type(problem).__name__, cure)])
    check_choice(name, BASELINES, "name")
    check_number(seed, "seed", low=0, whole=True)
    return Baseline(problem, name, seed=int(seed))


def _features(columns: Columns, frame: pd.DataFrame) -> pd.DataFrame:
    """The prepared columns, numbered: numbers, parts of dates, codes of categories, then texts."""
    dense = np.hstack([columns.numbers(frame), columns.date_parts(frame), columns.codes(frame)])
    features = pd.DataFrame(dense)
    for texts in columns.texts(frame):
        features[features.shape[1]] = texts
    return features


def _one_hot(columns: Columns) -> ColumnTransformer:
    """Numbers standardised, codes one-hot, texts TF-IDF: the places are those that `_features` gives."""
    first = columns.n_numbers
    last = first + columns.n_date_parts + len(columns.categories)
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    steps: list[tuple[str, Any, Any]] = [
        ("numbers", numbers, list(range(first))),
        ("codes", OneHotEncoder(handle_unknown="ignore"), list(range(first, last))),
    ]
    for i in range(len(columns.of("text"))):
        words = TfidfVectorizer(max_features=MOST_WORDS, sublinear_tf=True, token_pattern=WORD)
        steps.append((f"text {i}", words, last + i))
    return ColumnTransformer(steps)


def _hand_on(caught: list[warnings.WarningMessage]) -> bool:
    """Whether the solver did not settle; every other warning goes on to the caller."""
    others = [w for w in caught if not issubclass(w.category, ConvergenceWarning)]
    for warning in others:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return len(others) < len(caught)
