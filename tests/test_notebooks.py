"""Every notebook runs from top to bottom in a fresh kernel, offline, in its fast setting."""

import pytest
import run_notebooks

NOTEBOOKS = sorted(run_notebooks.FOLDER.glob("*.ipynb"))


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path):
    run_notebooks.execute(path)
