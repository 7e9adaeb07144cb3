"""What every pretrained body of pictures looks like from outside."""

import dataclasses

from dltoolkit._keras import keras


@dataclasses.dataclass(frozen=True)
class Body:
    """A network without its head, with the weights that others trained.

    Attributes:
        model: Pictures float32 ``(n, height, width, 3)``, values 0..255, in; one vector a picture ``(n, width)`` out. What
            its family does to pixels stands inside.
        source: What to cite.
    """

    model: keras.Model
    source: str
