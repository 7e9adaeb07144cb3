"""The spoken digits: made on first use by espeak-ng, kept in the cache, and checked at every load."""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import wave
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit import _files
from dltoolkit._checks import InputError, complaint, listed
from dltoolkit._optional import needed
from dltoolkit.data import _espeak
from dltoolkit.data._cache import cache_dir

NAME = "spoken-digits"
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# Of espeak-ng's 104 variants those that are farthest apart: each next one has the largest distance (root mean square of
# the words' mean log spectra) to the nearest one chosen before. The nearest two of them are 0.68 apart, all of them 0.10.
VOICES = (
    *(
        "Alicia",
        "Andrea",
        "Andy",
        "anikaRobot",
        "Annie",
        "announcer",
        "antonio",
        "AnxiousAndy",
        "aunty",
        "belinda",
    ),
    *("boris", "david", "Demonic", "ed", "f1", "f2", "f3", "f5", "Gene2", "grandma"),
    *("gustave", "Hugo", "ian", "iven", "iven2", "iven4", "Jacky", "kaukovalta", "klatt4", "Lee"),
    *("m1", "m2", "m4", "m7", "m8", "marcelo", "Marco", "michel", "mike2", "Mr serious"),
    *(
        "norbert",
        "pablo",
        "paul",
        "quincy",
        "RicishayMax",
        "RicishayMax3",
        "robert",
        "robosoft",
        "robosoft3",
        "robosoft6",
    ),
    *("sandro", "shelby", "steph", "Storm", "travis", "UniRobot", "victor", "whisper", "whisperf", "zac"),
)
PITCHES = (30, 45, 60, 75)  # espeak-ng's scale from 0 to 99, on which 50 is the voice's own
RATES = (130, 160, 190, 220)  # words a minute
NOISES = (
    0.0,
    0.05,
    0.1,
    0.2,
    0.4,
)  # noise over speech, both as root mean squares: none, 26, 20, 14 and 8 dB apart
GAIN = 0.5  # what espeak-ng gives reaches full scale: this leaves room for the noise
LARGEST = 32_767  # of 16 bits
STALE_SECONDS = (
    3_600  # making all takes seconds: a folder left aside for an hour belongs to a process that was killed
)
MANIFEST = "manifest.json"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is spoken: every voice says every word once at each level of noise, at a pitch and a rate drawn at random."""

    words: tuple[str, ...] = WORDS
    voices: tuple[str, ...] = VOICES
    noises: tuple[float, ...] = NOISES
    seed: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary an utterance: ``file``, ``word``, ``voice``, ``pitch``, ``rate``, ``noise``."""
        rng = np.random.default_rng(self.seed)
        rows = []
        for voice in self.voices:
            for word in self.words:
                for take, noise in enumerate(self.noises):
                    file = f"{word}/{voice.lower().replace(' ', '-')}-{take}.wav"
                    pitch, rate = int(rng.choice(PITCHES)), int(rng.choice(RATES))
                    rows.append(
                        {
                            "file": file,
                            "word": word,
                            "voice": voice,
                            "pitch": pitch,
                            "rate": rate,
                            "noise": noise,
                        }
                    )
        return rows

    @property
    def folder(self) -> str:
        """The name of its folder in the cache, another one for every recipe."""
        content = json.dumps([dataclasses.asdict(self), PITCHES, RATES, GAIN])
        return f"{NAME}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def spoken_digits(recipe: Recipe | None = None) -> pd.DataFrame:
    """The spoken digits, made now if they are not in the cache.

    Args:
        recipe: What is spoken. Defaults to None: ten words by sixty voices at five levels of noise.

    Returns:
        pandas.DataFrame: One row an utterance: ``audio`` (path of a 16-bit mono WAV at 22,050 Hz), ``word``, ``voice``,
        ``pitch`` (0 to 99), ``rate`` (words a minute) and ``noise`` (over speech, root mean squares).

    Raises:
        ImportError: If they must be made and espeakng-loader is not installed.
        InputError: If espeak-ng fails; the message has its reason.
        OSError: If the cache cannot be written.
    """
    recipe = recipe or Recipe()
    folder = cache_dir() / recipe.folder
    if folder.exists() and (faults := _faults(folder, recipe)):
        warnings.warn(
            f"{NAME} in {folder}: {len(faults):,} file(s) altered or missing, such as {listed(faults, 3)}. "
            "The sounds are made anew.",
            stacklevel=3,
        )
        _make(folder, recipe)
    elif not folder.exists():
        _make(folder, recipe)
    return outline(recipe)


def outline(recipe: Recipe | None = None) -> pd.DataFrame:
    """The frame of `spoken_digits`, whose files may not have been made yet."""
    recipe = recipe or Recipe()
    frame = pd.DataFrame(recipe.rows())
    folder = cache_dir() / recipe.folder
    frame.insert(0, "audio", [str(folder / file) for file in frame.pop("file")])
    return frame.astype(dict.fromkeys(["audio", "word", "voice"], "str"))


def _faults(folder: pathlib.Path, recipe: Recipe) -> list[str]:
    """The files of a cached set that are not as they were written."""
    try:
        kept = _files.read_json(folder / MANIFEST)["sha256"]
        expected = {row["file"]: kept[row["file"]] for row in recipe.rows()}
    except (FileNotFoundError, InputError, KeyError, TypeError):
        return [MANIFEST]
    return [
        file
        for file, digest in expected.items()
        if not (folder / file).is_file() or _files.sha256_file(folder / file) != digest
    ]


def _make(folder: pathlib.Path, recipe: Recipe) -> None:
    """Make the set aside, then put it into its place in one step: a kill leaves nothing half."""
    loader = needed("espeakng_loader", extra="speech", work=f"load({NAME!r})")
    version, sounds = _speak(recipe, loader.get_library_path(), loader.get_data_path())
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder.parent)
    aside = pathlib.Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=folder.parent))
    try:
        digests = {}
        rng = np.random.default_rng(recipe.seed)
        for row, sound in zip(recipe.rows(), sounds, strict=True):
            path = aside / row["file"]
            path.parent.mkdir(exist_ok=True)
            _write(path, with_noise(sound, row["noise"], rng))
            digests[row["file"]] = _files.sha256_file(path)
        _files.write_json(aside / MANIFEST, {"espeak": version, "sha256": digests})
        aside.chmod(0o755)
        _replace(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _replace(aside: pathlib.Path, folder: pathlib.Path) -> None:
    """Put a finished set into its place. One that is there was faulty, or another process was faster."""
    old = pathlib.Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=folder.parent))
    with contextlib.suppress(FileNotFoundError):
        os.replace(folder, old / "old")
    os.replace(aside, folder)
    shutil.rmtree(old, ignore_errors=True)


def _remove_stale(parent: pathlib.Path) -> None:
    for path in parent.glob(f".{NAME}-*"):
        if path.stat().st_mtime < time.time() - STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _speak(recipe: Recipe, library: str, data: str) -> tuple[str, list[np.ndarray]]:
    """The library's version and each utterance, int16, spoken by a fresh process, so that they repeat bit for bit."""
    requests = [[row[n] for n in ("voice", "word", "pitch", "rate")] for row in recipe.rows()]
    orders = {"library": str(library), "data": str(data), "seed": recipe.seed, "requests": requests}
    done = subprocess.run(
        [sys.executable, "-I", _espeak.__file__],
        input=json.dumps(orders).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        cure = "Install it again: pip install --force-reinstall espeakng-loader."
        raise InputError(complaint(NAME, "espeak-ng to speak", f"a failure: {reason}", cure))
    blocks, start = [], 0
    while start < len(done.stdout):
        (size,) = struct.unpack_from("<i", done.stdout, start)
        blocks.append(done.stdout[start + 4 : start + 4 + size])
        start += 4 + size
    version, *sounds = blocks
    return version.decode(), [np.frombuffer(sound, "<i2") for sound in sounds]


def with_noise(sound: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """A sound at half its loudness, with white noise added.

    Args:
        sound: int16, shape ``(n_samples,)``.
        noise: Its root mean square over that of the sound.
        rng: Draws the noise; always as many numbers as there are samples.

    Returns:
        numpy.ndarray: int16, shape ``(n_samples,)``.
    """
    quiet = sound * GAIN
    level = noise * np.sqrt(np.mean(quiet**2))
    return np.clip(np.rint(quiet + level * rng.standard_normal(len(sound))), -LARGEST, LARGEST).astype("<i2")


def _write(path: pathlib.Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_espeak.SAMPLE_RATE)
        file.writeframes(samples.tobytes())
