"""Words as the runs of letters that they are spelt from."""

import zlib
from collections.abc import Sequence

import numpy as np

SHORTEST, LONGEST = 3, 5  # letters of a run, the word's ends counted; Bojanowski et al. 2017 take 3 to 6
MOST = 24  # runs of a word, the first ones; longer words are rare
BUCKETS = 20_000
FIRST_WORD = 2  # ids 0 and 1 are padding and the unknown word


def letter_table(vocabulary: Sequence[str]) -> np.ndarray:
    """The buckets of each word's runs of letters.

    Args:
        vocabulary: The words, in the order of their ids from 2 on.

    Returns:
        numpy.ndarray: int32 ``(len(vocabulary) + 2, 24)``, from 1 on; 0 where there is no run. The same words give the
        same table on every machine.

    Example:
        >>> letter_table(["tea"])[2, :6].astype(bool)
        array([ True,  True,  True,  True,  True,  True])
    """
    table = np.zeros((len(vocabulary) + FIRST_WORD, MOST), "int32")
    for row, word in zip(table[FIRST_WORD:], vocabulary, strict=True):
        marked = f"<{word}>"
        runs = [marked[i : i + n] for n in range(SHORTEST, LONGEST + 1) for i in range(len(marked) - n + 1)]
        ids = [zlib.crc32(run.encode()) % (BUCKETS - 1) + 1 for run in runs[:MOST]]
        row[: len(ids)] = ids
    return table
