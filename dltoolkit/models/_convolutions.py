"""What networks of convolutions share, of pictures as of sounds."""

import dataclasses
from collections.abc import Collection

from dltoolkit._keras import free_name, keras
from dltoolkit.models import _parts
from dltoolkit.models._parts import Style

# Pictures, bands and steps are halved while at least this many are left.
LEAST_SIDE = 8
# The averages of batch statistics that predictions use forget at this rate: after 30 updates they have followed, where
# Keras's own 0.99 takes 500, more than a small training has.
MOMENTUM = 0.9


@dataclasses.dataclass
class Layers:
    """Makes the layers of one column's part of a network, each with a name and a seed of its own."""

    style: Style
    taken: Collection[str]
    column: int
    made: int = 0

    def name(self, word: str = "") -> str:
        """``conv_3``, ``conv_3_norm``; ``conv_3_of_2`` in the second column."""
        of = f"_of_{self.column + 1}" if self.column else ""
        return free_name(f"conv_{self.made}{of}" + (f"_{word}" if word else ""), self.taken)

    def filtered(
        self,
        x: keras.KerasTensor,
        filters: int,
        kernel: int,
        *,
        stride: int = 1,
        halve: bool = False,
        zero: bool = False,
    ) -> keras.KerasTensor:
        """A convolution along all axes but the first and last, its halving (of two axes), its normalisation; `zero`: without one, all that comes out is 0 at first."""
        self.made += 1
        bare = self.style.normalisation is None
        start = self.style.start(self.made + 1000 * self.column)
        make = keras.layers.Conv2D if len(x.shape) == 4 else keras.layers.Conv1D
        x = make(
            filters,
            kernel,
            strides=stride,
            padding="same",
            use_bias=bare,
            kernel_initializer="zeros" if zero and bare else start,
            kernel_regularizer=self.style.penalty,
            name=self.name(),
        )(x)
        # Before the rest, so that this has a quarter of the work.
        if halve and min(x.shape[1:3]) >= LEAST_SIDE:
            x = keras.layers.MaxPooling2D(padding="same", name=self.name("pool"))(x)
        if self.style.normalisation == "batch":
            return keras.layers.BatchNormalization(momentum=MOMENTUM, name=self.name("norm"))(x)
        return _parts.normalised(x, self.style.normalisation, self.name("norm"))

    def active(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """The activation."""
        return keras.layers.Activation(self.style.activation, name=self.name(self.style.activation))(x)
