"""Execute notebooks, each in a fresh kernel and in a copy of its folder, so that none sees what another left.

    python tools/run_notebooks.py [--full] [--parallel 2] [--out build/notebooks] [notebook ...]

Without names it takes every notebook in ``notebooks/``. The fast setting (``DLTOOLKIT_FAST=1``: fewer rows, epochs and trials)
is the default, and there is no network for them. What fails is printed with its notebook, cell and traceback.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time

import nbclient
import nbformat
import zmq

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "notebooks"
CELL_SECONDS = 600
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NOWHERE = "http://127.0.0.1:9"  # the discard port: whoever wants to download is refused at once


class NotebookError(Exception):
    """A cell failed; the message names notebook and cell, and holds the traceback."""


def main(arguments: list[str]) -> int:
    """Execute notebooks side by side; returns 1 when one has failed."""
    parser = argparse.ArgumentParser(description="Execute notebooks in fresh kernels, from a copy.")
    parser.add_argument(
        "--full", action="store_true", help="as a reader runs them, instead of the fast setting"
    )
    parser.add_argument("--parallel", type=int, default=2, help="how many at a time (default: 2)")
    parser.add_argument("--out", type=pathlib.Path, help="keep the executed copies in this folder")
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path)
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(FOLDER.glob("*.ipynb"))
    start = time.perf_counter()
    threads = "1" if options.parallel > 1 else None
    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        tasks = [
            pool.submit(execute, path, fast=not options.full, threads=threads, out=options.out)
            for path in paths
        ]
        failed = sum(not told(path, task) for path, task in zip(paths, tasks, strict=True))
    print(f"{len(paths) - failed} notebooks passed, {failed} failed in {time.perf_counter() - start:.0f} s")
    return 1 if failed else 0


def told(path: pathlib.Path, task: "concurrent.futures.Future[float]") -> bool:
    """Print how a notebook went; returns whether it went well."""
    try:
        print(f"ok      {path.stem:<34} {task.result():5.0f} s", flush=True)
    except NotebookError as error:
        print(f"FAILED  {path.stem}\n{error}", flush=True)
        return False
    return True


def execute(
    path: pathlib.Path, *, fast: bool = True, threads: str | None = "1", out: pathlib.Path | None = None
) -> float:
    """Execute one notebook in a copy of its folder.

    Args:
        path: The notebook.
        fast: Whether to use the fast setting. Defaults to True.
        threads: How many threads TensorFlow may use, None for all. Defaults to one.
        out: Folder for the executed copy. Defaults to none is kept.

    Returns:
        float: Seconds it took.

    Raises:
        NotebookError: If a cell fails, or takes more than 10 minutes.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="dltoolkit-", ignore_cleanup_errors=True) as temporary:
        folder = pathlib.Path(temporary, "notebooks")
        shutil.copytree(path.parent, folder, ignore=shutil.ignore_patterns("projects", ".ipynb_checkpoints"))
        notebook = nbformat.read(folder / path.name, as_version=4)
        client = nbclient.NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(folder)}},
            kernel_name="python3",
        )
        with explained(path, notebook), kept(path, notebook, out):
            asyncio.run(ran(client, environment(fast, threads)))  # .execute() leaves event loops open
    return time.perf_counter() - start


async def ran(client: nbclient.NotebookClient, variables: dict[str, str]) -> None:
    """Execute, and look at the sockets once a second, which wakes who waits for a message that is already there.

    pyzmq's asyncio sockets now and then sleep over an arrival; the kernel and nbclient then wait for each other until
    the cell's time is up (one run in ten was seen to, for ten minutes). To read a socket's events hands them on.
    """

    async def look() -> None:
        while True:
            await asyncio.sleep(1)
            if client.kc is not None and client.kc.channels_running:
                for channel in (client.kc.shell_channel, client.kc.iopub_channel):
                    channel.socket.get(zmq.EVENTS)

    looking = asyncio.create_task(look())
    try:
        await client.async_execute(env=variables)
    finally:
        looking.cancel()


def environment(fast: bool, threads: str | None) -> dict[str, str]:
    """The kernel's environment."""
    result = {
        name: value for name, value in os.environ.items() if name not in ("DLTOOLKIT_FAST", "MPLBACKEND")
    }
    result |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    result["no_proxy"] = result["NO_PROXY"] = "localhost,127.0.0.1"
    if fast:
        result["DLTOOLKIT_FAST"] = "1"
    if threads:
        names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
        result |= dict.fromkeys(names, threads)
    return result


@contextlib.contextmanager
def explained(path: pathlib.Path, notebook: nbformat.NotebookNode):
    """Turn what nbclient raises into one message with notebook, cell number and traceback."""
    try:
        yield
    except (
        nbclient.exceptions.CellControlSignal,
        nbclient.exceptions.DeadKernelError,
        TimeoutError,
    ) as error:
        number, source = culprit(notebook)
        said = COLOUR.sub("", getattr(error, "traceback", "") or str(error)).strip()
        raise NotebookError(f"{path.name}, cell {number}:\n{source}\n{said}") from None


def culprit(notebook: nbformat.NotebookNode) -> tuple[int, str]:
    """The cell at which the run ended, counted from 1 over all cells, and its source."""
    ran = 1
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and "execution" in cell.metadata:
            ran = number
            if any(output.output_type == "error" for output in cell.outputs):
                break
    return ran, notebook.cells[ran - 1].source


@contextlib.contextmanager
def kept(path: pathlib.Path, notebook: nbformat.NotebookNode, out: pathlib.Path | None):
    """Keep the copy, executed as far as it came."""
    try:
        yield
    finally:
        if out:
            out.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, out / path.name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
