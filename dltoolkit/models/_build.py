"""One call that builds the network that fits, and the table of what fits what."""

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pandas as pd

from dltoolkit._checks import check_choice, closest, complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

AUTO = "auto"
_ALL = ("binary", "multiclass", "multilabel", "regression")


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One kind of network.

    Attributes:
        home: The module of this package that holds its builder.
        needs: Roles of which the features must hold one each; ``"a|b"``: either. Roles of columns, and ``"table"`` for
            the block of numbers and categories. Empty: any feature will do.
        kinds: The kinds of problem that it answers; empty for one that needs no problem.
        why: What it is for, in a sentence.
    """

    home: str
    needs: tuple[str, ...]
    kinds: tuple[str, ...]
    why: str


ARCHITECTURES = {
    "linear": Architecture(
        "_networks", (), _ALL, "One weight a feature: the least that can learn, and a baseline."
    ),
    "mlp": Architecture(
        "_networks", (), _ALL, "Dense layers over every feature: plain, quick, good to learn with."
    ),
    "tabular": Architecture(
        "_tabular", ("table",), _ALL, "Tables: embedded numbers and an ensemble inside one network."
    ),
    "cnn": Architecture(
        "_images", ("image",), _ALL, "Pictures: convolutions find the same edge wherever it is."
    ),
    "resnet": Architecture(
        "_images", ("image",), _ALL, "Pictures: deeper, with shortcuts that gradients go by."
    ),
    "bag_of_words": Architecture(
        "_texts", ("text",), _ALL, "Texts: which words there are, whatever their order."
    ),
    "lstm": Architecture("_texts", ("text",), _ALL, "Texts: read word by word, with a memory."),
    "gru": Architecture("_texts", ("text",), _ALL, "Texts: as lstm, with fewer weights."),
    "transformer": Architecture("_texts", ("text",), _ALL, "Texts: every word looks at every other one."),
    "audio_cnn": Architecture(
        "_sounds", ("audio|sequence",), _ALL, "Sounds and sequences: convolutions along time."
    ),
    "forecaster": Architecture(
        "_series", ("sequence",), ("regression",), "Series: the steps to come, from those before."
    ),
    "matrix_factorisation": Architecture(
        "_recommenders",
        ("user", "item"),
        ("regression", "binary"),
        "Ratings: how well a user's taste meets an item.",
    ),
    "two_tower": Architecture(
        "_recommenders",
        ("user", "item"),
        ("regression", "binary"),
        "Recommendations: a vector for the user, one for the item, near if they meet.",
    ),
    "ranker": Architecture(
        "_recommenders",
        ("user", "item"),
        ("regression", "binary"),
        "Recommendations: all that is known of a pair.",
    ),
    "fusion": Architecture(
        "_fusion", (), _ALL, "Mixed columns: a network for each kind, joined before the head."
    ),
    "autoencoder": Architecture("_clusters", (), (), "No question: rows through a narrow code and back."),
    "deep_clustering": Architecture("_clusters", (), (), "No question: rows in groups, by a learnt code."),
}


def build(
    problem: Problem | None, preprocessor: Preprocessor, architecture: str = AUTO, **options: Any
) -> keras.Model:
    """Build a network whose head fits the problem and whose inputs are the features of the preprocessing.

    Args:
        problem: Gives head and base rates. None for a network that answers no question: ``"autoencoder"`` and
            ``"deep_clustering"``.
        preprocessor: Gives the inputs, and with them the sizes that go by rows or pixels.
        architecture: A name of `architectures`, or ``"auto"``: what did best here for such columns, see `pick`.
        **options: Options of that builder, such as ``units`` or ``dropout``; and ``head``, the activation of the last
            layer, which has to be the problem's.

    Returns:
        keras.Model: Uncompiled, with the name of its architecture. `training.fit` trains it by its `recipe`.

    Raises:
        InputError: If the architecture does not fit the columns or the problem (those that fit are named), it does not
            take an option, or `head` does not go with the problem.

    Example:
        >>> from dltoolkit import Schema, preprocessing
        >>> frame = pd.DataFrame({"age": [21, 35, 48, 62], "churn": ["yes", "yes", "no", "no"]})
        >>> problem, schema = Problem.infer(frame, "churn"), Schema.infer(frame, "churn")
        >>> build(problem, preprocessing.fit(frame, schema), "mlp", units=(8,)).count_params()
        25
    """
    name = (
        pick(problem, preprocessor) if architecture == AUTO else _checked(architecture, problem, preprocessor)
    )
    builder = builder_of(name)
    head = options.pop("head", None)
    known = options_of(name)
    unknown = [option for option in options if option not in known]
    complaints = [
        complaint(
            f"option {option!r}",
            f"an option of {name!r}: {listed(known, 20)}",
            "none",
            closest(option, known),
        )
        for option in unknown
    ]
    if problem is not None and head is not None and head != problem.head.activation:
        got = f"{head!r} for {problem.head.units} unit(s)"
        expected = f"{problem.head.activation!r} for a {problem.kind} problem"
        complaints.append(complaint("head", expected, got, problem.head.why))
    stop(complaints)
    if not ARCHITECTURES[name].kinds:
        return builder(preprocessor, **options)
    return builder(problem, preprocessor, **options)


def pick(problem: Problem | None, preprocessor: Preprocessor) -> str:
    """The architecture that `build` takes by default.

    Args:
        problem: What is asked; None for nothing, of which the answer is ``"autoencoder"``.
        preprocessor: Its features decide: of one kind of media the network for it, of several or with a table beside
            ``"fusion"``; users and items ``"matrix_factorisation"``; a table ``"tabular"``.

    Returns:
        str: The name of one that fits.

    Raises:
        InputError: If none fits.
    """
    fit = fitting(problem, preprocessor)
    return next(name for name in _wishes(problem, preprocessor) if name in fit)


def _wishes(problem: Problem | None, preprocessor: Preprocessor) -> list[str]:
    """Names, the best for such columns first; the last ones fit nearly anything."""
    if problem is None:
        return ["autoencoder"]
    roles = {preprocessor.schema.roles[c] for c in preprocessor.columns}
    media = {spec.role for spec in preprocessor.specs.values()} - {"table"}
    steps = "forecaster" if problem.kind == "regression" else "audio_cnn"
    usual = {"image": "cnn", "audio": "audio_cnn", "text": "bag_of_words", "sequence": steps}
    if {"user", "item"} <= roles:
        return ["matrix_factorisation", "mlp"]
    if "sequence" in media and problem.kind == "regression":
        return ["forecaster", "mlp"]
    n_media = sum(spec.role != "table" for spec in preprocessor.specs.values())
    if n_media > 1 or (media and n_media < len(preprocessor.specs)):
        return ["fusion", "mlp"]
    return [*(usual[role] for role in media), *([] if media else ["tabular"]), "mlp"]


def fitting(problem: Problem | None, preprocessor: Preprocessor) -> list[str]:
    """The architectures that fit a problem and its features.

    Args:
        problem: What is asked; None for nothing.
        preprocessor: Gives the features.

    Returns:
        list: Names of `ARCHITECTURES`; those that answer no question only where there is none.
    """
    return [
        name
        for name, entry in ARCHITECTURES.items()
        if bool(entry.kinds) == (problem is not None) and not _misfit(name, problem, preprocessor)
    ]


def _misfit(name: str, problem: Problem | None, preprocessor: Preprocessor) -> str:
    """Why an architecture does not fit; empty where it does."""
    entry = ARCHITECTURES[name]
    there = {preprocessor.schema.roles[c] for c in preprocessor.columns}
    there |= {spec.role for spec in preprocessor.specs.values()}
    for need in entry.needs:
        if not set(need.split("|")) & there:
            return f"no {need.replace('|', ' or ')} column among {listed(sorted(there))}"
    kind = None if problem is None else problem.kind
    if entry.kinds and kind not in entry.kinds:
        return "no problem" if kind is None else f"a {kind} problem"
    return ""


def _checked(architecture: str, problem: Problem | None, preprocessor: Preprocessor) -> str:
    """The name of an architecture that exists and fits.

    Raises:
        InputError: Naming those that fit.
    """
    name = str(check_choice(architecture, ARCHITECTURES, "architecture"))
    if why := _misfit(name, problem, preprocessor):
        cure = f"These fit: {listed(fitting(problem, preprocessor), 20)}."
        entry = ARCHITECTURES[name]
        wants = " and ".join(f"a column of role {need.replace('|', ' or ')}" for need in entry.needs)
        kinds = f"a {' or '.join(entry.kinds)} problem" if entry.kinds else ""
        expected = " and ".join(part for part in (wants, kinds if "problem" in why else "") if part)
        stop([complaint(f"architecture {name!r}", expected, why, cure)])
    return name


def builder_of(name: str) -> Callable[..., keras.Model]:
    """The function that builds an architecture."""
    return getattr(_home(name), name)


def options_of(name: str) -> list[str]:
    """The options that a builder takes."""
    parameters = inspect.signature(builder_of(name)).parameters.values()
    return [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]


def _home(name: str) -> Any:
    return importlib.import_module(f"dltoolkit.models.{ARCHITECTURES[name].home}")


def recipe(model: keras.Model | str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How a network is trained by default; `training.fit` looks it up by the model's name.

    Args:
        model: A network, or the name of an architecture. For a name that is none of `ARCHITECTURES`: Adam at its usual
            rate with early stopping.
        problem: What is asked.
        preprocessor: Gives the features and the number of training rows.

    Returns:
        Recipe: The options of `training.fit`.
    """
    name = model if isinstance(model, str) else model.name
    home = _home(name) if name in ARCHITECTURES else None
    if not hasattr(home, "recipe"):
        return Recipe()
    if isinstance(model, keras.Model) and hasattr(home, "own_recipe"):
        return home.own_recipe(model, problem, preprocessor)  # type: ignore[union-attr]
    return home.recipe(name, problem, preprocessor)  # type: ignore[union-attr]


def architectures(problem: Problem | None = None, preprocessor: Preprocessor | None = None) -> pd.DataFrame:
    """What there is to build, and what of it fits.

    Args:
        problem: What is asked. Defaults to None.
        preprocessor: Gives the features. Defaults to None: nothing is said of fitting.

    Returns:
        pandas.DataFrame: One row an architecture: ``architecture``, ``needs``, ``answers``, ``why``; with a
        preprocessor also ``fits`` and ``reason`` (why not).
    """
    rows = [
        (name, ", ".join(entry.needs), ", ".join(entry.kinds), entry.why)
        for name, entry in ARCHITECTURES.items()
    ]
    table = pd.DataFrame(rows, columns=["architecture", "needs", "answers", "why"])
    if preprocessor is None:
        return table
    reasons = [_misfit(name, problem, preprocessor) for name in ARCHITECTURES]
    return table.assign(fits=[not reason for reason in reasons], reason=reasons)
