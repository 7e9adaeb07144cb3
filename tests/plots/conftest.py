"""One example, and one nasty one, for every public plot; no figure is shown, or outlives its test."""

import dataclasses
import types

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from dltoolkit import data, plots
from dltoolkit.data._power_law import fit_power_laws
from dltoolkit.evaluation import Forecast, score
from dltoolkit.monitoring import Monitor
from dltoolkit.problem import Problem


def binary(n=400):
    rng = np.random.default_rng(0)
    logit = rng.normal(-1, 1.5, n)
    truth = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype("float32")
    said = {
        name: 1 / (1 + np.exp(-logit - rng.normal(0, s, n))) for name, s in (("model", 0.7), ("linear", 1.5))
    }
    baselines = {"majority": np.full(n, truth.mean()), "linear": said["linear"]}
    problem = Problem("binary", "late", ("no", "yes"))
    return score(truth, said["model"], problem, baselines=baselines, n_bootstrap=50)


def multiclass(k, n=1500, name="class number {} with a rather long name"):
    rng = np.random.default_rng(k)
    truth = rng.integers(0, k, n).astype("int32")
    power = rng.normal(size=(n, k))
    power[np.arange(n), truth] += 2
    outputs = np.exp(power) / np.exp(power).sum(axis=1, keepdims=True)
    return score(
        truth, outputs, Problem("multiclass", "kind", tuple(name.format(i) for i in range(k))), n_bootstrap=0
    )


def multilabel(k=4, n=300):
    rng = np.random.default_rng(k)
    names = tuple(f"tag_{i}" for i in range(k))
    truth = (rng.random((n, k)) < np.linspace(0.1, 0.6, k)).astype("float32")
    outputs = np.clip(0.4 * truth + 0.6 * rng.random((n, k)), 0, 1)
    return score(truth, outputs, Problem("multilabel", names, names), n_bootstrap=20)


def regression(n=500):
    rng = np.random.default_rng(0)
    truth = rng.lognormal(12, 0.4, n).astype("float32")
    outputs = truth * rng.lognormal(0, 0.1, n)
    return score(
        truth,
        outputs,
        Problem("regression", "sale_price", ()),
        baselines={"mean": np.full(n, truth.mean())},
        n_bootstrap=20,
    )


def history(n=30):
    rng = np.random.default_rng(0)
    epoch = np.arange(1, n + 1)
    loss = 0.3 + 0.5 * np.exp(-epoch / 6)
    frame = {
        "epoch": epoch,
        "seconds": 0.5,
        "loss": loss,
        "auc": 1 - loss,
        "val_loss": loss + 0.01 * rng.normal(size=n),
    }
    return pd.DataFrame({**frame, "val_auc": 0.95 - loss})


def comparison(n=4, epochs=30, name="way {}", diverged=1):
    rng = np.random.default_rng(0)
    names = [name.format(i) for i in range(n)]
    parts = [history(epochs).assign(variant=one) for one in names[diverged:]]
    parts = [p.assign(val_auc=p["val_auc"] + rng.normal(0, 0.02)) for p in parts]
    best = [p["val_auc"].max() for p in parts] + [np.nan] * diverged
    rows = pd.DataFrame({"variant": names[diverged:] + names[:diverged], "best": best})
    rows["stopped"] = np.where(rows["best"].isna(), "diverged", "finished")
    table = pd.concat(parts) if parts else pd.DataFrame({"variant": [], "epoch": []})
    rows = rows.sort_values("best", ascending=False)
    return types.SimpleNamespace(
        metric="val_auc", direction="max", histories=lambda: table, frame=lambda: rows
    )


def search(n=12):
    rng = np.random.default_rng(0)
    trials = pd.DataFrame(
        {
            "trial": range(n),
            "learning_rate": 10 ** rng.uniform(-4, -1, n),
            "units": [(64,), (128, 64)] * (n // 2),
            "score": rng.uniform(0.7, 0.9, n),
            "epochs": 5,
            "seconds": 1.0,
            "status": "done",
            "error": None,
        }
    )
    trials.loc[3, ["score", "status"]] = [np.nan, "failed"]
    return types.SimpleNamespace(trials=trials, objective="val_auc", direction="max")


def table(n=400, k=5, name="x{}"):
    rng = np.random.default_rng(0)
    common = rng.normal(size=(n, 2))
    frame = pd.DataFrame({name.format(i): rng.normal(size=n) + common[:, i % 2] for i in range(k)})
    for i, column in enumerate(frame.columns[::2]):
        frame.loc[rng.random(n) < 0.03 * (i + 1), column] = np.nan
    return frame.assign(
        city=rng.choice(["Rome", "Oslo", "Llanfairpwllgwyngyllgogerychwyrndrobwll"], n),
        many=rng.choice([f"level {i} of a category" for i in range(200)], n),
        flag=rng.random(n) < 0.2,
        money=np.where(rng.random(n) < 0.01, 1e7, rng.lognormal(8, 1, n)),
        when=pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D"),
        same=1.0,
        late=rng.choice(["no", "yes"], n, p=[0.7, 0.3]),
        kind=rng.choice([f"class number {i} with a long name" for i in range(30)], n),
        price=rng.lognormal(12, 0.4, n),
    )


def report(frame):
    moved = frame.sample(300, random_state=0).assign(city="Bergen", money=np.nan)
    return Monitor(frame).check(moved)


def data_curve(scale=1.0):
    rng = np.random.default_rng(0)
    rows = np.array([20, 60, 200, 600, 2_000, 6_000])
    error = scale * (0.1 + 2 * rows**-0.6)
    draws = np.vstack([error, error * rng.normal(1, 0.05, (50, 6))])
    points = pd.DataFrame(
        {"rows": rows, "error": error, "std": 0.05 * error, "repeats": 5, "used": rows > 30}
    )
    laws = fit_power_laws(rows, draws, 0.05 * error)
    metric = "error rate" if scale == 1 else "root mean squared error"
    return data.LearningCurve(LATE, metric, points, laws, 1_000)


def network(n=2):
    """What `models.describe` gives of a residual network beside a table, without a framework."""
    rows, edges, last = [("picture", "InputLayer", (28, 28, 1), 0)], [], "picture"
    for i in range(n):
        for kind, name, weights in (
            ("Conv2D", "conv", 1000 * (i + 1)),
            ("BatchNormalization", "norm", 64),
            ("Activation", "relu", 0),
        ):
            edges.append((rows[-1][0], f"block_{i}_{name}"))
            rows.append((f"block_{i}_{name}", kind, (28, 28, 16), weights))
        if i % 2:
            edges += [(rows[-1][0], f"block_{i}_add"), (last, f"block_{i}_add")]
            last = f"block_{i}_add"
            rows.append((last, "Add", (28, 28, 16), 0))
    edges += [(rows[-1][0], "body/pool"), ("body/pool", "features"), ("a table of numbers", "features")]
    rows += [("body/pool", "GlobalAveragePooling2D", (16,), 0), ("a table of numbers", "InputLayer", (7,), 0)]
    rows += [("features", "Concatenate", (23,), 0), ("answer", "Dense", (10,), 240)]
    layers = pd.DataFrame(rows, columns=["layer", "kind", "output", "parameters"])
    edges = (*edges, ("features", "answer"))
    total = int(layers["parameters"].sum())
    return types.SimpleNamespace(name="cnn", layers=layers, edges=edges, parameters=total)


def importance(k=4, name="x{}"):
    rng = np.random.default_rng(0)
    losses = rng.normal(np.linspace(0.2, 0, k)[:, None], 0.01, (k, 5))
    table = pd.DataFrame(
        {"column": [name.format(i) for i in range(k)], "importance": losses.mean(1), "std": losses.std(1)}
    )
    return types.SimpleNamespace(
        metric="log_loss",
        score=0.42,
        losses=losses,
        columns=tuple(table["column"]),
        n_rows=500,
        frame=lambda: table,
    )


def attributions(k=5, name="x{}"):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, k))
    frame = pd.DataFrame(values, columns=[name.format(i) for i in range(k)])
    return types.SimpleNamespace(
        values={"dense": values}, score=np.array([1.2, -0.3]), baseline_score=np.array([0.1, 0.1]),
        targets=("a class with a rather long name",) * 2, frame=lambda: frame,
    )  # fmt: skip


def pixel_attributions():
    rng = np.random.default_rng(0)
    found = attributions()
    found.values = {"picture": rng.normal(size=(2, 12, 16, 3))}
    return found


def words(text):
    rng = np.random.default_rng(0)
    tokens = tuple(text.split())
    return types.SimpleNamespace(
        tokens=tokens, values=rng.normal(size=len(tokens)), target="a class with a rather long name", score=1.25,
        method="gradients",
    )  # fmt: skip


def projection(labels, method="pca"):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(len(labels), 2))
    labels = None if labels[0] is None else pd.Series(labels, name="what it is")
    explained = 0.61 if method == "pca" else np.nan
    return types.SimpleNamespace(
        points=points, method=method, explained=explained, layer="a_long_name_of_a_layer", labels=labels
    )


def looks(n_layers=3):
    rng = np.random.default_rng(0)
    maps = {
        f"a_long_name_of_layer_{i}": rng.random((2, 24 // (i + 1), 24 // (i + 1), 4 * (i + 1)))
        for i in range(n_layers)
    }
    return types.SimpleNamespace(
        maps=maps, fields={name: (3.0 * (i + 1),) * 2 for i, name in enumerate(maps)}, index=pd.RangeIndex(2)
    )


def sound_looks():
    rng = np.random.default_rng(0)
    return types.SimpleNamespace(maps={"one": rng.normal(size=(1, 40, 6))}, fields={}, index=pd.RangeIndex(1))


def kernels(*shape):
    return types.SimpleNamespace(
        layer="a_long_name_of_a_layer", values=np.random.default_rng(0).normal(size=shape)
    )


def heat(*shape):
    rng = np.random.default_rng(0)
    return types.SimpleNamespace(
        heat=rng.random(shape[:-1]), pictures=rng.normal(size=shape), targets=("a class with a long name",) * shape[0],
        layer="conv_3",
    )  # fmt: skip


def alike(pictures=True, target="kind"):
    rng = np.random.default_rng(0)
    return types.SimpleNamespace(
        row=17, similarity=np.array([0.99, 0.9, 0.8, -0.1]), rows=SMALL.iloc[:5], layer="hidden_2", target=target,
        pictures=rng.random((5, 12, 16, 3)) if pictures else None,
    )  # fmt: skip


LONG = "a_really_long_column_name_number_{}_of_many"
SMALL, LARGE = table(), table(k=30, name=LONG)
LATE, KIND = Problem.infer(SMALL, "late"), Problem.infer(SMALL, "kind")
PARTS = types.SimpleNamespace(train=SMALL[:300], validation=SMALL[300:], sizes={})
BINARY, FEW, MANY = binary(), multiclass(3, name="c{}"), multiclass(30)


# Every public plot, by a name: a call that takes the Axes.
def forecast_of(quantiles=(), horizon=7):
    rng = np.random.default_rng(0)
    said = {"prediction": 1e4 + 3e3 * (np.arange(horizon) % 7)}
    said |= {f"quantile_{q:g}": said["prediction"] + 9e3 * (q - 0.5) for q in quantiles}
    steps = pd.DataFrame({**said, "actual": said["prediction"] + rng.normal(0, 1e3, horizon)})
    steps.index = pd.RangeIndex(1, horizon + 1, name="step")
    return Forecast("sold", 1e4 + 3e3 * (np.arange(21) % 7), steps, quantiles)


def unknown_step():
    one = forecast_of(horizon=1)
    return dataclasses.replace(one, steps=one.steps.assign(actual=np.nan))


def rate_range(quality="clear"):
    """What `training.find_learning_rate` gives, without a framework."""
    rng = np.random.default_rng(0)
    rates = np.geomspace(1e-6, 1.0, 200)
    smoothed = 2.3 - 2 / (1 + (1e-3 / rates)) + (rates / 0.05) ** 3
    ends = {"low": 2e-4, "high": 0.02, "suggestion": 1.1e-3}
    if quality == "flat":
        smoothed, ends = np.full(200, 2.3), dict.fromkeys(ends)
    if quality == "diverging":
        rates, smoothed, ends = rates[:2], np.array([2.3, 40.0]), dict.fromkeys(ends)
    losses = smoothed + 0.1 * rng.normal(size=len(rates))
    return types.SimpleNamespace(
        rates=rates, losses=losses, smoothed=smoothed, start=2.3, chance=np.inf if quality == "diverging" else 2.1,
        quality=quality, **ends,
    )  # fmt: skip


CASES = {
    "rate_range": lambda ax: plots.rate_range(rate_range(), ax=ax),
    "rate_range of a flat curve": lambda ax: plots.rate_range(rate_range("flat"), ax=ax),
    "rate_range of two updates": lambda ax: plots.rate_range(rate_range("diverging"), ax=ax),
    "forecast": lambda ax: plots.forecast(forecast_of((0.1, 0.25, 0.5, 0.75, 0.9)), ax=ax),
    "forecast of one step without what came": lambda ax: plots.forecast(unknown_step(), ax=ax),
    "history": lambda ax: plots.history(history(), ax=ax),
    "comparison": lambda ax: plots.comparison(comparison(), ax=ax),
    "comparison of many variants": lambda ax: plots.comparison(comparison(30, name=LONG, diverged=5), ax=ax),
    "comparison where all diverged": lambda ax: plots.comparison(comparison(2, diverged=2), ax=ax),
    "history of one epoch": lambda ax: plots.history(history(1), metric="auc", ax=ax),
    "confusion_matrix": lambda ax: plots.confusion_matrix(BINARY, ax=ax),
    "confusion_matrix of 30 classes": lambda ax: plots.confusion_matrix(MANY, ax=ax),
    "confusion_matrix of labels": lambda ax: plots.confusion_matrix(multilabel(), ax=ax),
    "roc": lambda ax: plots.roc(BINARY, ax=ax),
    "roc of 30 classes": lambda ax: plots.roc(MANY, ax=ax),
    "pr": lambda ax: plots.pr(BINARY, ax=ax),
    "pr of 3 classes": lambda ax: plots.pr(FEW, ax=ax),
    "calibration": lambda ax: plots.calibration(BINARY, ax=ax),
    "calibration of 30 classes": lambda ax: plots.calibration(MANY, ax=ax),
    "thresholds": lambda ax: plots.thresholds(BINARY, ax=ax),
    "residuals": lambda ax: plots.residuals(regression(), ax=ax),
    "residuals of many rows": lambda ax: plots.residuals(regression(4000), ax=ax),
    "metrics": lambda ax: plots.metrics(BINARY, ax=ax),
    "metrics of a regression": lambda ax: plots.metrics(regression(), ax=ax),
    "target_balance": lambda ax: plots.target_balance(SMALL, LATE, ax=ax),
    "target_balance of splits": lambda ax: plots.target_balance(PARTS, LATE, ax=ax),
    "target_balance of 30 classes": lambda ax: plots.target_balance(SMALL, KIND, ax=ax),
    "target_balance of amounts": lambda ax: plots.target_balance(PARTS, Problem.infer(SMALL, "price"), ax=ax),
    "data_curve": lambda ax: plots.data_curve(data_curve(), ax=ax),
    "data_curve of amounts": lambda ax: plots.data_curve(data_curve(4e4), ax=ax),
    "missingness": lambda ax: plots.missingness(SMALL, ax=ax),
    "missingness of long names": lambda ax: plots.missingness(LARGE, ax=ax),
    "missingness of nothing": lambda ax: plots.missingness(SMALL[["city"]], ax=ax),
    "correlations": lambda ax: plots.correlations(SMALL, ax=ax),
    "correlations of many columns": lambda ax: plots.correlations(LARGE, method="pearson", ax=ax),
    "correlations of categories": lambda ax: plots.correlations(SMALL, method="cramers_v", ax=ax),
    "trials": lambda ax: plots.trials(search(), ax=ax),
    "trials by a number": lambda ax: plots.trials(search(), setting="learning_rate", ax=ax),
    "trials by a choice": lambda ax: plots.trials(search(), setting="units", ax=ax),
    "drift": lambda ax: plots.drift(report(SMALL), ax=ax),
    "drift of many columns": lambda ax: plots.drift(report(LARGE), ax=ax),
    "network": lambda ax: plots.network(network(), ax=ax),
    "network of 61 layers": lambda ax: plots.network(network(16), nested=True, ax=ax),
    "importance": lambda ax: plots.importance(importance(), ax=ax),
    "importance of many columns": lambda ax: plots.importance(importance(30, LONG), ax=ax),
    "attributions": lambda ax: plots.attributions(attributions(), ax=ax),
    "attributions of many inputs": lambda ax: plots.attributions(attributions(40, LONG), row=1, ax=ax),
    "attributions of a picture": lambda ax: plots.attributions(pixel_attributions(), ax=ax),
    "tokens": lambda ax: plots.tokens(words("The film was good , not great but good"), ax=ax),
    "tokens of a long text": lambda ax: plots.tokens(
        words("Llanfairpwllgwyngyllgogerych is a fine town " * 60), ax=ax
    ),
    "tokens of nothing": lambda ax: plots.tokens(words(""), ax=ax),
    "embedding": lambda ax: plots.embedding(projection(["a", "b"] * 100), ax=ax),
    "embedding of 30 classes": lambda ax: plots.embedding(projection(list(SMALL["kind"]), "tsne"), ax=ax),
    "embedding of amounts": lambda ax: plots.embedding(projection(list(SMALL["price"])), ax=ax),
    "embedding without labels": lambda ax: plots.embedding(projection([None] * 50), ax=ax),
    "feature_maps": lambda ax: plots.feature_maps(looks(), ax=ax),
    "feature_maps of one layer": lambda ax: plots.feature_maps(
        looks(), row=1, layer="a_long_name_of_layer_2", ax=ax
    ),
    "feature_maps of a sound": lambda ax: plots.feature_maps(sound_looks(), ax=ax),
    "filters": lambda ax: plots.filters(kernels(3, 3, 1, 16), ax=ax),
    "filters of colours": lambda ax: plots.filters(kernels(5, 5, 3, 100), ax=ax),
    "filters of a sound": lambda ax: plots.filters(kernels(9, 4, 12), ax=ax),
    "heatmap": lambda ax: plots.heatmap(heat(2, 24, 32, 3), row=1, ax=ax),
    "heatmap of a series": lambda ax: plots.heatmap(heat(1, 40, 2), ax=ax),
    "neighbours": lambda ax: plots.neighbours(alike(), ax=ax),
    "neighbours of a table": lambda ax: plots.neighbours(alike(pictures=False), ax=ax),
    "neighbours without a target": lambda ax: plots.neighbours(alike(pictures=False, target=None), ax=ax),
    "distribution of a number": lambda ax: plots.distribution(SMALL, "money", ax=ax),
    "distribution of a category": lambda ax: plots.distribution(SMALL, "many", ax=ax),
    "distribution of dates by group": lambda ax: plots.distribution(SMALL, "when", by="city", ax=ax),
    "distribution of a flag by 30 groups": lambda ax: plots.distribution(SMALL, "flag", by="kind", ax=ax),
}


def pytest_generate_tests(metafunc):
    """A test that asks for a ``case`` runs on each of them."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.fixture
def case_names():
    return list(CASES)


@pytest.fixture
def examples():
    """What the cases are made from, and the functions that make more."""
    return types.SimpleNamespace(
        small=SMALL, large=LARGE, late=LATE, kind=KIND, parts=PARTS, binary=BINARY, few=FEW, many=MANY,
        multiclass=multiclass, multilabel=multilabel, regression=regression, history=history, search=search,
        report=report,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def no_window():
    backend = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)
