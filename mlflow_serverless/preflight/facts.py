"""What is known about the outside before a deployment, as values."""

from dataclasses import dataclass

from mlflow_serverless.plan.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """What an account has left, in one region."""

    concurrency: int
    """Concurrent executions it may have."""
    unreserved: int
    """Those that no function has reserved."""
    code_bytes: int = 0
    """Of functions' code, in use."""
    code_bytes_most: int = 0
    """That it may use; 0 if not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """A role that was there before us."""

    arn: str
    there: bool
    trust: str = ""
    """JSON: who may assume it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFacts:
    """A repository that was there before us."""

    name: str
    there: bool
    policy: str = ""
    """JSON; empty if it has none."""
    immutable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """The key that variables, logs, models and images are encrypted with."""

    there: bool
    arn: str = ""
    """Its own, by whatever name it was asked for."""
    state: str = ""
    """`Enabled`, `Disabled`, `PendingDeletion`, ..."""
    spec: str = ""
    """`SYMMETRIC_DEFAULT`, `RSA_2048`, ..."""
    policy: str = ""
    """JSON; empty if it is another account's, which does not show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """An image as it would be pushed; that its libraries run, `build` has seen to."""

    media_type: str
    """Of its manifest."""
    layer_types: tuple[str, ...] = ()
    """Media types of its layers."""
    uncompressed_bytes: int = 0
    architecture: str = ""
    """As the image's configuration says: `amd64`, `arm64`."""
    python: str = ""
    """`3.12`; empty if the base is no AWS base image."""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What the model was measured to need."""

    bytes: int = 0
    """Of the bundle."""
    native: bool = False
    """Whether its own library serves it, which takes seconds to import."""
    memory_mb: int = 0
    """Most that a process serving it here has used; 0 if it was not measured."""
    scratch_bytes: int = 0
    """What that had written to its `/tmp`, without files that it would have fetched."""
    asked: int = 0
    """How many requests it answered meanwhile."""
    largest_bytes: int = 0
    """The largest of these."""
    example_bytes: int = 0
    """Of a request with the model's own example; 0 if it brings none."""
    init_ms: float = 0.0
    """Time to a first answer here; 0 if it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All of it; None and () where nothing is known."""

    place: Place | None = None
    account: AccountFacts | None = None
    role: RoleFacts | None = None
    """Only if the deployment brings no role of its own."""
    repository: RepositoryFacts | None = None
    """Only if the deployment brings no repository of its own."""
    key: KeyFacts | None = None
    """Only if the deployment names one."""
    image: ImageFacts | None = None
    """None before it is built."""
    model: ModelFacts | None = None
    """None before it is built; filled in by the story."""
    held: int = 0
    """Environments that the deployment itself has reserved; filled in by the story."""
    denied: tuple[str, ...] = ()
    """Actions that were refused while looking: `lambda:GetAccountSettings`."""
