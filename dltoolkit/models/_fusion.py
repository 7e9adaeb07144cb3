"""A network for mixed columns: a part for each kind, joined before the head."""

from collections.abc import Mapping, Sequence

from dltoolkit._checks import check_number
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _images, _parts, _sounds
from dltoolkit.models._convolutions import Layers
from dltoolkit.models._parts import Style
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import FeatureSpec, ImageAugmentation, Preprocessor, SoundAugmentation
from dltoolkit.preprocessing._dataset import Augmentation
from dltoolkit.problem import Problem

WIDTH = 64
UNITS = (64,)
DROPOUT = 0.1
# Passes over few rows, as the parts that read media learn from nothing; and over many.
SEEN, FEWEST_EPOCHS, MOST_EPOCHS = 300_000, 12, 60
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.05


def fusion(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    width: int = WIDTH,
    units: Sequence[int] = UNITS,
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = "batch",
    dropout: float = DROPOUT,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A network for columns of several kinds: each is read by a part of its own, and the parts are joined.

    Pictures go through the convolutions of `cnn`, sounds and sequences through those of `audio_cnn`, texts become the
    mean of their tokens' vectors, numbers and categories what `mlp` makes of them. Each part ends in `width` units, so
    that none outweighs another by its size alone; dense layers follow.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, and the base rates that the output bias starts from.
        width: Units that each part ends in, at least 1. Defaults to 64.
        units: Width of the dense layers behind the joined parts. Defaults to ``(64,)``.
        activation: Keras activation. Defaults to ``"relu"``.
        initializer: Keras initialiser of the weights. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None. Defaults to ``"batch"``.
        dropout: Share of the units left out at each training step, in [0, 1). Defaults to 0.1.
        l1: Weight of the L1 penalty, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty, at least 0. Defaults to 0: the recipe decays the weights.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If an option is out of its range or unknown.

    References:
        Baltrušaitis et al. (2019), Multimodal machine learning: joining late, when each kind has a vector of its own.
    """
    check_number(width, "width", low=1, whole=True)
    _parts.check_units(units)
    style = Style(activation, initializer, normalisation, dropout, l1, l2, seed)
    inputs = _parts.inputs_of(preprocessor)
    found = _read(inputs, preprocessor, Style(activation, initializer, normalisation, 0.0, l1, l2, seed))
    parts = [_ended(x, width, style, inputs, number=i) for i, x in enumerate(found, start=1)]
    x = _parts.hidden(_parts.joined(parts, free_name("joined", inputs)), units, style, inputs)
    return _parts.finish(x, inputs, problem, preprocessor, name="fusion", output_bias=output_bias, seed=seed)


def _read(
    inputs: Mapping[str, keras.KerasTensor], preprocessor: Preprocessor, style: Style
) -> list[keras.KerasTensor]:
    """Each column of media as a vector, then all of the table as one."""
    found, table = [], _parts.of_role(preprocessor, "table")
    for i, (name, spec) in enumerate(preprocessor.specs.items()):
        if spec.role == "image":
            found.append(_seen(inputs[name], style, inputs, i))
        elif spec.role in ("audio", "sequence"):
            found.append(_heard(inputs[name], spec, Layers(style, inputs, i)))
        elif spec.role == "text":
            found += _parts.vectors(inputs, preprocessor, [name], seed=style.seed)
    if table:
        numbers = _parts.vectors(inputs, preprocessor, table, seed=style.seed)
        found.append(_parts.joined(numbers, free_name("table", inputs)))
    return found


def _seen(
    x: keras.KerasTensor, style: Style, taken: Mapping[str, keras.KerasTensor], column: int
) -> keras.KerasTensor:
    """A picture's vector, by the convolutions of `cnn` at their usual sizes."""
    sizes = _images._Sizes(None, 2, _images.KERNEL, (), "average")
    return _images._vector(x, "cnn", Layers(style, taken, column), sizes)


def _heard(x: keras.KerasTensor, spec: FeatureSpec, layers: Layers) -> keras.KerasTensor:
    """The vector of a sound or a sequence, by the convolutions of `audio_cnn` at their usual sizes."""
    return _sounds._vector(x, spec, layers, _sounds._Sizes(None, _sounds.KERNEL, "both"))


def _ended(
    x: keras.KerasTensor, width: int, style: Style, taken: Mapping[str, keras.KerasTensor], *, number: int
) -> keras.KerasTensor:
    """A part's last layer."""
    start = style.start(1000 + number)
    name = free_name(f"part_{number}", taken)
    x = keras.layers.Dense(width, kernel_initializer=start, kernel_regularizer=style.penalty, name=name)(x)
    x = _parts.normalised(x, style.normalisation, free_name(f"part_{number}_norm", taken))
    return keras.layers.Activation(style.activation, name=free_name(f"part_{number}_on", taken))(x)


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How ``fusion`` is trained by default: one cycle of the learning rate, pictures and sounds a little varied."""
    rows = max(_parts.rows_of(preprocessor), 1)
    specs = {column: preprocessor.specs[name] for column, name in preprocessor.media.items()}
    varied: dict[str, Augmentation] = {
        column: ImageAugmentation(shift=_images.SHIFT)
        if spec.role == "image"
        else SoundAugmentation(spec_time=_sounds.MASK, spec_frequency=_sounds.MASK)
        for column, spec in specs.items()
        if spec.role == "image" or (spec.role == "audio" and spec.shape[-1] > 1)
    }
    return Recipe(
        optimizer="adamw",
        learning_rate=LEARNING_RATE,
        schedule="one-cycle",
        weight_decay=WEIGHT_DECAY,
        epochs=min(max(SEEN // rows, FEWEST_EPOCHS), MOST_EPOCHS),
        patience=10 if any(spec.role == "text" for spec in specs.values()) else None,
        augment=varied or None,
        why="One cycle of the learning rate, as for the networks that it is made of.",
    )
