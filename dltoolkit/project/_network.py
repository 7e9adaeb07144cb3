"""Steps 3 to 7: preprocess, design, initialise, loss, optimizer."""

import inspect
import math
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dltoolkit import _files, models, preprocessing, training
from dltoolkit._checks import check_choice, check_number, complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.project._outcome import Outcome
from dltoolkit.project._steps import passes_on
from dltoolkit.training._compile import check_loss

if TYPE_CHECKING:
    from dltoolkit.project._project import Project

BUILDERS: dict[str, Callable[..., Any]] = {"mlp": models.mlp, "linear": models.linear}
_INITIAL = ("initializer", "seed")


@passes_on(preprocessing.fit)
def preprocess(project: "Project", folder: pathlib.Path, **options: Any) -> Outcome:
    """Step 3: fit the preprocessing on the training part."""
    fitted = preprocessing.fit(project.splits.train, project.schema, **options)
    fitted.save(folder)
    n = sum(math.prod(spec.shape) for spec in fitted.specs.values())
    text = f"{len(fitted.columns)} columns into {n:,} features"
    return Outcome(fitted, text, keep={"preprocessor": fitted})


def load_preprocessor(project: "Project", folder: pathlib.Path) -> Preprocessor:
    """Read the preprocessing."""
    return preprocessing.load(folder)


@passes_on(models.mlp, *_INITIAL)
def design(project: "Project", folder: pathlib.Path, *, architecture: str = "mlp", **options: Any) -> Outcome:
    """Step 4: choose the layers, and build them once to see that they fit."""
    defaults = _defaults(check_choice(architecture, BUILDERS, "architecture"))
    unknown = [name for name in options if name not in defaults or name in _INITIAL]
    if unknown:
        expected = f"an option of {architecture}: {listed([n for n in defaults if n not in _INITIAL], 20)}"
        stop(
            [complaint(f"design setting {listed(unknown)}", expected, "none", "architecture='mlp' takes it.")]
        )
    chosen = {n: options.get(n, default) for n, default in defaults.items() if n not in _INITIAL}
    network = BUILDERS[architecture](project.problem, project.preprocessor, **chosen)
    _files.write_json(
        folder / "design.json",
        {"architecture": architecture, **chosen, "parameters": network.count_params()},
    )
    layers = "-".join(str(width) for width in chosen.get("units", ()))
    text = f"{architecture}{' ' if layers else ''}{layers}, {network.count_params():,} parameters"
    return Outcome(chosen, text)


def load_design(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read the layers' options."""
    return _files.read_json(folder / "design.json")


def initialise(
    project: "Project", folder: pathlib.Path, *, initializer: str | None = None, seed: int | None = None
) -> Outcome:
    """Step 5: choose the first weights, and draw them once to see that Keras can."""
    layers = project.design
    defaults = _defaults(layers["architecture"])
    chosen = {
        "initializer": defaults["initializer"] if initializer is None else initializer,
        "seed": int(check_number(project.seed if seed is None else seed, "seed", low=0, whole=True)),
    }
    build(project, {**layers, **chosen})
    _files.write_json(folder / "initialise.json", chosen)
    return Outcome(chosen, f"{chosen['initializer']}, seed {chosen['seed']}")


def load_initialise(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read the choice of the first weights."""
    return _files.read_json(folder / "initialise.json")


def build(project: "Project", network: dict[str, Any]) -> keras.Model:
    """The uncompiled network of the settings in `Project.network`."""
    options = {n: v for n, v in network.items() if n not in ("architecture", "parameters")}
    return BUILDERS[network["architecture"]](project.problem, project.preprocessor, **options)


def loss(
    project: "Project",
    folder: pathlib.Path,
    *,
    loss: str | None = None,
    class_weight: str | dict[str, float] | None = None,
) -> Outcome:
    """Step 6: choose what is made small."""
    problem = project.problem
    name = str(problem.loss if loss is None else loss)
    check_loss(name, problem)
    chosen = {
        "loss": name,
        "class_weight": class_weight,
        "why": problem.loss.why if name == problem.loss else "You chose it.",
    }
    _files.write_json(folder / "loss.json", chosen)
    weights = f", classes weighted ({class_weight})" if class_weight else ""
    return Outcome(chosen, name + weights)


def load_loss(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read the choice of the loss."""
    return _files.read_json(folder / "loss.json")


def optimizer(
    project: "Project",
    folder: pathlib.Path,
    *,
    optimizer: str | None = None,
    learning_rate: float | None = None,
) -> Outcome:
    """Step 7: choose how it is made small."""
    default = inspect.signature(training.fit).parameters["optimizer"].default
    name = check_choice(
        str(default if optimizer is None else optimizer).lower(), training.LEARNING_RATES, "optimizer"
    )
    rate = training.LEARNING_RATES[name] if learning_rate is None else learning_rate
    chosen = {
        "optimizer": name,
        "learning_rate": float(check_number(rate, "learning_rate", low=0, open_low=True)),
    }
    _files.write_json(folder / "optimizer.json", chosen)
    return Outcome(chosen, f"{name}, learning rate {chosen['learning_rate']:g}")


def load_optimizer(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read the choice of the optimizer."""
    return _files.read_json(folder / "optimizer.json")


def _defaults(architecture: str) -> dict[str, Any]:
    """The options of a builder with their defaults."""
    parameters = inspect.signature(BUILDERS[architecture]).parameters.items()
    return {
        name: list(p.default) if isinstance(p.default, tuple) else p.default
        for name, p in parameters
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
