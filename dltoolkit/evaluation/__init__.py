"""Step 10, evaluate: metrics with bootstrap intervals beside the baselines, slices, curves and the worst errors.

Nothing here needs TensorFlow: labels and outputs are arrays.
"""

from dltoolkit.evaluation._evaluation import Evaluation, best_threshold, expected_calibration_error
from dltoolkit.evaluation._forecast import Forecast, forecast, mase
from dltoolkit.evaluation._recommend import TopK, recommend, top_k
from dltoolkit.evaluation._score import Predictor, evaluate, score

__all__ = [
    "Evaluation",
    "Forecast",
    "Predictor",
    "TopK",
    "best_threshold",
    "evaluate",
    "expected_calibration_error",
    "forecast",
    "mase",
    "recommend",
    "score",
    "top_k",
]
