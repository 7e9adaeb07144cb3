"""The checks of a column of sequences: lengths, channels, missing and infinite values, and those that stand still."""

from typing import NamedTuple

import numpy as np

from dltoolkit.data._audit_kinds import Draw
from dltoolkit.data._findings import AuditFinding, Table

MOST_SEQUENCES = 100_000  # looked at


class _Shape(NamedTuple):
    """What one sequence is like."""

    steps: int
    channels: int
    missing: int
    infinite: int
    still: bool


def findings(table: Table, name: str) -> list[AuditFinding | None]:
    """What is found in a column of sequences; of very many, a draw is looked at.

    Args:
        table: The table.
        name: A column of arrays, shape ``(steps,)`` or ``(steps, channels)``.

    Returns:
        list: Findings, or None where there is nothing to find.
    """
    draw = Draw.of(table, name, "sequence", most=MOST_SEQUENCES)
    shapes = [_shape(np.asarray(cell)) for cell in draw.cells]
    steps, channels, missing, infinite = (np.array([s[i] for s in shapes]) for i in range(4))
    still = np.array([s.still for s in shapes], dtype=bool)
    more = [{"steps": s.steps} for s in shapes]
    usual = int(np.bincount(channels).argmax())
    several = np.full(len(shapes), len(np.unique(steps)) > 1)
    told = f"of {steps.min():,} to {steps.max():,} steps, {np.median(steps):,.0f} in the median: they are padded, or cut, to one"
    return [
        draw.finding("empty_sequences", steps == 0, "without a step. Leave them out.", severity="stop", more=more),
        draw.finding("mixed_channels", channels != usual, f"with another number of values a step than the usual {usual}."
                     " All must have the same.", severity="stop", more=[{"channels": s.channels} for s in shapes]),
        draw.finding("infinite", infinite > 0, "with infinite values. Correct them, or take them as missing.",
                     severity="stop", more=[{"infinite": s.infinite} for s in shapes]),
        draw.finding("missing_steps", missing > 0, "with missing values (NaN). Fill them in, or leave the sequences out.",
                     more=[{"missing": s.missing} for s in shapes], order=-missing),
        draw.finding("still", still, "that hold one value all along: a sensor that was off?", more=more),
        draw.finding("ragged", several, f"{told} length.", severity="info", more=more, order=-steps),
    ]  # fmt: skip


def _shape(values: np.ndarray) -> _Shape:
    channels = 1 if values.ndim < 2 else int(np.prod(values.shape[1:]))
    if values.dtype.kind != "f":
        missing = infinite = 0
    else:
        missing, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    still = len(values) > 1 and bool((values == values[:1]).all())
    return _Shape(len(values), channels, missing, infinite, still)
