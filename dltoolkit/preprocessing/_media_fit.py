"""Learning about columns of texts, pictures, sounds and sequences from the training part."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from dltoolkit._checks import EXAMPLES, InputError, listed, stop
from dltoolkit._keras import keras, tf
from dltoolkit._text import as_text
from dltoolkit.data.kinds._images import image_info
from dltoolkit.data.kinds._sounds import sound_info
from dltoolkit.preprocessing import _media_graph, _media_host
from dltoolkit.preprocessing._bert_pieces import bert_encoder
from dltoolkit.preprocessing._media_plan import ImagePlan, MediaPlan, SequencePlan, SoundPlan, TextPlan
from dltoolkit.preprocessing._options import ImageOptions, SequenceOptions, SoundOptions, TextOptions
from dltoolkit.preprocessing._raw import MISSING_TEXT, RawError
from dltoolkit.preprocessing._word_pieces import PieceEncoder, learn_pieces

COVERED = 0.95  # share of the training examples that an automatic length holds whole
COVERED_TEXTS = 0.99  # what reviews end with says as much as what they begin with
LONGEST_TEXT = 512  # tokens; attention over more costs more than most texts gain
LONGEST_SOUND = 10.0  # seconds
LARGEST_SIDE = 128  # pixels; enough to tell things apart, and a laptop trains on it
LOOKED_AT = 1_000  # training examples from which sizes, means and spreads of files are learnt, evenly spaced
TEXT_CHUNK = 4_096
GREY_MODES = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"}  # as Pillow names them
# Letters of languages that are written without spaces between words: Thai, Lao, Khmer, Japanese kana, Chinese.
UNSPACED = r"[\x{0E00}-\x{0EFF}\x{1780}-\x{17FF}\x{3040}-\x{30FF}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}]"


def plan_media(column: pd.Series, role: str, options: Any) -> MediaPlan | str:
    """Learn what a column of media needs.

    Args:
        column: The training cells.
        role: ``"text"``, ``"image"``, ``"audio"`` or ``"sequence"``.
        options: The options class of that role.

    Returns:
        MediaPlan or str: The plan, or the reason why the column carries nothing.

    Raises:
        RawError: If cells cannot be read; rows and files are named.
    """
    if column.isna().all():
        return "every value is missing"
    try:
        return _LEARNERS[role](column, options)
    except InputError as error:
        raise RawError(str(error)) from error


def some(column: pd.Series) -> pd.Series:
    """At most `LOOKED_AT` cells, evenly spaced."""
    return column.iloc[np.unique(np.linspace(0, len(column) - 1, min(LOOKED_AT, len(column))).astype(int))]


def plan_text(column: pd.Series, options: TextOptions) -> TextPlan | str:
    """Learn the vocabulary of a column of texts, most frequent first, and a length."""
    texts = _media_host.plain_texts(column, standardise=options.standardise, separator=options.separator)
    if not pc.any(pc.not_equal(pc.utf8_trim_whitespace(texts), "")).as_py():
        return "no row has a text"
    unit = _unit(texts) if options.unit == "auto" else options.unit
    settings: dict[str, Any] = {
        "ngrams": options.ngrams,
        "standardise": options.standardise,
        "separator": options.separator,
    }
    plan = TextPlan(str(column.name), options.mode, unit, length=1, vocabulary=(), idf=(), why="", **settings)
    if options.pieces:
        return _pretrained(column, plan, options)
    if unit == "wordpiece":
        vocabulary, counts = _word_pieces(texts.to_pylist(), plan, options)
        idf: tuple[float, ...] = ()
    else:
        vocabulary, idf, counts = _words(texts.to_pylist(), plan, options)
    if not vocabulary:
        return "no token is left"
    covered = int(np.ceil(np.quantile(counts, COVERED_TEXTS)))
    length = options.length or int(np.clip(covered, 1, LONGEST_TEXT))
    kept = f"; the first {length:,} of each text" if plan.treatment == "sequence" else ""
    why = f"{len(vocabulary):,} {_UNITS[unit]}{kept}"
    return dataclasses.replace(plan, length=length, vocabulary=vocabulary, idf=idf, why=why)


def _pretrained(column: pd.Series, plan: TextPlan, options: TextOptions) -> TextPlan:
    """A pretrained vocabulary learns nothing but the length."""
    vocabulary = options.pieces
    encoder = bert_encoder(vocabulary, options.standardise == "lower")
    counts = [len(encoder.encode(text)) for text in as_text(column).fillna(MISSING_TEXT)]
    length = options.length or int(np.clip(np.ceil(np.quantile(counts, COVERED_TEXTS)), 3, LONGEST_TEXT))
    why = f"{len(vocabulary):,} pretrained pieces of words; the first {length:,} of each text"
    return dataclasses.replace(plan, length=length, vocabulary=vocabulary, why=why, pretrained=True)


_UNITS = {
    "word": "words or runs of words",
    "character": "characters or runs of them",
    "wordpiece": "pieces of words",
}


def _unit(texts: Any) -> str:
    """Characters where most letters belong to a language without spaces."""
    sample = texts[:LOOKED_AT]
    letters = pc.sum(pc.count_substring_regex(sample, r"\pL")).as_py() or 0
    unspaced = pc.sum(pc.count_substring_regex(sample, UNSPACED)).as_py() or 0
    return "character" if unspaced * 2 > letters else "word"


def _word_pieces(
    texts: list[str], plan: TextPlan, options: TextOptions
) -> tuple[tuple[str, ...], np.ndarray]:
    pieces = learn_pieces(texts, size=options.max_tokens, min_count=options.min_count)
    ids = PieceEncoder(pieces)
    return pieces, np.array([len(ids.encode(text)) for text in texts])


def _words(
    texts: list[str], plan: TextPlan, options: TextOptions
) -> tuple[tuple[str, ...], tuple[float, ...], np.ndarray]:
    """Vocabulary, inverse document frequencies, and tokens a text."""
    cut = [tokens(texts[i : i + TEXT_CHUNK], plan) for i in range(0, len(texts), TEXT_CHUNK)]
    lengths = np.concatenate([part.row_lengths().numpy() for part in cut])
    flat = pd.Series(np.concatenate([part.flat_values.numpy() for part in cut]), dtype=object)
    codes, distinct = pd.factorize(flat)
    counts = np.bincount(codes, minlength=len(distinct))
    names = np.array([token.decode("utf-8", "replace") for token in distinct], dtype=object)
    order = np.lexsort((names.astype(str), -counts)) if len(names) else np.arange(0)
    order = order[(counts[order] >= options.min_count) & (names[order] != "")][: options.max_tokens]
    rows = np.repeat(np.arange(len(texts)), lengths)
    documents = np.bincount(np.unique(np.stack([codes, rows]), axis=1)[0], minlength=len(distinct))
    idf = np.log(1.0 + len(texts) / (1.0 + documents[order]))  # as Keras's TextVectorization has it
    return tuple(names[order]), tuple(float(v) for v in idf), lengths


def tokens(texts: Sequence[str], plan: TextPlan) -> Any:
    """The tokens of texts, as the Keras layer cuts them.

    Args:
        texts: As `_media_host.plain_texts` leaves them.
        plan: Says how.

    Returns:
        tf.RaggedTensor: Strings, ``(n, None)``.
    """
    cut = tf.constant(list(texts))
    if plan.standardise.startswith("lower"):
        cut = tf.strings.lower(cut)
    if plan.standardise.endswith("strip-punctuation"):
        cut = tf.strings.regex_replace(cut, r'[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']', "")
    parts = tf.strings.unicode_split(cut, "UTF-8") if plan.unit == "character" else tf.strings.split(cut)
    return tf.strings.ngrams(parts, tuple(range(1, plan.ngrams + 1))) if plan.ngrams > 1 else parts


def _headers(sample: pd.Series, read: Callable[[Any], Any]) -> list[Any]:
    """What is told of each cell without decoding it; all that cannot be read are named at once."""
    found, wrong = [], []
    for row, cell in sample.items():
        try:
            found.append(read(cell))
        except InputError as error:
            wrong.append(f"column {sample.name!r}, row {row!r}, {error}")
    more = [f"and {len(wrong) - EXAMPLES:,} rows more."] if len(wrong) > EXAMPLES else []
    stop(wrong[:EXAMPLES] + more)
    return found


def plan_image(column: pd.Series, options: ImageOptions) -> ImagePlan | str:
    """Learn the size and the colour of a column of pictures, and how bright they are."""
    sample = some(column)
    facts = _headers(sample, image_info)
    middle = [int(np.median([getattr(fact, side) for fact in facts])) for side in ("height", "width")]
    height, width = options.size or (min(middle[0], LARGEST_SIDE), min(middle[1], LARGEST_SIDE))
    colour = options.colour
    if colour == "auto":
        colour = "grey" if all(fact.mode in GREY_MODES for fact in facts) else "rgb"
    why = f"{height} x {width} pixels, {options.resize}, {colour}; {_PIXEL_WHY[options.scale]}"
    centre: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0 / 255.0 if options.scale == "rescale" else 1.0,)
    plan = ImagePlan(
        str(column.name),
        options.scale,
        height,
        width,
        options.resize,
        colour,
        options.edges,
        centre,
        scale,
        why,
    )
    if options.scale == "standardise":
        pixels = _media_host.to_raw(plan, sample)
        centre, scale = standard(pixels.reshape(-1, plan.channels).astype("float64"))
    return dataclasses.replace(plan, centre=centre, scale=scale)


_PIXEL_WHY = {
    "rescale": "0 to 1",
    "standardise": "mean 0 and standard deviation 1 for each channel",
    "none": "0 to 255",
}


def standard(values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Centre and 1 / spread of each column, float64 ``(n, channels)``; a spread of 0, or none known, counts as 1."""
    unknown = np.isnan(values).all(axis=0)
    values = np.where(unknown, 0.0, values)
    spread = np.nanstd(values, axis=0)
    return (
        tuple(float(v) for v in np.nanmean(values, axis=0)),
        tuple(float(1 / v) if v > 0 else 1.0 for v in spread),
    )


def plan_sound(column: pd.Series, options: SoundOptions) -> SoundPlan | str:
    """Learn the length of a column of sounds, and how loud each band is."""
    sample = some(column)
    seconds = options.seconds
    if seconds is None:
        rate = options.cell_rate or options.rate
        infos = _headers(sample, functools.partial(sound_info, cell_rate=rate))
        lengths = [info.seconds or 0.0 for info in infos]
        seconds = float(np.clip(np.quantile(lengths, COVERED), 2 * options.window, LONGEST_SOUND))
    window = round(options.window * options.rate)
    plan = SoundPlan(
        column=str(column.name),
        treatment=options.output,
        rate=options.rate,
        cell_rate=options.cell_rate,
        samples=max(round(seconds * options.rate), 1 << (window - 1).bit_length()),  # one spectrum at least
        window=window,
        hop=round(options.hop * options.rate),
        mels=options.mels,
        centre=(0.0,),
        scale=(1.0,),
        why=f"{seconds:.2f} s at {options.rate:,} Hz; {_SOUND_WHY[options.output]}",
    )
    if plan.treatment == "waveform":
        return plan
    graph = _media_graph.media_model(plan, "levels")
    levels = keras.ops.convert_to_numpy(graph(_media_host.to_raw(plan, sample)))
    centre, scale = standard(levels.reshape(-1, plan.bands).astype("float64"))
    return dataclasses.replace(plan, centre=centre, scale=scale)


_SOUND_WHY = {
    "log-mel": "logarithms of energies in bands as the ear hears them, each standardised",
    "spectrogram": "logarithms of the energy at each frequency, each standardised",
    "waveform": "the samples themselves",
}


def plan_sequence(column: pd.Series, options: SequenceOptions) -> SequencePlan | str:
    """Learn the length and the channels of a column of arrays, and the level of each channel."""
    cells = _media_host.steps_of(column)
    channels = {cell.shape[1] for cell in cells}
    if len(channels) > 1:
        usual = int(pd.Series([cell.shape[1] for cell in cells]).mode()[0])
        odd = [i for i, cell in enumerate(cells) if cell.shape[1] != usual]
        where = f"column {column.name!r}, row {listed([column.index[odd[0]]])}"
        raise RawError(f"{where}: expected {usual} channels as in most rows, got {cells[odd[0]].shape[1]}.")
    lengths = {len(cell) for cell in cells}
    length = options.length or max(lengths)
    ragged = min(lengths) < length or any(np.isnan(cell).any() for cell in cells)
    steps = f"{min(lengths)} to {max(lengths)} steps" if len(lengths) > 1 else f"{max(lengths)} steps"
    why = f"{steps}, {channels.pop()} a step, as {length}; {_STEP_WHY[options.scale]}"
    plan = SequencePlan(
        column=str(column.name),
        treatment=options.scale,
        length=length,
        channels=cells[0].shape[1],
        keep=options.keep,
        difference=options.difference,
        ragged=ragged,
        centre=(0.0,),
        scale=(1.0,),
        why=why,
    )
    if options.scale != "standardise":
        return plan
    changes = [differenced(cell, options.difference) for cell in cells]
    centre, scale = standard(np.concatenate(changes))
    return dataclasses.replace(plan, centre=centre, scale=scale)


_STEP_WHY = {
    "standardise": "mean 0 and standard deviation 1 for each channel",
    "window": "each example by its own mean and standard deviation",
    "series": "each series by its own mean and standard deviation in training",
    "none": "left as they are",
}


def differenced(cell: np.ndarray, times: int) -> np.ndarray:
    """Each step as its change from the step before, some times over; the first one becomes 0."""
    for _ in range(times):
        cell = np.diff(cell, axis=0, prepend=cell[:1])
    return cell


_LEARNERS: Mapping[str, Any] = {
    "text": plan_text,
    "image": plan_image,
    "audio": plan_sound,
    "sequence": plan_sequence,
}
