"""One example of any kind as HTML: its pictures, sounds, texts and sequences, then its values."""

import base64
import io
import os
import wave
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from dltoolkit import _html, data
from dltoolkit._checks import InputError, complaint
from dltoolkit.widgets._style import say

SHARP = 320  # pixels of a picture's longer side: sharp in a card on a screen of twice the usual density
SMALL = 64  # pixels of the longer side up to which a picture is drawn pixel by pixel
QUALITY = 88  # of JPEG, in which larger ones are sent: far smaller than PNG, and no loss that a card shows
PLAYED_SECONDS = 10.0  # of a sound, so that a page of players stays light
PLAYED_RATE = 16_000  # samples a second: speech stays clear at a third of the bytes
LONGEST_TEXT = 2_000  # characters
MOST_VALUES = 40
MOST_LINES = 12  # channels of a sequence that are drawn
POINTS = 240  # along a sequence: as many as a card has pixels
WIDTH, HEIGHT = 240, 64  # of a drawn sequence, in its own units

# A shade at the edge behind which there is more to scroll to; the paper, which moves with the content, hides it at the ends.
_MORE = ", ".join(
    f"linear-gradient({shades}) {place} {size} {moves}"
    for shades, place, size, moves in (
        (f"{_html.PAPER} 40%, transparent", "top", "/ 100% 24px", "local"),
        (f"transparent, {_html.PAPER} 60%", "bottom", "/ 100% 24px", "local"),
        (f"{_html.LINE}, transparent", "top", "/ 100% 10px", "scroll"),
        (f"transparent, {_html.LINE}", "bottom", "/ 100% 10px", "scroll"),
    )
)

STYLE = f"""<style>
.dlt-example {{ display: flex; flex-direction: column; gap: 6px; font-size: 12px; color: {_html.INK}; line-height: 1.4; }}
.dlt-example figure {{ margin: 0; }} .dlt-example figcaption {{ color: {_html.MUTED}; font-size: 11px; }}
.dlt-example img {{ display: block; width: 100%; height: 132px; object-fit: contain; margin: 0; max-width: none; }}
.dlt-example img.dlt-pixels {{ image-rendering: pixelated; }}
.dlt-example svg {{ display: block; width: 100%; height: 64px; color: {_html.ACCENT}; }}
.dlt-example audio {{ display: block; width: 100%; height: 36px; }}
.dlt-text {{ max-height: 150px; overflow: auto; white-space: pre-line; overflow-wrap: anywhere; }}
.dlt-stages .dlt-text {{ max-height: 90px; }} .dlt-stages .dlt-example img {{ height: 96px; }}
.dlt-pair {{ display: flex; gap: 8px; justify-content: center; }} .dlt-example .dlt-pair img {{ flex: 0 1 auto; width: auto; min-width: 0; }}
.dlt-values {{ max-height: 206px; overflow: auto; }}
.dlt-text, .dlt-values {{ scrollbar-width: thin; background: {_MORE}; background-repeat: no-repeat; }}
.dlt-panel .dlt-values table {{ width: 100%; border-collapse: collapse; font-size: 12px; color: {_html.INK}; margin: 0; }}
.dlt-panel .dlt-values tr {{ background: none; }}
.dlt-panel .dlt-values th, .dlt-panel .dlt-values td {{ border: 0; padding: 1px 6px 1px 0; text-align: left; vertical-align: top; font-weight: 400;
  overflow-wrap: anywhere; white-space: normal; max-width: none; }}
.dlt-panel .dlt-values th {{ color: {_html.MUTED}; width: 45%; }}
</style>"""


def example_html(
    example: Mapping[str, Any], roles: Mapping[str, str], *, cell_rate: int | None = None
) -> str:
    """An example as a person looks at it. All that comes from the data is escaped.

    Args:
        example: Column name to cell.
        roles: Column name to role: pictures, sounds, texts and sequences are shown as such, ignored columns and
            targets not at all, all others as values.
        cell_rate: Samples a second of sounds that are arrays. Defaults to None: they cannot be played.

    Returns:
        str: HTML with the class ``dlt-example``; it needs `STYLE`.

    Example:
        >>> "&lt;b&gt;" in example_html({"said": "<b> is bold"}, {"said": "text"})
        True
    """
    media = [name for name in roles if roles[name] in _MEDIA and name in example]
    values = [n for n in roles if roles[n] not in (*_MEDIA, "ignore", "target") and n in example]
    parts = [_shown(name, example[name], roles[name], cell_rate) for name in media]
    if len(parts) > 1:
        parts = [_captioned(part, name) for part, name in zip(parts, media, strict=True)]
    if values:
        parts.append(values_html({name: example[name] for name in values}))
    return f'<div class="dlt-example">{"".join(parts)}</div>'


def _shown(name: str, cell: Any, role: str, cell_rate: int | None) -> str:
    """One cell; what cannot be read says why, in its place."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return say(f"{name} is missing", "warn")
    try:
        return sound_html(cell, name, cell_rate=cell_rate) if role == "audio" else _MEDIA[role](cell, name)
    except (ValueError, OSError) as error:
        return say(str(error), "warn")


def _captioned(part: str, caption: str) -> str:
    return f"<figure>{part}<figcaption>{_html.escape(caption)}</figcaption></figure>"


def picture_html(cell: Any, name: str) -> str:
    """A picture, small.

    Args:
        cell: A file path or an array, as `data.load_image` takes it.
        name: Read out in its place.

    Returns:
        str: An ``img`` with the picture inside.

    Raises:
        InputError: If it cannot be read.
    """
    info = data.image_info(cell)
    longer = max(info.height, info.width)
    scale = min(1.0, SHARP / longer)
    size = max(1, round(info.height * scale)), max(1, round(info.width * scale))
    picture = Image.fromarray(data.load_image(cell, size=size))
    small = longer <= SMALL
    buffer = io.BytesIO()
    picture.save(buffer, **({"format": "PNG"} if small else {"format": "JPEG", "quality": QUALITY}))
    source = _embedded(buffer.getvalue(), "image/png" if small else "image/jpeg")
    told = _html.escape(f"{name}, {info.width} by {info.height} pixels")
    drawn = ' class="dlt-pixels"' if small else ""
    return f'<img{drawn} alt="{told}" src="{source}">'


def sound_html(cell: Any, name: str, *, cell_rate: int | None = None) -> str:
    """A player for a sound's first ten seconds, below its wave.

    Args:
        cell: A file path or an array, as `data.load_sound` takes it.
        name: Read out in its place.
        cell_rate: Samples a second of an array. Defaults to None.

    Returns:
        str: A drawing and an ``audio`` element with the sound inside.

    Raises:
        InputError: If it cannot be read, or if it is an array and `cell_rate` is None.
    """
    if cell_rate is None and not isinstance(cell, (str, os.PathLike)):
        cure = "Say how many samples a second it has, to hear it at its own pitch."
        raise InputError(complaint("cell_rate", "a rate for a sound that is an array", "None", cure))
    samples = data.load_sound(cell, rate=PLAYED_RATE, cell_rate=cell_rate)
    played = samples[: round(PLAYED_SECONDS * PLAYED_RATE)]
    seconds = len(samples) / PLAYED_RATE
    told = f"{name}, {seconds:.1f} s"
    cut = f"<figcaption>the first {PLAYED_SECONDS:g} s of {seconds:,.0f} s</figcaption>"
    player = f'<audio controls aria-label="{_html.escape(told)}" src="{_embedded(wav(played), "audio/wav")}"></audio>'
    return sequence_html(played, told) + player + (cut if len(played) < len(samples) else "")


def wav(samples: np.ndarray, rate: int = PLAYED_RATE) -> bytes:
    """Samples in [-1, 1], shape ``(n_samples,)``, as a WAV file of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32_767).round().astype("<i2").tobytes())
    return buffer.getvalue()


def text_html(cell: Any, name: str) -> str:
    """A text; a long one scrolls, a very long one is cut."""
    text = str(cell)
    shown = text[:LONGEST_TEXT] + (f" … ({len(text):,} characters)" if len(text) > LONGEST_TEXT else "")
    label = _html.escape(name)
    return f'<div class="dlt-text" dir="auto" tabindex="0" role="region" aria-label="{label}">{_html.escape(shown)}</div>'


def sequence_html(cell: Any, name: str) -> str:
    """A sequence, shape ``(steps,)`` or ``(steps, channels)``, as lines on one scale."""
    steps = np.asarray(cell, dtype=float)
    channels = (steps[:, None] if steps.ndim == 1 else steps.reshape(len(steps), -1))[:, :MOST_LINES]
    known = channels[np.isfinite(channels)]
    if not len(known):
        return say(f"{name} holds no number", "warn")
    low, high = known.min(), known.max()
    scaled = HEIGHT - 2 - (channels - low) / ((high - low) or 1.0) * (HEIGHT - 4)
    lines = "".join(
        f'<polyline fill="none" stroke="currentColor" stroke-width="1" vector-effect="non-scaling-stroke" '
        f'points="{_points(line)}"/>'
        for line in scaled.T
    )
    told = _html.escape(f"{name}, {len(steps):,} steps from {low:.3g} to {high:.3g}")
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
    return f'<svg {box} role="img" aria-label="{told}"><title>{told}</title>{lines}</svg>'


def _points(line: np.ndarray) -> str:
    """A line's points; of a long one the least and the largest of each stretch, so that no peak is lost."""
    places = np.linspace(0, WIDTH, len(line)) if len(line) > 1 else np.array([WIDTH / 2])
    if len(line) > 2 * POINTS:
        parts = np.array_split(np.where(np.isfinite(line), line, np.nan), POINTS)
        parts = [part[np.isfinite(part)] for part in parts]
        line = np.array([v for p in parts for v in ((p.min(), p.max()) if len(p) else (np.nan, np.nan))])
        places = np.repeat(np.linspace(0, WIDTH, POINTS), 2)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(places, line, strict=True) if np.isfinite(y))


def values_html(values: Mapping[str, Any]) -> str:
    """Names and values below each other."""
    lines = [
        f'<tr><th scope="row">{_html.escape(name)}</th><td>{_html.cell(plain(value))}</td></tr>'
        for name, value in list(values.items())[:MOST_VALUES]
    ]
    if len(values) > MOST_VALUES:
        lines.append(f'<tr><th scope="row">and {len(values) - MOST_VALUES:,} more</th><td></td></tr>')
    return f'<div class="dlt-values" tabindex="0" role="region" aria-label="values"><table>{"".join(lines)}</table></div>'


def plain(value: Any) -> Any:
    """A value that a table can show: numpy's scalars as Python's."""
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value


def _embedded(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


_MEDIA: dict[str, Any] = {
    "image": picture_html,
    "audio": sound_html,
    "text": text_html,
    "sequence": sequence_html,
}
