"""The panel of step 4: layers, units, activation, dropout, normalisation, L2, and what comes of them at once."""

import inspect
from typing import Any

import ipywidgets as widgets

from dltoolkit import _html, models
from dltoolkit.widgets._diagram import diagram
from dltoolkit.widgets._network_sketch import (
    ACTIVATIONS,
    MOST_LAYERS,
    NORMALISATIONS,
    PENALTIES,
    WIDTHS,
    NetworkSettings,
    Sketch,
    sketch,
)
from dltoolkit.widgets._session import explain
from dltoolkit.widgets._style import Panel, column, columns, control, keys, row, say

BY_ROWS = "by rows"  # the default of `models.mlp`, which goes by the number of training rows
_NEW_LAYER = 32  # units of a layer that is added


def design_panel(project: Any) -> "DesignPanel":
    """Knobs for the network of a project; the steps before it are done where due.

    Args:
        project: A `Project`.

    Returns:
        DesignPanel: Shown when it stands last in a cell.
    """
    project.catch_up("design")
    return DesignPanel(project)


class DesignPanel(Panel):
    """Hidden layers and their units, activation, dropout, normalisation, L2; counted, drawn and tried at once.

    Args:
        project: A `Project` whose steps up to ``"preprocess"`` are done.

    Attributes:
        project: The project.
        sketch: What came of the knobs; None when they do not make a network.
        error: Why they do not; None when they do.
    """

    def __init__(self, project: Any) -> None:
        self.project = project
        self.sketch: Sketch | None = None
        self.error: Exception | None = None
        super().__init__("Design the network", f"{project.problem.kind}, target {project.problem.target}")
        self._controls(_in_hand(project))
        self._outputs()
        self._arrange()
        self._refresh()

    def _controls(self, now: dict[str, Any]) -> None:
        units = [int(u) for u in now["units"]]
        most = max(MOST_LAYERS, len(units))
        self._l1 = float(now["l1"])
        widths = sorted({*WIDTHS, *units})
        self.layers = control(widgets.IntSlider, "Hidden layers", min=0, max=most, value=len(units))
        self.units = tuple(
            control(
                widgets.SelectionSlider,
                f"Units, layer {i + 1}",
                options=widths,
                value=units[i] if i < len(units) else _NEW_LAYER,
            )
            for i in range(most)
        )
        self.activation = control(
            widgets.Dropdown, "Activation", options=list(dict.fromkeys([*ACTIVATIONS, now["activation"]]))
        )
        self.activation.value = now["activation"]
        self.dropout = control(
            widgets.FloatSlider,
            "Dropout",
            min=0,
            max=max(0.9, now["dropout"]),
            step=0.05,
            value=now["dropout"],
        )
        self.l2 = control(
            widgets.SelectionSlider,
            "L2 penalty",
            options=[(BY_ROWS, BY_ROWS), *((f"{p:g}", p) for p in sorted({*PENALTIES, now["l2"]} - {None}))],
            value=BY_ROWS if now["l2"] is None else now["l2"],
        )
        self.normalisation = control(
            widgets.Dropdown, "Normalisation", options=[("none", None), *NORMALISATIONS]
        )
        self.normalisation.value = now["normalisation"]

    def _outputs(self) -> None:
        self.keep_button = widgets.Button(
            description="Keep in project",
            icon="save",
            button_style="primary",
            tooltip="Make this network step 4 of the project",
            layout=widgets.Layout(width="150px"),
        )
        self.keep_button.on_click(lambda _: self.keep())
        self.status = widgets.HTML(layout=widgets.Layout(margin="0"))
        self.drawing = widgets.HTML(layout=widgets.Layout(margin="4px 0 0", width="100%"))
        self.table = widgets.HTML(layout=widgets.Layout(margin="0", width="100%"))

    def _arrange(self) -> None:
        knobs = [self.layers, *self.units, self.activation, self.dropout, self.l2, self.normalisation]
        for knob in knobs:
            knob.observe(lambda _: self._refresh(), "value")
        left = column([*knobs, row(self.keep_button, self.show_code)], 1, "300px")
        right = column([self.status, self.drawing, self.table], 2, "400px")
        self.show(columns(left, right))

    @property
    def settings(self) -> NetworkSettings:
        """What the knobs stand at."""
        return NetworkSettings(
            units=tuple(slider.value for slider in self.units[: self.layers.value]),
            activation=self.activation.value,
            dropout=round(self.dropout.value, 4),
            normalisation=self.normalisation.value,
            l2=None if self.l2.value == BY_ROWS else self.l2.value,
            l1=self._l1,
        )

    @property
    def code(self) -> str:
        """Code that builds the network of the knobs; it needs ``project`` only."""
        return self.settings.code()

    def keep(self) -> None:
        """Make this network step 4 of the project; later steps that were done with another one become stale."""
        try:
            self.project.do("design", **self.settings.arguments())
        except (ValueError, RuntimeError, OSError) as error:
            self.error = error
            self.status.value = say(explain(error), "bad")
            return
        self.status.value = _figures(self.sketch) + say("Kept: this is step 4 of the project now.", "good")

    def _refresh(self) -> None:
        """Build the network of the knobs, and show it."""
        for i, slider in enumerate(self.units):
            slider.layout.display = "flex" if i < self.layers.value else "none"
        project = self.project
        try:
            self.sketch = sketch(
                project.problem,
                project.preprocessor,
                self.settings,
                project.splits.train,
                initial=_initial(project),
            )
            self.error = None
        except (ValueError, RuntimeError) as error:
            self.sketch, self.error = None, error
            self.status.value = say(explain(error), "bad")
            return
        self.status.value = _figures(self.sketch)
        self.drawing.value = diagram(_widths(self.sketch))
        self.table.value = _html.table(self.sketch.layers, caption="Layers")
        self.refresh_code()


def _in_hand(project: Any) -> dict[str, Any]:
    """The project's design where there is one, on top of the defaults of `models.mlp`."""
    build: Any = models.mlp
    parameters = inspect.signature(build).parameters.items()
    defaults = {n: p.default for n, p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
    if not project.is_done("design"):
        return defaults
    straight = {"units": (), "dropout": 0.0} if project.design["architecture"] == "linear" else {}
    return defaults | straight | project.design


def _initial(project: Any) -> dict[str, Any]:
    """How the project draws its first weights; its seed where it has not said more."""
    return project.initialise if project.is_done("initialise") else {"seed": project.seed}


def _widths(drawn: Sketch) -> list[tuple[int, str]]:
    """Width and name of each layer, for the drawing."""
    units, name = drawn.answer.split(" ")
    hidden = [(width, drawn.settings.activation) for width in drawn.settings.units]
    return [(drawn.inputs, "features"), *hidden, (int(units), name)]


def _figures(drawn: Sketch | None) -> str:
    if drawn is None:
        return ""
    figures = keys(
        parameters=f"{drawn.parameters:,}", untrained_loss=f"{drawn.loss:.3f}", chance=f"{drawn.chance:.3f}"
    )
    return figures + say(drawn.verdict, "good" if drawn.healthy else "warn")
