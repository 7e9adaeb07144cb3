"""The thread through the thirteen steps: every artefact of a model's life in one folder, saved whole or not at all.

Opening a project, and looking at how far it is, loads no framework; a step loads what it needs.
"""

from dltoolkit.project._artefacts import Best
from dltoolkit.project._errors import MissingArtefact, StaleArtefact
from dltoolkit.project._project import Project
from dltoolkit.project._steps import STEPS

__all__ = ["STEPS", "Best", "MissingArtefact", "Project", "StaleArtefact"]
