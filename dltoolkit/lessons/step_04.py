"""Notebook 04: design the network."""

import math
from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _head(answer: Any, project: Any) -> str | None:
    """Whether the answer is twelve sigmoid units."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return f"expected a tuple such as (3, 'softmax'), got {answer!r}."
    units, activation = answer
    if units != 12:
        return f"{units!r} is not the number of units."
    return None if str(activation).strip().lower() == "sigmoid" else f"{activation!r} is not the activation."


LESSON = Lesson(
    step="04",
    title="Design the network",
    objectives=(
        "count the parameters of a dense network by hand before it is built",
        "choose the head that a problem needs, and say what a wrong one does",
        "show why a network without activations is a linear model",
        "predict the loss of an untrained network from the base rate",
        "choose a size, and say what holds a large network back",
        "tell what a network costs, which networks fit your data, and how much of a picture a unit sees",
    ),
    needs="The problem and the preprocessing (notebooks 01 to 03). project.catch_up('design') makes them.",
    leaves="The design in the project: layers, units, activation, dropout, penalties.",
    minutes=20,
    expect="On the credit table 12,289 to 12,417 parameters, and an untrained loss of 1.0 to 1.3 times that of the base rate.",
    exercises={
        "parameters": Exercise(
            ask="Write a function of a list of widths, input and output included, that returns the number of parameters of "
            "the dense network.",
            compare=answers.passes(
                (([30, 128, 64, 1],), 12_289),
                (([30, 1],), 31),
                (([4, 3, 2],), 23),
            ),
            hints=(
                "A layer from a numbers to b has a x b weights and b biases.",
                "Add up (a + 1) * b over neighbouring widths.",
                "zip(widths, widths[1:]) gives the pairs (a, b).",
            ),
            solution="""
                def answer(widths):
                    return sum((a + 1) * b for a, b in zip(widths, widths[1:]))
            """,
            why="The largest term is where two wide layers meet.",
        ),
        "head": Exercise(
            ask="A photo may carry any of twelve tags. Which head? Give a tuple of the number of units and the activation.",
            compare=answers.holds(_head),
            hints=(
                "Each tag is a yes/no question of its own.",
                "The tags do not exclude each other, so their probabilities need not sum to 1.",
                "Twelve units, each squashed to 0 to 1 by itself: 'sigmoid'.",
            ),
            solution="""
                answer = (12, "sigmoid")
            """,
            why="A softmax would make the tags share one probability among them.",
        ),
        "ten": Exercise(
            ask="Ten classes, all equally frequent. What should an untrained softmax lose, in nats?",
            compare=answers.number(math.log(10), within=0.002),
            hints=(
                "Knowing nothing, it gives each class a probability of 0.1.",
                "The loss of an example is minus the logarithm of the probability of its class.",
                "-np.log(0.1)",
            ),
            solution="""
                import math
                answer = math.log(10)
            """,
            why="ln 10 = 2.303. A first loss of 8 says that the network starts sure of wrong answers.",
        ),
        "collapse": Exercise(
            ask="Somebody builds 30 -> 64 -> 64 -> 1 and forgets the activations. How many parameters does the smallest "
            "network have that can say just the same?",
            compare=answers.number(31),
            hints=(
                "A matrix times a matrix is a matrix, and the biases add up to one.",
                "Whatever the three layers say together is a weighted sum of the 30 inputs.",
                "30 weights and one bias.",
            ),
            solution="""
                answer = (30 + 1) * 1
            """,
            why="6,209 parameters that say what 31 can say: the bends make the depth worth something.",
        ),
        "width": Exercise(
            ask="One hidden layer, 30 features, one output, 2,848 training rows. What is the largest width with which there "
            "are no more parameters than rows?",
            compare=answers.number(88),
            hints=(
                "With the width w the first layer has 31 w parameters, and the second w + 1.",
                "So 32 w + 1 must not be more than 2,848.",
                "Divide 2,847 by 32, and round down.",
            ),
            solution="""
                answer = (2_848 - 1) // 32
            """,
            why="That is no rule for a good size, but a feeling for it: the default has four parameters for each row.",
        ),
    },
    quiz=(
        Question(
            "A binary classifier with one softmax unit trains, but predicts the same for everybody. Why?",
            "The one unit shares 1 with nobody: it is always 1. One unit needs a sigmoid.",
        ),
        Question(
            "Base rate 5 %. What should an untrained network lose: 0.20, 0.69 or 3.0?",
            "About 0.20, the entropy of 5 %. 0.69 is a network that believes in fifty-fifty; 3.0 is sure of wrong answers.",
            ("0.20", "0.69", "3.0"),
        ),
        Question(
            "You double the width of all hidden layers of a deep network. What do the parameters do?",
            "Nearly four times as many: between hidden layers both sides have doubled.",
            ("twice", "nearly four times", "eight times"),
        ),
        Question(
            "Twelve thousand parameters and three thousand rows: is the network too large?",
            "Not for that reason. Dropout, penalties and early stopping hold it back, and the validation part judges.",
        ),
    ),
)
