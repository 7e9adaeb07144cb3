"""Step 1, define the problem: what is to be answered, and the head, loss, metrics and objective that follow from it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_columns, check_frame, check_targets, complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.problem._infer import read_target
from dltoolkit.problem._labels import check_labels, check_varies, zero_one

KINDS = ("binary", "multiclass", "multilabel", "regression")


class Choice(str):
    """A Keras identifier that carries its reason.

    It is an ordinary ``str``, so it goes straight into ``model.compile(loss=problem.loss)``.

    Attributes:
        why: One sentence that gives the reason for the choice.
    """

    why: str

    def __new__(cls, name: str, why: str) -> "Choice":
        """Make the identifier `name` with the reason `why`."""
        choice = super().__new__(cls, name)
        choice.why = why
        return choice


@dataclasses.dataclass(frozen=True)
class Head:
    """The last layer that a problem needs.

    Attributes:
        units: Number of output units, at least 1.
        activation: Keras activation identifier.
        why: One sentence that gives the reason.
    """

    units: int
    activation: str
    why: str


@dataclasses.dataclass(frozen=True)
class Objective:
    """The number that training and tuning watch.

    Attributes:
        name: Column of the training history, such as ``"val_loss"``.
        direction: ``"min"`` or ``"max"``.
        why: One sentence that gives the reason.
    """

    name: str
    direction: str
    why: str


@dataclasses.dataclass(frozen=True)
class Problem:
    """What a model is to answer.

    Attributes:
        kind: ``"binary"``, ``"multiclass"``, ``"multilabel"`` or ``"regression"``.
        target: Name of the target column; a tuple of names when the kind is ``"multilabel"``.
        classes: Labels as text. Binary: (negative, positive). Multilabel: the target names. Regression: empty.
        dtype: How labels came, so that answers go back the same way: ``"bool"``, ``"int"``, ``"float"`` or ``"str"``.
        why: One sentence that says why this kind.

    Example:
        >>> frame = pd.DataFrame({"age": [31, 45, 52, 28], "churn": ["no", "yes", "no", "yes"]})
        >>> problem = Problem.infer(frame, "churn")
        >>> problem.kind, problem.classes, problem.loss
        ('binary', ('no', 'yes'), 'binary_crossentropy')
        >>> problem.encode(frame)
        array([0., 1., 0., 1.], dtype=float32)
    """

    kind: str
    target: str | tuple[str, ...]
    classes: tuple[str, ...] = ()
    dtype: str = "str"
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse a description that contradicts itself."""
        check_choice(self.kind, KINDS, "kind")
        if isinstance(self.target, list):
            object.__setattr__(self, "target", tuple(self.target))
        if self.kind == "multilabel" and not self.classes:
            object.__setattr__(self, "classes", self.targets)
        object.__setattr__(self, "classes", tuple(str(c) for c in self.classes))
        needed = {"binary": 2, "multiclass": 2, "multilabel": 1, "regression": 0}[self.kind]
        wrong = len(self.classes) < needed or (
            self.kind in ("binary", "regression") and len(self.classes) > needed
        )
        if wrong or len(set(self.classes)) < len(self.classes):
            expected = f"{'at least ' if self.kind.startswith('multi') else ''}{needed} different labels for a {self.kind} problem"
            stop(
                [
                    complaint(
                        "classes",
                        expected,
                        listed(self.classes) or "none",
                        "Let Problem.infer read them from the data.",
                    )
                ]
            )

    @classmethod
    def infer(
        cls,
        frame: pd.DataFrame,
        target: str | Sequence[str],
        *,
        kind: str | None = None,
        positive: object = None,
    ) -> "Problem":
        """Read the kind of problem off the target column.

        Two different values make it binary, text (or a whole number with at most 20 values) multiclass, any other
        number regression, several 0/1 columns multilabel.

        Args:
            frame: One example a row, shape ``(n_rows, n_columns)``; it must hold the target.
            target: Name of the target column, or several names for a multilabel problem.
            kind: Use this kind instead of the one that would be read off. Defaults to None.
            positive: The label that a binary problem calls positive. Defaults to True, 1 or "yes" where there is
                one, else to the rarer label.

        Returns:
            Problem: The description.

        Raises:
            InputError: If a target column does not exist (names that come close are given), has missing or
                infinite values (rows are given), holds one value only, marks missing labels by -1, is a date or
                an id, or does not fit `kind`.
        """
        check_frame(frame)
        names = check_targets(target, frame)
        if kind is not None:
            check_choice(kind, KINDS, "kind")
        if len(names) > 1 or kind == "multilabel":
            return cls._infer_multilabel(frame, names, kind)
        found, classes, dtype, why = read_target(frame[names[0]], kind, positive)
        return cls(found, names[0], classes, dtype, why)

    @classmethod
    def _infer_multilabel(cls, frame: pd.DataFrame, names: tuple[str, ...], kind: str | None) -> "Problem":
        if kind not in (None, "multilabel"):
            stop([complaint("target", f"one column for a {kind} problem", f"{len(names)} columns")])
        dtypes = {check_labels(frame[name]) for name in names}
        for name in names:
            check_varies(frame[name])
            zero_one(frame[name])
        why = f"{len(names)} yes/no columns are answered at once, and any number of them can be yes."
        return cls("multilabel", names, names, dtypes.pop() if dtypes == {"bool"} else "int", why)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the target columns, one or more."""
        return (self.target,) if isinstance(self.target, str) else tuple(self.target)

    @property
    def head(self) -> Head:
        """The last layer: units, activation and why."""
        k = len(self.classes)
        return {
            "binary": Head(
                1, "sigmoid", "One unit squashed into 0 to 1 is the probability of the positive class."
            ),
            "multiclass": Head(k, "softmax", f"{k} probabilities that sum to 1: exactly one class is right."),
            "multilabel": Head(
                k, "sigmoid", f"{k} probabilities of their own: labels do not exclude each other."
            ),
            "regression": Head(1, "linear", "One unbounded unit can reach every amount."),
        }[self.kind]

    @property
    def loss(self) -> Choice:
        """The loss, as a Keras identifier with its reason."""
        name, why = {
            "binary": (
                "binary_crossentropy",
                "It is the negative log-likelihood of a yes/no answer, so it rewards honest probabilities.",
            ),
            "multiclass": (
                "sparse_categorical_crossentropy",
                "It is the negative log-likelihood of the one right class, given as a number.",
            ),
            "multilabel": (
                "binary_crossentropy",
                "Each label is a yes/no question of its own, and their losses are averaged.",
            ),
            "regression": (
                "mean_squared_error",
                "Its minimum is the expected amount, and large errors weigh most.",
            ),
        }[self.kind]
        return Choice(name, why)

    @property
    def metrics(self) -> tuple[Choice, ...]:
        """What is reported while training, as Keras identifiers with their reasons."""
        auc = Choice(
            "auc", "It tells how well the examples are ranked, whatever the threshold and the class balance."
        )
        return {
            "binary": (
                Choice(
                    "binary_accuracy",
                    "The share of right answers at a threshold of 0.5: easy to tell, blind to rare classes.",
                ),
                auc,
            ),
            "multiclass": (
                Choice(
                    "sparse_categorical_accuracy", "The share of examples whose most probable class is right."
                ),
            ),
            "multilabel": (
                Choice("binary_accuracy", "The share of single labels that are right at a threshold of 0.5."),
                auc,
            ),
            "regression": (
                Choice("mean_absolute_error", "The typical error in the target's own unit."),
                Choice(
                    "root_mean_squared_error",
                    "The error in the target's own unit, with large misses weighing more.",
                ),
            ),
        }[self.kind]

    @property
    def objective(self) -> Objective:
        """What early stopping and tuning watch."""
        why = "The loss on validation rows is the least noisy sign of how the model does on rows that it has not seen."
        return Objective("val_loss", "min", why)

    def encode(self, labels: pd.DataFrame | pd.Series) -> np.ndarray:
        """Turn labels into the numbers that the loss wants.

        Args:
            labels: A frame that holds the target column(s), or the target itself, ``n`` rows.

        Returns:
            numpy.ndarray: Binary: float32 ``(n,)`` of 0 and 1. Multiclass: int32 ``(n,)`` of class numbers.
            Multilabel: float32 ``(n, n_labels)``. Regression: float32 ``(n,)`` in the target's unit.

        Raises:
            InputError: If a label is missing, infinite or not one of `classes`; rows are named.
        """
        frame = labels.to_frame(self.targets[0]) if isinstance(labels, pd.Series) else labels
        check_columns(frame, self.targets, argument="labels")
        columns = [frame[name] for name in self.targets]
        for column in columns:
            check_labels(column)
        if self.kind == "regression":
            return pd.to_numeric(columns[0]).to_numpy("float32").copy()
        if self.kind == "multilabel":
            return np.column_stack([zero_one(column) for column in columns]).astype("float32")
        codes = self._codes(columns[0])
        return codes.astype("float32" if self.kind == "binary" else "int32")

    def _codes(self, column: pd.Series) -> np.ndarray:
        codes = pd.Index(self.classes).get_indexer(as_text(column))
        if (codes < 0).any():
            rows = np.flatnonzero(codes < 0)
            where = f"target {column.name!r}, row {listed(column.index[rows])}"
            got = listed(pd.unique(column.iloc[rows]))
            stop(
                [
                    complaint(
                        where,
                        "one of " + listed(self.classes, 20),
                        got,
                        "Correct the label, or drop the row.",
                    )
                ]
            )
        return codes

    def decode(self, outputs: np.ndarray) -> pd.DataFrame:
        """Turn what the head says into answers.

        Args:
            outputs: Binary: probabilities of the positive class, ``(n,)`` or ``(n, 1)``. Multiclass and
                multilabel: probabilities ``(n, n_classes)``. Regression: amounts, ``(n,)`` or ``(n, 1)``.

        Returns:
            pandas.DataFrame: ``n`` rows. One target: ``prediction`` (labels as they came) and, for classes,
            ``probability_<class>`` for each. Multilabel: a column a label, then ``probability_<label>``.

        Raises:
            InputError: If the number of columns is not the head's number of units.
        """
        outputs = np.asarray(outputs)
        outputs = outputs[:, None] if outputs.ndim == 1 else outputs
        if outputs.shape[1] != self.head.units:
            stop([complaint("outputs", f"{self.head.units} column(s)", f"{outputs.shape[1]}")])
        if self.kind == "regression":
            return pd.DataFrame({"prediction": outputs[:, 0]})
        probabilities = np.column_stack([1 - outputs, outputs]) if self.kind == "binary" else outputs
        columns = {f"probability_{c}": probabilities[:, i] for i, c in enumerate(self.classes)}
        if self.kind == "multilabel":
            answers = {c: (outputs[:, i] >= 0.5).astype(self.dtype) for i, c in enumerate(self.classes)}
            return pd.DataFrame({**answers, **columns})
        best = (outputs[:, 0] >= 0.5).astype(int) if self.kind == "binary" else outputs.argmax(axis=1)
        return pd.DataFrame({"prediction": self.labels.take(best), **columns})

    @property
    def labels(self) -> pd.Index:
        """`classes` in the type in which the labels came."""
        if self.dtype == "bool":
            return pd.Index([c == "True" for c in self.classes])
        return pd.Index(self.classes).astype({"int": "int64", "float": "float64"}.get(self.dtype, "str"))

    def frame(self) -> pd.DataFrame:
        """What was chosen and why: one row a choice, columns ``what``, ``choice``, ``why``."""
        rows = [
            ("kind", self.kind, self.why),
            ("head", f"{self.head.units} x {self.head.activation}", self.head.why),
            ("loss", str(self.loss), self.loss.why),
            *[("metric", str(m), m.why) for m in self.metrics],
            ("objective", f"{self.objective.name} ({self.objective.direction})", self.objective.why),
        ]
        return pd.DataFrame(rows, columns=["what", "choice", "why"])

    def to_json(self) -> dict[str, Any]:
        """The description as JSON-able values; `from_json` reads it back."""
        content = dataclasses.asdict(self)
        return {
            **content,
            "target": list(self.target) if self.kind == "multilabel" else self.target,
            "classes": list(self.classes),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Problem":
        """Read back what `to_json` gave.

        Args:
            content: The values.

        Returns:
            Problem: Equal to the one that was written.

        Raises:
            InputError: If a value is missing or contradicts another.
        """
        missing = {"kind", "target"} - set(content)
        if missing:
            stop([complaint("problem", "the values kind and target", f"no {listed(sorted(missing))}")])
        target = content["target"] if isinstance(content["target"], str) else tuple(content["target"])
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{**{k: v for k, v in content.items() if k in known}, "target": target})
