"""The knobs of texts, pictures, sounds and sequences, what is varied in training, and examples side by side."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Project, data, preprocessing, widgets
from dltoolkit.preprocessing import ImageAugmentation, ImageOptions, SequenceOptions, SoundAugmentation
from dltoolkit.preprocessing._options import KINDS
from dltoolkit.widgets import _media_knobs, _stages

N = 90


def frame():
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "image": [draw.integers(0, 256, (8, 8, 3), dtype="uint8") for _ in range(N)],
            "steps": [draw.normal(size=(5 + i % 3, 2)) for i in range(N)],
            "text": [f"<b>tea</b> and cake and number {i} of them" for i in range(N)],
            "y": ["a", "b"] * (N // 2),
        }
    )
    rows.attrs["roles"] = {"image": "image", "steps": "sequence", "text": "text"}
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("projects") / "media", data=frame(), target="y", fast=True)
    project.catch_up("prepare", echo=lambda line: None)
    project.do("prepare", labels=False)
    return project.folder


@pytest.fixture
def panel(folder):
    made = widgets.preprocessing_panel(Project(folder))
    yield made
    made.close()


def alone(rows, column, **options):
    schema = data.Schema.infer(rows, "y")
    others = {name: "ignore" for name in schema.features if name != column}
    return preprocessing.fit(rows, schema.with_roles(others), **options)


# ---------------------------------------------------------------- knobs


@pytest.mark.parametrize("role", KINDS)
def test_every_knob_is_a_field_and_every_choice_makes_options(role):
    fields = {field.name for field in dataclasses.fields(KINDS[role])}
    for field, _, choices in _media_knobs.KNOBS[role][1]:
        assert field in fields and getattr(KINDS[role](), field) in choices
        for choice in choices:
            given = {"unit": "word"} if field == "mode" else {}
            assert getattr(KINDS[role](**given | {field: choice}), field) == choice


def test_the_panel_has_the_knobs_of_the_kinds_at_hand_alone(panel):
    assert list(panel.media) == ["text", "image", "sequence"]
    assert panel.settings.more == {} and panel.numeric.layout.display == "none"
    knobs = [*panel.media["image"].knobs.values(), panel.media["image"].augment]
    assert [knob.label for knob in knobs] == [
        "as training needs",
        "stretch",
        "auto",
        "rescale",
        "none",
        "nothing",
    ]


def test_a_knob_of_pictures_changes_their_features_and_the_code(panel):
    panel.column.value = "image"
    assert panel.preprocessor.specs["image"].shape == (8, 8, 3)
    panel.media["image"].knobs["edges"].value = "append"
    panel.media["image"].knobs["size"].value = (16, 16)
    assert panel.preprocessor.specs["image"].shape == (16, 16, 4)
    assert panel.settings.more == {"image": ImageOptions(size=(16, 16), edges="append")}
    names = {"project": panel.project}
    exec(panel.code, names)
    assert names["preprocessor"].to_json() == panel.preprocessor.to_json()


def test_keep_takes_the_options_along_and_the_panel_opens_with_them_again(panel):
    panel.media["sequence"].knobs["length"].value = 7
    panel.media["sequence"].knobs["difference"].value = 1
    panel.media["text"].knobs["mode"].value = "tf-idf"
    panel.keep()
    assert panel.project.preprocessor.settings["sequence"]["length"] == 7
    again = widgets.preprocessing_panel(Project(panel.project.folder))
    assert again.settings == panel.settings
    assert again.media["sequence"].options == SequenceOptions(length=7, difference=1)
    again.close()
    panel.project.do("preprocess")


def test_an_option_from_code_without_a_choice_of_its_own_is_offered(folder):
    project = Project(folder)
    project.do("preprocess", image=ImageOptions(size=(5, 7)))
    panel = widgets.preprocessing_panel(project)
    assert panel.media["image"].knobs["size"].value == (5, 7) and panel.error is None
    panel.close()
    project.do("preprocess")


def test_options_that_do_not_go_together_are_told_and_the_panel_goes_on(panel):
    panel.media["text"].knobs["unit"].value = "wordpiece"
    panel.media["text"].knobs["mode"].value = "count"
    assert "mode &#x27;sequence&#x27;" in panel.status.value and panel.preprocessor is None
    panel.show_code.value = True
    assert panel.code.startswith("# ") and "wordpiece" in panel.code
    panel.keep()
    assert "mode &#x27;sequence&#x27;" in panel.status.value
    panel.media["text"].knobs["unit"].value = "word"
    assert panel.preprocessor is not None and panel.error is None


# ---------------------------------------------------------------- varied


def test_what_is_varied_is_one_more_step_and_no_part_of_the_preprocessing(panel):
    panel.column.value = "image"
    before = panel.preprocessor.to_json()
    assert _stages.VARIED not in panel.picture.value
    mirror = dict(_media_knobs.VARIED["image"])["mirror"]
    panel.media["image"].augment.value = mirror
    assert panel.picture.value.count(_stages.VARIED) == 6
    assert panel.preprocessor.to_json() == before and panel.settings.more == {}
    assert 'augment=preprocessing.ImageAugmentation(flip="horizontal")' in panel.code
    panel.column.value = "steps"
    assert _stages.VARIED not in panel.picture.value and "augment" not in panel.code


def test_varied_pictures_are_the_picture_or_its_mirror_image():
    rows = frame().head(6)
    *_, after, varied = _stages.stages(
        rows, alone(rows, "image"), "image", augment=ImageAugmentation(flip="horizontal")
    )
    kinds = [
        "same" if np.allclose(v, a, atol=1e-5) else "mirror" if np.allclose(v, a[:, ::-1], atol=1e-5) else ""
        for v, a in zip(varied.cells, after.cells, strict=True)
    ]
    assert set(kinds) == {"same", "mirror"} and varied.shape == (8, 8, 3)


# ---------------------------------------------------------------- examples side by side


def test_a_batch_shows_each_example_with_its_label_and_escapes_it():
    rows = frame()
    shown = widgets.batch(rows, data.Schema.infer(rows, "y"), n=3)
    html = shown._repr_html_()
    assert html.count('class="dlt-card"') == 3 and html.count("<img") == 3 and "<b>tea" not in html
    assert html.count("<svg") == 3 and html.count("<small>y</small>") == 3
    assert repr(shown) == "3 of 90 examples: image, steps, text, with y"


def test_a_batch_of_a_table_shows_its_values():
    table = data.load("penguins")
    html = widgets.batch(table, data.Schema.infer(table, "species"), n=2).html
    assert "bill_length_mm" in html and html.count("Adelie") == 2


def test_the_stages_of_a_column_are_told_with_their_shapes():
    rows = frame()
    shown = widgets.stages(rows, alone(rows, "steps"), "steps")
    assert repr(shown) == "steps: as given -> of one length (7, 2) -> standardise (7, 3)"
    assert shown._repr_html_().count('class="dlt-card"') == 6


def test_stages_ask_for_a_preprocessing_of_one_column():
    rows = frame()
    fitted = preprocessing.fit(rows, data.Schema.infer(rows, "y"))
    with pytest.raises(ValueError, match="a preprocessing of 'image' alone.*'image', 'steps', 'text'"):
        widgets.stages(rows, fitted, "image")
    with pytest.raises(ValueError, match=r"augment\['steps'\]"):
        widgets.stages(rows, alone(rows, "steps"), "steps", augment=SoundAugmentation(noise=0.1))
    with pytest.raises(ValueError, match="n"):
        widgets.batch(rows, data.Schema.infer(rows, "y"), n=0)
