"""Words get the shares that were put into the weights."""

import keras
import numpy as np
import pytest

from dltoolkit import explain, preprocessing
from dltoolkit._checks import InputError

L = keras.layers

TEXT = "the good film good unheard"


def test_gradients_give_each_word_what_its_vector_weighs(texts):
    found = explain.token_attributions(texts.run, TEXT)
    assert (found.method, found.target) == ("gradients", "yes")
    assert found.tokens == ("the", "good", "film", "good", "[unknown]")
    expected = [texts.weights.get(word, 0.0) / texts.length for word in found.tokens]
    np.testing.assert_allclose(found.values, expected, rtol=1e-5, atol=1e-7)
    assert "'good' weighs most; next: plots.tokens" in repr(found)
    against = explain.token_attributions(texts.run, TEXT, target="no")
    np.testing.assert_allclose(against.values, -found.values, atol=1e-7)


def test_leaving_a_word_out_costs_what_it_weighs(texts):
    found = explain.token_attributions(texts.run, TEXT, method="leave-one-out")
    expected = [texts.weights.get(word, 0.0) / texts.length for word in found.tokens]
    np.testing.assert_allclose(found.values, expected, atol=1e-4)
    assert list(found.frame()) == ["token", "value"]


def test_counts_of_words_and_ids_without_vectors_are_explained_by_leaving_out(build, texts):
    problem, counts = build.made(
        texts.frame, "liked", {"said": "text"}, text=preprocessing.TextOptions(mode="count")
    )
    inputs = build.inputs_of(counts)
    model = keras.Model(inputs, L.Dense(1, "sigmoid", kernel_initializer="ones")(inputs["said"]))
    run = build.run_of(model, counts, problem)
    found = explain.token_attributions(run, "good film")
    assert found.method == "leave-one-out"
    np.testing.assert_allclose(found.values, 1, rtol=1e-3)
    with pytest.raises(InputError, match=r"method: expected 'leave-one-out' for a text as counts of words"):
        explain.token_attributions(run, "good", method="gradients")
    ids = build.inputs_of(texts.run.preprocessor)
    hot = keras.ops.sum(keras.ops.one_hot(ids["said"], 9), axis=1)
    bare = build.run_of(
        keras.Model(ids, L.Dense(1, "sigmoid")(hot)), texts.run.preprocessor, texts.run.problem
    )
    assert explain.token_attributions(bare, "good film").method == "leave-one-out"
    with pytest.raises(InputError, match="enter by an Embedding"):
        explain.token_attributions(bare, "good film", method="gradients")


def test_a_model_that_reads_more_than_the_text_wants_a_row(build, texts):
    frame = texts.frame.assign(age=np.arange(60.0), other=texts.frame["said"])
    roles = {"said": "text", "age": "numeric", "other": "text"}
    problem, both = build.made(frame, "liked", roles, text=preprocessing.TextOptions(mode="sequence"))
    inputs = build.inputs_of(both)
    pooled = [
        L.GlobalAveragePooling1D()(L.Embedding(both.specs[n].vocabulary_size, 2)(inputs[n]))
        for n in ("said", "other")
    ]
    model = keras.Model(inputs, L.Dense(1, "sigmoid")(L.Concatenate()([*pooled, inputs["dense"]])))
    run = build.run_of(model, both, problem)
    row = frame.iloc[[3]]
    assert len(explain.token_attributions(run, row, column="said").tokens) == 6
    with pytest.raises(InputError, match=r"column: expected one of the texts 'said', 'other', got None"):
        explain.token_attributions(run, row)
    with pytest.raises(
        InputError, match=r"column: expected one of 'said', 'other', got 'sad'\. Did you mean 'said'"
    ):
        explain.token_attributions(run, row, column="sad")
    with pytest.raises(InputError, match=r"text: expected a frame with one row, as the model also reads"):
        explain.token_attributions(run, "good", column="said")


def test_what_is_no_text_is_refused(texts, tables):
    with pytest.raises(InputError, match=r"source: expected a run or bundle that reads a text, got Run"):
        explain.token_attributions(tables["late"], "good")
    with pytest.raises(InputError, match=r"text: expected a text, or a frame with one row, got int"):
        explain.token_attributions(texts.run, 5)
    with pytest.raises(InputError, match=r"got a frame with 2 rows"):
        explain.token_attributions(texts.run, texts.frame.head(2))
    with pytest.raises(InputError, match=r"method: expected one of 'gradients', 'leave-one-out', got 'lime'"):
        explain.token_attributions(texts.run, "good", method="lime")
    with pytest.raises(InputError, match=r"target: expected one of 'no', 'yes', got 'perhaps'"):
        explain.token_attributions(texts.run, "good", method="leave-one-out", target="perhaps")


def test_an_empty_text_has_no_words(texts):
    found = explain.token_attributions(texts.run, "")
    assert found.tokens == ()
    assert "no word" in repr(found)
    assert found.frame().empty


def test_a_pretrained_vocabulary_numbers_its_own_words():
    from types import SimpleNamespace

    from dltoolkit.explain._tokens import _words

    plan = SimpleNamespace(pretrained=True, vocabulary=("[PAD]", "[UNK]", "[CLS]", "film"))
    assert _words(plan, np.array([2, 3, 1])) == ["[CLS]", "film", "[UNK]"]
