"""Quality of the recommenders on the film ratings that come with the kit, beside biases, ALS, popularity and EASE.

ratings: a tenth of the ratings is the test part, drawn by data.split with the seed. The classical models get all other rows;
the network gives up 0.5 % of them for validation, though its recipe stops by none. Asked: RMSE <= .866, mean of seeds 0-4.

top10: the last rating of each user is the test part (data.split(method="latest", n_last=1)), everything before it is known.
Every film that was rated before by anybody and not by this user is a candidate: no sampling (Krichene and Rendle 2020).
A user whose last film nobody had rated before counts as a miss. The split is the same for every seed; the seed draws the
networks and their negatives. Asked: NDCG@10 at least 1.3 times that of popularity.

Titles are left out, as they are the film once more, and genres are read as a set of words: two roles and one option.

    python bench/quality/ratings.py [ratings top10] [--seeds N] [--networks NAME ...]
"""

import argparse

import numpy as np
import pandas as pd
from common import clocked, table
from sklearn.metrics import root_mean_squared_error

from dltoolkit import Problem, Schema, data, evaluation, models, preprocessing, training
from dltoolkit.preprocessing import TextOptions

GENRES = {"genres": TextOptions("multi-hot", separator="|")}
ROLES = {"title": "ignore", "genres": "text"}
NEGATIVES = 1
BIAS, ALS_WEIGHT, ALS_FACTORS, ALS_ROUNDS = (5.0, 3.0), 0.08, 16, 12
EASE_ITEMS, EASE_WEIGHT = 2_000, 300.0


class Biases:
    """The mean, and what user and film add to it, each held back as if by a few average ratings."""

    def fit(self, frame):
        users, items = (pd.factorize(frame[c]) for c in ("user", "item"))
        self.names = users[1], items[1]
        self.users, self.items, ratings = users[0], items[0], frame["rating"].to_numpy()
        self.mean = ratings.mean()
        self.user, self.item = np.zeros(len(users[1])), np.zeros(len(items[1]))
        for _ in range(10):
            left = ratings - self.mean - self.user[self.users]
            self.item = np.bincount(self.items, left) / (np.bincount(self.items) + BIAS[1])
            left = ratings - self.mean - self.item[self.items]
            self.user = np.bincount(self.users, left) / (np.bincount(self.users) + BIAS[0])
        self.left = ratings - self.mean - self.user[self.users] - self.item[self.items]
        return self

    def outputs(self, frame):
        user, item = (
            names.get_indexer(frame[c]) for names, c in zip(self.names, ("user", "item"), strict=True)
        )
        said = self.mean + np.r_[self.user, 0][user] + np.r_[self.item, 0][item]
        return np.clip(said + self.taste(user, item), 0.5, 5)

    def taste(self, user, item):
        return 0.0


class ALS(Biases):
    """Alternating least squares on what the biases leave; a penalty for each rating (Zhou et al. 2008, ALS-WR)."""

    def fit(self, frame):
        super().fit(frame)
        random = np.random.default_rng(0)
        self.p, self.q = (random.normal(0, 0.1, (len(n), ALS_FACTORS)) for n in self.names)
        for _ in range(ALS_ROUNDS):
            self.p = self._solved(self.users, self.q[self.items], len(self.p))
            self.q = self._solved(self.items, self.p[self.users], len(self.q))
        return self

    def _solved(self, rows, others, n):
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], np.arange(n + 1))
        found = np.zeros((n, ALS_FACTORS))
        for i in range(n):
            mine = order[ends[i] : ends[i + 1]]
            x = others[mine]
            square = x.T @ x + ALS_WEIGHT * len(mine) * np.eye(ALS_FACTORS)
            found[i] = np.linalg.solve(square, x.T @ self.left[mine])
        return found

    def taste(self, user, item):
        p, q = (np.r_[x, np.zeros((1, ALS_FACTORS))] for x in (self.p, self.q))
        return np.einsum("ij,ij->i", p[user], q[item])


def rated(seed, networks):
    """RMSE on a random tenth of the ratings."""
    frame = data.load("movielens")
    problem, schema = Problem.infer(frame, "rating"), Schema.infer(frame, "rating").with_roles(ROLES)
    splits = data.split(frame, problem, test_size=0.1, validation_size=0.005, seed=seed)
    found = {}
    for network in networks or ["matrix_factorisation"]:
        with clocked() as clock:
            preprocessor = preprocessing.fit(splits.train, schema, columns=GENRES)
            model = models.build(problem, preprocessor, network, seed=seed)
            found[network] = (
                training.fit(model, preprocessor, splits, problem, seed=seed, progress=False),
                clock,
            )
    whole = pd.concat([splits.train, splits.validation])
    for name, kind in (("biases", Biases), ("ALS", ALS)):
        with clocked() as clock:
            found[name] = kind().fit(whole), clock
    test = splits.test
    return [
        {
            "data": "ratings",
            "seed": seed,
            "model": name,
            "score": root_mean_squared_error(test["rating"], np.clip(model.outputs(test), 0.5, 5)),
            "clock": clock,
        }
        for name, (model, clock) in found.items()
    ]


def popularity(known):
    """How often each film was rated, the same for every user."""
    counts = known["item"].value_counts()
    users = np.unique(known["user"])
    return pd.DataFrame(np.tile(counts.to_numpy(float), (len(users), 1)), users, counts.index)


def ease(known):
    """A linear model from a user's films to each film, in closed form (Steck 2019), for the films rated most."""
    counts = known["item"].value_counts().head(EASE_ITEMS)
    some = known[known["item"].isin(counts.index)].assign(one=1.0)
    x = some.pivot(index="user", columns="item", values="one").fillna(0.0)
    x = x.reindex(index=np.unique(known["user"]), columns=counts.index, fill_value=0.0)
    gram = x.to_numpy().T @ x.to_numpy() + EASE_WEIGHT * np.eye(len(counts))
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return x @ pd.DataFrame(weights, counts.index, counts.index)


def learnt(known, network, seed):
    """Scores of a network that learnt which films are chosen, from the films rated and some that were not."""
    pairs = data.negatives(known, user="user", item="item", n=NEGATIVES, seed=seed)
    problem, schema = Problem.infer(pairs, "label"), Schema.infer(pairs, "label").with_roles(ROLES)
    splits = data.split(pairs, problem, test_size=0.005, validation_size=0.01, near=False, seed=seed)
    preprocessor = preprocessing.fit(splits.train, schema, columns=GENRES)
    model = models.build(problem, preprocessor, network, seed=seed)
    training.fit(model, preprocessor, splits, problem, seed=seed, progress=False)
    return models.scores(model, preprocessor, known)


def listed(seed, networks):
    """NDCG@10 on the last film of each user."""
    frame = data.load("movielens")
    problem = Problem.infer(frame, "rating")
    splits = data.split(frame, problem, method="latest", groups="user", time="time", n_last=1)
    known, test = pd.concat([splits.train, splits.validation]), splits.test
    makers = {"popularity": popularity, "EASE": ease}
    for network in networks or ["two_tower"]:
        makers[network] = lambda rows, network=network: learnt(rows, network, seed)
    rows = []
    for name, make in makers.items():
        with clocked() as clock:
            lists = evaluation.recommend(make(known), seen=known)
        score = evaluation.top_k(lists, test, n_bootstrap=0).frame()["ndcg"].iloc[0]
        rows.append({"data": "top10", "seed": seed, "model": name, "score": score, "clock": clock})
    base = next(row["score"] for row in rows if row["model"] == "popularity")
    print(
        f"seed {seed}: " + ", ".join(f"{r['model']} {r['score'] / base:.2f} x popularity" for r in rows[1:])
    )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", help="ratings, top10")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", default=None)
    options = parser.parse_args()
    for task in options.tasks or ("ratings", "top10"):
        work, measure, asked = {
            "ratings": (rated, "RMSE", "<= .866"),
            "top10": (listed, "NDCG@10", ">= 1.3 x popularity"),
        }[task]
        rows = [row for seed in range(options.seeds) for row in work(seed, options.networks)]
        table(rows, measure=measure, asked=asked)


if __name__ == "__main__":
    main()
