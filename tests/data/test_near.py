"""The claims of data.near_duplicates: copies with small edits are found, different ones are left alone, soon."""

import io
import itertools
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance
from sklearn.datasets import load_digits, load_sample_images

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data._near_images import near_images, perceptual_hashes
from dltoolkit.data._near_pairs import Pairs, buckets, groups
from dltoolkit.data._near_texts import near_texts, shingles, words

SENTENCE = (
    "the tea arrived late and the box was torn but the taste is as good as it was in my last order of it"
)


def column_of(cells):
    column = pd.Series([None] * len(cells), dtype=object)
    for i, cell in enumerate(cells):
        column.iloc[i] = cell
    return pd.DataFrame({"x": column})


# ---------------------------------------------------------------- pairs and groups


def test_rows_that_share_a_key_or_a_probe_are_paired_once():
    keys = np.array([5, 7, 5, 9, 5], dtype=np.uint64)
    plain = {(i, j) for i, j in itertools.combinations(range(5), 2) if keys[i] == keys[j]}
    (pairs,) = buckets([keys])
    assert set(zip(*(p.tolist() for p in pairs), strict=True)) == plain
    found = [
        set(zip(*(p.tolist() for p in pair), strict=True))
        for pair in buckets([keys], [keys[None] ^ np.uint64(2)])
    ]
    assert found[1] == {(i, j) for i, j in itertools.combinations(range(5), 2) if keys[i] ^ keys[j] == 2}


def test_chains_of_pairs_make_one_group_named_after_its_first_row():
    pairs = Pairs(np.array([1, 3]), np.array([3, 4]), np.ones(2))
    assert groups(6, pairs).tolist() == [0, 1, 2, 1, 1, 5]
    assert groups(3, Pairs.none()).tolist() == [0, 1, 2]


# ---------------------------------------------------------------- texts


def test_the_resemblance_is_the_share_of_runs_of_three_words_in_common():
    other = SENTENCE.replace("last", "first")
    one, two = ({tuple(w[i : i + 3]) for i in range(len(w) - 2)} for w in (words(SENTENCE), words(other)))
    found = near_texts([SENTENCE, "something else", other], 0.5)
    assert found.left.tolist() == [0] and found.right.tolist() == [2]
    assert found.similarity[0] == pytest.approx(len(one & two) / len(one | two))


def test_the_sets_of_shingles_are_those_of_plain_python():
    rng = np.random.default_rng(0)
    texts = [list(rng.choice(list("abcde"), n)) for n in (0, 1, 2, 3, 9, 30)]
    plain = [len({tuple(t[i : i + 3]) for i in range(max(len(t) - 2, 1))}) if t else 0 for t in texts]
    assert np.diff(shingles(texts).starts).tolist() == plain


@pytest.mark.parametrize("seed", range(3))
def test_no_pair_above_the_threshold_is_missed_and_none_below_is_told(seed):
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(60):
        text = list(rng.choice([f"w{i}" for i in range(500)], 60))
        texts.append(" ".join(text))
        for place in rng.integers(0, 60, rng.integers(0, 6)):
            text[place] = f"v{place}"
        texts.append(" ".join(text))
    sets = [{tuple(w[i : i + 3]) for i in range(len(w) - 2)} for w in map(str.split, texts)]
    plain = {
        (i, j)
        for i, j in itertools.combinations(range(len(texts)), 2)
        if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= 0.8
    }
    found = near_texts(texts, 0.8)
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == plain and len(plain) > 20


def test_case_punctuation_and_width_do_not_count_and_nothing_is_like_nothing():
    frame = pd.DataFrame({"x": ["So good!", "so good", "ＳＯ ＧＯＯＤ", "", None, "  ", "!!!", "bad"]})
    assert data.near_groups(frame, "x", role="text").tolist() == [0, 0, 0, 3, 4, 5, 6, 7]


def test_texts_of_scripts_without_spaces_are_compared_by_characters():
    long = "我昨天在这家商店买了两公斤苹果味道非常好下次还会再来购买推荐给大家希望老板继续保持"
    frame = pd.DataFrame({"x": [long, long.replace("两", "三"), "这本书不好看我不喜欢"]})
    assert data.near_groups(frame, "x", role="text", threshold=0.7).tolist() == [0, 0, 2]


def test_five_thousand_reviews_take_less_than_five_seconds_and_their_copies_are_found():
    frame, start = data.load("reviews"), time.process_time()
    found = data.near_duplicates(frame, "text")
    assert time.process_time() - start < 5
    exact = frame["text"].str.lower().str.replace(r"[\W_]+", " ", regex=True).str.strip()
    repeated = frame.index[exact.duplicated(keep=False)]
    assert len(repeated) and set(repeated) <= set(found["row"]) and len(found) < 100


def test_twenty_thousand_equal_texts_are_one_group_at_once():
    start = time.process_time()
    assert set(data.near_groups(pd.DataFrame({"x": [SENTENCE] * 20_000}), "x", role="text")) == {0}
    assert time.process_time() - start < 2


# ---------------------------------------------------------------- pictures


@pytest.fixture(scope="module")
def photo():
    return Image.fromarray(load_sample_images().images[0])


def saved(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def test_a_photo_saved_anew_smaller_brighter_or_trimmed_is_the_same_and_its_parts_are_not(photo):
    width, height = photo.size
    edits = [
        photo,
        saved(photo, 30),
        photo.resize((width // 2, height // 2)),
        ImageEnhance.Brightness(photo).enhance(1.2),
        ImageEnhance.Contrast(photo).enhance(0.7),
        photo.crop((4, 3, width - 4, height - 3)),
    ]
    tiles = [photo.crop((x, y, x + 160, y + 160)) for x in range(0, 480, 160) for y in (0, 160)]
    frame = column_of([np.asarray(p) for p in edits + tiles + [photo.transpose(Image.Transpose.ROTATE_180)]])
    assert data.near_groups(frame, "x").tolist() == [0] * 6 + list(range(6, 13))


def test_few_of_a_thousand_digits_of_eight_by_eight_pixels_are_called_the_same_and_in_small_groups():
    frame = column_of([(16 * image).clip(0, 255).astype(np.uint8) for image in load_digits().images[:1000]])
    found = data.near_duplicates(frame, "x")
    assert len(found) <= 30 and found["group"].value_counts().max() <= 3


def test_flat_pictures_are_the_same_only_where_they_are_equal():
    frame = column_of([np.full((20, 20), level, np.uint8) for level in (0, 10, 200, 10)])
    assert data.near_groups(frame, "x").tolist() == [0, 1, 2, 1]


def test_files_are_compared_by_what_they_hold_and_unreadable_ones_are_like_no_other(tmp_path, photo):
    photo.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    photo.save(tmp_path / "c.jpg", quality=85)
    for name in ("d.png", "e.png"):
        (tmp_path / name).write_bytes(b"no picture " + name.encode())
    names = ["a.png", "b.png", "c.jpg", "d.png", "e.png", "missing.png"]
    frame = pd.DataFrame({"x": [str(tmp_path / name) for name in names]}, index=list("klmnop"))
    found = data.near_duplicates(frame, "x")
    assert found["row"].tolist() == ["k", "l", "m"] and found["group"].tolist() == [0, 0, 0]
    assert found["similarity"].tolist()[:2] == [1.0, 1.0] and 0.985 <= found["similarity"].iloc[2] <= 1


def test_near_hashes_are_found_as_comparing_all_with_all_finds_them():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 255, (40, 8, 8)).repeat(4, 1).repeat(4, 2)
    pictures = np.concatenate([base, np.clip(base + rng.normal(0, 12, base.shape), 0, 255)]).astype(np.uint8)
    found = near_images(pictures, 0.9)
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == {
        (i, i + 40) for i in range(40)
    }
    hashes = perceptual_hashes(pictures)
    assert np.bitwise_count(hashes).tolist() == [31] * 80


def test_twenty_thousand_pictures_take_seconds():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (20_000, 8, 8), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
    start = time.process_time()
    near_images(pictures, 0.985)
    assert time.process_time() - start < 10


def test_a_column_without_any_picture_that_can_be_read_has_no_copies(tmp_path):
    gone = pd.DataFrame({"x": [str(tmp_path / f"{i}.png") for i in range(3)]})
    assert data.near_groups(gone, "x").tolist() == [0, 1, 2]
    assert data.near_duplicates(column_of([None] * 3), "x", role="image").empty


# ---------------------------------------------------------------- sounds, and what is refused


def test_sounds_are_the_same_only_where_their_content_is_equal():
    rng = np.random.default_rng(0)
    sound = rng.normal(size=100)
    frame = column_of([sound, sound + 1e-9, sound.copy(), None])
    assert data.near_groups(frame, "x", role="audio").tolist() == [0, 1, 0, 3]


def test_what_cannot_be_compared_is_refused():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.5]})
    with pytest.raises(
        InputError, match=r"column 'x': expected pictures, texts or sounds, got the role 'numeric'\. Say"
    ):
        data.near_duplicates(frame, "x")
    with pytest.raises(InputError, match="frame column 'y': expected to be there"):
        data.near_duplicates(frame, "y")
    with pytest.raises(InputError, match="role: expected one of 'image', 'text', 'audio', got 'video'"):
        data.near_duplicates(frame, "x", role="video")
    with pytest.raises(InputError, match=r"threshold: expected a number in \(0, 1\]"):
        data.near_groups(frame, "x", role="text", threshold=0)
