"""Quality of the groups that training.cluster finds, against labels that it never sees, beside k-means in the same run.

Data: the handwritten digits of scikit-learn (1,797 pictures, 10 digits) and the penguins (344 rows, 3 species; measurements
alone). The number of groups is given; with seed 0 also the number that the silhouette takes of 2 to
15. Asked: adjusted Rand index
of the digits >= .80, mean of seeds 0-4.

    python bench/quality/clusters.py [digits penguins] [--seeds N] [--methods NAME ...] [--no-choice]
"""

import argparse

from common import clocked, table
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from dltoolkit import Schema, data, preprocessing, training

LABEL = {"digits": "digit", "penguins": "species"}
NOT_MEASURED = {"penguins": ("island", "year", "sex", "rownames")}
NUMBERS = range(2, 16)


def one(name, seed, methods, choose):
    """Agreement and seconds of each method on one seed."""
    frame, label = data.load(name), LABEL[name]
    left_out = {column: "ignore" for column in NOT_MEASURED.get(name, ()) if column in frame}
    schema = Schema.infer(frame, label).with_roles(left_out)
    preprocessor = preprocessing.fit(frame, schema)
    rows = []
    for method in methods:
        with clocked() as clock:
            found = training.cluster(
                frame, preprocessor, n_clusters=frame[label].nunique(), method=method, seed=seed
            )
        agreement = adjusted_rand_score(frame[label], found.labels)
        said = f"{name}, seed {seed}, {method}: ARI {agreement:.3f}, NMI "
        said += f"{normalized_mutual_info_score(frame[label], found.labels):.3f}, {clock.cpu:.0f} CPU s"
        if choose and seed == 0:
            free = training.cluster(frame, preprocessor, n_clusters=NUMBERS, method=method, seed=seed)
            again = adjusted_rand_score(frame[label], free.labels)
            said += f"; k chosen {free.n_clusters}, ARI {again:.3f}"
        print(said, flush=True)
        rows.append({"data": name, "seed": seed, "model": method, "score": agreement, "clock": clock})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="data", help=", ".join(LABEL))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", default=["kmeans", "autoencoder", "deep"])
    parser.add_argument("--no-choice", action="store_true")
    options = parser.parse_args()
    for name in options.tables or LABEL:
        rows = [r for s in range(options.seeds) for r in one(name, s, options.methods, not options.no_choice)]
        table(rows, measure="ARI", asked={"digits": ">= .80"})


if __name__ == "__main__":
    main()
