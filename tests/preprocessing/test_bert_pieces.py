"""The word pieces of a pretrained BERT: the ids that its weights know, on odd texts too."""

import json

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Schema, preprocessing
from dltoolkit._checks import InputError
from dltoolkit.preprocessing import TextOptions
from dltoolkit.preprocessing._bert_pieces import BertEncoder, read_vocabulary

VOCABULARY = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *"abcdefgé!,.[]",
    "##b",
    "##c",
    "ab",
    "##abc",
    "你",
    "好",
    "σ",
    "##σ",
)
ODD = (
    "",
    "   ",
    "Hello, World!",
    "naïve café ÀÉÎ",
    "don't stop\u2014believing\u2026 \u201cquotes\u201d",
    "你好世界 abc中文def",
    "ΣΑΣ ὈΔΥΣΣΕΎΣ",
    "İstanbul ǅ ß ﬁ ẞ I\u0307",
    "a\x00b\x01c\u200bd\ufffde\x85f\x0bg",
    "x\u2028y\u2029z\u3000w\u00a0v\r\nnew\tline",
    "🥲😀 👩‍👩‍👧 🇩🇪 \u0378 \ue000",
    "$5+3=8 <tag> ^_^ `x` |~ 1,000.50€ ½ № ™",
    "a" * 101 + " " + "a" * 100,
    "e\u0301 é \u0915\u094d\u0937 ไทย 한국어 テスト ｶﾀｶﾅ 𠀀𪜀 豈",
)


def words(text, lower=True):
    return [VOCABULARY[i] for i in BertEncoder(VOCABULARY, lower=lower).encode(text)][1:-1]


def test_a_text_is_cut_as_bert_cuts_it():
    assert words("abc  c") == ["ab", "##c", "c"]  # the longest piece first
    assert words("AÉ!b") == ["[UNK]", "!", "b"]  # "ae" has no piece; a sign stands by itself
    assert words("aabc") == ["a", "##abc"]
    assert words("\u0301É e\u0301") == ["e", "e"]  # accents go in whatever way they are written
    assert words("é", lower=False) == ["é"]
    assert words("你好a") == ["你", "好", "a"]
    assert words("ΣΣ") == ["σ", "##σ"]
    assert words("a\u200bb\x00") == ["ab"]
    assert words("[SEP]") == ["[", "[UNK]", "]"]  # what a text says is no marker


def test_the_ids_are_those_of_tokenizers_on_odd_texts():
    tokenizers = pytest.importorskip("tokenizers")
    letters = sorted({c for text in ODD for c in text.lower() + text if not c.isspace()})
    pieces = (
        *VOCABULARY[:4],
        *dict.fromkeys([*letters, *("##" + c for c in letters), "hello", "##lo", "don"]),
    )
    for lower in (True, False):
        ids = {piece: i for i, piece in enumerate(pieces)}
        theirs = tokenizers.BertWordPieceTokenizer(ids, lowercase=lower)
        ours = BertEncoder(pieces, lower=lower)
        for text in ODD:
            assert ours.encode(text) == theirs.encode(text).ids, text


def folder(tmp_path, lower=True, pieces=VOCABULARY):
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lower}), encoding="utf-8")
    return tmp_path


def fitted(options, texts=("abc b", "a", "C, c")):
    frame = pd.DataFrame({"text": texts, "y": [0, 1, 0]})
    return frame, preprocessing.fit(frame, Schema.infer(frame, "y").with_roles(text="text"), text=options)


def test_preprocessing_gives_a_pretrained_body_its_own_ids(tmp_path):
    frame, preprocessor = fitted(TextOptions(unit="wordpiece", vocabulary=folder(tmp_path)))
    spec = preprocessor.specs["text"]
    assert (spec.shape, spec.vocabulary_size) == ((5,), len(VOCABULARY))
    expected = [
        [2, VOCABULARY.index("ab"), VOCABULARY.index("##c"), VOCABULARY.index("b"), 3],
        [2, 4, 3, 0, 0],
    ]
    ids = preprocessor.transform(frame)["text"]
    assert ids[:2].tolist() == expected
    again = preprocessing.Preprocessor.from_json(json.loads(json.dumps(preprocessor.to_json())))
    np.testing.assert_array_equal(again.transform(frame)["text"], ids)
    assert preprocessor.settings["text"]["vocabulary"] == f"{len(VOCABULARY)} pretrained pieces"


def test_a_text_that_is_too_long_keeps_its_end_marker(tmp_path):
    frame, preprocessor = fitted(TextOptions(unit="wordpiece", vocabulary=folder(tmp_path), length=3))
    assert preprocessor.transform(frame)["text"].tolist()[0] == [2, VOCABULARY.index("ab"), 3]


def test_the_folder_says_whether_letters_are_made_small(tmp_path):
    assert TextOptions(unit="wordpiece", vocabulary=folder(tmp_path)).standardise == "lower"
    assert TextOptions(unit="wordpiece", vocabulary=folder(tmp_path, lower=False)).standardise == "none"
    assert TextOptions(unit="wordpiece", vocabulary=VOCABULARY, standardise="none").standardise == "none"


def test_options_are_made_again_from_their_own_values(tmp_path):
    options = TextOptions(unit="wordpiece", vocabulary=folder(tmp_path, lower=False))
    assert TextOptions(**vars(options)) == options


def test_windows_line_ends_are_no_part_of_a_piece(tmp_path):
    (tmp_path / "vocab.txt").write_bytes("\r\n".join([*VOCABULARY, ""]).encode())
    assert read_vocabulary(tmp_path / "vocab.txt") == (VOCABULARY, None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: TextOptions(vocabulary=f), "vocabulary: expected unit='wordpiece'"),
        (lambda f: TextOptions(unit="wordpiece", vocabulary=f / "no"), "a folder with vocab.txt"),
        (lambda f: TextOptions(unit="wordpiece", vocabulary=("a", "b")), "none of '\\[PAD\\]', '\\[UNK\\]'"),
        (lambda f: TextOptions(unit="wordpiece", vocabulary=(*VOCABULARY, "a")), "1 repeated"),
        (lambda f: TextOptions(unit="wordpiece", vocabulary=VOCABULARY[::-1]), "first. Only vocabularies"),
        (lambda f: TextOptions(unit="wordpiece", vocabulary=(*VOCABULARY, 5)), "expected texts, got 'int'"),
        (lambda f: TextOptions(unit="wordpiece", vocabulary=VOCABULARY, length=2), "length"),
    ],
)
def test_what_is_no_vocabulary_of_bert_s_kind_is_refused(tmp_path, make, message):
    with pytest.raises(InputError, match=message):
        make(folder(tmp_path))


def test_damaged_files_are_named(tmp_path):
    (folder(tmp_path) / "tokenizer_config.json").write_text("{")
    with pytest.raises(InputError, match="tokenizer_config.json': expected JSON"):
        read_vocabulary(tmp_path)
    (tmp_path / "vocab.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="expected text in UTF-8"):
        read_vocabulary(tmp_path)
