"""The state of the evaluation panel, and what a threshold decides, as plain numbers."""

import dataclasses

import pandas as pd

from dltoolkit import _html, evaluation, plots
from dltoolkit.evaluation import Evaluation
from dltoolkit.problem import Problem
from dltoolkit.widgets._code import call, literal
from dltoolkit.widgets._figure import figure, png

PARTS = ("validation", "test")
DRAWS = 200  # bootstrap resamples: enough for an interval's width to be read off, in a fiftieth of a second
LIVE_ROWS = 2_000  # up to this many rows the panel follows the slider while it is dragged
WORST = 8
WIDTH, HEIGHT = 6.4, 3.2  # inches


@dataclasses.dataclass(frozen=True)
class DecisionSettings:
    """What the knobs stand at.

    Attributes:
        part: ``"validation"`` or ``"test"``.
        threshold: A probability from here up counts as positive.
        cost_false_positive: What a false alarm costs, in any unit.
        cost_false_negative: What a miss costs, in the same unit.
        column: The column whose values make the slices.
    """

    part: str
    threshold: float
    cost_false_positive: float
    cost_false_negative: float
    column: str

    def code(self, problem: Problem) -> str:
        """Code that shows the same; it needs ``project``."""
        options = {"threshold": self.threshold} if problem.kind in ("binary", "multilabel") else {}
        options |= {"n_bootstrap": DRAWS}
        if self.part == "validation":
            rows = "frame = project.splits.validation"
            result = call(
                "result = evaluation.evaluate", ["project.best.run", "frame", "project.problem"], options
            )
        else:
            rows = "known, frame = project.evaluation, project.evaluated"
            result = call(
                "result = evaluation.score", ["known.y_true", "known.outputs", "project.problem"], options
            )
        lines = ["from dltoolkit import evaluation", "", rows, result]
        lines += ["result.confusion()"] if problem.kind != "regression" else []
        lines += [
            f"result.slices(frame, {literal(self.column)})",
            f"frame.iloc[result.worst({WORST})]",
            "result.frame()",
        ]
        if problem.kind == "binary":
            best = f"evaluation.best_threshold(result, {self.cost_false_positive:g}, {self.cost_false_negative:g})"
            lines.insert(-1, best)
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class Decision:
    """What a threshold decides on evaluated rows of a binary problem.

    Attributes:
        hits: Positives that are flagged.
        misses: Positives that are not.
        alarms: Negatives that are flagged.
        passes: Negatives that are not.
        cost: Of all alarms and misses.
    """

    hits: int
    misses: int
    alarms: int
    passes: int
    cost: float

    @property
    def precision(self) -> float:
        """Share of the flagged that are positive; 0 when nothing is flagged."""
        return self.hits / max(self.hits + self.alarms, 1)

    @property
    def recall(self) -> float:
        """Share of the positives that are flagged; 0 when there are none."""
        return self.hits / max(self.hits + self.misses, 1)

    @property
    def cost_per_100(self) -> float:
        """The cost of a hundred rows."""
        return 100 * self.cost / max(self.hits + self.misses + self.alarms + self.passes, 1)


def decide(result: Evaluation, settings: DecisionSettings) -> Decision:
    """Count what the threshold decides.

    Args:
        result: Of a binary problem.
        settings: Threshold and costs.

    Returns:
        Decision: The counts and their cost.
    """
    table = at(result, settings.threshold).confusion().to_numpy()
    (passes, alarms), (misses, hits) = table.tolist()
    cost = alarms * settings.cost_false_positive + misses * settings.cost_false_negative
    return Decision(hits, misses, alarms, passes, float(cost))


def at(result: Evaluation, threshold: float) -> Evaluation:
    """The same rows and outputs under another threshold; the metrics are those of the old one."""
    return dataclasses.replace(result, threshold=threshold)


def remeasured(result: Evaluation, threshold: float) -> Evaluation:
    """Metrics and intervals under another threshold."""
    return evaluation.score(
        result.y_true,
        result.outputs,
        result.problem,
        threshold=threshold,
        n_bootstrap=DRAWS,
        confidence=result.confidence,
        seed=result.seed,
    )


def worst(result: Evaluation, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows on which the model is most wrong, with what it said in front.

    Args:
        result: The evaluation.
        frame: The rows that were evaluated, in their order.

    Returns:
        pandas.DataFrame: At most 8 rows, worst first, indexed by ``row`` (the frame's index): the truth, the answer,
        its probability where there is one, then the features.
    """
    places = result.worst(WORST)
    problem, rows = result.problem, frame.iloc[result.worst(WORST)]
    said = problem.decode(result.outputs[places]).set_axis(rows.index)
    if problem.kind == "binary":
        answer = said[[f"probability_{problem.classes[1]}"]]
    elif problem.kind == "multiclass":
        answer = said[["prediction"]].assign(probability=said.drop(columns="prediction").max(axis=1))
    elif problem.kind == "regression":
        answer = said
    else:
        answer = said[list(problem.targets)].add_prefix("predicted ")
    answer.columns = [str(name).replace("_", " ") for name in answer]
    truth = rows[list(problem.targets)].add_prefix("true ")
    features = rows.drop(columns=list(problem.targets))
    return pd.concat([truth, answer, features], axis=1).rename_axis("row")


def picture_png(result: Evaluation, threshold: float) -> bytes:
    """What every threshold would give; for several classes the confusion matrix, for amounts the residuals."""
    kind = result.problem.kind
    drawn, (ax,) = figure(WIDTH, HEIGHT, left=0.7 if kind in ("binary", "regression") else 1.3)
    draw = {"binary": plots.thresholds, "regression": plots.residuals}.get(kind, plots.confusion_matrix)
    draw(at(result, threshold), ax=ax)
    return png(drawn)


def confusion_html(decision: Decision, problem: Problem) -> str:
    """The four counts as a table, each shaded by its share of its true class."""
    negative, positive = (_html.escape(c) for c in problem.classes)
    rows = ((positive, decision.misses, decision.hits), (negative, decision.passes, decision.alarms))
    words = (("missed", "found"), ("passed", "false alarm"))
    body = ""
    for (name, *counts), told in zip(rows, words, strict=True):
        cells = "".join(
            _count(n, n / max(sum(counts), 1), word) for n, word in zip(counts, told, strict=True)
        )
        body += f'<tr><th scope="row">truly {name}</th>{cells}</tr>'
    return (
        f'<table class="dlt-confusion"><thead><tr><td></td><th scope="col">passed as {negative}</th>'
        f'<th scope="col">flagged as {positive}</th></tr></thead><tbody>{body}</tbody></table>'
    )


def _count(n: int, share: float, word: str) -> str:
    strength = round(65 * share)
    shade = f"background: color-mix(in srgb, {_html.ACCENT} {strength}%, transparent)"
    return f'<td style="{shade}"><b>{n:,}</b><span>{word}, {share:.0%}</span></td>'
