"""Texts, pictures, sounds, sequences, ratings: each against an independent way, and the same in training and service."""

import json
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.ndimage
import scipy.signal
from PIL import Image

from dltoolkit import Problem, Schema, models, preprocessing, training
from dltoolkit import data as kit
from dltoolkit._checks import InputError
from dltoolkit._keras import tf
from dltoolkit.data.kinds._mel import mel_matrix
from dltoolkit.preprocessing import (
    ImageAugmentation,
    ImageOptions,
    SequenceOptions,
    SoundAugmentation,
    SoundOptions,
    TextOptions,
    _dataset,
    _store,
)
from dltoolkit.preprocessing._feed import Feed
from dltoolkit.preprocessing._media_host import plain_texts

ROWS = 1_000
RATE = 4_000
WORDS = [
    "good",
    "bad",
    "tasty",
    "awful",
    "coffee",
    "Tea",
    "MÜLLER",
    "über",
    "don't",
    "好",
    "and,",
    "the",
    "of",
    "a",
]


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    """One column of every role, with what is usual to be odd: missing cells, ragged ones, files of any size."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    paths = []
    for i in range(40):
        height, width = random.integers(6, 20, 2)
        paths.append(str(folder / f"{i}.png"))
        Image.fromarray(random.integers(0, 256, (height, width, 3), dtype="uint8")).save(paths[-1])
    table = pd.DataFrame(
        {
            "age": random.normal(40, 10, ROWS),
            "fee": random.normal(5, 1, ROWS),
            "member": random.choice(["yes", "no"], ROWS),
            "shop": random.choice(["a", "b", "c"], ROWS),
            "town": random.choice([f"t{i}" for i in range(60)], ROWS),
            "when": pd.date_range("2024-01-01", periods=ROWS, freq="7h"),
            "review": [" ".join(random.choice(WORDS, random.integers(0, 12))) for _ in range(ROWS)],
            "tags": ["|".join(random.choice(["a b", "c", "Sci-Fi"], 2, replace=False)) for _ in range(ROWS)],
            "photo": random.choice(paths, ROWS),
            "pixels": [random.integers(0, 256, (6, 7), dtype="uint8") for _ in range(ROWS)],
            "audio": [
                random.normal(0, 0.1, random.integers(800, 1600)).astype("float32") for _ in range(ROWS)
            ],
            "sensor": [random.normal(5, 2, (random.integers(3, 9), 2)) for _ in range(ROWS)],
            "user_id": random.integers(0, 50, ROWS),
            "movie": random.integers(0, 30, ROWS).astype(str),
            "rating": random.integers(1, 6, ROWS),
        }
    )
    table.loc[3, ["age", "shop", "review"]] = [np.nan, None, None]
    return table


@pytest.fixture(scope="module")
def schema(frame):
    return Schema.infer(frame, "rating").with_roles(tags="text", review="text")


@pytest.fixture(scope="module")
def fitted(frame, schema):
    return preprocessing.fit(
        frame.head(800),
        schema,
        audio=SoundOptions(rate=RATE, mels=16),
        image=ImageOptions(size=(8, 9), edges="append"),
        columns={"tags": TextOptions(mode="multi-hot", separator="|", standardise="none")},
        ratios=[("age", "fee")],
        aggregates=[("age", "shop", "mean")],
    )


def one(values, role, name="column"):
    """A table with one column beside a target, and its schema."""
    cells = pd.Series(list(values), dtype=object if not isinstance(values[0], str) else "str")
    table = pd.DataFrame({name: cells, "y": np.arange(len(values)) % 2})
    return table, Schema.infer(table.assign(**{name: 0.0}), "y").with_roles({name: role})


def feature(values, role, options=None, new=None):
    """What one column becomes."""
    table, schema = one(values, role)
    columns = {"column": options} if options is not None else None
    fitted = preprocessing.fit(table, schema, columns=columns)
    rows = table if new is None else one(new, role)[0]
    return fitted.transform(rows)["column"], fitted


def test_every_role_gets_one_input_and_the_named_features(fitted, frame):
    assert set(fitted.model.input) == set(frame.columns) - {"rating"}
    assert set(fitted.specs) == {"dense", "town", "user_id", "movie", *fitted.media}
    assert fitted.specs["photo"].shape == (8, 9, 4)
    assert [fitted.specs[c].role for c in ("review", "photo", "audio", "sensor")] == [
        "text",
        "image",
        "audio",
        "sequence",
    ]


def test_transform_the_dataset_the_graph_and_a_saved_graph_agree_on_a_thousand_rows(fitted, frame, tmp_path):
    features = fitted.transform(frame)
    fitted.model.save(tmp_path / "graph.keras")
    saved = keras.saving.load_model(tmp_path / "graph.keras", safe_mode=True)
    batches = list(fitted.dataset(frame, 97))
    inputs = fitted.inputs(frame)
    others = {
        "graph": fitted.model(inputs, training=False),
        "saved": saved(inputs, training=False),
        "dataset": {k: np.concatenate([b[k] for b in batches]) for k in features},
    }
    for name, other in others.items():
        for key, values in features.items():
            most = 0 if values.dtype == "int32" or fitted.specs[key].role == "text" else 1e-6
            difference = np.abs(values.astype("float64") - np.asarray(other[key]).astype("float64")).max()
            assert difference <= most, (name, key, difference)


def test_a_bundle_answers_as_the_run_and_opens_without_the_kit(frame, schema, tmp_path):
    from dltoolkit import deployment

    problem = Problem.infer(frame, "rating")
    splits = kit.split(frame, problem, seed=0)
    prepared = preprocessing.fit(
        splits.train, schema, image=ImageOptions(size=(6, 6)), audio=SoundOptions(rate=RATE)
    )
    run = training.fit(
        models.mlp(problem, prepared, units=(8,)), prepared, splits, problem, epochs=1, progress=False
    )
    deployment.save(tmp_path / "bundle", run)
    bundle = deployment.load(tmp_path / "bundle")
    rows = splits.validation
    np.testing.assert_array_equal(bundle.outputs(rows), run.outputs(rows))
    plain = keras.saving.load_model(next((tmp_path / "bundle").glob("*.keras")), safe_mode=True)
    np.testing.assert_allclose(plain(bundle.preprocessor.inputs(rows)), run.outputs(rows), atol=1e-6)
    assert not [x for x in plain._flatten_layers() if type(x).__name__.startswith("Random")]


def test_what_was_learnt_survives_json(fitted, frame):
    again = preprocessing.Preprocessor.from_json(json.loads(json.dumps(fitted.to_json())))
    features = fitted.transform(frame.head(50))
    for key, values in again.transform(frame.head(50)).items():
        np.testing.assert_array_equal(values, features[key])


@pytest.mark.parametrize("cache", ["memory", "disk", "none"])
def test_every_cache_gives_the_same_batches_in_every_pass(fitted, frame, cache):
    table = frame.head(120)
    expected = fitted.transform(table)
    batches = fitted.dataset(table, 50, cache=cache)
    for _ in range(2):
        passed = list(batches)
        for key, values in expected.items():
            np.testing.assert_allclose(np.concatenate([b[key] for b in passed]), values, atol=1e-6)


def test_a_cached_file_is_read_once_and_beyond_the_limit_it_is_kept_on_disk(fitted, frame, monkeypatch):
    reads = []
    load = _dataset._media_host._READERS["image"]

    def counted(plan, column):
        reads.append(len(column))
        return load(plan, column)

    monkeypatch.setitem(_dataset._media_host._READERS, "image", counted)
    for limit, store in ((1 << 20, "memory"), (0, "disk")):
        reads.clear()
        graphs = {"photo": fitted._runner.graphs["photo"]}
        media = _dataset.media_columns(graphs, frame, {}, augment={}, cache="auto", memory_limit=limit)
        assert media[0].store.cache == store
        batches = Feed({}, len(frame), 100, shuffle=True, media=tuple(media)).dataset()
        for _ in range(3):
            assert sum(len(b["photo"]) for b in batches) == len(frame)
        assert sum(reads) == len(frame)


def test_a_full_disk_ends_the_keeping_and_not_the_work():
    rows = np.arange(40, dtype="float32").reshape(10, 4)
    store = _store.RowStore(lambda i: rows[i], 10, (4,), "float32", cache="disk")

    class Full:
        def seek(self, _):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    store._file = Full()
    with pytest.warns(UserWarning, match=r"no longer kept in a file.*No space left"):
        np.testing.assert_array_equal(store.get(np.array([3, 1])), rows[[3, 1]])
    np.testing.assert_array_equal(store.get(np.array([3, 2])), rows[[3, 2]])


# Texts


TEXTS = ["The coffee is good, very good!", "the Tea was bad", "", "coffee or tea?", "good coffee"] * 3


@pytest.mark.parametrize("mode", ["sequence", "tf-idf", "multi-hot", "count"])
@pytest.mark.parametrize("ngrams", [1, 2])
def test_a_text_becomes_what_keras_makes_of_it_after_adapt(mode, ngrams):
    keras_s = {"unit": "word", "standardise": "lower-and-strip-punctuation", "length": 7}
    got, fitted = feature(TEXTS, "text", TextOptions(mode=mode, ngrams=ngrams, **keras_s))
    keras_mode = {"sequence": "int", "tf-idf": "tf_idf", "multi-hot": "multi_hot", "count": "count"}[mode]
    length = {"output_sequence_length": 7} if mode == "sequence" else {}
    layer = keras.layers.TextVectorization(
        output_mode=keras_mode, ngrams=ngrams if ngrams > 1 else None, **length
    )
    layer.adapt(np.array(TEXTS))
    words = layer.get_vocabulary(include_special_tokens=False)
    ours = list(fitted._plan.media[0].vocabulary)
    assert sorted(ours) == sorted(words)
    expected = layer(np.array(TEXTS)).numpy()
    if mode == "sequence":
        names = np.array(["", "[UNK]", *words])
        assert (np.array(["", "[UNK]", *ours])[got] == names[expected]).all()
    else:
        order = [words.index(w) + 1 for w in ours]
        np.testing.assert_allclose(got[:, 1:], expected[:, order], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Good.Not “bad”… don't! <br />$5.99", "good not bad dont ! br 5 99"),
        ("¿Qué?? l’été, süß 😀", "qué ? ? lété süß 😀"),
        ("end! ", "end !"),
        ("...", ""),
    ],
)
def test_marks_of_mood_are_words_and_other_marks_are_spaces(text, words):
    (plain,) = plain_texts(pd.Series([text]), standardise="lower-and-split-punctuation").to_pylist()
    assert plain.split() == words.split()
    got, fitted = feature([text, words, "tea"], "text")
    np.testing.assert_array_equal(got[0], got[1])
    told = [("", "[UNK]", *fitted._plan.media[0].vocabulary)[i] for i in got[0] if i]
    assert told == words.split()


def test_tags_stay_whole_whatever_marks_are_in_them():
    got, fitted = feature(
        ["Sci-Fi|Old Films", "old films|sci-fi"], "text", TextOptions(separator="|", length=3)
    )
    assert len(fitted._plan.media[0].vocabulary) == 2
    assert got.tolist() == [[*got[0][:2], 0], [*got[0][:2][::-1], 0]]


def test_the_most_frequent_words_come_first_and_rare_ones_are_unknown():
    _, fitted = feature(["b b b a a c", "b a"], "text", TextOptions(min_count=2))
    assert fitted._plan.media[0].vocabulary == ("b", "a")
    got, _ = feature(["b b b a a c", "b a"], "text", TextOptions(min_count=2), new=["a c zebra b", ""])
    assert got[0].tolist() == [3, 1, 1, 2, 0, 0]
    assert got[1].tolist() == [0] * 6


def test_letters_of_any_alphabet_are_made_small_and_composed():
    got, _ = feature(["MÜLLER über", "u\u0308ber mu\u0308ller"], "text")
    assert sorted(got[0].tolist()) == sorted(got[1].tolist())
    assert (got > 1).all()


def test_a_language_without_spaces_is_cut_into_characters():
    got, fitted = feature(["我喜欢这个", "这个不好", "很好"], "text")
    plan = fitted._plan.media[0]
    assert plan.unit == "character"
    assert set(plan.vocabulary) == set("我喜欢这个不好很")
    assert (got[0] > 1).sum() == 5


def test_tags_are_cut_at_their_separator_and_keep_their_spaces(fitted, frame):
    tags = fitted.transform(frame)["tags"]
    expected = frame["tags"].str.get_dummies("|")
    plan = next(p for p in fitted._plan.media if p.column == "tags")
    names = [token.replace("\u00a0", " ") for token in plan.vocabulary]
    np.testing.assert_array_equal(tags[:, 1:], expected[names])


def test_word_pieces_are_the_longest_known_ones_and_leave_nothing_unknown():
    texts = ["walking walked walks", "talking talked talks", "the walk and the talk"] * 5
    got, fitted = feature(
        texts, "text", TextOptions(unit="wordpiece", max_tokens=60), new=["walking talk", ""]
    )
    pieces = ["[PAD]", "[UNK]", *fitted._plan.media[0].vocabulary]

    def greedy(word):
        found, start = [], 0
        while start < len(word):
            tries = (("##" if start else "") + word[start:end] for end in range(len(word), start, -1))
            piece = next(p for p in tries if p in pieces)
            found.append(piece)
            start += len(piece.removeprefix("##"))
        return found

    assert [pieces[i] for i in got[0] if i] == greedy("walking") + greedy("talk")
    assert (got != 1).all()
    assert (got[1] == 0).all()
    _, again = feature(texts, "text", TextOptions(unit="wordpiece", max_tokens=60))
    assert again._plan.media[0].vocabulary == fitted._plan.media[0].vocabulary


def test_numbers_in_a_column_of_texts_are_named(fitted, frame):
    table = frame.head(5).astype({"review": object})
    table.loc[4, "review"] = 17
    for use in (fitted.transform, fitted.dataset):
        with pytest.raises(InputError, match=r"column 'review', row 4: expected text, got 17\. .*as_text"):
            use(table)


# Pictures


def test_pixels_are_rescaled_standardised_or_left():
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 256, (5, 4, 3), dtype="uint8") for _ in range(9)]
    block = np.stack(pictures).astype("float64")
    got, _ = feature(pictures, "image")
    np.testing.assert_allclose(got, block / 255, atol=1e-6)
    got, _ = feature(pictures, "image", ImageOptions(scale="none"))
    np.testing.assert_array_equal(got, block)
    got, _ = feature(pictures, "image", ImageOptions(scale="standardise"))
    flat = block.reshape(-1, 3)
    np.testing.assert_allclose(got, (block - flat.mean(axis=0)) / flat.std(axis=0), atol=1e-5)


def test_edges_are_the_sobel_gradient_of_the_brightness():
    random = np.random.default_rng(2)
    pictures = [random.integers(0, 256, (9, 8, 3), dtype="uint8") for _ in range(3)]
    got, _ = feature(pictures, "image", ImageOptions(edges="only"))
    grey = np.stack(pictures) / 255 @ np.array([0.299, 0.587, 0.114])
    along = [scipy.ndimage.sobel(g, axis=a, mode="reflect") for g in grey for a in (0, 1)]
    expected = np.hypot(along[0::2], along[1::2]) / (4 * np.sqrt(2))
    np.testing.assert_allclose(got[..., 0], expected, atol=1e-5)
    assert got.max() <= 1


def test_size_and_colour_are_learnt_from_the_training_pictures():
    grey = [np.zeros((h, w), "uint8") for h, w in ((10, 300), (20, 400), (30, 500))]
    _, fitted = feature(grey, "image")
    assert fitted.specs["column"].shape == (20, 128, 1)
    _, fitted = feature([*grey, np.zeros((20, 20, 3), "uint8")], "image")
    assert fitted.specs["column"].shape[2] == 3


def test_a_missing_picture_is_named_before_any_file_is_read(fitted, frame):
    table = frame.head(6).copy()
    table.loc[2, "photo"] = None
    with pytest.raises(
        InputError, match=r"column 'photo', row 2: expected a cell with image in every row, got none"
    ):
        fitted.dataset(table)


def test_a_file_that_is_damaged_while_training_stops_it_by_name(frame, tmp_path):
    broken = tmp_path / "broken.png"
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 30, 3), dtype="uint8"))
    picture.save(broken)
    table = frame[["photo", "rating"]].head(200).copy()
    table.loc[:50, "photo"] = str(broken)
    problem, schema = Problem.infer(table, "rating"), Schema.infer(table, "rating")
    splits = kit.split(table, problem, seed=0)
    prepared = preprocessing.fit(splits.train, schema)
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(InputError, match=r"^column 'photo', .*\n- row .*broken\.png"):
        training.fit(models.linear(problem, prepared), prepared, splits, problem, epochs=1, progress=False)


# Sounds


def test_log_mel_is_the_energy_of_short_spectra_in_triangular_bands():
    random = np.random.default_rng(3)
    sounds = [random.normal(0, 0.1, 1000).astype("float32") for _ in range(5)]
    options = SoundOptions(rate=RATE, seconds=0.25, mels=12, window=0.032, hop=0.016)
    got, _ = feature(sounds, "audio", options)
    window = scipy.signal.get_window("hann", 128)
    frames = np.lib.stride_tricks.sliding_window_view(np.stack(sounds).astype("float64"), 128, axis=1)[
        :, ::64
    ]
    energy = np.abs(np.fft.rfft(frames * window)) ** 2
    levels = np.log(energy @ mel_matrix(RATE, 128, 12).astype("float64") + 1e-6)
    flat = levels.reshape(-1, 12)
    np.testing.assert_allclose(got, (levels - flat.mean(axis=0)) / flat.std(axis=0), atol=2e-3)


def test_mel_bands_are_triangles_that_overlap_by_half():
    bands = mel_matrix(16_000, 4096, 20)
    assert bands.shape == (2049, 20)
    peaks = bands.argmax(axis=0)
    assert (np.diff(peaks) > 0).all()
    inside = slice(peaks[0], peaks[-1])
    np.testing.assert_allclose(bands[inside].sum(axis=1), 1, atol=1e-5)


def test_sounds_are_cut_and_filled_to_one_length_and_a_tone_shows_where_it_is():
    time = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 500 * time).astype("float32")
    options = SoundOptions(rate=RATE, seconds=0.5, output="spectrogram", window=0.064, hop=0.032)
    got, fitted = feature([tone, tone[:600], tone[:1000] / 2], "audio", options)
    assert got.shape == (3, *fitted.specs["column"].shape)
    graph = fitted._runner.graphs["column"]
    plan = graph[1]
    levels = got[0] / np.array(plan.scale, "float32") + np.array(plan.centre, "float32")
    assert (levels.argmax(axis=1) == 500 * 256 // RATE).all()
    wave, _ = feature([tone, tone[:600]], "audio", SoundOptions(rate=RATE, seconds=0.5, output="waveform"))
    np.testing.assert_allclose(wave[1, :600, 0], tone[:600], atol=1e-6)
    assert not wave[1, 600:].any()


# Sequences


def test_sequences_are_standardised_by_channel_and_marked_where_they_end():
    random = np.random.default_rng(4)
    cells = [random.normal([5, -3], [2, 9], (n, 2)) for n in (3, 5, 4)]
    got, _ = feature(cells, "sequence")
    stacked = np.concatenate(cells)
    for row, cell in zip(got, cells, strict=True):
        gap = 5 - len(cell)
        assert not row[:gap].any()
        np.testing.assert_allclose(
            row[gap:, :2], (cell - stacked.mean(axis=0)) / stacked.std(axis=0), atol=1e-5
        )
        assert row[gap:, 2].all()
    first, _ = feature(cells, "sequence", SequenceOptions(keep="first", length=4))
    np.testing.assert_array_equal(first[0][:, 2], [1, 1, 1, 0])
    np.testing.assert_array_equal(first[1][:, 2], [1, 1, 1, 1])


def test_by_window_each_example_is_scaled_by_itself_and_nothing_else_matters():
    random = np.random.default_rng(5)
    cells = [random.normal(level, spread, 12) for level, spread in ((0, 1), (1e6, 5), (3, 0))]
    got, _ = feature(cells, "sequence", SequenceOptions(scale="window"))
    for row, cell in zip(got, cells, strict=True):
        spread = cell.std()
        np.testing.assert_allclose(row[:, 0], (cell - cell.mean()) / (spread or 1), atol=1e-4)
    alone, _ = feature(cells, "sequence", SequenceOptions(scale="window"), new=cells[:1])
    np.testing.assert_array_equal(alone[0], got[0])


def test_differences_are_the_changes_from_step_to_step():
    cells = [np.array([1.0, 4.0, 9.0, 16.0]), np.array([2.0, 2.0, 5.0])]
    got, _ = feature(cells, "sequence", SequenceOptions(difference=1, scale="none"))
    assert got[0, :, 0].tolist() == [0, 3, 5, 7]
    assert got[1, :, 0].tolist() == [0, 0, 0, 3]
    twice, _ = feature(cells, "sequence", SequenceOptions(difference=2, scale="none"))
    assert twice[0, :, 0].tolist() == [0, 3, 2, 2]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (None, r"row 1: expected an array of finite numbers.*got 'None'"),
        (np.array([1.0, np.inf]), "infinity"),
        (np.zeros((0,)), r"shape \(0,\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.zeros((4, 3)), r"expected arrays \(steps, 1\) as in training, got shape \(4, 3\)"),
    ],
)
def test_a_cell_that_is_no_sequence_is_named(cell, message):
    with pytest.raises(InputError, match=message):
        feature([np.arange(3.0), np.arange(4.0)], "sequence", new=[np.arange(3.0), cell])


# Ratings and features made of others


def test_users_and_items_become_ids_and_new_ones_are_unseen(fitted, frame):
    table = frame.head(3).copy()
    table["movie"] = ["0", "never seen", "0"]
    ids = fitted.transform(table)["movie"][:, 0]
    assert ids[0] == ids[2] > 1
    assert ids[1] == 1
    assert fitted.specs["movie"].vocabulary_size == 32
    counts = fitted.counts(table).set_index("column")
    assert counts.loc["movie", "unseen"] == 1


def test_ratios_and_aggregates_are_what_pandas_makes_of_the_training_rows(fitted, frame):
    train, dense = frame.head(800), fitted.feature_frame(frame)

    def standardised(values, learnt):
        filled = values.fillna(learnt.median())
        known = learnt.fillna(learnt.median())
        return (filled - known.mean()) / known.std(ddof=0)

    ratio = frame["age"] / frame["fee"]
    np.testing.assert_allclose(dense["age / fee"], standardised(ratio, ratio.head(800)), atol=1e-5)
    means = train.groupby("shop")["age"].mean()
    overall = frame["shop"].map(means).fillna(train["age"].mean())
    found = standardised(overall, overall.head(800))
    known = frame["shop"].notna()
    np.testing.assert_allclose(dense.loc[known, "mean of age by shop"], found[known], atol=0.02)


def test_a_ratio_over_zero_is_missing():
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 0.0, 1.0, 4.0], "y": [0, 1, 0, 1]})
    schema = Schema.infer(table, "y").with_roles(a="numeric", b="numeric")
    features = preprocessing.fit(table, schema, numeric="none", ratios=[("a", "b")]).feature_frame(table)
    assert features["a / b is missing"].tolist() == [0, 1, 0, 0]
    with pytest.raises(
        InputError, match=r"ratios: expected pairs of two numeric features among 'a', 'b', got 'a', 'c'"
    ):
        preprocessing.fit(table, schema, ratios=[("a", "c")])
    with pytest.raises(InputError, match=r"aggregates: expected \(number, category, statistic\)"):
        preprocessing.fit(table, schema, aggregates=[("a", "b", "mean")])


# Augmentation in the dataset


def test_pictures_are_varied_in_training_batches_alone_and_the_same_seed_repeats_them(fitted, frame):
    augment = ImageAugmentation(flip="horizontal", rotate=0.1)
    table = frame.head(64)

    def first(**options):
        return next(iter(fitted.dataset(table, 64, **options)))["photo"].numpy()

    plain = first()
    np.testing.assert_allclose(plain, fitted.transform(table)["photo"], atol=1e-6)
    varied = first(augment={"photo": augment})
    assert np.abs(varied - plain).mean() > 0.01
    np.testing.assert_array_equal(varied, first(augment={"photo": augment}))
    assert np.abs(varied - first(augment={"photo": augment}, seed=1)).mean() > 0.01
    batches = fitted.dataset(table, 64, augment={"photo": augment})
    passes = [next(iter(batches))["photo"].numpy() for _ in range(2)]
    assert np.abs(passes[0] - passes[1]).mean() > 0.01


def test_mixed_pictures_come_with_shares_of_classes_that_sum_to_one(fitted, frame):
    problem = Problem.infer(frame, "rating")
    augment = {"photo": ImageAugmentation(mixup=0.4)}
    _, shares = next(iter(fitted.dataset(frame, 128, problem=problem, augment=augment)))
    assert shares.shape == (128, 5)
    np.testing.assert_allclose(tf.reduce_sum(shares, axis=1), 1, atol=1e-6)
    assert (shares.numpy().max(axis=1) < 1).any()


def test_sounds_are_varied_as_waves_and_as_spectra(fitted, frame):
    table = frame.head(40)
    plain = fitted.transform(table)["audio"]
    noisy = next(iter(fitted.dataset(table, 40, augment=SoundAugmentation(noise=1.0))))["audio"]
    assert np.abs(noisy - plain).mean() > 0.01
    masked = next(iter(fitted.dataset(table, 40, augment=SoundAugmentation(spec_frequency=(1, 0.5)))))[
        "audio"
    ].numpy()
    same = np.isclose(masked, plain, atol=1e-6)
    assert 0.2 < same.mean() < 1
    assert (same.all(axis=1) | (~same).any(axis=1)).all()


def test_an_augmentation_that_fits_no_column_is_refused(fitted, frame):
    with pytest.raises(
        InputError, match=r"augment\['audio'\]: expected SoundAugmentation, got ImageAugmentation"
    ):
        fitted.dataset(frame, augment={"audio": ImageAugmentation(rotate=0.1)})
    with pytest.raises(InputError, match=r"augment\['phot'\]: expected a column among"):
        fitted.dataset(frame, augment={"phot": ImageAugmentation(rotate=0.1)})
    table, schema = one(TEXTS, "text")
    texts = preprocessing.fit(table, schema)
    with pytest.raises(InputError, match=r"augment: expected an augmentation for columns among"):
        texts.dataset(table, augment=ImageAugmentation(rotate=0.1))


def test_training_with_mixed_pictures_watches_the_same_measure(frame):
    table = frame[["pixels", "rating"]].head(300)
    problem, schema = Problem.infer(table, "rating"), Schema.infer(table, "rating")
    splits = kit.split(table, problem, seed=0)
    prepared = preprocessing.fit(splits.train, schema)
    runs = [
        training.fit(
            models.mlp(problem, prepared, units=(4,), dropout=0.0),
            prepared,
            splits,
            problem,
            epochs=2,
            progress=False,
            augment=ImageAugmentation(cutmix=1.0, rotate=0.1),
        )
        for _ in range(2)
    ]
    assert "val_sparse_categorical_accuracy" in runs[0].history
    assert runs[0].history.drop(columns="seconds").equals(runs[1].history.drop(columns="seconds"))
    assert runs[0].settings["augment"]["kind"] == "ImageAugmentation"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TextOptions(mode="bag"), "mode: expected one of"),
        (lambda: TextOptions(unit="wordpiece", mode="tf-idf"), "wordpiece"),
        (lambda: ImageOptions(size=96), r"size: expected \(height, width\)"),
        (lambda: ImageOptions(resize="fit"), "resize: expected one of"),
        (lambda: SoundOptions(rate=0), "rate: expected"),
        (lambda: SequenceOptions(difference=3), "difference: expected"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_options_of_another_kind_are_refused(frame, schema):
    with pytest.raises(InputError, match=r"image: expected a preprocessing\.ImageOptions"):
        preprocessing.fit(frame, schema, image=SoundOptions())
    with pytest.raises(
        InputError, match=r"columns\['photo'\]: expected a preprocessing\.ImageOptions or one of 'drop'"
    ):
        preprocessing.fit(frame, schema, columns={"photo": "one-hot"})


def test_a_column_may_have_the_name_of_a_keras_operation():
    names = ["cast", "where", "concatenate", "isnan", "one_hot", "sum", "text_0", "features", "lookup_0"]
    random = np.random.default_rng(0)
    table = pd.DataFrame({name: random.normal(size=60) for name in names})
    table["squeeze"] = random.choice(["a", "b"], 60)
    table["get_item"] = [" ".join(random.choice(list("uvwxyz"), 8)) for _ in range(60)]
    table["y"] = np.arange(60) % 2
    fitted = preprocessing.fit(table, Schema.infer(table, "y"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outputs = models.mlp(Problem.infer(table, "y"), fitted)(fitted.transform(table))
    assert outputs.shape == (60, 1)


def test_by_series_each_is_scaled_by_its_own_level_in_training_and_a_new_one_by_that_of_all():
    random = np.random.default_rng(6)
    levels = {"a": (0, 1), "b": (1_000, 50), "c": (-3, 0.1)}
    names = random.choice(list(levels), 60)
    table = pd.DataFrame(
        {
            "which": names,
            "past": pd.Series(
                [random.normal(*levels[n], random.integers(4, 8)) for n in names], dtype=object
            ),
            "y": np.arange(60) % 2,
        }
    )
    schema = Schema.infer(table, "y").with_roles(which="series", past="sequence")
    fitted = preprocessing.fit(table.head(40), schema, sequence=SequenceOptions(scale="series"))
    rows = table.assign(which=["new", *names[1:]])
    got = fitted.transform(rows)["past"]
    train = table.head(40)
    for i in range(60):
        same = train if i == 0 else train[train["which"] == names[i]]
        known = np.concatenate(list(same["past"]))
        cell = table["past"][i]
        np.testing.assert_allclose(
            got[i, -len(cell) :, 0], (cell - known.mean()) / known.std(), rtol=1e-4, atol=1e-4
        )
    batches = list(fitted.dataset(rows, 25, shuffle=False))
    np.testing.assert_array_equal(np.concatenate([b["past"] for b in batches]), got)
    np.testing.assert_allclose(fitted.model(fitted.inputs(rows))["past"], got, atol=1e-6)
    again = preprocessing.Preprocessor.from_json(json.loads(json.dumps(fitted.to_json())))
    np.testing.assert_array_equal(again.transform(rows)["past"], got)
    plain = schema.with_roles(which="categorical")
    with pytest.raises(InputError, match=r"scale='series': expected one column of role 'series', got none"):
        preprocessing.fit(table, plain, sequence=SequenceOptions(scale="series"))
