"""The shape of a notebook: what is clean and of the right size passes, and each departure is named with its cell."""

import json

import check_notebooks
import pytest


def cell(kind, source, number):
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source, **extra}


@pytest.fixture
def notebook():
    prose = "# Title\n\n" + "word " * 1_200
    cells = [cell("markdown", prose, 0), *(cell("code", "x = 1\nx", number) for number in range(1, 21))]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3"}},
        "cells": cells,
    }


@pytest.fixture
def complaints(tmp_path, notebook):
    path = tmp_path / "n.ipynb"

    def check():
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return check_notebooks.check(path)

    check.path = path
    return check


def test_a_good_notebook_passes(complaints):
    assert complaints() == []


def test_outputs_and_counters_are_named_with_their_cell_and_taken_out_by_fix(complaints, notebook, capsys):
    notebook["cells"][3]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    notebook["cells"][4]["execution_count"] = 7
    notebook["cells"][5]["metadata"] = {"scrolled": True, "tags": ["setup"]}
    notebook["metadata"]["widgets"] = {}
    said = complaints()
    assert [text.split(":")[0] for text in said[1:]] == ["cell 4", "cell 5", "cell 6"]
    assert "metadata beside" in said[0]
    assert check_notebooks.main(["--fix", str(complaints.path)]) == 0
    assert json.loads(complaints.path.read_text())["cells"][5]["metadata"] == {"tags": ["setup"]}


@pytest.mark.parametrize("identity", ["", "cell-1", "with space"])
def test_each_cell_needs_an_id_of_its_own(complaints, notebook, identity):
    notebook["cells"][2]["id"] = identity
    assert any(text.startswith("cell 3: expected an id of its own") for text in complaints())


def test_one_h1_and_code_comments_are_none(complaints, notebook):
    notebook["cells"][0]["source"] += "\n\n```sh\n# a comment\n```\n"
    assert complaints() == []
    notebook["cells"][0]["source"] += "\n# Second\n"
    assert complaints() == ["expected one H1, at the top, got 2: ['# Title', '# Second']"]


@pytest.mark.parametrize(("count", "fits"), [(17, False), (18, True), (30, True), (31, False)])
def test_the_number_of_code_cells_is_bounded(complaints, notebook, count, fits):
    notebook["cells"][1:] = [cell("code", "x = 1", number) for number in range(1, count + 1)]
    assert complaints() == ([] if fits else [f"expected 18 to 30 code cells, got {count}"])


@pytest.mark.parametrize(("count", "fits"), [(998, False), (999, True), (1_799, True), (1_800, False)])
def test_the_number_of_words_is_bounded(complaints, notebook, count, fits):
    notebook["cells"][0]["source"] = "# Title\n\n" + "word " * count + "<b></b>\n```\nin code\n```"
    assert complaints() == ([] if fits else [f"expected 1,000 to 1,800 words, got {count + 1:,}"])


def test_code_cells_are_short(complaints, notebook):
    notebook["cells"][1]["source"] = "x = 1\n" * 26
    assert complaints() == ["cell 2: expected at most 25 lines, got 26"]
    for number in range(1, 21):
        notebook["cells"][number]["source"] = "x = 1\n" * 5
    assert complaints() == ["expected a median of at most 4 lines a code cell, got 5"]


def test_a_long_function_belongs_into_the_package_and_a_magic_is_no_syntax_error(complaints, notebook):
    notebook["cells"][1]["source"] = "%matplotlib inline\ndef f():\n" + "    x = 1\n" * 8
    assert complaints() == ["cell 2: f has 9 lines, expected at most 8: it belongs into the package"]


def test_what_is_no_notebook_is_named(tmp_path, capsys):
    path = tmp_path / "torn.ipynb"
    path.write_text('{"cells": [')
    assert check_notebooks.main([str(path)]) == 1
    assert capsys.readouterr().out.startswith("torn.ipynb: not a notebook")
