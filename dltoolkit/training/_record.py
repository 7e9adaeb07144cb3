"""The Keras callbacks that record a training, keep its best weights and end it."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from dltoolkit._keras import keras
from dltoolkit.problem import Objective

REFRESH = 0.5  # seconds between two looks at an epoch under way
_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.3g}/{total} epochs [{elapsed}<{remaining}{postfix}]"


class Recorder(keras.callbacks.Callback):
    """Records one row an epoch, keeps the best weights, and stops when there is no more progress or on request.

    Keras counts penalties (L1, L2) into its losses. Here, and for the callbacks after this one, they stand apart, as
    ``penalty``: a loss then compares with chance, with a baseline and with the loss of another network.

    Args:
        objective: The column to watch and its direction.
        patience: Epochs without a better objective after which training stops; None watches nothing.
        stop: Stops the training soon after it is set. Defaults to None.
    """

    def __init__(
        self, objective: Objective, patience: int | None, stop: threading.Event | None = None
    ) -> None:
        super().__init__()
        self.objective, self.patience, self.stop_event = objective, patience, stop
        self.rows: list[dict[str, float]] = []
        self.best_epoch, self.best_score = 0, np.inf
        self.best_weights: list[np.ndarray] | None = None
        self.stopped = "finished"
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_updates(self, done: int, updates: int, logs: dict[str, Any]) -> None:
        """Stop when asked to, or when the loss is no number any more."""
        if self.stop_event is not None and self.stop_event.is_set():
            self._end("interrupted")
        elif logs and not np.isfinite(logs.get("loss", 0.0)):
            self._end("diverged")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the epoch's row; keep the weights if they are the best so far."""
        if self.stopped == "diverged":
            return
        logs = {} if logs is None else logs
        self._set_penalties_apart(logs)
        scores = {name: float(value) for name, value in logs.items()}
        self.rows.append({"epoch": epoch + 1, "seconds": time.perf_counter() - self._started, **scores})
        if self.patience is None or self.objective.name not in scores:
            self.best_epoch = epoch + 1
            return
        score = scores[self.objective.name] * (1 if self.objective.direction == "min" else -1)
        if score < self.best_score:
            self.best_score, self.best_epoch, self.best_weights = score, epoch + 1, self.model.get_weights()
        elif epoch + 1 - self.best_epoch >= self.patience and self.stopped == "finished":
            self._end("early")

    @staticmethod
    def _set_penalties_apart(logs: dict[str, Any]) -> None:
        """Take the mean penalty of the epoch out of its loss, and that of its end out of the validation loss."""
        if "penalty" in logs:
            logs["loss"] = float(logs["loss"] - logs.pop("penalty"))
        if "val_penalty" in logs:
            logs["penalty"] = float(logs.pop("val_penalty"))
            logs["val_loss"] = float(logs["val_loss"] - logs["penalty"])

    def _end(self, how: str) -> None:
        self.stopped = how
        self.model.stop_training = True

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """All that a resumed training has to know: arrays by name, and JSON-able facts."""
        weights: list[np.ndarray] = self.best_weights or []
        names = ("rows", "best_epoch", "best_score", "stopped")
        facts = {name: getattr(self, name) for name in names}
        return {str(i): weight for i, weight in enumerate(weights)}, facts

    def set_state(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.best_weights = [arrays[str(i)] for i in range(len(arrays))] or None
        for name, value in facts.items():
            setattr(self, name, value)

    def restore(self, model: keras.Model) -> None:
        """Give the model its best weights back."""
        if self.best_weights is not None:
            model.set_weights(self.best_weights)

    def history(self) -> pd.DataFrame:
        """One row an epoch."""
        return pd.DataFrame(self.rows if self.rows else {"epoch": [], "seconds": []}).astype({"epoch": int})


class Progress(keras.callbacks.Callback):
    """One line for the whole training: epochs done, in parts, time left, the last scores.

    Args:
        epochs: Number of epochs, at most.
        file: Where the line goes. Defaults to None: standard error, or the notebook.
    """

    def __init__(self, epochs: int, file: Any = None) -> None:
        super().__init__()
        self.epochs, self.file = epochs, file
        self._bar: tqdm | None = None
        self._done, self._drawn = 0, 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Draw the bar."""
        self.close()
        self._bar = tqdm(total=self.epochs, desc="training", bar_format=_BAR, file=self.file)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Epochs that an earlier part of the training has done count."""
        self._done = epoch

    def on_updates(self, done: int, updates: int, logs: dict[str, Any]) -> None:
        """Move the bar on within the epoch."""
        now = time.perf_counter()
        if self._bar is not None and now - self._drawn >= REFRESH:
            self._drawn, self._bar.n = now, self._done + done / updates
            self._bar.refresh()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """The epoch is done."""
        if self._bar is not None:
            shown = {k: v for k, v in (logs or {}).items() if k.endswith("loss") or k.startswith("val_")}
            self._bar.set_postfix({k: f"{v:.4g}" for k, v in shown.items()}, refresh=False)
            self._done = epoch + 1
            self._bar.update(self._done - self._bar.n)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Leave the bar as it stands."""
        self.close()

    def close(self) -> None:
        """Leave the bar as it stands, also after an interruption."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None
