"""What preflight must know of an account; what may not be asked is left out."""

from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import AccessDeniedError, explained_by
from mlflow_serverless.aws.images import account_of
from mlflow_serverless.aws.keeper import canonical, missing
from mlflow_serverless.aws.session import Access
from mlflow_serverless.build import parse_reference
from mlflow_serverless.plan import Desired, Repository, Role
from mlflow_serverless.preflight import (
    AccountFacts,
    Facts,
    KeyFacts,
    RepositoryFacts,
    RoleFacts,
)

Answer = TypeVar("Answer")


def survey(access: Access, want: Desired) -> Facts:
    """
    Facts about the account, and about the role and repository that *want* only uses.

    Raises:
        ServerlessError: There are no credentials or no region, or they do not work.
    """
    place, denied = access.place, list[str]()

    def asked(look: Callable[[], Answer]) -> Answer | None:
        try:
            return look()
        except ClientError as error:
            refusal = explained_by(error)
            if not isinstance(refusal, AccessDeniedError):
                raise
            denied.append(refusal.action)
            return None

    kinds = {type(resource) for resource in want.resources}
    settings, artifact = want.function.settings, want.function.artifact
    role, named = settings.role, settings.kms_key
    account = asked(lambda: _account(access))
    roles = asked(lambda: _role(access, role)) if role and Role not in kinds else None
    repository = None
    if artifact and Repository not in kinds:
        repository = asked(lambda: _repository(access, artifact))
    key = asked(lambda: _key(access, named)) if named else None
    return Facts(
        place=place, account=account, role=roles, repository=repository, key=key,
        denied=tuple(sorted(set(denied))),
    )  # fmt: skip


def _account(access: Access) -> AccountFacts:
    found = access.client("lambda").get_account_settings()
    limit, used = found["AccountLimit"], found["AccountUsage"]
    return AccountFacts(
        concurrency=limit["ConcurrentExecutions"],
        unreserved=limit["UnreservedConcurrentExecutions"],
        code_bytes=used["TotalCodeSize"],
        code_bytes_most=limit["TotalCodeSize"],
    )


def _role(access: Access, arn: str) -> RoleFacts:
    name = arn.rpartition("/")[2]
    try:
        found: dict[str, Any] = access.client("iam").get_role(RoleName=name)["Role"]
    except ClientError as error:
        if missing(error):
            return RoleFacts(arn=arn, there=False)
        raise
    trust = canonical(found["AssumeRolePolicyDocument"])
    return RoleFacts(arn=arn, there=found["Arn"] == arn, trust=trust)


def _repository(access: Access, artifact: str) -> RepositoryFacts:
    """Of the registry that *artifact* is in, which may be another account's."""
    place, client = parse_reference(artifact), access.client("ecr")
    asked = {"registryId": account_of(place) or access.place.account}
    try:
        found = client.describe_repositories(
            repositoryNames=[place.repository], **asked
        )["repositories"][0]
    except ClientError as error:
        if missing(error, "RepositoryNotFoundException"):
            return RepositoryFacts(name=place.repository, there=False)
        raise
    try:
        known = client.get_repository_policy(repositoryName=place.repository, **asked)
    except ClientError as error:
        if not missing(error, "RepositoryPolicyNotFoundException"):
            raise
        known = {"policyText": ""}
    return RepositoryFacts(
        name=place.repository, there=True, policy=known["policyText"],
        immutable=found.get("imageTagMutability") == "IMMUTABLE",
    )  # fmt: skip


def _key(access: Access, named: str) -> KeyFacts:
    """Its policy only if it is our account's: another's shows it to nobody else."""
    client = access.client("kms")
    try:
        found: dict[str, Any] = client.describe_key(KeyId=named)["KeyMetadata"]
    except ClientError as error:
        if missing(error, "NotFoundException"):
            return KeyFacts(there=False)
        raise
    policy = ""
    if found["AWSAccountId"] == access.place.account:
        known = client.get_key_policy(KeyId=found["KeyId"], PolicyName="default")
        policy = known["Policy"]
    return KeyFacts(
        there=True, arn=found["Arn"], state=found["KeyState"],
        spec=found.get("KeySpec", "SYMMETRIC_DEFAULT"), policy=policy,
    )  # fmt: skip
