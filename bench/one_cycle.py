"""One cycle of the learning rate against a constant one: updates until the constant run's best validation score is reached.

The constant run is Adam at its usual rate, for as many epochs as it takes until ten bring nothing. One-cycle gets 0.7 times the updates
that this took to its best epoch, with the highest rate that training.find_learning_rate names; it has to be as good by then. Networks
and data are those of bench/training.py. Asked: reached on at least three of the four.

    python bench/one_cycle.py [flights reviews movielens fashion] [--npz FILE] [--rows N] [--seeds 3]
"""

import argparse

import pandas as pd
from training import network, parts

from dltoolkit import training

SHARE, MOST = 0.7, 60
PLAIN = {
    "optimizer": "adam",
    "weight_decay": 0.0,
    "clip_norm": False,
    "ema": False,
    "label_smoothing": 0.0,
    "augment": False,
}


def best(run, problem):
    """Best score of the objective, less is better, and its epoch."""
    sign = 1 if problem.objective.direction == "min" else -1
    scores = sign * run.history[problem.objective.name]
    return float(scores.min()), int(run.history["epoch"][scores.idxmin()])


def one(name, options, seed):
    preprocessor, splits, problem = parts(name, options, seed)
    given = (preprocessor, splits, problem)
    shared = {**PLAIN, "seed": seed, "progress": False, "batch_size": 32}
    constant = training.fit(
        network(name, problem, preprocessor),
        *given,
        schedule="constant",
        learning_rate=1e-3,
        warmup=0.0,
        epochs=MOST,
        **shared,
    )
    score, epoch = best(constant, problem)
    found = training.find_learning_rate(
        network(name, problem, preprocessor), *given, batch_size=32, seed=seed
    )
    epochs, peak = max(int(SHARE * epoch), 1), found.suggestion or 1e-2
    cycle = training.fit(
        network(name, problem, preprocessor), *given, schedule="one-cycle", learning_rate=peak, epochs=epochs, early_stopping=False, **shared
    )  # fmt: skip
    reached, _ = best(cycle, problem)
    row = {
        "task": name,
        "seed": seed,
        "constant": score,
        "epochs": epoch,
        "one-cycle": reached,
        "in": epochs,
        "peak": peak,
    }
    return {**row, "share": epochs / epoch, "reached": reached <= score}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", default=["flights", "reviews", "movielens"])
    parser.add_argument("--npz", help="fashion_mnist.npz, with x_train and y_train")
    parser.add_argument("--rows", type=int, help="training rows (by task)")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    rows = []
    for name in options.tasks:
        for seed in range(options.seeds):
            rows.append(one(name, options, seed))
            print(rows[-1], flush=True)
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
