"""The kinds of data that a notebook can be done with, a project for each, and a table lent where one is needed."""

import os
import pathlib

import pandas as pd

from dltoolkit import data
from dltoolkit._checks import check_choice
from dltoolkit.data import Schema
from dltoolkit.project import Project

# Kind to the data set of the catalogue that stands for it.
KINDS = {
    "table": "credit",
    "images": "digits",
    "text": "reviews",
    "sound": "spoken-digits",
    "sequence": "vowels",
    "series": "ridership",
    "ratings": "movielens",
}
MEDIA = ("text", "image", "audio", "sequence")
IDS = ("user", "item", "series")  # who and what: thousands of values, of which no column of ones is made
DAYS = 28  # of the past in an example of the series: four whole weeks, as the days of a week differ most
LENT = "lent"


def project(kind: str = "table", *, folder: str | os.PathLike[str] = "projects") -> Project:
    """The project of a kind of data, on a data set of the catalogue.

    Args:
        kind: One of `KINDS`. Defaults to ``"table"``.
        folder: Where the projects are. Defaults to ``"projects"``.

    Returns:
        Project: In ``folder/<data set>``; taken up again where it was left.

    Raises:
        InputError: If there is no such kind.
        ImportError: If sounds have to be made, and the package that speaks them is not installed.

    Example:
        >>> import tempfile
        >>> project("sequence", folder=tempfile.mkdtemp()).source.name
        'vowels'
    """
    name = KINDS[str(check_choice(kind, KINDS, "kind"))]
    where = pathlib.Path(folder) / name
    if kind == "series":
        return Project(where, data=_days(), target="ridership")
    if kind == "ratings":
        return Project(where, data=_ratings(), target="rating")
    return Project(where, data=name)


def _days() -> pd.DataFrame:
    """The riders of a day and the four weeks before it; judged on the latest days."""
    days = data.read_series(data.load("ridership"), time="date")
    examples = data.windows(days, time="date", target="ridership", length=DAYS)
    roles = {"date": "time", "until": "ignore", "past_ridership": "sequence"}
    examples.attrs.update(name="ridership", roles=roles, split={"time": "date"})
    return examples


def _ratings() -> pd.DataFrame:
    """What users gave films; judged on the latest ratings of each user."""
    ratings = data.load("movielens")
    ratings.attrs["split"] = {"method": "latest", "groups": "user", "time": "time"}
    return ratings


FEWEST, FEWEST_OF = (
    100,
    10,
)  # rows with a label, rows of a class: fewer say little about a label or about more data


def lent(project: Project, *roles: str, plain: bool = False) -> Project:
    """A project whose table shows what a lesson is about: the reader's own where it can, else the credit table.

    Users, items and series have too many values for that, so a table that names them is never the one.

    Args:
        project: The reader's, with its problem defined.
        *roles: Roles of which the table needs a column each.
        plain: Whether no column may be a text, picture, sound or sequence. Defaults to False.

    Returns:
        Project: `project` itself where its table will do; else a fast one on the credit table in a folder beside it,
        done up to its preprocessing.
    """
    schema = Schema.infer(project.raw, project.problem.target)
    found = {schema.roles[name] for name in schema.features}
    if set(roles) <= found and not found & {*IDS, *(MEDIA if plain else ())}:
        return project
    return _credit(project)


def judged(project: Project) -> Project:
    """A project whose labels other rows can judge: the reader's own where it can be, else the credit table.

    Args:
        project: The reader's, with its problem defined.

    Returns:
        Project: `project` itself if it has one target and at least `FEWEST` rows with a label, of classes `FEWEST_OF`
        in at least two; else the one that `lent` gives.
    """
    problem = project.problem
    if len(problem.targets) == 1:
        labels = project.raw[problem.targets[0]].dropna()
        often = problem.kind == "regression" or (labels.value_counts() >= FEWEST_OF).sum() > 1
        if len(labels) >= FEWEST and often:
            return project
    return _credit(project)


def _credit(project: Project) -> Project:
    other = Project(project.folder.with_name(LENT), data=KINDS["table"], fast=True)
    other.catch_up("design", echo=lambda _: None)
    print("The credit table is lent for what follows; your own data are as they were.")
    return other


def media(project: Project) -> tuple[pd.DataFrame, Schema, str]:
    """Training rows, and a schema in which one column of texts, pictures, sounds or sequences is the only feature.

    Args:
        project: The reader's, split into parts. Where its table has no such column, the digits are lent.

    Returns:
        tuple: The rows, shape ``(n_rows, n_columns)``; the schema; and the column, the first of its kind.

    Raises:
        MissingArtefact: If the project is not split yet.
    """
    rows, schema = project.splits.train, project.schema
    if not any(schema.roles[name] in MEDIA for name in schema.features):
        print("The digits are lent for what follows; your own data are as they were.")
        rows = data.load(KINDS["images"])
        schema = Schema.infer(rows, rows.attrs["target"])
    column = next(name for name in schema.features if schema.roles[name] in MEDIA)
    others = {name: "ignore" for name in schema.features if name != column}
    return rows, schema.with_roles(others), column
