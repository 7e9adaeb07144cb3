"""Which words of a text speak for an answer."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_choice, complaint, listed, stop
from dltoolkit.explain._gradients import integrated_gradients
from dltoolkit.explain._source import EPSILON
from dltoolkit.problem import Problem

METHODS = ("gradients", "leave-one-out")
PADDING, UNKNOWN, FIRST = 0, 1, 2  # ids of a text's tokens


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class TokenAttributions:
    """The share of each word of one text in the answer; made by `token_attributions`.

    Attributes:
        tokens: The words, or pieces of words, in their order; ``"[unknown]"`` for one that training never saw.
        values: Share of each in the score, ``(n_tokens,)``: log odds of the class, or the target's unit.
        target: Name of the class (or the amount) that is explained.
        score: The score of the whole text.
        method: ``"gradients"`` or ``"leave-one-out"``.
    """

    tokens: tuple[str, ...]
    values: np.ndarray
    target: str
    score: float
    method: str

    def __repr__(self) -> str:
        """The strongest word, and the next step."""
        strongest = self.tokens[int(np.abs(self.values).argmax())] if self.tokens else "no word"
        return f"TokenAttributions({len(self.tokens)} words, {strongest!r} weighs most; next: plots.tokens(attributions))"

    def frame(self) -> pd.DataFrame:
        """One row a word, in the text's order: ``token``, ``value``."""
        return pd.DataFrame({"token": self.tokens, "value": self.values})


def token_attributions(
    source: Any,
    text: str | pd.DataFrame,
    *,
    column: str | None = None,
    target: Any = None,
    method: str | None = None,
    steps: int | None = None,
) -> TokenAttributions:
    """How much each word of a text adds to the score of a class.

    ``"gradients"`` follows integrated gradients through the words' learnt vectors. ``"leave-one-out"`` asks again for
    the text without each word: it needs no gradients, so that counts of words and any predictor will do.

    Args:
        source: A run or a bundle; for ``"leave-one-out"`` anything with ``.outputs(frame)``, ``.problem`` and
            ``.preprocessor``.
        text: The text; or a frame with one raw row, where the model reads other columns too.
        column: Column of the text. Defaults to None: the only one.
        target: The class that is explained. Defaults to None: the one that is answered; the positive class of a binary
            problem; the amount of a regression.
        method: One of the two. Defaults to None: gradients where the network has vectors for the words.
        steps: Points on the way of integrated gradients, at least 1. Defaults to None: as many as it takes.

    Returns:
        TokenAttributions: The words in their order, each with its share.

    Raises:
        InputError: If the model reads no text, or several and none is named; if a text alone is not enough; or if there
            is no such class or method.

    References:
        Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks"; Li, Monroe and Jurafsky (2016),
        "Understanding neural networks through representation erasure".
    """
    column = _text_column(source, column)
    row = _one_row(source, text, column)
    if method is not None:
        check_choice(method, METHODS, "method")
    feature = source.preprocessor.media[column]
    in_order = source.preprocessor.specs[feature].vocabulary_size is not None
    if method == "gradients" and not in_order:
        cure = "Use method='leave-one-out'."
        stop([complaint("method", "'leave-one-out' for a text as counts of words", "'gradients'", cure)])
    if in_order and method != "leave-one-out":
        try:
            return _by_gradients(source, row, column, target=target, steps=steps)
        except InputError as error:
            if method == "gradients" or "enter by an Embedding" not in str(error):
                raise
    return _by_leaving_out(source, row, column, target)


def _text_column(source: Any, column: str | None) -> str:
    """The text column that is meant."""
    preprocessor: Any = getattr(source, "preprocessor", None)
    media = getattr(preprocessor, "media", {})
    texts = [c for c, feature in media.items() if preprocessor.specs[feature].role == "text"]
    if not texts:
        cure = "explain.integrated_gradients shares an answer out among other columns."
        stop([complaint("source", "a run or bundle that reads a text", type(source).__name__, cure)])
    if column is not None:
        return str(check_choice(column, texts, "column"))
    if len(texts) > 1:
        stop(
            [complaint("column", f"one of the texts {listed(texts)}", "None", "Name the one that is meant.")]
        )
    return str(texts[0])


def _one_row(source: Any, text: Any, column: str) -> pd.DataFrame:
    if isinstance(text, pd.DataFrame):
        if len(text) != 1:
            stop([complaint("text", "a text, or a frame with one row", f"a frame with {len(text)} rows")])
        return text
    if not isinstance(text, str):
        stop([complaint("text", "a text, or a frame with one row", type(text).__name__)])
    others = [c for c in source.preprocessor.columns if c != column]
    if others:
        cure = "Give it as frame.iloc[[0]]."
        stop(
            [
                complaint(
                    "text", f"a frame with one row, as the model also reads {listed(others)}", "a text", cure
                )
            ]
        )
    return pd.DataFrame({column: [text]})


def _by_gradients(
    source: Any, row: pd.DataFrame, column: str, *, target: Any, steps: int | None
) -> TokenAttributions:
    found = integrated_gradients(source, row, target=target, steps=steps)
    feature = source.preprocessor.media[column]
    ids, values = found.features[feature][0], found.values[feature][0]
    plan = next(p for p in source.preprocessor._plan.media if p.column == column)
    there = np.flatnonzero(ids != PADDING)
    shares = values[there].astype("float64")
    tokens = tuple(_words(plan, ids[there]))
    return TokenAttributions(tokens, shares, found.targets[0], float(found.score[0]), METHODS[0])


def _words(plan: Any, ids: np.ndarray) -> list[str]:
    """The tokens of ids; a pretrained vocabulary numbers its own, markers among them."""
    if plan.pretrained:
        return [str(plan.vocabulary[i]) for i in ids]
    return ["[unknown]" if i == UNKNOWN else str(plan.vocabulary[i - FIRST]) for i in ids]


def _by_leaving_out(source: Any, row: pd.DataFrame, column: str, target: Any) -> TokenAttributions:
    words = str(row[column].iloc[0]).split()
    texts = [" ".join(words), *(" ".join(words[:i] + words[i + 1 :]) for i in range(len(words)))]
    rows = pd.concat([row] * len(texts), ignore_index=True).assign(**{column: texts})
    outputs = np.asarray(source.outputs(rows), "float64").reshape(len(rows), -1)
    unit, sign, name = _unit(source.problem, target, outputs[0])
    said = outputs[:, unit]
    if source.problem.kind != "regression":
        said = np.clip(said, EPSILON, 1 - EPSILON)
        said = np.log(said) - np.log1p(-said)
    return TokenAttributions(
        tuple(words), sign * (said[0] - said[1:]), name, float(sign * said[0]), METHODS[1]
    )


def _unit(problem: Problem, target: Any, first: np.ndarray) -> tuple[int, int, str]:
    """Unit, sign and name of what is explained."""
    classes = [str(c) for c in problem.classes]
    if not classes:
        return 0, 1, str(problem.targets[0])
    if target is None:
        chosen = 1 if problem.kind == "binary" else int(first.argmax())
    elif isinstance(target, int) and 0 <= target < len(classes):
        chosen = target
    else:
        chosen = classes.index(check_choice(str(target), classes, "target"))
    return (0, 2 * chosen - 1, classes[chosen]) if problem.kind == "binary" else (chosen, 1, classes[chosen])
