"""Small whole lives of models: ``python lives.py folder`` lives them with the Keras backend of the environment.

Where the folder holds the first weights and the features of another backend's lives, these are taken up and compared.
"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd

ROWS = 120


def _frame():
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 3))
    x[::11, 1] = np.nan
    score = x[:, 0] - x[:, 2]
    words = np.array(["tea", "cup", "shop", "pot", "leaf", "warm"])
    said = [" ".join([*random.choice(words, 3), "good" if s > 0 else "bad"]) for s in score]
    pitch = np.where(score > 0, 900.0, 300.0)
    waves = np.sin(2 * np.pi * pitch[:, None] * np.arange(1_000) / 8_000).astype("float32")
    waves += random.normal(0, 0.02, waves.shape).astype("float32")
    shade = np.where(score > 0, 160, 60)[:, None, None] + random.integers(0, 40, (ROWS, 8, 8))
    return pd.DataFrame(
        {
            "a": x[:, 0],
            "b": 1e6 * x[:, 1],
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 10**7, ROWS), "s"),
            "town": random.choice([f"t{i}" for i in range(30)], ROWS),
            "size": random.choice(["s", "m", "l"], ROWS),
            "said": said,
            "wave": list(waves),
            "seen": list(shade.astype("uint8")),
            "user": random.choice([f"u{i}" for i in range(8)], ROWS),
            "item": random.choice([f"i{i}" for i in range(9)], ROWS),
            "yes": np.where(score > 0, "yes", "no"),
            "three": np.select([score < -0.5, score > 0.5], ["low", "high"], "middle"),
            "amount": 1e4 + 300 * score,
        }
    )


TABLE = {"a": "numeric", "b": "numeric", "when": "datetime", "town": "categorical", "size": "categorical"}
PAIR = {"user": "user", "item": "item"}
EVERYTHING = {
    "ema": 0.9,
    "schedule": "one-cycle",
    "optimizer": "adamw",
    "clip_norm": 1.0,
    "class_weight": "balanced",
}
# On TensorFlow Keras squares the gradients of an embedding for each place that an id stands at, on JAX their sum (in adaptive
# optimizers, and in the norm that is clipped). Where ids repeat in a batch, only plain SGD is the same on both.
SGD = {"optimizer": "sgd", "learning_rate": 0.1, "clip_norm": False}
CALM = {"word_dropout": 0.0, "dropout": 0.0}
TEXT, WAVE, SEEN = {"said": "text"}, {"wave": "audio"}, {"seen": "image"}
# Architecture, target, roles, options of the builder, options of the training: nothing random but the order of the rows.
LIVES = {
    "linear": ("linear", "three", TABLE, {}, {}),
    "mlp": ("mlp", "yes", TABLE, {"units": (8,), "dropout": 0.0, "l2": 0.01}, EVERYTHING),
    "regression": ("mlp", "amount", TABLE, {"units": (8,), "dropout": 0.0}, {"optimizer": "rmsprop"}),
    "tabular": ("tabular", "three", TABLE, {"dropout": 0.0}, {"label_smoothing": 0.1}),
    "bag_of_words": ("bag_of_words", "yes", TEXT, CALM, SGD),
    "lstm": ("lstm", "yes", TEXT, {**CALM, "width": 4, "units": (3,)}, SGD),
    "gru": ("gru", "yes", TEXT, {**CALM, "width": 4, "units": (3,)}, SGD),
    "transformer": ("transformer", "yes", TEXT, {**CALM, "width": 4, "heads": 2}, SGD),
    "cnn": ("cnn", "yes", SEEN, {"filters": (4,), "dropout": 0.0}, {"augment": False}),
    "resnet": ("resnet", "yes", SEEN, {"filters": (4,), "dropout": 0.0}, {"augment": False}),
    "audio_cnn": ("audio_cnn", "yes", WAVE, {"filters": (4,), "dropout": 0.0}, {"augment": False}),
    "matrix_factorisation": ("matrix_factorisation", "amount", PAIR, {}, {}),
    "two_tower": ("two_tower", "yes", PAIR, {"dropout": 0.0}, {}),
    "ranker": ("ranker", "yes", PAIR, {"dropout": 0.0}, {}),
    "fusion": ("fusion", "yes", {"a": "numeric", **TEXT}, {"dropout": 0.0}, SGD),
}


def live(name, folder, *, epochs=2):
    """Prepare, build, train, save, load, evaluate and bundle; what is left are numbers to compare."""
    from dltoolkit import Problem, Schema, data, deployment, evaluation, models, preprocessing, training

    architecture, target, roles, build, fit = LIVES[name]
    frame = _frame()[[*roles, target]]
    problem = Problem.infer(frame, target)
    splits = data.split(frame, problem, near=False)
    schema = Schema.infer(splits.train, target).with_roles(**roles)
    preprocessor = preprocessing.fit(splits.train, schema)
    features = preprocessor.transform(splits.train)
    model = models.build(problem, preprocessor, architecture, **build)
    kept = folder / f"{name}.npz"
    if kept.exists():
        with np.load(kept) as other:
            for key, values in features.items():
                np.testing.assert_allclose(values, other[key], rtol=1e-3, atol=1e-3)
            model.set_weights([other[f"weight {i}"] for i in range(len(model.weights))])
    else:
        weights = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
        np.savez(kept, **features, **weights)
    options = {"epochs": epochs, "batch_size": 32, "progress": False, **fit}
    run = training.fit(model, preprocessor, splits, problem, **options)
    run.save(folder / name)
    again = training.load(folder / name)
    np.testing.assert_array_equal(again.outputs(splits.validation), run.outputs(splits.validation))
    bundle = deployment.save(folder / f"{name} bundle", run)
    np.testing.assert_array_equal(bundle.outputs(splits.validation), run.outputs(splits.validation))
    found = evaluation.evaluate(run, splits.test, problem)
    history = run.history.drop(columns="seconds").to_dict("list")
    return {
        "history": history,
        "pace": run.settings["pace"],
        "outputs": run.outputs(splits.validation).tolist(),
        "test": len(found.frame()),
    }


if __name__ == "__main__":
    for one in sys.argv[2:] or LIVES:
        print(json.dumps({one: live(one, pathlib.Path(sys.argv[1]))}), flush=True)
