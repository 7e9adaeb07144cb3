"""The claims of data.audit for pictures, sounds, texts, sequences, series and ratings: each fault is found and named."""

import time

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_images

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data import _audit_kinds
from dltoolkit.data._audit_sounds import clipped_share

RATE = 8_000


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def frame_of(name, cells, **others):
    column = pd.Series([None] * len(cells), dtype=object)
    for i, cell in enumerate(cells):
        column.iloc[i] = cell
    return pd.DataFrame(
        {name: column, **others, "y": ["a", "b"] * (len(cells) // 2) + ["a"] * (len(cells) % 2)}
    )


def audited(frame, target="y", **settings):
    """Findings by kind; those of one kind must be one."""
    found = data.audit(frame, target, labels=False, **settings).findings
    kinds = [f.kind for f in found]
    assert len(set(kinds)) == len(kinds)
    return {f.kind: f for f in found}


def rows(finding):
    return [example["row"] for example in finding.examples]


# ---------------------------------------------------------------- pictures


@pytest.fixture
def photos(rng):
    """40 pieces of two photos, of one size, none of them of plain sky."""
    arrays = load_sample_images().images
    pieces = [
        arrays[k][y : y + 64, x : x + 64]
        for k in (0, 1)
        for y in range(0, 360, 64)
        for x in range(0, 570, 64)
    ]
    return [piece for piece in pieces if piece.std() > 40][:40]


def test_healthy_pictures_stay_silent(photos):
    assert audited(frame_of("photo", photos)) == {}


def test_blank_blurred_and_tiny_pictures_are_found(photos):
    photos[3] = np.full((64, 64, 3), 90, np.uint8)
    photos[7] = np.asarray(Image.fromarray(photos[7]).filter(ImageFilter.GaussianBlur(4)))
    photos[11] = photos[11][:12, :12]
    found = audited(frame_of("photo", photos))
    assert {k: rows(f) for k, f in found.items()} == {"blank": [3], "blurred": [7], "tiny": [11]}
    assert {f.severity for f in found.values()} == {"warn"} and found["blank"].share == 1 / len(photos)
    assert found["tiny"].examples[0]["height"] == 12 and found["blurred"].examples[0]["sharpness"] < 0.1


def test_pale_pictures_are_not_called_blurred(photos):
    pale = [(p // 8 + 100).astype(np.uint8) for p in photos[:10]]
    assert "blurred" not in audited(frame_of("photo", pale + photos[10:]))


def test_pictures_of_other_sizes_shapes_and_modes_are_told(photos):
    wide = [p[:24] if i % 3 == 0 else p for i, p in enumerate(photos)]
    large = [
        np.asarray(Image.fromarray(p).resize((p.shape[1] * 3, p.shape[0] * 3))) if i % 4 == 0 else p
        for i, p in enumerate(wide)
    ]
    grey = [p[..., 0] if i in (2, 5) else p for i, p in enumerate(large)]
    found = audited(frame_of("photo", grey))
    assert set(found) == {"mixed_sizes", "mixed_aspects", "mixed_modes"}
    assert "from 24 x 64 to 192 x 192 pixels" in found["mixed_sizes"].advice
    assert found["mixed_aspects"].severity == "warn" and "resize='pad'" in found["mixed_aspects"].advice
    assert rows(found["mixed_modes"]) == [2, 5] and found["mixed_modes"].examples[0]["mode"] == "L"


def test_unreadable_files_stop_with_their_names_and_reasons(photos, tmp_path):
    for i, photo in enumerate(photos):
        Image.fromarray(photo).save(tmp_path / f"{i}.png")
    (tmp_path / "5.png").write_bytes((tmp_path / "5.png").read_bytes()[:300])
    (tmp_path / "6.png").write_bytes(b"")
    files = [str(tmp_path / f"{i}.png") for i in range(len(photos))] + [str(tmp_path / "gone.png")]
    found = audited(frame_of("photo", files))["unreadable"]
    assert (found.severity, found.count) == ("stop", 3)
    assert [e["value"] for e in found.examples] == [files[5], files[6], files[40]]
    assert "damaged" in found.examples[0]["reason"] and "0 bytes" in found.examples[1]["reason"]


def test_jpegs_that_are_corrupt_in_their_middle_are_a_warning_with_names_and_reasons(photos, tmp_path):
    files = []
    for i, photo in enumerate(photos):
        files.append(str(tmp_path / f"{i}.jpg"))
        Image.fromarray(photo).save(files[-1], quality=90)
    assert "damaged" not in audited(frame_of("photo", files))
    for i in (9, 12):
        content = bytearray((tmp_path / f"{i}.jpg").read_bytes())
        middle = len(content) // 2
        content[middle : middle + 40] = bytes(40)
        (tmp_path / f"{i}.jpg").write_bytes(content)
    found = audited(frame_of("photo", files))
    assert "unreadable" not in found  # pixels come out of them all the same
    damaged = found["damaged"]
    assert (damaged.severity, damaged.count) == ("warn", 2)
    assert [e["value"] for e in damaged.examples] == [files[9], files[12]]
    assert all(e["reason"].startswith("Corrupt JPEG data: ") for e in damaged.examples)
    assert "damaged in the middle" in damaged.advice and "read_images(verify=True)" in damaged.advice


def test_copies_and_near_copies_are_found_and_those_with_another_label_too(photos, tmp_path):
    files = []
    for i, photo in enumerate(photos):
        Image.fromarray(photo).save(tmp_path / f"{i}.png")
        files.append(str(tmp_path / f"{i}.png"))
    (tmp_path / "copy.png").write_bytes((tmp_path / "4.png").read_bytes())
    Image.fromarray(photos[9]).save(tmp_path / "again.jpg", quality=90)
    frame = frame_of("photo", [*files, str(tmp_path / "copy.png"), str(tmp_path / "again.jpg")])
    frame["y"] = ["a", "b"] * 20 + ["a", "a"]
    found = audited(frame)
    assert rows(found["same_content"]) == [40] and found["same_content"].examples[0]["same_value"] == files[4]
    assert "under another name" in found["same_content"].advice
    assert rows(found["near_duplicates"]) == [41] and found["near_duplicates"].examples[0]["same_as"] == 9
    assert rows(found["conflicting_content"]) == [9, 41]
    assert [e["label"] for e in found["conflicting_content"].examples] == ["b", "a"]


def test_of_many_files_a_draw_is_looked_at_and_said(photos, monkeypatch):
    monkeypatch.setattr(_audit_kinds, "MOST_FILES", 30)
    photos = [np.full((20, 20), i, np.uint8) for i in range(40)]
    found = audited(frame_of("photo", photos))["blank"]
    assert found.count == 30 and found.share == 1 and found.advice.endswith("Seen in 30 of 40 rows.")


def test_the_audit_of_the_digits_takes_seconds_and_is_quiet():
    frame, start = data.load("digits"), time.process_time()
    found = audited(frame, "digit")
    assert time.process_time() - start < 5
    assert set(found) <= {"near_duplicates"}


# ---------------------------------------------------------------- sounds


@pytest.fixture
def tones(rng):
    steps = np.arange(RATE) / RATE
    return [
        (0.3 * np.sin(2 * np.pi * f * steps) + 0.01 * rng.normal(size=RATE)).astype(np.float32)
        for f in range(200, 1_000, 20)
    ]


def test_healthy_sounds_stay_silent(tones):
    assert audited(frame_of("sound", tones)) == {}


def test_silent_clipped_shifted_and_repeated_sounds_are_found(tones):
    tones[2] = np.zeros(RATE, np.float32)
    tones[5] = np.clip(4 * tones[5], -0.5, 0.5)
    tones[8] = tones[8] + np.float32(0.2)
    tones[13] = tones[12].copy()
    found = audited(frame_of("sound", tones, x=range(len(tones))))
    assert {k: rows(f) for k, f in found.items()} == {
        "silence": [2], "clipping": [5], "dc_offset": [8], "same_content": [13], "conflicting_content": [12, 13],
    }  # fmt: skip
    assert found["dc_offset"].examples[0]["offset"] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("frequency", [50, 440, 3_000])
def test_a_clean_sine_is_never_called_clipped_and_a_cut_one_always(frequency):
    sine = np.sin(2 * np.pi * frequency * np.arange(16_000) / 16_000 + 0.3)
    assert clipped_share(sine) < 1e-3
    cut = np.clip(1.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000), -1, 1)
    plain = np.mean(np.abs(cut) == 1)
    assert clipped_share(cut) == pytest.approx(plain, abs=0.02)


def test_rates_channels_lengths_and_unreadable_files_are_told(tones, tmp_path):
    files = [str(tmp_path / f"{i}.wav") for i in range(len(tones))]
    for i, (file, tone) in enumerate(zip(files, tones, strict=True)):
        stereo = np.column_stack([tone, tone]) if i == 4 else tone
        soundfile.write(file, stereo[: RATE // (1 + i % 3)], 2 * RATE if i == 7 else RATE)
    (tmp_path / "9.wav").write_bytes(b"RIFF")
    soundfile.write(tmp_path / "3.wav", np.tile(tones[3], 40), RATE)
    found = audited(frame_of("sound", files))
    assert set(found) == {"unreadable", "mixed_rates", "mixed_channels", "mixed_lengths", "long_sounds"}
    assert rows(found["unreadable"]) == [9] and found["unreadable"].severity == "stop"
    assert rows(found["mixed_rates"]) == [7] and "16,000 Hz 1" in found["mixed_rates"].advice
    assert rows(found["mixed_channels"]) == [4]
    assert rows(found["long_sounds"]) == [3] and found["long_sounds"].examples[0]["seconds"] == 40
    assert found["mixed_lengths"].severity == "info"


def test_an_empty_sound_is_unreadable(tones):
    tones[6] = np.empty(0)
    assert rows(audited(frame_of("sound", tones))["unreadable"]) == [6]


# ---------------------------------------------------------------- texts


@pytest.fixture
def reviews(rng):
    words = np.array([f"{a}{b}{c}" for a in "bdfglm" for b in "aeiou" for c in "nrst"])
    return [" ".join(rng.choice(words, rng.integers(15, 40))) for _ in range(60)]


def test_healthy_texts_stay_silent(reviews):
    assert audited(frame_of("text", reviews)) == {}


def test_long_short_empty_and_damaged_texts_are_found(reviews):
    reviews[3] = " ".join(reviews * 2)
    reviews[5] = "good"
    reviews[7] = "  "
    reviews[9] += " \x07 b\ufffdr"
    reviews[11] = "x" * 200_000
    found = audited(frame_of("text", reviews))
    assert {k: rows(f) for k, f in found.items()} == {
        "long_texts": [11, 3], "one_word": [5, 11], "empty_strings": [7], "control_characters": [9],
    }  # fmt: skip
    assert (
        found["empty_strings"].severity == "warn"
        and found["control_characters"].examples[0]["characters"] == 2
    )


def test_repeated_and_nearly_repeated_texts_are_found(reviews):
    reviews[20] = reviews[2]
    reviews[31] = reviews[4].upper() + "!"
    found = audited(frame_of("text", reviews, x=range(60)))
    assert rows(found["same_content"]) == [20] and rows(found["near_duplicates"]) == [31]
    assert rows(found["conflicting_content"]) == [4, 31]


def test_scripts_are_told_without_a_dictionary(reviews):
    reviews[3], reviews[8] = "очень вкусный чай, беру не в первый раз", "хорошо, но дорого и долго везли"
    found = audited(frame_of("text", reviews))["mixed_scripts"]
    assert rows(found) == [3, 8] and "Latin 58, Cyrillic 2" in found.advice


def test_scripts_without_spaces_are_to_be_taken_by_characters():
    texts = [f"第{i}次在这里买东西味道很好下次还会再来" for i in range(20)]
    frame = frame_of("text", texts)
    schema = data.Schema.infer(frame, "y").with_roles(text="text")
    found = audited(frame, schema=schema)
    assert found["no_spaces"].count == 20 and "characters" in found["no_spaces"].advice
    assert not {"one_word", "mixed_scripts"} & set(found)


def test_text_and_label_swapped_is_told(reviews):
    frame = frame_of("text", reviews)
    assert audited(frame, "text")["swapped"].column == "y"
    frame.loc[[4, 6], "text"] = ["a", "B"]
    assert rows(audited(frame)["swapped"]) == [4, 6]


# ---------------------------------------------------------------- sequences


def test_healthy_sequences_stay_silent(rng):
    assert audited(frame_of("steps", list(rng.normal(size=(30, 12, 2))))) == {}


def test_ragged_empty_missing_infinite_and_still_sequences_are_found(rng):
    cells = list(rng.normal(size=(30, 12)))
    cells[2] = cells[2][:5]
    cells[4] = np.where(np.arange(12) < 3, np.nan, cells[4])
    cells[6] = np.where(np.arange(12) == 3, np.inf, cells[6])
    cells[8] = np.full(12, 1.5)
    cells[10] = np.empty(0)
    cells[12] = rng.normal(size=(12, 3))
    found = audited(frame_of("steps", cells))
    named = {k: rows(f) for k, f in found.items() if k != "ragged"}
    assert named == {
        "empty_sequences": [10],
        "mixed_channels": [12],
        "infinite": [6],
        "missing_steps": [4],
        "still": [8],
    }
    assert "0 to 12 steps, 12 in the median" in found["ragged"].advice
    assert [found[k].severity for k in ("empty_sequences", "mixed_channels", "infinite")] == ["stop"] * 3


# ---------------------------------------------------------------- series


def series(rng, freq="D", n=40):
    stamps = pd.date_range("2024-01-01", periods=n, freq=freq)
    frame = pd.DataFrame(
        {"shop": np.repeat(["a", "b"], n), "day": np.tile(stamps, 2), "sold": rng.normal(50, 5, 2 * n)}
    )
    return frame, data.Schema.infer(frame, "sold").with_roles(shop="series", day="time")


@pytest.mark.parametrize("freq", ["D", "MS", "h"])
def test_healthy_series_stay_silent(rng, freq):
    frame, schema = series(rng, freq)
    assert set(audited(frame, "sold", schema=schema)) == {"time_order"}


def test_gaps_repeated_stamps_and_wrong_order_are_found(rng):
    frame, schema = series(rng)
    broken = pd.concat([frame.drop(index=[10, 11]), frame.loc[[60]]])
    found = audited(broken, "sold", schema=schema)
    assert rows(found["gaps"]) == [12] and found["gaps"].examples[0]["after"] == "2024-01-10T00:00:00"
    assert "1 gap, about 2 missing stamps" in found["gaps"].advice
    assert found["repeated_times"].count == 1 and found["repeated_times"].severity == "stop"
    assert rows(found["unsorted"]) == [60]


def test_uneven_steps_are_told_with_the_series(rng):
    frame, schema = series(rng)
    days = pd.to_timedelta(np.sort(rng.choice(400, 40, replace=False)), unit="D")
    frame.loc[frame["shop"] == "b", "day"] = (pd.Timestamp("2024-01-01") + days).to_numpy()
    found = audited(frame, "sold", schema=schema)
    assert "1 series ('b') with uneven steps" in found["uneven_steps"].advice and "gaps" not in found


# ---------------------------------------------------------------- ratings


def ratings(rng, n_users=40, n_items=30):
    pairs = [(u, i) for u in range(n_users) for i in rng.choice(n_items, 15, replace=False)]
    frame = pd.DataFrame(pairs, columns=["user", "movie"])
    return frame.assign(rating=rng.integers(1, 6, len(frame)).astype(float))


def test_healthy_ratings_stay_silent(rng):
    assert audited(ratings(rng), "rating") == {}


def test_cold_users_and_items_repeated_pairs_and_odd_ratings_are_found(rng):
    frame = ratings(rng)
    more = pd.DataFrame({"user": [99, 99, 0, 7], "movie": [1, 2, 77, 0], "rating": [4.0, 5.0, 3.0, 2.0]})
    again = frame.iloc[[5]].assign(rating=lambda f: 6 - f["rating"] if f["rating"].iloc[0] != 3 else 1.0)
    frame = pd.concat([frame, more, again], ignore_index=True)
    more = pd.concat([frame] * 4).assign(
        user=lambda f: f["user"].astype(str) + "-" + np.repeat(list("abcd"), len(frame))
    )
    frame = pd.concat([frame.assign(user=frame["user"].astype(str)), more], ignore_index=True)
    frame.loc[10, "rating"] = -1.0
    found = audited(frame, "rating")
    counts = frame["user"].value_counts()
    assert found["cold_users"].advice.startswith(f"{(counts < 5).sum()} users of {counts.size}")
    assert found["repeated_pairs"].count == frame.duplicated(["user", "movie"]).sum()
    assert (
        rows(found["rating_scale"]) == [10]
        and "beside the scale 1.0, 2.0, 3.0, 4.0, 5.0" in found["rating_scale"].advice
    )


def test_a_user_without_items_is_a_group_to_split_by(rng):
    frame = pd.DataFrame({"who": np.arange(60) // 6, "x": rng.normal(size=60), "y": ["a", "b"] * 30})
    schema = data.Schema.infer(frame, "y").with_roles(who="user")
    found = audited(frame, schema=schema)
    assert set(found) == {"groups"} and "groups='who'" in found["groups"].advice


def test_the_long_tail_of_movielens_is_told():
    frame = data.load("movielens")
    found = data.audit(frame, "rating", labels=False)
    counts = frame["item"].value_counts()
    cold, popular = found.of("cold_items")[0], found.of("popularity")[0]
    assert cold.advice.startswith(f"{(counts < 5).sum():,} items of {counts.size:,}")
    share = counts.iloc[: int(np.ceil(counts.size / 10))].sum() / len(frame)
    assert f"hold {share:.0%} of the ratings" in popular.advice


# ---------------------------------------------------------------- the other checks, and cleaning


def test_columns_of_arrays_and_paths_are_never_ids_or_categories_and_clean_leaves_them(rng, photos):
    frame = frame_of(
        "photo", photos, sound=list(rng.normal(size=(40, 300))), steps=list(rng.normal(size=(40, 8)))
    )
    found = data.audit(frame, "y")
    assert {f.kind for f in found.findings} <= {"clipping"}
    cleaned = data.clean(frame, found, missing="median", outliers="clip", spelling="merge").data
    assert list(cleaned) == list(frame) and all(
        a is b for a, b in zip(cleaned["photo"], frame["photo"], strict=True)
    )


def test_missing_cells_are_told_and_filling_them_is_left_to_the_reader(rng, photos):
    photos[3] = None
    frame = frame_of("photo", photos)
    found = data.audit(frame, "y", labels=False)
    assert [(f.kind, f.count) for f in found.findings] == [("missing", 1)]
    assert data.clean(frame, found, missing="mode").data["photo"].isna().sum() == 1
    assert len(data.clean(frame, found, missing="drop").data) == 39
    with pytest.raises(
        InputError,
        match=r"columns\['photo'\]: expected no value to fill into image cells, got missing='mode'",
    ):
        data.clean(frame, found, columns={"photo": {"missing": "mode"}})
