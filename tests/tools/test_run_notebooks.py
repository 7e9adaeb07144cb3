"""Running notebooks: a fresh kernel and folder each, offline, and a failure told with notebook, cell and traceback."""

import nbformat
import pytest
import run_notebooks


def write(path, *sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(notebook, path)
    return path


def text(path):
    cells = nbformat.read(path, as_version=4).cells
    return "".join(output.text for cell in cells for output in cell.outputs if "text" in output)


def test_it_runs_in_a_copy_with_the_fast_setting_and_no_network_and_keeps_what_it_is_asked_to(tmp_path):
    source = """
import os, pathlib, urllib.request
pathlib.Path("projects").mkdir()
print(os.environ["DLTOOLKIT_FAST"], os.environ["OMP_NUM_THREADS"])
try:
    urllib.request.urlopen("https://example.org")
except OSError:
    print("offline")
"""
    folder = tmp_path / "notebooks"
    (folder / "projects").mkdir(parents=True)
    path = write(folder / "a.ipynb", source)
    before = path.read_bytes()
    assert run_notebooks.execute(path, out=tmp_path / "out") > 0
    assert text(tmp_path / "out" / "a.ipynb").split() == ["1", "1", "offline"]
    assert path.read_bytes() == before
    assert list((folder / "projects").iterdir()) == []


def test_a_failure_names_notebook_cell_and_traceback_and_does_not_stop_the_others(tmp_path, capsys):
    bad = write(tmp_path / "bad.ipynb", "x = 1", "def f():\n    raise ValueError('no')", "f()", "x")
    good = write(tmp_path / "good.ipynb", "1 + 1")
    assert run_notebooks.main([str(bad), str(good), "--out", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr().out
    assert "FAILED  bad\nbad.ipynb, cell 3:\nf()\n" in printed
    assert "in f()" in printed
    assert "ValueError: no" in printed
    assert "ok      good" in printed
    assert "1 notebooks passed, 1 failed in" in printed
    assert (tmp_path / "out" / "bad.ipynb").exists()


def test_a_kernel_that_dies_is_told_with_its_cell(tmp_path):
    path = write(tmp_path / "dead.ipynb", "x = 1", "import os; os._exit(3)")
    with pytest.raises(run_notebooks.NotebookError, match=r"dead.ipynb, cell 2:\nimport os"):
        run_notebooks.execute(path)
