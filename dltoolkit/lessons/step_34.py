"""Notebook 34: time series."""

from dltoolkit.lessons import Exercise, Lesson, Question, answers

LESSON = Lesson(
    step="34",
    title="Time series",
    objectives=(
        "measure a forecast against the seasonal naive one, as a share of its error and as MASE",
        "cut a series into windows and split them by time, so that nothing of the future is seen",
        "train a network that answers a whole week at once, and say what its loss makes it answer",
        "read a fan of quantiles, and check how often the truth lies inside",
        "add what is known in advance, such as holidays, and say when the naive forecast is good enough",
    ),
    needs="No other notebook. The data set ridership comes with the package; your own series goes into one line.",
    leaves="Nothing but what you have learnt: the models here are small and quick to train again.",
    minutes=25,
    expect="A week ahead, on days that it never saw, the network misses by 0.55 to 0.70 of what the seasonal naive forecast does.",
    here=(2, 3, 4, 6, 10),
    exercises={
        "naive": Exercise(
            ask="It is Wednesday, and the forecast is for the Tuesday that comes. A week has seven days. How many days "
            "before the forecast day lies the day that the seasonal naive forecast copies?",
            compare=answers.number(7),
            hints=(
                "A Tuesday is most like another Tuesday.",
                "The last Tuesday is known on a Wednesday: it was yesterday.",
                "From one Tuesday to the next there are as many days as a week has.",
            ),
            solution="""
                answer = 7
            """,
            why="It copies the same weekday of the week before; on Wednesday that day is known already.",
        ),
        "mase": Exercise(
            ask="A forecast misses by 2, 4 and 3. Within the training part the seasonal naive forecast missed by 5 on the "
            "mean. What is its MASE?",
            compare=answers.number(0.6),
            hints=(
                "First the mean of the three misses.",
                "MASE is that mean over the mean miss of the naive forecast in training.",
                "3 over 5.",
            ),
            solution="""
                answer = (2 + 4 + 3) / 3 / 5
            """,
            why="Below 1 it is better than the naive forecast was in training; it has no unit, so series compare.",
        ),
        "leak": Exercise(
            ask="Windows of 28 days are split at random, so that a test window lies between two training windows. Its score "
            "is 'too good', 'too bad' or 'right'?",
            compare=answers.one_of("too good", ["too good", "too bad", "right"]),
            hints=(
                "How many days do two windows have in common whose ends are one day apart?",
                "The days to be forecast stand in the past of training windows that end a week later.",
                "It has seen the answers: what does that do to a score?",
            ),
            solution="""
                answer = "too good"
            """,
            why="The days that the test window asks for are the past (and the targets) of its neighbours in training. A split "
            "by time, with the horizon kept apart, asks what a forecaster is asked: about days after all it has seen.",
        ),
        "coverage": Exercise(
            ask="Write a function of (low, high, truth), three arrays, that returns the share of truths from low to high.",
            compare=answers.passes(
                (([0, 0, 0, 0], [1, 1, 1, 1], [0.5, 2, 1, -1]), 0.5),
                (([1.0], [1.0], [1.0]), 1.0),
                (([0, 5], [1, 6], [2, 7]), 0.0),
            ),
            hints=(
                "Compare arrays element by element: np.asarray(low) <= np.asarray(truth).",
                "Both conditions have to hold: join them by &.",
                "The mean of True and False is the share of True.",
            ),
            solution="""
                import numpy as np
                def answer(low, high, truth):
                    low, high, truth = map(np.asarray, (low, high, truth))
                    return float(((low <= truth) & (truth <= high)).mean())
            """,
            why="Between the quantiles 0.1 and 0.9 it should be about 0.8: fewer, and the fan promises too much.",
        ),
        "loss": Exercise(
            ask="Riders of five Mondays: 20, 20, 21, 20 and, on a holiday, 4. Which one number has the least mean absolute "
            "error to them?",
            compare=answers.number(20),
            hints=(
                "The mean has the least squared error, and it is 17: no Monday was like that.",
                "The least absolute error is that of the value in the middle.",
                "Put them in order and take the third.",
            ),
            solution="""
                import numpy as np
                answer = np.median([20, 20, 21, 20, 4])
            """,
            why="The squared loss makes a network answer the mean, the absolute loss the median. A rare holiday draws the mean "
            "down, and leaves the median where it is.",
        ),
    },
    quiz=(
        Question(
            "Your network has a MASE of 0.9, the seasonal naive forecast one of 0.85 on the same days. What do you use?",
            "The naive forecast: it is better, free, and cannot break. A MASE below 1 says nothing by itself.",
        ),
        Question(
            "Why may the weekday of the forecast day be an input, and its weather not?",
            "The calendar is known in advance; the weather of that day is not. A forecast of the weather may be one.",
        ),
        Question(
            "The level of a series has doubled since training. What helps a network to cope?",
            "Setting each window apart from its own level and spread, and giving them back to the answer.",
            ("more layers", "setting each window apart from its level", "a larger learning rate"),
        ),
        Question(
            "The band from the quantile 0.1 to 0.9 holds 60 % of the truths. What is wrong?",
            "It should hold 80 %: the network is too sure, as it has learnt from days that were easier than these.",
        ),
    ),
)
