"""HTTP APIs: a front door with routes, authorisation, limits and a log."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mlflow_serverless.aws.api_parts import (
    ANYWHERE,
    JWT,
    STAGE,
    api_of,
    cors_said,
    integration_said,
    jwt_said,
    route_said,
    stage_said,
)
from mlflow_serverless.aws.domains import Domains
from mlflow_serverless.aws.keeper import Found, owner_of, unless_missing
from mlflow_serverless.aws.permissions import Permissions
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import HttpApi, Permission, Resource, names
from mlflow_serverless.plan.names import DOMAIN

_CALLER = "apigateway.amazonaws.com"
_GONE = "NotFoundException"


class Apis:
    """
    API Gateway's HTTP APIs.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._permissions = Permissions(access)
        self._domains = Domains(access)

    @property
    def _client(self) -> Any:
        return self._access.client("apigatewayv2")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`."""
        sids = {r.name: r.sid for r in wanted if isinstance(r, HttpApi)}
        for api in self._those({names.api(name), *sids}):
            found = api_of(api, self._parts(api["ApiId"]))
            statements = self._permissions.statements(name, found.qualifier)
            allowed = [s["Sid"] for s in statements if api["ApiId"] in str(s)]
            outputs = (("api_url", api.get("ApiEndpoint", "")),)
            whole = replace(
                found,
                sid=_ours(allowed, sids.get(api["Name"], "")),
                domain=self._domains.of(api.get("Tags", {})),
            )
            yield Found(whole, owner_of(api.get("Tags", {})), outputs)

    def _those(self, asked: set[str]) -> list[dict[str, Any]]:
        """With one of these names, oldest first."""
        found = [api for api in self._all("get_apis") if api["Name"] in asked]
        return sorted(found, key=lambda api: str(api.get("CreatedDate", "")))

    def _all(self, operation: str, **which: str) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator(operation).paginate(**which):
            yield from page.get("Items", ())

    def _parts(self, api: str) -> Mapping[str, list[dict[str, Any]]]:
        kinds = ("routes", "integrations", "authorizers", "stages")
        return {kind: list(self._all(f"get_{kind}", ApiId=api)) for kind in kinds}

    def put(self, name: str, resource: HttpApi) -> None:
        """See `keeper.Keeper`; part by part, each found again by what it is for."""
        if not self._mine(name, resource):
            self._create(resource)
        first, *further = self._mine(name, resource)
        for extra in further:  # made twice, as an answer was lost on its way
            self._client.delete_api(ApiId=extra["ApiId"])
        api = first["ApiId"]
        self._describe(first, resource)
        parts = self._parts(api)
        arn = self._access.place.arn("lambda", f"function:{name}")
        target = self._integrate(api, parts, integration_said(resource, arn))
        guard = self._guard(api, parts, resource)
        self._route(api, parts, resource, target, guard)
        self._publish(api, parts, resource)
        self._permissions.put(name, self._permission(api, resource))
        self._domains.put(api, resource)

    def _mine(self, name: str, resource: HttpApi) -> list[dict[str, Any]]:
        owners = {name, owner_of(dict(resource.tags)), ""}
        those = self._those({resource.name})
        return [api for api in those if owner_of(api.get("Tags", {})) in owners]

    def _create(self, made: HttpApi) -> None:
        cors = {"CorsConfiguration": cors_said(made.cors)} if made.cors else {}
        self._client.create_api(
            Name=made.name, ProtocolType="HTTP", Tags=_tags(made), **cors
        )

    def _describe(self, there: dict[str, Any], made: HttpApi) -> None:
        client, api = self._client, there["ApiId"]
        arn = f"arn:{self._access.place.partition}:apigateway:"
        arn += f"{self._access.place.region}::/apis/{api}"
        tags, wanted = there.get("Tags", {}), _tags(made)
        if old := sorted(set(tags) - set(wanted)):
            client.untag_resource(ResourceArn=arn, TagKeys=old)
        if wanted != tags:
            client.tag_resource(ResourceArn=arn, Tags=wanted)
        if made.cors is not None:
            client.update_api(ApiId=api, CorsConfiguration=cors_said(made.cors))
        elif there.get("CorsConfiguration"):
            client.delete_cors_configuration(ApiId=api)

    def _integrate(
        self, api: str, parts: Mapping[str, Any], said: dict[str, Any]
    ) -> str:
        """The integration with the function; its id."""
        for there in parts["integrations"]:
            known = there["IntegrationId"]
            self._client.update_integration(ApiId=api, IntegrationId=known, **said)
            return str(known)
        made = self._client.create_integration(ApiId=api, **said)
        return str(made["IntegrationId"])

    def _guard(self, api: str, parts: Mapping[str, Any], made: HttpApi) -> str:
        """The authoriser of tokens, if one is wanted; its id."""
        there = next(iter(parts["authorizers"]), None)
        if made.jwt is None:
            return ""
        said = jwt_said(made.jwt)
        if there is None:
            found = self._client.create_authorizer(ApiId=api, Name=JWT, **said)
            return str(found["AuthorizerId"])
        known = there["AuthorizerId"]
        self._client.update_authorizer(ApiId=api, AuthorizerId=known, **said)
        return str(known)

    def _route(
        self, api: str, parts: Mapping[str, Any], made: HttpApi, target: str, guard: str
    ) -> None:
        client = self._client
        there = {route["RouteKey"]: route["RouteId"] for route in parts["routes"]}
        for key in made.routes:
            said = route_said(made, target, guard)
            if key in there:
                client.update_route(ApiId=api, RouteId=there[key], **said)
            else:
                client.create_route(ApiId=api, RouteKey=key, **said)
        for key in sorted(set(there) - set(made.routes)):
            client.delete_route(ApiId=api, RouteId=there[key])
        if not guard:
            for authorizer in parts["authorizers"]:
                known = authorizer["AuthorizerId"]
                client.delete_authorizer(ApiId=api, AuthorizerId=known)

    def _publish(self, api: str, parts: Mapping[str, Any], made: HttpApi) -> None:
        said, client = stage_said(made), self._client
        there = {stage["StageName"]: stage for stage in parts["stages"]}
        if STAGE not in there:
            client.create_stage(ApiId=api, StageName=STAGE, AutoDeploy=True, **said)
            return
        client.update_stage(ApiId=api, StageName=STAGE, AutoDeploy=True, **said)
        if not made.access_log and there[STAGE].get("AccessLogSettings"):
            client.delete_access_log_settings(ApiId=api, StageName=STAGE)

    def _permission(self, api: str, made: HttpApi) -> Permission:
        source = self._access.place.arn("execute-api", f"{api}/{ANYWHERE}")
        return Permission(
            sid=made.sid, qualifier=made.qualifier, principal=_CALLER, source_arn=source
        )

    def remove(self, name: str, resource: HttpApi) -> None:
        """See `keeper.Keeper`; with the permission and the domain that belong to it."""
        self._domains.remove(resource)
        for api in self._mine(name, resource):
            if owner_of(api.get("Tags", {})) == name:
                unless_missing(self._client.delete_api, _GONE, ApiId=api["ApiId"])
        if resource.qualifier and resource.sid:
            self._permissions.remove(name, self._permission("*", resource))


def _ours(allowed: list[str], wanted: str) -> str:
    """The statement that is looked for; others may let the API call, too."""
    return wanted if wanted in allowed else next(iter(allowed), "")


def _tags(made: HttpApi) -> dict[str, str]:
    domain = {DOMAIN: made.domain.name} if made.domain else {}
    return {**dict(made.tags), **domain}
