"""What a bit-equal repetition of a run has to share: versions, threads, machine, data."""

import platform
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

import dltoolkit
from dltoolkit._keras import keras, tf
from dltoolkit.data._content import row_hashes


def environment(devices: Sequence[str] = ()) -> dict[str, Any]:
    """Versions, threads and machine: what a bit-equal repetition has to share.

    Args:
        devices: Names of the devices that share each batch. Defaults to none: one device.

    Returns:
        dict: ``versions``, ``backend``, ``machine``, ``devices``, ``threads`` (0: TensorFlow chooses), JSON-able.
    """
    threads = tf.config.threading
    return {
        "versions": {
            "python": platform.python_version(),
            "dltoolkit": dltoolkit.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "pandas": pd.__version__,
        },
        "backend": keras.backend.backend(),
        "machine": f"{platform.system()} {platform.machine()}",
        "devices": list(devices) or sorted({d.device_type for d in tf.config.get_visible_devices()}),
        "threads": {
            "intra_op": threads.get_intra_op_parallelism_threads(),
            "inter_op": threads.get_inter_op_parallelism_threads(),
        },
    }


def fingerprint(frame: pd.DataFrame) -> str:
    """Sixteen hexadecimal digits that change with any value, name or order of a table's content.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``; its index does not count.

    Returns:
        str: The digits.
    """
    rows = row_hashes(frame)
    names = pd.util.hash_array(np.array(frame.columns, dtype=object))
    mixed = np.concatenate([names, rows]) * np.arange(1, len(rows) + len(names) + 1, dtype="uint64")
    return f"{int(np.bitwise_xor.reduce(mixed ^ (mixed >> np.uint64(29)))):016x}"
