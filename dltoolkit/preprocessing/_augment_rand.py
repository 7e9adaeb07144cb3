"""RandAugment (Cubuk et al. 2020): for each picture a few operations drawn from fourteen, all of one magnitude."""

from collections.abc import Callable

from dltoolkit._keras import tf
from dltoolkit.preprocessing._augment_images import WHITE, linear_map, moved

# The fourteen operations of Cubuk et al. (2020), RandAugment: practical automated data augmentation with a reduced
# search space; and what magnitude 10 does, from Cubuk et al. (2019), AutoAugment, table 6: turns by 30 degrees, shears by
# 0.3, shifts by 150 of 331 pixels, blends by 0.1 or 1.9, keeps 4 bits of a posterised value, inverts all when solarised.
MOST = 10
TURN, SHEAR, SHIFT, BLEND, BITS = 30 / 360, 0.3, 150 / 331, 0.9, 4
MOVES = ("rotate", "shear-x", "shear-y", "translate-x", "translate-y")
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's "L"
CENTRE = 4  # what a pixel itself counts more than its eight neighbours, in Pillow's ImageFilter.SMOOTH

Operation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def rand_augmented(
    images: tf.Tensor, seed: tf.Tensor, *, n_ops: int, magnitude: float, fill: str
) -> tf.Tensor:
    """Apply `n_ops` operations one after the other, each drawn anew for every picture.

    A picture's moves are one `moved` for the whole batch; the operations on colours see the pictures that drew them alone.

    Args:
        images: float32 ``(n, height, width, 1 or 3)`` in 0..255.
        seed: int64 ``(2,)``.
        n_ops: How many operations.
        magnitude: 0..10.
        fill: As in `moved`.

    Returns:
        tf.Tensor: float32, the shape of `images`, in 0..255.
    """
    n = tf.shape(images)[0]
    for one in tf.unstack(tf.random.split(seed, n_ops)):
        draw, sign = tf.unstack(tf.random.split(one, 2))
        choice = tf.random.stateless_uniform((n,), draw, maxval=len(OPERATIONS), dtype=tf.int32)
        heads = tf.random.stateless_uniform((n,), sign) < 0.5
        images = operated(images, choice, tf.where(heads, 1.0, -1.0) * (magnitude / MOST), fill=fill)
    return images


def operated(images: tf.Tensor, choice: tf.Tensor, level: tf.Tensor, *, fill: str) -> tf.Tensor:
    """One operation for each picture.

    Args:
        images: float32 ``(n, height, width, 1 or 3)`` in 0..255.
        choice: int32 ``(n,)``, positions in `OPERATIONS`.
        level: float32 ``(n,)`` in -1..1, the share of the full magnitude, with a sign for what has two directions.
        fill: As in `moved`.

    Returns:
        tf.Tensor: float32, the shape of `images`.
    """
    images = _moves(images, choice, level, fill)
    group = tf.math.maximum(choice - len(MOVES), 0)  # the moves, done already, join the identity
    rows = tf.dynamic_partition(tf.range(tf.shape(images)[0]), group, len(COLOURS))
    parts = [
        work(tf.gather(images, at), tf.gather(level, at)[:, None, None, None])
        for work, at in zip(COLOURS.values(), rows, strict=True)
    ]
    return tf.ensure_shape(tf.dynamic_stitch(rows, parts), images.shape)


def _moves(images: tf.Tensor, choice: tf.Tensor, level: tf.Tensor, fill: str) -> tf.Tensor:
    """The moves of the pictures that drew one; the others come back bit for bit."""
    amount = {name: tf.where(choice == i, level, 0.0) for i, name in enumerate(MOVES)}
    size = tf.cast(tf.shape(images), tf.float32)
    shear = (SHEAR * amount["shear-x"], SHEAR * amount["shear-y"])
    linear = linear_map(tf.shape(images)[0], turn=TURN * amount["rotate"], shear=shear)
    shift = [SHIFT * amount["translate-x"] * size[2], SHIFT * amount["translate-y"] * size[1]]
    return moved(images, linear, tf.stack(shift, axis=1), fill=fill)


def _identity(images: tf.Tensor, _level: tf.Tensor) -> tf.Tensor:
    return images


def _autocontrast(images: tf.Tensor, _level: tf.Tensor) -> tf.Tensor:
    """Each channel's darkest value to 0 and its lightest to 255."""
    low = tf.reduce_min(images, axis=(1, 2), keepdims=True)
    high = tf.reduce_max(images, axis=(1, 2), keepdims=True)
    stretched = (images - low) * (WHITE / tf.where(high > low, high - low, 1.0))
    return tf.where(high > low, stretched, images)


def _equalize(images: tf.Tensor, _level: tf.Tensor) -> tf.Tensor:
    """Each channel's whole values mapped so that all are about as frequent, by Pillow's rule."""
    shape = tf.shape(images)
    values = tf.cast(tf.round(tf.transpose(images, (0, 3, 1, 2))), tf.int32)
    values = tf.reshape(values, (-1, shape[1] * shape[2]))
    channels = tf.shape(values)[0]
    bins = tf.reshape(values + 256 * tf.range(channels)[:, None], [-1])
    counts = tf.reshape(tf.math.unsorted_segment_sum(tf.ones_like(bins), bins, channels * 256), (-1, 256))
    last = tf.gather(counts, tf.reduce_max(values, axis=1), batch_dims=1)
    step = ((shape[1] * shape[2] - last) // 255)[:, None]
    spread = (step // 2 + tf.cumsum(counts, axis=1, exclusive=True)) // tf.maximum(step, 1)
    table = tf.where(step > 0, tf.minimum(spread, 255), tf.range(256)[None, :])
    mapped = tf.reshape(tf.gather(table, values, batch_dims=1), (-1, images.shape[3], shape[1], shape[2]))
    return tf.cast(tf.transpose(mapped, (0, 2, 3, 1)), tf.float32)


def _posterize(images: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    step = 2.0 ** tf.round(BITS * tf.abs(level))
    return tf.where(step > 1, tf.floor(images / step) * step, images)


def _solarize(images: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    return tf.where(images < 256 * (1 - tf.abs(level)), images, WHITE - images)


def _colour(images: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    return _away_from(_grey(images), images, level)


def _contrast(images: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    return _away_from(tf.reduce_mean(_grey(images), axis=(1, 2), keepdims=True), images, level)


def _brightness(images: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    return _away_from(tf.zeros_like(images), images, level)


def _sharpness(images: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    """Away from, or towards, the smoothed picture; the outermost pixels stay, as in Pillow."""
    rows = images[:, :-2] + images[:, 1:-1] + images[:, 2:]
    around = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    inner = (around + CENTRE * images[:, 1:-1, 1:-1]) / (9 + CENTRE)
    smooth = tf.pad(inner - images[:, 1:-1, 1:-1], ((0, 0), (1, 1), (1, 1), (0, 0))) + images
    return _away_from(smooth, images, level)


def _grey(images: tf.Tensor) -> tf.Tensor:
    if images.shape[3] == 1:
        return images
    return tf.reduce_sum(images * tf.constant(GREY), axis=3, keepdims=True)


def _away_from(dull: tf.Tensor, images: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    """From the dull version (-) over the picture itself (0) to beyond it (+)."""
    return tf.clip_by_value(images + BLEND * level * (images - dull), 0.0, WHITE)


COLOURS: dict[str, Operation] = {
    "identity": _identity,
    "autocontrast": _autocontrast,
    "equalize": _equalize,
    "posterize": _posterize,
    "solarize": _solarize,
    "colour": _colour,
    "contrast": _contrast,
    "brightness": _brightness,
    "sharpness": _sharpness,
}
OPERATIONS = (*MOVES, *COLOURS)
