"""The whole life of a model on one table, without a notebook, told in a page and in JSON."""

from dltoolkit.report._facts import facts
from dltoolkit.report._run import run

__all__ = ["facts", "run"]
