"""The course of the learning rate over the updates of a training."""

from collections.abc import Sequence

import numpy as np

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit._keras import keras
from dltoolkit.models._recipe import SCHEDULES

ops = keras.ops

PLATEAU = "plateau"
COURSES = tuple(name for name in SCHEDULES if name != PLATEAU)  # known before the training
# Smith and Topin (2019), "Super-convergence": rise from a 25th of the peak over three tenths of the updates, then fall to
# almost nothing (the figures are those of fastai's fit_one_cycle; Howard and Gugger 2020).
ONE_CYCLE_FROM, ONE_CYCLE_RISE = 25.0, 0.3
LAST = 1e-3  # of the peak, at the end of a cosine
STEP, STEPS_AT = (
    0.1,
    (0.5, 0.75),
)  # He et al. (2016), "Deep residual learning": a tenth, after so much of the updates
DECAYED = 1e-2  # of the peak, at the end of an exponential fall: as far as two steps go


def schedule(name: str, learning_rate: float, updates: int, *, warmup: float = 0.0) -> np.ndarray:
    """The learning rate of each update, as `training.fit` follows it.

    With ``r`` updates of rise, each later update ``k`` has done the share ``s = (k - r) / (updates - r)`` of the rest:

    - ``"constant"``: the rate as it is.
    - ``"step"``: a tenth of it from ``s = 1/2`` on, a hundredth from ``s = 3/4`` on (He et al. 2016).
    - ``"exponential"``: ``0.01 ** s`` of it, so that each update takes the same share off.
    - ``"cosine"``: falls with ``(1 + cos(pi s)) / 2`` to a thousandth of it (Loshchilov and Hutter 2017, "SGDR").
    - ``"one-cycle"``: a cosine after a rise from a 25th over three tenths of the updates (Smith and Topin 2019).

    Args:
        name: One of these.
        learning_rate: The highest one, above 0.
        updates: Updates of the whole training, at least 1.
        warmup: Share of the updates in which the rate first rises in a straight line, from 0 (from a 25th in a
            one-cycle), in [0, 1). Defaults to 0: none, and in a one-cycle three tenths.

    Returns:
        numpy.ndarray: float64 ``(updates,)``.

    Raises:
        InputError: If there is no such schedule, an argument is out of its range, or `name` is ``"plateau"``, whose
            course is known only when the training is over.

    Example:
        >>> schedule("step", 0.1, 8).round(4).tolist()
        [0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    """
    check_choice(name, SCHEDULES, "name")
    if name == PLATEAU:
        cure = "It follows the validation part: what a run did stands in its history, as learning_rate."
        stop([complaint("name", f"one of {', '.join(COURSES)}", repr(name), cure)])
    check_number(learning_rate, "learning_rate", low=0, open_low=True)
    check_number(updates, "updates", low=1, whole=True)
    check_number(warmup, "warmup", low=0, high=1, open_high=True)
    return learning_rate * shares(name, int(updates), warmup)


def shares(name: str, updates: int, warmup: float) -> np.ndarray:
    """The course as shares of its peak, float64 ``(updates,)``."""
    cycle = name == "one-cycle"
    rise = round((warmup or (ONE_CYCLE_RISE if cycle else 0.0)) * updates)
    start = 1 / ONE_CYCLE_FROM if cycle else 0.0
    done = np.arange(updates - rise) / max(updates - rise, 1)
    return np.concatenate([start + (1 - start) * np.arange(rise) / max(rise, 1), _fall(name, done)])


def _fall(name: str, done: np.ndarray) -> np.ndarray:
    """Shares of the peak, by how much of the way after the rise is done, in [0, 1)."""
    if name == "constant":
        return np.ones_like(done)
    if name == "step":
        return np.prod([np.where(done >= at, STEP, 1.0) for at in STEPS_AT], axis=0)
    if name == "exponential":
        return DECAYED**done
    return LAST + (1 - LAST) * (1 + np.cos(np.pi * done)) / 2


def follow(optimizer: keras.optimizers.Optimizer, course: Sequence[float] | np.ndarray) -> None:
    """Let an optimizer's rate follow a course, in shares of the rate that it has; after the last update it stays.

    Its rate stays a plain variable, the peak: what is saved holds no class that plain Keras would not know.

    Args:
        optimizer: Made with a number as its rate.
        course: Shares of it, ``(updates,)``.
    """
    known = ops.convert_to_tensor(np.asarray(course, "float32"))
    last = len(course) - 1

    def rate() -> object:
        done = ops.minimum(ops.cast(optimizer._iterations, "int32"), last)
        return ops.multiply(optimizer._learning_rate, ops.take(known, done))

    optimizer._get_current_learning_rate = rate
