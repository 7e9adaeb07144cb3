"""Settings that every test needs, whichever folder it stands in."""

import os

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")  # draw into memory, open no window
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def _examples_write_into_a_folder_of_their_own(request, tmp_path, monkeypatch):
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(tmp_path)


def pytest_collection_modifyitems(items):
    """The longest first: they then do not run alone at the end."""
    items.sort(
        key=lambda item: not (item.get_closest_marker("browser") or item.get_closest_marker("notebook"))
    )
