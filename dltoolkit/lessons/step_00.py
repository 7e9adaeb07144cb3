"""Notebook 00: start here."""

from typing import Any

from dltoolkit.data import CATALOGUE
from dltoolkit.lessons import Exercise, Lesson, Question, answers

_STEPS = (
    "define",
    "prepare",
    "preprocess",
    "design",
    "initialise",
    "loss",
    "optimizer",
    "train",
    "tune",
    "evaluate",
    "fine_tune",
    "deploy",
    "monitor",
)


def _other_table(answer: Any, project: Any) -> str | None:
    """Whether the answer is a project of another table, caught up to step 3."""
    if not (hasattr(answer, "is_done") and hasattr(answer, "source")):
        return f"expected a Project, got {type(answer).__name__}."
    if project is not None and answer.source.name == project.source.name:
        return f"it is a project of {answer.source.name!r}, the table that the notebook uses already."
    if not answer.is_done("prepare"):
        return "step 2, 'prepare', has not been done in it."
    return None


LESSON = Lesson(
    step="00",
    title="Start here",
    objectives=(
        "check that your installation is complete, and mend what is not",
        "name the steps of a model's life in their order",
        "run the whole life with one call, and read its score beside those of simple rivals",
        "point any notebook at a table of your own",
        "tell which steps are stale after one was redone",
    ),
    needs="An installed dltoolkit, and this notebook opened in JupyterLab. No network.",
    leaves="The project in projects/credit with its table read in; a quick look at the whole life beside it.",
    minutes=20,
    expect="The majority answer is right for 70 to 74 % of the credit table's loans; the network of the quick look "
    "reaches a test AUC of 0.80 to 0.90.",
    exercises={
        "tables": Exercise(
            ask="How many rows have the data sets of the catalogue together?",
            compare=answers.number(sum(entry.rows for entry in CATALOGUE.values())),
            hints=(
                "data.catalogue() is a DataFrame with one row a data set.",
                'Its column "rows" has the number of rows of each.',
                'data.catalogue()["rows"].sum() adds them up.',
            ),
            solution="""
                from dltoolkit import data
                answer = data.catalogue()["rows"].sum()
            """,
            why="More than half of them are flights: 336,776 rows. A column of names would not have told you.",
        ),
        "opens": Exercise(
            ask="Which step opens the test part? Give its name.",
            compare=answers.one_of("evaluate", _STEPS),
            hints=(
                "The test part is for the very last look, after every choice has been made.",
                "Training, tuning and fine-tuning choose by the validation part.",
                "It is the step that prints the score on test rows: number 10.",
            ),
            solution="""
                answer = "evaluate"
            """,
            why="Step 10 opens it once, and the project counts every opening, so that a peek cannot be forgotten.",
        ),
        "stale": Exercise(
            ask="All thirteen steps are done. You redo step 3, preprocess, with other settings. How many steps are "
            "stale then?",
            compare=answers.number(8),
            hints=(
                "Stale is whatever was built on step 3, directly or through another step.",
                "Steps 1 and 2 come before it. Which later ones need only the problem?",
                "Of the ten later steps two stay: the loss and the optimizer.",
            ),
            solution="""
                later_steps, need_only_the_problem = 10, 2
                answer = later_steps - need_only_the_problem
            """,
            why="Design, initialise, train, tune, evaluate, fine_tune, deploy and monitor go back to the features; the "
            "loss and the optimizer do not.",
        ),
        "own": Exercise(
            ask="Make a project of another table in a folder of its own, with fast=True, catch up to 'preprocess', and "
            "hand it over.",
            compare=answers.holds(_other_table),
            hints=(
                "Project(folder, data=..., fast=True) makes one; the names of the catalogue are in the table above.",
                "Choose a folder that does not exist yet, such as 'projects/own', and data='attrition'.",
                "After own = Project('projects/own', data='attrition', fast=True) comes own.catch_up('preprocess').",
            ),
            solution="""
                import pathlib, tempfile
                from dltoolkit import Project
                folder = pathlib.Path(tempfile.mkdtemp(), "own")
                answer = Project(folder, data="attrition", fast=True)
                answer.catch_up("preprocess")
            """,
            why="Catching up to step 3 has done steps 1 and 2, so the table is read, audited, cleaned and split.",
        ),
    },
    quiz=(
        Question(
            "A classifier is right for 72 % of all loans. Is that good?",
            "Not on this table: always answering 'good' is right for 72 %, too. A score means something beside a rival.",
        ),
        Question(
            "Why does fine_tune run before evaluate?",
            "The choice between two models is made by the validation part. Made after the test part was opened, it "
            "would be fitted to the test rows.",
            ("it is faster", "the last choice must not see the test part", "evaluate needs its files"),
        ),
        Question(
            "You open notebook 08 on a new machine, with an empty folder. What does its set-up cell do?",
            "It opens the project and does steps 1 to 7 with their defaults, a line each.",
            ("it fails", "it does the earlier steps with their defaults", "it downloads a finished project"),
        ),
        Question(
            "The interval of the network's AUC and that of the linear model's overlap. May you say that the network is "
            "better?",
            "Not from that alone. Ask for the difference on the same rows: evaluation.versus('linear').",
        ),
    ),
)
