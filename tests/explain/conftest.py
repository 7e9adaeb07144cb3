"""Tiny runs that were never trained: what is explained is known from their weights."""

import types

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, models, preprocessing
from dltoolkit.training import Run

ROWS = 120
L = keras.layers


def run_of(model, preprocessor, problem):
    """A run as training leaves it."""
    return Run(
        model=model, preprocessor=preprocessor, problem=problem, history=pd.DataFrame({"epoch": [1]}), settings={},
        timings={}, stopped="finished", best_epoch=1,
    )  # fmt: skip


def inputs_of(preprocessor):
    return {n: keras.Input(s.shape, dtype=s.dtype, name=n) for n, s in preprocessor.specs.items()}


def made(frame, target, roles, **options):
    schema = Schema.infer(frame, target).with_roles(**roles)
    return Problem.infer(frame, target), preprocessing.fit(frame, schema, **options)


@pytest.fixture(scope="session")
def table():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": random.normal(size=ROWS), "b": random.normal(size=ROWS), "c": random.normal(size=ROWS)}
    )
    frame["town"] = random.choice([f"t{i}" for i in range(40)], ROWS)
    frame["late"] = np.where(2 * frame["a"] - frame["b"] + random.normal(size=ROWS) > 0, "yes", "no")
    frame["kind"] = random.choice(["x", "y", "z"], ROWS)
    frame["price"] = 100 + 5 * frame["a"]
    return frame


@pytest.fixture(scope="session")
def tables(table):
    """A run of each kind of problem, of an MLP with a category among its inputs."""
    runs = {}
    for target in ("late", "kind", "price"):
        frame = table[["a", "b", "c", "town", target]]
        problem, preprocessor = made(
            frame, target, {"a": "numeric", "b": "numeric", "c": "numeric", "town": "categorical"}
        )
        runs[target] = run_of(models.mlp(problem, preprocessor, units=(8, 6), seed=1), preprocessor, problem)
    return runs


@pytest.fixture(scope="session")
def pictures():
    """Squares at the left or the right of a 12 x 16 picture; a network whose one filter lights up on them."""
    random = np.random.default_rng(0)
    cells, sides = [], []
    for i in range(40):
        picture = np.zeros((12, 16, 1), "uint8")
        top, left = random.integers(1, 8), random.integers(9, 12) if i % 2 else random.integers(1, 4)
        picture[top : top + 3, left : left + 3] = 255
        cells.append(picture)
        sides.append("right" if i % 2 else "left")
    frame = pd.DataFrame({"picture": cells, "side": sides})
    problem, preprocessor = made(frame, "side", {"picture": "image"})
    inputs = inputs_of(preprocessor)
    y = L.Conv2D(2, 3, padding="same", name="first")(inputs["picture"])
    y = L.Activation("relu", name="bend")(y)
    y = L.Conv2D(2, 3, padding="same", activation="relu", name="second")(y)
    flat = L.Flatten(name="flat")(y)
    model = keras.Model(inputs, L.Dense(1, "sigmoid", name="answer")(flat), name="cnn")
    one = np.zeros((3, 3, 1, 2), "float32")
    one[:, :, 0, 0], one[1, 1, 0, 1] = 1 / 9, 1.0
    second = np.zeros((3, 3, 2, 2), "float32")
    second[1, 1, 0, 0] = second[1, 1, 1, 1] = 1.0
    weights = np.zeros((12, 16, 2), "float32")
    weights[:, 8:, 0], weights[:, :8, 0] = 2.0, -1.0
    model.get_layer("first").set_weights([one, np.zeros(2)])
    model.get_layer("second").set_weights([second, np.zeros(2)])
    model.get_layer("answer").set_weights([weights.reshape(-1, 1), np.zeros(1)])
    return types.SimpleNamespace(run=run_of(model, preprocessor, problem), frame=frame)


WORDS = ("good", "bad", "film", "the", "actor")


@pytest.fixture(scope="session")
def texts():
    """Reviews; networks in which "good" speaks for yes and "bad" against it, as much as was put into their weights."""
    random = np.random.default_rng(0)
    said = [" ".join(random.choice(WORDS, 6)) for _ in range(60)]
    frame = pd.DataFrame({"said": said, "liked": ["yes" if "good" in s else "no" for s in said]})
    weights = dict(zip(WORDS, (2.0, -1.0, 0.1, 0.0, 0.0), strict=True))
    problem, preprocessor = made(
        frame, "liked", {"said": "text"}, text=preprocessing.TextOptions(mode="sequence")
    )
    inputs = inputs_of(preprocessor)
    spec = preprocessor.specs["said"]
    vectors = L.Embedding(spec.vocabulary_size, 2, name="vectors")
    total = L.GlobalAveragePooling1D(name="mean")(vectors(inputs["said"]))
    model = keras.Model(inputs, L.Dense(1, "sigmoid", name="answer")(total), name="words")
    vocabulary = next(p for p in preprocessor._plan.media).vocabulary
    table = np.zeros((spec.vocabulary_size, 2), "float32")
    for i, word in enumerate(vocabulary):
        table[i + 2, 0] = weights[word]
    vectors.set_weights([table])
    model.get_layer("answer").set_weights([np.array([[1.0], [0.0]]), np.array([0.5])])
    return types.SimpleNamespace(
        run=run_of(model, preprocessor, problem), frame=frame, weights=weights, length=spec.shape[0]
    )


@pytest.fixture(scope="session")
def build():
    """What makes runs: ``build.run_of``, ``build.inputs_of``, ``build.made``."""
    return types.SimpleNamespace(run_of=run_of, inputs_of=inputs_of, made=made)
