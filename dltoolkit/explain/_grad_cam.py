"""Grad-CAM: the places of a picture (or a sound) that speak for a class."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_number
from dltoolkit._keras import keras, needs_tensorflow, tf
from dltoolkit.explain._maps import convolutions, settled
from dltoolkit.explain._source import Source, logits, opened, units_of
from dltoolkit.models._receptive import receptive_fields
from dltoolkit.models._walk import Call, find, run, walk


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Heatmaps:
    """Where a network looked for a class; made by `grad_cam`.

    Attributes:
        heat: For each row the weight of each pixel or step, in [0, 1], float32 ``(n, *places)``; all 0 where nothing
            speaks for the class.
        pictures: What the network saw, float32 ``(n, *places, channels)``.
        targets: Name of the class (or the amount) that is explained in each row.
        layer: The layer whose maps were weighed.
        size: Places of that layer, before they were stretched to the picture's.
        index: Labels of the rows.
    """

    heat: np.ndarray
    pictures: np.ndarray
    targets: tuple[str, ...]
    layer: str
    size: tuple[int, ...]
    index: pd.Index

    def __repr__(self) -> str:
        """How many rows, and the next step."""
        size = " x ".join(map(str, self.size))
        return f"Heatmaps({len(self.heat)} row(s), {size} places of {self.layer!r}; next: plots.heatmap(heatmaps, row=0))"

    def frame(self) -> pd.DataFrame:
        """One row a picture: ``target``, ``peak`` (the hottest place), ``area`` (share of places above one half)."""
        peaks = [np.unravel_index(int(h.argmax()), h.shape) for h in self.heat]
        facts = {
            "target": self.targets,
            "peak": [tuple(int(i) for i in peak) for peak in peaks],
            "area": [float((h > 0.5).mean()) for h in self.heat],
        }
        return pd.DataFrame(facts, index=self.index)


def grad_cam(source: Any, rows: Any, *, target: Any = None, layer: str | None = None) -> Heatmaps:
    """Weigh the last convolution's maps by how much the score of a class rises with each, and add them up.

    Args:
        source: A run or a bundle; or a ``keras.Model``.
        rows: Raw rows; of a ``keras.Model`` its features.
        target: The class whose places are looked for: its label, or the number of its unit. Defaults to None: the one
            that the network answers; the positive class of a binary problem; the amount of a regression.
        layer: The layer whose maps are weighed. Defaults to None: the last convolution, behind its normalisation and
            activation.

    Returns:
        Heatmaps: A map a row, stretched to the picture's size.

    Raises:
        InputError: If the network has no convolution or no such layer with places, or if there is no such class.

    References:
        Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra (2017), "Grad-CAM: visual explanations from deep networks
        via gradient-based localization": the score is that before the softmax, the weights are the gradient's means over
        places, and what speaks against the class is left out.
    """
    needs_tensorflow("grad_cam")
    taken = opened(source, rows)
    calls = walk(taken.network)
    chosen = settled(calls, convolutions(calls)[-1])
    if layer is not None:
        chosen = find(calls, layer, lambda call: len(call.outputs[0].shape) > 2)
    shown = _looked_at(calls, chosen, taken)
    heat, targets, size = [], [], (0,)
    for _, block in taken.blocks():
        maps, names = _block(taken, block, chosen, target)
        size = maps.shape[1:]
        heat.append(_stretched(maps, shown.shape[1 : 1 + len(size)]))
        targets += names
    return Heatmaps(np.concatenate(heat), shown, tuple(targets), chosen.path, tuple(size), taken.index)


def _looked_at(calls: list[Call], chosen: Call, taken: Source) -> np.ndarray:
    """The feature that a layer looks at, float32 with channels."""
    seen = receptive_fields(calls).get(chosen.path)
    name = seen[1] if seen else max(taken.features, key=lambda n: taken.features[n].ndim)
    values = np.asarray(taken.features[name], "float32")
    places = len(chosen.outputs[0].shape) - 2
    return values if values.ndim == places + 2 else values[..., None]


def _block(source: Source, features: Any, chosen: Call, target: Any) -> tuple[np.ndarray, list[str]]:
    """The weighed maps of some rows, at the layer's own size, and the classes that they are for."""
    held: dict[str, Any] = {}
    with tf.GradientTape() as tape:

        def keep(path: str, operation: Any, came: list[Any], output: Any) -> Any:
            if path == chosen.path:
                tape.watch(output)
                held["maps"] = output
            return output

        output = run(source.network, features, keep)
        scores = logits(source, output)
        units, signs, names = units_of(source, target, _flat(output))
        own = tf.gather(keras.ops.reshape(scores, (len(units), -1)), units, batch_dims=1)
        score = tf.reduce_sum(own * tf.constant(signs, own.dtype))
    maps = held["maps"]
    slopes = tape.gradient(score, maps, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    weights = tf.reduce_mean(slopes, axis=list(range(1, len(maps.shape) - 1)), keepdims=True)
    found = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()
    top = found.max(axis=tuple(range(1, found.ndim)), keepdims=True)
    return np.divide(found, top, out=np.zeros_like(found), where=top > 0), names


def _flat(output: Any) -> np.ndarray:
    values = keras.ops.convert_to_numpy(output)
    return values.reshape(len(values), -1)


def _stretched(maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Maps at another size, by straight lines between the middles of their places."""
    for side in size:
        check_number(side, "size", low=1, whole=True)
    if len(size) > 2:
        return maps
    wide = maps[..., None] if len(size) == 2 else maps[:, :, None, None]
    target = size if len(size) == 2 else (*size, 1)
    return tf.image.resize(wide, target, method="bilinear").numpy().reshape(len(maps), *size)
