"""Quality of the defaults on pictures, beside the majority and scikit-learn's models on the same rows in the same run.

Fashion-MNIST and MNIST come as a file that the project does not bring: --npz fashion=FILE, with x_train, y_train, x_test and
y_test; their own test part is kept, and a tenth of the rest is held out for validation. Digits (1,797 of 8 x 8 pixels) come
with scikit-learn and are split as data.split does it, by seed. Asked: Fashion-MNIST >= .935 in less than 10 minutes on two
cores, MNIST >= .995, digits well beyond .98.

The networks are models.build(problem, preprocessor, name) by their recipes. Clothes mean the same when mirrored, digits do
not: Fashion-MNIST is trained with the one line augment=preprocessing.ImageAugmentation(flip="horizontal", shift=0.07);
--plain leaves it out.

    python bench/quality/images.py [digits fashion mnist] [--npz NAME=FILE ...] [--models cnn ...] [--seeds N] [--plain]
"""

import argparse

import numpy as np
import pandas as pd
from common import clocked, table
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from dltoolkit import Problem, Schema, data, models, preprocessing, training

ASKED = {"fashion": ">= .935", "mnist": ">= .995", "digits": "> .98"}
TARGET, COLUMN = "label", "picture"
MIRRORED = preprocessing.ImageAugmentation(flip="horizontal", shift=0.07)
CLASSICAL_ROWS = (
    10_000  # of the large sets the classical models get this many: support vectors take hours on all
)


def framed(pixels, labels):
    return pd.DataFrame({COLUMN: list(pixels), TARGET: [f"class {label}" for label in labels]})


def parts(name, files, seed):
    """Problem, schema and splits of a data set."""
    if name == "digits":
        frame, options = data.load("digits"), {}
        target = data.CATALOGUE["digits"].target
    else:
        with np.load(files[name]) as held:
            frame = framed(held["x_train"], held["y_train"])
            options = {"test": framed(held["x_test"], held["y_test"]), "validation_size": 0.1, "near": False}
        target = TARGET
    problem, schema = Problem.infer(frame, target), Schema.infer(frame, target)
    return problem, schema, data.split(frame, problem, seed=seed, **options)


def classical(kind, train, test, seed):
    """Accuracy on the test part of one of scikit-learn's models on flat pixels."""
    if kind == "majority":
        labels, counts = np.unique(train[1], return_counts=True)
        return float((test[1] == labels[counts.argmax()]).mean())
    made = {
        "logistic": LogisticRegression(max_iter=200),
        "boosting": HistGradientBoostingClassifier(random_state=seed),
        "support vectors": SVC(C=10, gamma="scale"),
    }[kind]
    return float((made.fit(*train).predict(test[0]) == test[1]).mean())


def flat(frame, problem, most=None):
    column = next(c for c in frame.columns if c not in problem.targets)
    rows = frame if most is None or len(frame) <= most else frame.sample(most, random_state=0)
    pixels = np.stack([np.asarray(cell, "float32").ravel() for cell in rows[column]]) / 255
    return pixels, problem.encode(rows)


def one(name, files, seed, kinds, *, plain):
    problem, schema, splits = parts(name, files, seed)
    rows = []
    whole = pd.concat([splits.train, splits.validation])
    train, test = flat(whole, problem, CLASSICAL_ROWS), flat(splits.test, problem)
    y = problem.encode(splits.test)
    for kind in kinds:
        with clocked() as clock:
            if kind in ("majority", "logistic", "boosting", "support vectors"):
                score = classical(kind, train, test, seed)
            else:
                preprocessor = preprocessing.fit(splits.train, schema)
                model = models.build(problem, preprocessor, kind, seed=seed)
                own = {"augment": MIRRORED} if name == "fashion" and not plain and kind != "mlp" else {}
                run = training.fit(model, preprocessor, splits, problem, seed=seed, progress=False, **own)
        if kind in models.architectures()["architecture"].tolist():
            score = float((run.outputs(splits.test).argmax(axis=1) == y).mean())
        rows.append({"data": name, "seed": seed, "model": kind, "score": score, "clock": clock})
        print(
            f"{name} seed {seed} {kind}: {score:.4f}, {clock.wall:.0f} s, {clock.cpu:.0f} CPU s", flush=True
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", default=["digits"], help="digits, fashion, mnist")
    parser.add_argument("--npz", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument(
        "--models", nargs="+", default=["majority", "logistic", "support vectors", "mlp", "cnn", "resnet"]
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--plain", action="store_true", help="do not mirror clothes")
    options = parser.parse_args()
    files = dict(pair.split("=", 1) for pair in options.npz)
    if missing := [name for name in options.data if name != "digits" and name not in files]:
        parser.error(f"no file for {', '.join(missing)}: give --npz {missing[0]}=FILE")
    rows = []
    for name in options.data:
        for seed in range(options.seeds):
            rows += one(name, files, seed, options.models, plain=options.plain)
    table(rows, measure="accuracy on the test part", asked=ASKED)


if __name__ == "__main__":
    main()
