"""What two versions did in the same time: metric lines to an `Observation`; pure.

Nothing here asks a cloud: lines come in (`Logbook.metrics`), values go out. What was
not reported is None, never zero.
"""

from mlflow_serverless.observe.cells import joined, observe
from mlflow_serverless.observe.histogram import Histogram
from mlflow_serverless.observe.lines import Line, read
from mlflow_serverless.observe.seen import Cell, Observation, Seen, Window

__all__ = [
    "Cell",
    "Histogram",
    "Line",
    "Observation",
    "Seen",
    "Window",
    "joined",
    "observe",
    "read",
]
