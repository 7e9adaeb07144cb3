"""The footer of a notebook: what a repetition has to share to give the same figures."""

import importlib.metadata
import os
import platform
from typing import Any

import dltoolkit

_PACKAGES = ("keras", "tensorflow", "numpy", "pandas", "scikit-learn")


def footer(project: Any) -> None:
    """Print the table's fingerprint, the seed, the versions and the machine.

    Args:
        project: The reader's project.
    """
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES]
    rows = {
        "data": f"{project.source.name}, fingerprint {project.fingerprint}{', fast setting' if project.fast else ''}",
        "seed": str(project.seed),
        "versions": ", ".join(
            [f"dltoolkit {dltoolkit.__version__}", f"python {platform.python_version()}", *versions]
        ),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }
    print("\n".join(f"{name:<8} {text}" for name, text in rows.items()))
