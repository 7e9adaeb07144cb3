"""A kill at any write leaves a project that opens, with the old artefacts whole."""

import errno
import os
import subprocess
import sys

import pytest

from dltoolkit import _files
from dltoolkit.project import Project
from dltoolkit.project._ledger import STAGING

# Redoes step 2 and is killed, without a chance to tidy up, when it is about to put its n-th file in place.
KILLED = """
import os, signal, sys
from dltoolkit.project import Project
folder, n = sys.argv[1], int(sys.argv[2])
project, replace, count = Project(folder), os.replace, 0
def killing(source, target):
    global count
    count += 1
    if count == n:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = killing
project.do("prepare", seed=7, labels=False)
print(count)
"""


def killed_at(folder, n):
    return subprocess.run([sys.executable, "-c", KILLED, str(folder), str(n)], capture_output=True, text=True)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("n", [1, 6, 7, 9])
def test_a_kill_leaves_the_old_parts_or_the_new_ones_never_a_mixture(prepared, tmp_path, n):
    old = prepared.splits.assignment
    assert killed_at(prepared.folder, n).returncode == -9
    project = Project(prepared.folder)
    assert project.status()["state"].tolist()[:2] == ["done", "done"]
    assert not (prepared.folder / STAGING).exists()
    # five files are written aside, the sixth is the ledger: from then on the new ones count
    assert project.splits.assignment.equals(old) == (n <= 6)
    project.do("preprocess")


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_kill_in_the_first_step_leaves_a_folder_that_can_be_used(tmp_path):
    code = "import os, signal; from dltoolkit import _files, Project\n" + (
        f"project = Project({str(tmp_path / 'p')!r}, data='penguins')\n"
        "_files.write_json = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\nproject.do('define')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    project = Project(tmp_path / "p", data="penguins")
    assert project.status()["state"].eq("missing").all()
    assert project.do("define").kind == "multiclass"


def test_a_full_disk_leaves_the_old_artefacts(prepared, monkeypatch):
    old = prepared.splits.assignment

    def full(path, frame):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(_files, "write_frame", full)
    with pytest.raises(OSError, match="No space left"):
        prepared.do("prepare", seed=7, labels=False)
    monkeypatch.undo()
    project = Project(prepared.folder)
    assert project.splits.assignment.equals(old)
    assert project.is_done("prepare")
    assert not (prepared.folder / STAGING).exists()
