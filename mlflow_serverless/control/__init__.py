"""A rollout's driver in the account: a small function that a schedule calls.

It does what every driver does, `shift.advance`, with what its role allows: one
deployment's versions, alias and log. When nothing is left to drive it ends its own
schedule. It loads no mlflow and no model's library, so that it starts quickly.
"""

from mlflow_serverless.control.event import Wake
from mlflow_serverless.control.look import Looked, Reached, Schedules, look

__all__ = ["Looked", "Reached", "Schedules", "Wake", "look"]
