"""Pictures of every result: each ``plots.x(result, *, ax=None)`` draws on the given or a new Axes, and returns it.

They read results, and compute and change nothing. Colours can be told apart by the colour-blind and read on white and on
black; nothing global is set.

Example:
    >>> import pandas as pd
    >>> from dltoolkit import plots
    >>> ax = plots.missingness(pd.DataFrame({"age": [31, None, 44], "city": ["Rome", "Oslo", "Rome"]}))
    >>> ax.get_title()
    'Missing values in 1 of 2 columns, 3 rows'
"""

from dltoolkit.plots._column import distribution, target_balance
from dltoolkit.plots._comparison import comparison
from dltoolkit.plots._curves import calibration, pr, roc, thresholds
from dltoolkit.plots._data_curve import data_curve
from dltoolkit.plots._drift import drift
from dltoolkit.plots._evaluation import confusion_matrix, metrics, residuals
from dltoolkit.plots._explain import attributions, embedding, importance, tokens
from dltoolkit.plots._forecast import forecast
from dltoolkit.plots._looks import feature_maps, filters, heatmap, neighbours
from dltoolkit.plots._network import network
from dltoolkit.plots._rates import rate_range
from dltoolkit.plots._search import trials
from dltoolkit.plots._table import correlations, missingness
from dltoolkit.plots._training import history

__all__ = [
    "attributions",
    "calibration",
    "comparison",
    "confusion_matrix",
    "correlations",
    "data_curve",
    "distribution",
    "drift",
    "embedding",
    "feature_maps",
    "filters",
    "forecast",
    "heatmap",
    "history",
    "importance",
    "metrics",
    "missingness",
    "neighbours",
    "network",
    "pr",
    "rate_range",
    "residuals",
    "roc",
    "target_balance",
    "thresholds",
    "tokens",
    "trials",
]
