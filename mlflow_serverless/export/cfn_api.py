"""An HTTP API as parts of a CloudFormation template."""

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
from mlflow_serverless.export.cfn_around import permission
from mlflow_serverless.export.cfn_parts import ALIAS, Part, ref
from mlflow_serverless.export.labels import camel
from mlflow_serverless.export.words import CALLER
from mlflow_serverless.plan import HttpApi, Permission, Place
from mlflow_serverless.plan.names import DOMAIN


def http_api(label: str, made: HttpApi, place: Place, serves: str) -> dict[str, Part]:
    """
    The parts that make *made*, by label; the alias's permission for it is among them.

    Args:
        label: What the API itself is called in the template.
        made: What is wanted.
        place: Where.
        serves: Condition of all of them; empty for none.
    """
    parts = {
        label: _api(made),
        f"{label}Integration": _integration(label, made),
        f"{label}Stage": _stage(label, made),
        f"{label}Permission": _permission(label, made, place),
        **_authorizer(label, made),
        **_routes(label, made),
        **_domain(label, made),
    }
    return {name: _under(part, serves) for name, part in parts.items()}


def _under(part: Part, serves: str) -> Part:
    return Part(part.type, part.properties, condition=serves, needs=part.needs)


def _api(made: HttpApi) -> Part:
    domain = {DOMAIN: made.domain.name} if made.domain else {}
    said = {
        "Name": made.name,
        "ProtocolType": "HTTP",
        "CorsConfiguration": cors_said(made.cors) if made.cors else None,
        "Tags": {**dict(made.tags), **domain},
    }
    return Part("AWS::ApiGatewayV2::Api", said)


def _integration(label: str, made: HttpApi) -> Part:
    said = {
        **integration_said(made, ""),
        "ApiId": ref(label),
        "IntegrationUri": ref(ALIAS),
    }
    return Part("AWS::ApiGatewayV2::Integration", said)


def _authorizer(label: str, made: HttpApi) -> dict[str, Part]:
    if made.jwt is None:
        return {}
    said = {"ApiId": ref(label), "Name": JWT, **jwt_said(made.jwt)}
    return {f"{label}Authorizer": Part("AWS::ApiGatewayV2::Authorizer", said)}


def _routes(label: str, made: HttpApi) -> dict[str, Part]:
    target = {"Fn::Sub": f"integrations/${{{label}Integration}}"}
    guard = {"AuthorizerId": ref(f"{label}Authorizer")} if made.jwt else {}
    found = {}
    for route in made.routes:
        said = {
            **route_said(made, "", ""),
            **guard,
            "ApiId": ref(label),
            "RouteKey": route,
            "Target": target,
        }
        words = tuple(route.lower().replace("/", " ").replace("$", "").split())
        part = Part("AWS::ApiGatewayV2::Route", said)
        found[f"{label}Route{camel(words)}"] = part
    return found


def _stage(label: str, made: HttpApi) -> Part:
    said = {
        "ApiId": ref(label), "StageName": STAGE, "AutoDeploy": True, **stage_said(made),
    }  # fmt: skip
    # After the integration, which comes after the function and so after every log.
    return Part("AWS::ApiGatewayV2::Stage", said, needs=(f"{label}Integration",))


def _permission(label: str, made: HttpApi, place: Place) -> Part:
    source = place.arn("execute-api", f"${{{label}}}/{ANYWHERE}")
    allowed = Permission(sid=made.sid, qualifier=made.qualifier, principal=CALLER)
    return permission(allowed, "", source={"Fn::Sub": source})


def _domain(label: str, made: HttpApi) -> dict[str, Part]:
    if made.domain is None:
        return {}
    settings = {
        "CertificateArn": made.domain.certificate, "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }  # fmt: skip
    domain = {
        "DomainName": made.domain.name,
        "DomainNameConfigurations": [settings],
        "Tags": dict(made.tags) or None,
    }
    mapping = {
        "ApiId": ref(label), "DomainName": ref(f"{label}Domain"), "Stage": STAGE
    }  # fmt: skip
    return {
        f"{label}Domain": Part("AWS::ApiGatewayV2::DomainName", domain),
        f"{label}Mapping": Part(
            "AWS::ApiGatewayV2::ApiMapping", mapping, needs=(f"{label}Stage",)
        ),
    }
