"""A headline figure against the band that the notebook's text states."""

from typing import Any

from dltoolkit._checks import check_number
from dltoolkit.data import CATALOGUE

# The project that the notebooks' texts and bands are about.
DEFAULT_TABLE, DEFAULT_SEED = "credit", 0


class BandError(AssertionError):
    """A headline figure lies outside the band that the text states."""


def band(
    name: str,
    value: float,
    low: float,
    high: float,
    *,
    project: Any,
    fast: tuple[float, float] | None = None,
    data: str = DEFAULT_TABLE,
) -> None:
    """Print a headline figure beside its band; on the default project, stop when it lies outside.

    A notebook that has drifted from its text fails here. On any other table, target or seed the band is no claim: the
    figure is printed, and that is all.

    Args:
        name: What is measured, such as ``"validation AUC"``.
        value: The figure.
        low: Lower end of the band.
        high: Upper end of the band.
        project: The reader's project. The default one is on `data` with its own target and seed 0.
        fast: The band of the fast setting, (low, high). Defaults to None: there is none, and nothing is checked.
        data: The data set of the catalogue that the text is about. Defaults to ``"credit"``.

    Raises:
        BandError: If the project is the default one and `value` is outside (NaN included).
        InputError: If a bound is no number.
    """
    bounds = (fast or (low, high)) if project.fast else (low, high)
    check_number(bounds[0], "low")
    check_number(bounds[1], "high", low=bounds[0])
    said = f"{name} {value:.4g}, expected {bounds[0]:g} to {bounds[1]:g}"
    if project.fast and fast is None:
        print(f"{name} {value:.4g} (the fast setting is too short to say more)")
    elif not is_default(project, data):
        print(f"{said} on the {data} {'table' if data == DEFAULT_TABLE else 'data'}; yours may differ")
    elif bounds[0] <= value <= bounds[1]:
        print(f"✓ {said}")
    else:
        raise BandError(
            f"{said}: outside the band. If you changed a setting, this is what it did, and you can go on with the next "
            "cell. If not, the text of this notebook no longer fits the package: please report it."
        )


def is_default(project: Any, data: str = DEFAULT_TABLE) -> bool:
    """Whether a project is the one that a notebook's text is about."""
    source = project.source
    name = (
        source.frame.attrs.get("name") if source.kind == "frame" and source.frame is not None else source.name
    )
    usual = source.kind in ("catalogue", "frame") and name == data
    return usual and project.target == CATALOGUE[data].target and project.seed == DEFAULT_SEED
