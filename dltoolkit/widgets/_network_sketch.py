"""The state of the design panel, and a network drawn, counted and tried before it is trained."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import models
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._amounts import AmountLoss
from dltoolkit.widgets._code import call

ACTIVATIONS = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid")
WIDTHS = tuple(2**power for power in range(2, 11))
PENALTIES = (0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
NORMALISATIONS = ("batch", "layer")
MOST_LAYERS = 5
TRIED_ROWS = 1_000  # enough for a loss with two digits, in a few milliseconds
# An untrained network should lose about as much as answering the base rates (Karpathy 2019, "A recipe for training
# neural networks": verify loss @ init). A quarter above still is about as much: its first weights are random.
NEAR_CHANCE = 1.25


@dataclasses.dataclass(frozen=True)
class NetworkSettings:
    """What the knobs stand at; the names are those of `models.mlp`.

    Attributes:
        units: Width of each hidden layer.
        activation: Keras activation of the hidden layers.
        dropout: Share of units left out, in [0, 1).
        normalisation: ``"batch"``, ``"layer"`` or None.
        l2: Weight of the L2 penalty; None for that of `models.mlp`.
        l1: Weight of the L1 penalty, for which there is no knob. Defaults to 0.
    """

    units: tuple[int, ...]
    activation: str
    dropout: float
    normalisation: str | None
    l2: float | None
    l1: float = 0.0

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `models.mlp`; penalties at their defaults are left out."""
        defaults = {"l1": 0.0, "l2": None}
        return {n: v for n, v in dataclasses.asdict(self).items() if n not in defaults or v != defaults[n]}

    def code(self) -> str:
        """Code that builds the network; it needs ``project``."""
        build = call("model = models.mlp", ["project.problem", "project.preprocessor"], self.arguments())
        keep = call("# To keep it: project.do", ['"design"'], self.arguments()).replace("\n", "\n# ")
        return f"from dltoolkit import models\n\n{build}\nmodel.summary()\n{keep}"


@dataclasses.dataclass(frozen=True)
class Sketch:
    """A network before training.

    Attributes:
        settings: What it was built from.
        layers: One row a layer: ``layer``, ``kind``, ``output`` (numbers an example), ``parameters``.
        parameters: Number of weights and biases, those that are not trained included.
        inputs: Numbers an example that enter the first hidden layer.
        answer: The last layer, such as ``"1 sigmoid"``.
        loss: Loss of the untrained network on training rows; for an amount in units of its variance.
        chance: The same loss of always answering the base rates (or the mean).
    """

    settings: NetworkSettings
    layers: pd.DataFrame
    parameters: int
    inputs: int
    answer: str
    loss: float
    chance: float

    @property
    def healthy(self) -> bool:
        """Whether the untrained network is about as good as chance."""
        return bool(self.loss <= NEAR_CHANCE * self.chance)

    @property
    def verdict(self) -> str:
        """What the untrained loss says, in a sentence."""
        if self.healthy:
            return f"Untrained loss {self.loss:.3f}, chance {self.chance:.3f}: it starts where it should."
        return (
            f"Untrained loss {self.loss:.3f}, chance {self.chance:.3f}: it starts sure of wrong answers. Smaller first "
            "weights, batch norm or scaled inputs cure that."
        )


def sketch(
    problem: Problem,
    preprocessor: Preprocessor,
    settings: NetworkSettings,
    train: pd.DataFrame,
    *,
    initial: Mapping[str, Any] | None = None,
) -> Sketch:
    """Build a network, and try it untrained.

    Args:
        problem: Gives the head and the loss.
        preprocessor: Gives the inputs.
        settings: What to build.
        train: Training rows; the first 1,000 are tried.
        initial: ``initializer`` and ``seed`` for `models.mlp`. Defaults to None: its own.

    Returns:
        Sketch: What came of it.

    Raises:
        InputError: If `models.mlp` refuses a setting.
    """
    build: Any = models.mlp
    model = build(problem, preprocessor, **settings.arguments(), **(initial or {}))
    rows = train.head(TRIED_ROWS)
    outputs = np.asarray(model(preprocessor.transform(rows), training=False))
    first = next((x for x in model.layers if isinstance(x, keras.layers.Dense)), model.layers[-1])
    return Sketch(
        settings=settings,
        layers=_layer_table(model),
        parameters=model.count_params(),
        inputs=int(first.kernel.shape[0]),
        answer=f"{problem.head.units} {problem.head.activation}",
        loss=_loss(problem, problem.encode(rows), outputs),
        chance=chance_loss(problem, problem.encode(rows)),
    )


def _layer_table(model: keras.Model) -> pd.DataFrame:
    rows = [
        (x.name, type(x).__name__, int(np.prod(x.output.shape[1:])), x.count_params())
        for x in model.layers
        if not isinstance(x, keras.layers.InputLayer)
    ]
    return pd.DataFrame(rows, columns=["layer", "kind", "output", "parameters"])


def _loss(problem: Problem, truth: np.ndarray, outputs: np.ndarray) -> float:
    """The problem's loss, mean over rows."""
    if problem.kind == "regression" and (problem.quantiles or len(problem.targets) > 1):
        return float(AmountLoss(str(problem.loss), _spreads(truth), problem.quantiles)(truth, outputs))
    truth = truth.reshape(outputs.shape) if problem.kind != "multiclass" else truth
    loss = float(np.mean(keras.losses.get(str(problem.loss))(truth, outputs)))
    return loss / float(np.var(truth)) if problem.kind == "regression" else loss


def chance_loss(problem: Problem, truth: np.ndarray) -> float:
    """The loss of always answering the base rates: their entropy, in nats; 1 for the mean of an amount.

    Of quantiles it is the pinball loss of those of the labels themselves, in units of their spread.

    Args:
        problem: Says of which kind it is.
        truth: Encoded labels, as `Problem.encode` gives them.

    Returns:
        float: The loss.

    References:
        Cover and Thomas (2006), "Elements of information theory", chapter 2.

    Example:
        >>> problem = Problem("binary", "rain", ("no", "yes"))
        >>> round(chance_loss(problem, np.array([0, 1, 0, 1])), 3)
        0.693
    """
    if problem.quantiles:
        said = np.quantile(truth.reshape(len(truth), -1), problem.quantiles, axis=0).T.reshape(1, -1)
        outputs = np.repeat(said, len(truth), axis=0).astype("float32")
        return float(AmountLoss(str(problem.loss), _spreads(truth), problem.quantiles)(truth, outputs))
    if problem.kind == "regression":
        return 1.0
    if problem.kind == "multiclass":
        return _entropy(np.bincount(truth.astype(int)) / len(truth))
    shares = truth.reshape(len(truth), -1).mean(axis=0)
    return float(np.mean([_entropy(np.array([share, 1 - share])) for share in shares]))


def _spreads(truth: np.ndarray) -> list[float]:
    """The standard deviation of each amount."""
    return [float(spread) or 1.0 for spread in truth.reshape(len(truth), -1).std(axis=0)]


def _entropy(shares: np.ndarray) -> float:
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())
