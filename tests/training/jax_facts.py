"""What `test_jax` asks of JAX, in one process: prints one line of JSON."""

import contextlib
import json
import tempfile

import keras
import numpy as np
import pandas as pd

from dltoolkit import Problem, Schema, data, explain, models, preprocessing, training
from dltoolkit._checks import InputError

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(RANDOM.normal(size=(300, 2)), columns=["a", "b"])
FRAME["town"] = RANDOM.choice(["x", "y", "z"], 300)
FRAME["y"] = np.where(FRAME["a"] - FRAME["b"] + RANDOM.normal(size=300) > 0, "p", "n")


def parts(frame=FRAME):
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(splits.train, "y")), splits, problem


PREPROCESSOR, SPLITS, PROBLEM = parts()


def fit(**options):
    model = models.mlp(PROBLEM, PREPROCESSOR, units=(8,), dropout=0.2)
    return training.fit(model, PREPROCESSOR, SPLITS, PROBLEM, progress=False, **{"epochs": 5, **options})


def equal(one, other):
    return all(
        np.array_equal(a, b) for a, b in zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    )


class Die(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            raise SystemExit


class Press(keras.callbacks.Callback):
    def on_updates(self, done, updates, logs):
        raise KeyboardInterrupt


def refused(call):
    try:
        return str(call())
    except (InputError, FloatingPointError) as error:
        return str(error)


def resumed():
    options = {
        "ema": 0.9,
        "optimizer": "adamw",
        "schedule": "one-cycle",
        "clip_norm": 1.0,
        "early_stopping": 4,
    }
    whole = fit(**options)
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.suppress(SystemExit):
            fit(**options, checkpoints=folder, callbacks=[Die()])
        again = fit(**options, checkpoints=folder, resume=True)
    same = again.history.drop(columns="seconds").equals(whole.history.drop(columns="seconds"))
    return {"resumed weights equal": equal(whole, again), "resumed history equal": bool(same)}


def same_again():
    each = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    first, second, batches = fit(), fit(), fit(callbacks=[each])
    return {
        "repeated equal": equal(first, second),
        "paces": [first.settings["pace"], batches.settings["pace"]],
        "loop and batches equal": equal(first, batches),
    }


def best():
    run = fit(epochs=60, learning_rate=0.1, early_stopping=3)
    y, p = PROBLEM.encode(SPLITS.validation), run.outputs(SPLITS.validation).astype("float64")
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return {"best loss": loss, "best loss in the history": run.history["val_loss"].min()}


def broken():
    stopped = fit(callbacks=[Press()])
    finite = bool(np.isfinite(stopped.outputs(SPLITS.validation)).all())
    diverged = refused(lambda: fit(optimizer="sgd", learning_rate=1e30))
    return {"interrupted": stopped.stopped, "finite": finite, "diverged": diverged}


def only_tensorflow():
    run = fit(epochs=1)
    features = PREPROCESSOR.transform(SPLITS.train)
    encoder = keras.Model(run.model.input, run.model.output)
    learn = training._embed.learn_neighbours
    numbers = features["dense"]
    return {
        "texts as they are": refused(lambda: PREPROCESSOR.inputs(SPLITS.train)),
        "grad_cam": refused(lambda: explain.grad_cam(run, SPLITS.validation)),
        "integrated_gradients": refused(lambda: explain.integrated_gradients(run, SPLITS.validation)),
        "learning codes": refused(lambda: learn(encoder, features, numbers, epochs=1, seed=0)),
    }


if __name__ == "__main__":
    found = {}
    for ask in (resumed, same_again, best, broken, only_tensorflow):
        found |= ask()
    print(json.dumps(found))
