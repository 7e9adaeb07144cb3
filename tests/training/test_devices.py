"""Several devices share each batch, and learn what one alone learns."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("jax")
SCRIPT = pathlib.Path(__file__).with_name("device_lives.py")
BACKENDS = ("jax", "tensorflow")


@pytest.fixture(scope="module")
def trained():
    """What one and two virtual devices of each backend come to, all at once."""
    started = {
        (backend, n): subprocess.Popen(
            [sys.executable, str(SCRIPT), str(n)],
            env={**os.environ, "KERAS_BACKEND": backend},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for backend in BACKENDS
        for n in (1, 2)
    }
    told = {key: process.communicate(timeout=300) for key, process in started.items()}
    for key, process in started.items():
        assert process.returncode == 0, told[key][1][-3000:]
    return {key: json.loads(out.splitlines()[-1]) for key, (out, _) in told.items()}


@pytest.mark.parametrize("how", ["loop", "batches", "average"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_two_devices_come_to_the_weights_of_one(trained, backend, how):
    one, two = (trained[backend, n]["found"][how] for n in (1, 2))
    for a, b in zip(one["weights"], two["weights"], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    for column, values in one["history"].items():
        np.testing.assert_allclose(two["history"][column], values, rtol=1e-5, atol=1e-5, err_msg=column)
    assert one["devices"] == ["CPU"]
    assert two["devices"] == ["cpu:0", "cpu:1"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_devices_that_are_not_there_are_named_with_those_that_are(trained, backend):
    wrong = trained[backend, 2]["wrong"]
    among = "among the visible 'cpu:0', 'cpu:1'"
    assert wrong["['gpu:7']"] == f"devices: expected each once, {among}, got 'gpu:7'."
    assert wrong["['cpu:0', 'cpu:0']"] == f"devices: expected each once, {among}, got 'cpu:0'."
    for given in ("[]", "cpu:0"):
        assert wrong[given].startswith(
            "devices: expected None, 'all' or names; visible: 'cpu:0', 'cpu:1', got"
        )
