"""One check a module: numbers of an observation to findings; pure."""

from collections.abc import Iterator

from mlflow_serverless.observe import Observation
from mlflow_serverless.shift.checks.alarms import alarms
from mlflow_serverless.shift.checks.capacity import capacity
from mlflow_serverless.shift.checks.certain import certain
from mlflow_serverless.shift.checks.errors import errors
from mlflow_serverless.shift.checks.latency import latency
from mlflow_serverless.shift.checks.outputs import outputs
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.verdict import Finding

__all__ = ["check"]


def check(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """Every finding, in the order in which people ask."""
    yield from alarms(observation, demand)
    yield from errors(observation, criteria, demand)
    yield from latency(observation, criteria, demand)
    yield from outputs(observation, criteria, demand)
    yield from capacity(observation, criteria, demand)
    yield from certain(observation, criteria, demand)
