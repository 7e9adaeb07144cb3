"""The thirteen steps: what each needs, makes and leaves, and which module does it."""

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from dltoolkit._checks import check_choice, closest, complaint, stop


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a model's life.

    Attributes:
        number: From 1 to 13.
        name: Its name.
        home: The private module with its function, which has the step's name.
        needs: The steps that must be up to date before it starts.
        makes: The properties of a project that it fills, and the files that it leaves: name to file or folder.
    """

    number: int
    name: str
    home: str
    needs: tuple[str, ...]
    makes: dict[str, str]


_TABLE = (
    ("define", "_start", (), {"problem": "problem.json", "raw": "raw.parquet"}),
    (
        "prepare",
        "_prepare",
        ("define",),
        {
            "splits": "splits.json",
            "frame": "data.parquet",
            "schema": "schema.json",
            "audit": "audit.json",
            "cleaning": "cleaning.json",
        },
    ),
    ("preprocess", "_network", ("prepare",), {"preprocessor": "preprocessor.json"}),
    ("design", "_network", ("preprocess",), {"design": "design.json"}),
    ("initialise", "_network", ("design",), {"initialise": "initialise.json"}),
    ("loss", "_network", ("define",), {"loss": "loss.json"}),
    ("optimizer", "_network", ("define",), {"optimizer": "optimizer.json"}),
    ("train", "_learn", ("initialise", "loss", "optimizer"), {"run": "run/"}),
    ("tune", "_tune", ("initialise", "loss", "optimizer"), {"search": "search/"}),
    (
        "evaluate",
        "_prove",
        ("train",),
        {
            "evaluation": "evaluation.json",
            "evaluated_model": "evaluation.json",
            "evaluated": "test.parquet",
            "predictions": "predictions.parquet",
        },
    ),
    ("fine_tune", "_learn", ("train", "tune"), {"tuned": "fine_tune.json", "fine_tuned": "fine_tuned/"}),
    ("deploy", "_prove", ("train",), {"bundle": "bundle/"}),
    ("monitor", "_prove", ("deploy",), {"monitor": "monitor.json", "drift": "drift.json"}),
)
TABLE = {
    name: Step(number, name, home, needs, makes)
    for number, (name, home, needs, makes) in enumerate(_TABLE, start=1)
}
STEPS = tuple(TABLE)
MAKERS = {artefact: step for step in TABLE.values() for artefact in step.makes}
# The last choice between models is made before the test part is opened.
RUNNING_ORDER = tuple(
    sorted(STEPS, key=lambda s: (TABLE[s].number + 1.5) if s == "evaluate" else TABLE[s].number)
)


def home_of(step: str) -> Any:
    """The module that does a step, and reads what it left; it loads what it needs, now."""
    return importlib.import_module(f"dltoolkit.project.{TABLE[step].home}")


def function_of(step: str) -> Callable[..., Any]:
    """The function that does a step."""
    return getattr(home_of(step), step)


def settings_of(step: str) -> tuple[str, ...]:
    """The names of the settings that a step takes."""
    function = function_of(step)
    own = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    return (*own, *getattr(function, "passes_on", ()))


def passes_on(target: Callable[..., Any], *but: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a step's function as one that hands its other settings to `target`, all but those named."""
    names = tuple(
        name
        for name, parameter in inspect.signature(target).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in but
    )

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.passes_on = (*getattr(function, "passes_on", ()), *names)  # type: ignore[attr-defined]
        return function

    return mark


def check_settings(step: str, settings: dict[str, Any]) -> None:
    """Make sure that a step takes every setting that it was given.

    Raises:
        InputError: Naming each that it does not take, and the step that does.
    """
    known = settings_of(step)
    complaints = []
    for name in settings:
        if name in known:
            continue
        others = [s for s in STEPS if s != step and s != "define" and name in settings_of(s)]
        cure = f"It belongs to project.do({others[0]!r}, {name}=...)." if others else closest(name, known)
        complaints.append(
            complaint(f"step {step!r} setting {name!r}", "a setting of this step", "none", cure)
        )
    stop(complaints)


def check_step(step: Any) -> str:
    """Return `step` when it is one.

    Raises:
        InputError: With the steps that come close.
    """
    return str(check_choice(step, STEPS, "step"))
