"""HTTP APIs: what becomes of a request on its way to the function, and back.

Written after API Gateway's developer guide on HTTP APIs (routes, payload format 2.0,
JWT authorisers, CORS, throttling, logging variables); what an API is made of is in
moto's books, where our calls have put it.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from moto.backends import get_backend

from mlflow_serverless.local import function_url
from tests.fakes.aws.bucket import Bucket
from tests.fakes.aws.rest import Answer, AwsError
from tests.fakes.aws.shelf import ACCOUNT, split
from tests.fakes.aws.tokens import Issuer, accepted, scopes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.aws.door import Behind

PATH = "/_aws/execute-api/"
"""Where APIs are, as there are no names for hosts here; LocalStack has them there."""

LIMIT = 10 * 1024 * 1024
STAGE = "$default"
_REAL = re.compile(rb"https://(\w+)\.execute-api\.[\w-]+\.amazonaws\.com(?:\.cn)?")


@dataclass
class Visit:
    """One request, and what is known of it on its way."""

    api: Any
    environ: Mapping[str, Any]
    body: bytes
    path: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    route: str = "-"
    authorizer: dict[str, Any] = field(default_factory=dict)
    error: str = "-"
    integration_error: str = "-"

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    def header(self, name: str) -> str:
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))


class TurnedAwayError(Exception):
    """The request ends here."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class ApiDoor:
    """
    The way in by HTTP APIs.

    Args:
        behind: What it leads to.
    """

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._buckets: dict[str, Bucket] = {}
        self._pool = ThreadPoolExecutor(16)
        self.issuers: list[Issuer] = []

    def close(self) -> None:
        """Let go of its threads."""
        self._pool.shutdown()

    def renamed(self, answer: Answer) -> Answer:
        """*answer* of the control plane, with endpoints that lead here."""
        ours = f"{self._behind.root()}{PATH}".encode()
        body = _REAL.sub(lambda found: ours + found[1], answer.body)
        return Answer(answer.status, body, answer.headers)

    def answer(self, environ: Mapping[str, Any], body: bytes) -> Answer:
        """What whoever comes by an API's URL is answered."""
        rest = environ["PATH_INFO"].removeprefix(PATH)
        known, _, path = rest.partition("/")
        apis = get_backend("apigatewayv2")[ACCOUNT][self._behind.shelf.region].apis
        api = apis.get(known)
        if api is None or STAGE not in api.stages:
            return _said(404, "Not Found")
        visit = Visit(api, environ, body, f"/{path}")
        began = time.monotonic()
        try:
            answer = self._preflight(visit) or self._through(visit)
        except TurnedAwayError as refusal:
            visit.error = refusal.message
            answer = _said(refusal.status, refusal.message, **refusal.headers)
        answer.headers.update(_cors(visit), **{"Apigw-Requestid": visit.id})
        self._log(visit, answer, time.monotonic() - began)
        return answer

    def _preflight(self, visit: Visit) -> Answer | None:
        """A browser's question is the API's to answer, without an authoriser."""
        asks = visit.method == "OPTIONS" and visit.header("origin")
        return Answer(204) if asks and visit.api.cors_configuration else None

    def _through(self, visit: Visit) -> Answer:
        visit.route = f"{visit.method} {visit.path}"
        routes = {r.route_key: r for r in visit.api.routes.values()}
        if visit.route not in routes:
            raise TurnedAwayError(404, "Not Found")
        route = routes[visit.route]
        self._throttle(visit)
        self._authorise(visit, route)
        if len(visit.body) > LIMIT:
            raise TurnedAwayError(413, "Request Entity Too Large")
        found = visit.api.integrations[route.target.removeprefix("integrations/")]
        assert found.payload_format_version == "2.0"
        return self._integrated(visit, found)

    def _throttle(self, visit: Visit) -> None:
        said = visit.api.stages[STAGE].default_route_settings
        limits = (said["throttlingRateLimit"], said["throttlingBurstLimit"])
        key = f"{visit.api.api_id} {visit.route}"
        bucket = self._buckets.get(key)
        if bucket is None or bucket.limits != limits:
            bucket = self._buckets[key] = Bucket(*limits)
        if not bucket.take():
            raise TurnedAwayError(429, "Too Many Requests")

    def _authorise(self, visit: Visit, route: Any) -> None:
        match route.authorization_type:
            case "AWS_IAM":
                url = self._behind.root() + visit.environ["PATH_INFO"]
                given = (visit.environ, url, visit.body, "execute-api")
                if not self._behind.signatures.right(*given):
                    raise TurnedAwayError(403, "Forbidden")
                visit.authorizer = {"iam": {"accountId": ACCOUNT}}
            case "JWT":
                said = visit.api.authorizers[route.authorizer_id].jwt_config
                claims = self._claims(visit.header("authorization"), said)
                needed = {*(route.authorization_scopes or ())}
                if needed and not needed & scopes_of(claims):
                    raise TurnedAwayError(403, "Forbidden")
                text = {key: str(value) for key, value in claims.items()}
                visit.authorizer = {"jwt": {"claims": text, "scopes": None}}

    def _claims(self, given: str, said: Mapping[str, Any]) -> dict[str, Any]:
        url = said["issuer"]
        token = given.removeprefix("Bearer ")
        for issuer in self.issuers:
            claims = issuer.read(token) if issuer.url == url else None
            if claims is not None and accepted(claims, url, said["audience"]):
                return claims
        raise TurnedAwayError(401, "Unauthorized", **{"www-authenticate": "Bearer"})

    def _integrated(self, visit: Visit, integration: Any) -> Answer:
        name, qualifier = split(integration.integration_uri)
        self._allowed(visit, name, qualifier or "")
        event = self._event(visit)
        work = self._pool.submit(
            self._behind.plane.invoke, name, event, Qualifier=qualifier
        )  # fmt: skip
        try:
            found = work.result(integration.timeout_in_millis / 1000)
        except TooLate:
            visit.integration_error = "Integration timed out"
            raise TurnedAwayError(503, "Service Unavailable") from None
        except AwsError as error:
            visit.integration_error = error.message
            raise TurnedAwayError(500, "Internal Server Error") from error
        reply = function_url.from_reply(found["Payload"], found["FunctionError"])
        if found["FunctionError"] or reply.status == 502:
            visit.integration_error = "The function failed, or its answer is none"
            raise TurnedAwayError(500, "Internal Server Error")
        return Answer(reply.status, reply.body, dict(reply.headers))

    def _allowed(self, visit: Visit, name: str, qualifier: str) -> None:
        """Whether the alias lets this API call it: the gateway asks as a stranger."""
        region, api = self._behind.shelf.region, visit.api.api_id
        method, path = visit.method, visit.path
        source = f"arn:aws:execute-api:{region}:{ACCOUNT}:{api}/{STAGE}/{method}{path}"
        statements = self._behind.shelf.find(name).policies.get(qualifier, {}).values()
        for said in statements:
            pattern = said.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn")
            ours = said["Principal"] == {"Service": "apigateway.amazonaws.com"}
            if ours and (pattern is None or fnmatchcase(source, pattern)):
                return
        visit.integration_error = "The API may not call the function"
        raise TurnedAwayError(500, "Internal Server Error")

    def _event(self, visit: Visit) -> bytes:
        """Payload format 2.0: a function URL's, with what the gateway knows."""
        environ = visit.environ
        headers = {
            key.removeprefix("HTTP_").lower().replace("_", "-"): str(value)
            for key, value in environ.items()
            if key.startswith("HTTP_")
        } | {"content-type": environ.get("CONTENT_TYPE", "")}
        region = self._behind.shelf.region
        host = f"{visit.api.api_id}.execute-api.{region}.amazonaws.com"
        call = function_url.Call(
            method=visit.method, path=visit.path, query=environ["QUERY_STRING"],
            headers=(*(headers | {"host": host}).items(),), body=visit.body,
            source="127.0.0.1", id=visit.id, at=datetime.now(UTC),
        )  # fmt: skip
        event = json.loads(function_url.to_event(call))
        event["routeKey"] = visit.route
        event["requestContext"] |= {
            "accountId": ACCOUNT, "apiId": visit.api.api_id, "routeKey": visit.route,
            **({"authorizer": visit.authorizer} if visit.authorizer else {}),
        }  # fmt: skip
        return json.dumps(event).encode()

    def _log(self, visit: Visit, answer: Answer, seconds: float) -> None:
        said = visit.api.stages[STAGE].access_log_settings
        if not said:
            return
        known = {
            "requestId": visit.id, "routeKey": visit.route,
            "requestTime": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "identity.sourceIp": "127.0.0.1", "status": str(answer.status),
            "responseLength": str(len(answer.body)),
            "responseLatency": str(round(seconds * 1000)),
            "error.message": visit.error,
            "integrationErrorMessage": visit.integration_error,
        }  # fmt: skip
        line = re.sub(
            r"\$context\.([\w.]*\w)", lambda found: known[found[1]], said["format"]
        )
        group = said["destinationArn"].partition("log-group:")[2].removesuffix(":*")
        self._behind.plane.note(group, visit.api.api_id, line)


def _cors(visit: Visit) -> dict[str, str]:
    """What browsers are told; nothing if their page is not among those allowed."""
    said, origin = visit.api.cors_configuration, visit.header("origin")
    if not said or not {origin, "*"} & {*said["allowOrigins"]}:
        return {}
    headers = {"access-control-allow-origin": origin}
    if visit.method == "OPTIONS":
        headers |= {
            "access-control-allow-methods": ",".join(said["allowMethods"]),
            "access-control-allow-headers": ",".join(said["allowHeaders"]),
            "access-control-max-age": str(said["maxAge"]),
        }
    return headers


def _said(status: int, message: str, **headers: str) -> Answer:
    body = json.dumps({"message": message}).encode()
    return Answer(status, body, {"Content-Type": "application/json", **headers})
