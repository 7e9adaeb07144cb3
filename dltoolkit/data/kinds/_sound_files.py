"""A folder or a table of sound files as a frame of paths; their samples stay on the disk."""

import os
import warnings
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from dltoolkit._checks import listed
from dltoolkit.data.kinds import _folders, _sounds

SUFFIXES = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64",
)  # fmt: skip
LONG_SECONDS = (
    600  # ten minutes: examples of speech or events take seconds, so this is probably a whole recording
)
_KIND = _folders.Kind("audio", "sound", SUFFIXES, _sounds.header, _sounds.decoded)


def read_audio(
    source: str | os.PathLike[str] | Sequence[str] | pd.Series,
    *,
    audio: str | None = None,
    verify: bool = False,
    strict: bool = False,
    workers: int | None = None,
) -> pd.DataFrame:
    """A table of sound files: one row a file, in natural order, with its path. No sample is kept in memory.

    Folders, tables and damaged files are handled as in `read_images`. Files of different rates and numbers of channels
    may stand side by side: they are brought to one when they are loaded, and counted in the notes.

    Args:
        source: A folder with a class per sub-folder, a table of paths, or a list or Series of paths.
        audio: The column of the table that holds the paths. Defaults to None: the only one whose values all end like a
            sound file.
        verify: Whether to decode every file in full, which finds more damage and takes longer. Defaults to False.
        strict: Whether to stop at the first damaged file. Defaults to False.
        workers: Threads that read. Defaults to None: one a core.

    Returns:
        pandas.DataFrame: ``audio`` (absolute path) and, where the folder has classes, ``label``, both str; or the columns of
            the table. ``attrs["rates"]`` counts the files of each rate (Hz), ``attrs["notes"]`` says what was handled,
            ``attrs["quarantine"]`` what was left out.

    Raises:
        FileNotFoundError: If there is no such folder or table.
        PermissionError: If a folder may not be read.
        InputError: If there is no sound, or no whole one; if a class folder is empty, or a sound lies beside the class
            folders; if the table has no column of paths, or more than one; with `strict`, at the first damaged file.

    Example:
        >>> import pathlib, tempfile, wave
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with wave.open(f"{folder}/a.wav", "wb") as file:
        ...         file.setparams((1, 2, 8000, 0, "NONE", ""))
        ...         file.writeframes(bytes(800))
        ...     read_audio(folder).attrs["rates"]
        {8000: 1}
    """
    found = _folders.collected(source, _KIND, column=audio, verify=verify, strict=strict, workers=workers)
    rates = Counter(info.rate for info in found.infos)
    if len(rates) > 1:
        counts = ", ".join(f"{rate:,} Hz in {n:,} files" for rate, n in sorted(rates.items()))
        found.notes.append(f"{len(rates)} sample rates: {counts}; loading brings them to one")
    mixed = sum(info.channels > 1 for info in found.infos)
    if mixed:
        found.notes.append(f"{mixed:,} files have more than one channel; loading mixes them down to one")
    paths = found.frame[found.column].tolist()
    long = [path for path, info in zip(paths, found.infos, strict=True) if info.seconds > LONG_SECONDS]
    if long:
        found.warned.append(f"{len(long):,} sounds are longer than {LONG_SECONDS:,} s: {listed(long)}")
    for said in found.warned:
        warnings.warn(said, UserWarning, stacklevel=2)
    frame = found.result("audio")
    frame.attrs["rates"] = dict(sorted(rates.items()))
    return frame
