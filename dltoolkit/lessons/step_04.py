"""Notebook 04: design the network."""

import math
from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _answer_parameters(project: Any) -> int:
    return int(project.build_network().get_layer("answer").count_params())


LESSON = Lesson(
    step="04",
    title="Design the network",
    objectives=(
        "count the parameters of a network by hand, layer by layer",
        "say why hidden layers need a bend between them, and what they can then tell that a weighted sum cannot",
        "predict the loss of a network before its first update, and check exit, bias and labels with it",
        "decide between a linear model and hidden layers by their validation loss",
    ),
    needs="Fitted preprocessing (notebook 03). project.catch_up('design') makes it with defaults.",
    leaves="The design in the project: the layers' options and the number of parameters.",
    minutes=20,
    expect="Untrained loss of the linear model on the credit table: between 0.58 and 0.61, the log loss at the base rate.",
    exercises={
        "first_layer": Exercise(
            ask="A hidden layer of 128 units gets 31 features. How many parameters does it have, biases included?",
            compare=answers.number(4096),
            hints=(
                "Each unit has one weight for each feature.",
                "Each unit has one bias as well.",
                "(31 + 1) for each of the 128 units.",
            ),
            solution="""
                answer = (31 + 1) * 128
            """,
            why="A unit is a weighted sum of 31 features and a bias: 32 numbers, 128 times.",
        ),
        "count": Exercise(
            ask="Write a function of widths, the list of all widths from the features to the exit, that returns the "
            "number of parameters.",
            compare=answers.passes(
                (([31, 128, 64, 1],), 12_417),
                (([31, 1],), 32),
                (([4, 10, 3],), 83),
            ),
            hints=(
                "Go through the pairs of neighbours: a layer's inputs and its units.",
                "zip(widths, widths[1:]) gives these pairs.",
                "Add up (inputs + 1) * units over the pairs.",
            ),
            solution="""
                def answer(widths):
                    return sum((inputs + 1) * units for inputs, units in zip(widths, widths[1:]))
            """,
            why="The units of one layer are the inputs of the next; the 1 stands for the bias.",
        ),
        "exit": Exercise(
            ask="A problem has five classes, of which each row has exactly one. The exit is '1 sigmoid', '5 sigmoid' or "
            "'5 softmax'?",
            compare=answers.one_of("5 softmax", ["1 sigmoid", "5 sigmoid", "5 softmax"]),
            hints=(
                "Each class needs a probability of its own.",
                "Exactly one class is true, so that the probabilities must add up to 1.",
                "Five sigmoids would be right for labels that can be true together.",
            ),
            solution="""
                answer = "5 softmax"
            """,
            why="Softmax makes five probabilities that add up to 1; sigmoids know nothing of each other.",
        ),
        "untrained": Exercise(
            ask="Write a function of shares, the list of the classes' shares, that returns the log loss of a network that "
            "always answers these shares.",
            compare=answers.passes(
                (([0.28, 0.72],), -0.28 * math.log(0.28) - 0.72 * math.log(0.72)),
                (([0.1] * 10,), math.log(10)),
                (([0.5, 0.25, 0.25],), 1.5 * math.log(2)),
            ),
            hints=(
                "A row of a class costs -ln of the probability that the class was given.",
                "A class with the share p has the probability p, and makes up p of the rows.",
                "-sum(p * math.log(p) for p in shares) is all of it.",
            ),
            solution="""
                import math

                def answer(shares):
                    return -sum(p * math.log(p) for p in shares)
            """,
            why="It is the entropy of the shares; for ten equal classes it is ln 10 = 2.303.",
        ),
        "yours": Exercise(
            ask="How many parameters has project.build_network()'s layer 'answer'?",
            compare=answers.number(_answer_parameters),
            hints=(
                "It is the exit: its inputs are the units of the last hidden layer.",
                "(inputs + 1) * units holds for it, too.",
                'project.build_network().get_layer("answer").count_params() counts them.',
            ),
            solution="""
                answer = project.build_network().get_layer("answer").count_params()
            """,
            why="The exit is small: nearly all parameters lie between the wide layers.",
        ),
    },
    quiz=(
        Question(
            "You double the width of every hidden layer of a deep network. The parameters grow about",
            "Fourfold: each hidden layer has twice the inputs and twice the units.",
            ("twofold", "fourfold", "not at all"),
        ),
        Question(
            "An untrained network with ten equally frequent classes costs 9.2. What do you expect, and what do you do?",
            "ln 10 = 2.303. Something shouts: look at the scale of the features, the first weights and the labels.",
            ("that is usual", "2.303: look for the mistake before training", "0: train longer"),
        ),
        Question(
            "Three linear layers without an activation are worth how many?",
            "One: the product of the three matrices is a matrix.",
        ),
        Question(
            "The network with 12,417 parameters is no better than the linear model with 32. Which one do you keep?",
            "The linear one: it is cheaper, can be read, and has less room to learn rows by heart.",
        ),
    ),
)
