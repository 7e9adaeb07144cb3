"""The serving model: preprocessing and network in one plain Keras model that loads without dltoolkit."""

import pathlib
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dltoolkit._checks import InputError, complaint, listed, stop
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor

# Keras stores the parts of a .keras file uncompressed; one that unpacks to many times its size is made to fill the
# memory of whoever opens it (CWE-409). Honest JSON, compressed by another tool, shrinks about tenfold.
MOST_EXPANSION = 20


def compose(model: keras.Model, preprocessor: Preprocessor) -> tuple[keras.Model, dict[str, str]]:
    """Put preprocessing and network into one model.

    Args:
        model: The trained network: the features of `preprocessor` in.
        preprocessor: The fitted preprocessing.

    Returns:
        tuple: The uncompiled serving model, raw columns in (see ``preprocessor.inputs``) and ``(n, units)`` out; and the names of its
        two nested models, under ``"preprocessing"`` and ``"network"``.

    Raises:
        InputError: If the network holds layers that plain Keras cannot load.
    """
    raw = preprocessor.model.input
    names = {"preprocessing": _free_name("preprocessing", raw)}
    names["network"] = _free_name(model.name, {*raw, names["preprocessing"]})
    # New models over the same layers: free to name, and without the optimizer that a trained network drags along.
    before = keras.Model(raw, preprocessor.model.output, name=names["preprocessing"])
    network = keras.Model(model.input, model.output, name=names["network"])
    _check_stock(network)
    inputs = {name: keras.Input(t.shape[1:], dtype=t.dtype, name=name) for name, t in raw.items()}
    return keras.Model(inputs, network(before(inputs)), name="serving"), names


def _free_name(name: str, taken: Collection[str]) -> str:
    """Keras wants each layer's name once, and each raw column is a layer."""
    while name in taken:
        name += "_"
    return name


def _check_stock(network: keras.Model) -> None:
    foreign = dict.fromkeys(_foreign(keras.saving.serialize_keras_object(network)))
    if foreign:
        cure = "Build it from stock Keras layers, so that it loads anywhere; Run.save keeps any network."
        stop([complaint(f"network {network.name!r}", "layers of Keras itself", listed(foreign), cure)])


def _foreign(config: Any) -> Iterator[str]:
    """What plain Keras cannot load in safe mode: classes and functions from elsewhere, and Lambda."""
    if isinstance(config, Mapping):
        name, module = config.get("class_name"), config.get("module", "keras")
        if name == "function":
            yield f"function {config['config']}"
        elif name and (name == "Lambda" or (module or "").split(".")[0] != "keras"):
            yield name
        config = list(config.values())
    if isinstance(config, (list, tuple)):
        for value in config:
            yield from _foreign(value)


def read(path: pathlib.Path) -> keras.Model:
    """Load a ``.keras`` file in safe mode, once it is sure that it does not unpack to an absurd size.

    Raises:
        InputError: If it does, or if Keras cannot load it; the file is named.
    """
    try:
        _check_expansion(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except InputError:
        raise
    except Exception as error:  # Keras raises whatever its parts raise
        cause = f"one that Keras {keras.__version__} refuses ({type(error).__name__}: {str(error)[:300]})"
        cure = "If a newer Keras wrote it, update Keras; else do not trust the file."
        raise InputError(complaint(str(path), "a .keras model", cause, cure)) from error


def _check_expansion(path: pathlib.Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    size = path.stat().st_size
    if unpacked > MOST_EXPANSION * size:
        got = f"{unpacked:,} bytes from {size:,}: a decompression bomb"
        expected = f"a model that unpacks to at most {MOST_EXPANSION} times its size"
        raise InputError(complaint(str(path), expected, got, "Do not open it; ask whoever made it."))


def write(model: keras.Model, path: pathlib.Path) -> keras.Model:
    """Save a model and give back what `read` makes of the file, once it is sure that no weight got lost.

    Raises:
        InputError: If the model does not come back with the very weights that it went with.
    """
    with warnings.catch_warnings():
        # Keras 3.15 makes arrays of its variables in a way that NumPy 2 calls outdated.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        model.save(path)
        loaded = read(path)
        before, after = model.get_weights(), loaded.get_weights()
    if [w.tobytes() for w in before] != [w.tobytes() for w in after]:
        cure = "A layer of it does not save all of its state: use another one."
        stop([complaint(f"network {model.name!r}", "to load with the weights that it had", "others", cure)])
    return loaded
