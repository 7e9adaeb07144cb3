"""The header of a notebook: the map, objectives, what it needs and leaves, minutes, the figure to expect."""

import dataclasses
import textwrap

from dltoolkit import _html
from dltoolkit.lessons._lesson import Lesson, find
from dltoolkit.lessons._map import STYLE, map_html, map_text

WIDTH = 100  # characters a line, as text


@dataclasses.dataclass(frozen=True, repr=False)
class Header:
    """A header, shown as HTML where that can be had and as text elsewhere.

    Attributes:
        lesson: What it shows.
    """

    lesson: Lesson

    def _repr_html_(self) -> str:
        lesson = self.lesson
        facts = (
            f"<div><h4>You will be able to</h4><ul>{_html.items(lesson.objectives)}</ul></div>"
            f"<div><h4>Needs</h4><p>{_html.escape(lesson.needs)}</p>"
            f"<h4>Leaves behind</h4><p>{_html.escape(lesson.leaves)}</p></div>"
            f"<div><h4>Expect</h4><p>{_html.escape(lesson.expect)}</p>"
            f"<h4>Time</h4><p>about {lesson.minutes} minutes</p></div>"
        )
        return f'{STYLE}<div class="dlt-lesson">{map_html(lesson.here)}<div class="dlt-facts">{facts}</div></div>'

    def __repr__(self) -> str:
        lesson = self.lesson
        facts = {
            "needs": lesson.needs,
            "leaves": lesson.leaves,
            "expect": lesson.expect,
            "time": f"about {lesson.minutes} minutes",
        }
        lines = [f"{lesson.step} {lesson.title}", map_text(lesson.here), "", "You will be able to"]
        lines += [_wrapped(o, "  - ") for o in lesson.objectives]
        return "\n".join(lines + [_wrapped(text, f"{name:<7} ") for name, text in facts.items()])


def header(step: str | int) -> Header:
    """The header of a notebook; put it last in its cell, so that Jupyter shows it.

    Args:
        step: The notebook's number, such as ``"08"``.

    Returns:
        Header: Shown as HTML in a notebook, as text when printed.

    Raises:
        InputError: If there is no such lesson.

    Example:
        >>> print(repr(header("08")).splitlines()[0])
        08 Train
    """
    return Header(find(step))


def _wrapped(text: str, first: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first))
