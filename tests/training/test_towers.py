"""Two towers in training: the loss by hand, on one batch, and the answers that come out."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit.training._towers import among_rivals

USERS, ITEMS = 12, 18


@pytest.fixture(scope="module")
def pairs():
    """Users choose items of their own kind, one in three."""
    random = np.random.default_rng(0)
    users, items = np.divmod(np.arange(USERS * ITEMS), ITEMS)
    own = (users % 3 == items % 3) & (random.random(len(users)) < 0.8)
    chosen = pd.DataFrame({"who": users[own], "what": items[own]})
    return data.negatives(chosen, user="who", item="what", n=2)


@pytest.fixture(scope="module")
def parts(pairs):
    problem = Problem.infer(pairs, "label")
    schema = Schema.infer(pairs, "label").with_roles(who="user", what="item")
    return problem, preprocessing.fit(pairs, schema)


@pytest.mark.parametrize("treatment", ["embedding", "hash"])
def test_the_loss_is_a_softmax_over_the_items_of_the_batch_and_the_problem_s_own(pairs, treatment):
    problem = Problem.infer(pairs, "label")
    schema = Schema.infer(pairs, "label").with_roles(who="user", what="item")
    preprocessor = preprocessing.fit(pairs, schema, columns={"what": treatment}, hash_bins=32)
    model = models.two_tower(problem, preprocessor, factors=4, l2=0.0)
    model.set_weights([np.random.default_rng(1).normal(0, 0.5, w.shape) for w in model.get_weights()])
    trained = among_rivals(model, preprocessor, problem, pairs)
    trained.compile(loss="binary_crossentropy")
    batch = pairs.head(30)
    x, y = preprocessor.transform(batch), problem.encode(batch).astype("float32").reshape(-1, 1)
    found = float(trained.compute_loss(x, y, trained(x, training=True), None, True))

    ids, every = x["what"][:, 0], preprocessor.transform(pairs)["what"][:, 0]
    user, item = (
        model.get_layer(t)({n: x[n] for n in model.get_layer(t).input}).numpy()[:, 0]
        for t in ("user_tower", "item_tower")
    )
    losses = []
    for row in np.flatnonzero(y[:, 0]):
        scores = user[row] @ item.T - np.log([np.sum(every == i) for i in ids])
        counts = (ids != ids[row]) | (np.arange(30) == row)
        losses.append(np.log(np.exp(scores[counts]).sum()) - scores[row])
    p = model(x).numpy()[:, 0]
    own = -np.mean(np.where(y[:, 0] == 1, np.log(p), np.log(1 - p)))
    assert found == pytest.approx(np.mean(losses) + own, rel=1e-4)
    assert float(trained.compute_loss(x, y, trained(x), None, False)) == pytest.approx(own, rel=1e-4)


def test_only_two_towers_that_learn_choices_are_trained_so(pairs, parts):
    problem, preprocessor = parts
    assert among_rivals(models.ranker(problem, preprocessor), preprocessor, problem, pairs) is None
    amount = Problem.infer(pairs.assign(label=np.arange(len(pairs)) + 0.5), "label")
    assert among_rivals(models.two_tower(amount, preprocessor), preprocessor, amount, pairs) is None


def test_a_trained_network_lists_what_a_user_would_choose_and_is_plain_keras(pairs, parts):
    problem, preprocessor = parts
    splits = data.split(pairs, problem, test_size=0.1, validation_size=0.1)
    model = models.two_tower(problem, preprocessor, factors=4, l2=1e-3)
    run = training.fit(model, preprocessor, splits, problem, epochs=30, batch_size=32, progress=False)
    assert run.model is model
    assert type(model).__name__ == "Functional"
    assert {"val_loss", "val_auc"} <= set(run.history)
    scores = models.scores(model, preprocessor, pairs)
    same_kind = scores.index.to_numpy()[:, None] % 3 == scores.columns.to_numpy() % 3
    assert scores.to_numpy()[same_kind].mean() > scores.to_numpy()[~same_kind].mean() + 0.2
