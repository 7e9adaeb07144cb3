"""The engine of the lessons: answers, hints, header, quiz, bands, footer."""

import html.parser
import re
import types

import numpy as np
import pandas as pd
import pytest

from dltoolkit import lessons
from dltoolkit.lessons import Exercise, Lesson, answers
from dltoolkit.lessons._check import Check
from dltoolkit.lessons._lesson import available, find
from dltoolkit.lessons._map import STATIONS, map_html, map_text

HINTS = ("small hint", "bigger hint", "all but the answer")


def lesson(**changes):
    fields = {
        "step": "08",
        "title": "T",
        "objectives": ("do",),
        "needs": "n",
        "leaves": "l",
        "minutes": 10,
        "expect": "e",
    }
    return Lesson(**fields | changes)


def task(compare, project=None):
    exercise = Exercise("How many?", compare, HINTS, "answer = 4", "Two and two.")
    return Check("08", {"sum": exercise}, project).sum


def default_project(**changes):
    source = types.SimpleNamespace(kind="catalogue", name="credit")
    known = {
        "source": source,
        "target": "Status",
        "seed": 0,
        "fast": False,
        "fingerprint": "0123456789abcdef",
    }
    return types.SimpleNamespace(**known | changes)


# Kinds of answer: right ones


@pytest.mark.parametrize(
    ("compare", "answer"),
    [
        (answers.number(4), 4),
        (answers.number(4), 4.0),
        (answers.number(4), np.int64(4)),
        (answers.number(4), np.array([[4.0]])),
        (answers.number(4), pd.Series([4])),
        (answers.number(0.3, within=0.01), 0.309),
        (answers.number(1000, relative=0.01), 1009.9),
        (answers.number(-1000, relative=0.01), -1009.9),
        (answers.number(0.1), 0.1 + 1e-17),
        (answers.number(lambda project: project * 2), 14),
        (answers.one_of("Adam", ["adam", "sgd"]), " ADAM "),
        (answers.one_of(2, [1, 2]), 2),
        (answers.array([1, 2]), (1.0, 2.0)),
        (answers.array([1.0, np.nan]), np.array([1.0, np.nan])),
        (answers.array([True, False]), [1, 0]),
        (answers.array(["a", None]), ["a", None]),
        (answers.table(pd.DataFrame({"a": [1, 2]})), pd.DataFrame({"a": [1.0, 2.0]}, index=["x", "y"])),
        (answers.table(pd.Series([1, 2], name="a")), pd.Series([1, 2], name="a")),
        (answers.table(pd.DataFrame({"a": ["x", None]})), pd.DataFrame({"a": ["x", None]})),
        (answers.passes(((1, 2), 3), ((2, 2), 4)), lambda a, b: a + b),
        (answers.passes((([1, 2],), [2, 4])), lambda values: np.array(values) * 2),
        (answers.holds(lambda answer, project: None if answer > 1 else "too small"), 2),
    ],
)
def test_a_right_answer_is_right_in_whatever_form_it_comes(compare, answer):
    assert compare(answer, 7) is None


# Kinds of answer: wrong ones, and what is said of them


@pytest.mark.parametrize(
    ("compare", "answer", "remark"),
    [
        (answers.number(4), 5, "5 is too large"),
        (answers.number(4), 3.9999, "3.9999 is too small"),
        (answers.number(4), "4", "expected a number, got '4'"),
        (answers.number(4), True, "expected a number, got an object of type bool"),
        (answers.number(4), [4, 4], "expected a number"),
        (answers.number(4), float("nan"), "nan"),
        (answers.one_of("a", ["a", "b"]), "b", "'b' is not it"),
        (answers.one_of("a", ["a", "b"]), "c", "expected one of 'a', 'b', got 'c'"),
        (answers.one_of("a", ["a", "b"]), pd.Series(["a", "b"]), "expected one of"),
        (answers.array([1, 2]), [1, 2, 3], r"expected the shape \(2,\), got \(3,\)"),
        (answers.array([1, 2]), [1, 3], r"position \(1,\) is 3"),
        (answers.array([1, 2]), object(), "expected an array of int64"),
        (answers.array([1.0, 2.0]), [[1], [2, 3]], "expected an array"),
        (answers.table(pd.DataFrame({"a": [1]})), 3, "expected a DataFrame"),
        (
            answers.table(pd.DataFrame({"a": [1]})),
            pd.DataFrame({"b": [1]}),
            "expected the columns 'a', got 'b'",
        ),
        (answers.table(pd.DataFrame({"a": [1]})), pd.DataFrame({"a": [1, 2]}), "expected 1 rows, got 2"),
        (answers.table(pd.DataFrame({"a": [1, 2]})), pd.DataFrame({"a": [1, 3]}), "column 'a', row 1: 3"),
        (answers.table(pd.DataFrame({"a": ["x"]})), pd.DataFrame({"a": [None]}), "column 'a', row 0"),
        (answers.table(pd.DataFrame({"a": [1]})), pd.DataFrame({"a": ["x"]}), "column 'a', row 0"),
        (answers.passes(((1,), 1)), 5, "expected a function"),
        (answers.passes(((1,), 1)), lambda x: 2, r"for \(1,\) it gives 2"),
        (answers.passes(((1,), 1)), lambda x: [1, 1], "it gives"),
        (answers.passes(((0,), 1)), lambda x: 1 / x, r"for \(0,\) it raises ZeroDivisionError"),
        (answers.passes(((0,), 1)), lambda: 1, "it raises TypeError"),
    ],
)
def test_a_wrong_answer_is_told_what_is_off(compare, answer, remark, capsys):
    check = task(compare)
    assert check(answer) is False
    assert re.search(remark, capsys.readouterr().out)


def test_a_tolerance_below_zero_is_refused():
    with pytest.raises(ValueError, match="within: expected a number"):
        answers.number(4, within=-1)


# The course of an exercise


def test_right_says_so_and_why(capsys):
    check = task(answers.number(4))
    assert check(4) is True and check.solved
    assert capsys.readouterr().out == "✓ Right. Two and two.\n"


def test_wrong_answers_get_the_three_hints_in_order_then_the_way_to_the_solution(capsys):
    check = task(answers.number(4))
    said = [(check(5), capsys.readouterr().out)[1] for _ in range(4)]
    for number, (text, hint) in enumerate(zip(said, [*HINTS, HINTS[2]], strict=True), start=1):
        assert f"Hint {min(number, 3)} of 3: {hint}" in text
    assert ["check.sum.solution()" in text for text in said] == [False, False, True, True]


@pytest.mark.parametrize("nothing", [..., None])
def test_no_answer_yet_shows_the_task_and_costs_no_hint(nothing, capsys):
    check = task(answers.number(4))
    assert check(nothing) is False and check.hints_given == 0
    assert "How many?" in capsys.readouterr().out


def test_an_answer_that_depends_on_the_data_asks_for_the_project():
    with pytest.raises(ValueError, match=r"project: expected a project.*exercises\(step, project=project\)"):
        task(answers.number(lambda project: 1))(1)


def test_the_solution_is_printed_on_request(capsys):
    task(answers.number(4)).solution()
    assert capsys.readouterr().out == "answer = 4\n\n# Two and two.\n"


def test_the_list_of_exercises_shows_what_is_solved(capsys):
    check = lessons.exercises("08")
    assert repr(check).startswith("0 of 4 exercises solved\n○ updates: ")
    check.updates(90)
    assert repr(check).startswith("1 of 4 exercises solved\n✓ updates: ")
    assert dir(check) == sorted(find("08").exercises)


def test_an_exercise_that_does_not_exist_names_the_close_ones():
    with pytest.raises(AttributeError, match="notebook 08 has no exercise 'update'. Did you mean 'updates'"):
        _ = lessons.exercises("08").update


# Lessons


@pytest.mark.parametrize("step", ["08", "8", 8, " 08 "])
def test_a_lesson_is_found_by_its_number_however_it_is_written(step):
    assert find(step).title == "Train"


@pytest.mark.parametrize("function", [lessons.header, lessons.exercises, lessons.quiz])
def test_a_lesson_that_does_not_exist_is_refused(function):
    with pytest.raises(
        ValueError, match="step: expected the number of a notebook that has a lesson, got '99'"
    ):
        function("99")


def test_content_that_could_not_be_shown_is_refused_all_at_once():
    wrong = Exercise("?", answers.number(1), ("one hint",), "answer = 1", "")
    with pytest.raises(ValueError, match=r"(?s)3 hints, got 1.*Python can spell.*steps from 1 to 13, got 14"):
        lesson(exercises={"two words": wrong}, here=(14,))


def test_a_lesson_stands_at_its_own_step_unless_it_says_otherwise():
    assert (
        lesson().here == (8,)
        and lesson(step="20").here == ()
        and lesson(step="20", here=(8, 9)).here == (8, 9)
    )


@pytest.mark.parametrize("step", available())
def test_every_lesson_that_there_is_can_be_shown(step):
    found = find(step)
    assert found.step == step and 10 <= found.minutes <= 25
    assert 3 <= len(found.exercises) <= 6 and len(found.quiz) >= 3 and len(found.objectives) >= 3
    for thing in (lessons.header(step), lessons.quiz(step)):
        balanced(thing._repr_html_())
        assert repr(thing)


# Header and quiz


class Balance(html.parser.HTMLParser):
    """Every tag that opens closes again, in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("img", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def balanced(page):
    parser = Balance()
    parser.feed(page)
    assert parser.open == []


def test_the_map_has_thirteen_steps_that_link_to_their_notebooks():
    page = map_html((8,))
    assert page.count("<li") == len(STATIONS) == 13
    assert 'href="08-train.ipynb"' in page and 'href="13-monitor-and-maintain.ipynb"' in page


def test_you_are_here_is_marked_once_for_eyes_and_for_screen_readers():
    page = map_html((8,))
    assert page.count('aria-current="step"') == page.count("you are here") == 1
    assert "you are at step 8, Train" in page and map_text((8,)).count("you are here") == 1


def test_a_lesson_outside_the_thirteen_steps_stands_nowhere_on_the_map():
    assert "you are here" not in map_html(()) + map_text(())


def test_the_header_as_text_says_all_that_the_html_says():
    header = lessons.header("08")
    for part in (*header.lesson.objectives, header.lesson.needs, header.lesson.expect):
        assert part in " ".join(repr(header).split()) and part.replace("'", "&#x27;") in header._repr_html_()


def test_colours_come_from_jupyterlabs_theme():
    page = lessons.header("08")._repr_html_()
    assert "var(--jp-ui-font-color1" in page and "color: #" not in page and "color: black" not in page


def test_answers_of_the_quiz_are_folded_away():
    page = lessons.quiz("08")._repr_html_()
    questions = find("08").quiz
    assert page.count("<details>") == len(questions) and "open" not in page
    text = repr(lessons.quiz("08"))
    assert all(text.index(q.ask) < text.index("Answers") < text.index(q.answer) for q in questions)


def test_what_a_lesson_says_is_shown_as_text_never_as_html():
    page = lessons._header.Header(lesson(needs="<script>"))._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


# Bands and footer


def test_a_figure_inside_its_band_is_printed_with_it(capsys):
    lessons.band("validation AUC", 0.8412, 0.8, 0.88, project=default_project())
    assert capsys.readouterr().out == "✓ validation AUC 0.8412, expected 0.8 to 0.88\n"


@pytest.mark.parametrize("value", [0.79, 0.9, float("nan"), float("inf")])
def test_a_figure_outside_its_band_stops_on_the_default_project(value):
    with pytest.raises(lessons.BandError, match="validation AUC .*expected 0.8 to 0.88: outside the band"):
        lessons.band("validation AUC", value, 0.8, 0.88, project=default_project())
    assert issubclass(lessons.BandError, AssertionError)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": types.SimpleNamespace(kind="catalogue", name="churn"), "target": "churn"},
        {"source": types.SimpleNamespace(kind="file", name="credit")},
        {"target": "Home"},
        {"seed": 3},
    ],
)
def test_on_another_project_the_band_is_no_claim(changes, capsys):
    lessons.band("AUC", 0.1, 0.8, 0.9, project=default_project(**changes))
    assert "expected 0.8 to 0.9 on the credit table; yours may differ" in capsys.readouterr().out


def test_a_band_may_be_about_another_data_set(capsys):
    source = types.SimpleNamespace(kind="catalogue", name="digits")
    digits = default_project(source=source, target="digit")
    lessons.band("accuracy", 0.985, 0.98, 1, project=digits, data="digits")
    with pytest.raises(lessons.BandError, match="outside the band"):
        lessons.band("accuracy", 0.9, 0.98, 1, project=digits, data="digits")
    lessons.band("accuracy", 0.9, 0.98, 1, project=default_project(), data="digits")
    assert "on the digits data; yours may differ" in capsys.readouterr().out
    days = pd.DataFrame({"ridership": [1.0]})
    days.attrs["name"] = "ridership"
    made = types.SimpleNamespace(kind="frame", name="DataFrame", frame=days)
    series = default_project(source=made, target="ridership")
    with pytest.raises(lessons.BandError):
        lessons.band("MASE", 2.0, 0.5, 0.9, project=series, data="ridership")


def test_the_fast_setting_has_its_own_band_or_none(capsys):
    quick = default_project(fast=True)
    lessons.band("AUC", 0.1, 0.8, 0.9, project=quick)
    lessons.band("AUC", 0.7, 0.8, 0.9, project=quick, fast=(0.6, 0.8))
    assert "too short to say more" in capsys.readouterr().out
    with pytest.raises(lessons.BandError, match="expected 0.6 to 0.8"):
        lessons.band("AUC", 0.5, 0.8, 0.9, project=quick, fast=(0.6, 0.8))


def test_a_band_upside_down_is_refused():
    with pytest.raises(ValueError, match="high"):
        lessons.band("AUC", 0.5, 0.9, 0.8, project=default_project())


def test_the_footer_prints_fingerprint_seed_and_versions_once(capsys):
    lessons.footer(default_project(seed=7))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["data", "seed", "versions", "machine"]
    assert "credit, fingerprint 0123456789abcdef" in lines[0] and lines[1].split() == ["seed", "7"]
    assert f"numpy {np.__version__}" in lines[2] and f"pandas {pd.__version__}" in lines[2]
