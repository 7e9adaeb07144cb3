"""Notebook 11: fine-tune and optimise."""

import statistics

from dltoolkit.lessons import Exercise, Lesson, Question, answers

_LOSSES = (0.431, 0.436, 0.428, 0.434, 0.431)

LESSON = Lesson(
    step="11",
    title="Fine-tune and optimise",
    objectives=(
        "decide between two settings by the mean and spread of several seeds",
        "say what a drop of the learning rate and more patience can bring, and read it off a curve",
        "measure by shuffling a column how much the model relies on it",
        "find the smallest network that cannot be told from the best",
        "keep the better model by the validation part alone",
    ),
    needs="A trained network and a search (notebooks 08 and 09). project.catch_up('evaluate') makes them, and leaves the "
    "test part closed.",
    leaves="The fine-tuned run in the project, and which of the two models is in hand.",
    minutes=25,
    expect="Mean validation log loss of the tuned settings on the credit table: 0.42 to 0.445, no more than 0.01 better "
    "than before; shuffling the most important column costs 0.04 to 0.14.",
    exercises={
        "error": Exercise(
            ask="Five seeds gave the losses 0.431, 0.436, 0.428, 0.434 and 0.431. What is the standard error of their mean?",
            compare=answers.number(statistics.stdev(_LOSSES) / 5**0.5, within=0.00005),
            hints=(
                "First the standard deviation of the five, with n - 1 = 4 below the sum.",
                "The standard error of a mean is the standard deviation over the root of the number of values.",
                "np.std([...], ddof=1) / 5 ** 0.5.",
            ),
            solution="""
                import numpy as np
                answer = np.std([0.431, 0.436, 0.428, 0.434, 0.431], ddof=1) / 5**0.5
            """,
            why="One seed is uncertain by 0.003, the mean of five by 0.0014. Four times the seeds halve it again.",
        ),
        "rate": Exercise(
            ask="A training starts at a learning rate of 0.002. Three drops by a factor of 0.3 come. What is the learning "
            "rate then?",
            compare=answers.number(0.002 * 0.3**3, within=1e-7),
            hints=(
                "Each drop multiplies the learning rate by the factor.",
                "After two drops it is 0.002 * 0.3 * 0.3.",
                "0.002 * 0.3**3.",
            ),
            solution="""
                answer = 0.002 * 0.3**3
            """,
            why="A few drops make steps so small that hardly anything moves; more patience is then only waiting.",
        ),
        "parameters": Exercise(
            ask="Write a function of (features, units, outputs), a number, a tuple of widths and a number, that returns how "
            "many parameters such a network has.",
            compare=answers.passes(
                ((31, (128, 64), 1), 12_417),
                ((31, (16,), 1), 529),
                ((10, (), 3), 33),
            ),
            hints=(
                "A layer with k inputs and n units has k * n weights and n biases.",
                "The units of one layer are the inputs of the next; the last layer has `outputs` units.",
                "Put all widths in a row, (features, *units, outputs), and add (k + 1) * n for each pair of neighbours.",
            ),
            solution="""
                def answer(features, units, outputs):
                    widths = (features, *units, outputs)
                    return sum((k + 1) * n for k, n in zip(widths, widths[1:]))
            """,
            why="Most of it is the product of two neighbouring widths, so halving all layers leaves about a quarter.",
        ),
        "smallest": Exercise(
            ask="Write a function of (sizes, means, errors), three lists in the same order, that returns the size which the "
            "one-standard-error rule takes.",
            compare=answers.passes(
                (([529, 2_049, 12_417], [0.433, 0.432, 0.431], [0.001, 0.001, 0.002]), 529),
                (([529, 2_049, 12_417], [0.440, 0.432, 0.431], [0.020, 0.001, 0.002]), 2_049),
                (([12_417, 529], [0.431, 0.450], [0.002, 0.002]), 12_417),
            ),
            hints=(
                "Find the lowest mean first, and the standard error that belongs to it.",
                "The limit is that mean plus that error; each size whose mean is not above it will do.",
                "i = means.index(min(means)); then min of the sizes whose mean is at most means[i] + errors[i].",
            ),
            solution="""
                def answer(sizes, means, errors):
                    i = means.index(min(means))
                    limit = means[i] + errors[i]
                    return min(size for size, mean in zip(sizes, means) if mean <= limit)
            """,
            why="The rule pays for a larger model only when it is better by more than the noise of the comparison.",
        ),
    },
    quiz=(
        Question(
            "The tuned settings are better by 0.003, with a standard error of 0.0025. Are they better?",
            "Perhaps. 1.2 standard errors are within the reach of chance; run more seeds, or keep the simpler settings.",
            ("yes", "perhaps, these runs cannot show it", "no"),
        ),
        Question(
            "You shuffle a column, and the loss does not change. May you say that the target does not depend on it?",
            "No. The model does not rely on it, perhaps because another column says the same.",
        ),
        Question(
            "Best epoch 6, and the learning rate drops after epoch 10. What does the drop bring?",
            "Most likely nothing: the best weights are behind, and the network overfits on with smaller steps.",
            ("a better minimum", "most likely nothing", "faster epochs"),
        ),
        Question(
            "Why not choose between the two models by the test part? It is the most honest score.",
            "It stays honest only as long as it chooses nothing. After the choice it would promise too much.",
        ),
    ),
)
