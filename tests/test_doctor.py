"""The environment doctor: a healthy machine is well, and each thing that is broken is named with its fix."""

import importlib.metadata
import json
import pathlib
import shutil
import subprocess
import sys
import types

import pytest
from packaging.specifiers import SpecifierSet

from dltoolkit import doctor
from dltoolkit.data import _catalogue
from dltoolkit.doctor import _jupyter, _machine, _packages, _tensorflow
from dltoolkit.doctor._report import Check, Report


def only(checks):
    (check,) = checks
    return check


@pytest.fixture(scope="module")
def report():
    return doctor.examine()


def finished(code=0, out="", err=""):
    return subprocess.CompletedProcess([], code, out, err)


# The whole


def test_on_this_machine_nothing_fails_and_every_kind_of_thing_was_looked_at(report):
    assert [check.line for check in report.checks if check.status == "fail"] == []
    subjects = {check.subject for check in report.checks}
    assert subjects >= {
        "python",
        "tensorflow",
        "keras",
        "pandas",
        "gpu",
        "memory",
        "disk",
        "widgets",
        "kernel",
    }
    assert subjects >= {"project folder", "network", "table credit", "table flights"}


def test_the_frame_and_the_json_say_the_same(report):
    frame = report.frame()
    assert frame.columns.tolist() == ["subject", "status", "found", "fix"]
    assert frame.to_dict("records") == report.to_json()["checks"]
    assert report.to_json()["ok"] is report.ok is True


def test_every_check_that_is_not_well_has_a_fix(report):
    assert [check for check in report.checks if check.status != "ok" and not check.fix] == []


def test_the_command_ends_with_1_and_prints_the_fix_when_a_check_fails(monkeypatch, capsys):
    ill = Report((Check("disk", "ok", "plenty"), Check("widgets", "fail", "no front end", "pip install it")))
    monkeypatch.setattr(doctor, "examine", lambda folder: ill)
    assert doctor.main([]) == 1
    printed = capsys.readouterr().out
    assert "fail  widgets             no front end\n      fix: pip install it" in printed
    assert printed.endswith("1 failed, 0 with a warning.\n")


def test_the_command_prints_json_for_programs(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda folder: Report((Check("disk", "ok", "plenty"),)))
    assert doctor.main(["--json"]) == 0
    expected = [{"subject": "disk", "status": "ok", "found": "plenty", "fix": ""}]
    assert json.loads(capsys.readouterr().out) == {"ok": True, "checks": expected}


def test_the_repr_says_what_comes_next():
    assert repr(Report((Check("disk", "ok", "plenty"),))) == (
        "Report(1 checks. All is well. print(report) shows each, .frame() as a table.)"
    )


def test_a_look_that_breaks_down_is_a_failed_check_of_its_own():
    def look():
        yield Check("a", "ok", "well")
        raise RuntimeError("boom")

    first, second = doctor._safely("thing", look)
    assert first.status == "ok"
    assert (second.subject, second.status, second.found) == (
        "thing",
        "fail",
        "could not be looked at: RuntimeError: boom",
    )


def test_python_dash_m_runs_it_without_loading_tables_or_frameworks_first():
    code = """
import sys
from dltoolkit.cli import main
from dltoolkit import doctor
doctor.examine = lambda folder: sys.exit(len({"pandas", "numpy", "tensorflow"} & set(sys.modules)))
main(["doctor"])
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Packages


def test_a_package_that_is_missing_is_named_with_the_line_that_installs_it(monkeypatch):
    check = _packages._package("no-such-package", SpecifierSet(">=1"))
    assert (check.status, check.found, check.fix) == (
        "fail",
        "not installed",
        'pip install "no-such-package>=1"',
    )


@pytest.mark.parametrize(
    ("version", "status"),
    [("3.1.1", "ok"), ("3.1.9", "ok"), ("3.4.0", "warn"), ("2.3.3", "fail"), ("4.0", "fail")],
)
def test_a_version_fails_outside_the_range_and_warns_away_from_the_tested_one(monkeypatch, version, status):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    check = _packages._package("pandas", SpecifierSet(">=3.0,<4"))
    assert check.status == status
    assert ('pip install "pandas==3.1.1"' in check.fix) == (status != "ok")


def test_without_an_installed_package_it_says_how_to_install_and_still_looks_at_the_others(monkeypatch):
    def nothing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", nothing)
    first, *others = _packages.packages()
    assert (first.subject, first.status) == ("dltoolkit", "fail")
    assert [check.subject for check in others] == list(_packages.TESTED)


def test_a_damaged_and_a_missing_table_are_named_and_the_others_are_still_looked_at(monkeypatch, tmp_path):
    tables = shutil.copytree(_catalogue.TABLES, tmp_path / "tables")
    (tables / "ames.parquet").unlink()
    content = bytearray((tables / "churn.parquet").read_bytes())
    content[1000] ^= 1
    (tables / "churn.parquet").write_bytes(content)
    monkeypatch.setattr(_catalogue, "TABLES", tables)
    found = {check.subject: check for check in _packages.catalogue()}
    assert {name for name, check in found.items() if check.status == "fail"} == {"table ames", "table churn"}
    assert "damaged" in found["table churn"].found
    assert found["table penguins"].status == "ok"


# The machine


@pytest.mark.parametrize(("version", "status"), [((3, 10), "fail"), ((3, 12), "ok"), ((3, 14), "warn")])
def test_a_python_without_tensorflow_wheels_is_named(monkeypatch, version, status):
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    assert only(_machine.python()).status == status


@pytest.mark.parametrize(("free", "status"), [(0.1e9, "fail"), (0.5e9, "warn"), (50e9, "ok")])
def test_little_disk_is_a_warning_and_almost_none_a_failure(monkeypatch, tmp_path, free, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: types.SimpleNamespace(free=free))
    check = only(_machine.disk(tmp_path / "not" / "yet"))
    assert check.status == status
    assert str(tmp_path) in check.found


def test_memory_is_held_against_the_containers_limit(monkeypatch):
    monkeypatch.setattr(_machine, "_container_limits", lambda: iter([int(0.5e9)]))
    check = only(_machine.memory())
    assert check.status == "fail"
    assert "of 0.5 GB" in check.found


def test_a_folder_that_cannot_be_written_is_a_failure(tmp_path):
    folder, temporary = _machine.writable(tmp_path / "absent")
    assert (folder.status, temporary.status) == ("fail", "ok")


# JupyterLab


def test_a_missing_front_end_is_a_failure_with_the_line_that_brings_it(monkeypatch):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [])
    check = only(_jupyter.widgets())
    assert check.status == "fail"
    assert check.fix.startswith('pip install --force-reinstall "jupyterlab_widgets')


def test_a_front_end_of_another_generation_is_a_failure(monkeypatch, tmp_path):
    manifest = tmp_path / _jupyter.FRONT_END / "package.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"version": "3.1.0"}')
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path)])
    assert "front end 3.1.0 does not speak" in only(_jupyter.widgets()).found


@pytest.mark.parametrize(
    ("setting", "disabled"),
    [
        ({_jupyter.FRONT_END: True}, True),
        ({_jupyter.FRONT_END: False}, False),
        ([_jupyter.FRONT_END], True),
        ({}, False),
    ],
)
def test_a_front_end_that_is_switched_off_is_found(tmp_path, setting, disabled):
    file = tmp_path / "labconfig" / "page_config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"disabledExtensions": setting}))
    assert _jupyter._disabled([pathlib.Path(tmp_path / "none"), tmp_path]) is disabled


def test_a_kernel_of_another_python_is_a_warning(monkeypatch):
    spec = types.SimpleNamespace(argv=["/opt/other/bin/python", "-m", "ipykernel_launcher"])
    monkeypatch.setattr(
        "jupyter_client.kernelspec.KernelSpecManager.get_kernel_spec", lambda self, name: spec
    )
    check = only(_jupyter.kernel())
    assert check.status == "warn"
    assert check.found == "notebooks start /opt/other/bin/python, which is not this Python"


# TensorFlow and graphics cards


def test_a_tensorflow_that_does_not_start_is_a_failure_with_its_last_words():
    check = only(_tensorflow.tensorflow(finished(1, err="Traceback\nImportError: no libfoo")))
    assert check.status == "fail"
    assert check.found == "no: exit code 1: ImportError: no libfoo"
    assert 'pip install --force-reinstall "tensorflow==' in check.fix


def test_a_processor_without_avx_is_told_from_other_crashes():
    assert "AVX" in only(_tensorflow.tensorflow(finished(-4))).fix


def test_another_keras_backend_is_a_failure():
    answer = json.dumps({"backend": "jax", "gpus": [], "total": 4.0})
    found = {check.subject: check for check in _tensorflow.tensorflow(finished(out=answer))}
    assert (found["keras backend"].status, "KERAS_BACKEND" in found["keras backend"].fix) == ("fail", True)


def test_a_card_that_tensorflow_sees_is_shown(monkeypatch):
    assert _tensorflow.graphics_card(["NVIDIA H200"], ["NVIDIA H200"]) == Check("gpu", "ok", "NVIDIA H200")


@pytest.mark.parametrize(
    ("hidden", "system", "fix"),
    [(None, "Linux", "and-cuda"), ("-1", "Linux", "Unset CUDA_VISIBLE_DEVICES"), (None, "Windows", "WSL2")],
)
def test_a_card_that_tensorflow_does_not_see_has_the_fix_for_its_cause(monkeypatch, hidden, system, fix):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    monkeypatch.setattr(_tensorflow.platform, "system", lambda: system)
    check = _tensorflow.graphics_card([], ["NVIDIA H200"])
    assert (check.status, fix in check.fix) == ("warn", True)


def test_the_driver_is_asked_for_its_cards(monkeypatch, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho NVIDIA T4\necho NVIDIA T4\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _tensorflow._nvidia_cards() == ["NVIDIA T4", "NVIDIA T4"]
