"""Augmentation does what its settings say, as scipy, Pillow and Keras's own layers do it, and repeats bit for bit."""

import dataclasses
import functools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage, stats

from dltoolkit._checks import InputError
from dltoolkit.preprocessing import ImageAugmentation, SoundAugmentation, _augment_images, _augment_rand

SEED = (3, 4)
SCIPY_FILLS = {
    "reflect": "reflect",
    "constant": "grid-constant",
    "nearest": "nearest",
    "wrap": "grid-wrap",
}
FULL = ImageAugmentation(flip="horizontal", rotate=0.1, zoom=0.2, shift=0.1, contrast=0.3)


def pictures(n=8, height=20, width=24, channels=3, *, smooth=2):
    """Smooth pictures uint8 that use the whole range."""
    noise = np.random.default_rng(0).normal(size=(n, height, width, channels))
    values = ndimage.gaussian_filter(noise, (0, smooth, smooth, 0))
    values -= values.min(axis=(1, 2), keepdims=True)
    return np.round(255 * values / values.max(axis=(1, 2), keepdims=True)).astype("uint8")


@pytest.fixture
def drawn(monkeypatch):
    """What `apply` hands to the step that moves pictures, call by call."""
    calls = []
    work = _augment_images.moved

    def recording(images, linear, shift, **options):
        calls.append({"linear": linear.numpy(), "shift": shift.numpy(), **options})
        return work(images, linear, shift, **options)

    monkeypatch.setattr(_augment_images, "moved", recording)
    return calls


# What a seed means


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_with_everything_off_a_batch_comes_back_as_it_was(dtype):
    images = pictures().astype(dtype)
    same = ImageAugmentation().apply(images, SEED)
    assert same.dtype == dtype
    np.testing.assert_array_equal(same, images)
    targets = np.eye(8, dtype="float32")
    for ours, theirs in zip(ImageAugmentation().mix(images, targets, SEED), (images, targets), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    waves = np.random.default_rng(0).normal(size=(3, 50)).astype("float32")
    np.testing.assert_array_equal(SoundAugmentation(spec_time=(1, 0.5)).apply(waves, SEED), waves)
    np.testing.assert_array_equal(SoundAugmentation(noise=1.0).apply(waves[None], SEED), waves[None])


EVERYTHING = dataclasses.replace(FULL, rand_augment=(2, 5))


def ways(settings, images):
    """The batch varied eagerly, in a traced function, and in a dataset."""
    seed = tf.constant(SEED, tf.int64)
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(len(images))
    traced = tf.function(lambda batch: settings.apply(batch, seed))
    mapped = dataset.map(lambda batch: settings.apply(batch, seed))
    return [lambda: settings.apply(images, SEED), lambda: traced(images), lambda: next(iter(mapped))]


def test_the_same_seed_gives_the_same_pictures_bit_for_bit():
    images = pictures()
    for way in ways(EVERYTHING, images):
        once = way().numpy()
        np.testing.assert_array_equal(once, way())
        assert once.shape == images.shape and once.dtype == "float32"
        assert once.min() >= 0 and once.max() <= 255


def test_eagerly_traced_and_in_a_dataset_the_pictures_are_the_same():
    eager, *others = [way().numpy() for way in ways(FULL, pictures())]
    for other in others:
        np.testing.assert_allclose(other, eager, atol=1e-2)


def test_another_seed_and_another_place_in_the_batch_give_other_pictures():
    images = np.repeat(pictures(1), 6, axis=0)
    one, two = FULL.apply(images, (0, 0)).numpy(), FULL.apply(images, (0, 1)).numpy()
    assert len({picture.tobytes() for picture in [*one, *two]}) == 12


def test_batches_of_other_sizes_and_grey_pictures_work():
    for n in (1, 3):
        assert EVERYTHING.apply(pictures(n, channels=1), SEED).shape == (n, 20, 24, 1)


# Moves, against scipy and Keras


def move_with_scipy(image, linear, shift, fill):
    """`linear` and `shift` have x before y; scipy wants rows first."""
    matrix, centre = linear[::-1, ::-1], (np.array(image.shape[:2]) - 1) / 2
    offset = centre - matrix @ (centre + shift[::-1])
    work = functools.partial(ndimage.affine_transform, order=1, mode=SCIPY_FILLS[fill])
    return np.stack([work(channel, matrix, offset) for channel in np.moveaxis(image, 2, 0)], axis=2)


@pytest.mark.parametrize("fill", SCIPY_FILLS)
def test_a_move_reads_what_scipy_reads(fill):
    images, random = pictures(), np.random.default_rng(1)
    linear = np.eye(2) + random.normal(0, 0.4, (8, 2, 2))
    shift = random.normal(0, 6, (8, 2))
    got = _augment_images.moved(
        tf.constant(images), tf.constant(linear, tf.float32), tf.constant(shift, tf.float32), fill=fill
    )
    for one, *arguments in zip(got.numpy(), images.astype("float64"), linear, shift, strict=True):
        np.testing.assert_allclose(one, move_with_scipy(*arguments, fill), atol=0.02)


@pytest.mark.parametrize("fill", ["reflect", "constant", "nearest"])
@pytest.mark.parametrize(
    ("layer", "settings", "shift"),
    [
        (keras.layers.RandomRotation((0.07, 0.07)), {"turn": 0.07}, (0, 0)),
        (keras.layers.RandomZoom((0.25, 0.25)), {"zoom": 1.25}, (0, 0)),
        (keras.layers.RandomZoom((-0.25, -0.25)), {"zoom": 0.75}, (0, 0)),
        (keras.layers.RandomTranslation((0.1, 0.1), (-0.3, -0.3)), {}, (-0.3 * 24, 0.1 * 20)),
    ],
)
def test_a_move_of_fixed_size_is_what_the_keras_layer_does(layer, settings, shift, fill):
    images = pictures()
    layer = type(layer).from_config({**layer.get_config(), "fill_mode": fill})
    linear = _augment_images.linear_map(tf.constant(8), **settings)
    shifts = tf.tile(tf.constant([shift], tf.float32), (8, 1))
    ours = _augment_images.moved(tf.constant(images), linear, shifts, fill=fill)
    np.testing.assert_allclose(ours, layer(images.astype("float32"), training=True), atol=0.02)


def test_a_picture_that_is_not_moved_stays_bit_for_bit_and_a_mirrored_one_is_numpys():
    images = pictures()
    none = tf.zeros((8, 2))
    same = _augment_images.moved(
        tf.constant(images), _augment_images.linear_map(tf.constant(8)), none, fill="reflect"
    )
    np.testing.assert_array_equal(same, images)
    for flip, axes in {"horizontal": [(2,)], "vertical": [(1,)], "both": [(1,), (2,), (1, 2)]}.items():
        got = ImageAugmentation(flip=flip).apply(images, SEED).numpy()
        choices = [images, *(np.flip(images, axis) for axis in axes)]
        assert all(any((one == c[i]).all() for c in choices) for i, one in enumerate(got))


def test_a_shift_alone_moves_whole_pixels_so_that_nothing_is_blurred():
    images = pictures()
    height, width = images.shape[1:3]
    settings = ImageAugmentation(shift=0.1, fill="wrap")
    moved = settings.apply(images, SEED).numpy()
    reach = [range(-round(0.1 * side), round(0.1 * side) + 1) for side in (height, width)]
    every = [(down, across) for down in reach[0] for across in reach[1]]
    found = [
        [step for step in every if (np.roll(image, step, axis=(0, 1)) == one).all()]
        for image, one in zip(images, moved, strict=True)
    ]
    assert all(found)
    assert len({steps[0] for steps in found}) > 1


def test_a_shift_of_less_than_a_pixel_still_moves(drawn):
    ImageAugmentation(shift=0.05).apply(np.zeros((50, 8, 8, 1), "uint8"), SEED)
    assert 0.3 < np.abs(drawn[0]["shift"]).max() <= 0.4


def test_contrast_scales_the_distance_from_each_channels_mean():
    images = pictures().astype("float64")
    factor = np.linspace(0.5, 1.5, 8)[:, None, None, None]
    mean = images.mean(axis=(1, 2), keepdims=True)
    got = _augment_images.contrasted(tf.constant(images), tf.constant(factor[:, 0, 0, 0], tf.float32))
    np.testing.assert_allclose(got, np.clip(mean + factor * (images - mean), 0, 255), atol=1e-3)


def test_every_parameter_is_drawn_evenly_from_its_range(drawn):
    n = 2000
    settings = ImageAugmentation(flip="both", rotate=0.1, zoom=0.2, shift=0.3, contrast=0.4)
    settings.apply(np.zeros((n, 10, 20, 1), "uint8"), SEED)
    linear, shift = drawn[0]["linear"].astype("float64"), drawn[0]["shift"]
    zoom = np.sqrt(np.abs(np.linalg.det(linear)))
    x, y = np.sign(linear[:, 0, 0]), np.sign(linear[:, 1, 1])  # turns of a tenth keep the cosine above 0
    turn = np.arcsin(y * linear[:, 1, 0] / zoom) / (2 * np.pi)
    ranges = {
        "turn": (turn, -0.1, 0.1),
        "zoom": (zoom, 0.8, 1.2),
        "across": (shift[:, 0], -0.3 * 20, 0.3 * 20),
        "down": (shift[:, 1], -0.3 * 10, 0.3 * 10),
        "contrast": (drawn[0]["contrast"].numpy(), 0.6, 1.4),
    }
    for name, (values, low, high) in ranges.items():
        assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 0.01, name
        assert values.min() >= low - 1e-5 and values.max() <= high + 1e-5
    table = np.histogram2d(x, y, bins=2)[0]
    assert stats.chisquare(table.ravel()).pvalue > 0.01  # both ways of mirroring, on their own
    parameters = np.stack([values for values, _, _ in ranges.values()] + [x, y])
    assert np.abs(np.corrcoef(parameters) - np.eye(7)).max() < 0.08  # drawn independently


def test_the_output_statistics_are_those_of_the_stock_layers():
    images = pictures(600, 24, 24, smooth=4).astype("float32")  # so that three blurs count little
    layers = [
        keras.layers.RandomFlip("horizontal", seed=0),
        keras.layers.RandomRotation(0.1, seed=1),
        keras.layers.RandomZoom(0.2, seed=2),
        keras.layers.RandomTranslation(0.1, 0.1, seed=3),
        keras.layers.RandomContrast((0.3, 0.3), seed=4),  # a single number would never lower the contrast
    ]
    theirs = images
    for layer in layers:
        theirs = layer(theirs, training=True)
    ours, theirs = FULL.apply(images, SEED).numpy(), np.asarray(theirs)
    change = float(images.std())
    for statistic in (np.mean, np.std):
        assert statistic(ours) == pytest.approx(float(statistic(theirs)), abs=0.02 * change)
        by_picture = [statistic(x, axis=(1, 2, 3)) for x in (ours, theirs)]
        assert stats.ks_2samp(*by_picture).pvalue > 0.01
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=0.25 * change)


# RandAugment, against Pillow


def operate(name, level, images):
    choice = tf.fill((len(images),), _augment_rand.OPERATIONS.index(name))
    levels = tf.fill((len(images),), tf.constant(level, tf.float32))
    return _augment_rand.operated(tf.constant(images, tf.float32), choice, levels, fill="reflect").numpy()


PILLOW = {
    "identity": lambda image, level: image,
    "autocontrast": lambda image, level: ImageOps.autocontrast(image),
    "equalize": lambda image, level: ImageOps.equalize(image),
    "posterize": lambda image, level: ImageOps.posterize(image, 8 - round(4 * abs(level))),
    "solarize": lambda image, level: ImageOps.solarize(image, 256 * (1 - abs(level))),
    "colour": lambda image, level: ImageEnhance.Color(image).enhance(1 + 0.9 * level),
    "contrast": lambda image, level: ImageEnhance.Contrast(image).enhance(1 + 0.9 * level),
    "brightness": lambda image, level: ImageEnhance.Brightness(image).enhance(1 + 0.9 * level),
    "sharpness": lambda image, level: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * level),
}


@pytest.mark.parametrize("level", [-1.0, -0.5, 0.25, 1.0])
@pytest.mark.parametrize("name", PILLOW)
def test_an_operation_on_colours_is_pillows(name, level):
    images = (pictures() * 0.7 + 20).astype("uint8")
    expected = [np.asarray(PILLOW[name](Image.fromarray(image), level), float) for image in images]
    exact = name in ("identity", "equalize", "posterize", "solarize")
    rounding = 0 if exact else 2.0  # Pillow rounds its dull version, then the blend
    np.testing.assert_allclose(operate(name, level, images), expected, atol=rounding)


MOVES = {
    "rotate": lambda v: ([[np.cos(v * np.pi / 6), -np.sin(v * np.pi / 6)], [np.sin(v * np.pi / 6), np.cos(v * np.pi / 6)]], (0, 0)),
    "shear-x": lambda v: ([[1, 0.3 * v], [0, 1]], (0, 0)),
    "shear-y": lambda v: ([[1, 0], [0.3 * v, 1]], (0, 0)),
    "translate-x": lambda v: (np.eye(2), (150 / 331 * v * 24, 0)),
    "translate-y": lambda v: (np.eye(2), (0, 150 / 331 * v * 20)),
}  # fmt: skip


@pytest.mark.parametrize("level", [-1.0, 0.5])
@pytest.mark.parametrize("name", MOVES)
def test_a_move_of_rand_augment_is_scipys(name, level):
    images = pictures(2).astype("float64")
    linear, shift = MOVES[name](level)
    expected = [move_with_scipy(image, np.array(linear), np.array(shift), "reflect") for image in images]
    np.testing.assert_allclose(operate(name, level, images), expected, atol=0.02)


def test_the_fourteen_operations_of_the_paper_are_drawn_evenly_for_every_picture(monkeypatch):
    drawn = []

    def recording(images, choice, level, *, fill):
        drawn.append((choice.numpy(), level.numpy()))
        return images

    monkeypatch.setattr(_augment_rand, "operated", recording)
    ImageAugmentation(rand_augment=(2, 5)).apply(np.zeros((2800, 4, 4, 3), "uint8"), SEED)
    assert len(_augment_rand.OPERATIONS) == 14 and len(drawn) == 2
    table = np.zeros((14, 14))
    np.add.at(table, (drawn[0][0], drawn[1][0]), 1)
    assert stats.chisquare(table.ravel()).pvalue > 0.01
    assert stats.chisquare(np.unique(drawn[0][1], return_counts=True)[1]).pvalue > 0.01
    assert set(drawn[0][1]) == {-0.5, 0.5}


def test_magnitude_0_leaves_all_but_autocontrast_and_equalize_alone():
    images = pictures()
    for name in set(_augment_rand.OPERATIONS) - {"autocontrast", "equalize"}:
        np.testing.assert_array_equal(operate(name, 0.0, images), images)


def test_a_picture_of_one_colour_survives_every_operation():
    for name in _augment_rand.OPERATIONS:
        flat = operate(name, 1.0, np.full((2, 6, 6, 3), 40.0))
        assert np.isfinite(flat).all() and np.ptp(flat) <= 1e-3


# MixUp and CutMix


def test_mixup_adds_pictures_and_targets_by_the_same_share():
    n = 64
    images = np.broadcast_to(np.arange(n, dtype="float32")[:, None, None, None], (n, 6, 5, 1))
    targets = np.eye(n, dtype="float32")
    mixed, soft = (t.numpy() for t in ImageAugmentation(mixup=0.4).mix(images, targets, SEED))
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(mixed[:, 0, 0, 0], soft @ np.arange(n), rtol=1e-4, atol=1e-4)
    assert np.ptp(mixed, axis=(1, 2, 3)).max() < 1e-4
    assert ((soft > 0).sum(axis=1) <= 2).all() and (soft.diagonal() < 1).sum() > n / 2


def test_the_shares_of_mixup_follow_beta():
    n = 3000
    images = np.zeros((n, 1, 1, 1), "float32")
    for alpha in (0.2, 1.0):
        soft = ImageAugmentation(mixup=alpha).mix(images, np.eye(n, dtype="float32"), SEED)[1].numpy()
        shares = soft.diagonal()
        assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01


def test_mixup_takes_amounts_as_targets():
    images = pictures().astype("float32")
    for shape in ((8,), (8, 1), (8, 2, 3)):
        amounts = np.arange(np.prod(shape), dtype="float32").reshape(shape)
        got = ImageAugmentation(mixup=1.0).mix(images, amounts, SEED)[1]
        assert got.shape == shape
        assert amounts.min() <= got.numpy().min() and got.numpy().max() <= amounts.max()


def test_cutmix_sets_in_one_box_and_the_target_has_the_exact_area():
    n, height, width = 200, 12, 16
    images = np.broadcast_to(np.arange(n, dtype="float32")[:, None, None, None], (n, height, width, 1))
    mixed, soft = (
        t.numpy() for t in ImageAugmentation(cutmix=1.0).mix(images, np.eye(n, dtype="float32"), SEED)
    )
    for i, (picture, target) in enumerate(zip(mixed[..., 0], soft, strict=True)):
        other = picture != i
        np.testing.assert_allclose(target[i], 1 - other.mean(), atol=1e-6)
        if other.any():
            rows, columns = np.flatnonzero(other.any(axis=1)), np.flatnonzero(other.any(axis=0))
            assert other[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
            partner = int(picture[other][0])
            np.testing.assert_allclose(target[partner], other.mean(), atol=1e-6)
    shares = soft.diagonal()
    assert shares.min() < 0.3 and 0.4 < shares.mean() < 0.8


def test_with_mixup_and_cutmix_each_picture_draws_one_of_them():
    n = 300
    images = np.broadcast_to(np.arange(n, dtype="float32")[:, None, None, None], (n, 8, 8, 1))
    both = ImageAugmentation(mixup=1.0, cutmix=1.0)
    mixed, soft = (t.numpy() for t in both.mix(images, np.eye(n, dtype="float32"), SEED))
    whole = np.isclose(mixed, np.round(mixed), atol=1e-4).all(
        axis=(1, 2, 3)
    )  # CutMix leaves each pixel as it was
    assert 0.4 < whole.mean() < 0.6
    np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), soft @ np.arange(n), rtol=1e-3, atol=1e-3)


# Sounds


def tones(n=200, samples=400):
    pitch = np.random.default_rng(0).uniform(0.02, 0.2, (n, 1))
    return np.sin(2 * np.pi * pitch * np.arange(samples)).astype("float32")


def test_noise_is_white_and_as_loud_as_asked():
    waves = tones() * np.linspace(0.1, 1, 200, dtype="float32")[:, None]
    noise = SoundAugmentation(noise=0.5).apply(waves, SEED).numpy() - waves
    ratio = noise.std(axis=1) / np.sqrt((waves**2).mean(axis=1))
    assert stats.kstest(ratio, stats.uniform(0, 0.5).cdf).pvalue > 0.01
    flat = noise / noise.std(axis=1, keepdims=True)
    assert abs((flat[:, 1:] * flat[:, :-1]).mean()) < 0.01
    np.testing.assert_array_equal(SoundAugmentation(noise=0.5).apply(np.zeros((2, 9), "float32"), SEED), 0)


def test_a_shift_moves_the_sound_and_leaves_silence():
    waves = 1 + np.arange(100, dtype="float32") + np.zeros((300, 1), "float32")
    moved = SoundAugmentation(shift=0.2).apply(waves, SEED).numpy()
    by = [int(np.flatnonzero(m)[0] if m[0] == 0 else 1 - m[0]) for m in moved]
    assert set(by) <= set(range(-20, 21)) and len(set(by)) > 30
    for one, wave, steps in zip(moved, waves, by, strict=True):
        expected = np.roll(wave, steps)
        expected[:steps] = 0 if steps > 0 else expected[:steps]
        expected[steps:] = 0 if steps < 0 else expected[steps:]
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("channel", [(), (1,)])
@pytest.mark.parametrize(("option", "axis", "size"), [("spec_time", 1, 50), ("spec_frequency", 2, 40)])
def test_spec_augment_fills_bands_with_the_mean(option, axis, size, channel):
    spectrograms = np.random.default_rng(0).normal(size=(300, 50, 40, *channel)).astype("float32")
    got = SoundAugmentation(**{option: (1, 0.2)}).apply(spectrograms, SEED).numpy()
    changed = (got != spectrograms).reshape(300, 50, 40)
    along = np.moveaxis(changed, axis, 1)
    assert (along.all(axis=2) == along.any(axis=2)).all()  # whole bands
    widths = along.all(axis=2).sum(axis=1)
    assert set(widths) == set(range(int(0.2 * size) + 1))
    assert (np.abs(np.diff(along.all(axis=2), axis=1, prepend=False, append=False)).sum(axis=1) <= 2).all()
    mean = spectrograms.mean(axis=tuple(range(1, spectrograms.ndim)))
    filled = np.broadcast_to(mean[:, None, None], changed.shape)
    np.testing.assert_allclose(got.reshape(changed.shape)[changed], filled[changed], atol=1e-5)


def test_more_bands_hide_more_and_time_and_frequency_go_together():
    spectrograms = np.random.default_rng(0).normal(size=(100, 50, 40)).astype("float32")
    shares = [
        (SoundAugmentation(spec_time=t, spec_frequency=f).apply(spectrograms, SEED).numpy() != spectrograms).mean()
        for t, f in (((1, 0.2), None), ((2, 0.2), None), ((2, 0.2), (2, 0.2)))
    ]  # fmt: skip
    assert shares[0] == pytest.approx(0.1, abs=0.02)
    assert shares == sorted(shares)


# Settings


@pytest.mark.parametrize(
    "settings", [EVERYTHING, ImageAugmentation(), SoundAugmentation(noise=0.1, spec_time=(2, 0.1))]
)
def test_settings_are_plain_and_survive_json(settings):
    content = json.loads(json.dumps(dataclasses.asdict(settings)))
    assert type(settings)(**content) == settings


def test_all_settings_out_of_range_are_told_at_once():
    with pytest.raises(InputError, match="(?s)5 problems.*flip.*fill.*zoom.*rotate.*rand_augment magnitude"):
        ImageAugmentation(flip="left", fill="mirror", zoom=1.0, rotate=2, rand_augment=(2, 11))
    with pytest.raises(
        InputError, match=r"rand_augment: expected None or a pair \(n_ops, magnitude\), got 3"
    ):
        ImageAugmentation(rand_augment=3)
    with pytest.raises(InputError, match="rand_augment n_ops: expected a whole number"):
        ImageAugmentation(rand_augment=(0, 3))
    with pytest.raises(InputError, match="mixup: expected a number"):
        ImageAugmentation(mixup=-1)
    with pytest.raises(InputError, match="(?s)2 problems.*noise.*spec_time widest"):
        SoundAugmentation(noise=-1, spec_time=(1, 3))


def test_batches_of_another_kind_are_refused():
    with pytest.raises(InputError, match=r"images: expected four axes.*\(20, 24, 3\).*images\[None\]"):
        FULL.apply(pictures()[0], SEED)
    with pytest.raises(InputError, match="1 or 3 channels for rand_augment"):
        EVERYTHING.apply(pictures(channels=4), SEED)
    with pytest.raises(InputError, match="targets: expected float numbers.*int64.*to_categorical"):
        ImageAugmentation(mixup=0.2).mix(pictures(), np.arange(8), SEED)
    with pytest.raises(InputError, match=r"sounds: expected float waves.*int64 of shape \(5,\)"):
        SoundAugmentation().apply(np.arange(5), SEED)
