"""The panel of step 10: the threshold and what it costs, metrics with intervals, slices, the worst errors."""

from typing import Any

import ipywidgets as widgets

from dltoolkit import _html, evaluation
from dltoolkit.evaluation import Evaluation
from dltoolkit.widgets._decision import (
    DRAWS,
    LIVE_ROWS,
    PARTS,
    Decision,
    DecisionSettings,
    confusion_html,
    decide,
    picture_png,
    remeasured,
    worst,
)
from dltoolkit.widgets._figure import picture
from dltoolkit.widgets._session import explain
from dltoolkit.widgets._style import Panel, column, columns, control, keys, note, row, say


def evaluation_panel(project: Any) -> "EvaluationPanel":
    """Knobs for judging a project's model; the training is done where due, and the test part stays sealed.

    Args:
        project: A `Project`.

    Returns:
        EvaluationPanel: Shown when it stands last in a cell.
    """
    project.catch_up("tune")
    return EvaluationPanel(project)


class EvaluationPanel(Panel):
    """Threshold and costs, confusion, metrics with intervals, slices, worst errors; validation rows or test rows.

    A threshold is chosen on validation rows. Test rows can be looked at once ``project.do("evaluate")`` has opened
    them; the panel opens nothing itself.

    Args:
        project: A `Project` with a trained model.

    Attributes:
        project: The project.
        result: The `Evaluation` on the rows looked at, at the threshold of the slider.
        decision: What the threshold decides; None unless the problem is binary.
        error: What went wrong last; None when nothing did.
    """

    def __init__(self, project: Any) -> None:
        self.project = project
        self.error: Exception | None = None
        self.decision: Decision | None = None
        self._measured: dict[str, Evaluation] = {}
        super().__init__("Judge the model", f"{project.problem.kind}, target {project.problem.target}")
        self.result = self._evaluation("validation")
        self._controls()
        self._outputs()
        self._arrange()
        self._refresh()
        self._look_closer()

    def _controls(self) -> None:
        features = self.project.schema.features
        live = len(self.result.y_true) <= LIVE_ROWS
        done = self.project.is_done("evaluate")
        self.part = widgets.ToggleButtons(
            options=PARTS,
            value="validation",
            tooltips=["Rows to choose by", "Rows for the last look only"],
            layout=widgets.Layout(margin="0 0 4px"),
            style={"button_width": "90px"},
        )
        self.seal = note("" if done else "The test part is sealed: project.do('evaluate') opens it, once.")
        self.threshold = control(
            widgets.FloatSlider, "Threshold", min=0, max=1, step=0.01, value=0.5, continuous_update=live
        )
        self.cost_false_positive = control(
            widgets.BoundedFloatText, "False alarm costs", min=0, max=1e9, value=1.0
        )
        self.cost_false_negative = control(widgets.BoundedFloatText, "Miss costs", min=0, max=1e9, value=1.0)
        self.column = control(widgets.Dropdown, "Slices by", options=features)
        self.cheapest_button = widgets.Button(
            description="Cheapest threshold",
            icon="magic",
            tooltip="The threshold at which these rows would have cost least",
            layout=widgets.Layout(width="170px"),
        )

    def _outputs(self) -> None:
        full = {"width": "100%", "margin": "0"}
        outputs = [widgets.HTML(layout=widgets.Layout(**full)) for _ in range(6)]
        self.status, self.confusion, self.picture, self.metrics, self.slices, self.errors = outputs

    def _arrange(self) -> None:
        self.cheapest_button.on_click(lambda _: self.cheapest())
        self.part.observe(self._change_part, "value")
        self.column.observe(lambda _: self._slice(), "value")
        for knob in (self.threshold, self.cost_false_positive, self.cost_false_negative):
            knob.observe(lambda _: self._refresh(), "value")
        kind = self.project.problem.kind
        knobs = [self.threshold] if kind in ("binary", "multilabel") else []
        costs = [self.cost_false_positive, self.cost_false_negative] if kind == "binary" else []
        buttons = row(*([self.cheapest_button] if kind == "binary" else []), self.show_code)
        left = column([self.part, self.seal, *knobs, *costs, buttons, self.confusion], 1, "300px")
        right = column([self.status, self.picture], 2, "400px")
        lower_left, lower_right = (
            column([self.metrics], 1, "300px"),
            column([self.column, self.slices], 2, "400px"),
        )
        self.show(columns(left, right), columns(lower_left, lower_right), self.errors)

    @property
    def settings(self) -> DecisionSettings:
        """What the knobs stand at."""
        return DecisionSettings(
            part=self.part.value,
            threshold=round(self.threshold.value, 2),
            cost_false_positive=self.cost_false_positive.value,
            cost_false_negative=self.cost_false_negative.value,
            column=self.column.value,
        )

    @property
    def code(self) -> str:
        """Code that shows the same numbers; it needs ``project`` only."""
        return self.settings.code(self.project.problem)

    def cheapest(self) -> None:
        """Move the slider to the threshold at which the rows looked at would have cost least."""
        settings = self.settings
        try:
            best = evaluation.best_threshold(
                self.result, settings.cost_false_positive, settings.cost_false_negative
            )
        except ValueError as error:
            self._complain(error)
            return
        self.threshold.value = round(best, 2)

    def _evaluation(self, part: str) -> Evaluation:
        """The model in hand on a part's rows."""
        if part == "test":
            return self.project.evaluation
        if part not in self._measured:
            self._measured[part] = evaluation.evaluate(
                self.project.best.run,
                self.project.splits.validation,
                self.project.problem,
                n_bootstrap=DRAWS,
                seed=self.project.seed,
            )
        return self._measured[part]

    def _frame(self) -> Any:
        return self.project.splits.validation if self.part.value == "validation" else self.project.evaluated

    def _change_part(self, change: dict[str, Any]) -> None:
        if change["new"] == "test" and not self.project.is_done("evaluate"):
            self.part.value = "validation"
            self.status.value = say(
                "The test part is still sealed. project.do('evaluate') opens it, once.", "warn"
            )
            return
        self._refresh()
        self._look_closer()

    def _look_closer(self) -> None:
        """Show what does not depend on the threshold: the worst errors and the slices."""
        caption = f"Worst errors, {self.part.value} rows"
        self.errors.value = _html.table(worst(self.result, self._frame()), caption=caption)
        self._slice()

    def _refresh(self) -> None:
        """Measure anew at the slider's threshold, and show it."""
        settings, problem = self.settings, self.project.problem
        try:
            self.result = remeasured(self._evaluation(settings.part), settings.threshold)
            self.error = None
        except (ValueError, RuntimeError) as error:
            self._complain(error)
            return
        if problem.kind == "binary":
            self.decision = decide(self.result, settings)
            self.confusion.value = confusion_html(self.decision, problem)
        self.status.value = self._figures()
        told = f"{len(self.result.y_true):,} {settings.part} rows at the threshold {settings.threshold:g}"
        self.picture.value = picture(picture_png(self.result, settings.threshold), told)
        self.metrics.value = _html.table(
            self.result.frame(), caption=f"Metrics with 95 % intervals, {settings.part} rows"
        )
        self.refresh_code()

    def _slice(self) -> None:
        """Show the slices of the column chosen."""
        try:
            table = self.result.slices(self._frame(), self.column.value)
        except (ValueError, RuntimeError) as error:
            self._complain(error)
            return
        self.slices.value = _html.table(
            table.round(3), caption=f"{self._headline()} in slices of {self.column.value}"
        )
        self.refresh_code()

    def _headline(self) -> str:
        return {"binary": "ROC-AUC", "multiclass": "Balanced accuracy", "multilabel": "ROC-AUC"}.get(
            self.project.problem.kind, "RMSE"
        )

    def _figures(self) -> str:
        """The key figures of the rows looked at."""
        if self.decision is None:
            values = self.result.metrics["value"].head(3)
            return keys(**{str(name): f"{value:.3g}" for name, value in values.items()})
        return keys(
            precision=f"{self.decision.precision:.1%}",
            recall=f"{self.decision.recall:.1%}",
            cost=f"{self.decision.cost:,.4g}",
            cost_per_100_rows=f"{self.decision.cost_per_100:,.3g}",
        )

    def _complain(self, error: Exception) -> None:
        self.error = error
        self.status.value = say(explain(error), "bad")
