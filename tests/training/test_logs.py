"""What TensorBoard and MLflow read is what the history says; the bar tells how far an epoch is."""

import io
import json
import sys
import types

import numpy as np
import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit.training import _record


@pytest.fixture(scope="module")
def given():
    x = np.random.default_rng(0).normal(size=200)
    frame = pd.DataFrame({"x": x, "y": np.where(x > 0, "p", "n")})
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, "y")), splits, problem


def fit(given, **options):
    preprocessor, splits, problem = given
    model = models.mlp(problem, preprocessor, units=(4,), seed=0)
    return training.fit(model, preprocessor, splits, problem, epochs=3, **{"progress": False, **options})


def test_tensorboard_reads_the_scores_of_each_epoch_and_the_settings(given, tmp_path):
    run = fit(given, callbacks=[training.TensorBoardLog(tmp_path)])
    assert run.settings["pace"] == "loop"
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0}).Reload()
    names = [name for name in run.history if name not in ("epoch", "seconds")]
    assert set(names) | {"settings"} == set(events.Tags()["tensors"])
    for name in names:
        found = events.Tensors(name)
        assert [event.step for event in found] == [1, 2, 3]
        values = [np.frombuffer(event.tensor_proto.tensor_content, "float32")[0] for event in found]
        np.testing.assert_allclose(values, run.history[name], rtol=1e-6)
    (text,) = events.Tensors("settings")
    told = json.loads(text.tensor_proto.string_val[0].decode().strip("`\n"))
    assert told["seed"] == 0 and told["fingerprint"] == run.settings["fingerprint"]


def test_mlflow_reads_the_scores_of_each_epoch_and_the_settings(given, tmp_path):
    tracking = pytest.importorskip("mlflow.tracking")
    run = fit(given, callbacks=[training.MLflowLog(tmp_path / "runs", run_name="first")])
    client = tracking.MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    (experiment,) = [e for e in client.search_experiments() if e.name == "dltoolkit"]
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "FINISHED" and found.info.run_name == "first"
    assert found.data.params["seed"] == "0"
    history = client.get_metric_history(found.info.run_id, "val_loss")
    np.testing.assert_allclose([m.value for m in history], run.history["val_loss"])
    assert [m.step for m in history] == [1, 2, 3]


def test_mlflow_is_told_of_one_run_with_its_parameters_and_metrics(given, tmp_path, monkeypatch):
    """As above, with a stand-in for MLflow's client, which is no part of the usual install."""
    calls = []

    class Client:
        def __init__(self, uri):
            calls.append(("client", uri))

        def get_experiment_by_name(self, name):
            return None

        def create_experiment(self, name):
            return f"id of {name}"

        def create_run(self, experiment, run_name):
            calls.append(("run", experiment, run_name))
            return types.SimpleNamespace(info=types.SimpleNamespace(run_id="r1"))

        def __getattr__(self, name):
            return lambda *given, **options: calls.append((name, *given, *options.values()))

    monkeypatch.setitem(sys.modules, "mlflow.tracking", types.SimpleNamespace(MlflowClient=Client))
    run = fit(given, callbacks=[training.MLflowLog(tmp_path, run_name="first")])
    assert calls[:2] == [
        ("client", f"sqlite:///{tmp_path / 'mlflow.db'}"),
        ("run", "id of dltoolkit", "first"),
    ]
    assert ("log_param", "r1", "seed", 0) in calls and calls[-1] == ("set_terminated", "r1")
    losses = [
        (value, step)
        for name, *rest in calls
        if name == "log_metric"
        for _, key, value, step in [rest]
        if key == "val_loss"
    ]
    assert losses == list(zip(run.history["val_loss"], [1, 2, 3], strict=True))


def test_without_mlflow_the_line_that_installs_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(ImportError, match=r"pip install 'dltoolkit\[mlflow\]'"):
        training.MLflowLog(tmp_path)


def test_the_bar_tells_parts_of_an_epoch_the_time_left_and_the_scores(monkeypatch):
    text = io.StringIO()
    monkeypatch.setattr(_record, "REFRESH", 0.0)
    bar = _record.Progress(2, file=text)
    bar.on_train_begin()
    bar.on_updates(25, 50, {"loss": 0.5})
    assert "0.5/2 epochs" in text.getvalue()
    bar.on_epoch_end(0, {"loss": 0.25, "accuracy": 0.5, "val_loss": 0.75})
    bar.on_updates(50, 50, {"loss": 0.5})
    bar.on_epoch_end(1, {"loss": 0.125, "accuracy": 0.5, "val_loss": 0.5})
    bar.on_train_end()
    assert "2/2 epochs" in text.getvalue() and "loss=0.125, val_loss=0.5" in text.getvalue()
