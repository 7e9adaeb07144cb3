"""One writer at a time: a lock that the operating system lets go of when its holder ends, however it ends."""

import contextlib
import os
import pathlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import IO

from dltoolkit._checks import complaint

NAME = ".lock"
PATIENCE = 10.0  # seconds that a writer waits for another one; most writes take less than one
_PAUSE = 0.05

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lock:
    """A folder's lock; the thread that holds it may take it again.

    Args:
        folder: The folder. It is made when it is first locked.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._own = threading.RLock()
        self._depth = 0

    @contextlib.contextmanager
    def held(self, patience: float = PATIENCE) -> Iterator[None]:
        """Hold the lock.

        Args:
            patience: Seconds to wait for another writer. Defaults to 10.

        Raises:
            TimeoutError: If another thread or process held it all the while.
        """
        if not self._own.acquire(timeout=patience):
            raise TimeoutError(self._busy("another thread of this process"))
        self._depth += 1
        try:
            with contextlib.nullcontext() if self._depth > 1 else self._file(patience):
                yield
        finally:
            self._depth -= 1
            self._own.release()

    @contextlib.contextmanager
    def _file(self, patience: float) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._folder / NAME, "a+", encoding="utf-8") as file:
            self._wait(file, patience)
            file.truncate(0)
            file.write(f"process {os.getpid()}\n")
            file.flush()
            yield

    def _wait(self, file: IO[str], patience: float) -> None:
        end = time.monotonic() + patience
        while True:
            try:
                return _take(file)
            except OSError as error:
                if time.monotonic() > end:
                    file.seek(0)
                    raise TimeoutError(self._busy(file.readline().strip() or "another process")) from error
            time.sleep(_PAUSE)

    def _busy(self, holder: str) -> str:
        cure = "Wait until it is done, or stop that notebook or program."
        return complaint(f"project {self._folder}", "nobody else to write", f"{holder} at work in it", cure)
