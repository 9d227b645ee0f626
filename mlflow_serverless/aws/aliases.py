"""Aliases: where traffic goes, moved only from where it was seen."""

from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.functions import CONFLICT, MISSING, MOVED, Functions
from mlflow_serverless.aws.keeper import all_of, unless_missing
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.aws.versions import Versions
from mlflow_serverless.plan import Actual, Alias, PointAlias, RouteAlias, rules
from mlflow_serverless.plan.errors import (
    AliasMovedError,
    BadRoutingError,
    NoSuchFunctionError,
    NoSuchVersionError,
)

_INVALID = "InvalidParameterValueException"


class Aliases:
    """
    Aliases of functions.

    Args:
        access: Whose, and where.
        functions: What they belong to.
        versions: What they name.
    """

    def __init__(
        self, access: Access, functions: Functions, versions: Versions
    ) -> None:
        self._access, self._functions, self._versions = access, functions, versions

    @property
    def _client(self) -> Any:
        return self._access.client("lambda")

    def of(self, name: str) -> tuple[Alias, ...]:
        """All of *name*, sorted; none if there is no such function."""
        found = all_of(self._client, "list_aliases", "Aliases", FunctionName=name)
        return tuple(sorted(map(_alias, found), key=lambda alias: alias.name))

    def look(self, name: str, alias: str) -> Alias | None:
        """One alias, if it is there."""
        found = unless_missing(self._client.get_alias, FunctionName=name, Name=alias)
        return None if found is None else _alias(found)

    def point(self, step: PointAlias) -> None:
        """
        Send all traffic to the version with the step's content.

        Raises:
            AliasMovedError: Somebody else has moved it since it was looked at.
            NoSuchVersionError: No version holds that content.
        """
        self._functions.there(step.name)
        rules.check_alias_name(step.alias)
        now = self.look(step.name, step.alias)
        version, known = self._versions.holding(step.name, step.content)
        if version is None:
            raise NoSuchVersionError(step.name, step.content, known)
        if now is not None and not now.weights and self._holds(step, now.version):
            return
        self._versions.await_active(step.name, version.number)
        made = Alias(name=step.alias, version=version.number)
        self._move(step.name, now, made, step.revision)

    def _holds(self, step: PointAlias, number: str) -> bool:
        every = self._versions.of(step.name)
        return any(v.number == number and v.content == step.content for v in every)

    def route(self, step: RouteAlias) -> None:
        """
        Share traffic between two versions.

        Raises:
            AliasMovedError: Somebody else has moved it since it was looked at.
            BadRoutingError: Lambda would refuse it.
        """
        self._functions.there(step.name)
        rules.check_alias_name(step.alias)
        versions = self._versions.of(step.name)
        have = Actual(name=step.name, versions=versions)
        rules.check_routing(have, step.alias, step.version, step.weights)
        rules.check_note(step.name, step.note)
        now = self.look(step.name, step.alias)
        made = Alias(
            name=step.alias, version=step.version, weights=step.weights, note=step.note
        )
        if now is None or not _same(now, made):
            self._move(step.name, now, made, step.revision)

    def remove(self, name: str, alias: str) -> None:
        """Take a name away; nothing if it is not there."""
        unless_missing(self._client.delete_alias, FunctionName=name, Name=alias)

    def _move(
        self, name: str, now: Alias | None, made: Alias, revision: str | None
    ) -> None:
        if revision is not None and revision != (now.revision if now else ""):
            raise AliasMovedError(name, made.name)
        wanted = {
            "FunctionName": name, "Name": made.name, "FunctionVersion": made.version,
            "Description": made.note,
            "RoutingConfig": {"AdditionalVersionWeights": dict(made.weights)},
        }  # fmt: skip
        client, pace = self._client, self._access.pace
        try:
            if now is None:
                settled(client.create_alias, pace, **wanted)
            else:
                settled(client.update_alias, pace, RevisionId=now.revision, **wanted)
        except ClientError as error:
            if code_of(error) == MISSING:
                raise NoSuchFunctionError(name) from error
            if code_of(error) == _INVALID and "Provisioned Concurrency" in str(error):
                raise BadRoutingError(made.name, rules.KEPT_STARTED) from error
            if code_of(error) not in {CONFLICT, MOVED}:
                raise
            # By us, if the answer to an earlier try was lost on its way.
            there = self.look(name, made.name)
            if there is None or not _same(there, made):
                raise AliasMovedError(name, made.name) from error


def _alias(found: dict[str, Any]) -> Alias:
    weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
    return Alias(
        name=found["Name"],
        version=found["FunctionVersion"],
        weights=tuple(sorted(weights.items())),
        note=found.get("Description", ""),
        revision=found["RevisionId"],
    )


def _same(there: Alias, made: Alias) -> bool:
    return (there.version, there.weights, there.note) == (
        made.version, made.weights, made.note,
    )  # fmt: skip
