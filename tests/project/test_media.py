"""Projects of pictures, texts, sequences: the same steps, and a folder that keeps arrays and options as they are."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Project, data
from dltoolkit.preprocessing import ImageOptions, TextOptions
from dltoolkit.project import _tables


def test_a_table_with_arrays_comes_back_with_their_dtypes_and_shapes(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "picture": [random.integers(0, 256, (3, n, 3), dtype="uint8") for n in (2, 4, 5)],
            "steps": [random.normal(size=(n, 2)).astype("float32") for n in (1, 3, 2)],
            "path": [tmp_path / "a.png", tmp_path / "b.png", None],
            "x": [1.5, None, 2.0],
            "note": ["a", None, "ü"],
        },
        index=[4, 7, 9],
    )
    frame.loc[7, "picture"] = None
    frame.attrs["groups"] = "x"
    back = _tables.read_table(_tables.write_table(tmp_path / "t.parquet", frame))
    assert back.index.tolist() == [4, 7, 9]
    assert back.attrs == {"groups": "x"}
    assert back["path"].tolist()[:2] == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    pd.testing.assert_frame_equal(back[["x", "note"]], frame[["x", "note"]])
    for name in ("picture", "steps"):
        for ours, theirs in zip(back[name], frame[name], strict=True):
            assert (ours is None) == (theirs is None)
            if theirs is not None:
                assert ours.dtype == theirs.dtype
                np.testing.assert_array_equal(ours, theirs)
    assert _tables.as_kept(frame)["steps"].map(len).tolist() == [1, 3, 2]


@pytest.fixture(scope="module")
def digits():
    frame = data.load("digits")
    keep = frame["digit"].isin(["0", "1", "2"])
    return frame[keep].head(240).reset_index(drop=True)


def test_a_project_of_pictures_goes_all_the_way_and_opens_again(digits, tmp_path):
    project = Project(tmp_path / "p", data=digits, target="digit", fast=True)
    project.catch_up("prepare", echo=lambda _: None)
    project.do("prepare", labels=False)
    project.do("preprocess", image=ImageOptions(size=(6, 6), edges="append"))
    project.do("design", units=(8,))
    project.catch_up("train", echo=lambda _: None)
    project.do("train", epochs=3)
    project.do("evaluate")
    bundle = project.do("deploy")
    np.testing.assert_array_equal(
        bundle.predict(digits.head(9))["prediction"], project.best.run.predict(digits.head(9))["prediction"]
    )
    again = Project(tmp_path / "p", data=digits)
    assert again.preprocessor.specs["image"].shape == (6, 6, 2)
    again.do("define")
    again.catch_up("design", echo=lambda _: None)
    assert again.preprocessor.specs["image"].shape == (6, 6, 2)  # redone with the options that it had


def test_options_of_texts_are_kept_in_the_ledger(tmp_path):
    words = np.array(["good", "bad", "tea", "cup", "the", "of"])
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"review": [" ".join(random.choice(words, 9)) for _ in range(80)], "y": ["a", "b"] * 40}
    )
    project = Project(tmp_path / "p", data=frame, target="y", fast=True)
    project.catch_up("prepare", echo=lambda _: None)
    project.do("prepare", labels=False)
    project.do("preprocess", columns={"review": TextOptions(mode="multi-hot", ngrams=2)})
    assert project.preprocessor.specs["review"].dtype == "float32"
    again = Project(tmp_path / "p")
    again.do("prepare", labels=False, seed=3)
    again.catch_up("design", echo=lambda _: None)
    assert again.preprocessor.settings["columns"]["review"]["ngrams"] == 2
