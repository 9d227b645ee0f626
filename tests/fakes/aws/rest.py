"""HTTP to calls and back, as an AWS service's own model (botocore's) says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import botocore.session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.model import OperationModel, Shape


class AwsError(Exception):
    """What a service answers instead of a result."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more


@dataclass(frozen=True)
class Answer:
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One operation's place in the service's URLs."""

    operation: OperationModel
    pattern: re.Pattern[str]
    query: frozenset[str]


class RestJson:
    """
    A rest-json service whose operations are the methods of objects.

    Args:
        service: As botocore names it.
        targets: Their methods are named `create_function`, ...; they take an
            operation's parameters by name, and give its result as botocore shows it.
    """

    def __init__(self, service: str, *targets: object) -> None:
        self.model = botocore.session.get_session().get_service_model(service)
        self._targets = targets
        self._routes = [
            _route(self.model.operation_model(name))
            for name in self.model.operation_names
        ]

    def operation(self, method: str, path: str, query: str) -> str | None:
        """Which operation a request asks for."""
        found = self._match(method, path, query)
        return found[0].name if found else None

    def answer(self, environ: Mapping[str, Any], body: bytes) -> Answer:
        """Call the operation that a request asks for."""
        found = self._match(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]
        )
        if found is None:
            return _error(AwsError(404, "UnknownOperationException", "no such URL"))
        operation, uri = found
        try:
            given = _parameters(operation, uri, environ, body)
            _check(operation.input_shape, given)
            return _result(operation, self._method(operation.name)(**given) or {})
        except AwsError as error:
            return _error(error)

    def _method(self, operation: str) -> Callable[..., Any]:
        for target in self._targets:
            if found := getattr(target, _snake(operation), None):
                return found
        raise AwsError(501, "NotImplemented", operation)

    def _match(
        self, method: str, path: str, query: str
    ) -> tuple[OperationModel, dict[str, str]] | None:
        names = set(parse_qs(query, keep_blank_values=True))
        fits = [
            (route, match.groupdict())
            for route in self._routes
            if route.operation.http["method"] == method
            and (match := route.pattern.fullmatch(path.rstrip("/")))
            and route.query <= names
        ]
        if not fits:
            return None
        route, uri = max(fits, key=lambda fit: len(fit[0].query))
        return route.operation, uri


def _route(operation: OperationModel) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    plain = re.sub(r"\{ResourceArn\}", r"(?P<ResourceArn>.+)", path.rstrip("/"))
    whole = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", plain)
    named = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", whole)
    wanted = frozenset(parse_qs(query, keep_blank_values=True))
    return Route(operation, re.compile(named), wanted)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _parameters(
    operation: OperationModel,
    uri: Mapping[str, str],
    environ: Mapping[str, Any],
    body: bytes,
) -> dict[str, Any]:
    shape = operation.input_shape
    payload = shape.serialization.get("payload")
    query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    plain = {} if payload or not body else json.loads(body)
    given: dict[str, Any] = {payload: body} if payload else {}
    for name, member in shape.members.items():
        place = member.serialization.get("location", "body")
        key = member.serialization.get("name", name)
        if place == "uri":
            given[name] = uri[key]
        elif place == "querystring" and key in query:
            values = query[key]
            kind = member.type_name
            given[name] = values if kind == "list" else _typed(member, values[0])
        elif place == "header":
            header = environ.get(f"HTTP_{key.upper().replace('-', '_')}")
            if header is not None:
                given[name] = header
        elif place == "body" and key in plain and plain[key] is not None:
            given[name] = plain[key]
    return given


def _typed(shape: Shape, text: str) -> Any:
    if shape.type_name in {"integer", "long"}:
        return int(text)
    return text == "true" if shape.type_name == "boolean" else text


def _check(shape: Shape, given: dict[str, Any]) -> None:
    if wrong := list(_violations(shape, given, "")):
        raise AwsError(
            400, "ValidationException",
            f"{len(wrong)} validation error detected: {'; '.join(wrong)}",
        )  # fmt: skip


def _violations(shape: Shape, value: Any, where: str) -> Iterator[str]:  # noqa: C901 - one rule a line
    """What the model forbids: botocore's clients check only half of it."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            if name in value:
                yield from _violations(member, value[name], f"{where}.{name}")
        return
    if shape.type_name == "map":
        for key, item in value.items():
            yield from _violations(shape.key, key, f"{where}.key")
            yield from _violations(shape.value, item, f"{where}.value")
        return
    rule, said = shape.metadata, f"Value '{value}' at '{where.lstrip('.')}' failed"
    size = value if isinstance(value, (int, float)) else len(value)
    if "min" in rule and size < rule["min"]:
        yield f"{said} to satisfy constraint: Member must be >= {rule['min']}"
    if "max" in rule and size > rule["max"]:
        yield f"{said} to satisfy constraint: Member must be <= {rule['max']}"
    if "enum" in rule and value not in rule["enum"]:
        yield f"{said} to satisfy constraint: enum value set {rule['enum']}"
    pattern = _pattern(rule.get("pattern", ""))
    if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
        yield f"{said} to satisfy constraint: regular expression {pattern}"


def _pattern(java: str) -> str:
    """A model's regular expression in Python's dialect."""
    for theirs, ours in ((r"\p{L}", r"\w"), (r"\p{Z}", r"\s"), (r"\p{N}", r"\d")):
        java = java.replace(theirs, ours)
    return java


def _result(operation: OperationModel, said: dict[str, Any]) -> Answer:
    status = operation.http.get("responseCode", 200)
    shape = operation.output_shape
    if shape is None:
        return Answer(status)
    headers, plain = {"Content-Type": "application/json"}, dict(said)
    payload = shape.serialization.get("payload")
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        if place == "header" and plain.get(name) is not None:
            headers[member.serialization["name"]] = str(plain[name])
        elif place == "statusCode" and name in plain:
            status = plain[name]
        if place:
            plain.pop(name, None)
    if unknown := set(plain) - set(shape.members):
        raise AssertionError(f"{operation.name} has no {unknown}")
    if payload:
        return Answer(status, plain.get(payload, b""), headers)
    body = json.dumps({k: v for k, v in plain.items() if v is not None})
    return Answer(status, body.encode(), headers)


def _error(error: AwsError) -> Answer:
    kind = "User" if error.status < 500 else "Service"
    body = {"Type": kind, "Message": error.message, "message": error.message}
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}
    return Answer(error.status, json.dumps({**body, **error.more}).encode(), headers)
