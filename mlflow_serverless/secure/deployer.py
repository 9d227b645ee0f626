"""What whoever deploys needs to be allowed, for one deployment and no more."""

from collections.abc import Iterable, Iterator

from mlflow_serverless import limits
from mlflow_serverless.plan import (
    Alarm,
    Controller,
    Dashboard,
    Desired,
    HttpApi,
    LogGroup,
    ModelBucket,
    Packing,
    Place,
    Repository,
    Resource,
    Role,
    Schedule,
    ScheduleGroup,
    Secret,
    Table,
    names,
)
from mlflow_serverless.secure.brought import IMAGES, MODELS, NETWORK, brought
from mlflow_serverless.secure.control import making, passing, passing_its, seeking
from mlflow_serverless.secure.document import Statement, document
from mlflow_serverless.secure.policy import LAMBDA

_FUNCTION = tuple(
    f"lambda:{action}"
    for action in (
        "CreateFunction", "DeleteFunction", "GetFunction", "GetFunctionConfiguration",
        "GetFunctionConcurrency", "PutFunctionConcurrency", "DeleteFunctionConcurrency",
        "UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion",
        "ListVersionsByFunction", "CreateAlias", "UpdateAlias", "DeleteAlias",
        "GetAlias", "ListAliases", "TagResource", "UntagResource", "ListTags",
        "GetPolicy", "AddPermission", "RemovePermission", "InvokeFunction",
        "PutProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig",
        "DeleteProvisionedConcurrencyConfig", "ListProvisionedConcurrencyConfigs",
        "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig",
        "GetFunctionUrlConfig", "ListFunctionUrlConfigs", "InvokeFunctionUrl",
    )
)  # fmt: skip
_ROLE = tuple(
    f"iam:{action}"
    for action in (
        "CreateRole", "DeleteRole", "GetRole", "TagRole", "UntagRole", "ListRoleTags",
        "UpdateAssumeRolePolicy", "PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy",
        "ListRolePolicies", "PutRolePermissionsBoundary",
        "DeleteRolePermissionsBoundary",
    )
)  # fmt: skip
_REPOSITORY = (
    *IMAGES,
    *(
        f"ecr:{action}"
        for action in (
            "CreateRepository", "DeleteRepository", "TagResource", "UntagResource",
            "ListTagsForResource", "SetRepositoryPolicy", "PutLifecyclePolicy",
            "GetLifecyclePolicy", "PutImageScanningConfiguration",
            "PutImageTagMutability",
        )
    ),
)  # fmt: skip
_LOGS = tuple(
    f"logs:{action}"
    for action in (
        "CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy",
        "DeleteRetentionPolicy", "TagResource", "UntagResource", "ListTagsForResource",
        "AssociateKmsKey", "DisassociateKmsKey", "FilterLogEvents", "GetLogEvents",
    )
)  # fmt: skip
_BUCKET = tuple(
    f"s3:{action}"
    for action in (
        "CreateBucket", "GetBucketPolicy", "PutBucketPolicy", "GetBucketVersioning",
        "PutBucketVersioning", "GetEncryptionConfiguration",
        "PutEncryptionConfiguration", "GetBucketPublicAccessBlock",
        "PutBucketPublicAccessBlock", "GetBucketTagging", "PutBucketTagging",
        "ListBucket", "TagResource",
    )
)  # fmt: skip
_SECRET = tuple(
    f"secretsmanager:{action}"
    for action in (
        "CreateSecret", "DeleteSecret", "DescribeSecret", "GetSecretValue",
        "TagResource", "UntagResource", "UpdateSecret",
    )
)  # fmt: skip
_TABLE = tuple(
    f"dynamodb:{action}"
    for action in (
        "CreateTable", "DeleteTable", "DescribeTable", "DescribeTimeToLive",
        "ListTagsOfResource", "TagResource", "UntagResource",
        "UpdateTimeToLive",
    )
)  # fmt: skip
_EVERYWHERE = (
    "cloudwatch:DescribeAlarms",
    "ecr:GetAuthorizationToken",
    "ecr:GetSigningConfiguration",
    "lambda:GetAccountSettings",
    "lambda:ListFunctions",
    "logs:DescribeLogGroups",
    "scheduler:ListSchedules",
    "tag:GetResources",
)
"""AWS knows no resources for these."""
_DRAW = ("secretsmanager:GetRandomPassword",)
"""How a secret's value is made; it is of no secret yet."""
_API = tuple(
    f"apigateway:{verb}"
    for verb in ("GET", "POST", "PATCH", "PUT", "DELETE", "TagResource")
)
_API_PARTS = ("apis", "apis/*", "domainnames/*", "tags/*")
_ALARM = (
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:TagResource",
    "cloudwatch:ListTagsForResource",
)
_DASHBOARD = (
    "cloudwatch:PutDashboard",
    "cloudwatch:GetDashboard",
    "cloudwatch:DeleteDashboards",
)
_KEY = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GetKeyPolicy",
)
_ASK = ("execute-api:Invoke",)
_WITHIN = (MODELS, _ASK)
"""What is done with what a resource holds or serves; the rest makes it."""
_DELIVERY = (
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
)  # fmt: skip
"""How an API is told to log; AWS knows no resources for these either."""


def deployer_policies(place: Place, want: Desired, packing: Packing) -> tuple[str, ...]:
    """
    What deploying, watching and deleting *want* takes, as policies to attach.

    One if it fits into one; AWS bounds each. The only statements on all resources are
    of actions for which AWS knows no others.

    Args:
        place: Where.
        want: All of it.
        packing: Where its images go, and how they are signed: ECR signs on behalf of
            whoever pushes, by profiles of the account that only the registry's rule
            names.
    """
    statements = [*_allowed(place, want), *brought(place, want, packing)]
    if packing.signing == "ecr":
        profiles = place.arn("signer", "/signing-profiles/*")
        statements.append(
            Statement(
                sid="Sign", actions=("signer:SignPayload",), resources=(profiles,)
            )
        )
    return tuple(_divided(statements, limits.MANAGED_POLICY_CHARS))


def _divided(statements: Iterable[Statement], most: int) -> Iterator[str]:
    """Documents of at most *most* characters, in order; they have no white space."""
    held: list[Statement] = []
    for statement in statements:
        if held and len(document((*held, statement))) > most:
            yield document(held)
            held = []
        held.append(statement)
    yield document(held)


_Texts = tuple[str, ...]


def _allowed(place: Place, want: Desired) -> Iterator[Statement]:
    settings = want.function.settings
    function = place.arn("lambda", f"function:{want.function.name}")
    yield Statement(
        sid="Function", actions=_FUNCTION, resources=(function, f"{function}:*")
    )
    yield Statement(sid="Look", actions=tuple(_unbound(want)), resources=("*",))
    yield from seeking(place, want.function.name)
    if settings.role:
        yield from _passing(settings.role)
    if settings.kms_key:
        yield Statement(sid="Key", actions=_KEY, resources=(settings.kms_key,))
    if any(isinstance(resource, Alarm) for resource in want.resources):
        # A rollout adds some on its versions.
        named = names.alarm(want.function.name, "*")
        alarms = place.arn("cloudwatch", f"alarm:{named}")
        yield Statement(sid="Alarms", actions=_ALARM, resources=(alarms,))
    yield from _making(place, want)


def _unbound(want: Desired) -> Iterator[str]:
    """What is done on all resources."""
    kinds = {type(resource) for resource in want.resources}
    yield from _EVERYWHERE
    yield from _DELIVERY if HttpApi in kinds else ()
    yield from _DRAW if Secret in kinds else ()
    yield from NETWORK if want.function.settings.subnets else ()


def _making(place: Place, want: Desired) -> Iterator[Statement]:
    """One statement for all that the same is done with: policies are short."""
    alike: dict[_Texts, tuple[str, list[str]]] = {}
    for number, resource in enumerate(want.resources):
        if isinstance(resource, Controller | Schedule):
            yield passing_its(resource)
        for actions, arns in _around(place, resource):
            sid = f"{type(resource).__name__}{number}{'s' * (actions in _WITHIN)}"
            alike.setdefault(actions, (sid, []))[1].extend(arns)
    for actions, (sid, found) in alike.items():
        yield Statement(sid=sid, actions=actions, resources=tuple(found))


def _passing(role: str) -> Iterator[Statement]:
    yield passing("PassRole", role, LAMBDA)
    yield Statement(sid="SeeRole", actions=("iam:GetRole",), resources=(role,))


def _around(place: Place, resource: Resource) -> Iterator[tuple[_Texts, _Texts]]:
    """Actions and ARNs; none for what is part of the function."""
    name = resource.name
    match resource:
        case Role():
            yield _ROLE, (place.global_arn("iam", f"role/{name}"),)
        case Repository():
            yield _REPOSITORY, (place.arn("ecr", f"repository/{name}"),)
        case LogGroup():
            group = place.arn("logs", f"log-group:{name}")
            yield _LOGS, (group, f"{group}:*")
        case ModelBucket():
            yield _BUCKET, (place.bucket_arn(name),)
            yield MODELS, (place.bucket_arn(f"{name}/*"),)
        case HttpApi():
            root = f"arn:{place.partition}:apigateway:{place.region}::"
            yield _API, tuple(f"{root}/{part}" for part in _API_PARTS)
            # AWS chooses the API's id, so that every one's predictions are meant.
            asked = place.arn("execute-api", "*/*/POST/invocations")
            yield _ASK, (asked,)
        case Controller() | ScheduleGroup() | Schedule():
            yield making(place, resource)
        case Dashboard():
            yield _DASHBOARD, (place.global_arn("cloudwatch", f"dashboard/{name}"),)
        case _:
            yield from _of_a_tool(place, resource)


def _of_a_tool(place: Place, resource: Resource) -> Iterator[tuple[_Texts, _Texts]]:
    match resource:
        case Secret():
            yield _SECRET, (place.secret_arn(resource.name),)
        case Table():
            yield _TABLE, (place.arn("dynamodb", f"table/{resource.name}"),)
        case _:
            return
