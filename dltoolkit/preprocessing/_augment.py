"""Settings of augmentation: what is varied at random in training, and never in a bundle or an export."""

import dataclasses
from typing import Any

from dltoolkit._checks import InputError, check_choice, check_number, complaint, stop
from dltoolkit._keras import tf
from dltoolkit.preprocessing import _augment_images, _augment_rand, _augment_sounds

FLIPS = (None, "horizontal", "vertical", "both")
FILLS = ("reflect", "constant", "nearest", "wrap")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageAugmentation:
    """What is varied in pictures while a network trains; every picture of a batch gets draws of its own.

    Nothing is on unless asked for: a mirrored digit is no digit. The parameters are drawn as by Keras's ``RandomFlip``,
    ``RandomRotation``, ``RandomZoom``, ``RandomTranslation`` and ``RandomContrast``. One step moves the picture, where
    a layer each would blur it each time.

    Attributes:
        flip: ``"horizontal"``, ``"vertical"``, ``"both"`` (each on its own) or None, for half of the pictures.
        rotate: Largest turn either way, as a fraction of a full turn, in 0..1.
        zoom: Largest zoom either way as a share of the size, in 0..1 (1 excluded).
        shift: Largest shift either way as a share of height and of width, in 0..1. Where nothing turns or zooms, pictures
            move by whole pixels (if they may move by one at all), so that none is blurred: those to be answered are
            not.
        contrast: Contrast is multiplied by a number in 1 ± this, in 0..1, as by ``RandomContrast((c, c))``.
        fill: What is seen beyond the border: ``"reflect"``, ``"constant"`` (black), ``"nearest"`` or ``"wrap"``.
        rand_augment: ``(n_ops, magnitude)`` of RandAugment, at least 1 operation and a magnitude in 0..10, or None.
        mixup: Alpha of MixUp, in 0..10; 0 is off. See `mix`.
        cutmix: Alpha of CutMix, in 0..10; 0 is off. See `mix`.

    Raises:
        InputError: Naming every setting out of range.

    Example:
        >>> import numpy as np
        >>> augmentation = ImageAugmentation(rotate=0.1, zoom=0.2)
        >>> images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype="uint8")
        >>> augmentation.apply(images, seed=(0, 1)).shape
        TensorShape([4, 32, 32, 3])

    References:
        Cubuk et al. (2020), RandAugment: practical automated data augmentation with a reduced search space.
        Zhang et al. (2018), mixup: beyond empirical risk minimization. Yun et al. (2019), CutMix: regularization
        strategy to train strong classifiers with localizable features.
    """

    flip: str | None = None
    rotate: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    contrast: float = 0.0
    fill: str = "reflect"
    rand_augment: tuple[int, float] | None = None
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        """Check every setting, and tell all that is wrong at once."""
        if isinstance(self.rand_augment, list):  # as it comes back from JSON
            object.__setattr__(self, "rand_augment", tuple(self.rand_augment))
        _check_all(
            lambda: check_choice(self.flip, FLIPS, "flip"),
            lambda: check_choice(self.fill, FILLS, "fill"),
            lambda: check_number(self.zoom, "zoom", low=0, high=1, open_high=True),
            *(
                lambda name=name: check_number(getattr(self, name), name, low=0, high=1)
                for name in ("rotate", "shift", "contrast")
            ),
            *(
                lambda name=name: check_number(getattr(self, name), name, low=0, high=10)
                for name in ("mixup", "cutmix")
            ),
            lambda: _check_pair(
                self.rand_augment, "rand_augment", ("n_ops", "magnitude"), _augment_rand.MOST
            ),
        )

    @property
    def mixes(self) -> bool:
        """Whether `mix` does anything, so that targets are needed."""
        return bool(self.mixup or self.cutmix)

    def apply(self, images: Any, seed: Any) -> tf.Tensor:
        """Vary a batch of pictures; may be traced in ``tf.data.Dataset.map`` and ``tf.function``.

        Args:
            images: uint8 or float32 in 0..255, ``(n, height, width, channels)``.
            seed: Two whole numbers, int64 ``(2,)``; the same seed gives the same pictures, bit for bit.

        Returns:
            tf.Tensor: float32 in 0..255, the shape of `images`; or `images` as they came where all is off.

        Raises:
            InputError: If `images` has no four axes, or RandAugment is on and there are not 1 or 3 channels.
        """
        images, seed = tf.convert_to_tensor(images), tf.cast(seed, tf.int64)
        self._check_images(images)
        moves, colours = tf.unstack(tf.random.split(seed, 2))
        images = self._moved(images, moves)
        if self.rand_augment is None:
            return images
        n_ops, magnitude = self.rand_augment
        images = tf.cast(images, tf.float32)
        return _augment_rand.rand_augmented(images, colours, n_ops=n_ops, magnitude=magnitude, fill=self.fill)

    def mix(self, images: Any, targets: Any, seed: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Mix each picture, and its target by the same share, with another one of the batch.

        MixUp adds two pictures; CutMix sets a box of one into the other, and the target's share is the exact area that
        is left. Where both are on, each picture draws one of them. MixUp also fits amounts as targets; CutMix
        makes sense for classes alone.

        Args:
            images: In 0..255, ``(n, height, width, channels)``; after `apply`.
            targets: float ``(n, ...)``: one-hot classes ``(n, n_classes)``, or amounts ``(n,)`` or ``(n, 1)``.
            seed: As in `apply`.

        Returns:
            tuple: Images and targets, float32, in the shapes they came in; both as they came where all is off.

        Raises:
            InputError: If `images` has no four axes, or `targets` are whole numbers.
        """
        images, targets, seed = (
            tf.convert_to_tensor(images),
            tf.convert_to_tensor(targets),
            tf.cast(seed, tf.int64),
        )
        if not self.mixes:
            return images, targets
        self._check_images(images)
        if not targets.dtype.is_floating:
            cure = "Write classes as one-hot: keras.utils.to_categorical(y)."
            stop([complaint("targets", "float numbers that can be mixed", f"{targets.dtype.name}", cure)])
        targets = tf.cast(targets, tf.float32)
        return _augment_images.mixed(images, targets, seed, mixup=self.mixup, cutmix=self.cutmix)

    def _moved(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Flip, turn, zoom, shift and contrast, as far as they are on."""
        n = tf.shape(images)[0]
        turn, zoom, across, down, contrast, x, y = tf.unstack(
            tf.random.stateless_uniform((7, n), seed, -1.0, 1.0)
        )
        factor = 1 + self.contrast * contrast if self.contrast else None
        if not (self.flip or self.rotate or self.zoom or self.shift):
            return images if factor is None else _augment_images.contrasted(images, factor)
        mirror = (
            tf.sign(x) if self.flip in ("horizontal", "both") else 1.0,
            tf.sign(y) if self.flip in ("vertical", "both") else 1.0,
        )
        linear = _augment_images.linear_map(
            n, turn=self.rotate * turn, zoom=1 + self.zoom * zoom, mirror=mirror
        )
        height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))
        most = self.shift * tf.stack([width, height])
        shift = most * tf.stack([across, down], axis=1)
        if not (self.rotate or self.zoom):
            shift = tf.where(most >= 1, tf.round(shift), shift)
        return _augment_images.moved(images, linear, shift, fill=self.fill, contrast=factor)

    def _check_images(self, images: tf.Tensor) -> None:
        if images.shape.rank != 4:
            expected = "four axes: (n, height, width, channels)"
            stop(
                [
                    complaint(
                        "images", expected, f"shape {images.shape}", "Give a batch of one as images[None]."
                    )
                ]
            )
        if self.rand_augment and images.shape[3] not in (1, 3):
            stop([complaint("images", "1 or 3 channels for rand_augment", f"shape {images.shape}")])


@dataclasses.dataclass(frozen=True, kw_only=True)
class SoundAugmentation:
    """What is varied in sounds while a network trains; every sound of a batch gets draws of its own.

    Attributes:
        noise: Largest standard deviation of added white noise, as a share of the sound's root mean square, in
            0..10; 0.1 is a signal-to-noise ratio of 20 dB.
        shift: Largest shift in time either way, as a share of the length, in 0..1; silence follows.
        spec_time: ``(number, widest)`` of SpecAugment's bands in time, the width as a share of the frames, or None.
        spec_frequency: The same in frequency, as a share of the mel bands.

    Raises:
        InputError: Naming every setting out of range.

    Example:
        >>> import numpy as np
        >>> waves = np.sin(np.linspace(0, 100, 2 * 800)).reshape(2, 800)
        >>> SoundAugmentation(noise=0.1, shift=0.2).apply(waves, seed=(0, 1)).shape
        TensorShape([2, 800])

    References:
        Park et al. (2019), SpecAugment: a simple data augmentation method for automatic speech recognition.
    """

    noise: float = 0.0
    shift: float = 0.0
    spec_time: tuple[int, float] | None = None
    spec_frequency: tuple[int, float] | None = None

    def __post_init__(self) -> None:
        """Check every setting, and tell all that is wrong at once."""
        for name in ("spec_time", "spec_frequency"):
            if isinstance(getattr(self, name), list):  # as it comes back from JSON
                object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_all(
            lambda: check_number(self.noise, "noise", low=0, high=10),
            lambda: check_number(self.shift, "shift", low=0, high=1),
            lambda: _check_pair(self.spec_time, "spec_time", ("number", "widest"), 1),
            lambda: _check_pair(self.spec_frequency, "spec_frequency", ("number", "widest"), 1),
        )

    def apply(self, sounds: Any, seed: Any) -> tf.Tensor:
        """Vary a batch of waves (noise, shift) or of spectrograms (bands left out); may be traced.

        Args:
            sounds: Waves float ``(n, samples)``, or log-mel spectrograms float ``(n, frames, mels)`` or
                ``(n, frames, mels, 1)``.
            seed: Two whole numbers, int64 ``(2,)``; the same seed gives the same sounds, bit for bit.

        Returns:
            tf.Tensor: float32, the shape of `sounds`; or `sounds` as they came where nothing is on for them.

        Raises:
            InputError: If `sounds` has another number of axes or holds whole numbers.
        """
        sounds = tf.convert_to_tensor(sounds)
        if sounds.shape.rank not in (2, 3, 4) or not sounds.dtype.is_floating:
            expected = "float waves (n, samples) or spectrograms (n, frames, mels)"
            stop([complaint("sounds", expected, f"{sounds.dtype.name} of shape {sounds.shape}")])
        first, second = tf.unstack(tf.random.split(tf.cast(seed, tf.int64), 2))
        if sounds.shape.rank == 2:
            return self._waves(sounds, first, second)
        for axis, bands, one in ((1, self.spec_time, first), (2, self.spec_frequency, second)):
            if bands is not None:
                sounds = _augment_sounds.masked(tf.cast(sounds, tf.float32), one, axis=axis, bands=bands)
        return sounds

    def _waves(self, waves: tf.Tensor, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        if self.shift:
            waves = _augment_sounds.shifted(tf.cast(waves, tf.float32), first, most=self.shift)
        if self.noise:
            waves = _augment_sounds.noisy(tf.cast(waves, tf.float32), second, most=self.noise)
        return waves


def _check_all(*checks: Any) -> None:
    """Run every check, and raise what they complain of together."""
    complaints = []
    for check in checks:
        try:
            check()
        except InputError as error:
            complaints.append(str(error))
    stop(complaints)


def _check_pair(value: Any, argument: str, names: tuple[str, str], high: float) -> None:
    """Nothing, or a whole number from 1 and a number from 0 to `high`."""
    if value is None:
        return
    if not isinstance(value, tuple) or len(value) != 2:
        stop([complaint(argument, f"None or a pair ({names[0]}, {names[1]})", repr(value))])
    check_number(value[0], f"{argument} {names[0]}", low=1, whole=True)
    check_number(value[1], f"{argument} {names[1]}", low=0, high=high)
