"""The stages of a body, from its names of layers, and what of it is learnt further."""

import itertools
import re
from collections.abc import Iterator

from dltoolkit._checks import check_choice, check_number
from dltoolkit._keras import keras

NONE, ALL = "none", "all"
# The name up to its first number: layer_3_attention -> layer_3, block_12_conv -> block_12, conv5_block1_out -> conv5.
_STAGE = re.compile(r"\D*\d+[a-z]?(?=_|$)")


def stages(body: keras.Model) -> tuple[tuple[str, ...], ...]:
    """Names of a body's layers with weights, a group for each stage, from the input on.

    Neighbours whose names begin alike up to the first number are one stage, as every published family names them.

    Args:
        body: The body.

    Returns:
        tuple: One tuple of names a stage.
    """
    names = [layer.name for layer in body.layers if layer.weights]
    return tuple(tuple(group) for _, group in itertools.groupby(names, _stage_of))


def _stage_of(name: str) -> str:
    found = _STAGE.match(name)
    return found[0] if found else ""


def freeze(body: keras.Model, trainable: str | int, argument: str = "trainable") -> None:
    """Say what of a body is learnt further; batch normalisation stays as it was published.

    A frozen batch normalisation of Keras uses its published means and adds nothing to them: with small batches of other
    pictures they would drift and spoil what follows (Keras's guide on transfer learning gives the same rule).

    Args:
        body: The body; changed in place.
        trainable: ``"none"``, ``"all"``, or the number of stages from the end.
        argument: Its name, for the message.

    Raises:
        InputError: If it is none of these, or there are fewer stages.
    """
    groups = stages(body)
    if isinstance(trainable, str):
        check_choice(trainable, (NONE, ALL), argument)
        last = len(groups) if trainable == ALL else 0
    else:
        last = int(check_number(trainable, argument, low=0, high=len(groups), whole=True))
    learnt = {name for group in groups[len(groups) - last :] for name in group}
    body.trainable = True
    for layer in body.layers:
        if layer.weights:
            layer.trainable = layer.name in learnt
    for layer in batch_norms(body):
        layer.trainable = False
    if not last:
        body.trainable = False


def batch_norms(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Every batch normalisation, those inside nested models too."""
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
