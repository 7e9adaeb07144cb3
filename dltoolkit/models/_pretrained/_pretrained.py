"""Networks on a body that others trained."""

import dataclasses
import importlib
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dltoolkit._checks import check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._bags import Bag, side_by_side
from dltoolkit.models._parts import Style
from dltoolkit.models._pretrained import _find
from dltoolkit.models._pretrained._bert import WEIGHTS as BERT_WEIGHTS
from dltoolkit.models._pretrained._bert import bert
from dltoolkit.models._pretrained._body import Body
from dltoolkit.models._pretrained._find import BODIES, DEFAULTS, Known
from dltoolkit.models._pretrained._kerashub import kerashub_bert, kerashub_vocabulary
from dltoolkit.models._pretrained._pictures import as_pixels
from dltoolkit.models._pretrained._stages import freeze
from dltoolkit.preprocessing import Preprocessor, TextOptions
from dltoolkit.problem import Problem

Path = str | os.PathLike[str]
BODY = "body"  # the layer's name in the finished network
SMALLEST_SIDE = 96  # pixels; smaller pictures leave a body that halves them five times next to nothing
BAG_WIDTH, BAG_BUCKETS = 4, 2**16
# The best of four penalties of a logistic regression on the vectors of the shipped reviews.
PRIOR_SPREAD = 1.6


def pretrained(
    problem: Problem,
    preprocessor: Preprocessor,
    body: Path | None = None,
    *,
    weights: Path | None = None,
    download: bool = False,
    trainable: str | int = "none",
    size: tuple[int, int] | None = None,
    words: bool = False,
    units: Sequence[int] = (),
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    dropout: float = 0.1,
    l1: float = 0.0,
    l2: float | None = None,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """A network whose body others trained on far more data, with a new head.

    The body reads every column of its kind; all other features join in before the head. It stands in the network as
    the layer ``"body"``, a model of stock Keras layers.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs. Texts must be cut into the body's own pieces: see `pretrained_options`.
        body: A name of `pretrained_bodies`, or a folder with a BERT. Defaults to None: ``"minilm"`` for texts,
            ``"efficientnet-lite0"`` for pictures.
        weights: File or folder with its weights. Defaults to None: the installed package, or the folder that the
            environment variable ``DLTOOLKIT_WEIGHTS`` names.
        download: Whether weights that are not on this machine may be fetched. Defaults to False: no network is asked.
        trainable: What of the body is learnt further: ``"none"``, ``"all"``, or the number of stages from its end.
            Defaults to ``"none"``: little data cannot spoil what it knows, and each row passes through it once.
        size: ``(height, width)`` that pictures are brought to for the body, at least 32 each. Defaults to None: their
            own, but no side below 96.
        words: Whether texts are also read by a bag of their pieces and runs of two (see `bag_of_words`), which learns for
            itself and whose answer is averaged with that of the body: what the body took for one and the same may
            differ here. It wants some thousands of texts, and a smaller `l2`. Defaults to False.
        units: Width of each hidden layer between body and head. Defaults to none.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None, in the hidden layers. Defaults to None.
        dropout: Share of the body's answers, and of hidden units, left out at each training step, in [0, 1).
            Defaults to 0.1, as BERT's authors fine-tune it.
        l1: Weight of the L1 penalty on the weights of hidden layers and head, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the same weights, at least 0. Defaults to None: the more numbers the body gives and the fewer
            the rows, the larger.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the head's initialiser and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled, ``(n, head.units)`` out. `training.fine_tune` trains it.

    Raises:
        InputError: If there is no such body, its weights are not on this machine and may not be fetched (at once, with
            the three ways to get them), no column is of its kind, the preprocessing does not fit it, or an option is
            out of its range.
        ImportError: If KerasHub is needed and not installed.
    """
    name, known, weights = _which(body, weights, preprocessor)
    columns = _columns(name, known, preprocessor)
    style = Style(activation, initializer, normalisation, dropout, l1, l2 or 0.0, seed)
    _parts.check_units(units)
    found = _find.find(name, weights, download=download)
    shape = _input_shape(preprocessor, columns, size) if known.role == "image" else ()
    one = _body(name, known, found, shape, download=download).model
    if known.role == "text":
        _check_texts(one, preprocessor, columns, name)
    inputs = _parts.inputs_of(preprocessor)
    one.name = free_name(BODY, inputs)
    freeze(one, trainable)
    x = _parts.joined(_vectors(one, inputs, preprocessor, columns), free_name("vectors", inputs))
    if known.role == "image":  # those of texts are normalised layer by layer
        x = keras.layers.LayerNormalization(center=False, scale=False, name=free_name("vector_norm", inputs))(
            x
        )
    if l2 is None:
        style = dataclasses.replace(style, l2=_default_l2(x.shape[-1], preprocessor))
    members = [x, *([_bag(inputs, preprocessor, columns, seed)] if words and known.role == "text" else [])]
    x = side_by_side(members, inputs, preprocessor, columns, seed=seed)
    x = keras.layers.Dropout(dropout, seed=seed, name=free_name("dropout", inputs))(x) if dropout else x
    x = _parts.hidden(x, units, style, inputs)
    return _parts.finish(
        x,
        inputs,
        problem,
        preprocessor,
        name="pretrained",
        output_bias=output_bias,
        regularizer=style.penalty,
        seed=seed,
    )


def _default_l2(width: int, preprocessor: Preprocessor) -> float:
    """The penalty of a Gaussian prior under which an answer's log odds have a standard deviation of `PRIOR_SPREAD`.

    Each of `width` normalised numbers then has a weight of variance ``PRIOR_SPREAD**2 / width``; the penalty is the
    precision over twice the number of rows, as the loss is a mean over them (see `mlp`).
    """
    rows = _parts.rows_of(preprocessor)
    return width / (2 * PRIOR_SPREAD**2 * rows) if rows else 0.0


def pretrained_bodies() -> pd.DataFrame:
    """The pretrained bodies that have a name.

    Returns:
        pandas.DataFrame: One row a body: ``body``, ``reads`` (the role of the columns), ``here`` (whether its weights
        are on this machine), ``package`` (that brings them; empty for none), ``why``.

    Example:
        >>> pretrained_bodies()["body"].iloc[0]
        'minilm'
    """
    rows = [
        (name, known.role, _find.is_here(name), known.package, known.why) for name, known in BODIES.items()
    ]
    return pd.DataFrame(rows, columns=["body", "reads", "here", "package", "why"])


def pretrained_options(
    body: Path = DEFAULTS["text"],
    *,
    weights: Path | None = None,
    download: bool = False,
    length: int | None = None,
) -> TextOptions:
    """The options with which preprocessing cuts texts into a body's own pieces.

    ``preprocessing.fit(splits.train, schema, text=models.pretrained_options("minilm"))``

    Args:
        body: As in `pretrained`. Defaults to ``"minilm"``.
        weights: As in `pretrained`.
        download: As in `pretrained`.
        length: Pieces kept of a text, the first ones, two markers included. Defaults to None: what 99 % of the
            training texts need, at most 512.

    Returns:
        TextOptions: To hand to ``preprocessing.fit``.

    Raises:
        InputError: As `pretrained`; or if the body reads no texts.
    """
    name, known, weights = _which(body, weights, None)
    if known.role != "text":
        texts = listed([n for n, k in BODIES.items() if k.role == "text"], 9)
        stop([complaint("body", f"one that reads texts: {texts}", repr(name), "Others need no options.")])
    found = _find.find(name, weights, download=download)
    if found is not None and not _is_preset(found):
        return TextOptions(unit="wordpiece", vocabulary=found, length=length)
    pieces, lower = kerashub_vocabulary(found or known.preset)
    standardise = "lower" if lower else "none"
    return TextOptions(unit="wordpiece", vocabulary=pieces, standardise=standardise, length=length)


def _which(
    body: Path | None, weights: Path | None, preprocessor: Preprocessor | None
) -> tuple[str, Known, Path | None]:
    """Name, entry and weights of the body that is meant."""
    if body is None:
        roles = [spec.role for spec in preprocessor.specs.values()] if preprocessor is not None else []
        body = next((DEFAULTS[role] for role in roles if role in DEFAULTS), DEFAULTS["text"])
    if str(body) not in BODIES and pathlib.Path(body).expanduser().is_dir():
        if weights is not None:
            stop([complaint("weights", "None where body is a folder", repr(str(weights)))])
        return DEFAULTS["text"], BODIES[DEFAULTS["text"]], body
    return str(body), _find.check_body(str(body)), weights


def _columns(name: str, known: Known, preprocessor: Preprocessor) -> list[str]:
    columns = _parts.of_role(preprocessor, known.role)
    if not columns:
        roles = listed(dict.fromkeys(spec.role for spec in preprocessor.specs.values()), 9)
        got = f"columns of role {roles}"
        fitting = listed([n for n, k in BODIES.items() if _parts.of_role(preprocessor, k.role)], 20)
        cure = f"These fit: {fitting}." if fitting else "Build it with models.build(problem, preprocessor)."
        stop([complaint(f"pretrained {name!r}", f"a column of role {known.role}", got, cure)])
    return columns


def _is_preset(path: pathlib.Path) -> bool:
    """Whether a folder is a preset of KerasHub."""
    return not (path / BERT_WEIGHTS).is_file() and (path / "model.weights.h5").is_file()


def _body(
    name: str, known: Known, found: pathlib.Path | None, shape: tuple[int, ...], *, download: bool
) -> Body:
    """The body by its family; `shape` is that of the pictures it will see."""
    if known.family == "bert":
        return kerashub_bert(found or known.preset) if found is None or _is_preset(found) else bert(found)
    home = importlib.import_module(f"dltoolkit.models._pretrained._{known.family}")
    return (
        home.lite0(found, shape)
        if known.family == "lite"
        else home.application(name, found, shape, download=download)
    )


def _vectors(
    body: keras.Model,
    inputs: Mapping[str, keras.KerasTensor],
    preprocessor: Preprocessor,
    columns: Sequence[str],
) -> list[keras.KerasTensor]:
    """What the body makes of each column: texts as they are, pictures by way of their own pixels."""
    found = []
    for column in columns:
        x = inputs[column]
        if preprocessor.specs[column].role == "image":
            plan = _plan_of(preprocessor, column)
            x = as_pixels(plan, body.input_shape[1:3], free_name(f"{column}_pixels", inputs))(x)
        found.append(body(x))
    return found


def _bag(
    inputs: Mapping[str, keras.KerasTensor], preprocessor: Preprocessor, columns: Sequence[str], seed: int
) -> keras.KerasTensor:
    """The vectors of the texts' pieces, ``(n, width)``."""
    bag = Bag(BAG_WIDTH, 2, buckets=BAG_BUCKETS, word_dropout=0.0, seed=seed)
    return _parts.joined([bag.words(preprocessor, c, inputs) for c in columns], free_name("bags", inputs))


def _plan_of(preprocessor: Preprocessor, feature: str) -> Any:
    """What was learnt about the column of a feature."""
    return next(p for p in preprocessor._plan.media if preprocessor.media[p.column] == feature)


def _check_texts(body: keras.Model, preprocessor: Preprocessor, columns: Sequence[str], name: str) -> None:
    """Make sure that texts are cut into the body's own pieces, and are no longer than it can read."""
    layers = {layer.name: layer for layer in body.layers}
    pieces, places = layers["embedding_tokens"].input_dim, layers["embedding_positions"].input_dim
    complaints = []
    for column in columns:
        plan, where = _plan_of(preprocessor, column), f"feature {column!r}"
        if not (plan.pretrained and len(plan.vocabulary) == pieces):
            cure = f"preprocessing.fit(splits.train, schema, text=models.pretrained_options({name!r})) gives them."
            complaints.append(complaint(where, f"the {pieces:,} word pieces of {name!r}", plan.why, cure))
        elif plan.length > places:
            complaints.append(
                complaint(where, f"at most {places} pieces a text", str(plan.length), "Give length=")
            )
    stop(complaints)


def _input_shape(
    preprocessor: Preprocessor, columns: Sequence[str], size: tuple[int, int] | None
) -> tuple[int, int, int]:
    """The shape that the body sees: that of the largest picture column, no side below `SMALLEST_SIDE`."""
    if size is not None:
        for side, word in zip(size, ("height", "width"), strict=True):
            check_number(side, f"size {word}", low=32, whole=True)
        return (*size, 3)
    shapes = [preprocessor.specs[c].shape for c in columns]
    height, width = (max(SMALLEST_SIDE, *(shape[i] for shape in shapes)) for i in (0, 1))
    return height, width, 3
