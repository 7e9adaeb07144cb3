"""The state of the training panel, as plain values, and what can be said about it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from dltoolkit.problem import Problem
from dltoolkit.widgets._code import call

LOSSES = {
    "binary": ("binary_crossentropy", "binary_focal_crossentropy"),
    "multiclass": ("sparse_categorical_crossentropy",),
    "multilabel": ("binary_crossentropy", "binary_focal_crossentropy"),
    "regression": ("mean_squared_error", "mean_absolute_error"),
}
CLASS_WEIGHTS = (("as they are", "none"), ("balanced", "balanced"))
MOST_EPOCHS = 200
LARGEST_BATCH = 4096


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """What the knobs stand at; the names are those of `training.fit`.

    Attributes:
        optimizer: Keras identifier.
        learning_rate: Above 0.
        epochs: Passes over the training part at most.
        batch_size: Rows an update.
        early_stopping: Epochs without progress after which training stops; False trains all epochs.
        loss: Keras identifier.
        class_weight: None, ``"balanced"``, or a weight for each label.
        seed: Of the order of the rows.
    """

    optimizer: str
    learning_rate: float
    epochs: int
    batch_size: int
    early_stopping: bool | int
    loss: str
    class_weight: str | Mapping[str, float] | None
    seed: int

    def arguments(self, problem: Problem) -> dict[str, Any]:
        """Keyword arguments for `training.fit`; a loss and weights that are the default are left out."""
        arguments = dataclasses.asdict(self)
        if self.loss == problem.loss:
            del arguments["loss"]
        if self.class_weight is None:
            del arguments["class_weight"]
        return arguments

    def code(self, problem: Problem) -> str:
        """Code that trains with these settings; it needs ``project``."""
        parts = ["project.build_network()", "project.preprocessor", "project.splits", "project.problem"]
        fit = call("run = training.fit", parts, self.arguments(problem))
        return f"from dltoolkit import training\n\n{fit}\nrun.history.tail(3)"

    def steps(self) -> dict[str, dict[str, Any]]:
        """The settings by the project's step that owns them, for ``project.do(step, **settings)``."""
        return {
            "loss": {"loss": self.loss, "class_weight": self.class_weight},
            "optimizer": {"optimizer": self.optimizer, "learning_rate": self.learning_rate},
            "train": {
                "epochs": self.epochs,
                "batch_size": self.batch_size,
                "early_stopping": self.early_stopping,
            },
        }


def losses_for(kind: str, chosen: str) -> list[str]:
    """Losses to choose from, the one that was chosen among them; quantiles have one only.

    Example:
        >>> losses_for("regression", "huber")
        ['mean_squared_error', 'mean_absolute_error', 'huber']
    """
    return [chosen] if chosen == "pinball" else list(dict.fromkeys([*LOSSES[kind], chosen]))


def batch_sizes(n_rows: int) -> list[int]:
    """Batch sizes to choose from: powers of two from 8 up that are no larger than the training part.

    Example:
        >>> batch_sizes(50)
        [8, 16, 32]
    """
    sizes = [2**power for power in range(3, 13) if 2**power <= min(n_rows, LARGEST_BATCH)]
    return sizes or [max(n_rows, 1)]


def rounded(rate: float) -> float:
    """A learning rate with two significant digits, as it is shown and as it stands in the code.

    Example:
        >>> rounded(0.0012589254117941675)
        0.0013
    """
    return float(f"{rate:.2g}")
