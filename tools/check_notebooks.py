"""Hold the notebooks to their shape: clean, small, and readable in one sitting.

    python tools/check_notebooks.py [--fix] [notebook ...]

Without names it takes every notebook in ``notebooks/``. ``--fix`` takes out outputs, counters and stray metadata.
"""

import argparse
import ast
import json
import pathlib
import re
import statistics
import sys
from collections.abc import Iterator

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "notebooks"
MEDIAN_LINES, MOST_LINES, DEF_LINES = 4, 25, 8  # of a code cell, and of a function in one
CODE_CELLS = (18, 30)
WORDS = (1_000, 1_800)  # 10 to 25 minutes with the exercises
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
FENCE = re.compile(r"^(```|~~~).*?^\1[ ]*$", re.MULTILINE | re.DOTALL)
TAG = re.compile(r"<[^>]*>")
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Check, and with ``--fix`` clean first; returns 1 when something is left to do."""
    parser = argparse.ArgumentParser(description="Check that notebooks are clean and of the right size.")
    parser.add_argument(
        "--fix", action="store_true", help="take out outputs, counters and stray metadata first"
    )
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path)
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(FOLDER.glob("*.ipynb"))
    complaints = []
    for path in paths:
        if options.fix:
            clean(path)
        complaints += [f"{path.name}: {complaint}" for complaint in check(path)]
    print("\n".join(complaints) or f"{len(paths)} notebooks are clean and of the right size.")
    return 1 if complaints else 0


def check(path: pathlib.Path) -> list[str]:
    """Everything that is wrong with one notebook, a sentence each."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [dict(cell, source="".join(cell["source"])) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError) as error:
        return [f"not a notebook ({error})"]
    return [*unclean(notebook, cells), *misshapen(cells), *long_cells(cells)]


def unclean(notebook: dict, cells: list[dict]) -> Iterator[str]:
    """What running or saving has left behind."""
    if (notebook.get("nbformat"), notebook.get("nbformat_minor", 0) >= 5) != (4, True):
        yield "expected notebook format 4.5 or later, which has cell ids"
    if set(notebook["metadata"]) - {"kernelspec", "language_info"}:
        yield f"metadata beside kernelspec and language_info: {sorted(notebook['metadata'])}; use --fix"
    ids = [cell.get("id", "") for cell in cells]
    for number, cell in enumerate(cells, 1):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {number}: outputs or an execution count; use --fix"
        if set(cell["metadata"]) - {"tags"}:
            yield f"cell {number}: metadata beside tags: {sorted(cell['metadata'])}; use --fix"
        if not ID.fullmatch(ids[number - 1]) or ids.count(ids[number - 1]) > 1:
            yield f"cell {number}: expected an id of its own, got {ids[number - 1]!r}"


def misshapen(cells: list[dict]) -> Iterator[str]:
    """Heading, number of code cells, and number of words."""
    prose = "\n\n".join(FENCE.sub("", cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    titles = re.findall(r"^# .*$", prose, re.MULTILINE)
    if len(titles) != 1 or not cells[0]["source"].lstrip().startswith("# "):
        yield f"expected one H1, at the top, got {len(titles)}: {titles}"
    count = sum(cell["cell_type"] == "code" for cell in cells)
    if not CODE_CELLS[0] <= count <= CODE_CELLS[1]:
        yield f"expected {CODE_CELLS[0]} to {CODE_CELLS[1]} code cells, got {count}"
    words = len(re.findall(r"\w[\w'’.,%-]*", TAG.sub(" ", prose)))
    if not WORDS[0] <= words <= WORDS[1]:
        yield f"expected {WORDS[0]:,} to {WORDS[1]:,} words, got {words:,}"


def long_cells(cells: list[dict]) -> Iterator[str]:
    """Code cells and functions that belong into the package."""
    lines = [len(cell["source"].splitlines()) for cell in cells if cell["cell_type"] == "code"]
    if lines and statistics.median(lines) > MEDIAN_LINES:
        yield f"expected a median of at most {MEDIAN_LINES} lines a code cell, got {statistics.median(lines):g}"
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] == "code":
            count = len(cell["source"].splitlines())
            if count > MOST_LINES:
                yield f"cell {number}: expected at most {MOST_LINES} lines, got {count}"
            for complaint in long_functions(cell["source"]):
                yield f"cell {number}: {complaint}"


def long_functions(source: str) -> Iterator[str]:
    """Functions of a cell that are longer than a reader wants to see there."""
    try:
        tree = ast.parse(MAGIC.sub(r"\1pass", source))
    except SyntaxError as error:
        yield f"does not parse ({error})"
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > DEF_LINES:
                yield f"{node.name} has {lines} lines, expected at most {DEF_LINES}: it belongs into the package"


def clean(path: pathlib.Path) -> None:
    """Take out outputs, counters and stray metadata; leave the file alone when there is nothing to take out."""
    old = path.read_text(encoding="utf-8")
    notebook = json.loads(old)
    keep = ("kernelspec", "language_info")
    notebook["metadata"] = {key: value for key, value in notebook["metadata"].items() if key in keep}
    for cell in notebook["cells"]:
        cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key == "tags"}
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    new = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if new != old:
        path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
