"""An HTTP API as blocks of a Terraform configuration."""

from collections.abc import Iterator

from mlflow_serverless.aws.api_parts import (
    ANYWHERE,
    JWT,
    STAGE,
    cors_said,
    integration_said,
    jwt_said,
    route_said,
    stage_said,
)
from mlflow_serverless.export.tf_around import permission
from mlflow_serverless.export.tf_parts import Block, Link, link, snaked
from mlflow_serverless.export.words import CALLER
from mlflow_serverless.plan import HttpApi, Permission, Place
from mlflow_serverless.plan.names import DOMAIN


def http_api(label: str, made: HttpApi, place: Place, alias: str) -> Iterator[Block]:
    """
    The blocks that make *made*; the alias's permission for it is among them.

    Args:
        label: What they are called, routes with their own words after it.
        made: What is wanted.
        place: Where.
        alias: Address of the alias.
    """
    api = _api(label, made)
    said = {"api_id": link(api.address), **snaked(integration_said(made, ""))}
    said["integration_uri"] = link(alias, "arn")
    integration = Block("aws_apigatewayv2_integration", label, said)
    yield from (api, integration)
    yield from _authorizer(label, made, api)
    yield from _routes(label, made, api, integration)
    yield _stage(label, made, api, integration)
    source = place.arn("execute-api", f"${{{api.address}.id}}/{ANYWHERE}")
    allowed = Permission(sid=made.sid, qualifier=made.qualifier, principal=CALLER)
    yield permission(label, allowed, alias, source=Link(source))
    yield from _domain(label, made, api)


def _api(label: str, made: HttpApi) -> Block:
    domain = {DOMAIN: made.domain.name} if made.domain else {}
    said = {
        "name": made.name,
        "protocol_type": "HTTP",
        "cors_configuration": snaked(cors_said(made.cors)) if made.cors else None,
        "tags": {**dict(made.tags), **domain} or None,
    }
    return Block("aws_apigatewayv2_api", label, said)


def _authorizer(label: str, made: HttpApi, api: Block) -> Iterator[Block]:
    if made.jwt is not None:
        said = {"api_id": link(api.address), "name": JWT, **snaked(jwt_said(made.jwt))}
        yield Block("aws_apigatewayv2_authorizer", label, said)


def _routes(
    label: str, made: HttpApi, api: Block, integration: Block
) -> Iterator[Block]:
    target = Link(f"integrations/${{{integration.address}.id}}")
    guard = link(f"aws_apigatewayv2_authorizer.{label}") if made.jwt else None
    for route in made.routes:
        said = {
            **snaked(route_said(made, "", "")),
            "api_id": link(api.address),
            "route_key": route,
            "target": target,
            "authorizer_id": guard,
        }
        words = route.lower().replace("/", " ").replace("$", "").split()
        yield Block("aws_apigatewayv2_route", "_".join((label, *words)), said)


def _stage(label: str, made: HttpApi, api: Block, integration: Block) -> Block:
    said = {
        "api_id": link(api.address), "name": STAGE, "auto_deploy": True,
        **snaked(stage_said(made)),
    }  # fmt: skip
    # After the integration, which comes after the function and so after every log.
    return Block("aws_apigatewayv2_stage", label, said, needs=(integration.address,))


def _domain(label: str, made: HttpApi, api: Block) -> Iterator[Block]:
    if made.domain is None:
        return
    settings = {
        "certificate_arn": made.domain.certificate, "endpoint_type": "REGIONAL",
        "security_policy": "TLS_1_2",
    }  # fmt: skip
    said = {
        "domain_name": made.domain.name,
        "domain_name_configuration": settings,
        "tags": dict(made.tags) or None,
    }
    domain = Block("aws_apigatewayv2_domain_name", label, said)
    yield domain
    mapping = {
        "api_id": link(api.address),
        "domain_name": link(domain.address),
        "stage": link(f"aws_apigatewayv2_stage.{label}"),
    }
    yield Block("aws_apigatewayv2_api_mapping", label, mapping)
