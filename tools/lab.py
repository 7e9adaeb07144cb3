"""Open JupyterLab in ``notebooks/``, on this machine alone. Arguments are handed on to JupyterLab.

python tools/lab.py --port 9000
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
FIRST = "00-start-here.ipynb"


def command(arguments: list[str], *, root: bool, desktop: bool) -> list[str]:
    """The command line that starts JupyterLab.

    Args:
        arguments: What the caller adds; it wins over what stands here.
        root: Whether the user is root, for whom Jupyter wants to be told that this is meant.
        desktop: Whether there is a desktop on which a browser can open.

    Returns:
        list[str]: Program and arguments.
    """
    line = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--log-level=WARN",  # what is left is the address, and what goes wrong
        f"--ServerApp.root_dir={NOTEBOOKS}",
        "--ServerApp.ip=127.0.0.1",
    ]
    if (NOTEBOOKS / FIRST).exists():
        line.append(f"--LabApp.default_url=/lab/tree/{FIRST}")
    if root:
        line.append("--allow-root")
    if not desktop:
        line.append("--no-browser")
    return line + arguments


def environment() -> dict[str, str]:
    """The environment with the settings of ``tools/jupyter`` in it: no question for news from the network."""
    paths = [str(ROOT / "tools" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(path for path in paths if path)}


def main(arguments: list[str]) -> int:
    """Run JupyterLab until it is stopped with Ctrl-C; returns its exit code."""
    NOTEBOOKS.mkdir(exist_ok=True)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    desktop = sys.platform in ("darwin", "win32") or any(
        n in os.environ for n in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    print(f"JupyterLab opens {NOTEBOOKS}. Its address stands below; Ctrl-C twice ends it.", flush=True)
    lab = subprocess.Popen(command(arguments, root=root, desktop=desktop), env=environment())
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:  # JupyterLab has got it too: it asks, and shuts its kernels down
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
