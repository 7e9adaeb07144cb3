"""Notebook 07: choose the optimizer."""

import math

from dltoolkit.lessons import Exercise, Lesson, Question, answers

LESSON = Lesson(
    step="07",
    title="Choose the optimizer",
    objectives=(
        "write down one update of SGD, of momentum and of Adam",
        "compute the learning rate at which plain gradient descent leaves a bowl",
        "find a learning rate with a short sweep, and say what too small and too large look like",
        "predict what a larger batch does to updates, seconds and loss",
    ),
    needs="A network with its first weights, and a loss (notebooks 03 to 06). project.catch_up('optimizer') makes them "
    "with defaults.",
    leaves="The choice of the optimizer and its learning rate, in the project; notebook 08 trains with it.",
    minutes=20,
    expect="Validation loss of the credit table after five epochs of Adam at a rate of 0.001: between 0.42 and 0.52.",
    exercises={
        "limit": Exercise(
            ask="A bowl has the curvatures 2 and 50. From which learning rate on does plain gradient descent leave it?",
            compare=answers.number(0.04, within=1e-9),
            hints=(
                "One update multiplies a distance by 1 - rate * curvature.",
                "It grows when that factor is below -1; the steepest direction gets there first.",
                "Solve 1 - rate * 50 = -1 for the rate.",
            ),
            solution="""
                answer = 2 / 50
            """,
            why="The steepest direction sets the limit, 2 / 50; the flat one would stand a rate up to 1.",
        ),
        "coast": Exercise(
            ask="Write a function of (gradient, rate, keep) that returns how far one update of momentum moves once the "
            "same gradient has come for a very long time.",
            compare=answers.passes(((1.0, 0.1, 0.0), 0.1), ((1.0, 0.1, 0.5), 0.2), ((3.0, 0.01, 0.9), 0.3)),
            hints=(
                "The memory becomes v = keep * v + gradient. When does it not change any more?",
                "v = keep * v + gradient gives v * (1 - keep) = gradient.",
                "The update moves by rate * v, and v has become gradient / (1 - keep).",
            ),
            solution="""
                def answer(gradient, rate, keep):
                    return rate * gradient / (1 - keep)
            """,
            why="With keep = 0.9 momentum coasts ten times as fast as SGD at the same rate.",
        ),
        "first_step": Exercise(
            ask="The first gradient of a weight is 0.0003. How far does Adam's first update move it, at a learning rate "
            "of 0.001?",
            compare=answers.number(0.001, within=1e-5),
            hints=(
                "Both averages are corrected for their empty start, so after one update they are exact.",
                "The first average is then the gradient, the second its square.",
                "rate * gradient / sqrt(gradient ** 2): what is left of the gradient?",
            ),
            solution="""
                answer = 0.001 * 0.0003 / (0.0003**2) ** 0.5
            """,
            why="The size of the gradient cancels: the first update of Adam moves every weight by the learning rate.",
        ),
        "best_rate": Exercise(
            ask="Write a function of losses, a dict from learning rate to final loss, that returns the rate with the "
            "lowest loss. A training that diverged has the loss NaN.",
            compare=answers.passes(
                (({0.001: 0.5, 0.01: 0.4, 0.1: 0.7},), 0.01),
                (({1.0: math.nan, 0.001: 0.5, 0.01: 0.6},), 0.001),
                (({0.001: 0.5, 0.01: 0.3, 1.0: math.nan},), 0.01),
            ),
            hints=(
                "min(losses, key=losses.get) does it, as long as no loss is NaN.",
                "Every comparison with NaN is false, so leave these out first.",
                "Keep the rates whose loss equals itself (NaN does not), and take the min of these.",
            ),
            solution="""
                def answer(losses):
                    finite = {rate: loss for rate, loss in losses.items() if loss == loss}
                    return min(finite, key=finite.get)
            """,
            why="A NaN that comes first would win every min without this line.",
        ),
    },
    quiz=(
        Question(
            "Does a better optimizer change which weights have the lowest loss?",
            "No. The loss decides that (notebook 06). The optimizer decides how soon you get near them, if at all.",
            ("yes", "no"),
        ),
        Question(
            "You multiply the loss by 1,000. What has to change with SGD, and what with Adam?",
            "SGD needs a thousandth of the learning rate. Adam divides by the gradient's size and goes the same way.",
            ("both rates", "only SGD's rate", "only Adam's rate"),
        ),
        Question(
            "Why does Adam take three times the memory of the weights?",
            "Beside each weight it keeps two averages: of the gradient, and of its square.",
        ),
        Question(
            "With batches of 1,024 instead of 64 an epoch is faster, and the loss after five epochs is worse. Why?",
            "There was a sixteenth of the updates. Give it more epochs, or a larger learning rate.",
        ),
    ),
)
