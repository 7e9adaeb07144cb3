"""The checks of a column of texts: length, languages by their scripts, control characters, text and label swapped."""

import re

import numpy as np
import pandas as pd

from dltoolkit._text import as_text
from dltoolkit.data._audit_kinds import Draw
from dltoolkit.data._findings import AuditFinding, Table
from dltoolkit.data._roles import MIN_TEXT_SHARE, MIN_TEXT_WORDS

MOST_TEXTS = 50_000  # looked at
LONG_RATIO, LONG_WORDS = 20.0, 1_000  # words over the median, and at least so many: a book among reviews
LONG_CHARACTERS = 100_000  # beyond it a text is long whatever the others are
USUAL_WORDS = 5.0  # median from which on one word is no text
MIXED_SHARE, MIN_MIXED = 0.01, 2  # texts of another script than most
# The blocks of the Unicode Standard (chapter 24, Scripts.txt) that hold the letters of the most written scripts.
SCRIPTS = {
    "Latin": "A-Za-z\u00c0-\u024f\u1e00-\u1eff",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": "\u0600-\u06ff\u0750-\u077f",
    "Hebrew": "\u0590-\u05ff",
    "Devanagari": "\u0900-\u097f",
    "Thai": "\u0e00-\u0e7f",
    "Hangul": "\u1100-\u11ff\uac00-\ud7af",
    "Kana": "\u3040-\u30ff",
    "Han": "\u3400-\u4dbf\u4e00-\u9fff",
}
SPACELESS = ("Thai", "Kana", "Han")  # written without spaces between words
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\ufffd]"


def findings(table: Table, name: str) -> list[AuditFinding | None]:
    """What is found in a column of texts; of many, a draw is read.

    Args:
        table: The table.
        name: A column of texts.

    Returns:
        list: Findings, or None where there is nothing to find.
    """
    draw = Draw.of(table, name, "text", most=MOST_TEXTS)
    texts = as_text(draw.cells)
    scripts = main_scripts(texts)
    return [
        *_lengths(draw, texts, scripts),
        _control(draw, texts),
        *_languages(draw, scripts),
        _labels_as_texts(draw, texts),
    ]


def main_scripts(texts: pd.Series) -> np.ndarray:
    """The script that most letters of each text belong to.

    Args:
        texts: Texts, shape ``(n,)``.

    Returns:
        numpy.ndarray: Names of `SCRIPTS`, or ``""`` for a text without such a letter; shape ``(n,)``.

    Example:
        >>> main_scripts(pd.Series(["good", "хорошо!", "好吃", "42"])).tolist()
        ['Latin', 'Cyrillic', 'Han', '']
    """
    counts = np.column_stack(
        [texts.str.count(f"[{letters}]").to_numpy("int64") for letters in SCRIPTS.values()]
    )
    names = np.array([*SCRIPTS, ""], dtype=object)
    return names[np.where(counts.any(axis=1), counts.argmax(axis=1), len(SCRIPTS))]


def _lengths(draw: Draw, texts: pd.Series, scripts: np.ndarray) -> list[AuditFinding | None]:
    """Texts of one word where others have many, and very long ones."""
    words = texts.str.split().str.len().to_numpy("int64")
    characters = texts.str.len().to_numpy("int64")
    middle = float(np.median(words[words > 0])) if words.any() else 0.0
    more = [{"words": int(w), "characters": int(c)} for w, c in zip(words, characters, strict=True)]
    long = ((words > LONG_RATIO * middle) & (words > LONG_WORDS)) | (characters > LONG_CHARACTERS)
    advice = f"far longer than the usual {middle:,.0f} words: what lies beyond the length that preprocessing takes is cut"
    found = [
        draw.finding(
            "long_texts", long, advice + " off. Split them, or shorten them.", more=more, order=-characters
        )
    ]
    if middle >= USUAL_WORDS:
        one = (words == 1) & ~np.isin(scripts, SPACELESS)
        advice = f"of a single word, where {middle:,.0f} are usual. See whether they say anything."
        found.append(draw.finding("one_word", one, advice, severity="info", more=more))
    return found


def _control(draw: Draw, texts: pd.Series) -> AuditFinding | None:
    """Control characters, and the sign that stands for bytes that were no text."""
    found = texts.str.count(_CONTROL).to_numpy("int64")
    more = [{"characters": int(n)} for n in found]
    advice = "with control characters or \ufffd: read with the wrong encoding, or cut out of a file. Read it again with"
    advice += " encoding=, or replace them."
    return draw.finding("control_characters", found > 0, advice, more=more)


def _languages(draw: Draw, scripts: np.ndarray) -> list[AuditFinding | None]:
    """Texts of another script than most, and scripts without spaces."""
    names, counts = np.unique(scripts[scripts != ""], return_counts=True)
    if not len(names):
        return []
    more = [{"script": str(s)} for s in scripts]
    dense = np.isin(scripts, SPACELESS)
    others = (scripts != names[counts.argmax()]) & (scripts != "")
    others &= not (dense[scripts != ""].all())  # Japanese mixes two of them
    found = []
    if others.sum() >= max(MIN_MIXED, MIXED_SHARE * len(scripts)):
        told = ", ".join(
            f"{n} {c:,}" for n, c in sorted(zip(names, counts, strict=True), key=lambda pair: -pair[1])
        )
        advice = (
            f"in another script than most ({told}): several languages? A model learns the frequent one best."
        )
        found.append(draw.finding("mixed_scripts", others, advice, more=more))
    if dense.mean() >= MIXED_SHARE:
        advice = "in a script without spaces: by words each sentence would be one. Let preprocessing take characters."
        found.append(draw.finding("no_spaces", dense, advice, more=more))
    return found


def _labels_as_texts(draw: Draw, texts: pd.Series) -> AuditFinding | None:
    """Rows whose text is the name of a class: a label in the wrong column."""
    problem = draw.table.problem
    if problem is None or problem.kind not in ("binary", "multiclass") or len(texts) < 2:
        return None
    classes = {str(c).strip().casefold() for c in problem.classes if re.search(r"[^\W\d_]", str(c))}
    mask = texts.str.strip().str.casefold().isin(classes).to_numpy(bool)
    advice = "that are the name of a class: text and label swapped, or a label in the wrong column?"
    return draw.finding("swapped", mask, advice)


def swapped(table: Table, name: str) -> AuditFinding | None:
    """The finding that the target holds sentences, and a column of few values the classes; None where it does not.

    Args:
        table: A table whose target cannot be predicted as it is.
        name: A column of text with few values.

    Returns:
        AuditFinding or None: Of kind ``"swapped"``.
    """
    labels = as_text(table.frame[table.targets[0]]).dropna()
    values = as_text(table.frame[name])
    long = labels.str.split().str.len().mean() >= MIN_TEXT_WORDS
    if (
        not long
        or labels.nunique() < MIN_TEXT_SHARE * len(labels)
        or values.str.split().str.len().mean() >= MIN_TEXT_WORDS
    ):
        return None
    advice = f"{values.nunique():,} different values, while the target {table.targets[0]!r} holds sentences: are they"
    advice += f" swapped? Then name {name!r} as the target."
    return table.finding("swapped", name, values.notna().to_numpy(), advice, severity="warn")
