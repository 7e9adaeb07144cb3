"""The panel of step 3: what is done to each kind of column, and what each column looks like after it."""

import inspect
import math
from typing import Any

import ipywidgets as widgets

from dltoolkit import _html, preprocessing
from dltoolkit._checks import InputError
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.widgets import _example, _review_card
from dltoolkit.widgets._code import literal
from dltoolkit.widgets._figure import picture
from dltoolkit.widgets._media_knobs import KNOBS, MediaKnobs
from dltoolkit.widgets._session import explain
from dltoolkit.widgets._style import Panel, column, columns, control, keys, row, say
from dltoolkit.widgets._treatment import (
    CATEGORICAL,
    DATES,
    NUMERIC,
    OVERRIDES,
    SEVERAL,
    TreatmentSettings,
    View,
    fit,
    view,
    view_png,
)

_USUAL = "as all of its kind"
_MOST_ONE_HOT = 100
_DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(preprocessing.fit).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
}
_OPTIONS = {
    "text": preprocessing.TextOptions,
    "image": preprocessing.ImageOptions,
    "audio": preprocessing.SoundOptions,
    "sequence": preprocessing.SequenceOptions,
}
_NO_KNOB = {name: _DEFAULTS[name] for name in ("hash_bins", "min_count", *SEVERAL)}


def preprocessing_panel(project: Any) -> "PreprocessingPanel":
    """Knobs for the preprocessing of a project; the steps before it are done where due.

    Args:
        project: A `Project`.

    Returns:
        PreprocessingPanel: Shown when it stands last in a cell.
    """
    project.catch_up("preprocess")
    return PreprocessingPanel(project)


class PreprocessingPanel(Panel):
    """Treatment of numbers, categories and dates; one column before and after; the table of all treatments.

    Args:
        project: A `Project` whose steps up to ``"prepare"`` are done.

    Attributes:
        project: The project.
        preprocessor: The preprocessing of the knobs; None when they do not make one.
        view: The column looked at, before and after.
        error: Why the knobs do not make a preprocessing; None when they do.
    """

    def __init__(self, project: Any) -> None:
        self.project = project
        self.preprocessor: Preprocessor | None = None
        self.view: View | None = None
        self.error: Exception | None = None
        self._chosen: dict[str, str] = {}
        self._offering = False
        schema = project.schema
        rows = project.splits.sizes["train"]
        n = len(schema.features)
        subtitle = f"{n} column{'' if n == 1 else 's'}, {rows:,} training rows"
        super().__init__("Preprocess the columns", subtitle)
        self._controls(_in_hand(project))
        self._outputs()
        self._arrange()
        self._offer_treatments()
        self._refresh()

    def _controls(self, now: dict[str, Any]) -> None:
        roles = {self.project.schema.roles[name] for name in self.project.schema.features}
        self.numeric = control(widgets.Dropdown, "Numbers", options=NUMERIC, value=now["numeric"])
        self.missing_indicators = control(
            widgets.Checkbox, "Mark missing numbers in a column of their own", value=now["missing_indicators"]
        )
        self.categorical = control(
            widgets.Dropdown, "Categories", options=CATEGORICAL, value=now["categorical"]
        )
        most = max(_MOST_ONE_HOT, now["max_one_hot"])
        self.max_one_hot = control(
            widgets.IntSlider,
            "One-hot up to",
            min=0,
            max=most,
            value=now["max_one_hot"],
            continuous_update=False,
            tooltip="Most categories that 'auto' writes as one-hot columns",
        )
        self.dates = control(widgets.Dropdown, "Dates", options=DATES, value=now["dates"])
        self.column = control(widgets.Dropdown, "Look at column", options=self.project.schema.features)
        self.treatment = control(widgets.Dropdown, "Treat it", options=[(_USUAL, "")])
        knobs = (self.numeric, self.missing_indicators, self.categorical, self.max_one_hot, self.dates)
        needs = ({"numeric"}, {"numeric"}, {"categorical"}, {"categorical"}, {"datetime", "time"})
        for knob, kinds in zip(knobs, needs, strict=True):
            knob.layout.display = "flex" if roles & kinds else "none"
        self._chosen = dict(now["columns"] or {})
        self._more = {name: now[name] for name, usual in _NO_KNOB.items() if now[name] != usual}
        self.media = {
            role: MediaKnobs(role, now[role], self._refresh, self._look) for role in KNOBS if role in roles
        }

    def _outputs(self) -> None:
        self.keep_button = widgets.Button(
            description="Keep in project",
            icon="save",
            button_style="primary",
            tooltip="Make this preprocessing step 3 of the project",
            layout=widgets.Layout(width="150px"),
        )
        self.keep_button.on_click(lambda _: self.keep())
        full = {"width": "100%", "margin": "0"}
        self.status, self.picture, self.examples, self.table = (
            widgets.HTML(layout=widgets.Layout(**full)) for _ in range(4)
        )
        self._styles = widgets.HTML(_example.STYLE + _review_card.STYLE, layout=widgets.Layout(height="0"))

    def _arrange(self) -> None:
        for knob in (self.numeric, self.missing_indicators, self.categorical, self.max_one_hot, self.dates):
            knob.observe(lambda _: self._refresh(), "value")
        self.column.observe(self._turn_to, "value")
        self.treatment.observe(lambda _: self._override(), "value")
        knobs = [self.numeric, self.missing_indicators, self.categorical, self.max_one_hot, self.dates]
        one = [self.column, self.treatment]
        left = column([*knobs, *self.media.values(), *one, row(self.keep_button, self.show_code)], 1, "300px")
        right = column([self.status, self.picture, self.examples], 2, "400px")
        self.show(self._styles, columns(left, right), self.table)

    @property
    def settings(self) -> TreatmentSettings:
        """What the knobs stand at.

        Raises:
            InputError: If options of texts, pictures, sounds or sequences do not go together.
        """
        media = {role: knobs.options for role, knobs in self.media.items()}
        more = {role: options for role, options in media.items() if options != _DEFAULTS[role]}
        return TreatmentSettings(
            numeric=self.numeric.value,
            categorical=self.categorical.value,
            dates=self.dates.value,
            missing_indicators=self.missing_indicators.value,
            max_one_hot=self.max_one_hot.value,
            columns=dict(self._chosen),
            more=self._more | more,
        )

    @property
    def code(self) -> str:
        """Code that fits the preprocessing of the knobs, and says what is varied; it needs ``project`` only."""
        try:
            code = self.settings.code()
        except InputError as error:
            return f"# {error}"
        augment = self._augment
        if augment is None:
            return code
        return f"{code}\n# To vary it in training alone: training.fit(..., augment={literal(augment)})"

    @property
    def _augment(self) -> Any:
        """What is varied in the column looked at; None for nothing."""
        knobs = self.media.get(self.project.schema.roles[self.column.value])
        return None if knobs is None or knobs.augment is None else knobs.augment.value

    def treat(self, column: str, treatment: str) -> None:
        """Look at a column, and treat it on its own.

        Args:
            column: One of the features.
            treatment: One that fits its role, such as ``"log"`` or ``"drop"``; ``""`` treats it as all of its kind.

        Raises:
            traitlets.TraitError: If there is no such column, or the treatment does not fit its role.
        """
        self.column.value = column
        self.treatment.value = treatment

    def keep(self) -> None:
        """Make this preprocessing step 3 of the project; later steps that were done with another become stale."""
        try:
            self.project.do("preprocess", **self.settings.arguments())
        except (ValueError, RuntimeError, OSError) as error:
            self.error = error
            self.status.value = say(explain(error), "bad")
            return
        self.status.value += say("Kept: this is step 3 of the project now.", "good")

    def _turn_to(self, change: dict[str, Any]) -> None:
        """Look at another column."""
        self._offer_treatments()
        self._look()

    def _offer_treatments(self) -> None:
        """List the treatments that fit the column looked at, without changing what was chosen for it."""
        name = self.column.value
        options = OVERRIDES.get(self.project.schema.roles[name], ())
        chosen = self._chosen.get(name, "")
        self._offering = True
        own: list[tuple[str, Any]] = [] if isinstance(chosen, str) else [("as set in code", chosen)]
        self.treatment.options = [(_USUAL, ""), *((option, option) for option in options), *own]
        self.treatment.value = chosen
        self._offering = False

    def _override(self) -> None:
        name, treatment = self.column.value, self.treatment.value
        if self._offering or treatment == self._chosen.get(name, ""):
            return
        self._chosen = {k: v for k, v in self._chosen.items() if k != name} | (
            {name: treatment} if treatment else {}
        )
        self._refresh()

    def _refresh(self) -> None:
        """Fit the preprocessing of the knobs, and show it."""
        try:
            self.preprocessor = fit(self.project.splits.train, self.project.schema, self.settings)
            self.error = None
        except (ValueError, RuntimeError) as error:
            self.preprocessor, self.error = None, error
            self.status.value = say(explain(error), "bad")
            return
        self._look()

    def _look(self) -> None:
        """Show the column looked at, and the table with it marked."""
        if self.preprocessor is None:
            return
        train, name = self.project.splits.train, self.column.value
        try:
            self.view = view(train, self.preprocessor, self.settings, name, augment=self._augment)
        except (ValueError, RuntimeError) as error:
            self.error = error
            self.status.value = say(explain(error), "bad")
            return
        self.error = None
        self.refresh_code()
        features = sum(math.prod(spec.shape) for spec in self.preprocessor.specs.values())
        figures = keys(
            columns=f"{len(self.preprocessor.columns)}",
            features=f"{features:,}",
            left_out=f"{len(self.preprocessor.left_out)}",
        )
        self.status.value = figures + say(f"{self.view.column}: {self.view.why}")
        if self.view.kind == "batch":
            self.picture.value, self.examples.value = self.view.batch, ""
        else:
            told = f"{self.view.column} before and after: {self.view.why}"
            self.picture.value = picture(view_png(self.view), told)
            caption = f"{self.view.column}, value by value"
            self.examples.value = _html.table(self.view.examples(), caption=caption)
        table = self.preprocessor.frame().set_index("column")
        self.table.value = _html.table(table, caption="All columns", mark=[self.view.column])


def _in_hand(project: Any) -> dict[str, Any]:
    """The project's settings where step 3 is done, on top of the defaults of `preprocessing.fit`."""
    defaults = _DEFAULTS
    if not project.is_done("preprocess"):
        return defaults
    known = project.preprocessor.settings
    return defaults | {
        "numeric": known["numeric"],
        "categorical": known["categorical"],
        "dates": known["datetime"],
        "missing_indicators": known["missing_indicators"],
        "max_one_hot": known["most_one_hot"],
        "columns": {
            name: _OPTIONS[project.schema.roles[name]](**how) if isinstance(how, dict) else how
            for name, how in known["columns"].items()
        },
        "hash_bins": known["bins"],
        "min_count": known["min_count"],
        **{name: tuple(tuple(group) for group in known[name]) for name in SEVERAL},
        **{role: options(**known[role]) for role, options in _OPTIONS.items() if role in known},
    }
