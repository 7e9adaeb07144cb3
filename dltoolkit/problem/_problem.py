"""Step 1, define the problem: what is to be answered, and the head, loss, metrics and objective that follow from it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_columns, check_frame, check_targets, complaint, listed, stop
from dltoolkit._text import as_text
from dltoolkit.problem._amounts import answered, check_quantiles, decoded
from dltoolkit.problem._choices import LOSSES, METRICS, Choice, Head, Objective, amounts_head, classes_head
from dltoolkit.problem._infer import amounts_at_once, read_target
from dltoolkit.problem._labels import check_labels, check_varies, zero_one

KINDS = ("binary", "multiclass", "multilabel", "regression")


@dataclasses.dataclass(frozen=True)
class Problem:
    """What a model is to answer.

    Attributes:
        kind: ``"binary"``, ``"multiclass"``, ``"multilabel"`` or ``"regression"``.
        target: Name of the target column; a tuple of names when the kind is ``"multilabel"``, or when several amounts are
            answered at once.
        classes: Labels as text. Binary: (negative, positive). Multilabel: the target names. Regression: empty.
        dtype: How labels came, so that answers go back the same way: ``"bool"``, ``"int"``, ``"float"`` or ``"str"``.
        why: One sentence that says why this kind.
        quantiles: Regression: which quantiles of each amount are answered, rising within (0, 1), the median 0.5 among
            them, such as ``(0.1, 0.5, 0.9)``. Defaults to none: the expected amount is.

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
    quantiles: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a description that contradicts itself."""
        check_choice(self.kind, KINDS, "kind")
        if not isinstance(self.target, str):
            names = tuple(self.target)
            one = self.kind == "regression" and len(names) == 1
            object.__setattr__(self, "target", names[0] if one else names)
        object.__setattr__(self, "quantiles", check_quantiles(self.quantiles))
        if self.quantiles and self.kind != "regression":
            cure = "Classes have probabilities instead."
            stop([complaint("quantiles", f"none for a {self.kind} problem", listed(self.quantiles), cure)])
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
        quantiles: Sequence[float] = (),
    ) -> "Problem":
        """Read the kind of problem off the target column.

        Two different values make it binary, text (or a whole number with at most 20 values) multiclass, any other
        number regression; several 0/1 columns multilabel, several columns of other numbers regression of all at once.

        Args:
            frame: One example a row, shape ``(n_rows, n_columns)``; it must hold the target.
            target: Name of the target column, or several names for a multilabel problem or several amounts.
            kind: Use this kind instead of the one that would be read off. Defaults to None.
            positive: The label that a binary problem calls positive. Defaults to True, 1 or "yes" where there is
                one, else to the rarer label.
            quantiles: Answer these quantiles of an amount, 0.5 among them; it is a regression then. Defaults to none.

        Returns:
            Problem: The description.

        Raises:
            InputError: If a target column does not exist (names that come close are given), has missing or
                infinite values (rows are given), holds one value only, marks missing labels by -1, is a date or
                an id, or does not fit `kind`; or if the quantiles do not rise within (0, 1) or lack the median.
        """
        check_frame(frame)
        names = check_targets(target, frame)
        if kind is not None:
            check_choice(kind, KINDS, "kind")
        kind = "regression" if kind is None and check_quantiles(quantiles) else kind
        if len(names) > 1 and (kind == "regression" or (kind is None and amounts_at_once(frame, names))):
            return cls._infer_amounts(frame, names, quantiles)
        if len(names) > 1 or kind == "multilabel":
            return cls._infer_multilabel(frame, names, kind)
        found, classes, dtype, why = read_target(frame[names[0]], kind, positive)
        return cls(found, names[0], classes, dtype, why, tuple(quantiles))

    @classmethod
    def _infer_amounts(
        cls, frame: pd.DataFrame, names: tuple[str, ...], quantiles: Sequence[float]
    ) -> "Problem":
        dtypes = [read_target(frame[name], "regression", None)[2] for name in names]
        why = f"{len(names)} columns of numbers are answered at once."
        dtype = "int" if set(dtypes) == {"int"} else "float"
        return cls("regression", names, (), dtype, why, tuple(quantiles))

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
        if self.kind == "regression":
            return amounts_head(len(self.targets), len(self.quantiles))
        return classes_head(self.kind, len(self.classes))

    @property
    def loss(self) -> Choice:
        """The loss, as a Keras identifier with its reason; ``"pinball"``, of quantiles, is known to `training.fit`."""
        return LOSSES["quantiles" if self.quantiles else self.kind]

    @property
    def metrics(self) -> tuple[Choice, ...]:
        """What is reported while training, as Keras identifiers with their reasons."""
        return METRICS["quantiles" if self.quantiles else self.kind]

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
            Multilabel: float32 ``(n, n_labels)``. Regression: float32 ``(n,)`` in the target's unit; of several amounts
            ``(n, n_targets)``.

        Raises:
            InputError: If a label is missing, infinite or not one of `classes`; rows are named.
        """
        frame = labels.to_frame(self.targets[0]) if isinstance(labels, pd.Series) else labels
        check_columns(frame, self.targets, argument="labels")
        columns = [frame[name] for name in self.targets]
        for column in columns:
            check_labels(column)
        if self.kind == "regression":
            numbers = [pd.to_numeric(column).to_numpy("float32") for column in columns]
            return numbers[0].copy() if len(numbers) == 1 else np.column_stack(numbers)
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
                multilabel: probabilities ``(n, n_classes)``. Regression: amounts, ``(n,)`` or ``(n, head.units)``, the
                quantiles of the first target first.

        Returns:
            pandas.DataFrame: ``n`` rows. One target: ``prediction`` (labels as they came) and, for classes,
            ``probability_<class>`` for each. Multilabel: a column a label, then ``probability_<label>``. Several
            amounts: ``prediction_<target>`` for each. With quantiles the prediction is the median, and
            ``quantile_<q>`` or ``quantile_<q>_<target>`` follow, put in order where they cross.

        Raises:
            InputError: If the number of columns is not the head's number of units.
        """
        outputs = np.asarray(outputs)
        outputs = outputs[:, None] if outputs.ndim == 1 else outputs
        if outputs.shape[1] != self.head.units:
            stop([complaint("outputs", f"{self.head.units} column(s)", f"{outputs.shape[1]}")])
        if self.kind == "regression":
            return decoded(outputs, self.targets, self.quantiles)
        probabilities = np.column_stack([1 - outputs, outputs]) if self.kind == "binary" else outputs
        columns = {f"probability_{c}": probabilities[:, i] for i, c in enumerate(self.classes)}
        if self.kind == "multilabel":
            answers = {c: (outputs[:, i] >= 0.5).astype(self.dtype) for i, c in enumerate(self.classes)}
            return pd.DataFrame({**answers, **columns})
        best = (outputs[:, 0] >= 0.5).astype(int) if self.kind == "binary" else outputs.argmax(axis=1)
        return pd.DataFrame({"prediction": self.labels.take(best), **columns})

    def amounts(self, outputs: np.ndarray) -> np.ndarray:
        """The amounts that a regression's outputs stand for: themselves, or the medians of quantiles.

        Args:
            outputs: What the head says, ``(n,)`` or ``(n, head.units)``.

        Returns:
            numpy.ndarray: ``(n,)``; of several targets ``(n, n_targets)``.

        Example:
            >>> problem = Problem("regression", ("a", "b"), quantiles=(0.1, 0.5, 0.9))
            >>> problem.amounts(np.array([[1, 2, 3, 10, 20, 30]])).tolist()
            [[2, 20]]
        """
        points = answered(np.asarray(outputs), len(self.targets), self.quantiles)
        return points[:, 0] if len(self.targets) == 1 else points

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
            "target": self.target if isinstance(self.target, str) else list(self.target),
            "classes": list(self.classes),
            "quantiles": list(self.quantiles),
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
