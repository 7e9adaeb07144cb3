"""The colours of every plot: safe for the colour-blind, readable on white and on black."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb, to_rgba

# Okabe and Ito's palette as seaborn's "colorblind" has it, less the two that vanish on white (yellow, pale pink).
# The purple is darker than theirs, so that a word in it can be read; a word in orange or sky cannot.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0173b2", "#d55e00", "#029e73", "#b5569f", "#de8f05", "#56b4e9"
# Reads on both (contrast 4.1 and more on white and on JupyterLab's dark #111111), even when the paper is made
# see-through later: for side remarks, and thinned for spines and grids.
GREY = "#7d7d7d"
SPINE, GRID = f"{GREY}a0", f"{GREY}38"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)

# Contrast that WCAG 2.2 (success criterion 1.4.3) asks of text.
READABLE = 4.5


def ground(ax: Axes, *, outside: bool = False) -> np.ndarray:
    """The colour behind an axes, RGB in [0, 1] ``(3,)``; behind its labels with `outside`.

    Where nothing is painted it is told by the text colour: dark text is meant for a light page.
    """
    layers = [ax.figure.get_facecolor()] if outside else [ax.get_facecolor(), ax.figure.get_facecolor()]
    page = np.full(3, float(luminance(mpl.rcParams["text.color"]) < 0.5))
    colour = page
    for layer in reversed(layers):
        *rgb, alpha = to_rgba(layer)
        colour = alpha * np.array(rgb) + (1 - alpha) * colour
    return colour


def ink(ax: Axes, *, outside: bool = False) -> np.ndarray:
    """A colour for text on the `ground`: matplotlib's own where that can be read, else black or white."""
    behind = ground(ax, outside=outside)
    return readable(behind, mpl.rcParams["text.color"])


def readable(behind: object, wanted: object = "black") -> np.ndarray:
    """`wanted` where it can be read on the colour `behind`, else black or white, whichever stands out more."""
    choices = [wanted] if contrast(behind, wanted) >= READABLE else ["black", "white"]
    return np.array(to_rgb(max(choices, key=lambda colour: contrast(behind, colour))))


def contrast(first: object, second: object) -> float:
    """How far two colours stand out from each other, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: object) -> float:
    """Relative luminance in [0, 1] (WCAG 2.2)."""
    rgb = np.array(to_rgb(colour))  # type: ignore[arg-type]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def sequential(ax: Axes, *, start: float = 0.0) -> LinearSegmentedColormap:
    """From the ground to blue: nothing looks like nothing, on white and on black; `start` is the share of blue in it."""
    first = start * np.array(to_rgb(BLUE)) + (1 - start) * ground(ax)
    return LinearSegmentedColormap.from_list("sequential", [tuple(first), BLUE])


def diverging(ax: Axes) -> LinearSegmentedColormap:
    """From vermilion (negative) over the ground to blue (positive)."""
    return LinearSegmentedColormap.from_list("diverging", [VERMILION, tuple(ground(ax)), BLUE])
