"""The function's surroundings: its settings, resources and how it is packed."""

from collections.abc import Iterator
from dataclasses import dataclass

from mlflow_serverless.config import DeploymentConfig, flat
from mlflow_serverless.plan import (
    LogGroup,
    ModelBucket,
    Mount,
    Packing,
    Pairs,
    Place,
    ProvisionedConcurrency,
    Repository,
    Resource,
    Role,
    Settings,
    names,
)
from mlflow_serverless.preflight import ModelFacts
from mlflow_serverless.secure import (
    Reach,
    bucket_policy,
    repository_policy,
    role_policy,
    trust_policy,
)
from mlflow_serverless.topology.cold import ColdStart, Strategy, choose
from mlflow_serverless.topology.control import DRIVER
from mlflow_serverless.topology.doors import doors
from mlflow_serverless.topology.watch import watch

SHADOW = "MLFLOW_SERVERLESS_SHADOW"
"""Names the alias whose rollouts concern a version; see `lambda_runtime.shadow`."""

WATCH = "MLFLOW_SERVERLESS_WATCH"
"""1: it says what it predicts, and its memory, without a shadow."""

_ONLY_ON_AWS = (
    "image", "role", "permissions_boundary", "kms_key", "log_retention_days", "tracing",
    "vpc", "mount", "cold_start", "provisioned", "url", "api", "alarms",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """All that a configuration means at a place, beside the artifact."""

    settings: Settings
    resources: tuple[Resource, ...]
    packing: Packing
    strategy: Strategy | None
    """None where there are no cold starts to speak of: on the embedded cloud."""


def only_on_aws(config: DeploymentConfig) -> tuple[str, ...]:
    """Options, set to other than their defaults, that only AWS can honour."""
    return tuple(k for k in flat(config) if k.partition(".")[0] in _ONLY_ON_AWS)


def topology(
    name: str,
    config: DeploymentConfig,
    place: Place | None,
    *,
    bundle: str = "",
    model: ModelFacts | None = None,
) -> Topology:
    """
    What *config* means at *place*.

    Args:
        name: The deployment's.
        config: How it is to run.
        place: Where; None on the embedded cloud.
        bundle: Digest of what is deployed; empty before it is built.
        model: What is known of the model; None before it is built.
    """
    if place is None:
        return Topology(
            settings=_plain_settings(config),
            resources=(),
            packing=Packing(name=name),
            strategy=None,
        )
    site = Site(name=name, config=config, place=place, bundle=bundle)
    strategy = choose(config, model)
    return Topology(
        settings=site.settings(strategy),
        resources=tuple(site.resources(strategy)),
        packing=site.packing(),
        strategy=strategy,
    )


def _plain_settings(config: DeploymentConfig) -> Settings:
    return Settings(
        memory_mb=config.memory_mb,
        timeout_s=config.timeout_s,
        ephemeral_mb=config.ephemeral_mb,
        environment=_environment(config),
        concurrency=config.concurrency,
    )


def _environment(config: DeploymentConfig) -> Pairs:
    """
    The user's variables, and what a version needs to know to be judged.

    They are set before any rollout, as a published version's never change.
    """
    strategy = config.strategy
    if not strategy.shadows:
        ours = {WATCH: "1"} if strategy.watches else {}
        return tuple(sorted((config.environment | ours).items()))
    ours = {
        SHADOW: config.alias,
        f"{SHADOW}_TOLERANCE": f"{strategy.shadow_tolerance:g}",
    } | ({f"{SHADOW}_CAPTURE": "1"} if strategy.shadow_capture else {})
    return tuple(sorted((config.environment | ours).items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One deployment at one place."""

    name: str
    config: DeploymentConfig
    place: Place
    bundle: str

    def settings(self, strategy: Strategy) -> Settings:
        """How the function runs."""
        config, place = self.config, self.place
        made = names.role(self.name, place.region)
        mount = config.mount
        return Settings(
            memory_mb=config.memory_mb,
            timeout_s=config.timeout_s,
            ephemeral_mb=config.ephemeral_mb,
            environment=_environment(config),
            concurrency=config.concurrency,
            role=config.role or place.global_arn("iam", f"role/{made}"),
            architecture=config.image.architecture,
            kms_key=config.kms_key or "",
            subnets=tuple(sorted(config.vpc.subnets)),
            security_groups=tuple(sorted(config.vpc.security_groups)),
            mount=Mount(arn=mount.arn, path=mount.path) if mount.arn else None,
            snap_start=strategy.kind is ColdStart.SNAPSHOT,
            tracing=config.tracing,
            log_group=names.log_group(self.name),
            log_format="Text",
            model_url=self.model_url,
        )

    def resources(self, strategy: Strategy) -> Iterator[Resource]:
        """What stands around it, in the order in which it is made."""
        yield self._log_group()
        if self.config.role is None:
            yield self._role()
        if self.config.image.model_store == "own":
            yield self._bucket()
        yield from self._repository()
        if strategy.kind is ColdStart.PROVISIONED:
            count = self.config.provisioned or 1
            yield ProvisionedConcurrency(qualifier=self.config.alias, count=count)
        yield from doors(self.name, self.config, self.place, self.tags)
        yield from watch(self.name, self.config, self.place, self.tags)

    def packing(self) -> Packing:
        """How the bundle becomes an image."""
        image, python = self.config.image, self.config.image.python_version
        host, path = self._images
        return Packing(
            name=self.name,
            repository=f"{host}/{path}",
            architecture=image.architecture,
            python_version="" if python == "auto" else python,
            base_image=image.base_image or "",
            builder=image.builder,
            signing=image.signing,
            mount_from=tuple(image.mount_from),
            lock=str(image.lock or ""),
            requirements=str(image.requirements or ""),
            interpreter=str(image.interpreter or ""),
            model_url=self.model_url,
        )

    @property
    def _images(self) -> tuple[str, str]:
        """Host and path of the repository: its own, a shared one, or another's."""
        named = self.config.image.repository or names.repository(self.name)
        host, _, path = named.partition("/")
        return (host, path) if ".dkr.ecr." in host else (self.place.registry, named)

    @property
    def tags(self) -> Pairs:
        """Of everything that is this deployment's alone."""
        return _tags(self.config.tags, self.name)

    @property
    def _models(self) -> str:
        """`BUCKET/PREFIX` of its models; empty if the image holds them."""
        store = self.config.image.model_store
        if store is None:
            return ""
        own = names.bucket(self.place.account, self.place.region)
        root = own if store == "own" else store.removeprefix("s3://").rstrip("/")
        return f"{root}/{self.name}"

    @property
    def model_url(self) -> str:
        """Where the model is fetched from; empty if the image holds it."""
        digest = self.bundle.removeprefix("sha256:")
        return f"s3://{self._models}/{digest}" if self._models and digest else ""

    def _log_group(self) -> LogGroup:
        return LogGroup(
            name=names.log_group(self.name),
            retention_days=self.config.log_retention_days,
            kms_key=self.config.kms_key or "",
            tags=self.tags,
        )

    def _role(self) -> Role:
        config = self.config
        reach = Reach(
            name=self.name,
            log_group=names.log_group(self.name),
            models=self._models,
            kms_key=config.kms_key or "",
            mount=config.mount.arn or "",
            network=bool(config.vpc.subnets),
            tracing=config.tracing,
            shadow=config.strategy.shadows,
        )
        return Role(
            name=names.role(self.name, self.place.region),
            trust=trust_policy(),
            policy=role_policy(self.place, reach),
            boundary=config.permissions_boundary or "",
            description=f"What the function {self.name} may do",
            tags=self.tags,
        )

    def _repository(self) -> Iterator[Repository]:
        """Its own, or one that several share; none if it is another account's."""
        host, path = self._images
        if host != self.place.registry:
            return
        shared = self.config.image.repository is not None
        yield Repository(
            name=path,
            kms_key=self.config.kms_key or "",
            policy=repository_policy(self.place, *(["*"] if shared else self._pulling)),
            shared=shared,
            tags=_tags({}, names.SHARED) if shared else self.tags,
        )

    @property
    def _pulling(self) -> list[str]:
        """Functions whose images are in its own repository."""
        driven = self.config.strategy.driver == DRIVER
        return [self.name, *([names.controller(self.name)] if driven else [])]

    def _bucket(self) -> ModelBucket:
        bucket = names.bucket(self.place.account, self.place.region)
        return ModelBucket(
            name=bucket,
            kms_key=self.config.kms_key or "",
            policy=bucket_policy(self.place, bucket),
            tags=_tags({}, names.SHARED),
        )


def _tags(own: dict[str, str], owner: str) -> Pairs:
    return tuple(sorted({**own, names.OWNER: owner}.items()))
