"""Notebook 13: monitor and maintain."""

from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _one_column(answer: Any, project: Any) -> str | None:
    """Whether the answer is a drift report in which exactly one column has drifted."""
    if not (hasattr(answer, "drifted") and hasattr(answer, "findings")):
        return f"expected a DriftReport, got an object of type {type(answer).__name__}."
    if len(answer.drifted) != 1:
        return f"{len(answer.drifted)} columns have drifted: {', '.join(answer.drifted) or 'none'}."
    return None


LESSON = Lesson(
    step="13",
    title="Monitor and maintain",
    objectives=(
        "work out how often a report without correction raises a false alarm, and measure it",
        "correct p-values by Holm's method by hand, and say why an effect floor is needed beside them",
        "find a made shift, and state its effect before",
        "tell what drift can see from what only labels can",
        "decide by a written rule when to train again, and say what to log until then",
    ),
    needs="A bundle with the profile of its training rows (notebook 12). project.catch_up('monitor') makes one.",
    leaves="The monitor and its first report in the project.",
    minutes=25,
    expect="Without correction 20 to 60 % of the reports on unchanged rows have a p-value below 0.05, with Holm's "
    "at most 6 %. The made shifts show a D of 0.18 to 0.32 and a V of 0.52 to 0.68.",
    exercises={
        "family": Exercise(
            ask="A report makes 20 independent tests, each at 5 %, without correction. What is the chance of at least "
            "one false alarm?",
            compare=answers.number(1 - 0.95**20, within=0.002),
            hints=(
                "The chance of no false alarm in one test is 0.95.",
                "All 20 stay silent with a chance of 0.95 * 0.95 * ... , twenty times.",
                "It is 1 - 0.95**20.",
            ),
            solution="""
                answer = 1 - 0.95**20
            """,
            why="Almost two reports of three. A correction over all tests of the report brings it back below 5 %.",
        ),
        "holm": Exercise(
            ask="Write a function of a list of p-values that returns the list after Holm's correction, in the order given.",
            compare=answers.passes(
                (([0.02, 0.04],), [0.04, 0.04]),
                (([0.04, 0.03],), [0.06, 0.06]),
                (([0.01, 0.04, 0.03],), [0.03, 0.06, 0.06]),
                (([0.9, 0.6],), [1.0, 1.0]),
            ),
            hints=(
                "Go through the positions in the order of their p-values: sorted(range(m), key=lambda i: p[i]).",
                "The k-th smallest, counted from 0, is multiplied by m - k.",
                "Remember the largest value so far; each result is at least that, and at most 1.",
            ),
            solution="""
                def answer(p):
                    adjusted, so_far = [0.0] * len(p), 0.0
                    for k, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
                        so_far = max(so_far, min(1.0, p[i] * (len(p) - k)))
                        adjusted[i] = so_far
                    return adjusted
            """,
            why="Whatever is below 0.05 after it holds the chance of any false alarm in the report below 5 %.",
        ),
        "auc": Exercise(
            ask="At the test the AUC was 0.90. Then 30 % of the answers lose all connection with what is known. Which AUC "
            "do you expect?",
            compare=answers.number(0.78, within=0.001),
            hints=(
                "An AUC of 0.5 knows nothing; what counts is the distance from it.",
                "Of that distance the share of the untouched rows is left.",
                "0.5 + (1 - 0.3) * (0.90 - 0.5).",
            ),
            solution="""
                answer = 0.5 + (1 - 0.3) * (0.90 - 0.5)
            """,
            why="The shuffled rows rank no better than chance, so the distance from 0.5 shrinks by their share.",
        ),
        "one": Exercise(
            ask="Change project.splits.validation so that exactly one column drifts, let project.monitor.check look at it, "
            "and hand over the report.",
            compare=answers.holds(_one_column),
            hints=(
                "Take a copy, and change one column: rows = project.splits.validation.copy().",
                "A number that is three times as large, or a category that is the same in all rows, is a large change.",
                "report = project.monitor.check(rows); report.drifted names the columns that have drifted.",
            ),
            solution="""
                rows = project.splits.validation.copy()
                for role, change in (("categorical", lambda c: c.mode()[0]), ("numeric", lambda c: 3 * c + 1)):
                    for column in project.schema.columns(role)[:1]:
                        changed = rows.assign(**{column: change(rows[column])})
                answer = project.monitor.check(changed)
            """,
            why="The other columns kept their values, and Holm's correction kept them silent.",
        ),
    },
    quiz=(
        Question(
            "A report on 200,000 rows has p-values of 1e-20 and no alarm. Is the monitor broken?",
            "No. With so many rows the smallest change is sure. The effects are below the floor: sure, but not large.",
            ("yes", "no, the changes are below the effect floor", "no, 200,000 rows are too few"),
        ),
        Question(
            "The drift report is silent, and the score falls. What has happened?",
            "What is known looks as before, but its relation to the answer has changed. Only labels could tell.",
        ),
        Question(
            "A column that never was missing is empty in a third of the rows. What do you do first?",
            "Look at where the column comes from. It is more often a fault than a change, and retraining would learn it.",
            ("retrain", "look at the source", "nothing"),
        ),
        Question(
            "Why write the rule for retraining before it is needed?",
            "Afterwards one finds a reason for every month. A rule that was written before cannot be fitted to it.",
        ),
    ),
)
