"""Quality of the default network on the shipped tables, beside a dumb baseline and scikit-learn's models in the same run.

Recipe: a fifth of the rows is the test part, drawn by data.split with the seed, stratified by class number. The classical
models get all other rows. The network gets them too, but for --validation of them (a twentieth by default, as its recipe
trains a fixed number of epochs and needs none to stop by); with --validation 0.2 it gives up as many as data.split takes
without being asked. Asked, as means of seeds 0-4: AUC of credit >= .866, churn >= .847, attrition >= .838; RMSE of the log
price of ames <= .117; with seed 0: RMSE of the log of diamonds <= .084, AUC of flights >= .795.

    python bench/quality/tables.py [table ...] [--seeds N] [--networks NAME ...] [--no-classical] [--validation SHARE]
"""

import argparse

import numpy as np
import pandas as pd
from common import clocked, table
from sklearn.metrics import roc_auc_score, root_mean_squared_error

from dltoolkit import Problem, Schema, data, models, preprocessing, training

ASKED = {
    "credit": ">= .866",
    "churn": ">= .847",
    "attrition": ">= .838",
    "ames": "<= .117",
    "diamonds": "<= .084",
    "flights": ">= .795",
}
LOGARITHMIC = ("ames", "diamonds")
SEEDS = {"diamonds": 1, "flights": 1}
CLASSICAL = ("majority", "linear", "boosting")


def one(name, seed, networks, classical, *, validation):
    """Score and seconds of each model on one split."""
    frame, target = data.load(name), data.CATALOGUE[name].target
    if name in LOGARITHMIC:
        frame[target] = np.log(frame[target])
    problem, schema = Problem.infer(frame, target), Schema.infer(frame, target)
    splits = data.split(frame, problem, validation_size=validation, seed=seed)
    found = {}
    for network in networks:
        with clocked() as clock:
            preprocessor = preprocessing.fit(splits.train, schema)
            model = models.build(problem, preprocessor, network, seed=seed)
            run = training.fit(model, preprocessor, splits, problem, seed=seed, progress=False)
        found[model.name] = run, clock
    whole = pd.concat([splits.train, splits.validation]).sort_index()
    for kind in classical:
        with clocked() as clock:
            fitted = models.baseline(problem, kind, seed=seed).fit(whole, schema)
        found[kind] = fitted, clock
    test = splits.test
    y = problem.encode(test)
    measured = roc_auc_score if problem.kind == "binary" else root_mean_squared_error
    return [
        {
            "data": name,
            "seed": seed,
            "model": kind,
            "score": measured(y, fitted.outputs(test)),
            "clock": clock,
        }
        for kind, (fitted, clock) in found.items()
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help=", ".join(ASKED))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", default=["auto"])
    parser.add_argument("--no-classical", action="store_true")
    parser.add_argument("--validation", type=float, default=0.05)
    options = parser.parse_args()
    classical = () if options.no_classical else CLASSICAL
    for name in options.tables or ASKED:
        rows = []
        for seed in range(min(options.seeds, SEEDS.get(name, options.seeds))):
            rows += one(name, seed, options.networks, classical, validation=options.validation)
        measure = "RMSE of the log" if name in LOGARITHMIC else "AUC"
        table(rows, measure=measure, asked=ASKED)


if __name__ == "__main__":
    main()
