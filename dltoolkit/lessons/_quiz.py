"""The quiz at the end of a notebook, its answers folded away."""

import dataclasses

from dltoolkit import _html
from dltoolkit.lessons._lesson import Question, find
from dltoolkit.lessons._map import STYLE


@dataclasses.dataclass(frozen=True, repr=False)
class Quiz:
    """Questions, shown as HTML with folded answers; as text, with the answers below all questions.

    Attributes:
        questions: What is asked.
    """

    questions: tuple[Question, ...]

    def _repr_html_(self) -> str:
        folds = "".join(_fold(i, q) for i, q in enumerate(self.questions, start=1))
        return f'{STYLE}<div class="dlt-lesson">{folds}</div>'

    def __repr__(self) -> str:
        asked = [line for i, q in enumerate(self.questions, start=1) for line in _lines(i, q)]
        answers = [f"{i}. {q.answer}" for i, q in enumerate(self.questions, start=1)]
        return "\n".join([*asked, "", "Answers", *answers])


def quiz(step: str | int) -> Quiz:
    """The quiz of a notebook; put it last in its cell, so that Jupyter shows it.

    Args:
        step: The notebook's number, such as ``"08"``.

    Returns:
        Quiz: The questions, each with its answer folded away.

    Raises:
        InputError: If there is no such lesson.

    Example:
        >>> len(quiz("08").questions) >= 3
        True
    """
    return Quiz(find(step).quiz)


def _fold(number: int, question: Question) -> str:
    options = f'<ol type="a">{_html.items(question.options)}</ol>' if question.options else ""
    return (
        f'<div class="dlt-fold"><p><b>{number}.</b> {_html.escape(question.ask)}</p>{options}'
        f"<details><summary>Show the answer</summary>{_html.escape(question.answer)}</details></div>"
    )


def _lines(number: int, question: Question) -> list[str]:
    letters = "abcdefghij"
    return [
        f"{number}. {question.ask}",
        *(f"   {x}) {o}" for x, o in zip(letters, question.options, strict=False)),
    ]
