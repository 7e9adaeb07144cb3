"""The documents: every link leads somewhere, and the README shows what its tour prints."""

import pathlib
import re
import subprocess
import sys

import pytest
import readme_tour

ROOT = readme_tour.README.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not pathlib.Path(page.parent, link).exists()] == []


def test_the_tour_prints_what_the_readme_shows():
    """Words to the letter; numbers as they come, for they depend on the machine and its threads."""
    command = [sys.executable, readme_tour.__file__, "--check"]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
