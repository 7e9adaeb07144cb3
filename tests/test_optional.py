"""A package that only some work needs: what is said when it is not there."""

import json

import pytest

from dltoolkit._optional import needed


def test_a_package_that_is_there_is_given():
    assert needed("json", extra="text", work="Reading") is json


def test_a_package_that_is_not_there_is_named_with_who_needs_it_and_how_to_install_it():
    message = r"Speaking words needs the package 'no_such_package'\. Install it with: pip install 'dltoolkit\[speech\]'"
    with pytest.raises(ImportError, match=message):
        needed("no_such_package", extra="speech", work="Speaking words")
