"""All that stands around a function: looked at together, changed one at a time."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from mlflow_serverless.aws.alarms import Alarms, Dashboards
from mlflow_serverless.aws.apis import Apis
from mlflow_serverless.aws.buckets import Buckets
from mlflow_serverless.aws.concurrency import Provisioned
from mlflow_serverless.aws.controllers import Controllers
from mlflow_serverless.aws.ecr import Repositories
from mlflow_serverless.aws.errors import AccessDeniedError, explained_by
from mlflow_serverless.aws.keeper import Found, Keeper
from mlflow_serverless.aws.log_groups import LogGroups
from mlflow_serverless.aws.permissions import Permissions
from mlflow_serverless.aws.roles import Roles
from mlflow_serverless.aws.schedules import ScheduleGroups, Schedules
from mlflow_serverless.aws.secrets import Secrets
from mlflow_serverless.aws.session import Access
from mlflow_serverless.aws.tables import Tables
from mlflow_serverless.aws.urls import Urls
from mlflow_serverless.plan import (
    Actual,
    Alarm,
    Controller,
    Dashboard,
    FunctionUrl,
    HttpApi,
    LogGroup,
    ModelBucket,
    Pairs,
    Permission,
    ProvisionedConcurrency,
    Repository,
    Resource,
    Role,
    Schedule,
    ScheduleGroup,
    Secret,
    Table,
    key_of,
    names,
)
from mlflow_serverless.plan.around import ordered
from mlflow_serverless.plan.errors import ForeignError
from mlflow_serverless.plan.resources import described

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found."""

    mine: tuple[Resource, ...]
    others: tuple[Resource, ...]
    outputs: Pairs = ()

    def onto(self, have: Actual) -> Actual:
        """*have* with it."""
        return replace(
            have,
            resources=ordered(self.mine),
            foreign=ordered(self.others),
            outputs=tuple(sorted({*have.outputs, *self.outputs})),
        )


class Around:
    """
    Everything around the functions of one account and region.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._keepers: dict[type[Resource], Keeper] = {
            LogGroup: LogGroups(access),
            Role: Roles(access),
            ModelBucket: Buckets(access),
            Repository: Repositories(access),
            Secret: Secrets(access),
            Table: Tables(access),
            ProvisionedConcurrency: Provisioned(access),
            FunctionUrl: Urls(access),
            Permission: Permissions(access),
            HttpApi: Apis(access),
            Alarm: Alarms(access),
            Dashboard: Dashboards(access),
            ScheduleGroup: ScheduleGroups(access),
            Controller: Controllers(access),
            Schedule: Schedules(access),
        }

    def look(self, name: str, wanted: tuple[Resource, ...] = ()) -> Surroundings:
        """What there is under the names of deployment *name*, and of *wanted*."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            looks = pool.map(lambda kind: self._seen(kind, name, wanted), self._keepers)
            found, unseen = zip(*looks, strict=True)
        around = _sorted_out((f for some in found for f in some), name, wanted)
        denied = ", ".join(sorted(filter(None, unseen)))
        if denied:
            noted = (*around.outputs, ("not_looked_at", denied))
            around = replace(around, outputs=noted)
        return around

    def _seen(
        self, kind: type[Resource], name: str, wanted: tuple[Resource, ...]
    ) -> tuple[list[Found], str]:
        """
        Those of one kind; and what they would be called, if we may not look.

        Who may not look at a kind has made none of it, with the policy that
        `mlflow-serverless iam` prints; where some are wanted, it is an error.
        """
        try:
            return list(self._keepers[kind].look(name, wanted)), ""
        except ClientError as error:
            asked = any(isinstance(resource, kind) for resource in wanted)
            if asked or not isinstance(explained_by(error), AccessDeniedError):
                raise
            return [], self._called(kind, name)

    def _called(self, kind: type[Resource], name: str) -> str:
        """*kind*, with the name that a deployment's own would have."""
        region = self._access.place.region
        own = {
            LogGroup: names.log_group(name), Role: names.role(name, region),
            Repository: names.repository(name), HttpApi: names.api(name),
            Alarm: names.alarm(name, "*"), Dashboard: names.dashboard(name, region),
            Controller: names.controller(name),
            ScheduleGroup: names.schedule_group(name),
        }  # fmt: skip
        return f"{kind.kind} {own.get(kind, '')}".rstrip()

    def make(self, name: str, resource: Resource) -> None:
        """
        Make what is not there; what is there and ours is made exactly so.

        Raises:
            ForeignError: Somebody else made what has the name.
        """
        if key_of(resource) in {key_of(r) for r in self._one(name, resource).others}:
            raise ForeignError(name, (described(resource),))
        self.put(name, resource)

    def put(self, name: str, resource: Resource) -> None:
        """Make it exactly so, whoever made it before."""
        self._keepers[type(resource)].put(name, resource)

    def remove(self, name: str, resource: Resource) -> None:
        """Take it away, if it is ours."""
        if key_of(resource) in {key_of(r) for r in self._one(name, resource).mine}:
            self._keepers[type(resource)].remove(name, resource)

    def _one(self, name: str, resource: Resource) -> Surroundings:
        found = self._keepers[type(resource)].look(name, (resource,))
        return _sorted_out(found, name, (resource,))


def _sorted_out(
    found: Iterable[Found], name: str, wanted: tuple[Resource, ...]
) -> Surroundings:
    """Ours and others'; what belongs to other deployments counts only if wanted."""
    keys = {key_of(resource) for resource in wanted}
    mine, others, outputs = [], [], set[tuple[str, str]]()
    for item in found:
        if item.owner in {name, names.SHARED}:
            mine.append(item.resource)
            outputs.update(item.outputs)
        elif not item.owner or key_of(item.resource) in keys:
            others.append(item.resource)
    return Surroundings(tuple(mine), tuple(others), tuple(sorted(outputs)))
