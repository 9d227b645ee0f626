"""What preflight must know of an account; what may not be asked is left out."""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import AccessDeniedError, explained_by
from mlflow_serverless.aws.images import account_of
from mlflow_serverless.aws.keeper import canonical, unless_missing
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
    answer = unless_missing(access.client("iam").get_role, RoleName=name)
    if answer is None:
        return RoleFacts(arn=arn, there=False)
    found = answer["Role"]
    trust = canonical(found["AssumeRolePolicyDocument"])
    return RoleFacts(arn=arn, there=found["Arn"] == arn, trust=trust)


def _repository(access: Access, artifact: str) -> RepositoryFacts:
    """Of the registry that *artifact* is in, which may be another account's."""
    place, client = parse_reference(artifact), access.client("ecr")
    where, name = account_of(place) or access.place.account, place.repository
    found = unless_missing(
        client.describe_repositories, "RepositoryNotFoundException",
        registryId=where, repositoryNames=[name],
    )  # fmt: skip
    if found is None:
        return RepositoryFacts(name=name, there=False)
    policy = unless_missing(
        client.get_repository_policy, "RepositoryPolicyNotFoundException",
        registryId=where, repositoryName=name,
    )  # fmt: skip
    mutability = found["repositories"][0].get("imageTagMutability")
    return RepositoryFacts(
        name=name, there=True, policy=policy["policyText"] if policy else "",
        immutable=mutability == "IMMUTABLE",
    )  # fmt: skip


def _key(access: Access, named: str) -> KeyFacts:
    """Its policy only if it is our account's: another's shows it to nobody else."""
    client = access.client("kms")
    answer = unless_missing(client.describe_key, "NotFoundException", KeyId=named)
    if answer is None:
        return KeyFacts(there=False)
    found, policy = answer["KeyMetadata"], ""
    if found["AWSAccountId"] == access.place.account:
        known = client.get_key_policy(KeyId=found["KeyId"], PolicyName="default")
        policy = known["Policy"]
    return KeyFacts(
        there=True, arn=found["Arn"], state=found["KeyState"],
        spec=found.get("KeySpec", "SYMMETRIC_DEFAULT"), policy=policy,
    )  # fmt: skip
