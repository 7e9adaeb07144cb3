"""One writer at a time."""

import subprocess
import sys
import threading
import time

import pytest

from dltoolkit.project._lock import NAME, Lock

HOLD = """
import pathlib, sys, time
from dltoolkit.project._lock import Lock
with Lock(pathlib.Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `tmp_path`."""
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def test_the_holder_may_take_it_again(tmp_path):
    lock = Lock(tmp_path)
    with lock.held(), lock.held():
        pass
    with lock.held():
        pass


def test_another_process_is_named(tmp_path, holder):
    lock = Lock(tmp_path).held(patience=0.1)
    with pytest.raises(TimeoutError, match=rf"nobody else to write, got process {holder.pid} at work"), lock:
        pass


def test_a_killed_holder_lets_go(tmp_path, holder):
    holder.kill()
    holder.wait()
    with Lock(tmp_path).held(patience=0):
        assert (tmp_path / NAME).is_file()


def test_another_thread_waits(tmp_path):
    lock, order = Lock(tmp_path), []

    def second():
        with lock.held():
            order.append("second")

    with lock.held():
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_another_thread_that_waits_in_vain_is_told(tmp_path):
    lock, told = Lock(tmp_path), []

    def second():
        try:
            with lock.held(patience=0.05):
                pass
        except TimeoutError as error:
            told.append(str(error))

    with lock.held():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "another thread of this process" in told[0]
