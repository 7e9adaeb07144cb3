"""A script for ``dltoolkit launch``: ``python launched.py folder epochs [die]``; it knows nothing of other processes."""

import os
import pathlib
import signal
import sys

import keras
import numpy as np
import pandas as pd

from dltoolkit import Problem, Schema, data, models, preprocessing, training

FOLDER, EPOCHS = pathlib.Path(sys.argv[1]), int(sys.argv[2])
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(RANDOM.normal(size=(300, 2)), columns=["a", "b"])
FRAME["y"] = np.where(FRAME["a"] - FRAME["b"] + RANDOM.normal(size=300) > 0, "p", "n")
RANK = os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0")


class Die(keras.callbacks.Callback):
    """The second process is killed once, after the third epoch."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2 and RANK == "1" and not (FOLDER / "died").exists():
            (FOLDER / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)


problem = Problem.infer(FRAME, "y")
splits = data.split(FRAME, problem, seed=0)
preprocessor = preprocessing.fit(splits.train, Schema.infer(splits.train, "y"))
model = models.mlp(problem, preprocessor, units=(8,), dropout=0.2)
options = {
    "epochs": EPOCHS,
    "batch_size": 24,
    "early_stopping": False,
    "progress": False,
    "callbacks": [Die()],
}
run = training.fit(
    model, preprocessor, splits, problem, checkpoints=FOLDER / "checkpoints", resume=True, **options
)
np.savez(FOLDER / f"{RANK}.npz", *model.get_weights())
run.save(FOLDER / "run")
print("process", RANK, "first" if training.first_process() else "other", run.settings["devices"])
