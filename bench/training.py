"""Speed of training.fit beside the tutorial way, Keras at its best and a bare compiled loop: one run, the same model and updates.

* tutorial: ``model.fit`` on arrays, with the preprocessing layers in the model.
* keras: features made once, ``steps_per_execution=32``, XLA.
* bare: an epoch as one function that XLA compiles (without it for convolutions): the order drawn and rows gathered in
  it, forward, gradients and Adam by hand, no metrics, no callbacks, no validation. Nothing in Keras can be faster.
* dltoolkit: ``training.fit`` as it is, which picks its pace by itself; "loop" and "xla" are its two paces, asked for.

All train with Adam on batches of 32. Examples per CPU second are those of an epoch after the first; "compile" is what the first
epoch took beyond that. Asked against the tutorial way: flights >= 12x, reviews >= 5x, movielens >= 3x, Fashion-MNIST >= 1.6x, and
within 1.5x of the bare loop. Fashion-MNIST is a file that the project does not bring: --npz FILE.

    python bench/training.py [flights reviews movielens fashion] [--npz FILE] [--rows N] [--repeats 5] [--ways ...]
"""

import argparse
import statistics
import time

import numpy as np
import pandas as pd

from dltoolkit import Problem, Schema, data, models, preprocessing, training
from dltoolkit._keras import keras, tf
from dltoolkit.preprocessing import TextOptions

BATCH, RATE, EPOCHS = 32, 1e-3, 3
ASKED = {"flights": 12.0, "reviews": 5.0, "movielens": 3.0, "fashion": 1.6}
ROWS = {"flights": 60_000, "reviews": 3_200, "movielens": 60_000, "fashion": 12_000}


class Clock(keras.callbacks.Callback):
    """CPU and wall seconds of each epoch's training, validation left out."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.process_time(), time.perf_counter()

    def on_test_begin(self, logs=None):
        self.epochs.append((time.process_time() - self.began[0], time.perf_counter() - self.began[1]))

    def on_epoch_end(self, epoch, logs=None):
        if len(self.epochs) <= epoch:
            self.on_test_begin()


def table(name, npz):
    """Frame, problem and schema of a task."""
    if name == "fashion":
        with np.load(npz) as file:
            frame = pd.DataFrame(
                {"picture": list(file["x_train"]), "label": [f"c{k}" for k in file["y_train"]]}
            )
        problem = Problem.infer(frame, "label")
        return frame, problem, Schema.infer(frame, "label").with_roles(picture="image")
    frame, facts = data.load(name), data.catalogue().set_index("name").loc[name]
    problem = Problem.infer(frame, facts["target"], kind=facts["kind"])
    used = {"reviews": ["text"], "movielens": ["user", "item"]}.get(name)
    frame = frame if used is None else frame[[*used, facts["target"]]]
    return frame, problem, Schema.infer(frame, facts["target"])


def network(name, problem, preprocessor):
    """The task's network; the same for all ways."""
    if name == "flights":
        return models.mlp(problem, preprocessor, units=(128, 64), dropout=0, l2=0, seed=0)
    if name == "movielens":
        return models.matrix_factorisation(problem, preprocessor, seed=0)
    keras.utils.set_random_seed(0)
    key, spec = next((k, s) for k, s in preprocessor.specs.items())
    inputs = keras.Input(spec.shape, dtype=spec.dtype, name=key)
    if name == "reviews":
        x = keras.layers.Embedding(spec.vocabulary_size, 64)(inputs)
        x = keras.layers.GlobalAveragePooling1D()(x)
        x = keras.layers.Dense(32, "relu")(x)
    else:
        x = keras.layers.Conv2D(16, 3, activation="relu")(inputs)
        x = keras.layers.MaxPooling2D()(x)
        x = keras.layers.Conv2D(32, 3, activation="relu")(x)
        x = keras.layers.Flatten()(keras.layers.MaxPooling2D()(x))
    return keras.Model(
        {key: inputs}, keras.layers.Dense(problem.head.units, problem.head.activation)(x), name="own"
    )


def loss_of(problem):
    return keras.losses.get(str(problem.loss))


def compiled(model, problem, **options):
    metrics = [str(m) for m in problem.metrics]
    model.compile(keras.optimizers.Adam(RATE), loss_of(problem), metrics=metrics, **options)
    return model


def tutorial(model, preprocessor, splits, problem):
    whole = keras.Model(preprocessor.model.input, model(preprocessor.model(preprocessor.model.input)))
    clock = Clock()
    x, y = preprocessor.inputs(splits.train), problem.encode(splits.train)
    x = {name: x[name] for name in whole.input}
    compiled(whole, problem).fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[clock])
    return clock.epochs


def best_of_keras(model, preprocessor, splits, problem, *, convolutions):
    clock = Clock()
    x, y = preprocessor.transform(splits.train), problem.encode(splits.train)
    made = compiled(model, problem, steps_per_execution=32, jit_compile=not convolutions)
    made.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[clock])
    return clock.epochs


def bare(model, preprocessor, splits, problem, *, convolutions):
    x = {k: tf.constant(v) for k, v in preprocessor.transform(splits.train).items()}
    y = tf.constant(problem.encode(splits.train))
    y = y if problem.kind == "multiclass" else tf.reshape(y, (-1, 1))
    weights = [w.value for w in model.trainable_weights]
    first, second = ([tf.Variable(tf.zeros_like(w)) for w in weights] for _ in range(2))
    step, loss_fn, n = tf.Variable(0.0), loss_of(problem), len(splits.train)

    def update(order, i):
        rows = order[i]
        batch = {k: tf.gather(v, rows) for k, v in x.items()}
        with tf.GradientTape() as tape:
            answer = model(batch, training=True)
            loss = tf.reduce_mean(loss_fn(tf.gather(y, rows), answer)) + sum(model.losses)
        step.assign_add(1.0)
        rate = RATE * tf.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        for w, m, v, g in zip(weights, first, second, tape.gradient(loss, weights), strict=True):
            g = tf.convert_to_tensor(g)
            m.assign(0.9 * m + 0.1 * g)
            v.assign(0.999 * v + 0.001 * g * g)
            w.assign_sub(rate * m / (tf.sqrt(v) + 1e-7))
        return loss

    @tf.function(jit_compile=not convolutions, autograph=False)
    def epoch(seed):
        order = tf.argsort(tf.random.stateless_uniform((n,), seed))
        order = tf.reshape(order[: n // BATCH * BATCH], (-1, BATCH))
        body = lambda i, total: (i + 1, total + update(order, i))  # noqa: E731
        return tf.while_loop(lambda i, total: i < n // BATCH, body, (0, 0.0))[1]

    found = []
    for number in range(EPOCHS):
        began = time.process_time(), time.perf_counter()
        float(epoch(tf.constant([0, number])))
        found.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    return found


def ours(model, preprocessor, splits, problem, *, compiled):
    clock = Clock()
    run = training.fit(
        model, preprocessor, splits, problem, optimizer="adam", learning_rate=RATE, schedule="constant", warmup=0.0,
        weight_decay=0.0, clip_norm=False, ema=False, label_smoothing=0.0, epochs=EPOCHS, batch_size=BATCH,
        early_stopping=False, augment=False, callbacks=[clock], progress=False, compiled=compiled,
    )  # fmt: skip
    return clock.epochs, run.settings["pace"]


def parts(name, options, seed=0):
    """Preprocessor, splits and problem of a task."""
    frame, problem, schema = table(name, options.npz)
    rows = options.rows or ROWS[name]
    frame = frame.sample(min(len(frame), int(rows / 0.64)), random_state=seed)
    splits = data.split(frame, problem, seed=seed)
    settings = {"text": TextOptions(mode="sequence", length=100)} if name == "reviews" else {}
    return preprocessing.fit(splits.train, schema, **settings), splits, problem


def task(name, options):
    preprocessor, splits, problem = parts(name, options)
    convolutions, found = name == "fashion", {}
    n = len(splits.train)
    for repeat in range(options.repeats):
        for way in options.ways:
            model = network(name, problem, preprocessor)
            given = (model, preprocessor, splits, problem)
            pace = ""
            if way == "tutorial":
                epochs = tutorial(*given)
            elif way == "keras":
                epochs = best_of_keras(*given, convolutions=convolutions)
            elif way == "bare":
                epochs = bare(*given, convolutions=convolutions)
            else:
                epochs, pace = ours(*given, compiled={"loop": False, "xla": True}.get(way))
            later = statistics.median(cpu for cpu, _ in epochs[1:])
            wall = statistics.median(seconds for _, seconds in epochs[1:])
            found.setdefault(way, []).append((n / later, n / wall, epochs[0][1] - wall, pace))
            print(f"{name} {repeat} {way}: {n / later:,.0f} examples/CPU s {pace}", flush=True)
    medians = {way: [statistics.median(r[i] for r in runs) for i in range(3)] for way, runs in found.items()}
    for way, (cpu, wall, extra) in medians.items():
        row = {"task": name, "way": way, "examples / CPU s": round(cpu), "examples / s": round(wall)}
        base = medians.get("tutorial")
        against = (
            {"x tutorial": round(cpu / base[0], 1), "x tutorial, wall": round(wall / base[1], 1)}
            if base
            else {}
        )
        yield {
            **row,
            **against,
            "asked": ASKED[name] if way == "dltoolkit" else "",
            "compile s": round(extra, 1),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", default=["flights", "reviews", "movielens"])
    parser.add_argument("--npz", help="fashion_mnist.npz, with x_train and y_train")
    parser.add_argument("--rows", type=int, help="training rows (by task)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--ways", nargs="+", default=["tutorial", "keras", "bare", "dltoolkit"])
    options = parser.parse_args()
    rows = [row for name in options.tasks for row in task(name, options)]
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
