"""What words say of the classes: counted as by hand, once a text, never from other parts, kept in the bundle."""

import math
from collections import Counter

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit.training._evidence import count_evidence

TEXTS = [
    ("tea good good !", "a", 1, 0),
    ("tea bad", "b", 0, 1),
    ("good cup. Good tea", "a", 1, 1),
    ("bad cup", "b", 0, 0),
    ("odd cup tea", "c", 1, 0),
    ("once", "c", 0, 1),
]
FRAME = pd.DataFrame([*TEXTS, *TEXTS], columns=["text", "label", "l1", "l2"])
SETTINGS = {"epochs": 1, "progress": False}


def parts(target, frame=FRAME, **options):
    columns = ["text", *([target] if isinstance(target, str) else target)]
    schema = Schema.infer(frame[columns], target).with_roles(text="text")
    return Problem.infer(frame[columns], target), preprocessing.fit(frame[columns], schema, **options), schema


def by_hand(members):
    """Log odds of each word: texts with it among the words of these texts, against those of all others."""
    inside, outside = Counter(), Counter()
    for text, member in zip(FRAME["text"], members, strict=True):
        (inside if member else outside).update(set(text.lower().replace(".", " ").split()))
    words = [w for w in {*inside, *outside} if inside[w] + outside[w] > 1]
    return words, inside, outside


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        ("label", [FRAME["label"] == k for k in "abc"]),
        (["l1", "l2"], [FRAME["l1"] == 1, FRAME["l2"] == 1]),
        ("l1", [FRAME["l1"] == 1]),
    ],
)
def test_log_odds_are_those_counted_by_hand(target, classes):
    problem, preprocessor, _ = parts(target)
    model = models.bag_of_words(problem, preprocessor, ngrams=1)
    count_evidence(model, preprocessor, FRAME, problem)
    reader = model.get_layer("text_evidence")
    table = reader.get_layer("odds").get_weights()[0]
    size = preprocessor.specs["text"].vocabulary_size
    for k, members in enumerate(classes):
        words, inside, outside = by_hand(members)
        # every place of the table, and padding, is taken to be in one more text of each side
        total_in, total_out = sum(inside.values()) + size, sum(outside.values()) + size
        for word in words:
            place = preprocessor.transform(pd.DataFrame({"text": [word]}))["text"][0, 0]
            expected = math.log((inside[word] + 1) / total_in) - math.log((outside[word] + 1) / total_out)
            assert table[place, k] == pytest.approx(expected, abs=1e-5), word


def test_a_word_said_twice_counts_once_and_its_answer_is_the_trusted_sum():
    problem, preprocessor, _ = parts("l1")
    model = models.bag_of_words(problem, preprocessor, ngrams=2, buckets=512)
    count_evidence(model, preprocessor, FRAME, problem)
    reader = model.get_layer("text_evidence")
    trust = reader.get_layer("trust")
    trust.set_weights([np.ones(trust.get_weights()[0].shape)])
    texts = pd.DataFrame({"text": ["tea tea tea", "tea", "tea cup", "", "never seen"]})
    said = np.array(reader(preprocessor.transform(texts)["text"]))[:, 0]
    word = {w: preprocessor.transform(pd.DataFrame({"text": [w]}))["text"][0, 0] for w in ("tea", "cup")}
    odds = reader.get_layer("odds").get_weights()[0][:, 0]
    assert said[1] == pytest.approx(odds[word["tea"]], abs=1e-6)
    run = (word["tea"] * 40_503 + word["cup"] * 9_973) % 512 + len(preprocessor._plan.media[0].vocabulary) + 2
    heard = [odds[word["tea"]], odds[word["cup"]], odds[run]]
    assert said[2] == pytest.approx(sum(heard) / math.sqrt(np.count_nonzero(heard)), abs=1e-5)
    assert said[3] == 0


def test_untrained_it_answers_the_base_rate_and_trained_what_words_say(tmp_path):
    random = np.random.default_rng(0)
    words = np.array(["tea", "cup", "shop", "pot", "leaf"])
    label = random.integers(0, 3, 400)
    mood = np.array(["stale", "plain", "tasty"])
    frame = pd.DataFrame(
        {"text": [" ".join([*random.choice(words, 4), mood[k]]) for k in label], "label": mood[label]}
    )
    problem, _, schema = parts("label", frame)
    splits = data.split(frame, problem, schema=schema, near=False, seed=0)
    preprocessor = preprocessing.fit(splits.train, schema)
    model = models.bag_of_words(problem, preprocessor)
    before = np.array(model(preprocessor.transform(frame)))
    np.testing.assert_allclose(before, before[:1].repeat(400, 0), atol=1e-6)
    run = training.fit(model, preprocessor, splits, problem, progress=False)
    assert (run.outputs(splits.test).argmax(1) == problem.encode(splits.test)).mean() == 1
    odds = model.get_layer("text_evidence").get_weights()[0]
    training.fit(model, preprocessor, splits, problem, **SETTINGS)
    np.testing.assert_array_equal(model.get_layer("text_evidence").get_weights()[0], odds)
    model.save(tmp_path / "model.keras")
    features = preprocessor.transform(splits.test)
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(features), model(features))


def test_without_evidence_vectors_are_learnt_and_by_another_recipe():
    problem, preprocessor, _ = parts("label")
    counted = models.bag_of_words(problem, preprocessor)
    learnt = models.bag_of_words(problem, preprocessor, evidence=False)
    assert models.recipe(counted, problem, preprocessor) == models.recipe(
        "bag_of_words", problem, preprocessor
    )
    assert models.recipe(counted, problem, preprocessor).patience is None
    assert models.recipe(counted, problem, preprocessor).epochs == 50  # twelve texts: many short passes
    assert models.recipe(learnt, problem, preprocessor).patience == 4
    assert not any(layer.name.endswith("evidence") for layer in learnt.layers)
    amounts = FRAME.assign(price=np.linspace(1, 9, len(FRAME)))
    problem, preprocessor, _ = parts("price", amounts)
    assert not any(n.name.endswith("evidence") for n in models.bag_of_words(problem, preprocessor).layers)
    problem, preprocessor, _ = parts("label", text="tf-idf")
    assert not any(n.name.endswith("evidence") for n in models.bag_of_words(problem, preprocessor).layers)
