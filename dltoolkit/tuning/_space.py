"""A space of settings: from plain Python to KerasTuner and back."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras_tuner

from dltoolkit._checks import closest, complaint, listed, stop

Space = Mapping[str, Sequence[Any]]

# Settings of `training.fit` that can be searched; all others go to the function that builds the model.
FIT_SETTINGS = ("optimizer", "learning_rate", "batch_size", "early_stopping", "class_weight", "loss")


def check_space(space: Space, build: Callable[..., Any]) -> None:
    """Make sure that every setting is taken by somebody and has something to choose from.

    Args:
        space: Name of each setting and its values.
        build: The function that builds the model.

    Raises:
        InputError: Naming every setting at fault.
    """
    known = (*settings_of(build), *FIT_SETTINGS)
    anything = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(build).parameters.values())
    complaints = []
    if not space:
        complaints.append(
            complaint(
                "space", "at least one setting", "none", "For example {'learning_rate': (1e-4, 1e-2, 'log')}."
            )
        )
    for name, values in space.items():
        if name not in known and not anything:
            complaints.append(
                complaint(
                    f"space[{name!r}]",
                    "a setting of the builder or of training.fit",
                    "an unknown one",
                    closest(name, known),
                )
            )
        elif not isinstance(values, (list, tuple)) or not values:
            complaints.append(
                complaint(
                    f"space[{name!r}]",
                    "a list of choices, or (low, high) or (low, high, 'log')",
                    repr(values),
                )
            )
        elif isinstance(values, tuple) and (fault := _range_fault(values)):
            complaints.append(
                complaint(
                    f"space[{name!r}]",
                    "(low, high) or (low, high, 'log') with low < high",
                    fault,
                    "Choices go into a list.",
                )
            )
    stop(complaints)


def settings_of(build: Callable[..., Any]) -> tuple[str, ...]:
    """Names of a builder's keyword settings."""
    return tuple(p.name for p in inspect.signature(build).parameters.values() if p.kind is p.KEYWORD_ONLY)


def _range_fault(values: tuple[Any, ...]) -> str:
    low, high, scale = (*values, "")[:3] if len(values) in (2, 3) else (None, None, None)
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (low, high))
    if not numbers or scale not in ("", "log") or not low < high or (scale == "log" and low <= 0):
        return repr(values)
    return ""


def declare(space: Space) -> keras_tuner.HyperParameters:
    """Write the space for KerasTuner; choices of any type stand as their number."""
    declared = keras_tuner.HyperParameters()
    for name, values in space.items():
        if isinstance(values, list):
            declared.Choice(name, list(range(len(values))), ordered=False)
            continue
        sampling = "log" if len(values) == 3 else "linear"
        whole = all(isinstance(v, int) for v in values[:2])
        add = declared.Int if whole else declared.Float
        add(name, values[0], values[1], sampling=sampling)
    return declared


def read(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """One point of the space, in the caller's own values."""
    return {
        name: options[values[name]] if isinstance(options, list) else values[name]
        for name, options in space.items()
    }


def n_points(space: Space) -> int | None:
    """Number of different points; None where a range has no end of them."""
    total = 1
    for values in space.values():
        if isinstance(values, list):
            total *= len(values)
        elif all(isinstance(v, int) for v in values[:2]) and len(values) == 2:
            total *= values[1] - values[0] + 1
        else:
            return None
    return total


def only_choices(space: Space) -> None:
    """A grid has no room for a range of fractions."""
    ranges = [
        name
        for name, values in space.items()
        if isinstance(values, tuple) and n_points({name: values}) is None
    ]
    if ranges:
        cure = "Write the values to try as a list, or use method='random'."
        stop(
            [
                complaint(
                    "space",
                    "lists or whole-number ranges for a grid",
                    f"ranges without steps for {listed(ranges)}",
                    cure,
                )
            ]
        )
