"""The command line."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import dltoolkit
from dltoolkit import cli, data, deployment, models, monitoring, preprocessing, report, training
from dltoolkit.problem import Problem

ROOT = str(pathlib.Path(dltoolkit.__file__).parents[1])


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "customer_id": range(1000, 1400),
            "age": draw.normal(40, 10, 400).round(1),
            "home": draw.choice(["own", "rent"], 400),
        }
    )
    frame.loc[::40, "age"] = None
    return frame.assign(late=np.where(draw.normal(size=400) + (frame["home"] == "rent") > 0.8, "yes", "no"))


@pytest.fixture(scope="module")
def bundle(rows, tmp_path_factory):
    problem, schema = Problem.infer(rows, "late"), data.Schema.infer(rows, "late")
    splits = data.split(rows, problem)
    preprocessor = preprocessing.fit(splits.train, schema)
    network = models.linear(problem, preprocessor)
    run = training.fit(network, preprocessor, splits, problem, epochs=1, progress=False)
    monitor = monitoring.Monitor(splits.train, schema=schema, outputs=run.outputs(splits.train))
    return deployment.save(tmp_path_factory.mktemp("cli") / "bundle", run, reference=monitor)


@pytest.fixture
def new(rows, tmp_path, monkeypatch):
    """A folder to work in, with new rows in it."""
    monkeypatch.chdir(tmp_path)
    rows.drop(columns="late").to_csv("new.csv", index=False)
    return pathlib.Path("new.csv")


def told(capsys, code, *arguments):
    """The output of a command, which must give this exit code."""
    assert cli.main([str(a) for a in arguments]) == code
    return capsys.readouterr()


def refused(capsys, *arguments):
    """The one line on the standard error with which a command ends."""
    out, err = told(capsys, 1, *arguments)
    assert out == ""
    assert err.startswith("dltoolkit: ") and err.count("\n") == 1
    return err


def started(*arguments, **options):
    """The command in a process of its own."""
    command = [sys.executable, "-m", "dltoolkit", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": ROOT}
    return subprocess.run(command, env=environment, capture_output=True, text=True, **options)


# Help


def test_help_comes_without_any_framework():
    code = "import sys; sys.argv[1:] = ['--help']\nfrom dltoolkit import cli\ntry: cli.main()\nfinally: print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": ROOT}, capture_output=True, text=True
    )
    assert done.returncode == 0
    for name in ("tensorflow", "keras", "pandas", "numpy"):
        assert f"'{name}'" not in done.stdout


@pytest.mark.parametrize("command", [[], ["run"], ["predict"], ["check"]])
def test_help_fits_a_narrow_terminal(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    assert ended.value.code == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 50


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dltoolkit {dltoolkit.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["predcit"], ["check", "bundle"], ["run", "a.csv", "--seed", "x"]])
def test_wrong_arguments_are_one_line_and_never_look_like_an_alarm(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "--help" in err


# run


def test_run_hands_everything_to_the_report(capsys, monkeypatch):
    calls = []
    monkeypatch.setattr(report, "run", lambda *arguments, **options: calls.append((arguments, options)))
    told(capsys, 0, "run", "some/data.csv", "--target", "y")
    told(capsys, 0, "run", "d.csv", "--target", "a", "b", "--out", "o", "--fast", "--seed", "3")
    told(capsys, 0, "run", "credit", "--architecture", "tabular")
    usual = {"architecture": None, "echo": print}
    assert calls[0] == (("some/data.csv", "y", "data-project"), {"fast": False, "seed": 0, **usual})
    assert calls[1] == (("d.csv", ["a", "b"], "o"), {"fast": True, "seed": 3, **usual})
    assert calls[2][0] == ("credit", None, "credit-project") and calls[2][1]["architecture"] == "tabular"


def test_a_table_that_names_its_way_of_writing_is_read_so_by_every_command(
    rows, bundle, new, capsys, monkeypatch
):
    odd = rows.drop(columns="late").assign(home=rows["home"].replace("rent", "für Geld"))
    odd.to_csv("odd.csv", index=False, sep=";", encoding="latin-1")
    assert "Pass sep=';'" in refused(capsys, "predict", bundle.path, "odd.csv", "--encoding", "latin-1")
    assert "Pass encoding='latin-1'" in refused(capsys, "check", bundle.path, "odd.csv", "--sep", ";")
    options = ("--sep", ";", "--encoding", "latin-1")
    assert "'für Geld'" in told(capsys, 0, "predict", bundle.path, "odd.csv", *options).err
    assert "'für Geld'" in told(capsys, 2, "check", bundle.path, "odd.csv", *options).out
    tables = []
    monkeypatch.setattr(report, "run", lambda table, *_, **__: tables.append(table))
    told(capsys, 0, "run", "odd.csv", "--target", "home", *options)
    pd.testing.assert_frame_equal(tables[0], odd)
    odd.to_csv("odd.tsv", index=False, sep="\t")
    told(capsys, 0, "run", "odd.tsv", "--target", "home", "--sep", r"\t")
    pd.testing.assert_frame_equal(tables[1], odd)


def test_ctrl_c_is_one_line(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "run", interrupted)
    assert told(capsys, 130, "run", "d.csv", "--target", "y").err == "dltoolkit: stopped by you\n"


@pytest.mark.parametrize(
    "error", [FloatingPointError("diverged"), RuntimeError("no trial"), PermissionError(13, "no\nway")]
)
def test_an_expected_error_is_one_line(error, capsys, monkeypatch):
    def failing(*_, **__):
        raise error

    monkeypatch.setattr(report, "run", failing)
    refused(capsys, "run", "d.csv", "--target", "y")


def test_doctor_gets_its_options(capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(dltoolkit.doctor, "main", lambda options: seen.append(options) or 0)
    told(capsys, 0, "doctor", "--json")
    assert seen == [["--json"]]


# predict


def test_answers_go_to_the_screen_with_the_ids_in_the_order_of_the_rows(new, bundle, rows, capsys):
    out, err = told(capsys, 0, "predict", bundle.path, new)
    pathlib.Path("answers.csv").write_text(out)
    answers = pd.read_csv("answers.csv")
    expected = bundle.predict(rows)
    assert answers.columns.tolist() == ["customer_id", *expected.columns]
    assert answers["customer_id"].tolist() == rows["customer_id"].tolist()
    assert answers["prediction"].tolist() == expected["prediction"].tolist()
    np.testing.assert_array_equal(answers["probability_yes"].astype("float32"), expected["probability_yes"])
    assert "400 rows answered" in err and "filled as in training: age 10" in err


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet", "deep/er/A.CSV"])
def test_answers_go_to_a_file_by_its_suffix(new, bundle, name, capsys):
    out, err = told(capsys, 0, "predict", bundle.path, new, "--out", name)
    assert out == "" and f"400 rows answered, in {name}" in err
    answers = data.read(name)
    assert len(answers) == 400 and "prediction" in answers
    assert [p.name for p in pathlib.Path(name).parent.iterdir() if ".tmp" in p.name] == []


def test_columns_can_be_kept_and_the_threshold_moved(new, bundle, capsys):
    told(
        capsys, 0, "predict", bundle.path, new, "--out", "a.csv", "--keep", "age", "home", "--threshold", "0"
    )
    answers = data.read("a.csv")
    assert answers.columns[:3].tolist() == ["age", "home", "prediction"]
    assert set(data.as_text(answers["prediction"])) <= {"yes", "True"}


def test_unseen_categories_and_extra_columns_are_told_beside_the_answers(rows, bundle, new, capsys):
    rows.assign(home="boat", colour="blue").to_csv("odd.csv", index=False)
    out, err = told(capsys, 0, "predict", bundle.path, "odd.csv")
    assert "boat" not in out
    assert "warning: Categories that training never saw" in err and "'home' 400 ('boat')" in err
    assert "ignored: colour" in err


def test_what_stops_a_prediction_is_named(new, bundle, rows, capsys, tmp_path):
    rows.drop(columns=["age", "home"]).to_csv("short.csv", index=False)
    assert "'age'" in (line := refused(capsys, "predict", bundle.path, "short.csv")) and "'home'" in line
    assert "nowhere.csv" in refused(capsys, "predict", bundle.path, "nowhere.csv")
    assert "bundle nobundle: expected a folder" in refused(capsys, "predict", "nobundle", new)
    assert "--out: expected a file that ends in" in refused(
        capsys, "predict", bundle.path, new, "--out", "a.xlsx"
    )
    assert "--out: expected another file" in refused(capsys, "predict", bundle.path, new, "--out", "new.csv")
    assert "--keep: column 'agee'" in refused(capsys, "predict", bundle.path, new, "--keep", "agee")
    assert "threshold" in refused(capsys, "predict", bundle.path, new, "--threshold", "2")
    (tmp_path / "a.csv").mkdir()
    assert "the folder a.csv" in refused(capsys, "predict", bundle.path, new, "--out", "a.csv")
    assert "--out new.csv/a.csv: expected a file that can be written" in refused(
        capsys, "predict", bundle.path, new, "--out", "new.csv/a.csv"
    )


def test_a_kept_column_cannot_have_the_name_of_an_answer(rows, bundle, new, capsys):
    rows.assign(prediction=1).to_csv("named.csv", index=False)
    line = refused(capsys, "predict", bundle.path, "named.csv", "--keep", "prediction")
    assert "--keep: expected names that no column of the answers has" in line


def test_a_reader_that_has_had_enough_ends_it_quietly(new, bundle, tmp_path):
    command = f"{sys.executable} -m dltoolkit predict {bundle.path} {new} | head -1"
    environment = {**os.environ, "PYTHONPATH": ROOT}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.startswith("customer_id,prediction")
    assert "Traceback" not in done.stderr


# check


def test_rows_like_those_of_the_training_give_no_alarm(new, bundle, capsys):
    out, _ = told(capsys, 0, "check", bundle.path, new)
    assert out.startswith("No drift (400 rows against")


def test_rows_that_moved_give_exit_code_2_and_say_where(rows, bundle, new, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    rows.assign(age=rows["age"] * 10).to_csv("moved.csv", index=False)
    out, _ = told(capsys, 2, "check", bundle.path, "moved.csv")
    assert out.startswith("Drift in age") and "\n- age: median" in out
    assert max(map(len, out.splitlines())) <= 40


def test_the_answers_are_watched_too(rows, bundle, new, capsys):
    rows.assign(home="rent").to_csv("moved.csv", index=False)
    found = json.loads(told(capsys, 2, "check", bundle.path, "moved.csv", "--json").out)
    assert "output" in {finding["column"] for finding in found["findings"] if finding["drifted"]}


def test_new_categories_are_told(rows, bundle, new, capsys):
    homes = rows["home"].where(rows.index != 5, "boat")
    rows.assign(home=homes).to_csv("odd.csv", index=False)
    out, _ = told(capsys, 0, "check", bundle.path, "odd.csv")
    assert "- home: categories that training never saw: 'boat' 1" in out


def test_the_report_comes_as_json(new, bundle, capsys):
    found = json.loads(told(capsys, 0, "check", bundle.path, new, "--json").out)
    assert found["n_rows"] == 400
    assert monitoring.DriftReport.from_json(found).alarm is False


def test_a_bundle_without_a_profile_is_an_error_and_no_alarm(new, bundle, capsys, tmp_path):
    run = training.Run(
        bundle.network, bundle.preprocessor, bundle.problem, pd.DataFrame(), {}, {}, "finished", 0
    )
    deployment.save(tmp_path / "plain", run)
    line = refused(capsys, "check", tmp_path / "plain", new)
    assert "expected a profile of the training data, got none" in line


def test_a_damaged_bundle_is_an_error_and_no_alarm(new, bundle, capsys, tmp_path):
    shutil.copytree(bundle.path, tmp_path / "copy")
    model = next((tmp_path / "copy").glob("model-*"))
    raw = bytearray(model.read_bytes())
    raw[len(raw) // 2] ^= 1
    model.write_bytes(raw)
    assert model.name in refused(capsys, "check", tmp_path / "copy", new)


def test_the_module_runs_the_same_commands(new, tmp_path):
    done = started("predict", "bundle", "nowhere.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("dltoolkit: ") and "nowhere.csv" in done.stderr
