"""Step 1, define the problem: what is to be answered, and the head, loss, metrics and objective that follow from it."""

from dltoolkit.problem._problem import KINDS, Choice, Head, Objective, Problem

__all__ = ["KINDS", "Choice", "Head", "Objective", "Problem"]
