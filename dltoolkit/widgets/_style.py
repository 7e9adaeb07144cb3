"""How panels look: one style sheet in JupyterLab's own colours, and the few pieces that all panels share."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from dltoolkit._html import ACCENT, BAD, GOOD, INK, LINE, MONO, MUTED, PAPER, SURFACE, WARN, escape

# One style sheet a panel. Widths wrap: two columns where there is room, one below about 640 px.
STYLE = f"""<style>
.dlt-panel {{ border: 1px solid {LINE}; border-radius: 6px; padding: 10px 14px 12px; max-width: 1120px; box-sizing: border-box; overflow: hidden; }}
.dlt-panel .widget-html, .dlt-panel .widget-html-content, .dlt-panel .jupyter-widget-html-content {{ line-height: 1.45; height: auto; }}
.dlt-panel .widget-label, .dlt-panel .widget-readout, .dlt-panel .widget-html-content {{ color: {INK}; }}
.dlt-panel .noUi-handle:focus-visible, .dlt-panel button:focus-visible, .dlt-panel select:focus-visible,
.dlt-panel input:focus-visible {{ outline: 2px solid {ACCENT}; outline-offset: 1px; }}
.dlt-title {{ font-size: 14px; font-weight: 700; color: {INK}; margin: 0; }}
.dlt-title small {{ font-weight: 400; font-size: 12px; color: {MUTED}; margin-left: 8px; }}
.dlt-note {{ font-size: 12px; color: {MUTED}; margin: 0; }}
.dlt-keys {{ display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 2px 0; }}
.dlt-keys div {{ min-width: 64px; }}
.dlt-keys b {{ display: block; font-size: 16px; font-weight: 600; font-variant-numeric: tabular-nums; color: {INK}; }}
.dlt-keys span {{ font-size: 11px; color: {MUTED}; }}
.dlt-say {{ border-left: 3px solid {LINE}; padding: 3px 0 3px 9px; margin: 2px 0; font-size: 13px; color: {INK}; white-space: pre-line;
  overflow-wrap: anywhere; }}
.dlt-say.dlt-busy {{ border-left-color: {ACCENT}; }} .dlt-say.dlt-good {{ border-left-color: {GOOD}; }}
.dlt-say.dlt-warn {{ border-left-color: {WARN}; }} .dlt-say.dlt-bad {{ border-left-color: {BAD}; }}
.dlt-panel pre.dlt-code {{ font-family: {MONO}; font-size: 12px; line-height: 1.4; margin: 4px 0 0; padding: 8px 10px; overflow-x: auto;
  background: {SURFACE}; color: {INK}; border-radius: 4px; }}
.dlt-scroll {{ overflow: auto; max-height: 330px; margin-top: 8px; }}
.dlt-panel table.dlt-table {{ border-collapse: collapse; font-size: 12px; color: {INK}; margin: 0; table-layout: auto; }}
.dlt-panel table.dlt-table caption {{ text-align: left; font-size: 12px; font-weight: 700; padding: 0 0 3px; color: {INK}; caption-side: top; }}
.dlt-panel table.dlt-table th, .dlt-panel table.dlt-table td {{ text-align: left; padding: 2px 12px 2px 0; border: 0; background: none; white-space: nowrap;
  vertical-align: top; font-variant-numeric: tabular-nums; }}
.dlt-panel table.dlt-table td:last-child:not(.dlt-number) {{ white-space: normal; min-width: 90px; }}
.dlt-panel table.dlt-table th {{ font-weight: 600; color: {MUTED}; border-bottom: 1px solid {LINE}; position: sticky; top: 0;
  background: {PAPER}; }}
.dlt-panel table.dlt-table .dlt-number {{ text-align: right; }}
.dlt-panel table.dlt-table tr.dlt-mark td {{ background: {SURFACE}; font-weight: 600; }}
.dlt-panel table.dlt-confusion {{ border-collapse: separate; border-spacing: 3px; width: 100%; max-width: 420px; table-layout: fixed; font-size: 12px;
  margin: 4px 0; color: {INK}; }}
.dlt-panel table.dlt-confusion th {{ font-weight: 400; color: {MUTED}; text-align: center; background: none; border: 0; padding: 2px; white-space: normal; }}
.dlt-panel table.dlt-confusion thead tr {{ border: 0; }}
.dlt-panel table.dlt-confusion td {{ text-align: center; padding: 8px 4px; border-radius: 4px; border: 0; white-space: normal; }}
.dlt-panel table.dlt-confusion td b {{ display: block; font-size: 17px; font-variant-numeric: tabular-nums; }}
.dlt-panel table.dlt-confusion td span {{ font-size: 11px; }}
.dlt-picture {{ display: block; width: 100%; max-width: 760px; height: auto; }}
</style>"""

LABEL = "112px"  # width of the labels in front of controls
PICTURE = {"width": "100%", "max_width": "760px", "height": "auto", "object_fit": "contain"}


class Panel(widgets.VBox):
    """A framed box with a title, and a block of code that can be unfolded.

    Args:
        title: What the panel is for.
        subtitle: What it works on.
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        self.show_code = widgets.ToggleButton(
            value=False,
            description="Show code",
            icon="code",
            tooltip="Show the code that does the same without this panel",
            layout=widgets.Layout(width="120px"),
        )
        self._code_block = widgets.HTML(layout=widgets.Layout(display="none", width="100%", margin="0"))
        self.show_code.observe(self._toggle_code, "value")
        head = f'<p class="dlt-title">{escape(title)}<small>{escape(subtitle)}</small></p>'
        self._title = title
        self._head = widgets.HTML(STYLE + head, layout=widgets.Layout(margin="0 0 4px"))
        super().__init__()
        self.add_class("dlt-panel")

    def __repr__(self) -> str:
        """What stands where widgets cannot be shown."""
        return f"{type(self).__name__}: {self._title}. Its knobs need Jupyter; .code holds the code that does the same."

    @property
    def code(self) -> str:
        """Code that does what the panel does; it needs ``project`` only."""
        raise NotImplementedError

    def show(self, *parts: widgets.Widget) -> None:
        """Put the parts below the title and the code below them."""
        self.children = (self._head, *parts, self._code_block)

    def close(self) -> None:
        """Take the panel and everything in it down."""
        parts: list[widgets.Widget] = list(self.children)
        while parts:
            part = parts.pop()
            parts += getattr(part, "children", ())
            part.close()
        super().close()

    def refresh_code(self) -> None:
        """Write the code anew where it is unfolded."""
        if self.show_code.value:
            self._code_block.value = (
                f'<pre class="dlt-code" tabindex="0"><code>{escape(self.code)}</code></pre>'
            )

    def _toggle_code(self, change: object = None) -> None:
        shown = self.show_code.value
        self.show_code.description = "Hide code" if shown else "Show code"
        self._code_block.layout.display = "block" if shown else "none"
        self.refresh_code()


def columns(*boxes: widgets.Widget) -> widgets.Box:
    """Boxes side by side, below each other where they do not fit."""
    return widgets.Box(list(boxes), layout=widgets.Layout(display="flex", flex_flow="row wrap", width="100%"))


def row(*parts: widgets.Widget) -> widgets.Box:
    """Small controls in a row."""
    return widgets.Box(list(parts), layout=widgets.Layout(display="flex", flex_flow="row wrap"))


def column(children: Sequence[widgets.Widget], grow: int, width: str) -> widgets.VBox:
    """A column that is `width` wide and takes `grow` parts of the room that is left."""
    layout = widgets.Layout(flex=f"{grow} 1 {width}", min_width="0", padding="0 14px 0 0", overflow="hidden")
    return widgets.VBox(list(children), layout=layout)


def control(kind: type[widgets.Widget], label: str, **options: Any) -> widgets.Widget:
    """A control with its label in front (a checkbox: behind), as wide as its column.

    Args:
        kind: The ipywidgets class.
        label: What it turns; it is also what screen readers say.
        **options: What else the class takes.

    Returns:
        ipywidgets.Widget: The control.
    """
    style = {"description_width": "initial" if kind is widgets.Checkbox else LABEL}
    layout = widgets.Layout(width="auto", max_width="460px")
    indent = {"indent": False} if kind is widgets.Checkbox else {}
    return kind(description=label, style=style, layout=layout, **indent, **options)


def say(text: str, mood: str = "plain") -> str:
    """A sentence with a bar in front: ``"plain"``, ``"busy"``, ``"good"``, ``"warn"`` or ``"bad"``.

    Screen readers read it out when it changes.
    """
    role = "alert" if mood == "bad" else "status"
    return f'<div class="dlt-say dlt-{mood}" role="{role}">{escape(text)}</div>'


def keys(**figures: str) -> str:
    """Key figures in a row: name (underscores become spaces) and value."""
    cells = (
        f"<div><b>{escape(v)}</b><span>{escape(n.replace('_', ' '))}</span></div>" for n, v in figures.items()
    )
    return f'<div class="dlt-keys">{"".join(cells)}</div>'


def note(text: str) -> widgets.HTML:
    """A small remark."""
    return widgets.HTML(f'<p class="dlt-note">{escape(text)}</p>', layout=widgets.Layout(margin="0"))
