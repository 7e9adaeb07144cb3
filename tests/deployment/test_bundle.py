"""Bundles: raw rows in, the very answers of the trained run out."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from dltoolkit import deployment
from dltoolkit._checks import InputError

ANSWER = """
import sys, numpy as np, pandas as pd
from dltoolkit import deployment
frame = pd.read_parquet(sys.argv[2])
np.savez(sys.argv[3], **{kind: deployment.load(f"{sys.argv[1]}/{kind}").outputs(frame) for kind in sys.argv[4:]})
"""

PLAIN_KERAS = """
import glob, json, sys, numpy as np, keras, tensorflow as tf
answers = {}
for kind in sys.argv[3:]:
    inputs = json.load(open(f"{sys.argv[1]}/{kind}.json"))
    model = keras.models.load_model(glob.glob(f"{sys.argv[1]}/{kind}/model-*.keras")[0])
    answers[kind] = model.predict({name: tf.constant(values, dtype) for name, (values, dtype) in inputs.items()})
np.savez(sys.argv[2], **answers)
assert "dltoolkit" not in sys.modules
"""


def python(code, *arguments, cwd):
    """Run code in a fresh process that finds this package."""
    root = str(pathlib.Path(deployment.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def bundles(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    return folder, {kind: deployment.save(folder / kind, run) for kind, run in runs.items()}


@pytest.fixture(scope="module")
def bundle(bundles):
    return bundles[1]["binary"]


def test_a_fresh_process_answers_bit_for_bit_what_the_trained_run_answered(bundles, runs, penguins, tmp_path):
    penguins.to_parquet(tmp_path / "rows.parquet")
    python(ANSWER, bundles[0], tmp_path / "rows.parquet", tmp_path / "answers.npz", *runs, cwd=tmp_path)
    answers = np.load(tmp_path / "answers.npz")
    for kind, run in runs.items():
        assert answers[kind].tobytes() == run.outputs(penguins).tobytes(), kind


def test_plain_keras_loads_the_model_without_dltoolkit(bundles, runs, penguins, tmp_path):
    folder, loaded = bundles
    for kind, bundle in loaded.items():
        tensors = bundle.preprocessor.inputs(penguins)
        plain = {
            name: (
                [[v.decode()] for v in tensor.numpy()[:, 0]]
                if tensor.dtype == "string"
                else tensor.numpy().tolist(),
                tensor.dtype.name,
            )
            for name, tensor in tensors.items()
        }
        (folder / f"{kind}.json").write_text(json.dumps(plain))
    python(PLAIN_KERAS, folder, tmp_path / "answers.npz", *runs, cwd=tmp_path)
    answers = np.load(tmp_path / "answers.npz")
    for kind, run in runs.items():
        expected = run.outputs(penguins)
        np.testing.assert_allclose(answers[kind].reshape(expected.shape), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "multilabel"])
def test_the_model_on_raw_columns_agrees_with_the_outputs(bundles, penguins, kind):
    bundle = deployment.load(bundles[0] / kind)
    outputs = bundle.outputs(penguins)
    raw = bundle.model(bundle.preprocessor.inputs(penguins)).numpy()
    np.testing.assert_allclose(raw.reshape(outputs.shape), outputs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "multilabel"])
def test_answers_are_those_of_the_run_and_keep_the_index(bundles, runs, penguins, kind):
    rows = penguins.iloc[::-3].set_axis([f"r{i}" for i in range(len(penguins.iloc[::-3]))])
    pd.testing.assert_frame_equal(bundles[1][kind].predict(rows), runs[kind].predict(rows))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "multilabel"])
def test_no_rows_give_no_answers_with_the_same_columns(bundles, penguins, kind):
    bundle = bundles[1][kind]
    some, none = bundle.predict(penguins.head(3)), bundle.predict(penguins.head(0))
    assert len(none) == 0
    assert none.dtypes.to_dict() == some.dtypes.to_dict()
    assert len(bundle.outputs(penguins.head(0))) == 0


def test_other_order_and_extra_columns_do_no_harm_and_are_noted(bundle, penguins):
    turned = penguins[penguins.columns[::-1]].assign(colour="blue")
    answers = bundle.predict(turned)
    pd.testing.assert_frame_equal(answers, bundle.predict(penguins))
    assert answers.attrs["extra"] == ["colour"]


def test_the_target_is_not_needed(bundle, penguins):
    without = bundle.predict(penguins.drop(columns="sex"))
    pd.testing.assert_frame_equal(without, bundle.predict(penguins))


def test_every_missing_column_is_named_at_once(bundle, penguins):
    with pytest.raises(InputError, match=r"(?s)2 problems.*'(island|year)'.*'(island|year)'"):
        bundle.predict(penguins.drop(columns=["island", "year"]))


def test_values_of_another_type_are_named_with_their_rows(bundle, penguins):
    wrong = penguins.astype({"year": "object"})
    wrong.loc[4, "year"] = "last year"
    with pytest.raises(InputError, match=r"column 'year', row 4: .*'last year'"):
        bundle.predict(wrong)


def test_missing_values_are_counted_without_a_warning(bundle, penguins):
    counts = bundle.predict(penguins).attrs["counts"]
    assert counts["bill_depth_mm"]["missing"] == penguins["bill_depth_mm"].isna().sum()
    assert counts["island"] == {"missing": 0, "unseen": 0, "examples": []}


def test_unseen_categories_are_counted_with_examples_and_a_warning(bundle, penguins):
    strange = penguins.head(9).copy()
    strange.loc[2:4, "island"] = "Atlantis"
    with pytest.warns(UserWarning, match=r"never saw.*'island' 3 \('Atlantis'\)"):
        answers = bundle.predict(strange)
    assert answers.attrs["counts"]["island"] == {"missing": 0, "unseen": 3, "examples": ["Atlantis"]}
    assert answers["probability_female"].between(0, 1).all()


def test_the_notes_on_answers_survive_pandas(bundle, penguins, tmp_path):
    answers = bundle.predict(penguins)
    assert len(pd.concat([answers, answers])) == 2 * len(penguins)
    answers.to_parquet(tmp_path / "answers.parquet")


def test_a_threshold_moves_the_answer(bundles, penguins):
    binary, multilabel = bundles[1]["binary"], bundles[1]["multilabel"]
    probability = binary.outputs(penguins)
    assert (binary.predict(penguins, threshold=0)["prediction"] == "female").all()
    middle = float(np.median(probability))
    expected = np.where(probability >= np.float32(middle), "female", "male")
    assert (binary.predict(penguins, threshold=middle)["prediction"] == expected).all()
    assert not multilabel.predict(penguins, threshold=1)[["heavy", "long"]].to_numpy().any()


def test_a_threshold_that_cannot_be_is_refused(bundles, penguins):
    with pytest.raises(InputError, match="threshold: expected a number in"):
        bundles[1]["binary"].predict(penguins, threshold=1.5)
    for kind in ("multiclass", "regression"):
        with pytest.raises(InputError, match=f"threshold: expected None for a {kind} problem"):
            bundles[1][kind].predict(penguins, threshold=0.5)


def test_what_is_no_frame_is_refused(bundle):
    with pytest.raises(InputError, match="pandas DataFrame"):
        bundle.predict([{"island": "Dream"}])


def test_a_bundle_lists_its_files(bundle):
    table = bundle.frame()
    assert set(table["part"]) == {"model", "preprocessor", "problem", "card", "cleaning"}
    for row in table.itertuples():
        assert (bundle.path / row.name).stat().st_size == row.bytes


def test_the_repr_names_the_next_step(bundle):
    assert "next: bundle.predict(new_rows)" in repr(bundle)


def test_a_folder_without_a_bundle_says_what_is_missing(bundle, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such path"):
        deployment.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"expected a manifest.json in it, got none"):
        deployment.load(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"Did you mean '.*binary'"):
        deployment.load(bundle.path.parent)
    with pytest.raises(NotADirectoryError, match="expected a folder, got a file"):
        deployment.load(bundle.path / "manifest.json")


def test_loading_writes_nothing(saved):
    before = {p: p.stat().st_mtime_ns for p in [saved, *saved.iterdir()]}
    deployment.load(saved)
    assert {p: p.stat().st_mtime_ns for p in [saved, *saved.iterdir()]} == before
