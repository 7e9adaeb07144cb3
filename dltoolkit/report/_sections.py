"""What the page says about each step: a sentence or two, a table, the pictures."""

import shlex
from collections.abc import Iterable
from typing import Any

import pandas as pd

from dltoolkit import plots
from dltoolkit._html import escape, table
from dltoolkit.project import Project
from dltoolkit.report._facts import best_baseline
from dltoolkit.report._pictures import picture

MOST_ROWS = 8  # a longer table is folded away behind its first rows
Told = dict[str, Any]


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _pictures(*figures: str) -> str:
    return f'<div class="pictures">{"".join(figures)}</div>'


def _table(frame: pd.DataFrame, caption: str, **options: Any) -> str:
    """A table; a long one with its first rows open and all of it behind a click."""
    if len(frame) <= MOST_ROWS:
        return table(frame, caption=caption, **options)
    head = table(frame.head(MOST_ROWS), caption=f"{caption} (the first {MOST_ROWS})", **options)
    whole = table(frame, caption=caption, **options)
    return f"{head}<details><summary>All {len(frame):,} rows of this table</summary>{whole}</details>"


def _count(n: int, word: str) -> str:
    """``"1 row"`` or ``"2 rows"``."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _settings(values: dict[str, Any], caption: str) -> str:
    rows = [(name.replace("_", " "), _spelt(value)) for name, value in values.items()]
    return table(pd.DataFrame(rows, columns=["setting", "value"]), caption=caption)


def _spelt(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_spelt(v) for v in value) or "none"
    return "none" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)


def _height(rows: int, *, least: float = 2.6, most: float = 9.0) -> float:
    """Inches for so many rows of a chart."""
    return min(max(least, 1.4 + 0.24 * rows), most)


def define(project: Project, told: Told) -> str:
    """What is asked."""
    problem, data = project.problem, told["data"]
    text = f"{data['rows']:,} rows and {data['columns']} columns from {data['source']}. {problem.why}"
    balance = picture(
        lambda ax: plots.target_balance(project.splits, problem, ax=ax), "Bar chart of the target"
    )
    return _p(text) + table(problem.frame(), caption="What follows from the problem") + _pictures(balance)


def prepare(project: Project, told: Told) -> str:
    """What the table holds, what was done about it, and how it was split."""
    audit = project.audit.frame()
    counts = audit["severity"].value_counts()
    words = {"stop": "to stop at", "warn": "to look at", "info": "to know"}
    found = ", ".join(f"{counts[name]} {word}" for name, word in words.items() if name in counts)
    text = f"The audit found {_count(len(audit), 'thing')}{f': {found}' if found else ''}."
    shown = audit.assign(share=audit["share"].map("{:.1%}".format))
    shown = shown[["severity", "kind", "column", "count", "share", "advice"]]
    parts = ", ".join(f"{n:,} {part}" for part, n in project.splits.sizes.items())
    split = f"Split ({told['splits']['method']}) into {parts} rows; no two parts share a row."
    figures = [_missing(project), _related(project, "spearman"), _related(project, "cramers_v")]
    return (
        _p(text)
        + (_table(shown, "What the audit found") if len(shown) else "")
        + _p(f"Cleaning: {_cleaned(project) or 'nothing had to be done'}. {split}")
        + _pictures(*figures)
    )


def _cleaned(project: Project) -> str:
    return ", ".join(
        f"{row.action.replace('_', ' ')}{f' {row.column}' if row.column else ''} ({_count(row.n_rows, 'row')})"
        for row in project.cleaning.frame().itertuples()
        if row.n_rows
    )


def _missing(project: Project) -> str:
    n = int(project.raw.isna().any().sum())
    if not n:
        return ""
    return picture(
        lambda ax: plots.missingness(project.raw, ax=ax),
        "Bar chart of missing values",
        height=_height(min(n, 30)),
    )


def _related(project: Project, method: str) -> str:
    roles = ("numeric", "boolean") if method == "spearman" else ("categorical", "boolean")
    n = sum(role in roles for role in project.schema.roles.values())
    if n < 2:
        return ""
    train = project.splits.train
    return picture(
        lambda ax: plots.correlations(train, project.schema, method=method, ax=ax),
        "Heat map of relations between columns",
        height=min(max(3.4, 1.8 + 0.3 * n), 6.5),
    )


def preprocess(project: Project, told: Told) -> str:
    """What becomes of each column."""
    made = told["preprocessing"]
    text = f"{made['columns']} columns become {made['features']:,} features. All that is learnt is learnt from the training part."
    return _p(text) + _table(project.preprocessor.frame(), "What becomes of each column")


def design(project: Project, told: Told) -> str:
    """The layers."""
    layers = [
        (layer.name, type(layer).__name__, _shape(layer), layer.count_params())
        for layer in project.run.model.layers
    ]
    frame = pd.DataFrame(layers, columns=["layer", "kind", "output", "parameters"])
    total = f"{project.run.model.count_params():,} parameters in all."
    chosen = {n: v for n, v in project.design.items() if n != "parameters"}
    if chosen.get("l2", 0) is None:
        chosen["l2"] = "by the number of training rows"
    return _p(total) + _pictures(_settings(chosen, "Settings"), _table(frame, "Layers"))


def _shape(layer: Any) -> str:
    shape = getattr(getattr(layer, "output", None), "shape", ())
    return " x ".join(str(n) for n in shape[1:])


def initialise(project: Project, told: Told) -> str:
    """The first weights."""
    chosen = project.initialise
    text = f"The first weights are drawn by {chosen['initializer']} with seed {chosen['seed']}"
    rates = "; the output starts at the base rates of the classes." if project.problem.classes else "."
    return _p(text + rates)


def loss(project: Project, told: Told) -> str:
    """What is made small."""
    chosen = project.loss
    weighted = f" Classes are weighted: {chosen['class_weight']}." if chosen["class_weight"] else ""
    return _p(f"{chosen['loss'].replace('_', ' ').capitalize()}. {chosen['why']}{weighted}")


def optimizer(project: Project, told: Told) -> str:
    """How it is made small."""
    chosen = project.optimizer
    return _p(f"{chosen['optimizer'].capitalize()} with a learning rate of {chosen['learning_rate']:g}.")


def train(project: Project, told: Told) -> str:
    """How the training went."""
    run = project.run
    ended = {
        "finished": "all epochs were run",
        "early": "stopped early, when the validation part gave no more progress",
        "interrupted": "stopped by hand",
        "diverged": "stopped when the loss was no number any more",
    }[run.stopped]
    seconds = run.timings["train"]
    text = f"{len(run.history)} epochs in {seconds:.1f} s: {ended}. The weights are those of epoch {run.best_epoch}."
    names = [name for name in ("loss", str(project.problem.metrics[-1])) if name in run.history]
    return _p(text) + _pictures(*(_history(run, name) for name in names))


def _history(run: Any, metric: str) -> str:
    return picture(lambda ax: plots.history(run, metric=metric, ax=ax), "Line chart of the training")


def tune(project: Project, told: Told) -> str:
    """What else was tried."""
    search = project.search
    note = told["search"]
    text = f"{note['trials']} trials ({note['method']} search) on {note['rows']:,} training rows, scored by {search.objective.replace('val_', 'validation ').replace('_', ' ')}."
    frame = search.frame().drop(columns="error" if not search.trials["error"].any() else [])
    frame = frame.assign(**{n: frame[n].map(_spelt) for n in search.best})
    return (
        _p(text)
        + _table(frame, "Trials, the best first")
        + _pictures(picture(lambda ax: plots.trials(search, ax=ax), "Scores of the trials"))
    )


def evaluate(project: Project, told: Told) -> str:
    """How good the model is, beside its baselines."""
    result = project.evaluation
    name = {"run": "the first network", "fine_tuned": "the fine-tuned network"}[project.evaluated_model]
    text = (
        f"The model in hand, {name}, on {len(result.y_true):,} rows that it has never seen, beside baselines that learnt "
        f"from the same rows. In brackets: what {result.confidence:.0%} of {result.n_bootstrap:,} resamples give."
    )
    scores = (
        f'<div class="scores">{table(result.frame().reset_index(), caption="Scores on the test part")}</div>'
    )
    notes = "".join(_p(note) for note in result.notes)
    return _p(text) + scores + _versus(project) + notes + _pictures(*_evaluation_pictures(project))


def _versus(project: Project) -> str:
    name = best_baseline(project.evaluation)
    if name is None:
        return ""
    frame = project.evaluation.versus(name).reset_index()
    caption = f"The network minus {name}, on the same resamples"
    return f'<div class="scores">{table(frame, caption=caption)}</div>'


def _evaluation_pictures(project: Project) -> Iterable[str]:
    result = project.evaluation
    rows = len(result.metrics) * (len(result.baselines) + 1)
    yield picture(
        lambda ax: plots.metrics(result, ax=ax), "Dot chart of the metrics", height=_height(rows // 2)
    )
    if result.problem.kind == "regression":
        yield picture(lambda ax: plots.residuals(result, ax=ax), "Residuals")
        return
    classes = len(result.problem.classes)
    size = min(max(3.6, 1.6 + 0.45 * classes), 8.0)
    yield picture(
        lambda ax: plots.confusion_matrix(result, ax=ax), "Confusion matrix", width=size + 1, height=size
    )
    yield picture(lambda ax: plots.roc(result, ax=ax), "ROC curve", height=4.6)
    yield picture(lambda ax: plots.pr(result, ax=ax), "Precision-recall curve", height=4.6)
    yield picture(lambda ax: plots.calibration(result, ax=ax), "Calibration curve", height=4.6)


def fine_tune(project: Project, told: Told) -> str:
    """Which model was kept."""
    tuned = told["fine_tuning"]
    kept = {"run": "the first network", "fine_tuned": "the one trained with the best settings found"}[
        tuned["model"]
    ]
    metric = tuned["metric"].replace("_", " ")
    if len(tuned["scores"]) == 1:
        return _p("No trial was better than the settings in hand: the first network is kept.")
    scores = ", ".join(f"{name.replace('_', '-')} {value:.4g}" for name, value in tuned["scores"].items())
    early = ", and given up when it trailed the first network" if tuned["gave_up"] else ""
    text = f"Trained anew with the best settings found{early}. By {metric} on the validation part ({scores}) {kept} is kept."
    order = "This choice was made before the test part was opened."
    return _p(f"{text} {order}") + _settings(tuned["settings"], "Settings found")


def deploy(project: Project, told: Told) -> str:
    """How to use it."""
    files = project.status().set_index("step").loc["deploy", "files"]
    rows = [(name, (project.folder / name).stat().st_size / 1e3) for name in files]
    code = (
        "from dltoolkit import data, deployment\n\n"
        f"bundle = deployment.load({told['bundle']!r})\n"
        'bundle.predict(data.read("new_rows.csv"))'
    )
    text = "The bundle takes raw rows and gives answers; it holds plain Keras and JSON, and knows the hash of each of its files."
    shell = f"dltoolkit predict {shlex.quote(told['bundle'])} new_rows.csv"
    return (
        _p(text)
        + f"<pre><code>{escape(code)}</code></pre><p>Or in a terminal:</p><pre><code>{escape(shell)}</code></pre>"
        + table(pd.DataFrame(rows, columns=["file", "kB"]), caption="Its files")
    )


def monitor(project: Project, told: Told) -> str:
    """What the monitor sees, first of all in the test part."""
    report = project.drift
    columns = len({finding.column for finding in report.findings})
    shell = f"dltoolkit check {shlex.quote(told['bundle'])} new_rows.csv"
    text = f"First report: {report.n_rows:,} rows that the model did not learn from, against the {report.n_reference:,} that it did. {report.advice}"
    return (
        _p(text)
        + _pictures(
            picture(lambda ax: plots.drift(report, ax=ax), "Drift of each column", height=_height(columns))
        )
        + f"<p>For new rows:</p><pre><code>{escape(shell)}</code></pre>"
    )
