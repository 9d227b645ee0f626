"""What AWS refuses, in our words: what happened, and what to type."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.exceptions import ClientError

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.plan.errors import ThrottledError


class NoCredentialsError(ServerlessError):
    """Nothing says who we are."""

    code = "no-aws-credentials"
    kind = Kind.DENIED

    def __init__(self, why: str = "none were found") -> None:
        super().__init__(
            f"there are no AWS credentials to use: {why}.",
            hint="run `aws configure` or `aws sso login`, or set AWS_PROFILE, or "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )


class NoRegionError(ServerlessError):
    """Nothing says where."""

    code = "no-aws-region"
    kind = Kind.BAD_INPUT

    def __init__(self) -> None:
        super().__init__(
            "nothing says which AWS region to deploy to.",
            hint="use -t lambda:/REGION (lambda:/eu-central-1), or set AWS_REGION.",
        )


class BadCredentialsError(ServerlessError):
    """AWS knows no such key, or a signature that does not fit it."""

    code = "bad-aws-credentials"
    kind = Kind.DENIED

    def __init__(self, said: str) -> None:
        super().__init__(
            f"AWS does not accept these credentials: {said}",
            hint="see `aws sts get-caller-identity`; a region may have to be enabled "
            "for the account, and a clock that is wrong spoils signatures.",
        )


class TokenExpiredError(ServerlessError):
    """The credentials were good once."""

    code = "aws-token-expired"
    kind = Kind.DENIED

    def __init__(self) -> None:
        super().__init__(
            "the AWS session has expired.",
            hint="log in again (`aws sso login`), or renew AWS_SESSION_TOKEN.",
        )


class AccessDeniedError(ServerlessError):
    """We may not do it; says exactly what."""

    code = "access-denied"
    kind = Kind.DENIED

    def __init__(self, action: str, resource: str, who: str) -> None:
        where = f" on {resource}" if resource not in {"", "*"} else ""
        super().__init__(
            f"{who or 'the caller'} may not {action}{where}.",
            hint=f"allow {action}; `mlflow-serverless iam NAME` prints the whole "
            "policy that deploying needs.",
        )
        self.action, self.resource = action, resource


class UnreachableError(ServerlessError):
    """No answer came; what was asked may have been done."""

    code = "aws-unreachable"
    kind = Kind.UNAVAILABLE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"AWS cannot be reached: {why}.",
            hint="check the network, the region's name and AWS_ENDPOINT_URL, and run "
            "again: what was done already is not done twice.",
        )


class FunctionFailedError(ServerlessError):
    """Lambda accepted it, and then could not make it run."""

    code = "function-failed"
    kind = Kind.REFUSED

    def __init__(self, function: str, reason: str, why: str) -> None:
        super().__init__(
            f"Lambda cannot run {function}: {why} ({reason})",
            hint=_REMEDIES.get(reason, "mend the cause and run again."),
        )
        self.reason = reason


_REMEDIES = {
    "ImageAccessDenied": "let lambda.amazonaws.com pull: the repository's policy needs "
    "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer.",
    "ImageDeleted": "deploy again: that pushes the image again.",
    "InvalidImage": "deploy again with another builder (-C image.builder=direct).",
    "InsufficientRolePermissions": "give the role what "
    "`mlflow-serverless iam NAME --of function` prints.",
    "EniLimitExceeded": "use fewer subnets, or ask for more network interfaces.",
    "SubnetOutOfIPAddresses": "use larger subnets.",
    "FunctionError.InitTimeout": "raise memory_mb: it starts faster with more.",
}


class SlowError(ServerlessError):
    """It is not ready yet, after a long time."""

    code = "aws-slow"
    kind = Kind.UNAVAILABLE

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(
            f"{what} is not ready after {seconds:.0f} s.",
            hint="run again: it goes on from here.",
        )


class NotAssumableError(ServerlessError):
    """Lambda may not act as the role, however long one waits."""

    code = "role-not-assumable"
    kind = Kind.REFUSED

    def __init__(self, role: str) -> None:
        super().__init__(
            f"Lambda cannot assume {role or 'the role'}.",
            hint="see that the role is there and that its trust policy names "
            "lambda.amazonaws.com for sts:AssumeRole.",
        )


class ImageRefusedError(ServerlessError):
    """Lambda cannot make a function of the image."""

    code = "image-refused"
    kind = Kind.REFUSED

    def __init__(self, image: str, why: str) -> None:
        super().__init__(
            f"Lambda does not take {image}: {why}",
            hint="deploy again: that pushes the image; it must be in the same region, "
            "and the repository's policy must let Lambda pull it.",
        )


class AwsRefusedError(ServerlessError):
    """Anything else that AWS said no to."""

    code = "aws-refused"
    kind = Kind.REFUSED

    def __init__(self, action: str, code: str, said: str) -> None:
        super().__init__(
            f"AWS refused {action}: {said} ({code})",
            hint="change what it complains of.",
        )
        self.reason = code


_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN = {
    "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId",
    "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure",
    "IncompleteSignature", "MissingAuthenticationToken", "OptInRequired",
}  # fmt: skip
_DENIED = {
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation",
    "UnauthorizedException", "Forbidden", "403",
}  # fmt: skip
_THROTTLED = {
    "Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown",
    "RequestLimitExceeded", "ThrottledException", "EC2ThrottledException",
}  # fmt: skip
_PERFORM = re.compile(
    r"(?:User: (?P<who>\S+) )?is not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"(?: on resource:? \"?(?P<resource>[^\s\"]+))?"
)


def code_of(error: ClientError) -> str:
    """AWS's own code of *error*: `ResourceNotFoundException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def said_by(error: ClientError) -> str:
    """What AWS said, in its words."""
    said = error.response.get("Error", {})
    return str(said.get("Message") or error.response.get("Message") or code_of(error))


def status_of(error: ClientError) -> int:
    """HTTP status of *error*."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def explained_by(error: ClientError) -> ServerlessError:
    """*error* in our words."""
    code, said = code_of(error), said_by(error)
    found: ServerlessError = AwsRefusedError(error.operation_name, code, said)
    if code in _EXPIRED:
        found = TokenExpiredError()
    elif code in _UNKNOWN:
        found = BadCredentialsError(said)
    elif code in _THROTTLED:
        found = ThrottledError(error.operation_name, said)
    elif "cannot be assumed by Lambda" in said:
        found = NotAssumableError("")
    elif "ECR image" in said or "Source image" in said:
        found = ImageRefusedError("the image", said)
    elif code in _DENIED:
        found = _denied(error.operation_name, said)
    return found


_WORDLESS = {
    "HeadBucket": "s3:ListBucket", "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket", "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject", "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject", "DeleteObject": "s3:DeleteObject",
}  # fmt: skip
"""What S3's operations take: it answers HEAD without a word, and tells callers of other
accounts no more than that it denies."""


def _denied(operation: str, said: str) -> AccessDeniedError:
    found = _PERFORM.search(said)
    if found is None:
        return AccessDeniedError(_WORDLESS.get(operation, operation), "", "")
    resource = (found["resource"] or "").rstrip(".")
    return AccessDeniedError(found["action"], resource, found["who"] or "")


_NO_IDENTITY = (
    boto.CredentialRetrievalError, boto.SSOError, boto.TokenRetrievalError,
    boto.ProfileNotFound, boto.InvalidConfigError,
)  # fmt: skip


@contextmanager
def explained() -> Iterator[None]:
    """Whatever botocore raises within is raised in our words."""
    try:
        yield
    except ClientError as cause:
        raise explained_by(cause) from cause
    except (boto.NoCredentialsError, boto.PartialCredentialsError) as cause:
        raise NoCredentialsError from cause
    except (boto.NoRegionError, boto.InvalidRegionError) as cause:
        raise NoRegionError from cause
    except _NO_IDENTITY as cause:
        raise NoCredentialsError(str(cause).rstrip(".")) from cause
    except (boto.HTTPClientError, boto.ConnectionError) as cause:
        raise UnreachableError(str(cause).rstrip(".")) from cause
