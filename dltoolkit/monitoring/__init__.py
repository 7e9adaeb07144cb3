"""Monitor and maintain: tell new data that has drifted away from the training data, without false alarms.

Needs no framework: NumPy, pandas and SciPy.
"""

from dltoolkit.monitoring._monitor import KS_FLOOR, V_FLOOR, Monitor
from dltoolkit.monitoring._report import Drift, DriftReport

__all__ = ["KS_FLOOR", "V_FLOOR", "Drift", "DriftReport", "Monitor"]
