"""How well the default forecaster does, beside the seasonal naive forecast, ridge and boosting on lags.

    python bench/quality/series.py [ridership-1 ridership-7 employment-12] [--seeds 5]

The number behind a name is the horizon in steps. The latest 20 % of the origins are the test part, 20 % before them the
validation part. Two figures for each model: the mean absolute error over that of the seasonal naive forecast (the value a
week, or a year, before) on the same test steps, and MASE: the error over that of the seasonal naive forecast within the
training part (Hyndman and Koehler 2006, "Another look at measures of forecast accuracy"; the mean over series where there
are several). Employment is learnt in logarithms, so that a small branch counts as much as a large one, and measured in
people.
"""

import argparse
import dataclasses

import numpy as np
import pandas as pd
from common import Clock, clocked, table
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from dltoolkit import data, models, preprocessing, training
from dltoolkit.data import Schema
from dltoolkit.problem import Problem

ASKED = {
    "ridership-1: error over seasonal naive": "<= .85",
    "ridership-7: error over seasonal naive": "<= .85",
}
NAMES = ("ridership-1", "ridership-7", "employment-12")


@dataclasses.dataclass
class Task:
    """Windows of a series, and how their numbers become amounts."""

    frame: pd.DataFrame
    target: str
    time: str
    series: str | None
    period: int
    horizon: int
    amount: object  # from what is learnt to what is measured

    @property
    def targets(self):
        """The columns to predict."""
        if self.horizon == 1:
            return [self.target]
        return [f"{self.target}+{i}" for i in range(1, self.horizon + 1)]

    def naive(self, frame):
        """The value one period before each step, ``(n, horizon)``."""
        past = np.stack(frame[f"past_{self.target}"].to_numpy()).astype(float)
        places = [step % self.period - self.period for step in range(self.horizon)]
        return self.amount(past[:, places])

    def scale(self, train):
        """What the seasonal naive forecast of one step misses in the training part, by row of `train`'s series."""
        past = self.amount(np.stack(train[f"past_{self.target}"].to_numpy()).astype(float))
        missed = np.abs(self.amount(train[self.targets[0]].to_numpy(float)) - past[:, -self.period])
        return pd.Series(missed).groupby(self.ids(train)).mean()

    def ids(self, frame):
        """The series of each row."""
        return frame[self.series].to_numpy() if self.series else np.zeros(len(frame))


def ridership(horizon):
    """Riders of Clark/Lake, in thousands a day: four weeks of the past."""
    days = data.load("ridership")[["date", "ridership"]]
    frame = data.windows(days, time="date", target="ridership", length=28, horizon=horizon)
    return Task(frame, "ridership", "date", None, 7, horizon, np.asarray)


def employment(horizon):
    """People employed, in thousands a month, 148 series: three years of the past."""
    months = data.load("employment")
    months["log_employed"] = np.log(months["employed"])
    columns = ["series", "month", "log_employed"]
    options = {"target": "log_employed", "length": 36, "horizon": horizon, "step": 4}
    recent = months.loc[months["month"] >= "1985", columns]
    frame = data.windows(recent, time="month", id="series", **options)
    return Task(frame, "log_employed", "month", "series", 12, horizon, np.exp)


def figures(task, said, test, scale):
    """The error over the seasonal naive forecast's, and MASE."""
    truth = task.amount(test[task.targets].to_numpy(float))
    errors = np.abs(task.amount(np.asarray(said, float).reshape(truth.shape)) - truth).mean(axis=1)
    naive = np.abs(task.naive(test) - truth).mean(axis=1)
    by_row = scale.reindex(task.ids(test)).to_numpy()
    by_series = pd.Series(errors / by_row).groupby(task.ids(test)).mean()
    apart = (
        pd.DataFrame({"model": errors / by_row, "naive": naive / by_row})
        .groupby(task.ids(test))
        .mean()
        .mean()
    )
    return float(apart["model"] / apart["naive"]), float(by_series.mean())


def lags(preprocessor, frame):
    """Every feature of the preprocessing as one row of numbers."""
    return np.hstack(
        [np.asarray(v, "float32").reshape(len(frame), -1) for v in preprocessor.transform(frame).values()]
    )


def classical(task, preprocessor, train, test):
    """Names to answers and seconds: the naive forecast, ridge and boosting on the same features."""
    rows, answers = lags(preprocessor, train), train[task.targets].to_numpy(float)
    yield "seasonal naive", np.log(task.naive(test)) if task.series else task.naive(test), Clock()
    with clocked() as clock:
        said = Ridge().fit(rows, answers).predict(lags(preprocessor, test))
    yield "ridge on lags", said, clock
    with clocked() as clock:
        make = lambda: HistGradientBoostingRegressor(loss="absolute_error", random_state=0)  # noqa: E731
        said = [make().fit(rows, answer).predict(lags(preprocessor, test)) for answer in answers.T]
    yield "boosting on lags", np.column_stack(said), clock


def measure(name, seeds, kinds):
    """One line a model and seed."""
    of, horizon = name.rsplit("-", 1)
    task = {"ridership": ridership, "employment": employment}[of](int(horizon))
    problem = Problem.infer(
        task.frame, task.targets if task.horizon > 1 else task.targets[0], kind="regression"
    )
    splits = data.split(task.frame, problem, time=task.time)
    schema, test = Schema.infer(splits.train, problem.target), splits.test
    preprocessor = preprocessing.fit(splits.train, schema)
    scale, rows = task.scale(splits.train), []
    for model, said, clock in classical(task, preprocessor, splits.train, test):
        rows.append((0, model, *figures(task, said, test, scale), clock))
    for kind in kinds:
        for seed in range(seeds):
            with clocked() as clock:
                model = models.build(problem, preprocessor, kind=kind, seed=seed)
                run = training.fit(model, preprocessor, splits, problem, seed=seed, progress=False)
            rows.append((seed, f"forecaster: {kind}", *figures(task, run.outputs(test), test, scale), clock))
            print(f"{name} seed {seed}: {kind} {rows[-1][2]:.4f}, {clock.cpu:.1f} CPU s", flush=True)
    lines = []
    for i, measured in enumerate(("error over seasonal naive", "MASE")):
        lines += [
            {
                "data": f"{name}: {measured}",
                "seed": row[0],
                "model": row[1],
                "score": row[2 + i],
                "clock": row[4],
            }
            for row in rows
        ]
    return lines


def main():
    """Measure each task with each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NAMES), help="such as ridership-7")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", default=["nbeats"], help="kinds of forecaster")
    asked = parser.parse_args()
    for name in asked.names:
        table(measure(name, asked.seeds, asked.kinds), measure="lower is better", asked=ASKED)


if __name__ == "__main__":
    main()
