"""Convolutional networks for columns of pictures."""

import dataclasses
from collections.abc import Sequence

from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._convolutions import LEAST_SIDE, Layers
from dltoolkit.models._parts import Style
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import ImageAugmentation, Preprocessor
from dltoolkit.problem import Problem

KERNEL = 3
# Pictures higher or wider than this are brought down by the first layer at once, by 2, or by 4 above the second number, as
# ResNet does (He et al. 2016): else most of the work is spent on the first few filters.
FULL_SIDE, HALF_SIDE = 48, 96
# Filters of the first layer, by its stride; each stage has twice those of the stage before.
FILTERS = {1: 32, 2: 16, 4: 16}
POOLING = ("average", "max")
# Pictures seen in training, all epochs together, that a small network needs: more passes where there are fewer. Between
# these bounds.
SEEN, FEWEST_EPOCHS, MOST_EPOCHS = 540_000, 10, 40
# The highest rate of AdamW, and how much the weights are held back; for batches of 128.
LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING = 4e-3, 0.05, 0.05
BATCHES = ((128, 8_000), (64, 1_000), (32, 0))  # and the fewest rows for it
SHIFT = 0.07  # of height and width: 2 of 28 pixels


def cnn(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    filters: Sequence[int] | None = None,
    blocks: int = 2,
    kernel: int = KERNEL,
    units: Sequence[int] = (),
    pooling: str = "average",
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = "batch",
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A convolutional network: the same small filters all over the picture, in stages that halve it and double them.

    One layer of filters, then a stage for each further number in `filters`, of `blocks` layers each; what is left of the
    picture is averaged. Every column of pictures gets filters of its own; other columns join before the head.

    `training.fit` shows it slightly shifted pictures. Where a mirrored picture means the same, let it show these too:
    ``augment=preprocessing.ImageAugmentation(flip="horizontal", shift=0.07)``.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, and the base rates that the output bias starts from.
        filters: Filters of the first layer and of each stage, at least 1 each. Defaults to None: ``(32, 64, 128)`` for
            pictures of up to 48 pixels; ``(16, 32, 64, 128)`` for larger ones, whose first layer also takes every second
            or fourth pixel only; one stage more above 192 pixels.
        blocks: Layers a stage, at least 1. Defaults to 2.
        kernel: Height and width of the filters in pixels, at least 1. Defaults to 3.
        units: Width of dense layers between the pictures' vector and the head. Defaults to none.
        pooling: ``"average"`` or ``"max"``: what is kept of each filter at the end. Defaults to the former.
        activation: Keras activation. Defaults to ``"relu"``.
        initializer: Keras initialiser of the filters. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None. Defaults to ``"batch"``.
        dropout: Share of the vector (and of dense units) left out at each training step, in [0, 1). Defaults to 0.
        l1: Weight of the L1 penalty on the filters, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on them, at least 0. Defaults to 0: the recipe decays the weights.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If there is no column of pictures, or an option is out of its range or unknown.

    References:
        LeCun et al. (1998), Gradient-based learning applied to document recognition. Simonyan and Zisserman (2015), Very
        deep convolutional networks, for stages of small filters. Lin et al. (2014), Network in network, for the average
        at the end.
    """
    style = Style(
        activation=activation,
        initializer=initializer,
        normalisation=normalisation,
        dropout=dropout,
        l1=l1,
        l2=l2,
        seed=seed,
    )
    sizes = _Sizes(filters=filters, blocks=blocks, kernel=kernel, units=units, pooling=pooling)
    return _network("cnn", sizes, style, problem=problem, preprocessor=preprocessor, output_bias=output_bias)


def resnet(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    filters: Sequence[int] | None = None,
    blocks: int = 1,
    kernel: int = KERNEL,
    units: Sequence[int] = (),
    pooling: str = "average",
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = "batch",
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A residual network: each block of two layers adds to what comes in, so that gradients find a short way back.

    Without normalisation the blocks end in weights of zero, so that each passes its input on unchanged at the start, and
    signals keep their size however many blocks there are (Zhang et al. 2019, "Fixup initialization").

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs, and the base rates that the output bias starts from.
        filters: As in `cnn`.
        blocks: Blocks of two layers a stage, at least 1. Defaults to 1.
        kernel: Height and width of the filters in pixels, at least 1. Defaults to 3.
        units: Width of dense layers between the pictures' vector and the head. Defaults to none.
        pooling: ``"average"`` or ``"max"``. Defaults to the former.
        activation: Keras activation. Defaults to ``"relu"``.
        initializer: Keras initialiser of the filters. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None. Defaults to ``"batch"``.
        dropout: As in `cnn`. Defaults to 0.
        l1: Weight of the L1 penalty on the filters, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on them, at least 0. Defaults to 0.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: As `cnn`.

    References:
        He et al. (2016), Deep residual learning for image recognition. He et al. (2019), Bag of tricks for image
        classification, for the shortcut that averages.
    """
    style = Style(
        activation=activation,
        initializer=initializer,
        normalisation=normalisation,
        dropout=dropout,
        l1=l1,
        l2=l2,
        seed=seed,
    )
    sizes = _Sizes(filters=filters, blocks=blocks, kernel=kernel, units=units, pooling=pooling)
    return _network(
        "resnet", sizes, style, problem=problem, preprocessor=preprocessor, output_bias=output_bias
    )


@dataclasses.dataclass(frozen=True)
class _Sizes:
    """The options that say how large a network is."""

    filters: Sequence[int] | None
    blocks: int
    kernel: int
    units: Sequence[int]
    pooling: str

    def __post_init__(self) -> None:
        if self.filters is not None:
            _parts.check_units(self.filters, "filters")
            if not len(self.filters):
                stop([complaint("filters", "at least one number of filters", "none")])
        check_number(self.blocks, "blocks", low=1, whole=True)
        check_number(self.kernel, "kernel", low=1, whole=True)
        _parts.check_units(self.units)
        check_choice(self.pooling, POOLING, "pooling")


def _network(
    name: str,
    sizes: _Sizes,
    style: Style,
    *,
    problem: Problem,
    preprocessor: Preprocessor,
    output_bias: str,
) -> keras.Model:
    """A tower for each column of pictures, joined with all other columns, and the head."""
    inputs = _parts.inputs_of(preprocessor)
    pictures = _pictures(preprocessor, name)
    seen = [_vector(inputs[key], name, Layers(style, inputs, i), sizes) for i, key in enumerate(pictures)]
    x = _parts.joined(seen, free_name("pictures", inputs))
    if style.dropout:
        x = keras.layers.Dropout(style.dropout, seed=style.seed, name=free_name("dropout", inputs))(x)
    x = _parts.with_the_rest(x, inputs, preprocessor, pictures, seed=style.seed)
    x = _parts.hidden(x, sizes.units, style, inputs)
    return _parts.finish(
        x, inputs, problem, preprocessor, name=name, output_bias=output_bias, seed=style.seed
    )


def _pictures(preprocessor: Preprocessor, name: str) -> list[str]:
    """The features that are pictures: one at least."""
    found = _parts.of_role(preprocessor, "image")
    if not found:
        roles = sorted({spec.role for spec in preprocessor.specs.values()})
        cure = "Build what fits these columns: models.build(problem, preprocessor)."
        stop(
            [
                complaint(
                    f"preprocessor, for {name}", "a column of pictures", f"features of {listed(roles)}", cure
                )
            ]
        )
    return found


def _vector(x: keras.KerasTensor, name: str, layers: Layers, sizes: _Sizes) -> keras.KerasTensor:
    """A picture as one number a filter."""
    x = (_residual if name == "resnet" else _plain)(x, layers, sizes)
    average = sizes.pooling == "average"
    pool = keras.layers.GlobalAveragePooling2D if average else keras.layers.GlobalMaxPooling2D
    return pool(name=free_name(f"vector_{layers.column + 1}", layers.taken))(x)


def _stem(x: keras.KerasTensor, layers: Layers, sizes: _Sizes) -> tuple[keras.KerasTensor, list[int]]:
    """The first layer, and the filters of each stage behind it."""
    side = min(x.shape[1:3])
    stride = 1 if side <= FULL_SIDE else 2 if side <= HALF_SIDE else 4
    stages = 2 + (stride > 1) + (side // stride > FULL_SIDE)
    filters = list(sizes.filters or (FILTERS[stride] << i for i in range(stages + 1)))
    kernel = sizes.kernel if stride == 1 else 2 * stride - 1
    x = layers.active(layers.filtered(x, filters[0], kernel, stride=stride, halve=stride == 1))
    return x, filters[1:]


def _plain(x: keras.KerasTensor, layers: Layers, sizes: _Sizes) -> keras.KerasTensor:
    """Stages of layers, halved at the end of each stage but the last."""
    x, stages = _stem(x, layers, sizes)
    for stage, filters in enumerate(stages, start=1):
        for block in range(1, sizes.blocks + 1):
            ends = block == sizes.blocks and stage < len(stages)
            x = layers.active(layers.filtered(x, filters, sizes.kernel, halve=ends))
    return x


def _residual(x: keras.KerasTensor, layers: Layers, sizes: _Sizes) -> keras.KerasTensor:
    """Stages of blocks, halved at the beginning of each stage but the first."""
    x, stages = _stem(x, layers, sizes)
    for stage, filters in enumerate(stages, start=1):
        for block in range(sizes.blocks):
            begins = block == 0 and stage > 1 and min(x.shape[1:3]) >= LEAST_SIDE
            x = _block(x, filters, layers, kernel=sizes.kernel, stride=2 if begins else 1)
    return x


def _block(
    x: keras.KerasTensor, filters: int, layers: Layers, *, kernel: int, stride: int
) -> keras.KerasTensor:
    """Two layers, added to what came in (averaged over 2 x 2 pixels, and by filters of 1 x 1, where sizes differ)."""
    inner = layers.active(layers.filtered(x, filters, kernel, stride=stride))
    inner = layers.filtered(inner, filters, kernel, zero=True)
    if stride > 1:
        x = keras.layers.AveragePooling2D(stride, padding="same", name=layers.name("shortcut_pool"))(x)
    if x.shape[-1] != filters:
        x = layers.filtered(x, filters, 1)
    return layers.active(keras.layers.Add(name=layers.name("add"))([inner, x]))


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How ``cnn`` and ``resnet`` are trained by default: one cycle of the learning rate, pictures a little shifted.

    What is varied is safe for any picture: nothing is mirrored or turned, as a mirrored digit is no digit.

    References:
        Smith and Topin (2019), Super-convergence. Loshchilov and Hutter (2019), Decoupled weight decay regularization.
        Szegedy et al. (2016), Rethinking the Inception architecture, for smoothed labels.
    """
    rows = max(_parts.rows_of(preprocessor), 1)
    return Recipe(
        optimizer="adamw",
        learning_rate=LEARNING_RATE,
        schedule="one-cycle",
        weight_decay=WEIGHT_DECAY,
        label_smoothing=LABEL_SMOOTHING if problem.kind == "multiclass" else 0.0,
        epochs=min(max(SEEN // rows, FEWEST_EPOCHS), MOST_EPOCHS),
        patience=None,
        batch_size=next(size for size, least in BATCHES if rows >= least),
        augment=ImageAugmentation(shift=SHIFT),
        why="One cycle of the learning rate reaches in a dozen passes what a constant one does in a hundred.",
    )
