"""Knobs for the options of texts, pictures, sounds and sequences, and for what is varied in training."""

import dataclasses
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from dltoolkit.preprocessing import ImageAugmentation, SoundAugmentation
from dltoolkit.preprocessing._options import (
    COLOURS,
    EDGES,
    PIXELS,
    RESIZE,
    SOUNDS,
    STEPS,
    TEXT_MODES,
    TEXT_UNITS,
)
from dltoolkit.widgets._style import control, note

_LEARNT = "as training needs"  # what None stands for: a size or length that is read off the training part
_SIDES = (8, 16, 32, 64, 96, 128)
# Role to what its columns are called, and the knobs: the field of its options, a label, and what can be chosen.
KNOBS: dict[str, tuple[str, tuple[tuple[str, str, tuple[Any, ...]], ...]]] = {
    "text": (
        "Texts",
        (
            ("mode", "Becomes", TEXT_MODES),
            ("unit", "Cut into", TEXT_UNITS),
            ("ngrams", "Neighbours", (1, 2, 3)),
            ("length", "Tokens kept", (None, 16, 32, 64, 128, 256, 512)),
        ),
    ),
    "image": (
        "Pictures",
        (
            ("size", "Height x width", (None, *((side, side) for side in _SIDES))),
            ("resize", "Resized by", RESIZE),
            ("colour", "Colour", COLOURS),
            ("scale", "Scale", PIXELS),
            ("edges", "Edges", EDGES),
        ),
    ),
    "audio": (
        "Sounds",
        (
            ("output", "Becomes", SOUNDS),
            ("mels", "Mel bands", (16, 32, 64, 128)),
            ("rate", "Rate in Hz", (4_000, 8_000, 16_000)),
            ("seconds", "Seconds", (None, 0.5, 1.0, 2.0, 5.0, 10.0)),
        ),
    ),
    "sequence": (
        "Sequences",
        (
            ("length", "Steps kept", (None, 7, 14, 28, 56, 112)),
            ("scale", "Scale", STEPS),
            ("difference", "Differences", (0, 1, 2)),
        ),
    ),
}
# What can be looked at: mild settings, at which a person still tells what is shown.
VARIED: dict[str, tuple[tuple[str, Any], ...]] = {
    "image": (
        ("nothing", None),
        ("turn, zoom and shift", ImageAugmentation(rotate=0.05, zoom=0.15, shift=0.1)),
        ("mirror", ImageAugmentation(flip="horizontal")),
        ("contrast", ImageAugmentation(contrast=0.5)),
        ("RandAugment", ImageAugmentation(rand_augment=(2, 5.0))),
    ),
    "audio": (
        ("nothing", None),
        ("noise and shift", SoundAugmentation(noise=0.2, shift=0.15)),
        ("SpecAugment", SoundAugmentation(spec_time=(1, 0.2), spec_frequency=(1, 0.2))),
    ),
}


class MediaKnobs(widgets.VBox):
    """The knobs of one kind of columns, below each other.

    Args:
        role: ``"text"``, ``"image"``, ``"audio"`` or ``"sequence"``.
        options: What they stand at first; fields without a knob stay as they are here.
        turned: Called when an option has changed.
        varied: Called when what is varied in training has changed.

    Attributes:
        knobs: Field of the options to its control.
        augment: What is varied in training, None for nothing; None where nothing of the kind can be varied.
    """

    def __init__(
        self, role: str, options: Any, turned: Callable[[], None], varied: Callable[[], None]
    ) -> None:
        self._given = options
        title, fields = KNOBS[role]
        self.knobs: dict[str, widgets.Dropdown] = {
            field: _dropdown(label, choices, getattr(options, field)) for field, label, choices in fields
        }
        for knob in self.knobs.values():
            knob.observe(lambda _: turned(), "value")
        self.augment: widgets.Dropdown | None = None
        parts = [note(title), *self.knobs.values()]
        if role in VARIED:
            self.augment = control(
                widgets.Dropdown,
                "Vary",
                options=VARIED[role],
                index=0,
                tooltip="Shown below, done in training alone",
            )
            self.augment.observe(lambda _: varied(), "value")
            parts.append(self.augment)
        super().__init__(parts)

    @property
    def options(self) -> Any:
        """The options of the knobs.

        Raises:
            InputError: If they do not go together.
        """
        return dataclasses.replace(self._given, **{field: knob.value for field, knob in self.knobs.items()})


def _dropdown(label: str, choices: tuple[Any, ...], value: Any) -> widgets.Dropdown:
    """A control for one field; a value that was set from code is offered, too."""
    offered = choices if value in choices else (*choices, value)
    named = [(_told(one), one) for one in offered]
    return control(widgets.Dropdown, label, options=named, index=offered.index(value))  # None is a value here


def _told(value: Any) -> str:
    """A choice as the reader sees it.

    Example:
        >>> _told((8, 8)), _told(16_000), _told(None)
        ('8 x 8', '16,000', 'as training needs')
    """
    if value is None:
        return _LEARNT
    if isinstance(value, tuple):
        return " x ".join(str(side) for side in value)
    return value if isinstance(value, str) else f"{value:,}"
