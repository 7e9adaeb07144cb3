"""What the training panel says, made from an account and nothing else."""

import pandas as pd

from dltoolkit import _html
from dltoolkit.problem import Problem
from dltoolkit.training import Run
from dltoolkit.widgets._curves import shown_metric
from dltoolkit.widgets._session import Account
from dltoolkit.widgets._style import keys, say

_MOODS = {
    "ready": "plain",
    "preparing": "busy",
    "training": "busy",
    "stopping": "busy",
    "finished": "good",
    "early": "good",
    "interrupted": "warn",
    "diverged": "bad",
    "failed": "bad",
}


def status_html(account: Account, problem: Problem) -> str:
    """One sentence and the key figures.

    Args:
        account: How far the training is.
        problem: Names the objective and the metrics.

    Returns:
        str: HTML.
    """
    figures = _figures(account, problem)
    return say(sentence(account), _MOODS[account.phase]) + (keys(**figures) if figures else "")


def sentence(account: Account) -> str:
    """Where the training stands, for a person.

    Example:
        >>> sentence(Account("training", epochs=20, done=0.5))
        'Training: epoch 1 of 20.'
    """
    epochs, n = len(account.history), account.epochs
    kept = f"The model holds the weights of epoch {account.best_epoch}." if account.best_epoch else ""
    after = f"after {epochs} epoch{'' if epochs == 1 else 's'}"
    left = f" About {duration(account.left)} left at most." if account.left is not None else ""
    return {
        "ready": "Ready. Set the knobs and press Train.",
        "preparing": "Preparing the batches and compiling the network…",
        "training": f"Training: epoch {min(int(account.done) + 1, n)} of {n}.{left}",
        "stopping": "Stopping after the batches at work…",
        "finished": f"Finished: all {n} epochs in {duration(account.seconds)}. {kept}",
        "early": f"Stopped early {after}, as no better one came. {kept}",
        "interrupted": f"You stopped it {after}. {kept} Nothing is lost: panel.run has the model and its history."
        if epochs
        else "You stopped it before the first epoch was done, so there is no score yet. Press Train to start again.",
        "diverged": f"Diverged {after}: the loss became NaN or infinite. {kept} Try a tenth of the learning rate.",
        "failed": account.problem,
    }[account.phase].strip()


def _figures(account: Account, problem: Problem) -> dict[str, str]:
    """Key figures: the epoch, the best objective, the metric beside it, the time."""
    history = account.history
    if not len(history):
        return {}
    figures = {"epoch": f"{len(history)} / {account.epochs}"}
    best = history[history["epoch"] == account.best_epoch]
    for name in (problem.objective.name, f"val_{shown_metric(problem)}"):
        if name in best and len(best):
            figures[f"{name}, epoch {account.best_epoch}"] = f"{best[name].iloc[0]:.4g}"
    figures["time"] = duration(account.seconds)
    return figures


def duration(seconds: float) -> str:
    """Seconds in words.

    Example:
        >>> duration(0.4), duration(75), duration(4000)
        ('0.4 s', '1 min 15 s', '1 h 6 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def attempts(runs: list[Run]) -> pd.DataFrame:
    """The trainings of a panel beside each other.

    Args:
        runs: Trainings, in order.

    Returns:
        pandas.DataFrame: One row a training, indexed by its number from 1: its settings, how many epochs it took,
        the best epoch's objective and metric, and the seconds.
    """
    rows = []
    for run in runs:
        settings, history = run.settings, run.history
        best = history[history["epoch"] == run.best_epoch]
        names = (run.problem.objective.name, f"val_{shown_metric(run.problem)}")
        scores = {n: float(best[n].iloc[0]) if n in best and len(best) else float("nan") for n in names}
        rows.append(
            {n: settings[n] for n in ("optimizer", "learning_rate", "batch_size")}
            | {"epochs": len(history), "ended": run.stopped, **scores, "seconds": run.timings["train"]}
        )
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="training"))


def attempts_html(runs: list[Run]) -> str:
    """`attempts` as a table with the best one lifted out; empty before the second training."""
    if len(runs) < 2:
        return ""
    table = attempts(runs)
    objective = runs[-1].problem.objective
    scores = table[objective.name].dropna()
    best = [] if not len(scores) else [scores.idxmin() if objective.direction == "min" else scores.idxmax()]
    return _html.table(
        table,
        caption="Trainings so far, the best one marked; dashed in the picture is the one before",
        mark=best,
    )
