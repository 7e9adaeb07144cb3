"""What a network costs and sees: counted by hand, by TensorFlow's profiler, and by gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dltoolkit import models
from dltoolkit._checks import InputError

L = keras.layers


def one(layer, *shapes, dtype="float32"):
    """FLOPs of one layer for one example."""
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    model = keras.Model(inputs, layer(*inputs))
    return models.describe(model).frame().set_index("kind")["flops"].iloc[-1]


def profiled(layer, shape):
    """What TensorFlow's own profiler counts."""
    layer.build((1, *shape))
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((1, *shape))).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder(
        tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    )
    options = options.with_empty_output().build()
    return tf.compat.v1.profiler.profile(graph, cmd="op", options=options).total_float_ops


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: L.Dense(7), (5,)),
        (lambda: L.Dense(7, use_bias=False), (5,)),
        (lambda: L.Conv2D(6, 3, padding="same"), (8, 10, 2)),
        (lambda: L.Conv2D(6, (3, 2), strides=2), (9, 9, 4)),
        (lambda: L.DepthwiseConv2D(3, padding="same", use_bias=False), (8, 8, 4)),
        (L.Add, None),
        (lambda: L.MaxPooling2D(2), (8, 8, 3)),
        (lambda: L.AveragePooling2D(2), (8, 8, 3)),
    ],
)
def test_operations_are_those_of_tensorflows_profiler(layer, shape):
    if shape is None:
        assert one(lambda a, b: layer()([a, b]), (5,), (5,)) == 5
        return
    assert one(layer(), shape) == profiled(layer(), shape)


ATTENTION = 12 * 16 * (2 * 16 + 1) * 3 + 2 * 12 * 12 * (2 * 8 + 5 + 2 * 8) + 12 * 16 + 12 * 16 * (2 * 16 + 1)


@pytest.mark.parametrize(
    ("layer", "shape", "by_hand"),
    [
        (lambda: L.Dense(4, "relu"), (3,), 2 * 3 * 4 + 4 + 4),
        (lambda: L.Dense(4, "softmax"), (3,), 2 * 3 * 4 + 4 + 5 * 4),
        (lambda: L.Dense(4), (6, 3), 6 * (2 * 3 * 4 + 4)),
        (lambda: L.EinsumDense("abc,cde->abde", (None, 2, 5), bias_axes="de"), (6, 3), 6 * 10 * (2 * 3 + 1)),
        (lambda: L.Conv1D(4, 3, padding="causal", groups=2), (10, 6), 10 * 4 * (2 * 3 * 3 + 1)),
        (lambda: L.Conv2DTranspose(5, 2, strides=2, use_bias=False), (4, 4, 3), 2 * 16 * 4 * 5 * 3),
        (lambda: L.SeparableConv2D(8, 3, padding="same"), (4, 4, 2), 16 * (2 * 9 * 2 + 2 * 2 * 8 + 8)),
        (L.BatchNormalization, (4, 4, 3), 2 * 48),
        (L.LayerNormalization, (5, 3), 7 * 15),
        (lambda: L.LayerNormalization(center=False), (5, 3), 6 * 15),
        (L.GlobalAveragePooling2D, (4, 4, 3), 48),
        (lambda: L.LSTM(3), (7, 2), 7 * (4 * (2 * (2 + 3) * 3 + 3) + 5 * 3 + 4 * 3)),
        (lambda: L.GRU(3), (7, 2), 7 * (3 * (2 * (2 + 3) * 3 + 2 * 3) + 3 * 3 + 5 * 3)),
        (lambda: L.SimpleRNN(3), (7, 2), 7 * (2 * (2 + 3) * 3 + 3 + 3)),
        (lambda: L.Bidirectional(L.SimpleRNN(3)), (7, 2), 2 * 7 * (2 * (2 + 3) * 3 + 3 + 3)),
        (lambda: L.TimeDistributed(L.Dense(2)), (7, 3), 7 * (2 * 3 * 2 + 2)),
        (lambda: L.Rescaling(2.0, 1.0), (5,), 10),
        (lambda: L.Activation("tanh"), (5,), 5),
        (lambda: L.Dropout(0.1, seed=0), (5,), 0),
        (L.Flatten, (5, 2), 0),
        (lambda: L.UpSampling2D(2), (2, 2, 3), 0),
        (lambda: (lambda x: L.MultiHeadAttention(2, 8)(x, x)), (12, 16), ATTENTION),
        (lambda: (lambda x: keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1)))), (5, 3), 2 * 5 * 5 * 3),
        (lambda: (lambda x: keras.ops.einsum("bij,bkj->bik", x, x)), (5, 3), 2 * 5 * 5 * 3),
        (lambda: (lambda x: keras.ops.sum(x, axis=1)), (5, 3), 15),
    ],
)  # fmt: skip
def test_operations_are_those_counted_by_hand(layer, shape, by_hand):
    assert one(layer(), shape) == by_hand


def test_what_is_not_known_is_nan_and_named_and_never_nought():
    class Odd(L.Layer):
        def call(self, x):
            return x * 2

    x = keras.Input((4,))
    description = models.describe(keras.Model(x, L.Dense(2, name="known")(Odd(name="odd")(x))))
    assert np.isnan(description.frame().set_index("layer").loc["odd", "flops"])
    assert description.unknown == ("odd",)
    assert "of 2 of 3 layers" in repr(description)
    ids = keras.Input((None,), dtype="int32")
    open_ended = models.describe(keras.Model(ids, L.LSTM(3)(L.Embedding(9, 2)(ids)))).frame()
    assert open_ended["flops"].isna().tolist() == [False, False, True]


def small_cnn():
    x = keras.Input((24, 20, 1), name="picture")
    y = L.Conv2D(3, 3, padding="same", name="first", activation="relu")(x)
    side = L.Conv2D(3, 1, name="side")(y)
    y = L.Conv2D(3, (3, 5), padding="same", name="second", activation="relu")(y)
    y = L.Add(name="join")([side, y])
    y = L.MaxPooling2D(2, name="pool")(y)
    y = L.ZeroPadding2D(((1, 0), (0, 1)), name="pad")(y)
    y = L.Conv2D(2, 3, strides=2, dilation_rate=1, name="third")(y)
    y = L.DepthwiseConv2D((2, 3), padding="same", name="fourth")(y)
    return keras.Model(
        x, L.Dense(2, "softmax", name="answer")(L.GlobalAveragePooling2D(name="mean")(y)), name="small"
    )


def test_totals_are_keras_own_and_memory_is_four_bytes_a_number():
    model = small_cnn()
    model.get_layer("first").trainable = False
    description = models.describe(model, batch_size=8)
    assert description.parameters == model.count_params()
    assert description.trainable == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert description.weight_bytes == 4 * model.count_params()
    outputs = sum(int(np.prod(layer.output.shape[1:])) for layer in model.layers)
    assert description.activation_bytes == 8 * 4 * outputs
    assert description.flops == 8 * models.describe(model).flops
    assert ("side", "join") in description.edges and ("second", "join") in description.edges
    assert "next: plots.network" in repr(description)


def test_networks_inside_are_opened_and_a_layer_used_twice_is_counted_once():
    inner_in = keras.Input((4,))
    shared = L.Dense(4, name="shared")
    inner = keras.Model(
        inner_in, L.Activation("relu", name="bend")(L.Dense(4, name="wide")(inner_in)), name="inner"
    )
    x = keras.Input((4,), name="features")
    model = keras.Model(x, shared(inner(shared(x))), name="outer")
    description = models.describe(model)
    table = description.frame().set_index("layer")
    assert list(table.index) == ["features", "shared", "inner/wide", "inner/bend", "shared:2"]
    assert description.parameters == model.count_params() == 40
    assert table.loc["shared:2", ["parameters", "flops"]].tolist() == [0, 36.0]
    assert ("inner/bend", "shared:2") in description.edges
    sequential = keras.Sequential([keras.Input((4,)), L.Dense(2)], name="row")
    assert models.describe(sequential).parameters == 10


def test_a_network_inside_that_takes_any_length_is_counted_for_the_one_that_it_gets():
    ids = keras.Input((None,), dtype="int32")
    vectors = L.Embedding(9, 4)(ids)
    body = keras.Model(
        ids, L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 2)(vectors, vectors)), name="body"
    )
    x = keras.Input((7,), dtype="int32")
    table = models.describe(keras.Model(x, body(x))).frame()
    assert table["output"].tolist() == [(7,), (7, 4), (7, 4), (4,)]
    assert not table["flops"].isna().any()
    assert models.describe(body).frame()["flops"].isna().sum() == 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, r"model: expected a keras\.Model, got int\. Build one"),
        (keras.Sequential([L.Dense(2)]), r"model: expected a network whose layers are connected"),
    ],
)
def test_what_is_no_network_is_refused(value, message):
    with pytest.raises(InputError, match=message):
        models.describe(value)


def test_a_batch_has_at_least_one_row():
    with pytest.raises(InputError, match=r"batch_size: expected a whole number in \[1, inf\], got 0"):
        models.describe(small_cnn(), batch_size=0)


def seen_by_gradients(model, layer, unit):
    """The pixels whose change moves one unit: the bounding box of its gradient."""
    inner = keras.Model(model.inputs, model.get_layer(layer).output)
    for weight in inner.weights:
        weight.assign(np.ones(weight.shape))  # positive everywhere, so that nothing cancels
    x = tf.Variable(np.zeros((1, *model.input_shape[1:]), "float32"))
    region = np.zeros(model.input_shape[1:-1], bool)
    draw = np.random.default_rng(0)
    for _ in range(12):  # the maximum of a pool lets one pixel through at a time: several draws
        x.assign(draw.random(x.shape).astype("float32") + 1)
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(inner(x)[(0, *unit)])
        region |= np.abs(tape.gradient(value, x).numpy()[0]).sum(-1) > 0
    places = np.argwhere(region)
    return tuple((int(a), int(b) + 1) for a, b in zip(places.min(0), places.max(0), strict=True))


@pytest.mark.parametrize(
    ("layer", "unit"),
    [("first", (0, 0)), ("second", (10, 9)), ("join", (5, 5)), ("pool", (3, 4)), ("third", (2, 2)), ("third", (0, 0)),
     ("fourth", (2, 2))],
)  # fmt: skip
def test_a_unit_sees_the_pixels_that_its_gradient_reaches(layer, unit):
    model = small_cnn()
    assert models.receptive_field(model, layer).region(*unit) == seen_by_gradients(model, layer, unit)


def test_the_last_window_is_the_default_and_growth_follows_the_formula():
    x = keras.Input((64, 3))
    y = L.Conv1D(4, 5, strides=2, padding="same", name="a")(x)
    y = L.Conv1D(4, 3, dilation_rate=4, padding="causal", name="b")(y)
    field = models.receptive_field(keras.Model(x, L.GlobalMaxPooling1D()(y)))
    assert (field.layer, field.size, field.stride) == ("b", (5 + 2 * 8,), (2,))  # r += (k - 1) * d * jump
    assert "21 of" in repr(field)
    assert field.frame()["units"].tolist() == [32]


def test_attention_and_recurrence_see_everything():
    x = keras.Input((16, 4))
    y = L.Conv1D(4, 3, padding="same")(x)
    model = keras.Model(x, L.LSTM(3, return_sequences=True, name="memory")(y))
    field = models.receptive_field(model, "memory")
    assert field.size == (np.inf,)
    assert field.region(3) == ((0, 16),)


def test_a_layer_that_has_no_places_is_refused_by_name():
    with pytest.raises(
        InputError, match=r"layer: expected the name of a fitting layer, got 'answer', which does not"
    ):
        models.receptive_field(small_cnn(), "answer")
    with pytest.raises(InputError, match=r"got 'secnd', which is none\. Did you mean 'second'"):
        models.receptive_field(small_cnn(), "secnd")
    x = keras.Input((4,))
    with pytest.raises(InputError, match=r"model: expected a network with convolutions, got .* models\.cnn"):
        models.receptive_field(keras.Model(x, L.Dense(2)(x)))
    with pytest.raises(InputError, match=r"unit: expected 2 whole number\(s\), one an axis, got \(3,\)"):
        models.receptive_field(small_cnn()).region(3)
