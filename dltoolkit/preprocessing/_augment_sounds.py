"""Sounds with noise, later or earlier, and their spectrograms with bands left out: a whole batch at a time."""

from dltoolkit._keras import tf


def noisy(waves: tf.Tensor, seed: tf.Tensor, *, most: float) -> tf.Tensor:
    """Add white noise whose standard deviation is 0 to `most` times the root mean square of each sound.

    Args:
        waves: float32 ``(n, samples)``.
        seed: int64 ``(2,)``.
        most: The largest ratio, above 0; 0.1 is a signal-to-noise ratio of 20 dB.

    Returns:
        tf.Tensor: float32 ``(n, samples)``; silence stays silence.
    """
    level, noise = tf.unstack(tf.random.split(seed, 2))
    loudness = tf.sqrt(tf.reduce_mean(waves**2, axis=1, keepdims=True))
    ratio = tf.random.stateless_uniform((tf.shape(waves)[0], 1), level, 0.0, most)
    return waves + loudness * ratio * tf.random.stateless_normal(tf.shape(waves), noise)


def shifted(waves: tf.Tensor, seed: tf.Tensor, *, most: float) -> tf.Tensor:
    """Move each sound later or earlier by up to `most` of its length; what is left empty is silence.

    Args:
        waves: float32 ``(n, samples)``.
        seed: int64 ``(2,)``.
        most: The largest shift as a share of the length, in 0..1.

    Returns:
        tf.Tensor: float32 ``(n, samples)``.
    """
    n, samples = tf.unstack(tf.shape(waves))
    by = tf.random.stateless_uniform((n, 1), seed, -most, most) * tf.cast(samples, tf.float32)
    source = tf.range(samples)[None, :] - tf.cast(tf.round(by), tf.int32)
    known = (source >= 0) & (source < samples)
    moved = tf.gather(waves, tf.clip_by_value(source, 0, samples - 1), batch_dims=1)
    return tf.ensure_shape(tf.where(known, moved, 0.0), waves.shape)


def masked(spectrograms: tf.Tensor, seed: tf.Tensor, *, axis: int, bands: tuple[int, float]) -> tf.Tensor:
    """Overwrite bands of each spectrogram with its mean: SpecAugment (Park et al. 2019), without time warping.

    Args:
        spectrograms: float32 ``(n, frames, mels)`` or ``(n, frames, mels, 1)``.
        seed: int64 ``(2,)``.
        axis: 1 for time, 2 for frequency.
        bands: How many, and the width of the widest as a share of the axis. Widths are drawn evenly from 0 up, places evenly
            from where the band fits.

    Returns:
        tf.Tensor: The shape of `spectrograms`.
    """
    number, widest = bands
    shape = tf.shape(spectrograms)
    size = tf.cast(shape[axis], tf.float32)
    draws = tf.random.stateless_uniform((2, shape[0], number, 1), seed)
    width = tf.floor(draws[0] * (tf.floor(widest * size) + 1))
    start = tf.floor(draws[1] * (size - width + 1))
    place = tf.range(size)
    inside = tf.reduce_any((place >= start) & (place < start + width), axis=1)
    inside = tf.expand_dims(inside, 2 if axis == 1 else 1)
    mean = tf.reduce_mean(spectrograms, axis=range(1, len(spectrograms.shape)), keepdims=True)
    return tf.where(inside if len(spectrograms.shape) == 3 else inside[..., None], mean, spectrograms)
