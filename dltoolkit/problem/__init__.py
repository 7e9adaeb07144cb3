"""Step 1, define the problem: what is to be answered, and the head, loss, metrics and objective that follow from it."""

from dltoolkit.problem._choices import Choice, Head, Objective
from dltoolkit.problem._problem import KINDS, Problem

__all__ = ["KINDS", "Choice", "Head", "Objective", "Problem"]
