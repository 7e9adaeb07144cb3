"""Weights, resampling and base rates are right for arrays, batches and several outputs."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._checks import InputError

RNG = np.random.default_rng(0)
ROWS = 600
X = RNG.normal(size=(ROWS, 2))
SCORE = X[:, 0] - X[:, 1] + RNG.normal(size=ROWS)
FRAME = pd.DataFrame(
    {
        "a": X[:, 0],
        "b": X[:, 1],
        "binary": np.where(SCORE > 2.0, "yes", "no"),
        "multiclass": np.select([SCORE < -2, SCORE > 2], ["low", "high"], "middle"),
        "l1": (SCORE > 2).astype(int),
        "l2": (X[:, 1] > 0.5).astype(int),
        "regression": SCORE,
    }
)
LABELS = FRAME["multiclass"].to_numpy(str)
CODES = pd.factorize(LABELS, sort=True)[0]
TARGETS = {
    "binary": "binary",
    "multiclass": "multiclass",
    "multilabel": ["l1", "l2"],
    "regression": "regression",
}


def parts(kind, **options):
    target = TARGETS[kind]
    names = [target] if isinstance(target, str) else target
    frame = FRAME[["a", "b", *names]]
    problem = Problem.infer(frame, target)
    splits = data.split(frame, problem, seed=0, **options)
    return preprocessing.fit(splits.train, Schema.infer(frame, target)), splits, problem


GIVEN = {kind: parts(kind) for kind in TARGETS}


def fit(kind, build=models.linear, splits=None, **options):
    preprocessor, own, problem = GIVEN[kind]
    options = {"epochs": 1, "batch_size": 64, "early_stopping": False, "progress": False, **options}
    return training.fit(build(problem, preprocessor, seed=0), preprocessor, splits or own, problem, **options)


# Weights of arrays


def test_balanced_weights_are_those_of_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.unique(LABELS), y=LABELS)
    found = training.class_weights(LABELS)
    assert list(found) == sorted(set(LABELS))
    np.testing.assert_allclose(list(found.values()), expected)
    np.testing.assert_allclose(
        training.sample_weights(LABELS, "balanced"), compute_sample_weight("balanced", LABELS), rtol=1e-6
    )


def test_effective_weights_follow_their_paper_between_none_and_balanced():
    counts = np.unique(LABELS, return_counts=True)[1]
    for beta in (0.0, 0.9, 0.99):
        found = np.array(list(training.class_weights(LABELS, "effective", beta=beta).values()))
        paper = (1 - beta) / (1 - beta**counts)
        np.testing.assert_allclose(found / found[0], paper / paper[0])
        assert (found * counts).sum() == pytest.approx(len(LABELS))
    nearly = training.class_weights(LABELS, "effective", beta=1 - 1e-9)
    assert nearly == pytest.approx(training.class_weights(LABELS), rel=1e-5)


FORMS = {
    "ints": CODES,
    "floats": CODES.astype("float32"),
    "a column": CODES[:, None],
    "one-hot": np.eye(3)[CODES],
    "a Series": pd.Series(CODES),
    "a list": CODES.tolist(),
    "a tensor": tf.constant(CODES),
    "strings": LABELS,
    "booleans": CODES == 1,
}


@pytest.mark.parametrize("form", FORMS)
def test_labels_of_every_form_get_the_weights_of_their_class(form):
    y = FORMS[form]
    plain = np.asarray(CODES == 1 if form == "booleans" else CODES)
    found = training.sample_weights(y, "balanced")
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, compute_sample_weight("balanced", plain), rtol=1e-6)


def test_each_of_several_outputs_has_weights_of_its_own():
    y = {"kind": LABELS, "flag": CODES == 1, "other": CODES}
    found = training.sample_weights(y, {"kind": "balanced", "flag": {False: 1, True: 5}})
    np.testing.assert_allclose(found["kind"], compute_sample_weight("balanced", LABELS), rtol=1e-6)
    np.testing.assert_allclose(found["flag"], np.where(CODES == 1, 5, 1))
    np.testing.assert_allclose(found["other"], 1)
    assert list(training.sample_weights(y, "balanced")) == ["kind", "flag", "other"]


BAD = {
    "a class without a weight": (
        lambda: training.sample_weights(["a", "b"], {"a": 1}),
        "class_weight: expected a weight for each label of y, got none for 'b'",
    ),
    "keys of another type": (
        lambda: training.sample_weights([0, 1], {"no": 1, "yes": 2}),
        "got none for 0, 1. The labels are int64",
    ),
    "a negative weight": (
        lambda: training.sample_weights([0, 1], {0: 1, 1: -2}),
        r"class_weight\[1\]: expected a number in \[0, inf\], got -2",
    ),
    "an unknown rule": (lambda: training.sample_weights([0, 1], "balance"), "Did you mean 'balanced'"),
    "no rule": (
        lambda: training.sample_weights([0, 1], 3),
        "expected one of 'balanced', 'effective', or class",
    ),
    "a missing label": (
        lambda: training.sample_weights(["a", None, "b"], "balanced"),
        "y, row 1: expected a label, got 1 missing. Drop",
    ),
    "labels that do not exclude each other": (
        lambda: training.sample_weights([[1, 0], [1, 1]], "balanced"),
        "y, row 1: expected one 1 among zeros, got 1, 1. Of labels",
    ),
    "pictures": (lambda: training.sample_weights(np.zeros((2, 3, 3)), "balanced"), r"got shape \(2, 3, 3\)"),
    "an output that is none": (
        lambda: training.sample_weights({"a": [0, 1]}, {"b": "balanced"}),
        "a rule, or one for some of the outputs 'a', got 'b'. Write",
    ),
    "beta of 1": (
        lambda: training.class_weights([0, 1], "effective", beta=1),
        r"beta: expected a number in \[0, 1\)",
    ),
    "no dataset": (lambda: training.weighted([1, 2], "balanced"), "dataset: expected a tf.data.Dataset of"),
    "a dataset without labels": (
        lambda: training.weighted(tf.data.Dataset.range(3).batch(2), "balanced"),
        "expected a tf.data.Dataset of .x, y. or .x, y, weights., got elements",
    ),
    "single rows": (
        lambda: training.weighted(tf.data.Dataset.from_tensor_slices((X, CODES)), "balanced"),
        r"dataset, y: expected batches of labels .* got shape \(\). Batch it",
    ),
    "an endless dataset": (
        lambda: training.weighted(batches(CODES).repeat(), "balanced"),
        "dataset: expected one that ends, to count its classes, got one without end",
    ),
    "names for numbers": (
        lambda: training.weighted(batches(CODES), {"low": 1, "high": 2}),
        "class_weight: expected numbers as classes, as the labels are int64, got 'low', 'high'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_has_no_weight_is_refused(case):
    call, message = BAD[case]
    with pytest.raises(InputError, match=message):
        call()


# Weights of batches


def batches(y, *weights, size=64):
    return tf.data.Dataset.from_tensor_slices((X.astype("float32"), y, *weights)).batch(size)


@pytest.mark.parametrize("form", ["ints", "floats", "a column", "one-hot", "strings", "booleans"])
def test_batches_get_the_weights_that_arrays_get(form):
    y = FORMS[form]
    found = np.concatenate([w.numpy() for *_, w in training.weighted(batches(y), "balanced")])
    np.testing.assert_allclose(found, training.sample_weights(y, "balanced"), rtol=1e-6)


def test_weights_that_there_were_are_multiplied():
    before = RNG.uniform(size=ROWS)
    found = [w.numpy() for *_, w in training.weighted(batches(CODES, before), {0: 1, 1: 2, 2: 3})]
    np.testing.assert_allclose(np.concatenate(found), before * (CODES + 1), rtol=1e-6)


def test_a_label_without_a_weight_stops_the_pass_that_meets_it():
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected a weight for each label"):
        list(training.weighted(batches(CODES), {0: 1, 1: 2}))
    soft = training.weighted(batches(np.full((ROWS, 3), 1 / 3)), {0: 1, 1: 2, 2: 3})
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected one 1 among zeros"):
        list(soft)


def two_outputs():
    inputs = keras.Input((2,))
    kind = keras.layers.Dense(3, "softmax", kernel_initializer="zeros", name="kind")(inputs)
    flag = keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros", name="flag")(inputs)
    model = keras.Model(inputs, {"kind": kind, "flag": flag})
    model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "flag": "binary_crossentropy"})
    return model


def test_a_model_of_two_outputs_learns_by_them_where_keras_refuses():
    y = {"kind": CODES, "flag": (CODES == 1).astype("float32")[:, None]}
    with pytest.raises(ValueError, match="class_weight"):
        two_outputs().fit(batches(y), class_weight={0: 1, 1: 2, 2: 3}, shuffle=False, verbose=0)
    asked = {"kind": "balanced", "flag": {0: 1.0, 1: 4.0}}
    by_batch, by_array = two_outputs(), two_outputs()
    by_batch.fit(training.weighted(batches(y), asked), epochs=2, shuffle=False, verbose=0)
    weights = training.sample_weights(y, asked)
    by_array.fit(
        X.astype("float32"), y, sample_weight=weights, batch_size=64, epochs=2, shuffle=False, verbose=0
    )
    for a, b in zip(by_batch.get_weights(), by_array.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    some = training.weighted(batches(y, {"kind": CODES + 1.0, "flag": CODES + 1.0}), {"kind": "balanced"})
    w = next(iter(some))[2]
    np.testing.assert_allclose(w["flag"], CODES[:64] + 1.0)


# In fit


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("rule", ["balanced", "effective", "a mapping"])
def test_training_with_class_weights_is_keras_with_those_sample_weights(kind, rule):
    preprocessor, splits, problem = GIVEN[kind]
    y = problem.encode(splits.train)
    asked = {c: float(i + 1) for i, c in enumerate(problem.classes)} if rule == "a mapping" else rule
    by_code = dict(enumerate(asked.values())) if rule == "a mapping" else rule
    # The whole part is one batch, so that the order does not count.
    run = fit(kind, class_weight=asked, batch_size=len(y), epochs=3, optimizer="sgd", learning_rate=0.1)
    plain = models.linear(problem, preprocessor, output_bias="zeros", seed=0)
    bias = np.log(run.settings["prior"]["trained"])
    bias = bias[1:] - bias[0] if kind == "binary" else bias - bias.mean()
    plain.get_layer("weights").bias.assign(bias)
    plain.compile(keras.optimizers.SGD(0.1), str(problem.loss))
    features, weights = preprocessor.transform(splits.train), training.sample_weights(y, by_code)
    plain.fit(features, y, sample_weight=weights, batch_size=len(y), epochs=3, verbose=0)
    for a, b in zip(run.model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert run.settings["class_weight"] == asked


def per_label(y, p, table):
    """Weighted cross-entropy, label by label."""
    weights = np.where(y == 1, table[:, 1], table[:, 0])
    return -(weights * np.where(y == 1, np.log(p), np.log(1 - p))).mean()


@pytest.mark.parametrize("rule", ["balanced", "a mapping"])
def test_of_several_labels_the_yes_and_no_of_each_are_weighed(rule):
    """At a rate of almost nothing both losses are the weighted ones, by numpy."""
    _, splits, problem = GIVEN["multilabel"]
    y = problem.encode(splits.train)
    if rule == "balanced":
        asked, table = (
            rule,
            np.array([compute_class_weight("balanced", classes=np.arange(2), y=c) for c in y.T]),
        )
    else:
        asked, table = {"l1": 9, "l2": 2}, np.array([[1, 9], [1, 2]])
    run = fit("multilabel", class_weight=asked, learning_rate=1e-9)
    for part, name in ((splits.train, "loss"), (splits.validation, "val_loss")):
        p = run.outputs(part).astype("float64")
        assert run.history[name].iloc[0] == pytest.approx(per_label(problem.encode(part), p, table), rel=1e-4)


def test_the_validation_loss_is_weighted_as_the_training_loss_is():
    _, splits, problem = GIVEN["binary"]
    run = fit("binary", class_weight={"no": 1, "yes": 10}, learning_rate=1e-9)
    y, p = problem.encode(splits.validation), run.outputs(splits.validation).astype("float64")
    each = -np.where(y == 1, 10 * np.log(p), np.log(1 - p))
    assert run.history["val_loss"].iloc[0] == pytest.approx(each.mean(), rel=1e-4)


@pytest.mark.parametrize("how", ["over", "under"])
def test_the_validation_loss_of_resampled_splits_is_that_of_resampled_rows(how):
    """Each validation row counts as often as the rows of its class in the training part were repeated."""
    _, splits, problem = GIVEN["binary"]
    given = training.resample(splits, problem, how=how)
    run = fit("binary", splits=given, learning_rate=1e-9)
    y, p = problem.encode(splits.validation), run.outputs(splits.validation).astype("float64")
    counts = [np.bincount(problem.encode(s.train).astype(int)) for s in (splits, given)]
    weights = (counts[1] / counts[0])[y.astype(int)]
    each = -np.where(y == 1, np.log(p), np.log(1 - p))
    grown = len(given.train) / len(splits.train)
    assert run.history["val_loss"].iloc[0] == pytest.approx((weights * each).mean() / grown, rel=1e-4)


def test_amounts_have_no_classes_to_weigh():
    with pytest.raises(InputError, match="class_weight: expected None for a regression .* or 'huber'"):
        fit("regression", class_weight="balanced")
    with pytest.raises(
        InputError, match="class_weight: expected a weight for each of 'l1', 'l2', got unknown 'l3'"
    ):
        fit("multilabel", class_weight={"l1": 1, "l2": 1, "l3": 1})


# Base rates


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_the_output_starts_at_the_rates_that_the_weights_make(kind):
    _, splits, problem = GIVEN[kind]
    run = fit(kind, class_weight="balanced", learning_rate=1e-9, build=blank)
    first = run.outputs(splits.validation)[0]
    np.testing.assert_allclose(first, 1 / 3 if kind == "multiclass" else 0.5, atol=0.02)
    plain = fit(kind, learning_rate=1e-9, build=blank).outputs(splits.validation)[0]
    y = problem.encode(splits.train)
    shares = np.bincount(y) / len(y) if kind == "multiclass" else y.mean(axis=0)
    np.testing.assert_allclose(plain, shares, atol=0.01)


def blank(problem, preprocessor, seed):
    """A network whose answer is its bias."""
    return models.mlp(problem, preprocessor, units=(4,), initializer="zeros", seed=seed)


def test_a_network_that_begins_elsewhere_is_left_alone():
    preprocessor, splits, problem = GIVEN["binary"]
    model = models.linear(problem, preprocessor, output_bias="zeros", initializer="zeros")
    run = training.fit(
        model, preprocessor, splits, problem, class_weight={"no": 1, "yes": 99}, epochs=1, learning_rate=1e-9,
        progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(run.outputs(splits.validation), 0.5, atol=1e-4)


def test_corrected_probabilities_are_those_of_bayes():
    """By the definition: the densities of both classes stay, their shares change."""
    density = np.array([0.3, 0.7]), np.array([2.0, 0.1])  # of two examples, in class no and in class yes
    seen = density[1] * 0.5 / (density[0] * 0.5 + density[1] * 0.5)
    true = density[1] * 0.02 / (density[0] * 0.98 + density[1] * 0.02)
    np.testing.assert_allclose(training.correct_probabilities(seen, 0.5, 0.02), true)
    both = training.correct_probabilities(np.column_stack([1 - seen, seen]), (0.5, 0.5), (0.98, 0.02))
    np.testing.assert_allclose(both, np.column_stack([1 - true, true]))
    with pytest.raises(
        InputError, match=r"trained: expected the share of the positive class in \(0, 1\), got 1"
    ):
        training.correct_probabilities(seen, 1, 0.5)
    with pytest.raises(InputError, match=r"population: expected 2 shares in \(0, 1\), got 0.5"):
        training.correct_probabilities(both, (0.5, 0.5), 0.5)


CURES = {
    "weights": {"class_weight": "balanced"},
    "over": {"how": "over"},
    "under": {"how": "under", "ratio": 0.5},
}


@pytest.mark.parametrize("cure", CURES)
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_a_corrected_run_gives_back_the_probabilities_of_the_classes_as_they_come(kind, cure):
    _, splits, problem = GIVEN[kind]
    options, given = dict(CURES[cure]), splits
    if "how" in options:
        given, options = training.resample(splits, problem, **options), {}
    run = fit(kind, splits=given, epochs=20, learning_rate=0.05, optimizer="adam", **options)
    before = run.outputs(splits.validation).copy()
    corrected = training.correct_prior(run)
    prior = corrected.settings["prior"]
    rates = [prior[n][1] if kind == "binary" else prior[n] for n in ("trained", "population")]
    found = corrected.outputs(splits.validation)
    np.testing.assert_allclose(found, training.correct_probabilities(before, *rates), atol=1e-5)
    np.testing.assert_array_equal(run.outputs(splits.validation), before)  # the run stays as it is
    y = problem.encode(splits.train)
    true = np.bincount(y.astype(int)) / len(y)
    mean = corrected.outputs(splits.train).mean(axis=0)
    np.testing.assert_allclose(mean, true[1] if kind == "binary" else true, atol=0.04)
    with pytest.raises(InputError, match="run: expected one whose probabilities are not corrected yet"):
        training.correct_prior(corrected)


def test_a_corrected_weighted_network_is_the_unweighted_one():
    """Logistic regression on balanced weights, corrected, against scikit-learn's without weights."""
    preprocessor, splits, problem = GIVEN["binary"]
    run = fit("binary", class_weight="balanced", epochs=60, learning_rate=0.1, batch_size=384)
    expected = LogisticRegression(C=np.inf).fit(
        preprocessor.transform(splits.train)["dense"], problem.encode(splits.train)
    )
    p = expected.predict_proba(preprocessor.transform(splits.validation)["dense"])[:, 1]
    found = training.correct_prior(run).outputs(splits.validation)
    assert np.abs(found - p).mean() < 0.02
    assert np.abs(run.outputs(splits.validation) - p).mean() > 0.15


def test_what_was_never_weighted_has_nothing_to_correct():
    with pytest.raises(
        InputError, match="run: expected a Run with class_weight, or of resampled splits, got one with"
    ):
        training.correct_prior(fit("binary"))
    with pytest.raises(InputError, match="run: .*got int"):
        training.correct_prior(5)
    run = fit("binary", class_weight="balanced")
    outputs = keras.layers.Rescaling(1.0)(run.model.inputs[0][:, :1])
    other = type(run)(**{**vars(run), "model": keras.Model(run.model.input, outputs)})
    with pytest.raises(InputError, match=r"an answer with a bias, .*training.correct_probabilities"):
        training.correct_prior(other)


# Resampling


def same_but_training(one, other):
    pd.testing.assert_frame_equal(one.validation, other.validation)
    pd.testing.assert_frame_equal(one._sealed(), other._sealed())


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("ratio", [1.0, 0.3])
def test_oversampling_repeats_rows_of_the_training_part_alone(kind, ratio):
    _, splits, problem = GIVEN[kind]
    more = training.resample(splits, problem, ratio=ratio)
    same_but_training(more, splits)
    target = problem.target
    before, after = splits.train[target].value_counts(), more.train[target].value_counts()
    assert (after == np.maximum(before, np.ceil(ratio * before.max()))).all()
    times = more.train.index.value_counts()
    assert set(times.index) == set(splits.train.index)
    by_class = times.groupby(splits.train[target]).agg(["min", "max"])
    assert (by_class["max"] - by_class["min"] <= 1).all()
    pd.testing.assert_frame_equal(more.train[~more.train.index.duplicated()], splits.train)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_undersampling_leaves_rows_of_the_training_part_out(kind):
    _, splits, problem = GIVEN[kind]
    fewer = training.resample(splits, problem, how="under", ratio=0.5)
    same_but_training(fewer, splits)
    before, after = (s.train[problem.target].value_counts() for s in (splits, fewer))
    assert (after == np.minimum(before, before.min() * 2)).all()
    assert not fewer.train.index.has_duplicates
    assert set(fewer.train.index) < set(splits.train.index)
    again = data.Splits.from_json(splits._frame, fewer.to_json())
    pd.testing.assert_frame_equal(again.train, fewer.train)


def test_resampling_tells_what_it_did_and_repeats():
    _, splits, problem = GIVEN["binary"]
    first, second = (training.resample(splits, problem, how="under", seed=3) for _ in "ab")
    pd.testing.assert_frame_equal(first.train, second.train)
    assert not first.train.equals(training.resample(splits, problem, how="under", seed=4).train)
    counts = splits.train["binary"].value_counts()
    told = {"how": "under", "ratio": 1.0, "seed": 3, "counts": counts[["no", "yes"]].to_dict()}
    assert first.settings["resample"] == told
    assert first.notes[-1].startswith("resample: undersampled the training part, seed 3: 'no' ")
    assert first.test is not None
    assert splits.test_openings == second.test_openings == 1


def test_groups_times_and_folds_stay_apart():
    frame = FRAME[["a", "b", "binary"]].assign(who=np.arange(ROWS) // 4, when=np.arange(ROWS))
    problem = Problem.infer(frame, "binary")
    grouped = data.split(frame, problem, groups="who", n_folds=3)
    more = training.resample(grouped, problem)
    assert not set(more.train["who"]) & set(more.validation["who"])
    for (a, b), (c, d) in zip(more.folds, grouped.folds, strict=True):
        pd.testing.assert_frame_equal(a, c)
        pd.testing.assert_frame_equal(b, d)
    timed = training.resample(data.split(frame, problem, time="when"), problem)
    assert timed.train["when"].max() < timed.validation["when"].min()
    assert timed.train["when"].is_monotonic_increasing


UNFIT = {
    "labels": (
        "multilabel",
        {},
        "problem: expected classes that exclude each other, got a multilabel .*weighs each",
    ),
    "amounts": ("regression", {}, "got a regression problem. There are no classes"),
    "another way": ("binary", {"how": "smote"}, "how: expected one of 'over', 'under', got 'smote'"),
    "no ratio": ("binary", {"ratio": 0}, r"ratio: expected a number in \(0, 1\], got 0"),
    "no seed": ("binary", {"seed": -1}, "seed: expected a whole number"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_cannot_be_resampled_is_refused(case):
    kind, options, message = UNFIT[case]
    with pytest.raises(InputError, match=message):
        training.resample(GIVEN[kind][1], GIVEN[kind][2], **options)


def test_resampled_splits_are_not_resampled_again():
    _, splits, problem = GIVEN["binary"]
    with pytest.raises(InputError, match="splits: expected a training part that was not resampled yet"):
        training.resample(training.resample(splits, problem), problem)
    with pytest.raises(InputError, match="splits: expected what data.split returns, got DataFrame"):
        training.resample(FRAME, problem)
    other = Problem("multiclass", "binary", ("no", "yes", "maybe"))
    with pytest.raises(InputError, match="train part, class 'maybe': expected at least one row, got none"):
        training.resample(splits, other)
