"""How well the default networks for texts do, beside a majority guess and TF-IDF with logistic regression.

    python bench/quality/texts.py [bag_of_words lstm gru transformer pretrained fine-tuned] [--seeds 5] [--validation .05]

The texts are the shipped reviews; a fifth of the rows is the test part. The classical models learn from all other rows.
So do the networks, but for the validation part: a twentieth of them by default, as bag_of_words and fine-tuned train for a
fixed number of epochs and need none to stop by; lstm, gru and transformer stop by it. Seconds of the pretrained ones hold
the cutting of texts and the body's pass over training and validation; testing is not counted. fine-tuned learns all
layers of the body for two epochs, from the first 256 pieces of each review, which takes a quarter of an hour of one core.
"""

import argparse

import pandas as pd
from common import clocked, table

from dltoolkit import data, models, preprocessing, training
from dltoolkit.data import Schema
from dltoolkit.problem import Problem

NAME = "reviews"
ASKED = ">= .820 from scratch, >= .845 with the pretrained BERT"
BASELINES = ("majority", "linear")
SCRATCH = ("bag_of_words", "lstm", "gru", "transformer")
PRETRAINED = ("pretrained", "fine-tuned")
LENGTH = 256  # pieces of a review that the fine-tuned network reads, as many as its body was trained on


def accuracy(predictor, test, problem):
    """The share of right answers."""
    found = problem.decode(predictor.outputs(test))["prediction"].to_numpy()
    return float((found == test[problem.target].to_numpy()).mean())


def learnt(kind, problem, schema, splits, *, seed):
    """A network of one kind, trained by default."""
    if kind in SCRATCH:
        preprocessor = preprocessing.fit(splits.train, schema)
        model = models.build(problem, preprocessor, kind, seed=seed)
        return training.fit(model, preprocessor, splits, problem, seed=seed, progress=False)
    tuned = kind == "fine-tuned"
    options = models.pretrained_options("minilm", length=LENGTH if tuned else None)
    preprocessor = preprocessing.fit(splits.train, schema, text=options)
    model = models.pretrained(problem, preprocessor, "minilm", seed=seed)
    stages = "all" if tuned else 0
    return training.fine_tune(model, preprocessor, splits, problem, stages=stages, seed=seed, progress=False)


def measure(seed, kinds, validation):
    """One line a model."""
    frame = data.load(NAME)
    problem = Problem.infer(frame, frame.attrs["target"])
    splits = data.split(frame, problem, validation_size=validation, seed=seed)
    schema = Schema.infer(splits.train, problem.target)
    whole = pd.concat([splits.train, splits.validation]).sort_index()
    test, rows = splits.test, []
    for name in BASELINES:
        with clocked() as clock:
            fitted = models.baseline(problem, name, seed=seed).fit(whole, schema)
        rows.append((name, accuracy(fitted, test, problem), clock))
    for kind in kinds:
        with clocked() as clock:
            run = learnt(kind, problem, schema, splits, seed=seed)
        rows.append((kind, accuracy(run, test, problem), clock))
    return [{"data": NAME, "seed": seed, "model": m, "score": s, "clock": c} for m, s, c in rows]


def main():
    """Measure each kind of network with each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "kinds", nargs="*", default=[*SCRATCH, "pretrained"], help=f"of {SCRATCH + PRETRAINED}"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--validation", type=float, default=0.05)
    asked = parser.parse_args()
    unknown = [kind for kind in asked.kinds if kind not in SCRATCH + PRETRAINED]
    if unknown:
        parser.error(f"expected kinds of {SCRATCH + PRETRAINED}, got {unknown}")
    rows = [row for seed in range(asked.seeds) for row in measure(seed, asked.kinds, asked.validation)]
    table(rows, measure="accuracy", asked=ASKED)


if __name__ == "__main__":
    main()
