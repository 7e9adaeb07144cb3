"""Steps 3 to 7: preprocess, design, initialise, loss, optimizer."""

import inspect
import math
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dltoolkit import _files, models, preprocessing, training
from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit._keras import keras
from dltoolkit.models._build import ARCHITECTURES, AUTO, builder_of
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.project._outcome import Outcome
from dltoolkit.project._steps import passes_on
from dltoolkit.training._compile import check_loss

if TYPE_CHECKING:
    from dltoolkit.project._project import Project

_INITIAL = ("initializer", "seed")
_KEPT = ("architecture", "parameters")
LEARNT_WITH = "mlp"  # its knobs are those of the design panel, and what they do can be seen
ANSWERING = tuple(name for name, entry in ARCHITECTURES.items() if entry.kinds)
BY_RECIPE = "The recipe of the network says so."
BY_HAND = "You chose it."


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


def takes_networks(*but: str) -> Callable[[Callable[..., Outcome]], Callable[..., Outcome]]:
    """Mark a step's function as one that takes the options of every builder, all but those named."""

    def mark(step: Callable[..., Outcome]) -> Callable[..., Outcome]:
        for name in ANSWERING:
            step = passes_on(builder_of(name), *but)(step)
        return step

    return mark


@takes_networks(*_INITIAL)
def design(
    project: "Project", folder: pathlib.Path, *, architecture: str | None = None, **options: Any
) -> Outcome:
    """Step 4: choose the layers, and build them once to see that they fit."""
    problem, preprocessor = project.problem, project.preprocessor
    architecture = usual(problem, preprocessor) if architecture is None else architecture
    network = models.build(problem, preprocessor, architecture, **options)
    architecture = models.pick(problem, preprocessor) if architecture == AUTO else architecture
    chosen = {n: v for n, v in (_defaults(architecture) | options).items() if n not in _INITIAL}
    _files.write_json(
        folder / "design.json", {"architecture": architecture, **chosen, "parameters": network.count_params()}
    )
    units = chosen.get("units") or ()  # one width where a builder has one layer of them
    layers = "-".join(str(width) for width in (units if isinstance(units, (list, tuple)) else [units]))
    text = f"{architecture}{' ' if layers else ''}{layers}, {network.count_params():,} parameters"
    return Outcome(chosen, text)


def usual(problem: Problem, preprocessor: Preprocessor) -> str:
    """The network that a project begins with: what did best for its columns; for a plain table the one to learn with."""
    best = models.pick(problem, preprocessor)
    return LEARNT_WITH if best == "tabular" else best


def load_design(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read the layers' options."""
    return _files.read_json(folder / "design.json")


def initialise(
    project: "Project", folder: pathlib.Path, *, initializer: str | None = None, seed: int | None = None
) -> Outcome:
    """Step 5: choose the first weights, and draw them once to see that Keras can."""
    layers = project.design
    start = _defaults(layers["architecture"]).get("initializer")
    if start is None and initializer is not None:
        cure = "Leave initializer out."
        expected = f"none, as {layers['architecture']!r} chooses its first weights itself"
        stop([complaint("initializer", expected, repr(initializer), cure)])
    chosen = {
        **({} if start is None else {"initializer": start if initializer is None else initializer}),
        "seed": int(check_number(project.seed if seed is None else seed, "seed", low=0, whole=True)),
    }
    build(project, {**layers, **chosen})
    _files.write_json(folder / "initialise.json", chosen)
    return Outcome(chosen, f"{chosen.get('initializer', 'its own weights')}, seed {chosen['seed']}")


def load_initialise(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read the choice of the first weights."""
    return _files.read_json(folder / "initialise.json")


def build(project: "Project", network: dict[str, Any]) -> keras.Model:
    """The uncompiled network of the settings in `Project.network`."""
    options = {n: v for n, v in network.items() if n not in _KEPT}
    return models.build(project.problem, project.preprocessor, network["architecture"], **options)


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
        "why": problem.loss.why if name == problem.loss else BY_HAND,
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
    recipe = _recipe(project)
    name = str(recipe.optimizer if optimizer is None else optimizer).lower()
    name = check_choice(name, training.LEARNING_RATES, "optimizer")
    own = recipe.learning_rate if name == recipe.optimizer else None
    usual_rate = training.LEARNING_RATES[name] if own is None else own
    rate = usual_rate if learning_rate is None else learning_rate
    chosen = {
        "optimizer": name,
        "learning_rate": float(check_number(rate, "learning_rate", low=0, open_low=True)),
        "why": BY_RECIPE if optimizer is None and learning_rate is None else BY_HAND,
    }
    _files.write_json(folder / "optimizer.json", chosen)
    return Outcome(chosen, f"{name}, learning rate {chosen['learning_rate']:g}")


def _recipe(project: "Project") -> models.Recipe:
    """How the network in hand is trained by default; how most are, where there is none yet.

    The design is read off its file: the choice of an optimizer does not become stale with it.
    """
    if not project.is_done("design"):
        return models.Recipe()
    name = _files.read_json(project.folder / "design.json")["architecture"]
    return models.recipe(name, project.problem, preprocessing.load(project.folder))


def load_optimizer(project: "Project", folder: pathlib.Path) -> dict[str, Any]:
    """Read the choice of the optimizer."""
    return _files.read_json(folder / "optimizer.json")


def _defaults(architecture: str) -> dict[str, Any]:
    """The options of a builder with their defaults."""
    parameters = inspect.signature(builder_of(architecture)).parameters.items()
    return {
        name: list(p.default) if isinstance(p.default, tuple) else p.default
        for name, p in parameters
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
