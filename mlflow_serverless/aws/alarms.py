"""Alarms and dashboards."""

import json
from collections.abc import Iterator
from typing import Any

from mlflow_serverless.aws.keeper import (
    Found,
    all_of,
    canonical,
    listed,
    owner_of,
    pairs,
    retag,
    unless_missing,
    unlisted,
)
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Alarm, Dashboard, Resource, Ringing, names
from mlflow_serverless.plan.guard import EXECUTED

_NO_DASHBOARD = "ResourceNotFound", "DashboardNotFoundError"
_STATISTICS = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})


class Alarms:
    """
    CloudWatch's alarms.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("cloudwatch")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`; all whose names begin as ours do."""
        prefix = names.alarm(name, "")
        found = self._those(AlarmNamePrefix=prefix)
        asked = {r.name for r in wanted if isinstance(r, Alarm)}
        if further := sorted(n for n in asked if not n.startswith(prefix)):
            found = [*found, *self._those(AlarmNames=further)]
        for alarm in found:
            answer = self._client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])
            tags = unlisted(answer["Tags"])
            yield Found(_alarm(alarm, tags), owner_of(tags))

    def _those(self, **which: Any) -> list[dict[str, Any]]:
        return all_of(self._client, "describe_alarms", "MetricAlarms", **which)

    def ringing(self, name: str) -> tuple[Ringing, ...]:
        """Ours that are in alarm; another deployment's name may begin with this one."""
        prefix = names.alarm(name, "")
        ours = {"Name": "FunctionName", "Value": name}
        return tuple(
            _ringing(alarm)
            for alarm in self._those(AlarmNamePrefix=prefix)
            if alarm["StateValue"] == "ALARM" and ours in alarm.get("Dimensions", ())
        )

    def put(self, name: str, resource: Alarm) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`; no data is no alarm, as nobody may be calling."""
        made, client = resource, self._client
        plain = made.statistic in _STATISTICS
        statistic = {"Statistic" if plain else "ExtendedStatistic": made.statistic}
        client.put_metric_alarm(
            AlarmName=made.name, AlarmDescription=made.description,
            Namespace=made.namespace, MetricName=made.metric,
            Dimensions=listed(made.dimensions, "Name"), Period=made.period_s,
            EvaluationPeriods=made.periods, DatapointsToAlarm=made.breaching,
            Threshold=made.threshold, ComparisonOperator=made.comparison,
            AlarmActions=list(made.actions), TreatMissingData="notBreaching",
            Tags=listed(made.tags), **statistic,
        )  # fmt: skip
        for alarm in self._those(AlarmNames=[made.name]):
            self._tag(alarm["AlarmArn"], made)

    def _tag(self, arn: str, made: Alarm) -> None:
        # Tags given to an alarm that is there already are not taken.
        client = self._client
        answer = client.list_tags_for_resource(ResourceARN=arn)
        retag(client, unlisted(answer["Tags"]), made.tags, ResourceARN=arn)

    def remove(self, name: str, resource: Alarm) -> None:  # noqa: ARG002
        """See `keeper.Keeper`."""
        unless_missing(
            self._client.delete_alarms, "ResourceNotFound", AlarmNames=[resource.name]
        )


def _ringing(found: dict[str, Any]) -> Ringing:
    dimensions = {d["Name"]: d["Value"] for d in found.get("Dimensions", ())}
    return Ringing(
        name=found["AlarmName"],
        since=found["StateUpdatedTimestamp"].timestamp(),
        version=dimensions.get(EXECUTED, ""),
        why=found.get("StateReason", ""),
    )


def _alarm(found: dict[str, Any], tags: dict[str, str]) -> Alarm:
    return Alarm(
        name=found["AlarmName"],
        metric=found.get("MetricName", ""),
        namespace=found.get("Namespace", ""),
        statistic=found.get("Statistic") or found.get("ExtendedStatistic", ""),
        comparison=found["ComparisonOperator"],
        threshold=float(found.get("Threshold", 0.0)),
        period_s=found.get("Period", 0),
        periods=found["EvaluationPeriods"],
        breaching=found.get("DatapointsToAlarm", found["EvaluationPeriods"]),
        dimensions=tuple(
            sorted((d["Name"], d["Value"]) for d in found.get("Dimensions", ()))
        ),
        actions=tuple(found.get("AlarmActions", ())),
        description=found.get("AlarmDescription", ""),
        tags=pairs(tags),
    )


class Dashboards:
    """
    CloudWatch's dashboards; they have no tags, so those with our names are ours.

    Args:
        access: Whose.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("cloudwatch")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`."""
        asked = {r.name: r.body for r in wanted if isinstance(r, Dashboard)}
        own = names.dashboard(name, self._access.place.region)
        for dashboard in {own, *asked}:
            found = unless_missing(
                self._client.get_dashboard, *_NO_DASHBOARD, DashboardName=dashboard
            )
            if found is not None:
                plain = json.loads(found["DashboardBody"])
                body = canonical(plain, asked.get(dashboard, ""))
                yield Found(Dashboard(name=dashboard, body=body), name)

    def put(self, name: str, resource: Dashboard) -> None:  # noqa: ARG002
        """See `keeper.Keeper`."""
        self._client.put_dashboard(
            DashboardName=resource.name, DashboardBody=resource.body
        )

    def remove(self, name: str, resource: Dashboard) -> None:  # noqa: ARG002
        """See `keeper.Keeper`."""
        unless_missing(
            self._client.delete_dashboards, *_NO_DASHBOARD,
            DashboardNames=[resource.name],
        )  # fmt: skip
