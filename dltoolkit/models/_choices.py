"""What can be chosen for a network's first weights, activations and normalisation, each with its why."""

import pandas as pd

from dltoolkit._checks import check_choice

_VARIANCE = "keeps the variance of what passes through about the same from layer to layer"

INITIALIZERS = {
    "glorot_uniform": (
        f"{_VARIANCE}, forwards and backwards, where the activation is about linear: tanh, sigmoid, the answer",
        "Glorot and Bengio 2010",
    ),
    "glorot_normal": ("as glorot_uniform, from a bell curve", "Glorot and Bengio 2010"),
    "he_normal": (
        "twice the variance of LeCun's, because ReLU and its kin lose half of what comes",
        "He et al. 2015, Delving deep into rectifiers",
    ),
    "he_uniform": ("as he_normal, from a flat range", "He et al. 2015, Delving deep into rectifiers"),
    "lecun_normal": (
        "variance 1 over the inputs: what SELU needs to normalise by itself",
        "LeCun et al. 1998; Klambauer et al. 2017",
    ),
    "orthogonal": (
        "a rotation: it stretches no direction, so that many layers or time steps neither blow up nor fade out",
        "Saxe et al. 2014",
    ),
    "random_normal": (
        "standard deviation 0.05, whatever the width: too small for narrow layers, too large for wide ones",
        "Keras",
    ),
    "zeros": (
        "every unit of a layer gets the same gradient, so that they stay copies of each other for ever: to see it fail",
        "Goodfellow et al. 2016, section 8.4",
    ),
}
OUTPUT_BIASES = {
    "base_rate": (
        "the untrained network answers with the shares of the classes (or the mean), so that no epoch is spent on that",
        "Karpathy 2019, A recipe for training neural networks",
    ),
    "zeros": (
        "all classes alike: the first epochs are spent on learning how rare the rare ones are",
        "Keras",
    ),
}
ACTIVATIONS = {
    "relu": ("cheap, and passes gradients on unchanged; units can die", "Glorot, Bordes and Bengio 2011"),
    "leaky_relu": ("a small slope below zero, so that no unit dies", "Maas et al. 2013"),
    "elu": ("bends smoothly to -1, so that means stay near zero", "Clevert et al. 2016"),
    "selu": (
        "normalises itself with lecun_normal weights, in plain stacks of layers",
        "Klambauer et al. 2017",
    ),
    "gelu": ("a smooth ReLU, usual in transformers", "Hendrycks and Gimpel 2016"),
    "silu": (
        "x times its sigmoid: smooth, usual in newer convolutional networks",
        "Ramachandran et al. 2017",
    ),
    "mish": ("smooth, a little below zero; often best in networks for tables", "Misra 2019"),
    "tanh": ("between -1 and 1; fades out in deep stacks", "LeCun et al. 1998"),
    "sigmoid": (
        "between 0 and 1; its slope is at most 1/4, so that gradients fade out",
        "Glorot and Bengio 2010",
    ),
}
NORMALISATIONS = {
    "batch": (
        "each unit to mean 0 and spread 1 over the batch: larger learning rates; needs batches of 16 and more",
        "Ioffe and Szegedy 2015",
    ),
    "layer": (
        "each example to mean 0 and spread 1 over its units: whatever the batch size, usual for sequences",
        "Ba, Kiros and Hinton 2016",
    ),
}
REGULARISERS = {
    "l1": ("the sum of the weights' sizes: many become 0", "Tibshirani 1996"),
    "l2": (
        "the sum of their squares: all become smaller, as with a bell-shaped prior",
        "Krogh and Hertz 1992",
    ),
    "dropout": (
        "units left out at random in training, so that none is relied on alone",
        "Srivastava et al. 2014",
    ),
}
_TABLES = {
    "initializer": INITIALIZERS,
    "output_bias": OUTPUT_BIASES,
    "activation": ACTIVATIONS,
    "normalisation": NORMALISATIONS,
    "regularisation": REGULARISERS,
}


def choices(option: str) -> pd.DataFrame:
    """What there is to choose for an option of the builders, with the reason for each.

    Args:
        option: ``"initializer"``, ``"output_bias"``, ``"activation"``, ``"normalisation"`` or ``"regularisation"``.
            Of initialisers and activations, Keras has more: its names are taken as well.

    Returns:
        pandas.DataFrame: Columns ``choice``, ``why`` and ``source``.

    Raises:
        InputError: If there is no such option.

    Example:
        >>> choices("normalisation")["choice"].tolist()
        ['batch', 'layer']
    """
    table = _TABLES[str(check_choice(option, _TABLES, "option"))]
    rows = [(name, why, source) for name, (why, source) in table.items()]
    return pd.DataFrame(rows, columns=["choice", "why", "source"])
