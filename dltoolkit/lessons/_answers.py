"""Kinds of answer: each compares what the reader gave with what is right, and says in a sentence what is off."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_number, complaint, listed

# Compares an answer, given the project, and returns what is off; None when it is right.
Compare = Callable[[Any, Any], str | None]


def number(expected: Any, *, within: float = 0.0, relative: float = 0.0) -> Compare:
    """The answer is a number close to another one.

    Args:
        expected: The number, or a function of the project that gives it.
        within: Largest absolute difference allowed, at least 0. Defaults to 0: exactly.
        relative: Largest difference allowed as a share of `expected`, at least 0. Defaults to 0.

    Returns:
        Compare: To be put into an `Exercise`.

    Raises:
        InputError: If a tolerance is negative.

    Example:
        >>> compare = number(2.303, within=0.001)
        >>> compare(2.3026, None), compare(1.0, None)
        (None, '1 is too small.')
    """
    check_number(within, "within", low=0)
    check_number(relative, "relative", low=0)

    def compare(answer: Any, project: Any) -> str | None:
        given = _as_number(answer)
        if given is None:
            return f"expected a number, got {_kind(answer)}."
        right = float(_resolve(expected, project))
        if abs(given - right) <= within + relative * abs(right) + 1e-12 * abs(right):
            return None
        return f"{given:,.6g} is too {'large' if given > right else 'small'}."

    return compare


def one_of(expected: Any, options: Iterable[Any]) -> Compare:
    """The answer is one of a few options; capitals and spaces around text do not count.

    Args:
        expected: The right option, or a function of the project that gives it.
        options: All options.

    Returns:
        Compare: To be put into an `Exercise`.

    Example:
        >>> one_of("early", ["early", "late"])("Early ", None) is None
        True
    """
    options = list(options)

    def compare(answer: Any, project: Any) -> str | None:
        if _folded(answer) not in [_folded(o) for o in options]:
            return f"expected one of {listed(options, 20)}, got {answer!r}."
        right = _resolve(expected, project)
        return None if _folded(answer) == _folded(right) else f"{answer!r} is not it."

    return compare


def array(expected: Any, *, within: float = 1e-6) -> Compare:
    """The answer is an array (or a list) of the same shape and values.

    Args:
        expected: The array, or a function of the project that gives it.
        within: Largest absolute difference allowed between numbers. Defaults to 1e-6.

    Returns:
        Compare: To be put into an `Exercise`.

    Example:
        >>> array([1, 2, 3])([1, 2, 4], None)
        'the value at position (2,) is 4, which is not right.'
    """

    def compare(answer: Any, project: Any) -> str | None:
        right = np.asarray(_resolve(expected, project))
        given = _as_array(answer)
        if given is None or (given.dtype == object and right.dtype != object):
            return f"expected an array of {right.dtype}, got {_kind(answer)}."
        if given.shape != right.shape:
            return f"expected the shape {right.shape}, got {given.shape}."
        wrong = np.argwhere(~_close(given, right, within))
        if not len(wrong):
            return None
        place = tuple(int(i) for i in wrong[0])
        return f"the value at position {place} is {given[place]}, which is not right."

    return compare


def table(expected: Any, *, within: float = 1e-6) -> Compare:
    """The answer is a DataFrame (or Series) with the same columns, rows and values; index labels do not count.

    Args:
        expected: The table, or a function of the project that gives it.
        within: Largest absolute difference allowed between numbers. Defaults to 1e-6.

    Returns:
        Compare: To be put into an `Exercise`.

    Example:
        >>> frame = pd.DataFrame({"a": [1, 2]})
        >>> table(frame)(frame.rename(columns={"a": "b"}), None)
        "expected the columns 'a', got 'b'."
    """

    def compare(answer: Any, project: Any) -> str | None:
        right = _as_frame(_resolve(expected, project))
        given = _as_frame(answer)
        if given is None or right is None:
            return f"expected a DataFrame, got {_kind(answer)}."
        if list(given.columns) != list(right.columns):
            return f"expected the columns {listed(right.columns, 20)}, got {listed(given.columns, 20)}."
        if len(given) != len(right):
            return f"expected {len(right):,} rows, got {len(given):,}."
        for name in right.columns:
            wrong = np.flatnonzero(~_close(given[name].to_numpy(), right[name].to_numpy(), within))
            if len(wrong):
                return (
                    f"column {name!r}, row {wrong[0]}: {_plain(given[name].iloc[wrong[0]])!r} is not right."
                )
        return None

    return compare


def passes(*cases: tuple[tuple[Any, ...], Any], within: float = 1e-6) -> Compare:
    """The answer is a function that gives the right value for each case.

    Args:
        *cases: Pairs of the arguments (a tuple) and the value expected for them.
        within: Largest absolute difference allowed between numbers. Defaults to 1e-6.

    Returns:
        Compare: To be put into an `Exercise`.

    Example:
        >>> compare = passes(((2,), 4), ((3,), 9))
        >>> compare(lambda x: x * x, None), compare(lambda x: 2 * x, None)
        (None, 'for (3,) it gives 6.')
    """

    def compare(answer: Any, project: Any) -> str | None:
        if not callable(answer):
            return f"expected a function, got {_kind(answer)}."
        for arguments, right in cases:
            try:
                given = answer(*arguments)
            except Exception as error:  # noqa: BLE001 - the reader's code may raise anything: the remark is about it
                return f"for {arguments!r} it raises {type(error).__name__}: {error}"
            found, wanted = _as_array(given), np.asarray(right)
            if found is None or found.shape != wanted.shape or not _close(found, wanted, within).all():
                return f"for {arguments!r} it gives {given!r}."
        return None

    return compare


def holds(test: Callable[[Any, Any], str | None]) -> Compare:
    """The answer fulfils a test of your own.

    Args:
        test: Takes the answer and the project; returns what is off as a sentence, None when it is right.

    Returns:
        Compare: To be put into an `Exercise`.

    Example:
        >>> holds(lambda run, project: None if len(run) > 1 else "one epoch is no training.")([1], None)
        'one epoch is no training.'
    """
    return test


def _resolve(expected: Any, project: Any) -> Any:
    """`expected` itself, or what it gives for the project."""
    if not callable(expected):
        return expected
    if project is None:
        cure = "Write check = lessons.exercises(step, project=project)."
        raise InputError(complaint("project", "a project, as the answer depends on the data", "none", cure))
    return expected(project)


def _as_number(answer: Any) -> float | None:
    """One number out of whatever holds one: Python, NumPy, pandas or a tensor; None for everything else."""
    values = None if isinstance(answer, (str, bytes)) else _as_array(answer)
    if (
        values is None
        or values.size != 1
        or values.dtype == bool
        or not np.issubdtype(values.dtype, np.number)
    ):
        return None
    return float(values.reshape(-1)[0])


def _as_array(answer: Any) -> np.ndarray | None:
    """An array; None for a nested list whose rows differ in length."""
    try:
        return np.asarray(answer)
    except ValueError:
        return None


def _as_frame(answer: Any) -> pd.DataFrame | None:
    if isinstance(answer, pd.Series):
        return answer.to_frame(answer.name if answer.name is not None else "value")
    return answer if isinstance(answer, pd.DataFrame) else None


def _close(given: np.ndarray, right: np.ndarray, within: float) -> np.ndarray:
    """Elementwise: equal, both missing, or numbers no further apart than `within`."""
    if all(np.issubdtype(a.dtype, np.number) or a.dtype == bool for a in (given, right)):
        return np.isclose(
            given.astype("float64"), right.astype("float64"), rtol=0, atol=within, equal_nan=True
        )
    given, right = given.astype(object), right.astype(object)
    return (given == right) | (pd.isna(given) & pd.isna(right))


def _folded(answer: Any) -> Any:
    """What an option is compared by; whatever has a length equals no option."""
    if isinstance(answer, str):
        return answer.strip().casefold()
    return object() if hasattr(answer, "__len__") and not isinstance(answer, tuple) else _plain(answer)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _kind(answer: Any) -> str:
    return f"{answer!r}" if isinstance(answer, str) else f"an object of type {type(answer).__name__}"
