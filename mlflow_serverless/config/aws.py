"""Options of what stands around a function on AWS; none are for the embedded cloud."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from annotated_types import Ge, Le
from pydantic import AfterValidator, model_validator

from mlflow_serverless import limits
from mlflow_serverless.config.section import Section, Words, need

_ARN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:\S+")
_STORE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w!.*'()/-]*)?")
_REPOSITORY = re.compile(
    r"((?P<host>\d{12}\.dkr\.ecr\.[a-z0-9-]+\.[a-z0-9.-]+)/)?"
    r"(?P<path>[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*)"
)


def _arn(text: str) -> str:
    need(bool(_ARN.fullmatch(text)), f"{text!r} is no ARN (arn:aws:SERVICE:...)")
    return text


def _store(text: str) -> str:
    need(
        text == "own" or bool(_STORE.fullmatch(text)),
        "write own, or s3://BUCKET/PREFIX",
    )
    return text


def _repository(text: str) -> str:
    said = "write NAME, or ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME, in small letters"
    need(bool(_REPOSITORY.fullmatch(text)), said)
    return text


def _retention(days: int) -> int:
    allowed = ", ".join(map(str, limits.LOG_RETENTION_DAYS))
    need(days in limits.LOG_RETENTION_DAYS, f"CloudWatch keeps logs for {allowed} days")
    return days


def _mount_path(path: str) -> str:
    need(bool(limits.MOUNT_PATH.fullmatch(path)), "a mount path begins with /mnt/")
    return path


Arn = Annotated[str, AfterValidator(_arn)]
Store = Annotated[str, AfterValidator(_store)]
RepositoryName = Annotated[str, AfterValidator(_repository)]
Retention = Annotated[int, AfterValidator(_retention)]


class ImageConfig(Section):
    """How the container image is built and where it is kept."""

    python_version: Literal["auto", "3.12", "3.13", "3.14"] = "auto"
    """Python of the image; `auto` takes what the base image has."""

    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """Processor that the function runs on."""

    base_image: str | None = None
    """Image to build upon, by tag or digest; `none` is AWS's own Python image."""

    builder: Literal["auto", "docker", "direct"] = "auto"
    """`direct`: without an engine; `docker`: Docker's; `auto`: `direct`, so that every
    machine makes the same digest."""

    repository: RepositoryName | None = None
    """Repository to keep images in, shared with other deployments, of this account or
    (with its host name) another; `none` makes one for this deployment."""

    mount_from: Words = ()
    """Other repositories of the same registry, from which layers that they have are
    mounted instead of sent; ECR wants its account setting `BLOB_MOUNTING` for that."""

    lock: Path | None = None
    """The dependencies to install, with their hashes: `requirements.lock` of an earlier
    image, or your own; `none` resolves them anew."""

    requirements: Path | None = None
    """What a model served by its own library needs, where it has not recorded it."""

    interpreter: Path | None = None
    """A Python of the image's minor release that runs on this machine, to compile for
    it where the base's own does not run here (macOS, Windows); `none` takes that."""

    signing: Literal["none", "ecr", "cosign"] = "none"
    """Sign images, and deploy only what is signed: by the registry, or by cosign."""

    model_store: Store | None = None
    """Keep models in S3 instead of the image: `s3://BUCKET/PREFIX`, or `own` for a
    bucket of this account that is made for it; `none` keeps them in the image."""


class VpcConfig(Section):
    """A private network that the function is in."""

    subnets: Words = ()
    """Ids of its subnets."""

    security_groups: Words = ()
    """Ids of its security groups."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        said = "vpc.subnets and vpc.security_groups go together"
        need(bool(self.subnets) == bool(self.security_groups), said)
        return self


class MountConfig(Section):
    """A file system that the function reads models from; needs `vpc`."""

    arn: Arn | None = None
    """Access point of EFS, or of S3 Files."""

    path: Annotated[str, AfterValidator(_mount_path)] = "/mnt/models"
    """Folder where the function finds it."""


class UrlConfig(Section):
    """An HTTPS address of the alias itself, without a gateway."""

    auth: Literal["off", "iam", "public"] = "off"
    """Who may call: nobody, signed AWS requests, or everybody (needs
    `allow=public-url`)."""

    cors: Words = ()
    """Origins whose web pages may call."""


class ApiConfig(Section):
    """An HTTP API in front of the alias."""

    auth: Literal["off", "iam", "jwt", "public"] = "off"
    """Who may call: no API at all, signed AWS requests, bearers of a token, or
    everybody (needs `allow=public-api`)."""

    issuer: str | None = None
    """Issuer of tokens: an https address with OpenID configuration under it."""

    audience: Words = ()
    """Audiences (or client ids) that tokens may be for."""

    scopes: Words = ()
    """Scopes, one of which a token must have."""

    cors: Words = ()
    """Origins whose web pages may call."""

    rate: Annotated[float, Ge(1), Le(10_000)] = 100.0
    """Requests a second that are let through on average."""

    burst: Annotated[int, Ge(1), Le(5_000)] = 200
    """Requests at once that are let through."""

    access_log: bool = True
    """Note every request in a log group of the API's own."""

    domain: str | None = None
    """Host name of your own for it; needs `api.certificate`."""

    certificate: Arn | None = None
    """Certificate of that host name, in the same region."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        tokens = bool(self.issuer and self.audience)
        said = "api.auth=jwt needs api.issuer and api.audience"
        need(self.auth != "jwt" or tokens, said)
        https = self.issuer is None or self.issuer.startswith("https://")
        need(https, "api.issuer begins with https://")
        together = bool(self.domain) == bool(self.certificate)
        need(together, "api.domain and api.certificate go together")
        return self


class AlarmsConfig(Section):
    """When somebody is told; nothing is watched unless a threshold is given."""

    errors: Annotated[int, Ge(0)] | None = None
    """Failed requests a minute beyond which it is an alarm."""

    throttles: Annotated[int, Ge(0)] | None = None
    """Requests a minute turned away beyond which it is an alarm."""

    p99_ms: Annotated[float, Ge(1)] | None = None
    """Duration of the slowest hundredth [ms] beyond which it is an alarm."""

    notify: Words = ()
    """ARNs of SNS topics that are told."""

    dashboard: bool = False
    """Make a dashboard."""

    @property
    def given(self) -> bool:
        """Whether there is a threshold."""
        thresholds = (self.errors, self.throttles, self.p99_ms)
        return any(threshold is not None for threshold in thresholds)
