"""Texts as bags: weighted means of learnt vectors of words, runs of words, and what words are spelt from."""

from collections.abc import Mapping, Sequence

import numpy as np

from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._spelling import BUCKETS, letter_table
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.preprocessing._media_plan import TextPlan

ops = keras.ops
# Vectors of words start near nothing, so that a word seen once says little (fastText draws them as small: Joulin et al.
# 2017, "Bag of tricks for efficient text classification").
SPREAD = 0.05
# Two numbers without a common factor: neighbouring ids are spread over all buckets (Knuth, volume 3, section 6.4).
FIRST_FACTOR, SECOND_FACTOR = 40_503, 9_973
EVIDENCE_END = "_evidence"  # of the name of the network that weighs the words of a column
ODDS = "odds"  # the layer with the log odds of words, inside the network that reads them


class Bag:
    """Weighted means of learnt vectors, for one network.

    Args:
        width: Numbers of each vector.
        ngrams: Up to how many neighbouring tokens count as one.
        buckets: Vectors that runs of tokens share.
        word_dropout: Share of the tokens left out at each training step.
        seed: Seed of the initialisers and of dropout.
    """

    def __init__(self, width: int, ngrams: int, *, buckets: int, word_dropout: float, seed: int) -> None:
        self.width, self.ngrams, self.buckets = width, ngrams, buckets
        self.word_dropout, self.seed = word_dropout, seed

    def words(
        self, preprocessor: Preprocessor, name: str, inputs: Mapping[str, keras.KerasTensor]
    ) -> keras.KerasTensor:
        """The vector of a text, ``(n, width)``, from its tokens and runs of tokens."""
        spec, layer = preprocessor.specs[name], free_name(f"{name}_words", inputs)
        if spec.vocabulary_size is None:
            x = keras.layers.UnitNormalization(name=free_name(f"{name}_length", inputs))(inputs[name])
            start = keras.initializers.RandomUniform(-SPREAD, SPREAD, seed=self.seed)
            return keras.layers.Dense(self.width, use_bias=False, kernel_initializer=start, name=layer)(x)
        ids = keras.Input(spec.shape, dtype="int32")
        weight = _rarity(ids)
        parts = [self._mean(spec.vocabulary_size, ids, weight, "words")]
        runs, kept = ids, ids > 0
        for n in range(2, self.ngrams + 1):
            runs, kept = self._next_runs(ids, runs, kept, n)
            spread = ops.cast(kept, "float32") * ops.sqrt(weight[:, : -(n - 1)] * weight[:, n - 1 :])
            parts.append(self._mean(self.buckets, runs, spread, f"runs_of_{n}"))
        total = keras.layers.Add(name="all_runs")(parts) if len(parts) > 1 else parts[0]
        return keras.Model(ids, total, name=layer)(inputs[name])

    def evidence(
        self, preprocessor: Preprocessor, name: str, inputs: Mapping[str, keras.KerasTensor], units: int
    ) -> keras.KerasTensor:
        """What the words and runs of a text say of each class, ``(n, units)``: their log odds, each times a trust.

        Each counts once a text. The log odds, a table that is not learnt, are counted before the first epoch by
        `training.fit`; the trust in each starts at 0 and is learnt.
        """
        spec = preprocessor.specs[name]
        tokens = keras.Input(spec.shape, dtype="int32")
        parts, runs, kept = [tokens], tokens, tokens > 0
        for n in range(2, self.ngrams + 1):
            runs, kept = self._next_runs(tokens, runs, kept, n)
            first = (spec.vocabulary_size or 0) + (n - 2) * self.buckets
            parts.append(ops.where(kept, runs + first, 0))
        ids = ops.sort(ops.concatenate(parts, axis=1), axis=1)
        again = ops.concatenate([ops.zeros_like(ids[:, :1]), ids[:, :-1]], axis=1)
        ids = ops.where(ops.equal(ids, again), 0, ids)
        size = (spec.vocabulary_size or 0) + (self.ngrams - 1) * self.buckets
        odds = keras.layers.Embedding(size, units, embeddings_initializer="zeros", trainable=False, name=ODDS)
        trust = keras.layers.Embedding(size, units, embeddings_initializer="zeros", name="trust")
        say = odds(ids)
        heard = ops.cast(ops.any(ops.not_equal(say, 0.0), axis=-1, keepdims=True), "float32")
        length = ops.sqrt(ops.maximum(ops.sum(heard, axis=1), 1.0))
        kept = ops.expand_dims(self._dropped(ops.cast(ids > 0, "float32"), "evidence_dropout"), -1)
        total = ops.sum(say * trust(ids) * kept, axis=1) / length
        return keras.Model(tokens, total, name=free_name(f"{name}{EVIDENCE_END}", inputs))(inputs[name])

    def _next_runs(
        self, ids: keras.KerasTensor, runs: keras.KerasTensor, kept: keras.KerasTensor, n: int
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """From the buckets of the runs of n - 1 tokens to those of n, and whether they are whole."""
        ahead = ids[:, n - 1 :]
        runs = ops.mod(runs[:, :-1] * FIRST_FACTOR + ahead * SECOND_FACTOR, self.buckets)
        return runs, ops.logical_and(kept[:, :-1], ahead > 0)

    def letters(
        self, preprocessor: Preprocessor, name: str, inputs: Mapping[str, keras.KerasTensor]
    ) -> keras.KerasTensor:
        """The vector of a text, ``(n, width)``, from what its words are spelt from."""
        table = letter_table(preprocessor_words(preprocessor, name))
        ids = keras.Input(preprocessor.specs[name].shape, dtype="int32")
        lookup = keras.layers.Embedding(*table.shape, trainable=False, name="runs")
        runs = ops.cast(lookup(ids), "int32")
        lookup.set_weights([table.astype("float32")])
        there = ops.cast(runs > 0, "float32")
        share = there / ops.sqrt(ops.maximum(ops.sum(there, axis=-1, keepdims=True), 1.0))
        vectors = self._table(BUCKETS, "letters")(runs)
        words = ops.sum(vectors * ops.expand_dims(share, -1), axis=2)
        total = _weighted(words, self._dropped(_rarity(ids), "letters_dropout"))
        return keras.Model(ids, total, name=free_name(f"{name}_spelling", inputs))(inputs[name])

    def _table(self, size: int, name: str) -> keras.layers.Embedding:
        start = keras.initializers.RandomUniform(-SPREAD, SPREAD, seed=self.seed + len(name))
        return keras.layers.Embedding(size, self.width, embeddings_initializer=start, name=name)

    def _mean(
        self, size: int, ids: keras.KerasTensor, weight: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        return _weighted(self._table(size, name)(ids), self._dropped(weight, f"{name}_dropout"))

    def _dropped(self, weight: keras.KerasTensor, name: str) -> keras.KerasTensor:
        if not self.word_dropout:
            return weight
        return keras.layers.Dropout(self.word_dropout, seed=self.seed + len(name), name=name)(weight)


def believe(head: keras.layers.Layer, texts: int) -> None:
    """Let a head, or that of the first member, start with the sum of what the words say of each class.

    Args:
        head: With weights ``(width, units)``, or ``(members, width, units)``.
        texts: Number of columns of texts, each with ``units`` numbers at the front of what the head reads.
    """
    kernel, bias = head.get_weights()
    units, first = kernel.shape[-1], kernel if kernel.ndim == 2 else kernel[0]
    first[: texts * units] = np.tile(np.eye(units), (texts, 1))
    head.set_weights([kernel, bias])


def _rarity(ids: keras.KerasTensor) -> keras.KerasTensor:
    """A weight for each token that grows as it gets rarer, float32; 0 for padding.

    Ids go by falling frequency, and by Zipf's law (1949) the n-th most frequent word is n times rarer than the first: the
    logarithm of the id is about that of the inverse frequency, as in TF-IDF (Spärck Jones 1972).
    """
    return ops.log(1.0 + ops.cast(ids, "float32"))


def _weighted(vectors: keras.KerasTensor, weight: keras.KerasTensor) -> keras.KerasTensor:
    """The sum of vectors times their weights, over the length of the row of weights, as TF-IDF rows have length 1."""
    length = ops.sqrt(ops.maximum(ops.sum(weight * weight, axis=1, keepdims=True), 1e-6))
    return ops.sum(vectors * ops.expand_dims(weight / length, -1), axis=1)


def side_by_side(
    members: Sequence[keras.KerasTensor],
    inputs: Mapping[str, keras.KerasTensor],
    preprocessor: Preprocessor,
    texts: Sequence[str],
    *,
    seed: int,
) -> keras.KerasTensor:
    """One member ``(n, width)``, or several ``(n, members, width)``; each with the features that are no text."""
    if len(members) == 1:
        return _parts.with_the_rest(members[0], inputs, preprocessor, texts, seed=seed)
    rest = _parts.vectors(inputs, preprocessor, [n for n in preprocessor.specs if n not in texts], seed=seed)
    rows, widest = [], max(member.shape[-1] for member in members)
    for number, member in enumerate(members, start=1):
        name = free_name(f"member_{number}", inputs)
        x = _parts.joined([_widened(member, widest, f"{name}_widened"), *rest], name)
        rows.append(keras.layers.Reshape((1, x.shape[-1]), name=free_name(f"row_{number}", inputs))(x))
    return keras.layers.Concatenate(axis=1, name=free_name("rows", inputs))(rows)


def _widened(x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    """Zeros behind the numbers, so that all members are equally wide."""
    if x.shape[-1] == width:
        return x
    rows = keras.layers.Reshape((x.shape[-1], 1), name=f"{name}_column")(x)
    padded = keras.layers.ZeroPadding1D((0, width - x.shape[-1]), name=name)(rows)
    return keras.layers.Reshape((width,), name=f"{name}_row")(padded)


def preprocessor_words(preprocessor: Preprocessor, name: str) -> tuple[str, ...]:
    """The words of a text feature, in the order of their ids from 2 on; none where its tokens are no words."""
    plan = next(p for p in preprocessor._plan.media if preprocessor.media[p.column] == name)
    if not isinstance(plan, TextPlan) or plan.treatment != "sequence":
        return ()
    return plan.vocabulary if plan.unit == "word" and plan.ngrams == 1 else ()
