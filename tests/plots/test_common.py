"""What every public plot promises, tried on every one of them."""

import itertools
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dltoolkit import plots
from dltoolkit._checks import InputError
from dltoolkit.plots._palette import contrast


def texts_of(ax):
    """Title, axis labels and the tick labels that are drawn: matplotlib keeps others beyond the limits."""
    found = [ax.title, ax.xaxis.label, ax.yaxis.label, *tick_labels(ax.xaxis), *tick_labels(ax.yaxis)]
    return [text for text in found if text.get_text().strip()]


def tick_labels(axis):
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


def test_every_public_plot_is_in_this_suite(case_names):
    assert {name.split()[0] for name in case_names} == set(plots.__all__)


def test_it_draws_on_the_axes_given_and_returns_it(case):
    figure, ax = plt.subplots(1, 2, figsize=(8, 3))
    before = len(plt.get_fignums())
    assert case(ax[0]) is ax[0]
    assert len(plt.get_fignums()) == before
    assert figure.axes == list(ax)
    assert not ax[1].has_data()
    assert ax[0].get_title() and ax[0].get_xlabel() and ax[0].get_ylabel()


def test_it_makes_one_figure_when_no_axes_is_given(case):
    ax = case(None)
    assert plt.get_fignums() == [ax.figure.number]
    assert ax.figure.axes == [ax]


def test_it_leaves_matplotlibs_settings_alone(case):
    before = mpl.rcParams.copy()
    current = plt.figure()
    ax = mpl.figure.Figure().subplots()
    case(ax)
    assert dict(mpl.rcParams) == dict(before)
    assert plt.gcf() is current


@pytest.mark.parametrize("size", [(4, 3), (7, 4.5), None], ids=["4in", "7in", "own"])
def test_no_label_lies_over_another_or_outside_the_figure(case, size):
    ax = None
    if size:
        ax = plt.figure(figsize=size, layout="constrained").subplots()
    ax = case(ax)
    ax.figure.draw_without_rendering()
    for axis in (ax.xaxis, ax.yaxis):
        boxes = [label.get_window_extent() for label in tick_labels(axis) if label.get_text().strip()]
        for first, second in itertools.pairwise(boxes):
            assert not first.shrunk(0.96, 0.8).overlaps(second.shrunk(0.96, 0.8)), "tick labels overlap"
    paper = ax.figure.bbox
    for text in texts_of(ax):
        box = text.get_window_extent()
        inside = box.x0 >= -2 and box.y0 >= -2 and box.x1 <= paper.x1 + 2 and box.y1 <= paper.y1 + 2
        assert inside, f"{text.get_text()!r} leaves the figure"
    for text in ax.texts:
        assert text.get_window_extent().x1 <= paper.x1 + 2, f"{text.get_text()!r} leaves the figure"


@pytest.mark.parametrize("paper", ["white", "#111111"])
def test_every_word_can_be_read_on_light_and_dark_paper(case, paper):
    ax = mpl.figure.Figure(figsize=(5, 3.5), facecolor=paper).subplots()
    ax.set_facecolor(paper)
    case(ax)
    for text in texts_of(ax):
        assert contrast(text.get_color(), paper) >= 4.5
    for text in (t for t in ax.texts if not ax.images):
        assert contrast(text.get_color(), paper) >= 3
    for text in ax.get_legend().get_texts() if ax.get_legend() else ():
        assert contrast(text.get_color(), paper) >= 4.5


def test_no_axes_is_refused_in_the_house_voice(case):
    with pytest.raises(InputError, match=r"ax: expected a matplotlib Axes, got Figure\. Make one"):
        case(plt.figure())


@pytest.mark.parametrize("name", sorted(set(plots.__all__) - {"distribution", "target_balance"}))
def test_another_result_is_refused_in_the_house_voice(name):
    with pytest.raises(InputError, match=r"expected .*, got int"):
        getattr(plots, name)(5)


def test_importing_sets_nothing_and_loads_no_framework():
    code = (
        "import sys, matplotlib as mpl; before = dict(mpl.rcParams)\n"
        "import dltoolkit.plots, matplotlib.pyplot as plt\n"
        "print(dict(mpl.rcParams) == before, plt.get_fignums(), sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "True [] []"


def test_results_are_left_as_they_were(examples):
    frame, search = examples.small.copy(), examples.search()
    trials = search.trials.copy()
    plots.correlations(frame)
    plots.distribution(frame, "x0", by="city")
    plots.missingness(frame)
    plots.target_balance(frame, examples.late)
    plots.trials(search)
    pd.testing.assert_frame_equal(frame, examples.small)
    pd.testing.assert_frame_equal(search.trials, trials)
