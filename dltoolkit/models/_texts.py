"""Networks for texts: which words there are, read in order with a memory, or all looked at together."""

import dataclasses
from collections.abc import Sequence

from dltoolkit._checks import check_number
from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._bags import EVIDENCE_END, Bag, believe, preprocessor_words, side_by_side
from dltoolkit.models._parts import Style
from dltoolkit.models._readers import Looker, Reader, texts_of
from dltoolkit.models._recipe import Recipe
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

LONGEST_READ = 100  # words; a recurrent layer goes through them one by one
LONGEST_LOOKED_AT = 200
UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = (
    600,
    3,
    50,
)  # of a bag of counted words; on the reviews 5 epochs did best
COUNTED_BATCH = 32
WORD_DROPOUT = 0.3  # with evidence; tried on the reviews with other seeds than those reported
ROWS_A_LAYER = 20_000  # a second layer of a transformer pays from about as many texts on


def bag_of_words(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    width: int = 8,
    ngrams: int = 2,
    buckets: int = 2**18,
    evidence: bool = True,
    spelling: bool = False,
    units: Sequence[int] = (),
    activation: str = "relu",
    initializer: str = "he_normal",
    normalisation: str | None = None,
    word_dropout: float | None = None,
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """What the words of a text, and runs of them, say of each class; or a weighted mean of learnt vectors.

    With `evidence`, the log odds of each word and run, in texts of a class against all others, are counted in the
    training part before the first epoch, as naive Bayes does, and how far to trust each is learnt: on a few thousand
    texts that beats vectors learnt from nothing. Without it, and for amounts, each word has a learnt vector, and
    rare words weigh more than frequent ones, about as in TF-IDF. With `spelling` there is a second member, which learns
    by itself; their answers are averaged.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs; texts as sequences, or as one number a word (``mode="tf-idf"`` and its kin).
        width: Numbers of each learnt vector, at least 1. Defaults to 8.
        ngrams: Up to how many neighbouring words count as one, 1 to 3. Defaults to 2.
        buckets: Places for the runs of words, which share them by chance. Defaults to 262,144.
        evidence: Whether words start from what is counted of them. It needs classes, and words in their order; where
            these lack, vectors are learnt all the same. Defaults to True.
        spelling: Whether words are also seen as runs of letters, so that ``tasty`` and ``tastier`` have something in
            common; it costs several times the seconds. Defaults to False.
        units: Width of each hidden layer, at least 1 each. Defaults to none.
        activation: Keras activation of the hidden layers. Defaults to ``"relu"``.
        initializer: Keras initialiser of the hidden layers. Defaults to ``"he_normal"``.
        normalisation: ``"batch"``, ``"layer"`` or None, in the hidden layers. Defaults to None.
        word_dropout: Share of the words left out at each training step, in [0, 1). Defaults to None: 0.3 with evidence, so
            that no word is trusted only beside others; else 0.
        dropout: Share of the vectors' numbers, and of hidden units, left out, in [0, 1). Defaults to 0.
        l1: Weight of the L1 penalty on hidden layers and head, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the same weights, at least 0. Defaults to 0.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If there is no text, or an option is out of its range.

    References:
        Joulin et al. (2017), "Bag of tricks for efficient text classification"; Bojanowski et al. (2017), "Enriching
        word vectors with subword information"; Wang and Manning (2012), "Baselines and bigrams: simple, good sentiment and
        topic classification" (their NBSVM).
    """
    style = Style(activation, initializer, normalisation, dropout, l1, l2, seed)
    check_number(width, "width", low=1, whole=True)
    check_number(ngrams, "ngrams", low=1, high=3, whole=True)
    check_number(buckets, "buckets", low=1, whole=True)
    counted = evidence and _countable(problem, preprocessor)
    share = word_dropout if word_dropout is not None else WORD_DROPOUT if counted else 0.0
    check_number(share, "word_dropout", low=0, high=1, open_high=True)
    _parts.check_units(units)
    texts = texts_of(preprocessor)
    inputs = _parts.inputs_of(preprocessor)
    bag = Bag(width, ngrams, buckets=buckets, word_dropout=share, seed=seed)
    first = [
        bag.evidence(preprocessor, name, inputs, problem.head.units)
        if counted
        else bag.words(preprocessor, name, inputs)
        for name in texts
    ]
    members = [_parts.joined(first, free_name("words", inputs))]
    if spelling and all(preprocessor_words(preprocessor, name) for name in texts):
        letters = [bag.letters(preprocessor, name, inputs) for name in texts]
        members.append(_parts.joined(letters, free_name("spelling", inputs)))
    x = side_by_side(members, inputs, preprocessor, texts, seed=seed)
    if dropout:
        x = keras.layers.Dropout(dropout, seed=seed, name=free_name("dropout", inputs))(x)
    x = _parts.hidden(x, units, style, inputs)
    model = _parts.finish(
        x,
        inputs,
        problem,
        preprocessor,
        name="bag_of_words",
        output_bias=output_bias,
        regularizer=style.penalty,
        seed=seed,
    )
    if counted and not units:
        name = "heads" if len(members) > 1 else "answer"
        believe(model.get_layer(free_name(name, inputs)), len(texts))
    return model


def lstm(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    width: int = 64,
    units: Sequence[int] = (64,),
    bidirectional: bool = True,
    pooling: str = "both",
    length: int | None = LONGEST_READ,
    initializer: str = "orthogonal",
    word_dropout: float = 0.3,
    dropout: float = 0.3,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """Reads word by word, with a long short-term memory.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs; texts as sequences.
        width: Numbers of each word's vector, at least 1. Defaults to 64.
        units: Width of the memory of each layer, at least 1 each. Defaults to one of 64.
        bidirectional: Whether texts are also read from their end. Defaults to True.
        pooling: What is kept of all steps: their ``"mean"``, their ``"max"`` or ``"both"``. Defaults to ``"both"``.
        length: Words that are read of each text, the first ones: each takes its time. Defaults to 100; None for all.
        initializer: Keras initialiser of what goes round in the memory. Defaults to ``"orthogonal"``.
        word_dropout: Share of the word vectors' numbers left out, the same ones in all words of a text, in [0, 1).
            Defaults to 0.3.
        dropout: Share of the pooled numbers left out, in [0, 1). Defaults to 0.3.
        l1: Weight of the L1 penalty on the head, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the head, at least 0. Defaults to 0.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If there is no text as a sequence, or an option is out of its range.

    References:
        Hochreiter and Schmidhuber (1997), "Long short-term memory"; Graves and Schmidhuber (2005) read both ways.
    """
    style = Style("tanh", initializer, None, dropout, l1, l2, seed)
    shared = (width, pooling, length, word_dropout, style)
    reader = Reader(*shared, layer=keras.layers.LSTM, units=tuple(units), bidirectional=bidirectional)
    return reader.network(problem, preprocessor, name="lstm", output_bias=output_bias)


def gru(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    width: int = 64,
    units: Sequence[int] = (64,),
    bidirectional: bool = True,
    pooling: str = "both",
    length: int | None = LONGEST_READ,
    initializer: str = "orthogonal",
    word_dropout: float = 0.3,
    dropout: float = 0.3,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """Reads word by word, with gated recurrent units: a quarter fewer weights than `lstm`.

    Args:
        problem: As for `lstm`, and so are all the other arguments and the errors.
        preprocessor: As for `lstm`.
        width: As for `lstm`.
        units: As for `lstm`.
        bidirectional: As for `lstm`.
        pooling: As for `lstm`.
        length: As for `lstm`.
        initializer: As for `lstm`.
        word_dropout: As for `lstm`.
        dropout: As for `lstm`.
        l1: As for `lstm`.
        l2: As for `lstm`.
        output_bias: As for `lstm`.
        seed: As for `lstm`.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: As `lstm`.

    References:
        Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder".
    """
    style = Style("tanh", initializer, None, dropout, l1, l2, seed)
    shared = (width, pooling, length, word_dropout, style)
    reader = Reader(*shared, layer=keras.layers.GRU, units=tuple(units), bidirectional=bidirectional)
    return reader.network(problem, preprocessor, name="gru", output_bias=output_bias)


def transformer(
    problem: Problem,
    preprocessor: Preprocessor,
    *,
    width: int = 64,
    heads: int = 4,
    layers: int | None = None,
    positions: str = "sinusoidal",
    pooling: str = "mean",
    length: int | None = LONGEST_LOOKED_AT,
    activation: str = "gelu",
    initializer: str = "glorot_uniform",
    word_dropout: float = 0.3,
    dropout: float = 0.2,
    l1: float = 0.0,
    l2: float = 0.0,
    output_bias: str = "base_rate",
    seed: int = 0,
) -> keras.Model:
    """Every word looks at every other one; normalised before each half of a layer, so that it trains without warm-up.

    Args:
        problem: Gives the head.
        preprocessor: Gives the inputs; texts as sequences.
        width: Numbers of each word's vector, a multiple of `heads`. Defaults to 64.
        heads: Number of ways in which words look at each other, at least 1. Defaults to 4.
        layers: Number of layers, at least 1. Defaults to None: 1 below 20,000 training rows, 2 from there on.
        positions: How a word knows its place: ``"sinusoidal"``, ``"learnt"`` or ``"none"``.
        pooling: What is kept of all words: their ``"mean"``, their ``"max"`` or ``"both"``. Defaults to ``"mean"``.
        length: Words that are read of each text, the first ones: what they look at grows with its square. Defaults to 200;
            None for all.
        activation: Keras activation inside a layer. Defaults to ``"gelu"``.
        initializer: Keras initialiser of the layers. Defaults to ``"glorot_uniform"``.
        word_dropout: As for `lstm`. Defaults to 0.3.
        dropout: Share of what each half of a layer adds, and of the pooled numbers, left out, in [0, 1). Defaults to 0.2.
        l1: Weight of the L1 penalty on the head, at least 0. Defaults to 0.
        l2: Weight of the L2 penalty on the head, at least 0. Defaults to 0.
        output_bias: ``"base_rate"`` or ``"zeros"``. Defaults to the former.
        seed: Seed of the initialisers and of dropout. Defaults to 0.

    Returns:
        keras.Model: Uncompiled; the features of `preprocessor` in, ``(n, head.units)`` out.

    Raises:
        InputError: If there is no text as a sequence, or an option is out of its range.

    References:
        Vaswani et al. (2017), "Attention is all you need"; Xiong et al. (2020), "On layer normalization in the
        transformer architecture".
    """
    style = Style(activation, initializer, None, dropout, l1, l2, seed)
    n_layers = layers if layers is not None else 1 if _parts.rows_of(preprocessor) < ROWS_A_LAYER else 2
    shared = (width, pooling, length, word_dropout, style)
    looker = Looker(*shared, heads=heads, layers=n_layers, positions=positions)
    return looker.network(problem, preprocessor, name="transformer", output_bias=output_bias)


def recipe(name: str, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How a network for texts is trained.

    Args:
        name: The builder's name.
        problem: What is asked.
        preprocessor: Gives the number of rows.

    Returns:
        Recipe: The options of `training.fit`.
    """
    if name == "bag_of_words" and _countable(problem, preprocessor):
        rows = max(_parts.rows_of(preprocessor), 1)
        epochs = round(UPDATES * COUNTED_BATCH / rows)
        return dataclasses.replace(EVIDENCE, epochs=min(max(epochs, FEWEST_EPOCHS), MOST_EPOCHS))
    return RECIPES[name]


def _countable(problem: Problem, preprocessor: Preprocessor) -> bool:
    """Whether there are classes, and words in their order, so that it can be counted what each word says."""
    texts = _parts.of_role(preprocessor, "text")
    return problem.kind != "regression" and all(preprocessor.specs[name].vocabulary_size for name in texts)


def own_recipe(model: keras.Model, problem: Problem, preprocessor: Preprocessor) -> Recipe:
    """How this very network is trained: a bag of learnt vectors takes longer than one of counted evidence.

    Args:
        model: The network.
        problem: What is asked.
        preprocessor: Gives the number of rows.

    Returns:
        Recipe: The options of `training.fit`.
    """
    counted = any(layer.name.endswith(EVIDENCE_END) for layer in model.layers)
    return recipe(model.name, problem, preprocessor) if counted else RECIPES[model.name]


EVIDENCE = Recipe(
    learning_rate=1e-2,
    schedule="cosine",
    epochs=5,
    patience=None,
    batch_size=COUNTED_BATCH,
    why="What words say was counted before; a short course along half a cosine learns whom to trust. It ends by itself, so "
    "that no rows are needed to stop by, and data.split may be asked for few (validation_size=0.05).",
)
RECIPES = {
    "bag_of_words": Recipe(
        learning_rate=3e-3,
        epochs=25,
        patience=4,
        batch_size=32,
        why="Adam takes long steps for rare words, which say most; after a few epochs they are learnt by heart.",
    ),
    "lstm": Recipe(
        learning_rate=2e-3,
        epochs=15,
        patience=3,
        batch_size=64,
        clip_norm=1.0,
        why="Short gradients, as those of long texts may blow up (Pascanu et al. 2013).",
    ),
    "gru": Recipe(
        learning_rate=2e-3,
        epochs=15,
        patience=3,
        batch_size=64,
        clip_norm=1.0,
        why="Short gradients, as those of long texts may blow up (Pascanu et al. 2013).",
    ),
    "transformer": Recipe(
        optimizer="adamw",
        learning_rate=1e-3,
        weight_decay=0.01,
        epochs=15,
        patience=3,
        clip_norm=1.0,
        why="AdamW with short gradients, stopped early: from few texts it soon learns them by heart.",
    ),
}
