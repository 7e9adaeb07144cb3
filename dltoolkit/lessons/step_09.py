"""Notebook 09: validate and tune."""

from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _winner(project: Any) -> int:
    """The number of the trial with the lowest loss."""
    trials = project.search.trials
    return int(trials.loc[trials["score"].idxmin(), "trial"])


LESSON = Lesson(
    step="09",
    title="Validate and tune",
    objectives=(
        "say what each of the three parts of a table may choose",
        "state the spread of a validation score before measuring it by folds",
        "run a random search over a space that you wrote down, and read its trials",
        "work out how many trials are worth it",
        "say how much of a winner's lead is luck, and what to do about it",
    ),
    needs="A trained network (notebooks 04 to 08). project.catch_up('tune') makes one with defaults.",
    leaves="The search in the project: every trial, the best settings, and the run of the best one.",
    minutes=25,
    expect="Mean AUC of five folds on the credit table: 0.82 to 0.87, with a standard deviation of 0.006 to 0.032. Best "
    "validation loss of the search: 0.42 to 0.445.",
    exercises={
        "grid": Exercise(
            ask="A grid of 5 learning rates, 3 widths and 3 rates of dropout: how many trainings?",
            compare=answers.number(45),
            hints=(
                "A grid tries every combination.",
                "Each learning rate meets each width, and each of these pairs each rate of dropout.",
                "Multiply the three numbers.",
            ),
            solution="""
                answer = 5 * 3 * 3
            """,
            why="And each further setting multiplies it again, while the number of random trials stays what you choose.",
        ),
        "trials": Exercise(
            ask="How many random trials give a chance of at least 95 % that one of them is among the best 10 % of all "
            "settings?",
            compare=answers.number(29),
            hints=(
                "One trial misses the best 10 % with a chance of 0.9.",
                "All n trials miss it with a chance of 0.9**n, which has to be at most 0.05.",
                "math.log(0.05) / math.log(0.9), rounded up.",
            ),
            solution="""
                import math
                answer = math.ceil(math.log(0.05) / math.log(0.9))
            """,
            why="0.9**28 is 0.052, and 0.9**29 is 0.047: the 29th trial brings the chance above 95 %.",
        ),
        "paired": Exercise(
            ask="Write a function of (first, second), two lists with the scores of two models on the same folds, that "
            "returns the mean difference, second minus first, and its standard error.",
            compare=answers.passes(
                (([0.80, 0.84, 0.82], [0.81, 0.86, 0.85]), [0.02, 0.01 / 3**0.5]),
                (([1.0, 2.0], [1.0, 4.0]), [1.0, 1.0]),
            ),
            hints=(
                "Subtract first, fold by fold; what both models find hard or easy then cancels.",
                "The standard error of a mean is the standard deviation over the root of the number of values.",
                "With d = np.subtract(second, first): d.mean(), and d.std(ddof=1) / len(d) ** 0.5.",
            ),
            solution="""
                import numpy as np
                def answer(first, second):
                    d = np.subtract(second, first)
                    return d.mean(), d.std(ddof=1) / len(d) ** 0.5
            """,
            why="It is still a little too sure of itself: folds share training rows (Nadeau and Bengio, 2003).",
        ),
        "winner": Exercise(
            ask="Which trial of project.search.trials has the best score? Give its number.",
            compare=answers.number(_winner),
            hints=(
                "The score is the validation loss, so the best one is the lowest.",
                'trials["score"].idxmin() gives the label of its row.',
                'trials.loc[trials["score"].idxmin(), "trial"] is its number.',
            ),
            solution="""
                trials = project.search.trials
                answer = trials.loc[trials["score"].idxmin(), "trial"]
            """,
            why="search.frame() sorts the trials, best first; its first row is this one.",
        ),
        "curse": Exercise(
            ask="Twelve settings are equally good: their true loss is 0.430, and one score has a noise of 0.005. Which "
            "loss does the winner show, on average?",
            compare=answers.number(0.430 - 1.63 * 0.005, within=0.0004),
            hints=(
                "The winner is the one with the most luck, and luck makes a loss smaller.",
                "The luckiest of twelve is 1.63 standard deviations ahead, on average.",
                "0.430 - 1.63 * 0.005.",
            ),
            solution="""
                answer = 0.430 - 1.63 * 0.005
            """,
            why="On new rows it falls back to 0.430. Nothing got worse; the 0.008 were never there.",
        ),
    },
    quiz=(
        Question(
            "Why is preprocessing fitted anew in each fold?",
            "Means and vocabularies of the validation rows would otherwise reach the training: a small leak.",
        ),
        Question(
            "Two models have validation AUCs of 0.834 and 0.841 on 700 rows. Which one is better?",
            "Nobody can tell from that. The noise of one score is about 0.02; compare them on the same folds.",
            ("the second", "the first", "nobody can tell from that"),
        ),
        Question(
            "Where should the learning rates of a search lie?",
            "Evenly on a logarithmic scale: what counts is the ratio of two learning rates, not their difference.",
            ("evenly between the ends", "evenly on a logarithmic scale", "all near the default"),
        ),
        Question(
            "The best trial's score is published as the model's score. What is wrong?",
            "It was chosen for being the best, so it holds luck. The model's score is that of rows that chose nothing.",
        ),
    ),
)
