"""The design panel, driven by its traits, without a browser."""

import math

import numpy as np
import pandas as pd
import pytest

from dltoolkit import data, preprocessing, widgets
from dltoolkit._keras import keras
from dltoolkit.problem import Problem
from dltoolkit.widgets import _network_sketch
from dltoolkit.widgets._diagram import MOST, diagram
from dltoolkit.widgets._network_sketch import NetworkSettings, chance_loss, sketch

PLAIN = NetworkSettings(units=(8, 4), activation="relu", dropout=0.0, normalisation=None, l2=0.0)


@pytest.fixture
def panel(project):
    made = widgets.design_panel(project)
    yield made
    made.close()


def test_parameters_are_counted_as_by_hand_and_follow_the_knobs(panel):
    panel.layers.value, panel.units[0].value, panel.units[1].value = 2, 16, 8
    n = panel.project.preprocessor.specs["dense"].shape[0]
    assert panel.sketch.parameters == (n + 1) * 16 + 17 * 8 + 9
    panel.normalisation.value = "batch"
    assert panel.sketch.parameters == (n + 1) * 16 + 17 * 8 + 9 + 4 * (16 + 8)
    panel.layers.value = 0
    assert panel.sketch.parameters == n + 1
    assert f">{n + 1:,}<" in panel.status.value


def test_the_table_of_layers_adds_up_and_is_shown(panel):
    assert panel.sketch.layers["parameters"].sum() == panel.sketch.parameters
    assert "hidden_2" in panel.table.value


def test_only_the_sliders_of_layers_that_there_are_can_be_seen(panel):
    panel.layers.value = 3
    assert [s.layout.display for s in panel.units] == ["flex"] * 3 + ["none"] * 2


def test_the_code_shown_builds_the_network_of_the_panel(panel, capsys):
    panel.layers.value, panel.activation.value, panel.dropout.value = 1, "gelu", 0.35
    names = {"project": panel.project}
    exec(panel.code, names)
    assert names["model"].count_params() == panel.sketch.parameters
    assert [layer.rate for layer in names["model"].layers if isinstance(layer, keras.layers.Dropout)] == [
        0.35
    ]


def test_the_last_line_of_the_code_is_what_keep_does(panel):
    panel.units[0].value, panel.l2.value = 256, 1e-3
    panel.keep()
    by_panel = panel.project.design
    keep = panel.code.split("# To keep it: ")[1].replace("\n# ", "\n")
    exec(keep, {"project": panel.project})
    assert panel.project.design == by_panel and by_panel["units"][0] == 256
    assert "Kept" in panel.status.value


def test_it_opens_with_the_projects_own_design(project):
    project.do("design", units=(100, 20, 3), activation="tanh", dropout=0.4, l2=0.002)
    panel = widgets.design_panel(project)
    assert panel.settings == NetworkSettings((100, 20, 3), "tanh", 0.4, None, 0.002)
    panel.close()


def test_it_changes_nothing_that_it_has_no_knob_for(project):
    project.do("design", units=(9, 8, 7, 6, 5, 4, 3), l1=0.01, dropout=0.925)
    before = project.design
    panel = widgets.design_panel(project)
    panel.keep()
    assert panel.project.design == before
    panel.close()


def test_a_linear_model_opens_as_no_hidden_layer(project):
    project.do("design", architecture="linear")
    panel = widgets.design_panel(project)
    assert panel.settings.units == () and panel.sketch.parameters == project.design["parameters"]
    panel.close()


def test_a_setting_that_keras_refuses_is_told_and_the_panel_goes_on(panel):
    panel.activation.options = [*panel.activation.options, "rleu"]
    panel.activation.value = "rleu"
    assert "activation" in panel.status.value and panel.sketch is None and panel.error is not None
    panel.activation.value = "relu"
    assert panel.sketch is not None and panel.error is None


def test_nothing_is_printed(panel, capfd):
    panel.layers.value = 1
    panel.show_code.value = True
    assert capfd.readouterr() == ("", "")


# The plain pieces


def fitted(target, kind=None):
    draw = np.random.default_rng(1)
    frame = pd.DataFrame({"x": draw.normal(size=300), "z": draw.normal(size=300), "y": target})
    problem, schema = Problem.infer(frame, "y", kind=kind), data.Schema.infer(frame, "y")
    return problem, preprocessing.fit(frame, schema), frame


@pytest.mark.parametrize(
    ("target", "chance"),
    [
        (["a"] * 75 + ["b"] * 225, -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))),
        (["a", "b", "c"] * 100, math.log(3)),
        (np.linspace(5, 9, 300), 1.0),
    ],
)
def test_an_untrained_network_is_compared_with_answering_the_base_rates(target, chance):
    problem, preprocessor, frame = fitted(target)
    drawn = sketch(problem, preprocessor, PLAIN, frame)
    assert drawn.chance == pytest.approx(chance)
    assert drawn.loss > 0.5 * chance


def test_the_loss_is_that_of_a_plain_formula():
    problem, preprocessor, frame = fitted(["no", "yes"] * 150)
    no_layers = NetworkSettings((), "relu", 0.0, None, 0.0)
    drawn = sketch(problem, preprocessor, no_layers, frame, initial={"seed": 3})
    from dltoolkit import models

    p = models.mlp(problem, preprocessor, units=(), seed=3).predict(preprocessor.transform(frame), verbose=0)[
        :, 0
    ]
    truth = (frame["y"] == "yes").to_numpy()
    assert drawn.loss == pytest.approx(-np.log(np.where(truth, p, 1 - p)).mean(), rel=1e-5)


def test_a_start_that_is_sure_of_wrong_answers_is_called_so():
    problem, preprocessor, frame = fitted(["no", "yes"] * 150)
    frame[["x", "z"]] *= 1000
    drawn = sketch(problem, preprocessor, PLAIN, frame)
    assert not drawn.healthy and "sure of wrong answers" in drawn.verdict


def test_chance_of_several_labels_is_the_mean_of_their_entropies():
    problem = Problem("multilabel", ("a", "b"))
    truth = np.array([[0, 0], [1, 0], [0, 0], [1, 0]])
    assert chance_loss(problem, truth) == pytest.approx(math.log(2) / 2)


def test_the_chance_loss_of_quantiles_is_that_of_the_labels_own_ones_in_their_spread():
    problem = Problem("regression", ("a", "b"), quantiles=(0.5,))
    truth = np.array([[0.0, 0], [1, 10], [2, 20], [3, 30], [4, 40]], "float32")
    spread = np.sqrt(2)  # of 0 to 4, whose distances to their median are 2, 1, 0, 1 and 2
    assert chance_loss(problem, truth) == pytest.approx(1.2 / spread / 2)


def test_a_layer_is_drawn_with_its_units_up_to_a_few_and_told_in_words():
    drawn = diagram([(3, "features"), (500, "relu"), (1, "sigmoid")])
    assert drawn.count("<circle") == 3 + MOST + 1
    assert 'aria-label="Network: 3 features to 500 relu to 1 sigmoid"' in drawn
    assert drawn.count("<line") == 3 * (MOST - 2) + (MOST - 2)


def test_every_activation_that_is_offered_is_one():
    for name in _network_sketch.ACTIVATIONS:
        assert keras.activations.get(name)
