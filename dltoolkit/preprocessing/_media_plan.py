"""What is learnt about columns of texts, pictures, sounds and sequences, as plain numbers: nothing here knows Keras."""

import dataclasses

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class TextPlan:
    """A text: ids of its tokens in order, or one number for each entry of the vocabulary."""

    column: str
    treatment: str
    unit: str
    ngrams: int
    standardise: str
    separator: str | None
    length: int
    vocabulary: tuple[str, ...]
    idf: tuple[float, ...]
    why: str
    pretrained: bool = False  # the vocabulary is that of a BERT, with its ids and its markers

    role = "text"

    @property
    def raw(self) -> tuple[Shape, str]:
        """Shape and dtype of one example as the graph takes it: the text, or the ids of its word pieces."""
        return ((self.length,), "int32") if self.unit == "wordpiece" else ((1,), "string")

    @property
    def feature(self) -> tuple[Shape, str]:
        """Shape and dtype of one example as it comes out."""
        if self.treatment == "sequence":
            return (self.length,), "int32"
        return (len(self.vocabulary) + 1,), "float32"  # the first one counts the unknown tokens

    @property
    def size(self) -> int | None:
        """Number of different ids, 0 (padding) and 1 (unknown) included; a pretrained vocabulary has its own."""
        if self.treatment != "sequence":
            return None
        return len(self.vocabulary) + (0 if self.pretrained else 2)


@dataclasses.dataclass(frozen=True)
class ImagePlan:
    """A picture: decoded to bytes of one size, then scaled; with a channel of edges where asked."""

    column: str
    treatment: str
    height: int
    width: int
    resize: str
    colour: str
    edges: str
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    why: str

    role = "image"
    size = None

    @property
    def channels(self) -> int:
        """Channels of the decoded picture."""
        return 3 if self.colour == "rgb" else 1

    @property
    def raw(self) -> tuple[Shape, str]:
        """Shape and dtype of one decoded picture."""
        return (self.height, self.width, self.channels), "uint8"

    @property
    def feature(self) -> tuple[Shape, str]:
        """Shape and dtype of one example as it comes out."""
        channels = {"none": self.channels, "append": self.channels + 1, "only": 1}[self.edges]
        return (self.height, self.width, channels), "float32"


@dataclasses.dataclass(frozen=True)
class SoundPlan:
    """A sound: one rate, one channel, one length, then a spectrogram in frames."""

    column: str
    treatment: str
    rate: int
    cell_rate: int | None
    samples: int
    window: int
    hop: int
    mels: int
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    why: str

    role = "audio"
    size = None

    @property
    def fft(self) -> int:
        """Length of the Fourier transform: the next power of two."""
        return 1 << (self.window - 1).bit_length()

    @property
    def bands(self) -> int:
        """Numbers in each frame."""
        return self.mels if self.treatment == "log-mel" else self.fft // 2 + 1

    @property
    def raw(self) -> tuple[Shape, str]:
        """Shape and dtype of one waveform."""
        return (self.samples,), "float32"

    @property
    def feature(self) -> tuple[Shape, str]:
        """Shape and dtype of one example as it comes out."""
        if self.treatment == "waveform":
            return (self.samples, 1), "float32"
        return (
            1 + (self.samples - self.fft) // self.hop,
            self.bands,
        ), "float32"  # Keras moves whole transforms


@dataclasses.dataclass(frozen=True)
class SequencePlan:
    """An array of steps: cut or filled up to one length, differenced and scaled.

    Where it is scaled by series, `by` is their column, and centre and scale have a row of channels for each id of it.
    """

    column: str
    treatment: str
    length: int
    channels: int
    keep: str
    difference: int
    ragged: bool
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    why: str
    by: str = ""

    role = "sequence"
    size = None

    @property
    def raw(self) -> tuple[Shape, str]:
        """Shape and dtype of one example, NaN where there is no step."""
        return (self.length, self.channels), "float64"

    @property
    def feature(self) -> tuple[Shape, str]:
        """Shape and dtype of one example as it comes out; a last channel marks the steps that there are."""
        return (self.length, self.channels + self.ragged), "float32"


MediaPlan = TextPlan | ImagePlan | SoundPlan | SequencePlan
PLANS: dict[str, type[MediaPlan]] = {p.role: p for p in (TextPlan, ImagePlan, SoundPlan, SequencePlan)}
