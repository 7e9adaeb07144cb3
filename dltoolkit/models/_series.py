"""Networks that forecast: the steps to come of a series, from its past and from what is known of them."""

import dataclasses
import re
from collections.abc import Mapping

import numpy as np

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._choices import OUTPUT_BIASES
from dltoolkit.models._parts import Style
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

ops = keras.ops
FORECASTERS = ("nbeats", "linear", "rnn")
LEVELS = ("mean", "last", "none")
UNITS, LAYERS, BLOCKS = 128, 2, 2
# Added to the variance of a window, in the feature's units, so that one without any change is not blown up.
LEAST_VARIANCE = 1e-6
LEARNING_RATE, WEIGHT_DECAY, WARMUP = 1e-3, 1e-4, 0.1
# Windows seen in training, all epochs together, between these numbers of passes.
SEEN, FEWEST_EPOCHS, MOST_EPOCHS = 150_000, 10, 60
_AHEAD = re.compile(r"\+\d+$")


def forecaster(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    kind: str = "nbeats",
    units: int = UNITS,
    layers: int = LAYERS,
    blocks: int = BLOCKS,
    level: str = "mean",
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A network that answers how a series goes on, all steps of the horizon (and their quantiles) at once.

    Each window of the past is set apart from its own level and spread, and these are given back to the answer: a series
    that has drifted out of the range that training knew is forecast from where it is. That needs the target's own past
    among the columns (``past_x`` for ``x``, ``x+1``, …, as `data.windows` names them), standardised or as it came; without,
    the answer starts from the training mean. Dates, series ids and whatever else is known of a window join its past.

    Args:
        problem: A regression; gives the number of amounts and of their quantiles.
        preprocessor: Gives the inputs, and where the targets' past is among them.
        kind: ``"nbeats"``: a straight line and blocks that each explain a part of the past and hand on the rest, their
            forecasts added up; ``"linear"``: the line alone, one weight for each step of the past and each to come;
            ``"rnn"``: a GRU that reads step by step, beside a straight line. Defaults to ``"nbeats"``.
        units: Width of hidden layers, at least 1. Defaults to 128.
        layers: Hidden layers (of a block), at least 1. Defaults to 2.
        blocks: Blocks of ``"nbeats"``, at least 1. Defaults to 2.
        level: What a window is set apart from: its ``"mean"``, its ``"last"`` step, or ``"none"``: nothing is, and
            neither is its spread. Defaults to ``"mean"``.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None. Defaults to None.
        dropout: Share of hidden units left out at each training step, in [0, 1). Defaults to 0.
        l1: Weight of the L1 penalty on hidden weights, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on them, at least 0. Defaults to 0: the recipe decays the weights.
        output_bias: ``"base_rate"``: quantiles start where those of a bell curve are; ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` in the targets' units out.

    Raises:
        InputError: If the problem is no regression, there is no sequence, or an option is out of its range or unknown.

    References:
        Oreshkin et al. (2020), N-BEATS. Zeng et al. (2023), Are transformers effective for time series forecasting?, for
        the linear one. Cho et al. (2014) for the GRU. Kim et al. (2022), Reversible instance normalization.
    """
    check_choice(kind, FORECASTERS, "kind")
    check_choice(level, LEVELS, "level")
    check_choice(output_bias, OUTPUT_BIASES, "output_bias")
    for value, name in ((units, "units"), (layers, "layers"), (blocks, "blocks")):
        check_number(value, name, low=1, whole=True)
    style = Style(activation, initializer, normalisation, dropout, l1, l2, seed)
    _check_fits(problem, preprocessor)
    inputs = _parts.inputs_of(preprocessor)
    past = _Past.of(inputs, preprocessor, level)
    rest = _parts.vectors(inputs, preprocessor, [n for n in inputs if n not in past.windows], seed=seed)
    sizes = _Sizes(int(units), int(layers), int(blocks))
    make = _Network(style, inputs, sizes, problem.head.units)
    answer = {"nbeats": make.nbeats, "linear": make.linear, "rnn": make.rnn}[kind](past.windows, rest)
    model = keras.Model(inputs, past.placed(answer, problem, preprocessor), name="forecaster")
    if problem.quantiles and output_bias == "base_rate":
        _parts.start_at_base_rate(make.last, problem, preprocessor)
    return model


def _check_fits(problem: Problem, preprocessor: Preprocessor) -> None:
    complaints = []
    if problem.kind != "regression":
        cure = "Of classes, models.audio_cnn reads sequences."
        complaints.append(complaint("problem, for forecaster", "amounts", f"a {problem.kind} problem", cure))
    if not _parts.of_role(preprocessor, "sequence"):
        roles = sorted({spec.role for spec in preprocessor.specs.values()})
        cure = "data.windows cuts a series into them."
        got = f"features of {listed(roles)}"
        complaints.append(complaint("preprocessor, for forecaster", "a column of sequences", got, cure))
    stop(complaints)


@dataclasses.dataclass(frozen=True)
class _Sizes:
    """The options that say how large a network is."""

    units: int
    layers: int
    blocks: int


@dataclasses.dataclass(frozen=True)
class _Past:
    """The windows, each set apart from its level and spread, and these.

    Attributes:
        windows: Feature to ``(n, steps, channels)``.
        scales: Feature to its level and its spread, each ``(n, channels)``; none where nothing was set apart.
        columns: Feature to the column that it comes from.
        taken: Names that no layer may have.
    """

    windows: dict[str, keras.KerasTensor]
    scales: dict[str, tuple[keras.KerasTensor, keras.KerasTensor]]
    columns: dict[str, str]
    taken: Mapping[str, object]

    @classmethod
    def of(cls, inputs: Mapping[str, keras.KerasTensor], preprocessor: Preprocessor, level: str) -> "_Past":
        columns = {feature: column for column, feature in preprocessor.media.items()}
        windows, scales = {}, {}
        for i, name in enumerate(_parts.of_role(preprocessor, "sequence")):
            windows[name] = inputs[name]
            if level != "none" and preprocessor.steps_scale(columns[name]) is not None:
                apart = _set_apart(inputs[name].shape[1:], level, free_name(f"window_{i}", inputs))
                windows[name], *rest = apart(inputs[name])
                scales[name] = (rest[0], rest[1])
        return cls(windows, scales, columns, inputs)

    def placed(
        self, answer: keras.KerasTensor, problem: Problem, preprocessor: Preprocessor
    ) -> keras.KerasTensor:
        """The answer with level and spread given back, in the targets' units."""
        found = {self.columns[name]: name for name in self.scales}
        own = [
            found.get(f"past_{_AHEAD.sub('', target)}", found.get(f"past_{target}"))
            for target in problem.targets
        ]
        if not all(own):
            return _parts.target_units(answer, problem, preprocessor)
        times = problem.head.units // len(own)
        used = list(dict.fromkeys(name for name in own if name))
        places = [used.index(name) for name in own if name for _ in range(times)]
        units = [preprocessor.steps_scale(self.columns[name]) or (0.0, 1.0) for name in used]
        give_back = _give_back(places, units, free_name("levels", self.taken))
        levels, spreads = ([self.scales[name][i] for name in used] for i in (0, 1))
        return give_back(
            [
                answer,
                _parts.joined(levels, free_name("level", self.taken)),
                _parts.joined(spreads, free_name("spread", self.taken)),
            ]
        )


def _set_apart(shape: tuple[int, ...], level: str, name: str) -> keras.Model:
    """A window into itself less its level, over its spread; its level; its spread."""
    window = keras.Input(shape)
    mean = ops.mean(window, axis=1, keepdims=True)
    spread = ops.sqrt(ops.mean(ops.square(window - mean), axis=1, keepdims=True) + LEAST_VARIANCE)
    from_ = mean if level == "mean" else window[:, -1:]
    return keras.Model(window, [(window - from_) / spread, from_[:, 0], spread[:, 0]], name=name)


def _give_back(places: list[int], units: list[tuple[float, float]], name: str) -> keras.Model:
    """An answer times its window's spread, plus its level, in the unit of the series."""
    n = len(units)
    answer, level, spread = keras.Input((len(places),)), keras.Input((n,)), keras.Input((n,))
    centre, scale = (np.array([unit[i] for unit in units], "float32")[places] for i in (0, 1))
    pick = np.eye(n, dtype="float32")[:, places]
    value = answer * ops.matmul(spread, pick) + ops.matmul(level, pick)
    return keras.Model([answer, level, spread], value / scale + centre, name=name)


@dataclasses.dataclass
class _Network:
    """Makes the layers between the windows and the answer, in spreads of the window around its level."""

    style: Style
    taken: Mapping[str, object]
    sizes: _Sizes
    outputs: int
    last: keras.layers.Dense | None = None

    def dense(self, x: keras.KerasTensor, name: str, width: int | None = None) -> keras.KerasTensor:
        """Weights that start at zero: the untrained network answers with the level."""
        layer = keras.layers.Dense(
            width or self.outputs, kernel_initializer="zeros", name=free_name(name, self.taken)
        )
        self.last = layer
        return layer(x)

    def hidden(self, x: keras.KerasTensor, number: int) -> keras.KerasTensor:
        """A stack of hidden layers, the first of them number `number`."""
        for i in range(number, number + self.sizes.layers):
            x = keras.layers.Dense(
                self.sizes.units,
                kernel_initializer=self.style.start(i),
                kernel_regularizer=self.style.penalty,
                name=free_name(f"hidden_{i}", self.taken),
            )(x)
            x = self.style.finished(x, i, self.taken)
        return x

    def joined(self, parts: list[keras.KerasTensor], name: str) -> keras.KerasTensor:
        return _parts.joined(parts, free_name(name, self.taken))

    def flat(self, windows: Mapping[str, keras.KerasTensor]) -> keras.KerasTensor:
        """All windows as one row."""
        parts = [_parts.flat(x, free_name(f"past_{i}", self.taken)) for i, x in enumerate(windows.values())]
        return self.joined(parts, "pasts")

    def straight(
        self, past: keras.KerasTensor, rest: list[keras.KerasTensor], name: str = "straight"
    ) -> keras.KerasTensor:
        """A straight line from all that is known to the answer."""
        return self.dense(self.joined([past, *rest], "known"), name)

    def linear(
        self, windows: Mapping[str, keras.KerasTensor], rest: list[keras.KerasTensor]
    ) -> keras.KerasTensor:
        """One weight for each number."""
        return self.straight(self.flat(windows), rest, "answer")

    def rnn(
        self, windows: Mapping[str, keras.KerasTensor], rest: list[keras.KerasTensor]
    ) -> keras.KerasTensor:
        """A GRU for each window, hidden layers, and a straight line from the past to the answer beside them."""
        read = []
        for i, x in enumerate(windows.values()):
            layer = keras.layers.GRU(
                self.sizes.units,
                kernel_initializer=_parts.seeded("glorot_uniform", self.style.seed + i),
                recurrent_initializer=_parts.seeded("orthogonal", self.style.seed + i),
                name=free_name(f"gru_{i}", self.taken),
            )
            read.append(layer(x))
        bent = self.dense(self.hidden(self.joined([*read, *rest], "read"), 1), "bent")
        straight = self.straight(self.flat(windows), rest)
        return keras.layers.Add(name=free_name("answer", self.taken))([bent, straight])

    def nbeats(
        self, windows: Mapping[str, keras.KerasTensor], rest: list[keras.KerasTensor]
    ) -> keras.KerasTensor:
        """Blocks, each with a forecast and with a backcast: what of the past it has explained; and a straight line."""
        left = past = self.flat(windows)
        found = []
        for block in range(1, self.sizes.blocks + 1):
            x = self.joined([left, *rest], f"block_{block}")
            x = self.hidden(x, (block - 1) * self.sizes.layers + 1)
            if block < self.sizes.blocks:
                said = self.dense(x, f"backcast_{block}", left.shape[-1])
                left = keras.layers.Subtract(name=free_name(f"left_{block}", self.taken))([left, said])
            found.append(self.dense(x, f"forecast_{block}"))
        found.append(self.straight(past, rest))
        return keras.layers.Add(name=free_name("answer", self.taken))(found)


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How ``forecaster`` is trained by default: the rate falls along a cosine, and the best epoch is kept.

    References:
        Loshchilov and Hutter (2017), SGDR, for the cosine; (2019), Decoupled weight decay regularization.
    """
    rows = max(_parts.rows_of(preprocessor), 1)
    epochs = min(max(SEEN // rows, FEWEST_EPOCHS), MOST_EPOCHS)
    return Recipe(
        optimizer="adamw",
        learning_rate=LEARNING_RATE,
        schedule="cosine",
        warmup=WARMUP,
        weight_decay=WEIGHT_DECAY,
        epochs=epochs,
        patience=epochs,
        why="A rate that falls to nothing settles, and the epoch that forecast the validation part best is kept.",
    )
