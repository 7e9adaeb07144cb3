"""Networks for texts: every one learns, knows padding from words, and refuses what does not fit."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.models._bags import SPREAD, Bag
from dltoolkit.models._readers import pooled, sinusoids
from dltoolkit.models._spelling import BUCKETS, MOST, letter_table
from dltoolkit.preprocessing import TextOptions

ROWS = 200
BUILDERS = ("bag_of_words", "lstm", "gru", "transformer")
SMALL = {
    "bag_of_words": {"width": 4, "buckets": 64},
    "lstm": {"width": 4, "units": (3,)},
    "gru": {"width": 4, "units": (3,)},
    "transformer": {"width": 4, "heads": 2},
}


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    words = np.array(["tea", "cup", "shop", "pot", "leaf", "warm"])
    good = random.integers(0, 2, ROWS)
    said = [" ".join([*random.choice(words, random.integers(1, 7)), "tasty" if g else "stale"]) for g in good]
    return pd.DataFrame(
        {
            "text": said,
            "price": random.normal(size=ROWS),
            "binary": np.where(good, "yes", "no"),
            "multiclass": random.choice(["x", "y", "z"], ROWS),
            "l1": random.integers(0, 2, ROWS),
            "l2": random.integers(0, 2, ROWS),
            "regression": random.normal(500, 20, ROWS),
        }
    )


TARGETS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multilabel": ["l1", "l2"],
    "regression": "regression",
}


def parts(frame, kind="binary", columns=("text",), **options):
    target = TARGETS[kind]
    frame = frame[[*columns, *([target] if isinstance(target, str) else target)]]
    roles = {"text": "text", "price": "numeric"}
    schema = Schema.infer(frame, target).with_roles(**{c: roles[c] for c in columns})
    return Problem.infer(frame, target), preprocessing.fit(frame, schema, text=TextOptions(**options)), schema


@pytest.mark.parametrize("name", BUILDERS)
def test_a_builder_fits_every_kind_of_problem(frame, name):
    for kind in ("multiclass", "regression"):
        problem, preprocessor, _ = parts(frame, kind)
        model = getattr(models, name)(problem, preprocessor, **SMALL[name])
        assert model.name == name and not model.compiled
        outputs = np.array(model(preprocessor.transform(frame.head(8))))
        assert outputs.shape == (8, problem.head.units) and np.isfinite(outputs).all()


@pytest.mark.parametrize("name", BUILDERS)
def test_it_reads_the_table_beside_and_loads_with_plain_keras(frame, name, tmp_path):
    problem, preprocessor, _ = parts(frame, columns=("text", "price"))
    model = models.build(problem, preprocessor, name, **SMALL[name])
    features = preprocessor.transform(frame.head(8))
    first = np.array(model(features))
    assert not np.allclose(first, model(features | {"dense": features["dense"] + 3}))
    np.testing.assert_array_equal(first, models.build(problem, preprocessor, name, **SMALL[name])(features))
    other = models.build(problem, preprocessor, name, seed=1, **SMALL[name])(features)
    assert not np.array_equal(first, other)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(features), first)


@pytest.mark.parametrize("name", BUILDERS)
def test_padding_counts_for_nothing_and_an_empty_text_is_no_accident(frame, name):
    problem, short, _ = parts(frame, length=8)
    _, long, _ = parts(frame, length=12)
    rows = pd.DataFrame({"text": ["tea tasty", "", "stale warm cup"]})
    answers = []
    for preprocessor in (short, long):
        model = getattr(models, name)(problem, preprocessor, **SMALL[name])
        answers.append(np.array(model(preprocessor.transform(rows))))
    assert np.isfinite(answers[0]).all()
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-6)


def test_it_learns_which_word_decides(frame):
    problem, _, schema = parts(frame)
    splits = data.split(frame[["text", "binary"]], problem, schema=schema, near=False)
    preprocessor = preprocessing.fit(splits.train, schema)
    model = models.build(problem, preprocessor, **SMALL["bag_of_words"], dropout=0.0)
    assert model.name == "bag_of_words"
    settings = {"learning_rate": 0.03, "epochs": 12, "early_stopping": False, "progress": False}
    run = training.fit(model, preprocessor, splits, problem, **settings)
    right = run.outputs(splits.validation).round() == problem.encode(splits.validation)
    assert right.mean() > 0.95


@pytest.mark.parametrize("mode", ["tf-idf", "multi-hot", "count"])
def test_a_bag_takes_one_number_a_word_too(frame, mode):
    problem, preprocessor, _ = parts(frame, mode=mode)
    model = models.bag_of_words(problem, preprocessor, **SMALL["bag_of_words"])
    assert np.array(model(preprocessor.transform(frame.head(3)))).shape == (3, 1)
    with pytest.raises(InputError, match="feature 'text': expected words in their order.*mode='sequence'"):
        models.lstm(problem, preprocessor)


def test_words_and_spelling_are_members_of_their_own(frame):
    problem, preprocessor, _ = parts(frame)
    both = models.bag_of_words(problem, preprocessor, spelling=True, **SMALL["bag_of_words"])
    assert both.get_layer("members").output.shape == (None, 2, 1)
    words = models.bag_of_words(problem, preprocessor, **SMALL["bag_of_words"])
    assert not any(layer.name == "members" for layer in words.layers)
    pieces = parts(frame, unit="wordpiece", max_tokens=40)[
        1
    ]  # pieces are no words: their spelling is in them
    assert not any(
        layer.name == "members" for layer in models.bag_of_words(problem, pieces, spelling=True).layers
    )


def test_the_vector_of_words_is_their_weighted_mean(frame):
    _, preprocessor, _ = parts(frame)
    bag = Bag(3, 1, buckets=8, word_dropout=0.0, seed=0)
    inputs = {"text": keras.Input(preprocessor.specs["text"].shape, dtype="int32", name="text")}
    model = keras.Model(inputs, bag.words(preprocessor, "text", inputs))
    features = preprocessor.transform(frame.head(4))
    table = model.layers[-1].get_layer("words").get_weights()[0]
    assert np.abs(table).max() <= SPREAD
    for ids, came in zip(features["text"], np.array(model(features)), strict=True):
        weight = np.log(1.0 + ids[ids > 0])
        np.testing.assert_allclose(came, weight @ table[ids[ids > 0]] / np.linalg.norm(weight), atol=1e-6)


def test_words_with_the_same_letters_share_them():
    table = letter_table(["tasty", "tasty!", "cup"])
    assert table.shape == (5, MOST) and table.max() < BUCKETS
    assert not table[:2].any()  # padding and the unknown word
    tasty, marked, cup = (set(row[row > 0]) for row in table[2:])
    assert len(tasty) == 5 + 4 + 3  # runs of 3, 4 and 5 of the seven signs of <tasty>
    assert len(tasty & marked) >= 9 and not tasty & cup


def test_pooling_leaves_padding_out():
    steps = np.array([[[1.0, -4.0], [3.0, -2.0], [90.0, 90.0]], [[9.0, 9.0]] * 3], "float32")
    known = np.array([[True, True, False], [False] * 3])
    np.testing.assert_allclose(pooled(steps, known, "mean"), [[2.0, -3.0], [0.0, 0.0]])
    np.testing.assert_allclose(pooled(steps, known, "max"), [[3.0, -2.0], [0.0, 0.0]])
    np.testing.assert_allclose(pooled(steps, known, "both"), [[2.0, -3.0, 3.0, -2.0], [0.0] * 4])


def test_places_are_sines_and_cosines():
    places = sinusoids(5, 4)
    np.testing.assert_allclose(places[3], [np.sin(3), np.cos(3), np.sin(0.03), np.cos(0.03)], rtol=1e-5)


def test_a_transformer_without_places_does_not_see_the_order(frame):
    problem, preprocessor, _ = parts(frame)
    rows = pd.DataFrame({"text": ["tea cup pot", "pot tea cup"]})
    for positions, same in (("none", True), ("sinusoidal", False), ("learnt", False)):
        model = models.transformer(problem, preprocessor, positions=positions, width=8)
        first, second = np.array(model(preprocessor.transform(rows)))[:, 0]
        assert np.isclose(first, second, atol=1e-6) == same


def test_a_reader_stops_at_its_length(frame):
    problem, preprocessor, _ = parts(frame)
    rows = pd.DataFrame({"text": ["tea cup pot warm", "tea cup pot leaf"]})
    short = models.gru(problem, preprocessor, length=3, **SMALL["gru"])
    first, second = np.array(short(preprocessor.transform(rows)))[:, 0]
    assert first == second


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("bag_of_words", {"width": 0}, "width"),
        ("bag_of_words", {"ngrams": 4}, r"ngrams: expected a whole number in \[1, 3\]"),
        ("bag_of_words", {"buckets": 0.5}, "buckets"),
        ("bag_of_words", {"word_dropout": 1.0}, "word_dropout"),
        ("lstm", {"units": (0,)}, r"units\[0\]"),
        ("gru", {"pooling": "median"}, "pooling: expected one of"),
        ("gru", {"length": 0}, "length"),
        ("transformer", {"heads": 3}, "width: expected a multiple of heads=3, got 64. Use width=63"),
        ("transformer", {"positions": "here"}, "positions: expected one of"),
        ("transformer", {"layers": 0}, "layers"),
    ],
)
def test_options_out_of_range_are_refused(frame, name, options, message):
    problem, preprocessor, _ = parts(frame)
    with pytest.raises(InputError, match=message):
        getattr(models, name)(problem, preprocessor, **options)


def test_a_table_without_texts_is_refused(frame):
    problem, preprocessor, _ = parts(frame, columns=("price",))
    with pytest.raises(InputError, match="expected a column of texts, got columns of role table"):
        models.bag_of_words(problem, preprocessor)
