"""TensorFlow and Keras: do they start and calculate, and which graphics cards do they see?"""

import contextlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence

from dltoolkit.doctor._packages import TESTED
from dltoolkit.doctor._report import FAIL, OK, WARN, Check

TENSORFLOW_SECONDS = 120  # it starts in 5; a machine under load takes longer
PROBE = """
import json, keras, tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
total = float(tf.reduce_sum(tf.ones((2, 2))))
print(json.dumps({"backend": keras.backend.backend(), "gpus": names, "total": total}))
"""


@contextlib.contextmanager
def started() -> Iterator[Callable[[], subprocess.CompletedProcess[str]]]:
    """Start the probe in a process of its own: an import that crashes must not take the doctor with it."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", PROBE]
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        subprocess.Popen(command, stdout=out, stderr=err, env=environment) as process,
    ):

        def answer() -> subprocess.CompletedProcess[str]:
            code = process.wait(TENSORFLOW_SECONDS)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())

        try:
            yield answer
        finally:
            process.kill()


def tensorflow(probe: subprocess.CompletedProcess[str]) -> Iterator[Check]:
    """Whether TensorFlow and Keras start and calculate, and which graphics cards they see.

    Args:
        probe: The finished process that ran `PROBE`.

    Yields:
        Check: One for TensorFlow, one for Keras, one for the graphics card.
    """
    if probe.returncode:
        last = (probe.stderr.strip().splitlines() or ["it said nothing"])[-1]
        fix = f'pip install --force-reinstall "tensorflow=={TESTED["tensorflow"]}" "keras=={TESTED["keras"]}"'
        if probe.returncode == -4:  # SIGILL
            fix = "TensorFlow's wheels need a processor with AVX: use another machine."
        yield Check("tensorflow starts", FAIL, f"no: exit code {probe.returncode}: {last}", fix)
        return
    answer = json.loads(probe.stdout.splitlines()[-1])
    yield Check(
        "tensorflow starts",
        OK if answer["total"] == 4 else FAIL,
        f"yes: 2 x 2 ones sum to {answer['total']:g}",
    )
    if answer["backend"] != "tensorflow":
        fix = "Unset KERAS_BACKEND, or set it to tensorflow; look into ~/.keras/keras.json too."
        yield Check("keras backend", FAIL, f"{answer['backend']}, expected tensorflow", fix)
    else:
        yield Check("keras backend", OK, "tensorflow")
    yield graphics_card(answer["gpus"], _nvidia_cards())


def graphics_card(seen: Sequence[str], cards: Sequence[str]) -> Check:
    """Compare the graphics cards that TensorFlow sees with the NVIDIA cards that are there.

    Args:
        seen: Names of those that TensorFlow sees.
        cards: Names of those that the driver reports.

    Returns:
        Check: ``"ok"`` also where there is none: everything runs on the processor.

    Example:
        >>> graphics_card([], []).found
        'none; not needed: the tables and notebooks are made for the processor'
    """
    if seen:
        return Check("gpu", OK, ", ".join(seen))
    if not cards:
        return Check("gpu", OK, "none; not needed: the tables and notebooks are made for the processor")
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    fix = f'pip install "tensorflow[and-cuda]=={TESTED["tensorflow"]}", then start the kernel again'
    if hidden is not None and hidden.strip() in ("", "-1"):
        fix = f"Unset CUDA_VISIBLE_DEVICES: it is {hidden!r}, which hides every card."
    elif platform.system() == "Windows":
        fix = "On Windows TensorFlow sees a card only inside WSL2: https://www.tensorflow.org/install/pip"
    return Check("gpu", WARN, f"{', '.join(cards)} is there, but TensorFlow does not see it", fix)


def _nvidia_cards() -> list[str]:
    """The NVIDIA cards that the driver reports, also where its command-line tool is missing."""
    tool = shutil.which("nvidia-smi")
    if tool:
        command = [tool, "--query-gpu=name", "--format=csv,noheader"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # a hanging driver: look below
            answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
            if answer.returncode == 0:
                return [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    folder = pathlib.Path("/proc/driver/nvidia/gpus")
    return [f"NVIDIA card {card.name}" for card in sorted(folder.glob("*"))]
