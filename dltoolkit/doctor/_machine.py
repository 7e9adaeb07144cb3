"""The machine: interpreter, memory, disk, and the folder where projects are going to be kept."""

import contextlib
import pathlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator

from dltoolkit.doctor._report import FAIL, OK, WARN, Check

GB = 1e9
PYTHONS = (
    (3, 11),
    (3, 13),
)  # what TensorFlow 2.21 has wheels for, on https://pypi.org/project/tensorflow/2.21.0
MEMORY_FAIL, MEMORY_WARN = (
    1 * GB,
    3 * GB,
)  # importing TensorFlow takes 0.7 GB; a whole run on the flights table, 2 GB
DISK_FAIL, DISK_WARN = (
    0.2 * GB,
    1 * GB,
)  # a project folder takes 1 to 50 MB; a search of a hundred trials, 0.5 GB


def python() -> Iterator[Check]:
    """The interpreter: TensorFlow has wheels for some versions only."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    low, high = ("{}.{}".format(*version) for version in PYTHONS)
    fix = f"Use a Python from {low} to {high}."
    if sys.version_info[:2] < PYTHONS[0]:
        yield Check("python", FAIL, found, fix)
    elif sys.version_info[:2] > PYTHONS[1]:
        yield Check("python", WARN, f"{found}, newer than any this was tested on", fix)
    else:
        yield Check("python", OK, found)


def memory() -> Iterator[Check]:
    """The memory that is free, within the container's limit if there is one."""
    import psutil

    now = psutil.virtual_memory()
    total = min([now.total, *_container_limits()])
    available = min(now.available, total)
    found = f"{available / GB:.1f} GB free of {total / GB:.1f} GB"
    fix = "Close other programs, shut down idle notebook kernels, or work on a sample of the rows."
    yield _level("memory", available, MEMORY_FAIL, warn=MEMORY_WARN, found=found, fix=fix)


def _container_limits() -> Iterator[int]:
    """Memory limits of a control group, in bytes, version 2 and version 1."""
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # no such group, or "max": no limit
            yield int(pathlib.Path(file).read_text(encoding="ascii"))


def disk(folder: pathlib.Path) -> Iterator[Check]:
    """The space that is free where projects are going to be kept."""
    place = next(p for p in (folder.resolve(), *folder.resolve().parents) if p.exists())
    free = shutil.disk_usage(place).free
    fix = "Free some space, or keep your projects on another disk."
    found = f"{free / GB:.1f} GB free at {place}"
    yield _level("disk", free, DISK_FAIL, warn=DISK_WARN, found=found, fix=fix)


def _level(subject: str, value: float, fail: float, *, warn: float, found: str, fix: str) -> Check:
    status = FAIL if value < fail else WARN if value < warn else OK
    return Check(subject, status, found, "" if status == OK else fix)


def writable(folder: pathlib.Path) -> Iterator[Check]:
    """Whether a file can be written where projects are going to be kept, and where temporary files go."""
    for subject, place in (("project folder", folder.resolve()), ("temporary folder", None)):
        try:
            with tempfile.TemporaryFile(dir=place) as file:
                file.write(b"0" * 4096)
            yield Check(subject, OK, f"{place or tempfile.gettempdir()} can be written")
        except OSError as error:
            fix = "Make it, ask for permission to write there, or choose another folder."
            yield Check(subject, FAIL, f"cannot be written: {error}", fix)
