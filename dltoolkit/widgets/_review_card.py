"""A card of the label review: one example, what is said of its label, and the choice."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from dltoolkit import _html

CHOICES = (("Later", ""), ("Keep", "keep"), ("Relabel", "relabel"), ("Drop", "drop"))
_TOLD = ["Decide later", "The given label is right", "Give it the label below", "Leave the example out"]

STYLE = f"""<style>
.dlt-cards {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(244px, 100%), 1fr)); gap: 10px; width: 100%; margin: 8px 0 0;
  overflow: visible; }}
.dlt-card {{ border: 1px solid {_html.LINE}; border-left: 3px solid {_html.LINE}; border-radius: 5px; padding: 8px 9px; min-width: 0;
  margin: 0; background: {_html.PAPER}; overflow: hidden; justify-content: space-between; }}
.dlt-card.dlt-keep {{ border-left-color: {_html.GOOD}; }} .dlt-card.dlt-relabel {{ border-left-color: {_html.ACCENT}; }}
.dlt-card.dlt-drop {{ border-left-color: {_html.BAD}; }} .dlt-card.dlt-drop .dlt-example {{ opacity: .45; }}
.dlt-verdict {{ display: flex; flex-wrap: wrap; gap: 0 14px; margin: 4px 0 0; font-size: 14px; color: {_html.INK}; overflow-wrap: anywhere; }}
.dlt-verdict small {{ font-size: 11px; color: {_html.MUTED}; }}
.dlt-rowname {{ font-size: 11px; color: {_html.MUTED}; margin: 0 0 4px; overflow-wrap: anywhere; }}
.dlt-card .widget-toggle-buttons {{ width: 100%; height: auto; margin: 4px 0 0; overflow: hidden; }}
.dlt-card .widget-toggle-buttons > div {{ display: flex; flex: 1 1 auto; }}
.dlt-card .widget-toggle-buttons .widget-toggle-button {{ flex: 1 1 auto; width: auto; min-width: 0; margin: 0 1px; padding: 0 2px; font-size: 12px; }}
.dlt-card .widget-toggle-button.mod-active {{ box-shadow: none; }}
.dlt-card.dlt-keep .widget-toggle-button.mod-active {{ background: {_html.GOOD}; color: {_html.ON_ACCENT}; }}
.dlt-card.dlt-relabel .widget-toggle-button.mod-active {{ background: {_html.ACCENT}; color: {_html.ON_ACCENT}; }}
.dlt-card.dlt-drop .widget-toggle-button.mod-active {{ background: {_html.BAD}; color: {_html.ON_ACCENT}; }}
.dlt-card .widget-dropdown, .dlt-card .widget-text {{ width: 100%; margin: 4px 0 0; }}
</style>"""


class Card(widgets.VBox):
    """One example with its choice; it is filled anew for each page.

    Args:
        labels: The classes: their text and the label in its own type; None where labels are amounts.
        choose: Called with the row, the action (``""`` takes the choice back) and the label when the reader chooses.

    Attributes:
        row: The index label of the example shown.
        action: Buttons: ``""``, ``"keep"``, ``"relabel"`` or ``"drop"``.
        label: The label that the example gets when it is relabelled.
    """

    def __init__(self, labels: list[tuple[str, Any]] | None, choose: Callable[[Any, str, Any], None]) -> None:
        self.row: Any = None
        self._labels, self._choose, self._filling = labels, choose, False
        self.example, self.verdict = (
            widgets.HTML(layout=widgets.Layout(width="100%", margin="0")) for _ in "ab"
        )
        self.action = widgets.ToggleButtons(options=CHOICES, value="", tooltips=_TOLD)
        kind = widgets.FloatText if labels is None else widgets.Dropdown
        self.label = kind(layout=widgets.Layout(width="100%"), tooltip="The label to give")
        self.action.observe(lambda _: self._tell(), "value")
        self.label.observe(lambda _: self._relabel(), "value")
        super().__init__([self.example, widgets.VBox([self.verdict, self.action, self.label])])
        self.add_class("dlt-card")

    def fill(self, row: Any, texts: tuple[str, str], *, given: str, suggested: Any, choice: Any) -> None:
        """Show another example.

        Args:
            row: Its index label.
            texts: The example and what is said of its label, as HTML.
            given: Its label, as text; it is not offered as a new one.
            suggested: The label that the list of labels stands at before one was chosen.
            choice: What was chosen: None, ``"keep"``, ``"drop"`` or ``("relabel", label)``.
        """
        self._filling, self.row = True, row
        named = f'<p class="dlt-rowname">row {_html.escape(row)}</p>'
        self.example.value, self.verdict.value = named + texts[0], texts[1]
        self._offer(given, choice[1] if isinstance(choice, tuple) else suggested)
        self.action.value = choice[0] if isinstance(choice, tuple) else choice or ""
        self._filling = False
        self._mark()

    def _offer(self, given: str, wanted: Any) -> None:
        """List the labels to choose from, and stand at one."""
        if self._labels is None:
            self.label.value = float(wanted)
            return
        offered = [(text, label) for text, label in self._labels if text != given]
        self.label.options = offered
        self.label.value = wanted if wanted in [label for _, label in offered] else offered[0][1]

    def _relabel(self) -> None:
        """Choosing a label is choosing to relabel."""
        if self._filling:
            return
        if self.action.value != "relabel":
            self.action.value = "relabel"
        else:
            self._tell()

    def _tell(self) -> None:
        if not self._filling:
            self._choose(self.row, self.action.value, self.label.value)
            self._mark()

    def _mark(self) -> None:
        for _, action in CHOICES[1:]:
            (self.add_class if self.action.value == action else self.remove_class)(f"dlt-{action}")
