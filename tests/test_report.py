"""The whole life without a notebook: report.json and report.html."""

import html.parser
import json
import re

import numpy as np
import pandas as pd
import pytest

from dltoolkit import deployment, report
from dltoolkit._checks import InputError
from dltoolkit.project import STEPS, Project

# Keras 3.15 makes arrays of its variables in a way that NumPy 2 calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def table(kind, n=150):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "size": rng.normal(10, 3, n).round(2),
            "town": rng.choice(["Oslo & Co", "Bergen <b>", "Tromsø"], n),
            "day": pd.date_range("2024-01-01", periods=n, freq="h").strftime("%Y-%m-%d %H:%M"),
        }
    )
    frame.loc[::15, "size"] = np.nan
    score = frame["size"].fillna(10) + rng.normal(0, 1, n)
    if kind == "multilabel":
        return frame.assign(big=(score > 10).astype(int), huge=(score > 12).astype(int)), ["big", "huge"]
    answers = {
        "binary": np.where(score > 10, "yes", "no"),
        "multiclass": np.select([score > 11, score > 9], ["a", "b"], "c"),
        "regression": score.round(3),
    }
    return frame.assign(answer=answers[kind]), "answer"


class Page(html.parser.HTMLParser):
    """Collects what the tests ask about; complains about tags that do not match."""

    EMPTY = frozenset({"meta", "img", "source", "br", "link", "input"})

    def __init__(self, text):
        super().__init__()
        self.stack, self.images, self.headings, self.ids, self.words = [], [], [], [], []
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in self.EMPTY:
            self.stack.append(tag)
        if tag == "img":
            self.images.append(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.stack and self.stack[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module", params=["binary", "multiclass", "multilabel", "regression"])
def done(request, tmp_path_factory):
    """A report of each kind of problem, from a file."""
    folder = tmp_path_factory.mktemp("report")
    frame, target = table(request.param)
    frame.to_csv(folder / "t.csv", index=False)
    lines = []
    told = report.run(folder / "t.csv", target, folder / "out", fast=True, echo=lines.append)
    return request.param, told, folder / "out", lines


def test_the_json_holds_what_was_found(done):
    kind, told, out, _ = done
    assert json.loads((out / "report.json").read_text()) == told
    assert told["problem"]["kind"] == kind
    assert set(told["baselines"]) == {"majority", "linear", "boosting"}
    metric = "rmse" if kind == "regression" else "roc_auc"
    for scores in (told["model"], *told["baselines"].values()):
        assert scores[metric]["low"] <= scores[metric]["value"] <= scores[metric]["high"]
    assert {finding["kind"] for finding in told["audit"]} >= {"missing"}
    assert (
        sum(told["splits"][part] for part in ("train", "validation", "test")) == told["data"]["rows"] == 150
    )
    assert set(STEPS) <= set(told["timings"])
    assert told["test_openings"]["count"] == 1
    assert re.fullmatch("[0-9a-f]{16}", told["fingerprint"])
    assert told["versions"]["keras"]


def test_the_bundle_that_it_names_answers(done):
    kind, told, *_ = done
    frame, target = table(kind)
    answers = deployment.load(told["bundle"]).predict(frame.drop(columns=target))
    assert len(answers) == 150


def test_the_page_is_whole_and_needs_nothing_beside_it(done):
    _, told, out, _ = done
    text = (out / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.headings) == 14
    assert [i for i in page.ids if i in STEPS] == list(STEPS)
    assert not re.search(r"""(src|href|srcset)=["'](?!data:|#)""", text)
    assert "<b>" not in re.sub(r"<li><b>", "", text)  # a town is called "Bergen <b>"
    assert told["verdict"] in "".join(page.words)
    assert "No picture" not in text


def test_each_picture_says_what_it_shows_and_has_a_dark_twin(done):
    text = (done[2] / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.images) >= 6
    for image in page.images:
        assert re.match(r"[A-Z].+\. .+\d", image["alt"]), image["alt"]
    assert text.count('(prefers-color-scheme: dark)" srcset') == len(page.images)


def test_a_second_call_does_nothing_again(done):
    _, told, out, lines = done
    assert len(lines) == len(STEPS) + 1
    again = []
    data, target = Project(out).source.name, Project(out).target
    second = report.run(data, target, out, fast=True, echo=again.append)
    assert len(again) == 1
    assert second["model"] == told["model"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    frame, target = table("binary")
    with pytest.raises(InputError, match=r"a project or an empty folder.*notes\.txt"):
        report.run(frame, target, tmp_path, fast=True)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_leak_stands_on_top_of_the_page(tmp_path):
    frame, target = table("binary")
    frame["paid_late"] = frame["answer"].map({"yes": 7.0, "no": 1.0})
    report.run(frame, target, tmp_path / "out", fast=True, echo=[].append)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Leakage. paid_late" in text.partition("<nav")[0]


def test_a_missing_target_column_stops_before_anything_is_written(tmp_path):
    frame, _ = table("binary")
    with pytest.raises(InputError, match=r"'anser'.*'answer'"):
        report.run(frame, "anser", tmp_path / "out", fast=True)
    assert not (tmp_path / "out" / "project.json").exists()


def test_another_network_is_designed_where_it_is_asked_for(tmp_path):
    lines = []
    done = report.run("penguins", None, tmp_path / "p", architecture="auto", fast=True, echo=lines.append)
    assert done["network"]["architecture"] == "tabular"
    assert sum(line.startswith("design: tabular") for line in lines) == 1
    assert "tabular" in (tmp_path / "p" / "report.html").read_text(encoding="utf-8")
    again = []
    report.run("penguins", None, tmp_path / "p", architecture="tabular", fast=True, echo=again.append)
    assert not any(line.startswith(("design", "train")) for line in again)
    with pytest.raises(InputError, match="architecture 'cnn': expected a column of role image"):
        report.run("penguins", None, tmp_path / "q", architecture="cnn", fast=True, echo=lambda line: None)
