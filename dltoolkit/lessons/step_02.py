"""Notebook 02: collect and prepare data."""

from typing import Any

import numpy as np

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _missing(project: Any) -> int:
    return int(project.raw.isna().sum().sum())


LESSON = Lesson(
    step="02",
    title="Collect and prepare data",
    objectives=(
        "read a file without losing a digit, and say which guesses a reader makes",
        "check the role of each column, and correct it",
        "read an audit, and recognise a column that knows the answer",
        "look at a batch of examples of your kind of data, and review the labels that models believe least",
        "clean a table so that every step is recorded and repeated on new rows",
        "split into parts that share no row, and predict what a score gains when they do",
    ),
    needs="The problem (notebook 01). project.catch_up('prepare') defines it with defaults.",
    leaves="The cleaned table, its schema, audit, cleaning and splits in the project; the test part sealed.",
    minutes=25,
    expect="On the credit table a decision tree scores 0.65 to 0.82 honestly, and 0.90 to 0.98 when every row has a twin.",
    exercises={
        "missing": Exercise(
            ask="How many single values are missing in project.raw?",
            compare=answers.number(_missing),
            hints=(
                "isna() turns a table into one of True and False.",
                "sum() adds up a table column by column; a second sum() adds up the columns.",
                "project.raw.isna().sum().sum() is the whole of it.",
            ),
            solution="""
                answer = project.raw.isna().sum().sum()
            """,
            why="The audit tells it column by column; plots.missingness shows which are missing together.",
        ),
        "fill": Exercise(
            ask="Write a function fill(train, new) of two arrays of floats: it returns new with every NaN replaced by the "
            "median of the known values of train.",
            compare=answers.passes(
                ((np.array([1.0, 2.0, 9.0, np.nan]), np.array([np.nan, 5.0])), [2.0, 5.0]),
                ((np.array([10.0, 20.0]), np.array([np.nan, np.nan, 0.0])), [15.0, 15.0, 0.0]),
                ((np.array([3.0]), np.array([1.0, 7.0])), [1.0, 7.0]),
            ),
            hints=(
                "The median comes from train alone, whatever stands in new.",
                "np.nanmedian takes the median of the known values.",
                "np.where(np.isnan(new), np.nanmedian(train), new) puts it where new has none.",
            ),
            solution="""
                import numpy as np

                def answer(train, new):
                    return np.where(np.isnan(new), np.nanmedian(train), new)
            """,
            why="A number that is learnt from train and applied to new: that is all that cleaning without a leak means.",
        ),
        "copies": Exercise(
            ask="Every row stands in a table three times, and 20 % of the rows are held out at random. What share of the "
            "held-out rows has at least one copy in training?",
            compare=answers.number(0.96, within=0.005),
            hints=(
                "A held-out row has two copies; each was held out, too, with probability 0.2.",
                "First work out the probability that neither copy is in training.",
                "Both are held out with probability 0.2 x 0.2; take that from 1.",
            ),
            solution="""
                answer = 1 - 0.2**2
            """,
            why="With three copies hardly any held-out row is new: the score measures memory.",
        ),
        "width": Exercise(
            ask="A model is right for 80 % of 712 validation rows. By how much does the 95 % interval reach to either side?",
            compare=answers.number(0.0294, within=0.0008),
            hints=(
                "The standard error of a share p on n rows is the root of p (1 - p) / n.",
                "Here it is the root of 0.8 x 0.2 / 712.",
                "A 95 % interval reaches 1.96 standard errors to either side.",
            ),
            solution="""
                answer = 1.96 * (0.8 * 0.2 / 712) ** 0.5
            """,
            why="About 3 points: two models that differ by one point cannot be told apart on so few rows.",
        ),
        "part": Exercise(
            ask="You try twenty learning rates. Which part picks the best one: 'training', 'validation' or 'test'?",
            compare=answers.one_of("validation", ["training", "validation", "test"]),
            hints=(
                "The part that was learnt from favours whoever learns it by heart.",
                "A part that makes a choice is used up by it: its score is too good afterwards.",
                "The test part makes no choice at all.",
            ),
            solution="""
                answer = "validation"
            """,
            why="It is there for choices. The best of twenty looks too good on it, and only the test part tells how much.",
        ),
    },
    quiz=(
        Question(
            "A postcode column is read as whole numbers. What is lost?",
            "Zeros in front, and the meaning: the mean of two postcodes is no place. It is a category.",
        ),
        Question(
            "Why is the median learnt from the training part alone?",
            "It would carry something of the test rows into training; and tomorrow's rows have no median of their own.",
            ("it is faster", "the test part must have no say", "medians need sorted rows"),
        ),
        Question(
            "A patient has five scans in the table. How do you split?",
            "By patient: groups='patient'. The scans of one patient are near twins.",
            ("at random", "stratified", "by groups"),
        ),
        Question(
            "Thirty people say ten words a hundred times each. Which split for their voices?",
            "By voice: a network that has heard a voice in training knows it again, and its score is not that of a stranger.",
            ("by word", "by voice", "at random"),
        ),
        Question(
            "One column alone predicts the target with an AUC of 0.999. What do you do?",
            "Ask when it is filled in. Most likely after the fact: then it is dropped.",
        ),
    ),
)
