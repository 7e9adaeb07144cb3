"""Exercises that check answers: right and why, or the next of three hints."""

import textwrap
from typing import Any

from dltoolkit._checks import closest
from dltoolkit.lessons._lesson import N_HINTS, Exercise, find


class Check:
    """The exercises of one notebook, each under its name: ``check.<exercise>(answer)``.

    Args:
        step: The notebook's number.
        exercises: Exercises by name.
        project: What answers that depend on the data are worked out from. Defaults to None.
    """

    def __init__(self, step: str, exercises: dict[str, Exercise], project: Any = None) -> None:
        self._step = step
        self._tasks = {name: Task(name, exercise, project) for name, exercise in exercises.items()}

    def __getattr__(self, name: str) -> "Task":
        tasks = self.__dict__.get("_tasks", {})
        if name not in tasks:
            raise AttributeError(
                f"notebook {self.__dict__.get('_step')} has no exercise {name!r}. {closest(name, tasks)}"
            )
        return tasks[name]

    def __dir__(self) -> list[str]:
        return sorted(self._tasks)

    def __repr__(self) -> str:
        """The exercises and which of them are solved."""
        solved = sum(task.solved for task in self._tasks.values())
        lines = [f"{'✓' if t.solved else '○'} {t}" for t in self._tasks.values()]
        return "\n".join([f"{solved} of {len(self._tasks)} exercises solved", *lines])


class Task:
    """One exercise at work: it counts hints and remembers whether it was solved.

    Args:
        name: What the reader calls it by.
        exercise: Its content.
        project: What answers that depend on the data are worked out from.
    """

    def __init__(self, name: str, exercise: Exercise, project: Any = None) -> None:
        self._name, self._exercise, self._project = name, exercise, project
        self.hints_given = 0
        self.solved = False

    def __call__(self, answer: Any = ...) -> bool:
        """Check an answer, and print what comes of it.

        Args:
            answer: The reader's answer; the dots ``...`` (or None) stand for none yet, and cost no hint.

        Returns:
            bool: Whether it is right.
        """
        if answer is ... or answer is None:
            print(f"○ {self} Put your answer in place of the dots.")
            return False
        remark = self._exercise.compare(answer, self._project)
        if remark is None:
            self.solved = True
            print(f"✓ Right. {self._exercise.why}")
            return True
        self.hints_given = min(self.hints_given + 1, N_HINTS)
        print(f"✗ Not yet: {remark}")
        print(f"  Hint {self.hints_given} of {N_HINTS}: {self._exercise.hints[self.hints_given - 1]}")
        if self.hints_given == N_HINTS:
            print(f"  That was the last hint; check.{self._name}.solution() shows the solution.")
        return False

    def __repr__(self) -> str:
        return f"{self._name}: {self._exercise.ask}"

    def solution(self) -> None:
        """Print the solution and why it is right."""
        print(textwrap.dedent(self._exercise.solution).strip())
        print(f"\n# {self._exercise.why}")


def exercises(step: str | int, project: Any = None) -> Check:
    """The exercises of a notebook.

    Args:
        step: The notebook's number, such as ``"08"``.
        project: The reader's project, for answers that depend on the data. Defaults to None.

    Returns:
        Check: Call ``check.<exercise>(answer)``; print it for the list.

    Raises:
        InputError: If there is no such lesson.

    Example:
        >>> check = exercises("08")
        >>> check.updates(90)
        ✓ Right. 2,850 rows make 89 full batches of 32 and one smaller one; each makes one update.
        True
    """
    lesson = find(step)
    return Check(lesson.step, dict(lesson.exercises), project)
