"""One of the processes that ``dltoolkit launch`` starts: ``python -m dltoolkit.training._hosts script.py``."""

import functools
import importlib
import os
import pathlib
import runpy
import sys
import traceback
from typing import Any

ADDRESSES = "KERAS_DISTRIBUTION_JOB_ADDRESSES"
LOOPBACK = ("127.0.0.1", "localhost")
HEARTBEAT = 20  # seconds without a sign of life after which a process is lost; JAX itself waits for 100


def join() -> None:
    """Meet the other processes that the environment names. JAX must not have computed anything yet."""
    jax: Any = importlib.import_module("jax")
    addresses = os.environ[ADDRESSES].split(",")
    here = all(address.rpartition(":")[0] in LOOPBACK for address in addresses)
    slow = jax.distributed.initialize
    # Keras hands on neither how long a silence is borne, nor which network is listened on.
    jax.distributed.initialize = functools.partial(
        slow,
        heartbeat_timeout_seconds=HEARTBEAT,
        shutdown_timeout_seconds=HEARTBEAT,
        coordinator_bind_address=addresses[0] if here else None,
    )
    try:
        importlib.import_module("dltoolkit._keras").keras.distribution.initialize()
    finally:
        jax.distributed.initialize = slow


def _main() -> None:
    join()
    sys.argv = sys.argv[1:]
    sys.path[0] = str(pathlib.Path(sys.argv[0]).resolve().parent)  # as Python does for a script
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except BaseException as error:
        if isinstance(error, SystemExit) and not error.code:
            raise
        # Python's own way out would wait for the other processes, which wait for this one.
        traceback.print_exception(error)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    _main()
