"""Keras and TensorFlow, imported quietly: TensorFlow's C++ start-up lines would open every notebook with a pink block."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Collection, Iterator

from dltoolkit._checks import complaint, stop

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what native code writes to stderr; hand it on if the import fails."""
    try:
        saved = os.dup(2)
    except OSError:  # a service without stderr: nothing to hold back
        yield
        return
    with tempfile.TemporaryFile() as held:
        try:
            os.dup2(held.fileno(), 2)
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


with _quiet_stderr():
    import keras
    import tensorflow as tf

    if (
        keras.backend.backend() != "tensorflow"
    ):  # TensorFlow makes batches alone: it would take the GPU's memory for itself
        tf.config.set_visible_devices([], "GPU")
        tf.zeros(())

# TensorFlow warns when several models are trained in one process, as every search and every lesson does.
tf.get_logger().addFilter(lambda record: "triggered tf.function retracing" not in record.getMessage())


def free_name(name: str, taken: Collection[str]) -> str:
    """A name for a layer or an input: Keras wants each once.

    Args:
        name: The name wished for.
        taken: The names that others have.

    Returns:
        str: The name, with as many underscores behind it as make it free.
    """
    while name in taken:
        name += "_"
    return name


def needs_tensorflow(work: str) -> None:
    """Stop where Keras computes with something else, and only TensorFlow will do.

    Args:
        work: What needs it, such as ``"grad_cam"``.

    Raises:
        InputError: With what to do.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        cure = "Start Python anew with KERAS_BACKEND=tensorflow; what was saved opens there."
        stop([complaint("KERAS_BACKEND", f"tensorflow for {work}", backend, cure)])


__all__ = ["free_name", "keras", "needs_tensorflow", "tf"]
