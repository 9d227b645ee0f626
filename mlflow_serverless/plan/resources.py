"""
What stands around a function: one value a kind.

Each is named by us, so it can be looked for and compared; what AWS chooses itself
(an API's id, a URL's host) is no part of it. Policies are canonical JSON text.
"""

from dataclasses import dataclass
from typing import ClassVar

from mlflow_serverless.plan.control import BESIDE, LAST, Control
from mlflow_serverless.plan.tool_parts import Secret, Table, ToolPart

Pairs = tuple[tuple[str, str], ...]
"""A mapping as a value: sorted by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where images are kept (ECR)."""

    kind: ClassVar = "image repository"
    name: str
    scan_on_push: bool = True
    immutable: bool = True
    """Whether a tag, once given, stays where it is."""
    kms_key: str = ""
    """ARN; empty for the registry's own AES-256."""
    untagged_days: int | None = 14
    """After how many days an image without a tag goes; None keeps it."""
    policy: str = ""
    """JSON: who may pull; Lambda must be among them."""
    shared: bool = False
    """Whether other deployments use it too: then it stays when this one goes."""
    tags: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What something may do (IAM)."""

    kind: ClassVar = "role"
    name: str
    trust: str
    """JSON: who may assume it."""
    policy: str
    """JSON: what it may do; its one inline policy."""
    boundary: str = ""
    """ARN of a permissions boundary; empty for none."""
    description: str = ""
    tags: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """Where logs are kept (CloudWatch Logs)."""

    kind: ClassVar = "log group"
    name: str
    retention_days: int | None = 30
    """None keeps them for ever."""
    kms_key: str = ""
    """ARN; empty for the service's own."""
    tags: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBucket:
    """Where models are kept that images do not hold (S3); never public, TLS only."""

    kind: ClassVar = "model bucket"
    name: str
    kms_key: str = ""
    """ARN; empty for S3's own AES-256."""
    versioned: bool = True
    policy: str = ""
    """JSON: refuses whatever does not come over TLS."""
    shared: bool = True
    tags: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Which web pages of other origins may call."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("POST",)
    headers: tuple[str, ...] = ("content-type", "authorization")
    max_age_s: int = 300
    credentials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionUrl:
    """An HTTPS address of one alias; its host is AWS's choice."""

    kind: ClassVar = "function URL"
    qualifier: str
    """The alias."""
    auth: str = "AWS_IAM"
    """`AWS_IAM`, or `NONE` for everybody."""
    cors: Cors | None = None

    @property
    def name(self) -> str:
        """What it is found by."""
        return self.qualifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One statement of an alias's own policy: who may call it."""

    kind: ClassVar = "permission"
    sid: str
    qualifier: str
    principal: str
    """A service, an account, an ARN, or `*`."""
    action: str = "lambda:InvokeFunction"
    source_arn: str = ""
    source_account: str = ""
    url_auth: str = ""
    """`AWS_IAM` or `NONE`: only through a function URL of that kind
    (`lambda:FunctionUrlAuthType`)."""
    via_url: bool = False
    """Only through a function URL (`lambda:InvokedViaFunctionUrl`)."""

    @property
    def name(self) -> str:
        """What it is found by: statements are numbered an alias each."""
        return f"{self.qualifier}/{self.sid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuthorizer:
    """Lets in whoever has a token of this issuer, for this audience."""

    issuer: str
    audience: tuple[str, ...]
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A host name of the user's own, in front of an API."""

    name: str
    certificate: str
    """ARN of its certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """
    An HTTP API in front of one alias.

    The statement of the alias's policy by which it may be called (`sid`) belongs to
    it, as that names the API's id, which is AWS's choice.
    """

    kind: ClassVar = "HTTP API"
    name: str
    qualifier: str
    """The alias that it calls."""
    sid: str = "api"
    routes: tuple[str, ...] = ("GET /ping", "GET /version", "POST /invocations")
    auth: str = "AWS_IAM"
    """`AWS_IAM`, `JWT` (see `jwt`), or `NONE` for everybody."""
    jwt: JwtAuthorizer | None = None
    cors: Cors | None = None
    rate: float = 100.0
    """Requests a second on average, per route."""
    burst: int = 200
    timeout_ms: int = 30_000
    """Of one request; 50 to 30,000."""
    access_log: str = ""
    """ARN of a log group; empty for none."""
    domain: Domain | None = None
    tags: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedConcurrency:
    """Environments that are kept started, for one alias or version."""

    kind: ClassVar = "provisioned concurrency"
    qualifier: str
    count: int

    @property
    def name(self) -> str:
        """What it is found by."""
        return self.qualifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Says so when a metric is where it should not be (CloudWatch)."""

    kind: ClassVar = "alarm"
    name: str
    metric: str
    namespace: str = "AWS/Lambda"
    statistic: str = "Sum"
    """`Sum`, `Average`, `Maximum`, or a percentile such as `p99`."""
    comparison: str = "GreaterThanThreshold"
    threshold: float
    period_s: int = 60
    periods: int = 5
    """How many periods are looked at."""
    breaching: int = 3
    """How many of these must be beyond the threshold."""
    dimensions: Pairs = ()
    actions: tuple[str, ...] = ()
    """ARNs of those who are told."""
    description: str = ""
    tags: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A page of graphs (CloudWatch)."""

    kind: ClassVar = "dashboard"
    name: str
    body: str
    """JSON."""


Resource = (
    Repository
    | Role
    | LogGroup
    | ModelBucket
    | ToolPart
    | FunctionUrl
    | Permission
    | HttpApi
    | ProvisionedConcurrency
    | Alarm
    | Dashboard
    | Control
)

BEFORE: tuple[type[Resource], ...] = (
    LogGroup, Role, ModelBucket, Repository, Secret, Table,
)  # fmt: skip
"""What a function needs, in the order in which it is made."""

AFTER: tuple[type[Resource], ...] = (
    ProvisionedConcurrency, FunctionUrl, Permission, HttpApi, Alarm, Dashboard,
)  # fmt: skip
"""What needs the alias, in the order in which it is made."""

INSIDE: tuple[type[Resource], ...] = (ProvisionedConcurrency, FunctionUrl, Permission)
"""What goes with the alias, and with the function, by itself."""

Key = tuple[str, str]


def key_of(resource: Resource) -> Key:
    """Kind and name: what a resource is found by, whatever else it is."""
    return resource.kind, resource.name


def rank(resource: Resource) -> int:
    """Where in the order of making a resource comes."""
    return (*BEFORE, *BESIDE, *AFTER, *LAST).index(type(resource))


def stays(resource: Resource) -> bool:
    """Whether it is others' too, and so is left when the deployment goes."""
    return isinstance(resource, Repository | ModelBucket) and resource.shared


def described(resource: Resource) -> str:
    """A resource in a few words: `log group NAME`, `function URL of live`."""
    of_an_alias = isinstance(resource, FunctionUrl | ProvisionedConcurrency)
    return f"{resource.kind} {'of ' if of_an_alias else ''}{resource.name}"
