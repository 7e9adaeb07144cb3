"""A loss that is not finite ends the training at once, and its batch and first bad layer are named."""

import keras
import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, Schema, data, preprocessing, training
from dltoolkit._keras import tf

ROWS, BATCH = 200, 16


@pytest.fixture(scope="module")
def given():
    random = np.random.default_rng(0)
    x = random.normal(size=ROWS)
    frame = pd.DataFrame({"x": x, "y": np.where(x > 0, "p", "n")}, index=[f"r{i}" for i in range(ROWS)])
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, seed=0)
    return preprocessing.fit(splits.train, Schema.infer(frame, "y")), splits, problem


def network(preprocessor, middle):
    inputs = {name: keras.Input(spec.shape, name=name) for name, spec in preprocessor.specs.items()}
    x = keras.layers.Dense(4, "tanh", name="first")(inputs["dense"])
    x = middle(x)
    x = keras.layers.Dense(4, name="third")(x)
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid", name="answer")(x), name="own")


def fit(given, model, **options):
    preprocessor, splits, problem = given
    return training.fit(
        model, preprocessor, splits, problem, batch_size=BATCH, epochs=3, progress=False, **options
    )


class Root(keras.layers.Layer):
    """Not finite for the rows whose first number is negative."""

    def call(self, x):
        return keras.ops.log(x[:, :1] + 0.9999) + x


@pytest.mark.parametrize(
    "callbacks", [(), [keras.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: None)]]
)
def test_the_first_layer_whose_answer_is_not_finite_is_named_with_its_batch_and_rows(given, callbacks):
    preprocessor, splits, _ = given
    model = network(preprocessor, Root(name="second"))
    first = model.get_layer("first")
    first.set_weights([np.array([[9.0, 0, 0, 0]], "float32"), np.zeros(4, "float32")])
    first.trainable = False
    with pytest.raises(
        FloatingPointError, match=r"epoch 1, batch \d+ \(row .*the first layer .* is 'second'"
    ) as told:
        fit(given, model, optimizer="sgd", learning_rate=1e-6, callbacks=callbacks)
    # By hand: the first batch of the first epoch with a row whose logarithm does not exist.
    bad = np.tanh(9.0 * preprocessor.transform(splits.train)["dense"][:, 0]) <= -0.9999
    order = tf.random.experimental.stateless_shuffle(np.arange(len(bad)), [0, 0]).numpy()
    batch = int(np.flatnonzero(bad[order])[0]) // BATCH
    rows = splits.train.index[order[batch * BATCH : (batch + 1) * BATCH]]
    assert f"batch {batch + 1} (row " in str(told.value)
    assert all(repr(row) in str(told.value) for row in rows[:3])


def test_weights_that_an_update_broke_are_told_from_answers_that_overflow(given):
    model = network(given[0], keras.layers.Identity(name="second"))
    with pytest.raises(
        FloatingPointError, match=r"batch 2 .*weights of the layer 'first' are not finite since"
    ):
        # A gradient a million times as large, times this rate, is beyond the largest float32 (3.4e38).
        fit(given, model, optimizer="sgd", learning_rate=1e38, class_weight={"p": 1e6, "n": 1e6})


def test_a_loss_of_one_s_own_that_is_not_finite_is_told(given):
    class Broken(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.log(-1.0 - keras.ops.square(y_pred[:, 0]))

    model = network(given[0], keras.layers.Identity(name="second"))
    with pytest.raises(FloatingPointError, match=r"batch 1 .*it is the loss itself .*largest weight is \d"):
        fit(given, model, loss=Broken(name="broken"))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in Keras itself
def test_with_an_epoch_done_the_best_weights_are_kept_and_a_warning_names_the_batch(given):
    class Explode(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.optimizer.learning_rate = 1e38

    model = network(given[0], keras.layers.Identity(name="second"))
    with pytest.warns(RuntimeWarning, match=r"epoch 3, batch \d.*The weights of epoch [12] are kept"):
        run = fit(given, model, optimizer="sgd", learning_rate=0.01, callbacks=[Explode()])
    assert run.stopped == "diverged" and len(run.history) == 2
    assert all(np.isfinite(weight).all() for weight in run.model.get_weights())
