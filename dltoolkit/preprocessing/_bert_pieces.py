"""The word pieces of BERT, with the ids that its published weights were trained with.

References:
    Devlin et al. (2019), "BERT"; the rules are those of its ``tokenization.py``, as Hugging Face's ``tokenizers`` has them.
"""

import functools
import json
import os
import pathlib
import re
import unicodedata
from collections.abc import Sequence

from dltoolkit._checks import InputError, complaint, listed, stop
from dltoolkit.preprocessing._word_pieces import LONGEST_WORD, longest_pieces

PADDING, UNKNOWN, START, END = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
FILE, SETTINGS = "vocab.txt", "tokenizer_config.json"
# Unicode's white space without control characters, which BERT drops before it cuts.
_SPACE = re.compile("[\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_IDEOGRAPH = re.compile(
    "([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f])"
)
_DROPPED = ("Cc", "Cf", "Co", "Cs")  # categories of characters that are no text
_REPLACEMENT = "\ufffd"


class BertEncoder:
    """Cuts texts as BERT does: at spaces and punctuation, ideographs one by one, then the longest known pieces."""

    def __init__(self, vocabulary: Sequence[str], *, lower: bool) -> None:
        """Number the pieces from 0 on, in the order of the vocabulary."""
        self._ids = {piece: i for i, piece in enumerate(vocabulary)}
        self._longest = max(len(piece) for piece in self._ids)
        self._lower = lower
        self._chunks: dict[str, list[int]] = {}

    def encode(self, text: str, length: int | None = None) -> list[int]:
        """The ids of a text between those of ``[CLS]`` and ``[SEP]``.

        A marker that stands in the text itself, such as ``"[SEP]"``, is cut like any other word.

        Args:
            text: The text.
            length: Most ids, at least 2; the end of a longer text is left out. Defaults to None: no limit.

        Returns:
            list: The ids.
        """
        found: list[int] = []
        for chunk in _SPACE.split(text):
            ids = self._chunks.get(chunk)
            if ids is None:
                ids = self._chunks[chunk] = self._cut(chunk)
            found += ids
        kept = found if length is None else found[: length - 2]
        return [self._ids[START], *kept, self._ids[END]]

    def _cut(self, chunk: str) -> list[int]:
        unknown = self._ids[UNKNOWN]
        ids: list[int] = []
        for word in _words(chunk, self._lower):
            known = len(word) <= LONGEST_WORD
            ids += longest_pieces(word, self._ids, self._longest, unknown) if known else [unknown]
        return ids


def _words(chunk: str, lower: bool) -> list[str]:
    """The words and signs of what stands between two spaces."""
    kept = (c for c in chunk if c != _REPLACEMENT and unicodedata.category(c) not in _DROPPED)
    text = _IDEOGRAPH.sub(r" \1 ", "".join(kept))
    if lower:
        apart = unicodedata.normalize("NFD", text)
        # Letter by letter: Python would write a Greek sigma at the end of a word in another way than BERT.
        text = "".join(c.lower() for c in apart if unicodedata.category(c) != "Mn")
    return "".join(f" {c} " if _is_sign(c) else c for c in text).split(" ")


def _is_sign(c: str) -> bool:
    """ASCII's signs and Unicode's punctuation."""
    return ("!" <= c <= "~" and not c.isalnum()) or unicodedata.category(c).startswith("P")


@functools.lru_cache(maxsize=4)
def bert_encoder(vocabulary: tuple[str, ...], lower: bool) -> BertEncoder:
    """The encoder of a vocabulary, with the words that it has cut already."""
    return BertEncoder(vocabulary, lower=lower)


def read_vocabulary(source: str | os.PathLike[str] | Sequence[str]) -> tuple[tuple[str, ...], bool | None]:
    """The pieces of a pretrained vocabulary, in the order of their ids.

    Args:
        source: A folder with ``vocab.txt``, that file, or the pieces themselves.

    Returns:
        tuple: The pieces, and whether texts are written in small letters first, as the folder's
        ``tokenizer_config.json`` says; None where nothing says so.

    Raises:
        InputError: If there is no such file, or it is no vocabulary of BERT's kind.
    """
    if not isinstance(source, (str, os.PathLike)):
        return _checked(tuple(source), "vocabulary"), None
    path = pathlib.Path(source)
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        cure = "Give the folder that the pretrained weights are in."
        stop([complaint("vocabulary", f"a folder with {FILE}, or such a file", f"{str(file)!r}", cure)])
    try:
        pieces = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(complaint(f"vocabulary {str(file)!r}", "text in UTF-8", str(error))) from error
    pieces = [piece.removesuffix("\r") for piece in (pieces if pieces[-1] else pieces[:-1])]
    return _checked(tuple(pieces), f"vocabulary {str(file)!r}"), _says_lower(file.parent / SETTINGS)


def _says_lower(file: pathlib.Path) -> bool | None:
    if not file.is_file():
        return None
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(complaint(f"{str(file)!r}", "JSON", f"a damaged file ({error})")) from error
    said = settings.get("do_lower_case") if isinstance(settings, dict) else None
    return said if isinstance(said, bool) else None


def _checked(pieces: tuple[str, ...], where: str) -> tuple[str, ...]:
    others = sorted({type(piece).__name__ for piece in pieces if not isinstance(piece, str)})
    if others:
        stop([complaint(where, "texts", listed(others))])
    absent = [piece for piece in SPECIAL if piece not in pieces]
    twice = len(pieces) - len(set(pieces))
    if absent or pieces[0] != PADDING or twice:
        expected = f"one piece a line, each once, {PADDING} first, with {UNKNOWN}, {START} and {END}"
        got = (
            f"none of {listed(absent)}"
            if absent
            else f"{twice} repeated"
            if twice
            else f"{pieces[0]!r} first"
        )
        stop([complaint(where, expected, got, "Only vocabularies of BERT's kind can be read.")])
    return pieces
