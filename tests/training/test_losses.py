"""Each loss is its formula, hangs on no unit, and leaves a model that plain Keras opens."""

import functools
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.training._compile import compile_model

RNG = np.random.default_rng(0)
ROWS = 200
X = RNG.normal(size=(ROWS, 2))
FRAME = pd.DataFrame(
    {
        "a": X[:, 0],
        "b": X[:, 1],
        "binary": np.where(X[:, 0] > 0.8, "yes", "no"),
        "multiclass": np.select([X[:, 0] < -0.5, X[:, 0] > 0.5], ["low", "high"], "middle"),
        "regression": 5e4 + 3e3 * (X[:, 0] + RNG.normal(size=ROWS)),
        "l1": (X[:, 0] > 1).astype(int),
        "l2": (X[:, 1] > 0).astype(int),
    }
)
TARGETS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multilabel": ["l1", "l2"],
    "regression": "regression",
}


def parts(kind, quantiles=()):
    target = TARGETS[kind]
    names = [target] if isinstance(target, str) else target
    frame = FRAME[["a", "b", *names]]
    problem = Problem.infer(frame, target, quantiles=quantiles)
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, target)), splits, problem


GIVEN = {kind: parts(kind) for kind in TARGETS}


def fit(kind, architecture=models.mlp, **options):
    preprocessor, splits, problem = GIVEN[kind]
    size = {"units": (8,), "dropout": 0.0} if architecture is models.mlp else {}
    model = architecture(problem, preprocessor, **size, seed=0)
    options = {"epochs": 2, "batch_size": 64, "early_stopping": False, "progress": False, **options}
    return training.fit(model, preprocessor, splits, problem, **options)


@functools.cache
def run_of(kind, name):
    return fit(kind, loss=name)


def right(kind, y, outputs):
    """The probability that each answer gives to the truth, ``(n, answers)``."""
    outputs = outputs.astype("float64").reshape(len(y), -1)
    if kind == "multiclass":
        return outputs[np.arange(len(y)), y][:, None]
    y = y.reshape(outputs.shape)
    return np.where(y == 1, outputs, 1 - outputs)


def brier(kind, y, outputs):
    truth = np.eye(outputs.shape[1])[y] if kind == "multiclass" else y
    return np.mean((truth - outputs.reshape(truth.shape)) ** 2)


def huber(z):
    return np.where(np.abs(z) <= 1, z**2 / 2, np.abs(z) - 0.5).mean()


FORMULAS = {
    "binary_crossentropy": lambda kind, y, p, s: -np.log(right(kind, y, p)).mean(),
    "sparse_categorical_crossentropy": lambda kind, y, p, s: -np.log(right(kind, y, p)).mean(),
    "focal": lambda kind, y, p, s: (-((1 - right(kind, y, p)) ** 2) * np.log(right(kind, y, p))).mean(),
    "mean_squared_error": lambda kind, y, p, s: (
        (((y - p) / s) ** 2).mean() if kind == "regression" else brier(kind, y, p)
    ),
    "mean_absolute_error": lambda kind, y, p, s: (np.abs(y - p) / s).mean(),
    "huber": lambda kind, y, p, s: huber((y - p) / s),
}
NAMED = [(kind, name) for kind, (_, _, problem) in GIVEN.items() for name in training.losses(problem)["name"]]


@pytest.mark.parametrize(("kind", "name"), NAMED)
def test_each_named_loss_is_its_formula_on_the_validation_part(kind, name):
    run = run_of(kind, name)
    _, splits, problem = GIVEN[kind]
    y, outputs = problem.encode(splits.validation), run.outputs(splits.validation)
    spread = splits.train["regression"].std(ddof=0) if kind == "regression" else 1.0
    expected = FORMULAS[name](kind, y, outputs, spread)
    assert run.history["val_loss"].iloc[-1] == pytest.approx(expected, rel=1e-4)
    assert run.settings["loss"] == name
    assert np.isfinite(run.history.drop(columns="seconds").to_numpy()).all()


def test_the_problems_own_loss_stands_first_and_says_why():
    for _, _, problem in GIVEN.values():
        table = training.losses(problem)
        assert list(table) == ["name", "when", "formula", "source"]
        assert table["name"].iloc[0] == problem.loss
        assert table.map(len).gt(0).all(axis=None)
    assert training.losses(parts("regression", (0.1, 0.5, 0.9))[2])["name"].tolist() == ["pinball"]


def test_several_amounts_have_a_huber_loss_each_in_its_own_spread():
    frame = FRAME[["a", "b"]].assign(big=1e3 * X[:, 0] + RNG.normal(size=ROWS), small=X[:, 1] / 100)
    problem = Problem.infer(frame, ["big", "small"])
    splits = data.split(frame, problem)
    preprocessor = preprocessing.fit(splits.train, Schema.infer(frame, ["big", "small"]))
    model = models.linear(problem, preprocessor)
    run = training.fit(model, preprocessor, splits, problem, loss="huber", epochs=1, progress=False)
    spread = splits.train[["big", "small"]].std(ddof=0).to_numpy()
    errors = (problem.encode(splits.validation) - run.outputs(splits.validation)) / spread
    assert run.history["val_loss"].iloc[0] == pytest.approx(huber(errors), rel=1e-4)


def test_huber_is_bent_less_by_amounts_that_are_far_out():
    frame = pd.DataFrame({"x": np.linspace(-1, 1, 400)})
    frame["y"] = 100 * frame["x"]
    frame.loc[::20, "y"] += 5_000  # one in twenty
    problem = Problem.infer(frame, "y", kind="regression")
    splits = data.split(frame, problem, seed=1)
    preprocessor = preprocessing.fit(splits.train, Schema.infer(frame, "y"))
    off = {}
    for loss in ("mean_squared_error", "mean_absolute_error", "huber"):
        model = models.linear(problem, preprocessor)
        run = training.fit(
            model, preprocessor, splits, problem, loss=loss, epochs=40, learning_rate=0.05, progress=False
        )
        off[loss] = np.median(np.abs(run.outputs(frame) - 100 * frame["x"]))
    assert off["mean_absolute_error"] < off["huber"] < off["mean_squared_error"]


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_in_an_ensemble_each_member_has_the_loss_of_its_own_answer(kind):
    """At a rate of almost nothing the training loss is the mean of the members' focal losses, weights counted."""
    preprocessor, splits, problem = GIVEN[kind]
    model = models.build(problem, preprocessor, "tabular", seed=0, dropout=0.0)
    members = keras.Model(model.input, model.get_layer("members").output)
    run = training.fit(
        model, preprocessor, splits, problem, loss="focal", class_weight="balanced", epochs=1, learning_rate=1e-12,
        optimizer="adam", ema=False, schedule="constant", weight_decay=0.0, early_stopping=False, progress=False,
    )  # fmt: skip
    y = problem.encode(splits.train).astype(int)
    answers = members.predict(preprocessor.transform(splits.train), verbose=0).astype("float64")
    q = [right(kind, y, answers[:, m, :]) for m in range(answers.shape[1])]
    each = np.mean([-((1 - one) ** 2) * np.log(one) for one in q], axis=0)[:, 0]
    expected = np.mean(each * training.sample_weights(y, "balanced"))
    assert run.history["loss"].iloc[0] == pytest.approx(expected, rel=1e-3)


def test_smoothed_labels_go_with_any_loss_of_shares():
    """Focal loss of smoothed labels, by numpy, at a rate of almost nothing."""
    preprocessor, splits, problem = GIVEN["multiclass"]
    model = models.mlp(problem, preprocessor, units=(8,), dropout=0.0, l2=0.0)
    p = model.predict(preprocessor.transform(splits.train), verbose=0).astype("float64")
    run = training.fit(
        model, preprocessor, splits, problem, loss="focal", label_smoothing=0.3, epochs=1, learning_rate=1e-9,
        early_stopping=False, progress=False,
    )  # fmt: skip
    labels = np.eye(3)[problem.encode(splits.train)] * 0.7 + 0.1
    expected = (-labels * (1 - p) ** 2 * np.log(p)).sum(axis=1).mean()
    assert run.history["loss"].iloc[0] == pytest.approx(expected, rel=1e-4)


def test_losses_of_keras_that_compare_shares_get_shares():
    own = run_of("multiclass", "sparse_categorical_crossentropy")
    for loss in ("categorical_crossentropy", keras.losses.CategoricalCrossentropy()):
        run = fit("multiclass", loss=loss)
        np.testing.assert_allclose(run.history["val_loss"], own.history["val_loss"], rtol=1e-5)
        assert "val_sparse_categorical_accuracy" in run.history


def test_what_is_saved_opens_with_plain_keras(tmp_path):
    paths = []
    for kind, name in (case for case in NAMED if case[1] in ("focal", "huber")):
        path = tmp_path / f"{kind}_{name}.keras"
        run_of(kind, name).model.save(path)
        paths.append(str(path))
    code = (
        "import sys, keras\n"
        "names = [keras.saving.load_model(path, safe_mode=True).optimizer.name for path in sys.argv[1:]]\n"
        "print(len(names), 'dltoolkit' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == [str(len(paths)), "False"]


def test_a_loss_of_classes_is_refused_for_amounts():
    with pytest.raises(
        InputError, match="loss: expected one for amounts, got 'focal'. Those that fit: .*'huber'"
    ):
        fit("regression", loss="focal")
    with pytest.raises(
        InputError, match="loss: expected a Keras loss .*got 'focl'. Those that fit: .*'focal'"
    ):
        fit("binary", loss="focl")


def test_a_loss_of_your_own_is_compiled_as_it_is():
    preprocessor, _, problem = GIVEN["regression"]
    model, loss = models.linear(problem, preprocessor), keras.losses.Huber(delta=7.0)
    compile_model(model, keras.optimizers.SGD(), loss, problem=problem, preprocessor=preprocessor, soft=False)
    assert model.loss is loss
