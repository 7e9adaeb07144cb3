"""dltoolkit launch: processes on loopback train as one, and none waits for one that is lost."""

import os
import pathlib
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from dltoolkit import training
from dltoolkit._checks import InputError
from dltoolkit.cli import _launch, main

pytest.importorskip("jax")
SCRIPT = str(pathlib.Path(__file__).with_name("launched.py"))
EPOCHS = 5


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def launch(*arguments):
    return start("-m", "dltoolkit", "launch", *arguments)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def weights(folder, rank=0):
    with np.load(folder / f"{rank}.npz") as found:
        return list(found.values())


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """Two hosts, of which one is killed; then the same line again. Beside it, one process alone."""
    folder, alone = tmp_path_factory.mktemp("two"), tmp_path_factory.mktemp("one")
    single = start(SCRIPT, alone, EPOCHS, KERAS_BACKEND="jax")
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{free_port()}"
    first, second = (launch("--hosts", hosts, "--rank", rank, SCRIPT, folder, EPOCHS) for rank in (0, 1))
    killed = second.communicate(timeout=300)[1]
    began = time.perf_counter()
    left = first.communicate(timeout=300)[1]
    seconds = time.perf_counter() - began
    again = launch("--processes", 2, SCRIPT, folder, EPOCHS)
    told = again.communicate(timeout=300)
    errors = single.communicate(timeout=300)[1]
    assert single.returncode == 0, errors[-3000:]
    assert again.returncode == 0, told[1][-3000:]
    return {
        "folders": (folder, alone),
        "killed": (second.returncode, killed),
        "left": (first.returncode, left, seconds),
        "told": told[0],
    }


def test_a_lost_process_ends_the_others_within_a_minute_with_a_clear_error(lost):
    code, said, seconds = lost["left"]
    assert code == 1
    assert seconds < 60
    assert "One of the 2 processes that train together was lost" in said
    assert "process 0 of 2 ended with an error" in said
    code, said = lost["killed"]
    assert code == 1
    assert "process 1 of 2 was ended by SIGKILL" in said
    assert "with checkpoints= and resume=True a training goes on from its last whole epoch" in said


def test_a_resumed_launch_comes_to_the_same_weights_on_both_and_to_those_of_one_process(lost):
    """The same global batch of 24 rows, whether one process computes it or two its halves."""
    folder, alone = lost["folders"]
    for first, second, single in zip(weights(folder), weights(folder, 1), weights(alone), strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, single, atol=1e-5)


def test_only_the_first_process_prints_and_writes_the_run(lost):
    lines = [line for line in lost["told"].splitlines() if line.startswith("process")]
    assert len(lines) == 1
    assert lines[0].startswith("process 0 first ['cpu:0',")
    run = training.load(lost["folders"][0] / "run")
    assert len(run.history) == EPOCHS


def test_what_a_process_said_last_is_told_when_it_fails(tmp_path):
    script = tmp_path / "broken.py"
    script.write_text(
        "import os\nassert os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '0', 'not the first one'\n"
    )
    job = _launch.plan(2, None, None)
    with pytest.raises(RuntimeError, match=r"(?s)process 1 of 2 ended with an error.*not the first one"):
        _launch.launch(job, str(script), [])


WRONG = {
    "neither": (["x.py"], "launch: expected either --processes or --hosts, got neither"),
    "both": (
        ["--processes", "2", "--hosts", "a:1,b:1", "x.py"],
        "expected either --processes or --hosts, got both",
    ),
    "no process": (["--processes", "0", "x.py"], "--processes: expected a whole number"),
    "no port": (
        ["--hosts", "a:1,b", "x.py"],
        "--hosts: expected host:port for each, such as 10.0.0.1:1234, got 'b'",
    ),
    "no rank": (
        ["--hosts", "a:1,b:1", "x.py"],
        "--rank: expected which of the 2 hosts this is, from 0, got none",
    ),
    "a rank too high": (["--hosts", "a:1,b:1", "--rank", "2", "x.py"], "--rank: expected a whole number"),
    "no script": (["--processes", "1", "no-such.py"], "script: expected a Python script, got no-such.py"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_launch_that_cannot_be_is_refused(case, capsys):
    arguments, message = WRONG[case]
    assert main(["launch", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_nothing_is_heard_from_outside_unless_hosts_are_given():
    assert all(address.startswith("127.0.0.1:") for address in _launch.plan(3, None, None).addresses)
    with pytest.raises(InputError, match="--rank"):
        _launch.plan(None, "10.0.0.1:1,10.0.0.2:1", None)
