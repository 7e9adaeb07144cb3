"""Trains on so many virtual CPU devices of the environment's Keras backend: ``python device_lives.py n``; prints JSON."""

import json
import os
import sys

N = int(sys.argv[1])
os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={N}"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import tensorflow as tf  # noqa: E402

if N > 1 and keras.backend.backend() == "tensorflow":
    halves = [tf.config.LogicalDeviceConfiguration()] * N
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)

from dltoolkit import Problem, Schema, data, models, preprocessing, training  # noqa: E402
from dltoolkit._checks import InputError  # noqa: E402

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(RANDOM.normal(size=(300, 2)), columns=["a", "b"])
FRAME["y"] = np.where(FRAME["a"] - FRAME["b"] + RANDOM.normal(size=300) > 0, "p", "n")
EACH = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
OPTIONS = {"loop": {}, "batches": {"callbacks": [EACH]}, "average": {"ema": 0.9, "optimizer": "adamw"}}


def main():
    problem = Problem.infer(FRAME, "y")
    splits = data.split(FRAME, problem, seed=0)
    preprocessor = preprocessing.fit(splits.train, Schema.infer(splits.train, "y"))
    devices, found = ("all" if N > 1 else None), {}
    for name, options in OPTIONS.items():
        model = models.mlp(problem, preprocessor, units=(8,), dropout=0.0, l2=0.01)
        options = {"epochs": 3, "batch_size": 24, "progress": False, "devices": devices, **options}
        run = training.fit(model, preprocessor, splits, problem, **options)
        assert run.model is model
        found[name] = {
            "weights": [w.tolist() for w in model.get_weights()],
            "history": run.history.drop(columns="seconds").to_dict("list"),
            "devices": run.settings["devices"],
        }
    wrong = {}
    for devices in (["gpu:7"], ["cpu:0", "cpu:0"], [], "cpu:0"):
        try:
            training.fit(model, preprocessor, splits, problem, devices=devices)
        except InputError as error:
            wrong[str(devices)] = str(error)
    print(json.dumps({"found": found, "wrong": wrong}))


if __name__ == "__main__":
    main()
