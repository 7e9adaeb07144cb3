"""What each cure of imbalance does to ranking, cost and calibration, beside no cure at all.

Two tables: one drawn from a known rule with 2 % of the rare class (20,000 rows, half of them test), and attrition (16 %, a
fifth test). One network (mlp) and one recipe for all; a miss costs as much as 20 false alarms, and the threshold is chosen
on the validation part. Calibration is the expected calibration error on the test part, of the probabilities as trained, and
after training.correct_prior where that applies.

    python bench/quality/imbalance.py [table ...] [--seeds N]
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit.evaluation import best_threshold, expected_calibration_error, score

MISS, ALARM = 20.0, 1.0
CURES = {
    "none": {},
    "class_weight='balanced'": {"class_weight": "balanced"},
    "class_weight='effective'": {"class_weight": "effective"},
    "loss='focal'": {"loss": "focal"},
    "resample(how='over')": {"how": "over"},
    "resample(how='under')": {"how": "under"},
}


def drawn(seed, n=20_000):
    """Ten normal columns, a rule with a bend and a product, and 2 % of the rare class."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 10))
    logit = 1.2 * x[:, 0] + 0.8 * x[:, 1] * x[:, 2] + 0.8 * np.abs(x[:, 3]) - 0.6 * x[:, 4]
    probability = 1 / (1 + np.exp(-(logit - 5.6)))
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(10)])
    return frame.assign(rare=np.where(random.random(n) < probability, "yes", "no")), "rare", 0.5


def attrition(seed):
    return data.load("attrition"), data.CATALOGUE["attrition"].target, 0.2


TABLES = {"drawn": drawn, "attrition": attrition}


def measured(run, splits, problem):
    """The scores of one run, and the calibration error of its corrected self."""
    y, p = problem.encode(splits.test), run.outputs(splits.test).astype("float64")
    chosen = score(problem.encode(splits.validation), run.outputs(splits.validation), problem, n_bootstrap=0)
    alarms = p >= best_threshold(chosen, ALARM, MISS)
    cost = ALARM * (alarms & (y == 0)).mean() + MISS * (~alarms & (y == 1)).mean()
    honest = training.correct_prior(run).outputs(splits.test) if "prior" in run.settings else p
    errors = [expected_calibration_error(score(y, q, problem, n_bootstrap=0)) for q in (p, honest)]
    return {
        "PR AUC": average_precision_score(y, p),
        "ROC AUC": roc_auc_score(y, p),
        "cost a 1,000 rows": 1000 * cost,
        "calibration error": errors[0],
        "corrected": errors[1],
        "seconds": run.timings["train"],
    }


def one(name, seed):
    frame, target, test_size = TABLES[name](seed)
    problem, schema = Problem.infer(frame, target), Schema.infer(frame, target)
    splits = data.split(frame, problem, test_size=test_size, seed=seed)
    preprocessor = preprocessing.fit(splits.train, schema)
    for cure, options in CURES.items():
        given = training.resample(splits, problem, seed=seed, **options) if "how" in options else splits
        options = {} if "how" in options else options
        model = models.mlp(problem, preprocessor, seed=seed)
        run = training.fit(
            model, preprocessor, given, problem, epochs=40, seed=seed, progress=False, **options
        )
        yield {"cure": cure, "seed": seed, **measured(run, splits, problem)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help=", ".join(TABLES))
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for name in options.tables or TABLES:
        rows = pd.DataFrame([row for seed in range(options.seeds) for row in one(name, seed)])
        groups = rows.drop(columns="seed").groupby("cure", sort=False)
        print(f"\n{name}: means of {options.seeds} seeds\n{groups.mean().round(3).to_string()}")
        print(f"standard deviations\n{groups.std().round(3).to_string()}", flush=True)


if __name__ == "__main__":
    main()
