"""Words cut into pieces, so that a word never seen is a row of known pieces instead of one unknown word.

References:
    Schuster and Nakajima (2012), "Japanese and Korean voice search"; Devlin et al. (2019), "BERT"; the pieces are found by
    joining frequent pairs, as Sennrich et al. (2016), "Neural machine translation of rare words with subword units".
"""

import collections
import functools
import heapq
import itertools
import re
from collections.abc import Iterable, Mapping

UNKNOWN_ID, FIRST_ID = 1, 2  # 0 is padding
INSIDE = "##"  # in front of a piece that goes on within a word
LONGEST_WORD = 100  # letters; BERT's limit, beyond which a word is unknown as a whole
# Words, single signs, and the letters of Chinese one by one, as BERT's tokenizer cuts them.
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CHINESE}]|[^\W{_CHINESE}_]+|[^\w\s]|_")

Pair = tuple[str, str]


class PieceEncoder:
    """Cuts texts into the longest known pieces, from the left; every distinct word is cut once."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Number the pieces from 2 on."""
        self._ids = {piece: i for i, piece in enumerate(vocabulary, FIRST_ID)}
        self._longest = max((len(piece.removeprefix(INSIDE)) for piece in self._ids), default=0)
        self._words: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """The ids of a text's pieces; a word with an unknown letter is 1."""
        found: list[int] = []
        for word in _WORD.findall(text):
            ids = self._words.get(word)
            if ids is None:
                ids = self._words[word] = self._cut(word)
            found += ids
        return found

    def _cut(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [UNKNOWN_ID]
        return longest_pieces(word, self._ids, self._longest, UNKNOWN_ID)


def longest_pieces(word: str, ids: Mapping[str, int], longest: int, unknown: int) -> list[int]:
    """The ids of the longest known pieces of a word, from the left; of `unknown` alone where a rest is none.

    Args:
        word: The word.
        ids: Piece to id; pieces that go on within a word start with ``##``.
        longest: Letters of the longest piece.
        unknown: The id of an unknown word.

    Returns:
        list: One id a piece.
    """
    found, start = [], 0
    while start < len(word):
        front = INSIDE if start else ""
        ends = range(min(len(word), start + longest), start, -1)
        end = next((e for e in ends if front + word[start:e] in ids), None)
        if end is None:
            return [unknown]
        found.append(ids[front + word[start:end]])
        start = end
    return found


@functools.lru_cache(maxsize=8)
def piece_encoder(vocabulary: tuple[str, ...]) -> PieceEncoder:
    """The encoder of a vocabulary, with the words that it has cut already."""
    return PieceEncoder(vocabulary)


def learn_pieces(texts: Iterable[str], *, size: int, min_count: int) -> tuple[str, ...]:
    """Learn a vocabulary: all letters, then the most frequent pairs of pieces joined, one after the other.

    Args:
        texts: The training texts.
        size: Most pieces.
        min_count: Fewest occurrences of a letter, and of a pair that is joined (at least 2).

    Returns:
        tuple: The pieces; those that go on within a word start with ``##``. The same texts give the same pieces.
    """
    counts = collections.Counter(
        word for text in texts for word in _WORD.findall(text) if len(word) <= LONGEST_WORD
    )
    words = [[word[0], *(INSIDE + letter for letter in word[1:])] for word in counts]
    letters: collections.Counter[str] = collections.Counter()
    for pieces, n in zip(words, counts.values(), strict=True):
        for piece in pieces:
            letters[piece] += n
    kept = sorted((piece for piece, n in letters.items() if n >= min_count), key=lambda p: (-letters[p], p))
    vocabulary = dict.fromkeys(kept[:size])
    pairs = _Pairs(words, list(counts.values()))
    while len(vocabulary) < size and (pair := pairs.best(max(min_count, 2))) is not None:
        vocabulary[pairs.join(pair)] = None
    return tuple(vocabulary)


class _Pairs:
    """How often each pair of neighbouring pieces occurs, and in which words; kept up to date while pairs are joined."""

    def __init__(self, words: list[list[str]], counts: list[int]) -> None:
        self._words, self._counts = words, counts
        self._n: collections.Counter[Pair] = collections.Counter()
        self._where: dict[Pair, set[int]] = collections.defaultdict(set)
        for i in range(len(words)):
            self._add(i, 1)
        self._heap = [(-n, pair) for pair, n in self._n.items()]
        heapq.heapify(self._heap)

    def best(self, fewest: int) -> Pair | None:
        """The most frequent pair, the first in the alphabet among equals; None when it is too rare."""
        while self._heap:
            n, pair = self._heap[0]
            if self._n[pair] == -n:
                return pair if -n >= fewest else None
            heapq.heappop(self._heap)  # counted before it changed
        return None

    def join(self, pair: Pair) -> str:
        """Join a pair wherever it occurs; gives the new piece."""
        joined = pair[0] + pair[1].removeprefix(INSIDE)
        touched: set[Pair] = set()
        for i in sorted(self._where[pair]):
            touched |= self._add(i, -1)
            self._words[i] = _joined(self._words[i], pair, joined)
            touched |= self._add(i, 1)
        for changed in touched:
            if self._n[changed] > 0:
                heapq.heappush(self._heap, (-self._n[changed], changed))
        return joined

    def _add(self, i: int, sign: int) -> set[Pair]:
        """Count the pairs of a word in or out."""
        pieces = self._words[i]
        found = list(itertools.pairwise(pieces))
        for pair in found:
            self._n[pair] += sign * self._counts[i]
            if sign > 0:
                self._where[pair].add(i)
            else:
                self._where[pair].discard(i)
        return set(found)


def _joined(pieces: list[str], pair: Pair, joined: str) -> list[str]:
    found: list[str] = []
    i = 0
    while i < len(pieces):
        if tuple(pieces[i : i + 2]) == pair:
            found.append(joined)
            i += 2
        else:
            found.append(pieces[i])
            i += 1
    return found
