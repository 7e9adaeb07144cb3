"""What a finished project found, as JSON-able values."""

import math
from typing import Any

import numpy as np
import pandas as pd

import dltoolkit
from dltoolkit.evaluation import Evaluation
from dltoolkit.project import STEPS, Project

# The metric that a reader looks at first, its name in a sentence, and whether less is better.
HEADLINES = {
    "binary": ("roc_auc", "ROC-AUC", False),
    "multiclass": ("balanced_accuracy", "balanced accuracy", False),
    "multilabel": ("roc_auc", "mean ROC-AUC", False),
    "regression": ("rmse", "RMSE", True),
}


def facts(project: Project) -> dict[str, Any]:
    """All that a project found, in the order of the steps.

    Args:
        project: All thirteen steps are done.

    Returns:
        dict: ``verdict`` (a sentence), ``problem``, ``data``, ``schema``, ``audit``, ``cleaning``, ``splits``,
        ``preprocessing``, ``network``, ``loss``, ``optimizer``, ``training``, ``search``, ``fine_tuning``,
        ``model`` and ``baselines`` (for each metric ``value``, ``low`` and ``high``), ``differences``, ``drift``,
        ``bundle`` (its folder), ``settings``, ``timings`` (seconds a step), ``versions``, ``fingerprint``, ``seed``,
        ``fast`` and ``test_openings``.

    Raises:
        MissingArtefact, StaleArtefact: If a step is due.
    """
    status = project.status().set_index("step")
    result, best = project.evaluation, project.best
    seconds = {step: float(status.loc[step, "seconds"]) for step in STEPS}
    told = {
        "verdict": verdict(result),
        **_data(project),
        **_model(project),
        "model": _table(result.metrics),
        "model_name": project.evaluated_model,
        "baselines": {name: _table(table) for name, table in result.baselines.items()},
        "differences": {name: _table(table) for name, table in result.differences.items()},
        "evaluation": {
            "rows": len(result.y_true),
            "confidence": result.confidence,
            "notes": list(result.notes),
        },
        "drift": project.drift.to_json()
        | {"drifted": list(project.drift.drifted), "alarm": project.drift.alarm},
        "bundle": str(project.folder / "bundle"),
        "settings": {step: status.loc[step, "settings"] for step in STEPS},
        "timings": {**seconds, "total": round(sum(seconds.values()), 1)},
        "versions": best.run.settings["versions"],
        "machine": {name: best.run.settings[name] for name in ("machine", "backend", "devices", "threads")},
        "fingerprint": project.fingerprint,
        "seed": project.seed,
        "fast": project.fast,
        "test_openings": {"count": len(project.test_openings), "events": list(project.test_openings)},
        "dltoolkit": dltoolkit.__version__,
    }
    return dict(_plain(told))


def _data(project: Project) -> dict[str, Any]:
    """Steps 1 and 2."""
    audit, splits = project.audit, project.splits
    return {
        "problem": project.problem.to_json() | {"choices": project.problem.frame().to_dict("records")},
        "data": {"source": project.source.name, "rows": len(project.raw), "columns": project.raw.shape[1]},
        "schema": project.schema.to_json()["roles"],
        "audit": [finding.to_json() for finding in audit.findings],
        "cleaning": project.cleaning.frame().to_dict("records"),
        "splits": {"method": splits.method, **splits.sizes, "notes": list(splits.notes)},
    }


def _model(project: Project) -> dict[str, Any]:
    """Steps 3 to 9 and 11."""
    run, search, features = project.run, project.search, project.preprocessor
    return {
        "preprocessing": {
            "columns": len(features.columns),
            "features": sum(math.prod(spec.shape) for spec in features.specs.values()),
            "left_out": features.left_out,
            "settings": features.settings,
        },
        "network": project.network,
        "loss": project.loss,
        "optimizer": project.optimizer,
        "training": {
            "epochs": len(run.history),
            "best_epoch": run.best_epoch,
            "stopped": run.stopped,
            "settings": run.settings,
            "timings": run.timings,
        },
        "search": {
            "method": search.method,
            "trials": len(search.trials),
            "rows": search.run.settings["train_rows"],
            "failed": int((search.trials["status"] == "failed").sum()),
            "objective": search.objective,
            "best": search.best,
            "score": float(search.frame()["score"].iloc[0]),
        },
        "fine_tuning": project.tuned,
    }


def best_baseline(result: Evaluation) -> str | None:
    """The strongest baseline by the headline metric; None without baselines."""
    metric, _, less_is_better = HEADLINES[result.problem.kind]
    values = {name: float(table.loc[metric, "value"]) for name, table in result.baselines.items()}
    return (min if less_is_better else max)(values, key=lambda name: values[name]) if values else None


def verdict(result: Evaluation) -> str:
    """The model's headline metric beside the strongest baseline, in a sentence."""
    metric, word, _ = HEADLINES[result.problem.kind]
    value, low, high = result.metrics.loc[metric, ["value", "low", "high"]]
    text = f"The network's {word} on the test part is {number(value)} ({number(low)} to {number(high)})"
    name = best_baseline(result)
    if name is None:
        return f"{text}."
    judged = {"better": "better than", "worse": "worse than"}.get(
        str(result.versus(name).loc[metric, "verdict"]), "no clear difference to"
    )
    other = number(float(result.baselines[name].loc[metric, "value"]))
    return f"{text}: {judged} the strongest baseline ({name}, {other})."


def number(value: float) -> str:
    """A metric in as many digits as matter.

    Example:
        >>> number(0.86123), number(24815.3)
        ('0.861', '24,800')
    """
    if not math.isfinite(value):
        return "undefined"
    digits = 3 - 1 - math.floor(math.log10(abs(value))) if value else 3
    return f"{round(value, digits):,.{min(max(digits, 0), 6)}f}"


def _table(metrics: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(name): dict(row) for name, row in metrics.to_dict("index").items()}


def _plain(value: Any) -> Any:
    """JSON values: no NumPy numbers, tuples as lists, null for what is no number."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
