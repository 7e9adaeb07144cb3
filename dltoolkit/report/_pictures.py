"""Pictures inside the page: one for a light and one for a dark page, drawn without pyplot's state."""

import base64
import io
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dltoolkit._checks import InputError
from dltoolkit._html import escape

LIGHT, DARK = "#ffffff", "#16191d"  # the page's --paper, in page.html
DPI = 150
WIDTH, HEIGHT = 5.6, 3.6  # inches


def picture(
    draw: Callable[[Axes], Axes],
    kind: str,
    *,
    caption: str = "",
    width: float = WIDTH,
    height: float = HEIGHT,
) -> str:
    """A figure element with a picture for each theme; the reader's browser picks.

    Args:
        draw: Draws on the Axes that it gets, such as ``lambda ax: plots.history(run, ax=ax)``.
        kind: What it is, for those who cannot see it; the picture's title follows.
        caption: A sentence under it. Defaults to none.
        width: Inches.
        height: Inches.

    Returns:
        str: HTML. Where there is nothing to draw it says so.
    """
    try:
        light, title = _png(draw, LIGHT, width, height)
        dark, _ = _png(draw, DARK, width, height)
    except InputError as error:  # the plot says why there is nothing to draw; so does the page
        return f'<p class="quiet">No picture ({escape(kind.lower())}): {escape(error)}</p>'
    alt = escape(f"{kind}. {' '.join(title.split())}")
    under = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="data:image/png;base64,{dark}">'
        f'<img alt="{alt}" width="{round(width * 100)}" height="{round(height * 100)}" '
        f'src="data:image/png;base64,{light}"></picture>{under}</figure>'
    )


def _png(draw: Callable[[Axes], Axes], paper: str, width: float, height: float) -> tuple[str, str]:
    """A picture as base64 of a PNG, and its title."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor=paper)
    FigureCanvasAgg(figure)
    ax = draw(figure.add_subplot(facecolor=paper))
    file = io.BytesIO()
    figure.savefig(file, format="png", pil_kwargs={"optimize": True})
    return base64.b64encode(file.getvalue()).decode("ascii"), ax.get_title()
