"""How well the default networks for texts do, beside a majority guess and TF-IDF with logistic regression.

    python bench/quality/texts.py [bag_of_words lstm gru transformer pretrained fine-tuned] [--seeds 5]

The texts are the shipped reviews; 20 % of the rows are the test part, and 20 % of the others the validation part. The
classical models learn from both of the other parts, the networks from the training part alone. Seconds of the pretrained
ones hold the cutting of texts and the body's pass over training and validation; testing is not counted.
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
STAGES = 3  # of the body that the fine-tuned network learns further


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
    preprocessor = preprocessing.fit(splits.train, schema, text=models.pretrained_options("minilm"))
    model = models.pretrained(problem, preprocessor, "minilm", seed=seed)
    stages = STAGES if kind == "fine-tuned" else 0
    return training.fine_tune(model, preprocessor, splits, problem, stages=stages, seed=seed, progress=False)


def measure(seed, kinds):
    """One line a model."""
    frame = data.load(NAME)
    problem = Problem.infer(frame, frame.attrs["target"])
    splits = data.split(frame, problem, seed=seed)
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
    asked = parser.parse_args()
    unknown = [kind for kind in asked.kinds if kind not in SCRATCH + PRETRAINED]
    if unknown:
        parser.error(f"expected kinds of {SCRATCH + PRETRAINED}, got {unknown}")
    rows = [row for seed in range(asked.seeds) for row in measure(seed, asked.kinds)]
    table(rows, measure="accuracy", asked=ASKED)


if __name__ == "__main__":
    main()
