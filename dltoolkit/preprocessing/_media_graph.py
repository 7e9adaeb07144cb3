"""Texts, pictures, sounds and sequences in the Keras graph: one model a column, of stock layers and operations."""

import math
from typing import Any

import numpy as np

from dltoolkit._keras import keras
from dltoolkit.data.kinds._mel import mel_matrix
from dltoolkit.preprocessing._media_plan import ImagePlan, MediaPlan, SequencePlan, SoundPlan, TextPlan

ops = keras.ops
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601: how bright red, green and blue look
SOBEL_MOST = 4 * math.sqrt(2)  # the strongest edge that pictures of 0..1 can have
FLOOR = 1e-6  # energy below which all is silence: -60 dB of a full-scale sine in one band, about
SPREAD_FLOOR = 1e-8  # a window flatter than this stays at 0
KERAS_STANDARDISE = {
    "lower-and-split-punctuation": "lower",  # the marks were seen to before, see `_media_host.plain_texts`
    "lower-and-strip-punctuation": "lower_and_strip_punctuation",
    "lower": "lower",
    "strip-punctuation": "strip_punctuation",
    "none": None,
}
KERAS_MODES = {"sequence": "int", "tf-idf": "tf_idf", "multi-hot": "multi_hot", "count": "count"}


def media_model(plan: MediaPlan, name: str) -> keras.Model:
    """One column's part of the graph: its raw form in (see ``plan.raw``), its feature out.

    A sequence that is scaled by series takes the ids of these, int64 ``(n, 1)``, as its second input.

    Args:
        plan: What was learnt.
        name: The model's name.

    Returns:
        keras.Model: A functional model of stock layers.
    """
    shape, dtype = plan.raw
    raw = keras.Input(shape, dtype=dtype)
    if isinstance(plan, SequencePlan) and plan.by:
        ids = keras.Input((1,), dtype="int64")
        return keras.Model([raw, ids], _sequence(plan, raw, ids), name=name)
    return keras.Model(raw, _BUILDERS[plan.role](plan, raw), name=name)


def text_layer(plan: TextPlan) -> keras.layers.TextVectorization:
    """The stock layer that turns texts into ids or counts."""
    weights = {"idf_weights": np.array(plan.idf, "float32")} if plan.treatment == "tf-idf" else {}
    return keras.layers.TextVectorization(
        standardize=KERAS_STANDARDISE[plan.standardise],
        split="character" if plan.unit == "character" else "whitespace",
        ngrams=plan.ngrams if plan.ngrams > 1 else None,
        output_mode=KERAS_MODES[plan.treatment],
        output_sequence_length=plan.length if plan.treatment == "sequence" else None,
        vocabulary=list(plan.vocabulary),
        **weights,
    )


def _text(plan: TextPlan, raw: keras.KerasTensor) -> keras.KerasTensor:
    if plan.unit == "wordpiece":
        return ops.cast(raw, "int32")
    return ops.cast(text_layer(plan)(raw), plan.feature[1])


def _image(plan: ImagePlan, raw: keras.KerasTensor) -> keras.KerasTensor:
    pixels = ops.cast(raw, "float32")
    parts = []
    if plan.edges != "only":
        parts.append(_scaled(pixels, plan))
    if plan.edges != "none":
        parts.append(edge_strength(pixels / 255.0))
    return ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]


def _scaled(pixels: keras.KerasTensor, plan: ImagePlan) -> keras.KerasTensor:
    """Pixels less the centre, times the scale; one number for all channels where there is one, as that is faster."""
    if not any(plan.centre) and len(set(plan.scale)) == 1:
        return pixels * plan.scale[0]
    return (pixels - np.array(plan.centre, "float32")) * np.array(plan.scale, "float32")


def edge_strength(pictures: keras.KerasTensor) -> keras.KerasTensor:
    """How strong the edges are: the length of the Sobel gradient of the brightness, 0 to 1.

    Args:
        pictures: float32 ``(n, height, width, 1 or 3)``, values 0..1.

    Returns:
        Tensor: float32 ``(n, height, width, 1)``; at the border the picture is continued by its mirror image.

    References:
        Sobel and Feldman (1968), "A 3x3 isotropic gradient operator for image processing".
    """
    if pictures.shape[-1] == 3:
        pictures = ops.sum(pictures * np.array(LUMA, "float32"), axis=-1, keepdims=True)
    wide = ops.pad(pictures, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="symmetric")
    up, middle, down = wide[:, :-2], wide[:, 1:-1], wide[:, 2:]
    column_sums, row_difference = up + 2.0 * middle + down, down - up
    across = column_sums[:, :, 2:] - column_sums[:, :, :-2]
    along = row_difference[:, :, :-2] + 2.0 * row_difference[:, :, 1:-1] + row_difference[:, :, 2:]
    return ops.sqrt(across * across + along * along) / SOBEL_MOST


def _sound(plan: SoundPlan, raw: keras.KerasTensor) -> keras.KerasTensor:
    if plan.treatment == "waveform":
        return ops.expand_dims(raw, -1)
    real, imaginary = ops.stft(raw, plan.window, plan.hop, plan.fft, window="hann", center=False)
    energy = real * real + imaginary * imaginary
    if plan.treatment == "log-mel":
        bands = keras.layers.Dense(plan.mels, use_bias=False, trainable=False, name="mel_bands")
        energy = bands(energy)
        bands.set_weights([mel_matrix(plan.rate, plan.fft, plan.mels)])
    return (ops.log(energy + FLOOR) - np.array(plan.centre, "float32")) * np.array(plan.scale, "float32")


def _sequence(
    plan: SequencePlan, raw: keras.KerasTensor, ids: keras.KerasTensor | None = None
) -> keras.KerasTensor:
    known = ops.logical_not(ops.isnan(raw))
    steps = raw
    for _ in range(plan.difference):
        before = ops.concatenate([steps[:, :1], steps[:, :-1]], axis=1)
        steps = steps - ops.where(ops.isnan(before), steps, before)
    if plan.treatment == "window":
        scaled = _by_window(steps, known)
    elif plan.by:
        scaled = (steps - _of_series(plan, plan.centre, ids)) * _of_series(plan, plan.scale, ids)
    else:
        scaled = (steps - np.array(plan.centre)) * np.array(plan.scale)
    filled = ops.cast(ops.where(known, scaled, 0.0), "float32")
    if not plan.ragged:
        return filled
    return ops.concatenate([filled, ops.cast(ops.any(known, axis=2, keepdims=True), "float32")], axis=2)


def _of_series(
    plan: SequencePlan, values: tuple[float, ...], ids: keras.KerasTensor | None
) -> keras.KerasTensor:
    """The numbers of each row's series, float64 ``(n, 1, channels)``."""
    rows = np.array(values, "float64").reshape(-1, plan.channels)
    table = keras.layers.Embedding(len(rows), plan.channels, trainable=False, dtype="float64")
    found = table(ids)
    table.set_weights([rows])
    return found


def _by_window(steps: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
    """Each example and channel by the mean and the standard deviation of its own known steps."""
    weight = ops.cast(known, "float64")
    n = ops.maximum(ops.sum(weight, axis=1, keepdims=True), 1.0)
    values = ops.where(known, steps, 0.0)
    mean = ops.sum(values, axis=1, keepdims=True) / n
    near = ops.where(known, values - mean, 0.0)
    spread = ops.sqrt(ops.sum(near * near, axis=1, keepdims=True) / n)
    return near / ops.where(spread > SPREAD_FLOOR * (1.0 + ops.abs(mean)), spread, 1.0)


_BUILDERS: dict[str, Any] = {"text": _text, "image": _image, "audio": _sound, "sequence": _sequence}
