"""How JupyterLab is started: on this machine alone, as root only where that is so, and what the caller adds wins."""

import json

import lab


def test_it_listens_on_the_loopback_and_opens_the_notebooks():
    line = lab.command([], root=False, desktop=True)
    assert "--ServerApp.ip=127.0.0.1" in line
    assert f"--ServerApp.root_dir={lab.NOTEBOOKS}" in line
    assert not {"--allow-root", "--no-browser"} & set(line)


def test_root_and_a_missing_desktop_are_allowed_for_only_where_they_are():
    assert "--allow-root" in lab.command([], root=True, desktop=True)
    assert "--no-browser" in lab.command([], root=False, desktop=False)


def test_what_the_caller_adds_comes_last():
    assert lab.command(["--port", "9000"], root=True, desktop=False)[-2:] == ["--port", "9000"]


def test_it_does_not_ask_for_news_from_the_network():
    folder = lab.environment()["JUPYTER_CONFIG_PATH"].split(lab.os.pathsep)[0]
    settings = json.loads((lab.pathlib.Path(folder) / "labconfig" / "page_config.json").read_text())
    assert settings["disabledExtensions"]["@jupyterlab/apputils-extension:announcements"] is True
