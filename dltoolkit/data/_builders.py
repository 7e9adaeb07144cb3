"""The catalogue as TensorFlow Datasets: importing this module registers ``dltoolkit_<name>`` for each data set.

``tfds.load("dltoolkit_reviews", split="train")`` then writes the data set into TFDS's folder, without a network, and
reads it from there. All rows are in the one split ``"train"``, in the order of `data.load`. The rules:

* text is ``Text``, a missing one ``""``; whole numbers are ``int64``, flags ``bool``
* other numbers are ``float32``, a missing one NaN: more than seven digits are not kept in TFDS's files
* a time is ``Text`` in ISO 8601, such as ``"2013-01-01T05:15:00"``, a missing one ``""``
* an image is ``Image``, a sound ``Audio`` (int16 samples at 22,050 Hz), a sequence a float32 ``Tensor``
* the classes of a target are a ``ClassLabel``, numbered as in `Problem.classes`
* with ``as_supervised=True`` come the picture, text, sound or sequence and the target; for tables, ratings and series a
  dictionary of every other column and the target
"""

import functools
import wave
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import tensorflow_datasets as tfds

from dltoolkit.data import _espeak, _spoken_digits
from dltoolkit.data._catalogue import CATALOGUE, load
from dltoolkit.problem import Problem

PREFIX = "dltoolkit_"
MEDIA = {"images": "image", "text": "text", "audio": "audio", "sequence": "lpc"}


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[misc, call-arg]
    """One data set of the catalogue; a subclass says which."""

    VERSION = tfds.core.Version(
        "1.0.0"
    )  # a changed file of the catalogue needs the next one: TFDS keeps the old
    entry_name: str

    def _info(self) -> Any:
        entry, columns = CATALOGUE[self.entry_name], self._columns
        given = MEDIA.get(entry.data) or {name: name for name in columns if name != entry.target}
        return self.dataset_info_from_configs(
            description=f"{entry.what}\n\nSource: {entry.source}.\nLicence: {entry.licence}.",
            features=tfds.features.FeaturesDict({name: feature for name, (feature, _) in columns.items()}),
            supervised_keys=(given, entry.target),
            disable_shuffling=True,
        )

    @functools.cached_property
    def _columns(self) -> dict[str, tuple[Any, Callable[[pd.Series], Any]]]:
        """For each column its feature, and what makes its values fit for that."""
        entry = CATALOGUE[self.entry_name]
        frame = load(self.entry_name) if entry.bytes else _spoken_digits.outline()
        columns = {name: _plan(name, frame[name]) for name in frame}
        if entry.kind != "regression":
            problem = Problem.infer(frame, entry.target)
            label = tfds.features.ClassLabel(names=list(problem.classes))
            columns[entry.target] = (label, lambda column: problem.encode(column.to_frame()).tolist())
        return columns

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        frame = load(self.entry_name)
        values = [prepare(frame[name]) for name, (_, prepare) in self._columns.items()]
        names = list(self._columns)
        for row, cells in enumerate(zip(*values, strict=True)):
            yield row, dict(zip(names, cells, strict=True))


def _plan(name: str, column: pd.Series) -> tuple[Any, Callable[[pd.Series], Any]]:
    """The feature of a column, and what gives its values."""
    first = column.iloc[0]
    if name == "audio":
        sound = tfds.features.Audio(dtype=np.int16, sample_rate=_espeak.SAMPLE_RATE)
        return sound, lambda c: map(_samples, c)
    if isinstance(first, np.ndarray) and first.dtype == np.uint8:
        return tfds.features.Image(shape=(*first.shape, 1)), lambda c: (cell[..., None] for cell in c)
    if isinstance(first, np.ndarray):
        return tfds.features.Tensor(shape=(None, *first.shape[1:]), dtype=first.dtype), list
    if column.dtype.kind == "M":
        return tfds.features.Text(), lambda c: c.dt.strftime("%Y-%m-%dT%H:%M:%S").fillna("").tolist()
    if column.dtype.kind in "biuf":
        return tfds.features.Scalar(np.float32 if column.dtype.kind == "f" else column.dtype), list
    return tfds.features.Text(), lambda c: c.fillna("").tolist()


def _samples(path: str) -> np.ndarray:
    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def _register() -> None:
    """Make a class for each data set: that it exists registers it."""
    for name in CATALOGUE:
        registered = PREFIX + name.replace("-", "_")
        title = "".join(part.capitalize() for part in registered.split("_"))
        type(title, (_Builder,), {"name": registered, "entry_name": name, "__module__": __name__})


_register()
