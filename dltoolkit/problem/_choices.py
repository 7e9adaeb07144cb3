"""The choices that follow from a kind of problem, each with its reason."""

import dataclasses


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


def classes_head(kind: str, n_classes: int) -> Head:
    """The head of a problem with classes."""
    return {
        "binary": Head(
            1, "sigmoid", "One unit squashed into 0 to 1 is the probability of the positive class."
        ),
        "multiclass": Head(
            n_classes, "softmax", f"{n_classes} probabilities that sum to 1: exactly one class is right."
        ),
        "multilabel": Head(
            n_classes, "sigmoid", f"{n_classes} probabilities of their own: labels do not exclude each other."
        ),
    }[kind]


def amounts_head(n_targets: int, n_quantiles: int) -> Head:
    """The head of a regression: a unit for each amount, or for each quantile of it."""
    units = n_targets * max(1, n_quantiles)
    if units == 1:
        return Head(1, "linear", "One unbounded unit can reach every amount.")
    each = f"{n_quantiles} quantiles of each" if n_quantiles else "each"
    why = f"An unbounded unit for {each} of {n_targets} amount(s) can reach all of them."
    return Head(units, "linear", why)


LOSSES = {
    "binary": Choice(
        "binary_crossentropy",
        "It is the negative log-likelihood of a yes/no answer, so it rewards honest probabilities.",
    ),
    "multiclass": Choice(
        "sparse_categorical_crossentropy",
        "It is the negative log-likelihood of the one right class, given as a number.",
    ),
    "multilabel": Choice(
        "binary_crossentropy", "Each label is a yes/no question of its own, and their losses are averaged."
    ),
    "regression": Choice(
        "mean_squared_error", "Its minimum is the expected amount, and large errors weigh most."
    ),
    "quantiles": Choice(
        "pinball", "Its minimum is the quantile: a miss on either side costs what the quantile's odds say."
    ),
}

_AUC = Choice(
    "auc", "It tells how well the examples are ranked, whatever the threshold and the class balance."
)
_MAE = Choice("mean_absolute_error", "The typical error in the target's own unit.")

METRICS = {
    "binary": (
        Choice(
            "binary_accuracy",
            "The share of right answers at a threshold of 0.5: easy to tell, blind to rare classes.",
        ),
        _AUC,
    ),
    "multiclass": (
        Choice("sparse_categorical_accuracy", "The share of examples whose most probable class is right."),
    ),
    "multilabel": (
        Choice("binary_accuracy", "The share of single labels that are right at a threshold of 0.5."),
        _AUC,
    ),
    "regression": (
        _MAE,
        Choice(
            "root_mean_squared_error", "The error in the target's own unit, with large misses weighing more."
        ),
    ),
    "quantiles": (_MAE,),
}
