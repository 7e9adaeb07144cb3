"""Notebook 03: preprocess."""

import math
from typing import Any

import numpy as np

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _features(project: Any) -> int:
    return sum(math.prod(spec.shape) for spec in project.preprocessor.specs.values())


LESSON = Lesson(
    step="03",
    title="Preprocess",
    objectives=(
        "work out a standardised value by hand, and say which part its mean comes from",
        "choose a treatment for a number by the shape of its distribution",
        "tell one-hot columns, embedding ids and hashing apart, and count the features of each",
        "predict the shape of a picture, text, sound or sequence after its preprocessing, and see each step of it",
        "predict what becomes of missing and unseen values, and count them",
        "show that training and serving use the same preprocessing",
    ),
    needs="The cleaned table, its schema and splits (notebook 02). project.catch_up('preprocess') makes them.",
    leaves="The preprocessing in the project, learnt from the training part.",
    minutes=25,
    expect="On the credit table 30 or 31 features, and a linear model whose validation loss falls from 0.59 to between 0.47 "
    "and 0.55 in five epochs; the three ways of preprocessing differ by at most 0.000001.",
    exercises={
        "learnt": Exercise(
            ask="Which part may the mean be learnt from: 'training', 'validation', 'test' or 'all'?",
            compare=answers.one_of("training", ["training", "validation", "test", "all"]),
            hints=(
                "Whatever is learnt from a part carries something of it into the model.",
                "The validation and test parts stand for rows that nobody has seen yet.",
                "preprocessing.fit takes splits.train.",
            ),
            solution="""
                answer = "training"
            """,
            why="Tomorrow's rows have no say in the mean; so those that stand for them must have none either.",
        ),
        "standardise": Exercise(
            ask="Write a function standardise(train, new) of two arrays: new in standard deviations of train from the mean "
            "of train.",
            compare=answers.passes(
                ((np.array([1.0, 3.0]), np.array([2.0, 4.0])), [0.0, 2.0]),
                ((np.array([0.0, 0.0, 6.0, 6.0]), np.array([9.0])), [2.0]),
                ((np.array([10.0, 20.0, 30.0]), np.array([20.0, 20.0])), [0.0, 0.0]),
            ),
            hints=(
                "Both numbers come from train, whatever stands in new.",
                "Subtract train.mean(), then divide.",
                "(new - train.mean()) / train.std(): numpy's std is the one that is meant here.",
            ),
            solution="""
                def answer(train, new):
                    return (new - train.mean()) / train.std()
            """,
            why="New values may lie outside -3 to 3, and their mean need not be 0: they were not asked.",
        ),
        "one_hot": Exercise(
            ask="Write a function one_hot(vocabulary, values) of two lists that returns an array with a row for each value and "
            "a column for each word; a value that is not in the vocabulary is all zeros.",
            compare=answers.passes(
                ((["own", "rent"], ["rent", "own"]), [[0, 1], [1, 0]]),
                ((["a", "b", "c"], ["c", "z"]), [[0, 0, 1], [0, 0, 0]]),
                ((["x"], ["x", "x", "y"]), [[1], [1], [0]]),
            ),
            hints=(
                "Each cell answers a yes/no question: is this value this word?",
                "Two loops will do: over the values, and within them over the vocabulary.",
                "np.array([[int(value == word) for word in vocabulary] for value in values])",
            ),
            solution="""
                import numpy as np

                def answer(vocabulary, values):
                    return np.array([[int(value == word) for word in vocabulary] for value in values])
            """,
            why="The vocabulary was learnt in training, so a new word finds no column, and its row says nothing.",
        ),
        "features": Exercise(
            ask="How many features does your project's preprocessing make? Count each embedded or hashed column as one.",
            compare=answers.number(_features),
            hints=(
                "project.preprocessor.frame() has a column with the number of features of each column.",
                "Add up its column features.",
                'project.preprocessor.frame()["features"].sum() is the whole of it.',
            ),
            solution="""
                answer = project.preprocessor.frame()["features"].sum()
            """,
            why="So many numbers an example enter the network: the first thing to know for the next notebook.",
        ),
        "clock": Exercise(
            ask="How far apart are the 12th and the 1st month on a circle of radius 1 with twelve months? Give two digits.",
            compare=answers.number(0.5176, within=0.006),
            hints=(
                "Neighbouring months are a twelfth of the circle apart: 30 degrees.",
                "Two points at an angle a have the distance 2 sin(a / 2).",
                "2 * np.sin(np.pi / 12)",
            ),
            solution="""
                import numpy as np
                answer = 2 * np.sin(np.pi / 12)
            """,
            why="As numbers they are 11 apart; on the circle they are neighbours like any others.",
        ),
    },
    quiz=(
        Question(
            "Income has a skewness of 10. Does standardising reduce it?",
            "No. It is a straight line: it moves and stretches. The logarithm bends, and reduces it.",
            ("yes", "no"),
        ),
        Question(
            "A shop has 40,000 article numbers. One-hot, embedding or hash?",
            "Embedding ids, a learnt vector each; or hash, if new articles come every day and no vocabulary can keep up.",
            ("one-hot", "embedding", "hash"),
        ),
        Question(
            "Why is a column added that says that a number was missing?",
            "The median alone would hide it, and that a value is missing is often news in itself.",
        ),
        Question(
            "Why is augmentation not in the bundle?",
            "It makes training harder on purpose. Tomorrow's picture is to be answered as it is, and the same each time.",
        ),
        Question(
            "In the web shop the features are computed by another program than in training. What may happen?",
            "They differ in some case, and the model answers wrongly without any error. So the layers belong into the bundle.",
        ),
    ),
)
