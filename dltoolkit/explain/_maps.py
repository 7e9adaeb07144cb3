"""What convolutional layers answer to a picture, a sound or a series, and the patterns that they look for."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.explain._source import Source, network_of, opened
from dltoolkit.models._receptive import FILTERS, receptive_fields, sizes
from dltoolkit.models._walk import Call, find, run, walk

_FOLLOWERS = (
    "BatchNormalization",
    "LayerNormalization",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "PReLU",
    "Relu",
)


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class FeatureMaps:
    """What each convolutional layer puts out, from the input to the answer; made by `feature_maps`.

    Attributes:
        maps: Layer to its output, float32 ``(n, *places, channels)``.
        fields: Layer to its receptive field, pixels or steps along each axis; inf where it is everything.
        index: Labels of the rows.
    """

    maps: dict[str, np.ndarray]
    fields: dict[str, tuple[float, ...]]
    index: pd.Index

    def __repr__(self) -> str:
        """How many layers and maps, and the next step."""
        channels = sum(values.shape[-1] for values in self.maps.values())
        return f"FeatureMaps({len(self.maps)} layers, {channels} maps; next: plots.feature_maps(maps))"

    def frame(self) -> pd.DataFrame:
        """One row a layer: ``layer``, ``places``, ``channels``, ``sees``, ``mean``, ``silent``, the share of maps that are 0 throughout."""
        rows = []
        for layer, values in self.maps.items():
            silent = float(np.mean(~values.reshape(-1, values.shape[-1]).any(axis=0)))
            facts = (values.shape[1:-1], values.shape[-1], self.fields.get(layer))
            rows.append((layer, *facts, float(values.mean()), silent))
        return pd.DataFrame(rows, columns=["layer", "places", "channels", "sees", "mean", "silent"])


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Filters:
    """The kernels of one convolutional layer; made by `filters`.

    Attributes:
        layer: The layer.
        values: float32 ``(*size, channels_in, n_filters)``.
    """

    layer: str
    values: np.ndarray

    def __repr__(self) -> str:
        """Their size, and the next step."""
        size = " x ".join(map(str, self.values.shape[:-1]))
        return f"Filters({self.values.shape[-1]} of {size} in {self.layer!r}; next: plots.filters(filters))"

    def frame(self) -> pd.DataFrame:
        """One row a filter: ``filter``, ``mean``, ``std``, ``norm``."""
        flat = self.values.reshape(-1, self.values.shape[-1])
        columns = {"mean": flat.mean(axis=0), "std": flat.std(axis=0), "norm": np.sqrt((flat**2).sum(axis=0))}
        return pd.DataFrame({"filter": range(flat.shape[1]), **columns})


def feature_maps(source: Any, rows: Any, layer: str | None = None) -> FeatureMaps:
    """What the convolutional layers of a network answer to some rows: edges in the first ones, shapes in the last.

    Args:
        source: A run or a bundle; or a ``keras.Model``.
        rows: Raw rows; of a ``keras.Model`` its features. Few are enough: all maps are kept.
        layer: The one layer that is wanted. Defaults to None: each convolution, behind its normalisation and activation.

    Returns:
        FeatureMaps: The outputs by layer.

    Raises:
        InputError: If the network has no convolution, or no such layer with places; names that fit are given.

    References:
        Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks".
    """
    taken = opened(source, rows)
    calls = walk(taken.network)
    fields = receptive_fields(calls)
    if layer is None:
        wanted = [settled(calls, call).path for call in convolutions(calls)]
    else:
        wanted = [find(calls, layer, lambda call: len(call.outputs[0].shape) > 2).path]
    kept: dict[str, list[np.ndarray]] = {path: [] for path in wanted}
    for _, block in taken.blocks():
        for path, values in outputs_of(taken, block, set(wanted)).items():
            kept[path].append(values)
    seen = {path: found[0] for path in wanted if (found := sizes(fields, path))}
    return FeatureMaps({path: np.concatenate(parts) for path, parts in kept.items()}, seen, taken.index)


def filters(source: Any, layer: str | None = None) -> Filters:
    """The patterns that a convolutional layer looks for.

    Only those of the first layer can be looked at like small pictures; deeper ones weigh the maps of the layer before.

    Args:
        source: A run or a bundle; or a ``keras.Model``.
        layer: A convolutional layer. Defaults to None: the first one.

    Returns:
        Filters: The kernels.

    Raises:
        InputError: If the network has no convolution, or no such one.
    """
    calls = walk(network_of(source))
    found = convolutions(calls)
    chosen = found[0] if layer is None else find(calls, layer, lambda call: call.kind.startswith(FILTERS))
    kernel = getattr(chosen.operation, "kernel", None)
    kernel = chosen.operation.depthwise_kernel if kernel is None else kernel
    values = keras.ops.convert_to_numpy(kernel)
    if "Depthwise" in chosen.kind or "Separable" in chosen.kind:  # a filter of its own for each channel
        values = values.reshape(*values.shape[:-2], 1, -1)
    return Filters(chosen.path, values)


def convolutions(calls: list[Call]) -> list[Call]:
    """The calls of convolutional layers.

    Raises:
        InputError: If there is none.
    """
    found = [call for call in calls if call.kind.startswith(FILTERS)]
    if not found:
        cure = (
            "models.build(problem, preprocessor, 'cnn') has them; of other networks see integrated_gradients."
        )
        stop([complaint("source", "a network with convolutions", "one without any", cure)])
    return found


def settled(calls: list[Call], call: Call) -> Call:
    """The call behind a convolution and what only normalises or bends its output."""
    for after in calls[calls.index(call) + 1 :]:
        if after.sources == (call.path,) and after.kind in _FOLLOWERS:
            call = after
    return call


def outputs_of(source: Source, features: Any, paths: set[str]) -> dict[str, np.ndarray]:
    """What some calls put out for a block of features, float32."""
    found: dict[str, np.ndarray] = {}

    def keep(path: str, operation: Any, came: list[Any], output: Any) -> Any:
        if path in paths:
            found[path] = keras.ops.convert_to_numpy(keras.tree.flatten(output)[0])
        return output

    run(source.network, features, keep)
    return found
