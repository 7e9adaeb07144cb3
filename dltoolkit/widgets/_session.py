"""A training in the background: a thread, a way to stop it, and a plain account of how far it is."""

import contextlib
import dataclasses
import logging
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from dltoolkit._keras import keras, tf
from dltoolkit.problem import Objective
from dltoolkit.training import Run

REPORT = (
    0.25  # seconds between two accounts within an epoch: often enough to look alive, cheap enough to ignore
)
RECENT = 5  # epochs whose mean time tells how long the rest will take
BUSY = ("preparing", "training", "stopping")
# How a `Run` says it ended, and what the account calls it.
_ENDS = {"finished": "finished", "early": "early", "interrupted": "interrupted", "diverged": "diverged"}


@dataclasses.dataclass(frozen=True)
class Account:
    """How far a training is.

    Attributes:
        phase: ``"ready"``, ``"preparing"``, ``"training"``, ``"stopping"``, then ``"finished"``, ``"early"``,
            ``"interrupted"``, ``"diverged"`` or ``"failed"``.
        epochs: Epochs asked for.
        done: Epochs done, with the share of the one at work, in [0, `epochs`].
        history: One row an epoch, as in ``Run.history``.
        best_epoch: The epoch with the best objective; 0 before there is one.
        seconds: Since the start.
        problem: What went wrong, in words; empty when nothing did.
    """

    phase: str = "ready"
    epochs: int = 0
    done: float = 0.0
    history: pd.DataFrame = dataclasses.field(default_factory=pd.DataFrame)
    best_epoch: int = 0
    seconds: float = 0.0
    problem: str = ""

    @property
    def busy(self) -> bool:
        """Whether a training is under way."""
        return self.phase in BUSY

    @property
    def left(self) -> float | None:
        """Seconds left if every epoch is trained; None while nothing can be said."""
        if self.phase != "training" or not len(self.history):
            return None
        return float(self.history["seconds"].tail(RECENT).mean() * (self.epochs - self.done))


class Session:
    """One training at a time, in a thread that ends with the process.

    Args:
        train: Trains: takes a list of Keras callbacks and the event that stops it, and returns a `Run`.
        objective: What makes an epoch the best.
        report: Called with an `Account` whenever there is news, from the thread that trains.
    """

    def __init__(
        self,
        train: Callable[[list[keras.callbacks.Callback], threading.Event], Run],
        objective: Objective,
        report: Callable[[Account], None],
    ) -> None:
        self._train, self._objective, self._report = train, objective, report
        self._event = threading.Event()
        self._thread: threading.Thread | None = None
        self.account = Account()
        self.run: Run | None = None
        self.error: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, epochs: int, *, wait: bool = False) -> None:
        """Start a training; nothing happens while one is under way.

        Args:
            epochs: Epochs asked for, for the account.
            wait: Train here and now instead of in a thread. Defaults to False.
        """
        if self.running:
            return
        self._event, self.error = threading.Event(), None
        self._tell(Account("preparing", epochs))
        if wait:
            self._work()
            return
        self._thread = threading.Thread(target=self._work, name="dltoolkit-training", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the training to stop after its current batches; what it learnt is kept."""
        if self.account.busy and not self._event.is_set():
            self._event.set()
            self._tell(dataclasses.replace(self.account, phase="stopping"))

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the thread to end.

        Args:
            seconds: How long at most. Defaults to None: as long as it takes.

        Returns:
            bool: Whether it has ended.
        """
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.running

    def _work(self) -> None:
        started = time.perf_counter()
        watcher = Watcher(self, started)
        try:
            with _no_strays():
                self.run = self._train([watcher], self._event)
        except Exception as error:  # noqa: BLE001 - whatever it is, a thread has no one else to tell than the panel
            self.error = error
            end = dataclasses.replace(self.account, phase="failed", problem=explain(error))
        else:
            end = dataclasses.replace(
                self.account,
                phase=_ENDS[self.run.stopped],
                history=self.run.history,
                best_epoch=self.run.best_epoch,
                done=float(len(self.run.history)),
            )
        self._tell(dataclasses.replace(end, seconds=time.perf_counter() - started))

    def _tell(self, account: Account) -> None:
        self.account = account
        self._report(account)


class Watcher(keras.callbacks.Callback):
    """Keeps a session's account while Keras trains.

    Args:
        session: The session.
        started: When it started, by ``time.perf_counter``.
    """

    def __init__(self, session: Session, started: float) -> None:
        super().__init__()
        self._session, self._started = session, started
        self._rows: list[dict[str, float]] = []
        self._epoch_started = self._told = started

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock of the epoch."""
        self._epoch_started = time.perf_counter()

    def on_updates(self, done: int, updates: int, logs: dict[str, Any]) -> None:
        """Move on within the epoch."""
        if time.perf_counter() - self._told > REPORT:
            self._tell(len(self._rows) + done / updates)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the epoch's row."""
        scores = {name: float(value) for name, value in (logs or {}).items()}
        self._rows.append(
            {"epoch": epoch + 1, "seconds": time.perf_counter() - self._epoch_started, **scores}
        )
        self._tell(float(len(self._rows)))

    def _tell(self, done: float) -> None:
        session, history = self._session, pd.DataFrame(self._rows)
        self._told = time.perf_counter()
        session._tell(
            dataclasses.replace(
                session.account,
                phase="stopping" if session._event.is_set() else "training",
                done=done,
                history=history,
                best_epoch=best_epoch(history, session._objective),
                seconds=self._told - self._started,
            )
        )


@contextlib.contextmanager
def _no_strays() -> Iterator[None]:
    """Keep two messages out of the log, or of some other cell: that of a divergence, which the account tells, and
    TensorFlow's about compiling anew, which a second training cannot avoid.
    """
    logger = tf.get_logger()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The loss became NaN", RuntimeWarning)
        logger.addFilter(_not_retracing)
        try:
            yield
        finally:
            logger.removeFilter(_not_retracing)


def _not_retracing(record: logging.LogRecord) -> bool:
    return "tf.function retracing" not in record.getMessage()


def best_epoch(history: pd.DataFrame, objective: Objective) -> int:
    """The epoch with the best objective so far; 0 when the history does not tell.

    Example:
        >>> best_epoch(pd.DataFrame({"epoch": [1, 2], "val_loss": [0.5, 0.4]}), Objective("val_loss", "min", ""))
        2
    """
    if objective.name not in history or history[objective.name].isna().all():
        return 0
    scores = history[objective.name]
    return int(history.loc[scores.idxmin() if objective.direction == "min" else scores.idxmax(), "epoch"])


def explain(error: Exception) -> str:
    """An error as a person reads it: our own sentence as it is, anything else with its type in front."""
    ours = type(error).__module__.startswith("dltoolkit") or isinstance(error, FloatingPointError)
    return str(error) if ours else f"{type(error).__name__}: {error}"
