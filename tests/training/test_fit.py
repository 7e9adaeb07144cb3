"""Training learns, stops when asked, keeps what was learnt, and repeats bit for bit."""

import threading

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError

ROWS = 400


def table(seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, 2))
    score = x[:, 0] - x[:, 1] + 0.5 * random.normal(size=ROWS)
    town = random.choice([f"t{i}" for i in range(40)], ROWS)
    return pd.DataFrame(
        {
            "a": x[:, 0],
            "b": x[:, 1],
            "town": town,
            "binary": np.where(score > 0.8, "yes", "no"),
            "multiclass": np.select([score < -0.5, score > 0.5], ["low", "high"], "middle"),
            "regression": 1e4 + 300 * score,
            "l1": (score > 0).astype(int),
            "l2": (x[:, 0] > 0).astype(int),
        }
    )


TARGETS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "regression": "regression",
    "multilabel": ["l1", "l2"],
}


def parts(kind="binary", seed=0):
    target = TARGETS[kind]
    names = [target] if isinstance(target, str) else target
    frame = table(seed)[["a", "b", "town", *names]]
    problem = Problem.infer(frame, target)
    splits = data.split(frame, problem, seed=seed)
    schema = Schema.infer(frame, target).with_roles(a="numeric", b="numeric", town="categorical")
    return preprocessing.fit(splits.train, schema), splits, problem


def fit(preprocessor, splits, problem, *, l2=None, **options):
    model = models.mlp(problem, preprocessor, units=(8,), l2=l2, seed=options.get("seed", 0))
    return training.fit(model, preprocessor, splits, problem, progress=False, **{"epochs": 4, **options})


@pytest.mark.parametrize("kind", TARGETS)
def test_training_beats_the_base_rate_on_rows_it_has_not_seen(kind):
    preprocessor, splits, problem = parts(kind)
    run = fit(preprocessor, splits, problem, epochs=30, learning_rate=0.01)
    y, outputs = problem.encode(splits.validation), run.outputs(splits.validation)
    assert outputs.shape == y.shape if kind != "multiclass" else (len(y), 3)
    if kind == "regression":
        assert np.mean((y - outputs) ** 2) < 0.5 * y.var()
    elif kind == "multiclass":
        assert (outputs.argmax(axis=1) == y).mean() > np.bincount(y).max() / len(y) + 0.1
    else:
        assert ((outputs > 0.5) == y).mean() > max(y.mean(), 1 - y.mean()) + 0.05


@pytest.mark.parametrize("kind", TARGETS)
def test_two_runs_with_one_seed_are_equal_bit_for_bit(kind):
    first, second = (fit(*parts(kind), seed=3) for _ in "ab")
    assert all(
        np.array_equal(a, b)
        for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True)
    )
    pd.testing.assert_frame_equal(
        first.history.drop(columns="seconds"), second.history.drop(columns="seconds"), check_exact=True
    )
    assert first.settings == second.settings
    other = fit(*parts(kind), seed=4)
    assert not np.array_equal(first.model.get_weights()[-1], other.model.get_weights()[-1])


def test_the_history_holds_one_row_an_epoch_and_equals_what_keras_measures():
    preprocessor, splits, problem = parts()
    run = fit(preprocessor, splits, problem, early_stopping=False)
    assert run.history["epoch"].tolist() == [1, 2, 3, 4]
    assert {"seconds", "loss", "val_loss", "auc", "val_auc", "binary_accuracy"} <= set(run.history)
    y, p = problem.encode(splits.validation), run.outputs(splits.validation).astype("float64")
    log_loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert run.history["val_loss"].iloc[-1] == pytest.approx(log_loss, rel=1e-4)
    assert run.stopped == "finished"


def test_early_stopping_goes_back_to_the_best_epoch():
    preprocessor, splits, problem = parts()
    run = fit(preprocessor, splits, problem, epochs=200, learning_rate=0.05, early_stopping=3)
    best = run.history["val_loss"].idxmin()
    assert run.stopped == "early"
    assert run.best_epoch == run.history["epoch"][best]
    assert len(run.history) == run.best_epoch + 3
    y, p = problem.encode(splits.validation), run.outputs(splits.validation).astype("float64")
    log_loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert run.history["val_loss"][best] == pytest.approx(log_loss, rel=1e-4)


def test_penalties_stand_apart_from_the_losses():
    """At a learning rate of almost nothing the training loss is the log loss, however large the penalty."""
    preprocessor, splits, problem = parts()
    model = models.mlp(problem, preprocessor, units=(8,), dropout=0.0, l1=0.01, l2=0.5)
    run = training.fit(
        model,
        preprocessor,
        splits,
        problem,
        epochs=2,
        learning_rate=1e-9,
        progress=False,
        early_stopping=False,
    )
    for part, name in ((splits.train, "loss"), (splits.validation, "val_loss")):
        y, p = problem.encode(part), run.outputs(part).astype("float64")
        log_loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        assert run.history[name].iloc[-1] == pytest.approx(log_loss, rel=1e-3)
    kernel = model.get_layer("hidden_1").kernel.numpy()
    penalty = 0.01 * np.abs(kernel).sum() + 0.5 * np.square(kernel).sum()
    assert run.history["penalty"].iloc[-1] == pytest.approx(penalty, rel=1e-5)
    assert "penalty" not in fit(preprocessor, splits, problem, epochs=1, l2=0.0).history


def test_a_regression_loss_of_one_is_what_the_mean_costs():
    preprocessor, splits, problem = parts("regression")
    run = fit(preprocessor, splits, problem, epochs=1, learning_rate=1e-9, early_stopping=False)
    variance = splits.train["regression"].var(ddof=0)
    errors = (splits.validation["regression"] - run.outputs(splits.validation)) ** 2
    assert run.history["val_loss"].iloc[0] == pytest.approx(errors.mean() / variance, rel=1e-3)
    assert run.history["val_mean_absolute_error"].iloc[0] == pytest.approx(errors.pow(0.5).mean(), rel=1e-3)


class _Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() > 20:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_the_model_and_the_history():
    preprocessor, splits, problem = parts()
    run = fit(preprocessor, splits, problem, epochs=500, callbacks=[_Interrupt()])
    assert run.stopped == "interrupted"
    assert 0 < len(run.history) < 500
    assert np.isfinite(run.outputs(splits.validation)).all()


def test_a_stop_from_another_thread_ends_the_training():
    preprocessor, splits, problem = parts()
    stop = threading.Event()
    thread = threading.Timer(2, stop.set)
    thread.start()
    run = fit(preprocessor, splits, problem, epochs=100_000, early_stopping=False, stop=stop)
    thread.join()
    assert run.stopped == "interrupted"


def test_the_test_part_stays_sealed():
    preprocessor, splits, problem = parts()
    fit(preprocessor, splits, problem, epochs=1)
    assert splits.test_openings == 0


def test_balanced_class_weights_give_each_class_the_same_weight():
    preprocessor, splits, problem = parts()
    run = fit(preprocessor, splits, problem, epochs=30, class_weight="balanced", learning_rate=0.01)
    plain = fit(preprocessor, splits, problem, epochs=30, learning_rate=0.01)
    assert run.outputs(splits.validation).mean() > plain.outputs(splits.validation).mean() + 0.05
    named = fit(preprocessor, splits, problem, epochs=1, class_weight={"no": 1, "yes": 3})
    assert named.settings["class_weight"] == {"no": 1.0, "yes": 3.0}


def test_a_run_survives_its_folder(tmp_path):
    preprocessor, splits, problem = parts()
    run = fit(preprocessor, splits, problem)
    run.save(tmp_path / "run")
    again = training.load(tmp_path / "run")
    np.testing.assert_array_equal(again.outputs(splits.train), run.outputs(splits.train))
    pd.testing.assert_frame_equal(again.history, run.history)
    assert (again.settings, again.stopped, again.best_epoch, again.problem) == (
        run.settings,
        run.stopped,
        run.best_epoch,
        problem,
    )
    model = tmp_path / "run" / "model.keras"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"model.keras: expected sha256"):
        training.load(tmp_path / "run")


def test_answers_come_with_the_rows_index():
    preprocessor, splits, problem = parts()
    answers = fit(preprocessor, splits, problem, epochs=1).predict(splits.validation)
    assert answers.index.equals(splits.validation.index)
    assert set(answers["prediction"]) <= {"no", "yes"}


@pytest.mark.filterwarnings("ignore:overflow|invalid:RuntimeWarning")
def test_a_training_that_diverges_says_so():
    preprocessor, splits, problem = parts("regression")
    with pytest.raises(FloatingPointError, match="diverged at a learning rate of 1e\\+30"):
        fit(preprocessor, splits, problem, optimizer="sgd", learning_rate=1e30)


BAD = {
    "learning rate": ({"learning_rate": 0}, r"learning_rate: expected a number in \(0, inf\]"),
    "epochs": ({"epochs": 0}, "epochs: expected a whole number"),
    "batch size": ({"batch_size": 100_000}, "batch_size: expected at most the 256 training rows"),
    "optimizer": ({"optimizer": "adan"}, "Did you mean 'adam'"),
    "loss": ({"loss": "no-such-loss"}, "loss: expected a Keras loss"),
    "class weight of an unknown label": (
        {"class_weight": {"maybe": 1}},
        "class_weight: expected a weight for each of 'no', 'yes'",
    ),
    "class weight by an unknown rule": ({"class_weight": "balance"}, "Did you mean 'balanced'"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_option_that_cannot_be_followed_is_refused(case):
    options, message = BAD[case]
    with pytest.raises(InputError, match=message):
        fit(*parts(), **options)


def test_a_model_of_other_features_is_refused():
    preprocessor, splits, problem = parts()
    inputs = keras.Input((3,), name="dense")
    model = keras.Model({"dense": inputs}, keras.layers.Dense(1, name="answer")(inputs))
    with pytest.raises(InputError, match="model inputs: expected the preprocessor's features"):
        training.fit(model, preprocessor, splits, problem, progress=False)


def test_a_model_with_another_head_is_refused():
    preprocessor, splits, problem = parts()
    other = models.mlp(Problem("multiclass", "binary", ("a", "b", "c")), preprocessor)
    with pytest.raises(InputError, match="model output units: expected 1 for a binary problem"):
        training.fit(other, preprocessor, splits, problem, progress=False)


@pytest.mark.parametrize(
    ("rows", "size"), [(1, 32), (3_000, 32), (20_000, 256), (215_000, 1024), (10_000_000, 1024)]
)
def test_the_batch_size_grows_with_the_table(rows, size):
    assert training.pick_batch_size(rows) == size


def test_the_fingerprint_changes_with_any_value_name_or_order():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})
    changed = [
        frame.assign(a=[1, 2, 4]),
        frame.rename(columns={"a": "c"}),
        frame.iloc[[1, 0, 2]],
        frame[["b", "a"]],
        frame.head(2),
    ]
    prints = {training.fingerprint(f) for f in (frame, *changed)}
    assert len(prints) == 6
    assert training.fingerprint(frame.copy()) == training.fingerprint(frame)


def test_swapped_arguments_and_models_without_inputs_are_named():
    preprocessor, splits, problem = parts()
    model = models.mlp(problem, preprocessor, units=(3,))
    with pytest.raises(InputError, match=r"preprocessor: .*got Splits.*\n- splits: .*got Preprocessor"):
        training.fit(model, splits, preprocessor, problem)
    with pytest.raises(InputError, match="problem: expected a Problem, got str"):
        training.fit(model, preprocessor, splits, "binary")
    with pytest.raises(InputError, match=r"model: expected a keras\.Model"):
        training.fit(None, preprocessor, splits, problem)
    with pytest.raises(InputError, match="model: expected a network whose inputs are known"):
        training.fit(keras.Sequential([keras.layers.Dense(1)]), preprocessor, splits, problem)
    with pytest.raises(InputError, match="model inputs: expected the preprocessor's features"):
        training.fit(
            keras.Sequential([keras.Input((7,)), keras.layers.Dense(1)]), preprocessor, splits, problem
        )
