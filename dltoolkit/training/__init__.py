"""Steps 6 to 8: loss, optimizer, training."""

from dltoolkit.training._cluster import Clusters, cluster
from dltoolkit.training._fine_tune import fine_tune
from dltoolkit.training._fit import LEARNING_RATES, environment, fingerprint, fit, pick_batch_size
from dltoolkit.training._run import Run, load

__all__ = [
    "LEARNING_RATES",
    "Clusters",
    "Run",
    "cluster",
    "environment",
    "fine_tune",
    "fingerprint",
    "fit",
    "load",
    "pick_batch_size",
]
