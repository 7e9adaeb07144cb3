"""Notebook 05: initialise the parameters."""

from typing import Any

import numpy as np

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _own_first_loss(project: Any) -> float:
    """Entropy of the training labels, the mean over targets; 1 for an amount."""
    if project.problem.kind == "regression":
        return 1.0
    train = project.splits.train
    shares = [train[name].value_counts(normalize=True) for name in project.problem.targets]
    return float(np.mean([-(s * np.log(s)).sum() for s in shares]))


LESSON = Lesson(
    step="05",
    title="Initialise the parameters",
    objectives=(
        "predict the loss of an untrained network from the base rate, and find out why it differs",
        "predict by which factor each layer shrinks or blows up what passes through it, forwards and on the way back",
        "choose an initialiser that fits the activation",
        "explain why units that start equal stay equal",
        "tell a difference between two settings from a difference between two seeds",
    ),
    needs="A designed network (notebook 04). project.catch_up('initialise') makes one with defaults.",
    leaves="The choice of the first weights in the project: initialiser and seed.",
    minutes=20,
    expect="A first loss of 0.58 to 0.61 on the credit table once the random answer weights are taken out; the spread "
    "of He's weights changes by a factor of 0.9 to 1.1 a layer.",
    exercises={
        "first_loss": Exercise(
            ask="One in ten rows is positive. What does a network lose, in nats, that always answers 0.1?",
            compare=answers.number(0.3251, within=0.002),
            hints=(
                "A positive row costs -ln 0.1, a negative one -ln 0.9.",
                "The mean weighs them by how often they come: 0.1 and 0.9.",
                "-(0.1 ln 0.1 + 0.9 ln 0.9), with the natural logarithm.",
            ),
            solution="""
                import math
                answer = -(0.1 * math.log(0.1) + 0.9 * math.log(0.9))
            """,
            why="This is the entropy of the base rate. A first loss far above it says that the network starts sure of "
            "wrong answers.",
        ),
        "ten_classes": Exercise(
            ask="An untrained network gives each of ten classes the same probability. What is its cross-entropy?",
            compare=answers.number(2.3026, within=0.002),
            hints=(
                "Each class gets the probability 0.1.",
                "A row costs minus the logarithm of what its right class got.",
                "-ln 0.1 = ln 10.",
            ),
            solution="""
                import math
                answer = math.log(10)
            """,
            why="ln 10 = 2.303, whatever the classes: the number to check first in every ten-class training.",
        ),
        "bias": Exercise(
            ask="Which bias makes a sigmoid unit answer 0.28 when its inputs are all 0?",
            compare=answers.number(-0.9445, within=0.002),
            hints=(
                "sigmoid(b) = 1 / (1 + exp(-b)) has to be 0.28.",
                "The inverse of the sigmoid is the logarithm of the odds.",
                "ln(0.28 / 0.72).",
            ),
            solution="""
                import math
                answer = math.log(0.28 / (1 - 0.28))
            """,
            why="The log odds of the base rate: the first epochs need not be spent on learning it.",
        ),
        "factor": Exercise(
            ask="Write a function of (n, sigma): the factor by which a ReLU layer with n inputs changes the root mean "
            "square of what passes through it, when its weights have the standard deviation sigma.",
            compare=answers.passes(
                ((64, 0.05), 0.2828427), ((128, 0.125), 1.0), ((2, 1.0), 1.0), ((200, 0.2), 2.0)
            ),
            hints=(
                "A sum of n products with weights of variance sigma squared has n sigma² times the mean square.",
                "ReLU sets half of them to 0, and so halves the mean square.",
                "The root of n * sigma**2 / 2.",
            ),
            solution="""
                def answer(n, sigma):
                    return (n * sigma**2 / 2) ** 0.5
            """,
            why="It is 1 when sigma² = 2 / n: that is He's initialisation.",
        ),
        "tanh": Exercise(
            ask="Eight hidden layers with tanh, which passes small numbers on as they are. Which keeps their size: "
            "'zeros', 'glorot_uniform' or 'random_normal'?",
            compare=answers.one_of("glorot_uniform", ["zeros", "glorot_uniform", "random_normal"]),
            hints=(
                "Nothing is halved here, so the factor is the root of n sigma².",
                "It is 1 when sigma² is 1 / n.",
                "With as many inputs as outputs, 2 / (inputs + outputs) is 1 / n.",
            ),
            solution="""
                answer = "glorot_uniform"
            """,
            why="Glorot and Bengio (2010) derived it for activations that are straight around 0; He for ReLU.",
        ),
        "own": Exercise(
            ask="What should an untrained network of your project lose on the training rows? (For an amount: in units "
            "of the target's variance.)",
            compare=answers.number(_own_first_loss, within=0.005),
            hints=(
                "For an amount the answer is 1. Otherwise start from the shares of the classes.",
                "project.splits.train[project.target].value_counts(normalize=True) has the shares.",
                "Minus the sum of share times np.log(share); for several targets the mean of theirs.",
            ),
            solution="""
                import numpy as np

                train, problem = project.splits.train, project.problem
                shares = [train[name].value_counts(normalize=True) for name in problem.targets]
                answer = np.mean([-(s * np.log(s)).sum() for s in shares]) if problem.classes else 1.0
            """,
            why="One number that you can write down before anything is built: a first loss far from it is a fault.",
        ),
    },
    quiz=(
        Question(
            "All weights start at 0, all hidden units use ReLU. What does training change?",
            "Only the output bias. Each hidden unit gives 0 and gets no gradient, so the network learns the base rate.",
            ("everything, slowly", "the output bias only", "nothing at all"),
        ),
        Question(
            "The spread of the activations falls by a factor of 0.28 a layer. What is left after eight layers?",
            "0.28 to the power of 8, about 0.00004 of it; the gradients shrink on their way back likewise.",
        ),
        Question(
            "Setting A loses 0.437, setting B 0.431, each with one seed. What do you conclude?",
            "Nothing yet. Seeds alone differ by that much; train each with a few seeds, and compare the means.",
            ("B is better", "nothing yet"),
        ),
        Question(
            "Why does Adam mend a start that is too small, when plain gradient descent does not?",
            "Adam divides each gradient by its usual size, so small gradients still make steps of the learning rate.",
        ),
    ),
)
