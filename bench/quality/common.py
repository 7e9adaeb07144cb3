"""What the quality measurements share: a clock for wall and processor time, and the table that they print."""

import contextlib
import dataclasses
import time

import pandas as pd


@dataclasses.dataclass
class Clock:
    """Seconds of one piece of work: on the wall, and of all processors together."""

    wall: float = 0.0
    cpu: float = 0.0


@contextlib.contextmanager
def clocked():
    """Time what is done inside; the seconds stand in the clock afterwards."""
    clock = Clock()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield clock
    finally:
        clock.wall, clock.cpu = time.perf_counter() - wall, time.process_time() - cpu


def table(rows, *, measure, asked=None):
    """Print means and standard deviations over the seeds, a line a model.

    Args:
        rows: Dicts with ``data``, ``seed``, ``model``, ``score``, and ``clock``, a `Clock`, or None.
        measure: What the score is, such as ``"AUC"``.
        asked: What is asked of the best network, such as ``">= .866"``; a mapping of data to that. Defaults to None.

    Returns:
        pandas.DataFrame: What was printed.
    """
    flat = [
        {"wall s": row["clock"].wall, "CPU s": row["clock"].cpu, **row} if row.get("clock") else dict(row)
        for row in rows
    ]
    frame = pd.DataFrame(flat).drop(columns="clock", errors="ignore")
    for name, part in frame.groupby("data", sort=False):
        groups = part.groupby("model", sort=False)
        shown = groups.agg(score=("score", "mean"), sd=("score", "std"), seeds=("seed", "nunique"))
        seconds = [column for column in ("wall s", "CPU s") if column in part]
        shown[seconds] = groups[seconds].mean()
        wish = asked.get(name) if isinstance(asked, dict) else asked
        print(f"\n{name}: {measure}{f', asked {wish}' if wish else ''}")
        print(shown.round({"score": 4, "sd": 4, "wall s": 1, "CPU s": 1}).to_string(), flush=True)
    return frame
