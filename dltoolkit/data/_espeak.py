"""Speak words with espeak-ng: a script for a process of its own, because the library never forgets what it said before.

It is run as ``python -I _espeak.py`` and imports nothing but the standard library. Standard input holds JSON:
``library`` and ``data`` (paths), ``seed`` and ``requests``, each ``[voice, word, pitch, rate]``. Standard output
receives, for each request, the number of samples as a 4-byte integer and then the samples, 16-bit mono at 22,050 Hz; before
them one such block with the library's version as text. A failure ends it with status 1 and a sentence on standard error.

The numbers below are those of espeak-ng's ``speak_lib.h``.
"""

import ctypes
import json
import pathlib
import struct
import sys
from typing import Any

SAMPLE_RATE = 22_050  # Hz
BASE = "en-us"
AUDIO_OUTPUT_SYNCHRONOUS, INITIALIZE_DONT_EXIT = 2, 0x8000
PARAMETER_RATE, PARAMETER_PITCH = 1, 3
POSITION_CHARACTER, CHARS_UTF8 = 1, 1

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Speaker:
    """The library, set up once; every call's answer is looked at."""

    def __init__(self, library: str, data: str, seed: int) -> None:
        self._variants = pathlib.Path(data) / "voices" / "!v"
        self._library = ctypes.CDLL(library)
        self._samples = bytearray()
        self._keep = CALLBACK(self._receive)  # the library holds no reference to it
        path = data.encode()
        rate = self._library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, path, INITIALIZE_DONT_EXIT)
        if rate != SAMPLE_RATE:
            raise RuntimeError(
                f"espeak_Initialize: expected {SAMPLE_RATE} Hz, got {rate}, with data at {data}"
            )
        self._library.espeak_SetSynthCallback(self._keep)
        set_seed = self._library.espeak_ng_SetRandSeed
        set_seed.argtypes = [ctypes.c_long]
        set_seed(seed)

    def version(self) -> str:
        """What the library calls itself."""
        info = self._library.espeak_Info
        info.restype = ctypes.c_char_p
        return info(None).decode()

    def say(self, voice: str, word: str, *, pitch: int, rate: int) -> bytes:
        """One word as 16-bit samples."""
        # With a variant that does not exist, SetVoiceByName succeeds and speaks in the base voice.
        if not (self._variants / voice).is_file():
            raise RuntimeError(f"voice {voice!r}: expected a file in {self._variants}, got none")
        self._done("espeak_SetVoiceByName", f"{BASE}+{voice}".encode())
        self._done("espeak_SetParameter", PARAMETER_RATE, rate, 0)
        self._done("espeak_SetParameter", PARAMETER_PITCH, pitch, 0)
        self._samples.clear()
        text = word.encode() + b"\0"
        size = ctypes.c_size_t(len(text))
        self._done("espeak_Synth", text, size, 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None)
        if not self._samples:
            raise RuntimeError(f"voice {voice!r}, word {word!r}: expected sound, got no samples")
        return bytes(self._samples)

    def _receive(self, samples: int | None, count: int, _: int | None) -> int:
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, 2 * count)
        return 0

    def _done(self, function: str, *arguments: Any) -> None:
        status = getattr(self._library, function)(*arguments)
        if status:
            raise RuntimeError(f"{function}{arguments!r}: expected status 0, got {status}")


def main() -> int:
    """Answer the requests on standard input."""
    orders = json.load(sys.stdin)
    out = sys.stdout.buffer
    try:
        speaker = Speaker(orders["library"], orders["data"], orders["seed"])
        blocks = [speaker.version().encode()]
        for voice, word, pitch, rate in orders["requests"]:
            blocks.append(speaker.say(voice, word, pitch=pitch, rate=rate))
    except (OSError, RuntimeError) as error:
        sys.stderr.write(str(error))
        return 1
    for block in blocks:
        out.write(struct.pack("<i", len(block)) + block)
    return 0


if __name__ == "__main__":
    sys.exit(main())
