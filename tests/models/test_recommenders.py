"""Networks for users and items: towers that know their own, a dot product between them, and scores of every pair."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError
from dltoolkit.preprocessing import TextOptions

ROWS, USERS, ITEMS = 600, 20, 30
BUILDERS = [models.matrix_factorisation, models.two_tower, models.ranker]


@pytest.fixture(scope="module")
def ratings():
    """Ratings that a dot product of two numbers explains; what is known of items is the same in all their rows."""
    random = np.random.default_rng(0)
    users, items = random.integers(0, USERS, ROWS), random.integers(0, ITEMS, ROWS)
    taste, kind = random.normal(size=(USERS, 2)), random.normal(size=(ITEMS, 2))
    frame = pd.DataFrame(
        {
            "who": users,
            "film": items,
            "year": 1990.0 + items,
            "genres": np.where(items % 2, "a|b", "b|c"),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, ROWS), "D"),
            "age": 20.0 + users,
            "rating": 3 + np.einsum("ij,ij->i", taste[users], kind[items]),
        }
    )
    frame["liked"] = np.where(frame["rating"] > 3, "yes", "no")
    return frame


def parts(ratings, target="rating", **roles):
    frame = ratings.drop(columns="liked" if target == "rating" else "rating")
    roles = {"who": "user", "film": "item", "year": "numeric", "age": "numeric", "when": "time", **roles}
    schema = Schema.infer(frame, target).with_roles(roles)
    columns = {"genres": TextOptions("multi-hot", separator="|")} if schema.roles["genres"] == "text" else {}
    return Problem.infer(frame, target), preprocessing.fit(frame, schema, columns=columns)


@pytest.mark.parametrize("target", ["rating", "liked"])
@pytest.mark.parametrize("build", BUILDERS)
def test_a_builder_takes_the_features_and_gives_the_problem_s_answer(ratings, build, target):
    problem, preprocessor = parts(ratings, target)
    model = build(problem, preprocessor)
    assert not model.compiled
    assert model.name == build.__name__
    assert {n: tuple(x.shape[1:]) for n, x in model.input.items()} == {
        n: s.shape for n, s in preprocessor.specs.items()
    }
    outputs = model(preprocessor.transform(ratings)).numpy()
    assert outputs.shape == (ROWS, 1)
    expected = ratings["rating"].mean() if target == "rating" else (ratings["liked"] == "yes").mean()
    assert outputs.mean() == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("build", BUILDERS[::2])
def test_the_same_seed_gives_the_same_start_and_another_one_another(ratings, build):
    problem, preprocessor = parts(ratings)
    first, same, other = (build(problem, preprocessor, seed=s).get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_each_tower_takes_what_is_known_of_its_own_side(ratings):
    problem, preprocessor = parts(ratings, genres="text")
    model = models.matrix_factorisation(problem, preprocessor, user_columns=["age"])
    user, item = model.get_layer("user_tower"), model.get_layer("item_tower")
    assert set(user.input) == {"who", "dense"}
    assert set(item.input) == {"film", "genres", "dense"}
    features = preprocessor.transform(ratings)
    column = {name: i for i, name in enumerate(preprocessor.feature_names)}
    for tower, own, others in ((user, "age", "year"), (item, "year", "age")):
        tower.set_weights([np.ones_like(w) for w in tower.get_weights()])
        for name, moves in ((own, True), (others, False)):
            changed = dict(features, dense=features["dense"].copy())
            changed["dense"][:, column[name]] += 1
            mine = {n: features[n] for n in tower.input}, {n: changed[n] for n in tower.input}
            before, after = (tower(x).numpy() for x in mine)
            assert np.array_equal(before, after) is not moves


def test_the_answer_is_the_mean_of_dot_products_and_likings(ratings):
    problem, preprocessor = parts(ratings)
    model = models.matrix_factorisation(problem, preprocessor, factors=3, members=2)
    features = preprocessor.transform(ratings)
    user, item = (
        model.get_layer(n)({k: features[k] for k in model.get_layer(n).input}).numpy()
        for n in ("user_tower", "item_tower")
    )
    assert user.shape == item.shape == (ROWS, 2, 3 + 2)
    rating = ratings["rating"]
    by_hand = rating.mean() + rating.std(ddof=0) * np.einsum("nkd,nkd->nk", user, item).mean(axis=1)
    np.testing.assert_allclose(model(features).numpy()[:, 0], by_hand, rtol=1e-4)


def test_members_share_the_penalty_and_the_default_one_fades_with_the_rows(ratings):
    problem, preprocessor = parts(ratings)
    for members in (1, 4):
        model = models.matrix_factorisation(problem, preprocessor, members=members, l2=0.4)
        tower = model.get_layer("item_tower")
        rates = {
            float(x.embeddings_regularizer.l2) for x in tower.layers if isinstance(x, keras.layers.Embedding)
        }
        assert sorted(rates) == [pytest.approx(0.4 / members)]
    half = parts(ratings.head(ROWS // 2))
    first, second = (
        models.matrix_factorisation(*p, members=1).get_layer("user_tower").get_layer("vector_1")
        for p in ((problem, preprocessor), half)
    )
    assert second.embeddings_regularizer.l2 == pytest.approx(2 * first.embeddings_regularizer.l2, rel=1e-6)


def test_it_learns_what_a_dot_product_explains(ratings):
    problem, preprocessor = parts(ratings)
    splits = data.split(ratings.drop(columns="liked"), problem, test_size=0.2, seed=1)
    model = models.matrix_factorisation(problem, preprocessor, l2=1e-4)
    run = training.fit(model, preprocessor, splits, problem, epochs=40, batch_size=64, progress=False)
    test = splits.test
    error = np.sqrt(np.mean((run.outputs(test) - test["rating"]) ** 2))
    assert error < 0.75 * test["rating"].std()


@pytest.mark.parametrize(("build", "target"), list(zip(BUILDERS, ["rating", "liked", "liked"], strict=True)))
def test_scores_of_all_pairs_are_the_network_s_answers(ratings, build, target):
    problem, preprocessor = parts(ratings, target)
    model = build(problem, preprocessor, user_columns=["age"])
    model.set_weights([w + np.random.default_rng(0).normal(0, 0.3, w.shape) for w in model.get_weights()])
    scores = models.scores(model, preprocessor, ratings, users=[3, 1])
    assert scores.index.tolist() == [3, 1]
    assert set(scores.columns) == set(ratings["film"])
    last = ratings[ratings["who"] == 3].iloc[-1]
    pairs = ratings.drop_duplicates("film").assign(who=3, when=last["when"], age=last["age"])
    expected = model(preprocessor.transform(pairs)).numpy()[:, 0]
    np.testing.assert_allclose(scores.loc[3, pairs["film"]], expected, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("build", BUILDERS)
def test_a_saved_network_loads_as_plain_keras(ratings, build, tmp_path):
    problem, preprocessor = parts(ratings, "liked", genres="text")
    model = build(problem, preprocessor, user_columns=["age"])
    model.save(tmp_path / "model.keras")
    features = preprocessor.transform(ratings)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(features), model(features))


def test_scores_need_towers_and_users_that_are_known(ratings):
    problem, preprocessor = parts(ratings)
    with pytest.raises(InputError, match="model: expected a network with towers"):
        models.scores(models.mlp(problem, preprocessor), preprocessor, ratings)
    model = models.two_tower(problem, preprocessor)
    with pytest.raises(InputError, match=r"users: expected ids in `known`.*got 999"):
        models.scores(model, preprocessor, ratings, users=[999])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factors": 0}, "factors: expected a whole number"),
        ({"members": 0}, "members: expected a whole number"),
        ({"l2": -1}, "l2: expected a number"),
        ({"initializer": "he"}, "initializer: expected a Keras initialiser"),
        ({"output_bias": "zero"}, "output_bias: expected one of"),
        ({"user_columns": ["shoe"]}, "user_columns: 'shoe': expected one of"),
    ],
)
def test_an_option_out_of_its_range_is_refused(ratings, options, message):
    with pytest.raises(InputError, match=message):
        models.matrix_factorisation(*parts(ratings), **options)


def test_a_table_without_an_item_and_a_problem_with_several_classes_are_refused(ratings):
    with pytest.raises(InputError, match="preprocessor: expected one column of role 'item', as ids"):
        models.two_tower(*parts(ratings, film="categorical"))
    _, preprocessor = parts(ratings)
    with pytest.raises(InputError, match="problem of 'ranker': expected one number to answer"):
        models.ranker(Problem("multiclass", "x", ("a", "b", "c")), preprocessor)


def test_the_recipe_is_found_by_the_name_of_the_network(ratings):
    problem, preprocessor = parts(ratings)
    for build in BUILDERS:
        assert models.recipe(build(problem, preprocessor), problem, preprocessor).patience is None
