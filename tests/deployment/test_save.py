"""Saving: what goes in, what stops it, and that no stop of any kind harms the bundle that was there."""

import concurrent.futures
import contextlib
import errno
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data, deployment, models, monitoring, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit._keras import keras
from dltoolkit.deployment import _folder, _network
from dltoolkit.problem import Problem


def number(folder):
    return deployment.load(folder).card["metadata"].get("number")


def strangers(folder):
    """What lies in a bundle's folder and belongs to no bundle."""
    manifest = json.loads((folder / "manifest.json").read_text())
    known = {entry["name"] for entry in manifest["files"].values()} | {"manifest.json"}
    return sorted(set(os.listdir(folder)) - known)


@contextlib.contextmanager
def as_nobody():
    """Root may write anywhere: be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# What goes in


def test_the_folder_is_plain_keras_and_json(saved):
    assert sorted(p.name.split("-")[0] + p.suffix for p in saved.iterdir()) == [
        "card.json",
        "cleaning.json",
        "manifest.json.json",
        "model.keras",
        "preprocessor.json",
        "problem.json",
    ]


def test_the_card_says_what_was_trained_on_what_and_how(saved, run):
    card = deployment.load(saved).card
    assert card["data"]["train_rows"] == run.settings["train_rows"]
    assert card["data"]["fingerprint"] == run.settings["fingerprint"]
    assert card["training"]["settings"]["learning_rate"] == run.settings["learning_rate"]
    assert card["training"]["settings"]["versions"]["keras"] == keras.__version__
    assert card["training"]["at_best_epoch"]["val_loss"] == run.history["val_loss"].min()
    assert card["network"]["parameters"] == run.model.count_params()


def test_metadata_of_all_plain_kinds_comes_back(run, tmp_path):
    scores = pd.DataFrame({"metric": ["auc"], "value": [0.8]})
    given = {
        "scores": scores,
        "n": np.int64(3),
        "undefined": float("nan"),
        "list": (1, np.float32(0.5)),
        "array": np.arange(3),
        "made": pd.Timestamp("2026-01-31"),
        "where": pathlib.Path("a/b"),
        "problem": run.problem,
        "name": "Größe \U0001f427",
    }
    came = deployment.save(tmp_path / "b", run, metadata=given).card["metadata"]
    assert came == deployment.load(tmp_path / "b").card["metadata"]
    assert came["scores"] == [{"metric": "auc", "value": 0.8}]
    assert came["n"] == 3 and came["undefined"] is None and came["list"] == [1, 0.5]
    assert came["array"] == [0, 1, 2] and came["made"].startswith("2026-01-31") and came["where"] == "a/b"
    assert came["problem"] == run.problem.to_json() and came["name"] == given["name"]


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 1j])
def test_metadata_that_is_no_json_is_named(run, tmp_path, value):
    with pytest.raises(InputError, match=r"metadata\['a'\]\['b'\]\[1\]: expected a JSON value"):
        deployment.save(tmp_path / "b", run, metadata={"a": {"b": [0, value]}})
    assert not (tmp_path / "b").exists()


def test_the_monitors_profile_comes_back_and_gives_the_same_report(run, penguins, tmp_path):
    monitor = monitoring.Monitor(penguins, schema=run.preprocessor.schema)
    for reference in (monitor, monitor.to_json()):
        bundle = deployment.save(tmp_path / "b", run, reference=reference)
        assert bundle.reference == json.loads(json.dumps(monitor.to_json()))
    later = penguins.assign(bill_length_mm=penguins["bill_length_mm"] + 5)
    again = monitoring.Monitor.from_json(deployment.load(tmp_path / "b").reference)
    assert again.check(later).drifted == monitor.check(later).drifted == ("bill_length_mm",)
    assert deployment.save(tmp_path / "b", run).reference is None


def test_a_frame_as_reference_is_refused_with_the_cure(run, penguins, tmp_path):
    with pytest.raises(
        InputError, match=r"reference: expected a monitoring\.Monitor, got DataFrame.*Monitor\(train"
    ):
        deployment.save(tmp_path / "b", run, reference=penguins)
    with pytest.raises(InputError, match="reference: expected"):
        deployment.save(tmp_path / "b", run, reference=3)


def test_what_is_no_run_is_refused(run, tmp_path):
    for wrong in (run.model, run.preprocessor, None, "run"):
        with pytest.raises(InputError, match=r"run: expected a training\.Run, got .*training\.fit"):
            deployment.save(tmp_path / "b", wrong)
    with pytest.raises(InputError, match="metadata: expected a dict"):
        deployment.save(tmp_path / "b", run, metadata=[1])
    assert not (tmp_path / "b").exists()


def test_the_trained_model_is_left_as_it_was(run, penguins, tmp_path):
    before = run.outputs(penguins)
    for _ in range(2):
        deployment.save(tmp_path / "b", run)
    assert run.model.optimizer is not None
    assert run.outputs(penguins).tobytes() == before.tobytes()


def test_the_optimizer_stays_at_home(saved):
    bundle = deployment.load(saved)
    assert getattr(bundle.network, "optimizer", None) is None


class Doubling(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def double(x):
    return 2 * x


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (Doubling, "Doubling"),
        (lambda: keras.layers.Lambda(double), "Lambda"),
        (lambda: keras.layers.Activation(double), "function double"),
    ],
)
def test_a_layer_that_plain_keras_cannot_load_is_named(run, tmp_path, layer, name):
    inputs = {n: keras.Input(s.shape, dtype=s.dtype, name=n) for n, s in run.preprocessor.specs.items()}
    network = keras.Model(inputs, keras.layers.Dense(1, name="answer")(layer()(inputs["dense"])))
    odd = training.Run(**{**vars(run), "model": network})
    with pytest.raises(InputError, match=f"expected layers of Keras itself, got '{name}'"):
        deployment.save(tmp_path / "b", odd)


NAMES = [
    ("a/b", "c d"),
    ("dense", "home"),
    ("x", "dense"),
    ("Größe", "日本"),
    ("a.b:c", "tab\tand\nline"),
    ("L" * 400, "M" * 400),
    ("mlp", "preprocessing"),
    ("serving", "network"),
    (" padded ", "_under"),
]


@pytest.mark.parametrize("names", NAMES, ids=lambda names: " ".join(names)[:20])
def test_columns_may_have_any_name(names, tmp_path):
    draw = np.random.default_rng(0)
    number_name, text_name = names
    frame = pd.DataFrame(
        {
            number_name: draw.normal(size=40),
            text_name: draw.choice(["u", "v"], 40),
            "y": draw.choice(["no", "yes"], 40),
        }
    )
    problem = Problem.infer(frame, "y")
    schema = data.Schema.infer(frame, "y").with_roles({number_name: "numeric", text_name: "categorical"})
    preprocessor = preprocessing.fit(frame, schema, columns={text_name: "embedding"})
    network = models.mlp(problem, preprocessor, units=(3,))
    run = training.Run(network, preprocessor, problem, pd.DataFrame(), {}, {}, "interrupted", 0)
    deployment.save(tmp_path / "b", run)
    bundle = deployment.load(tmp_path / "b")
    assert bundle.outputs(frame).tobytes() == run.outputs(frame).tobytes()
    raw = bundle.model(bundle.preprocessor.inputs(frame)).numpy()[:, 0]
    np.testing.assert_allclose(raw, run.outputs(frame), rtol=1e-6)


# What stops it


def test_a_file_in_the_way_is_named(run, tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotADirectoryError, match=r"path .*file.*: expected a folder.* got a file"):
            deployment.save(path, run)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture
def public():
    """A folder that everybody may read: pytest's own are private to whom it runs as."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


def test_a_folder_that_may_not_be_written_is_named(run, public):
    locked = public / "locked"
    locked.mkdir()
    deployment.save(locked / "old", run, metadata={"number": 1})
    for path in (locked, locked / "old"):
        path.chmod(0o555)
    with as_nobody():
        for path in (locked / "new", locked / "old"):
            with pytest.raises(PermissionError, match=f"path .*{path.name}: .*Permission denied"):
                deployment.save(path, run)
        assert number(locked / "old") == 1
    for path in (locked, locked / "old"):
        path.chmod(0o755)


def test_a_folder_that_may_not_be_looked_into_is_named(run, public):
    private = public / "private"
    private.mkdir(mode=0o000)
    with as_nobody(), pytest.raises(PermissionError, match="path .*new: .*Permission denied"):
        deployment.save(private / "new", run)
    private.chmod(0o755)


def test_the_working_directory_need_not_be_writable(run, public, monkeypatch):
    folder = public / "locked"
    folder.mkdir()
    open_to_all = public / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    folder.chmod(0o555)
    monkeypatch.chdir(folder)
    with as_nobody():
        deployment.save(open_to_all / "b", run)
        deployment.load(open_to_all / "b")


def test_other_things_in_the_folder_are_kept(saved, run):
    mine = {
        "notes.txt": "a",
        "model.keras": "b",
        "model-final.keras": "c",
        "card.json": "d",
        ".hidden.tmp": "e",
    }
    for name, text in mine.items():
        (saved / name).write_text(text)
    (saved / "data").mkdir()
    deployment.save(saved, run, metadata={"number": 2})
    assert number(saved) == 2
    assert {name: (saved / name).read_text() for name in mine} == mine
    assert strangers(saved) == sorted([*mine, "data"])


def test_a_manifest_of_something_else_is_not_overwritten(run, tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "my web app"}')
    with pytest.raises(InputError, match=r"manifest\.json: expected no such file.*something else"):
        deployment.save(tmp_path, run)
    assert os.listdir(tmp_path) == ["manifest.json"]
    assert "my web app" in (tmp_path / "manifest.json").read_text()


def test_a_damaged_bundle_can_be_replaced(saved, run):
    manifest = saved / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-30])
    deployment.save(saved, run, metadata={"number": 2})
    assert number(saved) == 2


@pytest.fixture
def numbered(run, tmp_path):
    deployment.save(tmp_path / "bundle", run, metadata={"number": 1})
    return tmp_path / "bundle"


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_disk_that_is_full_at_any_step_leaves_the_old_bundle(numbered, run, monkeypatch, function):
    real, fatal = getattr(os, function), 0
    while number(numbered) == 1:
        fatal += 1
        calls = iter(range(1, 1000))

        def failing(*arguments, calls=calls, fatal=fatal):
            if next(calls) == fatal:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        with monkeypatch.context() as patch, contextlib.suppress(OSError):
            patch.setattr(os, function, failing)
            deployment.save(numbered, run, metadata={"number": 2})
        assert number(numbered) in (1, 2)
        assert strangers(numbered) == []
    assert fatal >= 5


def test_a_limit_on_file_size_at_any_step_leaves_the_old_bundle(numbered, run):
    size = next(numbered.glob("model-*")).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (0, 100, 1000, size // 2, size - 1):
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            with pytest.raises(OSError, match=f"path {numbered}: .*File too large.*is as it was"):
                deployment.save(numbered, run, metadata={"number": 2})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert number(numbered) == 1
        assert strangers(numbered) == []


@pytest.mark.skipif(
    os.geteuid() != 0 or not sys.platform.startswith("linux"), reason="needs root to mount a disk"
)
def test_a_disk_that_is_really_full_leaves_the_old_bundle(run, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)], capture_output=True
    ).returncode:
        pytest.skip("this root may not mount a disk")
    try:
        deployment.save(disk / "b", run, metadata={"number": 1})
        with pytest.raises(OSError, match="No space left on device.*Free some space") as caught:
            deployment.save(disk / "b", run, metadata={"number": 2})
        assert caught.value.errno == errno.ENOSPC
        assert number(disk / "b") == 1
        assert strangers(disk / "b") == []
        with pytest.raises(OSError, match="No space left"):
            deployment.save(disk / "c", run)
        assert os.listdir(disk) == ["b"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_ctrl_c_leaves_the_old_bundle(numbered, run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_network, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        deployment.save(numbered, run, metadata={"number": 2})
    monkeypatch.undo()
    assert number(numbered) == 1
    assert strangers(numbered) == []


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_kill_at_any_moment_leaves_a_whole_bundle_and_the_next_save_tidies_up(run, tmp_path):
    run.save(tmp_path / "run")
    script = pathlib.Path(__file__).with_name("killed_saves.py")
    root = str(pathlib.Path(deployment.__file__).parents[2])
    command = [sys.executable, str(script), str(tmp_path / "run"), str(tmp_path / "work" / "bundle")]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sums = json.loads(done.stdout.splitlines()[-1])
    assert sums["killed"] >= 12 and sums["old"] >= 8 and sums["new"] >= 2
    assert sums["left"] == ["manifest.json", "notes.txt"]


def test_saves_at_once_do_not_harm_each_other_nor_a_reader(numbered, run):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        saves = [pool.submit(deployment.save, numbered, run, metadata={"number": n}) for n in range(2, 6)]
        while not all(save.done() for save in saves):
            assert number(numbered) in range(1, 6)
        for save in saves:
            save.result()
    assert number(numbered) in range(2, 6)
    assert strangers(numbered) == []


def test_a_save_that_never_ends_is_not_waited_for_for_ever(numbered, run, monkeypatch):
    monkeypatch.setattr(_folder, "LOCK_SECONDS", 0.1)
    with _folder.writing(numbered), pytest.raises(BlockingIOError, match="another process has been saving"):
        deployment.save(numbered, run)
