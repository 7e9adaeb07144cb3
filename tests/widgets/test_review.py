"""The label review, driven by its traits, without a browser."""

import base64
import io
import json
import re
import wave

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dltoolkit import data, widgets
from dltoolkit._checks import InputError
from dltoolkit.problem import Problem
from dltoolkit.widgets import _doubts
from dltoolkit.widgets._example import example_html, wav

N = 40
DOUBTED = range(5, 35)
NASTY = "<img src=x onerror=alert(1)>"


def table():
    """A text, a number and a label; every other row is of the other kind."""
    return pd.DataFrame(
        {
            "text": [f"the {'red' if i % 3 else 'blue'} thing number {i} over there" for i in range(N)],
            "size": np.arange(N) / 4,
            "kind": ["cat", "dog"] * (N // 2),
        }
    )


def suspicion(rows=DOUBTED):
    rows = list(rows)
    return pd.DataFrame(
        {
            "row": rows,
            "suggested": ["dog" if row % 2 == 0 else "cat" for row in rows],
            "confidence": np.linspace(0.99, 0.5, len(rows)),
        }
    )


@pytest.fixture
def panel():
    made = widgets.LabelReview(table(), "kind", suspicion())
    yield made
    made.close()


def shown(panel):
    return [card.row for card in panel.gallery.children]


# ---------------------------------------------------------------- what is shown


def test_the_least_believed_labels_stand_on_the_first_page(panel):
    assert shown(panel) == list(DOUBTED)[:12]
    card = panel.gallery.children[0]
    assert "thing number 5 over there" in card.example.value and "1.25" in card.example.value
    said = re.sub("<[^>]*>", "", card.verdict.value)
    assert said.split() == ["given", "dog", "suggested", "cat", "99", "%"]
    assert card.action.value == "" and card.label.value == "cat"


def test_pages_hold_every_doubted_label_once(panel):
    panel.per_page.value = 6
    seen = []
    for page in range(1, panel.page.max + 1):
        panel.page.value = page
        seen += shown(panel)
    assert seen == list(DOUBTED) and panel.next_button.disabled
    panel.next_button.click()
    assert panel.page.value == panel.page.max == 5
    panel.previous_button.click()
    assert shown(panel) == seen[18:24]


def test_the_filters_let_through_what_fits_all_of_them(panel):
    panel.per_page.value = 48
    panel.given.value = "cat"
    assert shown(panel) == [i for i in DOUBTED if i % 2 == 0]
    panel.search.value = "RED  number"
    assert shown(panel) == [i for i in DOUBTED if i % 2 == 0 and i % 3]
    panel.search.value = "no such words"
    assert shown(panel) == [] and "No doubted label fits" in panel.found.value
    panel.given.value, panel.search.value = "", ""
    assert shown(panel) == list(DOUBTED)


def test_only_undecided_leaves_out_the_decided_and_nothing_moves_while_deciding(panel):
    panel.undecided.value = True
    first = shown(panel)
    for card in panel.gallery.children:
        card.action.value = "keep"
    assert shown(panel) == first
    panel.next_button.click()
    assert shown(panel) == list(DOUBTED)[12:24]
    panel.undecided.value = False
    panel.undecided.value = True
    assert shown(panel) == list(DOUBTED)[12:24]


def test_a_filter_names_each_given_label_with_its_count(panel):
    assert [text for text, _ in panel.given.options] == ["any", "dog (15)", "cat (15)"]


def test_no_doubted_label_is_good_news():
    panel = widgets.LabelReview(table(), "kind", suspicion([]))
    assert "No label is doubted" in panel.found.value and shown(panel) == []
    panel.apply()
    pd.testing.assert_frame_equal(panel.result, table())


def test_without_a_suspicion_the_labels_are_judged_with_the_problem_and_the_roles(monkeypatch):
    asked = []

    def judge(frame, problem, *, schema):
        asked.append((problem.target, schema.roles["text"]))
        return suspicion([3])

    monkeypatch.setitem(vars(data), "suspicious_labels", judge)  # the real one takes seconds to import
    panel = widgets.LabelReview(table(), "kind")
    assert asked == [("kind", "text")] and shown(panel) == [3]


# ---------------------------------------------------------------- choices


def test_choices_survive_filters_and_pages(panel):
    panel.cards[0].action.value = "drop"
    panel.cards[1].action.value = "relabel"
    panel.page.value = 3
    panel.cards[0].action.value = "keep"
    panel.given.value, panel.per_page.value = "cat", 6
    panel.given.value = ""
    expected = {5: "drop", 6: ("relabel", "dog"), 29: "keep"}
    assert panel.choices == expected
    panel.per_page.value = 48
    states = {c.row: (c.action.value, c.label.value) for c in panel.gallery.children if c.action.value}
    assert states == {5: ("drop", "cat"), 6: ("relabel", "dog"), 29: ("keep", "cat")}


def test_choosing_a_label_chooses_to_relabel():
    frame = table().assign(kind=["cat", "dog", "eel", "fox"] * 10)
    panel = widgets.LabelReview(frame, "kind", suspicion([4]))
    (card,) = panel.gallery.children
    assert [text for text, _ in card.label.options] == ["dog", "eel", "fox"]
    card.label.value = "fox"
    assert card.action.value == "relabel" and panel.choices == {4: ("relabel", "fox")}
    card.label.value = "eel"
    assert panel.choices == {4: ("relabel", "eel")}


def test_a_choice_can_be_taken_back(panel):
    panel.cards[0].action.value = "drop"
    panel.cards[0].action.value = ""
    assert panel.choices == {}


def test_a_choice_from_code_shows_on_its_card(panel):
    panel.choose(6, "relabel", "dog")
    panel.choose(0, "drop")
    assert panel.cards[1].action.value == "relabel" and panel.choices == {6: ("relabel", "dog"), 0: "drop"}
    panel.choose(6, "")
    assert panel.cards[1].action.value == "" and panel.choices == {0: "drop"}


def test_the_card_is_marked_by_its_choice(panel):
    card = panel.cards[0]
    card.action.value = "drop"
    assert "dlt-drop" in card._dom_classes
    panel.page.value = 2
    assert "dlt-drop" not in card._dom_classes


# ---------------------------------------------------------------- apply


def test_nothing_is_changed_until_apply_which_makes_a_new_frame(panel):
    before = table()
    panel.choose(6, "relabel", "dog")
    panel.choose(7, "drop")
    panel.choose(8, "keep")
    assert panel.result is None and panel.record is None and "Nothing is changed" in panel.status.value
    panel.apply_button.click()
    expected = before.drop(7)
    expected.loc[6, "kind"] = "dog"
    pd.testing.assert_frame_equal(panel.result, expected)
    pd.testing.assert_frame_equal(panel.frame, before)
    record = panel.record.set_index("row")
    assert record["action"].to_dict() == {6: "relabel", 7: "drop", 8: "keep"}
    assert record["suggestion"].tolist() == ["dog", "cat", "dog"]
    assert record["confidence"].tolist() == suspicion()["confidence"][1:4].tolist()
    assert "1 relabelled, 1 dropped; 39 rows" in panel.status.value


def test_a_second_apply_starts_from_the_original_with_all_choices(panel):
    panel.choose(6, "drop")
    panel.apply()
    first = panel.result
    panel.choose(6, "keep")
    panel.choose(7, "drop")
    assert "apply again" in panel.status.value and panel.result is first
    panel.apply()
    assert panel.result.index.tolist() == [i for i in range(N) if i != 7]
    assert first.index.tolist() == [i for i in range(N) if i != 6]


def test_undo_all_takes_every_choice_back(panel):
    panel.cards[0].action.value = "drop"
    panel.choose(29, "keep")
    panel.apply()
    panel.undo_button.click()
    assert (panel.choices, panel.result, panel.record) == ({}, None, None)
    assert panel.cards[0].action.value == ""


def test_the_record_keeps_when_each_choice_was_made(panel, monkeypatch):
    panel.choose(6, "drop")
    panel._when[6] = "2024-02-03T04:05:06+00:00"
    panel.choose(7, "drop")
    panel.apply()
    assert panel.record["when"].iloc[0] == "2024-02-03T04:05:06+00:00" != panel.record["when"].iloc[1]


def test_the_code_shown_does_the_same(panel):
    panel.choose(6, "relabel", "dog")
    panel.choose(7, "drop")
    panel.apply()
    panel.show_code.value = True
    names = {"frame": table()}
    exec(panel.code, names)
    pd.testing.assert_frame_equal(names["corrected"], panel.result)
    assert "relabel" in panel._code_block.value
    panel.choose(8, "keep")
    assert "8: " in panel._code_block.value


@pytest.mark.parametrize(
    "index",
    [pd.date_range("2024-01-01", periods=N), [f"id {i}" for i in range(N)], np.arange(N) * 1.5],
    ids=["times", "texts", "floats"],
)
def test_rows_of_any_label_can_be_reviewed_saved_and_taken_up_again(index, tmp_path):
    frame = table().set_axis(index)
    doubted = suspicion().assign(row=frame.index[list(DOUBTED)])
    panel = widgets.LabelReview(frame, "kind", doubted, folder=tmp_path)
    panel.cards[0].action.value, panel.cards[1].action.value = "drop", "relabel"
    panel.apply()
    assert panel.record["confidence"].notna().all()
    names = {"frame": frame}
    exec(panel.code, names)
    again = widgets.LabelReview(frame, "kind", doubted, folder=tmp_path)
    assert again.choices == panel.choices and again.cards[0].action.value == "drop"
    for result in (names["corrected"], again.result):
        pd.testing.assert_frame_equal(result, panel.result)


def test_the_record_in_the_folder_can_be_applied_later(panel, tmp_path):
    panel = widgets.LabelReview(table(), "kind", suspicion(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    panel.choose(6, "relabel", "dog")
    panel.apply()
    (path,) = tmp_path.iterdir()
    assert path.name == "labels-review.json" and str(path) in panel.status.value
    changed, _ = data.relabel(table(), "kind", data.read_review(path))
    pd.testing.assert_frame_equal(changed, panel.result)


def test_a_record_that_cannot_be_written_is_told_and_nothing_is_applied(tmp_path):
    (tmp_path / "file").write_text("")
    panel = widgets.LabelReview(table(), "kind", suspicion(), folder=tmp_path / "file")
    panel.choose(6, "drop")
    panel.apply()
    assert isinstance(panel.error, OSError) and "dlt-bad" in panel.status.value and panel.result is None


def test_a_folder_with_the_record_of_another_frame_is_refused(tmp_path):
    panel = widgets.LabelReview(table(), "kind", suspicion(), folder=tmp_path)
    panel.choose(6, "relabel", "dog")
    panel.apply()
    with pytest.raises(InputError, match="record, row 6: .*the record saw, 'cat', got 'dog'"):
        widgets.LabelReview(panel.result, "kind", suspicion(), folder=tmp_path)


# ---------------------------------------------------------------- kinds of labels


def test_class_numbers_stay_numbers():
    frame = table().assign(kind=[0, 1] * (N // 2))
    doubted = suspicion().assign(suggested=[1 - i % 2 for i in DOUBTED])
    panel = widgets.LabelReview(frame, "kind", doubted)
    panel.cards[0].action.value = "relabel"
    panel.apply()
    assert panel.choices == {5: ("relabel", 0)} and panel.result["kind"].dtype == "int64"
    assert panel.result.loc[5, "kind"] == 0


def test_flags_stay_flags_and_a_suggestion_may_come_as_text():
    frame = table().assign(kind=[True, False] * (N // 2))
    doubted = suspicion([4]).assign(suggested="False")
    panel = widgets.LabelReview(frame, "kind", doubted)
    panel.cards[0].action.value = "relabel"
    panel.apply()
    assert panel.choices == {4: ("relabel", False)} and panel.result["kind"].dtype == bool


def test_amounts_are_typed_in():
    frame = table().drop(columns="kind")
    doubted = pd.DataFrame({"row": [3, 9], "suggested": [7.125, 8.0]})
    panel = widgets.LabelReview(frame, "size", doubted)
    assert panel.cards[0].label.value == 7.125 and "7.125" in panel.cards[0].verdict.value
    panel.cards[0].label.value = 2.5
    panel.apply()
    assert panel.result.loc[3, "size"] == 2.5 and panel.choices == {3: ("relabel", 2.5)}


def test_whole_amounts_are_suggested_as_whole_numbers():
    frame = table().assign(size=range(1_000, 1_000 + N))
    panel = widgets.LabelReview(frame, "size", pd.DataFrame({"row": [3], "suggested": [1_207.6]}))
    panel.cards[0].action.value = "relabel"
    panel.apply()
    assert panel.result.loc[3, "size"] == 1_208 and panel.result["size"].dtype == "int64"
    panel.cards[0].label.value = 2.5
    panel.apply()
    assert "row 3: expected a whole number, got 2.5" in panel.status.value


def test_a_missing_label_can_be_given():
    frame = table()
    frame.loc[5, "kind"] = None
    panel = widgets.LabelReview(frame, "kind", suspicion([5]))
    assert "no label" in panel.cards[0].verdict.value
    panel.cards[0].action.value = "relabel"
    panel.apply()
    assert panel.result.loc[5, "kind"] == "cat"


# ---------------------------------------------------------------- examples of every kind


def test_texts_of_others_are_shown_as_text():
    frame = table().assign(text=NASTY + " and four more words here", **{"<b>name</b>": NASTY})
    frame.loc[5, "kind"] = NASTY
    frame.loc[7, "kind"] = NASTY
    frame.index = [f"{NASTY} {i}" for i in range(N)]
    doubted = suspicion([5, 6]).assign(row=frame.index[[5, 6]], suggested=["cat", NASTY])
    panel = widgets.LabelReview(frame, "kind", doubted)
    panel.choose(frame.index[5], "drop")
    panel.show_code.value = True
    pages = [panel.status.value, panel.found.value, panel._code_block.value, panel._head.value]
    pages += [html.value for card in panel.cards for html in (card.example, card.verdict)]
    assert not any("<img" in page or "<b>name" in page for page in pages)
    assert "&lt;img src=x" in panel.cards[0].example.value


def embedded(html, kind):
    return base64.b64decode(re.search(f'src="data:{kind};base64,([^"]+)"', html).group(1))


def test_a_picture_from_an_array_is_shown_pixel_by_pixel():
    pixels = np.arange(64, dtype="uint8").reshape(8, 8) * 4
    html = example_html({"image": pixels, "y": "a"}, {"image": "image", "y": "target"})
    picture = Image.open(io.BytesIO(embedded(html, "image/png")))
    assert (np.asarray(picture)[:, :, 0] == pixels).all() and 'alt="image, 8 by 8 pixels"' in html
    assert "dlt-pixels" in html


def test_a_large_picture_from_a_file_becomes_small_and_keeps_its_proportions(tmp_path):
    path = tmp_path / 'a"><b>.jpg'
    Image.fromarray(np.full((300, 1200, 3), 200, "uint8")).save(path, format="JPEG")
    html = example_html({"image": str(path)}, {"image": "image"})
    assert Image.open(io.BytesIO(embedded(html, "image/jpeg"))).size == (320, 80)
    assert len(html) < 20_000 and "<b>" not in html


def test_a_damaged_picture_says_so_in_its_place(tmp_path):
    path = tmp_path / "<i>.png"
    path.write_bytes(b"no picture")
    html = example_html({"image": path, "size": 3}, {"image": "image", "size": "numeric"})
    assert "dlt-warn" in html and "&lt;i&gt;.png" in html and "<i>" not in html and "<td>3</td>" in html


def test_a_missing_picture_says_so_in_its_place():
    assert "image is missing" in example_html({"image": None}, {"image": "image"})


def test_a_sound_can_be_played_and_a_long_one_is_cut():
    tone = np.sin(np.arange(16_000 * 12) / 9).astype("float32") / 2
    html = example_html({"audio": tone}, {"audio": "audio"}, cell_rate=16_000)
    with wave.open(io.BytesIO(embedded(html, "audio/wav"))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 160_000)
        heard = np.frombuffer(file.readframes(160_000), "<i2") / 32_767
    np.testing.assert_allclose(heard, tone[:160_000], atol=1e-4)
    assert "the first 10 s of 12 s" in html and "<audio controls" in html


def test_a_wave_file_holds_loud_samples_at_the_limit():
    with wave.open(io.BytesIO(wav(np.array([-2.0, 0, 2.0])))) as file:
        assert np.frombuffer(file.readframes(3), "<i2").tolist() == [-32_767, 0, 32_767]


def test_a_sound_without_a_rate_says_what_to_do():
    assert "cell_rate: expected a rate" in example_html({"audio": np.zeros(9)}, {"audio": "audio"})


def test_a_sequence_is_drawn_with_one_line_a_channel_and_every_peak():
    steps = np.zeros((9_000, 2))
    steps[4_567, 1] = 5
    html = example_html({"s": steps}, {"s": "sequence"})
    assert html.count("<polyline") == 2 and ",2.0" in html and "9,000 steps from 0 to 5" in html
    assert "holds no number" in example_html({"s": np.array([np.nan])}, {"s": "sequence"})
    assert example_html({"s": np.array([1.0])}, {"s": "sequence"}).count("<polyline") == 1


def test_a_very_long_text_is_cut():
    html = example_html({"t": "word " * 10_000}, {"t": "text"})
    assert len(html) < 3_000 and "(50,000 characters)" in html


def test_a_wide_row_is_cut():
    example = {f"c{i}": i for i in range(100)}
    html = example_html(example, dict.fromkeys(example, "numeric"))
    assert html.count("<tr>") == 41 and "and 60 more" in html


def test_pictures_in_a_frame_are_reviewed():
    frame = pd.DataFrame({"image": [np.full((4, 4), i, "uint8") for i in range(N)], "kind": table()["kind"]})
    panel = widgets.LabelReview(frame, "kind", suspicion())
    panel.search.value = "dog"
    assert 'src="data:image/png' in panel.cards[0].example.value and len(panel.gallery.children) == 12


# ---------------------------------------------------------------- what cannot be done


@pytest.mark.parametrize(
    ("doubted", "message"),
    [
        (suspicion().drop(columns="suggested"), "suspicion column 'suggested': expected to be there"),
        (suspicion([3, 99]), "suspicion: rows: .*got 99, which is none"),
        (
            suspicion().assign(suggested="fox"),
            "suspicion column 'suggested': expected one of 'cat', 'dog', got 'fox'",
        ),
        ([3, 4], "suspicion: expected a pandas DataFrame, got list"),
    ],
)
def test_a_suspicion_that_does_not_fit_is_refused(doubted, message):
    with pytest.raises(InputError, match=message):
        widgets.LabelReview(table(), "kind", doubted)


def test_rows_that_cannot_be_told_apart_are_refused():
    with pytest.raises(InputError, match=r"frame index: .*frame\.reset_index"):
        widgets.LabelReview(table().set_axis([0] * N), "kind", suspicion([0]))


def test_a_problem_with_several_targets_is_refused():
    with pytest.raises(
        InputError, match="problem: expected a problem with one target, or its name, got 'u', 'v'"
    ):
        widgets.LabelReview(table(), Problem("multilabel", ("u", "v")), suspicion())


def test_a_choice_that_cannot_be_made_is_refused(panel):
    with pytest.raises(InputError, match="choose: rows: .*got 99"):
        panel.choose(99, "drop")
    with pytest.raises(InputError, match="action: expected one of .*got 'delete'"):
        panel.choose(6, "delete")
    with pytest.raises(InputError, match="label: expected one of 'cat', 'dog', got 'fox'"):
        panel.choose(6, "relabel", "fox")
    assert panel.choices == {}


def test_nothing_is_printed(panel, capfd):
    panel.cards[0].action.value = "drop"
    panel.apply()
    assert capfd.readouterr() == ("", "")


def test_code_of_choices_can_be_read_back():
    choices = {0: "keep", "a'b": ("relabel", 'c"d'), 2.5: ("relabel", True), -1: "drop"}
    names = {}
    exec("\n".join(_doubts.code(choices, "kind").splitlines()[2:-1]), names)
    assert names["choices"] == choices and json.loads(json.dumps(list(names["choices"].values())))
