"""Functions as Lambda keeps them: $LATEST, versions, aliases, what hangs on them."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fakes.aws.rest import AwsError

ACCOUNT = "123456789012"
LATEST = "$LATEST"


@dataclass
class Settling:
    """Something that Lambda works on for a while after it has answered."""

    until: float = 0.0
    failure: tuple[str, str] | None = None
    """Reason code and reason, if it is to fail."""

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.until


@dataclass
class Frozen:
    """One configuration with the image it runs: $LATEST, or a version."""

    config: dict[str, Any]
    uri: str
    settling: Settling = field(default_factory=Settling)
    first: bool = True
    """Whether it has never been active."""

    def shown(self) -> dict[str, Any]:
        """As GetFunctionConfiguration shows it now."""
        self.settle()
        return dict(self.config)

    def settle(self) -> None:
        """Let time pass: what was pending is active, or has failed."""
        now, config = self.settling, self.config
        if not now.over or not self._working():
            return
        config["RevisionId"] = str(uuid.uuid4())
        what = "State" if self.first else "LastUpdateStatus"
        config["LastUpdateStatus"] = "Successful"
        config["State"] = "Active"
        for key in ("StateReason", "StateReasonCode"):
            config.pop(key, None)
        if now.failure is not None:
            code, why = now.failure
            config.update(
                {what: "Failed", f"{what}ReasonCode": code, f"{what}Reason": why}
            )
        self.first = self.first and now.failure is not None

    def _working(self) -> bool:
        found = self.config
        return found["State"] == "Pending" or found["LastUpdateStatus"] == "InProgress"

    def refuse_while_working(self) -> None:
        """What is asked for while Lambda is at work is a conflict."""
        self.settle()
        if self.config["State"] == "Pending":
            said = "The function is currently in the following state: Pending"
        elif self.config["LastUpdateStatus"] == "InProgress":
            arn = self.config["FunctionArn"]
            said = f"An update is in progress for resource: {arn}"
        else:
            return
        raise AwsError(
            409, "ResourceConflictException",
            f"The operation cannot be performed at this time. {said}",
        )  # fmt: skip


@dataclass
class Made:
    """One function."""

    name: str
    arn: str
    latest: Frozen
    tags: dict[str, str]
    versions: dict[str, Frozen] = field(default_factory=dict)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    concurrency: int | None = None
    policies: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """Statements by qualifier ("" for none) and Sid."""
    urls: dict[str, dict[str, Any]] = field(default_factory=dict)
    provisioned: dict[str, tuple[int, Settling]] = field(default_factory=dict)

    def at(self, qualifier: str | None) -> Frozen:
        """$LATEST, a version, or the version that an alias mainly names."""
        if qualifier in {None, "", LATEST}:
            return self.latest
        if qualifier in self.aliases:
            qualifier = self.aliases[qualifier]["FunctionVersion"]
        if qualifier in self.versions:
            return self.versions[qualifier]
        raise not_found(f"{self.arn}:{qualifier}")


class Shelf:
    """
    All functions of one account and region.

    Args:
        region: Where it is.
        working_s: How long Lambda works on what it has answered already [s].
    """

    def __init__(self, region: str, *, working_s: float = 0.02) -> None:
        self.region, self.working_s = region, working_s
        self.functions: dict[str, Made] = {}
        self.failures: list[tuple[str, str]] = []
        """How the next creations and updates fail, once they have been answered."""
        self._numbers: dict[str, int] = {}

    def arn(self, name: str) -> str:
        return f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{name}"

    def find(self, named: str) -> Made:
        """The function that *named* (a name or an ARN) means."""
        name = split(named)[0]
        if name not in self.functions:
            raise not_found(self.arn(name))
        return self.functions[name]

    def number(self, name: str) -> str:
        """The next version's; never used again, even if the function is deleted."""
        self._numbers[name] = self._numbers.get(name, 0) + 1
        return str(self._numbers[name])

    def settling(self) -> Settling:
        """Work that begins now."""
        failure = self.failures.pop(0) if self.failures else None
        return Settling(time.monotonic() + self.working_s, failure)


def split(named: str) -> tuple[str, str | None]:
    """Name and qualifier of `NAME`, `NAME:QUALIFIER` or an ARN."""
    name = re.sub(r"^(arn:aws:lambda:)?([\w-]+:\d{12}:)?function:", "", named)
    name, _, qualifier = name.partition(":")
    return name, qualifier or None


def not_found(arn: str) -> AwsError:
    return AwsError(404, "ResourceNotFoundException", f"Function not found: {arn}")


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def check_revision(given: str | None, have: str) -> None:
    """An update that carries an old revision is refused."""
    if given is not None and given != have:
        raise AwsError(
            412, "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
        )  # fmt: skip


def invalid(message: str) -> AwsError:
    return AwsError(400, "InvalidParameterValueException", message)


def conflict(message: str) -> AwsError:
    return AwsError(409, "ResourceConflictException", message)
