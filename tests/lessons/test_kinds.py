"""Every kind of data has a project that reaches step 3, and what is lent leaves the reader's own data alone."""

import itertools

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Project, data, lessons, preprocessing, widgets
from dltoolkit._checks import InputError
from dltoolkit.data import _catalogue
from dltoolkit.widgets._example import wav

SILENT = {"echo": lambda line: None}
FEATURES = {
    "table": ("dense",),
    "images": ("image",),
    "text": ("text",),
    "sound": ("audio",),
    "sequence": ("lpc",),
    "series": ("dense", "past_ridership"),
    "ratings": ("dense", "user", "item", "title", "genres"),
}
METHODS = {"sound": "grouped", "series": "time", "ratings": "latest"}


def hummed(folder):
    """As many columns as the spoken digits have, whose making takes a minute: ten pitches, of twenty voices."""
    seconds, rows = np.arange(1_600) / 8_000, []
    for word, voice in itertools.product(range(10), range(20)):
        path = folder / f"{word}-{voice}.wav"
        path.write_bytes(wav(0.4 * np.sin(2 * np.pi * (200 + 90 * word + voice) * seconds), rate=8_000))
        rows.append((str(path), str(word), f"voice {voice}", 50, 150, 0.0))
    return pd.DataFrame(rows, columns=["audio", "word", "voice", "pitch", "rate", "noise"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("projects")


@pytest.fixture(scope="module")
def projects(folder, fast, tmp_path_factory):
    sounds = hummed(tmp_path_factory.mktemp("sounds"))
    fast.setattr(_catalogue, "spoken_digits", sounds.copy)
    made = {}
    for kind in lessons.KINDS:
        made[kind] = lessons.project(kind, folder=folder)
        made[kind].catch_up("prepare", **SILENT)
        made[kind].do("prepare", labels=False)
        made[kind].catch_up("design", **SILENT)
    return made


@pytest.fixture(autouse=True, scope="module")
def fast():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLTOOLKIT_FAST", "1")
        yield patch


@pytest.mark.parametrize("kind", lessons.KINDS)
def test_the_project_of_a_kind_reaches_step_3(kind, projects):
    project = projects[kind]
    assert project.is_done("preprocess") and project.folder.name == lessons.KINDS[kind]
    assert tuple(project.preprocessor.specs) == FEATURES[kind]
    assert project.splits.method == METHODS.get(kind, "stratified")


@pytest.mark.parametrize("kind", lessons.KINDS)
def test_a_project_is_taken_up_again(kind, projects, folder):
    again = lessons.project(kind, folder=folder)
    assert again.is_done("preprocess") and again.fingerprint == projects[kind].fingerprint


@pytest.mark.parametrize("kind", lessons.KINDS)
def test_a_batch_and_the_panel_are_shown_for_every_kind(kind, projects):
    project = projects[kind]
    schema = data.Schema.infer(project.raw, project.problem.target)
    assert widgets.batch(project.raw, schema, n=2).html.count('class="dlt-card"') == 2
    panel = widgets.PreprocessingPanel(project)
    assert panel.error is None
    panel.close()


def test_the_past_of_a_day_is_the_four_weeks_before_it(projects):
    raw, riders = projects["series"].raw, data.load("ridership").set_index("date")["ridership"]
    for row in (0, len(raw) - 1):
        day = raw["until"].iloc[row]
        before = riders[day - pd.Timedelta(days=28) : day - pd.Timedelta(days=1)]
        np.testing.assert_allclose(raw["past_ridership"].iloc[row], before, rtol=1e-6)
        assert raw["ridership"].iloc[row] == riders[day]


def test_the_test_part_of_the_series_is_its_future(projects):
    splits = projects["series"].splits
    assert splits.train["date"].max() < splits.validation["date"].min()


def test_a_plain_table_is_its_own_and_others_are_lent_the_credit_table(projects, capsys):
    assert lessons.lent(projects["table"], "numeric", plain=True) is projects["table"]
    assert lessons.lent(projects["text"], "text") is projects["text"]
    assert capsys.readouterr().out == ""
    other = lessons.lent(projects["images"], "numeric", "categorical")
    assert other.source.name == "credit" and other.folder == projects["images"].folder.with_name("lent")
    assert "credit table is lent" in capsys.readouterr().out
    for kind in ("series", "ratings"):
        assert lessons.lent(projects[kind], plain=True).fingerprint == other.fingerprint
    assert projects["images"].source.name == "digits"


def test_the_first_column_of_media_is_the_only_feature_and_a_table_is_lent_the_digits(projects, capsys):
    rows, schema, column = lessons.media(projects["series"])
    assert column == "past_ridership" and schema.features == ["past_ridership"]
    assert len(rows) == len(projects["series"].splits.train) and capsys.readouterr().out == ""
    rows, schema, column = lessons.media(projects["table"])
    assert column == "image" and len(rows) == 1_797
    assert preprocessing.fit(rows.head(50), schema).specs["image"].shape == (8, 8, 1)
    assert "digits are lent" in capsys.readouterr().out


def test_the_table_says_how_it_is_split_and_the_reader_may_say_otherwise(tmp_path):
    rows = pd.DataFrame({"x": np.arange(200.0) % 7, "day": range(200), "y": ["a", "b"] * 100})
    rows.attrs["split"] = {"time": "day"}
    project = Project(tmp_path / "p", data=rows, target="y", fast=True)
    project.catch_up("prepare", **SILENT)
    assert project.do("prepare", labels=False).method == "time"
    assert project.do("prepare", labels=False, method="random").method == "random"


def test_a_kind_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(InputError, match="kind: expected .*'images'"):
        lessons.project("image")


def test_labels_that_cannot_be_judged_are_lent_those_of_the_credit_table(tmp_path, capsys):
    few = pd.DataFrame({"x": range(40), "y": ["a", "b"] * 20})
    project = Project(tmp_path / "few", data=few, target="y", fast=True)
    project.do("define")
    other = lessons.judged(project)
    assert other.problem.target == "Status"
    many = Project(tmp_path / "many", data=pd.concat([few] * 4, ignore_index=True), target="y", fast=True)
    many.do("define")
    assert lessons.judged(many) is many
