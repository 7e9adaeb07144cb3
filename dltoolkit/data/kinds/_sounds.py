"""Sounds as arrays of one rate and one channel: any file that libsndfile reads, or an array of samples."""

import dataclasses
import functools
import math
import os
from typing import Any, Literal

import numpy as np
import soundfile
from scipy import signal

from dltoolkit._checks import InputError, check_number
from dltoolkit.data.kinds import _cells
from dltoolkit.data.kinds._cells import Fault

MAX_SAMPLES = 2**28  # of one sound and one channel, 1 GiB as float32: an hour and a half at 48,000 Hz
MAX_RATE = 768_000  # samples a second: the highest rate of studio hardware; above it a header is damaged
MAX_CHANNELS = 64  # an array with more of them holds its channels first
LOUDEST = (
    16.0  # floats beyond it are integers in disguise: full scale is 1, and 24 dB above it is no recording
)
_HALF_TAPS = 10  # half the length of the resampling filter, in samples of the slower rate, as in SciPy
_KAISER_BETA = 5.0  # and its window, as in SciPy
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # what a program that streams writes for the length of a WAV file
_BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RIFX": "big", b"FORM": "big"}
_CURE = "Download or copy it again, or leave it out."


@dataclasses.dataclass(frozen=True)
class SoundInfo:
    """What a sound file's header says, without its samples.

    Attributes:
        rate: Samples a second (Hz); None for an array whose rate is not given.
        channels: 1 is mono, 2 is stereo.
        samples: Samples of each channel.
        format: The kind of file by its content, such as ``"WAV"`` or ``"FLAC"``; ``"array"`` for an array.
        subtype: How a sample is kept, such as ``"PCM_16"`` or ``"VORBIS"``; the dtype of an array.
    """

    rate: int | None
    channels: int
    samples: int
    format: str
    subtype: str

    @property
    def seconds(self) -> float | None:
        """The length in seconds; None where the rate is not given."""
        return self.samples / self.rate if self.rate else None


def load_sound(cell: Any, *, rate: int, cell_rate: int | None = None) -> np.ndarray:
    """One sound as an array of one channel at one rate, from a file or from an array.

    A file is told by its content, not by its name: WAV (8 to 32 bits, or float), FLAC, OGG, MP3, AIFF and what else
    libsndfile reads. Whole numbers are divided by the largest power of two of their type, so that full scale is 1.
    Floats are kept as they are, also a little beyond 1; nothing is clipped. Channels are mixed down by their mean.
    Another rate is brought to `rate` by a polyphase filter (`scipy.signal.resample_poly`, Kaiser window).

    Args:
        cell: A file's path, or an array of shape ``(samples,)`` or ``(samples, channels)``.
        rate: Samples a second of the result (Hz).
        cell_rate: The rate of an array (Hz). Defaults to None: it is `rate` already. A file says its own.

    Returns:
        numpy.ndarray: dtype ``float32``, shape ``(samples,)``.

    Raises:
        InputError: If the file is missing, empty, truncated, damaged, no sound or without samples; if an array has
            another shape, NaN, or values that are no samples. The message names the file.

    Example:
        >>> load_sound(np.array([[0, 16384], [-32768, 0]], np.int16), rate=8000).tolist()
        [0.25, -0.5]
    """
    rule = _Rule.checked(rate, None, cell_rate)
    try:
        return rule.apply(cell)
    except Fault as fault:
        raise InputError(fault.said(_cells.named(cell))) from fault.__cause__


def load_sounds(
    column: Any, *, rate: int, seconds: float, cell_rate: int | None = None, workers: int | None = None
) -> np.ndarray:
    """A column of sounds as one array; the rules are those of `load_sound`.

    A shorter sound is filled up with zeros at its end, a longer one is cut off there.

    Args:
        column: Paths or arrays (a Series, a list, or an array of sounds), shape ``(n_rows,)``.
        rate: Samples a second of the result (Hz).
        seconds: The length of every sound in the result.
        cell_rate: The rate of arrays (Hz). Defaults to None: it is `rate` already.
        workers: Threads that decode; the result does not depend on them. Defaults to None: one a core.

    Returns:
        numpy.ndarray: dtype ``float32``, shape ``(n_rows, round(rate * seconds))``.

    Raises:
        InputError: If a sound cannot be used; the message names the first rows with file and reason, and the count.

    Example:
        >>> load_sounds([np.ones(2), np.ones(9)], rate=4, seconds=1).tolist()
        [[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """
    rule = _Rule.checked(rate, seconds, cell_rate)
    _cells.check_column(column)
    sounds = np.zeros((len(column), rule.length or 0), np.float32)

    def fill(place: int, cell: Any) -> None:
        samples = rule.apply(cell)
        sounds[place, : len(samples)] = samples

    _cells.stop_at_faults(_cells.each(column, fill, workers=workers), column)
    return sounds


def sound_info(cell: Any, *, cell_rate: int | None = None) -> SoundInfo:
    """What the header of a sound file says; its samples are not decoded.

    Args:
        cell: A file's path, or an array.
        cell_rate: The rate of an array (Hz). Defaults to None: unknown.

    Returns:
        SoundInfo: Rate, channels, samples, format, and how a sample is kept.

    Raises:
        InputError: If the file is missing, empty, truncated, no sound or without samples; if the array is no sound.

    Example:
        >>> sound_info(np.zeros(8000), cell_rate=16000).seconds
        0.5
    """
    try:
        return header(cell, cell_rate)
    except Fault as fault:
        raise InputError(fault.said(_cells.named(cell))) from fault.__cause__


def header(cell: Any, cell_rate: int | None = None) -> SoundInfo:
    """`sound_info` that raises a `Fault`."""
    if not _cells.is_path(cell):
        samples = _checked(cell)
        channels = 1 if samples.ndim == 1 else samples.shape[1]
        return SoundInfo(cell_rate, channels, len(samples), "array", str(samples.dtype))
    with _opened(cell) as file:
        return SoundInfo(file.samplerate, file.channels, file.frames, file.format, file.subtype)


def decoded(path: str | os.PathLike[str]) -> None:
    """Decode a file in full.

    Raises:
        Fault: If the file is damaged, or ends before its header says.
    """
    with _opened(path) as file:
        _read(file, file.frames)


@dataclasses.dataclass(frozen=True)
class _Rule:
    """What becomes of a sound once it is decoded."""

    rate: int
    length: int | None
    cell_rate: int | None

    @classmethod
    def checked(cls, rate: Any, seconds: Any, cell_rate: Any) -> "_Rule":
        check_number(rate, "rate", low=1, high=MAX_RATE, whole=True)
        if cell_rate is not None:
            check_number(cell_rate, "cell_rate", low=1, high=MAX_RATE, whole=True)
        if seconds is None:
            return cls(int(rate), None, cell_rate)
        check_number(seconds, "seconds", low=0.5 / rate, high=MAX_SAMPLES / rate, open_low=True)
        return cls(int(rate), round(rate * seconds), cell_rate)

    def apply(self, cell: Any) -> np.ndarray:
        """The samples of one cell; raises a `Fault`."""
        if _cells.is_path(cell):
            with _opened(cell) as file:
                rate = file.samplerate
                samples = _read(file, self._enough(rate, file.frames))
        else:
            rate = self.cell_rate or self.rate
            samples = _floats(_checked(cell)[: self._enough(rate, len(cell))])
        if samples.ndim == 2:
            samples = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
        return resampled(samples, int(rate), self.rate)[: self.length]

    def _enough(self, rate: int, there: int) -> int:
        """How many of the samples are needed: those of the result, and the reach of the filter behind them."""
        if self.length is None:
            return there
        reach = _HALF_TAPS * max(1.0, rate / self.rate) + 2
        return min(there, math.ceil(self.length * rate / self.rate + reach))


def resampled(samples: np.ndarray, rate: int, to: int) -> np.ndarray:
    """Samples at another rate.

    Args:
        samples: float32, shape ``(samples,)``.
        rate: Their rate (Hz).
        to: The rate of the result (Hz).

    Returns:
        numpy.ndarray: float32, shape ``(ceil(samples * to / rate),)``.
    """
    if rate == to:
        return samples
    common = math.gcd(rate, to)
    up, down = to // common, rate // common
    return signal.resample_poly(samples, up, down, window=_filter(up, down))


@functools.lru_cache(maxsize=16)
def _filter(up: int, down: int) -> np.ndarray:
    """The low-pass filter that `scipy.signal.resample_poly` would design anew for each sound."""
    slower = max(up, down)
    taps = signal.firwin(2 * _HALF_TAPS * slower + 1, 1.0 / slower, window=("kaiser", _KAISER_BETA))
    return taps.astype(np.float32)


def _checked(cell: Any) -> np.ndarray:
    """An array cell that has the shape of a sound."""
    if _cells.is_missing(cell):
        raise Fault("a path or an array", "a missing value", "Fill the cell or drop the row.")
    if not isinstance(cell, np.ndarray):
        raise Fault("a path or a numpy array", type(cell).__name__)
    if cell.ndim not in (1, 2) or (cell.ndim == 2 and cell.shape[1] == 0):
        raise Fault("an array (samples,) or (samples, channels)", f"shape {cell.shape}")
    if cell.ndim == 2 and cell.shape[1] > MAX_CHANNELS:
        cure = "Give the samples along the first axis: array.T."
        raise Fault(
            f"an array (samples, channels) with at most {MAX_CHANNELS} channels", f"shape {cell.shape}", cure
        )
    if not len(cell):
        raise Fault("at least one sample", "no samples (0)", "Leave it out.")
    return cell


def _floats(samples: np.ndarray) -> np.ndarray:
    """Samples of an array as float32 with full scale 1."""
    if samples.dtype.newbyteorder("=") in (np.int8, np.int16, np.int32):
        return (samples / -float(np.iinfo(samples.dtype).min)).astype(np.float32)
    if samples.dtype == np.uint8:  # as in a WAV file of 8 bits: silence is 128
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind != "f":
        cure = "Give them the type that they were recorded with, such as array.astype(np.int16)."
        raise Fault("samples of type int8, int16, int32, uint8 or float", str(samples.dtype), cure)
    return _sane(samples.astype(np.float32))


def _sane(samples: np.ndarray) -> np.ndarray:
    """Float samples, once it is sure that they are finite, and near full scale at most."""
    peak = float(np.max(np.abs(samples)))  # one pass: NaN and inf come through
    if not np.isfinite(peak):
        got = f"{int((~np.isfinite(samples)).sum()):,} missing or infinite (NaN, inf)"
        raise Fault("finite samples", got, "Correct the recording, or leave it out.")
    if peak > LOUDEST:
        cure = "Divide them by their full scale, such as 32768 for 16 bits."
        raise Fault("float samples from -1 to 1", f"values up to {peak:g}", cure)
    return samples


def _opened(path: Any) -> Any:
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError, TypeError, ValueError) as error:
        _cells.check_file(path, "a sound")
        cure = "Leave it out, or write it again as WAV or FLAC."
        said = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise Fault("a sound", f"a file that is none, or has a damaged header ({said})", cure) from error
    try:
        _check_header(path, file)
    except Fault:
        file.close()
        raise
    return file


def _check_header(path: Any, file: Any) -> None:
    if file.frames == 0:
        raise Fault("at least one sample", "no samples (0)", "Leave it out.")
    if not 0 < file.frames <= MAX_SAMPLES:
        cure = "Cut it into pieces."
        raise Fault(f"at most {MAX_SAMPLES:,} samples", f"{file.frames:,}", cure)
    if not 0 < file.samplerate <= MAX_RATE:
        raise Fault(f"a rate of at most {MAX_RATE:,} Hz", f"{file.samplerate:,} Hz", _CURE)
    with open(path, "rb") as raw:  # libsndfile takes a WAV or AIFF that is cut off for a shorter one
        magic, length = raw.read(4), raw.read(4)
    if magic in _BYTE_ORDERS:
        said, there = int.from_bytes(length, _BYTE_ORDERS[magic]), os.path.getsize(path)
        if said not in _UNKNOWN_SIZES and said + 8 > there + 1:  # the last chunk may lack its byte of padding
            raise Fault("a whole sound", f"a truncated one ({there:,} of {said + 8:,} bytes)", _CURE)


def _read(file: Any, count: int) -> np.ndarray:
    """The first samples of an open file: float32, shape ``(count, channels)``."""
    try:
        samples = file.read(count, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise Fault("a whole sound", f"a damaged one ({error.error_string})", _CURE) from error
    if len(samples) < count:
        raise Fault(
            "a whole sound", f"one that ends after {len(samples):,} of {file.frames:,} samples", _CURE
        )
    return _sane(samples)
