"""Networks on pretrained bodies: the same numbers as the publishers' own, found, refused, frozen and tuned."""

import json
import math
import socket

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.models._pretrained._bert import BertSize, bert, bert_model
from dltoolkit.models._pretrained._find import BODIES, FOLDER
from dltoolkit.models._pretrained._safetensors import read_safetensors
from dltoolkit.models._pretrained._stages import freeze, stages
from dltoolkit.training._frozen import cut

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "very", "not", "tea", "##s", ".", "[MASK]")
WIDTH, HEADS, INNER, LAYERS, POSITIONS = 8, 2, 12, 2, 16


def write_safetensors(path, tensors):
    """The format by its own description: length, header, numbers."""
    header, blocks, start = {"__metadata__": {"format": "pt"}}, [], 0
    for name, (kind, array) in tensors.items():
        block = array.tobytes()
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [start, start + len(block)],
        }
        blocks.append(block)
        start += len(block)
    front = json.dumps(header).encode()
    path.write_bytes(len(front).to_bytes(8, "little") + front + b"".join(blocks))


def tiny_weights(seed=0):
    random = np.random.default_rng(seed)

    def drawn(*shape):
        return random.normal(0, 0.3, shape).astype("float32")

    found = {
        "embeddings.word_embeddings.weight": drawn(len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": drawn(POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": drawn(2, WIDTH),
        "embeddings.LayerNorm.weight": 1 + drawn(WIDTH),
        "embeddings.LayerNorm.bias": drawn(WIDTH),
    }
    shapes = {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (INNER, WIDTH),
        "output.dense": (WIDTH, INNER),
    }
    for i in range(LAYERS):
        front = f"encoder.layer.{i}."
        for name, shape in shapes.items():
            found |= {f"{front}{name}.weight": drawn(*shape), f"{front}{name}.bias": drawn(shape[0])}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            found |= {f"{front}{name}.weight": 1 + drawn(WIDTH), f"{front}{name}.bias": drawn(WIDTH)}
    return found


CONFIG = {
    "model_type": "bert",
    "vocab_size": len(PIECES),
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}


def write_folder(folder, *, config=CONFIG, weights=None):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    tensors = {name: ("F32", array) for name, array in (weights or tiny_weights()).items()}
    write_safetensors(folder / "model.safetensors", tensors)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("bodies") / "tiny")


@pytest.fixture(scope="module")
def reviews(folder):
    random = np.random.default_rng(0)
    words = ["tea", "teas", "very", "."]
    labels = random.integers(0, 2, 160)
    texts = [
        " ".join([*random.choice(words, random.integers(1, 6)), "good" if y else "bad", "tea"])
        for y in labels
    ]
    frame = pd.DataFrame(
        {"text": texts, "stars": random.normal(size=160), "great": np.where(labels, "yes", "no")}
    )
    problem = Problem.infer(frame, "great")
    schema = Schema.infer(frame, "great").with_roles(text="text", stars="numeric")
    splits = data.split(frame, problem, schema=schema, near=False, seed=0)
    options = models.pretrained_options(folder)
    return problem, preprocessing.fit(splits.train, schema, text=options), splits


def by_hand(ids, w):
    """BERT's mean vectors of one text after each layer, in NumPy, from Devlin et al.'s description."""

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * w[name + ".weight"] + w[name + ".bias"]

    def dense(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    depths = [x]
    for i in range(LAYERS):
        front, size = f"encoder.layer.{i}.", WIDTH // HEADS
        q, k, v = (dense(x, front + "attention.self." + part) for part in ("query", "key", "value"))
        heads = []
        for h in range(HEADS):
            part = slice(h * size, (h + 1) * size)
            scores = np.exp(q[:, part] @ k[:, part].T / math.sqrt(size))
            heads.append(scores / scores.sum(1, keepdims=True) @ v[:, part])
        y = dense(np.concatenate(heads, 1), front + "attention.output.dense")
        x = norm(x + y, front + "attention.output.LayerNorm")
        y = dense(x, front + "intermediate.dense")
        y = y * (1 + np.vectorize(math.erf)(y / math.sqrt(2))) / 2
        x = norm(x + dense(y, front + "output.dense"), front + "output.LayerNorm")
        depths.append(x)
    return np.concatenate([normalised(depth.mean(0)) for depth in depths])


def normalised(x):
    """As Keras's LayerNormalization does by default."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3)


def test_a_body_gives_what_the_paper_s_formulas_give(folder):
    texts = [[2, 4, 8, 9, 3], [2, 3], [2, 7, 4, 10, 6, 6, 3]]
    ids = np.zeros((3, 9), "int32")
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = text
    expected = [by_hand(np.array(text), tiny_weights()) for text in texts]
    np.testing.assert_allclose(bert(folder).model(ids), expected, atol=1e-5)
    np.testing.assert_allclose(
        bert(folder).model(ids[:, :7]), expected, atol=1e-5
    )  # padding counts for nothing


def test_a_body_from_kerashub_gives_what_kerashub_gives(tmp_path):
    hub = pytest.importorskip("keras_hub")
    keras.utils.set_random_seed(0)
    theirs = hub.models.BertBackbone(len(PIECES), 2, 2, 8, 12, max_sequence_length=16)
    theirs.set_weights(
        [w + np.random.default_rng(i).normal(0, 0.2, w.shape) for i, w in enumerate(theirs.get_weights())]
    )
    theirs.save_to_preset(tmp_path)
    hub.models.BertTokenizer(list(PIECES), lowercase=True).save_to_preset(tmp_path)
    ids = np.array([[2, 4, 8, 9, 3], [2, 5, 3, 0, 0]], "int32")
    known = ids != 0
    batch = {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": known.astype("int32")}
    tokens = np.array(theirs(batch)["sequence_output"])
    expected = normalised((tokens * known[:, :, None]).sum(1) / known.sum(1, keepdims=True))
    problem, preprocessor = fitted(models.pretrained_options(tmp_path, length=5))
    ours = models.pretrained(problem, preprocessor, tmp_path).get_layer("body")
    np.testing.assert_allclose(ours(ids)[:, -WIDTH:], expected, atol=1e-4)


def fitted(options):
    frame = pd.DataFrame({"text": ["good tea", "bad tea", "tea.", "bad"], "y": ["a", "b", "a", "b"]})
    problem, schema = Problem.infer(frame, "y"), Schema.infer(frame, "y").with_roles(text="text")
    return problem, preprocessing.fit(frame, schema, text=options)


def test_the_network_reads_the_text_and_all_beside_it(reviews, folder):
    problem, preprocessor, splits = reviews
    model = models.pretrained(problem, preprocessor, folder)
    assert model.name == "pretrained" and not model.compiled
    assert set(model.input) == set(preprocessor.specs) == {"text", "dense"}
    features = preprocessor.transform(splits.train)
    first = np.array(model(features))
    assert not np.allclose(first, model(features | {"dense": features["dense"] + 1}))
    np.testing.assert_array_equal(first, models.pretrained(problem, preprocessor, folder)(features))
    assert len(model.trainable_weights) == 2  # the head
    both = models.pretrained(problem, preprocessor, folder, words=True)
    assert len(both.trainable_weights) == 4  # two heads in one, and the vectors of pieces and of runs of them


def test_a_saved_network_loads_with_plain_keras(reviews, folder, tmp_path):
    problem, preprocessor, splits = reviews
    model = models.pretrained(problem, preprocessor, folder, trainable=1, units=(4,))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    features = preprocessor.transform(splits.train)
    np.testing.assert_array_equal(again(features), model(features))


@pytest.mark.parametrize(("trainable", "learnt"), [("none", 0), (1, 16), (2, 32), ("all", 36)])
def test_stages_are_learnt_from_the_end(folder, trainable, learnt):
    body = bert(folder).model
    assert [len(group) for group in stages(body)] == [3, 5, 5]
    freeze(body, trainable)
    assert len(body.trainable_weights) == learnt
    if trainable == 1:
        assert all(w.path.startswith("layer_2") for w in body.trainable_weights)


def test_batch_normalisation_of_a_body_stays_as_it_was_published():
    inputs = keras.Input((3,))
    x = keras.layers.BatchNormalization(name="block_1_norm")(
        keras.layers.Dense(2, name="block_1_dense")(inputs)
    )
    body = keras.Model(inputs, keras.layers.Dense(2, name="block_2_dense")(x))
    freeze(body, "all")
    before = body.get_layer("block_1_norm").get_weights()
    body(np.full((4, 3), 9.0, "float32"), training=True)
    for old, new in zip(before, body.get_layer("block_1_norm").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert len(body.trainable_weights) == 4


def test_a_frozen_body_sees_each_row_once(reviews, folder):
    problem, preprocessor, splits = reviews
    model = models.pretrained(problem, preprocessor, folder, dropout=0.0, l2=0.0)
    parts = cut(model)
    features = preprocessor.transform(splits.train)
    vectors = [parts.body(features)]
    np.testing.assert_allclose(
        parts.head(dict(zip(parts.head.input, vectors, strict=True))), model(features), atol=1e-6
    )
    before = [np.array(w) for w in model.get_layer("body").get_weights()]
    run = training.fit(model, preprocessor, splits, problem, learning_rate=0.05, epochs=40, progress=False)
    assert run.model is model
    assert all((a == b).all() for a, b in zip(before, model.get_layer("body").get_weights(), strict=True))
    assert run.history["loss"].iloc[-1] < 0.9 * run.history["loss"].iloc[0]
    truth = problem.encode(splits.validation)
    assert (run.outputs(splits.validation).round() == truth).mean() > max(truth.mean(), 1 - truth.mean())


def test_nothing_is_cut_where_nothing_is_frozen(reviews, folder):
    problem, preprocessor, _ = reviews
    assert cut(models.pretrained(problem, preprocessor, folder, trainable="all")) is None
    assert cut(models.mlp(problem, preprocessor)) is None


def tuned(reviews, folder, **options):
    problem, preprocessor, splits = reviews
    model = models.pretrained(problem, preprocessor, folder, words=False)
    head = {"epochs": 2, "learning_rate": 0.01}
    options = {"learning_rate": 0.01, "epochs": 2, "head": head, "progress": False, **options}
    return training.fine_tune(model, preprocessor, splits, problem, **options)


def test_fine_tuning_learns_the_head_then_the_last_stages(reviews, folder, tmp_path):
    published = bert(folder).model.get_layer("layer_1_inner").get_weights()[0]
    run = tuned(reviews, folder, stages=1)
    assert run.history["step"].tolist() == [1, 1, 2, 2]
    assert run.history["epoch"].tolist() == [1, 2, 3, 4]
    body = run.model.get_layer("body")
    np.testing.assert_array_equal(body.get_layer("layer_1_inner").get_weights()[0], published)
    run.save(tmp_path)
    frame = reviews[2].validation
    np.testing.assert_array_equal(training.load(tmp_path).outputs(frame), run.outputs(frame))


def test_the_first_step_is_kept_where_the_second_does_worse(reviews, folder):
    run = tuned(reviews, folder, stages="all", learning_rate=5.0)
    assert run.best_epoch <= 2
    np.testing.assert_array_equal(
        run.model.get_layer("body").get_layer("layer_2_inner").get_weights()[0],
        bert(folder).model.get_layer("layer_2_inner").get_weights()[0],
    )


def test_lora_changes_attention_alone_and_leaves_no_trace_in_the_file(reviews, folder, tmp_path):
    published = bert(folder).model
    run = tuned(reviews, folder, stages=1, lora_rank=2, epochs=3)
    body = run.model.get_layer("body")
    assert body.count_params() == published.count_params()
    for name in ("layer_2_inner", "layer_2_norm", "layer_1_attention"):
        for a, b in zip(
            body.get_layer(name).get_weights(), published.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(a, b)
    changed = [
        not np.array_equal(a, b)
        for a, b in zip(
            body.get_layer("layer_2_attention").get_weights(),
            published.get_layer("layer_2_attention").get_weights(),
            strict=True,
        )
    ]
    assert changed == [True, True, False, False, True, True, False, False] or run.best_epoch <= 2
    run.save(tmp_path)
    frame = reviews[2].validation
    np.testing.assert_array_equal(training.load(tmp_path).outputs(frame), run.outputs(frame))


def test_missing_weights_are_an_error_at_once_with_three_ways_and_no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name in ("minilm", "bert-tiny"):
        with pytest.raises(
            InputError, match=r"no network was asked.*\(1\).*\(2\) weights=.*\(3\) download=True"
        ):
            models.pretrained_options(name)
    with pytest.raises(InputError, match="make pretrained"):
        models.pretrained_options("minilm")
    assert not models.pretrained_bodies()["here"].any()


def test_a_folder_of_the_environment_is_looked_into(folder, monkeypatch):
    monkeypatch.setenv(FOLDER, str(folder.parent))
    monkeypatch.setitem(BODIES, "tiny", BODIES["bert-tiny"])
    assert models.pretrained_options("tiny").pieces == PIECES
    table = models.pretrained_bodies().set_index("body")
    assert table.loc["tiny", "here"] and table.loc["tiny", "reads"] == "text"


def test_what_does_not_fit_is_refused_with_the_line_that_cures_it(reviews, folder):
    problem, preprocessor, splits = reviews
    plain = preprocessing.fit(splits.train, preprocessor.schema)
    with pytest.raises(InputError, match=r"feature 'text': expected the 12 word pieces.*pretrained_options"):
        models.pretrained(problem, plain, folder)
    with pytest.raises(InputError, match="'efficientnet-lite0': expected a column of role image"):
        models.pretrained(problem, preprocessor, "efficientnet-lite0")
    with pytest.raises(InputError, match="Did you mean 'minilm'"):
        models.pretrained(problem, preprocessor, "minlm")
    with pytest.raises(InputError, match="weights: expected a file or folder"):
        models.pretrained(problem, preprocessor, "minilm", weights=folder / "no")
    with pytest.raises(InputError, match="weights: expected None where body is a folder"):
        models.pretrained(problem, preprocessor, folder, weights=folder)
    with pytest.raises(InputError, match=r"trainable: expected a whole number in \[0, 3\]"):
        models.pretrained(problem, preprocessor, folder, trainable=4)
    with pytest.raises(InputError, match="trainable: expected one of 'none', 'all'"):
        models.pretrained(problem, preprocessor, folder, trainable="top")
    with pytest.raises(InputError, match="body: expected one that reads texts"):
        models.pretrained_options("efficientnet-lite0")
    with pytest.raises(InputError, match="at most 16 pieces a text"):
        models.pretrained(*fitted(models.pretrained_options(folder, length=17)), folder)
    with pytest.raises(InputError, match="model: expected a network on a pretrained body"):
        training.fine_tune(models.mlp(problem, preprocessor), preprocessor, splits, problem)


def damaged(folder, tmp_path, name, content):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "model_type 'bert', got 'gpt2'"),
        ({"hidden_size": "8"}, "none for 'hidden_size'"),
        ({"num_attention_heads": 3}, "that num_attention_heads divides, got 8 and 3"),
        ({"hidden_act": "relu"}, "GELU and absolute positions"),
        ({"intermediate_size": 13}, "shapes .* for 'layer_1_inner'"),
        ({"num_hidden_layers": 3}, "BERT's 'encoder.layer.2.attention.self.query.weight'"),
    ],
)
def test_another_network_s_config_is_refused(folder, tmp_path, change, message):
    changed = damaged(folder, tmp_path, "config.json", json.dumps(CONFIG | change).encode())
    with pytest.raises(InputError, match=message):
        bert(changed)


def test_damaged_weights_are_named(folder, tmp_path):
    whole = (folder / "model.safetensors").read_bytes()
    header = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}
    strange = {"a": {"dtype": "X9", "shape": [1], "data_offsets": [0, 1]}}

    def packed(content):
        front = content if isinstance(content, bytes) else json.dumps(content).encode()
        return len(front).to_bytes(8, "little") + front + b"\0" * 8

    cases = {
        whole[:5]: "cut off or something else",
        whole[:50]: "cut off or something else",
        whole[:-4]: "one that ends after",
        packed(b"not json"): "a header that cannot be read",
        packed({"a": {"dtype": "F32"}}): "a header that cannot be read",
        packed(header): "4 bytes for 'a' of shape",
        packed(strange): "numbers of kind 'X9'",
    }
    for content, message in cases.items():
        with pytest.raises(InputError, match=message):
            read_safetensors(damaged(folder, tmp_path, "model.safetensors", content) / "model.safetensors")
    with pytest.raises(InputError, match=r"config.json and model.safetensors, got no 'config.json'"):
        bert(tmp_path.parent)


def test_half_numbers_are_read_as_they_were_meant(tmp_path):
    values = np.array([[1.0, -2.5], [0.15625, 3.0]], "float32")
    upper = (values.view("<u4") >> 16).astype("<u2")  # exact for these
    write_safetensors(tmp_path / "a", {"b": ("BF16", upper), "h": ("F16", values.astype("<f2"))})
    found = read_safetensors(tmp_path / "a")
    np.testing.assert_array_equal(found["b"], values)
    np.testing.assert_array_equal(found["h"], values)


def test_a_bert_of_the_old_kind_uses_the_approximate_curve():
    size = BertSize(5, 4, 1, 2, 6, 3, approximate=True)
    exact, old = bert_model(BertSize(5, 4, 1, 2, 6, 3)), bert_model(size)
    random = np.random.default_rng(0)
    old.set_weights([random.normal(size=w.shape) for w in exact.get_weights()])
    exact.set_weights(old.get_weights())
    ids = np.array([[2, 3, 4]], "int32")
    difference = np.abs(np.array(exact(ids)) - np.array(old(ids))).max()
    assert 0 < difference < 0.01
