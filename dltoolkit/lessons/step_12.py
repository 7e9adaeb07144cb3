"""Notebook 12: deploy and infer."""

from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers

_COUNTS = {
    "job": {"missing": 0, "unseen": 2, "examples": ["pilot", "diver"]},
    "age": {"missing": 7, "unseen": 0, "examples": []},
    "home": {"missing": 1, "unseen": 1, "examples": ["tent"]},
}


def _weight_bytes(project: Any) -> int:
    """Bytes of the deployed network's weights: 32-bit numbers."""
    return 4 * int(project.bundle.network.count_params())


LESSON = Lesson(
    step="12",
    title="Deploy and infer",
    objectives=(
        "pack a trained model into a folder that takes raw rows and gives decoded answers",
        "show that a fresh process answers with the same bits",
        "read off how many values were missing or unseen, and say which rows are refused",
        "show that a damaged bundle is refused, and say what a hash cannot tell",
        "predict what one row and a thousand rows cost, and measure it",
        "answer for a file of rows from the command line, and use the plain Keras model without this package",
    ),
    needs="A trained model (notebooks 08 to 11). project.catch_up('deploy') makes one with defaults.",
    leaves="The bundle in the project: the serving model, its preprocessing, its card, a profile of its training rows, "
    "and the manifest that vouches for them.",
    minutes=20,
    expect="Every answer of a fresh process has the same bits. A row in a call of a thousand is 20 to 2,000 times "
    "cheaper than a row alone.",
    exercises={
        "weights": Exercise(
            ask="How many bytes do the weights of bundle.network take?",
            compare=answers.number(_weight_bytes),
            hints=(
                "Each parameter is one 32-bit number.",
                "Eight bits make a byte, so a parameter takes four of them.",
                "bundle.network.count_params() counts the parameters.",
            ),
            solution="""
                answer = 4 * project.bundle.network.count_params()
            """,
            why="The file is larger than that, as it also holds the graph, the vocabularies and the scales.",
        ),
        "typo": Exercise(
            ask="You correct a typing error in the bundle's card with a text editor. What does deployment.load do then: "
            "'loads', 'warns' or 'refuses'?",
            compare=answers.one_of("refuses", ["loads", "warns", "refuses"]),
            hints=(
                "The card is one of the files of the bundle.",
                "What does the manifest hold for each of them?",
                "A hash cannot tell a good change from a bad one.",
            ),
            solution="""
                answer = "refuses"
            """,
            why="The card's bytes no longer fit their SHA-256. Save the bundle again, with the text in metadata=.",
        ),
        "price": Exercise(
            ask="Write a function of (call, row, n), the price of a call and of a row in milliseconds and the number of "
            "rows, that returns the milliseconds a row of one call.",
            compare=answers.passes(
                ((20, 0.01, 1), 20.01),
                ((20, 0.01, 1_000), 0.03),
                ((5, 1, 10), 1.5),
            ),
            hints=(
                "One call with n rows costs call + n * row in all.",
                "Divide what it costs in all by the number of rows.",
                "(call + n * row) / n, which is call / n + row.",
            ),
            solution="""
                def answer(call, row, n):
                    return (call + n * row) / n
            """,
            why="The share of the call shrinks with every row that comes along; what is left is the price of a row.",
        ),
        "unseen": Exercise(
            ask='Write a function of counts, a dict as in answers.attrs["counts"], that returns the list of columns with '
            "at least one unseen category.",
            compare=answers.passes(
                ((_COUNTS,), ["job", "home"]),
                (({"age": _COUNTS["age"]},), []),
            ),
            hints=(
                "counts.items() gives pairs of a column and its own small dict.",
                'The small dict has "missing", "unseen" and "examples".',
                '[column for column, count in counts.items() if count["unseen"] > 0] is all of it.',
            ),
            solution="""
                def answer(counts):
                    return [column for column, count in counts.items() if count["unseen"] > 0]
            """,
            why="Run it on every batch that you answer: a new name in this list is worth a question upstream.",
        ),
    },
    quiz=(
        Question(
            "Why is the preprocessing inside the bundle, and not in the program that calls it?",
            "Two copies drift apart. With one copy, a raw row is treated today as it was in training.",
        ),
        Question(
            "A bundle answers on another machine, and the last digits differ. Is it broken?",
            "No. Another processor or another number of threads adds in another order. Compare to about six digits.",
            ("yes, the hash must be wrong", "no, within about six digits", "yes, retrain it there"),
        ),
        Question(
            "A nightly job asks for 50,000 answers, one call for each row. What do you change first?",
            "Ask once for all rows, or for some thousands at a time: nearly all of the time is the price of the calls.",
            ("a smaller network", "one call for many rows", "a faster processor"),
        ),
        Question(
            "All hashes of a bundle are right. May you trust whoever sent it?",
            "Not for that. The hashes tell damage; the sender could have made the manifest, too.",
        ),
    ),
)
