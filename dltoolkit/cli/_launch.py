"""``dltoolkit launch``: the same script in several processes, which share each batch of what `training.fit` trains."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple

from dltoolkit._checks import check_number, complaint, stop
from dltoolkit._optional import needed

LOOPBACK = ("127.0.0.1", "localhost")
GRACE = 10  # seconds that the others have to end by themselves
POLL = 0.1  # seconds
TOLD = 2_000  # characters of what a process said last
_ADDRESSES, _COUNT, _RANK = (
    f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")
)
CURE = "Start it again the same way: with checkpoints= and resume=True a training goes on from its last whole epoch."


class Job(NamedTuple):
    """Where the processes run, and which of them are started here.

    Attributes:
        addresses: ``host:port`` of each; the first one's is where they meet.
        ranks: Their places among the addresses.
    """

    addresses: list[str]
    ranks: list[int]


def plan(processes: int | None, hosts: str | None, rank: int | None) -> Job:
    """What is to be started.

    Args:
        processes: How many on this machine, at least 1; None where `hosts` are given.
        hosts: Addresses ``host:port`` with commas between them; None where `processes` is given.
        rank: Which of the hosts this is, from 0; None where all of them are this machine.

    Raises:
        InputError: If an argument is missing, too much, or out of its range.
    """
    if (processes is None) == (hosts is None):
        cure = "--processes 2 starts two on this machine; --hosts a:1234,b:1234 --rank 0 starts the first of two hosts."
        stop([complaint("launch", "either --processes or --hosts", "both" if hosts else "neither", cure)])
    if hosts is None:
        check_number(processes, "--processes", low=1, whole=True)
        return Job([f"{LOOPBACK[0]}:{_free_port()}"] * int(processes or 1), list(range(int(processes or 1))))
    addresses = [address.strip() for address in hosts.split(",")]
    wrong = [a for a in addresses if not a.rpartition(":")[0] or not a.rpartition(":")[2].isdigit()]
    stop([complaint("--hosts", "host:port for each, such as 10.0.0.1:1234", repr(a)) for a in wrong])
    if rank is not None:
        check_number(rank, "--rank", low=0, high=len(addresses) - 1, whole=True)
        return Job(addresses, [int(rank)])
    if not all(_here(address) for address in addresses):
        expected = f"which of the {len(addresses)} hosts this is, from 0"
        stop([complaint("--rank", expected, "none", "Start the same line on each host, with its own rank.")])
    return Job(addresses, list(range(len(addresses))))


def launch(job: Job, script: str, arguments: Sequence[str]) -> None:
    """Run a script in the processes of a job that are started here, and wait for them.

    Only what the first process prints is shown. Where one is lost the others are ended.

    Args:
        job: From `plan`.
        script: Path of a Python script.
        arguments: Its own.

    Raises:
        InputError: If there is no such script.
        ImportError: If JAX is not installed.
        RuntimeError: If a process ends with an error or is lost; it is named, with what it said last.
    """
    if not pathlib.Path(script).is_file():
        stop([complaint("script", "a Python script", f"{script}, which is no file")])
    needed("jax", extra="scale", work="dltoolkit launch")
    with tempfile.TemporaryDirectory() as folder:
        logs = [pathlib.Path(folder) / f"{rank}.txt" for rank in job.ranks]
        started = [
            _start(job, rank, log, [script, *arguments]) for rank, log in zip(job.ranks, logs, strict=True)
        ]
        try:
            _wait(job, started, logs)
        finally:
            _end(started)


def _start(job: Job, rank: int, log: pathlib.Path, line: list[str]) -> subprocess.Popen[bytes]:
    own = {_ADDRESSES: ",".join(job.addresses), _COUNT: str(len(job.addresses)), _RANK: str(rank)}
    command = [sys.executable, "-m", "dltoolkit.training._hosts", *line]
    environment = {**os.environ, **own, "KERAS_BACKEND": "jax"}
    with open(log, "wb") as told:
        silent = {} if rank == 0 else {"stdout": told, "stderr": told}
        return subprocess.Popen(command, env=environment, **silent)  # type: ignore[call-overload, no-any-return]


def _wait(job: Job, started: list[subprocess.Popen[bytes]], logs: list[pathlib.Path]) -> None:
    while True:
        codes = [process.poll() for process in started]
        for bad, code in ((i, code) for i, code in enumerate(codes) if code):
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else "ended with an error"
            said = logs[bad].read_text(errors="replace").strip()[-TOLD:]
            raise RuntimeError(
                f"process {job.ranks[bad]} of {len(job.addresses)} {how}, and all of them with it. {CURE}"
                + (f"\nIt said last:\n{said}" if said else "")
            )
        if all(code == 0 for code in codes):
            return
        time.sleep(POLL)


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    """Ask those that still run to end, and make them."""
    for process in started:
        if process.poll() is None:
            process.terminate()
    for process in started:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _here(address: str) -> bool:
    return address.rpartition(":")[0] in LOOPBACK


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK[0], 0))
        return int(found.getsockname()[1])
