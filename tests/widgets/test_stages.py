"""A batch of media before and after each step, and the preprocessing panel on a project with texts."""

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Project, data, preprocessing, widgets
from dltoolkit.preprocessing import ImageOptions, SequenceOptions, SoundOptions, TextOptions
from dltoolkit.widgets._code import literal
from dltoolkit.widgets._stages import batch_html, stages, tokens

N = 12


def frame():
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "image": [draw.integers(0, 256, (9, 7 + i % 2, 3), dtype="uint8") for i in range(N)],
            "audio": [draw.normal(0, 0.1, 900 + i).astype("float32") for i in range(N)],
            "steps": [draw.normal(size=(5 + i % 3, 2)) for i in range(N)],
            "text": [f"<b>tea</b> and cake and number {i} of them" for i in range(N)],
            "y": ["a", "b"] * (N // 2),
        }
    )


OPTIONS = {
    "image": ImageOptions(size=(8, 6), edges="append"),
    "audio": SoundOptions(rate=8_000, cell_rate=8_000, seconds=0.1),
    "sequence": SequenceOptions(difference=1),
}


def alone(column, **options):
    roles = {"image": "image", "audio": "audio", "steps": "sequence", "text": "text"}
    roles = {c: r if c == column else "ignore" for c, r in roles.items()} | {"y": "target"}
    schema = data.Schema(roles, "y", dict.fromkeys(roles, ""))
    return preprocessing.fit(frame(), schema, **(OPTIONS | options))


@pytest.mark.parametrize("column", ["image", "audio", "steps", "text"])
def test_the_batch_begins_with_the_cells_and_ends_with_the_features(column):
    fitted, rows = alone(column), frame().head(4)
    given, read, after = stages(rows, fitted, column)
    assert all(np.array_equal(cell, of) for cell, of in zip(given.cells, rows[column], strict=True))
    np.testing.assert_array_equal(np.stack(after.cells), fitted.transform(rows)[column])
    (inputs,) = fitted.inputs(rows).values()
    assert read.shape in ((), tuple(inputs.shape[1:])) and len(read.cells) == 4
    html = batch_html([given, read, after], fitted, column)
    assert html.count('class="dlt-card"') == 4 and "<b>tea" not in html


def test_a_picture_is_shown_given_read_scaled_and_as_edges():
    fitted = alone("image")
    html = batch_html(stages(frame().head(1), fitted, "image"), fitted, "image")
    assert html.count("<img") == 4 and html.count("image, 6 by 8 pixels") == 3 and "(8 x 6 x 4)" in html


def test_a_sound_can_be_played_at_the_rate_at_which_it_is_read():
    fitted = alone("audio")
    html = batch_html(stages(frame().head(1), fitted, "audio"), fitted, "audio")
    assert html.count("<audio") == 1 and "audio, 0.1 s" in html and html.count("<img") == 1
    own = alone("audio", columns={"audio": SoundOptions(rate=4_000, output="waveform", seconds=0.1)})
    html = batch_html(stages(frame().head(1), own, "audio"), own, "audio")
    assert "audio, 0.1 s" in html and "(400 x 1)" in html and "<img" not in html


def test_ids_are_shown_with_their_words_and_the_padding_is_counted():
    fitted = alone("text", text=TextOptions(length=12, standardise="lower-and-strip-punctuation"))
    html = batch_html(stages(frame().head(1), fitted, "text"), fitted, "text")
    (ids,) = fitted.transform(frame().head(1))["text"]
    n_known = int((ids > 0).sum())
    assert f"and {ids[1]} · cake {ids[2]}" in html and f"then {12 - n_known} x 0" in html


def test_unknown_ids_and_empty_texts_are_told():
    assert tokens(np.array([9, 0], "int32"), ["", "[UNK]"]) == "9 · then 1 x 0"
    assert tokens(np.zeros(2, "int32"), []) == "then 2 x 0"
    assert tokens(np.zeros(2, "float32"), ["a", "b"]) == "all 0"


# ---------------------------------------------------------------- the panel


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    draw = np.random.default_rng(0)
    words = np.array(["tea", "cake", "cup", "plate", "spoon", "very", "nice", "bad", "cold", "warm"])
    texts = [" ".join(draw.choice(words, 8)) for _ in range(120)]
    rows = pd.DataFrame({"text": texts, "size": draw.normal(size=120), "y": ["no", "yes"] * 60})
    project = Project(tmp_path_factory.mktemp("projects") / "texts", data=rows, target="y", fast=True)
    project.catch_up("preprocess", echo=lambda line: None)
    return project


def test_the_panel_shows_a_batch_of_texts_and_a_number_as_before(project):
    panel = widgets.preprocessing_panel(project)
    panel.column.value = "text"
    assert panel.view.kind == "batch" and 'class="dlt-cards dlt-stages"' in panel.picture.value
    assert panel.examples.value == "" and len(panel.view.before) == 6
    panel.column.value = "size"
    assert panel.view.kind == "numbers" and "<img" in panel.picture.value
    assert panel.numeric.layout.display == "flex" and panel.categorical.layout.display == "none"
    panel.treat("text", "drop")
    assert panel.view.kind == "nothing"
    panel.close()


def test_the_panel_keeps_the_options_of_texts_that_were_set_from_code(project):
    options = TextOptions(length=5)
    panel = widgets.PreprocessingPanel(project)
    panel._chosen = {"text": options}
    panel.column.value = "size"
    panel.column.value = "text"
    assert panel.treatment.value == options and "preprocessing.TextOptions(length=5)" in panel.code
    panel._refresh()
    assert panel.view.after["text"].iloc[0].shape == (5,)
    names = {"project": project}
    exec(panel.code, names)
    assert names["preprocessor"].to_json() == panel.preprocessor.to_json()
    panel.close()


def test_options_are_written_by_what_is_not_their_default():
    assert (
        literal({"image": ImageOptions(edges="only")})
        == '{"image": preprocessing.ImageOptions(edges="only")}'
    )
    assert literal(TextOptions()) == "preprocessing.TextOptions()"
