"""What can be chosen for columns of texts, pictures, sounds and sequences."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

from dltoolkit._checks import check_choice, check_number, complaint, stop
from dltoolkit.preprocessing._bert_pieces import read_vocabulary

TEXT_MODES = ("sequence", "tf-idf", "multi-hot", "count")
TEXT_UNITS = ("auto", "word", "character", "wordpiece")
STANDARDISE = (
    "lower-and-split-punctuation",
    "lower-and-strip-punctuation",
    "lower",
    "strip-punctuation",
    "none",
)
RESIZE = ("stretch", "crop", "pad")
COLOURS = ("auto", "rgb", "grey")
PIXELS = ("rescale", "standardise", "none")
EDGES = ("none", "append", "only")
SOUNDS = ("log-mel", "spectrogram", "waveform")
STEPS = ("standardise", "window", "series", "none")
KEEP = ("last", "first")
SHORTEST_PIECES = 3  # two markers and a piece between them


@dataclasses.dataclass(frozen=True)
class TextOptions:
    """How a column of texts becomes numbers.

    Attributes:
        mode: ``"sequence"``: ids in the order of the text, ``(length,)``; or one number for each entry of the
            vocabulary: ``"tf-idf"``, ``"multi-hot"`` or ``"count"``.
        unit: ``"word"``; ``"character"``, for languages that put no spaces between words; ``"wordpiece"``: pieces of
            words, so that no word is unknown; ``"auto"``: characters where most letters in training belong to such a
            language, else words.
        ngrams: Up to how many neighbouring words or characters count as one entry, 1 to 5. Defaults to 1.
        standardise: What is done to the text before. ``"lower-and-split-punctuation"``: small letters, ``!`` and ``?`` as
            words of their own, as they say much of a mood, and other marks as spaces, so that ``good.Not`` is two words;
            ``"lower-and-strip-punctuation"``: as Keras does, ``goodnot``; ``"lower"``, ``"strip-punctuation"`` or
            ``"none"``. Defaults to the first.
        separator: Cut texts here instead of at spaces, such as ``"|"`` for tags. Defaults to None.
        length: Tokens kept of a sequence, the first ones. Defaults to None: what 99 % of the training texts need, at
            most 512.
        max_tokens: Most entries of the vocabulary, the most frequent ones. Defaults to 20,000.
        min_count: Fewer occurrences than this in training make a token unknown. Defaults to 1.
        vocabulary: With ``"wordpiece"``: the pieces of a pretrained BERT in the order of their ids, or the folder that
            its ``vocab.txt`` is in. Texts are then cut as that BERT cuts them, between ``[CLS]`` and ``[SEP]``;
            `standardise` is ``"lower"`` or ``"none"``, as the folder says. Defaults to None: pieces are learnt.
    """

    mode: str = "sequence"
    unit: str = "auto"
    ngrams: int = 1
    standardise: str = "lower-and-split-punctuation"
    separator: str | None = None
    length: int | None = None
    max_tokens: int = 20_000
    min_count: int = 1
    vocabulary: str | os.PathLike[str] | Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Refuse what does not exist or does not go together; read a pretrained vocabulary."""
        check_choice(self.mode, TEXT_MODES, "mode")
        check_choice(self.unit, TEXT_UNITS, "unit")
        check_choice(self.standardise, STANDARDISE, "standardise")
        check_number(self.ngrams, "ngrams", low=1, high=5, whole=True)
        check_number(self.max_tokens, "max_tokens", low=1, whole=True)
        check_number(self.min_count, "min_count", low=1, whole=True)
        if self.length is not None:
            check_number(self.length, "length", low=1, whole=True)
        if self.unit == "wordpiece" and (self.mode != "sequence" or self.ngrams > 1 or self.separator):
            expected = "mode 'sequence', ngrams 1 and no separator with unit 'wordpiece'"
            stop([complaint("text options", expected, f"{self.mode!r}, {self.ngrams}, {self.separator!r}")])
        if self.separator is not None and (not self.separator or self.unit == "character"):
            stop([complaint("separator", "one or more characters, with words", f"{self.separator!r}")])
        if self.vocabulary is not None:
            self._read_vocabulary(self.vocabulary)

    def _read_vocabulary(self, source: str | os.PathLike[str] | Sequence[str]) -> None:
        """Put the pieces in the place of the folder's name, and the spelling that they are in beside them."""
        if self.unit != "wordpiece":
            stop([complaint("vocabulary", "unit='wordpiece' with it", f"unit={self.unit!r}")])
        pieces, lower = read_vocabulary(source)
        if lower is None:
            lower = self.standardise.startswith("lower")
        object.__setattr__(self, "vocabulary", pieces)
        object.__setattr__(self, "standardise", "lower" if lower else "none")
        if self.length is not None:
            check_number(self.length, "length", low=SHORTEST_PIECES, whole=True)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pretrained pieces; none where they are learnt."""
        return self.vocabulary if isinstance(self.vocabulary, tuple) else ()

    def plain(self) -> dict[str, Any]:
        """The options as JSON-able values.

        Returns:
            dict: Field to value; a pretrained vocabulary by its size.
        """
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**fields, "vocabulary": f"{len(self.pieces):,} pretrained pieces" if self.pieces else None}


@dataclasses.dataclass(frozen=True)
class ImageOptions:
    """How a column of pictures becomes numbers. Each is turned as its EXIF tag says, before all else.

    Attributes:
        size: ``(height, width)`` in pixels that each picture is brought to. Defaults to None: the median height and
            width in training, at most 128 each.
        resize: ``"stretch"`` to the size, whatever the aspect; ``"crop"``: fill it and cut off what stands out on both
            sides; ``"pad"``: fit into it, black around.
        colour: ``"rgb"`` (3 channels), ``"grey"`` (1), or ``"auto"``: grey when no training picture looked at has colour.
        scale: ``"rescale"`` to 0..1, ``"standardise"`` (mean 0, standard deviation 1 for each channel of the training
            pictures), or ``"none"`` (0..255).
        edges: ``"append"`` adds a channel with the strength of edges (Sobel); ``"only"`` keeps nothing else.
    """

    size: tuple[int, int] | None = None
    resize: str = "stretch"
    colour: str = "auto"
    scale: str = "rescale"
    edges: str = "none"

    def __post_init__(self) -> None:
        """Refuse what does not exist."""
        check_choice(self.resize, RESIZE, "resize")
        check_choice(self.colour, COLOURS, "colour")
        check_choice(self.scale, PIXELS, "scale")
        check_choice(self.edges, EDGES, "edges")
        if self.size is None:
            return
        if not isinstance(self.size, (tuple, list)) or len(self.size) != 2:
            stop([complaint("size", "(height, width) in pixels, such as (96, 96)", repr(self.size))])
        for name, side in zip(("height", "width"), self.size, strict=True):
            check_number(side, f"size {name}", low=1, whole=True)
        object.__setattr__(self, "size", (int(self.size[0]), int(self.size[1])))


@dataclasses.dataclass(frozen=True)
class SoundOptions:
    """How a column of sounds becomes numbers: one rate, one channel, one length, then a spectrogram.

    Attributes:
        rate: Samples a second that every sound is brought to. Defaults to 16,000.
        seconds: Length that every sound is cut to, or filled up to with silence. Defaults to None: what 95 % of the
            training sounds need, at most 10.
        output: ``"log-mel"`` (logarithms of energies in bands as the ear hears them), ``"spectrogram"`` (logarithms of
            the energy at each frequency) or ``"waveform"``.
        mels: Number of mel bands. Defaults to 64.
        window: Seconds of one spectrum. Defaults to 0.025.
        hop: Seconds from one spectrum to the next. Defaults to 0.010.
        cell_rate: Samples a second of cells that are arrays; files tell theirs. Defaults to None: `rate`.
    """

    rate: int = 16_000
    seconds: float | None = None
    output: str = "log-mel"
    mels: int = 64
    window: float = 0.025
    hop: float = 0.010
    cell_rate: int | None = None

    def __post_init__(self) -> None:
        """Refuse what does not exist or cannot be."""
        check_number(self.rate, "rate", low=100, whole=True)
        check_choice(self.output, SOUNDS, "output")
        check_number(self.mels, "mels", low=1, whole=True)
        check_number(self.window, "window", low=2 / self.rate)
        check_number(self.hop, "hop", low=1 / self.rate)
        if self.seconds is not None:
            check_number(self.seconds, "seconds", low=self.window)
        if self.cell_rate is not None:
            check_number(self.cell_rate, "cell_rate", low=1, whole=True)


@dataclasses.dataclass(frozen=True)
class SequenceOptions:
    """How a column of arrays ``(steps,)`` or ``(steps, channels)`` becomes one block of numbers.

    Attributes:
        length: Steps that each is cut to or filled up to. Defaults to None: the longest in training.
        keep: Which steps of a longer one: ``"last"`` or ``"first"``; shorter ones are filled at the other end.
        scale: ``"standardise"`` (each channel by mean and standard deviation of training); ``"window"``: each example by
            its own mean and standard deviation, so that series of any level look alike and nothing of the future is
            used; ``"series"``: by those of its series (the column of role ``"series"``) in training, a new series by
            those of all; or ``"none"``.
        difference: How often each step is replaced by its change from the step before (the first one becomes 0), 0 to
            2. Defaults to 0.
    """

    length: int | None = None
    keep: str = "last"
    scale: str = "standardise"
    difference: int = 0

    def __post_init__(self) -> None:
        """Refuse what does not exist."""
        check_choice(self.keep, KEEP, "keep")
        check_choice(self.scale, STEPS, "scale")
        check_number(self.difference, "difference", low=0, high=2, whole=True)
        if self.length is not None:
            check_number(self.length, "length", low=1, whole=True)


KINDS: dict[str, Any] = {
    "text": TextOptions,
    "image": ImageOptions,
    "audio": SoundOptions,
    "sequence": SequenceOptions,
}
