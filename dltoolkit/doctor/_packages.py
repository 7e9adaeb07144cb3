"""The packages dltoolkit needs, and the tables that come with it."""

import importlib.metadata
from collections.abc import Iterator
from typing import Any

from dltoolkit.doctor._report import FAIL, OK, WARN, Check

# The set in requirements.txt, on which the tests ran; tests/test_doctor.py keeps the two alike.
TESTED = {
    "importlib-resources": "7.1.0",
    "ipywidgets": "8.1.9",
    "jupyterlab": "4.6.6",
    "keras": "3.15.1",
    "keras-tuner": "1.4.8",
    "matplotlib": "3.11.2",
    "numpy": "2.4.6",
    "packaging": "26.3",
    "pandas": "3.1.1",
    "pillow": "13.0.0",
    "psutil": "7.2.2",
    "pyarrow": "26.0.1",
    "scikit-learn": "1.9.1",
    "scipy": "1.17.1",
    "seaborn": "0.13.2",
    "simplejpeg": "1.9.0",
    "soundfile": "0.14.0",
    "tensorboard": "2.21.0",
    "tensorflow": "2.21.0",
    "tensorflow-datasets": "4.9.10",
    "tqdm": "4.70.1",
}
REINSTALL = "pip install --force-reinstall --no-deps dltoolkit"


def packages() -> Iterator[Check]:
    """The packages dltoolkit needs: inside its ranges, and near the set on which the tests ran."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(text) for text in importlib.metadata.requires("dltoolkit") or ()]
    except importlib.metadata.PackageNotFoundError:
        fix = "In its folder: pip install --constraint requirements.txt --editable ."
        yield Check("dltoolkit", FAIL, "not installed in this Python", fix)
        needed = [Requirement(name) for name in TESTED]
    else:
        yield Check("dltoolkit", OK, importlib.metadata.version("dltoolkit"))
    for requirement in needed:
        if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement.name.lower().replace("_", "-"), requirement.specifier)


def _package(name: str, allowed: Any) -> Check:
    tested = TESTED.get(name)
    fix = f'pip install "{name}=={tested}"' if tested else f'pip install "{name}{allowed}"'
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, FAIL, "not installed", fix)
    if not allowed.contains(version, prereleases=True):
        return Check(name, FAIL, f"{version}, outside {allowed}", fix)
    if tested and version.split(".")[:2] != tested.split(".")[:2]:
        return Check(name, WARN, f"{version}; the tests ran on {tested}", f"If it misbehaves: {fix}")
    return Check(name, OK, version)


def catalogue() -> Iterator[Check]:
    """The tables that come with the package: each one there, and unchanged."""
    from dltoolkit import data

    size = 0
    for name, entry in data.CATALOGUE.items():
        if not entry.bytes:  # made on first use: nothing to be damaged yet
            continue
        try:
            shape = data.load(name).shape
        except Exception as error:  # noqa: BLE001  whatever is wrong with a table is what was to be found out
            yield Check(f"table {name}", FAIL, str(error), REINSTALL)
            continue
        if shape != (entry.rows, entry.columns):
            expected = f"{entry.rows} x {entry.columns}"
            yield Check(f"table {name}", FAIL, f"{shape[0]} x {shape[1]}, expected {expected}", REINSTALL)
            continue
        size += entry.bytes
        yield Check(f"table {name}", OK, f"{entry.rows:,} rows x {entry.columns} columns, checksum right")
    yield Check("network", OK, f"not needed: the tables are inside the package ({size / 1e6:.1f} MB)")
