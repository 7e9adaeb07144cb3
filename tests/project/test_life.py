"""The whole life on a small table, and what a new process reads of it."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from dltoolkit import deployment, evaluation
from dltoolkit._checks import InputError
from dltoolkit.project import STEPS, Best, Project, StaleArtefact
from dltoolkit.project._learn import Race

# Keras 3.15 makes arrays of its variables in a way that NumPy 2 calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def life(tmp_path_factory, loans):
    """A project with all thirteen steps done, and the lines that it said."""
    lines = []
    project = Project(tmp_path_factory.mktemp("life") / "p", data=loans, target="late", fast=True)
    project.complete(echo=lines.append)
    return project, lines


@pytest.fixture
def copy(life, tmp_path):
    """The same project, to be changed."""
    shutil.copytree(life[0].folder, tmp_path / "p")
    return Project(tmp_path / "p")


def test_every_step_is_done_once_and_says_so(life):
    project, lines = life
    assert project.status()["state"].eq("done").all()
    assert sorted(line.partition(":")[0] for line in lines) == sorted(STEPS)
    project.complete(echo=lines.append)
    assert len(lines) == len(STEPS)


def test_the_last_choice_was_made_before_the_test_part_was_opened_once(life):
    project, lines = life
    order = [line.partition(":")[0] for line in lines]
    assert order.index("fine_tune") < order.index("evaluate")
    assert [event["by"] for event in project.test_openings] == ["evaluate"]


def test_a_new_process_reads_the_same(life):
    project, _ = life
    again, rows = Project(project.folder), project.frame.head(20)
    assert np.array_equal(again.run.outputs(rows), project.run.outputs(rows))
    assert np.array_equal(again.bundle.outputs(rows), project.best.run.outputs(rows))
    assert again.network == project.network
    assert again.search.best == project.search.best
    pd.testing.assert_frame_equal(again.search.trials, project.search.trials)
    pd.testing.assert_frame_equal(again.run.history, project.run.history)
    assert again.evaluation.to_json() == project.evaluation.to_json()
    assert again.drift == project.drift
    assert again.monitor.to_json() == project.monitor.to_json()
    assert again.best.name == project.best.name


def test_the_bundle_answers_raw_rows(life, loans):
    project, _ = life
    answers = deployment.load(project.folder / "bundle").predict(loans.drop(columns="late"))
    assert set(answers["prediction"]) <= {"no", "yes"}
    assert len(answers) == len(loans)


def test_the_bundle_carries_its_scores_and_the_profile_of_its_training_part(life):
    bundle = life[0].bundle
    assert bundle.card["metadata"]["model"] == life[0].best.name
    assert (
        bundle.card["metadata"]["test"]["roc_auc"]["value"]
        == life[0].evaluation.metrics.loc["roc_auc", "value"]
    )
    assert bundle.reference == life[0].monitor.to_json()


def test_the_evaluation_is_that_of_the_model_in_hand_on_the_test_part(life):
    project, _ = life
    assert project.evaluated_model == project.best.name
    expected = evaluation.evaluate(project.best.run, project.evaluated, project.problem, n_bootstrap=0)
    assert project.evaluation.metrics["value"].equals(expected.metrics["value"])
    assert set(project.evaluation.baselines) == {"majority", "linear", "boosting"}
    assert len(project.predictions) == len(project.evaluated) == project.splits.sizes["test"]
    assert project.evaluated.equals(Project(project.folder).splits._sealed())


def test_every_file_can_be_read_by_eye(life):
    project, _ = life
    files = {p.relative_to(project.folder).as_posix() for p in project.folder.rglob("*") if p.is_file()}
    suffixes = {name.rpartition(".")[2] for name in files if not name.startswith(".")}
    assert suffixes == {"json", "csv", "parquet", "keras"}
    ledger = json.loads((project.folder / "project.json").read_text())
    listed = {name for entry in ledger["steps"].values() for name in entry["files"]}
    assert files - listed <= {"project.json", ".lock"} | {f for f in files if f.startswith("bundle/.")}


def test_the_model_in_hand_is_the_better_one_on_the_validation_part(life):
    tuned = life[0].tuned
    assert tuned["model"] == min(tuned["scores"], key=tuned["scores"].get)
    assert life[0].best.score == tuned["scores"][tuned["model"]]


def test_fine_tuning_with_given_settings_uses_them_and_keeps_the_better_model(copy):
    tuned = copy.do("fine_tune", learning_rate=1e-6, units=(4,), progress=False)
    assert tuned.settings["learning_rate"] == pytest.approx(1e-6)
    assert tuned.model.get_layer("hidden_1").units == 4
    assert copy.best.name == "run"
    assert copy.tuned["settings"]["units"] == [4]
    with pytest.raises(StaleArtefact, match="fine_tune"):
        _ = copy.evaluation if "fine_tune" in copy._ledger.entries()["evaluate"].made_from else copy.bundle


def test_a_race_is_given_up_by_who_trails_and_run_to_its_end_by_who_leads(life):
    run, objective = life[0].run, life[0].problem.objective
    epoch = -(-run.best_epoch // 3)
    for score, gives_up in ((1e9, True), (-1e9, False)):
        race = Race(run, objective)
        race.set_model(type("Model", (), {"stop_training": False})())
        for i in range(5):
            race.on_epoch_end(i, {objective.name: score if i + 1 == epoch else 1e9})
        assert race.gave_up == race.model.stop_training == gives_up


def test_the_search_sees_no_more_rows_than_asked_for(copy):
    copy.do("tune", rows=50, trials=1, epochs=1, space={"dropout": (0.0, 0.4)}, progress=False)
    assert copy.search.run.settings["train_rows"] == 50
    assert list(copy.search.best) == ["dropout"]
    assert "1 trials on 50 rows" in copy.status().loc[9, "note"]
    copy.do("preprocess", numeric="robust")
    copy.catch_up("evaluate", echo=[].append)
    assert copy.search.trials["dropout"].between(0, 0.4).all()  # the range was still a range


def test_redoing_an_early_step_renews_all_that_follows(copy):
    copy.do("preprocess", numeric="log")
    assert set(copy.status().set_index("step").query("state == 'stale'").index) == set(STEPS[3:]) - {
        "loss",
        "optimizer",
    }
    for name in ("run", "search", "evaluation", "fine_tuned", "bundle", "monitor", "drift"):
        with pytest.raises(StaleArtefact, match=rf"project\.{name}: .*preprocess"):
            getattr(copy, name)


def test_completing_evaluates_the_model_that_is_deployed(copy, monkeypatch):
    other = {"run": "fine_tuned", "fine_tuned": "run"}[copy.evaluated_model]
    monkeypatch.setattr(Project, "best", property(lambda self: Best(other, self.run, 0.5)))
    lines = []
    copy.complete(echo=lines.append)
    assert copy.evaluated_model == copy.bundle.card["metadata"]["model"] == other
    assert lines[0].startswith("evaluate (redone: another model is in hand): ")


def test_columns_may_have_the_names_of_answers(tmp_path, loans):
    names = {"age": "output", "home": "prediction", "since": "probability_yes"}
    project = Project(tmp_path / "q", data=loans.rename(columns=names), target="late", fast=True)
    project.do("define")
    project.do("prepare", labels=False)
    project.catch_up("train", echo=[].append)
    project.do("train", epochs=1, progress=False)
    project.do("evaluate", baselines=(), n_bootstrap=20)
    project.do("deploy")
    assert {"output", "prediction"} <= {finding.column for finding in project.do("monitor").findings}


def test_evaluating_again_is_recorded(copy):
    copy.do("evaluate", baselines=("majority",), n_bootstrap=20)
    assert [event["by"] for event in copy.test_openings] == ["evaluate", "evaluate"]
    assert "opened 2 times" in copy.status().loc[10, "note"]


def test_network_settings_reach_the_network_and_odd_ones_are_refused(copy):
    copy.do("design", units=(6, 3), activation="tanh", dropout=0.0)
    copy.do("initialise", initializer="glorot_uniform", seed=3)
    network = copy.build_network()
    assert [network.get_layer(f"hidden_{i}").units for i in (1, 2)] == [6, 3]
    assert copy.network["initializer"] == "glorot_uniform"
    with pytest.raises(InputError, match="units"):
        copy.do("design", architecture="linear", units=(3,))
    with pytest.raises(InputError, match="a Keras initialiser"):
        copy.do("initialise", initializer="magic")
    with pytest.raises(InputError, match="a Keras loss"):
        copy.do("loss", loss="magic")
    with pytest.raises(InputError, match=r"learning_rate: .*\(0"):
        copy.do("optimizer", learning_rate=-1)


def test_the_same_seed_gives_the_same_weights(life, tmp_path, loans, quiet):
    project = Project(tmp_path / "q", data=loans, target="late", fast=True)
    project.catch_up("train", echo=quiet)
    run = project.do("train", progress=False)
    for ours, theirs in zip(run.model.get_weights(), life[0].run.model.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)
