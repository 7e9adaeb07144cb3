"""With KERAS_BACKEND=jax whole lives are lived, and come out as with TensorFlow."""

import json
import os
import pathlib
import runpy
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("jax")
HERE = pathlib.Path(__file__).parent
NAMES = ["mlp", "tabular", "transformer", "cnn", "two_tower"]  # the others by hand: python lives.py folder
# What Keras and TensorFlow do among themselves when a model is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def on_jax(script, *arguments):
    """The lines that a script prints, as JSON."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, str(HERE / script), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lives")
    live = runpy.run_path(str(HERE / "lives.py"))["live"]
    tensorflow = {name: live(name, folder) for name in NAMES}
    jax = {}
    for line in on_jax("lives.py", folder, *NAMES):
        jax |= line
    return tensorflow, jax


@pytest.mark.parametrize("name", NAMES)
def test_a_life_on_jax_has_the_metrics_of_one_on_tensorflow(lives, name):
    """The same first weights, the same order of batches; preprocessing, training, saving and bundles included."""
    expected, found = (of[name] for of in lives)
    assert found["history"].keys() == expected["history"].keys()
    for column, values in expected["history"].items():
        np.testing.assert_allclose(found["history"][column], values, rtol=1e-3, atol=1e-3, err_msg=column)
    np.testing.assert_allclose(found["outputs"], expected["outputs"], rtol=1e-3, atol=1e-3)
    assert found["test"] == expected["test"]
    assert found["pace"] == "xla-loop"  # an epoch as one compiled function


@pytest.fixture(scope="module")
def facts():
    return on_jax("jax_facts.py")[-1]


def test_a_resumed_training_on_jax_is_equal_bit_for_bit(facts):
    assert facts["resumed weights equal"] and facts["resumed history equal"]


def test_two_runs_on_jax_are_equal_bit_for_bit(facts):
    assert facts["repeated equal"]


def test_the_compiled_epoch_is_keras_s_own_loop_bit_for_bit(facts):
    assert facts["paces"] == ["xla-loop", "xla-batches"]
    assert facts["loop and batches equal"]


def test_early_stopping_on_jax_gives_the_best_weights_back(facts):
    assert facts["best loss"] == pytest.approx(facts["best loss in the history"], rel=1e-4)


def test_ctrl_c_on_jax_keeps_a_whole_model(facts):
    assert facts["interrupted"] == "interrupted"
    assert facts["finite"]


def test_a_training_that_diverges_on_jax_says_so(facts):
    assert "diverged at a learning rate of 1e+30" in facts["diverged"]


@pytest.mark.parametrize("what", ["texts as they are", "grad_cam", "integrated_gradients", "learning codes"])
def test_what_only_tensorflow_can_do_says_so(facts, what):
    assert facts[what].startswith(f"KERAS_BACKEND: expected tensorflow for {what}")
    assert "got jax. Start Python anew with KERAS_BACKEND=tensorflow" in facts[what]
