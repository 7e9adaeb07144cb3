"""Steps 10, 12 and 13: evaluate on the test part, deploy, monitor."""

import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from dltoolkit import _files, deployment, evaluation
from dltoolkit.deployment import Bundle
from dltoolkit.evaluation import Evaluation
from dltoolkit.models import baseline
from dltoolkit.monitoring import DriftReport, Monitor
from dltoolkit.project._outcome import Outcome
from dltoolkit.project._steps import passes_on
from dltoolkit.project._tables import read_table, write_table

if TYPE_CHECKING:
    from dltoolkit.project._project import Project

BASELINES = ("majority", "linear", "boosting")
# What a reader looks at first.
HEADLINES = {"binary": "roc_auc", "multiclass": "accuracy", "multilabel": "roc_auc", "regression": "rmse"}


@passes_on(evaluation.evaluate, "preprocessor", "baselines", "n_bootstrap", "seed")
def evaluate(
    project: "Project",
    folder: pathlib.Path,
    *,
    baselines: Iterable[str] = BASELINES,
    n_bootstrap: int | None = None,
    seed: int | None = None,
    **options: Any,
) -> Outcome:
    """Step 10: open the test part, and measure the model in hand beside baselines that learnt from the same rows."""
    best, splits, problem = project.best, project.splits, project.problem
    seed = project.seed if seed is None else seed
    wordless = any(project.schema.roles[c] != "text" for c in project.schema.features)
    usable = [n for n in baselines if wordless or n != "boosting"]  # boosting does not read text
    fitted = {n: baseline(problem, n, seed=seed).fit(splits.train, project.schema) for n in usable}
    test = splits.test
    result = evaluation.evaluate(
        best.run,
        test,
        problem,
        baselines=fitted,
        n_bootstrap=project.limits.n_bootstrap if n_bootstrap is None else n_bootstrap,
        seed=seed,
        **options,
    )
    _files.write_json(folder / "evaluation.json", {"model": best.name, **result.to_json()})
    write_table(folder / "test.parquet", test)
    _files.write_frame(folder / "predictions.parquet", problem.decode(result.outputs).set_axis(test.index))
    return Outcome(
        result, f"{best.name} on {len(test):,} test rows: {_headline(result)}", keep={"evaluation": result}
    )


def _headline(result: Evaluation) -> str:
    metric = HEADLINES[result.problem.kind]
    told = [f"{name} {table.loc[metric, 'value']:.4g}" for name, table in result.baselines.items()]
    beside = f" ({', '.join(told)})" if told else ""
    return f"{metric} {result.metrics.loc[metric, 'value']:.4g}{beside}"


def load_evaluation(project: "Project", folder: pathlib.Path) -> Evaluation:
    """Read the measurements."""
    return Evaluation.from_json(_files.read_json(folder / "evaluation.json"))


def load_evaluated_model(project: "Project", folder: pathlib.Path) -> str:
    """Read which model was measured."""
    return str(_files.read_json(folder / "evaluation.json")["model"])


def load_evaluated(project: "Project", folder: pathlib.Path) -> pd.DataFrame:
    """Read the rows that were evaluated."""
    return read_table(folder / "test.parquet")


def load_predictions(project: "Project", folder: pathlib.Path) -> pd.DataFrame:
    """Read the answers for them."""
    return pd.read_parquet(folder / "predictions.parquet")


def deploy(project: "Project", folder: pathlib.Path, *, metadata: dict[str, Any] | None = None) -> Outcome:
    """Step 12: write the model in hand as a bundle, with its scores and the profile of its training part."""
    best, train = project.best, project.splits.train
    card: dict[str, Any] = {"model": best.name, "validation_score": best.score}
    if project.is_done("evaluate") and project.evaluated_model == best.name:
        card["test"] = project.evaluation.metrics.to_dict("index")
    clash = any(
        name == "output" or name.startswith("output ") for name in train
    )  # the monitor's names for answers
    watch = Monitor(train, schema=project.schema, outputs=None if clash else best.run.outputs(train))
    deployment.save(
        folder / "bundle",
        best.run,
        cleaning=project.cleaning,
        reference=watch,
        metadata=card | (metadata or {}),
    )
    size = sum(p.stat().st_size for p in (folder / "bundle").rglob("*") if p.is_file())
    return Outcome(None, f"{best.name} as a bundle of {size / 1e6:.1f} MB, reads back bit for bit")


def load_bundle(project: "Project", folder: pathlib.Path) -> Bundle:
    """Open the bundle."""
    return deployment.load(folder / "bundle")


def monitor(project: "Project", folder: pathlib.Path) -> Outcome:
    """Step 13: check rows that the model did not learn from, as a first report.

    They are the test rows that were evaluated, else the validation part.
    """
    watch = Monitor.from_json(project.bundle.reference or {})
    rows = project.evaluated if project.is_done("evaluate") else project.splits.validation
    report = watch.check(rows, outputs=project.bundle.outputs(rows) if watch.outputs else None)
    _files.write_json(folder / "monitor.json", watch.to_json())
    _files.write_json(folder / "drift.json", report.to_json())
    which = "test" if project.is_done("evaluate") else "validation"
    found = f"drift in {', '.join(report.drifted)}" if report.alarm else "no drift"
    return Outcome(report, f"{found} in {len(rows):,} {which} rows", keep={"monitor": watch, "drift": report})


def load_monitor(project: "Project", folder: pathlib.Path) -> Monitor:
    """Read what watches new rows."""
    return Monitor.from_json(_files.read_json(folder / "monitor.json"))


def load_drift(project: "Project", folder: pathlib.Path) -> DriftReport:
    """Read the first report."""
    return DriftReport.from_json(_files.read_json(folder / "drift.json"))
