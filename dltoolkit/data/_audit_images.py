"""The checks of a column of pictures: unreadable, damaged, blank, blurred and tiny ones, those of another shape or mode."""

import numpy as np
from scipy import ndimage

from dltoolkit.data._audit_kinds import Draw, broken
from dltoolkit.data._cells import is_path, read_all
from dltoolkit.data._findings import AuditFinding, Table
from dltoolkit.data.kinds._images import ImageInfo, image_info, load_image
from dltoolkit.data.kinds._jpegs import damage

LEAST_SIDE, MOST_SIDE = (
    8,
    256,
)  # pixels at which sharpness is compared; 256 is what networks for photos are fed at most
BLANK = (
    2.0  # grey levels (standard deviation) that sensor noise and compression alone leave in an empty picture
)
# Pech-Pacheco, Cristobal, Chamorro-Martinez and Fernandez-Valdivia (2000), Diatom autofocusing in brightfield microscopy:
# the variance of the Laplacian tells sharp from blurred. Ours is divided by the variance of the picture, so that pale is
# not blurred, and compared with the other pictures: blurred is a tenth of the median where that is far out among all of
# them (Iglewicz and Hoaglin 1993: 3.5 robust standard deviations), and a hundredth anywhere. Tried on 75 pieces of photos
# of 64 x 64 pixels: a Gaussian blur of 2 pixels leaves 0.007 of the sharpness in the median.
BLURRED_SHARE, VERY_BLURRED_SHARE, BLURRED_SCORE = 0.1, 0.01, 3.5
NORMAL_MAD = 1.4826
MIN_COMPARED = 20  # pictures; fewer have no usual sharpness, size or shape
TINY_SHARE, TINY_SIDE = 0.25, 64  # of the median shorter side; and pixels, above which no picture is tiny
SIZE_RATIO, ASPECT_RATIO = 4.0, 1.5  # 95th over 5th percentile: of the areas, and of width over height
STRONG_ASPECT = 2.0  # from here on stretching to one shape makes circles flat


def findings(table: Table, name: str) -> list[AuditFinding | None]:
    """What is found in a column of pictures; of many, a draw is looked at.

    Args:
        table: The table.
        name: A column of paths or arrays.

    Returns:
        list: Findings, or None where there is nothing to find.
    """
    draw = Draw.of(table, name, "picture")
    infos = read_all(image_info, draw.cells)
    side = _side([info for info in infos if isinstance(info, ImageInfo)])
    small = read_all(lambda cell: load_image(cell, size=(side, side), colour="grey"), draw.cells)
    advice = (
        "cannot be read. Read the folder again with data.read_images(verify=True), which leaves them out."
    )
    unreadable, known = broken(draw, small, advice)
    if not known.any():
        return [unreadable]
    draw = draw.only(known)
    heads = [info for info, good in zip(infos, known, strict=True) if good]
    grey = np.stack([p for p, good in zip(small, known, strict=True) if good])[..., 0]
    return [unreadable, _damaged(draw), *_looks(draw, grey), *_shapes(draw, heads), _modes(draw, heads)]


def _side(heads: list[ImageInfo]) -> int:
    """The side that all pictures are brought to: the usual one, but no more than `MOST_SIDE`."""
    shorter = [min(head.height, head.width) for head in heads]
    return int(np.clip(np.median(shorter), LEAST_SIDE, MOST_SIDE)) if shorter else LEAST_SIDE


def _damaged(draw: Draw) -> AuditFinding | None:
    """Files that can be read, although the decoder finds fault with their middle."""
    reasons = read_all(lambda cell: damage(cell) if is_path(cell) else None, draw.cells)
    more = [{"reason": reason} if isinstance(reason, str) else {} for reason in reasons]
    advice = "damaged in the middle: part of what such a file shows is made up by the decoder."
    advice += " data.read_images(verify=True) leaves them out; better, copy them again."
    return draw.finding("damaged", np.array([bool(reason) for reason in more]), advice, more=more)


def _looks(draw: Draw, grey: np.ndarray) -> list[AuditFinding | None]:
    """Pictures without content, and pictures without edges."""
    spread = grey.reshape(len(grey), -1).std(axis=1)
    blank = spread < BLANK
    more = [{"spread": round(float(s), 2)} for s in spread]
    found = [
        draw.finding(
            "blank", blank, "of one grey level all over. Leave them out, or find what went wrong.", more=more
        )
    ]
    sharp = np.array([_sharpness(picture) for picture in grey])
    if (~blank).sum() < MIN_COMPARED:
        return found
    logs = np.log10(np.maximum(sharp, 1e-12))
    middle = np.median(logs[~blank])
    scale = NORMAL_MAD * np.median(np.abs(logs[~blank] - middle))
    limit = middle + np.clip(-BLURRED_SCORE * scale, np.log10(VERY_BLURRED_SHARE), np.log10(BLURRED_SHARE))
    more = [
        {"sharpness": round(float(10 ** (value - middle)), 3)} for value in logs
    ]  # the median picture has 1
    advice = (
        "with less than a tenth of the usual sharpness: out of focus, moved, or enlarged. Look at the first."
    )
    return [*found, draw.finding("blurred", ~blank & (logs < limit), advice, more=more, order=logs)]


def _sharpness(picture: np.ndarray) -> float:
    """The variance of the Laplacian over that of the picture."""
    values = picture.astype(np.float32)
    return float(ndimage.laplace(values).var() / max(float(values.var()), 1e-6))


def _shapes(draw: Draw, heads: list[ImageInfo]) -> list[AuditFinding | None]:
    """Pictures of very different sizes, of very different shapes, and tiny ones."""
    height, width = (np.array([getattr(h, side) for h in heads], dtype=float) for side in ("height", "width"))
    more = [{"height": h.height, "width": h.width} for h in heads]
    shorter = np.minimum(height, width)
    tiny = (shorter < TINY_SHARE * np.median(shorter)) & (shorter < TINY_SIDE)
    advice = f"with a side of less than a quarter of the usual {np.median(shorter):.0f} pixels: thumbnails, or cut wrongly?"
    found = [draw.finding("tiny", tiny, advice, more=more, order=shorter)]
    if len(heads) < MIN_COMPARED:
        return found
    whole = np.ones(len(heads), dtype=bool)
    ratio = _ratio(height * width)
    if ratio >= SIZE_RATIO:
        advice = f"from {_size(height, width, 0)} to {_size(height, width, -1)} pixels (height x width): the larger lose"
        advice += " detail when all are brought to one size."
        found.append(
            draw.finding("mixed_sizes", whole, advice, severity="info", more=more, order=height * width)
        )
    ratio = _ratio(width / height)
    if ratio >= ASPECT_RATIO:
        advice = (
            f"whose width over height goes from {(width / height).min():.2f} to {(width / height).max():.2f}:"
        )
        advice += " resize='pad' or 'crop' keeps shapes, 'stretch' does not."
        severity = "warn" if ratio >= STRONG_ASPECT else "info"
        order = -np.abs(np.log(width / height) - np.median(np.log(width / height)))
        found.append(draw.finding("mixed_aspects", whole, advice, severity=severity, more=more, order=order))
    return found


def _ratio(values: np.ndarray) -> float:
    low, high = np.quantile(values, [0.05, 0.95])
    return float(high / low)


def _size(height: np.ndarray, width: np.ndarray, place: int) -> str:
    row = np.argsort(height * width, kind="stable")[place]
    return f"{height[row]:.0f} x {width[row]:.0f}"


def _modes(draw: Draw, heads: list[ImageInfo]) -> AuditFinding | None:
    """Pictures of another mode than most: grey among colour, transparent, CMYK, 16 bits."""
    modes = np.array([head.mode for head in heads])
    names, counts = np.unique(modes, return_counts=True)
    if len(names) < 2:
        return None
    usual = names[counts.argmax()]
    advice = f"of another mode than the usual {usual!r}: " + ", ".join(
        f"{n} {c:,}" for n, c in zip(names, counts, strict=True)
    )
    advice += (
        ". All are brought to one by a stated rule (data.load_image); see that no mode goes with a class."
    )
    return draw.finding(
        "mixed_modes", modes != usual, advice, severity="info", more=[{"mode": str(m)} for m in modes]
    )
