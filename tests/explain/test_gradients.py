"""Integrated gradients add up, and agree with the weights where these can be read off."""

import keras
import numpy as np
import pytest

from dltoolkit import explain, models
from dltoolkit._checks import InputError

L = keras.layers


def log_odds(p):
    return np.log(p) - np.log1p(-p)


@pytest.mark.parametrize("target", ["late", "kind", "price"])
def test_the_shares_of_a_row_add_up_to_its_score_less_the_baselines(tables, table, target):
    run, rows = tables[target], table.head(7)
    found = explain.integrated_gradients(run, rows)
    spread = np.abs(found.score - found.baseline_score).max()
    assert np.abs(found.gap).max() < 0.02 * spread
    np.testing.assert_allclose(
        found.frame().sum(axis=1), found.score - found.baseline_score - found.gap, rtol=1e-5
    )
    outputs = run.outputs(rows)
    expected = {
        "late": lambda: log_odds(outputs),
        "kind": lambda: log_odds(outputs.max(axis=1)),
        "price": lambda: outputs,
    }[target]()
    np.testing.assert_allclose(found.score, expected, rtol=1e-3, atol=1e-4)
    assert list(found.frame()) == ["a", "b", "c", "town"]
    assert "next: plots.attributions" in repr(found)


def test_of_a_linear_model_the_share_is_weight_times_value(build, tables, table):
    run = tables["late"]
    model = models.linear(run.problem, run.preprocessor, initializer="he_normal")
    found = explain.integrated_gradients(
        build.run_of(model, run.preprocessor, run.problem), table.head(5), steps=1
    )
    weights = model.get_layer("weights").get_weights()[0][:, 0]
    np.testing.assert_allclose(
        found.values["dense"], run.preprocessor.transform(table.head(5))["dense"] * weights, rtol=1e-5
    )
    ids = run.preprocessor.transform(table.head(5))["town"]
    learnt = next(x for x in model.layers if isinstance(x, keras.layers.Embedding)).get_weights()[0]
    np.testing.assert_allclose(found.values["town"], learnt[ids[:, 0]], rtol=1e-5)
    assert np.abs(found.gap).max() < 1e-5


def test_a_class_is_named_by_its_label_or_its_number_and_the_other_one_is_its_mirror(tables, table):
    run, rows = tables["late"], table.head(3)
    yes, same, no = (explain.integrated_gradients(run, rows, target=t) for t in ("yes", 1, "no"))
    np.testing.assert_array_equal(yes.score, same.score)
    np.testing.assert_allclose(no.score, -yes.score)
    assert (yes.targets[0], no.targets[0]) == ("yes", "no")
    z = explain.integrated_gradients(tables["kind"], rows, target="z")
    np.testing.assert_allclose(z.score, log_odds(tables["kind"].outputs(rows)[:, 2]), rtol=1e-3)


def test_another_baseline_gets_no_share(tables, table):
    run = tables["late"]
    start = run.preprocessor.transform(table.head(1))["dense"][0]
    found = explain.integrated_gradients(run, table.head(1), baseline={"dense": start})
    np.testing.assert_allclose(found.values["dense"], 0, atol=1e-7)


def test_pictures_and_bare_networks_are_explained_pixel_by_pixel(pictures):
    features = pictures.run.preprocessor.transform(pictures.frame.head(3))
    bare = explain.integrated_gradients(pictures.run.model, features["picture"])
    whole = explain.integrated_gradients(pictures.run, pictures.frame.head(3))
    np.testing.assert_allclose(bare.values["picture"], whole.values["picture"], rtol=1e-5)
    assert bare.values["picture"].shape == (3, 12, 16, 1)
    assert (bare.values["picture"][features["picture"] == 0] == 0).all()
    assert np.abs(whole.gap).max() < 1e-4


def test_ids_that_meet_no_table_of_vectors_are_refused(build, texts):
    inputs = build.inputs_of(texts.run.preprocessor)
    counted = keras.ops.sum(keras.ops.one_hot(inputs["said"], 9), axis=1)
    model = keras.Model(inputs, L.Dense(1, "sigmoid")(counted))
    with pytest.raises(
        InputError, match=r"feature 'said': expected ids that enter by an Embedding.*permutation_imp"
    ):
        explain.integrated_gradients(
            build.run_of(model, texts.run.preprocessor, texts.run.problem), texts.frame.head(2)
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, r"steps: expected a whole number in \[1, inf\], got 0"),
        ({"target": "maybe"}, r"target: expected one of the classes, or a number from 0 to 1, got 'maybe'"),
        ({"target": 2}, r"target: expected one of the classes, or a number from 0 to 1, got 2"),
        (
            {"baseline": {"dnse": 0}},
            r"baseline 'dnse': expected the name of a feature, got none\. Did you mean 'dense'",
        ),
        ({"baseline": {"town": 0}}, r"baseline 'town': expected a feature of amounts, got one of ids"),
        ({"baseline": {"dense": [1, 2]}}, r"baseline 'dense': expected shape \(3,\) or a number, got \(2,\)"),
    ],
)
def test_bad_options_are_named(tables, table, options, message):
    with pytest.raises(InputError, match=message):
        explain.integrated_gradients(tables["late"], table.head(2), **options)


def test_what_goes_in_is_checked(tables, table):
    with pytest.raises(InputError, match=r"source: expected a run, a bundle, or a keras\.Model"):
        explain.integrated_gradients(5, table)
    with pytest.raises(
        InputError, match=r"rows: expected features, as the source is a bare network, got a DataFrame"
    ):
        explain.integrated_gradients(tables["late"].model, table)
    with pytest.raises(InputError, match=r"rows: expected an array for each input .* none for \['town'\]"):
        explain.integrated_gradients(tables["late"].model, {"dense": np.zeros((2, 3))})
    with pytest.raises(InputError, match=r"rows: expected as many rows of each feature"):
        explain.integrated_gradients(
            tables["late"].model, {"dense": np.zeros((2, 3)), "town": np.zeros((1, 1), int)}
        )
    with pytest.raises(InputError, match=r"rows: expected at least 1 row"):
        explain.integrated_gradients(tables["late"], table.head(0))


def test_a_bundle_is_explained_as_its_run(tables, table, tmp_path):
    from dltoolkit import deployment

    run, rows = tables["late"], table.head(3)
    bundle = deployment.save(tmp_path / "bundle", run)
    first, second = (explain.integrated_gradients(x, rows, steps=8) for x in (run, bundle))
    np.testing.assert_allclose(first.frame(), second.frame(), rtol=1e-6)
    found = explain.nearest(bundle, table, 0, k=2).frame()
    assert found.index.tolist() == explain.nearest(run, table, 0, k=2).frame().index.tolist()
    importance = explain.permutation_importance(bundle, table, bundle.problem, columns=["a"], repeats=1)
    assert importance.losses.shape == (1, 1)
