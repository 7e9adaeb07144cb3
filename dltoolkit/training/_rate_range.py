"""What a range test found, read from its curve of losses."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

# The curve is smoothed by a Gaussian over so much of the climb.
SMOOTH = 1 / 30
# How many standard errors of the smoothed curve its lowest point has to lie below the start, and below what always the same
# answer costs. Of thirty independent points on which nothing happens the lowest lies 2 below in the mean, and 4 once in a
# thousand curves (order statistics of normal numbers); "clear" is half as much again.
FALL, CLEAR = 4.0, 6.0
TINY = 1e-6  # of a loss: below is rounding
EARLY = 0.25  # of the climb: a loss that rises before has diverged from the start
HALF, BEGUN = 0.5, 0.1  # of the fall


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class RateRange:
    """A range test of the learning rate.

    Attributes:
        rates: Of each update, rising, float64 ``(n,)``, as far as the test went.
        losses: Of each batch before its update, penalties left out, ``(n,)``.
        smoothed: The losses smoothed, ``(n,)``.
        start: The loss before anything was learnt.
        chance: The loss of always the same answer; infinite where that cannot be told.
        low: The rate from which the loss falls; None where it does not.
        high: The rate beyond which it falls no more; None where it does not fall.
        suggestion: The rate at which half of the fall was made; None for a flat or diverging curve.
        quality: ``"clear"``; ``"weak"``: there is a fall, though not far beyond what batches differ by; ``"flat"``: nothing was
            learnt at any rate; ``"diverging"``: the loss rose from the start.
        why: One sentence.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    start: float
    chance: float
    low: float | None
    high: float | None
    suggestion: float | None
    quality: str
    why: str

    def frame(self) -> pd.DataFrame:
        """One row an update: ``rate``, ``loss``, ``smoothed``."""
        return pd.DataFrame({"rate": self.rates, "loss": self.losses, "smoothed": self.smoothed})

    def __repr__(self) -> str:
        if self.suggestion is None:
            return f"RateRange({self.quality}: no suggestion; next: plots.rate_range(result))"
        told = f"{self.quality}: {self.suggestion:.2g}, between {self.low:.2g} and {self.high:.2g}"
        return f"RateRange({told}; next: training.fit(..., learning_rate=result.suggestion))"


def read_range(rates: np.ndarray, losses: np.ndarray, *, still: np.ndarray, chance: float) -> RateRange:
    """Range, suggestion and quality of a curve.

    Args:
        rates: Rising, ``(n,)``.
        losses: As far as the test went, at most ``n``; the last may be no number.
        still: Losses of batches before anything was learnt, at least one.
        chance: Loss of always the same answer.
    """
    known = losses[np.isfinite(losses)]
    start, width = float(np.mean(still)), max(SMOOTH * len(rates), 1.0)
    smoothed = _smooth(known, width)
    least = int(np.argmin(smoothed)) if len(smoothed) else 0
    noise = max(float(np.std(some)) for some in (still, (known - smoothed)[: least + 1]) if len(some))
    error = noise / np.sqrt(2 * np.sqrt(np.pi) * width)
    of_start = noise / np.sqrt(len(still))
    level = min(start, chance)
    error = error if chance < start else float(np.hypot(error, of_start))
    fall = level - float(smoothed[least]) if len(smoothed) else -np.inf
    facts: dict[str, Any] = {
        "rates": rates[: len(known)],
        "losses": known,
        "smoothed": smoothed,
        "start": start,
        "chance": chance,
    }
    if not fall > max(FALL * error, TINY * abs(level)):
        none = {**facts, "low": None, "high": None, "suggestion": None}
        early, rise = smoothed[: int(EARLY * len(rates))], FALL * np.hypot(error, of_start)
        if len(known) < EARLY * len(rates) or float(early.max()) > start + max(rise, TINY * abs(start)):
            why = f"The loss rose from {start:.3g} at {rates[0]:.2g} already: begin lower, with lowest={rates[0] / 1e3:.1g}."
            return RateRange(**none, quality="diverging", why=why)
        return RateRange(**none, quality="flat", why=_flat(start, chance))
    low, suggestion = (
        float(rates[int(np.argmax(smoothed[: least + 1] <= level - share * fall))]) for share in (BEGUN, HALF)
    )
    size = fall / error if error else np.inf
    quality = "clear" if size >= CLEAR else "weak"
    why = (
        f"The loss falls from {start:.3g} to {smoothed[least]:.3g}, {size:.0f} times what batches differ by."
    )
    if suggestion == rates[0]:
        quality, why = "weak", f"{why} It had fallen at the lowest rate: begin lower."
    ends: dict[str, Any] = {"low": low, "high": float(rates[least]), "suggestion": suggestion}
    return RateRange(**facts, **ends, quality=quality, why=why)


def _flat(start: float, chance: float) -> str:
    if chance < start:
        return (
            f"At no rate was the loss clearly below {chance:.3g}, which always the same answer costs: nothing was learnt from "
            "the features. Look at the labels and at the network first."
        )
    return f"At no rate did the loss fall from {start:.3g}: look at the labels and at the network first."


def _smooth(values: np.ndarray, width: float) -> np.ndarray:
    """A running mean with the weights of a Gaussian, `width` its standard deviation."""
    place = np.arange(len(values))
    weights = np.exp(-0.5 * ((place[:, None] - place) / width) ** 2)
    return weights @ values / weights.sum(axis=1)
