"""Steps 6 to 8: loss, optimizer, training."""

from dltoolkit.training._cluster import Clusters, cluster
from dltoolkit.training._compare import Comparison, compare
from dltoolkit.training._devices import first_process
from dltoolkit.training._find_rate import RateRange, find_learning_rate
from dltoolkit.training._fine_tune import fine_tune
from dltoolkit.training._fit import LEARNING_RATES, environment, fingerprint, fit, pick_batch_size
from dltoolkit.training._imbalance import class_weights, sample_weights, weighted
from dltoolkit.training._logs import MLflowLog, TensorBoardLog
from dltoolkit.training._losses import losses
from dltoolkit.training._prior import correct_prior, correct_probabilities
from dltoolkit.training._resample import resample
from dltoolkit.training._run import Run, load
from dltoolkit.training._schedules import schedule

__all__ = [
    "LEARNING_RATES",
    "Clusters",
    "Comparison",
    "MLflowLog",
    "RateRange",
    "Run",
    "TensorBoardLog",
    "class_weights",
    "cluster",
    "compare",
    "correct_prior",
    "correct_probabilities",
    "environment",
    "find_learning_rate",
    "fine_tune",
    "fingerprint",
    "first_process",
    "fit",
    "load",
    "losses",
    "pick_batch_size",
    "resample",
    "sample_weights",
    "schedule",
    "weighted",
]
