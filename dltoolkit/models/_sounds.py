"""Convolutional networks for columns of sounds and of sequences."""

import dataclasses
from collections.abc import Sequence

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._convolutions import LEAST_SIDE, Layers
from dltoolkit.models._parts import Style
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import FeatureSpec, Preprocessor, SoundAugmentation
from dltoolkit.problem import Problem

KERNEL = 3
FIRST_KERNEL = 5
# Filters of each layer: of spectrograms, which are halved in time and frequency by the first three; of sequences.
FILTERS_2D, FILTERS_1D = (16, 32, 64, 96), (64, 64, 64)
# Longer sequences than this are waveforms in all but name: a wide first filter and strides of 4, as Dai et al. (2017, "Very
# deep convolutional neural networks for raw waveforms") take them.
LONG, LONG_KERNEL, LONG_STRIDE = 1_024, 80, 4
POOLING = ("average", "max", "both")
# Sounds (or sequences) seen in training, all epochs together; more passes where there are fewer, between these bounds.
SEEN, FEWEST_EPOCHS, MOST_EPOCHS = 25_000, 10, 60
LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING, BATCH = 3e-3, 0.01, 0.1, 32
# SpecAugment (Park et al. 2019), milder: one band in time and one in frequency, up to 15 % wide.
MASK = (1, 0.15)


def audio_cnn(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    filters: Sequence[int] | None = None,
    kernel: int = KERNEL,
    units: Sequence[int] = (),
    pooling: str = "both",
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = "batch",
    dropout: float = 0.2,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A convolutional network for sounds and sequences: the same small filters all along time.

    Spectrograms are filtered in time and frequency, so that a voice that is higher or slower still fits; sequences and
    waveforms along time alone. What the last filters find (of a spectrogram, in each band) is pooled over time. Each
    column gets filters of its own; other columns join before the head.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, and the base rates that the output bias starts from.
        filters: Filters of each layer, at least 1 each. Defaults to None: ``(16, 32, 64, 96)`` for spectrograms,
            ``(64, 64, 64)`` for sequences and waveforms.
        kernel: Size of the filters behind the first layer, in steps (and bands), at least 1. Defaults to 3.
        units: Width of dense layers between the pooled filters and the head. Defaults to none.
        pooling: ``"average"``, ``"max"`` or ``"both"``: what is kept of each filter over time. Defaults to ``"both"``.
        activation: Keras activation. Defaults to ``"relu"``.
        initializer: Keras initialiser of the filters. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None. Defaults to ``"batch"``.
        dropout: Share of the pooled filters left out at each training step, in [0, 1). Defaults to 0.2.
        l1: Weight of the L1 penalty on the filters, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on them, at least 0. Defaults to 0: the recipe decays the weights.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If there is no column of sounds or sequences, or an option is out of its range or unknown.

    References:
        Hershey et al. (2017), CNN architectures for large-scale audio classification. Dai et al. (2017), Very deep
        convolutional neural networks for raw waveforms. Wang, Yan and Oates (2017), Time series classification from
        scratch with deep neural networks, for sequences.
    """
    style = Style(activation, initializer, normalisation, dropout, l1, l2, seed)
    check_number(kernel, "kernel", low=1, whole=True)
    _parts.check_units(units)
    if filters is not None:
        _parts.check_units(filters, "filters")
    check_choice(pooling, POOLING, "pooling")
    inputs = _parts.inputs_of(preprocessor)
    names = _heard(preprocessor)
    sizes = _Sizes(filters, kernel, pooling)
    found = [
        _vector(inputs[name], preprocessor.specs[name], Layers(style, inputs, i), sizes)
        for i, name in enumerate(names)
    ]
    x = _parts.joined(found, free_name("sounds", inputs))
    if dropout:
        x = keras.layers.Dropout(dropout, seed=seed, name=free_name("dropout", inputs))(x)
    x = _parts.with_the_rest(x, inputs, preprocessor, names, seed=seed)
    x = _parts.hidden(x, units, style, inputs)
    return _parts.finish(
        x, inputs, problem, preprocessor, name="audio_cnn", output_bias=output_bias, seed=seed
    )


@dataclasses.dataclass(frozen=True)
class _Sizes:
    """The options that say how large a network is."""

    filters: Sequence[int] | None
    kernel: int
    pooling: str


def _heard(preprocessor: Preprocessor) -> list[str]:
    """The features that are sounds or sequences: one at least."""
    found = _parts.of_role(preprocessor, "audio", "sequence")
    if not found:
        roles = sorted({spec.role for spec in preprocessor.specs.values()})
        cure = "Build what fits these columns: models.build(problem, preprocessor)."
        got = f"features of {listed(roles)}"
        stop([complaint("preprocessor, for audio_cnn", "a column of sounds or sequences", got, cure)])
    return found


def _vector(x: keras.KerasTensor, spec: FeatureSpec, layers: Layers, sizes: _Sizes) -> keras.KerasTensor:
    """A sound or a sequence as one row of numbers."""
    spectrogram = spec.role == "audio" and spec.shape[-1] > 1
    if spectrogram:
        x = keras.layers.Reshape((*spec.shape, 1), name=layers.name("image"))(x)
    filters = sizes.filters or (FILTERS_2D if spectrogram else FILTERS_1D)
    long = not spectrogram and spec.shape[0] > LONG
    for i, width in enumerate(filters):
        kernel = (LONG_KERNEL if long else FIRST_KERNEL) if i == 0 else sizes.kernel
        stride = LONG_STRIDE if long else 2
        sides = x.shape[1:-1]
        shrinks = min(sides) >= 2 * LEAST_SIDE and (spectrogram or long)
        x = layers.active(layers.filtered(x, int(width), kernel, stride=stride if shrinks else 1))
    return _pooled(x, sizes.pooling, layers)


def _pooled(x: keras.KerasTensor, pooling: str, layers: Layers) -> keras.KerasTensor:
    """What is kept of each filter (and band) over time."""
    if len(x.shape) == 4:
        x = keras.layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name=layers.name("bands"))(x)
    found = []
    if pooling != "max":
        found.append(keras.layers.GlobalAveragePooling1D(name=layers.name("average"))(x))
    if pooling != "average":
        found.append(keras.layers.GlobalMaxPooling1D(name=layers.name("largest"))(x))
    return _parts.joined(found, layers.name("pooled"))


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How ``audio_cnn`` is trained by default: one cycle of the learning rate, with bands of spectrograms left out.

    References:
        Park et al. (2019), SpecAugment. Smith and Topin (2019), Super-convergence. Szegedy et al. (2016), Rethinking the
        Inception architecture, for smoothed labels.
    """
    rows = max(_parts.rows_of(preprocessor), 1)
    spectrograms = any(s.role == "audio" and s.shape[-1] > 1 for s in preprocessor.specs.values())
    return Recipe(
        optimizer="adamw",
        learning_rate=LEARNING_RATE,
        schedule="one-cycle",
        weight_decay=WEIGHT_DECAY,
        label_smoothing=LABEL_SMOOTHING if problem.kind == "multiclass" else 0.0,
        epochs=min(max(SEEN // rows, FEWEST_EPOCHS), MOST_EPOCHS),
        patience=None,
        batch_size=min(BATCH, rows),
        augment=SoundAugmentation(spec_time=MASK, spec_frequency=MASK) if spectrograms else None,
        why="One cycle of the learning rate reaches in a dozen passes what a constant one does in a hundred.",
    )
