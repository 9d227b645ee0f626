"""Does an alarm ring that the candidate has to answer for?"""

from collections.abc import Iterator
from datetime import UTC, datetime

from mlflow_serverless.observe import Observation
from mlflow_serverless.plan import Ringing
from mlflow_serverless.shift.criteria import Demand
from mlflow_serverless.shift.verdict import Finding, Result


def alarms(observation: Observation, demand: Demand) -> Iterator[Finding]:
    """
    An alarm on the candidate itself, since it has traffic, is a reason to go back.

    So is one on the alias that began to ring after promotion. Before that nobody knows
    whose it is: the rollout holds, but not for ever, as it may have rung for months.
    """
    for ringing in observation.ringing:
        if ringing.version == observation.baseline:
            continue
        since = datetime.fromtimestamp(ringing.since, UTC).strftime("%H:%M")
        why = f": {ringing.why}" if ringing.why else ""
        yield Finding(
            check="alarm",
            result=_result(ringing, observation, demand),
            sentence=f"{ringing.name} has been ringing since {since} UTC{why}",
        )


def _result(ringing: Ringing, observation: Observation, demand: Demand) -> Result:
    if ringing.version == observation.candidate:
        new = ringing.since >= observation.window.since
        return Result.HIGH if new else Result.PASS
    if demand.promoted and ringing.since >= demand.since:
        return Result.HIGH
    return Result.MARGINAL if demand.early else Result.PASS
