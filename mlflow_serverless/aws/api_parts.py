"""HTTP APIs to API Gateway's parameters, and back; pure."""

import json
from collections.abc import Mapping
from typing import Any

from mlflow_serverless.plan import Cors, HttpApi, JwtAuthorizer
from mlflow_serverless.plan.names import DOMAIN

STAGE = "$default"
JWT = "jwt"
ANYWHERE = "*/*"
"""Every stage, every route."""

_LOG_FORMAT = json.dumps({
    "requestId": "$context.requestId", "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp", "route": "$context.routeKey",
    "status": "$context.status", "bytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency", "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
})  # fmt: skip
"""No payload, no header, no token."""


def cors_said(cors: Cors) -> dict[str, Any]:
    """CorsConfiguration."""
    return {
        "AllowOrigins": list(cors.origins), "AllowMethods": list(cors.methods),
        "AllowHeaders": list(cors.headers), "MaxAge": cors.max_age_s,
        "AllowCredentials": cors.credentials,
    }  # fmt: skip


def integration_said(made: HttpApi, function_arn: str) -> dict[str, Any]:
    """Of CreateIntegration."""
    return {
        "IntegrationType": "AWS_PROXY", "IntegrationMethod": "POST",
        "IntegrationUri": f"{function_arn}:{made.qualifier}",
        "PayloadFormatVersion": "2.0", "TimeoutInMillis": made.timeout_ms,
    }  # fmt: skip


def jwt_said(jwt: JwtAuthorizer) -> dict[str, Any]:
    """Of CreateAuthorizer."""
    return {
        "AuthorizerType": "JWT",
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Issuer": jwt.issuer, "Audience": list(jwt.audience)},
    }


def route_said(made: HttpApi, integration: str, authorizer: str) -> dict[str, Any]:
    """Of CreateRoute."""
    said: dict[str, Any] = {
        "Target": f"integrations/{integration}", "AuthorizationType": made.auth,
    }  # fmt: skip
    if made.jwt is not None:
        said |= {
            "AuthorizerId": authorizer, "AuthorizationScopes": list(made.jwt.scopes)
        }  # fmt: skip
    return said


def stage_said(made: HttpApi) -> dict[str, Any]:
    """Of CreateStage."""
    limits = {
        "ThrottlingRateLimit": made.rate, "ThrottlingBurstLimit": made.burst,
        "DetailedMetricsEnabled": True,
    }  # fmt: skip
    said: dict[str, Any] = {"DefaultRouteSettings": limits}
    if made.access_log:
        said["AccessLogSettings"] = {
            "DestinationArn": made.access_log, "Format": _LOG_FORMAT
        }  # fmt: skip
    return said


def api_of(
    api: Mapping[str, Any], parts: Mapping[str, list[dict[str, Any]]]
) -> HttpApi:
    """An API as a value; its `sid` and `domain` are kept elsewhere."""
    integration: Mapping[str, Any] = next(iter(parts["integrations"]), {})
    stages = {stage["StageName"]: stage for stage in parts["stages"]}
    stage = stages.get(STAGE, {})
    limits = stage.get("DefaultRouteSettings", {})
    routes = parts["routes"]
    tags = {k: v for k, v in api.get("Tags", {}).items() if k != DOMAIN}
    auths = {route.get("AuthorizationType", "NONE") for route in routes}
    return HttpApi(
        name=api["Name"],
        qualifier=str(integration.get("IntegrationUri", "")).rpartition(":")[2],
        sid="",
        routes=tuple(sorted(route["RouteKey"] for route in routes)),
        auth=auths.pop() if len(auths) == 1 else "",
        jwt=_jwt(parts),
        cors=_cors(api.get("CorsConfiguration")),
        rate=float(limits.get("ThrottlingRateLimit", 0)),
        burst=int(limits.get("ThrottlingBurstLimit", 0)),
        timeout_ms=int(integration.get("TimeoutInMillis", 0)),
        access_log=stage.get("AccessLogSettings", {}).get("DestinationArn", ""),
        tags=tuple(sorted(tags.items())),
    )


def _jwt(parts: Mapping[str, list[dict[str, Any]]]) -> JwtAuthorizer | None:
    authorizer = next(iter(parts["authorizers"]), None)
    if authorizer is None:
        return None
    said = authorizer.get("JwtConfiguration", {})
    scopes = {tuple(r.get("AuthorizationScopes") or ()) for r in parts["routes"]}
    return JwtAuthorizer(
        issuer=said.get("Issuer", ""),
        audience=tuple(said.get("Audience", ())),
        scopes=scopes.pop() if len(scopes) == 1 else (),
    )


def _cors(said: Mapping[str, Any] | None) -> Cors | None:
    if not said:
        return None
    return Cors(
        origins=tuple(said.get("AllowOrigins", ())),
        methods=tuple(said.get("AllowMethods", ())),
        headers=tuple(said.get("AllowHeaders", ())),
        max_age_s=int(said.get("MaxAge", 0)),
        credentials=bool(said.get("AllowCredentials", False)),
    )
