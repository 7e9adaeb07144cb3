"""TensorFlow Datasets, both ways: the catalogue as its builders, and any of its data sets as a frame, without a network."""

import importlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from dltoolkit import _tfds_hook, data
from dltoolkit._checks import InputError
from dltoolkit.data import _source, _spoken_digits, _tfds

tfds = pytest.importorskip("tensorflow_datasets")
_builders = importlib.import_module("dltoolkit.data._builders")

ROOT = pathlib.Path(__file__).resolve().parents[2]


class DltTrial(tfds.core.GeneratorBasedBuilder):
    """A data set with every kind of feature that a frame must hold."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        f = tfds.features
        boxes = f.Sequence({"label": f.ClassLabel(names=["cat", "dog"]), "size": np.float32})
        return self.dataset_info_from_configs(
            features=f.FeaturesDict(
                {
                    "photo": f.Image(shape=(None, None, 3)),
                    "sound": f.Audio(sample_rate=8_000),
                    "title": f.Text(),
                    "words": f.Sequence(f.Text()),
                    "meta": {"age": np.int32, "ok": np.bool_},
                    "boxes": boxes,
                    "ragged": f.Sequence(f.Sequence(np.int32)),
                    "species": f.ClassLabel(names=["ape", "bee", "cow"]),
                }
            ),
            supervised_keys=("photo", "species"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(6), "test": self._generate_examples(2)}

    def _generate_examples(self, n):
        for i in range(n):
            yield i, example(i)


def example(i):
    return {
        "photo": np.full((4 + i, 5, 3), i, np.uint8),
        "sound": np.arange(10 + i, dtype=np.int64),
        "title": f"Ä {i}",
        "words": ["a"] * i,
        "meta": {"age": i, "ok": i % 2 == 0},
        "boxes": {"label": ["dog"] * i, "size": [0.5] * i},
        "ragged": [[1] * j for j in range(i)],
        "species": -1 if i == 5 else i % 3,
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp("tfds")
    DltTrial(data_dir=root).download_and_prepare()
    return root


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("the network was touched"))
    return tmp_path


@pytest.fixture
def trial(prepared, root, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    return prepared


def whole(folder):
    folder.mkdir(parents=True)
    for name in ("dataset_info.json", "features.json"):
        (folder / name).write_text("{}")
    return folder


# ------------------------------------------------------------------ the catalogue as builders
@pytest.mark.parametrize(
    "imports",
    ["import dltoolkit, tensorflow_datasets as tfds", "import tensorflow_datasets as tfds, dltoolkit"],
)
def test_the_catalogue_is_registered_in_either_order_of_import(imports):
    code = f"{imports}\nimport sys\nassert 'tensorflow' not in sys.modules\n"
    code += (
        "print(tfds.builder_cls('dltoolkit_reviews').name, tfds.builder_cls('dltoolkit_spoken_digits').name)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["dltoolkit_reviews", "dltoolkit_spoken_digits"], done.stderr


def test_importing_dltoolkit_or_looking_for_tfds_does_not_import_it():
    code = "import sys, importlib.util, dltoolkit; importlib.util.find_spec('tensorflow_datasets')\n"
    code += "assert 'tensorflow_datasets' not in sys.modules\nimport tensorflow_datasets as tfds\n"
    code += "print(tfds.builder_cls('dltoolkit_credit').name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["dltoolkit_credit"], done.stderr


def test_builders_that_fail_are_a_warning_and_tfds_stays_usable(monkeypatch):
    monkeypatch.setattr(_tfds_hook, "BUILDERS", "dltoolkit.data._no_such_module")
    with pytest.warns(
        UserWarning, match=r"not known to TensorFlow Datasets: ModuleNotFoundError.*data\.load has them"
    ):
        _tfds_hook.register()


def test_installing_the_hook_twice_changes_nothing(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.delitem(sys.modules, "tensorflow_datasets")
    _tfds_hook.install()
    _tfds_hook.install()
    assert sum(isinstance(finder, _tfds_hook.Finder) for finder in sys.meta_path) == 1
    assert _tfds_hook.Finder().find_spec("json") is None


def test_a_builder_is_registered_for_every_data_set():
    for name in data.CATALOGUE:
        assert tfds.builder_cls("dltoolkit_" + name.replace("-", "_")).entry_name == name


def test_reviews_come_from_tfds_as_they_are_in_the_frame(root):
    reviews, info = tfds.load("dltoolkit_reviews", data_dir=root, split="train", with_info=True)
    frame, ours = tfds.as_dataframe(reviews, info), data.load("reviews")
    assert [text.decode() for text in frame["text"]] == ours["text"].tolist()
    assert info.features["score"].names == ["great", "other"]
    assert (frame["score"] == (ours["score"] == "other")).all()
    assert "McAuley" in info.description and "Licence: MIT" in info.description
    text, label = next(iter(tfds.load("dltoolkit_reviews", data_dir=root, split="train", as_supervised=True)))
    assert (text.numpy().decode(), int(label)) == (ours["text"][0], 1)


@pytest.mark.parametrize("name", [name for name, entry in data.CATALOGUE.items() if entry.bytes])
def test_every_data_set_can_be_prepared_and_read_supervised(name, root, monkeypatch):
    some = data.load(name).sample(60, random_state=0)
    monkeypatch.setattr(_builders, "load", lambda _: some)
    target = data.CATALOGUE[name].target
    builder = tfds.builder("dltoolkit_" + name, data_dir=root)
    builder.download_and_prepare()
    read = list(tfds.as_numpy(builder.as_dataset(split="train", as_supervised=True)))
    labels = [label for _, label in read]
    if hasattr(feature := builder.info.features[target], "names"):
        labels = [feature.names[label] for label in labels]
    assert [str(label) for label in labels] == [
        str(np.float32(v) if isinstance(v, float) else v) for v in some[target]
    ]
    assert set(builder.info.features) == set(some)


def test_spoken_digits_come_from_tfds_as_samples(root, monkeypatch, tmp_path):
    pytest.importorskip("espeakng_loader")
    monkeypatch.setenv("DLTOOLKIT_CACHE", str(tmp_path / "cache"))
    recipe = _spoken_digits.Recipe(words=("one", "two", "six"), voices=("f1", "m1"), noises=(0.0, 0.1))
    ours = _spoken_digits.spoken_digits(recipe)
    monkeypatch.setattr(_builders, "load", lambda _: ours)
    monkeypatch.setattr(_builders._spoken_digits, "outline", lambda: ours)
    theirs = data.load("tfds:dltoolkit_spoken_digits")
    assert theirs["word"].tolist() == ours["word"].tolist() and theirs.attrs["sample_rate"] == 22_050
    for path, samples in zip(ours["audio"], theirs["audio"], strict=True):
        assert samples.dtype == np.int16
        assert samples.tobytes() == pathlib.Path(path).read_bytes()[44:]  # behind a WAV file's header


def test_missing_values_are_nan_or_empty_and_a_table_is_supervised_by_a_dictionary(root):
    features, label = next(
        iter(tfds.load("dltoolkit_penguins", data_dir=root, split="train", as_supervised=True))
    )
    ours = data.load("penguins")
    assert set(features) == set(ours) - {"species"} and int(label) == 0
    theirs = pd.DataFrame(tfds.as_numpy(tfds.load("dltoolkit_penguins", data_dir=root, split="train")))
    np.testing.assert_array_equal(theirs["bill_length_mm"], ours["bill_length_mm"].astype("float32"))
    assert ours["sex"].isna().tolist() == [text == b"" for text in theirs["sex"]]


def test_times_are_iso_text_and_numbers_targets_stay_numbers():
    columns = tfds.builder_cls("dltoolkit_employment")
    builder = columns(data_dir=os.devnull + "-nowhere")
    assert isinstance(builder.info.features["month"], tfds.features.Text)
    assert builder.info.features["employed"].np_dtype == np.float32
    _, write = builder._columns["month"]
    assert write(pd.Series(pd.to_datetime(["2013-01-01 05:15", None]))) == ["2013-01-01T05:15:00", ""]


def test_images_and_sequences_come_back_through_tfds_equal_to_the_last_bit(root):
    for name, column, target in [("digits", "image", "digit"), ("vowels", "lpc", "speaker")]:
        ours, theirs = data.load(name), data.load(f"tfds:dltoolkit_{name}")
        assert theirs[target].tolist() == ours[target].tolist()
        assert theirs.columns[-1] == theirs.attrs["target"] == target
        for mine, other in zip(ours[column], theirs[column], strict=True):
            np.testing.assert_array_equal(mine, other[..., 0] if column == "image" else other)


# ------------------------------------------------------------------ any data set as a frame
def test_every_kind_of_feature_becomes_a_column(trial):
    frame = data.load("tfds:dlt_trial")
    assert frame.attrs == {
        "name": "tfds:dlt_trial",
        "target": "species",
        "roles": {"photo": "image", "sound": "audio"},
        "sample_rate": 8_000,
    }
    columns = [
        "boxes/label",
        "boxes/size",
        "meta/age",
        "meta/ok",
        "photo",
        "ragged",
        "sound",
        "title",
        "words",
        "species",
    ]
    assert frame.columns.tolist() == columns
    assert frame["species"].tolist()[:5] == ["ape", "bee", "cow", "ape", "bee"] and pd.isna(
        frame["species"][5]
    )
    for i in range(6):
        given = example(i)
        np.testing.assert_array_equal(frame["photo"][i], given["photo"])
        np.testing.assert_array_equal(frame["sound"][i], given["sound"])
        assert (frame["title"][i], frame["words"][i]) == (given["title"], given["words"])
        assert (frame["meta/age"][i], frame["meta/ok"][i]) == (i, i % 2 == 0)
        assert frame["boxes/label"][i].tolist() == [1] * i and frame["boxes/size"][i].tolist() == [0.5] * i
        assert frame["ragged"][i] == given["ragged"]


def test_split_and_limit_take_a_part(trial):
    assert len(data.load("tfds:dlt_trial", split="test")) == 2
    assert len(data.load("tfds:dlt_trial", split="train[:50%]+test")) == 5
    assert data.load("tfds:dlt_trial:1.0.0", limit=3)["meta/age"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"split": "tset"},
            r"split: expected a split of dlt_trial, such as .*got 'tset'\. Did you mean 'test'",
        ),
        ({"split": "train[:x]"}, r"split: expected one such as 'train\[:10%\]'.*TFDS says: "),
        ({"split": "train[:0]"}, r"split: expected at least one row, got none in 'train\[:0\]'"),
        ({"limit": 0}, r"limit: expected a whole number in \[1, inf\], got 0"),
        ({"download": "yes"}, r"download: expected True, False or 'ask', got 'yes'"),
    ],
)
def test_a_wrong_option_is_named(trial, options, message):
    with pytest.raises(InputError, match=message):
        data.load("tfds:dlt_trial", **options)


def test_rows_that_do_not_fit_in_memory_are_refused_before_they_are_read(trial, monkeypatch):
    monkeypatch.setattr(_source, "memory_bound", lambda _: 1_000)
    with pytest.raises(
        InputError, match=r"expected rows that fit in 0\.0 GB of memory.*limit=, or split='train\[:10%\]'"
    ):
        data.load("tfds:dlt_trial")
    assert len(data.load("tfds:dlt_trial", limit=1)) == 1


def test_a_damaged_folder_is_named(prepared, root):
    shutil.copytree(prepared / "dlt_trial", root / "dlt_trial")
    file = next((root / "dlt_trial" / "1.0.0").glob("*train*"))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(
        InputError,
        match=r"dlt_trial/1\.0\.0: expected a whole data set of TFDS, got a damaged one \(DataLoss",
    ):
        data.load("tfds:dlt_trial")
    (root / "dlt_trial" / "1.0.0" / "features.json").write_text("{")
    with pytest.raises(
        InputError, match=r"got a damaged one .*Remove the folder, and load the data set again"
    ):
        data.load("tfds:dlt_trial")


@pytest.mark.parametrize("name", ["tfds:", "tfds:Foo/", "tfds:mnist:3", "tfds:a b"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(
        InputError, match=r"name: expected 'tfds:NAME', 'tfds:NAME/CONFIG' or 'tfds:NAME:1\.0\.0'"
    ):
        data.load(name)


def test_options_of_tfds_are_refused_for_the_catalogue():
    with pytest.raises(
        InputError, match=r"(?s)2 problems:.*split: expected none for 'credit'.*limit: expected none"
    ):
        data.load("credit", split="train", limit=10)


# ------------------------------------------------------------------ what is not there
def test_a_data_set_that_is_not_there_is_an_instant_error_that_names_the_folder_and_the_cure(
    root, monkeypatch
):
    monkeypatch.setattr(sys, "stdin", None)
    for download in ("ask", False):
        with pytest.raises(InputError) as caught:
            data.load("tfds:mnist", download=download)
        assert str(caught.value) == (
            f"tfds:mnist: expected a data set in {root}, got none. To download it: "
            "data.load('tfds:mnist', download=True). TFDS_DATA_DIR names another folder."
        )
    with pytest.raises(InputError, match=r"got none\. Did you mean 'imdb_reviews'\? To download it"):
        data.load("tfds:imdb_reveiws")


@pytest.mark.parametrize("answer", ["", "n", "y"])
def test_a_person_at_a_terminal_is_asked_first(root, monkeypatch, answer):
    asked = []

    class Terminal:
        def isatty(self):
            return True

    def offline(*_, **__):
        raise OSError("no route")

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)
    monkeypatch.setattr(socket, "create_connection", offline)
    monkeypatch.setattr(_tfds.urllib.request, "getproxies", dict)
    expected = r"a network to download it, got no answer from storage\.googleapis\.com \(no route\)\. Connect, or copy"
    with pytest.raises(InputError, match=expected if answer == "y" else "a data set in .*, got none"):
        data.load("tfds:mnist")
    assert asked == [f"tfds:mnist is not in {root}. Download it now? [y/N] "]


def test_what_a_killed_preparation_left_is_named_not_read_and_removed_when_it_is_old(root, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    left = whole(root / "mnist" / "incomplete.AB12CD_3.0.1")
    with pytest.raises(
        InputError, match=r"got none but what an interrupted preparation left in '.*incomplete\.AB12CD"
    ):
        data.load("tfds:mnist")
    assert left.exists()
    old = whole(root / "dltoolkit_penguins" / "incomplete.OLD111_1.0.0")
    new = whole(root / "dltoolkit_penguins" / "incomplete.NEW111_1.0.0")
    for path in (*old.iterdir(), old):
        os.utime(path, (0, 0))
    assert data.load("tfds:dltoolkit_penguins").shape == (344, 8)
    assert new.exists() and not old.exists()


def test_a_name_of_the_catalogue_that_is_none_comes_back_with_an_error(root):
    with pytest.raises(
        InputError, match=r"tfds:dltoolkit_nope: expected a data set of TensorFlow Datasets, got a name"
    ):
        data.load("tfds:dltoolkit_nope")


def test_the_newest_version_is_taken_and_a_configuration_must_be_chosen(root):
    reference = _tfds.Reference.of("tfds:glue")
    whole(root / "glue" / "sst2" / "2.0.0")
    newest = whole(root / "glue" / "sst2" / "10.0.0")
    (root / "glue" / "sst2" / "11.0.0").mkdir()
    assert _tfds._cached(root, reference) == newest
    assert _tfds._cached(root, _tfds.Reference.of("glue/sst2:2.0.0")) == root / "glue" / "sst2" / "2.0.0"
    whole(root / "glue" / "cola" / "2.0.0")
    with pytest.raises(
        InputError,
        match=r"tfds:glue: expected a configuration, got none, and there are 'tfds:glue/cola', 'tfds:glue/sst2'",
    ):
        _tfds._cached(root, reference)
    assert str(_tfds.Reference.of("tfds:glue/sst2:2.0.0")) == "glue/sst2:2.0.0"
    assert _tfds._cached(root, _tfds.Reference.of("mnist")) is None


def test_the_folder_is_tfdss_own(monkeypatch, tmp_path):
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _tfds.data_root() == tmp_path / "tensorflow_datasets"
