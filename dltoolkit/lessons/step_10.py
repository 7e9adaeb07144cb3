"""Notebook 10: evaluate on the test part."""

from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _clearly_better(project: Any) -> int:
    return int((project.evaluation.versus("boosting")["verdict"] == "better").sum())


LESSON = Lesson(
    step="10",
    title="Evaluate on test",
    objectives=(
        "say why the test part is opened once, and what another look costs",
        "predict the width of an interval from the number of rows",
        "compare a model with its rivals on the same rows, and say when there is no clear difference",
        "choose a threshold by what errors cost, on validation rows, and prove it on test rows",
        "tell from calibration, slices and the worst errors where a model can be trusted",
    ),
    needs="A trained model and the settings that were tried (notebooks 08 and 09). project.catch_up('evaluate') makes "
    "them with defaults.",
    leaves="The evaluation in the project: metrics with intervals beside the baselines, the test rows and their "
    "answers, and one opening of the test part in the ledger.",
    minutes=25,
    expect="Test AUC of the default network on the credit table: between 0.79 and 0.87, and no clear difference to "
    "logistic regression or boosting.",
    exercises={
        "half_width": Exercise(
            ask="An accuracy of 0.80 was measured on 900 rows. What is half the width of its 95 % interval?",
            compare=answers.number(0.0261, within=0.0006),
            hints=(
                "A share p of n rows has the standard error sqrt(p (1 - p) / n).",
                "The standard error here is sqrt(0.8 x 0.2 / 900) = 0.0133.",
                "A 95 % interval reaches 1.96 standard errors to each side.",
            ),
            solution="""
                import math
                answer = 1.96 * math.sqrt(0.8 * 0.2 / 900)
            """,
            why="2.6 points to each side: on 900 rows, two models that are one point apart cannot be told from each "
            "other by their intervals.",
        ),
        "rows": Exercise(
            ask="How many rows would make that half-width 0.01?",
            compare=answers.number(6147, relative=0.05),
            hints=(
                "The half-width shrinks with the square root of the number of rows.",
                "It has to become 2.61 times smaller.",
                "900 times 2.61 squared.",
            ),
            solution="""
                answer = 0.8 * 0.2 * (1.96 / 0.01) ** 2
            """,
            why="A width that is 2.6 times smaller costs 6.8 times as many rows: precision is dear.",
        ),
        "threshold": Exercise(
            ask="A false alarm costs 2, a miss costs 18, and the probabilities are honest. From which probability up "
            "should be flagged?",
            compare=answers.number(0.1, within=0.001),
            hints=(
                "Flag a row when that is expected to cost less than passing it.",
                "Flagging is expected to cost (1 - p) x 2, passing p x 18.",
                "They are equal at p = 2 / (2 + 18).",
            ),
            solution="""
                answer = 2 / (2 + 18)
            """,
            why="The dearer a miss, the lower the threshold. Elkan (2001) has the proof.",
        ),
        "cost": Exercise(
            ask="Write a function of (truth, probabilities, threshold, alarm, miss) that returns the total cost. Truth "
            "holds 0 and 1; a probability from the threshold up is flagged.",
            compare=answers.passes(
                (([0, 0, 1, 1], [0.2, 0.6, 0.4, 0.9], 0.5, 1, 5), 6),
                (([0, 0, 1, 1], [0.2, 0.6, 0.4, 0.9], 0.3, 1, 5), 1),
                (([0, 1], [0.5, 0.5], 0.5, 3, 7), 3),
                (([0, 1], [0.5, 0.4], 0.6, 3, 7), 7),
            ),
            hints=(
                "Turn both lists into arrays; flagged = np.asarray(probabilities) >= threshold.",
                "An alarm is flagged and truly 0; a miss is not flagged and truly 1.",
                "alarm * (flagged & (truth == 0)).sum() + miss * (~flagged & (truth == 1)).sum()",
            ),
            solution="""
                import numpy as np

                def answer(truth, probabilities, threshold, alarm, miss):
                    truth, flagged = np.asarray(truth), np.asarray(probabilities) >= threshold
                    return alarm * (flagged & (truth == 0)).sum() + miss * (~flagged & (truth == 1)).sum()
            """,
            why="Only the two kinds of error cost anything; metrics such as accuracy weigh them the same.",
        ),
        "again": Exercise(
            ask="You see the test score, change the network, evaluate again, and report the better of the two scores. "
            "Is that score 'honest', 'too good' or 'too bad'?",
            compare=answers.one_of("too good", ["honest", "too good", "too bad"]),
            hints=(
                "Part of the difference between two test scores is luck.",
                "Taking the better one takes the luck along.",
                "New rows do not bring that luck again.",
            ),
            solution="""
                answer = "too good"
            """,
            why="The best of several noisy scores is too high on average. The test part has become a validation part.",
        ),
        "clearly": Exercise(
            ask="On how many metrics is your model clearly better than boosting?",
            compare=answers.number(_clearly_better),
            hints=(
                'project.evaluation.versus("boosting") has a row for each metric.',
                'Its column "verdict" says "better", "worse" or "no clear difference".',
                'Count the rows in which the verdict equals "better".',
            ),
            solution="""
                answer = (project.evaluation.versus("boosting")["verdict"] == "better").sum()
            """,
            why="A verdict is given only when the whole interval of the difference lies on one side of 0.",
        ),
    },
    quiz=(
        Question(
            "Two intervals overlap. Does that show that the models are equally good?",
            "No. The intervals share the luck of the rows. Look at the interval of the difference on the same rows, "
            "which is narrower: versus.",
            ("yes", "no"),
        ),
        Question(
            "Why is the threshold chosen on validation rows?",
            "On the rows it was chosen on, a threshold looks too good. The test part has to stay a first look.",
        ),
        Question(
            "A slice of 12 rows has an AUC of 1.00 with the interval 1.00 to 1.00. What do you report?",
            "That 12 rows say nothing: the bootstrap cannot imagine errors that it has not seen. Gather more rows.",
            ("that it works best there", "nothing yet, get more rows"),
        ),
        Question(
            "Boosting is as good as your network, and trains in a second. Which one do you put to work?",
            "Boosting, unless something else speaks for the network: embeddings, text or images to come, or learning "
            "on from where it stopped.",
        ),
    ),
)
