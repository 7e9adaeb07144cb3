"""Figures for panels: object-oriented matplotlib only, see-through, in colours that read on white and on black."""

import base64
import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from dltoolkit import _html

# A grey with a contrast of at least 4.1 on white and on JupyterLab's dark #111111: a panel cannot know which it is on.
INK = "#7d7d7d"
DPI = 150  # sharp on screens of one and a half times the usual density
# Room around an axes, in inches, for its labels. It is fixed: measuring text takes longer than drawing all the rest.
LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 0.62, 0.1, 0.5, 0.36, 0.72


def figure(width: float, height: float, columns: int = 1, *, left: float = LEFT) -> tuple[Figure, list[Axes]]:
    """A figure with axes side by side, made without pyplot, so that any thread may draw it.

    Args:
        width: Inches.
        height: Inches.
        columns: Number of axes. Defaults to 1.
        left: Inches for the labels on the left of the first axes. Defaults to 0.62.

    Returns:
        tuple: The figure, and its axes.
    """
    drawn = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(drawn)
    axes = drawn.subplots(1, columns, squeeze=False)[0]
    each = (width - left - RIGHT - BETWEEN * (columns - 1)) / columns
    drawn.subplots_adjust(
        left=left / width,
        right=1 - RIGHT / width,
        bottom=BOTTOM / height,
        top=1 - TOP / height,
        wspace=BETWEEN / each,
    )
    return drawn, list(axes)


def png(drawn: Figure) -> bytes:
    """A figure as PNG, its paper see-through and all that was black or white grey; colours stay as they are."""
    drawn.patch.set_alpha(0)
    for ax in drawn.axes:
        ax.patch.set_alpha(0)
        legend = ax.get_legend()
        if legend is not None:
            legend.set_frame_on(False)
    on_marks = {id(text) for ax in drawn.axes if ax.images for text in ax.texts}
    for text in drawn.findobj(Text):
        if id(text) not in on_marks and np.ptp(to_rgb(text.get_color())) == 0:
            text.set_color(INK)
        text.set_path_effects([])
    for ax in drawn.axes:
        ax.tick_params(color=INK, labelcolor=INK, which="both")
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", transparent=True, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


def blank(width: float, height: float) -> bytes:
    """An empty, see-through PNG of a figure's size, to hold its place."""
    return png(Figure(figsize=(width, height), dpi=DPI))


def picture(content: bytes, what: str) -> str:
    """A PNG inside HTML, as wide as its column and no wider than it was drawn; `what` is read out in its place."""
    source = base64.b64encode(content).decode()
    return f'<img class="dlt-picture" alt="{_html.escape(what)}" src="data:image/png;base64,{source}">'
