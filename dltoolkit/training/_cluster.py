"""Rows in groups that nobody has named: a learnt code, and k-means on it."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import davies_bouldin_score, silhouette_samples, silhouette_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dltoolkit._checks import check_choice, check_frame, check_number, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models._clusters import CODE, autoencoder, deep_clustering, with_centroids
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.training._embed import blocks, learn_neighbours, learn_to_repeat

METHODS = ("deep", "autoencoder", "kmeans")
TRIED = tuple(range(2, 13))  # numbers of clusters, where none is asked for
STARTS = 10  # of k-means, of which the best is kept
SILHOUETTE_ROWS = 2_000  # its cost grows with their square
PREDICT_BATCH = 4096
# OpenMP's threads wait for each other by spinning: where another process wants the cores too, k-means takes many times as
# long with them.
THREADS = 1


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Clusters:
    """Rows in groups; made by `cluster`.

    Attributes:
        labels: The cluster of each row, int64 ``(n,)``, from 0.
        probabilities: How near each row is to the middle of each cluster, as shares, float32 ``(n, n_clusters)``.
        embedding: The code of each row, float32 ``(n, width)``.
        centroids: The middle of each cluster in the code, float32 ``(n_clusters, width)``.
        n_clusters: Number of clusters, given or chosen.
        scores: One row for each number tried: ``n_clusters``, ``silhouette`` (higher is better, at most 1), ``davies_bouldin``
            (lower is better), ``inertia``, and ``chosen``.
        history: One row an epoch: ``epoch``, ``loss``, ``seconds``; empty for k-means.
        method: ``"deep"``, ``"autoencoder"`` or ``"kmeans"``.
        preprocessor: What makes features of raw rows.
        model: The network from features to `probabilities`; None for k-means.
        seed: Seed of everything drawn.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    embedding: np.ndarray
    centroids: np.ndarray
    n_clusters: int
    scores: pd.DataFrame
    history: pd.DataFrame
    method: str
    preprocessor: Preprocessor
    model: keras.Model | None = None
    seed: int = 0

    def regroup(self, n_clusters: int | Iterable[int]) -> "Clusters":
        """Other groups on the same code, without learning it again.

        Args:
            n_clusters: How many, at least 2; or several numbers to choose from.

        Returns:
            Clusters: As `cluster` gives them.

        Raises:
            InputError: If a number is out of its range.
        """
        tried = _numbers(n_clusters, len(self.embedding))
        return _grouped(self, tried)

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The cluster of rows that may be new.

        Args:
            frame: Raw rows.

        Returns:
            pandas.DataFrame: ``cluster`` (int64) and ``share`` (float32, how sure), with the index of `frame`.

        Raises:
            InputError: If a column is missing or cannot be read as in training.
        """
        features = self.preprocessor.transform(frame)
        code = blocks(features, self.preprocessor) if self.model is None else encode(self.model, features)
        shares = _shares(code, self.centroids)
        return pd.DataFrame(
            {"cluster": shares.argmax(axis=1), "share": shares.max(axis=1)}, index=frame.index
        )

    def frame(self) -> pd.DataFrame:
        """One row a cluster: ``rows``, ``share`` of all rows, ``certainty`` (mean share of its rows), ``silhouette``."""
        silhouettes = _silhouettes(self.embedding, self.labels)
        rows = pd.DataFrame({"cluster": self.labels, "certainty": self.probabilities.max(axis=1)})
        table = (
            rows.groupby("cluster")["certainty"].agg(["size", "mean"]).set_axis(["rows", "certainty"], axis=1)
        )
        table.insert(1, "share", table["rows"] / len(rows))
        return table.assign(silhouette=silhouettes)

    def __repr__(self) -> str:
        """How many clusters, how far apart, and the next step."""
        best = self.scores.loc[self.scores["chosen"], "silhouette"].iloc[0]
        said = (
            f"{self.n_clusters} clusters of {len(self.labels):,} rows, {self.method}, silhouette {best:.2f}"
        )
        return f"Clusters({said}; next: .frame(), .predict(frame))"


def cluster(
    frame: pd.DataFrame,
    preprocessor: Preprocessor,
    *,
    n_clusters: int | Iterable[int] | None = None,
    method: str = "deep",
    epochs: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Clusters:
    """Put rows into groups by what is alike; no label is looked at.

    ``"deep"`` learns a code in which each row is near its nearest neighbours among the features and far from all others
    (t-SNE's idea, by a network, so that new rows get a code too); ``"autoencoder"`` one from which the features can be said
    again; ``"kmeans"`` takes the features as they are. K-means on the code then makes the groups. Where several numbers of
    clusters are tried, the one with the highest silhouette is taken.

    Args:
        frame: Raw rows.
        preprocessor: Fitted on such rows.
        n_clusters: How many clusters, at least 2; or several numbers to choose from. Defaults to None: 2 to 12.
        method: ``"deep"``, ``"autoencoder"`` or ``"kmeans"``. Defaults to ``"deep"``.
        epochs: Passes over the rows (over their pairs with neighbours, for ``"deep"``), at least 1. Defaults to None: as many
            as make about the same number of updates, whatever the number of rows.
        seed: Seed of everything drawn. Defaults to 0.
        **options: Options of `models.deep_clustering` or `models.autoencoder`, such as ``units`` or ``bottleneck``.

    Returns:
        Clusters: Labels, shares, codes, the scores of each number tried, and the network.

    Raises:
        InputError: If an option is out of its range, there are fewer rows than clusters, or the features cannot be
            compared (texts as sequences of ids).

    Example:
        >>> from dltoolkit import Schema, preprocessing
        >>> frame = pd.DataFrame({"x": [0.0, 0.1, 5.0, 5.1, 9.0, 9.1]})
        >>> preprocessor = preprocessing.fit(frame, Schema.infer(frame).with_roles(x="numeric"))
        >>> cluster(frame, preprocessor, n_clusters=[2, 3], method="kmeans").frame()["rows"].tolist()
        [2, 2, 2]

    References:
        van der Maaten and Hinton (2008), "Visualizing data using t-SNE", JMLR 9; Sainburg, McInnes and Gentner (2021),
        "Parametric UMAP embeddings", Neural Computation 33; Damrich et al. (2023), "From t-SNE to UMAP with contrastive
        learning", ICLR, whose InfoNC-t-SNE is the loss here. Rousseeuw (1987), "Silhouettes", for the number of clusters.
        Xie et al. (2016), "Unsupervised deep embedding for clustering analysis", ICML, for the shares.
    """
    check_frame(frame, rows=3)
    check_choice(method, METHODS, "method")
    tried = _numbers(n_clusters, len(frame))
    if epochs is not None:
        check_number(epochs, "epochs", low=1, whole=True)
    model, code, history = _learnt(frame, preprocessor, method, epochs=epochs, seed=seed, options=options)
    nothing = np.empty(0)
    bare = Clusters(
        nothing, nothing, code, nothing, 0, pd.DataFrame(), history, method, preprocessor, model, seed
    )
    return _grouped(bare, tried)


def _grouped(learnt: Clusters, tried: list[int]) -> Clusters:
    """The best of several numbers of groups on a code."""
    code = learnt.embedding
    with threadpool_limits(THREADS, "openmp"):
        found = {k: KMeans(k, n_init=STARTS, random_state=learnt.seed).fit(code) for k in tried}
    scores = _scores(found, code, learnt.seed)
    best = int(scores.loc[scores["chosen"], "n_clusters"].iloc[0])
    centroids = found[best].cluster_centers_.astype("float32")
    shares = _shares(code, centroids)
    return dataclasses.replace(
        learnt,
        labels=shares.argmax(axis=1),
        probabilities=shares,
        centroids=centroids,
        n_clusters=best,
        scores=scores,
        model=None if learnt.model is None else with_centroids(learnt.model, centroids),
    )


def _learnt(
    frame: pd.DataFrame,
    preprocessor: Preprocessor,
    method: str,
    *,
    epochs: int | None,
    seed: int,
    options: dict[str, Any],
) -> tuple[keras.Model | None, np.ndarray, pd.DataFrame]:
    """A network with a code, the code of each row, and how the learning went."""
    features = preprocessor.transform(frame)
    if method == "kmeans":
        if options:
            stop([complaint("options", "none for method 'kmeans'", listed(options), "It has no network.")])
        return None, blocks(features, preprocessor), pd.DataFrame(columns=["epoch", "loss", "seconds"])
    if method == "autoencoder":
        model = autoencoder(preprocessor, seed=seed, **options)
        history = learn_to_repeat(model, features, preprocessor, epochs=epochs, seed=seed)
    else:
        model = deep_clustering(preprocessor, n_clusters=2, seed=seed, **options)
        numbers = blocks(features, preprocessor)
        history = learn_neighbours(_encoder(model), features, numbers, epochs=epochs, seed=seed)
    return model, encode(model, features), history


def encode(model: keras.Model, features: dict[str, np.ndarray]) -> np.ndarray:
    """The code of rows, float32 ``(n, width)``."""
    return _encoder(model).predict(features, batch_size=PREDICT_BATCH, verbose=0)


def _encoder(model: keras.Model) -> keras.Model:
    return keras.Model(model.input, model.get_layer(free_name(CODE, model.input)).output)


def _numbers(n_clusters: int | Iterable[int] | None, n_rows: int) -> list[int]:
    """The numbers of clusters to try."""
    if n_clusters is None:
        return [k for k in TRIED if k < n_rows]
    several = isinstance(n_clusters, Iterable) and not isinstance(n_clusters, str)
    tried: list[Any] = list(n_clusters) if several else [n_clusters]  # type: ignore[arg-type]
    if not tried:
        stop([complaint("n_clusters", "a number, or several to choose from", "none")])
    for k in tried:
        check_number(k, "n_clusters", low=2, high=n_rows - 1, whole=True)
    return sorted({int(k) for k in tried})


def _scores(found: dict[int, KMeans], code: np.ndarray, seed: int) -> pd.DataFrame:
    """How well each number of clusters separates the codes."""
    rows = []
    for k, means in found.items():
        some = min(SILHOUETTE_ROWS, len(code))
        several = len(np.unique(means.labels_)) > 1
        silhouette = (
            silhouette_score(code, means.labels_, sample_size=some, random_state=seed) if several else -1.0
        )
        spread = davies_bouldin_score(code, means.labels_) if several else np.inf
        rows.append((k, silhouette, spread, means.inertia_))
    table = pd.DataFrame(rows, columns=["n_clusters", "silhouette", "davies_bouldin", "inertia"])
    return table.assign(chosen=table.index == table["silhouette"].idxmax())


def _silhouettes(code: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean silhouette of each cluster, measured on at most `SILHOUETTE_ROWS` rows."""
    some = np.random.default_rng(0).permutation(len(code))[:SILHOUETTE_ROWS]
    values = silhouette_samples(code[some], labels[some])
    return pd.Series(values).groupby(labels[some]).mean().reindex(np.unique(labels)).to_numpy()


def _shares(code: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """As the network's last layer: a Student t distribution around each centroid."""
    squared = np.square(code).sum(axis=1)[:, None] - 2 * code @ centroids.T + np.square(centroids).sum(axis=1)
    near = 1 / (1 + np.maximum(squared, 0))
    return (near / near.sum(axis=1, keepdims=True)).astype("float32")
