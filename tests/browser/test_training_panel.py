"""Notebook 08 in a real browser: drag a slider, press Train, see the curve move, press Stop; the kernel stays alive."""

import contextlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
NOTEBOOK = REPOSITORY / "notebooks" / "08-train.ipynb"
CHROMIUM = os.environ.get("DLTOOLKIT_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PANEL = ".dlt-panel"
# Written by the kernel only: it stands in no source cell as it is.
ANSWER = "kernel answers 1764"

playwright = pytest.importorskip("playwright.sync_api", reason="BROWSER TEST NOT RUN: pip install playwright")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="BROWSER TEST NOT RUN: no Chromium. Install Debian's chromium, or set DLTOOLKIT_CHROMIUM to one.",
    ),
]


def write_settings(folder: pathlib.Path, theme: str) -> None:
    """JupyterLab without news and pop-ups, with every cell attached to the page."""
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "apputils-extension/themes": {"theme": theme},
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for name, content in settings.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


@contextlib.contextmanager
def jupyterlab(folder: pathlib.Path, theme: str = "JupyterLab Light"):
    """JupyterLab on `folder`, on a free port of this machine only; yields its address, ends every process."""
    private = folder / ".lab"
    write_settings(private / "settings", theme)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": token,
        "LabApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    folders = {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    folders |= {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    folders |= {"IPYTHONDIR": "ipython"}
    environment = {
        **os.environ,
        **{name: str(private / path) for name, path in folders.items()},
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])),
        "DLTOOLKIT_FAST": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
    }
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with open(private / "log.txt", "w") as log:
        server = subprocess.Popen(
            command + as_root, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for_server(f"http://127.0.0.1:{port}/api?token={token}", server, private / "log.txt")
            yield f"http://127.0.0.1:{port}", token
        finally:
            end(server)


def wait_for_server(address: str, server: subprocess.Popen, log: pathlib.Path) -> None:
    """Return once the server answers; fail with its log when it ends or takes a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(address, timeout=5),
        ):
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def end(server: subprocess.Popen) -> None:
    """End the server and its kernels, and be sure of it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]
        server.send_signal(signal.SIGTERM)
        alive = psutil.wait_procs(family, timeout=8)[1]
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=5)
    server.wait(timeout=5)


@contextlib.contextmanager
def opened(address: tuple[str, str], notebook: str, *, width: int = 1280, height: int = 1000):
    """A notebook open in Chromium, all cells run; yields the page."""
    server, token = address
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(30_000)
            page.goto(f"{server}/lab/tree/{notebook}?token={token}")
            page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext", timeout=60_000)
            wait_until_idle(page)
            page.evaluate("void jupyterapp.commands.execute('runmenu:run-all')")
            yield page
        finally:
            browser.close()


def wait_until_idle(page) -> None:
    """The kernel answers and has nothing to do."""
    page.wait_for_function(
        "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'", timeout=120_000
    )


def knob(page, label: str):
    """The control with that label."""
    return page.locator(f"{PANEL} .jupyter-widgets", has=page.locator(f"label:text-is('{label}')")).last


def ask_kernel(page) -> str:
    """What the kernel prints for a small sum, asked past the notebook."""
    return page.evaluate(
        """async () => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({code: "print('kernel answers', 42 ** 2)", store_history: false});
            let said = "";
            future.onIOPub = m => { if (m.header.msg_type === "stream") said += m.content.text; };
            await future.done;
            return said.trim();
        }"""
    )


@pytest.fixture
def page(tmp_path):
    """Notebook 08, open and run."""
    shutil.copy(NOTEBOOK, tmp_path)
    with jupyterlab(tmp_path) as address, opened(address, "08-train.ipynb") as opened_page:
        yield opened_page


def test_a_reader_drags_a_slider_trains_watches_and_stops(page):
    panel = page.locator(PANEL).first
    panel.wait_for(timeout=240_000)
    wait_until_idle(page)
    panel.scroll_into_view_if_needed()
    assert panel.get_by_text("javascript error").count() == 0

    rate = knob(page, "Learning rate")
    before = rate.locator(".widget-readout").inner_text()
    box = rate.locator(".widget-slider .noUi-handle, .noUi-handle").first.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 60, middle[1], steps=6)
    page.mouse.up()
    playwright.expect(rate.locator(".widget-readout")).not_to_have_text(before)

    panel.get_by_role("checkbox").uncheck()
    epochs = knob(page, "Epochs at most")
    epochs.locator(".noUi-handle").press("End")
    playwright.expect(epochs.locator(".widget-readout")).to_have_text("200")

    curve = panel.locator("img").first
    blank = curve.get_attribute("src")
    panel.get_by_role("button", name="Train").click()
    page.wait_for_function("([e, s]) => e.src !== s", arg=[curve.element_handle(), blank], timeout=60_000)
    early = curve.get_attribute("src")
    page.wait_for_function("([e, s]) => e.src !== s", arg=[curve.element_handle(), early], timeout=30_000)

    stop = panel.get_by_role("button", name="Stop")
    playwright.expect(stop).to_be_enabled()
    stop.click()
    playwright.expect(panel.get_by_role("status").first).to_contain_text("stopped", timeout=30_000)
    playwright.expect(panel.get_by_role("button", name="Train")).to_be_enabled()

    wait_until_idle(page)
    assert ask_kernel(page) == ANSWER
