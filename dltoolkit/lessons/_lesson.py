"""What a notebook says about itself: objectives, exercises, quiz. One `Lesson` a notebook, in ``step_NN.py``."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping

import dltoolkit.lessons
from dltoolkit._checks import InputError, closest, complaint, stop
from dltoolkit.lessons._answers import Compare
from dltoolkit.lessons._map import STATIONS

N_HINTS = 3


@dataclasses.dataclass(frozen=True)
class Exercise:
    """One task of "Your turn".

    Attributes:
        ask: The task, in a sentence or two.
        compare: Tells whether an answer is right; made by a function of ``lessons.answers``.
        hints: Three hints, each a bigger help than the one before.
        solution: Code that leaves the right answer in ``answer``; it may use ``project``. Tests run it.
        why: One or two sentences on why the answer is right; shown with it.
    """

    ask: str
    compare: Compare
    hints: tuple[str, str, str]
    solution: str
    why: str


@dataclasses.dataclass(frozen=True)
class Question:
    """One question of the quiz at the end.

    Attributes:
        ask: The question.
        answer: The answer, folded away until it is asked for.
        options: Answers to choose from. Defaults to none: an open question.
    """

    ask: str
    answer: str
    options: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Lesson:
    """All that the engine shows and checks for one notebook.

    Attributes:
        step: Number of the notebook as it stands in its file name, such as ``"08"``.
        title: Its title.
        objectives: What the reader will be able to do, each starting with a verb that can be checked.
        needs: What it takes from earlier notebooks.
        leaves: What it leaves behind in the project.
        minutes: Time for a reader, in minutes.
        expect: The figure to expect, with its band.
        exercises: Exercises by name; a name is what the reader calls: ``check.<name>(answer)``.
        quiz: Questions of the quiz.
        here: Steps of the lifecycle (1 to 13) that it belongs to. Defaults to its own number.
    """

    step: str
    title: str
    objectives: tuple[str, ...]
    needs: str
    leaves: str
    minutes: int
    expect: str
    exercises: Mapping[str, Exercise] = dataclasses.field(default_factory=dict)
    quiz: tuple[Question, ...] = ()
    here: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse content that the engine could not show."""
        if not self.here and int(self.step) in STATIONS:
            object.__setattr__(self, "here", (int(self.step),))
        complaints = [
            complaint(f"exercise {name!r}", f"{N_HINTS} hints", f"{len(exercise.hints)}")
            for name, exercise in self.exercises.items()
            if len(exercise.hints) != N_HINTS
        ]
        complaints += [
            complaint(f"exercise {name!r}", "a name that Python can spell, without _ in front", repr(name))
            for name in self.exercises
            if not name.isidentifier() or name.startswith("_")
        ]
        complaints += [
            complaint("here", "steps from 1 to 13", repr(number))
            for number in self.here
            if number not in STATIONS
        ]
        stop(complaints)


def find(step: str | int) -> Lesson:
    """The lesson of a notebook.

    Args:
        step: The notebook's number, such as ``"08"`` or 8.

    Returns:
        Lesson: Its content.

    Raises:
        InputError: If there is no such lesson; the message lists those that there are.

    Example:
        >>> find(8).title
        'Train'
    """
    key = str(step).strip().zfill(2)
    known = available()
    if key not in known:
        cure = closest(key, known)
        raise InputError(complaint("step", "the number of a notebook that has a lesson", repr(step), cure))
    return importlib.import_module(f"dltoolkit.lessons.step_{key}").LESSON


def available() -> list[str]:
    """Numbers of the notebooks that have a lesson, in order."""
    names = [module.name for module in pkgutil.iter_modules(dltoolkit.lessons.__path__)]
    return sorted(name.removeprefix("step_") for name in names if name.startswith("step_"))
