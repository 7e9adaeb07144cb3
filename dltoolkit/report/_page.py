"""The report as one page that needs nothing beside it, in the order of the thirteen steps."""

import importlib.resources
import string
from typing import Any

import pandas as pd

from dltoolkit._html import escape, table
from dltoolkit.project import STEPS, Project
from dltoolkit.report import _sections
from dltoolkit.report._facts import HEADLINES, best_baseline, number

TITLES = {
    "define": "Define the problem",
    "prepare": "Collect and prepare the data",
    "preprocess": "Preprocess",
    "design": "Design the network",
    "initialise": "Initialise its parameters",
    "loss": "Choose the loss",
    "optimizer": "Choose the optimizer",
    "train": "Train",
    "tune": "Validate and tune",
    "evaluate": "Evaluate on the test part",
    "fine_tune": "Fine-tune",
    "deploy": "Deploy and infer",
    "monitor": "Monitor and maintain",
}
SHORT = {step: step.replace("_", "-") for step in STEPS}


def html(project: Project, told: dict[str, Any]) -> str:
    """The page.

    Args:
        project: All thirteen steps are done.
        told: What `facts` gave for it.

    Returns:
        str: HTML with its style and its pictures inside.
    """
    target = ", ".join(project.problem.targets)
    heading = f"Predicting {target}"
    parts = {
        "title": f"{heading} · dltoolkit report",
        "heading": f"Predicting <em>{escape(target)}</em>",
        "verdict": escape(told["verdict"]),
        "alerts": _alerts(told),
        "cards": _cards(project, told),
        "links": "".join(f'<li><a href="#{step}">{SHORT[step]}</a></li>' for step in STEPS),
        "sections": "\n".join(_section(step, project, told) for step in STEPS),
        "footer": _footer(told),
    }
    parts["title"] = escape(parts["title"])
    template = importlib.resources.files("dltoolkit.report").joinpath("page.html").read_text(encoding="utf-8")
    return string.Template(template).substitute(parts)


def _section(step: str, project: Project, told: dict[str, Any]) -> str:
    body = getattr(_sections, step)(project, told)
    seconds = told["timings"][step]
    return (
        f'<section id="{step}" aria-labelledby="{step}-title"><header><h2 id="{step}-title">'
        f"{STEPS.index(step) + 1}. {TITLES[step]}</h2>"
        f'<span class="quiet">{seconds:.1f} s</span></header>{body}</section>'
    )


def _alerts(told: dict[str, Any]) -> str:
    """What a reader must know before believing any number."""
    notes = []
    if told["fast"]:
        notes.append(
            ("", "Fast setting: few rows, epochs and trials. The figures on this page mean nothing.")
        )
    for finding in told["audit"]:
        if finding["kind"] == "leakage" or finding["severity"] == "stop":
            where = f"{finding['column']}: " if finding["column"] else ""
            notes.append(
                (" bad", f"{finding['kind'].replace('_', ' ').capitalize()}. {where}{finding['advice']}")
            )
    openings = told["test_openings"]
    if openings["count"] > 1:
        by = ", ".join(f"{event['by']} on {event['when'][:10]}" for event in openings["events"])
        notes.append(
            (
                "",
                f"The test part was opened {openings['count']} times ({by}): its figures flatter by so much.",
            )
        )
    return "".join(f'<div class="note{tone}"><p>{escape(text)}</p></div>' for tone, text in notes)


def _cards(project: Project, told: dict[str, Any]) -> str:
    result = project.evaluation
    metric, word, _ = HEADLINES[result.problem.kind]
    value, low, high = result.metrics.loc[metric, ["value", "low", "high"]]
    cards = [(number(value), f"{word} of the network, test part ({number(low)} to {number(high)})")]
    if name := best_baseline(result):
        cards.append(
            (number(result.baselines[name].loc[metric, "value"]), f"{word} of {name}, the best baseline")
        )
    cards += [
        (f"{told['data']['rows']:,}", f"rows, {told['data']['columns']} columns"),
        (f"{told['timings']['total']:.0f} s", "for all thirteen steps"),
    ]
    return "".join(f"<li><b>{escape(big)}</b><span>{escape(small)}</span></li>" for big, small in cards)


def _footer(told: dict[str, Any]) -> str:
    longest = max(told["timings"][step] for step in STEPS) or 1.0
    bars = "".join(
        f'<li><span>{SHORT[step]}</span><i style="width:{100 * told["timings"][step] / longest:.1f}%"></i>'
        f"<span>{told['timings'][step]:.1f} s</span></li>"
        for step in STEPS
    )
    versions = pd.DataFrame(told["versions"].items(), columns=["package", "version"])
    machine = told["machine"]
    where = f"{machine['machine']}, {machine['backend']}, {', '.join(machine['devices'])}"
    return (
        f"<h2>How to get the same again</h2><p>Seed {told['seed']}, table {escape(told['fingerprint'])}, "
        f"{escape(where)}. On the same machine, versions and number of threads the weights and figures are the same, "
        f'bit for bit.</p><ul class="bars" aria-label="Seconds a step">{bars}</ul>'
        f"<details><summary>Versions</summary>{table(versions, caption='Versions of the packages')}</details>"
    )
