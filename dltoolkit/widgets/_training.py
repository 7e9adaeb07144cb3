"""The panel of step 8: train, watch, stop, compare, keep."""

import atexit
import math
import threading
import time
import weakref
from typing import Any

import ipywidgets as widgets

from dltoolkit import training
from dltoolkit.widgets._curves import HEIGHT, WIDTH, curves_png
from dltoolkit.widgets._figure import blank
from dltoolkit.widgets._session import Account, Session
from dltoolkit.widgets._settings import (
    CLASS_WEIGHTS,
    MOST_EPOCHS,
    TrainingSettings,
    batch_sizes,
    losses_for,
    rounded,
)
from dltoolkit.widgets._status import attempts_html, status_html
from dltoolkit.widgets._style import PICTURE, Panel, column, columns, control, row, say

# Drawing may take about a quarter of a training's time: after a picture that took t seconds of the processor, the next
# one comes no sooner than 3 t later.
REST = 3.0
LEAST_REST = 0.2  # seconds
EPOCHS, PATIENCE = 100, 10  # what training.fit takes by itself
STEPS = 100  # of the progress bar, an epoch
LONGEST_GOODBYE = 10.0  # seconds that the end of the process waits for the batches at work
_BARS = {
    "finished": "success",
    "early": "success",
    "interrupted": "warning",
    "diverged": "danger",
    "failed": "danger",
}

_open_panels: "weakref.WeakValueDictionary[str, TrainingPanel]" = weakref.WeakValueDictionary()


def training_panel(project: Any) -> "TrainingPanel":
    """Knobs for the training of a project's network, with live curves; the steps before it are done where due.

    Args:
        project: A `Project`.

    Returns:
        TrainingPanel: Shown when it stands last in a cell. A panel that is made for the same project again stops the
        training of the one before.
    """
    project.catch_up("train")
    return TrainingPanel(project)


class TrainingPanel(Panel):
    """Learning rate, batch size, epochs, optimizer, early stopping, loss and class weights; Train and Stop.

    Every training starts from the project's untrained network, so that trainings can be compared.

    Args:
        project: A `Project` whose steps up to ``"optimizer"`` are done.

    Attributes:
        project: The project.
        run: The last training that left one: a `Run`; None before.
        runs: All of them, in order.
    """

    def __init__(self, project: Any) -> None:
        self.project = project
        self.run: training.Run | None = None
        self.runs: list[training.Run] = []
        self._before: training.Run | None = None
        self._closed, self._keeping, self._pause_until = False, False, 0.0
        sizes = project.splits.sizes
        rows = f"{sizes['train']:,} training rows, {sizes['validation']:,} validation rows"
        super().__init__("Train the network", rows)
        self._controls()
        self._outputs()
        self.session = Session(self._train, project.problem.objective, self._show)
        self._arrange()
        self._show(self.session.account)
        self._take_over()

    def _controls(self) -> None:
        project, n_rows = self.project, self.project.splits.sizes["train"]
        chosen, losses = project.optimizer, losses_for(project.problem.kind, project.loss["loss"])
        sizes = batch_sizes(n_rows)
        usual = min(sizes, key=lambda size: abs(size - training.pick_batch_size(n_rows)))
        epochs = project.limits.epochs or EPOCHS
        tip = "How far one update moves the weights"
        self.optimizer = control(
            widgets.Dropdown, "Optimizer", options=list(training.LEARNING_RATES), value=chosen["optimizer"]
        )
        exponent = math.log10(chosen["learning_rate"])
        reach = {"min": min(-5, math.floor(exponent)), "max": max(0, math.ceil(exponent))}
        self.learning_rate = control(
            widgets.FloatLogSlider, "Learning rate", **reach, step=0.1, readout_format=".2", tooltip=tip
        )
        self.learning_rate.value = chosen["learning_rate"]
        self.batch_size = control(
            widgets.SelectionSlider,
            "Batch size",
            options=sizes,
            value=usual,
            tooltip="Rows an update looks at",
        )
        self.epochs = control(widgets.IntSlider, "Epochs at most", min=1, max=MOST_EPOCHS, value=epochs)
        self.early_stopping = control(widgets.Checkbox, "Stop early, go back to the best epoch", value=True)
        self.patience = control(widgets.IntSlider, "Patience, epochs", min=1, max=50, value=PATIENCE)
        self.loss = control(widgets.Dropdown, "Loss", options=losses, value=project.loss["loss"])
        weights = project.loss["class_weight"]
        own = [("as in the project", "own")] if isinstance(weights, dict) else []
        self.class_weight = control(widgets.Dropdown, "Class weights", options=[*CLASS_WEIGHTS, *own])
        self.class_weight.value = "own" if own else weights or "none"
        self.optimizer.observe(self._follow_optimizer, "value")
        self.early_stopping.observe(self._follow_early_stopping, "value")

    def _outputs(self) -> None:
        self.train_button = widgets.Button(description="Train", icon="play", button_style="primary")
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True)
        self.keep_button = widgets.Button(
            description="Keep in project",
            icon="save",
            disabled=True,
            tooltip="Train with these settings as step 8 of the project, so that later notebooks use it",
            layout=widgets.Layout(width="150px"),
        )
        for button in (self.train_button, self.stop_button):
            button.layout.width = "88px"
        self.train_button.on_click(lambda _: self.train())
        self.stop_button.on_click(lambda _: self.stop())
        self.keep_button.on_click(lambda _: self.keep())
        self.progress = widgets.IntProgress(
            min=0,
            max=1000,
            tooltip="Share of the epochs done",
            layout=widgets.Layout(width="auto", margin="2px 2px"),
        )
        self.status = widgets.HTML(layout=widgets.Layout(margin="0"))
        self.curves = widgets.Image(value=blank(WIDTH, HEIGHT), format="png", layout=PICTURE)
        self.comparison = widgets.HTML(layout=widgets.Layout(margin="0"))

    def _arrange(self) -> None:
        kind = self.project.problem.kind
        knobs = [
            self.optimizer,
            self.learning_rate,
            self.batch_size,
            self.epochs,
            self.early_stopping,
            self.patience,
        ]
        knobs += [self.loss] if len(self.loss.options) > 1 else []
        knobs += [self.class_weight] if kind in ("binary", "multiclass") else []
        for knob in knobs:
            knob.observe(lambda _: self.refresh_code(), "value")
        left = column(
            [*knobs, row(self.train_button, self.stop_button), row(self.keep_button, self.show_code)],
            1,
            "300px",
        )
        right = column([self.progress, self.status, self.curves], 2, "400px")
        self.show(columns(left, right), self.comparison)

    @property
    def settings(self) -> TrainingSettings:
        """What the knobs stand at."""
        return TrainingSettings(
            optimizer=self.optimizer.value,
            learning_rate=self._rate(),
            epochs=self.epochs.value,
            batch_size=self.batch_size.value,
            early_stopping=self.patience.value if self.early_stopping.value else False,
            loss=self.loss.value,
            class_weight=self._class_weight(),
            seed=self.project.seed,
        )

    def _rate(self) -> float:
        """The learning rate as shown; one that was chosen elsewhere keeps all its digits."""
        known = (self.project.optimizer["learning_rate"], *training.LEARNING_RATES.values())
        rate = float(self.learning_rate.value)
        return next((k for k in known if math.isclose(k, rate, rel_tol=1e-9)), rounded(rate))

    def _class_weight(self) -> str | dict[str, float] | None:
        chosen = self.class_weight.value
        return self.project.loss["class_weight"] if chosen == "own" else {"none": None}.get(chosen, chosen)

    @property
    def code(self) -> str:
        """Code that trains with the knobs as they stand; it needs ``project`` only."""
        return self.settings.code(self.project.problem)

    @property
    def error(self) -> Exception | None:
        """What the last training failed with; None when it did not."""
        return self.session.error

    @property
    def running(self) -> bool:
        """Whether a training is under way."""
        return self.session.running

    def train(self, wait: bool = False) -> "training.Run | None":
        """Press Train.

        Args:
            wait: Train here and now, as code in a notebook wants it. Defaults to False: in the background.

        Returns:
            Run or None: The training, when waited for.

        Raises:
            InputError, FloatingPointError: What the training failed with, when waited for; otherwise the panel
                shows it.
        """
        settings = self.settings
        self._job = lambda callbacks, stop: training.fit(
            self.project.build_network(),
            self.project.preprocessor,
            self.project.splits,
            self.project.problem,
            **settings.arguments(self.project.problem),
            callbacks=callbacks,
            stop=stop,
            progress=False,
        )
        return self._start(settings, settings.epochs, wait=wait)

    def keep(self, wait: bool = False) -> "training.Run | None":
        """Train with the settings of `run` as steps 6 to 8 of the project, so that the later steps build on it.

        The same settings and seed give the same weights again; a training that was stopped is repeated up to its
        last complete epoch.

        Args:
            wait: As in `train`.

        Returns:
            Run or None: The project's run, when waited for.
        """
        if self.run is None or not len(self.run.history):
            return None
        settings = self._trained
        epochs = len(self.run.history) if self.run.stopped == "interrupted" else settings.epochs

        def job(callbacks: list[Any], stop: threading.Event) -> training.Run:
            steps = settings.steps()
            for step in ("loss", "optimizer"):
                if any(getattr(self.project, step)[name] != value for name, value in steps[step].items()):
                    self.project.do(step, **steps[step])
            again = {**steps["train"], "epochs": epochs}
            return self.project.do("train", **again, callbacks=callbacks, stop=stop, progress=False)

        self._job = job
        return self._start(settings, epochs, wait=wait, keeping=True)

    def _start(
        self, settings: TrainingSettings, epochs: int, *, wait: bool, keeping: bool = False
    ) -> "training.Run | None":
        if self.session.running:
            return None
        self._asked, self._keeping, self._pause_until = settings, keeping, 0.0
        self.session.start(epochs, wait=wait)
        if wait and self.session.error is not None:
            raise self.session.error
        return self.run if wait else None

    def stop(self) -> None:
        """Press Stop: the training ends soon, and what it learnt is kept."""
        self.session.stop()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the training to end.

        Args:
            seconds: How long at most. Defaults to None: as long as it takes.

        Returns:
            bool: Whether it has ended.
        """
        return self.session.wait(seconds)

    def close(self) -> None:
        """Stop the training and take the panel down."""
        self._closed = True
        self.session.stop()
        super().close()

    def _train(self, callbacks: list[Any], stop: threading.Event) -> training.Run:
        atexit.register(self._leave)
        try:
            return self._job(callbacks, stop)
        finally:
            atexit.unregister(self._leave)

    def _leave(self) -> None:
        """The process ends: Keras must not be cut off in the middle of a step."""
        self.session.stop()
        self.session.wait(LONGEST_GOODBYE)

    def _show(self, account: Account) -> None:
        """Put an account on the screen; called from the thread that trains."""
        if self._closed:
            return
        problem = self.project.problem
        self.status.value = status_html(account, problem)
        self.progress.max = max(account.epochs, 1) * STEPS
        self.progress.value = round(account.done * STEPS)
        self.progress.bar_style = _BARS.get(account.phase, "")
        self.train_button.disabled = account.busy
        self.stop_button.disabled = not account.busy or account.phase == "stopping"
        if account.phase == "preparing":
            self._before = self.run
        if not account.busy:
            self._settle(account)
        if len(account.history) and (not account.busy or time.perf_counter() >= self._pause_until):
            self._draw(account)

    def _settle(self, account: Account) -> None:
        """A training has ended: remember what it left."""
        left = self.session.run
        if left is not None and left is not self.run:
            self.run, self._trained = left, self._asked
            if self._keeping:
                self.status.value += say("Kept: this is step 8 of the project now.", "good")
            else:
                self.runs.append(left)
            self.comparison.value = attempts_html(self.runs)
        self.keep_button.disabled = self.run is None or not len(self.run.history)

    def _draw(self, account: Account) -> None:
        started = time.thread_time()
        before = None if self._before is None else self._before.history
        self.curves.value = curves_png(
            account.history,
            self.project.problem,
            epochs=account.epochs,
            best_epoch=account.best_epoch,
            before=before,
        )
        took = time.thread_time() - started
        self._pause_until = time.perf_counter() + max(REST * took, LEAST_REST)

    def _follow_optimizer(self, change: dict[str, Any]) -> None:
        """Take the new optimizer's usual learning rate, unless the reader chose another than the old one's."""
        rates = training.LEARNING_RATES
        if self._rate() == rates[change["old"]]:
            self.learning_rate.value = rates[change["new"]]

    def _follow_early_stopping(self, change: dict[str, Any]) -> None:
        self.patience.disabled = not change["new"]

    def _take_over(self) -> None:
        """Stop the training of a panel that was made for the same project before, as when a cell is run again."""
        key = str(self.project.folder.resolve())
        before = _open_panels.get(key)
        if before is not None:
            before.stop()
        _open_panels[key] = self
