"""Notebook 11: fine-tune and optimise."""

import statistics
from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers

_SCORES = [0.43, 0.44, 0.42, 0.45]


def _kept(project: Any) -> str:
    return str(project.tuned["model"])


LESSON = Lesson(
    step="11",
    title="Fine-tune and optimise",
    objectives=(
        "retrain settings with several seeds, and tell a gain from luck by mean and spread",
        "lower the learning rate during a training, give it more patience, and measure what that is worth",
        "find the smallest network whose score is within the spread of the larger one",
        "measure by shuffling a column how much a model relies on it, and say what that does not tell",
        "share one answer out among its inputs, and look at the rows that the model takes for alike",
        "choose between two models by the validation rows alone",
    ),
    needs="A trained model and a search (notebooks 08 and 09). project.catch_up('evaluate') makes them with defaults.",
    leaves="The better model by the validation rows, and the comparison behind it.",
    minutes=25,
    expect="Validation log loss of the model kept on the credit table: between 0.38 and 0.48.",
    exercises={
        "spread": Exercise(
            ask="Write a function of scores, a list of at least two, that returns their standard deviation with n - 1 in "
            "the denominator.",
            compare=answers.passes(
                ((_SCORES,), statistics.stdev(_SCORES)),
                (([1.0, 3.0],), statistics.stdev([1.0, 3.0])),
            ),
            hints=(
                "Subtract the mean from each score, and square.",
                "Add up, divide by the number of scores less one, and take the root.",
                "numpy.std(scores, ddof=1) or statistics.stdev(scores) does all of it.",
            ),
            solution="""
                import statistics

                def answer(scores):
                    return statistics.stdev(scores)
            """,
            why="The mean was taken from the same scores and lies too close to them; n - 1 makes up for that.",
        ),
        "verdict": Exercise(
            ask="Settings A score 0.432 on average and B 0.429, four seeds each; the spread over seeds is 0.010. Is B's "
            "lead a 'gain' or 'noise'?",
            compare=answers.one_of("noise", ["gain", "noise"]),
            hints=(
                "How far apart would two means of four seeds lie if A and B were the same?",
                "The standard error of the difference is spread * sqrt(2 / n).",
                "0.010 * sqrt(2 / 4) is about 0.007. The lead is 0.003.",
            ),
            solution="""
                answer = "noise"
            """,
            why="The lead is less than half of one standard error; two equal settings differ by that most of the time.",
        ),
        "how_many": Exercise(
            ask="The spread over seeds is 0.010. From how many seeds does the standard error of a mean come down to 0.002?",
            compare=answers.number(25),
            hints=(
                "The standard error of a mean is spread / sqrt(n).",
                "So sqrt(n) is spread / error.",
                "0.010 / 0.002 is 5; square it.",
            ),
            solution="""
                answer = 25
            """,
            why="Five times less error takes twenty-five times the trainings: small gains are dear to prove.",
        ),
        "importance": Exercise(
            ask="Write a function of (before, after), the loss on the rows as they are and the list of losses with a column "
            "shuffled, that returns the column's importance.",
            compare=answers.passes(
                ((0.40, [0.50, 0.60]), 0.15),
                ((0.40, [0.40, 0.40]), 0.0),
                ((0.40, [0.38]), -0.02),
            ),
            hints=(
                "It is what shuffling costs.",
                "Take the mean over the shuffles, as each of them is a draw.",
                "sum(after) / len(after) - before is all of it.",
            ),
            solution="""
                def answer(before, after):
                    return sum(after) / len(after) - before
            """,
            why="A value a little below zero is chance: the column is worth nothing to this model.",
        ),
        "kept": Exercise(
            ask="Which model does the project keep, 'run' or 'fine_tuned'? Read it off project.tuned.",
            compare=answers.one_of(_kept, ["run", "fine_tuned"]),
            hints=(
                "project.tuned is a dict with what was compared.",
                "Its scores are losses on the validation rows: the lower one wins.",
                'project.tuned["model"] is the name.',
            ),
            solution="""
                answer = project.tuned["model"]
            """,
            why="It is the model with the lower loss on the validation rows; project.best hands it out.",
        ),
    },
    quiz=(
        Question(
            "You tried 30 changes on the validation rows, one after the other, and kept each that helped. What is wrong "
            "with the last validation score?",
            "It is too good: each choice has taken some luck along. The test rows, opened once, tell the honest score.",
        ),
        Question(
            "Shuffling income costs nothing, although it tells the risk. How can that be?",
            "Another column says the same, such as the sum of income and assets, and the model turns to that one.",
            ("the model is broken", "another column says the same", "income was not scaled"),
        ),
        Question(
            "Same data, same settings, another seed: the score differs by 0.01. What is the smallest lead that you report "
            "from one training each?",
            "None: a lead of 0.01 comes from nothing at all. Train several seeds, or call the two equal.",
        ),
        Question(
            "When does a higher patience change the weights that are kept?",
            "Only if a better epoch comes after the point at which the shorter patience would have ended.",
            ("always", "only if a better epoch comes later", "never"),
        ),
    ),
)
