"""What can go wrong between us and a registry."""

from mlflow_serverless.errors import Kind, ServerlessError


class BadReferenceError(ServerlessError):
    """Not the name of an image."""

    code = "bad-image-reference"
    kind = Kind.BAD_INPUT

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} does not name an image.",
            hint="write it as registry/repository:tag or registry/repository@sha256:…",
        )


class RegistryUnreachableError(ServerlessError):
    """No answer, or none that helps, however often it was asked."""

    code = "image-registry-unreachable"
    kind = Kind.UNAVAILABLE

    def __init__(self, host: str, why: str, *, attempts: int) -> None:
        super().__init__(
            f"the registry {host} does not answer after {attempts} attempts: {why}",
            hint="check its name and the network, and try again; what has arrived is "
            "not sent twice.",
        )


class RegistryDeniedError(ServerlessError):
    """The registry knows who asks, and says no; or does not know."""

    code = "image-registry-denied"
    kind = Kind.DENIED

    def __init__(self, host: str, what: str, why: str) -> None:
        super().__init__(
            f"{host} denies {what}: {why}",
            hint="for ECR the caller needs ecr:GetAuthorizationToken, and on the "
            "repository BatchCheckLayerAvailability, BatchGetImage, "
            "GetDownloadUrlForLayer, InitiateLayerUpload, UploadLayerPart, "
            "CompleteLayerUpload and PutImage.",
        )


class RepositoryMissingError(ServerlessError):
    """The registry has no such repository, and does not make one by itself."""

    code = "repository-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, host: str, repository: str) -> None:
        super().__init__(
            f"{host} has no repository {repository!r}.",
            hint=f"aws ecr create-repository --repository-name {repository}",
        )


class ImageMissingError(ServerlessError):
    """There is no image of that name."""

    code = "image-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, host: str, repository: str, what: str) -> None:
        super().__init__(
            f"{host}/{repository} does not have {what}.",
            hint="check its name, tag or digest; a private one needs a login.",
        )


class TagTakenError(ServerlessError):
    """An immutable tag stands for another image already."""

    code = "image-tag-taken"
    kind = Kind.CONFLICT

    def __init__(self, repository: str, tag: str, have: str, wanted: str) -> None:
        super().__init__(
            f"{repository}:{tag} is {have or 'another image'} already, not {wanted}, "
            "and the repository does not let tags move.",
            hint="push under another tag, or under none: the digest is enough.",
        )


class RegistryRefusedError(ServerlessError):
    """An answer that no retry will change."""

    code = "image-registry-refused"
    kind = Kind.REFUSED

    def __init__(self, host: str, what: str, status: int, why: str) -> None:
        super().__init__(
            f"{host} refuses {what} with {status}: {why}",
            hint="change what it complains of, and run again.",
        )


class BlobDamagedError(ServerlessError):
    """What came is not what was asked for."""

    code = "image-blob-damaged"
    kind = Kind.UNAVAILABLE

    def __init__(self, repository: str, digest: str, found: str) -> None:
        super().__init__(
            f"what came from {repository} should be {digest} and is {found}.",
            hint="try again; if it stays so, somebody between you and the registry "
            "changes what passes.",
        )


class PlainHttpError(ServerlessError):
    """A password or token would cross a network in the clear."""

    code = "image-registry-plain-http"
    kind = Kind.REFUSED

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} is plain HTTP, which is for this machine alone.",
            hint="use a registry that speaks HTTPS.",
        )
