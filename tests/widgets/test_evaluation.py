"""The evaluation panel, driven by its traits, without a browser."""

import shutil

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Project, evaluation, widgets
from dltoolkit.problem import Problem
from dltoolkit.widgets._decision import Decision, DecisionSettings, confusion_html, decide, picture_png, worst

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def shared(finished, tmp_path_factory):
    """One trained project, whose test part stays sealed."""
    return trained(finished, tmp_path_factory.mktemp("shared"))


def trained(finished, folder):
    project = Project(shutil.copytree(finished, folder / "project"))
    project.do("train", progress=False)
    return project


@pytest.fixture
def panel(shared):
    made = widgets.evaluation_panel(shared)
    yield made
    made.close()


def counts(panel, threshold):
    """Hits, misses, alarms, passes by plain numpy."""
    project = panel.project
    frame = project.splits.validation
    positive = (frame["late"] == project.problem.classes[1]).to_numpy()
    flagged = project.run.outputs(frame) >= threshold
    return tuple(
        int(x.sum())
        for x in (positive & flagged, positive & ~flagged, ~positive & flagged, ~positive & ~flagged)
    )


@pytest.mark.parametrize("threshold", [0.0, 0.31, 0.5, 1.0])
def test_the_threshold_decides_as_by_hand(panel, threshold):
    panel.threshold.value = threshold
    d = panel.decision
    hits, misses, alarms, passes = counts(panel, threshold)
    assert (d.hits, d.misses, d.alarms, d.passes) == (hits, misses, alarms, passes)
    assert d.precision == hits / max(hits + alarms, 1) and d.recall == hits / max(hits + misses, 1)
    assert panel.result.metrics.loc["recall", "value"] == pytest.approx(d.recall)


def test_costs_are_summed_over_alarms_and_misses(panel):
    panel.cost_false_positive.value, panel.cost_false_negative.value = 3, 50
    assert panel.decision.cost == 3 * panel.decision.alarms + 50 * panel.decision.misses


def test_the_cheapest_threshold_costs_no_more_than_any_other_on_a_grid(panel):
    panel.cost_false_negative.value = 7
    panel.cheapest()
    grid = []
    for threshold in np.linspace(0, 1, 101):
        _, misses, alarms, _ = counts(panel, threshold)
        grid.append(alarms + 7 * misses)
    assert panel.decision.cost <= min(grid) + 7  # the slider rounds to hundredths


def test_two_costs_of_zero_are_told(panel):
    panel.cost_false_positive.value = panel.cost_false_negative.value = 0
    panel.cheapest()
    assert "at least one cost above 0" in panel.status.value and panel.error is not None


def test_the_slices_are_those_of_the_column_chosen(panel):
    panel.column.value = "home"
    expected = panel.result.slices(panel.project.splits.validation, "home")
    assert all(name in panel.slices.value for name in expected.index)
    assert expected["rows"].sum() == len(panel.project.splits.validation)


def test_the_worst_errors_come_first(panel):
    table = worst(panel.result, panel.project.splits.validation)
    truth = (table["true late"] == "yes").to_numpy()
    p = table["probability yes"].to_numpy()
    losses = -np.log(np.where(truth, p, 1 - p))
    assert (np.diff(losses) <= 1e-6).all() and str(table.index[0]) in panel.errors.value.replace(",", "")


def test_the_test_part_stays_sealed_until_the_project_opens_it(panel):
    panel.part.value = "test"
    assert panel.part.value == "validation" and "sealed" in panel.status.value
    assert panel.project.test_openings == ()


def test_the_test_rows_can_be_looked_at_once_opened_and_are_opened_once(finished, tmp_path):
    panel = widgets.evaluation_panel(trained(finished, tmp_path))
    panel.project.do("evaluate")
    panel.part.value = "test"
    assert len(panel.result.y_true) == panel.project.splits.sizes["test"]
    assert len(panel.project.test_openings) == 1
    names = {"project": panel.project}
    exec(panel.code, names)
    pd.testing.assert_frame_equal(names["result"].metrics, panel.result.metrics)
    assert len(panel.project.test_openings) == 1


def test_the_code_shown_gives_the_numbers_of_the_panel(panel):
    panel.threshold.value = 0.42
    names = {"project": panel.project}
    exec(panel.code, names)
    pd.testing.assert_frame_equal(names["result"].metrics, panel.result.metrics)


def test_nothing_is_printed(panel, capfd):
    panel.threshold.value = 0.2
    assert capfd.readouterr() == ("", "")


# Every kind of problem


def measured(problem, truth, outputs):
    return evaluation.score(truth, outputs, problem, n_bootstrap=20)


def of_kind(kind):
    draw = np.random.default_rng(0)
    if kind == "regression":
        return measured(Problem(kind, "y"), draw.normal(size=60).astype("float32"), draw.normal(size=60))
    if kind == "multiclass":
        outputs = draw.dirichlet([1, 1, 1], 60)
        return measured(Problem(kind, "y", ("a", "b", "c")), np.arange(60) % 3, outputs)
    outputs = draw.random((60, 2))
    return measured(Problem(kind, ("u", "v")), (draw.random((60, 2)) < 0.5).astype("float32"), outputs)


@pytest.mark.parametrize("kind", ["regression", "multiclass", "multilabel"])
def test_every_kind_of_problem_has_a_picture_and_worst_errors(kind):
    result = of_kind(kind)
    frame = pd.DataFrame({name: range(60) for name in result.problem.targets} | {"x": range(60)})
    assert picture_png(result, 0.5).startswith(b"\x89PNG")
    table = worst(result, frame)
    assert list(table["x"]) == list(result.worst(8)) and table.index.name == "row"


def test_counts_are_read_off_the_confusion_table_the_right_way_round():
    problem = Problem("binary", "fraud", ("no", "yes"))
    result = measured(
        problem, np.array([1, 1, 1, 0, 0, 0, 0, 0]), np.array([0.9, 0.1, 0.1, 0.9, 0.9, 0.9, 0.1, 0.1])
    )
    assert decide(result, DecisionSettings("validation", 0.5, 1, 10, "x")) == Decision(1, 2, 3, 2, 23.0)


def test_the_confusion_table_names_both_classes_as_text():
    page = confusion_html(Decision(1, 2, 3, 4, 0.0), Problem("binary", "y", ("<a>", "b")))
    assert "&lt;a&gt;" in page and "<a>" not in page and page.count("<td style") == 4
