"""How well the default networks for sounds and sequences do, beside classical models on the same split.

    python bench/quality/sounds.py [spoken-digits vowels] [--seeds 5] [--random]

Spoken digits are judged on voices that training never heard; ``--random`` splits them at random instead, which is the
mistake to avoid. 20 % of the rows (or voices) are the test part, and 20 % of the others the validation part.
"""

import argparse

from common import clocked, table

from dltoolkit import data, models, preprocessing, training
from dltoolkit.data import Schema
from dltoolkit.problem import Problem

ASKED = {"spoken-digits": ">= .97 (by unseen voice)", "vowels": ">= .97"}
BASELINES = ("majority", "linear", "boosting")


def accuracy(predictor, test, problem):
    """The share of right answers."""
    return float(
        (problem.decode(predictor.outputs(test))["prediction"] == test[problem.target].to_numpy()).mean()
    )


def measure(name, seed, *, by_group=True):
    """One line a model."""
    frame = data.load(name)
    problem = Problem.infer(frame, frame.attrs["target"])
    groups = frame.attrs.get("groups") if by_group else None
    splits = data.split(frame, problem, groups=groups, seed=seed)
    schema = Schema.infer(splits.train, problem.target).with_roles(**frame.attrs.get("roles", {}))
    test, rows = splits.test, []
    for model in BASELINES:
        with clocked() as clock:
            fitted = models.baseline(problem, model, seed=seed).fit(splits.train, schema)
        rows.append((model, accuracy(fitted, test, problem), clock))
    with clocked() as clock:
        preprocessor = preprocessing.fit(splits.train, schema)
        model = models.build(problem, preprocessor, seed=seed)
        run = training.fit(model, preprocessor, splits, problem, seed=seed, progress=False)
    rows.append((f"default: {model.name}", accuracy(run, test, problem), clock))
    for label, score, clock in rows:
        print(f"{name} seed {seed}: {label} {score:.4f}, {clock.cpu:.1f} CPU s", flush=True)
    return [{"data": name, "seed": seed, "model": m, "score": s, "clock": c} for m, s, c in rows]


def main():
    """Measure each data set with each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(ASKED), help="data sets of the catalogue")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--random", action="store_true", help="split voices at random")
    asked = parser.parse_args()
    for name in asked.names:
        rows = [row for seed in range(asked.seeds) for row in measure(name, seed, by_group=not asked.random)]
        table(rows, measure="accuracy", asked=None if asked.random else ASKED)


if __name__ == "__main__":
    main()
