"""Rows as a network sees them: vectors of its last hidden layer, drawn on paper, and the rows that lie near."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_choice, check_frame, check_number, check_rows, complaint, listed, stop
from dltoolkit.explain._maps import outputs_of
from dltoolkit.explain._source import network_of, opened
from dltoolkit.models._walk import find, walk

METHODS = ("pca", "tsne")
MOST_TSNE = 5_000  # rows; Barnes-Hut takes a minute for as many
PERPLEXITY = 30.0  # van der Maaten and Hinton (2008) find 5 to 50 alike
_WEIGHING = ("Dense", "EinsumDense")


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Embeddings:
    """The vector that a network has for each row; made by `embeddings`.

    Attributes:
        values: float32 ``(n, width)``.
        layer: The layer whose output they are.
        labels: The target of each row, where the rows had one; else None.
        index: Labels of the rows.
    """

    values: np.ndarray
    layer: str
    labels: pd.Series | None
    index: pd.Index

    def __repr__(self) -> str:
        """Their number and width, and the next step."""
        n, width = self.values.shape
        return f"Embeddings({n:,} rows, {width} numbers of {self.layer!r}; next: explain.project(embeddings))"

    def frame(self) -> pd.DataFrame:
        """One row an example, one column a number."""
        return pd.DataFrame(self.values, index=self.index)


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Projection:
    """Vectors brought down to a plane; made by `project`.

    Attributes:
        points: float64 ``(n, 2)``.
        method: ``"pca"`` or ``"tsne"``.
        explained: Share of the variance that the plane keeps; NaN for t-SNE, whose distances mean little.
        layer: The layer that the vectors come from.
        labels: The target of each row; None where there is none.
        index: Labels of the rows.
    """

    points: np.ndarray
    method: str
    explained: float
    layer: str
    labels: pd.Series | None
    index: pd.Index

    def __repr__(self) -> str:
        """How it was made, and the next step."""
        return f"Projection({len(self.points):,} rows by {self.method}; next: plots.embedding(projection))"

    def frame(self) -> pd.DataFrame:
        """One row an example: ``x``, ``y``, and ``label`` where there is one."""
        table = pd.DataFrame(self.points, columns=["x", "y"], index=self.index)
        return table if self.labels is None else table.assign(label=self.labels.to_numpy())


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Neighbours:
    """The rows that a network takes for most alike; made by `nearest`.

    Attributes:
        row: Label of the row asked for.
        similarity: Cosine of each neighbour, the nearest first, in [-1, 1], ``(k,)``.
        rows: The raw rows: the one asked for, then its neighbours.
        pictures: The same as pictures, float32 ``(k + 1, height, width, channels)``; None where there are none.
        layer: The layer whose vectors were compared.
        target: Column of the target, where the rows have it; else None.
    """

    row: Any
    similarity: np.ndarray
    rows: pd.DataFrame
    pictures: np.ndarray | None
    layer: str
    target: str | None

    def __repr__(self) -> str:
        """The nearest, and the next step."""
        best = f"{self.rows.index[1]!r} at {self.similarity[0]:.3f}"
        return f"Neighbours(of {self.row!r}: {best} first; next: plots.neighbours(neighbours))"

    def frame(self) -> pd.DataFrame:
        """The neighbours' raw rows, the nearest first, with their ``similarity`` in front."""
        table = self.rows.iloc[1:]
        return pd.concat([pd.Series(self.similarity, table.index, name="similarity"), table], axis=1)


def embeddings(source: Any, frame: Any, layer: str | None = None) -> Embeddings:
    """The numbers by which a network tells rows apart: what enters its last layer of weights.

    Args:
        source: A run or a bundle; or a ``keras.Model``.
        frame: Raw rows; of a ``keras.Model`` its features.
        layer: A layer whose output is taken instead. Defaults to None: what enters the last dense layer.

    Returns:
        Embeddings: A vector a row; the mean over places where a layer has some.

    Raises:
        InputError: If there is no such layer, or no dense one to go by.

    References:
        Bengio, Courville and Vincent (2013), "Representation learning: a review and new perspectives".
    """
    calls = walk(network_of(source))
    if layer is None:
        last = next((call for call in reversed(calls) if call.kind in _WEIGHING), None)
        if last is None:
            wide = [
                c.path for c in calls if len(c.outputs[0].shape) == 2 and (c.outputs[0].shape[-1] or 0) > 1
            ]
            cure = f"Name one of its layers: {listed(wide[::-1])}."
            stop([complaint("source", "a network with a dense layer", "one without any", cure)])
            raise AssertionError
        layer = last.sources[0]
    else:
        layer = find(calls, layer).path
    taken = opened(source, frame)
    if layer in taken.features:
        values = np.asarray(taken.features[layer], "float32")
    else:
        values = np.concatenate([outputs_of(taken, block, {layer})[layer] for _, block in taken.blocks()])
    values = values.reshape(len(values), -1, values.shape[-1]).mean(axis=1)
    return Embeddings(values.astype("float32"), layer, _labels(taken.problem, frame), taken.index)


def _labels(problem: Any, frame: Any) -> pd.Series | None:
    if problem is None or len(problem.targets) != 1 or problem.targets[0] not in frame:
        return None
    return frame[problem.targets[0]]


def project(embeddings: Embeddings, method: str = "pca", *, seed: int = 0) -> Projection:
    """Bring vectors down to a plane.

    Args:
        embeddings: From `embeddings`, at least 3 rows.
        method: ``"pca"``: the plane that keeps most of the variance; ``"tsne"``: neighbours stay neighbours, while
            distances between groups and the sizes of groups mean nothing. Defaults to ``"pca"``.
        seed: Seed of t-SNE. Defaults to 0.

    Returns:
        Projection: A point a row.

    Raises:
        InputError: If there are too few rows, or too many for t-SNE, or no such method.

    References:
        Pearson (1901), "On lines and planes of closest fit"; van der Maaten and Hinton (2008), "Visualizing data using
        t-SNE"; Wattenberg, Viégas and Johnson (2016), "How to use t-SNE effectively", for its traps.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    check_choice(method, METHODS, "method")
    check_number(seed, "seed", low=0, whole=True)
    values = np.asarray(embeddings.values, "float64")
    n = len(values)
    if n < 3 or (method == "tsne" and n > MOST_TSNE):
        cure = "Take a sample: frame.sample(2000)." if n > MOST_TSNE else "Give more rows."
        expected = "3 rows or more" if n < 3 else f"at most {MOST_TSNE:,} rows for t-SNE"
        stop([complaint("embeddings", expected, f"{n:,}", cure)])
    if method == "pca":
        pca = PCA(min(2, values.shape[1]), svd_solver="full").fit(values)
        points, explained = pca.transform(values), float(pca.explained_variance_ratio_.sum())
        points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    else:
        near = min(PERPLEXITY, (n - 1) / 3)
        points = TSNE(2, perplexity=near, init="pca", random_state=seed).fit_transform(values)
        explained = float("nan")
    facts = (embeddings.layer, embeddings.labels, embeddings.index)
    return Projection(np.asarray(points, "float64"), method, explained, *facts)


def nearest(
    source: Any, frame: pd.DataFrame, row: Any, *, k: int = 5, layer: str | None = None
) -> Neighbours:
    """The rows that a network takes for most alike, by the angle between their vectors.

    Args:
        source: A run or a bundle.
        frame: Raw rows to look among.
        row: The index label of one of them; or a frame with one new row.
        k: How many neighbours, at least 1. Defaults to 5.
        layer: The layer whose vectors are compared. Defaults to None: what enters the last dense layer.

    Returns:
        Neighbours: The nearest first; the row itself is left out.

    Raises:
        InputError: If there is no such row, if there are not as many others, or as `embeddings`.

    References:
        Manning, Raghavan and Schütze (2008), "Introduction to information retrieval", chapter 6 (cosine).
    """
    check_frame(frame, rows=2)
    own = isinstance(row, pd.DataFrame)
    if own and len(row) != 1:
        stop([complaint("row", "an index label, or a frame with one row", f"a frame with {len(row)} rows")])
    together = pd.concat([row, frame]) if own else frame
    place = 0 if own else int(check_rows(frame, [row], "row")[0])
    check_number(k, "k", low=1, high=len(together) - 1, whole=True)
    values = embeddings(source, together, layer)
    lengths = np.linalg.norm(values.values, axis=1)
    cosine = values.values @ values.values[place] / np.maximum(lengths * lengths[place], 1e-12)
    order = [i for i in np.argsort(-cosine, kind="stable") if i != place][:k]
    shown = together.iloc[[place, *order]]
    problem = source.problem
    target = problem.targets[0] if len(problem.targets) == 1 and problem.targets[0] in frame else None
    similarity = cosine[order].astype("float64")
    return Neighbours(shown.index[0], similarity, shown, _pictures(source, shown), values.layer, target)


def _pictures(source: Any, rows: pd.DataFrame) -> np.ndarray | None:
    """The rows' pictures as the network sees them."""
    specs = source.preprocessor.specs
    name = next(
        (n for n, spec in specs.items() if spec.role in ("image", "audio") and len(spec.shape) > 1), None
    )
    if name is None:
        return None
    values = opened(source, rows).features[name]
    return values if values.ndim == 4 else values[..., None]
