"""The checks of a column of sounds: unreadable, silent, clipped and shifted ones, and those of another rate or length."""

from typing import NamedTuple

import numpy as np

from dltoolkit.data._audit_kinds import Draw, broken
from dltoolkit.data._cells import read_all
from dltoolkit.data._findings import AuditFinding, Table
from dltoolkit.data.kinds._sounds import load_sound, sound_info

SILENT = 10 ** (-60 / 20)  # of full scale: 60 dB below it lies the noise of a quiet room in a usual recording
# Flat tops: runs of FLAT samples or more of one value within a hundredth of the loudest one. A sine has none; see Kates
# (2013), Aleinik and Matveev (2014), Detection of clipped fragments in speech signals, for histograms with such edges.
FLAT, NEAR_TOP, MIN_PEAK = 3, 0.99, 0.1
CLIPPED = 1e-3  # share of the samples in flat tops from which on the distortion is heard
# A mean so far from zero, in full scale and over the root mean square, is no sound, but a fault of the recording.
OFFSET, OFFSET_SHARE = 0.02, 0.2
LENGTH_RATIO = 2.0  # 95th over 5th percentile of the lengths
LONG_RATIO, LONG_SECONDS = 10.0, 30.0  # over the median; and at least so long
MIN_COMPARED = 20
_RATE = 16_000  # Hz; of arrays, which do not say theirs: nothing that is measured depends on it


class _Heard(NamedTuple):
    """What one sound is like."""

    rate: int | None
    samples: int
    seconds: float
    channels: int
    peak: float
    offset: float
    loudness: float
    clipped: float


def findings(table: Table, name: str) -> list[AuditFinding | None]:
    """What is found in a column of sounds; of many, a draw is listened to.

    Args:
        table: The table.
        name: A column of paths or arrays.

    Returns:
        list: Findings, or None where there is nothing to find.
    """
    draw = Draw.of(table, name, "sound")
    heard = read_all(_listen, draw.cells)
    advice = "cannot be read. Read the folder again with data.read_audio(verify=True), which leaves them out."
    unreadable, known = broken(draw, heard, advice)
    if not known.any():
        return [unreadable]
    sounds = [h for h, good in zip(heard, known, strict=True) if good]
    draw = draw.only(known)
    return [unreadable, *_signals(draw, sounds), *_formats(draw, sounds), *_lengths(draw, sounds)]


def _listen(cell: object) -> _Heard:
    info = sound_info(cell)
    samples = load_sound(cell, rate=info.rate or _RATE)
    peak = float(np.abs(samples).max())
    return _Heard(
        info.rate, info.samples, info.samples / (info.rate or _RATE), info.channels, peak, float(samples.mean()),
        float(np.sqrt(np.mean(samples**2))),
        clipped_share(samples),
    )  # fmt: skip


def clipped_share(samples: np.ndarray) -> float:
    """The share of samples in flat tops.

    Args:
        samples: float, shape ``(n,)``.

    Returns:
        float: In [0, 1].

    Example:
        >>> clipped_share(np.clip(2 * np.sin(np.linspace(0, 60, 1000)), -1, 1)) > 0.5
        True
        >>> clipped_share(np.sin(np.linspace(0, 60, 1000)))
        0.0
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < MIN_PEAK:
        return 0.0
    top = np.abs(samples) >= NEAR_TOP * peak
    equal = np.concatenate([[False], (samples[1:] == samples[:-1]) & top[1:], [False]])
    edges = np.flatnonzero(equal[1:] != equal[:-1])
    runs = edges[1::2] - edges[::2] + 1
    return float(runs[runs >= FLAT].sum() / max(len(samples), 1))


def _signals(draw: Draw, sounds: list[_Heard]) -> list[AuditFinding | None]:
    """Sounds that say nothing, are distorted, or do not swing about zero."""
    names = ("peak", "offset", "loudness", "clipped")
    peak, offset, loudness, clipped = (np.array([getattr(s, name) for s in sounds]) for name in names)
    more = [
        {"peak": round(s.peak, 4), "clipped": round(s.clipped, 4), "offset": round(s.offset, 4)}
        for s in sounds
    ]
    shifted = np.abs(offset) > np.maximum(OFFSET, OFFSET_SHARE * loudness)
    return [
        draw.finding("silence", peak < SILENT, "of silence (no sample within 60 dB of full scale). Leave them out.",
                     more=more, order=peak),
        draw.finding("clipping", clipped > CLIPPED, "that are clipped: their loudest parts are cut flat. Record them"
                     " again more softly, or see that no class is clipped more than others.", more=more, order=-clipped),
        draw.finding("dc_offset", shifted, "that do not swing about zero. Subtract their mean.", more=more,
                     order=-np.abs(offset)),
    ]  # fmt: skip


def _formats(draw: Draw, sounds: list[_Heard]) -> list[AuditFinding | None]:
    """Sounds of another rate, or number of channels, than most."""
    found = []
    for kind, values, unit, cure in (
        ("mixed_rates", [s.rate or 0 for s in sounds], "Hz", "resampled to one rate"),
        ("mixed_channels", [s.channels for s in sounds], "channels", "mixed down to one"),
    ):
        numbers = np.array(values)
        names, counts = np.unique(numbers, return_counts=True)
        usual = names[counts.argmax()]
        told = ", ".join(f"{n:,} {unit} {c:,}" for n, c in zip(names, counts, strict=True))
        advice = (
            f"not of the usual {usual:,} {unit} ({told}): they are {cure}. See that none goes with a class."
        )
        more = [{unit: int(n)} for n in numbers]
        found.append(draw.finding(kind, numbers != usual, advice, severity="info", more=more))
    return found


def _lengths(draw: Draw, sounds: list[_Heard]) -> list[AuditFinding | None]:
    """Sounds of very different lengths, and very long ones."""
    seconds = np.array([s.seconds for s in sounds])
    samples = np.array([s.samples for s in sounds], dtype=float)
    if len(sounds) < MIN_COMPARED:
        return []
    named = all(s.rate for s in sounds)
    lengths, unit = (seconds, "s") if named else (samples, "samples")
    more = [{"seconds" if named else "samples": round(float(v), 2)} for v in lengths]
    middle = float(np.median(lengths))
    long = (lengths > LONG_RATIO * middle) & (seconds > LONG_SECONDS)
    advice = f"more than ten times as long as the usual {middle:,.4g} {unit}. Cut them into pieces: the rest is cut off."
    found = [draw.finding("long_sounds", long, advice, more=more, order=-lengths)]
    low, high = np.quantile(lengths, [0.05, 0.95])
    if high / low >= LENGTH_RATIO:
        whole = np.ones(len(sounds), dtype=bool)
        advice = f"from {lengths.min():,.4g} to {lengths.max():,.4g} {unit}, 95 % of them up to {high:,.4g}: all are padded"
        advice += " or cut to one length."
        found.append(draw.finding("mixed_lengths", whole, advice, severity="info", more=more, order=-lengths))
    return found
