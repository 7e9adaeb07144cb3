"""Steps 6 to 8: loss, optimizer, training."""

from dltoolkit.training._fit import LEARNING_RATES, environment, fingerprint, fit, pick_batch_size
from dltoolkit.training._run import Run, load

__all__ = ["LEARNING_RATES", "Run", "environment", "fingerprint", "fit", "load", "pick_batch_size"]
