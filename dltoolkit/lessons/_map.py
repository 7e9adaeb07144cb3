"""The lifecycle map: thirteen steps in five phases, and where the reader stands."""

import dataclasses

from dltoolkit import _html


@dataclasses.dataclass(frozen=True)
class Station:
    """One step on the map."""

    number: int
    label: str
    phase: str
    notebook: str


_PHASES = {
    "Frame": (
        ("Define the problem", "define-the-problem"),
        ("Collect & prepare", "collect-and-prepare-data"),
        ("Preprocess", "preprocess"),
    ),
    "Build": (
        ("Design", "design-the-network"),
        ("Initialise", "initialise-parameters"),
        ("Loss", "choose-the-loss"),
        ("Optimizer", "choose-the-optimizer"),
    ),
    "Learn": (("Train", "train"), ("Validate & tune", "validate-and-tune")),
    "Judge": (("Evaluate", "evaluate-on-test"), ("Fine-tune", "fine-tune-and-optimise")),
    "Run": (("Deploy", "deploy-and-infer"), ("Monitor", "monitor-and-maintain")),
}


def _stations() -> dict[int, Station]:
    rows = [(phase, label, slug) for phase, steps in _PHASES.items() for label, slug in steps]
    return {
        i: Station(i, label, phase, f"{i:02d}-{slug}.ipynb")
        for i, (phase, label, slug) in enumerate(rows, start=1)
    }


STATIONS = _stations()

STYLE = f"""<style>
.dlt-lesson {{ color: {_html.INK}; font-size: 13px; line-height: 1.45; max-width: 1060px; }}
.dlt-lesson a {{ color: inherit; text-decoration: none; }}
.dlt-lesson a:hover .dlt-name, .dlt-lesson a:focus-visible .dlt-name {{ text-decoration: underline; }}
.dlt-map {{ display: flex; flex-wrap: wrap; gap: 10px 14px; margin: 4px 0 12px; }}
.dlt-phase {{ flex: 1 1 auto; min-width: 0; border-top: 2px solid {_html.LINE}; padding-top: 6px; }}
.dlt-phase.dlt-now {{ border-top-color: {_html.ACCENT}; }}
.dlt-lesson .dlt-phase > p {{ margin: 0 0 4px; font-size: 11px; letter-spacing: .08em; text-transform: uppercase; color: {_html.MUTED}; }}
.dlt-lesson .dlt-phase ol {{ list-style: none; margin: 0; padding: 0; display: flex; gap: 2px; }}
.dlt-lesson .dlt-phase li {{ margin: 0; width: 70px; text-align: center; }}
.dlt-dot {{ display: block; box-sizing: border-box; width: 26px; height: 26px; line-height: 22px; margin: 0 auto 3px; border-radius: 50%;
  border: 2px solid {_html.LINE}; font-size: 12px; font-variant-numeric: tabular-nums; }}
.dlt-name {{ display: block; font-size: 11px; line-height: 1.25; color: {_html.MUTED}; }}
.dlt-next .dlt-dot {{ color: {_html.MUTED}; }}
.dlt-past .dlt-dot {{ border-color: {_html.ACCENT}; color: {_html.ACCENT}; }}
.dlt-here .dlt-dot {{ background: {_html.ACCENT}; border-color: {_html.ACCENT}; color: {_html.ON_ACCENT}; font-weight: 700; }}
.dlt-here .dlt-name {{ color: {_html.INK}; font-weight: 700; }}
.dlt-you {{ display: block; font-size: 10px; white-space: nowrap; color: {_html.ACCENT}; font-weight: 700; }}
.dlt-lesson .dlt-facts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 6px 28px; margin: 0; }}
.dlt-lesson .dlt-facts h4 {{ margin: 6px 0 2px; font-size: 12px; font-weight: 700; color: {_html.INK}; }}
.dlt-lesson .dlt-facts p, .dlt-lesson .dlt-facts ul {{ margin: 0; padding: 0; }}
.dlt-lesson .dlt-facts ul {{ padding-left: 1.2em; }}
.dlt-lesson .dlt-fold {{ border-top: 1px solid {_html.LINE}; padding: 8px 0; }}
.dlt-lesson .dlt-fold:last-child {{ border-bottom: 1px solid {_html.LINE}; }}
.dlt-lesson .dlt-fold p, .dlt-lesson .dlt-fold ol {{ margin: 0 0 4px; }}
.dlt-lesson .dlt-fold ol {{ list-style-type: lower-alpha; padding-left: 2em; }}
.dlt-lesson .dlt-fold summary {{ cursor: pointer; color: {_html.ACCENT}; width: fit-content; }}
</style>"""


def map_html(here: tuple[int, ...]) -> str:
    """The map as HTML.

    Args:
        here: Steps, 1 to 13, at which the reader stands; may be empty.

    Returns:
        str: A ``nav`` whose stations link to their notebooks, in need of `STYLE`.
    """
    names = ", ".join(f"step {n}, {STATIONS[n].label}" for n in here) or "no step yet"
    phases = "".join(_phase(phase, here) for phase in _PHASES)
    label = _html.escape(f"The life of a model in 13 steps; you are at {names}")
    return f'<nav class="dlt-map" aria-label="{label}">{phases}</nav>'


def _phase(phase: str, here: tuple[int, ...]) -> str:
    stations = [s for s in STATIONS.values() if s.phase == phase]
    now = " dlt-now" if any(s.number in here for s in stations) else ""
    rows = "".join(_station(s, here) for s in stations)
    start = stations[0].number
    return f'<div class="dlt-phase{now}"><p>{phase}</p><ol start="{start}">{rows}</ol></div>'


def _station(station: Station, here: tuple[int, ...]) -> str:
    current = station.number in here
    past = bool(here) and station.number < min(here)
    state = "dlt-here" if current else "dlt-past" if past else "dlt-next"
    mark = ' aria-current="step"' if current else ""
    you = '<span class="dlt-you">you are here</span>' if current else ""
    return (
        f'<li class="{state}"{mark}><a href="{station.notebook}"><span class="dlt-dot">{station.number}</span>'
        f'<span class="dlt-name">{_html.escape(station.label)}</span></a>{you}</li>'
    )


def map_text(here: tuple[int, ...]) -> str:
    """The map as plain text, one line a phase.

    Example:
        >>> print(map_text((2,)).splitlines()[0])
        Frame   1 Define the problem · [2 Collect & prepare] <- you are here · 3 Preprocess
    """
    lines = []
    for phase in _PHASES:
        names = [
            f"[{s.number} {s.label}] <- you are here" if s.number in here else f"{s.number} {s.label}"
            for s in STATIONS.values()
            if s.phase == phase
        ]
        lines.append(f"{phase:<7} {' · '.join(names)}")
    return "\n".join(lines)
