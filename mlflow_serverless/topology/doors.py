"""Who may call, and through what."""

from collections.abc import Iterator

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.limits import HTTP_API_TIMEOUT_MS
from mlflow_serverless.plan import (
    Cors,
    Domain,
    FunctionUrl,
    HttpApi,
    JwtAuthorizer,
    LogGroup,
    Pairs,
    Permission,
    Place,
    Resource,
    names,
)

_AUTH = {"iam": "AWS_IAM", "jwt": "JWT", "public": "NONE"}


def doors(
    name: str, config: DeploymentConfig, place: Place, tags: Pairs
) -> Iterator[Resource]:
    """The function URL and the HTTP API that *config* asks for."""
    if config.url.auth != "off":
        yield from _url(config, place)
    if config.api.auth != "off":
        yield from _api(name, config, place, tags)


def _url(config: DeploymentConfig, place: Place) -> Iterator[Resource]:
    """A URL takes two permissions; with one alone, every call is refused."""
    auth, alias = _AUTH[config.url.auth], config.alias
    principal = "*" if auth == "NONE" else place.account
    yield FunctionUrl(qualifier=alias, auth=auth, cors=_cors(config.url.cors))
    yield Permission(
        sid="url",
        qualifier=alias,
        principal=principal,
        action="lambda:InvokeFunctionUrl",
        url_auth=auth,
    )
    yield Permission(
        sid="url-invoke", qualifier=alias, principal=principal, via_url=True
    )


def _api(
    name: str, config: DeploymentConfig, place: Place, tags: Pairs
) -> Iterator[Resource]:
    wanted = config.api
    log = names.access_log_group(name)
    if wanted.access_log:
        yield LogGroup(
            name=log,
            retention_days=config.log_retention_days,
            kms_key=config.kms_key or "",
            tags=tags,
        )
    longest = HTTP_API_TIMEOUT_MS.stop - 1
    yield HttpApi(
        name=names.api(name),
        qualifier=config.alias,
        auth=_AUTH[wanted.auth],
        jwt=_jwt(config) if wanted.auth == "jwt" else None,
        cors=_cors(wanted.cors),
        rate=wanted.rate,
        burst=wanted.burst,
        timeout_ms=min(config.timeout_s * 1000, longest),
        access_log=place.arn("logs", f"log-group:{log}") if wanted.access_log else "",
        domain=_domain(config),
        tags=tags,
    )


def _jwt(config: DeploymentConfig) -> JwtAuthorizer:
    wanted = config.api
    return JwtAuthorizer(
        issuer=wanted.issuer or "", audience=wanted.audience, scopes=wanted.scopes
    )


def _domain(config: DeploymentConfig) -> Domain | None:
    wanted = config.api
    if wanted.domain is None or wanted.certificate is None:
        return None
    return Domain(name=wanted.domain, certificate=wanted.certificate)


def _cors(origins: tuple[str, ...]) -> Cors | None:
    return Cors(origins=origins) if origins else None
