"""Notebook 01: define the problem."""

from typing import Any

import numpy as np

from dltoolkit.lessons import Exercise, Lesson, Question, answers

_KINDS = ("regression", "binary", "multiclass", "multilabel")


def _kinds(answer: Any, project: Any) -> str | None:
    """Whether the answer is the list of the four kinds in their order."""
    if not isinstance(answer, (list, tuple)) or len(answer) != len(_KINDS):
        return f"expected a list of {len(_KINDS)} texts, got {answer!r}."
    wrong = [i for i, (given, right) in enumerate(zip(answer, _KINDS, strict=True)) if given != right]
    return f"number {wrong[0] + 1} is not {answer[wrong[0]]!r}." if wrong else None


def _majority(project: Any) -> float:
    """The accuracy of the most frequent answer; the root mean squared error of the mean."""
    problem, values = project.problem, project.raw[project.problem.targets[0]]
    if problem.kind == "regression":
        return float(values.std(ddof=0))
    return float(values.value_counts(normalize=True).max())


_TRUTH, _SAID = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])

LESSON = Lesson(
    step="01",
    title="Define the problem",
    objectives=(
        "write a question down: who decides what, from which example, and what an error costs",
        "name the kind of problem, and the head, loss and metrics that follow from it",
        "work out accuracy and log loss of an answer without knowledge before anything is trained",
        "say what accuracy hides, and read a score beside two baselines",
        "turn the costs of errors into a threshold",
    ),
    needs="The project's table, as it came. project.catch_up('define') has nothing to do before it.",
    leaves="The problem in the project: kind, target, classes, head, loss, metrics, and why.",
    minutes=20,
    expect="On the credit table 70 to 74 % accuracy without any knowledge, and a validation AUC of 0.78 to 0.90 for "
    "the linear model.",
    exercises={
        "kinds": Exercise(
            ask="Give the kinds of four questions as a list: what will this house sell for; will this customer leave; "
            "which of five species is it; which of twelve tags fit this photo?",
            compare=answers.holds(_kinds),
            hints=(
                "The kinds are 'binary', 'multiclass', 'multilabel' and 'regression'; each occurs once.",
                "A price is an amount. Leaving is a yes or a no.",
                "A penguin has exactly one species; a photo may have many tags, or none.",
            ),
            solution="""
                answer = ["regression", "binary", "multiclass", "multilabel"]
            """,
            why="An amount, a yes or no, exactly one of several, and several yes or no at once.",
        ),
        "majority": Exercise(
            ask="What does the majority baseline score on all rows of project.raw? Give its accuracy; for an amount, "
            "its root mean squared error.",
            compare=answers.number(_majority, relative=0.001),
            hints=(
                "It gives every row the same answer: the most frequent one, or the mean.",
                "Its accuracy is the share of the most frequent label; its error is the standard deviation.",
                "value_counts(normalize=True).max() of the target column is that share; std(ddof=0) that deviation.",
            ),
            solution="""
                values = project.raw[project.problem.targets[0]]
                amount = project.problem.kind == "regression"
                answer = values.std(ddof=0) if amount else values.value_counts(normalize=True).max()
            """,
            why="No model was needed: the number was in the target column all along.",
        ),
        "entropy": Exercise(
            ask="One message in ten is spam. What log loss, in nats, does the constant answer 0.1 have?",
            compare=answers.number(0.3251, within=0.001),
            hints=(
                "A spam message costs -ln 0.1, any other one -ln 0.9.",
                "Average the two with their shares: 0.1 and 0.9.",
                "-(0.1 * np.log(0.1) + 0.9 * np.log(0.9)); np.log is the natural logarithm.",
            ),
            solution="""
                import numpy as np
                answer = -(0.1 * np.log(0.1) + 0.9 * np.log(0.9))
            """,
            why="It is the entropy of the labels: the rarer the positive class, the smaller the loss of knowing nothing.",
        ),
        "threshold": Exercise(
            ask="Missing a fire costs 20 times as much as a false alarm. From which probability upwards should the bell "
            "ring?",
            compare=answers.number(1 / 21, within=0.0006),
            hints=(
                "Ring when the expected cost of silence is larger than that of ringing.",
                "With the probability p of a fire, silence costs 20 p and ringing costs 1 - p.",
                "Solve 20 p = 1 - p.",
            ),
            solution="""
                answer = 1 / (1 + 20)
            """,
            why="False alarm over false alarm plus miss: 1 / 21. Below 5 % it already pays to ring.",
        ),
        "cost": Exercise(
            ask="Write a function of (y_true, probability, threshold, miss, false_alarm) that returns the cost; an alarm "
            "is raised from the threshold upwards.",
            compare=answers.passes(
                ((_TRUTH, _SAID, 0.5, 5, 1), 6),
                ((_TRUTH, _SAID, 0.4, 5, 1), 1),
                ((_TRUTH, _SAID, 1.1, 5, 1), 10),
                ((_TRUTH, _SAID, 0.0, 5, 2), 4),
            ),
            hints=(
                "raised = probability >= threshold is an array of True and False.",
                "A miss is a true case without an alarm; a false alarm is an alarm without a true case.",
                "Count each with .sum() on the arrays joined by &, and weigh the counts with the two prices.",
            ),
            solution="""
                def answer(y_true, probability, threshold, miss, false_alarm):
                    raised, true = probability >= threshold, y_true == 1
                    return miss * (true & ~raised).sum() + false_alarm * (raised & ~true).sum()
            """,
            why="With two prices every threshold has one cost, and policies can be compared.",
        ),
    },
    quiz=(
        Question(
            "1 % of the payments are frauds. A model is right for 99 %. What has it learnt?",
            "Perhaps nothing: the answer 'never a fraud' is right for 99 %, too. Look at recall, precision and AUC.",
        ),
        Question(
            "A photo can show a cat and a dog. Which head?",
            "Two sigmoid units: both may be true. A softmax would make them exclude each other.",
            ("2 softmax units", "2 sigmoid units", "1 linear unit"),
        ),
        Question(
            "Should a miss that costs ten times as much change the loss, or the threshold?",
            "The threshold. Trained for honest probabilities, the model serves any prices; 1 / 11 is the new threshold.",
            ("the loss", "the threshold", "the metric"),
        ),
        Question(
            "The column 'date of the last reminder' predicts unpaid loans very well. What is wrong?",
            "Reminders are sent after the loan went bad. On the day of the decision the column is empty: a target from "
            "the future.",
        ),
    ),
)
