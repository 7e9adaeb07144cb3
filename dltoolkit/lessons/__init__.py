"""The engine under the guided notebooks: header with the lifecycle map, checked exercises, bands, quiz and footer.

A notebook's content stands in ``dltoolkit/lessons/step_NN.py`` as one `Lesson` called ``LESSON``; `answers` has the
kinds of answer that can be checked.

Example:
    >>> check = exercises("08")
    >>> check.updates(...)
    ○ updates: With 2,850 training rows and a batch size of 32, how many weight updates does one epoch make? Put your answer in place of the dots.
    False
"""

from dltoolkit.lessons import _answers as answers
from dltoolkit.lessons._band import BandError, band
from dltoolkit.lessons._check import Check, exercises
from dltoolkit.lessons._footer import footer
from dltoolkit.lessons._header import header
from dltoolkit.lessons._kinds import KINDS, judged, lent, media, project
from dltoolkit.lessons._lesson import Exercise, Lesson, Question
from dltoolkit.lessons._quiz import quiz

__all__ = [
    "KINDS",
    "BandError",
    "Check",
    "Exercise",
    "Lesson",
    "Question",
    "answers",
    "band",
    "exercises",
    "footer",
    "header",
    "judged",
    "lent",
    "media",
    "project",
    "quiz",
]
