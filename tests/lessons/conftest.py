"""What the tests of every lesson have in common: its own module names the ``LESSON`` and a ``WRONG`` answer to each exercise."""

import textwrap

import pytest

from dltoolkit import lessons


def task_of(request, name, project):
    return getattr(lessons.exercises(request.module.__name__[-2:], project), name)


@pytest.fixture
def check_solution(request):
    """Assert that an exercise accepts the solution that it shows."""

    def check(name, project=None):
        scope = {"project": project}
        exec(textwrap.dedent(request.module.LESSON.exercises[name].solution), scope)
        assert task_of(request, name, project)(scope["answer"])

    return check


@pytest.fixture
def check_hints(request, capsys):
    """Assert that wrong answers to an exercise get its hints, one after the other."""

    def check(name, project=None):
        task = task_of(request, name, project)
        for number, hint in enumerate(request.module.LESSON.exercises[name].hints, start=1):
            assert not task(request.module.WRONG[name])
            assert f"Hint {number} of 3: {hint}" in capsys.readouterr().out

    return check
