"""Notebook 06: choose the loss."""

import math

from dltoolkit.lessons import Exercise, Lesson, Question, answers

_LOSSES = ("mean_squared_error", "mean_absolute_error", "binary_crossentropy")

LESSON = Lesson(
    step="06",
    title="Choose the loss",
    objectives=(
        "compute the log loss of an answer by hand",
        "say which answer a loss is smallest for: the mean, the median or something between",
        "predict what class weights do to the answers, and undo it",
        "recognise a network that was trained with the wrong loss",
    ),
    needs="A network with its first weights (notebooks 03 to 05). project.catch_up('loss') makes it with defaults.",
    leaves="The choice of the loss and of the class weights, in the project; notebook 08 trains with it.",
    minutes=20,
    expect="Mean probability of 'bad' on the credit table: between 0.22 and 0.34 with the usual loss, as many as there "
    "are; between 0.34 and 0.48 with balanced classes.",
    exercises={
        "cost": Exercise(
            ask="A network gives the right class a probability of 0.25. What is the log loss of this answer?",
            compare=answers.number(math.log(4), within=0.001),
            hints=(
                "Only the probability of the class that came true counts.",
                "The cost is minus its natural logarithm.",
                "-np.log(0.25) is the whole of it.",
            ),
            solution="""
                import numpy as np
                answer = -np.log(0.25)
            """,
            why="It is ln 4 = 1.386: the cost of a blind guess among four classes.",
        ),
        "log_loss": Exercise(
            ask="Write a function of (truth, said), lists of 0 or 1 and of probabilities of the 1, that returns the mean "
            "log loss.",
            compare=answers.passes(
                (([1], [0.5]), math.log(2)),
                (([0, 1], [0.2, 0.8]), -math.log(0.8)),
                (([0, 0, 1], [0.1, 0.5, 0.5]), (2 * math.log(2) - math.log(0.9)) / 3),
            ),
            hints=(
                "A truth of 1 costs -ln(said). What does a truth of 0 cost?",
                "The 0 was given a probability of 1 - said.",
                "np.where(truth == 1, said, 1 - said) picks the right one, once both are NumPy arrays.",
            ),
            solution="""
                import numpy as np

                def answer(truth, said):
                    truth, said = np.array(truth), np.array(said)
                    return -np.log(np.where(truth == 1, said, 1 - said)).mean()
            """,
            why="It is what Keras calls binary_crossentropy, and scikit-learn log_loss.",
        ),
        "weight": Exercise(
            ask="Of 1,000 rows 100 are of the rare class. Which weight does class_weight='balanced' give to one of them?",
            compare=answers.number(5),
            hints=(
                "Each class gets the same total weight, and all of them together weigh as many as there are rows.",
                "So each of the two classes weighs 500 in all.",
                "Share these 500 among the 100 rare rows.",
            ),
            solution="""
                answer = 1_000 / (2 * 100)
            """,
            why="It is rows / (classes * rows of the class); a common row weighs 1,000 / (2 * 900) = 0.56.",
        ),
        "threshold": Exercise(
            ask="A missed bad loan costs 5, a refused good one costs 1. From which probability of 'bad' on do you refuse?",
            compare=answers.number(1 / 6, within=0.001),
            hints=(
                "Compare what it costs, on average, to refuse and to grant at the probability p.",
                "To grant costs 5 * p; to refuse costs 1 * (1 - p).",
                "Both are equal where 5 * p = 1 - p.",
            ),
            solution="""
                answer = 1 / (1 + 5)
            """,
            why="At 0.167 both choices cost the same. It takes honest probabilities, so train without weights.",
        ),
        "typing_errors": Exercise(
            ask="Some prices in your table have a zero too many, and you cannot tell which. You want the price of a "
            "typical row. 'mean_squared_error', 'mean_absolute_error' or 'binary_crossentropy'?",
            compare=answers.one_of("mean_absolute_error", _LOSSES),
            hints=(
                "A price is an amount, so one of the three is out.",
                "Which of mean and median does one wild value move?",
                "The absolute error is smallest at the median.",
            ),
            solution="""
                answer = "mean_absolute_error"
            """,
            why="The median hardly moves, however wild a few values are.",
        ),
    },
    quiz=(
        Question(
            "A network says 0 for something that then happens. What is its log loss?",
            "Infinite. Keras keeps probabilities 0.0000001 away from 0 and 1, so it charges 16.1 at most.",
            ("0", "1", "infinite"),
        ),
        Question(
            "Why not train for accuracy itself?",
            "It does not change when a weight moves a little, so it has no slope to follow.",
        ),
        Question(
            "After class_weight='balanced' the probabilities of a rare disease average 0.4. May you show them to a "
            "patient?",
            "No. They are those of a made-up world in which half of all people are ill. Undo the weights first.",
            ("yes", "no"),
        ),
        Question(
            "With the squared error one house out of a thousand takes most of the loss. What do you look at first?",
            "The row. If it is a typing error, correct it; if it is true, think about the logarithm or Huber's loss.",
        ),
    ),
)
