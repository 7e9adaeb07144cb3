"""Sounds: any file to one rate, one channel and one length, and a name and a reason for each that cannot be read."""

import pathlib
import struct
import wave

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import signal

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data.kinds import _sound_files, _sounds

RATE = 8000


def sine(frequency=440.0, rate=RATE, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


@pytest.fixture
def put(tmp_path):
    """Write a sound, and give its path."""

    def save(samples, name="a.wav", rate=RATE, **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(samples, bytes):
            path.write_bytes(samples)
        else:
            soundfile.write(path, samples, rate, **options)
        return str(path)

    return save


@pytest.fixture
def folder(put, tmp_path):
    """A folder with two classes of two sounds each."""
    for name in ("no/1.wav", "no/2.wav", "yes/1.wav", "yes/10.wav"):
        put(sine(), f"root/{name}")
    return tmp_path / "root"


# ------------------------------------------------------------------ formats
@pytest.mark.parametrize(
    ("name", "subtype", "off"),
    [
        ("a.wav", "PCM_16", 1e-4),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "PCM_32", 1e-6),
        ("a.wav", "PCM_U8", 1e-2),
        ("a.wav", "FLOAT", 1e-7),
        ("a.flac", "PCM_16", 1e-4),
        ("a.aiff", "PCM_24", 1e-6),
        ("a.ogg", "VORBIS", 0.05),
    ],
)
def test_every_format_gives_samples_with_full_scale_1(put, name, subtype, off):
    sound = data.load_sound(put(sine(), name, subtype=subtype), rate=RATE)
    assert sound.dtype == np.float32
    assert np.abs(sound - sine()).max() < off


def test_a_compressed_mp3_is_read(put):
    path = put(sine(rate=16_000), "a.mp3", rate=16_000)
    assert data.sound_info(path).format == "MP3"
    sound = data.load_sound(path, rate=16_000)
    assert np.argmax(np.abs(np.fft.rfft(sound[:8000]))) == pytest.approx(220, abs=1)


def test_a_file_is_told_by_its_content_not_its_name(put):
    path = pathlib.Path(put(sine(), "a.flac"))
    assert data.sound_info(path.rename(path.with_suffix(".wav"))).format == "FLAC"


def test_the_header_says_rate_channels_and_length(put):
    info = data.sound_info(put(np.c_[sine(), sine()], rate=22_050))
    assert info == _sounds.SoundInfo(22_050, 2, 4000, "WAV", "PCM_16")
    assert info.seconds == 4000 / 22_050
    assert data.sound_info(np.zeros((7, 2), np.int16)) == _sounds.SoundInfo(None, 2, 7, "array", "int16")
    assert data.sound_info(np.zeros(7)).seconds is None


def test_channels_are_mixed_down_by_their_mean(put):
    both = np.c_[sine(440), sine(1000)]
    for cell in (put(both, subtype="FLOAT"), both):
        np.testing.assert_allclose(data.load_sound(cell, rate=RATE), both.mean(axis=1), atol=1e-6)


# ------------------------------------------------------------------ resampling
@pytest.mark.parametrize(("rate", "to"), [(22_050, 16_000), (8000, 16_000), (44_100, 8000), (16_000, 11_025)])
def test_a_sine_at_another_rate_is_the_same_sine(rate, to):
    result = data.load_sound(sine(440, rate), rate=to, cell_rate=rate)
    assert result.dtype == np.float32 and len(result) == int(np.ceil(round(rate * 0.5) * to / rate))
    middle = slice(to // 20, -to // 20)  # the filter's edges apart
    assert np.abs(result - sine(440, to, 1)[: len(result)])[middle].max() < 2e-3


def test_what_the_lower_rate_cannot_hold_is_filtered_out():
    result = data.load_sound(sine(7000, 22_050), rate=8000, cell_rate=22_050)
    assert np.abs(result[400:-400]).max() < 0.01


def test_resampling_is_that_of_scipy(put):
    noise = np.random.default_rng(0).normal(0, 0.1, 5000).astype(np.float32)
    expected = signal.resample_poly(noise, 160, 441)
    np.testing.assert_array_equal(data.load_sound(noise, rate=16_000, cell_rate=44_100), expected)


def test_an_array_without_a_rate_has_the_rate_asked_for():
    np.testing.assert_array_equal(data.load_sound(sine(), rate=123), sine().astype(np.float32))


# ------------------------------------------------------------------ arrays
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (np.array([-32768, 16384], np.int16), [-1.0, 0.5]),
        (np.array([-32768, 16384], ">i2"), [-1.0, 0.5]),
        (np.array([-128, 64], np.int8), [-1.0, 0.5]),
        (np.array([-(2**31), 2**30], np.int32), [-1.0, 0.5]),
        (np.array([0, 128, 192], np.uint8), [-1.0, 0.0, 0.5]),
        (np.array([0.25, -1.5]), [0.25, -1.5]),
        (np.array([[1.0, 0.0], [0.0, 0.5]]), [0.5, 0.25]),
    ],
)
def test_an_array_is_scaled_by_its_type_and_never_clipped(cell, expected):
    assert data.load_sound(cell, rate=RATE).tolist() == expected


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (np.array([0.0, np.nan]), r"expected finite samples, got 1 missing or infinite \(NaN, inf\)"),
        (np.array([0.0, np.inf]), r"expected finite samples, got 1 missing or infinite"),
        (
            np.array([0.0, 9000.0]),
            r"expected float samples from -1 to 1, got values up to 9000\. Divide them by",
        ),
        (np.array([1, 2, 3]), r"expected samples of type int8, int16, int32, uint8 or float, got int64"),
        (np.zeros(0), r"expected at least one sample, got no samples \(0\)"),
        (
            np.zeros((2, 900)),
            r"at most 64 channels, got shape \(2, 900\)\. Give the samples along the first axis: array\.T",
        ),
        (
            np.zeros((2, 3, 4)),
            r"expected an array \(samples,\) or \(samples, channels\), got shape \(2, 3, 4\)",
        ),
        (None, r"expected a path or an array, got a missing value"),
        (3.5, r"expected a path or a numpy array, got float"),
    ],
)
def test_an_array_that_is_no_sound_is_refused(cell, message):
    with pytest.raises(InputError, match=message):
        data.load_sound(cell, rate=RATE)


# ------------------------------------------------------------------ damaged files
def test_each_kind_of_bad_file_is_named_with_its_reason(put, tmp_path):
    wav, flac, aiff, mp3 = (
        pathlib.Path(put(sine(), f"ok.{e}")).read_bytes() for e in ("wav", "flac", "aiff", "mp3")
    )
    cases = {
        "empty.wav": (b"", r"empty\.wav: expected a sound, got an empty file \(0 bytes\)"),
        "text.wav": (
            b"hello, I am text",
            r"text\.wav: expected a sound, got a file that is none, or has a damaged header",
        ),
        "cut.wav": (
            wav[:4000],
            r"cut\.wav: expected a whole sound, got a truncated one \(4,000 of 8,044 bytes\)",
        ),
        "cut.aiff": (aiff[:4000], r"cut\.aiff: expected a whole sound, got a truncated one \(4,000 of"),
        "cut.flac": (
            flac[: len(flac) // 2],
            r"cut\.flac: expected a whole sound, got (a damaged one|one that ends)",
        ),
        "cut.mp3": (mp3[: len(mp3) // 2], r"cut\.mp3: expected a (whole )?sound, got"),
    }
    for name, (content, message) in cases.items():
        with pytest.raises(InputError, match=message):
            data.load_sound(put(content, name), rate=RATE)
    with pytest.raises(InputError, match=r"nothing\.wav: expected a sound, got no such file"):
        data.load_sound(str(tmp_path / "nothing.wav"), rate=RATE)
    with pytest.raises(InputError, match=r"expected a sound, got a folder"):
        data.load_sound(tmp_path, rate=RATE)


def test_a_file_without_samples_is_refused(put):
    with pytest.raises(InputError, match=r"a\.wav: expected at least one sample, got no samples \(0\)"):
        data.sound_info(put(np.zeros(0)))


def test_a_float_file_with_nan_is_refused(put):
    with pytest.raises(InputError, match=r"a\.wav: expected finite samples, got 1 missing"):
        data.load_sound(put(np.array([0, np.nan, 0]), subtype="FLOAT"), rate=RATE)


def test_a_streamed_wav_that_does_not_know_its_length_is_read(put):
    content = bytearray(pathlib.Path(put(sine())).read_bytes())
    content[4:8] = struct.pack("<I", 0xFFFFFFFF)
    assert len(data.load_sound(put(bytes(content)), rate=RATE)) == 4000


def test_an_absurd_rate_is_a_damaged_header(put):
    content = bytearray(pathlib.Path(put(sine())).read_bytes())
    content[24:28] = struct.pack("<I", 2_000_000_000)
    with pytest.raises(InputError, match=r"expected a rate of at most 768,000 Hz, got 2,000,000,000 Hz"):
        data.load_sound(put(bytes(content)), rate=RATE)


def test_a_sound_that_would_fill_the_memory_is_refused(put, monkeypatch):
    monkeypatch.setattr(_sounds, "MAX_SAMPLES", 1000)
    with pytest.raises(InputError, match=r"expected at most 1,000 samples, got 4,000\. Cut it into pieces"):
        data.load_sound(put(sine()), rate=RATE)


# ------------------------------------------------------------------ columns
def test_sounds_are_filled_up_or_cut_off_at_their_end(put):
    short, long = sine(seconds=0.1), sine(seconds=0.5)
    result = data.load_sounds([put(short, "s.wav", subtype="FLOAT"), long], rate=RATE, seconds=0.2)
    assert result.dtype == np.float32 and result.shape == (2, 1600)
    np.testing.assert_allclose(result[0], np.r_[short, np.zeros(800)], atol=1e-6)
    np.testing.assert_allclose(result[1], long[:1600], atol=1e-6)


def test_cutting_before_resampling_changes_nothing(put):
    noise = np.random.default_rng(0).normal(0, 0.1, (30_000, 2))
    for rate, to in ((22_050, 16_000), (8000, 22_050), (44_100, 8000)):
        path = put(noise, rate=rate, subtype="FLOAT")
        whole = data.load_sound(path, rate=to)[: to // 5]
        np.testing.assert_allclose(data.load_sounds([path], rate=to, seconds=0.2)[0], whole, atol=1e-6)


def test_the_result_does_not_depend_on_the_number_of_workers(put):
    paths = [put(sine(200 + 10 * i, 22_050), f"{i}.wav", 22_050) for i in range(30)]
    one, three = (data.load_sounds(paths, rate=RATE, seconds=0.4, workers=n) for n in (1, 3))
    np.testing.assert_array_equal(one, three)


def test_an_empty_column_gives_an_empty_array():
    assert data.load_sounds([], rate=RATE, seconds=0.5).shape == (0, 4000)


def test_all_bad_rows_of_a_column_are_named_at_once(put):
    column = pd.Series([put(sine()), put(b"", "empty.wav"), None], index=["a", "b", "c"])
    with pytest.raises(
        InputError, match=r"(?s)2 of 3 rows cannot be used.*row 'b', .*empty\.wav: .*row 'c', cell: .*missing"
    ):
        data.load_sounds(column, rate=RATE, seconds=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0, "seconds": 1}, r"rate: expected a whole number in \[1, 768000\], got 0"),
        ({"rate": RATE, "seconds": 0}, r"seconds: expected a number in"),
        ({"rate": RATE, "seconds": 1, "cell_rate": 8000.5}, r"cell_rate: expected a whole number"),
        ({"rate": RATE, "seconds": 1, "workers": 1.5}, r"workers: expected a whole number"),
    ],
)
def test_an_option_that_cannot_be_is_named(options, message):
    with pytest.raises(InputError, match=message):
        data.load_sounds([sine()], **options)


# ------------------------------------------------------------------ folders
def test_each_sub_folder_is_a_class_in_natural_order(folder):
    frame = data.read_audio(folder)
    assert frame["audio"].str.removeprefix(f"{folder}/").tolist() == [
        "no/1.wav",
        "no/2.wav",
        "yes/1.wav",
        "yes/10.wav",
    ]
    assert frame["label"].tolist() == ["no", "no", "yes", "yes"]
    assert frame.attrs == {"notes": (), "quarantine": [], "rates": {RATE: 4}, "roles": {"audio": "audio"}}


def test_mixed_rates_and_stereo_are_recorded(folder, put):
    put(np.c_[sine(), sine()], "root/yes/2.flac", rate=16_000)
    frame = data.read_audio(folder)
    assert frame.attrs["rates"] == {8000: 4, 16_000: 1}
    assert frame.attrs["notes"] == (
        "2 sample rates: 8,000 Hz in 4 files, 16,000 Hz in 1 files; loading brings them to one",
        "1 files have more than one channel; loading mixes them down to one",
    )


def test_a_damaged_file_is_left_out_named_and_listed(folder, put):
    put(b"RIFF damaged", "root/no/3.wav")
    put(np.zeros(0), "root/yes/3.wav")
    with pytest.warns(
        UserWarning,
        match=r"2 of 6 files cannot be used and were left out: .*no/3\.wav .*yes/3\.wav \(no samples \(0\)\)",
    ):
        frame = data.read_audio(folder)
    assert data.quarantine(frame)["file"].str[-5:].tolist() == ["3.wav", "3.wav"]
    with pytest.raises(InputError, match=r"no/3\.wav: expected a sound, got a file that is none"):
        data.read_audio(folder, strict=True)


def test_verify_finds_what_the_header_does_not_show(folder, put):
    flac = pathlib.Path(put(np.random.default_rng(0).normal(0, 0.1, 20_000), "ok.flac")).read_bytes()
    put(flac[: len(flac) // 2], "root/no/3.flac")
    assert len(data.read_audio(folder)) == 5
    with pytest.warns(UserWarning, match=r"1 of 5 files cannot be used.*3\.flac"):
        assert len(data.read_audio(folder, verify=True)) == 4


def test_very_long_sounds_are_pointed_out(folder, monkeypatch):
    with wave.open(str(folder / "no" / "long.wav"), "wb") as file:
        file.setparams((1, 1, 100, 0, "NONE", ""))
        file.writeframes(bytes([128]) * 60_001)
    with pytest.warns(UserWarning, match=r"1 sounds are longer than 600 s: '.*long\.wav'"):
        data.read_audio(folder)
    assert _sound_files.LONG_SECONDS == 600


def test_a_table_of_paths_is_read(folder):
    (folder / "list.csv").write_text("clip,speaker\nno/1.wav,ann\nyes/1.wav,bob\n")
    frame = data.read_audio(folder / "list.csv")
    assert frame["clip"].tolist() == [str(folder / "no/1.wav"), str(folder / "yes/1.wav")]
    assert frame["speaker"].tolist() == ["ann", "bob"]


def test_an_empty_class_folder_is_refused(folder):
    (folder / "maybe").mkdir()
    with pytest.raises(InputError, match=r"class folder .*maybe: expected at least one sound file, got none"):
        data.read_audio(folder)
