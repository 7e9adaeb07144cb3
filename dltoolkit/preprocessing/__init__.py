"""Step 3, preprocess: one implementation of it, adapted on the training part and carried into the bundle.

The Keras layers that run over whole columns for training are the ones inside the deployed model, so training and
serving cannot disagree.
"""

from dltoolkit.preprocessing._augment import ImageAugmentation, SoundAugmentation
from dltoolkit.preprocessing._fit import fit
from dltoolkit.preprocessing._options import ImageOptions, SequenceOptions, SoundOptions, TextOptions
from dltoolkit.preprocessing._plan import FeatureSpec, TargetStatistics
from dltoolkit.preprocessing._preprocessor import Preprocessor, load

__all__ = [
    "FeatureSpec",
    "ImageAugmentation",
    "ImageOptions",
    "Preprocessor",
    "SequenceOptions",
    "SoundAugmentation",
    "SoundOptions",
    "TargetStatistics",
    "TextOptions",
    "fit",
    "load",
]
