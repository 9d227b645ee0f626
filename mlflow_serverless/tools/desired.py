"""What a tool is to be on AWS; pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mlflow_serverless.build import BuildOptions
from mlflow_serverless.plan import (
    Desired,
    Function,
    FunctionUrl,
    LogGroup,
    Packing,
    Pairs,
    Permission,
    Place,
    Repository,
    Resource,
    Role,
    Settings,
    names,
)
from mlflow_serverless.secure import repository_policy, tool_policy, trust_policy
from mlflow_serverless.secure.document import Statement
from mlflow_serverless.tools.tool import Tool

ALIAS = "live"
"""What calls a tool calls this, so that a new version is asked for by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A tool as a function of ours, and what it is to have."""

    name: str
    """The function's."""
    tool: Tool
    memory_mb: int = 256
    timeout_s: int = 30
    environment: Pairs = ()
    concurrency: int | None = None
    """Most calls at once; None leaves it to the account."""
    may: tuple[Statement, ...] = ()
    """What it may do beside writing its log."""
    resources: tuple[Resource, ...] = ()
    """What stands around it beside its role, its log group and its repository."""
    kms_key: str = ""
    """ARN of the key of its variables, log and images; empty for AWS's own."""
    retention_days: int | None = 30
    boundary: str = ""
    """ARN of a permissions boundary for its role."""
    tags: Pairs = ()
    options: BuildOptions = field(default_factory=BuildOptions)

    @property
    def all_tags(self) -> Pairs:
        """Of everything that is this tool's alone."""
        return tuple(sorted({*self.tags, (names.OWNER, self.name)}))


def desired(wanted: Wanted, place: Place, artifact: str) -> Desired:
    """
    The function, its alias and all that stands around it.

    Args:
        wanted: The tool.
        place: Where.
        artifact: Address of its image; empty before it is made.
    """
    role = place.global_arn("iam", f"role/{names.role(wanted.name, place.region)}")
    settings = Settings(
        memory_mb=wanted.memory_mb,
        timeout_s=wanted.timeout_s,
        environment=tuple(sorted(wanted.environment)),
        concurrency=wanted.concurrency,
        role=role,
        architecture=wanted.options.architecture,
        kms_key=wanted.kms_key,
        log_group=names.log_group(wanted.name),
        log_format="Text",
    )
    return Desired(
        function=Function(name=wanted.name, artifact=artifact, settings=settings),
        alias=ALIAS,
        tags=tuple(sorted({*wanted.all_tags, (names.TOOL, wanted.tool.name)})),
        resources=(*_around(wanted, place), *wanted.resources),
    )


def open_url() -> tuple[Resource, ...]:
    """A URL that everybody may call, for callers that cannot sign as AWS wants it."""
    return (
        FunctionUrl(qualifier=ALIAS, auth="NONE"),
        Permission(
            sid="url", qualifier=ALIAS, principal="*", url_auth="NONE",
            action="lambda:InvokeFunctionUrl",
        ),
        Permission(sid="url-invoke", qualifier=ALIAS, principal="*", via_url=True),
    )  # fmt: skip


def packing(wanted: Wanted, place: Place) -> Packing:
    """Where its image goes."""
    path = names.repository(wanted.name)
    return Packing(
        name=wanted.name,
        repository=f"{place.registry}/{path}",
        architecture=wanted.options.architecture,
    )


def _around(wanted: Wanted, place: Place) -> Iterator[Resource]:
    group, tags = names.log_group(wanted.name), wanted.all_tags
    yield LogGroup(
        name=group, retention_days=wanted.retention_days, kms_key=wanted.kms_key,
        tags=tags,
    )  # fmt: skip
    yield Role(
        name=names.role(wanted.name, place.region),
        trust=trust_policy(),
        policy=tool_policy(place, group, wanted.may),
        boundary=wanted.boundary,
        description=f"What the function {wanted.name} may do",
        tags=tags,
    )
    yield Repository(
        name=names.repository(wanted.name),
        kms_key=wanted.kms_key,
        policy=repository_policy(place, wanted.name),
        tags=tags,
    )
