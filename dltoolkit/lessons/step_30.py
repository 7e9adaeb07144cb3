"""Notebook 30: images, from averages of pixels to filters, and to a body that others trained."""

from typing import Any

import numpy as np

from dltoolkit.lessons import Exercise, Lesson, Question, answers

_ROW, _KERNEL = [0, 0, 5, 5, 5, 0], [-1, 1]
_SLID = [0, 5, 0, 0, -5]


def _rows_to_tell_apart(project: Any) -> float:
    """Half the width of the 95 % interval of an accuracy of .98 on the validation part, in percentage points."""
    n = project.splits.sizes["validation"]
    return 100 * 1.96 * float(np.sqrt(0.98 * 0.02 / n))


LESSON = Lesson(
    step="30",
    title="Images",
    objectives=(
        "state what chance, a linear model and boosting reach on pictures before you train a network",
        "count the weights of a convolution, and say what it is spared",
        "measure what moving a picture by one pixel does to each model, and cure it",
        "look at what the filters answer to, and at the pictures that the network gets wrong",
        "use a pretrained body on few pictures, and say when a network is not worth it",
    ),
    needs="A folder of pictures or the digits, prepared as far as notebook 03: project.catch_up('design') does it.",
    leaves="Nothing in the project; the test part stays sealed.",
    minutes=25,
    expect="Accuracy of the convolutional network on validation digits: between 0.97 and 1.",
    exercises={
        "weights": Exercise(
            ask="A layer of 64 filters of 3 x 3 pixels looks at 32 maps; each filter has a bias. How many weights does "
            "it have?",
            compare=answers.number(9 * 32 * 64 + 64),
            hints=(
                "Does the size of the picture matter? The same filters go all over it.",
                "One filter has a weight for each of its 9 pixels in each of the 32 maps, and one bias.",
                "64 times (9 x 32 + 1).",
            ),
            solution="""
                answer = 64 * (3 * 3 * 32 + 1)
            """,
            why="18,496, for a picture of any size; a dense layer between maps of 28 x 28 would have 1.3 billion.",
        ),
        "slide": Exercise(
            ask="Slide the filter [-1, 1] along the row [0, 0, 5, 5, 5, 0]: at each of the five places, multiply and "
            "add. What comes out?",
            compare=answers.array(_SLID),
            hints=(
                "At the first place the filter lies on [0, 0]: -1 x 0 + 1 x 0.",
                "At the second it lies on [0, 5]. An edge upwards gives a positive number.",
                "It is the difference of neighbours: numpy.diff does the same.",
            ),
            solution="""
                import numpy as np
                answer = np.diff([0, 0, 5, 5, 5, 0])
            """,
            why="The filter answers to edges alone: +5 where it gets bright, -5 where it gets dark, 0 on flat parts.",
        ),
        "seen": Exercise(
            ask="Three convolutions of 3 x 3 stand one behind the other, nothing between them. How many pixels wide is "
            "the part of the picture that one number at the end has seen?",
            compare=answers.number(7),
            hints=(
                "After the first one it is 3.",
                "Each further one looks at its left and right neighbours, which have seen one pixel more on each side.",
                "3, then 5, then ...",
            ),
            solution="""
                answer = 1 + 3 * (3 - 1)
            """,
            why="Each layer adds 2: three small filters see as far as one of 7 x 7, with 27 weights in place of 49.",
        ),
        "varied": Exercise(
            ask="You train a network to read house numbers. Which of 'shift', 'zoom' and 'flip' spoils the labels?",
            compare=answers.one_of("flip", ["shift", "zoom", "flip"]),
            hints=(
                "Vary what does not change the answer. Which of them makes another sign?",
                "A 7 a little to the left is still a 7, and so is a larger one.",
                "Hold a 2 in front of a mirror.",
            ),
            solution="""
                answer = "flip"
            """,
            why="A mirrored 2 is no 2, yet its label says so. For clothes, flipping is the best variation there is.",
        ),
        "clear": Exercise(
            ask="Two networks reach .98 and .985 on your project's validation pictures. How many percentage points is "
            "half of the 95 % interval of .98 there? (1.96 times the root of p (1 - p) / n.) One digit behind the point.",
            compare=answers.number(_rows_to_tell_apart, within=0.06),
            hints=(
                'n is project.splits.sizes["validation"].',
                "The root of 0.98 x 0.02 / n is the standard error, as a share.",
                "100 * 1.96 * (0.98 * 0.02 / n) ** 0.5",
            ),
            solution="""
                n = project.splits.sizes["validation"]
                answer = 100 * 1.96 * (0.98 * 0.02 / n) ** 0.5
            """,
            why="With a few hundred pictures it is more than a point: half a point between two networks says nothing.",
        ),
    },
    quiz=(
        Question(
            "Why do pictures of 8 x 8 pixels need fewer halvings than those of 224 x 224?",
            "Halve until a few pixels are left: 8 to 4 is one halving, 224 to 7 are five. After more, nothing is left "
            "to look at.",
        ),
        Question(
            "A network tells wolves from huskies with .99, and Grad-CAM lights up the snow. What has it learnt?",
            "Where the pictures were taken. Collect wolves without snow, and judge by them.",
            ("to see fur", "where the pictures were taken", "to overfit"),
        ),
        Question(
            "You have 300 photos of two kinds of screws. What do you try first?",
            "A pretrained body, frozen, with a linear model on its vectors: seconds, and hard to beat with so few.",
            ("a deep network from scratch", "a pretrained body, frozen", "more epochs"),
        ),
        Question(
            "Why is nothing varied in the validation part?",
            "It stands for tomorrow's pictures, and these come as they are. Varied ones would measure something else.",
        ),
    ),
)
