"""The spoken digits: distinct voices, repeatable bytes, a cache that mends itself, and errors that say what to do."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import wave

import numpy as np
import pytest

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data import _cache, _espeak, _spoken_digits
from dltoolkit.data._spoken_digits import Recipe, spoken_digits
from dltoolkit.problem import Problem

loader = pytest.importorskip("espeakng_loader")
SMALL = Recipe(words=("zero", "six", "nine"), voices=("f1", "m1", "Mr serious", "klatt4"), noises=(0.0, 0.2))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DLTOOLKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def samples(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def content(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_whole_set_has_3000_utterances_of_ten_words_by_sixty_voices():
    start = time.process_time()
    frame = data.load("spoken-digits")
    assert time.process_time() - start < 60
    entry = data.CATALOGUE["spoken-digits"]
    assert frame.shape == (entry.rows, entry.columns) == (3_000, 6)
    assert frame["word"].value_counts().tolist() == [300] * 10
    assert frame["voice"].value_counts().tolist() == [50] * 60
    assert frame["noise"].value_counts().tolist() == [600] * 5
    assert frame["pitch"].nunique() == frame["rate"].nunique() == 4
    assert frame["audio"].is_unique and all(pathlib.Path(p).is_file() for p in frame["audio"])
    assert (frame.attrs["target"], frame.attrs["groups"]) == ("word", "voice")


def test_a_split_by_voice_tears_no_voice_apart_and_only_the_sound_is_a_feature():
    frame = spoken_digits(
        dataclasses.replace(SMALL, voices=("f1", "f2", "f3", "m1", "m2", "m4", "m7", "zac"))
    )
    splits = data.split(frame, Problem.infer(frame, "word"), groups="voice")
    parts = [set(part["voice"]) for part in (splits.train, splits.validation, splits.test)]
    assert sum(map(len, parts)) == 8 and not parts[0] & parts[1] and not (parts[0] | parts[1]) & parts[2]
    frame.attrs["roles"] = dict(data.CATALOGUE["spoken-digits"].roles)
    assert data.Schema.infer(frame, "word").features == ["audio"]


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(cache):
    spoken_digits(SMALL)
    first = content(cache)
    shutil.rmtree(cache)
    spoken_digits(SMALL)
    assert content(cache) == first
    other = spoken_digits(dataclasses.replace(SMALL, seed=1))
    assert len({path.name for path in cache.iterdir()}) == 2
    ours = spoken_digits(SMALL)
    assert [samples(a).tolist() for a in other["audio"]] != [samples(a).tolist() for a in ours["audio"]]


def test_a_higher_pitch_raises_the_voice_and_a_higher_rate_shortens_the_word():
    requests = [
        ["m1", "nine", 30, 160],
        ["m1", "nine", 75, 160],
        ["m1", "nine", 50, 130],
        ["m1", "nine", 50, 220],
    ]
    low, high, slow, fast = speak(requests)

    def pitch(sound):
        middle = sound[len(sound) // 3 : len(sound) // 3 + 2_048].astype(float)
        correlation = np.correlate(middle, middle, "full")[2_047:]
        return 22_050 / (55 + np.argmax(correlation[55:400]))  # 55 to 400 Hz

    assert pitch(high) > 1.15 * pitch(low)
    assert len(fast) < 0.8 * len(slow)


def speak(requests, **orders):
    given = {
        "library": loader.get_library_path(),
        "data": loader.get_data_path(),
        "seed": 0,
        "requests": requests,
    }
    done = subprocess.run(
        [sys.executable, "-I", _espeak.__file__],
        input=json.dumps(given | orders).encode(),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    raw, sounds = np.frombuffer(done.stdout, "u1"), []
    while len(raw):
        size = int(raw[:4].view("<i4")[0])
        sounds.append(raw[4 : 4 + size])
        raw = raw[4 + size :]
    return [sound.copy().view("<i2") for sound in sounds[1:]]


def test_no_two_voices_say_the_same():
    # Spoken first in a fresh process each, so that a difference comes from the voice alone.
    spoken = {speak([[voice, "seven", 50, 175]])[0].tobytes() for voice in _spoken_digits.VOICES}
    assert len(spoken) == len(_spoken_digits.VOICES) == 60
    assert len({voice.lower() for voice in _spoken_digits.VOICES}) == 60


def test_a_voice_that_espeak_would_silently_replace_is_refused():
    recipe = dataclasses.replace(SMALL, voices=("f1", "nobody"))
    with pytest.raises(
        InputError,
        match=r"spoken-digits: expected espeak-ng to speak, got a failure: voice 'nobody'.*Install it again",
    ):
        spoken_digits(recipe)


def test_a_call_of_espeak_that_fails_is_named(tmp_path, monkeypatch, cache):
    monkeypatch.setattr(loader, "get_data_path", lambda: str(tmp_path / "nothing"))
    with pytest.raises(InputError, match=r"(?s)got a failure: .*espeak_Initialize: expected 22050 Hz, got"):
        spoken_digits(SMALL)
    assert not cache.exists()
    speaker = object.__new__(_espeak.Speaker)
    speaker._library = type("Library", (), {"espeak_SetVoiceByName": staticmethod(lambda name: 2)})
    with pytest.raises(RuntimeError, match=r"espeak_SetVoiceByName\(b'xx',\): expected status 0, got 2"):
        speaker._done("espeak_SetVoiceByName", b"xx")


def test_noise_has_the_level_that_its_column_says():
    rng = np.random.default_rng(0)
    sound = (8_000 * np.sin(np.arange(22_050) * 0.1)).astype("<i2")
    clean = _spoken_digits.with_noise(sound, 0.0, rng).astype(float)
    np.testing.assert_array_equal(clean, np.rint(sound / 2))
    noisy = _spoken_digits.with_noise(sound, 0.2, rng).astype(float)
    assert np.std(noisy - clean) / np.sqrt(np.mean(clean**2)) == pytest.approx(0.2, rel=0.03)


def test_a_second_load_reads_the_cache_and_needs_no_espeak(monkeypatch):
    first = spoken_digits(SMALL)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    assert spoken_digits(SMALL).equals(first)


def test_without_espeak_the_pip_line_comes_before_any_work(monkeypatch, cache):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(
        ImportError,
        match=r"load\('spoken-digits'\) needs.*espeakng_loader.*pip install 'dltoolkit\[speech\]'",
    ):
        data.load("spoken-digits")
    assert not cache.exists()


@pytest.mark.parametrize("fault", ["altered", "missing", "manifest"])
def test_a_cached_file_that_is_altered_or_missing_is_named_and_made_anew(cache, fault):
    frame = spoken_digits(SMALL)
    before = content(cache)
    victim = pathlib.Path(frame["audio"][3])
    if fault == "manifest":
        victim = victim.parents[1] / "manifest.json"
        victim.write_text(victim.read_text()[:100])
    elif fault == "missing":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    with pytest.warns(
        UserWarning, match=rf"1 file\(s\) altered or missing, such as .*{victim.name}.*made anew"
    ):
        spoken_digits(SMALL)
    assert content(cache) == before


def test_an_interrupted_making_leaves_nothing_and_keeps_what_was_there(cache, monkeypatch):
    frame = spoken_digits(SMALL)
    kept = content(cache)
    pathlib.Path(frame["audio"][0]).unlink()

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(_spoken_digits, "_write", full)
    with pytest.warns(UserWarning, match="made anew"), pytest.raises(OSError, match="disk full"):
        spoken_digits(SMALL)
    assert len(content(cache)) == len(kept) - 1
    assert len(list(cache.iterdir())) == 1


def test_what_a_killed_process_left_aside_is_removed_after_an_hour(cache):
    old, new = cache / ".spoken-digits-old", cache / ".spoken-digits-new"
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (0, 0))
    spoken_digits(SMALL)
    assert not old.exists() and new.exists()


def test_the_cache_is_where_the_variable_says_else_in_the_users_cache_folder(tmp_path, monkeypatch):
    assert data.cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("DLTOOLKIT_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    for platform, folder in {"linux": "xdg", "darwin": "Library/Caches", "win32": "local"}.items():
        monkeypatch.setattr(_cache.sys, "platform", platform)
        assert data.cache_dir() == tmp_path / folder / "dltoolkit"
